/* vma_test.c - mappings, drawn: one letter per page.
 *
 *     a  anonymous read-write      f  file 1 read-only, page n of the file at page n of the drawing
 *     r  anonymous read-only       g  the same file through another open file
 *     x  anonymous read-execute    s  special
 *
 * A capital letter: the vma has an anon_vma. A blank: nothing. '|' takes no page: it parts two vmas
 * of one letter.
 */
#include <string.h>

#include "base/test.h"
#include "space/space_int.h"
#include "space/space_testing.h"

#define BASE ((vpn_t)0x100000)

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
    space_check(&machine.space);
    test_machine_done(&machine);
    return 0;
}

static u32 flags_of(char letter)
{
    switch (letter | 32) {
    case 'a':
        return VM_READ | VM_WRITE;
    case 'x':
        return VM_READ | VM_EXEC;
    case 's':
        return VM_READ | VM_SPECIAL;
    default:
        return VM_READ;
    }
}

static char letter_of(const struct vma *vma)
{
    char letter = 'r';

    if (vma->inode)
        letter = vma->file == 1 ? 'f' : 'g';
    else if (vma->flags & VM_SPECIAL)
        letter = 's';
    else if (vma->flags & (VM_WRITE | VM_EXEC))
        letter = vma->flags & VM_WRITE ? 'a' : 'x';
    return vma->anon_vma ? (char)(letter - 32) : letter;
}

static struct vma_spec spec_of(u64 page, u64 pages, char letter)
{
    bool file = (letter | 32) == 'f' || (letter | 32) == 'g';

    return (struct vma_spec){
        .start = BASE + page,
        .end = BASE + page + pages,
        .flags = flags_of(letter),
        .inode = file,
        .file = !file                  ? 0
                : (letter | 32) == 'f' ? 1
                                       : 2,
        .pgoff = file ? page : 0,
    };
}

/* Make what is drawn. No merging, so that any state can be drawn. */
static void given(const char *drawing)
{
    u64 page = 0;

    while (*drawing) {
        size_t pages = strspn(drawing, (const char[]){*drawing, 0});
        struct vma_spec spec = spec_of(page, pages, *drawing);

        if (*drawing == '|') {
            drawing++;
            continue;
        }
        if (*drawing != ' ') {
            struct vma *vma = vma_new(mm, spec.start, spec.end);

            vma->flags = spec.flags;
            vma->inode = spec.inode;
            vma->file = spec.file;
            vma->pgoff = spec.inode ? spec.pgoff : spec.start;
            vma_insert(vma);
            vma_account(mm, vma->flags, (s64)pages);
            if (*drawing < 'a')
                anon_vma_prepare(vma);
        }
        page += pages;
        drawing += pages;
    }
    vma_check(mm);
}

static void expect(const char *drawing)
{
    char text[256] = "";
    u64 page = 0;
    size_t length = 0;

    vma_check(mm);
    for (u32 i = 0; i < mm->nr_vmas; i++) {
        const struct vma *vma = mm->vmas[i];
        char letter = letter_of(vma);

        assert_true(vma->end <= BASE + 100);
        if (page == vma->start - BASE && length && text[length - 1] == letter)
            text[length++] = '|';
        for (; page < vma->start - BASE; page++)
            text[length++] = ' ';
        for (; page < vma->end - BASE; page++)
            text[length++] = letter;
    }
    text[length] = 0;
    assert_string_equal(text, drawing);
}

static struct vma *map(u64 page, u64 pages, char letter)
{
    struct vma_spec spec = spec_of(page, pages, letter);

    return vma_add(mm, &spec);
}

static void protect(u64 page, u64 pages, char letter)
{
    vma_change_flags(mm, BASE + page, BASE + page + pages, VM_ACCESS_FLAGS, flags_of(letter));
}

static struct vma *at(u64 page)
{
    struct vma *vma = vma_find(mm, BASE + page);

    assert_non_null(vma);
    return vma;
}

