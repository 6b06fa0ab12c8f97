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

TEST(valid_text_stays)
{
    expect_clean("", "");
    expect_clean("/tmp/f\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
                 "/tmp/f\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(invalid_bytes_are_replaced_one_by_one)
{
    expect_clean("a\xff"
                 "b",
                 "a\xef\xbf\xbd"
                 "b");
    expect_clean("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    expect_clean("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    expect_clean("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");                 /* cut */
    expect_clean("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(control_characters_do_not_reach_a_terminal)
{
    expect_clean("x\033[31m\n\x7f", "x?[31m??");
}

TEST(c1_controls_do_not_either)
{
    expect_clean("a\xc2\x9b"
                 "31mb",
                 "a?31mb");
    expect_clean("\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0");
    expect_clean("\x9b", "\xef\xbf\xbd");
}

TEST(what_is_not_seen_is_shown_as_a_question_mark)
{
    expect_clean("a\xe2\x80\xae"
                 "b\xe2\x81\xa6"
                 "c",
                 "a?b?c");                   /* right-to-left override and isolate */
    expect_clean("web\xe2\x80\x8b", "web?"); /* no width */
    expect_clean("\xef\xbb\xbfx\xc2\xad", "?x?");
    expect_clean("a\xe2\x80\xa8"
                 "b\tc",
                 "a?b?c");                 /* a separator of lines */
    expect_clean("\xf3\xa0\x81\x81", "?"); /* a tag */
    expect_clean("\xe2\x80\xa6\xd7\xa9\xd7\x9c",
                 "\xe2\x80\xa6\xd7\xa9\xd7\x9c"); /* an ellipsis, Hebrew */
}

TEST(bytes_may_hold_a_nul_and_end_anywhere)
{
    struct strbuf s;

    strbuf_init(&s);
    utf8_append_clean_bytes(&s, "a\0b\xe2\x82\xac", 5);
    assert_string_equal(s.text, "a?b\xef\xbf\xbd\xef\xbf\xbd");
    strbuf_done(&s);
}

TEST(code_points_come_back_as_they_went)
{
    static const u32 codes[] = {'a', 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0x10000, 0x10ffff};
    struct strbuf s;
    const char *at;

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

TEST_MAIN()
