/* rule_numa_imbalance.c - one node is exhausted while another has memory.
 *
 * What is not bound to a node overflows to the next before any node is reclaimed: every zone of the list is tried above its low watermark
 * first. So a node that stands at its watermarks while another has plenty is well used, unless somebody is reclaimed or waits: then
 * something is bound to it (cpuset, mempolicy, numactl, a virtual machine), or numa_foreign says who is sent away.
 */
#include "diagnose/locality.h"
#include "diagnose/pain.h"

/* Percent of a node that is free or could be at once. */
#define EXHAUSTED       3.0
#define PLENTY          20.0
/* Percent of a node: who has less does not fill it. */
#define HOLDER_PERCENT  20.0
/* Pages a second that wanted one node and came from another. */
#define FOREIGN_PAGES   256.0
/* Pages a second that are reclaimed though another node has plenty: 1 MiB/s. */
#define RECLAIMED       256.0
/* ... percent of all allocations that wanted this node, since boot. */
#define FOREIGN_PERCENT 1.0

static double left(const struct node_view *n)
{
    u64 cache = figure_or(n->inactive_file, 0);

    return known(n->free) ? share_of(n->free + cache, n->total) : NAN;
}

static double free_share(const struct node_view *n)
{
    return share_of(n->free, n->total);
}

/* Is what is free of the node about what kswapd keeps free? It stops at the high watermark, and free memory swings by about the distance
 * from low to high. */
static bool at_watermarks(const struct snapshot *s, const struct node_view *n)
{
    u64 keeps = 0, page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;

    vec_for_each (&s->zones, z)
        if (z->node == n->id && known(z->high) && known(z->low) && z->high >= z->low)
            keeps += 2 * z->high - z->low;
    return known(n->free) && keeps > 0 && n->free <= keeps * page;
}

/* Its cpuset lets it have memory of this node and no other. */
static bool has_only(const struct snapshot *s, const struct process_view *p, u32 node)
{
    u64 mems = nodes_of_list(s, p->mems_allowed);

    return mems && !(mems & (mems - 1)) && s->nodes.items[__builtin_ctzll(mems)].id == node;
}

/* Bytes on this node that could not be elsewhere, by policy or cpuset. */
static u64 tied_to(const struct snapshot *s, const struct process_view *p, u32 node)
{
    vec_for_each (&s->process_nodes, row)
        if (row->pid == p->pid && row->node == node)
            return has_only(s, p, node) ? row->bytes : row->bound;
    return 0;
}

/* Who has most of the node's memory and may have no other, and what would let it. */
static void tell_who(struct rule_context *c, const struct node_view *node)
{
    const struct process_view *most = NULL;
    u64 bytes = 0;

    vec_for_each (&c->s->processes, p) {
        u64 tied = tied_to(c->s, p, node->id);

        if (tied > bytes) {
            bytes = tied;
            most = p;
        }
    }
    if (!most || !(share_of(bytes, node->total) >= HOLDER_PERCENT))
        return;
    finding_detail(c, "%s (pid %u) has %s there and may have no other.", most->comm, most->pid,
                   SIZE(bytes));
    if (!has_only(c->s, most, node->id))
        finding_detail(c,
                       "Start it with \"numactl --preferred=%u\" or \"--interleave=all\" instead "
                       "of \"--membind=%u\".",
                       node->id, node->id);
    else if (most->group < c->s->cgroups.count)
        finding_detail(c, "Its cpuset says so: give %s more nodes.",
                       group_file(&c->s->cgroups.items[most->group], "cpuset.mems"));
    evidence_process(c, most, number_of(bytes), IN_BYTES, "numa_maps");
}

/* A node is reclaimed before another one is asked: somebody wanted that, and it is seldom what helps. */
static void tell_mode(struct rule_context *c)
{
    u64 mode = sysctl_value(c->s, "vm.zone_reclaim_mode");

    if (!known(mode) || mode == 0)
        return;
    finding_detail(c,
                   "vm.zone_reclaim_mode has a node reclaimed before another is asked: \"sysctl -w "
                   "vm.zone_reclaim_mode=0\" lets memory overflow instead.");
    evidence(c, "vm.zone_reclaim_mode", number_of(mode), IN_COUNT, part_names[PART_SYSCTL_VM],
             "over 0");
}

static void tell_pasted(struct rule_context *c, const struct node_view *worst,
                        const struct node_view *best)
{
    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.66,
                "Node %u has %s free of %s, while node %u has %s: what is bound to node %u runs "
                "out first",
                worst->id, SIZE(worst->free), SIZE(worst->total), best->id, SIZE(best->free),
                worst->id);
    evidence(c, "free on the exhausted node", number_of(worst->free), IN_BYTES,
             part_names[PART_NODES], "under %.0f %% of it", EXHAUSTED);
    evidence(c, "free on the other node", number_of(best->free), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of it", PLENTY);
    evidence(c, "size of the exhausted node", number_of(worst->total), IN_BYTES,
             part_names[PART_NODES], "%s", "");
}

