/* diagnose_over_time_test.c - looks become columns with null for what is not known, and findings
 * the spans in which they held. */
#include "base/test.h"

#include "report/diagnose_over_time.h"
#include "report/diagnose_plot.h"
#include "report/json_put.h"

#include <string.h>

static void look(struct diagnose_over_time *o, u64 second, u64 free_bytes)
{
    struct snapshot s;

    snapshot_init(&s);
    s.taken_at = second * NS_PER_S;
    s.wall_us = (1000 + second) * 1000000;
    s.meminfo[MI_MEM_TOTAL] = 100 * MIB;
    s.meminfo[MI_MEM_FREE] = free_bytes;
    diagnose_over_time_add(o, &s);
    snapshot_done(&s);
}

static void find(struct diagnose_over_time *o, enum severity severity, char *title)
{
    struct diagnosis d = {0};
    struct finding f = {
        .rule = RULE_SWAP_THRASH, .severity = severity, .scope = "host", .title = title};

    vec_push(&d.findings.items, f);
    diagnose_over_time_find(o, &d);
    vec_done(&d.findings.items);
}

TEST(looks_are_columns_and_findings_spans)
{
    static char mild[] = "mild", hard[] = "hard", good[] = "good";
    struct diagnose_over_time o;
    struct strbuf text;

    diagnose_over_time_init(&o, NULL);
    look(&o, 0, 40 * MIB);
    look(&o, 1, 30 * MIB);
    assert_null(diagnose_over_time_json(&o));
    find(&o, SEV_WARNING, mild);
    look(&o, 2, 20 * MIB);
    find(&o, SEV_CRITICAL, hard);
    look(&o, 3, UNKNOWN);
    find(&o, SEV_GOOD, good);
    look(&o, 3, 10 * MIB); /* the clock stood still */
    find(&o, SEV_WARNING, mild);
    strbuf_init(&text);
    json_document(diagnose_over_time_json(&o), &text);
    assert_non_null(strstr(text.text, "\"begin_us\": 1000000000,"));
    assert_non_null(
        strstr(text.text, "\"at_ns\": [0, 1000000000, 2000000000, 3000000000, 3000000001],"));
    assert_non_null(
        strstr(text.text, "\"memory.current\": [62914560, 73400320, 83886080, null, 94371840],"));
    assert_non_null(strstr(text.text, "\"pgfault\": [null, null, null, null, null],"));
    strbuf_reset(&text);
    json_document(diagnose_tracks_json(&o), &text);
    assert_non_null(strstr(text.text, "\"severity\": \"critical\",\n    \"title\": \"hard\","));
    assert_non_null(strstr(text.text, "\"from_ns\": [0, 3000000000],"));
    assert_non_null(strstr(text.text, "\"to_ns\": [2000000000, 3000000001]"));
    assert_null(strstr(text.text, "good"));
    strbuf_done(&text);
    diagnose_over_time_done(&o);
}

static void look_with_faults(struct diagnose_over_time *o, u64 second, u64 used, u64 faults)
{
    struct snapshot s;

    snapshot_init(&s);
    s.taken_at = second * NS_PER_S;
    s.meminfo[MI_MEM_TOTAL] = 200 * MIB;
    s.meminfo[MI_MEM_FREE] = 200 * MIB - used;
    s.vmstat[PGMAJFAULT] = faults;
    s.vmstat[PSWPOUT] = 7;
    diagnose_over_time_add(o, &s);
    snapshot_done(&s);
}

/* 40 columns of 2 s: the first is the first look, half of the others the first second, the rest the
 * other one. */
TEST(time_is_drawn_a_line_for_each_figure)
{
    static char hard[] = "hard";
    struct diagnose_over_time o;
    struct strbuf text;

    diagnose_over_time_init(&o, NULL);
    strbuf_init(&text);
    look_with_faults(&o, 0, 50 * MIB, 5);
    look_with_faults(&o, 1, 100 * MIB, 15);
    diagnose_plot(&o, &text);
    assert_int_equal(text.len, 0);
    look_with_faults(&o, 2, 100 * MIB, 15);
    find(&o, SEV_WARNING, hard);
    diagnose_plot(&o, &text);
    assert_string_equal(
        text.text,
        "  in use                 |+@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|    100.0 MiB\n"
        "  major faults           | @@@@@@@@@@@@@@@@@@@@                   |        10 /s\n"
        "  swap-thrash            |                    !!!!!!!!!!!!!!!!!!!!| host\n");
    strbuf_done(&text);
    diagnose_over_time_done(&o);
}

TEST_MAIN()
