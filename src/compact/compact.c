/* compact.c - one run over one zone; what is worth trying and what was in vain of late. */
#include "compact/compact_int.h"

#include "frames/fragmentation.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"

#define DEFER_SHIFT_MAX 6u /* COMPACT_MAX_DEFER_SHIFT */
#define HUGE_ORDER      9u /* COMPACTION_HPAGE_ORDER */

/* --- deferral --------------------------------------------------------------------------------- */
void compaction_defer(struct zone *z, unsigned order)
{
    struct zone_compaction *zc = &z->compaction;

    zc->considered = 0;
    zc->defer_shift = MIN(zc->defer_shift + 1, DEFER_SHIFT_MAX);
    zc->order_failed = MIN(zc->order_failed, order);
}

bool compaction_is_deferred(struct zone *z, unsigned order)
{
    struct zone_compaction *zc = &z->compaction;
    u32 limit = 1u << zc->defer_shift;

    if (order < zc->order_failed)
        return false;
    zc->considered = MIN(zc->considered + 1, limit);
    return zc->considered < limit;
}

void compaction_defer_reset(struct zone *z, unsigned order, bool allocated)
{
    struct zone_compaction *zc = &z->compaction;

    if (allocated)
        zc->considered = zc->defer_shift = 0;
    zc->order_failed = MAX(zc->order_failed, order + 1);
}

/* It was put off as often as can be: begin anew. */
static bool is_restarting(const struct zone *z, int order)
{
    const struct zone_compaction *zc = &z->compaction;

    return order >= (int)zc->order_failed && zc->defer_shift == DEFER_SHIFT_MAX &&
           zc->considered >= 1u << zc->defer_shift;
}

/* --- how fragmented a node is ----------------------------------------------------------------- */
/* As a part of its node's: small zones hardly count. (fragmentation_score_zone_weighted) */
static u32 score_of(const struct pgdat *pgdat, const struct zone *z)
{
    u64 present = 0;

    for (unsigned i = 0; i < NR_ZONES; i++)
        present += pgdat->zones[i].present;
    return (u32)((u64)z->present * zone_external_fragmentation(z, HUGE_ORDER) / (present + 1));
}

u32 compact_score(const struct pgdat *pgdat)
{
    u32 score = 0;

    for (unsigned i = 0; i < NR_ZONES; i++)
        score += score_of(pgdat, &pgdat->zones[i]);
    return score;
}

u32 compact_score_mark(const struct mem *mem, bool low)
{
    u32 mark = MAX(100u - (u32)mem->tunables->compaction_proactiveness, 5u);

    return low ? mark : MIN(mark + 10, 100u);
}

/* --- skip hints ------------------------------------------------------------------------------- */
/* Clear the hint of the block that a scanner would begin at. A sample of its frames must say that
 * there is something to do. (__reset_isolation_pfn) */
static bool reset_hint(struct frames *fr, const struct zone *z, pfn_t pfn, bool source, bool target)
{
    pfn_t start = pageblock_start(pfn), end = MIN(start + PAGEBLOCK_PAGES, zone_end_pfn(z));

    if (!frames_pageblock_is_of(fr, z, start))
        return false;
    if (source && target && !frames_pageblock_skip(fr, start))
        return true;
    if (!source && target && frames_pageblock_mt(fr, start) != MT_MOVABLE)
        return false;
    for (pfn_t at = MAX(start, z->start_pfn); at < end; at += 1u << PAGE_ALLOC_COSTLY_ORDER) {
        if ((source && frame_test(frames_get(fr, at), PG_LRU)) ||
            (target && frames_free_order(fr, z, at) >= 0)) {
            frames_set_pageblock_skip(fr, start, false);
            return true;
        }
    }
    return false;
}

/* Forget the hints of the zone, from both ends to the middle, and begin where there is something to
 * do. (__reset_isolation_suitable) */
