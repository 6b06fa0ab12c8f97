/* envelope_report.c - see envelope_report.h. */
#include "report/envelope_report.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/columns.h"
#include "report/comparison_int.h"
#include "report/json_put.h"
#include "report/runtimes_report.h"
#include "report/text_wrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRAP_COLUMNS 96u

static void append_input(const struct size_report *r, struct strbuf *out)
{
    utf8_append_clean(out, r->input);
}

/* The name of the program that a recording is of: the first word of its command, without its
 * folder. "" when it is not known. */
static void program_of(const struct size_report *r, char *ret, size_t size)
{
    char command[256], *slash;

    *ret = '\0';
    if (!trace_text_value(r->config->trace->meta, "command", command, sizeof(command)))
        return;
    command[strcspn(command, " ")] = '\0';
    slash = strrchr(command, '/');
    snprintf(ret, size, "%s", slash ? slash + 1 : command);
}

/* One answer for different programs is seldom what was meant. */
static void programs_remark(const struct size_report *reports, unsigned nr, struct strbuf *out)
{
    char first[256], other[256];

    program_of(&reports[0], first, sizeof(first));
    for (unsigned i = 1; i < nr; i++) {
        struct strbuf line;

        program_of(&reports[i], other, sizeof(other));
        if (!*first || !*other || strcmp(first, other) == 0)
            continue;
        strbuf_init(&line);
        strbuf_append(&line, "Note: these are recordings of different programs (");
        utf8_append_clean(&line, first);
        strbuf_append(&line, ", ");
        utf8_append_clean(&line, other);
        strbuf_append(&line, "): the answer is for a service that runs either of them.");
        strbuf_appendc(out, '\n');
        text_wrap(out, line.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
        strbuf_done(&line);
        return;
    }
}

void envelope_spread(const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *out)
{
    u64 least = envelope->need_bytes - envelope->spread_bytes;
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX], text[UNITS_TEXT_MAX];

    if (!envelope->spread_bytes) {
        strbuf_printf(out, "%u recordings need the same, %s: no spread", nr,
                      format_limit(high, envelope->need_bytes));
        return;
    }
    format_two_bytes(low, least, high, envelope->need_bytes);
    strbuf_printf(out, "%u recordings need from %s (", nr, low);
    append_input(&reports[envelope->least], out);
    strbuf_printf(out, ") to %s (", high);
    append_input(&reports[envelope->most], out);
    strbuf_printf(out, "): a spread of %s, %" PRIu64 " %% of the largest",
                  format_limit(text, envelope->spread_bytes),
                  envelope->spread_bytes * 100 / MAX(envelope->need_bytes, (u64)1));
}

static void reason_found(const struct size_report *reports, const struct size_envelope *envelope,
                         struct strbuf *out)
{
    const struct size_config *config = reports[envelope->most].config;
    char need[UNITS_TEXT_MAX];

    append_input(&reports[envelope->most], out);
    strbuf_printf(
        out,
        " decides: it needs %s to take at most %.2f times its time without a limit. Every "
        "recording was run with these limits, and is usable with them.",
        format_limit(need, envelope->need_bytes), config->usable_slowdown);
    if (config->cgroup_v1)
        strbuf_append(out, " Cgroups of version 1, as the recordings' host has them, know no "
                           "memory.high.");
    else if (envelope->has_high)
        strbuf_append(out,
                      " memory.high lets the kernel reclaim before anything is killed; memory.max "
                      "stands above, for runs that need somewhat more than these did.");
    else
        strbuf_append(out,
                      " memory.high would slow at least one of them too much, so it is left unset; "
                      "memory.max stands above the need, for runs that need somewhat more than "
                      "these did.");
}

void envelope_reason(const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *out)
{
    const struct size_report *culprit = &reports[envelope->culprit];
    char text[UNITS_TEXT_MAX];

    (void)nr;
    switch (envelope->outcome) {
    case ENVELOPE_FOUND:
        reason_found(reports, envelope, out);
        break;
    case ENVELOPE_NO_NEED:
        strbuf_append(out, "There is no limit for all of them, because there is none for ");
        append_input(culprit, out);
        strbuf_printf(out, ". %s", culprit->result->advice.reason);
        break;
    case ENVELOPE_FAILS:
        append_input(culprit, out);
        strbuf_printf(out,
                      " is not usable with %s, which the others need, though it is with less: try "
                      "larger limits (--limits).",
                      format_limit(text, envelope->max_bytes));
        break;
    }
}

static void label_rows(struct columns *c, const struct size_report *reports, unsigned nr,
                       const struct size_envelope *envelope)
{
    size_t width = strlen("recording");
    struct strbuf *names = xcalloc(nr, sizeof(*names));

    for (unsigned v = 0; v < nr; v++) {
        strbuf_init(&names[v]);
        append_input(&reports[v], &names[v]);
        width = MAX(width, text_columns(names[v].text, names[v].len));
    }
    strbuf_printf(&c->labels.items[0], "  %-*s  ", (int)width, "recording");
    for (unsigned v = 0; v < nr; v++) {
        bool decides = envelope->outcome == ENVELOPE_FOUND && v == envelope->most;
        size_t pad = width - text_columns(names[v].text, names[v].len);

        strbuf_printf(&c->labels.items[1 + v], "%s %s%*s  ", decides ? ">" : " ", names[v].text,
                      (int)pad, "");
        strbuf_done(&names[v]);
    }
    free(names);
}

/* One array of what the reports point to, as the columns want it: borrowed, not to be freed by
 * parts. */
