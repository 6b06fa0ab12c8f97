/* free_scanner.c - where to move pages to: free pages of movable blocks, from the end of the zone
 * downwards.
 *
 * First the free lists are searched for a block in the upper part of what is between the scanners;
 * only when that finds nothing, pageblock after pageblock is scanned. An asynchronous run scans
 * with gaps until it has found something.
 *
 * Mirrors isolate_freepages(), isolate_freepages_block(), fast_isolate_freepages(),
 * suitable_migration_target() of mm/compaction.c, Linux 6.1.
 */
#include "compact/compact_int.h"

static bool has_enough(const struct compact_run *run)
{
    return run->nr_free >= run->nr_migrate;
}

/* Take the free block of this order. False: the zone is too near its watermark. */
static bool take_block(struct compact_run *run, pfn_t pfn, unsigned order)
{
    if (!frames_isolate_free(run->mem->frames, run->zone, pfn, order))
        return false;
    assert(run->nr_free + (1u << order) <= COMPACT_FREE_MAX);
    for (pfn_t at = pfn; at < pfn + (1u << order); at++)
        run->free[run->nr_free++] = at;
    return true;
}

/* Free pages of [*at, end), looking at every stride-th frame, until there are enough. *at: where it
 * stopped. Returns how many. */
static u32 scan_block(struct compact_run *run, pfn_t *at, pfn_t end, u32 stride)
{
    const struct frames *fr = run->mem->frames;
    u32 scanned = 0, before = run->nr_free;
    pfn_t pfn = *at;

    for (; pfn < end; pfn += stride) {
        int order = frames_free_order(fr, run->zone, pfn);

        scanned++;
        if (order < 0) {
            u32 pages = compound_pages(frames_get(fr, pfn));

            pfn += pages ? pages - 1 : 0;
            continue;
        }
        if (!take_block(run, pfn, (unsigned)order))
            break;
        pfn += (1u << order) - 1;
        if (has_enough(run)) {
            pfn++;
            break;
        }
    }
    *at = MIN(pfn, end);
    run->free_scanned += scanned;
    mem_cost(run->mem, scanned * run->mem->cost->compact_scan);
    count(run->mem->counters, COMPACT_ISOLATED, run->nr_free - before);
    return run->nr_free - before;
}

static bool is_target(const struct compact_run *run, pfn_t start)
{
    const struct frames *fr = run->mem->frames;

    if (frames_free_order(fr, run->zone, start) >= (int)PAGEBLOCK_ORDER)
        return false;
    return run->req->ignore_block_suitable || frames_pageblock_mt(fr, start) == MT_MOVABLE;
}

/* --- the search of free lists ----------------------------------------------------------------- */
struct search {
    pfn_t low, min; /* good enough at once; good enough if nothing better is found */
    u32 limit, scanned;
    pfn_t highest; /* pageblock with the highest free block seen */
};

/* The best block of one list, from its end; PFN_NONE. The list goes on from there the next time. */
static pfn_t search_list(struct compact_run *run, struct search *s, unsigned order)
{
    struct frames *fr = run->mem->frames;
    pfn_t at, best = PFN_NONE, found = PFN_NONE;
    u32 scanned = 0;

    for (at = run->zone->free_area[order][MT_MOVABLE].tail; at != PFN_NONE;
         at = frames_get(fr, at)->prev) {
        scanned++;
        if (at >= s->highest)
            s->highest = MAX(pageblock_start(at), run->zone->start_pfn);
        if (at >= s->low) {
            run->fast_search_fail = 0;
            run->search_order = (int)order;
            found = at;
            break;
        }
        if (at >= s->min && at > best) {
            best = at;
            s->limit >>= 1;
        }
        if (scanned >= s->limit)
            break;
    }
    s->scanned += scanned;
    if (found == PFN_NONE)
        found = best;
    if (found != PFN_NONE || at != PFN_NONE)
        frames_rotate_free_to(fr, run->zone, order, found != PFN_NONE ? found : at);
    if (scanned >= s->limit)
        s->limit = MAX(1u, s->limit >> 1);
    return found;
}

/* Orders in turn, each once; -1: all were searched. */
static int next_order(struct compact_run *run, int order)
{
    int highest = run->req->order - 1;

    order = order > 0 ? order - 1 : highest;
    if (order != run->search_order)
        return order;
    run->search_order = run->search_order > 0 ? run->search_order - 1 : highest;
    return -1;
}

/* Where the scan goes on when the search found nothing, as it begins: the highest free page there
 * is, or for a direct run half way. PFN_NONE: nowhere in particular. */
