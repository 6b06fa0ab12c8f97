/* columns_test.c - widths, blocks, no blank at the end of a line. */
#include "report/columns.h"

#include "base/test.h"

#include <stdio.h>

TEST(columns_are_as_wide_as_what_they_hold)
{
    struct columns c;
    struct strbuf out;
    struct column *word, *number;

    strbuf_init(&out);
    columns_init(&c, 2);
    strbuf_append(&c.labels.items[0], "key  ");
    strbuf_append(&c.labels.items[1], "a    ");
    strbuf_append(&c.labels.items[2], "b    ");
    word = columns_add(&c, "", "word");
    word->left = true;
    number = columns_add(&c, "top", "n");
    column_put(word, 0, "x");
    column_put(word, 1, "longer");
    column_put(number, 0, "1");
    column_put(number, 1, "12345");
    columns_render(&c, &out);
    assert_string_equal(out.text, "               top\n"
                                  "key  word        n\n"
                                  "a    x           1\n"
                                  "b    longer  12345\n");
    columns_done(&c);
    strbuf_done(&out);
}

TEST(what_finds_no_room_goes_on_below)
{
    struct columns c;
    struct strbuf out;
    unsigned lines = 0, width = 0, widest = 0;

    strbuf_init(&out);
    columns_init(&c, 1);
    strbuf_append(&c.labels.items[0], "key  ");
    strbuf_append(&c.labels.items[1], "a    ");
    for (unsigned i = 0; i < 30; i++)
        column_put(columns_add(&c, "", "12345678"), 0, "1");
    columns_render(&c, &out);
    for (size_t i = 0; i < out.len; i++) {
        width = out.text[i] == '\n' ? 0 : width + 1;
        widest = MAX(widest, width);
        lines += out.text[i] == '\n';
    }
    /* 5 + 9 * 8 + 8 * 2 = 93: nine beside each other, in four blocks with a blank line between. */
    assert_int_equal(widest, 93);
    assert_int_equal(lines, 4 * 2 + 3);
    columns_done(&c);
    strbuf_done(&out);
}

TEST_MAIN()
