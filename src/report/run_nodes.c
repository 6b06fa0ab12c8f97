/* run_nodes.c - see run_nodes.h. */
#include "report/run_nodes.h"

#include "access/access.h"
#include "access/numa.h"
#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "report/json_put.h"
#include "system/cpuset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PROGRAMS_SHOWN 12u
#define NODES_SHOWN    6u   /* of a program: what fits on a line */
#define REMOTE_PERCENT 20.0 /* of accesses, and */
#define COST_PERCENT   1.0  /* of CPU time: worth a sentence */
#define SHORT_PERCENT  10.0 /* of a node, free: it is short */
#define PLENTY_PERCENT 20.0 /* of a node, free: it is not */

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

static double percent(u64 part, u64 whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static u64 node_pages(const struct system *s, unsigned nid, bool free)
{
    u64 pages = 0;

    for (unsigned type = 0; type < NR_ZONES; type++) {
        const struct zone *z = &s->frames.nodes[nid].zones[type];

        pages += free ? z->free_pages : z->managed;
    }
    return pages;
}

/* --- text ----------------------------------------------------------------------------------------------------------------- */
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
                      format_bytes(total, node_pages(s, nid, false) * PAGE_SIZE),
                      format_bytes(left, node_pages(s, nid, true) * PAGE_SIZE),
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
            strbuf_printf(out, " %u: %.0f %%", nid, percent(p->nodes.by_node[nid], p->all));
        else
            rest += p->nodes.by_node[nid];
        nodes += !(shown >> nid & 1) && p->nodes.by_node[nid];
    }
    if (nodes)
        strbuf_printf(out, ", %u more: %.0f %%", nodes, percent(rest, p->all));
}

static void programs_table(const struct system *s, const program_list *list, struct strbuf *out)
{
    size_t shown = MIN(list->count, (size_t)PROGRAMS_SHOWN);

    strbuf_printf(out, "  %-15s %10s %8s %10s %10s  %s\n", "program", "accesses", "remote",
                  "its cost", "CPU time", "of memory on node");
    for (size_t i = 0; i < shown; i++) {
        const struct program *p = &list->items[i];
        char all[UNITS_TEXT_MAX], cost[UNITS_TEXT_MAX], cpu[UNITS_TEXT_MAX];
        struct strbuf comm;

        strbuf_init(&comm);
        utf8_append_clean(&comm, p->comm);
        strbuf_printf(out, "  %-15s %10s %6.0f %% %10s %10s ", comm.text,
                      format_short_count(all, p->all), percent(p->nodes.remote, p->all),
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
                      percent(p->hint_faults_local, p->hint_faults),
                      format_bytes(moved, p->moved * PAGE_SIZE), format_ns(cost, p->balancing_ns));
    }
}

/* The program that pays most for distance, if that is worth a word: of its own time and of that of all. */
static const struct program *worst_of(const program_list *list)
{
    const struct program *worst = NULL;
    ns_t all = 0;

    vec_for_each (list, p)
        all += p->cpu_ns;
    vec_for_each (list, p)
        if (percent(p->nodes.remote, p->all) >= REMOTE_PERCENT &&
            percent(p->nodes.remote_ns, p->cpu_ns) >= COST_PERCENT &&
            percent(p->nodes.remote_ns, all) >= COST_PERCENT &&
            (!worst || p->nodes.remote_ns > worst->nodes.remote_ns))
            worst = p;
    return worst;
}

static unsigned most_used(const struct program *p)
{
    unsigned most = 0;

    for (unsigned nid = 1; nid < MAX_NUMNODES; nid++)
        if (p->nodes.by_node[nid] > p->nodes.by_node[most])
            most = nid;
    return most;
}

static bool has_memory(const struct system *s, unsigned nid)
{
    return s->frames.topology.ram_bytes[nid] != 0;
}

/* Did the workload itself say on which CPUs, or by which policy, the task runs? Then options of the command line do not count for it. */
static bool chose_cpus(const struct system *s, const struct task *t)
{
    return t->cpus_asked != system_config_cpus(&s->config, &s->frames.topology) ||
           cpuset_cpus_of(s, t->group) != cpuset_cpus_of(s, s->groups.root);
}

static bool chose_policy(const struct system *s, const struct task *t)
{
    struct mempolicy p = s->config.numa;

    if (mempolicy_fit(&p, &s->frames.topology, NULL) ||
        mempolicy_set(&p, cpuset_mems_allowed(s, t)))
        return t->mempolicy.policy.mode != MPOL_DEFAULT;
    return !mempolicy_equal(&p, &t->mempolicy.policy);
}

