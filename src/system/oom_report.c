/* oom_report.c - what the kernel writes to its log when memory runs out.
 *
 * The lines of dump_header() and oom_kill_process() of mm/oom_kill.c, show_free_areas() of
 * mm/page_alloc.c and mem_cgroup_print_oom_meminfo() of mm/memcontrol.c, Linux 6.1 and 6.12,
 * without the registers, which a model has not. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "balance/kswapd.h"
#include "base/masklist.h"
#include "stats/kernel.h"
#include "stats/memory_stat.h"
#include "system/cpuset.h"
#include "system/oom_request.h"
#include "system/system_int.h"

#define PAGE_KIB (PAGE_SIZE / 1024)

static void log_stamp(struct system *s)
{
    strbuf_printf(&s->log, "[%5llu.%06llu] ", (unsigned long long)(s->clock.now / NS_PER_S),
                  (unsigned long long)(s->clock.now % NS_PER_S / NS_PER_US));
}

void log_line(struct system *s, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    log_stamp(s);
    strbuf_append(&s->log, text);
    strbuf_appendc(&s->log, '\n');
}

static unsigned long long ull(s64 v)
{
    return v < 0 ? 0 : (unsigned long long)v;
}

static unsigned long long counter_of(const struct system *s, enum counter id)
{
    return ull(counter_shown(id, s->counters.v[id]));
}

static unsigned long long tables_bytes(const struct mm *mm)
{
    return (mm->nr_ptes + mm->nr_pmds + mm->nr_puds) * PAGE_SIZE;
}

/* --- a group ran out -------------------------------------------------------------------------- */
struct stat_ctx {
    struct group *g;
};

static s64 group_stat(void *ctx, enum counter id)
{
    struct group *g = ((struct stat_ctx *)ctx)->g;
    s64 bytes;

    if (id != MEMCG_KERNEL)
        return group_counter(g, id);
    bytes = group_counter(g, NR_PAGE_TABLE_PAGES) * PAGE_SIZE +
            group_counter(g, NR_KERNEL_STACK) * 1024;
    for (struct group *at = g; at; at = group_next(g, at))
        bytes += (s64)at->kernel_pages * PAGE_SIZE;
    return bytes;
}

static unsigned long long limit_kib(u64 pages)
{
    return MIN(pages, PAGE_COUNTER_MAX) * PAGE_KIB;
}

#define RECORD_MAX    1024u                              /* CONSOLE_LOG_MAX */
#define RECORD_PREFIX (sizeof("<6>[    0.000000] ") - 1) /* level and time, before every line */

static void report_group(struct system *s, struct group *g)
{
    struct stat_ctx ctx = {g};
    struct strbuf stat;
    char path[256];
    char *line;
    size_t shown = 0;

    group_path(g, path, sizeof(path));
    log_line(s, "memory: usage %llukB, limit %llukB, failcnt %llu",
             (unsigned long long)g->memory.usage * PAGE_KIB, limit_kib(g->memory.max),
             (unsigned long long)g->memory.failcnt);
    log_line(s, "swap: usage %llukB, limit %llukB, failcnt %llu",
             (unsigned long long)g->swap.usage * PAGE_KIB, limit_kib(g->swap.max),
             (unsigned long long)g->swap.failcnt);
    log_line(s, "Memory cgroup stats for %s:", path);
    strbuf_init(&stat);
    memory_stat_render(&s->kernel, group_stat, &ctx, &stat);
    /* One record for Linux 6.1, of which a reader gets as many lines as fit with their prefixes;
     * 6.12 makes one of each line. */
    for (line = stat.text; *line;) {
        char *end = strchr(line, '\n');

        shown += RECORD_PREFIX + (size_t)(end - line) + 1;
        if (shown > RECORD_MAX && !kernel_has(&s->kernel, KERNEL_OOM_COLUMNS))
            break;
        *end = '\0';
        log_line(s, "%s", line);
        line = end + 1;
    }
    strbuf_done(&stat);
}

