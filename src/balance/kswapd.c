/* kswapd.c - the background reclaimer of a node.
 *
 *   asleep --(a zone below low)--> awake: rounds of shrink_node with rising priority until some
 *   zone is above high --> asleep
 *
 * Mirrors balance_pgdat(), kswapd_shrink_node(), wakeup_kswapd() of mm/vmscan.c, Linux 6.1. One
 * call is one round, so that other tasks run in between; the round's priority is kept in the
 * node. */
#include "balance/kswapd.h"
#include "balance/balance_int.h"
#include "balance/kcompactd.h"
#include "compact/compact.h"
#include "reclaim/io.h"

#define KSWAPD_PAUSE_NS     100000000ull /* HZ / 10, the longest reclaim_throttle() */
#define KSWAPD_FAILURES_MAX 16u

bool kswapd_is_hopeless(const struct pgdat *pgdat)
{
    return pgdat->kswapd.failures >= KSWAPD_FAILURES_MAX;
}

void kswapd_wake(struct mem *mem, struct pgdat *pgdat, unsigned order, enum zone_type highest)
{
    struct kswapd *k = &pgdat->kswapd;

    if (kswapd_is_hopeless(pgdat))
        return;
    if (!k->awake) {
        k->awake = true;
        k->priority = 0;
        k->highest = highest;
        mem->kswapds_awake++;
        mem->kswapds_at = MIN(mem->kswapds_at, k->at);
    }
    k->order = MAX(k->order, order);
    k->highest = MAX(k->highest, highest);
}

static bool watermark_is_boosted(const struct pgdat *pgdat, enum zone_type highest)
{
    for (unsigned z = 0; z <= highest; z++)
        if (pgdat->zones[z].managed && pgdat->zones[z].watermark_boost)
            return true;
    return false;
}

void kswapd_wake_all(struct mem *mem, struct alloc_nodes nodes, unsigned order,
                     enum zone_type highest, bool no_direct)
{
    const u8 *fallback = mem_node(mem, nodes.nid)->fallback;

    for (unsigned i = 0; i < mem->frames->nr_nodes; i++) {
        struct pgdat *pgdat = mem_node(mem, fallback[i]);

        if (!(nodes.mask >> pgdat->nid & 1) || !mem->frames->topology.ram_bytes[pgdat->nid])
            continue;
        if (unlikely(no_direct) &&
            (kswapd_is_hopeless(pgdat) || pgdat_balanced(pgdat, order, highest)))
            kcompactd_wake(mem, pgdat, order, highest);
        if (mem->frames->nr_nodes > 1 && pgdat_balanced(pgdat, order, highest) &&
            !watermark_is_boosted(pgdat, highest))
            continue;
        kswapd_wake(mem, pgdat, order, highest);
    }
}

void kswapd_wake_boosted(struct mem *mem, unsigned order, enum zone_type highest)
{
    u64 boosted = mem->frames->boosted;

    mem->frames->boosted = 0;
    for (; boosted; boosted &= boosted - 1)
        kswapd_wake(mem, mem_node(mem, (unsigned)__builtin_ctzll(boosted)), order, highest);
}

/* While it runs, per-CPU lists stay short, so that what it frees is seen. */
static void set_reclaim_active(struct pgdat *pgdat, bool active)
{
    for (unsigned z = 0; z < NR_ZONES; z++)
        pgdat->zones[z].reclaim_active = active;
}

static bool go_to_sleep(struct mem *mem, struct pgdat *pgdat)
{
    struct kswapd *k = &pgdat->kswapd;
    unsigned order = k->order;

    for (unsigned z = 0; z < NR_ZONES; z++) {
        struct zone *zone = &pgdat->zones[z];

        zone->watermark_boost -= MIN(zone->watermark_boost, k->boost[z]);
        k->boost[z] = 0;
    }
    set_reclaim_active(pgdat, false);
    k->awake = false;
    k->priority = 0;
    k->order = 0;
    mem->kswapds_awake--;
    pgdat->writeback = pgdat->dirty = false;
    group_lruvec(mem->groups->root, pgdat->nid)->congested = false;
    end_reclaim_cycle(mem, pgdat, NULL);
    compact_reset_skip_hints(mem, pgdat);
    kcompactd_wake(mem, pgdat, order, k->highest);
    return false;
}

static u64 reclaim_goal(const struct pgdat *pgdat)
{
    u64 goal = 0;

    for (unsigned z = 0; z <= pgdat->kswapd.highest; z++)
        if (pgdat->zones[z].managed)
            goal += MAX(pgdat->zones[z].watermark[WMARK_HIGH], (u64)SWAP_CLUSTER_MAX);
    return goal;
}

static void begin_run(struct mem *mem, struct pgdat *pgdat)
{
    struct kswapd *k = &pgdat->kswapd;

    k->priority = DEF_PRIORITY;
    k->reclaimed = 0;
    k->may_age = false;
    k->reclaim_order = k->order;
    count(mem->counters, PAGEOUTRUN, 1);
    for (unsigned z = 0; z < NR_ZONES; z++)
        k->boost[z] = pgdat->zones[z].watermark_boost;
    set_reclaim_active(pgdat, true);
}

bool kswapd_step(struct mem *mem, struct pgdat *pgdat, struct wait *ret_wait)
{
    struct kswapd *k = &pgdat->kswapd;
    struct scan_control sc = {
        .req = {.kswapd = true, .may_writepage = true, .may_unmap = true, .may_swap = true}};

    *ret_wait = (struct wait){WAIT_NOTHING, 0};
    if (!k->awake)
        return false;
    if (!k->priority)
        begin_run(mem, pgdat);
    if (pgdat_balanced(pgdat, k->reclaim_order, k->highest))
        return go_to_sleep(mem, pgdat);
    sc.state.priority = (s8)k->priority;
    sc.req.order = k->reclaim_order;
    sc.req.reclaim_idx = k->highest;
    sc.req.nr_to_reclaim = reclaim_goal(pgdat);
    age_node(mem, pgdat, &sc);
    shrink_node(mem, pgdat, &sc);
    k->reclaimed += sc.state.nr_reclaimed;
    /* Enough for kcompactd to make the block from: reclaim goes on for single frames only. */
    if (k->reclaim_order && k->reclaimed >= compact_gap(k->reclaim_order))
        k->reclaim_order = 0;
    if (sc.throttle) {
        ns_t next = io_next_write(mem);

        *ret_wait = (struct wait){WAIT_RECLAIM, MIN(next, mem->clock->now + KSWAPD_PAUSE_NS)};
    }
    if (sc.nr.scanned < sc.req.nr_to_reclaim || !sc.state.nr_reclaimed)
        k->priority--;
    if (k->priority >= 1)
        return true;
    if (!k->reclaimed && ++k->failures >= KSWAPD_FAILURES_MAX)
        return go_to_sleep(mem, pgdat);
    if (pgdat_balanced(pgdat, k->reclaim_order, k->highest))
        return go_to_sleep(mem, pgdat);
    k->priority = 0; /* begin again */
    end_reclaim_cycle(mem, pgdat, NULL);
    if (!k->reclaimed && ret_wait->cause == WAIT_NOTHING)
        *ret_wait = (struct wait){WAIT_RECLAIM, mem->clock->now + KSWAPD_PAUSE_NS};
    return true;
}
