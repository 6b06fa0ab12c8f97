/* run_nodes.c - see run_nodes.h. */
#include "report/run_nodes_int.h"

#include "access/access.h"
#include "access/numa.h"
#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "report/json_put.h"
#include "space/pagetable.h"
#include "system/cpuset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PROGRAMS_SHOWN 12u
#define SENTENCES_MAX  6u   /* programs that are told what to do */
#define NODES_SHOWN    6u   /* of a program: what fits on a line */
#define REMOTE_PERCENT 20.0 /* of accesses, and */
#define COST_PERCENT   1.0  /* of CPU time: worth a sentence */
#define HOME_PERCENT   50.0 /* of a program's memory on one node: most is near there */

/* All tasks of one name. */
struct program {
    const char *comm;
    struct node_accesses nodes;
    u64 all; /* accesses */
    ns_t cpu_ns;
    u64 hint_faults, hint_faults_local, moved; /* NUMA balancing; pages */
    ns_t balancing_ns;
    u64 cpus;                /* nodes that it ran on last */
    const struct task *task; /* with most accesses */
    u64 most;                /* of it */
};

typedef VEC(struct program) program_list;

bool run_nodes_enabled(const struct run_report *r)
{
    return r->system->frames.nr_nodes > 1;
}

static struct program *program_of(program_list *list, const char *comm)
{
    vec_for_each (list, p)
        if (strcmp(p->comm, comm) == 0)
            return p;
    vec_push(list, ((struct program){.comm = comm}));
    return &list->items[list->count - 1];
}

static int by_accesses(const void *a, const void *b)
{
    const struct program *x = a, *y = b;

    return x->all == y->all ? strcmp(x->comm, y->comm) : x->all < y->all ? 1 : -1;
}

static void gather(const struct run_report *r, program_list *ret)
{
    const struct system *s = r->system;

    *ret = (program_list){0};
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];
        struct program *p;
        u64 all = 0;

        if (!t->nodes)
            continue;
        p = program_of(ret, t->comm);
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
            p->nodes.by_node[nid] += t->nodes->by_node[nid];
            all += t->nodes->by_node[nid];
        }
        p->all += all;
        if (!p->task || all > p->most) {
            p->task = t;
            p->most = all;
        }
        p->nodes.remote += t->nodes->remote;
        p->nodes.remote_walks += t->nodes->remote_walks;
        p->nodes.remote_ns += t->nodes->remote_ns;
        p->cpu_ns += t->cpu_user_ns + t->cpu_sys_ns;
        p->hint_faults += t->numa.hint_faults;
        p->hint_faults_local += t->numa.hint_faults_local;
        p->moved += t->numa.migrated;
        p->balancing_ns += t->numa.scan_ns + t->numa.fault_ns;
        p->cpus |= BIT_ULL(s->frames.cpu_nid[t->cpu]);
    }
    if (ret->count)
        qsort(ret->items, ret->count, sizeof(ret->items[0]), by_accesses);
}

u64 run_node_pages(const struct system *s, unsigned nid, bool free)
{
    u64 pages = 0;

    for (unsigned type = 0; type < NR_ZONES; type++) {
        const struct zone *z = &s->frames.nodes[nid].zones[type];

        pages += free ? z->free_pages : z->managed;
    }
    return pages;
}

/* --- text ------------------------------------------------------------------------------------- */
static void nodes_table(const struct system *s, struct strbuf *out)
{
    char total[UNITS_TEXT_MAX], left[UNITS_TEXT_MAX], hit[UNITS_TEXT_MAX], miss[UNITS_TEXT_MAX],
        foreign[UNITS_TEXT_MAX];

    strbuf_printf(out, "  %-6s %-10s %11s %11s %14s %14s %14s\n", "node", "CPUs", "memory",
                  "free now", "numa_hit", "numa_miss", "numa_foreign");
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        struct strbuf cpus;

        strbuf_init(&cpus);
        strbuf_masklist(&cpus, s->frames.topology.cpus[nid]);
        strbuf_printf(out, "  %-6u %-10s %11s %11s %14s %14s %14s\n", nid,
                      cpus.len ? cpus.text : "none",
                      format_bytes(total, run_node_pages(s, nid, false) * PAGE_SIZE),
                      format_bytes(left, run_node_pages(s, nid, true) * PAGE_SIZE),
                      format_count(hit, (u64)node_counter(&s->frames, nid, NUMA_HIT)),
                      format_count(miss, (u64)node_counter(&s->frames, nid, NUMA_MISS)),
                      format_count(foreign, (u64)node_counter(&s->frames, nid, NUMA_FOREIGN)));
        strbuf_done(&cpus);
    }
}

