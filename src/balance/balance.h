/* balance.h - all policy that waits: getting a frame, charging it, kswapd, dirty throttling, OOM.
 *
 * Mirrors: mm/page_alloc.c (slow path), mm/memcontrol.c (try_charge_memcg), mm/vmscan.c (try_to_free_pages, balance_pgdat),
 *          mm/oom_kill.c, mm/page-writeback.c, Linux 6.1.
 * Waiting: a function that cannot go on returns BALANCE_WAIT with *ret_wait set; the caller gives that up to the scheduler and
 *          calls again after it. `struct attempt` lives in the task and keeps what must survive: the retries left.
 */
#ifndef BALANCE_BALANCE_H
#define BALANCE_BALANCE_H

#include "reclaim/mem.h"
#include "reclaim/vmscan.h"

enum balance_result {
    BALANCE_OK,
    BALANCE_WAIT,
    BALANCE_OOM, /* a victim must be chosen: attempt->oom_group says where (NULL: the machine) */
    BALANCE_FAIL /* the allocation may fail and did (readahead) */
};

/* Reclaim that sleeps for a request of a swap device. */
struct paused_reclaim {
    u32 target; /* 1 + id of the group whose limit it is for, 1 for the machine; 0: none is paused */
    struct reclaim_state state; /* where it goes on */
};

struct attempt {  /* one allocation with all its retries; zeroed when it succeeds */
    u8 retries;   /* reclaim attempts without progress */
    bool drained; /* the stocks were drained already */
    bool noretry; /* may fail: one reclaim, then BALANCE_FAIL (readahead: __GFP_NORETRY) */
    bool resumed; /* the fault goes on after a wait inside it: not counted again */
    bool dying;   /* the task was killed: may use reserves and exceed limits */
    struct group *oom_group;
    u64 reclaim_calls;
    struct paused_reclaim paused;
};

/* 2^order frames, from the zones' watermarks: wakes kswapd when low, reclaims directly when min. alloc_flags:
 * ALLOC_MOVABLE, ALLOC_RECLAIMABLE, or unmovable. */
enum balance_result balance_alloc(struct mem *mem, struct attempt *at, unsigned order,
                                  u32 alloc_flags, pfn_t *ret_pfn, struct wait *ret_wait);
/* Frames for what reclaim itself needs, a compressed copy of what it evicts: it never waits nor reclaims, and may take the last one
 * (PF_MEMALLOC). */
void balance_frame_source(struct mem *mem, struct frame_source *ret);
/* Charge it to g. */
enum balance_result balance_charge(struct mem *mem, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait);
/* Both, for a user or page-cache page of 2^order frames: frame.memcg of the first is set. */
enum balance_result balance_get_page(struct mem *mem, struct attempt *at, struct group *g,
                                     unsigned order, pfn_t *ret_pfn, struct wait *ret_wait);
/* A node's kswapd: one round of balance_pgdat. False when it may sleep. *ret_wait set when it should pause. */
bool kswapd_step(struct mem *mem, struct pgdat *pgdat, struct wait *ret_wait);
void kswapd_wake(struct mem *mem, struct pgdat *pgdat, unsigned order, enum zone_type highest);
/* It gave up: a run after another freed nothing (all_unreclaimable). */
bool kswapd_is_hopeless(const struct pgdat *pgdat);
/* memory.high: pages over it are reclaimed on return to user mode; a pause is asked for when that is not enough. */
bool balance_over_high(struct mem *mem, struct attempt *at, struct group *g, u32 nr_pages,
                       struct wait *ret_wait);

/* Reclaim nr pages from g and below at somebody's request: memory.reclaim, a lowered limit. Returns how many went. */
u64 balance_reclaim_group(struct mem *mem, struct group *g, u64 nr);
/* It got nowhere: is there a write below g whose completion will change that? Then *ret_wait says when. */
bool balance_reclaim_must_wait(struct mem *mem, struct group *g, struct wait *ret_wait);

/* zswap's worker: one page of the pool goes to the devices.   pre: there is a zswap */
void zswap_shrink_step(struct mem *mem);

/* --- overcommit.c -------------------------------------------------------------------------------------------- */
/* May `pages` more be promised to this address space (NULL: nobody's)? admin: of a process with CAP_SYS_ADMIN. */
bool overcommit_allows(const struct mem *mem, const struct mm *mm, u64 pages, bool admin);
/* vm.overcommit_memory is 2: MAP_NORESERVE has no effect. */
bool overcommit_strict(const struct mem *mem);
/* CommitLimit and Committed_AS, in pages. */
u64 overcommit_limit(const struct mem *mem);
u64 overcommit_committed(const struct mem *mem);

/* --- dirty pages: flusher.c, throttle.c; the control law is dirty.h ------------------------------------------------- */
/* When a flusher runs next, NS_NEVER when all sleep; and let it run.   pre: it is due */
ns_t flusher_due(struct mem *mem);
void flusher_step(struct mem *mem);
/* Every flusher with something to write does so (wakeup_flusher_threads). */
void flushers_start_all(struct mem *mem);
/* The same at once for what groups from top on down have dirtied, as far as the devices' queues take it. */
void flusher_write_group(struct mem *mem, const struct group *top);
/* Thresholds of the machine in pages: background writeback starts, writers stop. */
void dirty_limits(const struct mem *mem, u64 *ret_background, u64 *ret_dirty);
/* The machine was made, or a vm.dirty_* was changed. */
void writeback_set_ratelimit(struct mem *mem);

struct
    dirtier { /* one task as a writer (task_struct: nr_dirtied, nr_dirtied_pause, dirty_paused_when) */
    struct bdi *
        bdi; /* it dirtied a page there, and has not looked at the thresholds since; NULL: nothing to look at */
    u64 nr_dirtied;       /* pages since its last pause */
    u64 nr_dirtied_pause; /* pages at which it looks at the thresholds */
    u64 paused_when;      /* end of the last pause, in jiffies; 0: never */
};
void dirtier_init(struct dirtier *d);
/* The task ends: who dirties pages on this CPU answers for what it did not. */
void dirtier_exit(struct mem *mem, struct dirtier *d);
/* The task that is running dirtied a clean page of a file there. */
static inline void dirtier_add(struct mem *mem, struct dirtier *d, struct bdi *bdi)
{
    d->bdi = bdi;
    d->nr_dirtied++;
    mem->dirty_cpus[mem->cpu].dirtied++;
}
/* Must the writer, a task of g, pause?   pre: d->bdi    post: a pause, or d->bdi is NULL; both when one pause is enough */
bool balance_dirty_pages(struct mem *mem, struct dirtier *d, struct group *g,
                         struct wait *ret_wait);
/* Start writeback of dirty pages of [*from, last] of the inode. True when all is on its way; otherwise *from is where to go on at
 * *ret_until. `all`: also pages that were dirtied again while they are being written, as fsync needs. Waiting for what is on its way
 * is the caller's. */
bool writeback_range(struct mem *mem, struct inode *inode, u64 *from, u64 last, bool all,
                     ns_t *ret_until);

#endif
