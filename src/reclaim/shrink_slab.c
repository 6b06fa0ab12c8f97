/* shrink_slab.c - the shrinker of shadow nodes: tree nodes of the page cache that hold nothing but shadows.
 *
 * Shadows are worth keeping for as many evictions as the group has pages. A group may therefore keep one node (64 shadows) for every
 * eight of its pages; of what is over, each pass of reclaim drops half, oldest first, in batches of 128.
 *
 * Mirrors count_shadow_nodes(), shadow_lru_isolate() of mm/workingset.c and do_shrink_slab() of mm/vmscan.c, Linux 6.1. Other
 * shrinkers come with slab/. */
#include "reclaim/page.h"
#include "reclaim/scan_int.h"

#define SHRINK_BATCH 128u
#define XA_SHIFT     6u /* 64 entries per node */

static u64 excess_nodes(const struct pgdat *pg, const struct group *g)
{
    u64 pages = (u64)(g->counters.v[NR_SLAB_RECLAIMABLE] + g->counters.v[NR_SLAB_UNRECLAIMABLE]) >>
                PAGE_SHIFT;
    u64 nodes = shadow_nodes_count(pg->backing, g->id);

    for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
        pages += g->lruvec.lists[lru].count;
    pages >>= XA_SHIFT - 3;
    return nodes > pages ? nodes - pages : 0;
}

u64 shrink_slab(struct pgdat *pg, struct group *g)
{
    u64 freeable = excess_nodes(pg, g);
    u64 scan = MIN(g->shadow_deferred + freeable / 2, 2 * freeable);
    u64 scanned = 0;

    while (freeable && (scan - scanned >= SHRINK_BATCH || scan - scanned >= freeable) &&
           scanned < scan) {
        u64 batch = MIN(scan - scanned, (u64)SHRINK_BATCH);

        for (u64 i = 0; i < batch; i++) {
            u64 first;
            struct inode *inode = shadow_nodes_oldest(pg->backing, g->id, &first);

            if (!inode)
                return scanned;
            page_cache_clear_shadows(pg, inode, first, first + (1u << XA_SHIFT) - 1);
            group_count(pg->groups, g, WORKINGSET_NODERECLAIM, 1);
        }
        scanned += batch;
    }
    count(pg->counters, SLABS_SCANNED, (s64)scanned);
    g->shadow_deferred = scan - scanned;
    return scanned;
}
