/* thp.c - faults that huge pages answer, and the rules of which memory may be in them.
 *
 *   nothing mapped in the aligned 2 MiB, all of them in the vma, and the settings allow it:
 *        read            -> the huge zero page
 *        write           -> a cleared huge page
 *        none to be had  -> small pages (thp_fault_fallback)
 *   write to a huge leaf that may not be written:
 *        exclusive, or nobody else has it  -> writable
 *        else                              -> 512 entries, and the one of the fault is copied
 *
 * Mirrors hugepage_vma_check(), transhuge_vma_suitable(), do_huge_pmd_anonymous_page(),
 * do_huge_pmd_wp_page(), vma_thp_gfp_mask() of mm/huge_memory.c, Linux 6.1. */
#include <string.h>

#include "access/access_int.h"
#include "access/khugepaged.h"
#include "access/thp.h"
#include "stats/thp.h"

/* --- which memory ----------------------------------------------------------------------------- */
bool thp_range_fits(const struct vma *vma, vpn_t base)
{
    return base >= vma->start && base + HPAGE_PMD_NR <= vma->end;
}

/* May the mapping have huge pages, whatever the settings are? */
static bool vma_can_be_huge(const struct vma *vma)
{
    return vma_is_anon(vma) && !(vma->flags & (VM_NOHUGEPAGE | VM_SPECIAL | VM_HUGETLB)) &&
           !vma->mm->thp_disabled;
}

bool thp_vma_enabled(const struct mem *mem, const struct vma *vma)
{
    u64 enabled = mem->tunables->thp_enabled;

    return vma_can_be_huge(vma) &&
           (enabled == THP_ALWAYS || (enabled == THP_MADVISE && (vma->flags & VM_HUGEPAGE)));
}

bool thp_vma_eligible(const struct mem *mem, const struct vma *vma)
{
    return vma_pages(vma) >= HPAGE_PMD_NR &&
           thp_range_fits(vma, huge_base(vma->end - HPAGE_PMD_NR)) && thp_vma_enabled(mem, vma);
}

bool thp_vma_collapsible(const struct mem *mem, const struct vma *vma, bool settings)
{
    return vma->anon_vma && vma_pages(vma) >= HPAGE_PMD_NR &&
           thp_range_fits(vma, huge_base(vma->end - HPAGE_PMD_NR)) &&
           (settings ? thp_vma_enabled(mem, vma) : vma_can_be_huge(vma));
}

/* --- a first touch ---------------------------------------------------------------------------- */
/* vma_thp_gfp_mask(): who reclaims and compacts himself wakes neither kswapd nor kcompactd. */
static u32 fault_effort(const struct mem *mem, const struct vma *vma)
{
    bool advised = (vma->flags & VM_HUGEPAGE) != 0;

    switch ((enum thp_defrag)mem->tunables->thp_defrag) {
    case THP_DEFRAG_ALWAYS:
        return EFFORT_DIRECT | (advised ? 0 : EFFORT_NORETRY);
    case THP_DEFRAG_DEFER:
        return EFFORT_KSWAPD;
    case THP_DEFRAG_DEFER_MADVISE:
        return advised ? EFFORT_DIRECT : EFFORT_KSWAPD;
    case THP_DEFRAG_MADVISE:
        return advised ? EFFORT_DIRECT : 0;
    case THP_DEFRAG_NEVER:
    case NR_THP_DEFRAG:
        break;
    }
    return 0;
}

void access_clear_folio(struct mem *mem, pfn_t head)
{
    if (mem->frames->bytes)
        memset(frames_bytes(mem->frames, head), 0, HPAGE_PMD_SIZE);
    mem->cpu_ns += (u64)HPAGE_PMD_NR * mem->cost->zero_page;
}

void access_copy_folio(struct mem *mem, pfn_t from, pfn_t to)
{
    if (mem->frames->bytes)
        memcpy(frames_bytes(mem->frames, to), frames_bytes(mem->frames, from), HPAGE_PMD_SIZE);
    mem->cpu_ns += (u64)HPAGE_PMD_NR * mem->cost->copy_page;
}

static enum access_result fall_back(struct fault *f, bool *ret_small)
{
    f->ac->attempt->small = true;
    *ret_small = true;
    return ACCESS_OK;
}

static bool zero_page_there(struct mem *mem)
{
    pfn_t pfn;

    if (mem->thp.zero_page != PFN_NONE)
        return true;
    pfn = balance_try_kernel_folio(mem, HPAGE_PMD_ORDER);
    if (pfn == PFN_NONE) {
        count(mem->counters, THP_ZERO_PAGE_ALLOC_FAILED, 1);
        return false;
    }
    count(mem->counters, THP_ZERO_PAGE_ALLOC, 1);
    frame_set_kind(frames_get(mem->frames, pfn), FRAME_KERNEL);
    mem->cpu_ns += (u64)HPAGE_PMD_NR * mem->cost->zero_page;
    mem->thp.zero_page = pfn;
    return true;
}

static enum access_result map_zero(struct fault *f, bool *ret_small)
{
    struct access_ctx *ac = f->ac;
    vpn_t base = huge_base(f->vpn);
    pfn_t table;
    enum access_result r = access_get_table(ac, &table);

    if (r != ACCESS_OK)
        return r;
    if (!zero_page_there(ac->mem)) {
        access_put_table(ac->mem, table);
        count(ac->mem->counters, THP_FAULT_FALLBACK, 1);
        return fall_back(f, ret_small);
    }
    thp_zero_get(ac->mem, ac->mm);
    access_deposit(ac, ac->mm, base, table);
    /* mk_pmd(): the protection of the mapping, read only. */
    pagetable_set_huge(ac->mm, base,
                       pte_make(0, PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_HUGE | PTE_ZERO));
    return ACCESS_OK;
}