/* The nodes with most of its memory, as many as fit on a line, and what is on the others. */
static void put_by_node(const struct system *s, const struct program *p, struct strbuf *out)
{
    u64 shown = 0, rest = 0;
    unsigned nodes = 0;

    for (unsigned i = 0; i < NODES_SHOWN; i++) {
        unsigned most = MAX_NUMNODES;

        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
            if (p->nodes.by_node[nid] && !(shown >> nid & 1) &&
                (most == MAX_NUMNODES || p->nodes.by_node[nid] > p->nodes.by_node[most]))
                most = nid;
        shown |= most < MAX_NUMNODES ? BIT_ULL(most) : 0;
    }
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        if (shown >> nid & 1)
            strbuf_printf(out, " %u: %.0f %%", nid, run_percent(p->nodes.by_node[nid], p->all));
        else
            rest += p->nodes.by_node[nid];
        nodes += !(shown >> nid & 1) && p->nodes.by_node[nid];
    }
    if (nodes)
        strbuf_printf(out, ", %u more: %.0f %%", nodes, run_percent(rest, p->all));
}

static void programs_table(const struct system *s, const program_list *list, struct strbuf *out)
{
    size_t shown = MIN(list->count, (size_t)PROGRAMS_SHOWN);

    strbuf_printf(out, "  %-15s %10s %8s %10s %10s  %s\n", "program", "accesses", "remote",
                  "its cost", "CPU time", "accesses by node");
    for (size_t i = 0; i < shown; i++) {
        const struct program *p = &list->items[i];
        char all[UNITS_TEXT_MAX], cost[UNITS_TEXT_MAX], cpu[UNITS_TEXT_MAX];
        struct strbuf comm;

        strbuf_init(&comm);
        utf8_append_clean(&comm, p->comm);
        strbuf_printf(out, "  %-15s %10s %6.0f %% %10s %10s ", comm.text,
                      format_short_count(all, p->all), run_percent(p->nodes.remote, p->all),
                      format_ns(cost, p->nodes.remote_ns), format_ns(cpu, p->cpu_ns));
        put_by_node(s, p, out);
        strbuf_appendc(out, '\n');
        strbuf_done(&comm);
    }
    if (shown < list->count)
        strbuf_printf(out, "  and %zu more: --format json lists all\n", list->count - shown);
}

/* What NUMA balancing did for them, and took. */
static void balancing(const program_list *list, struct strbuf *out)
{
    size_t shown = MIN(list->count, (size_t)PROGRAMS_SHOWN);

    for (size_t i = 0; i < shown; i++) {
        const struct program *p = &list->items[i];
        char faults[UNITS_TEXT_MAX], moved[UNITS_TEXT_MAX], cost[UNITS_TEXT_MAX];

        if (!p->hint_faults && !p->moved)
            continue;
        strbuf_append(out, "  balancing ");
        utf8_append_clean(out, p->comm);
        strbuf_printf(out, ": %s hint faults, %.0f %% local; %s came nearer; it cost %s\n",
                      format_count(faults, p->hint_faults),
                      run_percent(p->hint_faults_local, p->hint_faults),
                      format_bytes(moved, p->moved * PAGE_SIZE), format_ns(cost, p->balancing_ns));
    }
}

static int by_cost(const void *a, const void *b)
{
    const struct program *x = a, *y = b;

    return x->nodes.remote_ns == y->nodes.remote_ns  ? strcmp(x->comm, y->comm)
           : x->nodes.remote_ns < y->nodes.remote_ns ? 1
                                                     : -1;
}

/* The programs that pay for distance what is worth a word: of their own time and of that of all.
 * The dearest first. */
