/* kswapd.c - the background reclaimer of a node.
 *
 *   asleep --(a zone below low)--> awake: rounds of shrink_node with rising priority until some zone is above high --> asleep
 *
 * Mirrors balance_pgdat(), kswapd_shrink_node(), wakeup_kswapd() of mm/vmscan.c, Linux 6.1. One call is one round, so that
 * other tasks run in between; the round's priority is kept in the node. */
#include "balance/balance_int.h"
#include "reclaim/io.h"

#define KSWAPD_PAUSE_NS     100000000ull /* HZ / 10, the longest reclaim_throttle() */
#define KSWAPD_FAILURES_MAX 16u

void kswapd_wake(struct mem *mem, unsigned order, enum zone_type highest)
{
    if (mem->kswapd_failures >= KSWAPD_FAILURES_MAX)
        return;
    if (!mem->kswapd_awake) {
        mem->kswapd_awake = true;
        mem->kswapd_priority = 0;
        mem->kswapd_highest = highest;
    }
    mem->kswapd_order = MAX(mem->kswapd_order, order);
    mem->kswapd_highest = MAX(mem->kswapd_highest, highest);
}

/* While it runs, per-CPU lists stay short, so that what it frees is seen. */
static void set_reclaim_active(struct mem *mem, bool active)
{
    for (unsigned z = 0; z < NR_ZONES; z++)
        mem->frames->zones[z].reclaim_active = active;
}

static bool go_to_sleep(struct mem *mem)
{
    for (unsigned z = 0; z < NR_ZONES; z++) {
        struct zone *zone = &mem->frames->zones[z];

        zone->watermark_boost -= MIN(zone->watermark_boost, mem->kswapd_boost[z]);
        mem->kswapd_boost[z] = 0;
    }
    set_reclaim_active(mem, false);
    mem->kswapd_awake = false;
    mem->kswapd_priority = 0;
    mem->kswapd_order = 0;
    mem->pgdat_writeback = mem->pgdat_dirty = false;
    mem->groups->root->lruvec.congested = false;
    snapshot_refaults(mem, NULL);
    return false;
}

static u64 reclaim_goal(const struct mem *mem)
{
    u64 goal = 0;

    for (unsigned z = 0; z <= mem->kswapd_highest; z++)
        if (mem->frames->zones[z].managed)
            goal += MAX(mem->frames->zones[z].watermark[WMARK_HIGH], (u64)SWAP_CLUSTER_MAX);
    return goal;
}

bool kswapd_step(struct mem *mem, struct wait *ret_wait)
{
    struct scan_control sc = {
        .kswapd = true, .may_writepage = true, .may_unmap = true, .may_swap = true};

    *ret_wait = (struct wait){WAIT_NOTHING, 0};
    if (!mem->kswapd_awake)
        return false;
    if (!mem->kswapd_priority) {
        mem->kswapd_priority = DEF_PRIORITY;
        mem->kswapd_reclaimed = 0;
        count(mem->counters, PAGEOUTRUN, 1);
        for (unsigned z = 0; z < NR_ZONES; z++)
            mem->kswapd_boost[z] = mem->frames->zones[z].watermark_boost;
        set_reclaim_active(mem, true);
    }
    if (frames_balanced(mem->frames, mem->kswapd_order, mem->kswapd_highest))
        return go_to_sleep(mem);
    sc.priority = mem->kswapd_priority;
    sc.order = mem->kswapd_order;
    sc.reclaim_idx = mem->kswapd_highest;
    sc.nr_to_reclaim = reclaim_goal(mem);
    age_active_anon(mem, &sc);
    shrink_node(mem, &sc);
    mem->kswapd_reclaimed += sc.nr_reclaimed;
    if (sc.throttle) {
        ns_t next = io_next_write(mem);

        *ret_wait = (struct wait){WAIT_RECLAIM, MIN(next, mem->clock->now + KSWAPD_PAUSE_NS)};
    }
    if (sc.nr_scanned < sc.nr_to_reclaim || !sc.nr_reclaimed)
        mem->kswapd_priority--;
    if (mem->kswapd_priority >= 1)
        return true;
    if (!mem->kswapd_reclaimed && ++mem->kswapd_failures >= KSWAPD_FAILURES_MAX)
        return go_to_sleep(mem);
    if (frames_balanced(mem->frames, mem->kswapd_order, mem->kswapd_highest))
        return go_to_sleep(mem);
    mem->kswapd_priority = 0; /* begin again */
    snapshot_refaults(mem, NULL);
    if (!mem->kswapd_reclaimed && ret_wait->cause == WAIT_NOTHING)
        *ret_wait = (struct wait){WAIT_RECLAIM, mem->clock->now + KSWAPD_PAUSE_NS};
    return true;
}
