/* pool_spec_test.c - hugepages= of the boot. */
#include "system/pool_spec.h"

#include "base/test.h"

#include <string.h>

static void assert_reads(const char *text, const char *as)
{
    struct pool_spec p;
    struct strbuf out;

    strbuf_init(&out);
    assert_int_equal(pool_spec_parse(text, &p, NULL), 0);
    pool_spec_render(&p, &out);
    assert_string_equal(out.text, as);
    strbuf_done(&out);
}

TEST(pages_are_of_any_node_or_of_each)
{
    assert_reads("512", "512");
    assert_reads("0:512,1:256", "0:512,1:256");
    assert_reads("63:16777216,2:0", "2:0,63:16777216");
}

TEST(what_is_no_pool_is_refused_and_nothing_is_written)
{
    static const char *const bad[] = {
        "",        ":",       "1:",    ":5",  "0:1,",     "0:1,0:2",
        "64:1",    "5 ",      "2M",    "-1",  "16777217", "0:16777217",
        "0:1;1:2", "512,1:3", "0:1,5", "1e3", "0x10",     "99999999999999999999"};
    struct pool_spec p = {.pages = 7};
    struct err e;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(pool_spec_parse(bad[i], &p, &e), -EINVAL);
        assert_non_null(strstr(e.text, "0:512,1:256"));
    }
    assert_int_equal(p.pages, 7);
}

TEST(a_node_that_is_not_there_is_named)
{
    struct pool_spec p;

    assert_int_equal(pool_spec_parse("0:1,5:1,9:1", &p, NULL), 0);
    assert_int_equal(pool_spec_missing(&p, 2), 5);
    assert_int_equal(pool_spec_missing(&p, 6), 9);
    assert_int_equal(pool_spec_missing(&p, 10), MAX_NUMNODES);
    assert_int_equal(pool_spec_missing(&p, 64), MAX_NUMNODES);
}

TEST_MAIN()
