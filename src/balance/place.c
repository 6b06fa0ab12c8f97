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

/* What has no policy has the task's. */
static const struct mempolicy *or_of_task(const struct mem *mem, const struct mempolicy *p)
{
    static const struct mempolicy local = {.mode = MPOL_DEFAULT};

    if (p)
        return p;
    return mem->policy ? &mem->policy->policy : &local;
}

struct alloc_place place_by_shared(struct mem *mem, const struct inode *inode, u64 index)
{
    const struct mempolicy *p = or_of_task(mem, shared_policy_at(&inode->policy, index));

    if (p->mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_at(p->nodes, inode->ino + index));
    return place_of(mem, p);
}

const struct mempolicy *vma_policy_at(const struct backing *b, const struct vma *vma, vpn_t vpn)
{
    const struct inode *inode = vma->inode ? inode_get(b, vma->inode) : NULL;

    if (inode && inode->kind == INODE_SHMEM)
        return shared_policy_at(&inode->policy, vma_index(vma, vpn));
    return vma->policy.mode == MPOL_DEFAULT ? NULL : &vma->policy;
}

/* get_vma_policy() */
static const struct mempolicy *policy_of(const struct mem *mem, const struct vma *vma, vpn_t vpn)
{
    return or_of_task(mem, vma_policy_at(mem->backing, vma, vpn));
}

struct alloc_place place_huge_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn)
{
    const struct mempolicy *p = policy_of(mem, vma, vpn);
    u64 index = (vma->pgoff >> HPAGE_PMD_ORDER) + ((vpn - vma->start) >> HPAGE_PMD_ORDER);

    if (p->mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_at(p->nodes, index));
    return place_of(mem, p);
}

bool place_narrow(struct alloc_place *place)
{
    if (place->many || place->interleave || !(place->nodes.mask >> place->nodes.nid & 1))
        return false;
    place->nodes.mask = BIT_ULL(place->nodes.nid);
    place->strict = true;
    return true;
}

struct alloc_place place_by_vma(struct mem *mem, const struct vma *vma, vpn_t vpn)
{
    const struct mempolicy *p = policy_of(mem, vma, vpn);

    if (p->mode == MPOL_INTERLEAVE)
        return place_interleaved(mempolicy_interleave_at(p->nodes, vma_index(vma, vpn)));
    return place_of(mem, p);
}
