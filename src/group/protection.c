/* protection.c - memory.min and memory.low: how much of a group reclaim has to leave.
 *
 *   a setting protects what of it is used:            protected = min(usage, setting)
 *   what the children protect is kept as a sum        children_min, children_low, as charges come
 *   and go
 *   more claimed than the parent has: in proportion   protected * parent / children
 *   less claimed (recursive protection):              the rest of the parent's goes to the
 *   children's unprotected
 *                                                     memory, in proportion to it
 *
 * Mirrors propagate_protected_usage(), page_counter_set_min() of mm/page_counter.c and
 * effective_protection(), mem_cgroup_calculate_protection() of mm/memcontrol.c, Linux 6.1. The
 * groups between the target of reclaim and g must have been calculated before g: a walk from the
 * top does that. */
#include "group/group.h"

/* What this level protects goes into the parent's sum. */
static void propagate(struct group *g)
{
    struct page_counter *pc = &g->memory, *up = &g->parent->memory;
    u64 min = MIN(pc->usage, pc->min), low = MIN(pc->usage, pc->low);

    up->children_min += min - pc->min_usage;
    up->children_low += low - pc->low_usage;
    pc->min_usage = min;
    pc->low_usage = low;
}

void group_propagate_protection(struct group *g)
{
    if (g->parent)
        propagate(g);
}

u64 group_effective_protection(u64 usage, u64 parent_usage, u64 setting, u64 parent_effective,
                               u64 siblings, bool recursive)
{
    u64 protected = MIN(usage, setting), rest;

    if (siblings > parent_effective)
        return protected * parent_effective / siblings;
    if (!recursive || parent_effective == siblings || parent_usage <= siblings ||
        usage == protected)
        return protected;
    /* More than there is to protect is no more than all of it: keeps the product small ("max"). */
    rest = MIN(parent_effective, parent_usage) - siblings;
    return protected + rest * (usage - protected) / (parent_usage - siblings);
}

void group_calculate_protection(const struct groups *gs, const struct group *top, struct group *g)
{
    struct page_counter *pc = &g->memory;
    const struct page_counter *up;
    bool recursive = gs->recursive_protection;

    if (g == top || !g->parent || !pc->usage)
        return;
    if (g->parent == top) {
        pc->emin = pc->min;
        pc->elow = pc->low;
        return;
    }
    up = &g->parent->memory;
    pc->emin = group_effective_protection(pc->usage, up->usage, pc->min, up->emin, up->children_min,
                                          recursive);
    pc->elow = group_effective_protection(pc->usage, up->usage, pc->low, up->elow, up->children_low,
                                          recursive);
}
