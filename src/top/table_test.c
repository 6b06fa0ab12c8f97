/* table_test.c - unit tests of top/table.c and top/table_draw.c */
#include "top/table.h"

#include "base/test.h"
#include "observe/snapshot.h"

#include <locale.h>
#include <math.h>
#include <string.h>

struct row {
    const char *name;
    u32 parent;
    double bytes, rate;
};

static const char *row_name(const void *row)
{
    return ((const struct row *)row)->name;
}

static double row_bytes(const void *row)
{
    return ((const struct row *)row)->bytes;
}

static double row_rate(const void *row)
{
    return ((const struct row *)row)->rate;
}

static u32 row_parent(const void *row)
{
    return ((const struct row *)row)->parent;
}

static u64 row_key(const void *row)
{
    return (u64)(unsigned char)row_name(row)[0];
}

static bool row_matches(const void *row, const char *filter)
{
    return strstr(row_name(row), filter) != NULL;
}

static const struct column columns[] = {
    {.title = "NAME", .kind = COLUMN_TEXT, .text = row_name},
    {.title = "BYTES", .width = 7, .rank = 1, .kind = COLUMN_BYTES, .number = row_bytes},
    {.title = "RATE", .width = 6, .rank = 2, .kind = COLUMN_COUNT, .number = row_rate},
};

static const struct table flat = {
    .columns = columns,
    .nr_columns = ARRAY_SIZE(columns),
    .row_bytes = sizeof(struct row),
    .key = row_key,
    .matches = row_matches,
    .default_sort = 1,
};

static const struct table tree = {
    .columns = columns,
    .nr_columns = ARRAY_SIZE(columns),
    .row_bytes = sizeof(struct row),
    .key = row_key,
    .parent = row_parent,
    .matches = row_matches,
    .default_sort = -1,
};

/*  root - a - b      c and d are children of a's sibling e */
static const struct row rows[] = {
    {"/", GROUP_NONE, 100, 0}, {"a", 0, 10, 5},   {"b", 1, 10, NAN},
    {"e", 0, 90, NAN},         {"c", 3, 30, 0.5}, {"d", 3, 60, 2},
};

/* The names in order, without anything between. */
static void expect_order(const struct table_order *o, const char *want)
{
    char got[64] = "";
    size_t len = 0;

    vec_for_each (&o->places, place)
        got[len++] = rows[place->row].name[0];
    assert_string_equal(got, want);
}

TEST(numbers_sort_largest_first_and_unknown_ones_last)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &flat);
    table_arrange(&flat, &s, rows, 6, &o);
    expect_order(&o, "/edcab");
    s.sort = 2;
    table_arrange(&flat, &s, rows, 6, &o);
    expect_order(&o, "adc/be");
    s.reverse = true;
    table_arrange(&flat, &s, rows, 6, &o);
    expect_order(&o, "/cdabe");
    s.sort = 0;
    table_arrange(&flat, &s, rows, 6, &o);
    expect_order(&o, "edcba/");
    table_order_done(&o);
}

TEST(trees_sort_siblings_and_stay_trees)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &tree);
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "/abecd");
    s.sort = 1;
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "/edcab");
    assert_int_equal(o.places.items[2].depth, 2);
    assert_false(o.places.items[2].last);
    assert_true(o.places.items[3].last);
    assert_int_equal(o.places.items[2].stems, BIT_ULL(1));
    assert_int_equal(o.places.items[5].stems, 0);
    s.flat = true;
    s.sort = 2;
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "adc/be");
    table_order_done(&o);
}

TEST(filters_keep_the_ancestors_of_what_matches)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &tree);
    snprintf(s.filter, sizeof(s.filter), "d");
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "/ed");
    assert_false(o.places.items[1].matches);
    assert_true(o.places.items[2].matches && o.places.items[2].last);
    s.flat = true;
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "d");
    snprintf(s.filter, sizeof(s.filter), "nothing");
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "");
    table_arrange(&tree, &s, rows, 0, &o);
    expect_order(&o, "");
    table_order_done(&o);
}

