/* balance_int.h - between the files of balance/. */
#ifndef BALANCE_BALANCE_INT_H
#define BALANCE_BALANCE_INT_H

#include "balance/balance.h"
#include "frames/fragmentation.h"

#define MAX_RECLAIM_RETRIES 16u

/* Scan with rising priority until req->nr_to_reclaim pages are free, a pause is due or nothing is
 * left to try. Returns the pages freed. Mirrors do_try_to_free_pages().
 *
 * Where Linux sleeps for a request of a swap device, at->paused keeps where it was and *ret_wait
 * says until when: wait, and call again with the same target. (at NULL or at->noretry: it gives up
 * instead, ret_wait is not used.) */
u64 try_to_free(struct mem *mem, struct attempt *at, const struct reclaim_request *req,
                struct wait *ret_wait);
static inline bool reclaim_is_paused(const struct attempt *at)
{
    return at->paused.target != 0;
}
/* On behalf of a group's limit: try_to_free_mem_cgroup_pages(). */
u64 try_to_free_group(struct mem *mem, struct attempt *at, struct group *target, u64 nr,
                      struct wait *ret_wait);
/* Charge nr pages of a costly order: gives up where a single page would go on trying, and never
 * asks for a kill. */
enum balance_result charge_costly(struct mem *mem, struct attempt *at, struct group *g, u32 nr,
                                  u32 effort, struct wait *ret_wait);
/* The group whose reclaim is paused, if it is g or above it; NULL: none is, or not any more. */
struct group *paused_target(struct attempt *at, struct group *g);
/* The pause for nr_pages charged by a group that is `overage` (20 bits of fraction) over its
 * memory.high. */
u64 high_delay_jiffies(u64 overage, u64 nr_pages, u32 batch);
/* Reclaim made no progress: is there I/O under `target` (NULL: anywhere) whose completion will
 * change that? Starts the flusher when dirty pages are in the way. True: wait as *ret_wait says. */
bool wait_for_writeback(struct mem *mem, struct group *target, struct wait *ret_wait);

/* --- compaction.c ----------------------------------------------------------------------------- */
/* How hard direct compaction tries: less first. */
enum compact_priority {
    COMPACT_PRIO_SYNC_FULL, /* everything, whatever was in vain before */
    COMPACT_PRIO_SYNC_LIGHT,
    COMPACT_PRIO_ASYNC, /* where it is cheap */
};

/* Compact the zones that the allocation may use (try_to_compact_pages), then take the block. True:
 * *ret_pfn is it. */
bool direct_compact(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 alloc_flags,
                    enum compact_priority priority, enum compact_result *ret_result,
                    pfn_t *ret_pfn);
/* After such an attempt in vain, with reclaim that did free pages: again, perhaps harder?
 * (should_compact_retry) */
bool should_compact_retry(struct mem *mem, struct alloc_nodes nodes, struct compact_attempt *ca,
                          unsigned order, u32 alloc_flags, enum compact_result result);

/* --- node_reclaim.c --------------------------------------------------------------------------- */
/* Before an allocation on these nodes is served: reclaim near nodes that are short, as
 * vm.zone_reclaim_mode says. pre: the mode is not 0, and some node of the mask has memory */
void node_reclaim(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 flags);

/* --- alloc.c ---------------------------------------------------------------------------------- */
/* Pages of the zone that reclaim can take, anonymous ones if there is swap. */
u64 zone_reclaimable_pages(const struct mem *mem, const struct zone *z);
/* Take it as far as the watermark in the flags allows. */
bool alloc_take(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 flags,
                pfn_t *ret_pfn);
static inline enum zone_type alloc_highest_zone(u32 alloc_flags)
{
    return alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
}

#endif
