/* diff.c - see diff.h.
 *
 * Both sides are sorted by section and name, what is the same adds up, and one walk over both makes
 * the rows. */
#include "report/diff.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"
#include "report/text_wrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS 46u
#define COUNT_SHORT  1e7  /* counts from here on are told in millions */
#define SECTIONS_MAX 256u /* what comes after is in the last one */

static double size_of(double value)
{
    return value < 0 ? -value : value;
}

void diff_init(struct diff *d, const char *before, const char *after, const char *kind)
{
    *d = (struct diff){.inputs = {before, after}, .kind = kind};
    arena_init(&d->arena);
}

void diff_done(struct diff *d)
{
    for (unsigned side = 0; side < 2; side++)
        vec_done(&d->figures[side]);
    vec_done(&d->rows);
    vec_done(&d->sections);
    arena_done(&d->arena);
}

static size_t section_order(struct diff *d, const char *section)
{
    for (size_t i = d->sections.count; i-- > 0;)
        if (strcmp(d->sections.items[i], section) == 0)
            return i;
    if (d->sections.count == SECTIONS_MAX)
        return SECTIONS_MAX - 1;
    vec_push(&d->sections, arena_strdup(&d->arena, section));
    return d->sections.count - 1;
}

void diff_put(struct diff *d, unsigned side, const char *section, const char *name,
              enum diff_unit unit, double value)
{
    size_t order;

    if (d->figures[side].count >= DIFF_FIGURES_MAX) {
        d->left_out++;
        return;
    }
    order = section_order(d, section);
    vec_push(&d->figures[side], ((struct diff_figure){
                                    .section = d->sections.items[order],
                                    .name = arena_strdup(&d->arena, name),
                                    .unit = unit,
                                    .value = value,
                                    .order = order,
                                }));
}

