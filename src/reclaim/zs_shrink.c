/* zs_shrink.c - compressed pools give back the pages that compaction can empty, as reclaim presses.
 *
 * Each pass asks for twice the share of such pages that its priority stands for; what is less than
 * a batch is put off. Compaction, once begun, goes over the whole pool.
 *
 * Mirrors zs_shrinker_count(), zs_shrinker_scan() of mm/zsmalloc.c and do_shrink_slab() of
 * mm/vmscan.c, Linux 6.1. */
#include "reclaim/scan_int.h"

#define SHRINK_BATCH 128u

static void shrink_pool(struct mem *mem, struct zs_pool *z, int priority)
{
    u64 freeable = zs_count_compactable(z);
    u64 delta, total, scanned = 0;

    if (!freeable)
        return;
    delta = (freeable >> priority) * 2;
    total = MIN((z->nr_deferred >> priority) + delta, 2 * freeable);
    while (total >= SHRINK_BATCH || (total && total >= freeable)) {
        u64 batch = MIN(total, (u64)SHRINK_BATCH);

        mem_cost(mem, (u32)zs_compact(z) * mem->cost->copy_page);
        total -= batch;
        scanned += batch;
    }
    count(mem->counters, SLABS_SCANNED, (s64)scanned);
    z->nr_deferred = z->nr_deferred + delta > scanned ? z->nr_deferred + delta - scanned : 0;
    z->nr_deferred = MIN(z->nr_deferred, 2 * freeable);
}

void zs_shrink(struct mem *mem, int priority)
{
    for (u32 i = 0; i < mem->swap->nr_areas; i++)
        if (mem->swap->areas[i].zram)
            shrink_pool(mem, &mem->swap->areas[i].zram->pool, priority);
    if (mem->swap->zswap)
        shrink_pool(mem, &mem->swap->zswap->zs, priority);
}
