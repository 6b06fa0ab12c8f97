/* watermark.c - how much of a zone stays free, and for whom.
 *
 *      free pages
 *      high   kswapd stops here
 *      low    below: kswapd is woken; the fast path takes no page
 *      min    below: only atomic requests, reclaim itself and OOM victims
 *
 * min_free_kbytes = sqrt(16 x lowmem KiB), within 128 KiB and 256 MiB, is shared out by zone size
 * as min; the steps to low and high are the larger of min / 4 and managed x watermark_scale_factor
 * / 10,000.
 *
 * A request that could use a higher zone leaves lowmem_reserve[highest] more in a lower one: (sum
 * of the zones above it) / ratio.
 */
#include "frames/frames_int.h"

#define MIN_FREE_KBYTES_FLOOR   128u
#define MIN_FREE_KBYTES_CEILING (256u * 1024)

/* One page is kept for so many above. ZONE_MOVABLE has nothing above it. */

/* Free pages that this request could not use in any case. */
static u64 zone_unusable(const struct zone *z, unsigned order, u32 alloc_flags)
{
    u64 n = (1u << order) - 1;

    if (!(alloc_flags & (ALLOC_HARDER | ALLOC_OOM)))
        n += z->nr_reserved_highatomic;
    return n;
}

static inline bool watermark_ok(const struct zone *z, unsigned order, u64 mark,
                                enum zone_type highest, u32 alloc_flags, u64 free)
{
    const bool harder = alloc_flags & (ALLOC_HARDER | ALLOC_OOM);
    const unsigned mts = harder ? NR_MIGRATETYPES : NR_PCP_MIGRATETYPES;
    s64 usable = (s64)free - (s64)zone_unusable(z, order, alloc_flags);
    s64 min = (s64)mark;

    if (alloc_flags & ALLOC_HIGH)
        min -= min / 2;
    if (alloc_flags & ALLOC_OOM)
        min -= min / 2;
    else if (alloc_flags & ALLOC_HARDER)
        min -= min / 4;
    if (usable <= min + (s64)z->lowmem_reserve[highest])
        return false;
    if (order == 0)
        return true;

    for (unsigned o = order; o < ORDER_MAX; o++) {
        if (!z->nr_free[o])
            continue;
        for (unsigned mt = 0; mt < mts; mt++) {
            if (z->free_area[o][mt].count)
                return true;
        }
    }
    return false;
}

bool zone_watermark_ok(const struct zone *z, unsigned order, u64 mark, enum zone_type highest,
                       u32 alloc_flags)
{
    return watermark_ok(z, order, mark, highest, alloc_flags, z->free_pages);
}

bool zone_watermark_ok_with(const struct zone *z, unsigned order, u64 mark, enum zone_type highest,
                            u32 alloc_flags, u64 free)
{
    return watermark_ok(z, order, mark, highest, alloc_flags, free);
}

bool zone_allows(const struct zone *z, unsigned order, enum zone_type highest, u32 alloc_flags)
{
    enum watermark wmark = (enum watermark)(alloc_flags & ALLOC_WMARK_MASK);

    if (alloc_flags & ALLOC_NO_WATERMARKS)
        return true;
    if (zone_watermark_ok(z, order, zone_wmark_pages(z, wmark), highest, alloc_flags))
        return true;
    /* The boost is there to make kswapd work, not to fail atomic requests. */
    if (order == 0 && alloc_flags & ALLOC_HARDER && z->watermark_boost && wmark == WMARK_MIN)
        return zone_watermark_ok(z, order, z->watermark[WMARK_MIN], highest, alloc_flags);
    return false;
}

unsigned zone_stat_threshold(const struct zone *z, unsigned nr_cpus)
{
    unsigned mem = z->managed >> (27 - PAGE_SHIFT);
    unsigned threshold = 2 * (log2_floor(nr_cpus) + 1) * (1 + (mem ? log2_floor(mem) + 1 : 0));

    return MIN(threshold, 125);
}

bool pgdat_balanced(const struct pgdat *pgdat, unsigned order, enum zone_type highest)
{
    bool any = false;

    for (unsigned i = 0; i <= highest; i++) {
        const struct zone *z = &pgdat->zones[i];

        if (!z->managed)
            continue;
        any = true;
        if (zone_watermark_ok(z, order,
                              z->promo ? zone_promo_pages(z) : zone_wmark_pages(z, WMARK_HIGH),
                              highest, 0))
            return true;
    }
    return !any;
}