static void tell(struct rule_context *c, const struct node_view *worst,
                 const struct node_view *best)
{
    enum severity pain = pain_machine_severity(c->f);
    double foreign = c->f->nodes[worst - c->s->nodes.items].foreign;
    bool sent_away = foreign >= FOREIGN_PAGES, reclaimed = c->f->reclaimed >= RECLAIMED;
    bool free = free_share(best) >= PLENTY;

    if (isnan(foreign)) {
        gap_part(c, "whether memory is allocated on the wrong node now", PART_NODES);
        return;
    }
    /* A full node that nobody asks anything of is a well used node. */
    if (!sent_away && !reclaimed && pain < SEV_WARNING)
        return;
    finding_add(c, pain >= SEV_WARNING ? pain : SEV_INFO, sent_away ? CONF_HIGH : CONF_MEDIUM,
                "host", pain >= SEV_WARNING ? WEIGHT_CAUSE : 0.7,
                "Node %u is exhausted (%s of %s free) while node %u has %s %s", worst->id,
                SIZE(worst->free), SIZE(worst->total), best->id,
                SIZE(free ? best->free : best->free + figure_or(best->inactive_file, 0)),
                free ? "free" : "free or in cache that can be dropped");
    if (reclaimed && !sent_away)
        finding_detail(c,
                       "Memory is reclaimed although there is plenty elsewhere: something is bound "
                       "to node %u (cpuset, mempolicy, numactl).",
                       worst->id);
    else if (sent_away)
        finding_detail(c,
                       "What asks for memory of node %u gets it from another node, farther away.",
                       worst->id);
    tell_who(c, worst);
    tell_mode(c);
    evidence(c, "left on the exhausted node", left(worst), IN_PERCENT, part_names[PART_NODES],
             "under %.0f %%, or at its watermarks", EXHAUSTED);
    evidence(c, "left on the other node", left(best), IN_PERCENT, part_names[PART_NODES],
             "over %.0f %%", PLENTY);
    evidence(c, "free on the exhausted node", number_of(worst->free), IN_BYTES,
             part_names[PART_NODES], "%s", "");
    evidence(c, "size of the exhausted node", number_of(worst->total), IN_BYTES,
             part_names[PART_NODES], "%s", "");
    evidence(c, "free on the other node", number_of(best->free), IN_BYTES, part_names[PART_NODES],
             "%s", "");
    evidence(c, "droppable cache there", number_of(best->inactive_file), IN_BYTES,
             part_names[PART_NODES], "%s", "");
    evidence(c, "numa_foreign", foreign, IN_PAGES_PER_S, part_names[PART_NODES],
             "over %.0f pages/s", FOREIGN_PAGES);
    evidence(c, "reclaimed", c->f->reclaimed, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f pages/s",
             RECLAIMED);
    evidence_pressure(c, "lost to memory", &c->f->pain, PRESSURE_FILE);
}

/* Percent of the allocations meant for this node that another had to give, since boot. */
static double foreign_share(const struct node_view *n)
{
    if (!known(n->numa_hit) || !known(n->numa_foreign))
        return NAN;
    return share_of(n->numa_foreign, n->numa_hit + n->numa_foreign);
}

/* A pasted numastat: counts since boot, and no sizes. */
static void from_counts(struct rule_context *c)
{
    const struct node_view *worst = NULL;

    vec_for_each (&c->s->nodes, n)
        if (!isnan(foreign_share(n)) && (!worst || foreign_share(n) > foreign_share(worst)))
            worst = n;
    if (!worst)
        return;
    if (foreign_share(worst) >= FOREIGN_PERCENT)
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.4,
                    "Node %u was full at times: %s of the allocations meant for it came from "
                    "another node since boot",
                    worst->id, AMOUNT(foreign_share(worst), IN_PERCENT));
    else
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.05,
                    "Memory came from the node that it was meant for: at most %s since boot did "
                    "not",
                    AMOUNT(foreign_share(worst), IN_PERCENT));
    finding_detail(c,
                   "These counts say nothing of now; numastat -m has what is free on each node.");
    evidence(c, "from another node", foreign_share(worst), IN_PERCENT, part_names[PART_NODES],
             "over %.0f %%", FOREIGN_PERCENT);
    evidence_shown(c, "numa_foreign", number_of(worst->numa_foreign), IN_COUNT,
                   part_names[PART_NODES]);
    evidence(c, "numa_hit", number_of(worst->numa_hit), IN_COUNT, part_names[PART_NODES], "%s", "");
}

void rule_numa_imbalance(struct rule_context *c)
{
    const struct node_view *worst = NULL, *best = NULL;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->nodes, n) {
        if (!known(n->total) || n->total == 0 || isnan(left(n)))
            continue;
        if (!worst || free_share(n) < free_share(worst))
            worst = n;
        if (!best || left(n) > left(best))
            best = n;
    }
    if (!worst && c->s->pasted)
        from_counts(c);
    if (!worst || worst == best || left(best) < PLENTY ||
        !(left(worst) <= EXHAUSTED || (free_share(best) >= PLENTY && at_watermarks(c->s, worst))))
        return;
    if (c->s->pasted)
        tell_pasted(c, worst, best);
    else
        tell(c, worst, best);
}