TEST(the_cursor_stays_on_its_row)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &flat);
    table_arrange(&flat, &s, rows, 6, &o);
    table_move(&flat, &s, &o, rows, 2);
    assert_int_equal(s.selected, 'd');
    s.reverse = true;
    table_arrange(&flat, &s, rows, 6, &o);
    assert_int_equal(o.places.items[s.at].row, 5);
    table_move(&flat, &s, &o, rows, -100000);
    assert_int_equal(s.at, 0);
    table_move(&flat, &s, &o, rows, 100000);
    assert_int_equal(s.at, 5);
    assert_int_equal(s.selected, '/');
    /* It is gone: the cursor stays where it was, or on the last row. */
    snprintf(s.filter, sizeof(s.filter), "c");
    table_arrange(&flat, &s, rows, 6, &o);
    assert_int_equal(s.at, 0);
    table_order_done(&o);
}

TEST(folded_rows_hide_what_is_below)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &tree);
    table_arrange(&tree, &s, rows, 6, &o);
    table_move(&tree, &s, &o, rows, 3);
    table_fold(&s);
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "/abe");
    assert_true(o.places.items[3].folded);
    table_fold(&s);
    table_arrange(&tree, &s, rows, 6, &o);
    expect_order(&o, "/abecd");
    table_state_done(&s);
    table_order_done(&o);
}

static void expect_drawn(struct table_state *s, const struct table *t, int width, int height,
                         const char *want)
{
    const struct look look = {.utf8 = true};
    const struct area area = {.width = width, .height = height};
    struct table_order o = {0};
    struct strbuf out;
    struct grid g;

    grid_init(&g, width, height, look);
    table_arrange(t, s, rows, 6, &o);
    table_draw(&g, &area, t, s, &o, rows, "no row");
    grid_check(&g);
    strbuf_init(&out);
    grid_render_text(&g, &out);
    assert_string_equal(out.text, want);
    strbuf_done(&out);
    grid_done(&g);
    table_order_done(&o);
}

TEST(tables_draw_branches_and_the_order)
{
    struct table_state s;

    table_state_init(&s, &tree);
    s.sort = 1;
    expect_drawn(&s, &tree, 34, 7,
                 "NAME                 BYTES▼  RATE\n"
                 "/                     100B      0\n"
                 "├─e                    90B      -\n"
                 "│ ├─d                  60B      2\n"
                 "│ └─c                  30B    0.5\n"
                 "└─a                    10B      5\n"
                 "  └─b                  10B      -\n");
}

TEST(narrow_tables_keep_the_column_that_sorts)
{
    struct table_state s;

    table_state_init(&s, &flat);
    s.sort = 2;
    expect_drawn(&s, &flat, 25, 3,
                 "NAME                RATE▼\na                      5\nd                      2\n");
    s.sort = 1;
    expect_drawn(&s, &flat, 5, 2, "NAME\n/\n");
}

TEST(columns_without_a_figure_are_left_out)
{
    static const struct row unknown[] = {{"a", GROUP_NONE, NAN, 1}, {"b", GROUP_NONE, NAN, NAN}};
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &flat);
    table_arrange(&flat, &s, unknown, 2, &o);
    assert_int_equal(s.blank, BIT_ULL(1));
    table_sort_next(&flat, &s, -1);
    assert_int_equal(s.sort, 0);
    table_sort_next(&flat, &s, 1);
    assert_int_equal(s.sort, 2);
    table_arrange(&flat, &s, unknown, 0, &o);
    assert_int_equal(s.blank, 0);
    table_order_done(&o);
}

TEST(tables_scroll_to_the_cursor)
{
    struct table_order o = {0};
    struct table_state s;

    table_state_init(&s, &flat);
    table_arrange(&flat, &s, rows, 6, &o);
    table_move(&flat, &s, &o, rows, 4);
    expect_drawn(&s, &flat, 10, 3, "NAME\nc\na\n");
    table_move(&flat, &s, &o, rows, -1);
    expect_drawn(&s, &flat, 10, 3, "NAME\nc\na\n");
    table_move(&flat, &s, &o, rows, -3);
    expect_drawn(&s, &flat, 10, 3, "NAME\n/\ne\n");
    table_order_done(&o);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    return tests_run(NULL, NULL);
}
