/* masklist_test.c - sets of CPUs and nodes, from and to text. */
#include "base/masklist.h"

#include "base/test.h"

#include <string.h>

static void list_is(const char *text, u64 set)
{
    struct err e = {0};
    u64 got = 12345;

    assert_int_equal(parse_masklist(text, "CPU", &got, &e), 0);
    assert_true(got == set);
}

TEST(lists_are_read)
{
    list_is("", 0);
    list_is("0", 1);
    list_is("0-3,8", 0x10f);
    list_is("63", BIT_ULL(63));
    list_is("0-63", UINT64_MAX);
    list_is("2,1", 6);
}

TEST(nonsense_is_refused_and_leaves_the_result_alone)
{
    static const char *const bad[] = {"64", "1-", "-1",  "3-1",        "1,",
                                      ",1", "a",  "1 2", "99999999999"};
    struct err e = {0};
    u64 got = 7;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(parse_masklist(bad[i], "CPU", &got, &e), -EINVAL);
        assert_true(got == 7);
        assert_non_null(strstr(e.text, "CPUs from 0 to 63"));
    }
}

TEST(what_is_written_is_read_again)
{
    static const u64 sets[] = {0, 1, 0x10f, UINT64_MAX, 0xa5a5a5a5a5a5a5a5};

    for (unsigned i = 0; i < ARRAY_SIZE(sets); i++) {
        struct strbuf text;
        struct err e = {0};
        u64 got = 1;

        strbuf_init(&text);
        strbuf_append(&text, "");
        strbuf_masklist(&text, sets[i]);
        assert_int_equal(parse_masklist(text.len ? text.text : "", "node", &got, &e), 0);
        assert_true(got == sets[i]);
        strbuf_done(&text);
    }
}

TEST(hexadecimal_has_the_digits_of_the_members)
{
    struct strbuf text;

    strbuf_init(&text);
    strbuf_maskhex(&text, 0x3, 2);
    strbuf_append(&text, " ");
    strbuf_maskhex(&text, 0xf0, 8);
    strbuf_append(&text, " ");
    strbuf_maskhex(&text, 0x10000000f, 36);
    assert_string_equal(text.text, "3 f0 1,0000000f");
    strbuf_done(&text);
}

TEST_MAIN()
