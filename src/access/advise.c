/* advise.c - madvise() on pages that are there: free, cold, out.
 *
 * Mirrors madvise_free_pte_range(), madvise_cold_or_pageout_pte_range() of mm/madvise.c, Linux 6.1.
 * Pages that somebody else maps too are left alone. */
#include "access/access_int.h"
#include "reclaim/thp.h"

#define OUT_BATCH 32u

/* A page of a folio that is to be treated alone: nobody else maps the folio, so it is split. False:
 * leave it. Mirrors the same in both walks of mm/madvise.c. */
static bool split_for_page(struct mem *mem, pfn_t pfn)
{
    pfn_t head = folio_head_pfn(mem->frames, pfn);
    struct frame *f = frames_get(mem->frames, head);

    if (!folio_is_large(f))
        return true;
    return page_mapcount(mem->frames, frames_get(mem->frames, pfn)) == 1 &&
           folio_try_split(mem, head);
}

/* --- MADV_FREE -------------------------------------------------------------------------------- */
static void free_entry(struct access_ctx *ac, vpn_t v, pte_t *slot)
{
    struct mem *mem = ac->mem;
    pfn_t pfn = pte_pfn(*slot);
    struct frame *f;

    if (pte_is_swap(*slot)) {
        swp_t e = pte_swp(*slot);

        pagetable_set(ac->mm, v, slot, 0);
        ac->mm->swapents--;
        page_swap_put(mem, e);
        return;
    }
    if (pte_is_zero_page(*slot) || !frame_test(folio_head(mem->frames, pfn), PG_ANON) ||
        !split_for_page(mem, pfn))
        return;
    f = frames_get(mem->frames, pfn);
    if (f->mapcount != 1)
        return;
    if (frame_test(f, PG_SWAPCACHE) && !page_free_swap(mem, pfn))
        return;
    frame_clear(f, PG_DIRTY);
    *slot &= ~(PTE_ACCESSED | PTE_DIRTY);
    mmu_flush_page(ac->mm, v);
    lru_lazyfree(mem, pfn);
}

/* Whole, it stays one page; of a part, it becomes small ones (madvise_free_huge_pmd). True: done
 * with. */
static bool free_huge(struct access_ctx *ac, vpn_t v, vpn_t end, pte_t *slot)
{
    struct mem *mem = ac->mem;
    pfn_t head = pte_pfn(*slot);
    struct frame *f;

    if (pte_is_zero_page(*slot))
        return true;
    f = frames_get(mem->frames, head);
    if (f->mapcount != 1 || frame_test(f, PG_LOCKED | PG_WRITEBACK))
        return true;
    if (v % HPAGE_PMD_NR || v + HPAGE_PMD_NR > end)
        return !folio_try_split(mem, head);
    if (frame_test(f, PG_SWAPCACHE))
        return true;
    frame_clear(f, PG_DIRTY);
    *slot &= ~(PTE_ACCESSED | PTE_DIRTY);
    mmu_flush_range(ac->mm, v, v + HPAGE_PMD_NR);
    lru_lazyfree(mem, head);
    return true;
}

void access_advise_free(struct access_ctx *ac, vpn_t start, vpn_t end)
{
    struct pte_ref ref;
    vpn_t v;

    lru_add_drain(ac->mem);
    for (v = pagetable_next(ac->mm, start, end, &ref); v < end;
         v = pagetable_next(ac->mm, v, end, &ref)) {
        if (!ref.order)
            free_entry(ac, v, ref.slot);
        else if (!free_huge(ac, v, end, ref.slot))
            continue; /* small entries now */
        v = pte_ref_end(ref, v);
    }
}

/* --- MADV_COLD, MADV_PAGEOUT ------------------------------------------------------------------ */
struct cold {
    struct access_ctx *ac;
    bool pageout;
    pfn_t out[OUT_BATCH];
    u32 nr;
};

static void page_out(struct cold *c)
{
    reclaim_pages(c->ac->mem, c->out, c->nr);
    c->nr = 0;
}

/* The folio that only this entry maps. */
static void cold_folio(struct cold *c, struct pte_ref ref, vpn_t v, pfn_t pfn)
{
    struct mem *mem = c->ac->mem;

    mmu_clear_young(ref.slot);
    mmu_flush_range(c->ac->mm, v, pte_ref_end(ref, v));
    frame_clear(frames_get(mem->frames, pfn), PG_REFERENCED);
    if (!c->pageout) {
        lru_deactivate(mem, pfn);
        return;
    }
    if (!lru_isolate(mem, pfn))
        return;
    c->out[c->nr++] = pfn;
    if (c->nr == OUT_BATCH)
        page_out(c);
}

/* False: it became small entries. */
static bool cold_huge(struct cold *c, struct pte_ref ref, vpn_t v, vpn_t end)
{
    struct mem *mem = c->ac->mem;
    pfn_t head = pte_pfn(*ref.slot);

    if (pte_is_zero_page(*ref.slot) || frames_get(mem->frames, head)->mapcount != 1)
        return true;
    if (v % HPAGE_PMD_NR || v + HPAGE_PMD_NR > end)
        return !folio_try_split(mem, head);
    cold_folio(c, ref, v, head);
    return true;
}

void access_advise_cold(struct access_ctx *ac, vpn_t start, vpn_t end, bool pageout)
{
    struct mem *mem = ac->mem;
    struct cold c = {.ac = ac, .pageout = pageout};
    struct pte_ref ref;
    vpn_t v;

    lru_add_drain(mem);
    for (v = pagetable_next(ac->mm, start, end, &ref); v < end;
         v = pagetable_next(ac->mm, v, end, &ref)) {
        pfn_t pfn = pte_pfn(*ref.slot);

        if (ref.order) {
            if (!cold_huge(&c, ref, v, end))
                continue;
        } else if (pte_has_frame(*ref.slot) && split_for_page(mem, pfn) &&
                   frames_get(mem->frames, pfn)->mapcount == 1) {
            cold_folio(&c, ref, v, pfn);
        }
        v = pte_ref_end(ref, v);
    }
    page_out(&c);
}
