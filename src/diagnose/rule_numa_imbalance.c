/* rule_numa_imbalance.c - one node is exhausted while another has memory. */
#include "diagnose/pain.h"

/* Percent of a node that is free or could be at once. */
#define EXHAUSTED     3.0
#define PLENTY        20.0
/* Pages a second that wanted one node and came from another. */
#define FOREIGN_PAGES 256.0

static double left(const struct node_view *n)
{
    u64 cache = figure_or(n->inactive_file, 0);

    return known(n->free) ? share_of(n->free + cache, n->total) : NAN;
}

void rule_numa_imbalance(struct rule_context *c)
{
    const struct node_view *worst = NULL, *best = NULL;
    bool hurts = pain_severity(&c->f->pain) >= SEV_WARNING;
    double foreign;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->nodes, n) {
        if (!known(n->total) || n->total == 0 || isnan(left(n)))
            continue;
        if (!worst || left(n) < left(worst))
            worst = n;
        if (!best || left(n) > left(best))
            best = n;
    }
    if (!worst || worst == best || left(worst) > EXHAUSTED || left(best) < PLENTY)
        return;
    if (c->s->pasted) {
        finding_add(
            c, SEV_WARNING, CONF_MEDIUM, "host", 0.66,
            "Node %u has %s free of %s, while node %u has %s: what is bound to node %u runs "
            "out first",
            worst->id, SIZE(worst->free), SIZE(worst->total), best->id, SIZE(best->free),
            worst->id);
        evidence(c, "free on the exhausted node", number_of(worst->free), IN_BYTES,
                 part_names[PART_NODES], "under %.0f %% of it", EXHAUSTED);
        evidence(c, "free on the other node", number_of(best->free), IN_BYTES,
                 part_names[PART_NODES], "over %.0f %% of it", PLENTY);
        evidence(c, "size of the exhausted node", number_of(worst->total), IN_BYTES,
                 part_names[PART_NODES], "%s", "");
        return;
    }
    foreign = c->f->nodes[worst - c->s->nodes.items].foreign;
    if (isnan(foreign)) {
        gap_part(c, "whether memory is allocated on the wrong node now", PART_NODES);
        return;
    }
    /* A full node that nobody asks anything of is a well used node. */
    if (foreign < FOREIGN_PAGES && !hurts)
        return;
    finding_add(c, hurts ? SEV_WARNING : SEV_INFO,
                foreign >= FOREIGN_PAGES ? CONF_HIGH : CONF_MEDIUM, "host", 0.7,
                "Node %u is exhausted (%s left) while node %u has %s", worst->id,
                AMOUNT(left(worst), IN_PERCENT), best->id, AMOUNT(left(best), IN_PERCENT));
    evidence(c, "left on the exhausted node", left(worst), IN_PERCENT, part_names[PART_NODES],
             "under %.0f %%", EXHAUSTED);
    evidence(c, "left on the other node", left(best), IN_PERCENT, part_names[PART_NODES],
             "over %.0f %%", PLENTY);
    evidence(c, "numa_foreign", foreign, IN_PAGES_PER_S, part_names[PART_NODES],
             "over %.0f pages/s", FOREIGN_PAGES);
    evidence_pressure(c, "lost to memory", &c->f->pain, PRESSURE_FILE);
}
