/* zap.c - pages leave an address space, or a file.
 *
 * Mirrors zap_pte_range() of mm/memory.c, truncate_inode_pages_range() of mm/truncate.c, Linux 6.1. */
#include "access/access_int.h"

/* One present entry goes: the file learns of writes and uses that only the entry knows, an anonymous page may be free now. */
static void zap_present(struct pgdat *pg, struct mm *mm, const struct vma *vma, pte_t pte)
{
    pfn_t pfn = pte_pfn(pte);
    struct frame *f = frames_get(pg->frames, pfn);

    if (!frame_test(f, PG_ANON)) {
        if (pte & PTE_DIRTY)
            page_mark_dirty(pg, pfn);
        if ((pte & PTE_ACCESSED) && !(vma->flags & VM_SEQ_READ))
            lru_mark_accessed(pg, pfn);
    }
    page_unmap(pg, mm, pfn);
    if (frame_test(f, PG_ANON))
        page_free_if_unused(pg, pfn);
}

static void zap_range(struct pgdat *pg, struct vma *vma, vpn_t start, vpn_t end)
{
    struct mm *mm = vma->mm;
    pte_t *slot;
    u64 nr = 0;

    for (vpn_t v = pagetable_next(mm, start, end, &slot); v < end;
         v = pagetable_next(mm, v + 1, end, &slot)) {
        pte_t pte = *slot;

        pagetable_set(mm, v, slot, 0);
        nr++;
        if (pte_is_swap(pte)) {
            mm->swapents--;
            page_swap_put(pg, pte_swp(pte));
        } else if (!pte_is_zero_page(pte)) {
            zap_present(pg, mm, vma, pte);
        }
    }
    if (!nr)
        return;
    for (unsigned cpu = 0; cpu < pg->nr_cpus; cpu++)
        tlb_flush_range(&pg->tlbs[cpu], mm->id, start, end);
    pg->cpu_ns += nr * pg->cost->zap_page;
}

void access_zap(struct access_ctx *ac, vpn_t start, vpn_t end)
{
    struct vma *vma = vma_find_after(ac->mm, start);

    for (; vma && vma->start < end; vma = vma_next(vma))
        zap_range(ac->pg, vma, MAX(start, vma->start), MIN(end, vma->end));
}

static void unmap_file_range(void *ctx, struct vma *vma, vpn_t start, vpn_t end)
{
    zap_range(ctx, vma, start, end);
}

void access_truncate(struct pgdat *pg, struct inode *inode, u64 from, u64 to)
{
    u64 blocks = shmem_blocks(inode);
    pfn_t pfn;

    rmap_for_each_file_vma(pg->space, inode->id, from, to, unmap_file_range, pg);
    while ((pfn = pagecache_next(inode, from, to)) != PFN_NONE) {
        assert(!frame_test(frames_get(pg->frames, pfn), PG_LOCKED | PG_WRITEBACK));
        page_clear_dirty(pg, pfn);
        page_cache_del(pg, pfn, 0);
        page_free(pg, pfn);
    }
    if (!inode->device)
        shmem_free_swap(pg, inode, from, to);
    page_cache_clear_shadows(pg, inode, from, to);
    if (!inode->device)
        shmem_account(pg->backing, inode, (s64)shmem_blocks(inode) - (s64)blocks);
}
