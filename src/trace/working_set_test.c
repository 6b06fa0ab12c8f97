/* working_set_test.c - pages of each part, last touches and rests are those of the touches, and a
 * sample stands for all. */
#include "base/test.h"

#include "trace/working_set.h"

#define A_PART 100u
#define EVENTS ((u64)A_PART * WORKING_SET_PARTS)

static u64 sum(const u64 *values)
{
    u64 all = 0;

    for (unsigned i = 0; i < WORKING_SET_PARTS; i++)
        all += values[i];
    return all;
}

TEST(each_page_counts_once_in_each_part)
{
    struct working_set w;

    working_set_init(&w, EVENTS, 1000);
    for (unsigned i = 0; i < 5; i++) {
        working_set_touch_memory(&w, 1, 7, i);
        working_set_touch_memory(&w, 2, 7, i); /* another process */
        working_set_touch_file(&w, 1, 7, i);   /* a file */
    }
    working_set_touch_memory(&w, 1, 7, A_PART);
    working_set_touch_memory(&w, 1, 7, 5 * A_PART); /* after a rest of three parts */
    working_set_touch_memory(&w, 1, 7, 7 * A_PART); /* and of one */
    working_set_touch_file(&w, 3, 0, EVENTS);       /* as the last one may come */
    working_set_finish(&w);
    assert_int_equal(w.each, 1);
    assert_int_equal(w.touched, 4);
    assert_int_equal(w.pages[0], 3);
    assert_int_equal(w.pages[1], 1);
    assert_int_equal(w.pages[2], 0);
    assert_int_equal(w.pages[5], 1);
    assert_int_equal(w.pages[WORKING_SET_PARTS - 1], 1);
    assert_int_equal(sum(w.pages), 7);
    assert_int_equal(w.last[0], 2);
    assert_int_equal(w.last[7], 1);
    assert_int_equal(w.last[WORKING_SET_PARTS - 1], 1);
    assert_int_equal(sum(w.last), 4);
    assert_int_equal(w.rest[3], 1);
    assert_int_equal(w.rest[0], 3);
}

TEST(percentiles_are_of_the_parts)
{
    struct working_set w;

    working_set_init(&w, EVENTS, 100000);
    for (u64 part = 0; part < WORKING_SET_PARTS; part++)
        for (u64 page = 0; page <= part; page++)
            working_set_touch_memory(&w, 1, page, part * A_PART);
    working_set_finish(&w);
    assert_int_equal(working_set_percentile(&w, 0), 1);
    assert_int_equal(working_set_percentile(&w, 0.5), 60);
    assert_int_equal(working_set_percentile(&w, 0.95), 114);
    assert_int_equal(working_set_percentile(&w, 1), 120);
}

/* Half of 200,000 pages is used in every part, the rest in the first and in the last. */
TEST(a_sample_stands_for_all)
{
    const u64 pages = 200000;
    struct working_set w;

    working_set_init(&w, EVENTS, 20000);
    for (u64 part = 0; part < WORKING_SET_PARTS; part += part == 0 ? 59 : 60)
        for (u64 page = 0; page < pages / (part == 59 ? 2 : 1); page++)
            working_set_touch_memory(&w, 1, page, part * A_PART);
    working_set_finish(&w);
    assert_int_equal(w.each, 16);
    assert_in_range(w.touched, pages * 97 / 100, pages * 103 / 100);
    assert_in_range(w.pages[0], pages * 97 / 100, pages * 103 / 100);
    assert_in_range(w.pages[59], pages / 2 * 97 / 100, pages / 2 * 103 / 100);
    assert_in_range(w.rest[118], pages / 2 * 97 / 100, pages / 2 * 103 / 100);
    assert_int_equal(sum(w.last), w.touched);
    assert_int_equal(sum(w.rest), w.touched);
}

TEST(nothing_is_nothing)
{
    struct working_set w;

    working_set_init(&w, 0, 10);
    working_set_finish(&w);
    assert_int_equal(w.touched + sum(w.pages) + sum(w.last), 0);
    assert_int_equal(working_set_percentile(&w, 0.5), 0);
    working_set_done(&w);
}

TEST_MAIN()
