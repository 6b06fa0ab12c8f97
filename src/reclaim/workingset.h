/* workingset.h - shadow entries: how long ago was this page evicted, measured in evictions?
 *
 * Mirrors: mm/workingset.c, Linux 6.1. A shadow is an odd u64: group id << 48 | node << 42 | age << 2 | workingset << 1 | 1. */
#ifndef RECLAIM_WORKINGSET_H
#define RECLAIM_WORKINGSET_H

#include "reclaim/mem.h"

/* The shadow to leave behind for this page, evicted on behalf of `target` (NULL: the whole machine). */
u64 workingset_eviction(struct mem *mem, pfn_t pfn, struct group *target);
/* The page is back: count the refault, activate it if it would have been resident in a list as long as the active lists.
 * pre: the page is charged and not yet on a list. */
void workingset_refault(struct mem *mem, pfn_t pfn, u64 shadow);
/* Those of the pages that are active are so by their use. */
void workingset_activation(struct mem *mem, const pfn_t *pfns, u32 nr);
void workingset_age_nonresident(struct group *g, unsigned nid, u64 nr);

#endif
