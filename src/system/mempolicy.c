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
    if (mempolicy_fit(&p, &s->frames.topology, NULL))
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
    if (addr % PAGE_SIZE || addr + len < addr || mempolicy_fit(&p, &s->frames.topology, NULL))
        return call_refuse(s, t, -EINVAL);
    if (p.mode != MPOL_DEFAULT && !covers(t->mm, start, end))
        return call_refuse(s, t, -EFAULT);
    vma_set_policy(t->mm, start, end, p);
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
