/* table.c - the order of rows: sorted, filtered, as a tree.
 *
 * Rows are sorted by (parent, the chosen column, where they came), so that the children of each row
 * stand together; a walk from the roots with a stack of its own then gives the tree, however deep.
 * A filter keeps the rows that match and their ancestors.
 */
#include "top/table.h"

#include "base/alloc.h"
#include "observe/snapshot.h"

#include <math.h>
#include <string.h>

#define ROOTS 0 /* children of row r are group r + 1 */

struct sorting {
    const struct table *table;
    const struct table_state *state;
    const char *rows;
};

static const void *row_at(const struct table *t, const void *rows, u32 index)
{
    return (const char *)rows + (size_t)index * t->row_bytes;
}

void table_state_init(struct table_state *s, const struct table *t)
{
    *s = (struct table_state){.sort = t->default_sort};
}

void table_state_done(struct table_state *s)
{
    vec_done(&s->folded);
}

void table_order_done(struct table_order *o)
{
    vec_done(&o->places);
}

/* Below 0: a comes first. Names sort upwards, amounts largest first. */
static int compare_column(const struct column *c, const void *a, const void *b, bool reverse)
{
    double x, y;
    int order;

    if (c->kind == COLUMN_TEXT) {
        order = strcmp(c->text(a), c->text(b));
        return reverse ? -order : order;
    }
    x = c->number(a);
    y = c->number(b);
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    order = (x < y) - (x > y);
    return reverse != column_ascends(c) ? -order : order;
}

static u32 parent_of(const struct sorting *s, u32 index)
{
    if (!s->table->parent || s->state->flat)
        return GROUP_NONE;
    return s->table->parent(row_at(s->table, s->rows, index));
}

static int compare_rows(const void *a, const void *b, void *ctx)
{
    const struct sorting *s = ctx;
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    /* Roots (GROUP_NONE + 1 is 0) first. */
    u32 x_parent = parent_of(s, x) + 1, y_parent = parent_of(s, y) + 1;
    int order = 0;

    if (x_parent != y_parent)
        return x_parent < y_parent ? -1 : 1;
    if (s->state->sort >= 0)
        order = compare_column(&s->table->columns[s->state->sort], row_at(s->table, s->rows, x),
                               row_at(s->table, s->rows, y), s->state->reverse);
    return order ? order : (x > y) - (x < y);
}

static bool is_folded(const struct table_state *s, u64 key)
{
    vec_for_each (&s->folded, folded) {
        if (*folded == key)
            return true;
    }
    return false;
}

enum shown { SHOWN_NOT, SHOWN_FOR_CHILD, SHOWN };

/* Which rows stay: parents come before their children, so one pass from the end finds all
 * ancestors. */
static void choose_shown(const struct sorting *s, u32 count, u8 *shown)
{
    for (u32 i = count; i-- > 0;) {
        u32 parent = parent_of(s, i);

        if (!s->state->filter[0] ||
            s->table->matches(row_at(s->table, s->rows, i), s->state->filter))
            shown[i] = SHOWN;
        if (shown[i] && parent < i && !shown[parent])
            shown[parent] = SHOWN_FOR_CHILD;
    }
}

/* The sorted rows, and where the children of each begin. */
struct families {
    u32 *sorted; /* row indices, siblings together */
    /* of the children of row r: begin[r + 1]; of the roots: begin[ROOTS]; they end at begin[...] of
     * the next */
    u32 *begin;
    u8 *shown;
    u32 count;
};

static u32 next_shown(const struct families *f, u32 at, u32 end)
{
    while (at < end && !f->shown[f->sorted[at]])
        at++;
    return at;
}

