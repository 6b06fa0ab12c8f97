/* hugetlb.c - what the hugetlb controller charges: pages of huge page pools, which memory.max does
 * not know.
 *
 * Mirrors mm/hugetlb_cgroup.c, Linux 6.1: pages in use and pages reserved are counted apart; a
 * limit that is in the way is an event of the group that asked and of those above, wherever the
 * limit is. */
#include "group/group.h"

static struct group *counter_over(struct group *g, enum hugetlb_charge which, u64 nr)
{
    for (; g; g = g->parent) {
        struct page_counter *pc = &g->hugetlb[which];

        if (pc->usage + nr <= pc->max)
            continue;
        pc->failcnt++;
        return g;
    }
    return NULL;
}

const struct group *group_try_charge_hugetlb(struct group *g, enum hugetlb_charge which, u64 nr)
{
    const struct group *over = counter_over(g, which, nr);

    if (over) {
        g->hugetlb_events_local++;
        for (; g->parent; g = g->parent)
            g->hugetlb_events++;
        return over;
    }
    for (; g; g = g->parent) {
        struct page_counter *pc = &g->hugetlb[which];

        pc->usage += nr;
        pc->peak = MAX(pc->peak, pc->usage);
    }
    return NULL;
}

void group_uncharge_hugetlb(struct group *g, enum hugetlb_charge which, u64 nr)
{
    for (; g; g = g->parent) {
        assert(g->hugetlb[which].usage >= nr);
        g->hugetlb[which].usage -= nr;
    }
}