/* --- new mappings ----------------------------------------------------------------------------- */

TEST_WITH(new_mapping_merges_with_both_neighbours, set_up, tear_down)
{
    given("aaa    aaa");
    map(3, 4, 'a');
    expect("aaaaaaaaaa");
}

TEST_WITH(new_mapping_extends_the_neighbour_it_touches, set_up, tear_down)
{
    given("aaa       aaa");
    map(3, 2, 'a');
    expect("aaaaa     aaa");
    map(8, 2, 'a');
    expect("aaaaa   aaaaa");
}

TEST_WITH(new_mapping_of_another_kind_stands_alone, set_up, tear_down)
{
    given("aaa   aaa");
    map(3, 3, 'r');
    expect("aaarrraaa");
}

TEST_WITH(special_mappings_never_merge, set_up, tear_down)
{
    given("ss  ");
    map(2, 2, 's');
    expect("ss|ss");
}

TEST_WITH(file_mappings_merge_when_pages_and_open_file_continue, set_up, tear_down)
{
    struct vma_spec spec = spec_of(6, 2, 'f');

    given("ff    ");
    map(2, 2, 'f');
    expect("ffff");
    map(4, 2, 'g');
    expect("ffffgg");
    spec.pgoff = 7;
    vma_remove(mm, BASE + 4, BASE + 6);
    spec.start -= 2;
    spec.end -= 2;
    vma_add(mm, &spec);
    expect("ffff|ff");
}

TEST_WITH(new_mapping_joins_faulted_neighbours_of_one_anon_vma, set_up, tear_down)
{
    given("AAAAAAAA");
    vma_remove(mm, BASE + 3, BASE + 5);
    expect("AAA  AAA");
    map(3, 2, 'a');
    expect("AAAAAAAA");
}

/* mmap_region() asks the upper neighbour first. */
TEST_WITH(new_mapping_between_different_anon_vmas_goes_to_the_upper, set_up, tear_down)
{
    given("AAA  AAA");
    assert_int_not_equal(at(0)->anon_vma, at(5)->anon_vma);
    map(3, 2, 'a');
    expect("AAA|AAAAA");
}

TEST_WITH(new_mapping_does_not_extend_a_forked_vma, set_up, tear_down)
{
    struct mm *child;

    given("AAA");
    child = mm_new(&machine.space, 0);
    vma_fork(child, mm);
    map(3, 2, 'a');
    expect("AAAAA"); /* the parent has one link still */
    mm = child;
    map(3, 2, 'a');
    expect("AAAaa"); /* the child has two */
}

/* --- changed flags: the cases of vma_merge.c's drawing ---------------------------------------- */

TEST_WITH(protecting_the_middle_makes_three_and_back_makes_one, set_up, tear_down)
{
    given("aaaaaaaaa");
    protect(3, 3, 'r');
    expect("aaarrraaa");
    protect(3, 3, 'a');
    expect("aaaaaaaaa");
}

TEST_WITH(protecting_a_whole_vma_lets_one_neighbour_take_it, set_up, tear_down)
{
    given("aaarrrxxx");
    protect(3, 3, 'a');
    expect("aaaaaaxxx");
    protect(3, 3, 'x');
    expect("aaaxxxxxx");
}

TEST_WITH(protecting_an_end_moves_the_border, set_up, tear_down)
{
    given("aaaaarrrrr");
    protect(5, 2, 'a');
    expect("aaaaaaarrr");
    protect(4, 3, 'r');
    expect("aaaarrrrrr");
}

TEST_WITH(protecting_across_vmas_and_holes_changes_each, set_up, tear_down)
{
    given("aaarrr  aaa x");
    protect(1, 12, 'r');
    expect("arrrrr  rrr r");
}

TEST_WITH(border_moves_take_the_anon_vma_along, set_up, tear_down)
{
    given("AAAARRRR");
    protect(4, 2, 'a');
    expect("AAAAAARR");
    assert_int_equal(at(0)->anon_vma, at(7)->anon_vma);
}

