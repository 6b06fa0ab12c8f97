/* comparison.c - settings as rows: their columns first, then what they came to. */
#include "report/comparison.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the columns of the settings --- */

static int key_width(const struct axis *axis)
{
    size_t width = strlen(axis->key);

    for (unsigned i = 0; i < axis->nr; i++)
        width = MAX(width, strlen(axis->values[i]));
    return (int)width;
}

static void put_keys(const struct axes *axes, bool names, struct strbuf *out)
{
    for (unsigned k = 0; k < axes->nr; k++)
        strbuf_printf(out, "%-*s  ", key_width(&axes->items[k]), names ? axes->items[k].key : "");
}

static void put_values(const struct axes *axes, unsigned combination, struct strbuf *out)
{
    for (unsigned k = 0; k < axes->nr; k++)
        strbuf_printf(out, "%-*s  ", key_width(&axes->items[k]), axes_value(axes, combination, k));
}

/* --- single runs --- */

void run_row_fill(const struct run_report *r, struct run_row *ret)
{
    *ret = (struct run_row){
        .outcome = r->outcome,
        .virtual_ns = r->stats.virtual_ns,
        .stall_ns = r->waits.memory_ns,
        .majflt = run_group_events(r, PGMAJFAULT),
        .refault_file = run_group_events(r, WORKINGSET_REFAULT_FILE),
        .refault_anon = run_group_events(r, WORKINGSET_REFAULT_ANON),
        .pswpin = run_machine_events(r, PSWPIN),
        .pswpout = run_machine_events(r, PSWPOUT),
        .peak_bytes = run_peak_pages(r) * PAGE_SIZE,
        .misfits = replay_misfits(&r->stats),
    };
    run_huge_fill(r, &ret->huge);
}

/* Settings of huge pages are compared by what these do. */
static bool is_about_huge(const struct axes *axes)
{
    for (unsigned k = 0; k < axes->nr; k++) {
        const char *key = axes->items[k].key;

        if (strcmp(key, "thp") == 0 || strncmp(key, "transparent_hugepage/", 21) == 0 ||
            strncmp(key, "khugepaged/", 11) == 0)
            return true;
    }
    return false;
}

static void put_huge(const struct run_huge *h, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, " %10s", format_bytes(text, h->huge_bytes));
    strbuf_printf(out, " %10s", format_bytes(text, h->untouched_bytes));
    strbuf_printf(out, " %7s", format_short_count(text, h->walks));
    strbuf_printf(out, " %10s", format_ns(text, h->cpu_ns));
}

static void put_run_row(const struct run_row *row, const struct run_row *first, bool huge,
                        struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "%-9s", replay_outcome_name(row->outcome));
    strbuf_printf(out, " %10s", format_ns(text, row->virtual_ns));
    if (first->virtual_ns)
        strbuf_printf(out, " %6.2fx", (double)row->virtual_ns / (double)first->virtual_ns);
    strbuf_printf(out, " %7s", format_short_count(text, row->majflt));
    strbuf_printf(out, " %7s", format_short_count(text, row->refault_file));
    strbuf_printf(out, " %7s", format_short_count(text, row->refault_anon));
    strbuf_printf(out, " %10s", format_bytes(text, row->pswpin * PAGE_SIZE));
    strbuf_printf(out, " %10s", format_bytes(text, row->pswpout * PAGE_SIZE));
    strbuf_printf(out, " %10s", format_ns(text, row->stall_ns));
    strbuf_printf(out, " %10s", format_bytes(text, row->peak_bytes));
    if (huge)
        put_huge(&row->huge, out);
    strbuf_appendc(out, '\n');
}

void compare_runs_text(const struct comparison *c, const struct run_row *rows, struct strbuf *out)
{
    bool huge = is_about_huge(c->axes);

    utf8_append_clean(out, c->input);
    strbuf_printf(out, " under %u settings; times over that of the first\n\n", axes_count(c->axes));
    put_keys(c->axes, false, out);
    strbuf_printf(out, "%-9s %10s %7s %7s %7s %7s %10s %10s %10s %10s%s\n", "", "", "", "major",
                  "refault", "refault", "", "", "memory", "highest",
                  huge ? "    in huge      never    page   huge ones" : "");
    put_keys(c->axes, true, out);
    strbuf_printf(out, "%-9s %10s %7s %7s %7s %7s %10s %10s %10s %10s%s\n", "outcome", "time", "",
                  "faults", "file", "anon", "swap in", "swap out", "stall", "usage",
                  huge ? "      pages    touched   walks  cost to make" : "");
    for (unsigned v = 0; v < axes_count(c->axes); v++) {
        put_values(c->axes, v, out);
        put_run_row(&rows[v], &rows[0], huge, out);
    }
}

/* --- sweeps --- */

static const struct size_row *row_at(const struct size_result *r, u64 limit)
{
    for (size_t i = 0; i < r->rows.count; i++)
        if (r->rows.items[i].limit_bytes == limit)
            return &r->rows.items[i];
    return NULL;
}

