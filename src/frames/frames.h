/* frames.h - all RAM of a machine: descriptors, zones, buddy free lists, per-CPU lists.
 *
 * Mirrors:    mm/page_alloc.c (get_page_from_freelist, rmqueue, free_unref_page), Linux 6.1.
 * Differs:    no CMA, no isolated pageblocks, no memory hotplug.
 * Owns:       every frame while it is free: its flags, next and prev.
 * Never:      waits, reclaims, reads the clock. When nothing may be taken, frames_try_alloc() says
 *             so and the caller (balance/) decides what to do.
 * Invariants: (frame_check, buddy_check) every managed frame is on one free list, on one per-CPU
 *             list or in use.
 * Counters:   PGALLOC_<zone>, PGFREE, NR_FREE_PAGES, NUMA_HIT, NUMA_MISS, NUMA_FOREIGN, NUMA_LOCAL,
 *             NUMA_OTHER.
 * Use:        frames_init(&fr, &config, &counters, &e); pfn = frames_try_alloc(&fr,
 *             nodes_near(nid), 0, MT_MOVABLE, ALLOC_WMARK_LOW | ALLOC_MOVABLE, cpu);
 *             frames_free(&fr, pfn, 0, cpu);
 */
#ifndef FRAMES_FRAMES_H
#define FRAMES_FRAMES_H

#include "frames/frame.h"
#include "frames/pgdat.h"
#include "frames/ram_map.h"
#include "frames/zone.h"
#include "stats/kernel.h"

struct frames_config {
    u64 ram_bytes; /* and nr_cpus: of one node that has it all, where topology is NULL */
    unsigned nr_cpus;
    const struct topology *topology;
    u64 min_free_kbytes;                 /* 0: the kernel's formula */
    unsigned watermark_scale_factor;     /* per 10,000; 0: the default, 10 */
    u64 movable_bytes;                   /* size of ZONE_MOVABLE (movablecore=); 0 by default */
    const struct kernel_release *kernel; /* what it keeps for itself at boot, or NULL: */
    u64 reserved_bytes;                  /* of an image, and nothing else but the memmap */
    bool bytes;                          /* frames hold real bytes */
    bool khugepaged; /* transparent huge pages not `never`: khugepaged raises min_free_kbytes */
    bool khugepaged_by_default; /* nobody asked for it: machines under 512 MiB go without */
};

struct frames {
    struct frame *frame; /* indexed by pfn */
    u8 *bytes;           /* NULL when bytes=off; frame p at bytes + p * PAGE_SIZE */
    u8 *pageblock_mt;    /* migrate type of each 2 MiB block */
    /* 1: compaction found nothing to do in that block of late (PB_migrate_skip) */
    u8 *pageblock_skip;
    u32 end_pfn;
    unsigned nr_cpus;
    u64 ram_bytes, managed_pages;
    bool small; /* under 512 MiB: transparent huge pages are off until somebody asks for them */
    u64 min_free_kbytes;
    u64 lowmem_reserve_ratio[NR_ZONES]; /* 1/n of the zones above; 0 keeps none */
    unsigned watermark_scale_factor;
    unsigned watermark_boost_factor; /* per 10,000 of the high watermark; 0 turns boosting off */
    /* Bit per node: a watermark of its zones was raised for an ALLOC_KSWAPD request. Whoever wakes
     * its kswapd clears it. */
    u64 boosted;
    struct pgdat *nodes;
    unsigned nr_nodes, nr_zones;
    struct zone *zones;   /* nr_zones: NR_ZONES of each node, the first node's first */
    u8 *section_nid;      /* the node of each section of frames: frame_nid() */
    u8 cpu_nid[CPUS_MAX]; /* the node that each CPU is part of */
    struct topology topology;
    u64 totalreserve_pages;    /* of all nodes */
    struct counters *counters; /* the machine's counters: PGALLOC_*, PGFREE, ... */
    struct ram_map map;
};

/* 0, or -EINVAL with the reason in *e when the size makes no sense (pre: config complete). The
 * struct must not move. */
int frames_init(struct frames *fr, const struct frames_config *config, struct counters *counters,
                struct err *e);
void frames_done(struct frames *fr);

/* Recompute watermarks, lowmem_reserve and the limits of per-CPU lists after min_free_kbytes or
 * watermark_scale_factor changed. Boosts are dropped, as in Linux. */
void frames_setup_watermarks(struct frames *fr);

/* `transparent_hugepage/enabled` was written: khugepaged raises min_free_kbytes, or the kernel's
 * formula is back where the administrator asked for no more (user_kbytes, 0 by default).
 * (set_recommended_min_free_kbytes) */
void frames_set_khugepaged(struct frames *fr, bool on, u64 user_kbytes);

/* The part of it that Linux repeats whenever somebody reads or writes vm.lowmem_reserve_ratio. */
void frames_setup_lowmem_reserve(struct frames *fr);

/* Where an allocation looks: in the order of the zonelist of node nid, on the nodes of the mask
 * alone. */
#define NODES_ALL UINT64_MAX
struct alloc_nodes {
    u64 mask; /* bit per node */
    unsigned nid;
};
static inline struct alloc_nodes nodes_near(unsigned nid)
{
    return (struct alloc_nodes){NODES_ALL, nid};
}