static void costly(const program_list *list, program_list *ret)
{
    ns_t all = 0;

    *ret = (program_list){0};
    vec_for_each (list, p)
        all += p->cpu_ns;
    vec_for_each (list, p)
        if (run_percent(p->nodes.remote, p->all) >= REMOTE_PERCENT &&
            run_percent(p->nodes.remote_ns, p->cpu_ns) >= COST_PERCENT &&
            run_percent(p->nodes.remote_ns, all) >= COST_PERCENT)
            vec_push(ret, *p);
    if (ret->count)
        qsort(ret->items, ret->count, sizeof(ret->items[0]), by_cost);
}

static unsigned most_used(const struct program *p)
{
    unsigned most = 0;

    for (unsigned nid = 1; nid < MAX_NUMNODES; nid++)
        if (p->nodes.by_node[nid] > p->nodes.by_node[most])
            most = nid;
    return most;
}

bool run_node_has_memory(const struct system *s, unsigned nid)
{
    return s->frames.topology.ram_bytes[nid] != 0;
}

/* Did the workload itself say on which CPUs, or by which policy, the task runs? Then options of the
 * command line do not count for it. */
static bool chose_cpus(const struct system *s, const struct task *t)
{
    return t->cpus_asked != system_config_cpus(&s->config, &s->frames.topology) ||
           cpuset_cpus_of(s, t->group) != cpuset_cpus_of(s, s->groups.root);
}

bool run_chose_policy(const struct system *s, const struct task *t)
{
    struct mempolicy p = s->config.numa;

    if (mempolicy_fit(&p, &s->frames.topology, NULL) ||
        mempolicy_set(&p, cpuset_mems_allowed(s, t)))
        return t->mempolicy.policy.mode != MPOL_DEFAULT;
    return !mempolicy_equal(&p, &t->mempolicy.policy);
}

/* The nodes that new memory of the task may come from. */
u64 run_nodes_for_task(const struct system *s, const struct task *t)
{
    return cpuset_mems_bound(s, t);
}

/* Is it of use that the task runs on that node? Its memory must go there as well, and its cpuset
 * have such CPUs. */
static bool could_run_on(const struct system *s, const struct task *t, unsigned nid)
{
    const struct mempolicy *p = &t->mempolicy.policy;

    return run_nodes_for_task(s, t) >> nid & 1 && (!p->nodes || p->nodes >> nid & 1) &&
           cpuset_cpus_of(s, t->group) & s->frames.topology.cpus[nid];
}

/* How to have it run on that node, as whoever placed it would say it. */
static void try_cpus(const struct run_report *r, const struct program *p, unsigned nid,
                     struct strbuf *out)
{
    if (!chose_cpus(r->system, p->task)) {
        strbuf_printf(out, ": try --cpunodebind %u.", nid);
    } else if (r->scenario) {
        strbuf_append(out, ": try cpus = ");
        strbuf_masklist(out, r->system->frames.topology.cpus[nid] &
                                 cpuset_cpus_of(r->system, p->task->group));
        strbuf_append(out, " in its [task].");
    } else {
        strbuf_append(out, ", and the recording says on which CPUs it runs.");
    }
}

static void try_local(const struct run_report *r, const struct program *p, struct strbuf *out)
{
    if (!run_chose_policy(r->system, p->task))
        strbuf_append(out, ": try --numa local.");
    else if (r->scenario)
        strbuf_append(out, ": try numa = local in its [task].");
    else
        strbuf_append(out, ", as the program itself has asked for.");
}

static u64 far_pages(const struct program *p)
{
    return (u64)((double)run_maxrss_pages(p->task) * (double)p->nodes.remote / (double)p->all);
}

/* Would what is far away find room on that node, which the cpuset allows? */
static bool has_room(const struct run_report *r, const struct program *p, unsigned nid)
{
    return run_node_has_memory(r->system, nid) &&
           cpuset_mems_allowed(r->system, p->task) >> nid & 1 &&
           far_pages(p) <= r->fullest.free_pages[nid];
}

static void tell_forbidden(unsigned here, struct strbuf *out)
{
    strbuf_printf(out, " Its cpuset lets it have no memory of node %u (cpuset.mems)", here);
}

static u64 huge_pages_of(const struct program *p)
{
    return (run_max_hugetlb_pages(p->task) + HPAGE_PMD_NR - 1) >> HPAGE_PMD_ORDER;
}

/* Most of it is huge pages of the pool, and that has too few near: such pages come from where there
 * are some, wherever it runs. */
