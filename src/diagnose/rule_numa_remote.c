/* rule_numa_remote.c - a program that may run on some nodes only has its memory on others.
 *
 * What a program may run on is told by its allowed processors, where its memory lies by numa_maps.
 * A program that may run everywhere is left out: on which node it happens to run at this moment
 * says nothing of the next one. Memory that is interleaved is another rule's
 * (rule_numa_interleave.c), and a node without processors is far from everybody
 * (rule_memory_tier.c).
 */
#include "diagnose/locality.h"

#define REMOTE_PERCENT 50.0
/* Of a program's memory: where less is, going there leaves most of it remote again. */
#define MOST_PERCENT   50.0
/* Less is the text of programs and libraries, which lies where it was first read. */
#define MUCH_BYTES     (64 * MIB)
#define MUCH_PERCENT   1.0
/* Percent of a processor: whoever sleeps pays nothing. */
#define BUSY           5.0
#define FINDINGS_MAX   3

static bool is_much(const struct rule_context *c, u64 bytes)
{
    return bytes >= MUCH_BYTES && !(share_of(bytes, c->f->total) < MUCH_PERCENT);
}

static bool is_remote(const struct rule_context *c, const struct process_view *p,
                      struct locality *ret)
{
    /* Where most of it is on nodes without processors, their slowness comes first. */
    return locality_of(c->s, p, ret) && ret->confined && is_much(c, ret->remote) &&
           share_of(ret->away, ret->total) >= REMOTE_PERCENT &&
           share_of(ret->remote, ret->away) >= MOST_PERCENT &&
           !(share_of(ret->interleaved_away, ret->remote) >= REMOTE_PERCENT);
}

/* Nobody said where its memory should be: the kernel could bring it. */
static void tell_balancing(struct rule_context *c)
{
    u64 mode = sysctl_value(c->s, "kernel.numa_balancing");

    if (!known(mode) || mode & 1)
        return;
    finding_detail(c, "NUMA balancing is off: \"sysctl -w kernel.numa_balancing=1\" has the kernel "
                      "bring memory to who uses it.");
    evidence(c, "kernel.numa_balancing", number_of(mode), IN_COUNT, part_names[PART_SYSCTL_VM],
             "1 or 3: on");
}

/* Nobody put it there, and the kernel is about to bring it. */
static bool is_being_mended(const struct rule_context *c, const struct locality *l)
{
    u64 mode = sysctl_value(c->s, "kernel.numa_balancing");

    return known(mode) && mode & 1 && !(share_of(l->told_away, l->remote) >= REMOTE_PERCENT);
}

/* The program itself says where the memory is to be. */
static bool is_own_policy(const struct locality *l)
{
    return l->own_policy && share_of(l->told_away, l->remote) >= REMOTE_PERCENT;
}

/* Bytes that are free in the pools of the nodes; UNKNOWN. */
static u64 pool_free(const struct snapshot *s, u64 nodes)
{
    u64 sum = 0;

    for (size_t i = 0; i < MIN(s->nodes.count, (size_t)64); i++)
        if (nodes >> i & 1)
            sum = figure_add(sum, s->nodes.items[i].huge_free_bytes);
    return sum;
}

/* Most of what lies elsewhere are huge pages of a pool. Small pages that are free do not help
 * these. */
static bool is_of_pool(const struct locality *l)
{
    return share_of(l->pool_away, l->remote) >= REMOTE_PERCENT;
}

/* They come from the pool of a node, and go to no other than one whose pool has some free. */
static void tell_pool(struct rule_context *c, const struct process_view *p,
                      const struct locality *l)
{
    const struct node_view *far = &c->s->nodes.items[l->most_at];
    u64 usual = figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB),
        page = l->pool_page >= usual ? l->pool_page : usual;
    /* The nodes' meminfo has the pool of the usual size. */
    u64 room = page == usual ? pool_free(c->s, l->home) : UNKNOWN;
    char pid[16];

    finding_detail(c, "%s of it are huge pages of the pool (hugetlb) of other nodes.",
                   SIZE(l->pool_away));
    evidence_shown(c, "huge pages of the pool on other nodes", number_of(l->pool_away), IN_BYTES,
                   placement_source((char[64]){0}, c->s, p));
    evidence_shown(c, "free in the pool where it runs", number_of(room), IN_BYTES,
                   "/sys/devices/system/node/node*/meminfo");
    if (known(room) && room >= l->pool_away) {
        finding_detail(c,
                       "The pool of node %s has room for them: start it with \"numactl "
                       "--cpunodebind=%s --membind=%s\".",
                       NODES(l->home), NODES(l->home), NODES(l->home));
        return;
    }
    finding_detail(c,
                   "%s: before it starts, write how many it needs to /sys/devices/system/node/"
                   "node%u/hugepages/hugepages-%llukB/nr_hugepages (as many fewer to node%u's), or "
                   "\"taskset -acp %s %s\" lets it run where they are.",
                   known(room) ? "The pool where it runs has too few free ones"
                               : "Whether the pool where it runs has any free is not told",
                   c->s->nodes.items[__builtin_ctzll(l->home)].id, (unsigned long long)(page / KIB),
                   far->id, *far->cpulist ? far->cpulist : "CPUS", process_number(pid, p));
}

