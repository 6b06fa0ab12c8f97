/* table_draw.c - a table on the grid: columns by rank until the width is used up, then the rows
 * around the cursor. */
#include "top/amount.h"
#include "top/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX    32
#define FLEX_WIDTH_MIN 16 /* of the column that takes what is left; or a quarter of all */
#define GAP            1
#define BYTES_MAX      1e19 /* what is more does not come back from a double */

/* Columns that are shown and how wide; 0: not shown. */
static void choose_columns(const struct table *t, const struct table_state *s, int width,
                           int *ret_widths)
{
    int flex_min = MAX(FLEX_WIDTH_MIN, width / 4), left = width - flex_min, flex = -1;

    assert(t->nr_columns <= COLUMNS_MAX);
    for (int i = 0; i < t->nr_columns; i++) {
        ret_widths[i] = 0;
        if (!t->columns[i].width)
            flex = i;
    }
    /* The column that sorts stays as long as any does: an order without its figure explains
     * nothing. */
    if (s->sort >= 0 && s->sort != flex && !(s->blank & BIT_ULL(s->sort)) &&
        t->columns[s->sort].width + GAP <= left) {
        ret_widths[s->sort] = t->columns[s->sort].width;
        left -= ret_widths[s->sort] + GAP;
    }
    for (int rank = 0; rank < COLUMNS_MAX; rank++) {
        for (int i = 0; i < t->nr_columns; i++) {
            const struct column *c = &t->columns[i];

            if (c->rank != rank || i == flex || ret_widths[i] || s->blank & BIT_ULL(i))
                continue;
            if (c->width + GAP > left)
                goto full;
            ret_widths[i] = c->width;
            left -= c->width + GAP;
        }
    }
full:
    if (flex >= 0)
        ret_widths[flex] = MAX(left + flex_min, 1);
}

static void draw_head(struct grid *g, const struct area *a, const struct table *t,
                      const struct table_state *s, const int *widths)
{
    int x = a->x;

    grid_fill(g, a->x, a->y, a->width, STYLE_HEAD, ' ');
    for (int i = 0; i < t->nr_columns; i++) {
        const struct column *c = &t->columns[i];
        enum style style = i == s->sort ? STYLE_SORTED : STYLE_HEAD;

        if (!widths[i])
            continue;
        if (c->kind == COLUMN_TEXT)
            grid_text(g, x, a->y, widths[i], style, c->title);
        else
            view_right(g, x, a->y, widths[i], style, c->title);
        if (i == s->sort) {
            /* The arrow points to where the larger ones are; it takes the gap, never a letter. */
            bool up = column_ascends(c) != s->reverse;
            int end = c->kind == COLUMN_TEXT ? x + grid_text_width(g, c->title) : x + widths[i];

            grid_fill(g, end, a->y, 1, STYLE_SORTED, view_glyph(g, up ? GLYPH_UP : GLYPH_DOWN));
        }
        x += widths[i] + GAP;
    }
}

static void format_number(char buf[AMOUNT_MAX], const struct column *c, double number)
{
    switch (c->kind) {
    case COLUMN_PLAIN:
        snprintf(buf, AMOUNT_MAX, isnan(number) ? "-" : "%.0f", number);
        return;
    case COLUMN_BYTES:
        if (isinf(number))
            snprintf(buf, AMOUNT_MAX, "max");
        else if (isnan(number))
            snprintf(buf, AMOUNT_MAX, "-");
        else
            amount_bytes(buf, (u64)CLAMP(number, 0, BYTES_MAX));
        return;
    case COLUMN_PERCENT:
        amount_percent(buf, number);
        return;
    case COLUMN_COUNT:
        amount_count(buf, number);
        return;
    case COLUMN_TEXT:
        break;
    }
    hw_unreachable();
}

/* The branches before the name of a row in a tree. Returns the columns they take. */
static int draw_branches(struct grid *g, int x, int y, int width, const struct table_place *p)
{
    int depth = MIN(p->depth, MAX(width / 4, 0));

    for (int d = 1; d < depth; d++) {
        if (d < 64 && p->stems & BIT_ULL(d))
            grid_fill(g, x + 2 * (d - 1), y, 1, STYLE_DIM, view_glyph(g, GLYPH_STEM));
    }
    if (depth > 0) {
        grid_fill(g, x + 2 * (depth - 1), y, 1, STYLE_DIM,
                  view_glyph(g, p->last ? GLYPH_LAST : GLYPH_BRANCH));
        grid_fill(g, x + 2 * (depth - 1) + 1, y, 1, STYLE_DIM,
                  view_glyph(g, p->folded ? GLYPH_FOLDED : GLYPH_RULE));
    }
    return 2 * depth;
}

static const char *cell_text(const struct column *c, const struct table_state *s, const void *row)
{
    return c->flat_text && s->flat ? c->flat_text(row) : c->text(row);
}

/* One row and where it goes. */
struct line {
    int x, y;
    const void *row;
    const struct table_place *place;
};

static void draw_row(struct grid *g, const struct line *line, const struct table *t,
                     const struct table_state *s, const int *widths)
{
    const void *row = line->row;
    enum style style = t->style ? t->style(row) : STYLE_PLAIN;
    char buf[AMOUNT_MAX];
    int x = line->x, y = line->y;

    if (!line->place->matches)
        style = STYLE_DIM;
    for (int i = 0; i < t->nr_columns; i++) {
        const struct column *c = &t->columns[i];

        if (!widths[i])
            continue;
        if (c->kind == COLUMN_TEXT) {
            int used = c->width ? 0 : draw_branches(g, x, y, widths[i], line->place);

            grid_text(g, x + used, y, widths[i] - used, style, cell_text(c, s, row));
        } else {
            double number = c->number(row);

            format_number(buf, c, number);
            view_right(
                g, x, y, widths[i],
                isnan(number) || (number == 0 && c->kind != COLUMN_PLAIN) ? STYLE_DIM : style, buf);
        }
        x += widths[i] + GAP;
    }
}

void table_draw(struct grid *g, const struct area *a, const struct table *t, struct table_state *s,
                const struct table_order *o, const void *rows, const char *hint)
{
    int widths[COLUMNS_MAX], count = (int)o->places.count, height = a->height - 1;

    choose_columns(t, s, a->width - GAP, widths);
    draw_head(g, a, t, s, widths);
    if (height < 1)
        return;
    if (!count) {
        struct area text = {a->x + 1, a->y + 2, a->width - 2, height - 1};

        view_paragraph(g, &text, text.y, STYLE_DIM, hint);
        return;
    }
    /* Scroll no further than needed to see the cursor, and never past the last row. */
    s->scroll = CLAMP(s->scroll, s->at - height + 1, s->at);
    s->scroll = CLAMP(s->scroll, 0, MAX(count - height, 0));
    for (int i = 0; i < MIN(height, count - s->scroll); i++) {
        const struct table_place *place = &o->places.items[s->scroll + i];
        const struct line line = {a->x, a->y + 1 + i,
                                  (const char *)rows + place->row * t->row_bytes, place};

        draw_row(g, &line, t, s, widths);
        if (s->has_selected && s->scroll + i == s->at)
            grid_restyle(g, a->x, line.y, a->width, STYLE_SELECTED);
    }
}
