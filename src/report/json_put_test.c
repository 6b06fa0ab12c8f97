/* json_put_test.c - our printing is json-c's own, byte for byte, where that has memory; and text
 * comes out clean. */
#include "base/test.h"
#include "report/json_put.h"

static json_object *sample_document(void)
{
    json_object *o = json_new_object(), *list = json_new_array(), *inner = json_new_object();

    json_put_text(o, "text", "a \"quoted\" \\ path/with slashes");
    json_put_u64(o, "most", UINT64_MAX);
    json_put(o, "least", json_new_s64(INT64_MIN));
    json_put(o, "nothing", NULL);
    json_put(o, "yes", json_new_bool(true));
    json_put(o, "no", json_new_bool(false));
    json_put(o, "number", json_new_number(0.5, "0.500"));
    json_append(list, json_new_u64(1));
    json_append(list, NULL);
    json_put_text(inner, "key \"quoted\"", "");
    json_append(list, inner);
    json_put(o, "list", list);
    return o;
}

TEST(documents_are_printed_as_json_c_prints_them)
{
    static const int flags[] = {
        [JSON_LINE] = JSON_C_TO_STRING_PLAIN,
        [JSON_SPACED] = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED,
    };

    for (unsigned style = 0; style < ARRAY_SIZE(flags); style++) {
        json_object *o = sample_document();
        struct strbuf out;

        strbuf_init(&out);
        json_object_get(o);
        json_render(o, (enum json_style)style, &out);
        assert_string_equal(out.text, json_object_to_json_string_ext(
                                          o, flags[style] | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(o);
        strbuf_done(&out);
    }
}

/* Versions of json-c differ here. */
TEST(empty_ones_are_two_lines)
{
    json_object *o = json_new_object();
    struct strbuf out;

    strbuf_init(&out);
    json_put(o, "a", json_new_array());
    json_put(o, "o", json_new_object());
    json_render(o, JSON_SPACED, &out);
    assert_string_equal(out.text, "{\n  \"a\": [\n  ],\n  \"o\": {\n  }\n}");
    strbuf_done(&out);
}

TEST(text_and_keys_come_out_clean)
{
    json_object *o = json_new_object();
    struct strbuf out;

    strbuf_init(&out);
    json_put_text(o, "a\nb", "\033[2J\xc2\x9b\xff");
    json_render(o, JSON_LINE, &out);
    assert_string_equal(out.text, "{\"a?b\":\"?[2J?\xef\xbf\xbd\"}");
    strbuf_done(&out);
}

TEST_MAIN()
