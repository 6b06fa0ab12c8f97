/* cgroup_files.c - the files of a cgroup v2 directory.
 *
 * Those of a group that was removed are gone, even while memory is still charged to it.
 */
#include "procfs/procfs.h"

#include "base/masklist.h"
#include "hugetlb/reserve.h"
#include "stats/memory_stat.h"
#include "system/cpuset.h"

#include <inttypes.h>

static void render_pages(struct strbuf *out, u64 pages)
{
    strbuf_printf(out, "%" PRIu64 "\n", pages * PAGE_SIZE);
}

/* A limit: in bytes, or "max". */
static void render_limit(struct strbuf *out, u64 pages)
{
    if (pages >= PAGE_COUNTER_MAX)
        strbuf_append(out, "max\n");
    else
        render_pages(out, pages);
}

static bool is_live(const struct task *t)
{
    return !t->kthread && t->state != TASK_ZOMBIE && t->state != TASK_DEAD;
}

static bool is_dying(const struct group *g)
{
    return !g->online && (g->memory.usage || g->swap.usage);
}

/* Without those that this machine does not have on. */
static u32 shown_controllers(const struct system *s, u32 controllers)
{
    if (!s->groups.cpusets)
        controllers &= ~(u32)BIT(CONTROLLER_CPUSET);
    if (!kernel_has(&s->kernel, KERNEL_CGROUP_HUGETLB))
        controllers &= ~(u32)BIT(CONTROLLER_HUGETLB);
    return controllers;
}

static void render_names(const struct system *s, u32 controllers, struct strbuf *out)
{
    bool any = false;

    controllers = shown_controllers(s, controllers);
    for (unsigned i = 0; i < NR_CONTROLLERS; i++) {
        if (controllers & BIT(i))
            strbuf_printf(out, "%s%s", any ? " " : "", controller_name[i]);
        any |= controllers & BIT(i);
    }
    strbuf_appendc(out, '\n');
}

static void render_controllers(const struct system *s, struct group *g, struct strbuf *out)
{
    render_names(s, group_controllers(g), out);
}

static void render_subtree_control(const struct system *s, struct group *g, struct strbuf *out)
{
    render_names(s, g->subtree_control, out);
}

static void render_type(const struct system *s HW_UNUSED, struct group *g HW_UNUSED,
                        struct strbuf *out)
{
    strbuf_append(out, "domain\n");
}

static void render_set(struct strbuf *out, u64 set)
{
    strbuf_masklist(out, set);
    strbuf_appendc(out, '\n');
}

static void render_cpuset_cpus(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    render_set(out, g->cpuset_cpus);
}

static void render_cpuset_cpus_effective(const struct system *s, struct group *g,
                                         struct strbuf *out)
{
    render_set(out, cpuset_cpus_of(s, g));
}

static void render_cpuset_mems(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    render_set(out, g->cpuset_mems);
}

static void render_cpuset_mems_effective(const struct system *s, struct group *g,
                                         struct strbuf *out)
{
    render_set(out, cpuset_mems_of(s, g));
}

static void render_cgroup_events(const struct system *s, struct group *g, struct strbuf *out)
{
    bool populated = false;

    for (u32 i = 0; i < s->nr_tasks && !populated; i++)
        populated =
            is_live(s->tasks[i]) && s->tasks[i]->group && group_is_below(s->tasks[i]->group, g);
    strbuf_printf(out, "populated %d\nfrozen 0\n", populated);
}

static void render_cgroup_pressure(const struct system *s HW_UNUSED, struct group *g,
                                   struct strbuf *out)
{
    strbuf_printf(out, "%d\n", !g->psi.disabled);
}

static void render_procs(const struct system *s, struct group *g, struct strbuf *out)
{
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (is_live(t) && t->group == g && t->pid == t->tgid)
            strbuf_printf(out, "%u\n", t->pid);
    }
}

/* The kernel's controllers with those that are not modelled, in its order: of these there is the
 * root's state alone, but perf_event's, which every group has. */
