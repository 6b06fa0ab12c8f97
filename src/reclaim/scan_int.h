/* scan_int.h - what the reclaim policies have in common: a batch of pages from isolation to putting
 * back. */
#ifndef RECLAIM_SCAN_INT_H
#define RECLAIM_SCAN_INT_H

#include "reclaim/vmscan.h"

/* zs_shrink.c */
void zs_shrink(struct mem *mem, int priority);

/* evict.c */
struct evict_stat { /* struct reclaim_stat, in pages */
    u64 nr_dirty, nr_unqueued_dirty, nr_congested, nr_writeback, nr_immediate, nr_pageout;
    u64 nr_activate[2], nr_ref_keep, nr_unmap_fail;
};
/* Try to evict the isolated pages pfns[0..nr), oldest first. Those that stay are left at the front
 * of pfns in order, *ret_kept of them, with their flags saying which list they belong on. Returns
 * the pages that were freed. */
u64 shrink_page_list(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 nr, u32 *ret_kept,
                     struct evict_stat *stat, bool ignore_references);
/* vmscan.c: what was isolated from a list, oldest first. */
struct isolated {
    pfn_t pfns[SWAP_CLUSTER_MAX];
    u32 nr;
    u64 pages;   /* in them */
    u64 scanned; /* pages that were looked at */
};
/* Take up to nr pages from the tail of g's list l, which are counted as on lru; pages of zones that
 * do not help go back to the head. pre: nr <= SWAP_CLUSTER_MAX */
void isolate_lru_pages(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct pfn_list *l, enum lru_list lru, u32 nr, struct isolated *ret);
/* Evict what can go of pages isolated from a list of files or of anonymous memory, and put the rest
 * back. Returns the pages freed, *stat what the others are kept by. */
u64 evict_isolated(struct mem *mem, struct scan_control *sc, struct group *g,
                   struct isolated *batch, bool file, struct evict_stat *stat);
void putback_lru_pages(struct mem *mem, const pfn_t *pfns, u32 nr);
/* Events that the kernel counts for the machine only in global reclaim, and for the group
 * always. */
static inline void count_scan(struct mem *mem, const struct scan_control *sc, struct group *g,
                              enum counter id, u64 n)
{
    if (!sc->req.target)
        count(mem->counters, id, (s64)n);
    count(&g->counters, id, (s64)n);
}
/* Between two rounds of batches, after `freed` pages of this lruvec: I/O goes on. True: stop, Linux
 * sleeps right here. */
bool scan_must_pause(struct mem *mem, struct scan_control *sc, u64 freed);
/* Does this reclaim move pages to a slower node? */
static inline bool can_demote(const struct mem *mem, const struct scan_control *sc)
{
    return unlikely(mem->demotes) && sc->pgdat && mem->demotes >> sc->pgdat->nid & 1;
}
/* Is there swap that g may use, or another place? */
static inline bool can_reclaim_anon(const struct mem *mem, const struct scan_control *sc,
                                    const struct group *g)
{
    return group_swap_left(g, mem->swap->free_pages) > 0 || can_demote(mem, sc);
}
/* evict.c: how many entries mapped it with the accessed bit set (cleared now), by tasks of target
 * or below; *ret_vm_flags of those vmas. */
u32 page_referenced(struct mem *mem, pfn_t pfn, struct group *target, u32 *ret_vm_flags);

/* A list of pages is a chain of misses in the host's cache, one after the other. With one step per
 * page of this batch the descriptors of the next one are there when it is isolated. Only looks:
 * whatever became of the page meanwhile, its link is a frame number or none. */
static inline void look_ahead(struct mem *mem, struct scan_control *sc)
{
    if (sc->ahead == PFN_NONE)
        return;
    sc->ahead = frames_get(mem->frames, sc->ahead)->prev;
    __builtin_prefetch(frames_get(mem->frames, sc->ahead), 1);
}

#endif
