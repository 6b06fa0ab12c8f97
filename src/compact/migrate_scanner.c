/* migrate_scanner.c - which pages to move: from the start of the zone upwards, a cluster of 32 at a
 * time.
 *
 * A pageblock is passed over when its hint says so, or when the run is asynchronous and for a
 * request of another migrate type. In a block that is scanned, an asynchronous direct run gives up
 * an aligned piece of the order it wants at the first page that cannot move: nothing large can come
 * of that piece. A block in which nothing was found gets a skip hint.
 *
 * The search of free lists marks the block that it finds as one to skip, and the scan of that block
 * obeys the mark: so the scanner only jumps there. That is what 6.1 does (a fix was taken back).
 *
 * Mirrors isolate_migratepages(), isolate_migratepages_block(), fast_find_migrateblock() of
 * mm/compaction.c, Linux 6.1.
 */
#include "compact/compact_int.h"

#include "reclaim/pin.h"

/* One pageblock under the scanner. */
struct block_scan {
    pfn_t at, end;
    pfn_t valid;      /* the pageblock, once its first frame was seen; 0 */
    bool skip_set;    /* its hint was set with the first page that was isolated */
    bool all_or_none; /* of each aligned piece of the order wanted */
    pfn_t piece_end;
    u32 scanned, isolated;
    bool aborted;
};

/* The next scan need not begin below. (update_cached_migrate) */
static void update_cached(struct compact_run *run, pfn_t pfn)
{
    struct zone_compaction *zc = &run->zone->compaction;

    pfn = pageblock_end(pfn);
    zc->cached_migrate_pfn[0] = MAX(zc->cached_migrate_pfn[0], pfn);
    if (run->req->mode != MIGRATE_ASYNC)
        zc->cached_migrate_pfn[1] = MAX(zc->cached_migrate_pfn[1], pfn);
}

static pfn_t piece_end(const struct compact_run *run, pfn_t pfn)
{
    return ROUND_DOWN(pfn, 1u << run->req->order) + (1u << run->req->order);
}

/* May this page be taken off its list to be moved? */
static bool can_isolate(const struct compact_run *run, pfn_t pfn)
{
    const struct compact_request *req = run->req;
    struct mem *mem = run->mem;
    const struct frame *f = frames_get(mem->frames, pfn);
    bool has_mapping = frame_test(f, PG_PAGECACHE | PG_SWAPCACHE);

    if (!frame_test(f, PG_LRU) || (!has_mapping && folio_is_pinned(mem, pfn)))
        return false;
    if (req->no_fs && has_mapping)
        return false;
    if (frame_test(f, PG_UNEVICTABLE) && !mem->tunables->compact_unevictable_allowed)
        return false;
    if (req->mode != MIGRATE_SYNC && frame_test(f, PG_WRITEBACK))
        return false;
    return !(req->mode != MIGRATE_SYNC && frame_test(f, PG_DIRTY) &&
             !migrate_dirty_is_allowed(mem, pfn));
}

/* The piece cannot become free: what was isolated of it goes back, and the scan goes on behind
 * it. */
static void give_up_piece(struct compact_run *run, struct block_scan *b)
{
    migrate_putback(run->mem, run->migrate, run->nr_migrate);
    run->nr_migrate = 0;
    b->isolated = 0;
    if (b->at < b->piece_end) {
        b->at = b->piece_end - 1;
        b->piece_end += 1u << run->req->order;
    }
}

/* The hint of the block is set with its first frame. True: somebody had set it.
 * (test_and_set_skip) */
static bool hint_was_set(struct compact_run *run, pfn_t pfn)
{
    struct frames *fr = run->mem->frames;

    if (run->req->ignore_skip_hint || pfn % PAGEBLOCK_PAGES)
        return false;
    if (frames_pageblock_skip(fr, pfn))
        return true;
    frames_set_pageblock_skip(fr, pfn, true);
    return false;
}

/* Look at the frame b->at, which may be moved on to the end of what it begins. False: the block is
 * done with. */
static bool scan_frame(struct compact_run *run, struct block_scan *b)
{
    struct frames *fr = run->mem->frames;
    int order;
    u32 pages;

    b->scanned++;
    if (!b->valid && b->at % PAGEBLOCK_PAGES == 0) {
        if (!hint_allows(run, b->at)) {
            b->at = b->end;
            b->aborted = true;
            return false;
        }
        b->valid = b->at;
    }
    order = frames_free_order(fr, run->zone, b->at);
    if (order >= 0) {
        b->at += (1u << order) - 1;
        return true;
    }
    pages = compound_pages(frames_get(fr, b->at));
    if (pages || !can_isolate(run, b->at)) {
        b->at += pages ? pages - 1 : 0;
        if (b->all_or_none)
            give_up_piece(run, b);
        return true;
    }
    if (!b->skip_set) {
        b->skip_set = true;
        if (hint_was_set(run, b->at)) {
            b->aborted = true;
            return false;
        }
    }
    migrate_isolate(run->mem, b->at);
    run->migrate[run->nr_migrate++] = b->at;
    b->isolated++;
    if (run->nr_migrate >= COMPACT_CLUSTER_MAX && !run->rescan) {
        b->at++;
        return false;
    }
    return true;
}