TEST_WITH(unfaulted_range_joins_a_faulted_neighbour, set_up, tear_down)
{
    given("AAArrr");
    protect(3, 3, 'a');
    expect("AAAAAA");
}

/* What Linux 6.1 does: the neighbour that would grow has no link. */
TEST_WITH(unfaulted_neighbour_does_not_grow_over_a_faulted_range, set_up, tear_down)
{
    given("aaaRRR");
    protect(3, 3, 'a');
    expect("aaaAAA");
}

TEST_WITH(middle_joins_both_sides_when_anon_vmas_agree, set_up, tear_down)
{
    given("AAARRRAAA");
    assert_int_equal(at(0)->anon_vma, at(8)->anon_vma);
    protect(3, 3, 'a');
    expect("AAAAAAAAA");
}

TEST_WITH(first_fault_reuses_the_anon_vma_of_a_neighbour_that_differs_in_access, set_up, tear_down)
{
    given("AAArrr  aaa");
    anon_vma_prepare(at(3));
    assert_int_equal(at(3)->anon_vma, at(0)->anon_vma);
    anon_vma_prepare(at(8));
    assert_int_not_equal(at(8)->anon_vma, at(0)->anon_vma);
}

/* --- removal, moves, sizes -------------------------------------------------------------------- */

TEST_WITH(removal_splits_at_both_ends_and_skips_holes, set_up, tear_down)
{
    given("aaaa  rrr fff");
    vma_remove(mm, BASE + 2, BASE + 12);
    expect("aa          f");
    assert_int_equal(at(12)->pgoff, 12);
    assert_int_equal(mm->total_vm, 3);
}

/* As mremap() does, with nothing mapped. */
static struct vma *vma_move(vpn_t start, vpn_t end, vpn_t to, u64 pages)
{
    vma_copy(vma_find(mm, start), start, to, pages);
    vma_remove(mm, start, end);
    return vma_find(mm, to);
}

TEST_WITH(moved_mapping_keeps_its_identity_once_faulted, set_up, tear_down)
{
    const struct vma *vma;

    given("AAAA aaaa");
    vma = vma_move(BASE + 1, BASE + 3, BASE + 20, 2);
    assert_int_equal(vma->pgoff, BASE + 1);
    vma = vma_move(BASE + 6, BASE + 8, BASE + 30, 4);
    assert_int_equal(vma->pgoff, BASE + 30);
    expect("A  A a  a           AA        aaaa");
    /* Back in its place it is one with its neighbours again. */
    vma_move(BASE + 20, BASE + 22, BASE + 1, 2);
    expect("AAAA a  a                     aaaa");
}

TEST_WITH(unfaulted_mapping_moved_beside_itself_is_one_vma, set_up, tear_down)
{
    given("aaaa");
    vma_copy(at(0), BASE, BASE + 4, 4);
    expect("aaaaaaaa");
    vma_remove(mm, BASE, BASE + 4);
    expect("    aaaa");
}

TEST_WITH(stack_grows_down_with_its_index, set_up, tear_down)
{
    given("          AA");
    vma_resize(mm, at(10), BASE + 6, BASE + 12);
    expect("      AAAAAA");
    assert_int_equal(at(6)->pgoff, BASE + 6);
    vma_resize(mm, at(6), BASE + 7, BASE + 11);
    expect("       AAAA");
    assert_int_equal(mm->total_vm, 4);
    assert_int_equal(mm->hiwater_vm, 6);
}

TEST_WITH(totals_follow_flags, set_up, tear_down)
{
    given("aaaxxffff");
    assert_int_equal(mm->total_vm, 9);
    assert_int_equal(mm->data_vm, 3);
    assert_int_equal(mm->exec_vm, 2);
    protect(0, 1, 'x');
    assert_int_equal(mm->data_vm, 2);
    assert_int_equal(mm->exec_vm, 3);
    vma_change_flags(mm, BASE, BASE + 5, 0, VM_LOCKED);
    assert_int_equal(mm->locked_vm, 5);
}