/* --- the machine ran out ---------------------------------------------------------------------- */
static void report_totals(struct system *s)
{
    log_line(s, "Mem-Info:");
    log_line(s, "active_anon:%llu inactive_anon:%llu isolated_anon:0",
             counter_of(s, NR_ACTIVE_ANON), counter_of(s, NR_INACTIVE_ANON));
    log_line(s, " active_file:%llu inactive_file:%llu isolated_file:0",
             counter_of(s, NR_ACTIVE_FILE), counter_of(s, NR_INACTIVE_FILE));
    log_line(s, " unevictable:%llu dirty:%llu writeback:%llu", counter_of(s, NR_UNEVICTABLE),
             counter_of(s, NR_DIRTY), counter_of(s, NR_WRITEBACK));
    log_line(s, " slab_reclaimable:%llu slab_unreclaimable:%llu",
             counter_of(s, NR_SLAB_RECLAIMABLE), counter_of(s, NR_SLAB_UNRECLAIMABLE));
    log_line(s, " mapped:%llu shmem:%llu pagetables:%llu", counter_of(s, NR_MAPPED),
             counter_of(s, NR_SHMEM), counter_of(s, NR_PAGE_TABLE_PAGES));
    log_line(s, " sec_pagetables:0 bounce:0");
    log_line(s, " kernel_misc_reclaimable:0");
    log_line(s, " free:%llu free_pcp:%llu free_cma:0",
             (unsigned long long)frames_count_free(&s->frames),
             (unsigned long long)frames_count_pcp(&s->frames));
}

static unsigned long long node_kib(const struct system *s, unsigned nid, enum counter id)
{
    return ull(counter_shown(id, node_counter(&s->frames, nid, id))) * PAGE_KIB;
}

static void report_node(struct system *s, unsigned nid)
{
    const char *gap = kernel_has(&s->kernel, KERNEL_OOM_COLUMNS) ? "" : " ";

    log_line(
        s,
        "Node %u active_anon:%llukB inactive_anon:%llukB active_file:%llukB inactive_file:%llukB "
        "unevictable:%llukB isolated(anon):0kB isolated(file):0kB mapped:%llukB dirty:%llukB "
        "writeback:%llukB shmem:%llukB shmem_thp:%s0kB shmem_pmdmapped:%s0kB anon_thp:%s%llukB "
        "writeback_tmp:0kB kernel_stack:%llukB pagetables:%llukB sec_pagetables:0kB "
        "all_unreclaimable? %s",
        nid, node_kib(s, nid, NR_ACTIVE_ANON), node_kib(s, nid, NR_INACTIVE_ANON),
        node_kib(s, nid, NR_ACTIVE_FILE), node_kib(s, nid, NR_INACTIVE_FILE),
        node_kib(s, nid, NR_UNEVICTABLE), node_kib(s, nid, NR_MAPPED), node_kib(s, nid, NR_DIRTY),
        node_kib(s, nid, NR_WRITEBACK), node_kib(s, nid, NR_SHMEM), gap, gap, gap,
        node_kib(s, nid, NR_ANON_TRANSPARENT_HUGEPAGES),
        ull(node_counter(&s->frames, nid, NR_KERNEL_STACK)), node_kib(s, nid, NR_PAGE_TABLE_PAGES),
        kswapd_is_hopeless(&s->frames.nodes[nid]) ? "yes" : "no");
}

static unsigned long long zone_kib(const struct zone *z, enum counter id)
{
    return ull(z->counters.v[id]) * PAGE_KIB;
}

static unsigned long long pcp_kib(const struct system *s, const struct zone *z, unsigned cpu)
{
    (void)s;
    return (unsigned long long)z->pcp[cpu].count * PAGE_KIB;
}

