/* zap.c - pages leave an address space, or a file.
 *
 * Mirrors zap_pte_range() of mm/memory.c, truncate_inode_pages_range() of mm/truncate.c, Linux
 * 6.1. */
#include "access/access_int.h"
#include "reclaim/thp.h"

/* One present entry goes: the file learns of writes and uses that only the entry knows, an
 * anonymous page may be free now. */
static void zap_present(struct mem *mem, struct mm *mm, const struct vma *vma, pte_t pte)
{
    pfn_t pfn = pte_pfn(pte);
    const struct frame *f = folio_head(mem->frames, pfn);

    if (!frame_test(f, PG_ANON)) {
        page_use(mem, pfn, pte_uses(pte));
        if (pte & PTE_DIRTY)
            page_mark_dirty(mem, pfn);
        if ((pte & PTE_ACCESSED) && !(vma->flags & VM_SEQ_READ) &&
            !(vma->flags & VM_RAND_READ && kernel_has(mem->kernel, KERNEL_VMA_RECENCY)))
            lru_mark_accessed(mem, pfn);
    }
    page_unmap(mem, mm, pfn);
    if (frame_test(f, PG_ANON))
        page_free_if_unused(mem, pfn);
}

/* The whole leaf goes, and the table that was kept for it. Mirrors zap_huge_pmd(). */
static void zap_huge(struct mem *mem, struct vma *vma, vpn_t vpn, pte_t pte)
{
    pfn_t head = pte_pfn(pte);

    access_release_table(mem, pagetable_clear_huge(vma->mm, vpn));
    if (pte_is_zero_page(pte))
        return;
    thp_unmap(mem, vma, head);
    page_free_if_unused(mem, head);
}

static void zap_range(struct mem *mem, struct vma *vma, vpn_t start, vpn_t end)
{
    struct mm *mm = vma->mm;
    struct pte_ref ref;
    u64 nr = 0;

    thp_cut(mem, vma, start);
    thp_cut(mem, vma, end);
    pagetable_for_each (mm, v, ref, start, end) {
        pte_t pte = *ref.slot;

        nr++;
        if (ref.order) {
            if (pte & PTE_HUGETLB)
                hugetlb_zap(mem, vma, v, pte);
            else
                zap_huge(mem, vma, v, pte);
            continue;
        }
        pagetable_set(mm, v, ref.slot, 0);
        if (pte_is_swap(pte)) {
            mm->swapents--;
            page_swap_put(mem, pte_swp(pte));
        } else if (!pte_is_zero_page(pte)) {
            zap_present(mem, mm, vma, pte);
        }
    }
    if (!nr)
        return;
    mmu_flush_range(mm, start, end);
    mem->cpu_ns += nr * mem->cost->zap_page;
}

void access_zap(struct access_ctx *ac, vpn_t start, vpn_t end)
{
    struct vma *vma = vma_find_after(ac->mm, start);

    for (; vma && vma->start < end; vma = vma_next(vma))
        zap_range(ac->mem, vma, MAX(start, vma->start), MIN(end, vma->end));
}

static void unmap_file_range(void *ctx, struct vma *vma, vpn_t start, vpn_t end)
{
    zap_range(ctx, vma, start, end);
}

void access_truncate(struct mem *mem, struct inode *inode, u64 from, u64 to)
{
    u64 blocks = shmem_blocks(inode), at = from;
    pfn_t pfn;

    rmap_for_each_file_vma(mem->space, inode->id, from, to, unmap_file_range, mem);
    while (at <= to && (pfn = pagecache_next(inode, at, to)) != PFN_NONE) {
        at = frame_index(frames_get(mem->frames, pfn)) +
             1; /* shadows before it are not looked at again */
        assert(!frame_test(frames_get(mem->frames, pfn), PG_LOCKED | PG_WRITEBACK));
        page_clear_dirty(mem, pfn);
        page_cache_del(mem, pfn, 0);
        page_free(mem, pfn);
    }
    if (!inode->device)
        shmem_free_swap(mem, inode, from, to);
    page_cache_clear_shadows(mem, inode, from, to);
    if (!inode->device)
        shmem_account(mem->backing, inode, (s64)shmem_blocks(inode) - (s64)blocks);
}
