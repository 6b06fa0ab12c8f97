/* mmu.h - changes of entries that the TLB of a CPU may hold, seen by all CPUs.
 *
 * The one place that knows that there are several TLBs: whoever takes a right or a frame from an
 * entry says so here. What only gives rights (a fault that makes an entry) needs no flush: a TLB
 * never holds that there is no translation.
 *
 * Mirrors:    arch/x86/mm/tlb.c (flush_tlb_page, flush_tlb_mm_range), mm/pgtable-generic.c
 *             (ptep_clear_flush), Linux 6.1. Differs: a flush is seen by all CPUs at once and costs
 *             no time of its own.
 * Owns:       space.tlbs.
 * Invariants: (system_check) a translation in a TLB is one in the page table, and one for writing
 *             is writable and dirty there.
 */
#ifndef SPACE_MMU_H
#define SPACE_MMU_H

#include "space/pagetable.h"
#include "space/tlb.h"

/* A TLB with so many entries for each CPU. Without, a space has none and flushes do nothing. */
void mmu_init(struct space *s, unsigned nr_cpus, unsigned entries);
void mmu_done(struct space *s);

void mmu_flush_page(const struct mm *mm, vpn_t vpn);
/* Pages [start, end): one by one, or the whole address space when they are many
 * (TLB_FLUSH_CEILING). */
void mmu_flush_range(const struct mm *mm, vpn_t start, vpn_t end);
/* The huge page around vpn (flush_pmd_tlb_range). */
void mmu_flush_huge(const struct mm *mm, vpn_t vpn);
void mmu_flush_mm(const struct mm *mm);

/* Set an entry that may have been in use (ptep_clear_flush, when value is 0).   pre: as
 * pagetable_set() */
static inline void mmu_set_flush(struct mm *mm, vpn_t vpn, pte_t *slot, pte_t value)
{
    pagetable_set(mm, vpn, slot, value);
    mmu_flush_page(mm, vpn);
}

/* Was the page used since the last call? Like x86, without a flush: while the translation stays in
 * a TLB, further use leaves no mark. */
static inline bool mmu_clear_young(pte_t *slot)
{
    bool young = (*slot & PTE_ACCESSED) != 0;

    *slot &= ~PTE_ACCESSED;
    return young;
}

/* The next store to the page faults, and makes it dirty again (page_mkclean_one). */
static inline void mmu_write_protect(const struct mm *mm, vpn_t vpn, pte_t *slot)
{
    if (!(*slot & (PTE_WRITE | PTE_DIRTY)))
        return;
    *slot &= ~(PTE_WRITE | PTE_DIRTY);
    mmu_flush_page(mm, vpn);
}

#endif
