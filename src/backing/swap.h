/* swap.h - swap areas, slots and the swap cache.
 *
 * Mirrors:    mm/swapfile.c, mm/swap_state.c, mm/swap_slots.c, mm/swap_cgroup.c, Linux 6.1 with
 *             CONFIG_THP_SWAP (clusters of 512 slots).
 * Differs:    freed slots go back at once, not in batches of 64 per CPU; a new scan place after 64
 *             MiB is drawn from a seeded generator of the machine; among areas of automatic
 *             priority the node of the device does not count.
 * Owns:       frame.private and PG_SWAPCACHE of pages in the swap cache.
 * Never:      allocates a frame, waits, or does I/O.
 * Counters:   nr_swapcached and nr_file_pages, machine-wide; swap_ra_hit.
 * Invariants: (swap_check) used slots and free slots add up, in the areas and over all; a frame in
 *             the cache names its slot; a slot is never handed out twice.
 *
 * A swap entry (swp_t) is area << 27 | slot; slot 0 of an area is its header. A slot lives like
 * this:
 *
 *     free --try_alloc--> reserved --swapcache_add--> cached --swap_dup--> cached, referenced
 *      ^                     |                                              |             ^
 *      |<--swap_slot_free----+                  page evicted: swapcache_del v             | swapped in:
 *      |<--------------- swap_put (last reference) ------------------- referenced --------+ swapcache_add
 */
#ifndef BACKING_SWAP_H
#define BACKING_SWAP_H

#include "backing/slotset.h"
#include "backing/zram.h"
#include "backing/zswap.h"
#include "base/prng.h"
#include "frames/frames.h"
#include "machine/device.h"
#include "space/space.h"

#define SWAP_AREAS_MAX    28u
#define SWAP_AREA_NUMBERS 32u  /* that fit an entry; the last is that of SWP_ERROR */
#define SWAPFILE_CLUSTER  512u /* HPAGE_PMD_NR */
#define SWAP_BATCH        64u  /* slots taken at once for one CPU */
#define SWAP_HAS_CACHE    BIT(31)

/* How one CPU walks through an area on a device without seeks. */
struct swap_cpu_cluster {
    u32 index;     /* cluster it fills, SWAP_CLUSTER_NONE */
    u32 next;      /* slot to try next in it */
    u32 scan_base; /* where it looks when no cluster is free */
};
#define SWAP_CLUSTER_NONE UINT32_MAX

struct swap_cluster {
    u32 next; /* in the list of free clusters */
    u16 used; /* slots that are not free */
    bool free;
};

struct swap_slot { /* all zero when free */
    u64 cache;     /* 0, pfn << 1, or shadow (low bit) */
    u32 count;     /* page-table references, and SWAP_HAS_CACHE */
    u16 memcg;     /* group charged */
};

struct swap_area {
    char name[64];
    bool file; /* "file" or "partition" in /proc/swaps */
    s32 priority;
    u32 nr_slots; /* usable: 1..nr_slots */
    u32 used;
    struct swap_slot *slots; /* slot 0 is the header */
    u32 lowest, highest;     /* no free slot lies outside; highest 0: none at all */
    struct slotset free;     /* slots */
    struct slotset idle; /* cached slots without references: may be taken when swap is half full */

    /* device without seeks: free clusters, first to last */
    struct swap_cluster *clusters;
    u32 nr_clusters, free_head, free_tail;
    struct swap_cpu_cluster *cpu_cluster; /* by CPU */
    /* rotational device */
    u32 hint;       /* next slot to try */
    u32 cluster_nr; /* slots still to be taken in a row */
    u16 *half_used; /* per half cluster, slots that are not free */
    struct slotset free_halves;

    u8 *leaf_entries; /* per 64 slots: entries of cache, as the kernel's tree has leaves for them */
    u32 *space_leaves; /* per 2^14 slots: leaves in use */

    struct device *device;
    struct zram *zram; /* what is behind the device, if that is it; NULL */
    int host_fd;       /* bytes=on: -1 or where the bytes go */
    u8 *bytes;         /* or memory, from the first write on */
    bool in_use;       /* SWP_USED: swapped on, or on its way off */
    bool enabled;      /* SWP_WRITEOK: new slots may be taken */
    void *unuser;      /* the task that turns it off; NULL: nobody */
    struct {           /* how far that has come (system/swapoff.c) */
        u32 phase, id;
        u64 at;
    } unuse;
};

