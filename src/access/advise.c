/* advise.c - madvise() on pages that are there: free, cold, out.
 *
 * Mirrors madvise_free_pte_range(), madvise_cold_or_pageout_pte_range() of mm/madvise.c, Linux 6.1. Pages that
 * somebody else maps too are left alone. */
#include "access/access_int.h"

#define OUT_BATCH 32u

void access_advise_free(struct access_ctx *ac, vpn_t start, vpn_t end)
{
    struct mem *mem = ac->mem;
    pte_t *slot;

    lru_add_drain(mem);
    for (vpn_t v = pagetable_next(ac->mm, start, end, &slot); v < end;
         v = pagetable_next(ac->mm, v + 1, end, &slot)) {
        pfn_t pfn = pte_pfn(*slot);
        struct frame *f = frames_get(mem->frames, pfn);

        if (pte_is_swap(*slot)) {
            swp_t e = pte_swp(*slot);

            pagetable_set(ac->mm, v, slot, 0);
            ac->mm->swapents--;
            page_swap_put(mem, e);
            continue;
        }
        if (pte_is_zero_page(*slot) || !frame_test(f, PG_ANON) || f->mapcount != 1)
            continue;
        if (frame_test(f, PG_SWAPCACHE) && !page_free_swap(mem, pfn))
            continue;
        frame_clear(f, PG_DIRTY);
        *slot &= ~(PTE_ACCESSED | PTE_DIRTY);
        mmu_flush_page(ac->mm, v);
        lru_lazyfree(mem, pfn);
    }
}

static void page_out(struct mem *mem, pfn_t *pfns, u32 *nr)
{
    reclaim_pages(mem, pfns, *nr);
    *nr = 0;
}

void access_advise_cold(struct access_ctx *ac, vpn_t start, vpn_t end, bool pageout)
{
    struct mem *mem = ac->mem;
    pfn_t out[OUT_BATCH];
    u32 nr = 0;
    pte_t *slot;

    lru_add_drain(mem);
    for (vpn_t v = pagetable_next(ac->mm, start, end, &slot); v < end;
         v = pagetable_next(ac->mm, v + 1, end, &slot)) {
        pfn_t pfn = pte_pfn(*slot);
        struct frame *f = frames_get(mem->frames, pfn);

        if (!pte_present(*slot) || pte_is_zero_page(*slot) || f->mapcount != 1)
            continue;
        mmu_clear_young(slot);
        mmu_flush_page(ac->mm, v);
        frame_clear(f, PG_REFERENCED);
        if (!pageout) {
            lru_deactivate(mem, pfn);
            continue;
        }
        if (!lru_isolate(mem, pfn))
            continue;
        out[nr++] = pfn;
        if (nr == OUT_BATCH)
            page_out(mem, out, &nr);
    }
    page_out(mem, out, &nr);
}