u64 frames_count_above_high(const struct frames *fr, enum zone_type highest)
{
    u64 sum = 0;

    for (unsigned i = 0; i < fr->nr_zones; i++) {
        const struct zone *z = &fr->zones[i];
        u64 high = zone_wmark_pages(z, WMARK_HIGH);

        if (z->type <= highest && z->managed > high)
            sum += z->managed - high;
    }
    return sum;
}

static u64 sqrt_floor(u64 x)
{
    u64 root = 0;

    for (u64 bit = (u64)1 << 31; bit; bit >>= 1) {
        if ((root + bit) * (root + bit) <= x)
            root += bit;
    }
    return root;
}

u64 min_free_kbytes_default(const struct frames *fr)
{
    u64 lowmem_kbytes = frames_count_above_high(fr, ZONE_NORMAL) * (PAGE_SIZE / KIB);

    return CLAMP(sqrt_floor(lowmem_kbytes * 16), MIN_FREE_KBYTES_FLOOR, MIN_FREE_KBYTES_CEILING);
}

u64 min_free_kbytes_khugepaged(const struct frames *fr)
{
    u64 nr_zones = 0, pages;

    for (unsigned i = 0; i < fr->nr_zones; i++)
        nr_zones += fr->zones[i].type <= ZONE_NORMAL && zone_populated(&fr->zones[i]);
    /* Two free pageblocks a zone, and room for every migrate type to fall back on every other. */
    pages = nr_zones * PAGEBLOCK_PAGES * (2 + NR_PCP_MIGRATETYPES * NR_PCP_MIGRATETYPES);
    return MIN(pages, frames_count_above_high(fr, ZONE_NORMAL) / 20) * (PAGE_SIZE / KIB);
}

static u64 pgdat_totalreserve(const struct pgdat *pgdat)
{
    u64 sum = 0;

    for (unsigned i = 0; i < NR_ZONES; i++) {
        const struct zone *z = &pgdat->zones[i];
        u64 most = 0;

        for (unsigned j = i; j < NR_ZONES; j++)
            most = MAX(most, z->lowmem_reserve[j]);
        sum += MIN(most + zone_wmark_pages(z, WMARK_HIGH), z->managed);
    }
    return sum;
}

static void pgdat_setup_lowmem_reserve(struct pgdat *pgdat, const u64 ratio[NR_ZONES])
{
    for (unsigned i = 0; i < NR_ZONES; i++) {
        struct zone *z = &pgdat->zones[i];
        u64 above = 0;

        z->lowmem_reserve[i] = 0;
        for (unsigned j = i + 1; j < NR_ZONES; j++) {
            above += pgdat->zones[j].managed;
            z->lowmem_reserve[j] = z->managed && ratio[i] ? above / ratio[i] : 0;
        }
    }
}

void frames_setup_lowmem_reserve(struct frames *fr)
{
    fr->totalreserve_pages = 0;
    for (unsigned nid = 0; nid < fr->nr_nodes; nid++) {
        struct pgdat *pgdat = &fr->nodes[nid];

        pgdat_setup_lowmem_reserve(pgdat, fr->lowmem_reserve_ratio);
        pgdat->totalreserve_pages = pgdat_totalreserve(pgdat);
        fr->totalreserve_pages += pgdat->totalreserve_pages;
    }
}

void frames_setup_watermarks(struct frames *fr)
{
    u64 pages_min = fr->min_free_kbytes / (PAGE_SIZE / KIB);

    for (unsigned i = 0; i < fr->nr_zones; i++) {
        struct zone *z = &fr->zones[i];
        u64 min = fr->managed_pages ? pages_min * z->managed / fr->managed_pages : 0;
        u64 step = MAX(min / 4, (u64)z->managed * fr->watermark_scale_factor / 10000);

        z->watermark_boost = 0;
        z->watermark[WMARK_MIN] = min;
        z->watermark[WMARK_LOW] = min + step;
        z->watermark[WMARK_HIGH] = min + 2 * step;
        pcp_setup(fr, z);
    }
    frames_setup_lowmem_reserve(fr);
}

void frames_set_khugepaged(struct frames *fr, bool on, u64 user_kbytes)
{
    u64 plain = min_free_kbytes_default(fr);

    if (on)
        fr->min_free_kbytes = MAX(fr->min_free_kbytes, min_free_kbytes_khugepaged(fr));
    else if (plain > user_kbytes)
        fr->min_free_kbytes = plain;
    frames_setup_watermarks(fr);
}