/* How to have it run on that node, as whoever placed it would say it. */
static void try_cpus(const struct run_report *r, const struct program *p, unsigned nid,
                     struct strbuf *out)
{
    if (!chose_cpus(r->system, p->task)) {
        strbuf_printf(out, ": try --cpunodebind %u.", nid);
    } else if (r->scenario) {
        strbuf_append(out, ": try cpus = ");
        strbuf_masklist(out, r->system->frames.topology.cpus[nid]);
        strbuf_append(out, " in its [task].");
    } else {
        strbuf_append(out, ", and the recording says on which CPUs it runs.");
    }
}

static void try_local(const struct run_report *r, const struct program *p, struct strbuf *out)
{
    if (!chose_policy(r->system, p->task))
        strbuf_append(out, ": try --numa local.");
    else if (r->scenario)
        strbuf_append(out, ": try numa = local in its [task].");
    else
        strbuf_append(out, ", as the program itself has asked for.");
}

/* Its memory is interleaved and it runs on node `here`: would that node have room for all of it? */
static void tell_interleaved(const struct run_report *r, const struct program *p, unsigned here,
                             struct strbuf *out)
{
    u64 far = (u64)((double)run_maxrss_pages(p->task) * (double)p->nodes.remote / (double)p->all);

    if (!has_memory(r->system, here))
        return;
    strbuf_append(out, " Its memory is interleaved and it runs on one node");
    if (far <= r->fullest.free_pages[here])
        try_local(r, p, out);
    else
        strbuf_printf(out, ", which has no room for all of it.");
}

/* Why memory that is used from node `here` lies elsewhere, most of it on node `home` if that is another, as far as the machine knows, and how
 * to have it near. */
static void tell_why(const struct run_report *r, const struct program *p, unsigned here,
                     unsigned home, struct strbuf *out)
{
    const struct system *s = r->system;
    const struct mempolicy *policy = &p->task->mempolicy.policy;
    char moved[UNITS_TEXT_MAX];

    if (!has_memory(s, here)) {
        strbuf_printf(out, " Node %u, where it runs, has no memory", here);
    } else if (p->moved) {
        strbuf_printf(out, " Balancing brought %s of it nearer meanwhile.",
                      format_bytes(moved, p->moved * PAGE_SIZE));
        return;
    } else if (!(cpuset_mems_allowed(s, p->task) >> here & 1)) {
        strbuf_printf(out, " Its cpuset lets it have no memory of node %u (cpuset.mems)", here);
    } else if (policy->nodes && !(policy->nodes >> here & 1)) {
        strbuf_append(out, " Its policy (");
        mempolicy_render(policy, out);
        strbuf_printf(out, ") has its memory on node %u", home);
    } else if (home == here) {
        strbuf_printf(out,
                      node_counter(&s->frames, here, NUMA_FOREIGN)
                          ? " Node %u was short of memory when the rest was allocated"
                          : " The rest was allocated elsewhere than on node %u",
                      here);
    } else if (!s->frames.topology.cpus[home]) {
        strbuf_printf(out, " Node %u is a slower one, without processors", home);
        if (!(s->tunables.numa_balancing & NUMA_BALANCING_MEMORY_TIERING) ||
            !s->tunables.demotion_enabled)
            strbuf_append(out, ": try --set kernel.numa_balancing=2 --set numa/demotion_enabled=1");
    } else if (node_counter(&s->frames, here, NUMA_FOREIGN)) {
        strbuf_printf(out, " Node %u was short of memory when it was allocated", here);
    } else {
        strbuf_printf(out, " It lies on node %u, where it was touched first", home);
    }
    /* Where less than half of it is, most would be remote from there as well. */
    if (home != here && s->frames.topology.cpus[home] &&
        percent(p->nodes.by_node[home], p->all) >= 50.0)
        try_cpus(r, p, home, out);
    else
        strbuf_appendc(out, '.');
}

static void sentence(const struct run_report *r, const struct program *p, struct strbuf *out)
{
    char cost[UNITS_TEXT_MAX], cpu[UNITS_TEXT_MAX];
    unsigned home = most_used(p), here = (unsigned)__builtin_ctzll(p->cpus);
    bool one_node = (p->cpus & (p->cpus - 1)) == 0;

    strbuf_append(out, "  ");
    utf8_append_clean(out, p->comm);
    strbuf_printf(out, ": %.0f %% of accesses were remote: %s of %s CPU time.",
                  percent(p->nodes.remote, p->all), format_ns(cost, p->nodes.remote_ns),
                  format_ns(cpu, p->cpu_ns));
    if (one_node && p->task->mempolicy.policy.mode == MPOL_INTERLEAVE)
        tell_interleaved(r, p, here, out);
    else if (one_node)
        tell_why(r, p, here, home, out);
    strbuf_appendc(out, '\n');
}