static enum balance_result try_place(struct fault *f, const struct alloc_place *place, u32 effort,
                                     pfn_t *ret_head, bool *ret_no_charge)
{
    struct access_ctx *ac = f->ac;
    enum balance_result b;

    ac->attempt->place = *place;
    ac->attempt->placed = true;
    b = balance_try_folio(ac->mem, ac->attempt, ac->group, HPAGE_PMD_ORDER, effort, ret_head,
                          ret_no_charge, ac->wait);
    ac->attempt->placed = false;
    return b;
}

/* Of several nodes: from the first one with little effort, then, where the fault may work for it,
 * from any that the policy has (vma_alloc_folio). */
static enum balance_result get_huge(struct fault *f, u32 effort, pfn_t *ret_head,
                                    bool *ret_no_charge)
{
    struct access_ctx *ac = f->ac;
    struct alloc_place any, near;
    enum balance_result b;

    if (likely(ac->mem->frames->nr_nodes == 1))
        return balance_try_folio(ac->mem, ac->attempt, ac->group, HPAGE_PMD_ORDER, effort, ret_head,
                                 ret_no_charge, ac->wait);
    near = any = place_huge_by_vma(ac->mem, f->vma, huge_base(f->vpn));
    if (!ac->attempt->far && place_narrow(&near)) {
        b = try_place(f, &near, effort | EFFORT_NORETRY, ret_head, ret_no_charge);
        if (b != BALANCE_FAIL || *ret_no_charge || !(effort & EFFORT_DIRECT))
            return b;
        ac->attempt->far = true;
    }
    return try_place(f, &any, effort, ret_head, ret_no_charge);
}

static enum access_result map_huge(struct fault *f, bool *ret_small)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    vpn_t base = huge_base(f->vpn);
    bool no_charge = false;
    pfn_t head, table;
    enum access_result r;
    enum balance_result b;

    b = get_huge(f, fault_effort(mem, f->vma), &head, &no_charge);
    if (b == BALANCE_FAIL) {
        count(mem->counters, THP_FAULT_FALLBACK, 1);
        count(mem->counters, THP_FAULT_FALLBACK_CHARGE, no_charge);
        return fall_back(f, ret_small);
    }
    ac->attempt->resumed = b != BALANCE_OK;
    if (b != BALANCE_OK)
        return access_from_balance(b);
    r = access_get_table(ac, &table);
    if (r != ACCESS_OK) {
        page_free(mem, head);
        return r;
    }
    access_clear_folio(mem, head);
    mem_numa_forget(mem, head);
    frame_set(frames_get(mem->frames, head), PG_UPTODATE | PG_SWAPBACKED);
    thp_map_new(mem, f->vma, base, head);
    lru_add(mem, head);
    access_deposit(ac, ac->mm, base, table);
    pagetable_set_huge(ac->mm, base, pte_make(head, access_user_bits(f->vma, true) | PTE_HUGE));
    access_count_fault(ac, THP_FAULT_ALLOC);
    return ACCESS_OK;
}

enum access_result fault_huge_new(struct fault *f, bool *ret_small)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    enum access_result r;
    const u64 *pmd;

    *ret_small = true;
    if (!thp_vma_enabled(mem, f->vma) || ac->attempt->small)
        return ACCESS_OK;
    r = access_pmd_tables(ac, ac->mm, f->vpn);
    if (r != ACCESS_OK)
        return r;
    pmd = pagetable_pmd(ac->mm, f->vpn);
    if (*pmd || !thp_range_fits(f->vma, huge_base(f->vpn)))
        return ACCESS_OK;
    anon_vma_prepare(f->vma);
    khugepaged_enter_vma(mem, f->vma);
    *ret_small = false;
    if (f->kind != ACCESS_WRITE && mem->tunables->thp_use_zero_page)
        return map_zero(f, ret_small);
    return map_huge(f, ret_small);
}

/* --- a leaf that is there --------------------------------------------------------------------- */
/* Does this leaf hold the only reference to the folio? */
static bool can_reuse_huge(struct fault *f, pfn_t head)
{
    struct mem *mem = f->ac->mem;
    const struct frame *fr = frames_get(mem->frames, head);

    if (frame_test(fr, PG_EXCLUSIVE))
        return true;
    if (fr->mapcount != 1 || frame_test(fr, PG_SWAPCACHE))
        return false;
    rmap_move_anon(mem->space, f->vma, huge_base(f->vpn), head);
    return true;
}

void fault_huge_present(struct fault *f)
{
    struct mem *mem = f->ac->mem;
    struct mm *mm = f->ac->mm;
    pte_t *pmd = pagetable_find_huge(mm, f->vpn);
    vpn_t base = huge_base(f->vpn);

    if (unlikely(*pmd & PTE_PROTNONE)) {
        fault_numa_huge(f, pmd);
        return;
    }
    if (f->kind != ACCESS_WRITE || (*pmd & PTE_WRITE))
        return; /* a fault before this one did it */
    if (pte_is_zero_page(*pmd) || !can_reuse_huge(f, pte_pfn(*pmd))) {
        thp_split_pmd(mem, f->vma, base);
        return;
    }
    *pmd |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
    mmu_flush_range(mm, base, base + HPAGE_PMD_NR);
}
