/* utf8_test.c - what is valid stays, what is not is replaced. */
#include "base/test.h"
#include "base/utf8.h"

static void expect_clean(const char *text, const char *want)
{
    struct strbuf s;

    strbuf_init(&s);
    utf8_append_clean(&s, text);
    assert_string_equal(s.text, want);
    strbuf_done(&s);
}

static void valid_text_stays(void **state)
{
    (void)state;
    expect_clean("", "");
    expect_clean("/tmp/f\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
                 "/tmp/f\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void invalid_bytes_are_replaced_one_by_one(void **state)
{
    (void)state;
    expect_clean("a\xff"
                 "b",
                 "a\xef\xbf\xbd"
                 "b");
    expect_clean("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    expect_clean("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    expect_clean("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");                 /* cut */
    expect_clean("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
    (void)state;
    expect_clean("x\033[31m\n\x7f", "x?[31m??");
}

static void code_points_come_back_as_they_went(void **state)
{
    static const u32 codes[] = {'a', 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0x10000, 0x10ffff};
    struct strbuf s;
    const char *at;

    (void)state;
    strbuf_init(&s);
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        utf8_append(&s, codes[i]);
    at = s.text;
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        assert_int_equal(utf8_next(&at), codes[i]);
    assert_ptr_equal(at, s.text + s.len);
    strbuf_done(&s);
    at = "\xe2\x82";
    assert_int_equal(utf8_next(&at), 0xfffd);
    assert_int_equal(utf8_next(&at), 0xfffd);
    assert_int_equal(*at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text_stays),
        cmocka_unit_test(invalid_bytes_are_replaced_one_by_one),
        cmocka_unit_test(control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(code_points_come_back_as_they_went),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