static bool lacks_pool(const struct run_report *r, const struct program *p, unsigned here)
{
    return run_max_hugetlb_pages(p->task) > run_maxrss_pages(p->task) &&
           hugetlb_node_total(&r->system->hugetlb, here) < huge_pages_of(p);
}

static void tell_pool(const struct run_report *r, const struct program *p, unsigned here,
                      struct strbuf *out)
{
    strbuf_printf(out,
                  " Its memory is huge pages, of which node %u has %" PRIu64
                  " in its pool and it uses %" PRIu64
                  ": put them there (/sys/devices/system/node/node%u/hugepages/"
                  "hugepages-2048kB/nr_hugepages).",
                  here, hugetlb_node_total(&r->system->hugetlb, here), huge_pages_of(p), here);
}

/* Its memory is interleaved and it runs on node `here`: would that node have room for all of it? */
static void tell_interleaved(const struct run_report *r, const struct program *p, unsigned here,
                             struct strbuf *out)
{
    if (!run_node_has_memory(r->system, here))
        return;
    if (!(cpuset_mems_allowed(r->system, p->task) >> here & 1)) {
        tell_forbidden(here, out);
        strbuf_appendc(out, '.');
        return;
    }
    strbuf_append(out, " Its memory is interleaved and it runs on one node");
    if (has_room(r, p, here))
        try_local(r, p, out);
    else
        strbuf_printf(out, ", which has no room for all of it.");
}

/* Pages that the task has now outside these nodes. */
static u64 pages_outside(const struct system *s, const struct task *t, u64 nodes)
{
    struct pte_ref ref;
    u64 pages = 0;

    for (u32 i = 0; t->mm && i < t->mm->nr_vmas; i++) {
        const struct vma *v = t->mm->vmas[i];

        pagetable_for_each (t->mm, at, ref, v->start, v->end)
            if (pte_has_frame(*ref.slot) &&
                !(nodes >> frame_nid(&s->frames, pte_pfn(*ref.slot)) & 1))
                pages += 1u << ref.order;
    }
    return pages;
}

/* Most of its memory was on node `home`, which its cpuset had and has no longer. */
static void tell_moved_cpuset(const struct run_report *r, const struct program *p, unsigned home,
                              struct strbuf *out)
{
    u64 mems = cpuset_mems_allowed(r->system, p->task),
        left = pages_outside(r->system, p->task, mems);
    char bytes[UNITS_TEXT_MAX];

    strbuf_printf(out, " Its cpuset.mems had node %u, and now has ", home);
    strbuf_masklist(out, mems);
    if (!left) {
        strbuf_append(out, ": all of it has moved there.");
        return;
    }
    strbuf_printf(out,
                  ": %s stayed behind for want of room there. Once there is some, "
                  "migratepages %u %u ",
                  format_bytes(bytes, left * PAGE_SIZE), p->task->tgid, home);
    strbuf_masklist(out, mems);
    strbuf_append(out, " brings them.");
}

/* Of a node without processors: what keeps its pages from coming nearer, if anything. */
static void tell_slow_node(const struct run_report *r, const struct program *p, unsigned home,
                           struct strbuf *out)
{
    const struct system *s = r->system;
    bool promotes = s->tunables.numa_balancing & NUMA_BALANCING_MEMORY_TIERING;
    ns_t delay = s->tunables.numa_scan_delay_ms * NS_PER_MS;
    char cpu[UNITS_TEXT_MAX], after[UNITS_TEXT_MAX];

    strbuf_printf(out, " Node %u is a slower one, without processors", home);
    if (p->cpu_ns < delay) {
        strbuf_printf(out,
                      ". It used %s of CPU time, and balancing begins after %s of it, so that "
                      "nothing would bring pages back.",
                      format_ns(cpu, p->cpu_ns), format_ns(after, delay));
        return;
    }
    if (!promotes || !s->tunables.demotion_enabled)
        strbuf_printf(out, ": try%s%s", promotes ? "" : " --set kernel.numa_balancing=2",
                      s->tunables.demotion_enabled ? "" : " --set numa/demotion_enabled=1");
    strbuf_appendc(out, '.');
}

/* Why memory that is used from node `here` lies elsewhere, most of it on node `home` if that is
 * another, as far as the machine knows, and how to have it near. */
