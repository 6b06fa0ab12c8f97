/* fork.c - the child's page tables.
 *
 * Both sides lose the right to write to private anonymous pages; the first one to write copies. Mappings that can be
 * faulted in again from their file are not copied. Mirrors copy_pte_range() of mm/memory.c, Linux 6.1. */
#include "access/access_int.h"

static void copy_swap(struct mem *mem, struct mm *child, vpn_t vpn, pte_t *from, pte_t *to)
{
    if (likely(pte_swp(*from) != SWP_ERROR))
        swap_dup(mem->swap, pte_swp(*from));
    *from &= ~PTE_SWAP_EXCLUSIVE;
    pagetable_set(child, vpn, to, *from);
    child->swapents++;
}

static void copy_present(struct mem *mem, const struct vma *vma, struct mm *child, vpn_t vpn,
                         pte_t *from, pte_t *to)
{
    pte_t pte = *from;

    if (!pte_is_zero_page(pte)) {
        struct frame *f = frames_get(mem->frames, pte_pfn(pte));

        frame_clear(f, PG_EXCLUSIVE);
        page_map(mem, child, pte_pfn(pte));
        if (!(vma->flags & VM_SHARED))
            *from = pte &= ~PTE_WRITE;
        else
            pte &= ~PTE_DIRTY;
    }
    pagetable_set(child, vpn, to, pte & ~PTE_ACCESSED);
}

static enum access_result copy_range(struct access_ctx *ac, const struct vma *vma, struct mm *child,
                                     vpn_t start, u64 *progress)
{
    struct mem *mem = ac->mem;
    pte_t *from;

    for (vpn_t v = pagetable_next(ac->mm, start, vma->end, &from); v < vma->end;
         v = pagetable_next(ac->mm, v + 1, vma->end, &from)) {
        enum access_result r = access_tables(ac, child, v);

        if (r != ACCESS_OK) {
            *progress = v;
            return r;
        }
        from = pagetable_find(ac->mm, v); /* getting a table may have reclaimed the page */
        if (!pte_none(*from)) {
            pte_t *to = pagetable_find(child, v);

            if (pte_is_swap(*from))
                copy_swap(mem, child, v, from, to);
            else
                copy_present(mem, vma, child, v, from, to);
        }
        mem_cost(mem, mem->cost->fork_page);
    }
    return ACCESS_OK;
}

enum access_result access_fork(struct access_ctx *ac, struct mm *child, u64 *progress)
{
    for (struct vma *vma = vma_find_after(ac->mm, *progress); vma; vma = vma_next(vma)) {
        enum access_result r;

        if (!vma->anon_vma || (vma->flags & (VM_DONTFORK | VM_WIPEONFORK)))
            continue;
        r = copy_range(ac, vma, child, MAX(vma->start, *progress), progress);
        if (r != ACCESS_OK)
            return r;
    }
    mmu_flush_mm(ac->mm);
    ac->attempt->resumed = false;
    *progress = 0;
    return ACCESS_OK;
}
