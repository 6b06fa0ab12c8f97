/* size_plot.c - a grid of characters, filled with points.
 *
 *     3.0x x xxx
 *              *
 *     2.0x      *
 *                 *
 *     1.1x -----------*--------  usable
 *     1.0x               *  *
 *         5.3 MiB      85.0 MiB
 *
 * Limits are spread by their logarithm, because the grid of a sweep is. A run that was killed or
 * cut short has no time: it stands at the top.
 */
#include "report/size_plot.h"

#include "base/units.h"

#include <string.h>

#define ROWS    9u
#define COLUMNS 60u
#define MARGIN  7 /* of the labels */

/* log2 to within a tenth of a column: between two powers a straight line is good enough. */
static double log2_of(u64 n)
{
    unsigned power = 63u - (unsigned)__builtin_clzll(n | 1);

    return (double)power + (double)(n - BIT_ULL(power)) / (double)BIT_ULL(power);
}

struct plot {
    char cells[ROWS][COLUMNS + 1];
    double low, high; /* log2 of the limits */
    double max;       /* the slowdown at the top */
};

static unsigned row_of(const struct plot *p, double slowdown)
{
    double part = (p->max - slowdown) / (p->max - 1);

    if (part <= 0)
        return 0;
    return MIN((unsigned)(part * (ROWS - 1) + 0.5), ROWS - 1);
}

static unsigned column_of(const struct plot *p, u64 limit)
{
    double part = p->high > p->low ? (log2_of(limit) - p->low) / (p->high - p->low) : 0;

    return MIN((unsigned)(part * (COLUMNS - 1) + 0.5), COLUMNS - 1);
}

/* Rounding puts nothing on the other side of the line. */
static void put_rows(struct plot *p, const struct size_result *res, unsigned line)
{
    vec_for_each (&res->rows, row) {
        unsigned near = row_of(p, row->slowdown);
        unsigned at = row->usable     ? MAX(near, line)
                      : row->survives ? MIN(near, line ? line - 1 : 0)
                                      : 0;
        char *cell = &p->cells[at][column_of(p, row->limit_bytes)];

        /* Of several in one cell the worst is seen. */
        if (*cell != 'x')
            *cell = row->survives ? '*' : 'x';
    }
}

void size_plot(const struct size_result *res, const struct size_config *config, struct strbuf *out)
{
    struct plot p = {.max = config->max_slowdown};
    unsigned usable;
    char first[UNITS_TEXT_MAX], last[UNITS_TEXT_MAX];

    if (res->rows.count < SIZE_PLOT_MIN || p.max <= 1)
        return;
    p.low = log2_of(res->rows.items[0].limit_bytes);
    p.high = log2_of(vec_last(&res->rows).limit_bytes);
    usable = row_of(&p, config->usable_slowdown);
    for (unsigned r = 0; r < ROWS; r++)
        memset(p.cells[r], r == usable ? '-' : ' ', COLUMNS);
    put_rows(&p, res, usable);
    for (unsigned r = 0; r < ROWS; r++) {
        double slowdown = p.max - (p.max - 1) * r / (ROWS - 1);
        size_t len = COLUMNS;

        while (len && p.cells[r][len - 1] == ' ')
            len--;
        p.cells[r][len] = '\0';
        if (r == usable)
            slowdown = config->usable_slowdown;
        if (r % 2 == 0 || r == usable)
            strbuf_printf(out, "%*.2fx |%s%s\n", MARGIN, slowdown, p.cells[r],
                          r == usable ? " usable up to here" : "");
        else
            strbuf_printf(out, "%*s  |%s\n", MARGIN, "", p.cells[r]);
    }
    format_limit(first, res->rows.items[0].limit_bytes);
    format_limit(last, vec_last(&res->rows).limit_bytes);
    strbuf_printf(out, "%*s   %s%*s\n", MARGIN, "", first, (int)(COLUMNS - strlen(first)), last);
    strbuf_printf(out, "%*s   time over memory.max; * survived, x killed or cut short\n\n", MARGIN,
                  "");
}
