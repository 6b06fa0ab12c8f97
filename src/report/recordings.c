/* recordings.c - recordings of one program with different settings of its own: rows are the
 * recordings, columns the limits. */
#include "report/recordings.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/columns.h"
#include "report/comparison.h"
#include "report/comparison_int.h"
#include "report/envelope_report.h"
#include "report/json_put.h"
#include "report/runtimes_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ns_t fastest(const struct size_report *reports, unsigned nr)
{
    ns_t least = 0;

    for (unsigned v = 0; v < nr; v++) {
        ns_t busy = reports[v].result->unlimited.busy_ns;

        least = !least || busy < least ? busy : least;
    }
    return least;
}

/* Of what is advised for one recording, over the fastest; 0: nothing is. */
static double advised_slowdown(const struct size_report *r, ns_t base_ns)
{
    return r->result->advice.found && base_ns
               ? (double)r->result->verified.busy_ns / (double)base_ns
               : 0;
}

/* The smallest limit that is advised, of recordings that are no slower than `usable` under it.
 * NULL: none. */
static const struct size_report *smallest_pair(const struct size_report *reports, unsigned nr,
                                               double usable)
{
    const struct size_report *best = NULL;
    ns_t base_ns = fastest(reports, nr);

    for (unsigned v = 0; v < nr; v++) {
        double slowdown = advised_slowdown(&reports[v], base_ns);

        if (slowdown > 0 && slowdown <= usable &&
            (!best || reports[v].result->advice.max_bytes < best->result->advice.max_bytes))
            best = &reports[v];
    }
    return best;
}

static void pair_line(const struct size_report *r, ns_t base_ns, struct strbuf *out)
{
    struct strbuf settings;
    char size[UNITS_TEXT_MAX];

    strbuf_init(&settings);
    runtimes_settings(r->runtimes, &settings);
    if (settings.len)
        strbuf_printf(out, "%s with ", settings.text);
    strbuf_printf(out, "memory.max %s (", format_limit(size, r->result->advice.max_bytes));
    utf8_append_clean(out, r->input);
    strbuf_printf(out, ", %.2fx)", advised_slowdown(r, base_ns));
    strbuf_done(&settings);
}

static void pair_lines(const struct size_report *reports, unsigned nr, struct strbuf *out)
{
    double usable = reports->config->usable_slowdown;
    const struct size_report *best = smallest_pair(reports, nr, usable),
                             *least = smallest_pair(reports, nr, reports->config->max_slowdown);
    ns_t base_ns = fastest(reports, nr);

    if (best) {
        strbuf_printf(out, "\nSmallest within %.2f times the fastest: ", usable);
        pair_line(best, base_ns, out);
        strbuf_append(out, ".\n");
    } else {
        strbuf_printf(out, "\nNone of them has a limit within %.2f times the fastest.\n", usable);
    }
    if (least && least != best) {
        strbuf_append(out, "Smaller, and slower: ");
        pair_line(least, base_ns, out);
        strbuf_append(out, ".\n");
    }
}

/* The recordings' names and what their programs were told label the rows. */
static void open_recordings(struct columns *c, const struct size_report *reports, unsigned nr)
{
    size_t input = strlen("recording"), told = 0;
    struct strbuf *texts = xcalloc(nr, 2 * sizeof(*texts));

    columns_init(c, nr);
    for (unsigned v = 0; v < nr; v++) {
        strbuf_init(&texts[2 * v]);
        strbuf_init(&texts[2 * v + 1]);
        utf8_append_clean(&texts[2 * v], reports[v].input);
        runtimes_settings(reports[v].runtimes, &texts[2 * v + 1]);
        input = MAX(input, texts[2 * v].len);
        told = MAX(told, texts[2 * v + 1].len);
    }
    told = told ? MAX(told, strlen("setting")) : 0;
    strbuf_printf(&c->labels.items[0], "%-*s  ", (int)input, "recording");
    if (told)
        strbuf_printf(&c->labels.items[0], "%-*s  ", (int)told, "setting");
    for (unsigned v = 0; v < nr; v++) {
        strbuf_printf(&c->labels.items[1 + v], "%-*s  ", (int)input, texts[2 * v].text);
        if (told)
            strbuf_printf(&c->labels.items[1 + v], "%-*s  ", (int)told, texts[2 * v + 1].text);
        strbuf_done(&texts[2 * v]);
        strbuf_done(&texts[2 * v + 1]);
    }
    free(texts);
}

