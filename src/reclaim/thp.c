/* thp.c - huge leaves: folios mapped whole, and what becomes of that; see thp.h. */
#include "reclaim/thp.h"

#include "reclaim/page.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

static void count_folio(struct mem *mem, const struct frame *f, enum counter id, s64 n)
{
    group_count_frame(mem->groups, frame_group(mem->groups, f), (pfn_t)(f - mem->frames->frame), id,
                      n);
}

static void count_rss(struct mm *mm, s64 pages)
{
    mm->rss_anon += (u64)pages;
    mm->hiwater_rss = MAX(mm->hiwater_rss, mm_rss(mm));
}

void thp_map_new(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t head)
{
    struct frame *f = frame_of(mem, head);
    s64 nr = frame_nr_pages(f);

    rmap_add_new_anon_huge(mem->space, vma, vpn, head);
    count_folio(mem, f, NR_ANON_PAGES, nr);
    count_folio(mem, f, NR_ANON_TRANSPARENT_HUGEPAGES, nr);
    count_rss(vma->mm, nr);
}

void thp_map(struct mem *mem, struct mm *mm, pfn_t head)
{
    struct frame *f = frame_of(mem, head);
    s64 nr = frame_nr_pages(f);

    if (!folio_pmd_mapcount(f))
        count_folio(mem, f, NR_ANON_TRANSPARENT_HUGEPAGES, nr);
    count_folio(mem, f, NR_ANON_PAGES, rmap_add_huge(f));
    count_rss(mm, nr);
}

/* The last huge leaf that maps it is gone. */
static void left_whole(struct mem *mem, pfn_t head)
{
    struct frame *f = frame_of(mem, head);

    count_folio(mem, f, NR_ANON_TRANSPARENT_HUGEPAGES, -frame_nr_pages(f));
    touched_drop(&mem->space->touched, head);
    page_munlock(mem, head); /* what is mapped by page is not locked (mlock_vma_page) */
}

void thp_unmap(struct mem *mem, struct vma *vma, pfn_t head)
{
    struct frame *f = frame_of(mem, head);
    unsigned unmapped = rmap_del_huge(f);

    count_rss(vma->mm, -frame_nr_pages(f));
    count_folio(mem, f, NR_ANON_PAGES, -(s64)unmapped);
    if (!folio_pmd_mapcount(f))
        left_whole(mem, head);
    if (unmapped && f->mapcount)
        deferred_split_add(mem, head);
}

static void split_zero(struct mm *mm, vpn_t base, pte_t old)
{
    pte_t *leaf = pagetable_split_huge(mm, base);

    for (unsigned i = 0; i < HPAGE_PMD_NR; i++)
        pagetable_set(mm, base + i, &leaf[i], old & ~PTE_HUGE);
}

void thp_split_pmd(struct mem *mem, struct vma *vma, vpn_t vpn)
{
    struct mm *mm = vma->mm;
    vpn_t base = huge_base(vpn);
    pte_t old = *pagetable_find_huge(mm, base), *leaf;
    pfn_t head = pte_pfn(old);
    struct frame *f;

    count(mem->counters, THP_SPLIT_PMD, 1);
    mem_cost(mem, mem->cost->split_huge_pmd);
    mmu_flush_range(mm, base, base + HPAGE_PMD_NR);
    if (pte_is_zero_page(old)) {
        split_zero(mm, base, old);
        return;
    }
    f = frame_of(mem, head);
    if (old & PTE_DIRTY)
        frame_set(f, PG_DIRTY);
    leaf = pagetable_split_huge(mm, base);
    for (unsigned i = 0; i < HPAGE_PMD_NR; i++)
        pagetable_set(
            mm, base + i, &leaf[i],
            pte_make(head + i, old & ((1ull << PTE_PFN_SHIFT) - 1) & ~(PTE_HUGE | PTE_DIRTY)));
    rmap_split_huge(mem->frames, head);
    if (!folio_pmd_mapcount(f))
        left_whole(mem, head);
}

void thp_cut(struct mem *mem, struct vma *vma, vpn_t vpn)
{
    const pte_t *leaf = vpn % HPAGE_PMD_NR ? pagetable_find_huge(vma->mm, vpn) : NULL;

    if (leaf && !(*leaf & PTE_HUGETLB))
        thp_split_pmd(mem, vma, vpn);
}

/* --- the huge zero page ----------------------------------------------------------------------- */
void thp_zero_get(struct mem *mem, struct mm *mm)
{
    assert(mem->thp.zero_page != PFN_NONE);
    if (mm->huge_zero)
        return;
    mm->huge_zero = true;
    mem->thp.zero_users++;
}

void thp_zero_put(struct mem *mem, struct mm *mm)
{
    if (!mm->huge_zero)
        return;
    mm->huge_zero = false;
    mem->thp.zero_users--;
}

u64 thp_zero_idle(const struct mem *mem)
{
    return mem->thp.zero_page != PFN_NONE && !mem->thp.zero_users ? HPAGE_PMD_NR : 0;
}

u64 thp_zero_free(struct mem *mem)
{
    pfn_t pfn = mem->thp.zero_page;

    if (!thp_zero_idle(mem))
        return 0;
    mem->thp.zero_page = PFN_NONE;
    frame_set_kind(frame_of(mem, pfn), FRAME_PAGE);
    frames_free(mem->frames, pfn, HPAGE_PMD_ORDER, mem->cpu);
    return HPAGE_PMD_NR;
}
