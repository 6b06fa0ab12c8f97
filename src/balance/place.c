/* place.c - see place.h. */
#include "balance/place.h"

static struct alloc_place place_of(struct mem *mem, const struct mempolicy *p)
{
    struct alloc_place place = {.nodes = mem_nodes(mem)};

    switch ((enum mpol_mode)p->mode) {
    case MPOL_PREFERRED:
        place.nodes.nid = (unsigned)__builtin_ctzll(p->nodes);
        break;
    case MPOL_PREFERRED_MANY:
    case MPOL_BIND:
        place.nodes.mask = p->nodes;
        place.many = p->mode == MPOL_PREFERRED_MANY;
        if (p->home)
            place.nodes.nid = p->home - 1u;
        break;
    case MPOL_DEFAULT:
    case MPOL_LOCAL:
    case MPOL_INTERLEAVE:
    case NR_MPOL_MODES:
        break;
    }
    return place;
}

static struct alloc_place place_interleaved(unsigned nid)
{
    return (struct alloc_place){.nodes = nodes_near(nid), .interleave = true};
}

struct alloc_place place_by_task(struct mem *mem)
{
    struct task_mempolicy *t = mem->policy;

    if (likely(!t))
        return (struct alloc_place){.nodes = mem_nodes(mem)};
    if (t->policy.mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_next(t->policy.nodes, &t->il_prev));
    return place_of(mem, &t->policy);
}

/* get_vma_policy() */
static const struct mempolicy *policy_of(const struct mem *mem, const struct vma *vma)
{
    if (vma->policy.mode == MPOL_DEFAULT && mem->policy)
        return &mem->policy->policy;
    return &vma->policy;
}

struct alloc_place place_huge_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn)
{
    const struct mempolicy *p = policy_of(mem, vma);
    u64 index = (vma->pgoff >> HPAGE_PMD_ORDER) + ((vpn - vma->start) >> HPAGE_PMD_ORDER);
    struct alloc_place place;

    if (p->mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_at(p->nodes, index));
    place = place_of(mem, p);
    if (!place.many && place.nodes.mask >> place.nodes.nid & 1)
        place.nodes.mask = BIT_ULL(place.nodes.nid);
    return place;
}

struct alloc_place place_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn)
{
    const struct mempolicy *p = policy_of(mem, vma);

    if (p->mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_at(p->nodes, vma_index(vma, vpn)));
    return place_of(mem, p);
}