static void report_zone(struct system *s, const struct zone *z)
{
    unsigned long long pcp = 0;

    for (unsigned cpu = 0; cpu < s->frames.nr_cpus; cpu++)
        pcp += pcp_kib(s, z, cpu);
    log_line(s,
             "Node %u %s free:%llukB boost:%llukB min:%llukB low:%llukB high:%llukB "
             "reserved_highatomic:%lluKB active_anon:%llukB inactive_anon:%llukB "
             "active_file:%llukB inactive_file:%llukB unevictable:%llukB writepending:%llukB "
             "present:%llukB managed:%llukB mlocked:%llukB bounce:0kB free_pcp:%llukB "
             "local_pcp:%llukB free_cma:0kB",
             z->nid, z->name, (unsigned long long)z->free_pages * PAGE_KIB,
             (unsigned long long)z->watermark_boost * PAGE_KIB,
             (unsigned long long)zone_wmark_pages(z, WMARK_MIN) * PAGE_KIB,
             (unsigned long long)zone_wmark_pages(z, WMARK_LOW) * PAGE_KIB,
             (unsigned long long)zone_wmark_pages(z, WMARK_HIGH) * PAGE_KIB,
             (unsigned long long)z->nr_reserved_highatomic * PAGE_KIB,
             zone_kib(z, NR_ZONE_ACTIVE_ANON), zone_kib(z, NR_ZONE_INACTIVE_ANON),
             zone_kib(z, NR_ZONE_ACTIVE_FILE), zone_kib(z, NR_ZONE_INACTIVE_FILE),
             zone_kib(z, NR_ZONE_UNEVICTABLE), zone_kib(z, NR_ZONE_WRITE_PENDING),
             (unsigned long long)z->present * PAGE_KIB, (unsigned long long)z->managed * PAGE_KIB,
             zone_kib(z, NR_MLOCK), pcp, pcp_kib(s, z, s->mem.cpu));
    log_line(s, "lowmem_reserve[]: %llu %llu %llu %llu %llu",
             (unsigned long long)z->lowmem_reserve[0], (unsigned long long)z->lowmem_reserve[1],
             (unsigned long long)z->lowmem_reserve[2], (unsigned long long)z->lowmem_reserve[3],
             (unsigned long long)z->lowmem_reserve[3]);
}

static void report_orders(struct system *s, const struct zone *z)
{
    static const char letter[NR_MIGRATETYPES] = {'U', 'M', 'E', 'H'};
    struct strbuf line;

    strbuf_init(&line);
    for (unsigned o = 0; o < ORDER_MAX; o++) {
        bool any = false;

        strbuf_printf(&line, "%llu*%lukB ", (unsigned long long)z->nr_free[o],
                      (unsigned long)PAGE_KIB << o);
        for (unsigned mt = 0; mt < NR_MIGRATETYPES; mt++) {
            if (!z->free_area[o][mt].count)
                continue;
            strbuf_printf(&line, "%s%c", any ? "" : "(", letter[mt]);
            any = true;
        }
        strbuf_append(&line, any ? ") " : "");
    }
    log_line(s, "Node %u %s: %s= %llukB", z->nid, z->name, line.text,
             (unsigned long long)z->free_pages * PAGE_KIB);
    strbuf_done(&line);
}

/* Which caches hold the memory, when kernel objects hold more than all programs and files
 * (should_dump_unreclaim_slab). */
static void report_slab(struct system *s)
{
    u64 user = 0;

    for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
        user += group_lru_size(&s->groups, s->groups.root, (enum lru_list)lru);
    if (counter_of(s, NR_SLAB_UNRECLAIMABLE) <= user)
        return;
    log_line(s, "Unreclaimable slab info:");
    log_line(s, "Name                      Used          Total");
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        const struct slab_cache *c = &s->slab.caches[id];

        if (c->nr_objects && !(c->info->flags & SLAB_RECLAIM_ACCOUNT))
            log_line(s, "%-17s %10lluKB %10lluKB", c->info->name,
                     (unsigned long long)slab_count_active(&s->slab, (enum slab_id)id) *
                         c->geo.size / 1024,
                     (unsigned long long)c->nr_objects * c->geo.size / 1024);
    }
}

