/* pageblock.c - each 2 MiB block has a migrate type: where to free to, and what to allocate from.
 *
 * When the lists of a type are empty, the largest free block of another type is taken (least
 * mixing for the longest time). What happens to its pageblock:
 *
 *      block of 2 MiB or more     the pageblock(s) change type
 *      the taker may claim it     all its free pages move to the taker's lists; the pageblock
 *                                 changes type when free and compatible pages are at least half
 *      otherwise                  this one block moves
 *
 * Unmovable and reclaimable takers claim; a movable one claims large blocks (order 4 up) only, and
 * instead takes the smallest block that serves, since its pages can move away again.
 *
 * Each theft raises the zone's watermarks for a while (watermark_boost), so that kswapd makes room
 * and the next one is avoided.
 */
#include "frames/fragmentation.h"
#include "frames/frames_int.h"

static const u8 fallbacks[NR_PCP_MIGRATETYPES][2] = {
    [MT_UNMOVABLE] = {MT_RECLAIMABLE, MT_MOVABLE},
    [MT_MOVABLE] = {MT_RECLAIMABLE, MT_UNMOVABLE},
    [MT_RECLAIMABLE] = {MT_UNMOVABLE, MT_MOVABLE},
};

static void pageblock_set_mt(struct frames *fr, pfn_t pfn, unsigned mt)
{
    fr->pageblock_mt[pfn >> PAGEBLOCK_ORDER] = (u8)mt;
}

/* First other type with a free block of this order, NR_MIGRATETYPES when there is none. */
static unsigned choose_fallback(const struct zone *z, unsigned order, unsigned mt)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned other = fallbacks[mt][i];

        if (z->free_area[order][other].count)
            return other;
    }
    return NR_MIGRATETYPES;
}

static bool may_claim_pageblock(unsigned order, unsigned mt)
{
    return order >= PAGEBLOCK_ORDER / 2 || mt == MT_RECLAIMABLE || mt == MT_UNMOVABLE;
}

bool zone_has_stealable(const struct zone *z, unsigned order, enum migratetype mt)
{
    return may_claim_pageblock(order, mt) && choose_fallback(z, order, mt) != NR_MIGRATETYPES;
}

/* True when the boost is in effect. Zones smaller than four pageblocks would never come up to
 * it. */
static bool zone_boost_watermark(struct frames *fr, struct zone *z)
{
    u64 max;

    if (!fr->watermark_boost_factor || PAGEBLOCK_PAGES * 4 > z->managed)
        return false;
    max = z->watermark[WMARK_HIGH] * fr->watermark_boost_factor / 10000;
    if (!max)
        return false;
    max = MAX(max, PAGEBLOCK_PAGES);
    z->watermark_boost = MIN(z->watermark_boost + PAGEBLOCK_PAGES, max);
    return true;
}

struct moved {
    unsigned free;    /* pages that changed lists */
    unsigned movable; /* pages in use that could move: those on LRU lists */
};

/* Move the free blocks of the pageblock around pfn to the lists of mt. A pageblock that straddles
 * the end of its zone keeps its type; one that straddles the start is taken from pfn on. */
static struct moved pageblock_move_free(struct frames *fr, struct zone *z, pfn_t pfn, unsigned mt)
{
    pfn_t start = ROUND_DOWN(pfn, PAGEBLOCK_PAGES);
    pfn_t last = start + PAGEBLOCK_PAGES - 1;
    struct moved moved = {0, 0};

    if (!zone_spans(z, start))
        start = pfn;
    if (!zone_spans(z, last))
        return moved;
    while (start <= last) {
        struct frame *f = &fr->frame[start];

        if (frame_is_buddy(f)) {
            unsigned order = frame_order(f);

            buddy_list_move(fr, z, start, mt);
            moved.free += 1u << order;
            start += 1u << order;
        } else {
            moved.movable += frame_test(f, PG_LRU);
            start++;
        }
    }
    return moved;
}

