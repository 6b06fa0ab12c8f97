/* frame.h - the descriptor of one page frame: 32 bytes, one per 4 KiB of the machine's RAM.
 *
 * Mirrors:  include/linux/mm_types.h (struct page), include/linux/page-flags.h, Linux 6.1.
 * Differs:  no reference count. A frame is in use while it is mapped, in the page cache, in the
 *           swap cache, a page table or kernel memory; PG_LOCKED keeps it while its I/O is in
 *           flight.
 *
 * Who owns which field; a field has one meaning at a time:
 *
 *   state of the frame        next/prev  mapping      index           mapcount   private
 *   free (buddy, per-CPU)     free list  -            -               -          -
 *   head of a folio           as a file or anonymous page of order 0           (2)        as one of
 *                             order 0
 *   tail of a folio           (3)        pfn of head  (3)             ptes       (3)
 *   head of a huge page (4)   its pool   inode id     page in file    (2)        groups that pay
 *   file page, page cache     LRU list   inode id     page in file    ptes       (5)
 *   anonymous                 LRU list   anon_vma id  vpn (40 bits)   ptes       swap entry (1)
 *   page table                -          mm id        base vpn >> 9   used ptes  table number
 *   slab: its first frame     partial    cache        place (slab/)   -          objects in use
 *   other kernel memory       -          -            -               -          -
 *
 *   (1) while PG_SWAPCACHE is set
 *   (2) entries of any size that map any part of it
 *   (3) folio.h
 *   (4) PG_HUGETLB: of a pool (hugetlb/); on the list of those free, or of those in use
 *   (5) how often it was used (backing/file_use.h)
 */
#ifndef FRAMES_FRAME_H
#define FRAMES_FRAME_H

#include <assert.h>
#include <stdbool.h>

#include "base/types.h"

#define PAGE_SHIFT 12u
#define PAGE_SIZE  4096u

typedef u32 pfn_t;
#define PFN_NONE ((pfn_t)0) /* frame 0 is never handed out, as on a PC */

#define FRAME_ZONE_MASK   0x3u
#define FRAME_MT_SHIFT    2u
#define FRAME_MT_MASK     (0x3u << FRAME_MT_SHIFT)
#define FRAME_GEN_SHIFT   3u
#define FRAME_GEN_MASK    (0x7u << FRAME_GEN_SHIFT)
#define FRAME_USES_SHIFT  6u
#define FRAME_USES_MASK   (0x3u << FRAME_USES_SHIFT)
#define FRAME_ORDER_SHIFT 4u
#define FRAME_ORDER_MASK  (0xfu << FRAME_ORDER_SHIFT)

enum page_flag {
    PG_PRIVATE = 1u << 2,      /* has buffer heads (while free, the bit is the migrate type's) */
    PG_LOCKED = 1u << 8,       /* I/O that fills it is in flight */
    PG_UPTODATE = 1u << 9,     /* its bytes are valid */
    PG_DIRTY = 1u << 10,       /* differs from its backing store */
    PG_WRITEBACK = 1u << 11,   /* being written to its backing store */
    PG_LRU = 1u << 12,         /* on a list of its lruvec */
    PG_ACTIVE = 1u << 13,      /* on (or bound for) an active list */
    PG_REFERENCED = 1u << 14,  /* accessed once since it was last looked at */
    PG_WORKINGSET = 1u << 15,  /* was active when it was last deactivated or evicted */
    PG_SWAPCACHE = 1u << 16,   /* private holds its swap entry */
    PG_SWAPBACKED = 1u << 17,  /* anonymous (not MADV_FREE) or shmem */
    PG_RECLAIM = 1u << 18,     /* rotate to the tail when its writeback ends */
    PG_UNEVICTABLE = 1u << 19, /* on (or bound for) the unevictable list */
    PG_MLOCKED = 1u << 20,     /* a VM_LOCKED vma maps it */
    PG_READAHEAD = 1u << 21,   /* reaching it starts the next readahead */
    PG_ANON = 1u << 22,        /* mapping is an anon_vma */
    PG_HEAD = 1u << 26,        /* first page of a folio of more than one */
    PG_ERROR = 1u << 27,       /* its last I/O failed */
    PG_BATCHED = 1u << 28,     /* in a per-CPU LRU batch, not yet on a list */
    PG_EXCLUSIVE = 1u << 29,   /* PageAnonExclusive: mapped by one process only, reuse on write */
    PG_PAGECACHE = 1u << 30,   /* in the page cache of inode `mapping` */
};
/* The head of a huge page of a pool (hugetlb/), in use or not. No constant of an enum: it does not
 * fit into an int. */