/* Nodes that the allocation could not use are left out (SHOW_MEM_FILTER_NODES). */
static void report_memory(struct system *s, u64 nodes)
{
    const struct zone *z = s->frames.zones;
    u64 present = 0;

    report_totals(s);
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (nodes >> nid & 1)
            report_node(s, nid);
    for (unsigned i = 0; i < s->frames.nr_zones; i++)
        if (zone_populated(&z[i]) && nodes >> z[i].nid & 1)
            report_zone(s, &z[i]);
    for (unsigned i = 0; i < s->frames.nr_zones; i++) {
        present += z[i].present;
        if (zone_populated(&z[i]) && nodes >> z[i].nid & 1)
            report_orders(s, &z[i]);
    }
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (nodes >> nid & 1)
            log_line(s,
                     "Node %u hugepages_total=%llu hugepages_free=%llu hugepages_surp=%llu "
                     "hugepages_size=2048kB",
                     nid, (unsigned long long)hugetlb_node_total(&s->hugetlb, nid),
                     (unsigned long long)s->hugetlb.nodes[nid].free.count,
                     (unsigned long long)s->hugetlb.nodes[nid].surplus);
    log_line(s, "%llu total pagecache pages", counter_of(s, NR_FILE_PAGES));
    log_line(s, "%llu pages in swap cache", (unsigned long long)s->swap.nr_cached);
    log_line(s, "Free swap  = %llukB", (unsigned long long)s->swap.free_pages * PAGE_KIB);
    log_line(s, "Total swap = %llukB", (unsigned long long)s->swap.total_pages * PAGE_KIB);
    log_line(s, "%llu pages RAM", (unsigned long long)present);
    log_line(s, "0 pages HighMem/MovableOnly");
    log_line(s, "%llu pages reserved", (unsigned long long)(present - s->frames.managed_pages));
    if (kernel_has(&s->kernel, KERNEL_MEMORY_FAILURE))
        log_line(s, "0 pages hwpoisoned");
}

static void report_machine(struct system *s, u64 nodes)
{
    report_memory(s, nodes);
    report_slab(s);
}

static void report_task(struct system *s, const struct task *t, bool by_kind)
{
    const struct mm *mm = t->mm;
    char kinds[64] = "";

    if (by_kind)
        snprintf(kinds, sizeof(kinds), " %8llu %8llu %9llu", (unsigned long long)mm->rss_anon,
                 (unsigned long long)mm->rss_file, (unsigned long long)mm->rss_shmem);
    log_line(s, "[%7u] %5u %5u %8llu %8llu%s %8llu %8llu         %5d %s", t->pid, t->uid, t->tgid,
             (unsigned long long)mm->total_vm, (unsigned long long)mm_rss(mm), kinds,
             tables_bytes(mm), (unsigned long long)mm->swapents, t->oom_score_adj, t->comm);
}

static void report_tasks(struct system *s, const struct oom_control *oc)
{
    bool by_kind = kernel_has(&s->kernel, KERNEL_OOM_COLUMNS);

    log_line(s, "Tasks state (memory values in pages):");
    log_line(s,
             "[  pid  ]   uid  tgid total_vm      rss %spgtables_bytes swapents oom_score_adj name",
             by_kind ? "rss_anon rss_file rss_shmem " : "");
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (oom_is_candidate(s, t, oc))
            report_task(s, t, by_kind);
    }
}

/* "constraint=...,nodemask=...,cpuset=/,mems_allowed=...," (dump_oom_summary) */
static void render_constraint(const struct system *s, const struct task *invoker,
                              const struct oom_control *oc, struct strbuf *out)
{
    const struct group *cpuset = cpuset_owner(invoker->group);
    bool bound = oc->nodes != NODES_ALL;

    strbuf_printf(out, "constraint=%s,nodemask=",
                  oc->group    ? "CONSTRAINT_MEMCG"
                  : oc->cpuset ? "CONSTRAINT_CPUSET"
                  : bound      ? "CONSTRAINT_MEMORY_POLICY"
                               : "CONSTRAINT_NONE");
    if (bound && !oc->cpuset)
        strbuf_masklist(out, oc->nodes);
    else
        strbuf_append(out, "(null)");
    strbuf_printf(out, ",cpuset=%s,mems_allowed=", cpuset->parent ? cpuset->name : "/");
    strbuf_masklist(out, cpuset_mems_allowed(s, invoker));
}