static struct size_result *results_of(const struct size_report *reports, unsigned nr)
{
    struct size_result *results = xcalloc(nr, sizeof(*results));

    for (unsigned v = 0; v < nr; v++)
        results[v] = *reports[v].result;
    return results;
}

static void table(const struct size_report *reports, unsigned nr,
                  const struct size_envelope *envelope, struct strbuf *out)
{
    struct size_result *results = results_of(reports, nr);
    struct column *advised, *with;
    struct columns c;
    char text[UNITS_TEXT_MAX];

    columns_init(&c, nr);
    label_rows(&c, reports, nr, envelope);
    comparison_put_boundaries(&c, results);
    advised = columns_add(&c, "advised", "memory.max");
    for (unsigned v = 0; v < nr; v++)
        column_put(advised, v,
                   results[v].advice.found ? format_limit(text, results[v].advice.max_bytes)
                                           : "none");
    if (envelope->verified) {
        with = columns_add(&c, "time as set", "for all");
        for (unsigned v = 0; v < nr; v++) {
            const struct size_row *row = &envelope->verified[v];

            snprintf(text, sizeof(text), "%.2fx%s", row->slowdown, row->usable ? "" : "*");
            column_put(with, v, row->survives ? text : replay_outcome_name(row->outcome));
        }
    }
    columns_render(&c, out);
    columns_done(&c);
    free(results);
}

static u64 count_replays(const struct size_report *reports, unsigned nr,
                         const struct size_envelope *envelope)
{
    u64 replays = envelope->replays;

    for (unsigned v = 0; v < nr; v++)
        replays += reports[v].result->replays;
    return replays;
}

static bool any_is_short(const struct size_report *reports, unsigned nr)
{
    for (unsigned v = 0; v < nr; v++)
        if (size_base_is_short(&reports[v].result->unlimited))
            return true;
    return false;
}

static void advice_line(const struct size_report *reports, unsigned nr,
                        const struct size_envelope *envelope, bool color, struct strbuf *out)
{
    const struct size_config *config = reports[envelope->most].config;
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "%s%s %s to %s", color ? "\033[1m" : "",
                  any_is_short(reports, nr) ? "If it must run as short as that, set" : "Set",
                  size_limit_file(config), format_limit(text, envelope->max_bytes));
    if (envelope->has_high)
        strbuf_printf(out, " and memory.high to %s", format_limit(text, envelope->high_bytes));
    if (config->has_swap_max)
        strbuf_printf(out, ", with %s at %s",
                      config->cgroup_v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max",
                      format_limit(text, config->swap_max_bytes +
                                             (config->cgroup_v1 ? envelope->max_bytes : 0)));
    strbuf_printf(out, ".%s\n", color ? "\033[0m" : "");
}

void envelope_text(const struct size_report *reports, unsigned nr,
                   const struct size_envelope *envelope, bool color, struct strbuf *out)
{
    bool found = envelope->outcome == ENVELOPE_FOUND;
    struct strbuf line;

    strbuf_init(&line);
    strbuf_printf(out,
                  "%u recordings as one service: the largest need counts (%" PRIu64 " replays)\n\n",
                  nr, count_replays(reports, nr, envelope));
    table(reports, nr, envelope, out);
    strbuf_appendc(out, '\n');
    for (unsigned v = 0; v < nr; v++) {
        strbuf_reset(&line);
        strbuf_append(&line, "Caution: ");
        append_input(&reports[v], &line);
        size_render_base(&reports[v].result->unlimited, line.text, out);
    }
    if (envelope->outcome != ENVELOPE_NO_NEED) {
        strbuf_reset(&line);
        envelope_spread(reports, nr, envelope, &line);
        strbuf_append(&line, ".");
        text_wrap(out, line.text, 0, WRAP_COLUMNS);
        strbuf_append(out, "\n\n");
    }
    if (found)
        advice_line(reports, nr, envelope, color, out);
    strbuf_reset(&line);
    envelope_reason(reports, nr, envelope, &line);
    text_wrap(out, line.text, 0, WRAP_COLUMNS);
    strbuf_appendc(out, '\n');
    programs_remark(reports, nr, out);
    host_render_cautions(&reports[envelope->most].host, out);
    runtimes_render(reports[envelope->most].runtimes, found ? envelope->max_bytes : UINT64_MAX,
                    out);
    strbuf_done(&line);
}

json_object *envelope_json(const struct size_report *reports, unsigned nr,
                           const struct size_envelope *envelope)
{
    json_object *o = json_new_object();
    struct strbuf reason;

    strbuf_init(&reason);
    envelope_reason(reports, nr, envelope, &reason);
    json_put(o, "found", json_new_bool(envelope->outcome == ENVELOPE_FOUND));
    json_put_text(o, "reason", reason.text);
    if (envelope->outcome != ENVELOPE_NO_NEED) {
        json_put_text(o, "decided_by", reports[envelope->most].input);
        json_put_u64(o, "need_bytes", envelope->need_bytes);
        json_put_text(o, "smallest_need_of", reports[envelope->least].input);
        json_put_u64(o, "spread_bytes", envelope->spread_bytes);
    }
    if (envelope->outcome == ENVELOPE_FOUND) {
        json_put_u64(o, "memory.max", envelope->max_bytes);
        json_put_text(o, "file", size_limit_file(reports[envelope->most].config));
        json_put(o, "memory.high", envelope->has_high ? json_new_u64(envelope->high_bytes) : NULL);
    }
    strbuf_done(&reason);
    return o;
}
