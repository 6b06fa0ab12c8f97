/* diff_test.c - figures of two versions side by side. */
#include "base/test.h"

#include "report/diff.h"

#include <string.h>

static void expect(const struct diff_row *row, const char *name, bool before, bool after,
                   double change)
{
    assert_string_equal((row->of[1] ? row->of[1] : row->of[0])->name, name);
    assert_int_equal(row->of[0] != NULL, before);
    assert_int_equal(row->of[1] != NULL, after);
    assert_true(row->change == change);
}

TEST(figures_meet_by_name_and_growth_comes_first)
{
    struct diff d;

    diff_init(&d, "a", "b", "recordings");
    diff_put(&d, 0, "files", "/same", DIFF_BYTES, 10);
    diff_put(&d, 0, "files", "/gone", DIFF_BYTES, 500);
    diff_put(&d, 0, "files", "/grew", DIFF_BYTES, 100);
    diff_put(&d, 1, "need", "limit", DIFF_BYTES,
             7); /* another section, although the name sorts below */
    diff_put(&d, 1, "files", "/grew", DIFF_BYTES, 50);
    diff_put(&d, 1, "files", "/grew", DIFF_BYTES, 90); /* told twice: it adds up */
    diff_put(&d, 1, "files", "/new", DIFF_BYTES, 20);
    diff_put(&d, 1, "files", "/same", DIFF_BYTES, 10);
    diff_join(&d);
    assert_int_equal(d.rows.count, 5);
    expect(&d.rows.items[0], "/grew", true, true, 40);
    expect(&d.rows.items[1], "/new", false, true, 20);
    expect(&d.rows.items[2], "/same", true, true, 0);
    expect(&d.rows.items[3], "/gone", true, false, -500);
    expect(&d.rows.items[4], "limit", false, true, 7);
    diff_done(&d);
}

TEST(the_table_shows_what_changed_most_both_ways)
{
    struct strbuf text;
    struct diff d;
    char name[16];

    strbuf_init(&text);
    diff_init(&d, "a", "b", "recordings");
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "f%02d", i);
        diff_put(&d, 0, "files", name, DIFF_COUNT, 100);
        diff_put(&d, 1, "files", name, DIFF_COUNT, 100 + (i - 10) * 3);
    }
    diff_put(&d, 0, "groups", "/web", DIFF_BYTES, 5);
    diff_put(&d, 1, "groups", "/web", DIFF_BYTES, 5);
    diff_join(&d);
    diff_text(&d, 4, false, &text);
    assert_non_null(strstr(text.text, "  f19 "));
    assert_non_null(strstr(text.text, "  f18 "));
    assert_null(strstr(text.text, "  f17 "));
    assert_non_null(strstr(text.text, "  f00 "));
    assert_non_null(strstr(text.text, "  f01 "));
    assert_null(strstr(text.text, "  f02 "));
    assert_null(strstr(text.text, "  f10 ")); /* the one that did not change */
    assert_non_null(strstr(text.text, "and 15 more that changed less"));
    assert_non_null(strstr(text.text, "groups: no change in 1 figure\n"));
    assert_non_null(strstr(text.text, "        +27   +27 %"));
    strbuf_done(&text);
    diff_done(&d);
}

TEST(numbers_of_documents_are_named_by_their_paths)
{
    static const char *const texts[] = {
        "{\"unlimited\": {\"memory.peak\": 4096, \"busy_ns\": 2000000000}, \"replays\": 3,"
        " \"limits\": [{\"memory.max\": 1}], \"cgroups\": [{\"path\": \"/a\", \"deep\": {\"n\": "
        "1}},"
        " {\"path\": \"/b\", \"n\": 5}], \"odd\": [1, 2, [3]], \"text\": \"7\", \"none\": null}",
        "{\"cgroups\": [{\"path\": \"/b\", \"n\": 4}], \"replays\": 3,"
        " \"unlimited\": {\"memory.peak\": 8192, \"busy_ns\": 3000000000}}",
    };
    struct diff d;

    diff_init(&d, "a", "b", "results of size");
    for (unsigned side = 0; side < 2; side++) {
        json_object *o = json_tokener_parse(texts[side]);

        diff_put_document(&d, side, o);
        json_object_put(o);
    }
    diff_join(&d);
    assert_int_equal(d.rows.count, 5);
    expect(&d.rows.items[0], "memory.peak", true, true, 4096);
    assert_int_equal(d.rows.items[0].of[0]->unit, DIFF_BYTES);
    expect(&d.rows.items[1], "busy_ns", true, true, 1);
    assert_int_equal(d.rows.items[1].of[0]->unit, DIFF_SECONDS);
    expect(&d.rows.items[2], "replays", true, true, 0);
    expect(&d.rows.items[3], "/a deep n", true, false, -1);
    expect(&d.rows.items[4], "/b n", true, true, -1);
    diff_done(&d);
}

/* A document may have as many members as it has bytes. */
TEST(sections_and_figures_are_bounded)
{
    struct diff d;
    char name[16];

    diff_init(&d, "a", "b", "results of run");
    for (unsigned i = 0; i < DIFF_FIGURES_MAX + 10; i++) {
        snprintf(name, sizeof(name), "m%u", i);
        diff_put(&d, 0, name, name, DIFF_COUNT, i);
    }
    diff_join(&d);
    assert_int_equal(d.rows.count, DIFF_FIGURES_MAX);
    assert_int_equal(d.left_out, 10);
    assert_in_range(d.sections.count, 1, 1000);
    diff_done(&d);
}

TEST_MAIN()
