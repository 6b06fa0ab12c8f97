/* fork.c - the child's page tables.
 *
 * Both sides lose the right to write to private anonymous pages; the first one to write copies.
 * Mappings that can be faulted in again from their file are not copied. Mirrors copy_pte_range() of
 * mm/memory.c, copy_huge_pmd() of mm/huge_memory.c, Linux 6.1. */
#include "access/access_int.h"
#include "reclaim/pin.h"
#include "reclaim/thp.h"

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
        frame_clear(frames_get(mem->frames, pte_pfn(pte)), PG_EXCLUSIVE);
        page_map(mem, child, pte_pfn(pte));
        if (!(vma->flags & VM_SHARED))
            *from = pte &= ~PTE_WRITE;
        else
            pte &= ~PTE_DIRTY;
    }
    pagetable_set(child, vpn, to, pte & ~PTE_ACCESSED);
}

/* A device works on the page: it stays the parent's alone, and the child gets a copy at once
 * (page_needs_cow_for_dma). */
static bool is_parents_alone(const struct mem *mem, pte_t pte)
{
    return mem->pins.count && pte_has_frame(pte) &&
           folio_is_pinned(mem, folio_head_pfn(mem->frames, pte_pfn(pte)));
}

static enum access_result copy_pinned(struct access_ctx *ac, const struct vma *vma,
                                      struct mm *child, vpn_t vpn, pte_t from, pte_t *to)
{
    struct mem *mem = ac->mem;
    struct vma *to_vma = vma_find(child, vpn);
    enum access_result r;
    pfn_t pfn;

    r = access_get_vma_page(ac, vma, vpn, PURPOSE_ANON_COPY, &pfn);
    if (r != ACCESS_OK)
        return r;
    anon_vma_prepare(to_vma);
    access_copy_page(mem, pfn, pte_pfn(from));
    frame_set(frames_get(mem->frames, pfn), PG_UPTODATE | PG_SWAPBACKED);
    page_map_new_anon(mem, to_vma, vpn, pfn);
    lru_add(mem, pfn);
    pagetable_set(child, vpn, to, pte_make(pfn, access_user_bits(to_vma, true)));
    return ACCESS_OK;
}

/* One huge leaf. OK without a copy: it is no huge leaf any more. */
static enum access_result copy_huge(struct access_ctx *ac, struct vma *vma, struct mm *child,
                                    vpn_t vpn)
{
    struct mem *mem = ac->mem;
    enum access_result r = access_pmd_tables(ac, child, vpn);
    pte_t *from;
    pfn_t table;

    from = pagetable_find_huge(ac->mm, vpn);
    if (from && is_parents_alone(mem, *from)) {
        thp_split_pmd(mem, vma, vpn);
        return ACCESS_OK;
    }
    if (r == ACCESS_OK)
        r = access_get_table(ac, &table);
    if (r != ACCESS_OK)
        return r;
    from = pagetable_find_huge(ac->mm, vpn);
    if (!from) { /* getting a table may have split it */
        access_put_table(mem, table);
        return ACCESS_OK;
    }
    if (pte_is_zero_page(*from)) {
        thp_zero_get(mem, child);
    } else {
        frame_clear(frames_get(mem->frames, pte_pfn(*from)), PG_EXCLUSIVE);
        thp_map(mem, child, pte_pfn(*from));
    }
    *from &= ~PTE_WRITE;
    access_deposit(ac, child, vpn, table);
    pagetable_set_huge(child, vpn, *from & ~PTE_ACCESSED);
    mem_cost(mem, mem->cost->fork_page);
    return ACCESS_OK;
}

static enum access_result copy_small(struct access_ctx *ac, const struct vma *vma, struct mm *child,
                                     vpn_t vpn)
{
    struct mem *mem = ac->mem;
    enum access_result r = access_tables(ac, child, vpn);
    pte_t *from, *to;

    if (r != ACCESS_OK)
        return r;
    from = pagetable_find(ac->mm, vpn); /* getting a table may have reclaimed the page */
    to = pagetable_find(child, vpn);
    if (unlikely(is_parents_alone(mem, *from)))
        r = copy_pinned(ac, vma, child, vpn, *from, to);
    else if (pte_is_swap(*from))
        copy_swap(mem, child, vpn, from, to);
    else if (!pte_none(*from))
        copy_present(mem, vma, child, vpn, from, to);
    mem_cost(mem, mem->cost->fork_page);
    return r;
}

static enum access_result copy_range(struct access_ctx *ac, struct vma *vma, struct mm *child,
                                     vpn_t start, u64 *progress)
{
    struct pte_ref ref;
    vpn_t v = pagetable_next(ac->mm, start, vma->end, &ref);

    while (v < vma->end) {
        enum access_result r = vma->flags & VM_HUGETLB ? hugetlb_fork(ac, child, v)
                               : ref.order             ? copy_huge(ac, vma, child, v)
                                                       : copy_small(ac, vma, child, v);

        if (r != ACCESS_OK) {
            *progress = v;
            return r;
        }
        if (!ref.order || pagetable_find_huge(ac->mm, v))
            v = pte_ref_end(ref, v);
        v = pagetable_next(ac->mm, v, vma->end, &ref);
    }
    return ACCESS_OK;
}

/* Others find their pages by themselves. */
static bool has_private_pages(const struct vma *vma)
{
    return vma->flags & VM_HUGETLB ? !(vma->flags & VM_SHARED) : vma->anon_vma != 0;
}

enum access_result access_fork(struct access_ctx *ac, struct mm *child, u64 *progress)
{
    for (struct vma *vma = vma_find_after(ac->mm, *progress); vma; vma = vma_next(vma)) {
        enum access_result r;

        if (!has_private_pages(vma) || (vma->flags & (VM_DONTFORK | VM_WIPEONFORK)))
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
