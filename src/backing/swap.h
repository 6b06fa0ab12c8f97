/* swap.h - swap areas, slots and the swap cache.
 *
 * Mirrors:  mm/swapfile.c, mm/swap_state.c, mm/swap_slots.c, mm/swap_cgroup.c, Linux 6.1.
 * Never:    allocates a frame, waits, or does I/O.
 * A swap entry (swp_t) is area << 27 | slot. The count of a slot is the number of page-table entries that refer to it, plus
 * one while a frame is in the swap cache (SWAP_HAS_CACHE).
 */
#ifndef BACKING_SWAP_H
#define BACKING_SWAP_H

#include "frames/frames.h"
#include "machine/device.h"
#include "space/space.h"

#define SWAP_AREAS_MAX 28u

struct swap_area {
    char name[64];
    bool file;      /* "file" or "partition" in /proc/swaps */
    s32 priority;
    u32 nr_slots;   /* usable: 1..nr_slots */
    u32 used;
    u32 *count;     /* by slot: page-table references */
    u64 *cache;     /* by slot: 0, pfn << 1, or shadow (low bit) */
    u16 *memcg;     /* by slot: group charged */
    u32 hint;       /* cluster allocation: next slot to try */
    u32 lowest;
    struct device *device;
    int host_fd;    /* bytes=on */
    u8 *bytes;      /* or memory */
    bool enabled;
};

struct swap {
    struct frames *frames;
    struct counters *counters;
    struct swap_area areas[SWAP_AREAS_MAX];
    u32 nr_areas;
    u64 total_pages, free_pages; /* nr_swap_pages */
    u64 nr_cached;               /* NR_SWAPCACHE */
    u32 page_cluster;            /* vm.page-cluster, 3 */
};

void swap_init(struct swap *s, struct frames *frames, struct counters *counters);
void swap_done(struct swap *s);
/* Add an area of `bytes` (header included). priority -1: below all others, as the kernel numbers them (-2, -3, ...). */
struct err;
int swap_on(struct swap *s, const char *name, u64 bytes, s32 priority, struct device *device, bool file, struct err *e);

/* A free slot of the highest-priority area with room (round robin among equals, sequential within a cluster); SWP_NONE when full. */
swp_t swap_slot_try_alloc(struct swap *s);
/* One more / one fewer page-table reference. put frees the slot when nothing refers to it and it is not cached;
 * true when the slot was freed (the caller uncharges group `*ret_memcg` if not NULL and not 0). */
void swap_dup(struct swap *s, swp_t e);
bool swap_put(struct swap *s, swp_t e, u16 *ret_memcg);
u32 swap_count(const struct swap *s, swp_t e);

/* The swap cache. */
pfn_t swapcache_find(const struct swap *s, swp_t e);
u64 swapcache_entry(const struct swap *s, swp_t e);
/* Sets PG_SWAPCACHE and private; returns the shadow that was there, or 0. Counts NR_SWAPCACHED, NR_FILE_PAGES (as Linux). */
u64 swapcache_add(struct swap *s, swp_t e, pfn_t pfn);
/* Clears them; leaves shadow. When no page-table entry refers to the slot it is freed (true; *ret_memcg as in swap_put). */
bool swapcache_del(struct swap *s, pfn_t pfn, u64 shadow, u16 *ret_memcg);
void swap_set_memcg(struct swap *s, swp_t e, u16 memcg);
u16 swap_memcg(const struct swap *s, swp_t e);

static inline unsigned swp_area(swp_t e) { return e >> 27; }
static inline u32 swp_slot(swp_t e) { return e & ((1u << 27) - 1); }
static inline swp_t swp_make(unsigned area, u32 slot) { return area << 27 | slot; }
static inline struct swap_area *swap_area_of(struct swap *s, swp_t e) { return &s->areas[swp_area(e)]; }

/* Cluster readahead (swap_cluster_readahead, swap_vma_readahead): the slots to read around e, in order; 1 when off
 * (synchronous device, page_cluster 0). hits: successes since the last call, as swapin_nr_pages uses. */
unsigned swap_readahead_window(struct swap *s, swp_t e, u64 vpn_index, unsigned hits, swp_t ret[], unsigned max);

/* bytes=on: move one page between the frame and the slot. 0 or -EIO. */
int swap_write_bytes(struct swap *s, swp_t e, const u8 *page);
int swap_read_bytes(struct swap *s, swp_t e, u8 *page);

void swap_check(const struct swap *s);

#endif