/* Walk the tree without recursion: a hostile tree may be as deep as it has rows. */
static void walk(const struct sorting *s, const struct families *f, struct table_order *ret)
{
    struct level {
        u32 at, end;
        u64 stems;
    };
    VEC(struct level) stack = {0};

    vec_push(&stack,
             ((struct level){next_shown(f, 0, f->begin[ROOTS + 1]), f->begin[ROOTS + 1], 0}));
    while (stack.count) {
        struct level *level = &vec_last(&stack);
        u32 row = level->at < level->end ? f->sorted[level->at] : GROUP_NONE;
        u32 first, end, depth = (u32)stack.count - 1;
        struct table_place place;

        if (row == GROUP_NONE) {
            (void)vec_pop(&stack);
            continue;
        }
        level->at = next_shown(f, level->at + 1, level->end);
        place = (struct table_place){
            .row = row,
            .depth = (u16)MIN(depth, UINT16_MAX),
            .last = level->at == level->end,
            .matches = f->shown[row] == SHOWN,
            .stems = level->stems,
        };
        end = f->begin[row + 2];
        first = next_shown(f, f->begin[row + 1], end);
        place.folded = first < end && !s->state->filter[0] &&
                       is_folded(s->state, s->table->key(row_at(s->table, s->rows, row)));
        vec_push(&ret->places, place);
        if (first < end && !place.folded) {
            u64 stem = !place.last && depth < 64 ? BIT_ULL(depth) : 0;

            vec_push(&stack, ((struct level){first, end, place.stems | stem}));
        }
    }
    vec_done(&stack);
}

static void keep_selected(const struct table *t, struct table_state *s, const struct table_order *o,
                          const void *rows)
{
    int count = (int)o->places.count;

    for (int i = 0; s->has_selected && i < count; i++) {
        if (t->key(row_at(t, rows, o->places.items[i].row)) == s->selected) {
            s->at = i;
            return;
        }
    }
    s->at = CLAMP(s->at, 0, MAX(count - 1, 0));
}

/* A machine without PSI, a snapshot without PSS: columns of dashes would only take the room of
 * others. */
static u64 blank_columns(const struct table *t, const void *rows, u32 count)
{
    u64 blank = 0;

    assert(t->nr_columns <= 64);
    for (int c = 0; c < t->nr_columns; c++) {
        u32 row = 0;

        if (t->columns[c].kind == COLUMN_TEXT)
            continue;
        while (row < count && isnan(t->columns[c].number(row_at(t, rows, row))))
            row++;
        if (count && row == count)
            blank |= BIT_ULL(c);
    }
    return blank;
}

void table_arrange(const struct table *t, struct table_state *s, const void *rows, size_t count,
                   struct table_order *ret)
{
    struct sorting sorting = {t, s, rows};
    struct families f = {.count = (u32)count};
    u32 group = 0;

    s->blank = blank_columns(t, rows, f.count);
    vec_reset(&ret->places);
    f.sorted = xcalloc(count + 1, sizeof(*f.sorted));
    f.begin = xcalloc(count + 3, sizeof(*f.begin));
    f.shown = xcalloc(count + 1, 1);
    for (u32 i = 0; i < f.count; i++)
        f.sorted[i] = i;
    qsort_r(f.sorted, f.count, sizeof(*f.sorted), compare_rows, &sorting);
    for (u32 i = 0; i < f.count; i++) {
        for (u32 parent = parent_of(&sorting, f.sorted[i]) + 1; group < parent && group <= f.count;)
            f.begin[++group] = i;
    }
    while (group <= f.count)
        f.begin[++group] = f.count;
    choose_shown(&sorting, f.count, f.shown);
    walk(&sorting, &f, ret);
    keep_selected(t, s, ret, rows);
    free(f.sorted);
    free(f.begin);
    free(f.shown);
}

void table_move(const struct table *t, struct table_state *s, const struct table_order *o,
                const void *rows, int by)
{
    int count = (int)o->places.count;

    if (!count)
        return;
    s->at = CLAMP(s->at + CLAMP(by, -count, count), 0, count - 1);
    s->selected = t->key(row_at(t, rows, o->places.items[s->at].row));
    s->has_selected = true;
}

void table_sort_next(const struct table *t, struct table_state *s, int by)
{
    int first = t->parent ? -1 : 0, count = t->nr_columns - first;

    do
        s->sort = first + (s->sort - first + by + count) % count;
    while (s->sort >= 0 && s->blank & BIT_ULL(s->sort)); /* the name is never blank, so this ends */
    s->reverse = false;
}

void table_fold(struct table_state *s)
{
    if (!s->has_selected)
        return;
    vec_for_each (&s->folded, folded) {
        if (*folded == s->selected) {
            *folded = vec_last(&s->folded);
            (void)vec_pop(&s->folded);
            return;
        }
    }
    vec_push(&s->folded, s->selected);
}