struct swap_slots_cache { /* slots taken ahead for one CPU */
    u32 nr, next;
    swp_t slots[SWAP_BATCH];
};

struct swap {
    struct frames *frames;
    struct counters *counters;
    struct swap_area areas[SWAP_AREA_NUMBERS];
    u32 nr_areas;      /* numbers that were used so far; some may be free again */
    u64 total_pages;   /* total_swap_pages: of enabled areas */
    s64 nr_swap_pages; /* less than 0 while an area is turned off that others could not take over */
    u64 free_pages;    /* the same, 0 at least: what may be taken */
    u32 slots_cache_held; /* areas being turned off: no slots are taken ahead meanwhile */
    u64 nr_cached;        /* pages in the swap cache */
    /* about the tree nodes the kernel would have for the swap cache and its shadows */
    u64 xa_nodes;
    u32 page_cluster;    /* vm.page-cluster, 3 */
    bool vma_ra_enabled; /* swap/vma_ra_enabled, true */
    u32 nr_rotational;   /* areas with seeks: any turns swap_use_vma_readahead() off */
    s32 least_priority;
    u32 order[SWAP_AREAS_MAX]; /* areas with free slots, as they are tried next */
    u32 nr_order;
    unsigned nr_cpus;
    struct swap_slots_cache *slots_cache; /* by CPU */
    bool slots_cache_active;
    struct prng prng;
    u32 ra_prev_slot, ra_last_pages; /* cluster readahead */
    struct zswap *zswap;             /* before all areas; NULL: not built */

    /* The allocator wants the slot of an idle page of the swap cache (cached, no references, not
     * locked, not under writeback) because more than half of swap is used: take the page out of
     * the cache with swapcache_del(), mark it dirty (folio_free_swap) and uncharge the slot. True
     * when the page left the cache. NULL: the allocator leaves such slots alone. */
    bool (*free_idle)(void *ctx, pfn_t pfn);
    void *free_idle_ctx;
};

/* nr_cpus is taken from frames (0 counts as 1). */
void swap_init(struct swap *s, struct frames *frames, struct counters *counters);
void swap_done(struct swap *s);
/* Add an area of `bytes` (header included). priority < 0: below all others, as the kernel
 * numbers them (-2, -3, ...). 0, or -EINVAL, -ENOSPC with the reason. */
struct err;
int swap_on(struct swap *s, const char *name, u64 bytes, s32 priority, struct device *device,
            bool file, struct err *e);

/* Turn an area off: no new slots; its pages stop counting. Then the caller brings back what is in
 *   it, and ends or gives up. pre: enabled / end: no slot is used / abort: begun */
void swap_off_begin(struct swap *s, u32 area);
void swap_off_end(struct swap *s, u32 area);
void swap_off_abort(struct swap *s, u32 area);
/* The enabled area of this name; SWAP_AREAS_MAX: none. */
u32 swap_find(const struct swap *s, const char *name);

/* A free slot of the highest-priority area with room (round robin among equals: one batch, or
 * one slot when swap is nearly full, from each); SWP_NONE when full. It is reserved until
 * swapcache_add() or swap_slot_free().
 *   cost: O(1) amortised, however full */
swp_t swap_slot_try_alloc_cpu(struct swap *s, unsigned cpu);
/* The first of the 512 slots of a free cluster, all reserved; SWP_NONE: the area that is next has
 * none, or seeks. */
swp_t swap_cluster_try_alloc(struct swap *s);
/* Give a reserved slot back unused.  pre: not cached, no references */
void swap_slot_free(struct swap *s, swp_t e);

/* One more / one fewer page-table reference. put frees the slot when nothing refers to it and it
 * is not cached; true when the slot was freed (the caller uncharges group `*ret_memcg` if not
 * NULL and not 0). */
void swap_dup(struct swap *s, swp_t e);
bool swap_put(struct swap *s, swp_t e, u16 *ret_memcg);
u32 swap_count(const struct swap *s, swp_t e); /* references, without the cache's */

