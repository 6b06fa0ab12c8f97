/* compact_int.h - between the two scanners and the run they are part of. */
#ifndef COMPACT_COMPACT_INT_H
#define COMPACT_COMPACT_INT_H

#include "compact/compact.h"
#include "frames/isolate.h"

/* A cluster of pages to move, or what a whole pageblock has when it is scanned again. */
#define COMPACT_MIGRATE_MAX PAGEBLOCK_PAGES
/* And the free pages found for them: the last block found may be as large as a pageblock. */
#define COMPACT_FREE_MAX    (2 * PAGEBLOCK_PAGES)

#define FAST_START_USED (~(pfn_t)0)

struct compact_run {
    struct mem *mem;
    const struct compact_request *req;
    struct zone *zone;
    pfn_t migrate_pfn, free_pfn; /* the scanners */
    /* where pages were moved from since the free lists were last brought up to date; 0: none */
    pfn_t last_migrated_pfn;
    /* the lowest block that the search of free lists found; FAST_START_USED once the scan began
     * there */
    pfn_t fast_start_pfn;
    unsigned fast_search_fail;
    int search_order; /* at which the search of free lists for places begins */
    bool whole_zone;
    bool rescan; /* this pageblock was scanned in part: all of it now */
    u64 migrate_scanned, free_scanned;
    u32 nr_migrate, nr_free;
    pfn_t migrate[COMPACT_MIGRATE_MAX]; /* isolated, in the order found */
    pfn_t free[COMPACT_FREE_MAX];       /* isolated; the last is used first */
};

static inline pfn_t pageblock_start(pfn_t pfn)
{
    return ROUND_DOWN(pfn, PAGEBLOCK_PAGES);
}

static inline pfn_t pageblock_end(pfn_t pfn)
{
    return ROUND_DOWN(pfn, PAGEBLOCK_PAGES) + PAGEBLOCK_PAGES;
}

/* How deep to look into free lists: less deep the more often it was in vain. */
static inline u32 free_list_limit(const struct compact_run *run)
{
    return (COMPACT_CLUSTER_MAX >> MIN(run->fast_search_fail, 15u)) + 1;
}

/* Is the block held by one page as large as it? Nothing in there ever moves. */
static inline bool pageblock_is_folio(const struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frames_get(mem->frames, pageblock_start(pfn));

    return frame_is(f, FRAME_PAGE) && folio_order(f) >= PAGEBLOCK_ORDER;
}

/* Pages of a block that is one page (a folio, a slab) and is passed over whole; 0: it is not. */
static inline u32 compound_pages(const struct frame *f)
{
    if (frame_is(f, FRAME_SLAB))
        return frame_test(f, SLAB_HEAD) ? 1u << ((f->flags & FRAME_ORDER_MASK) >> FRAME_ORDER_SHIFT)
                                        : 1;
    if (frame_is(f, FRAME_PAGE) && folio_order(f))
        return (u32)frame_nr_pages(f);
    return 0;
}

/* May the scanners look at this block, by its hint? (isolation_suitable) */
static inline bool hint_allows(const struct compact_run *run, pfn_t pfn)
{
    return run->req->ignore_skip_hint || !frames_pageblock_skip(run->mem->frames, pfn);
}

/* Isolate the next pages to move into run->migrate. False: none was found in what was scanned.
 * (isolate_migratepages) */
bool scan_for_pages(struct compact_run *run);
/* Isolate free pages for them into run->free. (isolate_freepages) */
void scan_for_places(struct compact_run *run);

#endif
