/* grid.h - a screen as a grid of cells, which any backend may paint and any test may read.
 *
 * Screens draw here and nowhere else; top/display.c paints the difference between two grids on a
 * terminal, and grid_render_text() is what --once and the tests see.
 *
 * Never:      knows a terminal. Draws outside of itself or of its clip: whatever does not fit is
 *             cut.
 * Invariants: (grid_check) a wide character is two cells, the second with code 0; none stands cut
 *             in half at an edge; a cell holds a printable character, ASCII when look.utf8 is off.
 */
#ifndef TOP_GRID_H
#define TOP_GRID_H

#include "base/strbuf.h"

/* What a cell means; the backend knows how that looks. */
enum style {
    STYLE_PLAIN,
    STYLE_DIM,
    STYLE_BOLD,
    STYLE_BAR,      /* first and last line of the screen */
    STYLE_SECTION,  /* title of a part */
    STYLE_HEAD,     /* names of columns */
    STYLE_SORTED,   /* the one that sorts */
    STYLE_SELECTED, /* the row of the cursor */
    STYLE_KEY,
    STYLE_FLOW,
    STYLE_GOOD,
    STYLE_INFO,
    STYLE_WARNING,
    STYLE_CRITICAL,
    STYLE_USE, /* + enum use: a segment of the bar of all memory */
    NR_STYLES = STYLE_USE + 16
};

struct look {
    bool utf8;   /* or ASCII alone */
    bool blocks; /* colours tell the segments of a bar apart; else their letters do */
};

struct cell {
    u32 code; /* 0: right half of a wide character */
    u32 style;
};

struct grid {
    int width, height;
    struct look look;
    int clip_top, clip_bottom; /* rows drawn on: top <= y < bottom */
    struct cell *cells;        /* row by row */
};

void grid_init(struct grid *g, int width, int height, struct look look);
void grid_done(struct grid *g);
/* Another size, all blank. */
void grid_resize(struct grid *g, int width, int height);
/* All blank, no clip. */
void grid_clear(struct grid *g);

static inline struct cell *grid_cell(const struct grid *g, int x, int y)
{
    return &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
}

/* Draw at most `width` columns of text from x on; returns how many it took. A text that is too long
 * ends with "…" ("~" in ASCII). */
int grid_text(struct grid *g, int x, int y, int width, enum style style, const char *text);

/* One character of one column, `count` times. */
void grid_fill(struct grid *g, int x, int y, int count, enum style style, u32 code);

/* Give cells that are drawn already another style. */
void grid_restyle(struct grid *g, int x, int y, int count, enum style style);

/* Columns that a text takes. */
int grid_text_width(const struct grid *g, const char *text);

/* Append all rows as lines of UTF-8, without blanks at their ends. */
void grid_render_text(const struct grid *g, struct strbuf *out);

void grid_check(const struct grid *g);

#endif
