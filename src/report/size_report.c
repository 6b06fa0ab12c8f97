/* size_report.c - the table of a sweep, its boundaries and its advice. */
#include "report/size_report.h"
#include "report/file_uses_report.h"
#include "report/json_put.h"
#include "report/lacks.h"
#include "report/runtimes_report.h"
#include "report/size_plot.h"
#include "report/text_wrap.h"
#include "size/judge.h"
#include "size/shape.h"

#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define WRAP_COLUMNS 96u

/* --- text --- */

static const char *mark(bool color, const struct size_row *row)
{
    if (!color)
        return "";
    if (row->usable)
        return "\033[32m";
    return row->survives ? "\033[33m" : "\033[31m";
}

static const char *verdict(const struct size_row *row)
{
    if (row->usable)
        return "usable";
    if (row->near_edge)
        return "near edge";
    return row->survives ? "slow" : replay_outcome_name(row->outcome);
}

/* A limit that looks like neither the one in the row above nor the one below, if it is another. */
static const char *limit_text(char text[UNITS_TEXT_MAX], u64 limit, u64 above, u64 below)
{
    char plain[UNITS_TEXT_MAX], other[UNITS_TEXT_MAX];

    if (limit == UINT64_MAX)
        return "no limit";
    format_two_bytes(text, limit, other, above);
    if (strcmp(text, format_limit(plain, limit)) == 0)
        format_two_bytes(text, limit, other, below);
    return text;
}

/* chosen: it is the one that the advice is built on. */
static void table_row(const struct size_row *row, const char *limit, bool chosen, bool color,
                      struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    strbuf_append(out, mark(color, row));
    strbuf_printf(out, "%s%11s", chosen ? ">" : " ", limit);
    strbuf_printf(out, "  %-9s", row->source == SIZE_UNLIMITED ? "completed" : verdict(row));
    strbuf_append(out, color ? "\033[0m" : "");
    strbuf_printf(out, " %7.2fx", row->slowdown);
    strbuf_printf(out, " %7s", format_short_count(text, row->majflt));
    strbuf_printf(out, " %7s", format_short_count(text, row->refault_file));
    strbuf_printf(out, " %7s", format_short_count(text, row->refault_anon));
    strbuf_printf(out, " %10s", format_bytes(text, row->pswpin * PAGE_SIZE));
    strbuf_printf(out, " %10s", format_bytes(text, row->pswpout * PAGE_SIZE));
    strbuf_printf(out, " %10s", format_ns(text, row->stall_ns));
    strbuf_printf(out, " %10s\n", row->usable ? format_bytes(text, row->disposable_bytes) : "-");
}

/* The smallest limit that survived below one that does not; 0 where there is none. */
static u64 survives_below_holes(const struct size_result *res)
{
    if (res->holes.count)
        vec_for_each (&res->rows, row)
            if (row->survives)
                return row->limit_bytes;
    return 0;
}

/* Limits around a boundary lie close together and look alike: the table shows those that mean
 * something, JSON all. */
static bool worth_showing(const struct size_result *res, const struct size_row *row)
{
    const struct size_boundary *both[] = {&res->usable, &res->survives};

    if (row->source == SIZE_ASKED || row->source == SIZE_GRID ||
        row->limit_bytes == survives_below_holes(res))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(both); i++)
        if (both[i]->found &&
            (row->limit_bytes == both[i]->limit_bytes || row->limit_bytes == both[i]->bare_bytes ||
             row->limit_bytes == both[i]->fails_bytes))
            return true;
    for (size_t i = 0; i < res->holes.count; i++)
        if (row->limit_bytes == res->holes.items[i])
            return true;
    for (size_t i = 0; i < res->unusable_holes.count; i++)
        if (row->limit_bytes == res->unusable_holes.items[i])
            return true;
    return false;
}

static void table(const struct size_report *r, bool color, struct strbuf *out)
{
    const struct size_result *res = r->result;
    VEC(const struct size_row *) shown = {0};
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "%12s  %-9s %8s %7s %7s %7s %10s %10s %10s %10s\n", "", "", "", "major",
                  "refault", "refault", "", "", "memory", "disposable");
    strbuf_printf(out, "%12s  %-9s %8s %7s %7s %7s %10s %10s %10s %10s\n", "memory.max", "outcome",
                  "time", "faults", "file", "anon", "swap in", "swap out", "stall", "cache");
    for (size_t i = 0; i < res->rows.count; i++)
        if (worth_showing(res, &res->rows.items[i]))
            vec_push(&shown, &res->rows.items[i]);
    vec_push(&shown, &res->unlimited);
    for (size_t i = 0; i < shown.count; i++) {
        u64 limit = shown.items[i]->limit_bytes;

        table_row(shown.items[i],
                  limit_text(text, limit, i ? shown.items[i - 1]->limit_bytes : limit,
                             i + 1 < shown.count ? shown.items[i + 1]->limit_bytes : limit),
                  res->usable.found && limit == res->usable.limit_bytes, color, out);
    }
    vec_done(&shown);
}