/* From pfn to the end of its pageblock. Returns where it stopped. */
static pfn_t scan_block(struct compact_run *run, pfn_t pfn, pfn_t end)
{
    struct block_scan b = {.at = pfn, .end = end};

    b.all_or_none = run->req->direct && run->req->mode == MIGRATE_ASYNC;
    if (b.all_or_none)
        b.piece_end = piece_end(run, pfn);
    for (; b.at < end; b.at++) {
        if (b.all_or_none && b.at >= b.piece_end) {
            if (b.isolated)
                break;
            b.piece_end = piece_end(run, b.at);
        }
        if (!scan_frame(run, &b))
            break;
    }
    if (!b.aborted)
        b.at = MIN(b.at, end);
    if (b.at == end && (!b.isolated || run->rescan)) {
        if (b.valid && !b.skip_set)
            frames_set_pageblock_skip(run->mem->frames, b.valid, true);
        update_cached(run, b.at);
    }
    run->migrate_scanned += b.scanned;
    mem_cost(run->mem, b.scanned * run->mem->cost->compact_scan);
    count(run->mem->counters, COMPACT_ISOLATED, b.isolated);
    return b.at;
}

/* --- the search of free lists ----------------------------------------------------------------- */
static void note_fast_start(struct compact_run *run, pfn_t pfn)
{
    if (run->fast_start_pfn == FAST_START_USED)
        return;
    run->fast_start_pfn = run->fast_start_pfn ? MIN(run->fast_start_pfn, pfn) : pfn;
}

static bool wants_fast_search(const struct compact_run *run)
{
    const struct compact_request *req = run->req;
    pfn_t pfn = run->migrate_pfn;

    if (req->ignore_skip_hint || req->order <= (int)PAGE_ALLOC_COSTLY_ORDER)
        return false;
    if (pfn != run->zone->start_pfn && pfn % PAGEBLOCK_PAGES) /* in the middle of a block */
        return false;
    return !req->direct || req->mt == MT_MOVABLE;
}

/* Of the list of one order: a block below `high` whose hint does not forbid it; PFN_NONE. */
static pfn_t search_list(struct compact_run *run, unsigned order, pfn_t high, u32 limit,
                         u32 *scanned)
{
    struct frames *fr = run->mem->frames;

    for (pfn_t at = run->zone->free_area[order][MT_MOVABLE].head; at != PFN_NONE;
         at = frames_get(fr, at)->next) {
        if ((*scanned)++ >= limit) {
            frames_rotate_free_past(fr, run->zone, order, at);
            return PFN_NONE;
        }
        if (at >= high || frames_pageblock_skip(fr, at))
            continue;
        frames_rotate_free_past(fr, run->zone, order, at);
        note_fast_start(run, at);
        run->fast_search_fail = 0;
        frames_set_pageblock_skip(fr, at, true);
        return MAX(pageblock_start(at), run->zone->start_pfn);
    }
    return PFN_NONE;
}

/* A pageblock near the start that has free pages already: fewer need to move. */
static pfn_t find_source_block(struct compact_run *run)
{
    u32 limit = free_list_limit(run), scanned = 0;
    pfn_t distance, found = PFN_NONE;

    if (!wants_fast_search(run))
        return run->migrate_pfn;
    distance = (run->free_pfn - run->migrate_pfn) >> 1;
    if (run->migrate_pfn != run->zone->start_pfn)
        distance >>= 2;
    for (int order = run->req->order - 1;
         order >= (int)PAGE_ALLOC_COSTLY_ORDER && found == PFN_NONE && scanned < limit; order--)
        found = search_list(run, (unsigned)order, pageblock_start(run->migrate_pfn + distance),
                            limit, &scanned);
    run->migrate_scanned += scanned;
    if (found != PFN_NONE)
        return found;
    run->fast_search_fail++;
    if (run->fast_start_pfn && run->fast_start_pfn != FAST_START_USED) {
        run->migrate_pfn = run->fast_start_pfn;
        run->fast_start_pfn = FAST_START_USED;
    }
    return run->migrate_pfn;
}

/* --- the scanner ------------------------------------------------------------------------------ */
static bool is_source(const struct compact_run *run, pfn_t start)
{
    if (pageblock_is_folio(run->mem, start))
        return false;
    if (run->req->mode != MIGRATE_ASYNC || !run->req->direct)
        return true;
    return frames_pageblock_mt(run->mem->frames, start) == run->req->mt;
}

bool scan_for_pages(struct compact_run *run)
{
    pfn_t at = find_source_block(run);
    pfn_t end = pageblock_end(at), start = MAX(pageblock_start(at), run->zone->start_pfn);
    bool found_fast = at != run->migrate_pfn && !run->fast_search_fail;

    for (; end <= run->free_pfn; end += PAGEBLOCK_PAGES) {
        if (!frames_pageblock_is_of(run->mem->frames, run->zone, pageblock_start(start)))
            goto next;
        if (at % PAGEBLOCK_PAGES == 0 && !found_fast && !hint_allows(run, at))
            goto next;
        if (!is_source(run, start)) {
            update_cached(run, end);
            goto next;
        }
        at = scan_block(run, at, end);
        break;
    next:
        found_fast = false;
        at = start = end;
    }
    run->migrate_pfn = at;
    return run->nr_migrate != 0;
}
