/* alloc.c - a frame for somebody: the slow path around frames_try_alloc().
 *
 *   above low?            take it
 *   wake kswapd; above min?  take it
 *   reclaim 32 pages ourselves; above min?  take it
 *   no progress 16 times: out of memory
 *
 * Mirrors __alloc_pages_slowpath(), should_reclaim_retry() of mm/page_alloc.c, Linux 6.1. An order above 0 is tried like order 0: nothing
 * is compacted for it, and nobody asks for one yet. */
#include "balance/balance_int.h"
#include "balance/kswapd.h"
#include "reclaim/lru.h"

static u64 direct_reclaim(struct mem *mem, struct attempt *at, unsigned order, u32 alloc_flags,
                          struct wait *ret_wait)
{
    struct reclaim_request req = {
        .nodes = mem_nodes(mem),
        .nr_to_reclaim = SWAP_CLUSTER_MAX,
        .order = order,
        .reclaim_idx = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL,
        .may_writepage = true,
        .may_unmap = true,
        .may_swap = true,
    };

    return try_to_free(mem, at, &req, ret_wait);
}

static inline bool take(struct mem *mem, unsigned order, u32 flags, pfn_t *ret_pfn)
{
    *ret_pfn = frames_try_alloc(mem->frames, mem_nodes(mem), order, alloc_migratetype(flags), flags,
                                mem->cpu);
    return *ret_pfn != PFN_NONE;
}

static void wake_kswapds(struct mem *mem, unsigned order, u32 alloc_flags)
{
    kswapd_wake_all(mem, mem_nodes(mem), order,
                    alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL);
}

static enum balance_result alloc_slowpath(struct mem *mem, struct attempt *at, unsigned order,
                                          u32 alloc_flags, pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum migratetype mt = alloc_migratetype(alloc_flags);

    wake_kswapds(mem, order, alloc_flags);
    if (take(mem, order, alloc_flags | ALLOC_WMARK_MIN, ret_pfn))
        return BALANCE_OK;
    if (at->dying && take(mem, order, alloc_flags | ALLOC_NO_WATERMARKS, ret_pfn))
        return BALANCE_OK;
    for (;;) {
        u64 freed = direct_reclaim(mem, at, order, alloc_flags, ret_wait);

        at->reclaim_calls++;
        if (reclaim_is_paused(at))
            return BALANCE_WAIT;
        if (take(mem, order, alloc_flags | ALLOC_WMARK_MIN, ret_pfn)) {
            at->retries = 0;
            return BALANCE_OK;
        }
        if (freed) {
            frames_unreserve_highatomic(mem->frames, mem_nodes(mem), mt, false);
            frames_drain_pcp(mem->frames);
            if (take(mem, order, alloc_flags | ALLOC_WMARK_MIN, ret_pfn)) {
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

enum balance_result balance_alloc(struct mem *mem, struct attempt *at, unsigned order,
                                  u32 alloc_flags, pfn_t *ret_pfn, struct wait *ret_wait)
{
    mem_cost(mem, mem->cost->page_alloc);
    alloc_flags = (alloc_flags & ~(u32)ALLOC_WMARK_MASK) | ALLOC_KSWAPD;
    if (unlikely(!take(mem, order, alloc_flags | ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT, ret_pfn)))
        return alloc_slowpath(mem, at, order, alloc_flags, ret_pfn, ret_wait);
    if (unlikely(at->paused.target == 1))
        at->paused.target = 0;
    if (unlikely(mem->frames->boosted))
        kswapd_wake_boosted(mem, order, alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL);
    return BALANCE_OK;
}

static pfn_t take_in_reclaim(void *ctx)
{
    struct mem *mem = ctx;
    pfn_t pfn;

    mem_cost(mem, mem->cost->page_alloc);
    if (take(mem, 0, ALLOC_WMARK_LOW | ALLOC_MOVABLE | ALLOC_KSWAPD | ALLOC_NOFRAGMENT, &pfn))
        return pfn;
    wake_kswapds(mem, 0, ALLOC_MOVABLE);
    if (take(mem, 0, ALLOC_WMARK_MIN | ALLOC_MOVABLE | ALLOC_KSWAPD, &pfn))
        return pfn;
    take(mem, 0, ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, &pfn);
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
                                     unsigned order, pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum balance_result r = balance_alloc(mem, at, order, ALLOC_MOVABLE, ret_pfn, ret_wait);

    if (r != BALANCE_OK)
        return r;
    r = balance_charge(mem, at, g, 1u << order, ret_wait);
    if (r == BALANCE_OK)
        frames_get(mem->frames, *ret_pfn)->memcg = g->id;
    else
        frames_free(mem->frames, *ret_pfn, order, mem->cpu);
    return r;
}