TEST_WITH(fork_leaves_out_dontfork_and_unlocks, set_up, tear_down)
{
    given("AAAArrrrff");
    vma_change_flags(mm, BASE, BASE + 2, 0, VM_LOCKED);
    vma_change_flags(mm, BASE + 4, BASE + 6, 0, VM_DONTFORK);
    vma_change_flags(mm, BASE + 2, BASE + 4, 0, VM_WIPEONFORK);
    mm = mm_new(&machine.space, 0);
    vma_fork(mm, mm_get(&machine.space, 1));
    expect("AAaa  rrff");
    assert_int_equal(mm->locked_vm, 0);
    assert_int_equal(mm->total_vm, 8);
}

/* --- gaps ------------------------------------------------------------------------------------- */

#define TOP (VPN_END - 1 - 32768) /* 0x7ffff7fff000, as a debugger shows it */

static void map_at(vpn_t start, u64 pages, u32 flags)
{
    vma_add(mm, &(struct vma_spec){.start = start, .end = start + pages, .flags = flags});
}

TEST_WITH(gaps_are_taken_from_the_top, set_up, tear_down)
{
    assert_int_equal(vma_find_gap(mm, 10), TOP - 10);
    map_at(TOP - 10, 10, VM_READ);
    assert_int_equal(vma_find_gap(mm, 5), TOP - 15);
    map_at(TOP - 15, 5, VM_WRITE);
    vma_remove(mm, TOP - 8, TOP - 4);
    assert_int_equal(vma_find_gap(mm, 5), TOP - 20);
    assert_int_equal(vma_find_gap(mm, 4), TOP - 8);
    assert_int_equal(vma_find_gap(mm, 2), TOP - 6);
    vma_remove(mm, TOP - 12, TOP - 8);
    assert_int_equal(vma_find_gap(mm, 5), TOP - 9);
    assert_int_equal(vma_find_gap(mm, 9), TOP - 24);
    vma_resize(mm, vma_find(mm, TOP - 15), TOP - 15, TOP - 13);
    assert_int_equal(vma_find_gap(mm, 9), TOP - 13);
}

TEST_WITH(gap_below_a_stack_leaves_its_guard, set_up, tear_down)
{
    map_at(TOP - 10, 10, VM_READ | VM_WRITE | VM_GROWSDOWN);
    assert_int_equal(vma_find_gap(mm, 1), TOP - 10 - 256 - 1);
}

TEST_WITH(gap_search_falls_back_to_the_bottom, set_up, tear_down)
{
    vpn_t bottom = (VPN_END - 1) / 3;

    map_at(16, TOP - 16, VM_READ);
    assert_int_equal(vma_find_gap(mm, 1), TOP);
    assert_int_equal(vma_find_gap(mm, 40000), 0);
    vma_remove(mm, bottom, bottom + 100);
    assert_int_equal(vma_find_gap(mm, 100), bottom);
    assert_int_equal(vma_find_gap(mm, VPN_END), 0);
}

TEST_WITH(look_up_finds_every_page_of_a_thousand_vmas, set_up, tear_down)
{
    for (u64 i = 0; i < 1000; i++)
        map_at(BASE + i * 3, 2, VM_READ);
    for (u64 i = 0; i < 1000; i++) {
        u64 j = i * 617 % 1000;

        assert_int_equal(vma_find(mm, BASE + j * 3 + 1)->start, BASE + j * 3);
        assert_null(vma_find(mm, BASE + j * 3 + 2));
        if (j < 999)
            assert_int_equal(vma_find_after(mm, BASE + j * 3 + 2)->start, BASE + j * 3 + 3);
    }
    assert_null(vma_find_after(mm, BASE + 3000));
    assert_null(vma_prev(mm->vmas[0]));
    assert_ptr_equal(vma_next(mm->vmas[7]), mm->vmas[8]);
}

TEST_MAIN()
