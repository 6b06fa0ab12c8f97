/* heat_test.c - each touch is in its row and column, however coarse rows become, and what is left
 * out is counted. */
#include "base/test.h"

#include "trace/heat.h"

static const char *name(void *ctx, u32 space, u32 *ret_pid)
{
    (void)ctx;
    *ret_pid = space + 100;
    return space == 1 ? "one" : "other";
}

static u64 all_touches(const struct heat_space *s)
{
    u64 sum = 0;

    vec_for_each (&s->rows, row)
        for (unsigned i = 0; i < HEAT_TIMES; i++)
            sum += row->touches[i];
    return sum;
}

TEST(touches_lie_where_and_when_they_were)
{
    const u64 events = 10 * HEAT_TIMES;
    struct heat h;

    heat_init(&h, events);
    heat_touch_memory(&h, 1, 5, 0);
    heat_touch_memory(&h, 1, 5, 9);
    heat_touch_memory(&h, 1, 7, 10);
    heat_touch_memory(&h, 2, 5, events - 1);
    heat_touch_file(&h, 3, 0, events); /* as the last one may come */
    heat_finish(&h, name, name, NULL);
    assert_int_equal(h.processes.count, 2);
    assert_int_equal(h.files.count, 1);
    const struct heat_space *s = &h.processes.items[0];
    assert_string_equal(s->name, "one");
    assert_int_equal(s->pid, 101);
    assert_int_equal(s->touches, 3);
    assert_int_equal(s->rows.count, 2);
    assert_int_equal(s->rows.items[0].first, 5);
    assert_int_equal(s->rows.items[0].pages, 1);
    assert_int_equal(s->rows.items[0].touches[0], 2);
    assert_int_equal(s->rows.items[1].touches[0], 0);
    assert_int_equal(s->rows.items[1].touches[1], 1);
    assert_int_equal(h.processes.items[1].rows.items[0].touches[HEAT_TIMES - 1], 1);
    assert_int_equal(h.files.items[0].rows.items[0].touches[HEAT_TIMES - 1], 1);
    assert_int_equal(h.left_out, 0);
    heat_done(&h);
}

TEST(any_number_of_pages_gives_few_rows)
{
    const u64 pages = 300000;
    struct heat h;

    heat_init(&h, pages);
    for (u64 i = 0; i < pages; i++)
        heat_touch_memory(&h, 1, i * 977 % pages, i);
    heat_touch_memory(&h, 1, (u64)1 << 34, pages - 1);
    heat_finish(&h, name, name, NULL);
    assert_int_equal(h.processes.count, 1);
    const struct heat_space *s = &h.processes.items[0];
    assert_true(s->rows.count > HEAT_ROWS_ADDRESS / 4 && s->rows.count <= HEAT_ROWS_ADDRESS);
    assert_int_equal(all_touches(s), pages + 1);
    for (size_t i = 1; i < s->rows.count; i++)
        assert_true(s->rows.items[i].first >=
                    s->rows.items[i - 1].first + s->rows.items[i - 1].pages);
    heat_done(&h);
}

TEST(more_spaces_than_are_kept_are_counted)
{
    struct heat h;
    u64 kept = 0;

    heat_init(&h, 100000);
    for (u32 space = 1; space <= 5000; space++)
        heat_touch_file(&h, space, 3, space);
    for (u64 i = 0; i < 50; i++)
        heat_touch_file(&h, 1, i, i);
    heat_touch_file(&h, UINT32_MAX, 0, 0);
    heat_touch_file(&h, 1, UINT64_MAX, 0);
    heat_finish(&h, name, name, NULL);
    assert_int_equal(h.files.count, HEAT_FILES_MAX);
    assert_string_equal(h.files.items[0].name, "one");
    vec_for_each (&h.files, f) {
        assert_true(f->rows.count <= HEAT_ROWS_FILE);
        kept += all_touches(f);
    }
    assert_int_equal(kept + h.left_out, 5000 + 50 + 2);
    heat_done(&h);
}

TEST(nothing_is_nothing)
{
    struct heat h;

    heat_init(&h, 0);
    heat_finish(&h, name, name, NULL);
    assert_int_equal(h.processes.count + h.files.count + h.left_out, 0);
    heat_done(&h);
}

TEST_MAIN()
