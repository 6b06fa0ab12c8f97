/* alloc.c - a frame for somebody: the slow path around frames_try_alloc().
 *
 *   above low?            take it
 *   wake kswapd; above min?  take it
 *   reclaim 32 pages ourselves; above min?  take it
 *   no progress 16 times: out of memory
 *
 * Mirrors __alloc_pages_slowpath(), should_reclaim_retry() of mm/page_alloc.c, Linux 6.1, for order 0. */
#include "balance/balance_int.h"
#include "reclaim/lru.h"

static u64 direct_reclaim(struct pgdat *pg, struct attempt *at, u32 alloc_flags,
                          struct wait *ret_wait)
{
    struct scan_control sc = {
        .nr_to_reclaim = SWAP_CLUSTER_MAX,
        .priority = DEF_PRIORITY,
        .reclaim_idx = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL,
        .may_writepage = true,
        .may_unmap = true,
        .may_swap = true,
    };

    return try_to_free(pg, at, &sc, ret_wait);
}

static bool take(struct pgdat *pg, u32 flags, enum migratetype mt, pfn_t *ret_pfn)
{
    *ret_pfn = frames_try_alloc(pg->frames, 0, mt, flags, pg->cpu);
    return *ret_pfn != PFN_NONE;
}

enum balance_result balance_alloc(struct pgdat *pg, struct attempt *at, u32 alloc_flags,
                                  enum migratetype mt, pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum zone_type highest = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;

    pgdat_cost(pg, pg->cost->page_alloc);
    alloc_flags = (alloc_flags & ~(u32)ALLOC_WMARK_MASK) | ALLOC_KSWAPD;
    if (take(pg, alloc_flags | ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT, mt, ret_pfn)) {
        if (unlikely(at->paused.target == 1))
            at->paused.target = 0;
        if (unlikely(pg->frames->boosted)) {
            pg->frames->boosted = 0;
            kswapd_wake(pg, 0, highest);
        }
        return BALANCE_OK;
    }
    kswapd_wake(pg, 0, highest);
    if (take(pg, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn))
        return BALANCE_OK;
    if (at->dying && take(pg, alloc_flags | ALLOC_NO_WATERMARKS, mt, ret_pfn))
        return BALANCE_OK;
    for (;;) {
        u64 freed = direct_reclaim(pg, at, alloc_flags, ret_wait);

        at->reclaim_calls++;
        if (reclaim_is_paused(at))
            return BALANCE_WAIT;
        if (take(pg, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn)) {
            at->retries = 0;
            return BALANCE_OK;
        }
        if (freed) {
            frames_unreserve_highatomic(pg->frames, mt, false);
            frames_drain_pcp(pg->frames);
            if (take(pg, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn)) {
                at->retries = 0;
                return BALANCE_OK;
            }
        }
        if (at->noretry)
            return BALANCE_FAIL;
        if (!freed && wait_for_writeback(pg, NULL, ret_wait))
            return BALANCE_WAIT;
        if (!freed && ++at->retries > MAX_RECLAIM_RETRIES) {
            at->retries = 0;
            at->oom_group = NULL;
            return BALANCE_OOM;
        }
    }
}

static pfn_t take_in_reclaim(void *ctx)
{
    struct pgdat *pg = ctx;
    pfn_t pfn;

    pgdat_cost(pg, pg->cost->page_alloc);
    if (take(pg, ALLOC_WMARK_LOW | ALLOC_MOVABLE | ALLOC_KSWAPD | ALLOC_NOFRAGMENT, MT_MOVABLE,
             &pfn))
        return pfn;
    kswapd_wake(pg, 0, ZONE_MOVABLE);
    if (take(pg, ALLOC_WMARK_MIN | ALLOC_MOVABLE | ALLOC_KSWAPD, MT_MOVABLE, &pfn))
        return pfn;
    take(pg, ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, MT_MOVABLE, &pfn);
    return pfn;
}

static void give_in_reclaim(void *ctx, pfn_t pfn)
{
    struct pgdat *pg = ctx;

    frames_free(pg->frames, pfn, 0, pg->cpu);
    pgdat_cost(pg, pg->cost->page_free);
}

void balance_frame_source(struct pgdat *pg, struct frame_source *ret)
{
    *ret = (struct frame_source){.ctx = pg, .take = take_in_reclaim, .give = give_in_reclaim};
}

enum balance_result balance_get_page(struct pgdat *pg, struct attempt *at, struct group *g,
                                     pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum balance_result r = balance_alloc(pg, at, ALLOC_MOVABLE, MT_MOVABLE, ret_pfn, ret_wait);

    if (r != BALANCE_OK)
        return r;
    r = balance_charge(pg, at, g, 1, ret_wait);
    if (r == BALANCE_OK)
        frames_get(pg->frames, *ret_pfn)->memcg = g->id;
    else
        frames_free(pg->frames, *ret_pfn, 0, pg->cpu);
    return r;
}
