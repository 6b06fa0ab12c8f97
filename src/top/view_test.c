/* view_test.c - unit tests of top/view.c */
#include "top/view.h"

#include "base/test.h"

#include <locale.h>
#include <math.h>

static const struct look utf8 = {.utf8 = true, .blocks = true}, ascii = {.utf8 = false};

static void expect_text(const struct grid *g, const char *want)
{
    struct strbuf out;

    grid_check(g);
    strbuf_init(&out);
    grid_render_text(g, &out);
    assert_string_equal(out.text, want);
    strbuf_done(&out);
}

TEST(bar_columns_add_up_to_its_width)
{
    static const struct bar_part parts[] = {{1, 0, 'a'}, {1, 0, 'b'}, {1, 0, 'c'}, {0, 0, 'd'}};
    static const struct bar_part nothing[] = {{0, 0, 'a'}, {-5, 0, 'b'}};
    int columns[4];

    view_bar_columns(parts, 4, 10, columns);
    assert_int_equal(columns[0], 4);
    assert_int_equal(columns[1], 3);
    assert_int_equal(columns[2], 3);
    assert_int_equal(columns[3], 0);
    view_bar_columns(nothing, 2, 10, columns);
    assert_int_equal(columns[0] + columns[1], 0);
}

TEST(bars_are_letters_where_colours_cannot_tell)
{
    static const struct bar_part parts[] = {{3, STYLE_USE, 'A'}, {1, STYLE_USE + 1, 'f'}};
    struct grid g;

    grid_init(&g, 8, 1, ascii);
    view_bar(&g, 0, 0, 8, parts, 2);
    expect_text(&g, "AAAAAAff\n");
    grid_done(&g);
    grid_init(&g, 8, 1, utf8);
    view_bar(&g, 0, 0, 8, parts, 2);
    expect_text(&g, "████████\n");
    assert_int_equal(grid_cell(&g, 5, 0)->style, STYLE_USE);
    assert_int_equal(grid_cell(&g, 6, 0)->style, STYLE_USE + 1);
    grid_done(&g);
}

TEST(sparklines_end_at_the_newest_value)
{
    static const double values[] = {100, 0, 1, 50, NAN, 99, 200};
    struct grid g;

    grid_init(&g, 8, 3, utf8);
    view_spark(&g, 0, 0, 8, values, 7, 100, STYLE_FLOW);
    view_spark(&g, 0, 1, 3, values, 7, 100, STYLE_FLOW);
    view_spark(&g, 0, 2, 8, values, 7, 0, STYLE_FLOW);
    expect_text(&g, " █▁▁▄ ██\n ██\n ▁▁▁▁ ▁▁\n");
    grid_done(&g);
    grid_init(&g, 8, 1, ascii);
    view_spark(&g, 0, 0, 8, values, 7, 100, STYLE_FLOW);
    expect_text(&g, " #__- ##\n");
    grid_done(&g);
}

TEST(arrows_grow_with_the_logarithm)
{
    struct grid g;

    grid_init(&g, 6, 5, ascii);
    view_arrow(&g, 0, 0, 6, 0, 1, 10000, STYLE_FLOW);
    view_arrow(&g, 0, 1, 6, 0.1, 1, 10000, STYLE_FLOW);
    view_arrow(&g, 0, 2, 6, 100, 1, 10000, STYLE_FLOW);
    view_arrow(&g, 0, 3, 6, 1e9, 1, 10000, STYLE_FLOW);
    view_arrow(&g, 0, 4, 6, NAN, 1, 10000, STYLE_FLOW);
    expect_text(&g, "......\n->\n--->\n----->\n......\n");
    grid_done(&g);
}

TEST(paragraphs_break_between_words)
{
    static const struct area area = {.x = 1, .width = 8};
    struct grid g;

    grid_init(&g, 10, 6, utf8);
    assert_int_equal(
        view_paragraph(&g, &area, 0, STYLE_PLAIN, "one two three fourteenth 日本語\nx"), 6);
    expect_text(&g, " one two\n three\n fourteen\n th\n 日本語\n x\n");
    grid_clear(&g);
    assert_int_equal(view_paragraph(&g, &area, -2, STYLE_PLAIN, "one two three four"), 3);
    expect_text(&g, " four\n\n\n\n\n\n");
    grid_done(&g);
}

TEST(sections_drop_a_note_that_does_not_fit)
{
    static const struct area area = {.width = 20};
    struct grid g;

    grid_init(&g, 20, 2, ascii);
    view_section(&g, &area, 0, "Flows", "per s");
    view_section(&g, &area, 1, "Flows", "per second and more");
    expect_text(&g, "- Flows ---- per s -\n- Flows ------------\n");
    grid_done(&g);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    return tests_run(NULL, NULL);
}
