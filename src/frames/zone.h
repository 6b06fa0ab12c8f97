/* zone.h - one zone: its span, watermarks, free blocks and per-CPU lists.
 *
 * Mirrors:    include/linux/mmzone.h (struct zone, struct free_area, struct per_cpu_pages), Linux
 *             6.1.
 * Differs:    free_pages is exact: the kernel's copy lags by up to a per-CPU threshold (6 pages on
 *             the smallest machine, 125 per CPU on a large one).
 * Invariants: (buddy_check) free_pages = sum over orders of nr_free << order; nr_free = sum of the
 *             counts of the lists of the order; every block on free_area[o][m] is FRAME_BUDDY,
 *             order o and migrate type m.
 *
 * A list of blocks is linked through the descriptors of their first frames. Blocks that were never
 * allocated are not linked at all: they are the `untouched` runs, which follow the last block of
 * free_area[10][MT_MOVABLE] and are counted in it. So a machine costs no descriptor it never used.
 */
#ifndef FRAMES_ZONE_H
#define FRAMES_ZONE_H

#include "frames/frame.h"
#include "stats/counters.h"

#define ORDER_MAX       11u /* orders 0..10 */
#define PAGEBLOCK_ORDER 9u
#define PAGEBLOCK_PAGES (1u << PAGEBLOCK_ORDER)
#define MAX_ORDER_PAGES (1u << (ORDER_MAX - 1))

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, NR_ZONES };

/* Blocks of like mobility stay together. The first three have per-CPU lists and fall back on each
 * other. */
enum migratetype { MT_UNMOVABLE, MT_MOVABLE, MT_RECLAIMABLE, MT_HIGHATOMIC, NR_MIGRATETYPES };
#define NR_PCP_MIGRATETYPES 3u

enum watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARKS };

/* How deep an allocation may go, and where. */
enum alloc_flag {
    ALLOC_WMARK_MIN = 0,
    ALLOC_WMARK_LOW = 1,
    ALLOC_WMARK_HIGH = 2,
    ALLOC_WMARK_MASK = 3,
    ALLOC_NO_WATERMARKS = 4, /* the OOM victim and reclaim itself */
    ALLOC_HARDER = 8,        /* may use a quarter below min, and high-order atomic reserves */
    ALLOC_HIGH = 16,         /* __GFP_HIGH: may use half below min */
    ALLOC_MOVABLE = 32,      /* GFP_HIGHUSER_MOVABLE: ZONE_MOVABLE allowed */
    ALLOC_NOFRAGMENT =
        64, /* fast path: another zone rather than a mixed pageblock (see frames_try_alloc) */
    ALLOC_KSWAPD = 128,      /* may wake kswapd: a boosted watermark is noted in frames.boosted */
    ALLOC_OOM = 256,         /* an OOM victim: half below min */
    ALLOC_RECLAIMABLE = 512, /* __GFP_RECLAIMABLE: of kernel memory that a shrinker frees */
    ALLOC_COMP = 1024,       /* __GFP_COMP: a folio (folio.h) of order 2 or more */
    /* What the slow path (balance/) may do; frames/ does not look at these. */
    ALLOC_NO_DIRECT = 1u << 11, /* no __GFP_DIRECT_RECLAIM: neither reclaims nor compacts itself */
    ALLOC_NO_KSWAPD = 1u << 12, /* no __GFP_KSWAPD_RECLAIM: nor wakes who does */
    ALLOC_NOFS = 1u << 13,      /* no __GFP_FS: leaves pages of files where they are */
    ALLOC_NORETRY = 1u << 14,   /* __GFP_NORETRY: one try of each, then fails */
    ALLOC_RETRY_MAYFAIL =
        1u << 15, /* __GFP_RETRY_MAYFAIL: tries hard, and fails rather than have somebody killed */
};
/* GFP_ATOMIC: of an interrupt, which cannot wait. */
#define ALLOC_ATOMIC (ALLOC_HIGH | ALLOC_HARDER | ALLOC_NO_DIRECT)

/* gfp_migratetype() */
static inline enum migratetype alloc_migratetype(u32 alloc_flags)
{
    if (alloc_flags & ALLOC_MOVABLE)
        return MT_MOVABLE;
    return alloc_flags & ALLOC_RECLAIMABLE ? MT_RECLAIMABLE : MT_UNMOVABLE;
}

struct pfn_list { /* a list of frames linked by frame.next/prev */
    u32 head, tail;
    u64 count;
};

/* Lists of the orders below 4 (PAGE_ALLOC_COSTLY_ORDER) and of whole pageblocks. */
#define PCP_ORDERS   5u
#define NR_PCP_LISTS (PCP_ORDERS * NR_PCP_MIGRATETYPES)