static void reset_hints(struct frames *fr, struct zone *z)
{
    struct zone_compaction *zc = &z->compaction;
    pfn_t from = z->start_pfn, to = zone_end_pfn(z) - 1;
    pfn_t first = to, last = from; /* of the blocks to begin with */
    bool has_first = false, has_last = false;

    if (!zc->skip_flush)
        return;
    zc->skip_flush = false;
    for (; from < to; from += PAGEBLOCK_PAGES, to -= PAGEBLOCK_PAGES) {
        if (reset_hint(fr, z, from, true, has_first) && from < first) {
            has_first = true;
            first = from;
            zc->init_migrate_pfn = first;
            zc->cached_migrate_pfn[0] = zc->cached_migrate_pfn[1] = first;
        }
        if (reset_hint(fr, z, to, has_last, true) && to > last) {
            has_last = true;
            last = to;
            zc->init_free_pfn = zc->cached_free_pfn = last;
        }
        if (to < z->start_pfn + PAGEBLOCK_PAGES)
            break;
    }
    if (first >= last) {
        zc->cached_migrate_pfn[0] = zc->cached_migrate_pfn[1] = from;
        zc->cached_free_pfn = to;
    }
}

void compact_reset_skip_hints(struct mem *mem, const struct pgdat *pgdat)
{
    for (unsigned i = 0; i < NR_ZONES; i++)
        if (zone_populated(&pgdat->zones[i]))
            reset_hints(mem->frames, &pgdat->zones[i]);
}

/* --- the run ---------------------------------------------------------------------------------- */
static bool scanners_met(const struct compact_run *run)
{
    return run->free_pfn >> PAGEBLOCK_ORDER <= run->migrate_pfn >> PAGEBLOCK_ORDER;
}

static pfn_t zone_last_block(const struct zone *z)
{
    return pageblock_start(zone_end_pfn(z) - 1);
}

static enum compact_result end_of_zone(struct compact_run *run)
{
    struct zone_compaction *zc = &run->zone->compaction;

    zc->cached_migrate_pfn[0] = zc->cached_migrate_pfn[1] = run->zone->start_pfn;
    zc->cached_free_pfn = zone_last_block(run->zone);
    if (run->req->direct)
        zc->skip_flush = true;
    return run->whole_zone ? COMPACTION_COMPLETE : COMPACTION_PARTIAL_SKIPPED;
}

/* Is a block free that serves the request, of its own type or one that it may take over? */
static bool has_block(const struct compact_run *run)
{
    const struct zone *z = run->zone;

    for (unsigned order = (unsigned)run->req->order; order < ORDER_MAX; order++)
        if (z->free_area[order][run->req->mt].count || zone_has_stealable(z, order, run->req->mt))
            return true;
    return false;
}

static enum compact_result is_finished(struct compact_run *run)
{
    const struct pgdat *pgdat = mem_node(run->mem, run->zone->nid);

    if (scanners_met(run))
        return end_of_zone(run);
    if (run->req->proactive) {
        if (pgdat->kswapd.awake)
            return COMPACTION_PARTIAL_SKIPPED;
        /* The zone's own score, whatever its size. (fragmentation_score_zone) */
        return zone_external_fragmentation(run->zone, HUGE_ORDER) >
                       compact_score_mark(run->mem, true)
                   ? COMPACTION_CONTINUE
                   : COMPACTION_SUCCESS;
    }
    if (run->req->order == COMPACT_ALL || run->migrate_pfn % PAGEBLOCK_PAGES)
        return COMPACTION_CONTINUE; /* a block is always scanned to its end */
    return has_block(run) ? COMPACTION_SUCCESS : COMPACTION_CONTINUE;
}

static void place_scanners(struct compact_run *run)
{
    struct zone_compaction *zc = &run->zone->compaction;
    pfn_t start = run->zone->start_pfn, end = zone_end_pfn(run->zone);

    run->whole_zone = run->req->whole_zone;
    if (run->whole_zone) {
        run->migrate_pfn = start;
        run->free_pfn = zone_last_block(run->zone);
        return;
    }
    if (zc->cached_free_pfn < start || zc->cached_free_pfn >= end)
        zc->cached_free_pfn = zone_last_block(run->zone);
    run->free_pfn = zc->cached_free_pfn;
    run->migrate_pfn = zc->cached_migrate_pfn[run->req->mode != MIGRATE_ASYNC];
    if (run->migrate_pfn < start || run->migrate_pfn >= end)
        run->migrate_pfn = zc->cached_migrate_pfn[0] = zc->cached_migrate_pfn[1] = start;
    if (run->migrate_pfn <= zc->init_migrate_pfn)
        run->whole_zone = true;
}

