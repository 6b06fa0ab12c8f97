/* format_dstat.c - dstat and pcp dstat: any choice of columns in panels, a row for each interval.
 *
 *   ----system---- ------memory-usage----- ----swap--- ---paging--
 *        time     | used  free  buff  cach| used  free|  in   out
 *   28-11 03:10:01|15.2G  121M 1024k  201M|1900M  148M|  41M   39M
 *
 * A panel is known by its title; which column is which within it by the line below. The last row is
 * the machine's memory, and rates are the mean of all but the first, which is since boot.
 */
#include "paste/block.h"

#include <math.h>

#define PANELS_MAX 24

/* One panel: the part of a line between two bars. */
static bool take_panel(struct span *line, struct span *ret)
{
    const char *bar;

    if (line->at >= line->end)
        return false;
    for (bar = line->at; bar < line->end && *bar != '|' && *bar != ':'; bar++)
        ;
    /* A colon ends a panel too, and stands in the time of a row: there digits are around it. */
    while (bar < line->end && *bar == ':' && bar + 1 < line->end && is_digit(bar[1]))
        for (bar++; bar < line->end && *bar != '|' && *bar != ':'; bar++)
            ;
    *ret = (struct span){line->at, bar};
    line->at = bar < line->end ? bar + 1 : bar;
    return true;
}

enum panel { PANEL_OTHER, PANEL_MEMORY, PANEL_SWAP, PANEL_PAGING, PANEL_CPU };

/* What the line of columns says: the titles above it are cut to the width of the panel, and often
 * lost. */
static enum panel panel_of(struct span columns)
{
    if (words_begin(columns, "used free buff cach") || words_begin(columns, "used buff cach free"))
        return PANEL_MEMORY;
    if (words_begin(columns, "used free"))
        return PANEL_SWAP;
    if (words_begin(columns, "in out"))
        return PANEL_PAGING;
    if (words_begin(columns, "usr sys idl wai"))
        return PANEL_CPU;
    return PANEL_OTHER;
}

static bool is_columns(struct span line)
{
    struct span panel;

    if (!memchr(line.at, '|', span_len(line)))
        return false;
    for (unsigned i = 0; i < PANELS_MAX && take_panel(&line, &panel); i++)
        if (panel_of(panel) == PANEL_MEMORY || panel_of(panel) == PANEL_SWAP)
            return true;
    return false;
}

/* "----total-cpu-usage---- ------memory-usage-----" above the columns. */
static bool is_titles(struct span line)
{
    struct span rest = span_trim(line);

    return span_begins(rest, "--") &&
           (span_find(rest, "-memory-usage-") || span_find(rest, "--swap-"));
}

bool dstat_begins(const struct block *b, struct span line)
{
    (void)b;
    return is_titles(line) || is_columns(line);
}

bool dstat_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return is_columns(line) || is_titles(line) ||
           (!span_empty(rest) && is_digit(*rest.at) && memchr(rest.at, '|', span_len(rest)));
}

struct dstat {
    struct span columns; /* the line that names them */
    double paged_in, paged_out, iowait;
    unsigned rows;
};

static void take_memory(struct block *b, const struct fields *names, const struct fields *row)
{
    u64 total = 0, value;

    for (unsigned i = 0; i < MIN(names->count, row->count); i++) {
        if (!amount_of(row->at[i], 1, &value) || value > (u64)1 << 60)
            return;
        total += value;
        if (span_is(names->at[i], "free"))
            block_meminfo(b, MI_MEM_FREE, value, RANK_ROUNDED);
        else if (span_is(names->at[i], "buff"))
            block_meminfo(b, MI_BUFFERS, value, RANK_ROUNDED);
        else if (span_is(names->at[i], "cach"))
            block_meminfo(b, MI_CACHED, value, RANK_ROUNDED);
        else if (span_is(names->at[i], "used"))
            b->p->s.used = value;
    }
    block_meminfo(b, MI_MEM_TOTAL, total, RANK_ROUNDED);
}

static void take_swap(struct block *b, const struct fields *row)
{
    u64 used, rest;

    if (row->count < 2 || !amount_of(row->at[0], 1, &used) || !amount_of(row->at[1], 1, &rest) ||
        used > (u64)1 << 60 || rest > (u64)1 << 60)
        return;
    block_meminfo(b, MI_SWAP_TOTAL, used + rest, RANK_ROUNDED);
    block_meminfo(b, MI_SWAP_FREE, rest, RANK_ROUNDED);
}

static void take_paging(struct dstat *d, const struct fields *row)
{
    u64 in, out;

    if (row->count < 2 || !amount_of(row->at[0], 1, &in) || !amount_of(row->at[1], 1, &out))
        return;
    d->paged_in += (double)in / 4096;
    d->paged_out += (double)out / 4096;
}

static void take_dstat_row(struct block *b, struct dstat *d, struct span line)
{
    struct span columns = d->columns, names, cells;
    struct fields name, row;

    d->rows++;
    for (unsigned i = 0;
         i < PANELS_MAX && take_panel(&columns, &names) && take_panel(&line, &cells); i++) {
        enum panel panel = panel_of(names);
        double wait;

        fields_split(names, &name);
        fields_split(cells, &row);
        if (panel == PANEL_MEMORY)
            take_memory(b, &name, &row);
        else if (panel == PANEL_SWAP)
            take_swap(b, &row);
        else if (panel == PANEL_PAGING && d->rows > 1)
            take_paging(d, &row);
        else if (panel == PANEL_CPU && d->rows > 1 && row.count > 3 &&
                 decimal_take(&row.at[3], &wait))
            d->iowait += wait;
    }
}

unsigned dstat_parse(struct block *b, struct span text)
{
    struct dstat d = {.columns = text};
    struct span line, columns, panel;
    bool paging = false, cpu = false, named = false;

    while (span_take_line(&text, &line)) {
        struct span rest = span_trim(line);

        if (is_columns(line)) {
            d.columns = columns = line;
            named = true;
            while (take_panel(&columns, &panel)) {
                paging |= panel_of(panel) == PANEL_PAGING;
                cpu |= panel_of(panel) == PANEL_CPU;
            }
        } else if (named && !span_empty(rest) && is_digit(*rest.at)) {
            take_dstat_row(b, &d, line);
        }
    }
    if (d.rows > 1 && paging) {
        block_rate(b, PSWPIN, d.paged_in / (d.rows - 1));
        block_rate(b, PSWPOUT, d.paged_out / (d.rows - 1));
        block_interval(b, d.rows - 1);
        b->p->s.interval_untold = true;
    }
    if (d.rows > 1 && cpu)
        block_iowait(b, d.iowait / (d.rows - 1));
    return d.rows;
}
