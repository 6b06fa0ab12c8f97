/* grid.c - cells, and text cut to whole characters.
 *
 * Widths are the C library's (wcwidth), as the terminal library's are. A combining mark has no
 * column of its own and is left out; what is not printable, or not ASCII where only ASCII is shown,
 * becomes '?'.
 */
#include "top/grid.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <string.h>
#include <wchar.h>

#define ELLIPSIS 0x2026

static void blank(struct cell *cell)
{
    *cell = (struct cell){.code = ' ', .style = STYLE_PLAIN};
}

void grid_init(struct grid *g, int width, int height, struct look look)
{
    *g = (struct grid){.look = look};
    grid_resize(g, width, height);
}

void grid_done(struct grid *g)
{
    free(g->cells);
    g->cells = NULL;
}

void grid_resize(struct grid *g, int width, int height)
{
    assert(width > 0 && height > 0);
    g->width = width;
    g->height = height;
    g->cells = xrealloc_array(g->cells, (size_t)width * (size_t)height, sizeof(*g->cells));
    grid_clear(g);
}

void grid_clear(struct grid *g)
{
    size_t count = (size_t)g->width * (size_t)g->height;

    for (size_t i = 0; i < count; i++)
        blank(&g->cells[i]);
    g->clip_top = 0;
    g->clip_bottom = g->height;
}

/* What is shown for a code point, and in how many columns. */
static u32 shown(const struct grid *g, u32 code, int *ret_width)
{
    int width;

    *ret_width = 1;
    if (code >= ' ' && code < 0x7f)
        return code;
    if (!g->look.utf8 || utf8_is_hidden(code))
        return '?';
    width = wcwidth((wchar_t)code);
    if (width < 0)
        return '?';
    *ret_width = width;
    return code;
}

int grid_text_width(const struct grid *g, const char *text)
{
    int total = 0, width;

    while (*text) {
        shown(g, utf8_next(&text), &width);
        total += width;
    }
    return total;
}

static bool row_is_drawn(const struct grid *g, int y)
{
    return y >= MAX(g->clip_top, 0) && y < MIN(g->clip_bottom, g->height);
}

/* A character that loses one half loses both. */
static void put(struct grid *g, int x, int y, int width, enum style style, u32 code)
{
    if (x < 0 || x + width > g->width)
        return;
    if (!grid_cell(g, x, y)->code)
        grid_cell(g, x - 1, y)->code = ' ';
    if (x + width < g->width && !grid_cell(g, x + width, y)->code)
        grid_cell(g, x + width, y)->code = ' ';
    *grid_cell(g, x, y) = (struct cell){.code = code, .style = style};
    if (width == 2)
        *grid_cell(g, x + 1, y) = (struct cell){.code = 0, .style = style};
}

int grid_text(struct grid *g, int x, int y, int width, enum style style, const char *text)
{
    int room = MIN(width, g->width - x);
    bool cut = grid_text_width(g, text) > room;
    int taken = 0, columns;

    if (!row_is_drawn(g, y) || room <= 0)
        return 0;
    while (*text) {
        u32 code = shown(g, utf8_next(&text), &columns);

        if (taken + columns > room - cut)
            break;
        if (columns)
            put(g, x + taken, y, columns, style, code);
        taken += columns;
    }
    if (cut) {
        put(g, x + taken, y, 1, style, g->look.utf8 ? ELLIPSIS : '~');
        taken++;
    }
    return taken;
}

void grid_fill(struct grid *g, int x, int y, int count, enum style style, u32 code)
{
    if (!row_is_drawn(g, y))
        return;
    for (int i = MAX(x, 0); i < MIN(x + count, g->width); i++)
        put(g, i, y, 1, style, code);
}

void grid_restyle(struct grid *g, int x, int y, int count, enum style style)
{
    if (!row_is_drawn(g, y))
        return;
    for (int i = MAX(x, 0); i < MIN(x + count, g->width); i++)
        grid_cell(g, i, y)->style = style;
}

void grid_render_text(const struct grid *g, struct strbuf *out)
{
    for (int y = 0; y < g->height; y++) {
        int end = g->width;

        while (end > 0 && grid_cell(g, end - 1, y)->code == ' ')
            end--;
        for (int x = 0; x < end; x++) {
            if (grid_cell(g, x, y)->code)
                utf8_append(out, grid_cell(g, x, y)->code);
        }
        strbuf_appendc(out, '\n');
    }
}

void grid_check(const struct grid *g)
{
    for (int y = 0; y < g->height; y++) {
        for (int x = 0; x < g->width; x++) {
            const struct cell *cell = grid_cell(g, x, y);
            int width = cell->code < 0x80 ? 1 : wcwidth((wchar_t)cell->code);

            assert(cell->style < NR_STYLES);
            if (!cell->code) {
                assert(x > 0 && wcwidth((wchar_t)grid_cell(g, x - 1, y)->code) == 2);
                continue;
            }
            assert(cell->code >= ' ' && cell->code != 0x7f);
            assert(g->look.utf8 || cell->code < 0x80);
            assert(width == 1 || (x + 1 < g->width && !grid_cell(g, x + 1, y)->code));
        }
    }
}
