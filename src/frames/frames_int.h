/* frames_int.h - what the files of frames/ share: buddy lists, pageblocks, per-CPU lists. For this
 * room alone. */
#ifndef FRAMES_FRAMES_INT_H
#define FRAMES_FRAMES_INT_H

#include "frames/frames.h"

/* ---- buddy.c: blocks of one zone ---- */

/* Add free pages to (or with a negative n, take them off) the zone's and the machine's
 * NR_FREE_PAGES. */
static inline void zone_account_free(struct frames *fr, struct zone *z, s64 n)
{
    z->free_pages += (u64)n;
    count(&z->counters, NR_FREE_PAGES, n);
    count(fr->counters, NR_FREE_PAGES, n);
}

/* Put a block on a free list as it is, without merging or accounting. */
void buddy_list_add(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order, unsigned mt,
                    bool to_tail);
/* Take the block that starts at pfn off whatever list it is on. */
void buddy_list_del(struct frames *fr, struct zone *z, pfn_t pfn);
/* Move a free block to the tail of the list of another migrate type. */
void buddy_list_move(struct frames *fr, struct zone *z, pfn_t pfn, unsigned mt);
/* First block of a free list, PFN_NONE when it is empty. */
pfn_t buddy_list_first(struct frames *fr, struct zone *z, unsigned order, unsigned mt);

static inline bool frame_is_buddy(const struct frame *f)
{
    return frame_is(f, FRAME_BUDDY);
}

static inline unsigned frame_order(const struct frame *f)
{
    return (f->flags & FRAME_ORDER_MASK) >> FRAME_ORDER_SHIFT;
}

static inline unsigned frame_mt(const struct frame *f)
{
    return (f->flags & FRAME_MT_MASK) >> FRAME_MT_SHIFT;
}

/* Merge the block with its free buddies and list the result. Accounts. */
void buddy_free_one(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order, unsigned mt);
/* The smallest block of this type that is large enough, split to size; PFN_NONE when there is
 * none. No accounting. */
pfn_t buddy_take_smallest(struct frames *fr, struct zone *z, unsigned order, unsigned mt);
/* As above, taking pageblocks from other types when need be. No accounting. */
pfn_t buddy_take(struct frames *fr, struct zone *z, unsigned order, unsigned mt, u32 alloc_flags);

/* ---- pageblock.c: migrate types of 2 MiB blocks, stealing, reserves ---- */

/* Make a block of another type available to mt; false when there is none. */
bool pageblock_fallback(struct frames *fr, struct zone *z, unsigned order, unsigned mt,
                        u32 alloc_flags);
/* After a high-order atomic allocation: keep its pageblock for more of them. */
void pageblock_reserve_highatomic(struct frames *fr, struct zone *z, pfn_t pfn);

/* ---- pcp.c ---- */

/* A block from the CPU's list, refilled from the buddy lists when empty. */
pfn_t pcp_take(struct frames *fr, struct zone *z, unsigned order, unsigned mt, u32 alloc_flags,
               unsigned cpu);
/* Give at least n pages back (all that are there when n is larger), starting with list `index`. */
void pcp_give_back(struct frames *fr, struct zone *z, struct per_cpu_pages *pcp, u32 n,
                   unsigned index);
/* high and batch of the zone's per-CPU lists, from its size and low watermark. */
void pcp_setup(struct frames *fr, struct zone *z);

/* ---- watermark.c ---- */

/* zone_watermark_fast(): may this request be taken from the zone? */
bool zone_allows(const struct zone *z, unsigned order, enum zone_type highest, u32 alloc_flags);
/* min_free_kbytes as the kernel chooses it at boot, without regard to khugepaged. */
u64 min_free_kbytes_default(const struct frames *fr);
/* What khugepaged wants it to be at least, so that it finds free pageblocks. */
u64 min_free_kbytes_khugepaged(const struct frames *fr);

#endif
