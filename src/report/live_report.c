/* live_report.c - see live_report.h. */
#include "report/live_report.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"
#include "report/text_wrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WRAP_COLUMNS     96u
#define HEADROOM_PERCENT 10u /* as size has it: memory.max above the smallest usable limit */
#define DESCENT_ROWS     8u

static double refaults_of(const struct squeeze_point *p)
{
    return p->refault_anon + p->refault_file;
}

bool live_advice(const struct live_report *r, u64 *ret_high, u64 *ret_max)
{
    u64 bytes = r->result->bytes;

    if (!r->result->found)
        return false;
    *ret_high = bytes;
    *ret_max = MIN(ROUND_UP(bytes + bytes / 100 * HEADROOM_PERCENT, MIB), r->ground->max_bytes);
    return true;
}

static bool grows(const struct live_report *r)
{
    return r->result->grown_bytes > MAX(r->result->before_bytes / 20, MIB);
}

/* Sentences about the answer; the same in text and JSON. */
static void explain(const struct live_report *r, struct strbuf *out)
{
    const struct squeeze_result *res = r->result;
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

    if (!res->found) {
        strbuf_printf(out, "No size can be told: %s.", res->why);
        if (res->stop == SQUEEZE_OVER_BUDGET)
            strbuf_printf(
                out,
                " %.0f pages/s come back at its present size of %s, with a budget of %.0f: it "
                "needs more memory than it has, or the budget is too small for it.",
                res->before, format_bytes(a, res->before_bytes), r->config->budget);
        return;
    }
    format_two_bytes(a, res->bytes, b, res->fails_bytes);
    if (res->held)
        strbuf_printf(out, "Held at %s by memory.high, at most %.0f pages/s came back.", a,
                      r->config->budget);
    else if (res->settled_bytes && res->bytes == res->settled_bytes)
        strbuf_printf(
            out,
            "Its size settled at %s, where %.0f pages/s came back; no hold confirmed it, so "
            "a cliff just above is not ruled out (a longer --duration).",
            a, res->settled_refaults);
    else
        strbuf_printf(out,
                      "%s is the size that it had before: none of the smaller ones that were held "
                      "keeps the budget.",
                      a);
    if (res->fails_bytes)
        strbuf_printf(out, " At %s more did.", b);
    else if (res->held && res->at_floor)
        strbuf_append(out, " That is the floor: nothing below it was tried.");
    else if (res->held && res->not_followed)
        strbuf_append(out, " Reclaim finds no more to take: what is left is in use by the kernel, "
                           "locked, or has no swap to go to.");
    else if (res->held)
        strbuf_append(out,
                      " Smaller sizes were not tried: it may need less (a longer --duration).");
    if (grows(r))
        strbuf_printf(out,
                      " It grew by %s meanwhile: what it will need when it is larger was not seen.",
                      format_bytes(a, res->grown_bytes));
    strbuf_printf(out,
                  " Memory that is used again after more than %s was not seen: it counts as not "
                  "needed.",
                  format_ns(a, res->horizon_ns));
}

/* --- text --- */

static void row(struct strbuf *out, const char *mark, u64 size, const char *what,
                const char *verdict, const struct squeeze_point *p)
{
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "%s%11s  %-8s %-7s %7.1f %9.1f %9.1f %9.1f %9.1f ", mark,
                  format_limit(text, size), what, verdict, p->seconds, p->refault_anon,
                  p->refault_file, p->swap_in, p->majflt);
    if (isnan(p->stall))
        strbuf_printf(out, "%8s\n", "-");
    else
        strbuf_printf(out, "%6.2f %%\n", 100 * p->stall);
}

/* The means of points `from` to `to`. */
static struct squeeze_point merge(const struct squeeze_point *points, size_t from, size_t to)
{
    struct squeeze_point m = {.state = SQUEEZE_DESCEND};
    double size = 0;

