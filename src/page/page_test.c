/* page_test.c - nothing in a document can end the element that it is in, and only results are made
 * pages of. */
#include "base/test.h"

#include "page/page.h"

#include <stdlib.h>
#include <string.h>

TEST(document_cannot_end_its_element)
{
    static const char text[] =
        "{\"a</script><!--\": \"&<b>\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa|\xe2\x80\"}";
    struct strbuf json, page;
    const char *data, *end;

    strbuf_init(&json);
    strbuf_init(&page);
    strbuf_append_bytes(&json, text, sizeof(text) - 1);
    page_render(PAGE_OF_SIZE, "</title><script>\"&", &json, &page);
    data = strstr(page.text, "id=\"data\">");
    assert_non_null(data);
    data += strlen("id=\"data\">");
    end = strstr(data, "</script>");
    assert_non_null(end);
    assert_int_equal(memchr(data, '<', (size_t)(end - data)) == NULL, true);
    assert_non_null(strstr(data, "{\"a\\u003c/script\\u003e\\u003c!--\": \"\\u0026\\u003cb\\u003e"
                                 "\\u2028|\\u2029|\xe2\x80\xaa|\xe2\x80\"}</script>"));
    assert_non_null(strstr(page.text, "<title>&#60;/title&#62;&#60;script&#62;&#34;&#38;</title>"));
    assert_null(strstr(page.text, "{{"));
    strbuf_done(&page);
    strbuf_done(&json);
}

TEST(page_asks_for_nothing_elsewhere)
{
    struct strbuf json, page;

    strbuf_init(&json);
    strbuf_init(&page);
    strbuf_append(&json, "{}");
    page_render(PAGE_OF_SIZE, "x", &json, &page);
    assert_non_null(strstr(page.text, "default-src 'none'"));
    assert_null(strstr(page.text, " src="));
    assert_null(strstr(page.text, "<link"));
    assert_null(strstr(page.text, "@import"));
    assert_null(strstr(page.text, "url("));
    strbuf_done(&page);
    strbuf_done(&json);
}

static int find(const char *json, enum page_kind *ret, struct err *e)
{
    return page_find_kind(json, strlen(json), ret, e);
}

TEST(kind_is_told_by_members_that_only_it_has)
{
    enum page_kind kind = PAGE_OF_RECORDINGS;
    struct err e = {0};

    assert_int_equal(find("{\"limits\": [], \"advice\": {}, \"smallest_usable\": 0}", &kind, &e),
                     0);
    assert_int_equal(kind, PAGE_OF_SIZE);
    assert_int_equal(find("{\"verb\": \"run\", \"compare\": [], \"results\": []}", &kind, &e), 0);
    assert_int_equal(kind, PAGE_OF_COMPARE);
    assert_int_equal(find("{\"limits\": []}", &kind, &e), -EINVAL);
    assert_int_equal(find("[1]", &kind, &e), -EINVAL);
    assert_int_equal(find("", &kind, &e), -EINVAL);
    assert_int_equal(find("{\"limits\": [], \"advice\": {}, \"smallest_usable\": 0} x", &kind, &e),
                     -EINVAL);
    assert_int_equal(
        find("{\"limits\": \"\xff\", \"advice\": {}, \"smallest_usable\": 0}", &kind, &e), -EINVAL);
    assert_int_equal(kind, PAGE_OF_COMPARE);
}

TEST(names_of_pages_end_with_html)
{
    assert_true(page_is_name("x.html"));
    assert_true(page_is_name("a/b.c.HTM"));
    assert_false(page_is_name("html"));
    assert_false(page_is_name(".html"));
    assert_false(page_is_name("a/.html"));
    assert_false(page_is_name("x.html/"));
    assert_false(page_is_name("x.htmlx"));
    assert_false(page_is_name(""));
}

TEST_MAIN()