#define PG_HUGETLB (1u << 31)

/* What a frame is: one of these at a time. Of those with the lowest bit none may be given to
 * frames_free(). */
#define FRAME_KIND_SHIFT 23u
#define FRAME_KIND_MASK  (0x7u << FRAME_KIND_SHIFT)
#define FRAME_BUSY_KIND  (1u << FRAME_KIND_SHIFT)
enum frame_kind {
    FRAME_PAGE = 0u << FRAME_KIND_SHIFT,   /* of a user or a file, or inside a free block */
    FRAME_BUDDY = 1u << FRAME_KIND_SHIFT,  /* first frame of a free block in the buddy lists */
    FRAME_TABLE = 2u << FRAME_KIND_SHIFT,  /* a page table */
    FRAME_PCP = 3u << FRAME_KIND_SHIFT,    /* free, on a per-CPU list */
    FRAME_KERNEL = 4u << FRAME_KIND_SHIFT, /* other kernel memory */
    FRAME_TAIL = 5u << FRAME_KIND_SHIFT,   /* of a folio, where a head stands before it */
    FRAME_SLAB = 6u << FRAME_KIND_SHIFT,   /* of a slab */
    /* Free, taken off the lists by compaction as a place to move pages to. */
    FRAME_ISOLATED = 7u << FRAME_KIND_SHIFT,
};

/* Of the first frame of a slab, whose order stands where that of a free block does. */
#define SLAB_HEAD (1u << FRAME_MT_SHIFT)

struct frame {
    u32 flags;      /* enum page_flag, enum frame_kind and the fields above */
    u32 next, prev; /* pfn links; PFN_NONE ends a list */
    u32 mapping;
    u32 index;
    u32 mapcount; /* page-table entries that map it */
    u32 private;
    u16 memcg;    /* id of the group it is charged to, 0 none */
    u16 index_hi; /* bits 32..47 of index */
};
_Static_assert(sizeof(struct frame) == 32, "a frame descriptor is at most 32 bytes");

static inline bool frame_test(const struct frame *f, u32 flags)
{
    return (f->flags & flags) != 0;
}

static inline void frame_set(struct frame *f, u32 flags)
{
    f->flags |= flags;
}

static inline void frame_clear(struct frame *f, u32 flags)
{
    f->flags &= ~flags;
}

/* Clear flags; true if any of them was set. */
static inline bool frame_test_clear(struct frame *f, u32 flags)
{
    bool was = (f->flags & flags) != 0;
    f->flags &= ~flags;
    return was;
}

static inline enum frame_kind frame_kind(const struct frame *f)
{
    return (enum frame_kind)(f->flags & FRAME_KIND_MASK);
}

static inline bool frame_is(const struct frame *f, enum frame_kind kind)
{
    return frame_kind(f) == kind;
}

static inline void frame_set_kind(struct frame *f, enum frame_kind kind)
{
    f->flags = (f->flags & ~FRAME_KIND_MASK) | (u32)kind;
}

/* In the buddy lists or on a per-CPU list, as the first frame of its block. */
static inline bool frame_is_free(const struct frame *f)
{
    return (f->flags & (FRAME_BUSY_KIND | FRAME_KERNEL)) == FRAME_BUSY_KIND;
}

static inline unsigned frame_zone(const struct frame *f)
{
    return f->flags & FRAME_ZONE_MASK;
}

/* The unit of lists, charges and I/O is a folio: 2^order pages, kept by the descriptor of the first
 * one. The second one's says the order, and lies in the same line of the host's cache.   pre: not a
 * tail */
#define FOLIO_ORDER_MASK 0xfu
static inline unsigned folio_order(const struct frame *f)
{
    return unlikely(frame_test(f, PG_HEAD)) ? f[1].index_hi & FOLIO_ORDER_MASK : 0;
}

/* Pages of the folio that it is the head of. */
static inline s64 frame_nr_pages(const struct frame *f)
{
    return (s64)1 << folio_order(f);
}

static inline u64 frame_index(const struct frame *f)
{
    return (u64)f->index_hi << 32 | f->index;
}

static inline void frame_set_index(struct frame *f, u64 index)
{
    f->index = (u32)index;
    f->index_hi = (u16)(index >> 32);
}

/* On a file list of the LRU: page cache with a disk behind it, and MADV_FREE anonymous memory. */
static inline bool frame_is_file_lru(const struct frame *f)
{
    return !frame_test(f, PG_SWAPBACKED);
}

#endif