/* Limits that were chosen for all, not found in one's search. */
static bool is_column(const struct comparison *c, const struct size_result *results, u64 limit)
{
    for (unsigned v = 0; v < axes_count(c->axes); v++) {
        const struct size_row *row = row_at(&results[v], limit);

        if (!row)
            return false;
    }
    return true;
}

static void put_cell(const struct size_row *row, struct strbuf *out)
{
    char text[32];

    if (row->survives)
        snprintf(text, sizeof(text), "%.2fx%s", row->slowdown, row->usable ? "" : "*");
    else
        snprintf(text, sizeof(text), "%s", replay_outcome_name(row->outcome));
    strbuf_printf(out, "  %10s", text);
}

static void put_boundary(const struct size_boundary *b, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "  %10s", b->found ? format_bytes(text, b->limit_bytes) : "none");
}

void compare_sizes_text(const struct comparison *c, const struct size_result *results,
                        struct strbuf *out)
{
    const struct size_result *first = &results[0];
    u64 replays = 0, *columns = xcalloc(MAX(first->rows.count, (size_t)1), sizeof(*columns));
    char text[UNITS_TEXT_MAX];
    unsigned nr = 0;

    for (unsigned v = 0; v < axes_count(c->axes); v++)
        replays += results[v].replays;
    for (size_t i = 0; i < first->rows.count; i++) {
        const struct size_row *row = &first->rows.items[i];

        if ((row->source == SIZE_ASKED || row->source == SIZE_GRID) &&
            is_column(c, results, row->limit_bytes))
            columns[nr++] = row->limit_bytes;
    }
    utf8_append_clean(out, c->input);
    strbuf_printf(out, " under %u settings and %u limits (%" PRIu64 " replays)\n\n",
                  axes_count(c->axes), nr, replays);
    put_keys(c->axes, false, out);
    strbuf_printf(out, "%10s  %10s  %10s  %10s  %s\n", "no limit:", "", "smallest", "smallest",
                  nr ? "with memory.max at, over the time without a limit" : "");
    put_keys(c->axes, true, out);
    strbuf_printf(out, "%10s  %10s  %10s  %10s", "time", "grows to", "usable", "survived");
    for (unsigned i = 0; i < nr; i++)
        strbuf_printf(out, "  %10s", format_bytes(text, columns[i]));
    strbuf_appendc(out, '\n');
    for (unsigned v = 0; v < axes_count(c->axes); v++) {
        const struct size_result *r = &results[v];

        put_values(c->axes, v, out);
        strbuf_printf(out, "%10s", format_ns(text, r->unlimited.virtual_ns));
        strbuf_printf(out, "  %10s", format_bytes(text, r->unlimited.peak_bytes));
        put_boundary(&r->usable, out);
        put_boundary(&r->survives, out);
        for (unsigned i = 0; i < nr; i++)
            put_cell(row_at(r, columns[i]), out);
        strbuf_appendc(out, '\n');
    }
    strbuf_append(out, "\n* survives, and is too slow to be usable\n");
    free(columns);
}

void comparison_blame(const struct axes *axes, unsigned combination, struct err *e)
{
    struct strbuf text;

    strbuf_init(&text);
    for (unsigned k = 0; k < axes->nr; k++)
        strbuf_printf(&text, "%s%s=%s", k ? " " : "with ", axes->items[k].key,
                      axes_value(axes, combination, k));
    strbuf_printf(&text, ": %s", e->text);
    snprintf(e->text, sizeof(e->text), "%s", text.text);
    strbuf_done(&text);
}

/* --- JSON --- */

static json_object *axes_json(const struct axes *axes)
{
    json_object *list = json_new_array();

    for (unsigned k = 0; k < axes->nr; k++) {
        json_object *axis = json_new_object(), *values = json_new_array();

        json_put_text(axis, "key", axes->items[k].key);
        for (unsigned i = 0; i < axes->items[k].nr; i++)
            json_append(values, json_new_text(axes->items[k].values[i]));
        json_put(axis, "values", values);
        json_append(list, axis);
    }
    return list;
}

json_object *compare_json(const struct comparison *c, const char *verb, json_object *const *results)
{
    json_object *o = json_new_object(), *list = json_new_array();

    json_put(o, "schema_version", json_new_s64(COMPARE_SCHEMA_VERSION));
    json_put_text(o, "verb", verb);
    json_put_text(o, "input", c->input);
    json_put(o, "compare", axes_json(c->axes));
    for (unsigned v = 0; v < axes_count(c->axes); v++) {
        json_object *one = json_new_object(), *settings = json_new_object();

        for (unsigned k = 0; k < c->axes->nr; k++)
            json_put_text(settings, c->axes->items[k].key, axes_value(c->axes, v, k));
        json_put(one, "settings", settings);
        json_put(one, "result", results[v]);
        json_append(list, one);
    }
    json_put(o, "results", list);
    return o;
}
