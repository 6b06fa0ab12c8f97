/* diagnose_plot.c - figures over time, a line each.
 *
 *     in use                 |===+++***%%%%@@@@@@@@@@@@@@@@@@@@@@@@@@@|     64.0 MiB
 *     memory, some           |     .::-====++                         |         17 %
 *     cgroup-thrash          |       !!!!!!                           | /web
 *
 * Time is spread evenly over the columns, so that a gap in a capture is as wide as it was long. A
 * column has the most of the moments (of a level), or of the rates between two moments (of a
 * count), that reach into it: no peak is lost. The darkest mark is the most of the line, which
 * stands behind it.
 */
#include "report/diagnose_plot.h"

#include "base/units.h"

#include <stdio.h>
#include <string.h>

#define CELLS      40u
#define TRACKS_MAX 5u /* lines of findings */

static const char ramp[] = " .:-=+*#%@";

enum figure_kind { LEVEL, RATE, SHARE };

static const struct {
    const char *label;
    enum figure_kind kind;
    const char *columns[2]; /* of the document; added up */
} lines[] = {
    {"in use", LEVEL, {"memory.current"}},
    {"anonymous", LEVEL, {"anon"}},
    {"in swap", LEVEL, {"memory.swap.current"}},
    {"memory, some", SHARE, {"memory_some_us"}},
    {"I/O, some", SHARE, {"io_some_us"}},
    {"major faults", RATE, {"pgmajfault"}},
    {"refaults", RATE, {"workingset_refault_file", "workingset_refault_anon"}},
    {"swapped out", RATE, {"pswpout"}},
    {"direct reclaim", RATE, {"pgscan_direct"}},
};

/* end: the last moment; the first is 0. */
static unsigned cell_of(ns_t end, ns_t at)
{
    return (unsigned)((double)at / (double)end * (CELLS - 1) + 0.5);
}

/* At moment i, or per second since the moment before; below 0 where that is not known. */
static double figure_at(const struct over_time *m, unsigned line, size_t i)
{
    double sum = 0;

    for (unsigned c = 0; c < ARRAY_SIZE(lines[line].columns) && lines[line].columns[c]; c++) {
        unsigned column = diagnose_over_time_column(lines[line].columns[c]);
        s64 now = m->values.items[i * m->nr_columns + column], before;

        if (now == OVER_TIME_UNKNOWN)
            return -1;
        if (lines[line].kind == LEVEL) {
            sum += (double)now;
            continue;
        }
        /* Counts begin anew with the machine. */
        before = i ? m->values.items[(i - 1) * m->nr_columns + column] : OVER_TIME_UNKNOWN;
        if (before == OVER_TIME_UNKNOWN || now < before)
            return -1;
        sum +=
            (double)(now - before) * NS_PER_S / (double)(m->times.items[i] - m->times.items[i - 1]);
    }
    /* A share of the time, in microseconds of a second. */
    return lines[line].kind == SHARE ? MIN(sum / 1e4, 100.0) : sum;
}

static void add_line(const struct over_time *m, unsigned line, struct strbuf *out)
{
    ns_t end = vec_last(&m->times);
    double cells[CELLS] = {0}, most = 0;
    char row[CELLS + 1], text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < m->times.count; i++) {
        double figure = figure_at(m, line, i);
        unsigned last = cell_of(end, m->times.items[i]);
        unsigned first = i ? cell_of(end, m->times.items[i - 1]) + 1 : 0;

        for (unsigned c = MIN(first, last); c <= last; c++)
            cells[c] = MAX(cells[c], figure);
        most = MAX(most, figure);
    }
    /* A share that rounds to nothing is nothing. */
    if (lines[line].kind == SHARE ? most < 0.5 : most < 1)
        return;
    for (unsigned c = 0; c < CELLS; c++)
        row[c] =
            ramp[cells[c] <= 0 ? 0 : 1 + (unsigned)(cells[c] / most * (sizeof(ramp) - 3) + 0.5)];
    row[CELLS] = '\0';
    if (lines[line].kind == LEVEL)
        format_bytes(text, (u64)most);
    else if (lines[line].kind == RATE)
        snprintf(text, sizeof(text), "%.0f /s", most);
    else
        snprintf(text, sizeof(text), "%.0f %%", most);
    strbuf_printf(out, "  %-22.22s |%s| %12s\n", lines[line].label, row, text);
}

static void add_track(const struct finding_track *t, ns_t end, struct strbuf *out)
{
    char row[CELLS + 1];

    memset(row, ' ', CELLS);
    row[CELLS] = '\0';
    for (size_t i = 0; i < t->from.count; i++)
        memset(row + cell_of(end, t->from.items[i]), '!',
               cell_of(end, t->to.items[i]) - cell_of(end, t->from.items[i]) + 1);
    strbuf_printf(out, "  %-22.22s |%s| %.12s\n", rule_info[t->rule].name, row, t->scope);
}

void diagnose_plot(const struct diagnose_over_time *o, struct strbuf *out)
{
    const struct over_time *m = &o->moments;
    unsigned tracks = 0;

    if (m->times.count < DIAGNOSE_OVER_TIME_MIN || vec_last(&m->times) == 0)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
        add_line(m, i, out);
    for (enum severity severity = SEV_CRITICAL; severity >= SEV_WARNING; severity--)
        vec_for_each (&o->tracks, t)
            if (t->severity == severity && tracks++ < TRACKS_MAX)
                add_track(t, vec_last(&m->times), out);
}
