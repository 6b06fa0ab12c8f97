/* columns.c - a table of text: widths from what it holds, and blocks of columns that fit. */
#include "report/columns.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2u

void columns_init(struct columns *c, unsigned nr_rows)
{
    *c = (struct columns){.nr_rows = nr_rows};
    for (unsigned i = 0; i <= nr_rows; i++) {
        struct strbuf label;

        strbuf_init(&label);
        vec_push(&c->labels, label);
    }
}

void columns_done(struct columns *c)
{
    vec_for_each (&c->labels, label)
        strbuf_done(label);
    vec_for_each (&c->items, column) {
        free((*column)->cells);
        free(*column);
    }
    vec_done(&c->labels);
    vec_done(&c->items);
}

struct column *columns_add(struct columns *c, const char *top, const char *name)
{
    struct column *column = xcalloc(1, sizeof(*column));

    column->top = top;
    column->name = name;
    column->cells = xcalloc(MAX(c->nr_rows, 1), sizeof(*column->cells));
    vec_push(&c->items, column);
    return column;
}

void column_put(struct column *column, unsigned row, const char *text)
{
    snprintf(column->cells[row], sizeof(*column->cells), "%s", text);
}

static unsigned column_width(const struct columns *c, const struct column *column)
{
    size_t width = MAX(strlen(column->top), strlen(column->name));

    for (unsigned i = 0; i < c->nr_rows; i++)
        width = MAX(width, strlen(column->cells[i]));
    return (unsigned)width;
}

static void put_line(const struct columns *c, size_t from, size_t to, const char *label,
                     const char *(*text)(const struct column *column, unsigned row), unsigned row,
                     struct strbuf *out)
{
    size_t begin = out->len + c->labels.items[0].len;

    strbuf_printf(out, "%-*s", (int)c->labels.items[0].len, label);
    for (size_t i = from; i < to; i++) {
        const struct column *column = c->items.items[i];
        int width = (int)column_width(c, column);
        bool first = out->len == begin;

        strbuf_printf(out, "%*s%*s", first ? 0 : (int)GAP, "", column->left ? -width : width,
                      text(column, row));
    }
    while (out->len && out->text[out->len - 1] == ' ')
        out->text[--out->len] = '\0';
    strbuf_appendc(out, '\n');
}

static const char *text_top(const struct column *column, unsigned row HW_UNUSED)
{
    return column->top;
}

static const char *text_name(const struct column *column, unsigned row HW_UNUSED)
{
    return column->name;
}

static const char *text_cell(const struct column *column, unsigned row)
{
    return column->cells[row];
}

static void put_block(const struct columns *c, size_t from, size_t to, struct strbuf *out)
{
    bool tops = false;

    for (size_t i = from; i < to; i++)
        tops |= *c->items.items[i]->top != '\0';
    if (tops)
        put_line(c, from, to, "", text_top, 0, out);
    put_line(c, from, to, c->labels.items[0].text, text_name, 0, out);
    for (unsigned row = 0; row < c->nr_rows; row++)
        put_line(c, from, to, c->labels.items[1 + row].text, text_cell, row, out);
}

void columns_render(const struct columns *c, struct strbuf *out)
{
    size_t from = 0, to;

    while (from < c->items.count) {
        size_t width = c->labels.items[0].len;

        for (to = from; to < c->items.count; to++) {
            width += column_width(c, c->items.items[to]) + (to > from ? GAP : 0);
            if (width > COLUMNS_MAX && to > from)
                break;
        }
        if (from)
            strbuf_appendc(out, '\n');
        put_block(c, from, to, out);
        from = to;
    }
}
