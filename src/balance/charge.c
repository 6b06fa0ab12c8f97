/* charge.c - a page charged to a group, with reclaim below the group whose limit is in the way.
 *
 * Mirrors try_charge_memcg(), mem_cgroup_handle_over_high() of mm/memcontrol.c, Linux 6.1. */
#include "balance/balance_int.h"
#include "reclaim/page.h"

/* CONFIG_HZ of Debian's kernels. */
#define JIFFIES_PER_S 250u

/* A batch was charged, not taken from the stock. Where it went above memory.high the task answers for it on its return. */
static void note_over_high(const struct pgdat *pg, const struct group *g, u64 nr)
{
    for (; g->parent; g = g->parent) {
        if (g->memory.usage <= g->memory.high)
            continue;
        if (pg->over_high)
            *pg->over_high += (u32)nr;
        return;
    }
}

enum balance_result balance_charge(struct pgdat *pg, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait)
{
    for (;;) {
        u64 usage = g->memory.usage;
        struct group *over = group_try_charge(pg->groups, g, nr, pg->cpu);
        enum throttle throttle;
        u64 freed;

        if (!over) {
            at->retries = 0;
            at->drained = false;
            if (unlikely(g->memory.usage > usage))
                note_over_high(pg, g, g->memory.usage - usage);
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

/* The pause for being above memory.high: the square of the excess over the limit (2^20: all of it again), in jiffies, by the
 * task's share in units of a batch. 2 s at most. */
static ns_t high_delay(const struct group *g, u32 nr_pages)
{
    u64 overage = 0, jiffies;

    for (; g && g->parent; g = g->parent)
        if (g->memory.usage > g->memory.high)
            overage = MAX(overage,
                          ((g->memory.usage - g->memory.high) << 20) / MAX(g->memory.high, (u64)1));
    overage = MIN(overage, (u64)1 << 27);
    jiffies = (overage * overage * JIFFIES_PER_S) >> 34;
    return MIN(jiffies * nr_pages / MEMCG_CHARGE_BATCH, (u64)2 * JIFFIES_PER_S) *
           (NS_PER_S / JIFFIES_PER_S);
}

/* Reclaim as long as it helps; what is left to pause for after that is a pause. */
bool balance_over_high(struct pgdat *pg, struct group *g, u32 nr_pages, struct wait *ret_wait)
{
    unsigned retries = MAX_RECLAIM_RETRIES;
    u64 want = nr_pages;

    for (;;) {
        enum throttle throttle;
        u64 freed = 0;
        ns_t delay;

        for (struct group *at = g; at && at->parent; at = at->parent) {
            if (at->memory.usage <= at->memory.high)
                continue;
            group_event(at, MEMCG_HIGH, 1);
            freed += try_to_free_group(pg, at, want, &throttle);
        }
        delay = high_delay(g, nr_pages);
        if (delay <= NS_PER_S / 100)
            return false;
        if (!freed && retries-- == 0) {
            *ret_wait = (struct wait){WAIT_HIGH, pg->clock->now + delay};
            return true;
        }
        want = SWAP_CLUSTER_MAX;
    }
}