static int by_name(const void *a, const void *b)
{
    const struct diff_figure *x = a, *y = b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void add_up(struct diff *d, unsigned side)
{
    struct diff_figure *all = d->figures[side].items;
    size_t kept = 0;

    if (!d->figures[side].count)
        return;
    qsort(all, d->figures[side].count, sizeof(*all), by_name);
    for (size_t i = 1; i < d->figures[side].count; i++) {
        if (by_name(&all[kept], &all[i]) == 0)
            all[kept].value += all[i].value;
        else
            all[++kept] = all[i];
    }
    d->figures[side].count = kept + 1;
}

/* By section; figures that one can compare stand together; growth first. */
static int by_growth(const void *a, const void *b)
{
    const struct diff_row *x = a, *y = b;
    const struct diff_figure *one = x->of[0] ? x->of[0] : x->of[1],
                             *other = y->of[0] ? y->of[0] : y->of[1];

    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    if (one->unit != other->unit)
        return one->unit < other->unit ? -1 : 1;
    if (x->change != y->change)
        return x->change > y->change ? -1 : 1;
    return strcmp(one->name, other->name);
}

void diff_join(struct diff *d)
{
    size_t at[2] = {0, 0};

    add_up(d, 0);
    add_up(d, 1);
    while (at[0] < d->figures[0].count || at[1] < d->figures[1].count) {
        const struct diff_figure *of[2] = {NULL, NULL};
        int which;

        for (unsigned side = 0; side < 2; side++)
            if (at[side] < d->figures[side].count)
                of[side] = &d->figures[side].items[at[side]];
        which = !of[0] ? 1 : !of[1] ? -1 : by_name(of[0], of[1]);
        struct diff_row row = {{which <= 0 ? of[0] : NULL, which >= 0 ? of[1] : NULL}, 0};

        row.change = (row.of[1] ? row.of[1]->value : 0) - (row.of[0] ? row.of[0]->value : 0);
        at[0] += which <= 0;
        at[1] += which >= 0;
        vec_push(&d->rows, row);
    }
    if (d->rows.count)
        qsort(d->rows.items, d->rows.count, sizeof(*d->rows.items), by_growth);
}

/* --- text --- */

static const struct diff_figure *told(const struct diff_row *row)
{
    return row->of[1] ? row->of[1] : row->of[0];
}

static u64 whole(double value)
{
    return value < 9e18 ? (u64)(value + 0.5) : UINT64_MAX;
}

/* pre: value >= 0 */
static const char *number(char text[UNITS_TEXT_MAX], enum diff_unit unit, double value)
{
    switch (unit) {
    case DIFF_BYTES:
        return format_bytes(text, whole(value));
    case DIFF_SECONDS:
        return format_ns(text, (ns_t)whole(value * 1e9));
    case DIFF_COUNT:
        if (value >= COUNT_SHORT && value < 1e18)
            return format_short_count(text, whole(value));
        if (value < COUNT_SHORT && value == (double)(s64)value)
            return format_count(text, whole(value));
        break;
    case DIFF_RATIO:
        break;
    }
    snprintf(text, UNITS_TEXT_MAX, "%.4g", value);
    return text;
}

static void append_number(struct strbuf *out, const struct diff_figure *f)
{
    char text[UNITS_TEXT_MAX];
    struct strbuf cell;

    strbuf_init(&cell);
    if (!f)
        strbuf_append(&cell, "-");
    else
        strbuf_printf(&cell, "%s%s", f->value < 0 ? "-" : "",
                      number(text, f->unit, size_of(f->value)));
    strbuf_printf(out, " %11s", cell.text);
    strbuf_done(&cell);
}

static void append_change(struct strbuf *out, const struct diff_row *row)
{
    char text[UNITS_TEXT_MAX], cell[UNITS_TEXT_MAX + 1];

    snprintf(cell, sizeof(cell), "%s%s", row->change < 0 ? "-" : "+",
             number(text, told(row)->unit, size_of(row->change)));
    strbuf_printf(out, " %11s", cell);
    if (!row->of[0])
        strbuf_append(out, "  new");
    else if (!row->of[1])
        strbuf_append(out, "  gone");
    else if (row->of[0]->value > 0) {
        double percent = round(row->change / row->of[0]->value * 100);

        /* Adding zero takes the sign off a negative zero; a change too small for a percent has no
         * sign. */
        strbuf_printf(out, percent == 0 ? " %5.0f %%" : " %+5.0f %%", percent + 0.0);
    }
}

static void render_row(const struct diff_row *row, bool color, struct strbuf *out)
{
    const char *name = told(row)->name;
    struct strbuf label;

    strbuf_init(&label);
    text_tail(name, NAME_COLUMNS, &label);
    strbuf_printf(out, "  %s%*s", label.text,
                  (int)(NAME_COLUMNS - MIN(text_columns(label.text, label.len), NAME_COLUMNS)), "");
    append_number(out, row->of[0]);
    append_number(out, row->of[1]);
    strbuf_append(out, !color ? "" : row->change > 0 ? "\033[31m" : "\033[32m");
    append_change(out, row);
    strbuf_append(out, color ? "\033[0m\n" : "\n");
    strbuf_done(&label);
}

/* Of `nr` rows that changed, growth first: as many that grew as shrank, or what there is. */
static bool is_shown(size_t index, size_t nr, unsigned most)
{
    return nr <= most || index < (most + 1) / 2 || index >= nr - most / 2;
}

/* Rows [from, to) are of one section and unit. Returns how many changed and are not shown. */
static size_t render_unit(const struct diff *d, size_t from, size_t to, unsigned most, bool color,
                          struct strbuf *out)
{
    size_t changed = 0, index = 0;

    for (size_t i = from; i < to; i++)
        changed += d->rows.items[i].change != 0;
    for (size_t i = from; i < to; i++) {
        if (d->rows.items[i].change == 0)
            continue;
        if (is_shown(index++, changed, most))
            render_row(&d->rows.items[i], color, out);
    }
    return changed > most ? changed - most : 0;
}

static bool any_change(const struct diff *d, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (d->rows.items[i].change != 0)
            return true;
    return false;
}

/* Rows [from, to) are of one section. */
static void render_section(const struct diff *d, size_t from, size_t to, unsigned most, bool color,
                           struct strbuf *out)
{
    size_t more = 0;

    strbuf_appendc(out, '\n');
    utf8_append_clean(out, told(&d->rows.items[from])->section);
    if (!any_change(d, from, to)) {
        strbuf_printf(out, ": no change in %zu figure%s\n", to - from, to - from == 1 ? "" : "s");
        return;
    }
    strbuf_appendc(out, '\n');
    for (size_t end; from < to; from = end) {
        enum diff_unit unit = told(&d->rows.items[from])->unit;

        for (end = from + 1; end < to && told(&d->rows.items[end])->unit == unit;)
            end++;
        more += render_unit(d, from, end, most, color, out);
    }
    if (more)
        strbuf_printf(out, "  and %zu more that changed less (--rows, --format json)\n", more);
}

void diff_text(const struct diff *d, unsigned most, bool color, struct strbuf *out)
{
    strbuf_printf(out, "Two %s\n  before  ", d->kind);
    utf8_append_clean(out, d->inputs[0]);
    strbuf_append(out, "\n  after   ");
    utf8_append_clean(out, d->inputs[1]);
    strbuf_printf(out, "\n\n  %-*s %11s %11s %11s\n", (int)NAME_COLUMNS, "", "before", "after",
                  "change");
    for (size_t from = 0, to; from < d->rows.count; from = to) {
        for (to = from + 1; to < d->rows.count; to++)
            if (told(&d->rows.items[to])->order != told(&d->rows.items[from])->order)
                break;
        render_section(d, from, to, most, color, out);
    }
    if (d->left_out)
        strbuf_printf(out, "\nLeft out: %" PRIu64 " figures, of more than %u.\n", d->left_out,
                      DIFF_FIGURES_MAX);
}

/* --- JSON --- */

static json_object *value_json(const struct diff_figure *f, double value)
{
    char text[64];

    if (f->unit != DIFF_RATIO && f->unit != DIFF_SECONDS && size_of(value) < 9e15 &&
        value == (double)(s64)value)
        return json_new_s64((s64)value);
    snprintf(text, sizeof(text), "%.9g", value);
    return json_new_number(value, text);
}

json_object *diff_json(const struct diff *d)
{
    static const char *const units[] = {[DIFF_BYTES] = "bytes",
                                        [DIFF_SECONDS] = "seconds",
                                        [DIFF_COUNT] = "count",
                                        [DIFF_RATIO] = "ratio"};
    json_object *o = json_new_object(), *list = json_new_array();

    json_put(o, "schema_version", json_new_s64(DIFF_SCHEMA_VERSION));
    json_put_text(o, "verb", "diff");
    json_put_text(o, "kind", d->kind);
    json_put_text(o, "before", d->inputs[0]);
    json_put_text(o, "after", d->inputs[1]);
    for (size_t i = 0; i < d->rows.count; i++) {
        const struct diff_row *row = &d->rows.items[i];
        const struct diff_figure *f = told(row);
        json_object *one = json_new_object();

        json_put_text(one, "section", f->section);
        json_put_text(one, "name", f->name);
        json_put_text(one, "unit", units[f->unit]);
        json_put(one, "before", row->of[0] ? value_json(f, row->of[0]->value) : NULL);
        json_put(one, "after", row->of[1] ? value_json(f, row->of[1]->value) : NULL);
        json_put(one, "change", value_json(f, row->change));
        json_append(list, one);
    }
    json_put(o, "figures", list);
    if (d->left_out)
        json_put_u64(o, "left_out", d->left_out);
    return o;
}