static pfn_t choose_scan_start(struct compact_run *run, const struct search *s)
{
    const struct frames *fr = run->mem->frames;

    if (s->highest >= s->min) {
        run->free_pfn = s->highest;
        return s->highest;
    }
    if (!run->req->direct || !frames_pageblock_is_of(fr, run->zone, s->min))
        return PFN_NONE;
    run->free_pfn = s->min;
    return s->min;
}

/* The rest of the block in which a place was found. */
static void scan_around(struct compact_run *run, pfn_t pfn)
{
    struct frames *fr = run->mem->frames;
    pfn_t at = MAX(pageblock_start(pfn), run->zone->start_pfn);
    pfn_t end = MIN(pageblock_end(pfn), zone_end_pfn(run->zone));

    if (has_enough(run) || (run->req->direct && run->req->mode == MIGRATE_ASYNC))
        return;
    if (!frames_pageblock_is_of(fr, run->zone, pageblock_start(pfn)))
        return;
    scan_block(run, &at, end, 1);
    if (!has_enough(run))
        frames_set_pageblock_skip(fr, pfn, true);
}

static void search_free_lists(struct compact_run *run)
{
    struct zone_compaction *zc = &run->zone->compaction;
    pfn_t distance = run->free_pfn - run->migrate_pfn, found = PFN_NONE;
    struct search s = {.limit = MAX(1u, free_list_limit(run) >> 1)};
    bool begins = run->free_pfn >= zc->init_free_pfn;
    int order;

    if (run->req->order <= 0)
        return;
    if (begins)
        s.limit = PAGEBLOCK_PAGES >> 1;
    s.low = pageblock_start(run->free_pfn - (distance >> 2));
    s.min = pageblock_start(run->free_pfn - (distance >> 1));
    run->search_order = MIN(run->req->order - 1, run->search_order);
    for (order = run->search_order; found == PFN_NONE && order >= 0;
         order = next_order(run, order)) {
        if (!run->zone->nr_free[order])
            continue;
        found = search_list(run, &s, (unsigned)order);
        if (found == PFN_NONE)
            continue;
        if (!take_block(run, found, (unsigned)order)) {
            found = PFN_NONE;
            break;
        }
        s.scanned += (1u << order) - 1;
        count(run->mem->counters, COMPACT_ISOLATED, 1 << order);
        if (has_enough(run))
            break;
    }
    if (found == PFN_NONE) {
        run->fast_search_fail++;
        if (begins)
            found = choose_scan_start(run, &s);
    }
    if (s.highest && s.highest >= zc->cached_free_pfn)
        zc->cached_free_pfn = s.highest - PAGEBLOCK_PAGES;
    run->free_scanned += s.scanned;
    mem_cost(run->mem, s.scanned * run->mem->cost->compact_scan);
    if (found != PFN_NONE)
        scan_around(run, found);
}

/* --- the scanner ------------------------------------------------------------------------------ */
/* Nothing more to find in this block. (update_pageblock_skip) */
static void block_done(struct compact_run *run, pfn_t start)
{
    struct zone_compaction *zc = &run->zone->compaction;

    frames_set_pageblock_skip(run->mem->frames, start, true);
    zc->cached_free_pfn = MIN(zc->cached_free_pfn, start);
}

void scan_for_places(struct compact_run *run)
{
    const struct frames *fr = run->mem->frames;
    pfn_t at, start, end, low;
    u32 stride;

    search_free_lists(run);
    if (run->nr_free)
        return;
    at = run->free_pfn;
    start = pageblock_start(at);
    end = MIN(start + PAGEBLOCK_PAGES, zone_end_pfn(run->zone));
    low = pageblock_end(run->migrate_pfn);
    stride = run->req->mode == MIGRATE_ASYNC ? COMPACT_CLUSTER_MAX : 1;
    for (; start >= low; end = start, start -= PAGEBLOCK_PAGES, at = start) {
        u32 isolated;

        if (!frames_pageblock_is_of(fr, run->zone, start) || !is_target(run, start) ||
            !hint_allows(run, start))
            continue;
        isolated = scan_block(run, &at, end, stride);
        if (at == end)
            block_done(run, start);
        if (has_enough(run)) {
            if (at >= end)
                at = start - PAGEBLOCK_PAGES;
            break;
        }
        if (at < end) /* at the watermark */
            break;
        stride = isolated ? 1 : MIN(COMPACT_CLUSTER_MAX, stride << 1);
    }
    run->free_pfn = at;
}
