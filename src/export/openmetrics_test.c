/* openmetrics_test.c - what leaves for other programs is in their form, whatever machines call
 * things, and bounded. */
#include "base/test.h"

#include "diagnose/rig_testing.h"
#include "export/dump.h"
#include "export/openmetrics.h"

#include <math.h>

static void look(struct rig *r, struct metric_groups *groups, struct metric_look *ret)
{
    rig_run(r);
    metric_look_init(ret, &r->now, &r->d, true, groups);
}

static void render(struct rig *r, enum exposition form, u32 groups_max, struct strbuf *out)
{
    struct metric_groups groups;
    struct metric_look l;

    metric_groups_init(&groups, groups_max);
    look(r, &groups, &l);
    openmetrics_render(&l, form, out);
    metric_look_done(&l);
    metric_groups_done(&groups);
}

static unsigned nr_of(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

RIG_TEST(a_family_is_told_in_one_piece_behind_its_head)
{
    struct strbuf text;
    char *line, *rest, family[256] = "";
    struct u64map seen;

    rig_group(r, "/web", GIB, 256 * MIB, 2 * GIB);
    rig_group(r, "/db", GIB, 256 * MIB, NO_LIMIT);
    strbuf_init(&text);
    u64map_init(&seen);
    render(r, EXPOSE_OPENMETRICS, 0, &text);
    assert_int_equal(nr_of(text.text, "# EOF\n"), 1);
    assert_string_equal(text.text + text.len - 6, "# EOF\n");
    line = strtok_r(text.text, "\n", &rest);
    for (; line && strcmp(line, "# EOF") != 0; line = strtok_r(NULL, "\n", &rest)) {
        char name[256];

        if (sscanf(line, "# HELP %255s", name) == 1) {
            assert_true(u64map_put(&seen, hash_bytes(name, strlen(name)), 1));
            snprintf(family, sizeof(family), "%s", name);
            continue;
        }
        if (line[0] == '#')
            continue;
        assert_memory_equal(line, family, strlen(family));
        /* A value is a number, and the last word. */
        assert_true(isfinite(strtod(strrchr(line, ' ') + 1, &line)));
        assert_int_equal(*line, '\0');
    }
    assert_true(seen.count > 100);
    u64map_done(&seen);
    strbuf_done(&text);
}

TEST(names_say_type_and_unit)
{
    size_t nr;
    const struct metric *rows = metrics(&nr);

    for (size_t i = 0; i < nr; i++) {
        const struct metric *m = &rows[i];
        size_t len = strlen(m->sample);
        bool total = len > 6 && strcmp(m->sample + len - 6, "_total") == 0;

        assert_memory_equal(m->name, "highwater_", 10);
        assert_int_equal(total, m->type == METRIC_COUNTER);
        if (m->unit != METRIC_NONE)
            assert_true(strstr(m->name, metric_unit_names[m->unit]) != NULL);
        assert_ptr_equal(strspn(m->sample, "abcdefghijklmnopqrstuvwxyz0123456789_") + m->sample,
                         m->sample + len);
    }
}

RIG_TEST(names_of_groups_may_be_anything)
{
    struct strbuf text;

    rig_group(r, "/a\"b\\c\nd", GIB, 0, NO_LIMIT);
    strbuf_init(&text);
    render(r, EXPOSE_TEXT, 0, &text);
    assert_true(nr_of(text.text, "cgroup=\"/a\\\"b\\\\c\\nd\"") > 10);
    assert_int_equal(nr_of(text.text, "c\nd"), 0);
    assert_int_equal(nr_of(text.text, "# EOF"), 0);
    assert_int_equal(nr_of(text.text, "# UNIT"), 0);
    strbuf_done(&text);
}

RIG_TEST(groups_are_bounded_and_counted)
{
    struct strbuf text;
    char path[32];

    for (unsigned i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/group-%u", i);
        rig_group(r, path, (i + 1) * MIB, 0, NO_LIMIT);
    }
    strbuf_init(&text);
    render(r, EXPOSE_OPENMETRICS, 5, &text);
    assert_int_equal(nr_of(text.text, "\nhighwater_cgroup_memory_current_bytes{"), 5);
    /* The root is one of 21, and has no figure of its own use. */
    assert_int_equal(nr_of(text.text, "\nhighwater_cgroups 21\n"), 1);
    assert_true(nr_of(text.text, "\nhighwater_cgroups_left_out 1") == 1);
    assert_int_equal(nr_of(text.text, "cgroup=\"/group-19\""),
                     nr_of(text.text, "cgroup=\"/group-18\""));
    assert_int_equal(nr_of(text.text, "cgroup=\"/group-0\""), 0);
    strbuf_done(&text);
}

RIG_TEST(what_is_not_known_has_no_value)
{
    struct strbuf text;

    RIG_BOTH(r, meminfo[MI_COMMITTED_AS], UNKNOWN);
    RIG_BOTH(r, meminfo[MI_MEM_FREE], 0);
    strbuf_init(&text);
    render(r, EXPOSE_OPENMETRICS, 0, &text);
    assert_int_equal(nr_of(text.text, "highwater_memory_committed_bytes"), 0);
    assert_int_equal(nr_of(text.text, "\nhighwater_memory_free_bytes 0\n"), 1);
    strbuf_done(&text);
}

TEST(numbers_are_the_shortest_that_are_the_same)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},        {-3, "-3"},
                 {0.1, "0.1"},    {1.0 / 3, "0.3333333333333333"},
                 {1e18, "1e+18"}, {4503599627370497, "4503599627370497"}};
    char buf[32];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(metric_number(buf, cases[i].value), cases[i].text);
}

TEST(fields_are_chosen_by_name_and_wildcard)
{
    bool *wanted = NULL;
    struct err e = {0};
    size_t nr, chosen = 0;

    metrics(&nr);
    assert_int_equal(metrics_choose("memory_free_bytes,needed*", &wanted, &e), 0);
    for (size_t i = 0; i < nr; i++)
        chosen += wanted[i];
    assert_int_equal(chosen, 3); /* needed has a low and a high bound */
    free(wanted);
    wanted = NULL;
    assert_int_equal(metrics_choose("memory_free_bytes,memory_fre", &wanted, &e), -EINVAL);
    assert_non_null(strstr(e.text, "memory_fre"));
    assert_null(wanted);
}

RIG_TEST(a_dump_has_a_column_for_each_series_and_blanks)
{
    struct metric_groups groups;
    struct strbuf text;
    struct dump d;
    bool *wanted = NULL;

    rig_group(r, "/web", GIB, 0, NO_LIMIT);
    assert_int_equal(metrics_choose("memory_free_bytes,cgroup_memory_current_bytes", &wanted, NULL),
                     0);
    metric_groups_init(&groups, 0);
    dump_init(&d, wanted);
    for (unsigned sample = 0; sample < 2; sample++) {
        struct metric_look l;

        if (sample == 1)
            r->now.meminfo[MI_MEM_FREE] = UNKNOWN;
        look(r, &groups, &l);
        assert_int_equal(dump_add(&d, &l, 10 + sample, NULL), 0);
        metric_look_done(&l);
    }
    dump_sort(&d);
    strbuf_init(&text);
    dump_render_csv(&d, &text);
    assert_string_equal(text.text,
                        "time_s,highwater_memory_free_bytes,\"highwater_cgroup_memory_current_bytes"
                        "{cgroup=\"\"/web\"\"}\"\n"
                        "10.000,4294967296,1073741824\n11.000,,1073741824\n");
    strbuf_done(&text);
    dump_done(&d);
    metric_groups_done(&groups);
    free(wanted);
}

TEST_MAIN()
