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

static u64 direct_reclaim(struct mem *mem, struct attempt *at, u32 alloc_flags,
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

    return try_to_free(mem, at, &sc, ret_wait);
}

static bool take(struct mem *mem, u32 flags, enum migratetype mt, pfn_t *ret_pfn)
{
    *ret_pfn = frames_try_alloc(mem->frames, mem_nid(mem), 0, mt, flags, mem->cpu);
    return *ret_pfn != PFN_NONE;
}

enum balance_result balance_alloc(struct mem *mem, struct attempt *at, u32 alloc_flags,
                                  enum migratetype mt, pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum zone_type highest = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
    struct pgdat *node = mem_node(mem, mem_nid(mem));

    mem_cost(mem, mem->cost->page_alloc);
    alloc_flags = (alloc_flags & ~(u32)ALLOC_WMARK_MASK) | ALLOC_KSWAPD;
    if (take(mem, alloc_flags | ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT, mt, ret_pfn)) {
        if (unlikely(at->paused.target == 1))
            at->paused.target = 0;
        if (unlikely(mem->frames->boosted)) {
            mem->frames->boosted = 0;
            kswapd_wake(mem, node, 0, highest);
        }
        return BALANCE_OK;
    }
    kswapd_wake(mem, node, 0, highest);
    if (take(mem, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn))
        return BALANCE_OK;
    if (at->dying && take(mem, alloc_flags | ALLOC_NO_WATERMARKS, mt, ret_pfn))
        return BALANCE_OK;
    for (;;) {
        u64 freed = direct_reclaim(mem, at, alloc_flags, ret_wait);

        at->reclaim_calls++;
        if (reclaim_is_paused(at))
            return BALANCE_WAIT;
        if (take(mem, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn)) {
            at->retries = 0;
            return BALANCE_OK;
        }
        if (freed) {
            frames_unreserve_highatomic(mem->frames, mem_nid(mem), mt, false);
            frames_drain_pcp(mem->frames);
            if (take(mem, alloc_flags | ALLOC_WMARK_MIN, mt, ret_pfn)) {
                at->retries = 0;
                return BALANCE_OK;
            }
        }
        if (at->noretry)
            return BALANCE_FAIL;
        if (!freed && wait_for_writeback(mem, NULL, ret_wait))
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
    struct mem *mem = ctx;
    pfn_t pfn;

    mem_cost(mem, mem->cost->page_alloc);
    if (take(mem, ALLOC_WMARK_LOW | ALLOC_MOVABLE | ALLOC_KSWAPD | ALLOC_NOFRAGMENT, MT_MOVABLE,
             &pfn))
        return pfn;
    kswapd_wake(mem, mem_node(mem, mem_nid(mem)), 0, ZONE_MOVABLE);
    if (take(mem, ALLOC_WMARK_MIN | ALLOC_MOVABLE | ALLOC_KSWAPD, MT_MOVABLE, &pfn))
        return pfn;
    take(mem, ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, MT_MOVABLE, &pfn);
    return pfn;
}

static void give_in_reclaim(void *ctx, pfn_t pfn)
{
    struct mem *mem = ctx;

    frames_free(mem->frames, pfn, 0, mem->cpu);
    mem_cost(mem, mem->cost->page_free);
}

void balance_frame_source(struct mem *mem, struct frame_source *ret)
{
    *ret = (struct frame_source){.ctx = mem, .take = take_in_reclaim, .give = give_in_reclaim};
}

enum balance_result balance_get_page(struct mem *mem, struct attempt *at, struct group *g,
                                     pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum balance_result r = balance_alloc(mem, at, ALLOC_MOVABLE, MT_MOVABLE, ret_pfn, ret_wait);

    if (r != BALANCE_OK)
        return r;
    r = balance_charge(mem, at, g, 1, ret_wait);
    if (r == BALANCE_OK)
        frames_get(mem->frames, *ret_pfn)->memcg = g->id;
    else
        frames_free(mem->frames, *ret_pfn, 0, mem->cpu);
    return r;
}
