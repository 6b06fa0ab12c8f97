/* check_report.c - the cases of a gate in words, as text and as JSON. */
#include "report/check_report.h"
#include "report/check_report_int.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/envelope_report.h"
#include "report/json_put.h"
#include "report/lacks.h"
#include "report/text_wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WRAP_COLUMNS 96u

/* --- cases --- */

const char *check_outcome_name(enum check_outcome outcome)
{
    static const char *const names[] = {
        [CHECK_FITS] = "fits",
        [CHECK_DOES_NOT_FIT] = "does not fit",
        [CHECK_CANNOT_TELL] = "cannot tell",
    };

    return names[outcome];
}

unsigned check_count_cases(const struct check_report *r)
{
    return r->nr + (r->earlier_input ? 1 : 0);
}

static struct check_verdict verdict_of(const struct check_report *r, unsigned i)
{
    const struct size_report *one = &r->reports[i];

    return check_recording(one->result, r->max_bytes,
                           r->trust_all || trace_is_complete(one->config->trace));
}

/* A need that is known: of every recording there is one. */
static bool has_need(const struct check_report *r)
{
    return r->envelope->outcome != ENVELOPE_NO_NEED;
}

static bool all_trusted(const struct check_report *r)
{
    for (unsigned i = 0; i < r->nr; i++) {
        enum check_reason reason = verdict_of(r, i).reason;

        if (reason == CHECK_SHORT || reason == CHECK_INCOMPLETE ||
            (!r->trust_all && !trace_is_complete(r->reports[i].config->trace)))
            return false;
    }
    return true;
}

static enum check_change change_of(const struct check_report *r, u64 *ret_tolerance)
{
    return check_change(&r->earlier, r->envelope, ret_tolerance);
}

/* What is incomplete may need more than is seen: that it grew is certain, that it did not is
 * not. */
static enum check_outcome change_outcome(const struct check_report *r)
{
    u64 tolerance;

    if (!has_need(r))
        return CHECK_CANNOT_TELL;
    if (change_of(r, &tolerance) == CHECK_GREW)
        return CHECK_DOES_NOT_FIT;
    return all_trusted(r) ? CHECK_FITS : CHECK_CANNOT_TELL;
}

enum check_outcome check_case_outcome(const struct check_report *r, unsigned i)
{
    return i < r->nr ? verdict_of(r, i).outcome : change_outcome(r);
}

enum check_outcome check_report_outcome(const struct check_report *r)
{
    enum check_outcome worst = CHECK_FITS;

    for (unsigned i = 0; i < check_count_cases(r); i++) {
        enum check_outcome one = check_case_outcome(r, i);

        if (one == CHECK_DOES_NOT_FIT)
            return one;
        if (one == CHECK_CANNOT_TELL)
            worst = one;
    }
    return worst;
}

void check_case_name(const struct check_report *r, unsigned i, struct strbuf *out)
{
    if (i < r->nr)
        strbuf_append(out, r->reports[i].input);
    else
        strbuf_printf(out, "need against %s", r->earlier_input);
}

/* ": it needs 54.5 MiB", and how the budget did where it is too small. */
static void say_need(const struct check_report *r, unsigned i, struct strbuf *out)
{
    const struct size_result *res = r->reports[i].result;
    char need[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];

    format_two_bytes(need, res->usable.limit_bytes, max, r->max_bytes);
    if (r->max_bytes == UINT64_MAX) {
        strbuf_printf(out, "needs %s", format_limit(need, res->usable.limit_bytes));
        return;
    }
    strbuf_printf(out, "%s %s: it needs %s",
                  r->max_bytes < res->usable.limit_bytes ? "does not fit in" : "fits in", max,
                  need);
}