static const struct subsys {
    const char *name;
    bool everywhere, modelled;
    enum controller id;
} subsystems[] = {
    {"cpuset", false, true, CONTROLLER_CPUSET},  {"cpu", false, true, CONTROLLER_CPU},
    {"io", false, true, CONTROLLER_IO},          {"memory", false, true, CONTROLLER_MEMORY},
    {"perf_event", true, false, NR_CONTROLLERS}, {"hugetlb", false, true, CONTROLLER_HUGETLB},
    {"pids", false, true, CONTROLLER_PIDS},      {"rdma", false, false, NR_CONTROLLERS},
    {"misc", false, false, NR_CONTROLLERS},
};

/* Groups at and below this one that the controller keeps account of, or did when they were removed
 * and still do for what they hold. */
static unsigned count_subsys(const struct system *s, struct group *g, const struct subsys *sub,
                             bool online)
{
    unsigned n = 0;

    for (struct group *at = g; at; at = group_next(g, at)) {
        bool has = !at->parent || sub->everywhere ||
                   (sub->modelled && shown_controllers(s, group_controllers(at)) & BIT(sub->id));

        if (online)
            n += at->online && has;
        else
            n += has && sub->id == CONTROLLER_MEMORY && is_dying(at);
    }
    return n;
}

static void render_cgroup_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    const bool by_controller = kernel_has(&s->kernel, KERNEL_SUBSYS_COUNTS);
    unsigned below = 0, dying = 0;

    for (struct group *at = group_next(g, g); at; at = group_next(g, at)) {
        below += at->online;
        dying += is_dying(at);
    }
    strbuf_printf(out, "nr_descendants %u\n", below);
    for (unsigned i = 0; i < ARRAY_SIZE(subsystems) && by_controller; i++)
        strbuf_printf(out, "nr_subsys_%s %u\n", subsystems[i].name,
                      count_subsys(s, g, &subsystems[i], true));
    strbuf_printf(out, "nr_dying_descendants %u\n", dying);
    for (unsigned i = 0; i < ARRAY_SIZE(subsystems) && by_controller; i++)
        strbuf_printf(out, "nr_dying_subsys_%s %u\n", subsystems[i].name,
                      count_subsys(s, g, &subsystems[i], false));
}

static void render_memory_current(const struct system *s HW_UNUSED, struct group *g,
                                  struct strbuf *out)
{
    render_pages(out, g->memory.usage);
}

static void render_memory_peak(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    render_pages(out, g->memory.peak);
}

static void render_memory_min(const struct system *s HW_UNUSED, struct group *g, struct strbuf *out)
{
    render_limit(out, g->memory.min);
}

static void render_memory_low(const struct system *s HW_UNUSED, struct group *g, struct strbuf *out)
{
    render_limit(out, g->memory.low);
}

static void render_memory_high(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    render_limit(out, g->memory.high);
}

static void render_memory_max(const struct system *s HW_UNUSED, struct group *g, struct strbuf *out)
{
    render_limit(out, g->memory.max);
}

static void render_memory_oom_group(const struct system *s HW_UNUSED, struct group *g,
                                    struct strbuf *out)
{
    strbuf_printf(out, "%d\n", g->oom_group);
}

static void render_memory_swap_current(const struct system *s HW_UNUSED, struct group *g,
                                       struct strbuf *out)
{
    render_pages(out, g->swap.usage);
}

static void render_memory_swap_high(const struct system *s HW_UNUSED, struct group *g,
                                    struct strbuf *out)
{
    render_limit(out, g->swap.high);
}

static void render_memory_swap_max(const struct system *s HW_UNUSED, struct group *g,
                                   struct strbuf *out)
{
    render_limit(out, g->swap.max);
}

static void render_memory_swap_peak(const struct system *s HW_UNUSED, struct group *g,
                                    struct strbuf *out)
{
    render_pages(out, g->swap.peak);
}

static void render_memory_zswap_current(const struct system *s HW_UNUSED, struct group *g,
                                        struct strbuf *out)
{
    strbuf_printf(out, "%" PRId64 "\n", group_counter(g, MEMCG_ZSWAP));
}

