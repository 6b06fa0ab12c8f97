/* view.h - the few things screens are drawn from: lines of text, bars, sparklines, arrows,
 * paragraphs.
 *
 * All of them draw within the grid and its clip and return the columns or rows they took. In ASCII
 * each has a form of its own.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include "top/grid.h"

struct area {
    int x, y, width, height;
};

enum glyph {
    GLYPH_RULE,       /* ─ - */
    GLYPH_ARROW,      /* ▶ > */
    GLYPH_ARROW_LEFT, /* ◀ < */
    GLYPH_DOT,        /* · . */
    GLYPH_BLOCK,      /* █ # */
    GLYPH_SHADE,      /* ░ . */
    GLYPH_SWATCH,     /* ■ * */
    GLYPH_MARK,       /* ┃ | */
    GLYPH_CORNER,     /* ╰ ` */
    GLYPH_CORNER_END, /* ╯ ' */
    GLYPH_BRANCH,     /* ├ | */
    GLYPH_LAST,       /* └ ` */
    GLYPH_STEM,       /* │ | */
    GLYPH_DOWN,       /* ▼ v */
    GLYPH_UP,         /* ▲ ^ */
    GLYPH_FOLDED,     /* ▸ + */
    NR_GLYPHS
};
u32 view_glyph(const struct grid *g, enum glyph glyph);

/* Formatted text in at most `width` columns. Returns the columns it took. */
int view_printf(struct grid *g, int x, int y, int width, enum style style, const char *fmt, ...)
    HW_PRINTF(6, 7);

/* Against the right edge of the `width` columns from x on. */
void view_right(struct grid *g, int x, int y, int width, enum style style, const char *text);

/* "── Title ─────────── note ──" over the whole width of the area, at row y. */
void view_section(struct grid *g, const struct area *a, int y, const char *title, const char *note);

/* A bar of `width` columns that parts share in proportion to their amounts. */
struct bar_part {
    double amount;
    enum style style;
    char letter; /* what fills it where colours cannot tell */
};
/* Columns of each part: they add up to width, by largest remainder; ties go to the first.
 * ret_columns has nr entries. */
void view_bar_columns(const struct bar_part *parts, unsigned nr, int width, int *ret_columns);
void view_bar(struct grid *g, int x, int y, int width, const struct bar_part *parts, unsigned nr);

/* The last `width` values, one a column, the newest at the right; from 0 to max. NAN leaves a
 * blank. */
void view_spark(struct grid *g, int x, int y, int width, const double *values, int count,
                double max, enum style style);

/* "───▶" of a length that grows with the logarithm of amount from `least` to `most`; dots when
 * there is none. */
void view_arrow(struct grid *g, int x, int y, int width, double amount, double least, double most,
                enum style style);

/* Text broken between words, from row y on. Returns the rows it took. */
int view_paragraph(struct grid *g, const struct area *a, int y, enum style style, const char *text);

#endif