/* vm_swap_full: more than half of swap is used. */
static inline bool swap_is_full(const struct swap *s)
{
    return s->free_pages * 2 < s->total_pages;
}

/* Tell the host that the slot will be looked at soon. */
static inline void swap_prefetch(const struct swap *s, swp_t e)
{
    __builtin_prefetch(&s->areas[e >> 27].slots[e & ((1u << 27) - 1)], 1);
}

/* --- the swap cache (swap_cache.c) ------------------------------------------------------------ */
pfn_t swapcache_find(const struct swap *s, swp_t e);
u64 swapcache_entry(const struct swap *s, swp_t e);
/* Sets PG_SWAPCACHE and private; returns the shadow that was there, or 0. Counts NR_SWAPCACHED,
 * NR_FILE_PAGES (as Linux).
 *   pre: the slot is reserved, or referenced and not cached */
u64 swapcache_add(struct swap *s, swp_t e, pfn_t pfn);
/* Clears them; leaves shadow. When no page-table entry refers to the slot it is freed (true;
 * *ret_memcg as in swap_put) and the shadow with it.
 *   pre: not under writeback */
bool swapcache_del(struct swap *s, pfn_t pfn, u64 shadow, u16 *ret_memcg);
/* Another frame, in no cache, takes the place of a page that is not locked and not under
 * writeback. */
void swapcache_replace(struct swap *s, pfn_t from, pfn_t to);
void swap_set_memcg(struct swap *s, swp_t e, u16 memcg);
u16 swap_memcg(const struct swap *s, swp_t e);

static inline unsigned swp_area(swp_t e)
{
    return e >> 27;
}

static inline u32 swp_slot(swp_t e)
{
    return e & ((1u << 27) - 1);
}

static inline swp_t swp_make(unsigned area, u32 slot)
{
    return area << 27 | slot;
}

static inline struct swap_area *swap_area_of(struct swap *s, swp_t e)
{
    return &s->areas[swp_area(e)];
}

/* --- readahead (swap_readahead.c) ------------------------------------------------------------- */
/* Which policy swapin_readahead() follows: by address unless some area has seeks. */
static inline bool swap_use_vma_readahead(const struct swap *s)
{
    return s->vma_ra_enabled && s->nr_rotational == 0;
}

/* do_swap_page() reads just this page and bypasses the swap cache: device without a queue, one
 * reference. */
bool swap_is_synchronous(const struct swap *s, swp_t e);

/* swap_cluster_readahead: the slots to read, ascending, `e` among them; slots that are free or
 * cached are left out. 1 when off (page_cluster 0). hits: pages of earlier windows that were used
 * since the last call (4 before the first one).
 *   pre: max >= 1 << page_cluster */
unsigned swap_readahead_window(struct swap *s, swp_t e, unsigned hits, swp_t ret[], unsigned max);

/* swap_vma_readahead: the pages whose swapped entries are to be read. */
struct swap_vma_window {
    /* [start, end) in the vma and in the page table of the fault; vpn alone when off */
    vpn_t start, end;
    u32 win; /* pages it would have been without these bounds; 1: off */
};
/* *vma_ra is vma->swap_ra: address of the last fault, window and hits, 0 at first. */
struct swap_vma_window swap_vma_readahead_window(const struct swap *s, u64 *vma_ra, vpn_t vpn,
                                                 vpn_t vma_start, vpn_t vma_end);
/* A fault found its page in the swap cache (swap_cache_get_folio): counts SWAP_RA_HIT and notes
 * it in *vma_ra (NULL: no vma) when readahead goes by address. `readahead`: the page had
 * PG_READAHEAD, which the caller has cleared. True: the caller adds one to the hits for
 * swap_readahead_window(). */
bool swap_readahead_hit(struct swap *s, u64 *vma_ra, vpn_t vpn, bool readahead);

/* --- bytes=on: move one page between the frame and the slot. 0 or -EIO. ----------------------- */
int swap_write_bytes(struct swap *s, swp_t e, const u8 *page);
int swap_read_bytes(struct swap *s, swp_t e, u8 *page);

void swap_check(const struct swap *s);

#endif