static void tell_why(const struct run_report *r, const struct program *p, unsigned here,
                     unsigned home, struct strbuf *out)
{
    const struct system *s = r->system;
    const struct mempolicy *policy = &p->task->mempolicy.policy;
    bool elsewhere = policy->nodes && !(policy->nodes >> here & 1);
    char moved[UNITS_TEXT_MAX];

    if (!run_node_has_memory(s, here)) {
        strbuf_printf(out, " Node %u, where it runs, has no memory", here);
    } else if (p->moved) {
        strbuf_printf(out, " Balancing brought %s of it nearer meanwhile.",
                      format_bytes(moved, p->moved * PAGE_SIZE));
        return;
    } else if (!(cpuset_mems_allowed(s, p->task) >> here & 1)) {
        tell_forbidden(here, out);
    } else if (!(cpuset_mems_allowed(s, p->task) >> home & 1) && !p->task->kthread) {
        tell_moved_cpuset(r, p, home, out);
        return;
    } else if (elsewhere) {
        strbuf_append(out, " Its policy (");
        mempolicy_render_key(policy, out);
        strbuf_printf(out, ") has its memory on node %u", home);
    } else if (home == here) {
        strbuf_printf(out,
                      node_counter(&s->frames, here, NUMA_FOREIGN)
                          ? " Node %u was short of memory when the rest was allocated"
                          : " The rest was allocated elsewhere than on node %u",
                      here);
    } else if (!s->frames.topology.cpus[home]) {
        tell_slow_node(r, p, home, out);
        return;
    } else if (node_counter(&s->frames, here, NUMA_FOREIGN)) {
        strbuf_printf(out, " Node %u was short of memory when it was allocated", here);
    } else {
        strbuf_printf(out, " It lies on node %u, where it was touched first", home);
    }
    /* Where less than half of it is, most would be remote from there as well. */
    if (home != here && could_run_on(s, p->task, home) &&
        run_percent(p->nodes.by_node[home], p->all) >= HOME_PERCENT)
        try_cpus(r, p, home, out);
    else if (elsewhere && has_room(r, p, here))
        try_local(r, p, out);
    else
        strbuf_appendc(out, '.');
}

/* Memory of all its processes, each counted by itself. */
static u64 program_pages(const struct system *s, const char *comm)
{
    u64 pages = 0;

    for (u32 i = 0; i < s->nr_tasks; i++)
        if (strcmp(s->tasks[i]->comm, comm) == 0 && s->tasks[i]->pid == s->tasks[i]->tgid)
            pages += run_maxrss_pages(s->tasks[i]);
    return pages;
}

/* A node that has memory and CPUs for all of it, twice the CPU time that it used; MAX_NUMNODES:
 * none. */
static unsigned node_for_all(const struct run_report *r, const struct program *p)
{
    const struct system *s = r->system;
    u64 pages = program_pages(s, p->comm), nodes = cpuset_mems_allowed(s, p->task);
    unsigned best = MAX_NUMNODES;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        u64 cpus = s->frames.topology.cpus[nid] & cpuset_cpus_of(s, p->task->group);
        u64 near = (u64)((double)pages * (double)p->nodes.by_node[nid] / (double)p->all);

        if (!run_node_has_memory(s, nid) || !(nodes >> nid & 1) ||
            2 * p->cpu_ns > s->clock.now * (u64)__builtin_popcountll(cpus) ||
            pages > r->fullest.free_pages[nid] + near)
            continue;
        if (best == MAX_NUMNODES || r->fullest.free_pages[nid] > r->fullest.free_pages[best])
            best = nid;
    }
    return best;
}

/* It runs on several nodes. */
static void tell_spread(const struct run_report *r, const struct program *p, struct strbuf *out)
{
    const struct system *s = r->system;
    unsigned nid = node_for_all(r, p);

    strbuf_append(out, " It runs on nodes ");
    strbuf_masklist(out, p->cpus);
    if (nid == MAX_NUMNODES) {
        strbuf_append(out, ", and no single node has the memory and CPUs for all of it.");
        return;
    }
    strbuf_printf(out, ", and node %u has memory and CPUs for all of it", nid);
    if (!chose_cpus(s, p->task) && !run_chose_policy(s, p->task)) {
        strbuf_printf(out, ": try --cpunodebind %u --membind %u.", nid, nid);
    } else if (r->scenario) {
        strbuf_append(out, ": try cpus = ");
        strbuf_masklist(out, s->frames.topology.cpus[nid] & cpuset_cpus_of(s, p->task->group));
        strbuf_append(out, " and numa = local in its [task].");
    } else {
        strbuf_append(out, "; the recording itself says where it runs, or its memory is.");
    }
}

