/* pagetable_test.c - tables come and go with what they serve. */
#include "base/test.h"
#include "space/space_testing.h"

static struct test_machine machine;
static struct mm *mm;

static int set_up(void **state)
{
    (void)state;
    test_machine_init(&machine, 4000);
    mm = mm_new(&machine.space, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pagetable_check(mm);
    test_machine_done(&machine);
    return 0;
}

static void put(vpn_t vpn, pte_t pte)
{
    pagetable_set(mm, vpn, test_entry(&machine, mm, vpn), pte);
}

static void clear(vpn_t vpn)
{
    pagetable_set(mm, vpn, pagetable_find(mm, vpn), 0);
}

TEST_WITH(first_page_needs_four_tables_and_its_neighbour_none, set_up, tear_down)
{
    assert_int_equal(pagetable_missing(mm, 0x12345), 4);
    assert_null(pagetable_find(mm, 0x12345));
    put(0x12345, PTE_PRESENT);
    assert_int_equal(machine.nr_used, 4);
    assert_int_equal(pagetable_missing(mm, 0x12346), 0);
    assert_int_equal(pagetable_missing(mm, 0x12345 + 512), 1);
    assert_int_equal(pagetable_missing(mm, 0x12345 + (1u << 18)), 2);
    assert_int_equal(pagetable_missing(mm, 0x12345 + (1u << 27)), 3);
    assert_int_equal(mm->nr_ptes + mm->nr_pmds + mm->nr_puds + mm->nr_pgds, 4);
}

TEST_WITH(table_frames_say_what_they_are, set_up, tear_down)
{
    const struct frame *f;

    put(0x12345, PTE_PRESENT);
    f = pagetable_frame(&machine.space, pagetable_find(mm, 0x12345));
    assert_true(frame_is(f, FRAME_TABLE));
    assert_int_equal(f->mapping, mm->id);
    assert_int_equal(frame_index(f), 0x12345 >> 9);
    assert_int_equal(f->mapcount, 1);
    put(0x12346, PTE_PRESENT);
    put(0x12346, PTE_PRESENT | PTE_DIRTY);
    assert_int_equal(f->mapcount, 2);
    clear(0x12345);
    clear(0x12346);
    assert_int_equal(f->mapcount, 0);
}

TEST_WITH(next_crosses_every_level, set_up, tear_down)
{
    static const vpn_t vpns[] = {1, 511, 512, (1u << 18) - 1, 1u << 18, 1u << 27, VPN_END - 1};
    struct pte_ref ref;
    size_t n = 0;

    assert_int_equal(pagetable_next(mm, 0, VPN_END, &ref), VPN_END);
    for (size_t i = 0; i < ARRAY_SIZE(vpns); i++)
        put(vpns[i], pte_make((pfn_t)i, PTE_PRESENT));
    pagetable_for_each (mm, vpn, ref, 0, VPN_END) {
        assert_int_equal(vpn, vpns[n]);
        assert_int_equal(pte_pfn(*ref.slot), n);
        n++;
    }
    assert_int_equal(n, ARRAY_SIZE(vpns));
    assert_null(ref.slot);
    assert_int_equal(pagetable_next(mm, 2, 511, &ref), VPN_END);
    assert_int_equal(pagetable_next(mm, 2, 512, &ref), 511);
}

TEST_WITH(find_survives_more_regions_than_its_cache_has, set_up, tear_down)
{
    for (u64 i = 0; i < 3 * WALK_CACHE; i++)
        put(i << 18, pte_make((pfn_t)i, PTE_PRESENT));
    for (u64 i = 0; i < 3 * WALK_CACHE; i++)
        assert_int_equal(pte_pfn(*pagetable_find(mm, i << 18)), i);
}

TEST_WITH(tables_shared_with_a_neighbour_stay, set_up, tear_down)
{
    put(512 * 10, PTE_PRESENT);
    put(512 * 10 + 100, PTE_PRESENT);
    put(512 * 11, PTE_PRESENT);
    clear(512 * 10 + 100);
    clear(512 * 11);
    /* A vma is left at [.., 512 * 10 + 1): its leaf must stay, the other one goes. */
    pagetable_free_range(mm, 512 * 10 + 1, VPN_END, test_release_table, &machine);
    assert_int_equal(mm->nr_ptes, 1);
    assert_int_equal(mm->nr_pmds, 1);
    pagetable_check(mm);
    assert_non_null(pagetable_find(mm, 512 * 10));
    assert_null(pagetable_find(mm, 512 * 11));
    clear(512 * 10);
    pagetable_free_range(mm, 0, VPN_END, test_release_table, &machine);
    assert_int_equal(machine.nr_used, 0);
    assert_null(mm->pgd);
}

TEST_WITH(freed_tables_are_used_again_and_empty, set_up, tear_down)
{
    for (int round = 0; round < 3; round++) {
        put(77, PTE_PRESENT);
        assert_int_equal(*pagetable_find(mm, 78), 0);
        clear(77);
        pagetable_free_range(mm, 0, VPN_END, test_release_table, &machine);
    }
    assert_int_equal(machine.space.nr_tables, 5);
    assert_int_equal(machine.space.used_tables, 0);
}

TEST_WITH(move_stops_at_a_missing_table_and_goes_on, set_up, tear_down)
{
    vpn_t from = 512 * 4 - 2, to = 512 * 100 - 5;

    for (u64 i = 0; i < 8; i++)
        put(from + i, pte_make((pfn_t)(1 + i), PTE_PRESENT));
    assert_int_equal(pagetable_move(mm, from, from + 8, to), from);
    test_entry(&machine, mm, to);
    assert_int_equal(pagetable_move(mm, from, from + 8, to), from + 5);
    test_entry(&machine, mm, to + 5);
    assert_int_equal(pagetable_move(mm, from + 5, from + 8, to + 5), from + 8);
    for (u64 i = 0; i < 8; i++) {
        assert_int_equal(pte_pfn(*pagetable_find(mm, to + i)), 1 + i);
        assert_int_equal(*pagetable_find(mm, from + i), 0);
    }
}

/* --- huge leaves ------------------------------------------------------------------------------ */
#define HUGE_PFN ((pfn_t)1024)

static void put_huge(vpn_t vpn)
{
    while (pagetable_missing(mm, vpn) > 1)
        pagetable_install(mm, vpn, test_frame_alloc(&machine));
    pagetable_deposit(mm, vpn, test_frame_alloc(&machine));
    pagetable_set_huge(mm, vpn, pte_make(HUGE_PFN, PTE_PRESENT | PTE_HUGE));
}

static void clear_huge(vpn_t vpn)
{
    test_frame_free(&machine, pagetable_clear_huge(mm, vpn));
}

TEST_WITH(huge_leaf_maps_512_pages_and_keeps_a_table_beside, set_up, tear_down)
{
    vpn_t base = 512 * 3;
    struct pte_ref ref;

    put_huge(base);
    assert_int_equal(machine.nr_used, 4);
    assert_int_equal(mm->nr_ptes, 1);
    assert_null(pagetable_find(mm, base + 7));
    assert_non_null(pagetable_find_huge(mm, base + 7));
    assert_null(pagetable_find_huge(mm, base + 512));
    assert_int_equal(pagetable_missing(mm, base + 7), 0);
    ref = pagetable_lookup(mm, base + 7);
    assert_int_equal(ref.order, 9);
    assert_int_equal(pte_ref_pfn(ref, base + 7), HUGE_PFN + 7);
    assert_int_equal(pte_ref_end(ref, base + 7), base + 512);
    pagetable_check(mm);
    clear_huge(base);
    assert_int_equal(mm->nr_ptes, 0);
    assert_int_equal(pagetable_lookup(mm, base + 7).order, 0);
    assert_null(pagetable_lookup(mm, base + 7).slot);
}

TEST_WITH(next_finds_huge_leaves_from_any_page_of_them, set_up, tear_down)
{
    vpn_t seen[4], base = 512 * 3;
    struct pte_ref ref;
    unsigned n = 0;

    put_huge(base);
    put_huge(base + 1024);
    put(base + 512 + 9, PTE_PRESENT);
    assert_int_equal(pagetable_next(mm, base + 5, VPN_END, &ref), base + 5);
    assert_int_equal(ref.order, 9);
    assert_int_equal(pagetable_next(mm, 0, base, &ref), VPN_END);
    pagetable_for_each (mm, vpn, ref, base + 5, base + 1030)
        seen[n++] = vpn;
    assert_int_equal(n, 3);
    assert_int_equal(seen[0], base + 5);
    assert_int_equal(seen[1], base + 512 + 9);
    assert_int_equal(seen[2], base + 1024);
}

TEST_WITH(split_brings_the_table_that_was_beside, set_up, tear_down)
{
    vpn_t base = 512 * 3;
    pte_t *first;

    put_huge(base);
    put_huge(base + 512);
    first = pagetable_split_huge(mm, base);
    assert_ptr_equal(first, pagetable_find(mm, base));
    assert_int_equal(pagetable_frame(&machine.space, first)->index, base >> 9);
    for (unsigned i = 0; i < 512; i++)
        assert_true(pte_none(first[i]));
    assert_int_equal(machine.nr_used, 5); /* and nothing was allocated */
    assert_int_equal(mm->nr_ptes, 2);
    put(base + 100, PTE_PRESENT);
    pagetable_check(mm);
    clear(base + 100);
    pagetable_deposit_leaf(mm, base); /* khugepaged's way back */
    assert_int_equal(*pagetable_pmd(mm, base), 0);
    pagetable_set_huge(mm, base, pte_make(HUGE_PFN, PTE_PRESENT | PTE_HUGE));
    pagetable_check(mm);
    clear_huge(base);
    clear_huge(base + 512);
    assert_int_equal(mm->nr_ptes, 0);
}

TEST_WITH(huge_leaf_moves_with_its_table, set_up, tear_down)
{
    vpn_t from = 512 * 3, to = 512 * 600;
    pfn_t beside;

    put_huge(from);
    beside = pagetable_frame(&machine.space, pagetable_pmd(mm, from))->next;
    assert_int_equal(pagetable_move(mm, from, from + 512, to), from); /* no PMD table there yet */
    while (pagetable_missing(mm, to) > 1)
        pagetable_install(mm, to, test_frame_alloc(&machine));
    assert_int_equal(pagetable_move(mm, from, from + 512, to), from + 512);
    assert_null(pagetable_find_huge(mm, from));
    assert_int_equal(pte_pfn(*pagetable_find_huge(mm, to)), HUGE_PFN);
    pagetable_check(mm);
    assert_int_equal(pagetable_clear_huge(mm, to), beside);
    test_frame_free(&machine, beside);
}

TEST_MAIN()