    for (size_t i = from; i < to; i++) {
        const struct squeeze_point *p = &points[i];

        m.seconds += p->seconds;
        size += (double)p->size_bytes * p->seconds;
        m.refault_anon += p->refault_anon * p->seconds;
        m.refault_file += p->refault_file * p->seconds;
        m.swap_in += p->swap_in * p->seconds;
        m.majflt += p->majflt * p->seconds;
        m.stall += p->stall * p->seconds;
    }
    if (m.seconds > 0) {
        m.size_bytes = (u64)(size / m.seconds);
        m.refault_anon /= m.seconds;
        m.refault_file /= m.seconds;
        m.swap_in /= m.seconds;
        m.majflt /= m.seconds;
        m.stall /= m.seconds;
    }
    return m;
}

static void table(const struct live_report *r, bool color, struct strbuf *out)
{
    const struct squeeze_result *res = r->result;
    VEC(struct squeeze_point) descent = {0};

    strbuf_printf(out, "%12s  %-8s %-7s %7s %9s %9s %9s %9s %8s\n", "", "", "", "", "refaults",
                  "refaults", "swapped", "major", "memory");
    strbuf_printf(out, "%12s  %-8s %-7s %7s %9s %9s %9s %9s %8s\n", "size", "state", "budget", "s",
                  "anon/s", "file/s", "in/s", "faults/s", "stall");
    vec_for_each (&res->points, p)
        if (p->state == SQUEEZE_DESCEND)
            vec_push(&descent, *p);
    vec_for_each (&res->points, p)
        if (p->state == SQUEEZE_WATCH)
            row(out, " ", p->size_bytes, "before", "", p);
    for (unsigned i = 0; i < MIN((size_t)DESCENT_ROWS, descent.count); i++) {
        unsigned rows = (unsigned)MIN((size_t)DESCENT_ROWS, descent.count);
        struct squeeze_point p =
            merge(descent.items, descent.count * i / rows, descent.count * (i + 1) / rows);

        row(out, " ", p.size_bytes, "descent", "", &p);
    }
    vec_for_each (&res->points, p) {
        if (p->state != SQUEEZE_HOLD)
            continue;
        if (color)
            strbuf_append(out, p->passed ? "\033[32m" : "\033[31m");
        row(out, p->size_bytes == res->bytes ? ">" : " ", p->size_bytes, "held",
            p->passed ? "kept" : "broken", p);
        if (color)
            strbuf_append(out, "\033[0m");
    }
    vec_done(&descent);
}