static bool was_killed_for_a_node(const struct system *s, const struct program *p)
{
    return s->oom_bound.kills && strcmp(s->oom_bound.comm, p->comm) == 0;
}

static void sentence(const struct run_report *r, const struct program *p, struct strbuf *out)
{
    char cost[UNITS_TEXT_MAX], cpu[UNITS_TEXT_MAX];
    unsigned home = most_used(p), here = (unsigned)__builtin_ctzll(p->cpus);
    u64 policy_nodes = p->task->mempolicy.policy.nodes;
    bool interleaved = p->task->mempolicy.policy.mode == MPOL_INTERLEAVE &&
                       (policy_nodes & (policy_nodes - 1)) != 0;

    strbuf_append(out, "  ");
    utf8_append_clean(out, p->comm);
    strbuf_printf(out, ": %.0f %% of accesses were remote: %s of %s CPU time.",
                  run_percent(p->nodes.remote, p->all), format_ns(cost, p->nodes.remote_ns),
                  format_ns(cpu, p->cpu_ns));
    if (was_killed_for_a_node(r->system, p))
        strbuf_append(out, " It was killed for want of memory there: see the note.");
    else if (p->cpus & (p->cpus - 1))
        tell_spread(r, p, out);
    else if (lacks_pool(r, p, here))
        tell_pool(r, p, here, out);
    else if (interleaved)
        tell_interleaved(r, p, here, out);
    else
        tell_why(r, p, here, home, out);
    strbuf_appendc(out, '\n');
}

/* Programs of a recording that chose their policy themselves: it counts before options, and names
 * nodes of the host that it was made on. */
static void own_policies(const struct run_report *r, const program_list *list, struct strbuf *out)
{
    size_t shown = MIN(list->count, (size_t)SENTENCES_MAX);

    for (size_t i = 0; r->trace && i < shown; i++) {
        const struct task *t = list->items[i].task;
        const struct mempolicy *p = &t->mempolicy.policy;

        if (!run_chose_policy(r->system, t) || p->mode == MPOL_DEFAULT)
            continue;
        strbuf_append(out, "  ");
        utf8_append_clean(out, t->comm);
        strbuf_append(out, ": the recording itself sets its memory policy, ");
        mempolicy_render_key(p, out);
        if (p->mode == MPOL_INTERLEAVE && !(p->nodes & (p->nodes - 1)))
            strbuf_append(out, ", which is one node alone");
        strbuf_append(out, r->system->config.numa.mode == MPOL_DEFAULT
                               ? ".\n"
                               : "; the one of the command line does not count for it.\n");
    }
}

/* An option that names nodes or CPUs of which a program's cpuset allows none: it does not count for
 * it. */
static void ignored_options(const struct run_report *r, const program_list *list,
                            struct strbuf *out)
{
    const struct system *s = r->system;
    const struct system_config *c = &s->config;
    u64 cpus = system_config_cpus(c, &s->frames.topology);

    for (size_t i = 0; i < MIN(list->count, (size_t)SENTENCES_MAX); i++) {
        const struct task *t = list->items[i].task;
        u64 mems = cpuset_mems_allowed(s, t), its = cpuset_cpus_of(s, t->group);
        struct mempolicy p = c->numa;

        if (t->mempolicy.policy.mode == MPOL_DEFAULT &&
            mempolicy_fit(&p, &s->frames.topology, NULL) == 0 && mempolicy_set(&p, mems)) {
            strbuf_append(out, "  ");
            utf8_append_clean(out, t->comm);
            strbuf_printf(out, ": %s does not count for it: its cpuset.mems is ", c->numa_label);
            strbuf_masklist(out, mems);
            strbuf_append(out, ".\n");
        }
        if (c->cpunodebind && !(cpus & its) && !(its & ~t->cpus_asked)) {
            strbuf_append(out, "  ");
            utf8_append_clean(out, t->comm);
            strbuf_printf(out, ": %s does not count for it: its cpuset.cpus is ",
                          c->cpunodebind_label);
            strbuf_masklist(out, its);
            strbuf_append(out, ".\n");
        }
    }
}

