/* balance.h - all policy that waits: getting a frame, charging it, kswapd, dirty throttling, OOM.
 *
 * Mirrors: mm/page_alloc.c (slow path), mm/memcontrol.c (try_charge_memcg), mm/vmscan.c (try_to_free_pages, balance_pgdat),
 *          mm/oom_kill.c, mm/page-writeback.c, Linux 6.1.
 * Waiting: a function that cannot go on returns BALANCE_WAIT with *ret_wait set; the caller gives that up to the scheduler and
 *          calls again after it. `struct attempt` lives in the task and keeps what must survive: the retries left.
 */
#ifndef BALANCE_BALANCE_H
#define BALANCE_BALANCE_H

#include "reclaim/pgdat.h"
#include "reclaim/vmscan.h"

enum balance_result {
    BALANCE_OK,
    BALANCE_WAIT,
    BALANCE_OOM, /* a victim must be chosen: attempt->oom_group says where (NULL: the machine) */
    BALANCE_FAIL /* the allocation may fail and did (readahead) */
};

struct attempt {  /* one allocation with all its retries; zeroed when it succeeds */
    u8 retries;   /* reclaim attempts without progress */
    bool drained; /* the stocks were drained already */
    bool noretry; /* may fail: one reclaim, then BALANCE_FAIL (readahead: __GFP_NORETRY) */
    bool resumed; /* the fault goes on after a wait inside it: not counted again */
    bool dying;   /* the task was killed: may use reserves and exceed limits */
    struct group *oom_group;
    u64 reclaim_calls;
};

/* One frame for a movable user page, from the zones' watermarks: wakes kswapd when low, reclaims directly when min. */
enum balance_result balance_alloc(struct pgdat *pg, struct attempt *at, u32 alloc_flags,
                                  enum migratetype mt, pfn_t *ret_pfn, struct wait *ret_wait);
/* Frames for what reclaim itself needs, a compressed copy of what it evicts: it never waits nor reclaims, and may take the last one
 * (PF_MEMALLOC). */
void balance_frame_source(struct pgdat *pg, struct frame_source *ret);
/* Charge it to g. */
enum balance_result balance_charge(struct pgdat *pg, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait);
/* Both, for one user or page-cache frame: frame.memcg is set. */
enum balance_result balance_get_page(struct pgdat *pg, struct attempt *at, struct group *g,
                                     pfn_t *ret_pfn, struct wait *ret_wait);
/* kswapd: one round of balance_pgdat. False when it may sleep. *ret_wait set when it should pause. */
bool kswapd_step(struct pgdat *pg, struct wait *ret_wait);
void kswapd_wake(struct pgdat *pg, unsigned order, enum zone_type highest);
/* memory.high: pages over it are reclaimed on return to user mode; a pause is asked for when that is not enough. */
bool balance_over_high(struct pgdat *pg, struct group *g, u32 nr_pages, struct wait *ret_wait);

/* Reclaim nr pages from g and below at somebody's request: memory.reclaim, a lowered limit. Returns how many went. */
u64 balance_reclaim_group(struct pgdat *pg, struct group *g, u64 nr);
/* It got nowhere: is there a write below g whose completion will change that? Then *ret_wait says when. */
bool balance_reclaim_must_wait(struct pgdat *pg, struct group *g, struct wait *ret_wait);

/* --- writeback.c --------------------------------------------------------------------------------------------- */
/* The flusher: write dirty pages that are old (dirty_expire) or too many (background). Returns the time of its next run. */
ns_t flusher_step(struct pgdat *pg);
/* Write what is dirty in files of top and below, as far as the queue takes it. */
void flusher_write_group(struct pgdat *pg, const struct group *top);
/* Thresholds in pages: background writeback starts, writers wait. */
void dirty_limits(const struct pgdat *pg, u64 *ret_background, u64 *ret_dirty);
/* After dirtying pages of group g: must the writer pause? */
bool balance_dirty_pages(struct pgdat *pg, struct group *g, struct wait *ret_wait);
/* Start writeback of [from, to] of the inode; returns when the last page will be done (now when nothing to do). */
ns_t writeback_range(struct pgdat *pg, struct inode *inode, u64 from, u64 to);

#endif