void compare_recordings_text(const struct size_report *reports, const struct size_result *results,
                             unsigned nr, struct strbuf *out)
{
    size_t most = MAX(results[0].rows.count, (size_t)1);
    u64 replays = 0, *limits = xcalloc(most, sizeof(*limits));
    char(*names)[UNITS_TEXT_MAX] = xcalloc(most, sizeof(*names)), text[UNITS_TEXT_MAX];
    unsigned all, nr_limits = comparison_choose_limits(results, nr, limits, &all);
    ns_t base_ns = fastest(reports, nr);
    struct column *advised;
    struct columns table;

    open_recordings(&table, reports, nr);
    comparison_put_boundaries(&table, results);
    advised = columns_add(&table, "advised", "memory.max");
    for (unsigned v = 0; v < nr; v++) {
        column_put(advised, v,
                   results[v].advice.found ? format_limit(text, results[v].advice.max_bytes)
                                           : "none");
        replays += results[v].replays;
    }
    for (unsigned i = 0; i < nr_limits; i++)
        comparison_put_limit(&table, results, limits[i], format_limit(names[i], limits[i]), base_ns,
                             reports->config->usable_slowdown);
    strbuf_printf(out, "%u recordings under %u limits (%" PRIu64 " replays)\n\n", nr, all, replays);
    columns_render(&table, out);
    comparison_limits_legend(nr_limits, all, "that of the fastest recording without a limit", out);
    pair_lines(reports, nr, out);
    columns_done(&table);
    free(names);
    free(limits);
}

static json_object *recording_json(const struct size_report *r, const struct size_row *verified)
{
    json_object *o = json_new_object();
    struct strbuf settings;

    strbuf_init(&settings);
    runtimes_settings(r->runtimes, &settings);
    json_put_text(o, "input", r->input);
    json_put_text(o, "settings", settings.text);
    json_put(o, "result", size_json(r));
    if (verified)
        json_put(o, "verified", size_row_json(verified));
    strbuf_done(&settings);
    return o;
}

static json_object *smallest_json(const struct size_report *reports, unsigned nr)
{
    const struct size_report *best = smallest_pair(reports, nr, reports->config->usable_slowdown);
    json_object *pair;
    char slowdown[64];
    double value;

    if (!best)
        return NULL;
    value = advised_slowdown(best, fastest(reports, nr));
    pair = json_new_object();
    snprintf(slowdown, sizeof(slowdown), "%.4f", value);
    json_put_text(pair, "input", best->input);
    json_put_u64(pair, "memory.max", best->result->advice.max_bytes);
    json_put(pair, "slowdown", json_new_number(value, slowdown));
    return pair;
}

json_object *recordings_json(const struct size_report *reports, unsigned nr,
                             const struct size_envelope *envelope)
{
    json_object *o = json_new_object(), *list = json_new_array();

    json_put(o, "schema_version", json_new_s64(COMPARE_SCHEMA_VERSION));
    json_put_text(o, "verb", "size");
    for (unsigned v = 0; v < nr; v++)
        json_append(list,
                    recording_json(&reports[v],
                                   envelope && envelope->verified ? &envelope->verified[v] : NULL));
    json_put(o, "recordings", list);
    json_put(o, "smallest", envelope ? NULL : smallest_json(reports, nr));
    if (envelope)
        json_put(o, "envelope", envelope_json(reports, nr, envelope));
    return o;
}
