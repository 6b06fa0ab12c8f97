/* place.h - on which nodes an allocation is made: what memory policies come to.
 *
 * Mirrors: mm/mempolicy.c (vma_alloc_folio, alloc_pages, alloc_pages_preferred_many, policy_node,
 *          policy_nodemask, interleave_nid), Linux 6.1: a page of a mapping that is interleaved
 *          goes by its index, whether the mapping or the task has the policy; what else a task
 *          allocates goes by turn. Interleave and preferred fall back to any node, bind never
 *          leaves its own; what is preferred on many nodes falls back without reclaim there, as if
 *          nothing had been preferred.
 */
#ifndef BALANCE_PLACE_H
#define BALANCE_PLACE_H

#include "backing/inode.h"
#include "reclaim/mem.h"
#include "space/vma.h"

struct alloc_place {
    struct alloc_nodes nodes;
    bool interleave; /* a page on nodes.nid counts as interleave_hit */
    bool many;       /* where nodes.mask has nothing free, any node */
    bool strict;     /* nowhere else, though the cpuset lets the task have nothing there */
};

/* For the kernel or the page cache, on behalf of the task that runs (alloc_pages). */
struct alloc_place place_by_task(struct mem *mem);

/* Could place_by_vma() say anything but that a page goes near the CPU? */
static inline bool place_by_vma_matters(const struct mem *mem, const struct vma *vma)
{
    return mem->policy || vma->inode || vma->policy.mode != MPOL_DEFAULT;
}

/* For a page of a mapping (vma_alloc_folio). */
struct alloc_place place_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn);

/* For a page of a file of shared memory, whoever asks for it (shmem_alloc_folio): interleaved by
 * its index and the number of the file. */
struct alloc_place place_by_shared(struct mem *mem, const struct inode *inode, u64 index);

/* The policy of a page of a mapping, or of its file of shared memory; NULL: that of the task holds
 * (__get_vma_policy). */
const struct mempolicy *vma_policy_at(const struct backing *b, const struct vma *vma, vpn_t vpn);

/* place_by_vma() for a huge page: interleaved by the index in huge pages. */
struct alloc_place place_huge_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn);

/* The first node of the policy alone (__GFP_THISNODE), where a huge page is looked for before any
 * other: small pages there are better than a huge page far away. False: the policy has no such
 * node. */
bool place_narrow(struct alloc_place *place);

#endif
