/* table.h - rows as a table: which columns fit, in which order the rows stand, which one the cursor
 * is on.
 *
 * A table knows its rows by accessors alone: one per column, to a number or to a text. Rows may
 * form a tree, drawn with its branches; siblings are sorted, so that a tree stays one under any
 * sort. Unknown numbers (NAN) sort last whichever way; rows that are equal keep the order they came
 * in.
 */
#ifndef TOP_TABLE_H
#define TOP_TABLE_H

#include "base/vec.h"
#include "top/view.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_PLAIN, /* a number that names something: no units */
    COLUMN_BYTES, /* INFINITY: no limit */
    COLUMN_COUNT,
    COLUMN_PERCENT
};

struct column {
    const char *title;
    int width; /* 0: what the others leave; one column of a table */
    int rank;  /* where room is short, the highest go first; 0 stays */
    enum column_kind kind;
    double (*number)(const void *row);
    const char *(*text)(const void *row);
    /* instead of text where a tree is shown flat; may be NULL */
    const char *(*flat_text)(const void *row);
    const char *help;
};

/* What names something is sorted upwards unless reversed, amounts downwards. */
static inline bool column_ascends(const struct column *c)
{
    return c->kind == COLUMN_TEXT || c->kind == COLUMN_PLAIN;
}

struct table {
    const struct column *columns;
    int nr_columns;
    size_t row_bytes;
    u64 (*key)(const void *row);
    /* May be NULL: no tree. Index of the parent, which is smaller than the row's own; GROUP_NONE
     * for a root. */
    u32 (*parent)(const void *row);
    bool (*matches)(const void *row, const char *filter);
    enum style (*style)(const void *row); /* may be NULL */
    int default_sort;                     /* column; -1: as they come */
};

/* What the user chose. */
struct table_state {
    int sort; /* column; -1: as they come */
    bool reverse, flat;
    char filter[64];
    u64 selected; /* key */
    bool has_selected;
    int at;          /* position of the selected row */
    int scroll;      /* position of the first row shown */
    u64 blank;       /* bit c: column c has no figure in any row, and is not shown */
    VEC(u64) folded; /* keys of rows whose children are hidden */
};

/* One row in its place. */
struct table_place {
    u32 row;
    u16 depth;
    bool last;    /* of its siblings */
    bool folded;  /* has children that are hidden */
    bool matches; /* false: shown only for the sake of a descendant */
    u64 stems;    /* bit d: an ancestor at depth d has siblings to come */
};

struct table_order {
    VEC(struct table_place) places;
};

void table_state_init(struct table_state *s, const struct table *t);
void table_state_done(struct table_state *s);

/* Sort and filter `count` rows; the cursor stays on its row, or near where it was. */
void table_arrange(const struct table *t, struct table_state *s, const void *rows, size_t count,
                   struct table_order *ret);
void table_order_done(struct table_order *o);

/* Move the cursor by rows; beyond the ends it stays there. */
void table_move(const struct table *t, struct table_state *s, const struct table_order *o,
                const void *rows, int by);

/* Sort by the next (+1) or previous (-1) column that has figures. */
void table_sort_next(const struct table *t, struct table_state *s, int by);

/* Hide or show the children of the selected row. */
void table_fold(struct table_state *s);

/* Column names at the top of the area, rows below. `hint` stands where there are no rows. */
void table_draw(struct grid *g, const struct area *a, const struct table *t, struct table_state *s,
                const struct table_order *o, const void *rows, const char *hint);

#endif