static void boundary_line(const char *name, const char *what, const struct size_boundary *b,
                          struct strbuf *out)
{
    char limit[UNITS_TEXT_MAX], fails[UNITS_TEXT_MAX];

    if (!b->found) {
        strbuf_printf(out, "%-22s none of the limits tried %s\n", name, what);
        return;
    }
    format_two_bytes(limit, b->limit_bytes, fails,
                     b->clear_of_bytes ? b->clear_of_bytes : b->fails_bytes);
    strbuf_printf(out, "%-22s %s", name, limit);
    if (b->clear_of_bytes)
        strbuf_printf(out, " (%u %% clear of %s, which fails)", SHAPE_CLEAR_PERCENT, fails);
    else if (b->fails_bytes)
        strbuf_printf(out, " (%s does not)", fails);
    else
        strbuf_append(out, " (nothing smaller was tried)");
    format_limit(fails, b->high_bytes);
    if (b->low_bytes)
        strbuf_printf(out, "; within %s and %s\n", format_limit(limit, b->low_bytes), fails);
    else
        strbuf_printf(out, "; at most %s\n", fails);
}

const char *size_limit_file(const struct size_config *c)
{
    return c->cgroup_v1 ? "memory.limit_in_bytes" : "memory.max";
}

/* Where more memory changes nothing. */
static void plateau_lines(const struct size_result *res, struct strbuf *out)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];

    for (size_t i = 0; i < res->plateaus.count; i++) {
        const struct size_plateau *p = &res->plateaus.items[i];

        strbuf_printf(out, "%-22s %s to %s all cost %.2fx%s%s\n",
                      i ? "" : "plateau:", format_bytes(low, p->low_bytes),
                      format_bytes(high, p->high_bytes), p->slowdown, *p->why ? ": " : "", p->why);
    }
}

/* How far the advice is from the first slowdown and the first kill that were met on the way
 * down. */
static void distance_line(const struct size_report *r, struct strbuf *out)
{
    const struct size_result *res = r->result;
    u64 max = res->advice.max_bytes, slow = res->usable.fails_bytes, kill = res->first_kill_bytes;
    char text[UNITS_TEXT_MAX];

    if (!res->advice.found)
        return;
    strbuf_printf(out, "%-22s ", "below what is advised:");
    if (slow && slow < max)
        strbuf_printf(out, "%s to more than %.0f %% of slowdown, ", format_bytes(text, max - slow),
                      (r->config->usable_slowdown - 1) * 100);
    if (kill && kill < max)
        strbuf_printf(out, "%s to the first kill\n", format_bytes(text, max - kill));
    else
        strbuf_append(out, "no kill that was met\n");
}

/* What the advised limit costs where a real machine's effects are those of a limit a little off. */
static struct shape_cost advised_cost(const struct size_result *res)
{
    u64 max = res->advice.max_bytes, error = max * SHAPE_ERROR_PERCENT / 100;

    return shape_cost(res, max - error, max + error);
}

static void append_cost(double here, const struct shape_cost *cost, struct strbuf *out)
{
    strbuf_printf(out, "%.2fx (%.2fx to %.2fx%s)", here, MIN(cost->least, here),
                  MAX(cost->most, here), cost->may_fail ? ", or not survived" : "");
}

/* The times of the limits that are named, and how far the real ones may be off, if only because the
 * limits are. */
static void cost_line(const struct size_report *r, struct strbuf *out)
{
    const struct size_result *res = r->result;
    const struct size_boundary *u = &res->usable;
    struct cost_model plain;
    struct shape_cost cost;

    if (!res->advice.found)
        return;
    strbuf_printf(out, "%-22s ", "time, and its band:");
    vec_for_each (&res->rows, row) {
        if (!u->found || row->limit_bytes != u->limit_bytes)
            continue;
        cost = shape_cost(res, u->low_bytes, u->high_bytes);
        strbuf_append(out, "usable ");
        append_cost(row->slowdown, &cost, out);
        strbuf_append(out, ", ");
    }
    cost = advised_cost(res);
    strbuf_append(out, "as advised ");
    append_cost(res->verified.slowdown, &cost, out);
    strbuf_appendc(out, '\n');
    cost_model_init(&plain);
    if (memcmp(&plain, &r->config->machine->cost, sizeof(plain)) == 0)
        strbuf_printf(
            out,
            "%-22s of no host in particular; 'highwater calibrate' measures yours, for --host\n",
            "its costs:");
}

