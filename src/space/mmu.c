/* mmu.c - the TLBs of all CPUs, and their flushes. */
#include "space/mmu.h"

#include "base/alloc.h"

void mmu_init(struct space *s, unsigned nr_cpus, unsigned entries)
{
    s->tlbs = xcalloc(nr_cpus, sizeof(*s->tlbs));
    s->nr_tlbs = nr_cpus;
    for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
        tlb_init_both(&s->tlbs[cpu], entries);
}

void mmu_done(struct space *s)
{
    for (unsigned cpu = 0; cpu < s->nr_tlbs; cpu++)
        tlb_done(&s->tlbs[cpu]);
    free(s->tlbs);
    s->tlbs = NULL;
    s->nr_tlbs = 0;
}

void mmu_flush_page(const struct mm *mm, vpn_t vpn)
{
    for (unsigned cpu = 0; cpu < mm->space->nr_tlbs; cpu++)
        tlb_flush_page(&mm->space->tlbs[cpu], mm->id, vpn);
}

void mmu_flush_huge(const struct mm *mm, vpn_t vpn)
{
    for (unsigned cpu = 0; cpu < mm->space->nr_tlbs; cpu++)
        tlb_flush_huge(&mm->space->tlbs[cpu], mm->id, vpn);
}

void mmu_flush_range(const struct mm *mm, vpn_t start, vpn_t end)
{
    for (unsigned cpu = 0; cpu < mm->space->nr_tlbs; cpu++)
        tlb_flush_range(&mm->space->tlbs[cpu], mm->id, start, end);
}

void mmu_flush_mm(const struct mm *mm)
{
    for (unsigned cpu = 0; cpu < mm->space->nr_tlbs; cpu++)
        tlb_flush_mm(&mm->space->tlbs[cpu], mm->id);
}
