/* rmap_test.c - who maps this frame, after fork, split, move and exit. */
#include "base/test.h"
#include "space/space_int.h"
#include "space/space_testing.h"

#define BASE ((vpn_t)0x100000)

static struct test_machine machine;
static struct mm *mm;

static int set_up(void **state)
{
    (void)state;
    test_machine_init(&machine, 20000);
    mm = mm_new(&machine.space, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    space_check(&machine.space);
    test_machine_done(&machine);
    return 0;
}

static void map(struct mm *where, u64 page, u64 pages, u32 inode)
{
    vma_add(where, &(struct vma_spec){.start = BASE + page,
                                      .end = BASE + page + pages,
                                      .flags = VM_READ | VM_WRITE,
                                      .inode = inode,
                                      .pgoff = page});
}

static pfn_t touch(struct mm *where, u64 page)
{
    return test_map_anon(&machine, where, BASE + page);
}

static struct mm *fork_mm(struct mm *parent)
{
    struct mm *child = mm_new(&machine.space, 0);
    struct pte_ref ref;

    vma_fork(child, parent);
    pagetable_for_each (parent, vpn, ref, 0, VPN_END) {
        rmap_add(test_frame(&machine, pte_pfn(*ref.slot)));
        pagetable_set(child, vpn, test_entry(&machine, child, vpn), *ref.slot);
        child->rss_anon++;
    }
    return child;
}

/* The child's own copy of a page it got at fork. */
static pfn_t copy_on_write(struct mm *child, u64 page)
{
    pte_t *slot = pagetable_find(child, BASE + page);

    rmap_del(test_frame(&machine, pte_pfn(*slot)));
    pagetable_set(child, BASE + page, slot, 0);
    child->rss_anon--;
    return touch(child, page);
}

static bool count_visit(void *ctx, const struct rmap_walk *walk)
{
    (void)walk;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned count_found(pfn_t pfn)
{
    unsigned count = 0;

    rmap_for_each(&machine.space, pfn, count_visit, &count);
    return count;
}

static unsigned count_linked(pfn_t pfn)
{
    return anon_vma_get(&machine.space, test_frame(&machine, pfn)->mapping)->vmas.live;
}

TEST_WITH(walk_finds_the_page_of_every_process_that_shares_it, set_up, tear_down)
{
    pfn_t shared;

    map(mm, 0, 4, 0);
    shared = touch(mm, 2);
    assert_int_equal(count_found(shared), 1);
    fork_mm(mm);
    fork_mm(fork_mm(mm));
    assert_int_equal(count_found(shared), 4);
    space_check(&machine.space);
}

TEST_WITH(copy_of_a_child_is_looked_for_in_the_child_only, set_up, tear_down)
{
    struct mm *child;
    pfn_t shared, copy;

    map(mm, 0, 4, 0);
    shared = touch(mm, 2);
    child = fork_mm(mm);
    copy = copy_on_write(child, 2);
    assert_int_equal(count_linked(shared), 2);
    assert_int_equal(count_linked(copy), 1);
    assert_int_equal(count_found(copy), 1);
    assert_int_equal(count_found(shared), 1);
    assert_int_equal(count_linked(touch(mm, 3)),
                     2); /* parent's new pages: the child could have them */
}

TEST_WITH(walk_stops_at_the_last_mapping, set_up, tear_down)
{
    pfn_t pfn;

    map(mm, 0, 1, 0);
    pfn = touch(mm, 0);
    for (int i = 0; i < 1000; i++)
        test_exit(&machine, fork_mm(mm));
    assert_int_equal(count_linked(pfn), 1);
    for (int i = 0; i < 100; i++)
        copy_on_write(fork_mm(mm), 0);
    assert_int_equal(count_linked(pfn), 101);
    assert_int_equal(count_found(pfn), 1);
}

static bool note_visit(void *ctx, const struct rmap_walk *walk)
{
    struct rmap_walk *last = ctx;

    *last = *walk;
    return false;
}

TEST_WITH(walk_stops_when_told, set_up, tear_down)
{
    struct rmap_walk walk = {0};
    pfn_t pfn;

    map(mm, 0, 1, 0);
    pfn = touch(mm, 0);
    fork_mm(mm);
    rmap_for_each(&machine.space, pfn, note_visit, &walk);
    assert_ptr_equal(walk.vma->mm, mm); /* the oldest link, and no more after it */
    assert_int_equal(walk.vpn, BASE);
    assert_int_equal(pte_pfn(*walk.slot), pfn);
}

TEST_WITH(split_and_moved_vmas_are_found, set_up, tear_down)
{
    pfn_t a, b;

    map(mm, 0, 10, 0);
    a = touch(mm, 2);
    b = touch(mm, 7);
    vma_change_flags(mm, BASE + 4, BASE + 6, VM_WRITE, 0);
    assert_int_equal(mm->nr_vmas, 3);
    rmap_check(&machine.space, a);
    rmap_check(&machine.space, b);
    vma_copy(vma_find(mm, BASE + 6), BASE + 6, BASE + 50, 4);
    test_entry(&machine, mm, BASE + 51);
    assert_int_equal(pagetable_move(mm, BASE + 6, BASE + 10, BASE + 50), BASE + 10);
    rmap_check(&machine.space, b);
    vma_remove(mm, BASE + 6, BASE + 10);
    rmap_check(&machine.space, b);
    assert_int_equal(frame_index(test_frame(&machine, b)), BASE + 7);
}

TEST_WITH(anon_vmas_go_with_their_last_vma, set_up, tear_down)
{
    struct mm *child;

    map(mm, 0, 4, 0);
    touch(mm, 0);
    child = fork_mm(mm);
    assert_int_equal(machine.space.nr_avcs, 3);
    test_exit(&machine, mm);
    assert_int_equal(machine.space.nr_avcs, 2); /* the child may still have the parent's pages */
    test_exit(&machine, child);
    assert_int_equal(machine.space.nr_avcs, 0);
    assert_int_equal(machine.nr_used, 0);
    mm = mm_new(&machine.space, 0);
    map(mm, 0, 4, 0);
    touch(mm, 0);
    assert_true(machine.space.nr_anon_vmas <= 3);
}

/* Each generation forks and exits: without taking over dead anon_vmas the links of the last would
 * grow for ever. */
TEST_WITH(long_line_of_descent_keeps_few_links, set_up, tear_down)
{
    map(mm, 0, 1, 0);
    touch(mm, 0);
    for (int i = 0; i < 200; i++) {
        struct mm *child = fork_mm(mm);

        copy_on_write(child, 0);
        test_exit(&machine, mm);
        mm = child;
        assert_true(machine.space.nr_avcs <= 4);
        space_check(&machine.space);
    }
}

TEST_WITH(page_from_swap_belongs_to_the_root_unless_exclusive, set_up, tear_down)
{
    struct mm *child;
    struct vma *vma;
    pfn_t pfn = test_frame_alloc(&machine);
    u32 root;

    map(mm, 0, 2, 0);
    touch(mm, 0);
    root = vma_find(mm, BASE)->anon_vma;
    child = fork_mm(mm);
    vma = vma_find(child, BASE);
    assert_true(rmap_add_anon(&machine.space, vma, BASE + 1, pfn, false));
    assert_int_equal(test_frame(&machine, pfn)->mapping, root);
    pagetable_set(child, BASE + 1, test_entry(&machine, child, BASE + 1),
                  pte_make(pfn, PTE_PRESENT));
    child->rss_anon++;
    rmap_move_anon(&machine.space, vma, BASE + 1, pfn);
    assert_int_equal(test_frame(&machine, pfn)->mapping, vma->anon_vma);
    assert_true(frame_test(test_frame(&machine, pfn), PG_EXCLUSIVE));
}

static void note_range(void *ctx, struct vma *vma, vpn_t start, vpn_t end)
{
    u64 *pages = ctx;

    assert_true(vma->start <= start && end <= vma->end);
    *pages += end - start;
}

TEST_WITH(file_pages_are_found_in_all_processes, set_up, tear_down)
{
    pfn_t pfn = test_frame_alloc(&machine);
    struct frame *f = test_frame(&machine, pfn);
    u64 pages = 0;

    frame_set(f, PG_PAGECACHE);
    f->mapping = 9;
    frame_set_index(f, 5);
    map(mm, 8, 4, 9);
    for (int i = 0; i < 1000; i++) {
        struct mm *other = mm_new(&machine.space, 0);

        map(other, 3, 4, 9);
        if (i % 100)
            continue;
        rmap_add(f);
        pagetable_set(other, BASE + 5, test_entry(&machine, other, BASE + 5),
                      pte_make(pfn, PTE_PRESENT));
        other->rss_file++;
    }
    assert_int_equal(count_found(pfn), 10);
    rmap_for_each_file_vma(&machine.space, 9, 6, 8, note_range, &pages);
    assert_int_equal(pages, 1000 + 1);
}

/* --- huge leaves ------------------------------------------------------------------------------ */
/* The child gets the parent's leaf, as at fork. */
static struct mm *fork_huge(struct mm *parent, pfn_t head)
{
    struct mm *child = mm_new(&machine.space, 0);

    vma_fork(child, parent);
    while (pagetable_missing(child, BASE) > 1)
        pagetable_install(child, BASE, test_frame_alloc(&machine));
    pagetable_deposit(child, BASE, test_frame_alloc(&machine));
    frame_clear(test_frame(&machine, head), PG_EXCLUSIVE);
    assert_int_equal(rmap_add_huge(test_frame(&machine, head)), 0); /* all of it was mapped */
    pagetable_set_huge(child, BASE, pte_make(head, PTE_PRESENT | PTE_HUGE));
    child->rss_anon += HPAGE_PMD_NR;
    return child;
}

static void split_leaf(struct mm *where, pfn_t head)
{
    pte_t *leaf = pagetable_split_huge(where, BASE);

    rmap_split_huge(&machine.frames, head);
    for (u32 i = 0; i < HPAGE_PMD_NR; i++)
        pagetable_set(where, BASE + i, &leaf[i], pte_make(head + i, PTE_PRESENT));
}

TEST_WITH(huge_leaf_is_one_entry, set_up, tear_down)
{
    struct rmap_walk walk = {0};
    pfn_t head;

    map(mm, 0, 1024, 0);
    head = test_map_huge(&machine, mm, BASE);
    assert_int_equal(count_found(head), 1);
    assert_false(rmap_find_only(&machine.space, head, &walk)); /* which is for small pages */
    rmap_for_each(&machine.space, head, note_visit, &walk);
    assert_int_equal(walk.order, HPAGE_PMD_ORDER);
    assert_int_equal(walk.vpn, BASE);
    assert_ptr_equal(walk.slot, pagetable_find_huge(mm, BASE));
    rmap_check(&machine.space, head);
    fork_huge(mm, head);
    assert_int_equal(count_found(head), 2);
    rmap_check(&machine.space, head);
}

TEST_WITH(split_leaf_is_found_page_by_page, set_up, tear_down)
{
    struct mm *child;
    pfn_t head;

    map(mm, 0, 512, 0);
    head = test_map_huge(&machine, mm, BASE);
    child = fork_huge(mm, head);
    split_leaf(child, head);
    assert_int_equal(count_found(head), 1 + 512);
    assert_int_equal(page_mapcount(&machine.frames, test_frame(&machine, head + 300)), 2);
    folio_check(&machine.frames, head);
    rmap_check(&machine.space, head);
    for (u32 i = 0; i < 256; i++) { /* the child's half goes; the parent still maps it */
        pagetable_set(child, BASE + i, pagetable_find(child, BASE + i), 0);
        child->rss_anon--;
        assert_false(rmap_del_subpage(&machine.frames, head + i));
    }
    assert_int_equal(count_found(head), 1 + 256);
    rmap_check(&machine.space, head);
    assert_int_equal(rmap_del_huge(test_frame(&machine, head)), 256); /* nobody maps these now */
    test_frame_free(&machine, pagetable_clear_huge(mm, BASE));
    mm->rss_anon -= HPAGE_PMD_NR;
    assert_int_equal(count_found(head), 256);
    assert_true(rmap_add_subpage(&machine.frames, head)); /* it is mapped again, as the first */
    assert_true(rmap_del_subpage(&machine.frames, head));
    rmap_check(&machine.space, head);
}

TEST_WITH(pages_of_a_split_leaf_inherit_that_they_are_exclusive, set_up, tear_down)
{
    pfn_t head;

    map(mm, 0, 512, 0);
    head = test_map_huge(&machine, mm, BASE);
    split_leaf(mm, head);
    for (u32 i = 0; i < HPAGE_PMD_NR; i++)
        assert_true(frame_test(test_frame(&machine, head + i), PG_EXCLUSIVE));
    rmap_check(&machine.space, head);
}

TEST_MAIN()