struct per_cpu_pages { /* free blocks of one CPU and zone; last freed, first out */
    u32 count;         /* in pages */
    u32 high;          /* at this count, pages go back */
    u32 batch;         /* how many are moved at a time */
    u32 free_factor;   /* batches double while frees follow frees */
    struct pfn_list lists[NR_PCP_LISTS]; /* pcp_list_index(order, migrate type) */
};

struct pfn_run { /* frames start .. end - 1 */
    u32 start, end;
};
#define UNTOUCHED_RUNS 4u

/* How far compaction of a zone has come; the fields are compact/'s. */
struct zone_compaction {
    /* Where the scanners go on (compact_cached_*): [0] of asynchronous compaction, [1] of the
     * others. 0: at the ends. */
    u32 cached_migrate_pfn[2], cached_free_pfn;
    u32 init_migrate_pfn,
        init_free_pfn;           /* where they began after the skip hints were last forgotten */
    u32 considered, defer_shift; /* attempts put off since the last failure, of 1 << defer_shift */
    u32 order_failed;            /* the smallest order that failed: only such are put off */
    bool skip_flush;             /* kswapd forgets the skip hints when it goes to sleep */
};

struct zone {
    const char *name;
    unsigned nid; /* its node */
    enum zone_type type;
    /* Set by kswapd while it works: per-CPU lists are kept short (ZONE_RECLAIM_ACTIVE). */
    bool reclaim_active;
    u32 start_pfn;
    u32 spanned, present, managed;
    u64 free_pages;           /* in the buddy lists, without the per-CPU lists (NR_FREE_PAGES) */
    u64 watermark[NR_WMARKS]; /* without the boost */
    bool promo;          /* kswapd works up to the promo mark, so that pages can move up here */
    u64 watermark_boost; /* raises all watermarks until kswapd has reclaimed that much */
    u64 lowmem_reserve[NR_ZONES];
    u64 nr_reserved_highatomic;
    struct per_cpu_pages *pcp; /* nr_cpus */
    u64 nr_free[ORDER_MAX];    /* blocks */
    struct pfn_list free_area[ORDER_MAX][NR_MIGRATETYPES];
    struct pfn_run untouched[UNTOUCHED_RUNS]; /* of blocks of order 10 */
    unsigned nr_untouched;
    struct zone_compaction compaction;
    struct counters counters; /* zone counters (nr_zone_*, ...) kept here for zoneinfo */
};

static inline u64 zone_wmark_pages(const struct zone *z, enum watermark w)
{
    return z->watermark[w] + z->watermark_boost;
}

/* WMARK_PROMO: as far above high as that is above low. */
static inline u64 zone_promo_pages(const struct zone *z)
{
    return 2 * z->watermark[WMARK_HIGH] - z->watermark[WMARK_LOW] + z->watermark_boost;
}

static inline bool zone_populated(const struct zone *z)
{
    return z->present != 0;
}

static inline u32 zone_end_pfn(const struct zone *z)
{
    return z->start_pfn + z->spanned;
}

static inline bool zone_spans(const struct zone *z, pfn_t pfn)
{
    return pfn >= z->start_pfn && pfn < zone_end_pfn(z);
}

/* As zone_watermark_ok(): would a request of this order leave the zone above mark? `highest` is
 * the highest zone that the request may use: pages kept for lower requests (lowmem_reserve) do not
 * count.   cost O(ORDER_MAX) */
bool zone_watermark_ok(const struct zone *z, unsigned order, u64 mark, enum zone_type highest,
                       u32 alloc_flags);
/* The same if `free` pages were free (__zone_watermark_ok); blocks above order 0 must be there all
 * the same. */
bool zone_watermark_ok_with(const struct zone *z, unsigned order, u64 mark, enum zone_type highest,
                            u32 alloc_flags, u64 free);

/* "vm stats threshold" of zoneinfo: the most by which a CPU's private part of a counter may differ
 * before the kernel adds it to the zone's. Shown, not modelled. */
unsigned zone_stat_threshold(const struct zone *z, unsigned nr_cpus);

/* May blocks of this order wait on per-CPU lists? */
static inline bool pcp_allowed_order(unsigned order)
{
    return order < PCP_ORDERS - 1 || order == PAGEBLOCK_ORDER;
}

/* pre: pcp_allowed_order(order) and mt < NR_PCP_MIGRATETYPES */
static inline unsigned pcp_list_index(unsigned order, unsigned mt)
{
    return (order < PCP_ORDERS - 1 ? order : PCP_ORDERS - 1) * NR_PCP_MIGRATETYPES + mt;
}

static inline unsigned pcp_list_order(unsigned index)
{
    unsigned at = index / NR_PCP_MIGRATETYPES;

    return at < PCP_ORDERS - 1 ? at : PAGEBLOCK_ORDER;
}

#endif
