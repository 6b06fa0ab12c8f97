/* workingset.h - shadow entries: what an evicted page leaves behind, and tells when it comes back.
 *
 * Mirrors: mm/workingset.c, Linux 6.1. A shadow is an odd u64, a token of the reclaim policy. */
#ifndef RECLAIM_WORKINGSET_H
#define RECLAIM_WORKINGSET_H

#include "reclaim/policy.h"

/* The shadow to leave behind for this page, evicted on behalf of `target` (NULL: the whole
 * machine). */
static inline u64 workingset_eviction(struct mem *mem, pfn_t pfn, struct group *target)
{
    return policy_eviction(mem, pfn, target);
}

/* The page is back: count the refault, activate it if it should have stayed.
 * pre: the page is charged and not yet on a list. */
static inline void workingset_refault(struct mem *mem, pfn_t pfn, u64 shadow)
{
    assert(entry_is_shadow(shadow));
    policy_refault(mem, pfn, shadow);
}

#endif