static void notes(const struct live_report *r, struct strbuf *out)
{
    for (const char *at = r->ground->notes.text; *at;) {
        size_t len = strcspn(at, "\n");
        struct strbuf line;

        strbuf_init(&line);
        strbuf_append(&line, "Note: ");
        strbuf_append_bytes(&line, at, len);
        strbuf_appendc(out, '\n');
        text_wrap(out, line.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
        strbuf_done(&line);
        at += len + (at[len] == '\n');
    }
}

static void heading(const struct live_report *r, struct strbuf *out)
{
    utf8_append_clean(out, r->group);
    strbuf_append(out, " (live");
    if (*r->kernel)
        strbuf_printf(out, ", Linux %s", r->kernel);
    if (*r->lru)
        strbuf_printf(out, ", %s LRU", r->lru);
    strbuf_append(out, ")");
}

static void price_line(const struct live_report *r, struct strbuf *out)
{
    const struct squeeze_result *res = r->result;
    char refaults[UNITS_TEXT_MAX], bound[UNITS_TEXT_MAX], majors[UNITS_TEXT_MAX],
        ns[UNITS_TEXT_MAX];

    strbuf_printf(
        out, "%-22s %s pages came back that would not have (budget x time: %s); %s major faults\n",
        "price:", format_count(refaults, res->refaults), format_count(bound, res->bound),
        format_count(majors, res->majflt));
    if (res->releases)
        strbuf_printf(
            out,
            "%-22s %u of %u holds ended early, with memory.high back at most %s after the "
            "last good look\n",
            "let go:", res->releases, res->holds, format_ns(ns, res->release_ns));
    if (!isnan(r->cpu_percent))
        strbuf_printf(out, "%-22s %.2f %% of a CPU\n", "cost of looking:", r->cpu_percent);
}

void live_render_text(const struct live_report *r, bool color, struct strbuf *out)
{
    const struct squeeze_result *res = r->result;
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];
    struct strbuf why;
    u64 high, max;

    heading(r, out);
    strbuf_printf(out, ": %s before, with a budget of %g refaults/s, for %s\n\n",
                  format_bytes(a, res->before_bytes), r->config->budget,
                  format_ns(b, res->seconds_ns));
    table(r, color, out);
    strbuf_appendc(out, '\n');
    if (res->found) {
        format_two_bytes(a, res->bytes, b, res->fails_bytes);
        strbuf_printf(out, "%-22s %s", "smallest in budget:", a);
        strbuf_printf(out, res->fails_bytes ? " (%s is not)\n" : " (nothing smaller was tried)\n",
                      b);
    }
    if (res->settled_bytes)
        strbuf_printf(out, "%-22s %s, with %.0f refaults/s\n",
                      "descent settled at:", format_limit(a, res->settled_bytes),
                      res->settled_refaults);
    if (res->horizon_ns)
        strbuf_printf(out, "%-22s reuse slower than %s\n",
                      "not seen:", format_ns(a, res->horizon_ns));
    price_line(r, out);
    strbuf_printf(out, "%-22s %s\n", "ended:", res->why);
    strbuf_printf(out, "%-22s %s\n", "memory.high:",
                  r->restored                    ? "as it was before"
                  : res->stop == SQUEEZE_MANAGER ? "left as somebody else wrote it"
                                                 : "NOT as before: highwater live --restore");
    strbuf_appendc(out, '\n');
    if (live_advice(r, &high, &max)) {
        strbuf_printf(out, "%sSet memory.max to %s", color ? "\033[1m" : "", format_limit(a, max));
        strbuf_printf(out, " and memory.high to %s.%s\n", format_limit(a, high),
                      color ? "\033[0m" : "");
    }
    strbuf_init(&why);
    explain(r, &why);
    text_wrap(out, why.text, 0, WRAP_COLUMNS);
    strbuf_appendc(out, '\n');
    strbuf_done(&why);
    notes(r, out);
}

/* --- JSON --- */

static void put_real(json_object *o, const char *key, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%.4f", value);
    json_put(o, key, isfinite(value) ? json_new_number(value, text) : NULL);
}

static void put_limit(json_object *o, const char *key, u64 bytes)
{
    json_put(o, key, bytes == SQUEEZE_NONE ? NULL : json_new_u64(bytes));
}

/* Counts over its seconds, under the kernel's names, as a limit of `size` has them; and the rate
 * that is judged. */
static json_object *point_json(const struct squeeze_point *p)
{
    json_object *o = json_new_object();

    json_put_text(o, "source", squeeze_state_name(p->state));
    if (p->state == SQUEEZE_HOLD) {
        json_put_u64(o, "memory.high", p->size_bytes);
        json_put(o, "usable", json_new_bool(p->passed));
    } else {
        json_put_u64(o, "memory.current", p->size_bytes);
    }
    put_real(o, "seconds", p->seconds);
    put_real(o, "refaults_per_s", refaults_of(p));
    json_put_u64(o, "workingset_refault_file", (u64)llround(p->refault_file * p->seconds));
    json_put_u64(o, "workingset_refault_anon", (u64)llround(p->refault_anon * p->seconds));
    json_put_u64(o, "pswpin", (u64)llround(p->swap_in * p->seconds));
    json_put_u64(o, "pgmajfault", (u64)llround(p->majflt * p->seconds));
    json_put(o, "stall_ns",
             isnan(p->stall) ? NULL : json_new_u64((u64)llround(p->stall * p->seconds * 1e9)));
    return o;
}

static json_object *points_json(const struct squeeze_result *res, bool holds)
{
    json_object *a = json_new_array();

    vec_for_each (&res->points, p)
        if ((p->state == SQUEEZE_HOLD) == holds)
            json_append(a, point_json(p));
    return a;
}

