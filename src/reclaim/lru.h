/* lru.h - how pages enter the LRU lists and move between them, apart from scanning.
 *
 * Mirrors: mm/swap.c (folio_add_lru, folio_mark_accessed, folio_activate, lru_note_cost), Linux 6.1. */
#ifndef RECLAIM_LRU_H
#define RECLAIM_LRU_H

#include "reclaim/mem.h"

/* Put a new page on its list by way of this CPU's batch. */
void lru_add(struct mem *mem, pfn_t pfn);
/* Move all of this CPU's batches to the lists. */
void lru_add_drain(struct mem *mem);
void lru_add_drain_all(struct mem *mem);
/* Inactive, unreferenced -> referenced -> active. */
void lru_mark_accessed(struct mem *mem, pfn_t pfn);
/* To the head of the inactive list (MADV_COLD, POSIX_FADV_NOREUSE), tail when its writeback ended (PG_RECLAIM). */
void lru_deactivate(struct mem *mem, pfn_t pfn);
void lru_rotate_reclaimable(struct mem *mem, pfn_t pfn);
/* MADV_FREE: an anonymous page becomes clean and goes to the inactive file list. */
void lru_lazyfree(struct mem *mem, pfn_t pfn);
/* Reclaiming nr pages of this kind cost I/O. */
void lru_note_cost(struct group *g, unsigned nid, bool file, u64 nr);
/* Take the page off its list or out of a batch before it is freed. */
void lru_remove(struct mem *mem, pfn_t pfn);
/* To or from the unevictable list as PG_MLOCKED says. */
void lru_update_evictable(struct mem *mem, pfn_t pfn);

#endif
