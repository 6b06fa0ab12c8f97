/* grid_test.c - unit tests of top/grid.c */
#include "top/grid.h"

#include "base/test.h"

#include <locale.h>
#include <string.h>

static const struct look utf8 = {.utf8 = true}, ascii = {.utf8 = false};

static void expect_text(const struct grid *g, const char *want)
{
    struct strbuf out;

    grid_check(g);
    strbuf_init(&out);
    grid_render_text(g, &out);
    assert_string_equal(out.text, want);
    strbuf_done(&out);
}

TEST(text_is_cut_at_the_edge_with_an_ellipsis)
{
    struct grid g;

    grid_init(&g, 8, 2, utf8);
    assert_int_equal(grid_text(&g, 2, 0, 100, STYLE_PLAIN, "abcdef"), 6);
    assert_int_equal(grid_text(&g, 2, 1, 100, STYLE_PLAIN, "abcdefg"), 6);
    expect_text(&g, "  abcdef\n  abcde…\n");
    grid_done(&g);
    grid_init(&g, 8, 1, ascii);
    grid_text(&g, 0, 0, 4, STYLE_PLAIN, "abcdefg");
    expect_text(&g, "abc~\n");
    grid_done(&g);
}

TEST(wide_characters_are_never_cut_in_half)
{
    struct grid g;

    grid_init(&g, 6, 4, utf8);
    grid_text(&g, 0, 0, 6, STYLE_PLAIN, "日本語");
    grid_text(&g, 0, 1, 5, STYLE_PLAIN, "日本語");
    grid_text(&g, 0, 2, 4, STYLE_PLAIN, "日本語");
    grid_text(&g, 1, 3, 6, STYLE_PLAIN, "日本語");
    expect_text(&g, "日本語\n日本…\n日…\n 日本…\n");
    /* Drawing over one half leaves a blank for the other. */
    grid_text(&g, 1, 0, 1, STYLE_PLAIN, "x");
    grid_text(&g, 4, 0, 1, STYLE_PLAIN, "y");
    expect_text(&g, " x本y\n日本…\n日…\n 日本…\n");
    grid_done(&g);
}

TEST(what_cannot_be_shown_is_a_question_mark)
{
    struct grid g;

    grid_init(&g, 12, 2, ascii);
    grid_text(&g, 0, 0, 12, STYLE_PLAIN, "a日b\033[1m");
    grid_text(&g, 0, 1, 12, STYLE_PLAIN, "\xff\xc2\x85z");
    expect_text(&g, "a?b?[1m\n??z\n");
    grid_done(&g);
    grid_init(&g, 12, 1, utf8);
    grid_text(&g, 0, 0, 12, STYLE_PLAIN, "a\xcc\x81\xc2\x85z"); /* combining acute; NEL */
    expect_text(&g, "a?z\n");
    grid_done(&g);
}

TEST(nothing_is_drawn_outside_the_clip)
{
    struct grid g;

    grid_init(&g, 4, 4, ascii);
    g.clip_top = 1;
    g.clip_bottom = 3;
    for (int y = -2; y < 7; y++) {
        assert_int_equal(grid_text(&g, 0, y, 4, STYLE_PLAIN, "ab"), y == 1 || y == 2 ? 2 : 0);
        grid_fill(&g, -3, y, 4, STYLE_PLAIN, '#');
        grid_fill(&g, 3, y, 9, STYLE_PLAIN, '#');
        grid_restyle(&g, -1, y, 9, STYLE_BOLD);
    }
    assert_int_equal(grid_text(&g, 4, 1, 4, STYLE_PLAIN, "ab"), 0);
    expect_text(&g, "\n#b #\n#b #\n\n");
    assert_int_equal(grid_cell(&g, 0, 0)->style, STYLE_PLAIN);
    assert_int_equal(grid_cell(&g, 0, 1)->style, STYLE_BOLD);
    grid_done(&g);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    return tests_run(NULL, NULL);
}
