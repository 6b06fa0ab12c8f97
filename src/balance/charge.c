/* charge.c - a page charged to a group, with reclaim below the group whose limit is in the way.
 *
 * Mirrors try_charge_memcg(), mem_cgroup_handle_over_high() of mm/memcontrol.c, Linux 6.1. */
#include "balance/balance_int.h"
#include "reclaim/page.h"

enum balance_result balance_charge(struct pgdat *pg, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait)
{
    for (;;) {
        struct group *over = group_try_charge(pg->groups, g, nr, pg->cpu);
        enum throttle throttle;
        u64 freed;

        if (!over) {
            at->retries = 0;
            at->drained = false;
            return BALANCE_OK;
        }
        if (at->dying) {
            group_force_charge(pg->groups, g, nr);
            return BALANCE_OK;
        }
        group_event(over, MEMCG_MAX, 1);
        freed = try_to_free_group(pg, over, nr, &throttle);
        at->reclaim_calls++;
        if (group_margin(over) >= nr)
            continue;
        if (!at->drained) {
            group_drain_stock(pg->groups, over);
            at->drained = true;
            continue;
        }
        if (at->noretry)
            return BALANCE_FAIL;
        if (freed)
            continue;
        if (wait_for_writeback(pg, over, ret_wait))
            return BALANCE_WAIT;
        if (at->retries++ < MAX_RECLAIM_RETRIES)
            continue;
        at->retries = 0;
        at->oom_group = over;
        group_event(over, MEMCG_OOM, 1);
        return BALANCE_OOM;
    }
}

/* (over / high)^2 seconds, scaled by 2^-14 of the 2^20 fixed point: nothing at first, 2 s at most. */
static ns_t high_delay(const struct group *g)
{
    u64 high = MAX(g->memory.high, (u64)1), overage, delay;

    if (g->memory.usage <= g->memory.high)
        return 0;
    overage = MIN(((g->memory.usage - g->memory.high) << 20) / high, (u64)1 << 26);
    delay = (overage * overage >> 20) * 1000 >> 14; /* ms */
    return MIN(delay, (u64)2000) * (NS_PER_S / 1000);
}

bool balance_over_high(struct pgdat *pg, struct group *g, struct wait *ret_wait)
{
    ns_t delay = 0;
    enum throttle throttle;

    for (; g && g->parent; g = g->parent) {
        if (g->memory.usage <= g->memory.high)
            continue;
        group_event(g, MEMCG_HIGH, 1);
        try_to_free_group(pg, g, MEMCG_CHARGE_BATCH, &throttle);
        delay = MAX(delay, high_delay(g));
    }
    if (delay <= NS_PER_S / 100)
        return false;
    *ret_wait = (struct wait){WAIT_HIGH, pg->clock->now + delay};
    return true;
}
