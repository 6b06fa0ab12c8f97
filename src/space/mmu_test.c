/* mmu_test.c - a flush is seen by every CPU; clearing the accessed bit is not. */
#include "base/test.h"
#include "space/space_testing.h"

#define BASE    ((vpn_t)0x100000)
#define NR_CPUS 3u

static struct test_machine machine;
static struct mm *mm, *other;

static int set_up(void **state HW_UNUSED)
{
    test_machine_init(&machine, 64);
    mmu_init(&machine.space, NR_CPUS, TLB_ENTRIES_DEFAULT);
    mm = mm_new(&machine.space, 0);
    other = mm_new(&machine.space, 0);
    return 0;
}

static int tear_down(void **state HW_UNUSED)
{
    mm_free(mm);
    mm_free(other);
    test_machine_done(&machine);
    return 0;
}

static void load_everywhere(const struct mm *which, u64 page)
{
    for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
        tlb_insert(&machine.space.tlbs[cpu], which->id, BASE + page, true);
}

/* How many CPUs remember it. */
static unsigned remembered(const struct mm *which, u64 page)
{
    unsigned nr = 0;

    for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
        nr += tlb_hit(&machine.space.tlbs[cpu], which->id, BASE + page, true);
    return nr;
}

TEST_WITH(flush_of_a_page_reaches_every_cpu, set_up, tear_down)
{
    load_everywhere(mm, 0);
    load_everywhere(mm, 1);
    load_everywhere(other, 0);
    mmu_flush_page(mm, BASE);
    assert_int_equal(remembered(mm, 0), 0);
    assert_int_equal(remembered(mm, 1), NR_CPUS);
    assert_int_equal(remembered(other, 0), NR_CPUS);
}

TEST_WITH(flush_of_a_range_ends_before_its_end, set_up, tear_down)
{
    for (u64 page = 0; page < 4; page++)
        load_everywhere(mm, page);
    mmu_flush_range(mm, BASE + 1, BASE + 3);
    assert_int_equal(remembered(mm, 0), NR_CPUS);
    assert_int_equal(remembered(mm, 1), 0);
    assert_int_equal(remembered(mm, 2), 0);
    assert_int_equal(remembered(mm, 3), NR_CPUS);
    load_everywhere(other, 0);
    mmu_flush_mm(mm);
    assert_int_equal(remembered(mm, 0) + remembered(mm, 3), 0);
    assert_int_equal(remembered(other, 0), NR_CPUS);
}

TEST_WITH(page_that_is_no_longer_young_stays_remembered, set_up, tear_down)
{
    pte_t entry = pte_make(7, PTE_PRESENT | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED);

    load_everywhere(mm, 0);
    assert_true(mmu_clear_young(&entry));
    assert_false(mmu_clear_young(&entry));
    assert_true(entry == pte_make(7, PTE_PRESENT | PTE_WRITE | PTE_DIRTY));
    assert_int_equal(remembered(mm, 0), NR_CPUS);
}

TEST_WITH(protected_page_is_clean_and_no_cpu_writes_to_it, set_up, tear_down)
{
    pte_t entry = pte_make(7, PTE_PRESENT | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED);

    load_everywhere(mm, 0);
    mmu_write_protect(mm, BASE, &entry);
    assert_true(entry == pte_make(7, PTE_PRESENT | PTE_ACCESSED));
    assert_int_equal(remembered(mm, 0), 0);
}

TEST_MAIN()