/* --- a node that was the limit ------------------------------------------------------------------------------------------- */
static const char *bound_constraint(const struct system *s)
{
    return s->oom_bound.cpuset ? "CONSTRAINT_CPUSET" : "CONSTRAINT_MEMORY_POLICY";
}

static void tell_kill(const struct system *s, struct strbuf *out)
{
    char bytes[UNITS_TEXT_MAX];

    strbuf_printf(out, "\nNote: node%s ", s->oom_bound.nodes & (s->oom_bound.nodes - 1) ? "s" : "");
    strbuf_masklist(out, s->oom_bound.nodes);
    strbuf_append(out, " had nothing left for ");
    utf8_append_clean(out, s->oom_bound.comm);
    strbuf_printf(out, ", whose %s allows no other, while %s were free elsewhere (%s).\n",
                  s->oom_bound.cpuset ? "cpuset" : "memory policy",
                  format_bytes(bytes, s->oom_bound.free_pages * PAGE_SIZE), bound_constraint(s));
}

/* Somebody who may have memory of this node alone; NULL: nobody. */
static const struct task *bound_to(const struct system *s, unsigned nid)
{
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];
        u64 nodes = cpuset_mems_allowed(s, t) & topology_memory_nodes(&s->frames.topology);

        if (t->mempolicy.policy.mode == MPOL_BIND)
            nodes &= t->mempolicy.policy.nodes;
        if (!t->kthread && nodes == BIT_ULL(nid))
            return t;
    }
    return NULL;
}

bool run_nodes_short(const struct run_report *r, struct strbuf *out)
{
    const struct system *s = r->system;
    unsigned least = 0, most = 0;
    double part[MAX_NUMNODES];
    const struct task *who;
    char bytes[UNITS_TEXT_MAX];

    if (!run_nodes_enabled(r))
        return false;
    if (s->oom_bound.kills) {
        tell_kill(s, out);
        return true;
    }
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        part[nid] = has_memory(s, nid)
                        ? percent(r->fullest.free_pages[nid], node_pages(s, nid, false))
                        : NAN;
        if (!(part[least] <= part[nid]))
            least = nid;
        if (!(part[most] >= part[nid]))
            most = nid;
    }
    if (!(part[least] < SHORT_PERCENT) || !(part[most] >= PLENTY_PERCENT) ||
        !(run_machine_events(r, PGSCAN_KSWAPD) + run_machine_events(r, PGSCAN_DIRECT)))
        return false;
    who = bound_to(s, least);
    strbuf_printf(out, "\nNote: memory of node %u was reclaimed while node %u had %s free: ", least,
                  most, format_bytes(bytes, r->fullest.free_pages[most] * PAGE_SIZE));
    if (s->tunables.zone_reclaim_mode) {
        strbuf_printf(out,
                      "vm.zone_reclaim_mode is %" PRIu64 ". With 0 memory overflows to the next "
                      "node instead.\n",
                      s->tunables.zone_reclaim_mode);
    } else if (who) {
        utf8_append_clean(out, who->comm);
        strbuf_printf(out,
                      " may have no other. \"preferred\" or \"interleave\" instead of \"bind\", or "
                      "more nodes in its cpuset, let it overflow.\n");
    } else {
        strbuf_append(out,
                      "memory overflows first, and what is left is what its watermarks keep.\n");
    }
    return true;
}

void run_nodes_text(const struct run_report *r, struct strbuf *out)
{
    const struct program *worst;
    program_list list;

    gather(r, &list);
    nodes_table(r->system, out);
    if (list.count)
        programs_table(r->system, &list, out);
    balancing(&list, out);
    worst = worst_of(&list);
    if (worst)
        sentence(r, worst, out);
    vec_done(&list);
}

/* --- JSON ----------------------------------------------------------------------------------------------------------------- */
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
    json_put_u64(o, "managed_bytes", node_pages(s, nid, false) * PAGE_SIZE);
    json_put_u64(o, "free_bytes", node_pages(s, nid, true) * PAGE_SIZE);
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
    json_put_text(o, "constraint", bound_constraint(s));
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