static json_object *notes_json(const struct ground *g)
{
    json_object *a = json_new_array();

    for (const char *at = g->notes.text; *at;) {
        size_t len = strcspn(at, "\n");
        struct strbuf line;

        strbuf_init(&line);
        strbuf_append_bytes(&line, at, len);
        json_append(a, json_new_text(line.text));
        strbuf_done(&line);
        at += len + (at[len] == '\n');
    }
    return a;
}

static json_object *document(const struct live_report *r)
{
    json_object *o = json_new_object();

    json_put(o, "schema_version", json_new_s64(SQUEEZE_SCHEMA_VERSION));
    json_put_text(o, "input", r->group);
    json_put(o, "live", json_new_bool(true));
    if (*r->kernel)
        json_put_text(o, "kernel", r->kernel);
    if (*r->lru)
        json_put_text(o, "lru", r->lru);
    put_real(o, "budget_per_s", r->config->budget);
    json_put_u64(o, "floor_bytes", r->config->floor_bytes);
    json_put(o, "notes", notes_json(r->ground));
    return o;
}

static json_object *boundary_json(const struct squeeze_result *res)
{
    json_object *o = json_new_object();

    json_put(o, "found", json_new_bool(res->found));
    if (!res->found)
        return o;
    json_put_u64(o, "bytes", res->bytes);
    if (res->fails_bytes)
        json_put_u64(o, "fails_at_bytes", res->fails_bytes);
    json_put_u64(o, "low_bytes", res->fails_bytes);
    json_put_u64(o, "high_bytes", res->bytes);
    json_put(o, "held", json_new_bool(res->held));
    return o;
}

static json_object *advice_json(const struct live_report *r)
{
    json_object *o = json_new_object();
    struct strbuf why;
    u64 high, max;
    bool found = live_advice(r, &high, &max);

    json_put(o, "found", json_new_bool(found));
    if (found) {
        json_put_u64(o, "memory.max", max);
        json_put_text(o, "file", "memory.max");
        json_put_u64(o, "memory.high", high);
    }
    strbuf_init(&why);
    explain(r, &why);
    json_put_text(o, "reason", why.text);
    strbuf_done(&why);
    return o;
}

json_object *live_json(const struct live_report *r)
{
    const struct squeeze_result *res = r->result;
    json_object *o = document(r), *price = json_new_object(), *before = json_new_object();

    json_put_u64(before, "memory.current", res->before_bytes);
    put_real(before, "refaults_per_s", res->before);
    json_put(o, "before", before);
    json_put(o, "limits", points_json(res, true));
    json_put(o, "curve", points_json(res, false));
    json_put(o, "smallest_usable", boundary_json(res));
    if (res->settled_bytes) {
        json_put_u64(o, "settled_bytes", res->settled_bytes);
        put_real(o, "settled_refaults_per_s", res->settled_refaults);
    }
    json_put_u64(o, "lowest_bytes", res->lowest_bytes);
    json_put_u64(o, "grown_bytes", res->grown_bytes);
    put_real(o, "seconds", (double)res->seconds_ns / 1e9);
    put_real(o, "horizon_seconds", (double)res->horizon_ns / 1e9);
    json_put_text(o, "ended", squeeze_stop_name(res->stop));
    json_put_text(o, "ended_why", res->why);
    json_put_u64(price, "refaults", res->refaults);
    json_put_u64(price, "pgmajfault", res->majflt);
    json_put_u64(price, "budget_x_time", res->bound);
    json_put_u64(price, "reclaimed", res->reclaimed);
    json_put_u64(price, "holds", res->holds);
    json_put_u64(price, "holds_ended_early", res->releases);
    json_put_u64(price, "release_ns_max", res->release_ns);
    put_real(price, "cpu_percent", r->cpu_percent);
    json_put(o, "price", price);
    json_put(o, "restored", json_new_bool(r->restored));
    json_put(o, "advice", advice_json(r));
    return o;
}

/* --- what to paste --- */