static void steal_block(struct frames *fr, struct zone *z, pfn_t pfn, unsigned mt, bool claim,
                        u32 alloc_flags)
{
    unsigned order = frame_order(&fr->frame[pfn]);
    enum migratetype old = frames_pageblock_mt(fr, pfn);
    unsigned alike = 0;
    struct moved moved;

    if (old == MT_HIGHATOMIC) {
        buddy_list_move(fr, z, pfn, mt);
        return;
    }
    if (order >= PAGEBLOCK_ORDER) {
        for (pfn_t at = pfn; at < pfn + (1u << order); at += PAGEBLOCK_PAGES)
            pageblock_set_mt(fr, at, mt);
        buddy_list_move(fr, z, pfn, mt);
        return;
    }
    /* Linux boosts whoever asks, but nearly every request of its may wake kswapd. Here a caller
     * that never does is one that does not know of boosts, and would never take them back. */
    if (alloc_flags & ALLOC_KSWAPD && zone_boost_watermark(fr, z))
        fr->boosted |= BIT_ULL(z->nid);
    if (claim)
        moved = pageblock_move_free(fr, z, pfn, mt);
    if (!claim || !moved.free) {
        buddy_list_move(fr, z, pfn, mt);
        return;
    }
    /* Pages in use cannot be told apart but for those on LRU lists: what is neither free nor on
     * one is taken for unmovable or reclaimable. */
    if (mt == MT_MOVABLE)
        alike = moved.movable;
    else if (old == MT_MOVABLE)
        alike = PAGEBLOCK_PAGES - (moved.free + moved.movable);
    if (moved.free + alike >= PAGEBLOCK_PAGES / 2)
        pageblock_set_mt(fr, pfn, mt);
}

bool pageblock_fallback(struct frames *fr, struct zone *z, unsigned order, unsigned mt,
                        u32 alloc_flags)
{
    unsigned lowest = order;
    unsigned at, other = NR_MIGRATETYPES;
    bool claim = false;

    assert(mt < NR_PCP_MIGRATETYPES);
    if (alloc_flags & ALLOC_NOFRAGMENT)
        lowest = MAX(order, PAGEBLOCK_ORDER);
    for (at = ORDER_MAX; at-- > lowest;) {
        other = choose_fallback(z, at, mt);
        if (other != NR_MIGRATETYPES)
            break;
    }
    if (other == NR_MIGRATETYPES)
        return false;
    claim = may_claim_pageblock(at, mt);
    if (!claim && at > order) { /* a movable taker: rather the smallest that serves */
        for (at = order;; at++) {
            other = choose_fallback(z, at, mt);
            if (other != NR_MIGRATETYPES)
                break;
        }
        claim = may_claim_pageblock(at, mt);
    }
    steal_block(fr, z, buddy_list_first(fr, z, at, other), mt, claim, alloc_flags);
    return true;
}

void pageblock_reserve_highatomic(struct frames *fr, struct zone *z, pfn_t pfn)
{
    u64 max = z->managed / 100 + PAGEBLOCK_PAGES; /* 1 % of the zone, but one block at least */

    if (z->nr_reserved_highatomic >= max || frames_pageblock_mt(fr, pfn) >= NR_PCP_MIGRATETYPES)
        return;
    z->nr_reserved_highatomic += PAGEBLOCK_PAGES;
    pageblock_set_mt(fr, pfn, MT_HIGHATOMIC);
    pageblock_move_free(fr, z, pfn, MT_HIGHATOMIC);
}

bool frames_unreserve_highatomic(struct frames *fr, struct alloc_nodes nodes, enum migratetype mt,
                                 bool force)
{
    enum zone_type highest = mt == MT_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;

    for (struct zone **next = fr->nodes[nodes.nid].zonelist[highest]; *next; next++) {
        struct zone *z = *next;

        if (!(nodes.mask >> z->nid & 1))
            continue;
        if (!force && z->nr_reserved_highatomic <= PAGEBLOCK_PAGES)
            continue;
        for (unsigned order = 0; order < ORDER_MAX; order++) {
            pfn_t pfn = buddy_list_first(fr, z, order, MT_HIGHATOMIC);

            if (pfn == PFN_NONE)
                continue;
            if (frames_pageblock_mt(fr, pfn) == MT_HIGHATOMIC)
                z->nr_reserved_highatomic -= MIN(z->nr_reserved_highatomic, PAGEBLOCK_PAGES);
            pageblock_set_mt(fr, pfn, mt);
            if (pageblock_move_free(fr, z, pfn, mt).free)
                return true;
        }
    }
    return false;
}