static void render_memory_zswap_max(const struct system *s HW_UNUSED, struct group *g,
                                    struct strbuf *out)
{
    render_limit(out, g->zswap_max);
}

static void render_pressure_of(const struct system *s, struct group *g, enum psi_res res,
                               struct strbuf *out)
{
    psi_render(&g->psi, res, !g->parent, s->clock.now, out);
}

static void render_cpu_pressure(const struct system *s, struct group *g, struct strbuf *out)
{
    render_pressure_of(s, g, PSI_CPU, out);
}

static void render_io_pressure(const struct system *s, struct group *g, struct strbuf *out)
{
    render_pressure_of(s, g, PSI_IO, out);
}

static void render_memory_pressure(const struct system *s, struct group *g, struct strbuf *out)
{
    render_pressure_of(s, g, PSI_MEM, out);
}

/* --- events ----------------------------------------------------------------------------------- */

static void render_events(struct group *g, const char *file, bool local, struct strbuf *out)
{
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        enum counter id = cgroup_event_counter(i);

        if (cgroup_event_in(i, file))
            strbuf_printf(out, "%s %" PRId64 "\n", cgroup_event_info[i].key,
                          local ? group_local_events(g, id) : g->counters.v[id]);
    }
}

static void render_memory_events(const struct system *s HW_UNUSED, struct group *g,
                                 struct strbuf *out)
{
    render_events(g, CGROUP_EVENTS_FILE, false, out);
}

static void render_memory_events_local(const struct system *s HW_UNUSED, struct group *g,
                                       struct strbuf *out)
{
    render_events(g, CGROUP_EVENTS_FILE, true, out);
}

static void render_memory_swap_events(const struct system *s HW_UNUSED, struct group *g,
                                      struct strbuf *out)
{
    render_events(g, CGROUP_SWAP_EVENTS_FILE, false, out);
}

/* --- statistics ------------------------------------------------------------------------------- */

/* Kernel memory is charged as page tables and stacks, page by page, and as bytes of objects that
 * are rounded up to pages. */
static s64 kernel_bytes(struct group *g)
{
    s64 pages = group_counter(g, NR_PAGE_TABLE_PAGES) +
                group_counter(g, NR_KERNEL_STACK) * 1024 / PAGE_SIZE;

    for (struct group *at = g; at; at = group_next(g, at))
        pages += (s64)at->kernel_pages;
    return pages * PAGE_SIZE;
}

s64 procfs_group_counter(void *g, enum counter id)
{
    return id == MEMCG_KERNEL ? kernel_bytes(g) : group_counter(g, id);
}

static void render_memory_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    memory_stat_render(&s->kernel, procfs_group_counter, g, out);
}

/* Objects are charged by bytes, of frames that nobody asks for: a group's are spread over the nodes
 * as the machine's are. */
static s64 slab_share(const struct system *s, s64 bytes, unsigned nid, enum counter id)
{
    double all = (double)s->counters.v[id], share = (double)bytes;
    s64 before = 0, upto;

    if (!s->counters.v[id])
        return nid ? 0 : bytes;
    for (unsigned i = 0; i < nid; i++)
        before += node_counter(&s->frames, i, id);
    upto = before + node_counter(&s->frames, nid, id);
    return (s64)(share * (double)upto / all) - (s64)(share * (double)before / all);
}

static s64 numa_stat(const struct system *s, struct group *g, unsigned nid, enum counter id)
{
    if (id == NR_SLAB_RECLAIMABLE || id == NR_SLAB_UNRECLAIMABLE)
        return slab_share(s, group_counter(g, id), nid, id);
    return group_node_counter(&s->groups, g, nid, id);
}

/* Only what is kept per node: not memory the group is charged for elsewhere, no sums, no events of
 * reclaim. */
static void render_memory_numa_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;

    for (unsigned i = 0; i < kernel->nr_memory_stat; i++) {
        const struct memory_stat_line *line = kernel->memory_stat[i];

        if (!(counter_info[line->id].scopes & SCOPE_NODE) || line->plus != NR_COUNTERS)
            continue;
        strbuf_append(out, line->name);
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
            strbuf_printf(out, " N%u=%" PRId64, nid,
                          counter_memory_stat(line->id, numa_stat(s, g, nid, line->id)));
        strbuf_appendc(out, '\n');
    }
}

