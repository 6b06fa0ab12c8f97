/* err_test.c - the text of an error, its place, and callers that do not want to know. */
#include "base/err.h"

#include "base/test.h"

#include <string.h>

TEST(set_returns_the_code_and_fills_the_text)
{
    struct err e = {.file = "a.ini", .line = 3};

    assert_int_equal(err_set(&e, -EINVAL, "no key '%s'", "ramm"), -EINVAL);
    assert_string_equal(e.text, "no key 'ramm'");
    assert_string_equal(e.file, "a.ini");
    assert_int_equal(e.line, 3);
}

TEST(nobody_need_listen)
{
    assert_int_equal(err_set(NULL, -EIO, "x"), -EIO);
    assert_int_equal(err_at(NULL, -EIO, "f", 1, 2, "x"), -EIO);
    err_clear(NULL);
}

TEST(long_texts_are_cut_not_overrun)
{
    struct err e;
    char longer[2000];

    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    err_at(&e, -EINVAL, longer, 1, 1, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_int_equal(strlen(e.file), sizeof(e.file) - 1);
}

TEST(text_shows_the_parts_that_are_known)
{
    struct err e;
    char buf[1024];

    err_clear(&e);
    err_set(&e, -EINVAL, "odd");
    assert_string_equal(err_text(&e, buf, sizeof(buf)), "odd");
    err_at(&e, -EINVAL, "f", 0, 0, "odd");
    assert_string_equal(err_text(&e, buf, sizeof(buf)), "f: odd");
    err_at(&e, -EINVAL, "f", 7, 0, "odd");
    assert_string_equal(err_text(&e, buf, sizeof(buf)), "f:7: odd");
    err_at(&e, -EINVAL, "f", 7, 9, "odd");
    assert_string_equal(err_text(&e, buf, sizeof(buf)), "f:7:9: odd");
}

TEST_MAIN()
