/* screen_economy.c - an economy as a bar, a scale of what it costs to get it back, and a legend.
 *
 *     KKKSSSAAAAAAAAAAAAAAAATTDMMfffffffffff..........
 *     `kernel'`-- needs swap --'  `- cheap -'`- free -'
 *     K kernel   12.8M  4%    A anonymous   304M 88%   ...
 */
#include "top/screen_int.h"

#include "top/amount.h"

#include <stdio.h>

#define LEGEND_WIDTH 26

static bool is_nothing(const struct economy *e, unsigned use)
{
    return !known(e->bytes[use]) || e->bytes[use] == 0;
}

/* Hardly any machine has pinned memory: it has a place where there is some. */
static bool is_shown(const struct economy *e, unsigned use)
{
    return use != USE_PINNED || !is_nothing(e, use);
}

static int nr_shown(const struct economy *e)
{
    return NR_USES - !is_shown(e, USE_PINNED);
}

int screen_economy_rows(int width, const struct economy *e)
{
    return DIV_ROUND_UP(nr_shown(e), CLAMP((width - 1) / LEGEND_WIDTH, 1, 6));
}

static void draw_legend(struct grid *g, const struct area *a, int y, int rows,
                        const struct economy *e)
{
    int columns = CLAMP((a->width - 1) / LEGEND_WIDTH, 1, 6), step = (a->width - 1) / columns;
    int per_column = DIV_ROUND_UP(nr_shown(e), columns), place = 0;
    char amount[AMOUNT_MAX];

    for (unsigned i = 0; i < NR_USES; i++) {
        enum style style = is_nothing(e, i) ? STYLE_DIM : STYLE_PLAIN;
        int x = a->x + 1 + place / per_column * step, row = place % per_column;

        if (!is_shown(e, i))
            continue;
        place++;
        if (row >= rows)
            continue;
        grid_fill(g, x, y + row, 1, STYLE_USE + i,
                  g->look.blocks ? view_glyph(g, GLYPH_SWATCH) : (u32)use_info[i].letter);
        grid_text(g, x + 2, y + row, 13, style, use_info[i].name);
        view_right(g, x + 14, y + row, 6, style, amount_bytes(amount, e->bytes[i]));
        if (known(e->bytes[i]))
            snprintf(amount, sizeof(amount), "%.0f%%",
                     100.0 * (double)e->bytes[i] / (double)e->total);
        else
            amount[0] = '\0';
        view_right(g, x + 20, y + row, 4, STYLE_DIM, amount);
    }
}

/* Under each run of segments of one cost: what it takes to get that memory back. */
static void draw_scale(struct grid *g, const struct area *a, int y, const int *columns,
                       const struct economy *e)
{
    static const char *const labels[NR_USE_COSTS][2] = {
        [USE_COST_FIXED] = {"kernel", "kernel"},
        [USE_COST_PINNED] = {"pinned: stays", "pinned"},
        [USE_COST_POOL] = {"pool of huge pages", "pool"},
        [USE_COST_SWAP] = {"needs swap", "swap"},
        [USE_COST_WRITE] = {"needs writing", "write"},
        [USE_COST_READ] = {"cheap: read again if needed", "cheap"},
        [USE_COST_NONE] = {"free", "free"},
    };
    int x = a->x + 1, use = 0;

    for (unsigned cost = 0; cost < NR_USE_COSTS; cost++) {
        const char *label = labels[cost][0];
        int width = 0, label_width;

        for (; use < NR_USES && use_info[use].cost == cost; use++)
            width += columns[use];
        if (cost == USE_COST_SWAP && e->swap_total == 0)
            label = "no swap: stays";
        if (grid_text_width(g, label) + 4 > width)
            label = labels[cost][1];
        label_width = grid_text_width(g, label);
        if (width >= 2) {
            grid_fill(g, x, y, width, STYLE_DIM, view_glyph(g, GLYPH_RULE));
            grid_fill(g, x, y, 1, STYLE_DIM, view_glyph(g, GLYPH_CORNER));
            grid_fill(g, x + width - 1, y, 1, STYLE_DIM, view_glyph(g, GLYPH_CORNER_END));
        }
        if (label_width + 4 <= width)
            view_printf(g, x + (width - label_width - 2) / 2, y, label_width + 2, STYLE_DIM, " %s ",
                        label);
        x += width;
    }
}

void screen_economy_draw(struct grid *g, const struct area *a, int y, int legend, bool with_scale,
                         const struct economy *e)
{
    struct bar_part parts[NR_USES];
    int columns[NR_USES];

    for (unsigned i = 0; i < NR_USES; i++)
        parts[i] =
            (struct bar_part){(double)figure_or(e->bytes[i], 0), STYLE_USE + i, use_info[i].letter};
    view_bar(g, a->x + 1, y, a->width - 2, parts, NR_USES);
    if (with_scale) {
        view_bar_columns(parts, NR_USES, a->width - 2, columns);
        draw_scale(g, a, y + 1, columns, e);
    }
    draw_legend(g, a, y + 1 + with_scale, legend, e);
}
