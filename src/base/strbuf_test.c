/* strbuf_test.c - a string that grows, is reset and is handed over. */
#include "base/strbuf.h"

#include "base/test.h"

#include <string.h>

static void new_buffer_is_an_empty_string(void **state)
{
    struct strbuf s;
    char *text;

    (void)state;
    strbuf_init(&s);
    assert_string_equal(s.text, "");
    strbuf_reset(&s);
    text = strbuf_steal(&s);
    assert_string_equal(text, "");
    free(text);
    strbuf_done(&s);
}

static void pieces_of_every_size_add_up(void **state)
{
    struct strbuf s;
    size_t want = 0;

    (void)state;
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

static void reset_keeps_the_memory(void **state)
{
    struct strbuf s;
    size_t capacity;

    (void)state;
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

static void stolen_text_outlives_the_buffer(void **state)
{
    struct strbuf s;
    char *text;

    (void)state;
    strbuf_init(&s);
    strbuf_append(&s, "mine");
    text = strbuf_steal(&s);
    strbuf_append(&s, "other");
    strbuf_done(&s);
    assert_string_equal(text, "mine");
    free(text);
}

static void figures_are_as_printf_has_them(void **state)
{
    static const s64 values[] = {0,         7,          -1,        10,       99999999,
                                 123456789, -123456789, INT64_MAX, INT64_MIN};
    struct strbuf ours, theirs;

    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_buffer_is_an_empty_string),
        cmocka_unit_test(pieces_of_every_size_add_up),
        cmocka_unit_test(reset_keeps_the_memory),
        cmocka_unit_test(figures_are_as_printf_has_them),
        cmocka_unit_test(stolen_text_outlives_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
