/* frames.h - all RAM of a machine: descriptors, zones, buddy free lists, per-CPU lists.
 *
 * Mirrors:  mm/page_alloc.c, mm/page-flags, arch/x86/mm/init.c (zone spans), Linux 6.1.
 * Never:    waits, reclaims, reads the clock. When nothing may be taken, frames_try_alloc() says so and the
 *           caller (balance/) decides what to do.
 * Use:      frames_init(&fr, &config, &counters); pfn = frames_try_alloc(&fr, ...); frames_free(&fr, pfn, 0, cpu);
 */
#ifndef FRAMES_FRAMES_H
#define FRAMES_FRAMES_H

#include "frames/frame.h"
#include "stats/counters.h"

#define ORDER_MAX 11u /* orders 0..10 */
#define PAGEBLOCK_ORDER 9u
#define CPUS_MAX 64u

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, NR_ZONES };
enum migratetype { MT_UNMOVABLE, MT_MOVABLE, MT_RECLAIMABLE, MT_HIGHATOMIC, NR_MIGRATETYPES };
enum watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARKS };

/* Which zones and how deep an allocation may go. */
enum alloc_flag {
    ALLOC_WMARK_MIN = 0,
    ALLOC_WMARK_LOW = 1,
    ALLOC_WMARK_HIGH = 2,
    ALLOC_NO_WATERMARKS = 4, /* the OOM victim and reclaim itself */
    ALLOC_WMARK_MASK = 7,
    ALLOC_HARDER = 8,     /* may use a quarter below min */
    ALLOC_HIGH = 16,      /* __GFP_HIGH: may use half below min */
    ALLOC_MOVABLE = 32,   /* GFP_HIGHUSER_MOVABLE: ZONE_MOVABLE allowed */
};

struct frames_config {
    u64 ram_bytes;
    unsigned nr_cpus;
    u64 min_free_kbytes;           /* 0: the kernel's formula */
    unsigned watermark_scale_factor; /* 10 by default, per 10,000 */
    u64 movable_bytes;             /* size of ZONE_MOVABLE (kernelcore= / movablecore=); 0 by default */
    u64 reserved_bytes;            /* kernel image and static data; UINT64_MAX: the profile's default */
    bool bytes;                    /* frames hold real bytes */
};

struct pfn_list { /* a list of frames linked by frame.next/prev */
    u32 head, tail;
    u64 count;
};

struct per_cpu_pages { /* order-0 (and small-order) free frames of one CPU and zone */
    u32 count, high, batch;
    struct pfn_list lists[4 * NR_MIGRATETYPES]; /* orders 0..3 (PAGE_ALLOC_COSTLY_ORDER) x migrate type */
};

struct zone {
    const char *name;
    u32 start_pfn;
    u32 spanned, present, managed;
    u64 watermark[NR_WMARKS];
    u64 lowmem_reserve[NR_ZONES];
    u64 free_pages; /* in the buddy lists, without the per-CPU lists (NR_FREE_PAGES) */
    struct pfn_list free_area[ORDER_MAX][NR_MIGRATETYPES];
    u64 nr_free[ORDER_MAX];
    u64 nr_free_highatomic;
    struct per_cpu_pages *pcp; /* nr_cpus */
    struct counters counters;  /* zone counters (nr_zone_*, ...) kept here for zoneinfo */
};

struct frames {
    struct frame *frame; /* indexed by pfn */
    u8 *bytes;           /* NULL when bytes=off; frame p at bytes + p * PAGE_SIZE */
    u8 *pageblock_mt;    /* migrate type of each 2 MiB block */
    u32 end_pfn;
    unsigned nr_cpus;
    u64 ram_bytes, managed_pages;
    u64 min_free_kbytes;
    unsigned watermark_scale_factor;
    struct zone zones[NR_ZONES];
    struct counters *counters; /* the machine's counters: PGALLOC_*, PGFREE, ... */
};

/* 0, or -EINVAL with the reason in *e when the size makes no sense (pre: config complete). */
struct err;
int frames_init(struct frames *fr, const struct frames_config *config, struct counters *counters, struct err *e);
void frames_done(struct frames *fr);

/* Recompute watermarks and lowmem_reserve after min_free_kbytes, watermark_scale_factor changed. */
void frames_setup_watermarks(struct frames *fr);

/* A block of 2^order frames with flags = zone only, mapcount 0, memcg 0, or PFN_NONE when every allowed zone is below its
 * watermark (or has no such block). Order-0 goes through the CPU's list. cost O(ORDER_MAX). Counts PGALLOC_<zone>. */
pfn_t frames_try_alloc(struct frames *fr, unsigned order, enum migratetype mt, u32 alloc_flags, unsigned cpu);
void frames_free(struct frames *fr, pfn_t pfn, unsigned order, unsigned cpu);

/* As zone_watermark_ok(): would a request of this order leave the zone above mark? */
bool zone_watermark_ok(const struct zone *z, unsigned order, u64 mark, enum zone_type highest, u32 alloc_flags);
/* pgdat_balanced(): some zone up to `highest` is above its high watermark for the order. */
bool frames_balanced(const struct frames *fr, unsigned order, enum zone_type highest);
/* Give all per-CPU lists back to the buddy lists (drain_all_pages). */
void frames_drain_pcp(struct frames *fr);

/* Free frames including the per-CPU lists are NOT counted in NR_FREE_PAGES, as in Linux: this returns the buddy total. */
u64 frames_count_free(const struct frames *fr);
u64 frames_count_pcp(const struct frames *fr);

/* Abort (assert) on a broken invariant: every frame is in exactly one place, counts equal a recount. */
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

/* Lists of frames; used for free lists here and for LRU lists above. */
void pfn_list_add(struct frames *fr, struct pfn_list *l, pfn_t pfn);      /* at the head */
void pfn_list_add_tail(struct frames *fr, struct pfn_list *l, pfn_t pfn);
void pfn_list_del(struct frames *fr, struct pfn_list *l, pfn_t pfn);

#endif
