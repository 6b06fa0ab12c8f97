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

void kswapd_wake(struct pgdat *pg, unsigned order, enum zone_type highest)
{
    if (pg->kswapd_failures >= KSWAPD_FAILURES_MAX)
        return;
    if (!pg->kswapd_awake) {
        pg->kswapd_awake = true;
        pg->kswapd_priority = 0;
        pg->kswapd_highest = highest;
    }
    pg->kswapd_order = MAX(pg->kswapd_order, order);
    pg->kswapd_highest = MAX(pg->kswapd_highest, highest);
}

/* While it runs, per-CPU lists stay short, so that what it frees is seen. */
static void set_reclaim_active(struct pgdat *pg, bool active)
{
    for (unsigned z = 0; z < NR_ZONES; z++)
        pg->frames->zones[z].reclaim_active = active;
}

static bool go_to_sleep(struct pgdat *pg)
{
    for (unsigned z = 0; z < NR_ZONES; z++) {
        struct zone *zone = &pg->frames->zones[z];

        zone->watermark_boost -= MIN(zone->watermark_boost, pg->kswapd_boost[z]);
        pg->kswapd_boost[z] = 0;
    }
    set_reclaim_active(pg, false);
    pg->kswapd_awake = false;
    pg->kswapd_priority = 0;
    pg->kswapd_order = 0;
    pg->pgdat_writeback = pg->pgdat_dirty = false;
    pg->groups->root->lruvec.congested = false;
    snapshot_refaults(pg, NULL);
    return false;
}

static u64 reclaim_goal(const struct pgdat *pg)
{
    u64 goal = 0;

    for (unsigned z = 0; z <= pg->kswapd_highest; z++)
        if (pg->frames->zones[z].managed)
            goal += MAX(pg->frames->zones[z].watermark[WMARK_HIGH], (u64)SWAP_CLUSTER_MAX);
    return goal;
}

bool kswapd_step(struct pgdat *pg, struct wait *ret_wait)
{
    struct scan_control sc = {
        .kswapd = true, .may_writepage = true, .may_unmap = true, .may_swap = true};

    *ret_wait = (struct wait){WAIT_NOTHING, 0};
    if (!pg->kswapd_awake)
        return false;
    if (!pg->kswapd_priority) {
        pg->kswapd_priority = DEF_PRIORITY;
        pg->kswapd_reclaimed = 0;
        count(pg->counters, PAGEOUTRUN, 1);
        for (unsigned z = 0; z < NR_ZONES; z++)
            pg->kswapd_boost[z] = pg->frames->zones[z].watermark_boost;
        set_reclaim_active(pg, true);
    }
    if (frames_balanced(pg->frames, pg->kswapd_order, pg->kswapd_highest))
        return go_to_sleep(pg);
    sc.priority = pg->kswapd_priority;
    sc.order = pg->kswapd_order;
    sc.reclaim_idx = pg->kswapd_highest;
    sc.nr_to_reclaim = reclaim_goal(pg);
    age_active_anon(pg, &sc);
    shrink_node(pg, &sc);
    pg->kswapd_reclaimed += sc.nr_reclaimed;
    if (sc.throttle) {
        ns_t next = io_next_write(pg);

        *ret_wait = (struct wait){WAIT_RECLAIM, MIN(next, pg->clock->now + KSWAPD_PAUSE_NS)};
    }
    if (sc.nr_scanned < sc.nr_to_reclaim || !sc.nr_reclaimed)
        pg->kswapd_priority--;
    if (pg->kswapd_priority >= 1)
        return true;
    if (!pg->kswapd_reclaimed && ++pg->kswapd_failures >= KSWAPD_FAILURES_MAX)
        return go_to_sleep(pg);
    if (frames_balanced(pg->frames, pg->kswapd_order, pg->kswapd_highest))
        return go_to_sleep(pg);
    pg->kswapd_priority = 0; /* begin again */
    snapshot_refaults(pg, NULL);
    if (!pg->kswapd_reclaimed && ret_wait->cause == WAIT_NOTHING)
        *ret_wait = (struct wait){WAIT_RECLAIM, pg->clock->now + KSWAPD_PAUSE_NS};
    return true;
}