void run_nodes_text(const struct run_report *r, struct strbuf *out)
{
    program_list list, dear;

    gather(r, &list);
    nodes_table(r->system, out);
    if (list.count)
        programs_table(r->system, &list, out);
    balancing(&list, out);
    own_policies(r, &list, out);
    ignored_options(r, &list, out);
    costly(&list, &dear);
    for (size_t i = 0; i < MIN(dear.count, (size_t)SENTENCES_MAX); i++)
        sentence(r, &dear.items[i], out);
    if (dear.count > SENTENCES_MAX)
        strbuf_printf(out, "  and %zu more programs pay for remote accesses\n",
                      dear.count - SENTENCES_MAX);
    vec_done(&dear);
    vec_done(&list);
}

/* --- JSON ------------------------------------------------------------------------------------- */
static json_object *node_json(const struct system *s, unsigned nid)
{
    static const enum counter counters[] = {NUMA_HIT,        NUMA_MISS,  NUMA_FOREIGN,
                                            NUMA_INTERLEAVE, NUMA_LOCAL, NUMA_OTHER};
    json_object *o = json_new_object();
    struct strbuf cpus;

    strbuf_init(&cpus);
    strbuf_masklist(&cpus, s->frames.topology.cpus[nid]);
    json_put_u64(o, "node", nid);
    json_put_text(o, "cpus", cpus.text);
    json_put_u64(o, "managed_bytes", run_node_pages(s, nid, false) * PAGE_SIZE);
    json_put_u64(o, "free_bytes", run_node_pages(s, nid, true) * PAGE_SIZE);
    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++)
        json_put_u64(o, counter_info[counters[i]].name,
                     (u64)node_counter(&s->frames, nid, counters[i]));
    strbuf_done(&cpus);
    return o;
}

static json_object *program_json(const struct system *s, const struct program *p)
{
    json_object *o = json_new_object(), *by_node = json_new_array();

    json_put_text(o, "comm", p->comm);
    json_put_u64(o, "accesses", p->all);
    json_put_u64(o, "remote_accesses", p->nodes.remote);
    json_put_u64(o, "remote_walks", p->nodes.remote_walks);
    json_put_u64(o, "remote_ns", p->nodes.remote_ns);
    json_put_u64(o, "cpu_ns", p->cpu_ns);
    json_put_u64(o, "hint_faults", p->hint_faults);
    json_put_u64(o, "hint_faults_local", p->hint_faults_local);
    json_put_u64(o, "moved_bytes", p->moved * PAGE_SIZE);
    json_put_u64(o, "balancing_ns", p->balancing_ns);
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        json_append(by_node, json_new_u64(p->nodes.by_node[nid]));
    json_put(o, "by_node", by_node);
    return o;
}

/* The last kill for a memory policy or a cpuset. */
static json_object *bound_kill_json(const struct system *s)
{
    json_object *o = json_new_object();
    struct strbuf nodes;

    strbuf_init(&nodes);
    strbuf_masklist(&nodes, s->oom_bound.nodes);
    json_put_u64(o, "kills", s->oom_bound.kills);
    json_put_text(o, "constraint", run_bound_constraint(s));
    json_put_text(o, "comm", s->oom_bound.comm);
    json_put_text(o, "nodes", nodes.text);
    json_put_u64(o, "free_elsewhere_bytes", s->oom_bound.free_pages * PAGE_SIZE);
    strbuf_done(&nodes);
    return o;
}

json_object *run_nodes_json(const struct run_report *r)
{
    json_object *o = json_new_object(), *nodes = json_new_array(), *each = json_new_array();
    program_list list;

    gather(r, &list);
    for (unsigned nid = 0; nid < r->system->frames.nr_nodes; nid++)
        json_append(nodes, node_json(r->system, nid));
    vec_for_each (&list, p)
        json_append(each, program_json(r->system, p));
    json_put(o, "nodes", nodes);
    json_put(o, "programs", each);
    if (r->system->oom_bound.kills)
        json_put(o, "bound_kill", bound_kill_json(r->system));
    vec_done(&list);
    return o;
}
