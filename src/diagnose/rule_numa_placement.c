/* rule_numa_placement.c - where a program has its memory: the answer to who pasted numastat -p or
 * numa_maps.
 *
 * On which nodes memory lies is neither good nor bad. Where the text also says on which processors
 * the program may run, most of it being there is good, and rule_numa_remote.c and
 * rule_numa_interleave.c tell the rest.
 */
#include "diagnose/locality.h"

#include <string.h>

#define FINDINGS_MAX 3
/* Percent: nearly all. */
#define ALL_PERCENT  99.5
/* Less is the text of programs and libraries. */
#define MUCH_BYTES   (16 * MIB)

struct placed {
    const struct process_view *p;
    u64 total, most, bound, preferred, interleaved; /* bytes */
    u32 node;                                       /* with most of them */
    unsigned nodes, columns;                        /* that have some; that are told */
    bool policies;
    bool partial; /* the table is cut: there is more */
    bool guessed; /* ... at its head */
};

static struct placed placed_of(const struct snapshot *s, const struct process_view *p)
{
    struct placed sum = {.p = p};

    vec_for_each (&s->process_nodes, row) {
        if (row->pid != p->pid)
            continue;
        sum.columns++;
        if (row->bytes == 0)
            continue;
        sum.total += row->bytes;
        sum.bound += row->bound;
        sum.preferred += row->preferred;
        sum.interleaved += row->interleaved;
        sum.policies |= row->policies;
        sum.partial |= row->partial;
        sum.guessed |= row->guessed;
        sum.nodes++;
        if (row->bytes > sum.most) {
            sum.most = row->bytes;
            sum.node = row->node;
        }
    }
    return sum;
}

static void tell_policy(struct rule_context *c, const struct placed *at)
{
    if (share_of(at->bound, at->total) >= ALL_PERCENT / 2)
        finding_detail(c, "A policy binds %s of it (numactl --membind, mbind).", SIZE(at->bound));
    else if (share_of(at->interleaved, at->total) >= ALL_PERCENT / 2)
        finding_detail(c, "%s of it is interleaved: spread over nodes by turns.",
                       SIZE(at->interleaved));
    else if (share_of(at->preferred, at->total) >= ALL_PERCENT / 2)
        finding_detail(c, "A policy prefers a node for %s of it (numactl --preferred).",
                       SIZE(at->preferred));
    else if (at->policies)
        finding_detail(c, "No policy says so: it is where it ran when it touched it first, or "
                          "where there was room.");
}

/* What is still missing to say whether that is far away. */
static void tell_missing(struct rule_context *c, const struct placed *at)
{
    char pid[16];
    bool layout = false;

    vec_for_each (&c->s->nodes, n)
        layout |= n->cpulist[0] != '\0';
    process_number(pid, at->p);
    if (!at->p->cpus_allowed[0])
        finding_detail(c, "Where it may run is not told here: \"taskset -cp %s\" says it%s.", pid,
                       layout ? "" : ", and \"numactl -H\" of which node those processors are");
    else if (!layout)
        finding_detail(c, "Of which node its processors (%s) are \"numactl -H\" says.",
                       at->p->cpus_allowed);
}

