/* scan_int.h - between the files of vmscan: scan_balance.c, evict.c, vmscan.c. */
#ifndef RECLAIM_SCAN_INT_H
#define RECLAIM_SCAN_INT_H

#include "reclaim/vmscan.h"

/* scan_balance.c */
bool inactive_is_low(const struct lruvec *lv, enum lru_list inactive);
bool can_reclaim_anon(const struct mem *mem, const struct group *g);
void prepare_scan_count(struct mem *mem, struct scan_control *sc);
void get_scan_count(struct mem *mem, struct scan_control *sc, struct group *g,
                    u64 nr[NR_LRU_LISTS]);

/* zs_shrink.c */
void zs_shrink(struct mem *mem, int priority);

/* evict.c */
struct evict_stat { /* struct reclaim_stat, in pages */
    u64 nr_dirty, nr_unqueued_dirty, nr_congested, nr_writeback, nr_immediate, nr_pageout;
    u64 nr_activate[2], nr_ref_keep, nr_unmap_fail, nr_lazyfree_fail;
};
/* Try to evict the isolated pages pfns[0..nr), oldest first. Those that stay are left at the front of pfns in order, *ret_kept of them, with
 * their flags saying which list they belong on. Returns the pages that were freed. */
u64 shrink_page_list(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 nr, u32 *ret_kept,
                     struct evict_stat *stat, bool ignore_references);
/* How many entries mapped it with the accessed bit set (cleared now), by tasks of target or below; *ret_vm_flags of those vmas. */
u32 page_referenced(struct mem *mem, pfn_t pfn, struct group *target, u32 *ret_vm_flags);

/* A list of pages is a chain of misses in the host's cache, one after the other. With one step per page of this batch the
 * descriptors of the next one are there when it is isolated. Only looks: whatever became of the page meanwhile, its link is a
 * frame number or none. */
static inline void look_ahead(struct mem *mem, struct scan_control *sc)
{
    if (sc->ahead == PFN_NONE)
        return;
    sc->ahead = frames_get(mem->frames, sc->ahead)->prev;
    __builtin_prefetch(frames_get(mem->frames, sc->ahead), 1);
}

#endif