static pfn_t take_place(void *ctx, pfn_t from HW_UNUSED)
{
    struct compact_run *run = ctx;
    pfn_t pfn;

    if (!run->nr_free)
        scan_for_places(run);
    if (!run->nr_free)
        return PFN_NONE;
    pfn = run->free[--run->nr_free];
    frames_use_isolated(run->mem->frames, pfn);
    return pfn;
}

/* Move the cluster, the page found last first. False: there is no place to move to. */
static bool move_pages(struct compact_run *run)
{
    struct migrate_target target = {take_place, run};
    u32 nr = run->nr_migrate;
    pfn_t pfns[COMPACT_MIGRATE_MAX];
    struct migrate_result r;

    for (u32 i = 0; i < nr; i++)
        pfns[i] = run->migrate[nr - 1 - i];
    r = migrate_pages(run->mem, pfns, nr, &target, MR_COMPACTION);
    run->nr_migrate = 0;
    if (r.no_target && !scanners_met(run))
        return false;
    if (r.failed && run->req->direct && run->req->mode == MIGRATE_ASYNC) {
        /* The rest of this piece is of no use. */
        u32 piece = 1u << run->req->order;

        run->migrate_pfn = ROUND_DOWN(run->migrate_pfn - 1, piece) + piece;
        run->last_migrated_pfn = 0;
    }
    return true;
}

/* Pages that were freed wait on the CPU's list: once their piece is done they must be seen. */
static void drain(struct compact_run *run)
{
    struct mem *mem = run->mem;

    if (run->req->order <= 0 || !run->last_migrated_pfn ||
        run->last_migrated_pfn >= ROUND_DOWN(run->migrate_pfn, 1u << run->req->order))
        return;
    lru_add_drain(mem);
    frames_drain_pcp_zone(mem->frames, run->zone, mem->cpu);
    run->last_migrated_pfn = 0;
}

static enum compact_result run_zone(struct compact_run *run)
{
    struct zone_compaction *zc = &run->zone->compaction;
    bool keep_equal =
        run->req->mode == MIGRATE_ASYNC && zc->cached_migrate_pfn[0] == zc->cached_migrate_pfn[1];
    enum compact_result r;

    while ((r = is_finished(run)) == COMPACTION_CONTINUE) {
        pfn_t began = run->migrate_pfn;

        run->rescan = pageblock_start(run->last_migrated_pfn) == pageblock_start(began);
        if (scan_for_pages(run)) {
            keep_equal = false;
            run->last_migrated_pfn = began;
            if (!move_pages(run))
                return COMPACTION_CONTENDED;
        } else if (keep_equal) {
            zc->cached_migrate_pfn[1] = zc->cached_migrate_pfn[0];
        }
        drain(run);
        io_let_time_pass(run->mem);
    }
    return r;
}

/* Places that were not used are free again, and the free scanner goes back to them. */
static void release_places(struct compact_run *run)
{
    pfn_t highest = 0;

    for (; run->nr_free; run->nr_free--) {
        pfn_t pfn = run->free[run->nr_free - 1];

        highest = MAX(highest, pfn);
        frames_release_isolated(run->mem->frames, pfn, run->mem->cpu);
    }
    if (pageblock_start(highest) > run->zone->compaction.cached_free_pfn)
        run->zone->compaction.cached_free_pfn = pageblock_start(highest);
}

enum compact_result compact_zone(struct mem *mem, const struct compact_request *req)
{
    struct compact_run run = {
        .mem = mem, .req = req, .zone = req->zone, .search_order = req->order};
    enum compact_result r =
        compaction_suitable(req->zone, req->order, req->alloc_flags, req->highest,
                            (s32)mem->tunables->extfrag_threshold);

    if (r != COMPACTION_CONTINUE)
        return r;
    if (is_restarting(req->zone, req->order))
        reset_hints(mem->frames, req->zone);
    place_scanners(&run);
    lru_add_drain(mem);
    r = run_zone(&run);
    release_places(&run);
    count(mem->counters, COMPACT_MIGRATE_SCANNED, (s64)run.migrate_scanned);
    count(mem->counters, COMPACT_FREE_SCANNED, (s64)run.free_scanned);
    return r;
}
