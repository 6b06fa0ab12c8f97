/* working_set_report.c - a plot of the parts, a table of percentiles, and how long pages rest. */
#include "report/working_set_report.h"

#include "base/units.h"
#include "report/json_put.h"
#include "report/text_wrap.h"
#include "trace/trace_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL    11u /* "1023.9 MiB " */
#define FRAME    2u
#define TABLES   11u /* lines of all that is no plot, and the prompt */
#define ROWS_MAX 20u
#define COLUMNS  WORKING_SET_PARTS

static const struct {
    double share;
    const char *key, *text;
} percentiles[] = {
    {0.5, "p50", "50 %"},  {0.9, "p90", "90 %"}, {0.95, "p95", "95 %"},
    {0.99, "p99", "99 %"}, {1, "max", "100 %"},
};

/* What rests as long as this share of the run. */
static const unsigned rests[] = {1, 5, 10, 25, 50};

static u64 bytes_of(u64 pages)
{
    return pages << HWT_PAGE_SHIFT;
}

/* --- as text ---------------------------------------------------------------------------------- */

/* What a column of the plot shows: the most of the parts that it lies in. */
static u64 pages_at(const struct working_set *w, unsigned column, unsigned columns)
{
    unsigned from = column * WORKING_SET_PARTS / columns;
    unsigned to = MAX((column + 1) * WORKING_SET_PARTS / columns, from + 1);
    u64 most = 0;

    for (unsigned i = from; i < to; i++)
        most = MAX(most, w->pages[i]);
    return most;
}

static void plot(const struct working_set_report *r, struct strbuf *out)
{
    unsigned columns = MIN(MAX(r->width, WORKING_SET_WIDTH_MIN) - LABEL - FRAME, COLUMNS);
    unsigned rows = MIN(MAX(r->height, WORKING_SET_HEIGHT_MIN) - TABLES, ROWS_MAX);
    u64 most = working_set_percentile(r->set, 1);
    char size[UNITS_TEXT_MAX];

    for (unsigned row = 0; row < rows; row++) {
        bool labelled = row % 4 == 0;
        u64 level = most * (rows - row) / rows, half = most * (2 * (rows - row) - 1) / rows / 2;
        size_t end;

        strbuf_printf(out, "%*s %c", LABEL - 1, labelled ? format_bytes(size, bytes_of(level)) : "",
                      '|');
        end = out->len;
        for (unsigned x = 0; x < columns; x++) {
            u64 pages = pages_at(r->set, x, columns);

            strbuf_appendc(out, pages >= level && pages    ? '#'
                                : pages > half             ? '.'
                                : row + 1 == rows && pages ? '_'
                                                           : ' ');
            if (out->text[out->len - 1] != ' ')
                end = out->len;
        }
        out->len = end;
        out->text[end] = '\0';
        strbuf_append(out, "\n");
    }
    strbuf_printf(out, "%*s 0 %%%*s%*s\n", LABEL, "", (int)columns / 2 - 2, "50 %",
                  (int)(columns - columns / 2) - 1, "100 %");
}

/* Pages that rest for this share of the run or longer before their next touch. */
static u64 resting(const struct working_set *w, unsigned percent)
{
    u64 pages = 0;

    for (unsigned i = (percent * WORKING_SET_PARTS + 99) / 100; i < WORKING_SET_PARTS; i++)
        pages += w->rest[i];
    return pages;
}

/* Pages that nobody touches in the last such share of the run. */
static u64 left(const struct working_set *w, unsigned percent)
{
    u64 pages = 0;

    for (unsigned i = 0; i < WORKING_SET_PARTS - (percent * WORKING_SET_PARTS + 99) / 100; i++)
        pages += w->last[i];
    return pages;
}

static void cell(struct strbuf *out, u64 pages)
{
    char text[UNITS_TEXT_MAX];

    strbuf_printf(out, "%12s", format_bytes(text, bytes_of(pages)));
}

static void tables(const struct working_set *w, struct strbuf *out)
{
    strbuf_printf(out, "%-20s", "of the time");
    for (unsigned i = 0; i < ARRAY_SIZE(percentiles); i++)
        strbuf_printf(out, "%12s", percentiles[i].text);
    strbuf_printf(out, "\n%-20s", "in use, at most");
    for (unsigned i = 0; i < ARRAY_SIZE(percentiles); i++)
        cell(out, working_set_percentile(w, percentiles[i].share));
    strbuf_printf(out, "\n\n%-20s", "of the run");
    for (unsigned i = 0; i < ARRAY_SIZE(rests); i++)
        strbuf_printf(out, "%10u %%", rests[i]);
    strbuf_printf(out, "\n%-20s", "idle, then used");
    for (unsigned i = 0; i < ARRAY_SIZE(rests); i++)
        cell(out, resting(w, rests[i]));
    strbuf_printf(out, "\n%-20s", "idle until the end");
    for (unsigned i = 0; i < ARRAY_SIZE(rests); i++)
        cell(out, left(w, rests[i]));
    strbuf_append(out, "\n");
}

void working_set_text(const struct working_set_report *r, struct strbuf *out)
{
    char touched[UNITS_TEXT_MAX], events[UNITS_TEXT_MAX], title[160];

    snprintf(title, sizeof(title), ": %s, in use in each %uth of %s events",
             format_bytes(touched, bytes_of(r->set->touched)), WORKING_SET_PARTS,
             format_count(events, r->set->events));
    text_tail(r->input, MAX(r->width, WORKING_SET_WIDTH_MIN) - strlen(title), out);
    strbuf_printf(out, "%s\n\n", title);
    plot(r, out);
    strbuf_append(out, "\n");
    tables(r->set, out);
    if (r->set->each > 1)
        strbuf_printf(out, "From one page in %" PRIu64 ", chosen at random.\n", r->set->each);
}

/* --- for programs ----------------------------------------------------------------------------- */

void working_set_csv(const struct working_set *w, struct strbuf *out)
{
    strbuf_append(out, "part,from_percent,bytes,last_touched_bytes,longest_rest_bytes\n");
    for (unsigned i = 0; i < WORKING_SET_PARTS; i++)
        strbuf_printf(out, "%u,%.4g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", i,
                      100.0 * i / WORKING_SET_PARTS, bytes_of(w->pages[i]), bytes_of(w->last[i]),
                      bytes_of(w->rest[i]));
}

static json_object *parts_json(const u64 *pages)
{
    json_object *row = json_new_row();

    for (unsigned i = 0; i < WORKING_SET_PARTS; i++)
        json_append(row, json_new_u64(bytes_of(pages[i])));
    return row;
}

json_object *working_set_json(const struct working_set *w)
{
    json_object *o = json_new_object(), *shares = json_new_object();

    json_put_u64(o, "events", w->events);
    json_put_u64(o, "touched_bytes", bytes_of(w->touched));
    json_put_u64(o, "one_page_in", w->each);
    for (unsigned i = 0; i < ARRAY_SIZE(percentiles); i++)
        json_put_u64(shares, percentiles[i].key,
                     bytes_of(working_set_percentile(w, percentiles[i].share)));
    json_put(o, "percentiles", shares);
    json_put(o, "bytes", parts_json(w->pages));
    json_put(o, "last_touched_bytes", parts_json(w->last));
    json_put(o, "longest_rest_bytes", parts_json(w->rest));
    return o;
}
