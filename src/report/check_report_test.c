/* check_report_test.c - what a gate says, and what it believes of an earlier result. */
#include "base/test.h"

#include "report/check_report.h"

#include <string.h>

/* Names that want to end an attribute, begin a directive or an escape. */
TEST(names_end_nothing_in_any_format)
{
    static const char *const wanted[][3] = {
        {"junit", "name=\"a&lt;b&gt;&quot;&amp; #1 100%?::\"", "failures=\"1\""},
        {"tap", "not ok 1 - a<b>\"& \\#1 100%?:: does not fit in 32.0 MiB", "1..1\n"},
        {"github", "::error title=highwater check::a<b>\"& #1 100%25?:: does not fit", ""},
    };
    struct size_result result = {
        .unlimited = {.outcome = REPLAY_COMPLETED, .busy_ns = NS_PER_S, .peak_bytes = 90 * MIB},
        .usable = {.found = true, .limit_bytes = 64 * MIB},
    };
    struct trace trace = {.closed = true, .end = (char *)"", .meta = (char *)""};
    struct size_config config = {.trace = &trace, .usable_slowdown = 1.1};
    const struct size_report report = {
        .result = &result, .config = &config, .input = "a<b>\"& #1 100%\n::"};
    const struct size_envelope envelope = {.need_bytes = 64 * MIB};
    const struct check_report r = {
        .reports = &report, .nr = 1, .envelope = &envelope, .max_bytes = 32 * MIB};
    struct strbuf text;

    strbuf_init(&text);
    assert_int_equal(check_report_outcome(&r), CHECK_DOES_NOT_FIT);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        strbuf_reset(&text);
        check_render_format(&r, wanted[i][0], &text);
        if (!strstr(text.text, wanted[i][1]) || !strstr(text.text, wanted[i][2]))
            fail_msg("no '%s' or no '%s' in:\n%s", wanted[i][1], wanted[i][2], text.text);
    }
    strbuf_done(&text);
}

static int parse(const char *json, double slowdown, struct check_earlier *ret, struct err *e)
{
    json_object *o = json_tokener_parse(json);
    int rc = check_earlier_parse(o, slowdown, ret, e);

    json_object_put(o);
    return rc;
}

TEST(needs_of_earlier_results_are_read)
{
    struct check_earlier earlier;
    struct err e = {0};

    assert_int_equal(parse("{\"verb\": \"check\", \"recordings\": [{}, {}], \"need_bytes\": 500, "
                           "\"spread_bytes\": 20, \"usable_slowdown\": 1.1}",
                           1.1, &earlier, &e),
                     0);
    assert_int_equal(earlier.need_bytes, 500);
    assert_int_equal(earlier.spread_bytes, 20);
    assert_int_equal(earlier.recordings, 2);
    assert_int_equal(parse("{\"smallest_usable\": {\"bytes\": 700}, \"usable_slowdown\": 1.1}", 1.1,
                           &earlier, &e),
                     0);
    assert_int_equal(earlier.need_bytes, 700);
    assert_int_equal(earlier.recordings, 1);
    assert_int_equal(
        parse("{\"verb\": \"size\", \"recordings\": [{\"result\": {\"usable_slowdown\": 1.2}}], "
              "\"envelope\": {\"need_bytes\": 9, \"spread_bytes\": 0}}",
              1.2, &earlier, &e),
        0);
    assert_int_equal(earlier.need_bytes, 9);
}

TEST(what_tells_no_need_is_refused_with_its_reason)
{
    static const char *const wrong[][2] = {
        {"{}", "tells no need"},
        {"{\"smallest_usable\": {\"found\": false}, \"usable_slowdown\": 1.1}", "found no need"},
        {"{\"smallest_usable\": {\"bytes\": -5}, \"usable_slowdown\": 1.1}", "found no need"},
        {"{\"smallest_usable\": {\"bytes\": \"5\"}, \"usable_slowdown\": 1.1}", "found no need"},
        {"{\"smallest_usable\": {\"bytes\": 5}}", "found no need"},
        {"{\"smallest_usable\": {\"bytes\": 5}, \"usable_slowdown\": 1.5}", "--slowdown 1.5"},
        {"{\"smallest_usable\": {\"bytes\": 5}, \"usable_slowdown\": 1.1, \"incomplete\": []}",
         "incomplete"},
        {"{\"verb\": \"check\", \"recordings\": [], \"need_bytes\": 5, \"spread_bytes\": 0, "
         "\"usable_slowdown\": 1.1}",
         "found no need"},
        {"{\"verb\": \"check\", \"recordings\": [{\"incomplete\": []}], \"need_bytes\": 5, "
         "\"spread_bytes\": 0, \"usable_slowdown\": 1.1}",
         "incomplete"},
        {"{\"recordings\": [7], \"envelope\": {\"need_bytes\": 9, \"spread_bytes\": 0}}",
         "found no need"},
        {"{\"recordings\": [], \"smallest\": null}", "different settings"},
        {"[1]", "tells no need"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct check_earlier earlier = {0};
        struct err e = {0};

        assert_int_equal(parse(wrong[i][0], 1.1, &earlier, &e), -EINVAL);
        if (!strstr(e.text, wrong[i][1]))
            fail_msg("%s: '%s' has no '%s'", wrong[i][0], e.text, wrong[i][1]);
    }
}

TEST_MAIN()
