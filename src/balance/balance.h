/* balance.h - policy that waits: getting a frame, charging it, reclaiming for it.
 *
 * Mirrors: mm/page_alloc.c (slow path), mm/memcontrol.c (try_charge_memcg), mm/vmscan.c
 *          (try_to_free_pages), Linux 6.1.
 * Waiting: a function that cannot go on returns BALANCE_WAIT with *ret_wait set; the caller gives
 *          that up to the scheduler and calls again after it. `struct attempt` lives in the task
 *          and keeps what must survive: the retries left.
 * Beside:  kswapd.h reclaims ahead of need, writeback.h writes dirty pages and slows writers,
 *          overcommit.h limits promises.
 */
#ifndef BALANCE_BALANCE_H
#define BALANCE_BALANCE_H

#include "balance/place.h"
#include "balance/purpose.h"
#include "compact/migrate.h"
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
    /* 1 + id of the group whose limit it is for, 1 for the machine; 0: none is paused */
    u32 target;
    struct reclaim_state state; /* where it goes on */
};

/* How far a large block has been tried to get: what should_compact_retry() goes by. */
struct compact_attempt {
    bool began; /* priority and retries are set */
    u8 priority, retries;
};

struct attempt {  /* one allocation with all its retries; zeroed when it succeeds */
    u8 retries;   /* reclaim attempts without progress */
    bool drained; /* the stocks were drained already */
    bool noretry; /* may fail: one reclaim, then BALANCE_FAIL (readahead: __GFP_NORETRY) */
    bool resumed; /* the fault goes on after a wait inside it: not counted again */
    bool small;   /* no huge page was to be had for the fault, which goes on with small ones */
    bool far;     /* no huge page was to be had on the node that comes first: others are tried */
    bool dying;   /* the task was killed: may use reserves and exceed limits */
    bool placed;  /* `place` is where, by the policy of a mapping; else the task's policy says */
    struct alloc_place place;
    u8 purpose; /* enum purpose: what the allocation is for */
    /* Of the allocation or charge that found no memory: */
    u8 oom_order;
    bool oom_interleaved; /* over the nodes, by a policy */
    u64 oom_nodes;        /* the nodes it was bound to, NODES_ALL for none */
    struct group *oom_group;
    u64 reclaim_calls;
    struct paused_reclaim paused;
    struct compact_attempt compact;
};

/* 2^order frames, from the zones' watermarks: wakes kswapd when low, reclaims directly when min,
 * compacts for more than one frame. alloc_flags: ALLOC_MOVABLE, ALLOC_RECLAIMABLE, or unmovable;
 * how hard it may try (ALLOC_ATOMIC, ALLOC_NORETRY, ...). BALANCE_FAIL: an allocation that may not
 * wait, may fail (ALLOC_NORETRY, attempt.noretry), or of more than 2^PAGE_ALLOC_COSTLY_ORDER
 * frames. */
enum balance_result balance_alloc(struct mem *mem, struct attempt *at, unsigned order,
                                  u32 alloc_flags, pfn_t *ret_pfn, struct wait *ret_wait);
/* Frames for what reclaim itself needs, a compressed copy of what it evicts: it never waits nor
 * reclaims, and may take the last one (PF_MEMALLOC). */
void balance_frame_source(struct mem *mem, struct frame_source *ret);
/* Charge it to g. */
enum balance_result balance_charge(struct mem *mem, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait);
/* What a task whose charge ended in its own kill still does: it reclaims as often again, without
 * progress, before it looks whether it dies (passed_oom). Nothing is charged: the task dies,
 * whatever was freed. */
void balance_charge_dying(struct mem *mem, struct attempt *at, struct group *over, u32 nr);
/* Charge the 2^order frames of pfn, a user or page-cache page, whose frame.memcg is set; without
 * room they are free again. */
enum balance_result balance_charge_page(struct mem *mem, struct attempt *at, struct group *g,
                                        unsigned order, pfn_t pfn, struct wait *ret_wait);
/* Both, for a user or page-cache page of 2^order frames: frame.memcg of the first is set. */
enum balance_result balance_get_page(struct mem *mem, struct attempt *at, struct group *g,
                                     unsigned order, pfn_t *ret_pfn, struct wait *ret_wait);
/* How hard an allocation that may fail tries (__GFP_KSWAPD_RECLAIM, __GFP_DIRECT_RECLAIM,
 * __GFP_NORETRY). 0: it takes what is free. */
enum effort { EFFORT_KSWAPD = 1, EFFORT_DIRECT = 2, EFFORT_NORETRY = 4 };
/* A folio of 2^order movable pages, charged. BALANCE_FAIL when there is none, or with
 * *ret_no_charge when a limit is in the way; never BALANCE_OOM.   pre: order above
 * PAGE_ALLOC_COSTLY_ORDER (3) */
enum balance_result balance_try_folio(struct mem *mem, struct attempt *at, struct group *g,
                                      unsigned order, u32 effort, pfn_t *ret_pfn,
                                      bool *ret_no_charge, struct wait *ret_wait);
/* The same of the kernel's own memory, which nobody pays; PFN_NONE when there is none. */
pfn_t balance_try_kernel_folio(struct mem *mem, unsigned order);
/* Move the folio of pfn (as for migrate_folio_to()) to another frame of that place, with reclaim
 * and compaction there: move_pages, migrate_pages, mbind with MPOL_MF_MOVE. It is copied even where
 * it lies there already. BALANCE_OK: *ret_err says what came of it, as of migrate_folio_to().
 * BALANCE_WAIT: the page is where it was, if it still is; look it up and call again. Nothing else.
 * pre: the batches of all CPUs are drained */
enum balance_result balance_migrate(struct mem *mem, struct attempt *at, pfn_t pfn,
                                    const struct alloc_place *place, enum migrate_reason reason,
                                    int *ret_err, struct wait *ret_wait);
/* The same, out of ZONE_MOVABLE to any node, before it is pinned for long. BALANCE_OOM: no zone
 * below has a page for a single one. */
enum balance_result balance_migrate_unmovable(struct mem *mem, struct attempt *at, pfn_t pfn,
                                              int *ret_err, struct wait *ret_wait);
/* memory.high: pages over it are reclaimed on return to user mode; a pause is asked for when that
 * is not enough. */
bool balance_over_high(struct mem *mem, struct attempt *at, struct group *g, u32 nr_pages,
                       struct wait *ret_wait);

/* Reclaim nr pages from g and below at somebody's request: memory.reclaim, a lowered limit. Returns
 * how many went. */
u64 balance_reclaim_group(struct mem *mem, struct group *g, u64 nr);
/* The same by this swappiness, 0 to 200, in place of vm.swappiness; negative: by vm.swappiness. */
u64 balance_reclaim_group_by(struct mem *mem, struct group *g, u64 nr, int swappiness);
/* It got nowhere: is there a write below g whose completion will change that? Then *ret_wait says
 * when. */
bool balance_reclaim_must_wait(struct mem *mem, struct group *g, struct wait *ret_wait);

/* zswap's worker: one page of the pool goes to the devices.   pre: there is a zswap */
void zswap_shrink_step(struct mem *mem);

#endif