/* dump_stack_print_info() */
static void report_invoker(struct system *s, const struct task *t)
{
    char user[24] = "";

    if (kernel_has(&s->kernel, KERNEL_OOM_COLUMNS))
        snprintf(user, sizeof(user), "UID: %u ", t->uid);
    log_line(s, "CPU: %u %sPID: %u Comm: %s Not tainted %s #1", s->mem.cpu, user, t->pid, t->comm,
             s->kernel.release->uname);
}

void oom_report(struct system *s, const struct task *invoker, const struct oom_control *oc,
                const struct task *victim)
{
    char scope_path[256], victim_path[256];
    const struct group *scope = oc->group;
    struct strbuf constraint, gfp;

    strbuf_init(&gfp);
    gfp_render(request_gfp(oc->purpose, oc->order, scope != NULL), &gfp);
    log_line(s, "%s invoked oom-killer: gfp_mask=%s, order=%u, oom_score_adj=%d", invoker->comm,
             gfp.text, oc->order, invoker->oom_score_adj);
    strbuf_done(&gfp);
    report_invoker(s, invoker);
    if (victim) /* where nobody can be killed, others call */
        log_oom_trace(s, oc);
    if (scope)
        report_group(s, oc->group);
    else
        report_machine(s, oc->nodes);
    if (s->tunables.oom_dump_tasks)
        report_tasks(s, oc);
    if (!victim)
        return;
    group_path(victim->group, victim_path, sizeof(victim_path));
    if (scope)
        group_path(scope, scope_path, sizeof(scope_path));
    strbuf_init(&constraint);
    render_constraint(s, invoker, oc, &constraint);
    log_line(s, "oom-kill:%s,%s%s,task_memcg=%s,task=%s,pid=%u,uid=%u", constraint.text,
             scope ? "oom_memcg=" : "global_oom", scope ? scope_path : "", victim_path,
             victim->comm, victim->pid, victim->uid);
    strbuf_done(&constraint);
}

void oom_report_killed(struct system *s, const struct task *victim, const char *message)
{
    const struct mm *mm = victim->mm;

    log_line(s,
             "%s: Killed process %u (%s) total-vm:%llukB, anon-rss:%llukB, file-rss:%llukB, "
             "shmem-rss:%llukB, UID:%u pgtables:%llukB oom_score_adj:%d",
             message, victim->pid, victim->comm, (unsigned long long)mm->total_vm * PAGE_KIB,
             (unsigned long long)mm->rss_anon * PAGE_KIB,
             (unsigned long long)mm->rss_file * PAGE_KIB,
             (unsigned long long)mm->rss_shmem * PAGE_KIB, victim->uid, tables_bytes(mm) / 1024,
             victim->oom_score_adj);
}

/* --- an allocation failed, and nobody is killed for it ---------------------------------------- */
#define ALLOC_WARN_INTERVAL (10 * NS_PER_S) /* of one message, for the whole machine */

void alloc_failure_report(struct system *s, const struct task *t, unsigned order, enum purpose why)
{
    struct strbuf gfp;
    char nodes[16] = "0";

    if (s->alloc_warned && s->clock.now - s->alloc_warned < ALLOC_WARN_INTERVAL) {
        s->alloc_suppressed++;
        return;
    }
    s->alloc_warned = MAX(s->clock.now, 1);
    if (s->alloc_suppressed)
        log_line(s, "warn_alloc: %u callbacks suppressed", s->alloc_suppressed);
    s->alloc_suppressed = 0;
    if (s->frames.nr_nodes > 1)
        snprintf(nodes, sizeof(nodes), "0-%u", s->frames.nr_nodes - 1);
    strbuf_init(&gfp);
    gfp_render(request_gfp(why, order, false), &gfp);
    log_line(s,
             "%s: page allocation failure: order:%u, mode:%s, "
             "nodemask=(null),cpuset=/,mems_allowed=%s",
             t->comm, order, gfp.text, nodes);
    strbuf_done(&gfp);
    report_invoker(s, t);
    log_failure_trace(s);
    report_memory(s, NODES_ALL);
}
