/* place.h - on which nodes an allocation is made: what memory policies come to.
 *
 * Mirrors: mm/mempolicy.c (vma_alloc_folio, alloc_pages, alloc_pages_preferred_many, policy_node, policy_nodemask, interleave_nid), Linux 6.1: a page of a mapping
 *          that is interleaved goes by its index, whether the mapping or the task has the policy; what else a task allocates goes by
 *          turn. Interleave and preferred fall back to any node, bind never leaves its own; what is preferred on many nodes falls back without
 *          reclaim there, as if nothing had been preferred.
 */
#ifndef BALANCE_PLACE_H
#define BALANCE_PLACE_H

#include "reclaim/mem.h"
#include "space/vma.h"

struct alloc_place {
    struct alloc_nodes nodes;
    bool interleave; /* a page on nodes.nid counts as interleave_hit */
    bool many;       /* where nodes.mask has nothing free, any node */
};

/* For the kernel or the page cache, on behalf of the task that runs (alloc_pages). */
struct alloc_place place_by_task(struct mem *mem);

/* For a page of a mapping (vma_alloc_folio). */
struct alloc_place place_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn);

/* The same for a huge page: on the first node of the policy alone (__GFP_THISNODE), since small pages there are better than a huge page
 * far away; interleaved by the index in huge pages. */
struct alloc_place place_huge_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn);

#endif
