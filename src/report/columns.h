/* columns.h - a table of text as wide as what it holds. Columns that find no room below COLUMNS_MAX
 * go on in a further block, beside the row's label again.
 *
 * Use:  struct columns c; columns_init(&c, nr_rows); columns_label(&c, ROW, "always "); struct
 *       column *time = columns_add(&c, "", "time"); column_put(time, ROW, "1.2 s"); ...
 *       columns_render(&c, &out); columns_done(&c);
 */
#ifndef REPORT_COLUMNS_H
#define REPORT_COLUMNS_H

#include "base/strbuf.h"
#include "base/vec.h"

#define COLUMNS_MAX 100u
#define COLUMN_CELL 40u

struct column {
    const char *top, *name; /* the two lines of its head */
    bool left;              /* a word; else a number, which stands at the right */
    char (*cells)[COLUMN_CELL];
};

struct columns {
    unsigned nr_rows;
    VEC(struct strbuf) labels; /* of the second line of the head, and of each row; all as wide */
    VEC(struct column *) items;
};

void columns_init(struct columns *c, unsigned nr_rows);
void columns_done(struct columns *c);

/* `top` and `name` must live as long as c. */
struct column *columns_add(struct columns *c, const char *top, const char *name);
void column_put(struct column *column, unsigned row, const char *text);
void columns_render(const struct columns *c, struct strbuf *out);

#endif