bool live_deployment(const struct live_report *r, struct deployment *ret, struct strbuf *why)
{
    struct deployment d = {.has_high = true, .has_swap = r->ground->can_swap, .live = true};

    if (!live_advice(r, &d.high_bytes, &d.max_bytes)) {
        explain(r, why);
        return false;
    }
    d.need_bytes = d.high_bytes;
    strbuf_init(&d.why);
    strbuf_init(&d.notes);
    utf8_append_clean(&d.why, r->group);
    strbuf_append(&d.why, ", sized while it ran. ");
    explain(r, &d.why);
    strbuf_append(&d.notes, r->ground->notes.text);
    *ret = d;
    return true;
}

/* --- the plan --- */

static u64 taken_most(const struct live_report *r)
{
    return (u64)(r->config->budget * (double)r->config->duration_ns / 1e9) * SQUEEZE_PAGE;
}

void live_render_plan(const struct live_report *r, struct strbuf *out)
{
    u64 size = r->ground->now.size_bytes, most = taken_most(r);
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX], high[32];
    u64 lowest = size > most ? size - most : 0;

    heading(r, out);
    if (size <= r->config->floor_bytes) {
        strbuf_printf(out,
                      ": %s. Nothing was written, and nothing would be taken: no size below %s "
                      "would be tried.\n",
                      format_bytes(a, size), format_bytes(b, r->config->floor_bytes));
        notes(r, out);
        return;
    }
    strbuf_printf(out, ": %s. Nothing was written. It would:\n\n", format_bytes(a, size));
    strbuf_printf(
        out, "  watch it for %s, and stop there if more than %g refaults/s come back already\n",
        format_ns(a, MIN(MAX(5 * r->config->step_ns, 5 * NS_PER_S), r->config->duration_ns / 10)),
        r->config->budget);
    strbuf_printf(out,
                  "  take %g to %g pages/s by memory.reclaim, each %s, down to %s at the lowest\n",
                  r->config->budget, 4 * r->config->budget, format_ns(a, r->config->step_ns),
                  format_bytes(b, MAX(lowest, r->config->floor_bytes)));
    strbuf_printf(
        out,
        "  hold sizes by memory.high for %s each, look four times a second, and let go at "
        "%g refaults/s\n",
        format_ns(a, r->config->hold_ns), 2 * r->config->budget);
    strbuf_printf(out, "  write memory.high back to %s, whatever happens\n\n",
                  squeeze_limit_text(high, r->config->high_bytes));
    strbuf_printf(out, "%-22s at most %s, all of it undone at its end\n",
                  "time:", format_ns(a, r->config->duration_ns));
    strbuf_printf(
        out,
        "%-22s about %s pages that come back (budget x time), each a fault that waits for the disk "
        "or swap\n",
        "price:", format_count(a, most / SQUEEZE_PAGE));
    strbuf_printf(
        out,
        "%-22s its work changes and wants all that was taken: up to %s more, once; a hold "
        "is let go after %.0f refaults\n",
        "at worst:", format_bytes(b, size - MIN(MAX(lowest, r->config->floor_bytes), size)),
        ceil(2 * r->config->budget + 4 * sqrt(2 * r->config->budget) + 8));
    if (lowest > r->config->floor_bytes)
        strbuf_printf(
            out,
            "%-22s what is below %s; --duration %.0fs, or a larger budget, would go down to "
            "half of its size\n",
            "will not be seen:", format_bytes(c, lowest),
            ceil((double)(size / 2 / SQUEEZE_PAGE) / r->config->budget));
    notes(r, out);
}

json_object *live_plan_json(const struct live_report *r)
{
    json_object *o = document(r), *before = json_new_object();

    json_put(o, "dry_run", json_new_bool(true));
    json_put_u64(before, "memory.current", r->ground->now.size_bytes);
    json_put(o, "before", before);
    put_real(o, "duration_seconds", (double)r->config->duration_ns / 1e9);
    json_put_u64(o, "refaults_most", taken_most(r) / SQUEEZE_PAGE);
    put_limit(o, "memory.high", r->config->high_bytes);
    return o;
}
