/* folio_test.c - a folio's descriptors from the fault that makes it to the split or free that ends
 * it. */
#include "base/test.h"
#include "frames/folio.h"

#define NR HPAGE_PMD_NR

static struct frames fr;
static struct counters counters;
static pfn_t head;
static struct frame *f; /* of head */

static int set_up(void **state)
{
    struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = 1};
    struct err e;

    (void)state;
    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    head = frames_try_alloc(&fr, nodes_near(0), HPAGE_PMD_ORDER, MT_MOVABLE,
                            ALLOC_WMARK_LOW | ALLOC_MOVABLE | ALLOC_COMP, 0);
    assert_int_not_equal(head, PFN_NONE);
    f = frames_get(&fr, head);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    frame_check(&fr);
    buddy_check(&fr);
    frames_done(&fr);
    return 0;
}

/* As a huge leaf that maps it, or page i of it alone. */
static void map_whole(void)
{
    f->mapcount++;
    f[1].index++;
}

static void map_page(unsigned i)
{
    folio_write_tails(&fr, head);
    f->mapcount++;
    ++*folio_pte_mapcount(&f[i]);
}

static void unmap_all(void)
{
    f->mapcount = 0;
    f[1].index = f[1].private = 0;
    for (unsigned i = 1; folio_has_tails(f) && i < NR; i++)
        f[i].mapcount = 0;
}

static void free_it(void)
{
    unmap_all();
    frames_free(&fr, head, HPAGE_PMD_ORDER, 0);
}

TEST_WITH(a_frame_of_one_page_is_its_own_head, set_up, tear_down)
{
    pfn_t single = frames_try_alloc(&fr, nodes_near(0), 0, MT_MOVABLE, ALLOC_MOVABLE, 0);

    assert_false(folio_is_large(frames_get(&fr, single)));
    assert_int_equal(folio_head_pfn(&fr, single), single);
    assert_int_equal(frame_nr_pages(frames_get(&fr, single)), 1);
    frames_get(&fr, single)->mapcount = 3;
    assert_int_equal(page_mapcount(&fr, frames_get(&fr, single)), 3);
    frames_get(&fr, single)->mapcount = 0;
    frames_free(&fr, single, 0, 0);
    free_it();
}

TEST_WITH(making_one_writes_two_descriptors, set_up, tear_down)
{
    struct frame third;

    free_it();
    f[2] = (struct frame){.flags = f[2].flags, .mapping = 12345, .mapcount = 678};
    third = f[2];
    head = frames_try_alloc(&fr, nodes_near(0), HPAGE_PMD_ORDER, MT_MOVABLE,
                            ALLOC_WMARK_LOW | ALLOC_MOVABLE | ALLOC_COMP, 0);
    assert_ptr_equal(frames_get(&fr, head), f); /* last freed, first out */
    assert_true(folio_is_large(f) && !folio_has_tails(f) && !folio_is_deferred(f));
    assert_int_equal(frame_nr_pages(f), NR);
    assert_int_equal(folio_head_pfn(&fr, head + 1), head);
    assert_memory_equal(&f[2], &third, sizeof(third));
    folio_check(&fr, head);
    f[2] = (struct frame){.flags = f[2].flags};
    free_it();
}

TEST_WITH(tails_are_written_once_and_say_whose_they_are, set_up, tear_down)
{
    map_whole();
    folio_write_tails(&fr, head);
    assert_true(folio_has_tails(f));
    for (unsigned i = 1; i < NR; i++) {
        assert_true(frame_is(&f[i], FRAME_TAIL));
        assert_int_equal(folio_head_pfn(&fr, head + i), head);
        assert_int_equal(frame_zone(&f[i]), frame_zone(f));
    }
    map_page(5);
    folio_write_tails(&fr, head); /* nothing is forgotten */
    assert_int_equal(f[5].mapcount, 1);
    assert_int_equal(frame_nr_pages(f), NR);
    folio_check(&fr, head);
    free_it();
}

TEST_WITH(each_page_counts_the_entries_that_map_it, set_up, tear_down)
{
    assert_int_equal(folio_count_mapped(f), 0);
    map_whole();
    assert_int_equal(page_mapcount(&fr, f), 1);
    assert_int_equal(folio_page_mapcount(f, 511), 1);
    assert_int_equal(folio_count_mapped(f), NR);
    map_page(0);
    map_page(511);
    map_page(511);
    assert_int_equal(page_mapcount(&fr, f), 2);
    assert_int_equal(page_mapcount(&fr, &f[511]), 3);
    assert_int_equal(page_mapcount(&fr, &f[7]), 1);
    assert_int_equal(f->mapcount, 4);
    folio_check(&fr, head);
    f->mapcount--; /* the leaf goes */
    f[1].index--;
    assert_int_equal(page_mapcount(&fr, &f[7]), 0);
    assert_int_equal(folio_count_mapped(f), 2);
    folio_check(&fr, head);
    free_it();
}

TEST_WITH(freed_frames_remember_nothing, set_up, tear_down)
{
    pfn_t again;

    map_page(1);
    map_page(300);
    free_it();
    again = frames_try_alloc(&fr, nodes_near(0), HPAGE_PMD_ORDER, MT_MOVABLE,
                             ALLOC_WMARK_LOW | ALLOC_MOVABLE, 0); /* 512 frames, and no folio */
    assert_int_equal(again, head);
    for (unsigned i = 0; i < NR; i++) {
        assert_true(frame_is(&f[i], FRAME_PAGE));
        assert_int_equal(f[i].mapcount, 0);
        frames_free(&fr, head + i, 0, 0);
    }
}

/* A descriptor of the host is 32 bytes, however large its folio is. */
TEST_WITH(a_huge_page_costs_no_more_of_the_host_than_small_ones, set_up, tear_down)
{
    assert_true(sizeof(struct frame) <= 32);
    map_whole();
    for (unsigned i = 2; i < NR; i++)
        assert_int_equal(f[i].mapcount, 0); /* not written: its page of the host stays untouched */
    assert_false(folio_has_tails(f));
    free_it();
}

TEST_MAIN()