static void say_at_budget(const struct check_report *r, unsigned i, struct strbuf *out)
{
    vec_for_each (&r->reports[i].result->rows, row) {
        if (row->limit_bytes != r->max_bytes || row->usable)
            continue;
        if (row->near_edge)
            strbuf_append(out, ", since a little less memory than the budget is not survived");
        else if (row->survives)
            strbuf_printf(out, ", and with the budget takes %.2f times its time (at most %.2f)",
                          row->slowdown, r->reports[i].config->usable_slowdown);
        else
            strbuf_printf(out, ", and with the budget ends in '%s'",
                          replay_outcome_name(row->outcome));
        return;
    }
}

static void say_recording(const struct check_report *r, unsigned i, struct strbuf *out)
{
    const struct check_verdict v = verdict_of(r, i);
    char text[UNITS_TEXT_MAX];

    switch (v.reason) {
    case CHECK_BY_NEED:
        say_need(r, i, out);
        if (v.outcome == CHECK_DOES_NOT_FIT)
            say_at_budget(r, i, out);
        break;
    case CHECK_NO_NEED:
        strbuf_printf(out,
                      "does not fit: no limit that was tried keeps it within %.2f times its "
                      "time without a limit",
                      r->reports[i].config->usable_slowdown);
        break;
    case CHECK_NOTHING:
        strbuf_append(out, "cannot be told: nothing happens in what is judged; record more, or "
                           "widen --from, --to and --process");
        break;
    case CHECK_SHORT:
        strbuf_printf(out,
                      "cannot be told: even without a limit it waits for memory for %s; give "
                      "the machine more (--ram)",
                      format_ns(text, r->reports[i].result->unlimited.stall_ns));
        break;
    case CHECK_INCOMPLETE:
        say_need(r, i, out);
        strbuf_append(out, ", but the recording is incomplete, and what is missing may need memory "
                           "too; record it again, or say --allow-incomplete");
        break;
    }
}

static void say_change(const struct check_report *r, struct strbuf *out)
{
    char now[UNITS_TEXT_MAX], then[UNITS_TEXT_MAX], by[UNITS_TEXT_MAX], up_to[UNITS_TEXT_MAX];
    u64 tolerance, need = r->envelope->need_bytes, earlier = r->earlier.need_bytes;
    enum check_change change;

    if (!has_need(r)) {
        strbuf_append(out, "cannot be compared: there is no need to compare with");
        return;
    }
    change = change_of(r, &tolerance);
    format_two_bytes(now, need, then, earlier);
    format_bytes(up_to, tolerance);
    format_bytes(by, need > earlier ? need - earlier : earlier - need);
    if (need == earlier)
        strbuf_printf(out, "is the same: %s", now);
    else
        strbuf_printf(out, "%s: %s after %s, %s by %s, where runs differ by up to %s",
                      change == CHECK_GREW     ? "grew"
                      : change == CHECK_SHRANK ? "shrank"
                                               : "is the same",
                      now, then, need > earlier ? "more" : "less", by, up_to);
    if (change != CHECK_GREW && !all_trusted(r))
        strbuf_append(out, "; but a recording does not tell all of it, so that it may be more");
}

void check_case_text(const struct check_report *r, unsigned i, struct strbuf *out)
{
    if (i < r->nr)
        say_recording(r, i, out);
    else
        say_change(r, out);
}

/* --- text --- */

static const char *colour_of(enum check_outcome outcome)
{
    return outcome == CHECK_FITS           ? "\033[32m"
           : outcome == CHECK_DOES_NOT_FIT ? "\033[31m"
                                           : "\033[33m";
}

/* In capitals, to be found in a log of thousands of lines. */
static const char *headline(enum check_outcome outcome)
{
    static const char *const names[] = {
        [CHECK_FITS] = "FITS",
        [CHECK_DOES_NOT_FIT] = "DOES NOT FIT",
        [CHECK_CANNOT_TELL] = "CANNOT TELL",
    };

    return names[outcome];
}

