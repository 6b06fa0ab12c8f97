/* fragmentation.c - see fragmentation.h. */
#include "frames/fragmentation.h"

struct contig {
    u64 free_pages, free_blocks;
    u64 suitable; /* blocks of the order that could be cut from the free blocks */
};

static struct contig contig_of(const struct zone *z, unsigned order)
{
    struct contig c = {0};

    for (unsigned o = 0; o < ORDER_MAX; o++) {
        c.free_blocks += z->nr_free[o];
        c.free_pages += z->nr_free[o] << o;
        if (o >= order)
            c.suitable += z->nr_free[o] << (o - order);
    }
    return c;
}

s32 zone_fragmentation_index(const struct zone *z, unsigned order)
{
    struct contig c = contig_of(z, order);

    if (!c.free_blocks)
        return 0;
    if (c.suitable)
        return -1000;
    return 1000 - (s32)((1000 + (c.free_pages * 1000 >> order)) / c.free_blocks);
}

u32 zone_unusable_index(const struct zone *z, unsigned order)
{
    struct contig c = contig_of(z, order);

    if (!c.free_pages)
        return 1000;
    return (u32)((c.free_pages - (c.suitable << order)) * 1000 / c.free_pages);
}

u32 zone_external_fragmentation(const struct zone *z, unsigned order)
{
    struct contig c = contig_of(z, order);

    return c.free_pages ? (u32)((c.free_pages - (c.suitable << order)) * 100 / c.free_pages) : 0;
}

enum compact_result compaction_suitable_with(const struct zone *z, int order, u32 alloc_flags,
                                             enum zone_type highest, u64 free)
{
    enum watermark mark = (enum watermark)(alloc_flags & ALLOC_WMARK_MASK);
    bool costly = order > (int)PAGE_ALLOC_COSTLY_ORDER;
    u64 needed;

    if (order == COMPACT_ALL)
        return COMPACTION_CONTINUE;
    if (zone_watermark_ok(z, (unsigned)order, zone_wmark_pages(z, mark), highest, alloc_flags))
        return COMPACTION_SUCCESS;
    needed = zone_wmark_pages(z, costly ? WMARK_LOW : WMARK_MIN) + compact_gap((unsigned)order);
    if (!zone_watermark_ok_with(z, 0, needed, highest, 0, free))
        return COMPACTION_SKIPPED;
    return COMPACTION_CONTINUE;
}

enum compact_result compaction_suitable(const struct zone *z, int order, u32 alloc_flags,
                                        enum zone_type highest, s32 threshold)
{
    enum compact_result r = compaction_suitable_with(z, order, alloc_flags, highest, z->free_pages);
    s32 index;

    /* Others would end in an OOM kill: they compact whatever the index says. */
    if (r != COMPACTION_CONTINUE || order <= (int)PAGE_ALLOC_COSTLY_ORDER)
        return r;
    index = zone_fragmentation_index(z, (unsigned)order);
    return index >= 0 && index <= threshold ? COMPACTION_SKIPPED : r;
}