/* What programs that size themselves would go by. */
static u64 limit_to_set(const struct size_result *res)
{
    return res->advice.found ? res->advice.max_bytes : UINT64_MAX;
}

static void holes_line(const struct size_result *res, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];
    u64 smaller = survives_below_holes(res);

    if (!res->holes.count)
        return;
    strbuf_printf(out, "%-22s", "but not monotonic:");
    for (size_t i = 0; i < res->holes.count; i++)
        strbuf_printf(out, "%s %s", i ? "," : "", format_limit(text, res->holes.items[i]));
    strbuf_printf(out, " %s though %s survived\n", res->holes.count == 1 ? "fails" : "fail",
                  format_limit(text, smaller));
}

/* A recommendation from less than the program did is one to distrust. */
void size_remarks(const struct trace *t, const char *name, const struct replay_misfits *misfits,
                  struct strbuf *out)
{
    struct strbuf lacks, note;

    strbuf_init(&lacks);
    strbuf_init(&note);
    if (t->nr_damage)
        strbuf_printf(&note, "it is damaged at byte %" PRIu64 " (%s) and was replayed up to there",
                      t->damage[0].offset, t->damage[0].reason);
    else if (!t->closed)
        strbuf_append(&note, "it was cut off and was replayed up to its last whole chunk");
    else if (recording_end(t))
        strbuf_printf(&note, "it does not go to the program's end (%s)", recording_end(t));
    if (lacks_render_text(&t->lacks, &lacks))
        strbuf_printf(&note, "%sit lacks %s", note.len ? "; " : "", lacks.text);
    if (note.len) {
        strbuf_reset(&lacks);
        strbuf_append(&lacks, "Note: the recording ");
        if (name) {
            utf8_append_clean(&lacks, name);
            strbuf_appendc(&lacks, ' ');
        }
        strbuf_printf(&lacks, "is incomplete: %s. What is missing may need memory too.", note.text);
        strbuf_appendc(out, '\n');
        text_wrap(out, lacks.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
    }
    strbuf_done(&note);
    strbuf_done(&lacks);
    failed_remark(t, name, out);
    misfits_remark(misfits, out);
}

/* ", from warm to the end": what of the recording is judged. */
static void window(const struct size_config *c, struct strbuf *out)
{
    if (c->process) {
        strbuf_append(out, ", process ");
        utf8_append_clean(out, c->process);
        strbuf_append(out, " with its children");
    }
    if (!c->from_name && !c->to_name)
        return;
    strbuf_append(out, ", from ");
    utf8_append_clean(out, c->from_name ? c->from_name : "its beginning");
    strbuf_append(out, " to ");
    utf8_append_clean(out, c->to_name ? c->to_name : "its end");
}

/* What the program spent asleep is worth a word from a tenth of its time on. */
static ns_t idle_ns(const struct size_row *row)
{
    ns_t idle = row->virtual_ns - row->busy_ns;

    return idle >= row->virtual_ns / 10 ? idle : 0;
}

/* A program with a server's loop: how long its requests take, with and without the limit. */
static void requests_line(const struct size_result *res, struct strbuf *out)
{
    const struct size_row *base = &res->unlimited, *row = &res->verified;
    char number[UNITS_TEXT_MAX], mean[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];

    if (base->requests < JUDGE_REQUESTS_MIN)
        return;
    strbuf_printf(out, "%-22s %s, %s each and 99 %% below %s",
                  "requests:", format_count(number, base->requests),
                  format_ns(mean, base->latency_ns), format_ns(p99, base->p99_ns));
    if (res->advice.found && row->requests)
        strbuf_printf(out, "; as advised %s and %s", format_ns(mean, row->latency_ns),
                      format_ns(p99, row->p99_ns));
    strbuf_appendc(out, '\n');
}

/* Huge pages depend on where mappings lie. */
static void layout_remark(const struct size_config *config, struct strbuf *out)
{
    if (config->trace->layout == TRACE_LAYOUT_RECORDED &&
        system_config_thp(config->machine) != THP_NEVER)
        strbuf_append(out,
                      "\nNote: huge pages as in the recorder's layout, because the recording does "
                      "not say who chose its addresses (--thp never: none).\n");
}

/* Of a run without a limit that is short of memory itself: what it was measured on, and what would
 * be right. */
static void base_is_short(const struct size_row *base, const char *who, struct strbuf *out)
{
    char lost[UNITS_TEXT_MAX], busy[UNITS_TEXT_MAX], bytes[UNITS_TEXT_MAX];

    strbuf_printf(out, "%s waits for memory for %s of its %s even without a limit: ", who,
                  format_ns(lost, base->stall_ns), format_ns(busy, base->busy_ns));
    if (base->nodes) {
        bool many = (base->nodes & (base->nodes - 1)) != 0;

        strbuf_printf(out, "its memory policy or cpuset allows node%s ", many ? "s" : "");
        strbuf_masklist(out, base->nodes);
        strbuf_printf(
            out,
            " alone, with %s. All limits are measured against that, so the smallest usable "
            "one is that of a run that thrashes. Give the node more memory (--ram), or "
            "let it have other nodes (--numa %s:",
            format_bytes(bytes, base->nodes_bytes), many ? "preferred-many" : "preferred");
        strbuf_masklist(out, base->nodes);
        strbuf_append(out, "; numactl --preferred where it runs), and size it again.");
    } else {
        strbuf_printf(out,
                      "the machine has %s. All limits are measured against that, so the smallest "
                      "usable one is that of a run that thrashes. Give it more memory (--ram), and "
                      "size it again.",
                      format_bytes(bytes, base->nodes_bytes));
    }
}

void size_render_base(const struct size_row *base, const char *who, struct strbuf *out)
{
    struct strbuf line;

    if (!size_base_is_short(base))
        return;
    strbuf_init(&line);
    base_is_short(base, who, &line);
    text_wrap(out, line.text, 0, WRAP_COLUMNS);
    strbuf_append(out, "\n\n");
    strbuf_done(&line);
}

void size_render_text(const struct size_report *r, bool color, struct strbuf *out)
{
    const struct size_result *res = r->result;
    const struct size_advice *a = &res->advice;
    char text[UNITS_TEXT_MAX], ns[UNITS_TEXT_MAX];

    utf8_append_clean(out, r->input);
    window(r->config, out);
    strbuf_printf(out, ": without a limit it takes %s", format_ns(ns, res->unlimited.busy_ns));
    if (idle_ns(&res->unlimited))
        strbuf_printf(out, " (and sleeps for %s)", format_ns(ns, idle_ns(&res->unlimited)));
    strbuf_printf(out, " and grows to %s (%" PRIu64 " replays)\n\n",
                  format_bytes(text, res->unlimited.peak_bytes), res->replays);
    size_render_base(&res->unlimited, "Caution: it", out);
    if (*r->config->trace->host) {
        struct strbuf line;

        strbuf_init(&line);
        host_render_line(r->config->trace, &r->host, &line);
        strbuf_append(out, "recorded on ");
        text_wrap(out, line.text, 2, WRAP_COLUMNS);
        strbuf_append(out, "\n\n");
        strbuf_done(&line);
    }
    table(r, color, out);
    strbuf_appendc(out, '\n');
    size_plot(res, r->config, out);
    strbuf_printf(out, "%-22s Linux %s, %s LRU\n", "as judged by:", r->config->machine->kernel,
                  lru_policy_text[system_config_lru(r->config->machine)]);
    boundary_line("smallest usable:", "is usable", &res->usable, out);
    boundary_line("smallest survived:", "survives", &res->survives, out);
    holes_line(res, out);
    plateau_lines(res, out);
    distance_line(r, out);
    cost_line(r, out);
    strbuf_printf(out, "%-22s %s\n", "peak + 15 % says:", format_limit(text, res->peak_plus_15));
    requests_line(res, out);
    strbuf_appendc(out, '\n');
    if (a->found) {
        strbuf_printf(out, "%s%s %s to %s", color ? "\033[1m" : "",
                      size_base_is_short(&res->unlimited) ? "If it must run as short as that, set"
                                                          : "Set",
                      size_limit_file(r->config), format_limit(text, a->max_bytes));
        if (a->has_high)
            strbuf_printf(out, " and memory.high to %s", format_limit(text, a->high_bytes));
        if (r->config->has_swap_max)
            strbuf_printf(out, ", with %s at %s",
                          r->config->cgroup_v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max",
                          format_limit(text, r->config->swap_max_bytes +
                                                 (r->config->cgroup_v1 ? a->max_bytes : 0)));
        strbuf_printf(out, ".%s\n", color ? "\033[0m" : "");
    }
    text_wrap(out, a->reason, 0, WRAP_COLUMNS);
    strbuf_appendc(out, '\n');
    size_remarks(r->config->trace, NULL, &res->unlimited.misfits, out);
    layout_remark(r->config, out);
    host_render_cautions(&r->host, out);
    runtimes_render(r->runtimes, limit_to_set(res), out);
}

/* --- JSON --- */

static void add_bool(json_object *o, const char *name, bool value)
{
    json_put(o, name, json_new_bool(value));
}

/* Ratios to four places: a shortest form of the binary number says nothing more. */
static void add_ratio(json_object *o, const char *name, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%.4f", value);
    json_put(o, name, json_new_number(value, text));
}

/* null stands for no limit. */
static void add_limit(json_object *o, const char *name, u64 bytes)
{
    json_put(o, name, bytes == UINT64_MAX ? NULL : json_new_u64(bytes));
}

static const char *measure_name(enum size_measure by)
{
    static const char *const names[] = {
        [SIZE_BY_TIME] = "time",         [SIZE_BY_START] = "start", [SIZE_BY_LOAD] = "load",
        [SIZE_BY_REQUESTS] = "requests", [SIZE_BY_MARK] = "mark",
    };

    return names[by];
}

json_object *size_row_json(const struct size_row *row)
{
    json_object *o = json_new_object();

    add_limit(o, "memory.max", row->limit_bytes);
    add_limit(o, "memory.high", row->high_bytes);
    json_put_text(o, "source", size_source_name(row->source));
    json_put_text(o, "outcome", replay_outcome_name(row->outcome));
    add_bool(o, "survives", row->survives);
    add_bool(o, "usable", row->usable);
    if (row->near_edge)
        add_bool(o, "near_edge", true);
    add_ratio(o, "slowdown", row->slowdown);
    json_put_text(o, "slowdown_by", measure_name(row->slowdown_by));
    json_put_u64(o, "virtual_ns", row->virtual_ns);
    json_put_u64(o, "busy_ns", row->busy_ns);
    if (row->requests) {
        json_put_u64(o, "requests", row->requests);
        json_put_u64(o, "latency_mean_ns", row->latency_ns);
        json_put_u64(o, "latency_p99_ns", row->p99_ns);
    }
    json_put_u64(o, "stall_ns", row->stall_ns);
    json_put_u64(o, "pgmajfault", row->majflt);
    json_put_u64(o, "workingset_refault_file", row->refault_file);
    json_put_u64(o, "workingset_refault_anon", row->refault_anon);
    json_put_u64(o, "pswpin", row->pswpin);
    json_put_u64(o, "pswpout", row->pswpout);
    json_put_u64(o, "oom_kill", row->oom_kills);
    json_put_u64(o, "memory.peak", row->peak_bytes);
    json_put_u64(o, "memory.swap.peak", row->swap_peak_bytes);
    json_put_u64(o, "file_bytes", row->file_bytes);
    json_put_u64(o, "anon_bytes", row->anon_bytes);
    json_put_u64(o, "disposable_bytes", row->disposable_bytes);
    if (row->files)
        json_put(o, "page_cache", file_uses_json(row->files));
    return o;
}

/* Only where the run without a limit is short of memory itself. */
static void put_base(json_object *o, const struct size_row *base)
{
    struct strbuf text;

    if (!size_base_is_short(base))
        return;
    strbuf_init(&text);
    base_is_short(base, "It", &text);
    json_put_text(o, "caution", text.text);
    strbuf_done(&text);
}

/* Only where the recorded command failed or was killed. */
static void put_failed(json_object *o, const struct trace *t)
{
    struct strbuf text;
    int status;

    if (!recording_failed(t, &status))
        return;
    strbuf_init(&text);
    program_end_append(status, &text);
    json_put_text(o, "command_ended", text.text);
    strbuf_done(&text);
}

static void put_cost(json_object *o, const struct shape_cost *cost)
{
    json_object *band = json_new_object();

    add_ratio(band, "least", cost->least);
    add_ratio(band, "most", cost->most);
    add_bool(band, "may_fail", cost->may_fail);
    json_put(o, "slowdown_band", band);
}

static json_object *boundary_json(const struct size_result *res, const struct size_boundary *b)
{
    json_object *o = json_new_object();

    add_bool(o, "found", b->found);
    if (b->found)
        json_put_u64(o, "bytes", b->limit_bytes);
    if (b->fails_bytes)
        json_put_u64(o, "fails_at_bytes", b->fails_bytes);
    if (b->found) {
        struct shape_cost cost = shape_cost(res, b->low_bytes, b->high_bytes);

        json_put_u64(o, "low_bytes", b->low_bytes);
        json_put_u64(o, "high_bytes", b->high_bytes);
        put_cost(o, &cost);
    }
    return o;
}

static json_object *advice_json(const struct size_result *res, const struct size_config *c)
{
    json_object *o = json_new_object();

    add_bool(o, "found", res->advice.found);
    if (res->advice.found) {
        json_put_u64(o, "memory.max", res->advice.max_bytes);
        json_put_text(o, "file", size_limit_file(c));
        add_limit(o, "memory.high", res->advice.has_high ? res->advice.high_bytes : UINT64_MAX);
    }
    json_put_text(o, "reason", res->advice.reason);
    if (res->advice.found) {
        struct shape_cost cost = advised_cost(res);

        put_cost(o, &cost);
        json_put(o, "verified", size_row_json(&res->verified));
    }
    return o;
}

static json_object *plateaus_json(const struct size_result *res)
{
    json_object *a = json_new_array();

    for (size_t i = 0; i < res->plateaus.count; i++) {
        const struct size_plateau *p = &res->plateaus.items[i];
        json_object *o = json_new_object();

        json_put_u64(o, "low_bytes", p->low_bytes);
        json_put_u64(o, "high_bytes", p->high_bytes);
        add_ratio(o, "slowdown", p->slowdown);
        json_put_text(o, "why", p->why);
        json_append(a, o);
    }
    return a;
}

static json_object *sizes_json(const u64 *bytes, size_t count)
{
    json_object *a = json_new_array();

    for (size_t i = 0; i < count; i++)
        json_append(a, json_new_u64(bytes[i]));
    return a;
}

json_object *size_json(const struct size_report *r)
{
    const struct size_result *res = r->result;
    json_object *o = json_new_object(), *rows = json_new_array();

    json_put(o, "schema_version", json_new_s64(SIZE_SCHEMA_VERSION));
    json_put_text(o, "input", r->input);
    if (r->config->process)
        json_put_text(o, "process", r->config->process);
    if (r->config->from_name)
        json_put_text(o, "from", r->config->from_name);
    if (r->config->to_name)
        json_put_text(o, "to", r->config->to_name);
    host_put_json(o, r->config->trace, &r->host);
    runtimes_put_json(o, r->runtimes, limit_to_set(res));
    if (!trace_is_complete(r->config->trace))
        json_put(o, "incomplete", incomplete_json(r->config->trace));
    put_failed(o, r->config->trace);
    json_put_text(o, "kernel", r->config->machine->kernel);
    json_put_text(o, "lru", lru_policy_name[system_config_lru(r->config->machine)]);
    add_ratio(o, "max_slowdown", r->config->max_slowdown);
    add_ratio(o, "usable_slowdown", r->config->usable_slowdown);
    if (r->config->has_swap_max)
        json_put_u64(o, "memory.swap.max", r->config->swap_max_bytes);
    json_put(o, "unlimited", size_row_json(&res->unlimited));
    put_base(o, &res->unlimited);
    for (size_t i = 0; i < res->rows.count; i++)
        json_append(rows, size_row_json(&res->rows.items[i]));
    json_put(o, "limits", rows);
    json_put(o, "smallest_usable", boundary_json(res, &res->usable));
    json_put(o, "smallest_surviving", boundary_json(res, &res->survives));
    json_put(o, "holes", sizes_json(res->holes.items, res->holes.count));
    json_put(o, "unusable_holes", sizes_json(res->unusable_holes.items, res->unusable_holes.count));
    json_put(o, "plateaus", plateaus_json(res));
    if (res->first_kill_bytes)
        json_put_u64(o, "first_kill_bytes", res->first_kill_bytes);
    json_put_u64(o, "peak_plus_15_percent_bytes", res->peak_plus_15);
    json_put(o, "advice", advice_json(res, r->config));
    json_put_u64(o, "replays", res->replays);
    json_put_u64(o, "unexplained", res->unlimited.misfits.unexplained);
    return o;
}