/* Frames freed to and taken from per-CPU lists go by migrate type and order; both calls below are
 * inline for a single frame, and cost O(ORDER_MAX) otherwise.
 *
 * A block of 2^order frames with flags = zone only, mapcount 0, memcg 0 (each frame of it), or
 * PFN_NONE when every allowed zone is below its watermark or has no such block, or no node of the
 * mask has memory. Counts PGALLOC_<zone>. With ALLOC_NOFRAGMENT and ZONE_NORMAL as the best zone,
 * lower zones are tried before a pageblock of another migrate type is broken; Linux asks for that
 * in its first attempt and not in the slow path, and it mixes pageblocks before it goes to another
 * node.
 *   pre: nodes.nid < nr_nodes, order < ORDER_MAX, mt < NR_PCP_MIGRATETYPES,
 *        cpu < nr_cpus */
static inline pfn_t frames_try_alloc(struct frames *fr, struct alloc_nodes nodes, unsigned order,
                                     enum migratetype mt, u32 alloc_flags, unsigned cpu);

/* Give a block back. The frames were allocated as this block or are parts of such a block.
 *   pre: no frame is mapped, charged, on a list, locked, under writeback or in a cache */
static inline void frames_free(struct frames *fr, pfn_t pfn, unsigned order, unsigned cpu);

/* Give all per-CPU lists back to the buddy lists (drain_all_pages), those of one CPU, or
 * of one CPU and zone. */
void frames_drain_pcp(struct frames *fr);
void frames_drain_pcp_cpu(struct frames *fr, unsigned cpu);
void frames_drain_pcp_zone(struct frames *fr, struct zone *z, unsigned cpu);

/* Give one pageblock kept for high-order atomic requests to mt; called when direct reclaim fails.
 * `force` also takes the last one. True when a block moved that has free pages. Mirrors
 * unreserve_highatomic_pageblock(). */
bool frames_unreserve_highatomic(struct frames *fr, struct alloc_nodes nodes, enum migratetype mt,
                                 bool force);

/* The zone that a request tries first (preferred_zoneref), NULL when the mask has no memory. */
struct zone *frames_first_zone(const struct frames *fr, struct alloc_nodes nodes,
                               enum zone_type highest);

/* Add to a counter of the machine and of the frame's node (mod_node_page_state).   pre: of
 * SCOPE_NODE, not of SCOPE_ZONE */
static inline void frames_count(struct frames *fr, pfn_t pfn, enum counter id, s64 n);
/* Add to the node's share alone. Nobody calls it on a machine of one node. */
static inline void node_count(struct frames *fr, unsigned nid, enum counter id, s64 n);
/* A counter of one node, of SCOPE_NODE or SCOPE_ZONE, as it is stored. */
s64 node_counter(const struct frames *fr, unsigned nid, enum counter id);

/* Pages in the buddy lists; as NR_FREE_PAGES, without those on per-CPU lists. */
u64 frames_count_free(const struct frames *fr);
u64 frames_count_pcp(const struct frames *fr);

/* What could be had without pushing zones below high: sum of managed - high
 * (nr_free_zone_pages). */
u64 frames_count_above_high(const struct frames *fr, enum zone_type highest);

/* The zone whose span holds this frame, found by looking: for a frame that was never in use. pre:
 * pfn < end_pfn and in some zone's span */
struct zone *frames_zone(const struct frames *fr, pfn_t pfn);

/* The node of a frame. A node begins and ends at a section. */
#define SECTION_ORDER 13u /* 32 MiB */
static inline unsigned frame_nid(const struct frames *fr, pfn_t pfn)
{
    return fr->section_nid[pfn >> SECTION_ORDER];
}

/* The zone of a frame that is or was in use. */
static inline struct zone *frames_zone_of(const struct frames *fr, pfn_t pfn)
{
    return &fr->zones[frame_nid(fr, pfn) * NR_ZONES + frame_zone(&fr->frame[pfn])];
}

/* Abort (assert) on a broken invariant: every frame is in exactly one place, counts equal a
 * recount. */
void frame_check(const struct frames *fr);
void buddy_check(const struct frames *fr);

static inline struct frame *frames_get(const struct frames *fr, pfn_t pfn)
{
    return &fr->frame[pfn];
}

static inline u8 *frames_bytes(const struct frames *fr, pfn_t pfn)
{
    return fr->bytes ? fr->bytes + (u64)pfn * PAGE_SIZE : NULL;
}

static inline enum migratetype frames_pageblock_mt(const struct frames *fr, pfn_t pfn)
{
    return (enum migratetype)fr->pageblock_mt[pfn >> PAGEBLOCK_ORDER];
}

/* Lists of frames; used for free lists here and for LRU lists above. Adding: pre: on no list. */
static inline void pfn_list_add(struct frames *fr, struct pfn_list *l, pfn_t pfn);
static inline void pfn_list_add_tail(struct frames *fr, struct pfn_list *l, pfn_t pfn);
/* Between `next` and what is nearer to the head than it is. */
static inline void pfn_list_add_before(struct frames *fr, struct pfn_list *l, pfn_t pfn,
                                       pfn_t next);
static inline void pfn_list_del(struct frames *fr, struct pfn_list *l, pfn_t pfn);

#include "frames/frames_inline.h"

#endif
