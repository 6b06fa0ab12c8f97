/* strbuf_test.c - a string that grows, is reset and is handed over. */
#include "base/strbuf.h"

#include "base/test.h"

#include <string.h>

TEST(new_buffer_is_an_empty_string)
{
    struct strbuf s;
    char *text;

    strbuf_init(&s);
    assert_string_equal(s.text, "");
    strbuf_reset(&s);
    text = strbuf_steal(&s);
    assert_string_equal(text, "");
    free(text);
    strbuf_done(&s);
}

TEST(pieces_of_every_size_add_up)
{
    struct strbuf s;
    size_t want = 0;

    strbuf_init(&s);
    for (int i = 0; i < 300; i++) {
        strbuf_printf(&s, "%*d", i + 1, 7);
        want += (size_t)i + 1;
        assert_int_equal(s.len, want);
        assert_int_equal(strlen(s.text), want);
        assert_int_equal(s.text[want - 1], '7');
    }
    strbuf_done(&s);
}

TEST(reset_keeps_the_memory)
{
    struct strbuf s;
    size_t capacity;

    strbuf_init(&s);
    strbuf_fill(&s, 'x', 1000);
    capacity = s.capacity;
    strbuf_reset(&s);
    assert_string_equal(s.text, "");
    strbuf_append(&s, "ab");
    strbuf_appendc(&s, 'c');
    strbuf_append_bytes(&s, "d\0e", 3);
    assert_int_equal(s.len, 6);
    assert_memory_equal(s.text, "abcd\0e", 7);
    assert_int_equal(s.capacity, capacity);
    strbuf_done(&s);
}

TEST(stolen_text_outlives_the_buffer)
{
    struct strbuf s;
    char *text;

    strbuf_init(&s);
    strbuf_append(&s, "mine");
    text = strbuf_steal(&s);
    strbuf_append(&s, "other");
    strbuf_done(&s);
    assert_string_equal(text, "mine");
    free(text);
}

TEST(figures_are_as_printf_has_them)
{
    static const s64 values[] = {0,         7,          -1,        10,       99999999,
                                 123456789, -123456789, INT64_MAX, INT64_MIN};
    struct strbuf ours, theirs;

    strbuf_init(&ours);
    strbuf_init(&theirs);
    for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
        for (unsigned width = 0; width < 24; width++) {
            strbuf_append_padded(&ours, "key:", width);
            strbuf_append_s64(&ours, values[i], width);
            strbuf_printf(&theirs, "%-*s%*lld", (int)width, "key:", (int)width,
                          (long long)values[i]);
        }
    assert_string_equal(ours.text, theirs.text);
    strbuf_done(&ours);
    strbuf_done(&theirs);
}

TEST_MAIN()