/* --- huge pages ------------------------------------------------------------------------------- */
static void render_hugetlb_current(const struct system *s HW_UNUSED, struct group *g,
                                   struct strbuf *out)
{
    render_pages(out, g->hugetlb[HUGETLB_IN_USE].usage);
}

static void render_hugetlb_max(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    render_limit(out, g->hugetlb[HUGETLB_IN_USE].max);
}

static void render_hugetlb_rsvd_current(const struct system *s HW_UNUSED, struct group *g,
                                        struct strbuf *out)
{
    render_pages(out, g->hugetlb[HUGETLB_RSVD].usage);
}

static void render_hugetlb_rsvd_max(const struct system *s HW_UNUSED, struct group *g,
                                    struct strbuf *out)
{
    render_limit(out, g->hugetlb[HUGETLB_RSVD].max);
}

static void render_hugetlb_events(const struct system *s HW_UNUSED, struct group *g,
                                  struct strbuf *out)
{
    strbuf_printf(out, "max %" PRIu64 "\n", g->hugetlb_events);
}

static void render_hugetlb_events_local(const struct system *s HW_UNUSED, struct group *g,
                                        struct strbuf *out)
{
    strbuf_printf(out, "max %" PRIu64 "\n", g->hugetlb_events_local);
}

static void render_charged(const struct system *s, const struct group *g, const char *key,
                           bool below, struct strbuf *out)
{
    u64 node[MAX_NUMNODES], total = 0;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        node[nid] = hugetlb_count_charged(&s->hugetlb, g, nid, below) * HPAGE_PMD_SIZE;
        total += node[nid];
    }
    strbuf_printf(out, "%s=%" PRIu64, key, total);
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        strbuf_printf(out, " N%u=%" PRIu64, nid, node[nid]);
    strbuf_appendc(out, '\n');
}

static void render_hugetlb_numa_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    render_charged(s, g, "total", false, out);
    render_charged(s, g, "hierarchical_total", true, out);
}

#define CGROUP_IN_ROOT_ALL   true
#define CGROUP_IN_ROOT_BELOW false

const struct cgroup_file cgroup_files[] = {
#define CGROUP_FILE(id, name, where, doc) {name, CGROUP_IN_ROOT_##where, 0, false, render_##id},
#define CGROUP_FILE_ZSWAP(id, name, where, doc) \
    {name, CGROUP_IN_ROOT_##where, BIT(KERNEL_ZSWAP), false, render_##id},
#define CGROUP_FILE_SWAP_PEAK(id, name, where, doc) \
    {name, CGROUP_IN_ROOT_##where, BIT(KERNEL_SWAP_PEAK), false, render_##id},
#define CGROUP_FILE_HUGETLB(id, name, where, doc) \
    {name, CGROUP_IN_ROOT_##where, BIT(KERNEL_CGROUP_HUGETLB), false, render_##id},
#define CGROUP_FILE_CPUSET(id, name, where, doc) \
    {name, CGROUP_IN_ROOT_##where, 0, true, render_##id},
#include "procfs/cgroup_files.def"
#undef CGROUP_FILE
#undef CGROUP_FILE_ZSWAP
#undef CGROUP_FILE_HUGETLB
#undef CGROUP_FILE_SWAP_PEAK
#undef CGROUP_FILE_CPUSET
};
const unsigned nr_cgroup_files = ARRAY_SIZE(cgroup_files);

const struct cgroup_file live_cgroup_files[] = {
    {"cgroup.subtree_control", true, 0, false, render_subtree_control},
    {"cgroup.type", false, 0, false, render_type},
    {"cpu.stat", true, 0, false, render_group_cpu_stat},
    {"io.stat", true, 0, false, render_group_io_stat},
    {"pids.current", false, 0, false, render_group_pids_current},
};
const unsigned nr_live_cgroup_files = ARRAY_SIZE(live_cgroup_files);
