/* kcompactd.c - see kcompactd.h.
 *
 *     woken by kswapd or an allocation --> each zone that could get the block, once
 *     every 500 ms                     --> score above the mark (90 by default)? every zone, until it is below (80).
 *                                          It did not help: look again only after 32 s */
#include "balance/kcompactd.h"

#include "compact/compact.h"

#define LOOK_NS            (500 * NS_PER_MS) /* HPAGE_FRAG_CHECK_INTERVAL_MSEC */
#define LOOK_IN_VAIN_SHIFT 6u                /* COMPACT_MAX_DEFER_SHIFT */

static enum compact_result suitable(const struct mem *mem, const struct zone *z, unsigned order,
                                    enum zone_type highest)
{
    return compaction_suitable(z, (int)order, 0, highest, (s32)mem->tunables->extfrag_threshold);
}

static bool is_node_suitable(const struct mem *mem, const struct pgdat *pgdat)
{
    const struct kcompactd *k = &pgdat->kcompactd;

    for (unsigned i = 0; i <= k->highest; i++)
        if (zone_populated(&pgdat->zones[i]) &&
            suitable(mem, &pgdat->zones[i], k->order, k->highest) == COMPACTION_CONTINUE)
            return true;
    return false;
}

void kcompactd_wake(struct mem *mem, struct pgdat *pgdat, unsigned order, enum zone_type highest)
{
    struct kcompactd *k = &pgdat->kcompactd;

    if (!order)
        return;
    k->order = MAX(k->order, order);
    k->highest = MAX(k->highest, highest);
    if (k->awake || !is_node_suitable(mem, pgdat))
        return;
    k->awake = true;
    k->at = MAX(k->at, mem->clock->now);
    mem->kcompactds_at = MIN(mem->kcompactds_at, k->at);
}

/* A run of the daemon, counted as its own as well. */
static enum compact_result run_zone(struct mem *mem, const struct compact_request *req)
{
    const s64 *v = mem->counters->v;
    s64 migrate = v[COMPACT_MIGRATE_SCANNED], free = v[COMPACT_FREE_SCANNED];
    enum compact_result r = compact_zone(mem, req);

    count(mem->counters, COMPACT_DAEMON_MIGRATE_SCANNED, v[COMPACT_MIGRATE_SCANNED] - migrate);
    count(mem->counters, COMPACT_DAEMON_FREE_SCANNED, v[COMPACT_FREE_SCANNED] - free);
    return r;
}

static void work_on_zone(struct mem *mem, struct zone *z, unsigned order, enum zone_type highest)
{
    struct compact_request req = {.zone = z,
                                  .order = (int)order,
                                  .mt = MT_UNMOVABLE,
                                  .mode = MIGRATE_SYNC_LIGHT,
                                  .highest = highest};

    if (!zone_populated(z) || compaction_is_deferred(z, order) ||
        suitable(mem, z, order, z->type) != COMPACTION_CONTINUE)
        return;
    switch (run_zone(mem, &req)) {
    case COMPACTION_SUCCESS:
        compaction_defer_reset(z, order, false);
        break;
    case COMPACTION_COMPLETE:
    case COMPACTION_PARTIAL_SKIPPED:
        for (unsigned cpu = 0; cpu < mem->nr_cpus; cpu++) /* what was freed may merge yet */
            frames_drain_pcp_zone(mem->frames, z, cpu);
        compaction_defer(z, order);
        break;
    case COMPACTION_SKIPPED:
    case COMPACTION_DEFERRED:
    case COMPACTION_CONTINUE:
    case COMPACTION_CONTENDED:
        break;
    }
}

void kcompactd_step(struct mem *mem, struct pgdat *pgdat)
{
    struct kcompactd *k = &pgdat->kcompactd;
    unsigned order = k->order;
    enum zone_type highest = k->highest;

    count(mem->counters, COMPACT_DAEMON_WAKE, 1);
    for (unsigned i = 0; i <= highest; i++)
        work_on_zone(mem, &pgdat->zones[i], order, highest);
    k->awake = false;
    k->order = 0;
    k->highest = ZONE_DMA;
    k->look_at = mem->clock->now + LOOK_NS;
}

/* --- proactive -------------------------------------------------------------------------------- */
static void compact_all_zones(struct mem *mem, struct pgdat *pgdat, struct compact_request req)
{
    req.order = COMPACT_ALL;
    req.mt = MT_UNMOVABLE;
    req.whole_zone = req.ignore_skip_hint = true;
    for (unsigned i = 0; i < NR_ZONES; i++) {
        req.zone = &pgdat->zones[i];
        if (!zone_populated(req.zone))
            continue;
        if (req.proactive)
            run_zone(mem, &req);
        else
            compact_zone(mem, &req);
    }
}

void kcompactd_look(struct mem *mem, struct pgdat *pgdat)
{
    struct kcompactd *k = &pgdat->kcompactd;
    ns_t pause = LOOK_NS;
    u32 before;

    if (mem->tunables->compaction_proactiveness && !pgdat->kswapd.awake) {
        before = compact_score(pgdat);
        if (before > compact_score_mark(mem, false)) {
            compact_all_zones(
                mem, pgdat,
                (struct compact_request){.mode = MIGRATE_SYNC_LIGHT, .proactive = true});
            if (compact_score(pgdat) >= before)
                pause <<= LOOK_IN_VAIN_SHIFT;
        }
    }
    k->look_at = mem->clock->now + pause;
}

void compact_node(struct mem *mem, struct pgdat *pgdat)
{
    compact_all_zones(mem, pgdat, (struct compact_request){.mode = MIGRATE_SYNC});
}
