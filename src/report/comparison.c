/* comparison.c - settings as rows: their columns first, then what they came to. */
#include "report/comparison.h"
#include "report/comparison_int.h"
#include "report/size_report.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/columns.h"
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

/* The settings label the rows. */
static void open_table(struct columns *c, const struct axes *axes)
{
    columns_init(c, axes_count(axes));
    for (unsigned k = 0; k < axes->nr; k++) {
        const struct axis *axis = &axes->items[k];
        int width = key_width(axis);

        strbuf_printf(&c->labels.items[0], "%-*s  ", width, axis->key);
        for (unsigned v = 0; v < c->nr_rows; v++)
            strbuf_printf(&c->labels.items[1 + v], "%-*s  ", width, axes_value(axes, v, k));
    }
}

/* --- single runs --- */

void run_row_fill(const struct run_report *r, struct run_row *ret)
{
    struct run_asked asked;

    run_asked_sum(r, &asked);
    *ret = (struct run_row){
        .outcome = r->outcome,
        .busy_ns = replay_busy_ns(&r->stats),
        .stall_ns = r->waits.memory_ns,
        .majflt = run_group_events(r, PGMAJFAULT),
        .refault_file = run_group_events(r, WORKINGSET_REFAULT_FILE),
        .refault_anon = run_group_events(r, WORKINGSET_REFAULT_ANON),
        .pswpin = run_machine_events(r, PSWPIN),
        .pswpout = run_machine_events(r, PSWPOUT),
        .peak_bytes = run_peak_pages(r) * PAGE_SIZE,
        .latency_ns = asked.requests ? asked.latency_ns / asked.requests : 0,
        .packets_dropped = asked.packets_dropped,
        .arrays_failed = asked.arrays_failed,
        .remote_percent = numa_remote_percent(r->system),
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

/* What the cells of a column are. */
enum cell { CELL_BYTES, CELL_PAGES, CELL_NS, CELL_COUNT, CELL_PERCENT };

struct run_column {
    const char *top, *name;
    size_t offset; /* of a u64 in struct run_row */
    enum cell kind;
    enum {
        COLUMN_ALWAYS,
        COLUMN_OPTIONAL, /* left out when zero in all rows, and named */
        COLUMN_ASKED,    /* the same, not named: nobody asked for such a thing */
    } when;
    bool huge; /* only where settings of huge pages are compared */
};

#define AT(field) offsetof(struct run_row, field)
static const struct run_column run_columns[] = {
    {"major", "faults", AT(majflt), CELL_COUNT, COLUMN_ALWAYS, false},
    {"refault", "file", AT(refault_file), CELL_COUNT, COLUMN_OPTIONAL, false},
    {"refault", "anon", AT(refault_anon), CELL_COUNT, COLUMN_OPTIONAL, false},
    {"", "swap in", AT(pswpin), CELL_PAGES, COLUMN_OPTIONAL, false},
    {"", "swap out", AT(pswpout), CELL_PAGES, COLUMN_OPTIONAL, false},
    {"mean", "latency", AT(latency_ns), CELL_NS, COLUMN_ASKED, false},
    {"packets", "dropped", AT(packets_dropped), CELL_COUNT, COLUMN_ASKED, false},
    {"arrays", "not had", AT(arrays_failed), CELL_COUNT, COLUMN_ASKED, false},
    {"remote", "accesses", AT(remote_percent), CELL_PERCENT, COLUMN_ASKED, false},
    {"memory", "stall", AT(stall_ns), CELL_NS, COLUMN_ALWAYS, false},
    {"highest", "usage", AT(peak_bytes), CELL_BYTES, COLUMN_ALWAYS, false},
    {"in huge", "pages", AT(huge.huge_bytes), CELL_BYTES, COLUMN_ALWAYS, true},
    {"never", "touched", AT(huge.untouched_bytes), CELL_BYTES, COLUMN_ALWAYS, true},
    {"page", "walks", AT(huge.walks), CELL_COUNT, COLUMN_ALWAYS, true},
    {"huge ones", "cost to make", AT(huge.cpu_ns), CELL_NS, COLUMN_ALWAYS, true},
};

static u64 run_value(const struct run_column *column, const struct run_row *row)
{
    return *(const u64 *)(const void *)((const char *)row + column->offset);
}

static void put_run_column(struct columns *c, const struct run_column *column,
                           const struct run_row *rows)
{
    struct column *to = columns_add(c, column->top, column->name);
    char text[UNITS_TEXT_MAX];

    for (unsigned v = 0; v < c->nr_rows; v++) {
        u64 value = run_value(column, &rows[v]);

        switch (column->kind) {
        case CELL_BYTES:
            format_bytes(text, value);
            break;
        case CELL_PAGES:
            format_bytes(text, value * PAGE_SIZE);
            break;
        case CELL_NS:
            format_ns(text, value);
            break;
        case CELL_COUNT:
            format_short_count(text, value);
            break;
        case CELL_PERCENT:
            snprintf(text, sizeof(text), "%" PRIu64 " %%", value);
            break;
        }
        column_put(to, v, text);
    }
}

static void put_outcomes(struct columns *c, const struct run_row *rows)
{
    struct column *outcome = columns_add(c, "", "outcome"), *time = columns_add(c, "", "time"),
                  *times = rows[0].busy_ns ? columns_add(c, "", "") : NULL;
    char text[UNITS_TEXT_MAX];

    outcome->left = true;
    for (unsigned v = 0; v < c->nr_rows; v++) {
        column_put(outcome, v, replay_outcome_name(rows[v].outcome));
        column_put(time, v, format_ns(text, rows[v].busy_ns));
        if (!times)
            continue;
        snprintf(text, sizeof(text), "%.2fx", (double)rows[v].busy_ns / (double)rows[0].busy_ns);
        column_put(times, v, text);
    }
}

static bool all_zero(const struct run_column *column, const struct run_row *rows, unsigned nr)
{
    for (unsigned v = 0; v < nr; v++)
        if (run_value(column, &rows[v]))
            return false;
    return true;
}

void compare_runs_text(const struct comparison *c, const struct run_row *rows, struct strbuf *out)
{
    bool huge = is_about_huge(c->axes);
    struct strbuf zeroes;
    struct columns table;

    strbuf_init(&zeroes);
    open_table(&table, c->axes);
    put_outcomes(&table, rows);
    for (size_t i = 0; i < ARRAY_SIZE(run_columns); i++) {
        const struct run_column *column = &run_columns[i];

        if (column->huge && !huge)
            continue;
        if (column->when == COLUMN_ALWAYS || !all_zero(column, rows, table.nr_rows))
            put_run_column(&table, column, rows);
        else if (column->when == COLUMN_OPTIONAL)
            strbuf_printf(&zeroes, "%s%s%s%s", zeroes.len ? ", " : "", column->top,
                          *column->top ? " " : "", column->name);
    }
    utf8_append_clean(out, c->input);
    strbuf_printf(out, " under %u settings; times without sleep, and over that of the first\n\n",
                  table.nr_rows);
    columns_render(&table, out);
    if (huge || zeroes.len)
        strbuf_appendc(out, '\n');
    if (huge)
        strbuf_append(out,
                      "In huge pages, and of them never touched: when anonymous memory was most in "
                      "each run.\n");
    if (zeroes.len)
        strbuf_printf(out, "Left out, as zero everywhere: %s.\n", zeroes.text);
    columns_done(&table);
    strbuf_done(&zeroes);
}

/* --- sweeps --- */

static const struct size_row *row_at(const struct size_result *r, u64 limit)
{
    for (size_t i = 0; i < r->rows.count; i++)
        if (r->rows.items[i].limit_bytes == limit)
            return &r->rows.items[i];
    return NULL;
}

/* Were limits tried at all? Not where the run without one ended in oom. */
static bool was_tried(const struct size_result *r)
{
    return r->unlimited.outcome == REPLAY_COMPLETED;
}

static const struct size_result *first_tried(const struct size_result *results, unsigned nr)
{
    for (unsigned v = 0; v < nr; v++)
        if (was_tried(&results[v]))
            return &results[v];
    return results;
}

/* Limits that were chosen for all, not found in one's search. */
static bool is_column(const struct size_result *results, unsigned nr, u64 limit)
{
    for (unsigned v = 0; v < nr; v++)
        if (was_tried(&results[v]) && !row_at(&results[v], limit))
            return false;
    return true;
}

void comparison_put_limit(struct columns *c, const struct size_result *results, u64 limit,
                          const char *name, ns_t base_ns, double usable)
{
    struct column *to = columns_add(c, "", name);

    for (unsigned v = 0; v < c->nr_rows; v++) {
        const struct size_row *row = row_at(&results[v], limit);
        double slowdown;
        char text[32];

        if (!row) {
            column_put(to, v, "-");
            continue;
        }
        slowdown = base_ns ? (double)row->busy_ns / (double)base_ns : row->slowdown;
        snprintf(text, sizeof(text), "%.2fx%s", slowdown,
                 row->usable && (!base_ns || slowdown <= usable) ? "" : "*");
        column_put(to, v, row->survives ? text : replay_outcome_name(row->outcome));
    }
}

static void put_boundary(struct column *to, unsigned row, const struct size_boundary *b)
{
    char text[UNITS_TEXT_MAX];

    column_put(to, row, b->found ? format_limit(text, b->limit_bytes) : "none");
}

void comparison_put_boundaries(struct columns *c, const struct size_result *results)
{
    struct column *time = columns_add(c, "no limit:", "time"),
                  *peak = columns_add(c, "", "grows to"),
                  *usable = columns_add(c, "smallest", "usable"),
                  *survived = columns_add(c, "smallest", "survived");

    for (unsigned v = 0; v < c->nr_rows; v++) {
        char text[UNITS_TEXT_MAX];

        column_put(time, v,
                   was_tried(&results[v]) ? format_ns(text, results[v].unlimited.busy_ns)
                                          : replay_outcome_name(results[v].unlimited.outcome));
        column_put(peak, v, format_bytes(text, results[v].unlimited.peak_bytes));
        put_boundary(usable, v, &results[v].usable);
        put_boundary(survived, v, &results[v].survives);
    }
}

/* Where memory lay of the runs without a limit, on machines of several nodes. */
static void put_remote(struct columns *c, const struct size_result *results)
{
    struct column *remote;
    u64 any = 0;

    for (unsigned v = 0; v < c->nr_rows; v++)
        any |= results[v].unlimited.remote_percent;
    if (!any)
        return;
    remote = columns_add(c, "remote", "accesses");
    for (unsigned v = 0; v < c->nr_rows; v++) {
        char text[32];

        snprintf(text, sizeof(text), "%" PRIu64 " %%", results[v].unlimited.remote_percent);
        column_put(remote, v, text);
    }
}

static bool any_survives(const struct size_result *results, unsigned nr, u64 limit)
{
    for (unsigned v = 0; v < nr; v++)
        if (was_tried(&results[v]) && row_at(&results[v], limit)->survives)
            return true;
    return false;
}

unsigned comparison_choose_limits(const struct size_result *results, unsigned nr_results, u64 *ret,
                                  unsigned *ret_all)
{
    const struct size_result *first = first_tried(results, nr_results);
    unsigned nr = 0, hopeless = 0; /* of the grid, at the end of ret */

    *ret_all = 0;
    for (size_t i = 0; i < first->rows.count; i++) {
        const struct size_row *row = &first->rows.items[i];
        bool grid = row->source == SIZE_GRID;

        if ((row->source != SIZE_ASKED && !grid) ||
            !is_column(results, nr_results, row->limit_bytes))
            continue;
        ++*ret_all;
        if (grid && !any_survives(results, nr_results, row->limit_bytes)) {
            nr -= hopeless;
            hopeless = 1;
        } else {
            hopeless = 0;
        }
        ret[nr++] = row->limit_bytes;
    }
    return nr;
}

void comparison_limits_legend(unsigned nr, unsigned all, const char *base, struct strbuf *out)
{
    if (nr)
        strbuf_printf(out, "\nBelow each memory.max: the time it takes, over %s.\n", base);
    if (all > nr)
        strbuf_printf(out, "Left out: %u smaller limits, which none survives either.\n", all - nr);
    strbuf_append(out, "* survives, and is too slow to be usable\n");
}

static bool is_compared(const struct axes *axes, const char *key)
{
    for (unsigned k = 0; k < axes->nr; k++)
        if (strcmp(axes->items[k].key, key) == 0)
            return true;
    return false;
}

/* What kernel and which policy judged, as far as the settings of the rows do not say so. */
static void machine_line(const struct comparison *c, struct strbuf *out)
{
    bool lru = is_compared(c->axes, "lru") || is_compared(c->axes, "lru_gen/enabled");

    if (!c->machine)
        return;
    if (!is_compared(c->axes, "kernel")) {
        strbuf_printf(out, "Judged by Linux %s%s%s%s.\n", c->machine->kernel, lru ? "" : ", ",
                      lru ? "" : lru_policy_text[system_config_lru(c->machine)], lru ? "" : " LRU");
    } else if (!lru) {
        bool given = c->machine->lru || c->machine->given_as_tunable & BIT(MACHINE_OPTION_lru);

        strbuf_printf(out, "Judged with %s%s.\n",
                      given ? lru_policy_text[system_config_lru(c->machine)]
                            : "the LRU that each kernel has by default",
                      given ? " LRU" : " (--lru chooses one for all)");
    }
}

void compare_sizes_text(const struct comparison *c, const struct size_result *results,
                        struct strbuf *out)
{
    size_t most = MAX(first_tried(results, axes_count(c->axes))->rows.count, (size_t)1);
    u64 replays = 0, *limits = xcalloc(most, sizeof(*limits));
    char(*names)[UNITS_TEXT_MAX] = xcalloc(most, sizeof(*names));
    unsigned all, nr = comparison_choose_limits(results, axes_count(c->axes), limits, &all);
    struct columns table;

    open_table(&table, c->axes);
    comparison_put_boundaries(&table, results);
    put_remote(&table, results);
    for (unsigned i = 0; i < nr; i++)
        comparison_put_limit(&table, results, limits[i], format_limit(names[i], limits[i]), 0, 0);
    for (unsigned v = 0; v < table.nr_rows; v++)
        replays += results[v].replays;
    utf8_append_clean(out, c->input);
    strbuf_printf(out, " under %u settings and %u limits (%" PRIu64 " replays)\n\n", table.nr_rows,
                  all, replays);
    columns_render(&table, out);
    comparison_limits_legend(nr, all, "the time without a limit", out);
    machine_line(c, out);
    for (unsigned v = 0; v < table.nr_rows; v++)
        if (was_tried(&results[v]) && size_base_is_short(&results[v].unlimited)) {
            struct strbuf who;

            strbuf_init(&who);
            strbuf_append(&who, "Caution: ");
            for (unsigned k = 0; k < c->axes->nr; k++)
                strbuf_printf(&who, "%s%s=%s", k ? "," : "", c->axes->items[k].key,
                              axes_value(c->axes, v, k));
            strbuf_appendc(out, '\n');
            size_render_base(&results[v].unlimited, who.text, out);
            strbuf_done(&who);
        }
    columns_done(&table);
    free(names);
    free(limits);
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