void check_render_text(const struct check_report *r, bool color, struct strbuf *out)
{
    enum check_outcome outcome = check_report_outcome(r);
    struct strbuf line;

    strbuf_init(&line);
    strbuf_printf(out, "%s%s%s\n", color ? colour_of(outcome) : "", headline(outcome),
                  color ? "\033[0m" : "");
    for (unsigned i = 0; i < check_count_cases(r); i++) {
        strbuf_reset(&line);
        check_case_name(r, i, &line);
        strbuf_append(out, "  ");
        utf8_append_clean(out, line.text);
        strbuf_appendc(out, ' ');
        strbuf_reset(&line);
        check_case_text(r, i, &line);
        strbuf_printf(out, "%s\n", line.text);
    }
    if (r->nr > 1 && has_need(r)) {
        strbuf_reset(&line);
        envelope_spread(r->reports, r->nr, r->envelope, &line);
        strbuf_append(out, "  ");
        strbuf_printf(out, "%s.\n", line.text);
    }
    strbuf_done(&line);
}

/* --- JSON --- */

static void put_words(json_object *o, const struct check_report *r, unsigned i)
{
    struct strbuf text;

    strbuf_init(&text);
    check_case_text(r, i, &text);
    json_put_text(o, "outcome", check_outcome_name(check_case_outcome(r, i)));
    json_put_text(o, "reason", text.text);
    strbuf_done(&text);
}

static json_object *recording_json(const struct check_report *r, unsigned i)
{
    const struct size_result *res = r->reports[i].result;
    const struct trace *t = r->reports[i].config->trace;
    json_object *o = json_new_object();

    json_put_text(o, "input", r->reports[i].input);
    put_words(o, r, i);
    json_put(o, "need_bytes", res->usable.found ? json_new_u64(res->usable.limit_bytes) : NULL);
    json_put_u64(o, "memory.peak", res->unlimited.peak_bytes);
    if (!trace_is_complete(t))
        json_put(o, "incomplete", incomplete_json(t));
    vec_for_each (&res->rows, row)
        if (row->limit_bytes == r->max_bytes)
            json_put(o, "with_budget", size_row_json(row));
    return o;
}

static json_object *against_json(const struct check_report *r)
{
    static const char *const names[] = {
        [CHECK_SAME] = "same", [CHECK_GREW] = "grew", [CHECK_SHRANK] = "shrank"};
    json_object *o = json_new_object();
    u64 tolerance;

    json_put_text(o, "input", r->earlier_input);
    put_words(o, r, r->nr);
    json_put_u64(o, "need_bytes", r->earlier.need_bytes);
    json_put_u64(o, "spread_bytes", r->earlier.spread_bytes);
    json_put_u64(o, "recordings", r->earlier.recordings);
    if (has_need(r)) {
        json_put_text(o, "change", names[change_of(r, &tolerance)]);
        json_put_u64(o, "tolerance_bytes", tolerance);
    }
    return o;
}

json_object *check_json(const struct check_report *r)
{
    json_object *o = json_new_object(), *list = json_new_array();
    const struct size_config *config = r->reports->config;
    char slowdown[64];

    snprintf(slowdown, sizeof(slowdown), "%.4f", config->usable_slowdown);
    json_put(o, "schema_version", json_new_s64(CHECK_SCHEMA_VERSION));
    json_put_text(o, "verb", "check");
    json_put_text(o, "outcome", check_outcome_name(check_report_outcome(r)));
    json_put(o, "memory.max", r->max_bytes == UINT64_MAX ? NULL : json_new_u64(r->max_bytes));
    json_put(o, "usable_slowdown", json_new_number(config->usable_slowdown, slowdown));
    if (has_need(r)) {
        json_put_u64(o, "need_bytes", r->envelope->need_bytes);
        json_put_text(o, "decided_by", r->reports[r->envelope->most].input);
        json_put_u64(o, "spread_bytes", r->envelope->spread_bytes);
    }
    for (unsigned i = 0; i < r->nr; i++)
        json_append(list, recording_json(r, i));
    json_put(o, "recordings", list);
    if (r->earlier_input)
        json_put(o, "against", against_json(r));
    return o;
}