static void tell(struct rule_context *c, const struct placed *at, double weight)
{
    double share = share_of(at->most, at->total);
    struct locality l;
    bool placed = locality_of(c->s, at->p, &l);
    double here = placed ? share_of(l.total - l.away, l.total) : NAN;
    char scope[64], where[64], pid[16], label[64];

    process_label(label, at->p);
    process_number(pid, at->p);
    snprintf(scope, sizeof(scope), "pid %s (%s)", pid, at->p->comm);
    placement_source(where, c->s, at->p);
    if (placed && l.confined && share_of(l.away, l.total) < 50.0)
        finding_add(c, SEV_INFO, CONF_HIGH, scope, weight,
                    "%s runs on node %s and has %s of its %s of memory there", label, NODES(l.home),
                    AMOUNT(here, IN_PERCENT), SIZE(l.total));
    else if (placed && l.confined)
        return; /* another rule's */
    else if (at->partial)
        finding_add(c, SEV_INFO, CONF_LOW, scope, weight,
                    "%s has %s of the %s that are told here of its memory on node %u: the table "
                    "is cut",
                    label, AMOUNT(share, IN_PERCENT), SIZE(at->total), at->node);
    else if (share >= ALL_PERCENT)
        finding_add(c, SEV_INFO, CONF_HIGH, scope, weight,
                    "%s has all of its %s of memory on node %u", label, SIZE(at->total), at->node);
    else
        finding_add(c, SEV_INFO, CONF_HIGH, scope, weight,
                    "%s has %s of its %s of memory on node %u, and the rest on %u other node%s",
                    label, AMOUNT(share, IN_PERCENT), SIZE(at->total), at->node, at->nodes - 1,
                    at->nodes > 2 ? "s" : "");
    if (placed && !l.confined)
        finding_detail(c, "It may run on all nodes: what lies on one is far from the others.");
    if (at->guessed)
        finding_detail(
            c, "The head of the table is cut: its columns are taken for the first %u nodes.",
            at->columns);
    tell_policy(c, at);
    tell_missing(c, at);
    evidence_placed(c, at->p, number_of(at->total));
    evidence_shown(c, "share of the node with most", share, IN_PERCENT, where);
    evidence_shown(c, "where it runs", here, IN_PERCENT, where);
    evidence_shown(c, "other nodes that have some", at->nodes - 1, IN_COUNT, where);
    evidence_shown(c, "columns of the table", at->guessed ? number_of(at->columns) : NAN, IN_COUNT,
                   where);
    evidence_shown(c, "bound", at->bound ? number_of(at->bound) : NAN, IN_BYTES, where);
    evidence_shown(c, "preferred", at->preferred ? number_of(at->preferred) : NAN, IN_BYTES, where);
    evidence_shown(c, "interleaved", at->interleaved ? number_of(at->interleaved) : NAN, IN_BYTES,
                   where);
}

/* "node 0", "nodes 0-1". */
static char *nodes_said(char buf[80], const char *list)
{
    snprintf(buf, 80, "%s %s", strpbrk(list, ",-") ? "nodes" : "node", list);
    return buf;
}

/* numactl --show: what programs of that shell are given. */
static void tell_shell(struct rule_context *c)
{
    const struct shell_policy *shell = &c->s->shell;
    bool bind = strcmp(shell->policy, "bind") == 0;
    char nodes[80], run[80];

    nodes_said(nodes, bind || !shell->nodes[0] ? shell->membind : shell->nodes);
    nodes_said(run, shell->nodebind);
    if (bind)
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.08,
                    "Programs of that shell have memory of %s alone (bind), and run on %s", nodes,
                    run);
    else if (strstr(shell->policy, "interleave"))
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.08,
                    "Programs of that shell have their memory on %s by turns (interleave), and run "
                    "on %s",
                    nodes, run);
    else if (strncmp(shell->policy, "prefer", 6) == 0)
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.08,
                    "Programs of that shell have memory of %s as long as it has some (preferred), "
                    "and run on %s",
                    nodes, run);
    else
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.08,
                    "That shell has no memory policy: programs have memory of the node they run "
                    "on, of %s",
                    run);
    if (bind)
        finding_detail(c, "When it is full they are reclaimed or killed, whatever is free on other "
                          "nodes.");
    finding_detail(c, "Of programs that run already it says nothing: \"numastat -p PATTERN\".");
}

void rule_numa_placement(struct rule_context *c)
{
    struct placed largest[FINDINGS_MAX];
    size_t count = 0;

    if (c->s->shell.told && c->s->shell.nodebind[0] && wants_host(c))
        tell_shell(c);
    /* Of a machine as it runs nobody asked. */
    if (!c->s->is_text || c->s->process_nodes.count == 0)
        return;
    vec_for_each (&c->s->processes, p) {
        struct placed at = placed_of(c->s, p);
        size_t i;

        if (!wants_process(c, p) || at.total < MUCH_BYTES)
            continue;
        for (i = MIN(count, (size_t)FINDINGS_MAX); i > 0 && largest[i - 1].total < at.total; i--)
            if (i < FINDINGS_MAX)
                largest[i] = largest[i - 1];
        if (i < FINDINGS_MAX) {
            largest[i] = at;
            count = MIN(count + 1, (size_t)FINDINGS_MAX);
        }
    }
    for (size_t i = 0; i < count; i++)
        tell(c, &largest[i], 0.1 - (double)i / 1000);
}
