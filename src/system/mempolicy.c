/* mempolicy.c - see mempolicy.h. */
#include "system/mempolicy.h"

#include "reclaim/lru.h"
#include "system/cpuset.h"
#include "system/move.h"
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
    if (mempolicy_set(&p, cpuset_mems_allowed(s, t)))
        return call_refuse(s, t, -EINVAL);
    task_mempolicy_set(&t->mempolicy, p);
    return call_end(s, t);
}

/* Of mappings, and of the files of shared memory that they show (vma_replace_policy). */
static void set_policy(struct system *s, struct mm *mm, vpn_t start, vpn_t end, struct mempolicy p)
{
    vma_set_policy(mm, start, end, p);
    for (struct vma *v; (v = vma_find_after(mm, start)) && v->start < end; start = v->end) {
        struct inode *inode = v->inode ? inode_get(&s->backing, v->inode) : NULL;
        vpn_t from = MAX(v->start, start);

        if (inode && inode->kind == INODE_SHMEM)
            shared_policy_set(&inode->policy, vma_index(v, from),
                              vma_index(v, from) + (MIN(v->end, end) - from), p);
    }
}

/* MPOL_MF_STRICT alone: is there a page elsewhere? */
static bool any_misplaced(const struct system *s, struct mm *mm, vpn_t start, vpn_t end, u64 nodes)
{
    struct pte_ref ref;

    pagetable_for_each (mm, vpn, ref, start, end)
        if (pte_has_frame(*ref.slot) && !(nodes >> frame_nid(&s->frames, pte_pfn(*ref.slot)) & 1))
            return true;
    return false;
}

/* Of task->progress: a page stayed that was to move. */
#define MBIND_FAILED BIT_ULL(63)

enum step system_mbind(struct system *s, struct task *t, vaddr_t addr, u64 len, struct mempolicy p,
                       u32 flags)
{
    vpn_t start = addr >> PAGE_SHIFT, end = DIV_ROUND_UP(addr + len, PAGE_SIZE);
    bool move = flags & (ABI_MPOL_MF_MOVE | ABI_MPOL_MF_MOVE_ALL);
    bool strict = flags & ABI_MPOL_MF_STRICT && p.mode != MPOL_DEFAULT;
    struct page_move m = {
        .mm = t->mm, .from = ~p.nodes, .all = flags & ABI_MPOL_MF_MOVE_ALL, .reason = MR_MEMPOLICY};
    u64 failed = t->progress & MBIND_FAILED;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->progress) {
        mem_cost(&s->mem, s->cost.vma_op);
        if (cuts_huge_page(t->mm, (struct span){start, end}) || addr % PAGE_SIZE ||
            addr + len < addr || mempolicy_set(&p, cpuset_mems_allowed(s, t)))
            return call_refuse(s, t, -EINVAL);
        if (p.mode != MPOL_DEFAULT && !covers(t->mm, start, end))
            return call_refuse(s, t, -EFAULT);
        if (strict && !move && any_misplaced(s, t->mm, start, end, ~m.from))
            return call_refuse(s, t, -EIO);
        set_policy(s, t->mm, start, end, p);
        if (!move)
            return call_end(s, t);
        lru_add_drain_all(&s->mem);
        t->progress = start + 1;
    }
    start = (t->progress & ~MBIND_FAILED) - 1;
    if (!move_pages_of(s, t, &m, &start, end)) {
        t->progress = (start + 1) | failed | (m.failed ? MBIND_FAILED : 0);
        return call_wait(t, t->wait);
    }
    return strict && (failed || m.failed) ? call_refuse(s, t, -EIO) : call_end(s, t);
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
        set_policy(s, t->mm, MAX(at, vma->start), stop, p);
        vma = vma_find(t->mm, stop - 1);
    }
    return call_end(s, t);
}

/* lint: no recording asks for a policy; tests see with it what mbind did */
struct mempolicy system_get_mempolicy(const struct system *s, const struct task *t, vaddr_t addr)
{
    const struct vma *vma = vma_find(t->mm, addr >> PAGE_SHIFT);
    const struct mempolicy *p = vma ? vma_policy_at(&s->backing, vma, addr >> PAGE_SHIFT) : NULL;

    return p ? *p : t->mempolicy.policy;
}

/* lint: no recording asks where a page is; tests see with it where it went */
int system_page_node(const struct system *s, const struct task *t, vaddr_t addr)
{
    pfn_t pfn = pte_ref_pfn(pagetable_lookup(t->mm, addr >> PAGE_SHIFT), addr >> PAGE_SHIFT);

    return pfn == PFN_NONE ? -ENOENT : (int)frame_nid(&s->frames, pfn);
}

int system_set_affinity(struct system *s, struct task *t, u64 cpus)
{
    u64 allowed = cpus & cpuset_cpus_of(s, t->group);

    if (!allowed)
        return -EINVAL;
    t->cpus_asked = cpus;
    t->cpus_allowed = allowed;
    if (!(allowed >> t->cpu & 1))
        t->cpu = (unsigned)__builtin_ctzll(allowed);
    return 0;
}
