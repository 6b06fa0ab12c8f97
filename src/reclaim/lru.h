/* lru.h - how pages enter the LRU lists and move in them, apart from scanning.
 *
 * Mirrors: mm/swap.c (folio_add_lru, folio_mark_accessed, folio_isolate_lru), Linux 6.1. The order
 * of pages in them: policy.h. */
#ifndef RECLAIM_LRU_H
#define RECLAIM_LRU_H

#include "reclaim/policy.h"

/* Put a new page on its list by way of this CPU's batch. */
void lru_add(struct mem *mem, pfn_t pfn);
/* Move all of this CPU's batches to the lists. */
void lru_add_drain(struct mem *mem);
void lru_add_drain_all(struct mem *mem);
/* It was used by read(2) and the like, or through a mapping that ends. */
static inline void lru_mark_accessed(struct mem *mem, pfn_t pfn)
{
    policy_accessed(mem, pfn);
}
/* Old from now on (MADV_COLD, POSIX_FADV_NOREUSE); next to go when its writeback ended
 * (PG_RECLAIM). */
void lru_deactivate(struct mem *mem, pfn_t pfn);
void lru_rotate_reclaimable(struct mem *mem, pfn_t pfn);
/* MADV_FREE: an anonymous page becomes clean and goes to the inactive file list. */
void lru_lazyfree(struct mem *mem, pfn_t pfn);
/* Take it off its list for reclaim_pages(). False: it is on none, or is unevictable. */
bool lru_isolate(struct mem *mem, pfn_t pfn);
/* Take the page off its list or out of a batch before it is freed. */
void lru_remove(struct mem *mem, pfn_t pfn);
/* To or from the unevictable list as PG_MLOCKED says. */
void lru_update_evictable(struct mem *mem, pfn_t pfn);
/* Recount all lists. */
void lru_check(const struct mem *mem);

#endif
