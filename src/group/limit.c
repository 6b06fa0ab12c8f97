/* limit.c - the limits and protections that are set of a group: the one place that writes them.
 *
 * Mirrors page_counter_set_max() and its like in mm/page_counter.c, Linux 6.1, without what follows
 * from a lower limit: that is balance/'s to reclaim. */
#include "group/group.h"

static u64 *limit_of(struct group *g, enum group_limit which)
{
    switch (which) {
    case LIMIT_MIN:
        return &g->memory.min;
    case LIMIT_LOW:
        return &g->memory.low;
    case LIMIT_HIGH:
        return &g->memory.high;
    case LIMIT_MAX:
        return &g->memory.max;
    case LIMIT_SWAP_HIGH:
        return &g->swap.high;
    case LIMIT_SWAP_MAX:
        return &g->swap.max;
    case LIMIT_ZSWAP_MAX:
        return &g->zswap_max;
    case LIMIT_HUGETLB_MAX:
        return &g->hugetlb[HUGETLB_IN_USE].max;
    case LIMIT_HUGETLB_RSVD_MAX:
        return &g->hugetlb[HUGETLB_RSVD].max;
    }
    hw_unreachable();
}

void group_set_limit(struct group *g, enum group_limit which, u64 pages)
{
    *limit_of(g, which) = pages;
    if (which == LIMIT_MIN || which == LIMIT_LOW)
        group_propagate_protection(g);
}
