/* mempolicy.c - see mempolicy.h. */
#include "system/mempolicy.h"

#include "system/system_int.h"

#include <errno.h>

static bool covers(const struct mm *mm, vpn_t start, vpn_t end)
{
    while (start < end) {
        const struct vma *vma = vma_find((struct mm *)(uintptr_t)mm, start);

        if (!vma)
            return false;
        start = vma->end;
    }
    return true;
}

enum step system_set_mempolicy(struct system *s, struct task *t, struct mempolicy p)
{
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    mem_cost(&s->mem, s->cost.syscall);
    if (mempolicy_set(&p, topology_memory_nodes(&s->frames.topology)))
        return call_refuse(s, t, -EINVAL);
    task_mempolicy_set(&t->mempolicy, p);
    return call_end(s, t);
}

enum step system_mbind(struct system *s, struct task *t, vaddr_t addr, u64 len, struct mempolicy p)
{
    vpn_t start = addr >> PAGE_SHIFT, end = DIV_ROUND_UP(addr + len, PAGE_SIZE);
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    mem_cost(&s->mem, s->cost.vma_op);
    if (cuts_huge_page(t->mm, (struct span){start, end}) || addr % PAGE_SIZE || addr + len < addr ||
        mempolicy_set(&p, topology_memory_nodes(&s->frames.topology)))
        return call_refuse(s, t, -EINVAL);
    if (p.mode != MPOL_DEFAULT && !covers(t->mm, start, end))
        return call_refuse(s, t, -EFAULT);
    vma_set_policy(t->mm, start, end, p);
    return call_end(s, t);
}

enum step system_set_home_node(struct system *s, struct task *t, vaddr_t addr, u64 len,
                               unsigned nid)
{
    vpn_t at = addr >> PAGE_SHIFT, end = DIV_ROUND_UP(addr + len, PAGE_SIZE);
    struct vma *vma;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    mem_cost(&s->mem, s->cost.vma_op);
    if (addr % PAGE_SIZE || addr + len < addr || nid >= s->frames.nr_nodes)
        return call_refuse(s, t, -EINVAL);
    for (; (vma = vma_find_after(t->mm, at)) && vma->start < end; at = vma->end) {
        struct mempolicy p = vma->policy;
        vpn_t stop = MIN(vma->end, end);

        if (p.mode == MPOL_DEFAULT)
            continue;
        if (p.mode != MPOL_BIND && p.mode != MPOL_PREFERRED_MANY)
            return call_refuse(s, t, -EOPNOTSUPP);
        p.home = (u16)(nid + 1);
        vma_set_policy(t->mm, MAX(at, vma->start), stop, p);
        vma = vma_find(t->mm, stop - 1);
    }
    return call_end(s, t);
}

struct mempolicy system_get_mempolicy(const struct task *t, vaddr_t addr)
{
    const struct vma *vma = vma_find(t->mm, addr >> PAGE_SHIFT);

    return vma && vma->policy.mode != MPOL_DEFAULT ? vma->policy : t->mempolicy.policy;
}

int system_page_node(const struct system *s, const struct task *t, vaddr_t addr)
{
    pfn_t pfn = pte_ref_pfn(pagetable_lookup(t->mm, addr >> PAGE_SHIFT), addr >> PAGE_SHIFT);

    return pfn == PFN_NONE ? -ENOENT : (int)frame_nid(&s->frames, pfn);
}

int system_set_affinity(struct system *s, struct task *t, u64 cpus)
{
    cpus &= UINT64_MAX >> (64 - s->frames.nr_cpus);
    if (!cpus)
        return -EINVAL;
    t->cpus_allowed = cpus;
    if (!(cpus >> t->cpu & 1))
        t->cpu = (unsigned)__builtin_ctzll(cpus);
    return 0;
}