static void tell_why(struct rule_context *c, const struct process_view *p, const struct locality *l)
{
    u64 mems = nodes_of_list(c->s, p->mems_allowed), there = 0;
    bool policies = false;

    vec_for_each (&c->s->process_nodes, row)
        policies |= row->pid == p->pid && row->policies;

    for (size_t i = 0; i < MIN(c->s->nodes.count, (size_t)64); i++)
        if (figure_or(c->s->nodes.items[i].total, 1) > 0)
            there |= BIT_ULL(i);
    if (!(there & l->home))
        finding_detail(c, "Node %s, where it runs, has no memory.", NODES(l->home));
    else if (mems && !(mems & l->home))
        finding_detail(c, "Its cpuset does not let it have memory of node %s (cpuset.mems).",
                       NODES(l->home));
    else if (is_own_policy(l))
        finding_detail(c, "Its own memory policy puts it there (mbind, libnuma): mappings without "
                          "one show that it was not started so by numactl. What sets it is in the "
                          "program or its configuration.");
    else if (share_of(l->told_away, l->remote) >= REMOTE_PERCENT)
        finding_detail(c,
                       "A memory policy puts it there (numactl --membind or --preferred, mbind).");
    else {
        finding_detail(c, "Node %s was full when it asked for memory, or it ran elsewhere then%s.",
                       NODES(l->home),
                       policies ? "" : ", or a policy (numactl, mbind) put it there");
        if (is_being_mended(c, l))
            finding_detail(
                c, "NUMA balancing is on: it brings what is used, as far as there is room.");
        else
            tell_balancing(c);
    }
}

/* To bring the memory to the program, where there is room for it; else the program to the
 * memory. */
static void tell_what_to_do(struct rule_context *c, const struct process_view *p,
                            const struct locality *l)
{
    const struct node_view *far = &c->s->nodes.items[l->most_at];
    u64 room = nodes_free(c->s, l->home);
    char pid[16];

    if ((!known(room) || room >= l->away) && is_own_policy(l))
        finding_detail(c, "\"migratepages %s %s %s\" moves its memory to it now.",
                       process_number(pid, p), NODES(l->away_at), NODES(l->home));
    else if (!known(room) || room >= l->away)
        finding_detail(c,
                       "\"migratepages %s %s %s\" moves its memory to it now; start it with "
                       "\"numactl --cpunodebind=%s --localalloc\".",
                       process_number(pid, p), NODES(l->away_at), NODES(l->home), NODES(l->home));
    else if (share_of(l->most, l->total) < MOST_PERCENT)
        finding_detail(
            c,
            "Node %s has no room for it, and no other node has most of it: from each "
            "the rest is far. Less memory, or threads on all of these nodes, would help.",
            NODES(l->home));
    else
        finding_detail(c,
                       "Node %s has no room for it; \"taskset -acp %s %s\" lets it run where its "
                       "memory is, \"numactl --cpunodebind=%u --localalloc\" from its start.",
                       NODES(l->home), far->cpulist, process_number(pid, p), far->id);
    evidence_shown(c, "free on the nodes it runs on", number_of(room), IN_BYTES,
                   part_names[PART_NODES]);
}

static void tell(struct rule_context *c, const struct process_view *p, const struct locality *l)
{
    const struct process_figures *pf = &c->f->processes[p - c->s->processes.items];
    const struct node_view *far = &c->s->nodes.items[l->most_at];
    double share = share_of(l->away, l->total);
    char scope[64], where[64], pid[16];

    snprintf(scope, sizeof(scope), "pid %s (%s)", process_number(pid, p), p->comm);
    placement_source(where, c->s, p);
    finding_add(c, pf->cpu_percent < BUSY || is_being_mended(c, l) ? SEV_INFO : SEV_WARNING,
                isnan(pf->cpu_percent) ? CONF_MEDIUM : CONF_HIGH, scope, 0.55 + share / 1000,
                "%s runs on node %s and has %s of its %s of memory elsewhere, most on node %u",
                process_label((char[64]){0}, p), NODES(l->home), AMOUNT(share, IN_PERCENT),
                SIZE(l->total), far->id);
    if (!is_of_pool(l))
        tell_why(c, p, l);
    evidence(c, "memory on other nodes", share, IN_PERCENT, where, "over %.0f %%", REMOTE_PERCENT);
    evidence_placed(c, p, number_of(l->total));
    evidence_shown(c, "on other nodes", number_of(l->away), IN_BYTES, where);
    evidence(c, "CPU time it uses", pf->cpu_percent, IN_PERCENT, "/proc/PID/stat",
             "over %.0f %% of a processor", BUSY);
    if (is_of_pool(l))
        tell_pool(c, p, l);
    else
        tell_what_to_do(c, p, l);
}

void rule_numa_remote(struct rule_context *c)
{
    struct {
        const struct process_view *p;
        struct locality l;
    } worst[FINDINGS_MAX];
    size_t count = 0;

    if (c->s->nodes.count < 2)
        return;
    if (c->s->process_nodes.count == 0 && c->s->processes.count && !c->s->pasted) {
        gap_part(c, "whether programs have their memory on the node that they run on",
                 PART_NUMA_MAPS);
        return;
    }
    vec_for_each (&c->s->processes, p) {
        struct locality l;
        size_t at;

        if (!wants_process(c, p) || !is_remote(c, p, &l))
            continue;
        for (at = MIN(count, (size_t)FINDINGS_MAX); at > 0 && worst[at - 1].l.remote < l.remote;
             at--)
            if (at < FINDINGS_MAX)
                worst[at] = worst[at - 1];
        if (at < FINDINGS_MAX) {
            worst[at].p = p;
            worst[at].l = l;
            count = MIN(count + 1, (size_t)FINDINGS_MAX);
        }
    }
    for (size_t i = 0; i < count; i++)
        tell(c, worst[i].p, &worst[i].l);
}
