/* heat_text.c - rows of struct heat as lines of cells.
 *
 *     python3 (123), 90 % of the touches
 *     7ffc0a400000    8.0 KiB |....::.......|
 *     55d0c3a00000    1.5 MiB |:=+*%@@%#=:. |
 *
 * There are more rows than lines: neighbours become one, those that lie closest first, so that a
 * line says little of much empty space. A cell shows the touches of a page, relative to the most
 * that any cell has, on a logarithmic scale. Cells are no multiple of the columns of struct heat:
 * each column is divided among the cells that it lies in.
 */
#include "report/heat_text.h"

#include "base/alloc.h"
#include "base/units.h"
#include "report/text_wrap.h"
#include "trace/trace_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL      23u /* "55d0c3a00000   1.5 MiB " */
#define FRAME      2u  /* the bars */
#define OTHERS     4u  /* the title, times, what cells mean, the prompt */
#define A_PROCESS  6u  /* lines that one should have */
#define FINER      4u  /* rows for each line, so that there is a choice which to join */
#define ROWS_TAKEN 1024u

static const char characters[] = " .:-=+*#%@";
/* From dark blue over red to a light yellow; 0 is the background. */
static const unsigned char colors[] = {0, 18, 19, 55, 91, 127, 162, 197, 203, 209, 215, 221, 229};

struct line {
    u64 first, end; /* pages; those between rows are in it, too */
    u64 pages;      /* of rows */
    double *cells;  /* touches */
};

struct picture {
    const struct heat_text *view;
    unsigned cells;
    double most; /* touches of a page in a cell */
    VEC(struct line) lines;
};

static unsigned lines_for(const struct heat_text *view)
{
    return MAX(view->height, HEAT_TEXT_HEIGHT_MIN) - OTHERS;
}

static unsigned spaces_for(const struct heat_text *view)
{
    return MAX(lines_for(view) / A_PROCESS, 1u);
}

void heat_text_prepare(const struct heat_text *view, struct heat *h)
{
    h->processes_max = MIN(spaces_for(view), HEAT_PROCESSES_MAX);
    h->rows_address = MIN(MAX(lines_for(view) * FINER, HEAT_ROWS_ADDRESS), ROWS_TAKEN);
}

/* --- from rows to lines ----------------------------------------------------------------------- */

/* Column c of HEAT_TIMES lies from c to c + 1, cell x from x * HEAT_TIMES / cells on. */
static void divide(const struct heat_row *row, unsigned nr_cells, double *cells)
{
    const double wide = (double)HEAT_TIMES / nr_cells;

    for (unsigned x = 0; x < nr_cells; x++) {
        double from = x * wide, to = from + wide;

        cells[x] = 0;
        for (unsigned c = (unsigned)from; c < HEAT_TIMES && c < to; c++)
            cells[x] += row->touches[c] * (MIN(to, c + 1.0) - MAX(from, (double)c));
    }
}

static void take_rows(struct picture *p, const struct heat_space *s)
{
    vec_for_each (&s->rows, row) {
        struct line l = {.first = row->first, .end = row->first + row->pages, .pages = row->pages};

        l.cells = xcalloc(p->cells, sizeof(*l.cells));
        divide(row, p->cells, l.cells);
        vec_push(&p->lines, l);
    }
}

static void join(struct picture *p, size_t at)
{
    struct line *a = &p->lines.items[at], *b = a + 1;

    for (unsigned x = 0; x < p->cells; x++)
        a->cells[x] += b->cells[x];
    a->pages += b->pages;
    a->end = b->end;
    free(b->cells);
    memmove(b, b + 1, (p->lines.count - at - 2) * sizeof(*b));
    p->lines.count--;
}

/* The lines from `from` on become so many at most. */
static void join_closest(struct picture *p, size_t from, size_t wanted)
{
    while (p->lines.count - from > wanted) {
        size_t best = from;
        u64 least = UINT64_MAX;

        for (size_t i = from; i + 1 < p->lines.count; i++) {
            u64 both = p->lines.items[i + 1].end - p->lines.items[i].first;

            if (both < least) {
                least = both;
                best = i;
            }
        }
        join(p, best);
    }
}

/* How many of the lines each space gets: the longest gives some away, the hottest half as readily
 * as the others. */
static void share_lines(const struct heat_space *spaces, size_t count, unsigned lines, size_t *ret)
{
    size_t all = 0;

    for (size_t i = 0; i < count; i++)
        all += ret[i] = spaces[i].rows.count;
    for (; all > lines; all--) {
        size_t longest = 0;

        for (size_t i = 1; i < count; i++)
            if (ret[i] * 2 > ret[longest] * (longest ? 2 : 1))
                longest = i;
        ret[longest]--;
    }
}

/* --- as text ---------------------------------------------------------------------------------- */

static unsigned level_of(const struct picture *p, const struct line *l, unsigned x)
{
    unsigned nr = p->view->colors ? sizeof(colors) : sizeof(characters) - 1;
    double share = l->cells[x] / (double)l->pages / p->most;

    if (l->cells[x] <= 0)
        return 0;
    return MAX((unsigned)(log1p(share * 1000) / log1p(1000) * (nr - 1) + 0.5), 1u);
}

static void render_cells(const struct picture *p, const struct line *l, struct strbuf *out)
{
    unsigned before = 0;

    for (unsigned x = 0; x < p->cells; x++) {
        unsigned level = level_of(p, l, x);

        if (p->view->colors && level != before)
            strbuf_printf(out, level ? "\033[48;5;%um" : "\033[0m", colors[level]);
        strbuf_appendc(out, p->view->colors ? ' ' : characters[level]);
        before = level;
    }
    if (p->view->colors && before)
        strbuf_append(out, "\033[0m");
}

static void render_line(const struct picture *p, const struct line *l, struct strbuf *out)
{
    char where[UNITS_TEXT_MAX], size[UNITS_TEXT_MAX], offset[UNITS_TEXT_MAX];

    if (p->view->files)
        snprintf(where, sizeof(where), "+%s", format_bytes(offset, l->first << HWT_PAGE_SHIFT));
    else
        snprintf(where, sizeof(where), "%" PRIx64, l->first << HWT_PAGE_SHIFT);
    strbuf_printf(out, "%12s %9s |", where, format_bytes(size, l->pages << HWT_PAGE_SHIFT));
    render_cells(p, l, out);
    strbuf_append(out, "|\n");
}

static void render_head(const struct heat_text *view, const struct heat_space *s, u64 all,
                        struct strbuf *out)
{
    char tail[96], touches[UNITS_TEXT_MAX], pid[24] = "";

    if (s->pid)
        snprintf(pid, sizeof(pid), " (%u)", s->pid);
    snprintf(tail, sizeof(tail), "%s: %s touches, %.0f %%", pid, format_count(touches, s->touches),
             100.0 * (double)s->touches / (double)MAX(all, 1u));
    text_tail(*s->name      ? s->name
              : view->files ? "a file without a name"
                            : "a process",
              view->width - strlen(tail), out);
    strbuf_printf(out, "%s\n", tail);
}

static void render_times(const struct picture *p, struct strbuf *out)
{
    unsigned half = p->cells / 2;

    strbuf_printf(out, "%*s%-*s%-*s%s\n", LABEL + 1, "", half - 2, "0 %", p->cells - half - 3,
                  "50 %", "100 %");
    if (p->view->colors) {
        strbuf_append(out, "Time goes in events. Touches of a page, logarithmic: few ");
        for (unsigned i = 1; i < sizeof(colors); i++)
            strbuf_printf(out, "\033[48;5;%um ", colors[i]);
        strbuf_append(out, "\033[0m many\n");
    } else {
        strbuf_printf(out, "Time goes in events. Touches of a page, logarithmic: few %s many\n",
                      characters + 1);
    }
}

static void find_most(struct picture *p)
{
    p->most = 0;
    vec_for_each (&p->lines, l)
        for (unsigned x = 0; x < p->cells; x++)
            p->most = MAX(p->most, l->cells[x] / (double)l->pages);
    if (p->most <= 0)
        p->most = 1;
}

static void render_spaces(struct picture *p, const struct heat_space *spaces, size_t count, u64 all,
                          struct strbuf *out)
{
    size_t nr[HEAT_FILES_MAX], ends[HEAT_FILES_MAX], at = 0;

    share_lines(spaces, count, lines_for(p->view) - (unsigned)count, nr);
    for (size_t i = 0; i < count; i++) {
        take_rows(p, &spaces[i]);
        join_closest(p, at, nr[i]);
        at = ends[i] = p->lines.count;
    }
    find_most(p);
    for (size_t i = 0; i < count; i++) {
        size_t from = i ? ends[i - 1] : 0;

        render_head(p->view, &spaces[i], all, out);
        for (size_t n = 0; n < ends[i] - from; n++)
            render_line(p, &p->lines.items[p->view->files ? from + n : ends[i] - 1 - n], out);
    }
    vec_for_each (&p->lines, l)
        free(l->cells);
    vec_done(&p->lines);
}

void heat_text(const struct heat_text *view, const struct heat *h, struct strbuf *out)
{
    struct picture p = {.view = view};
    const struct heat_space *spaces = view->files ? h->files.items : h->processes.items;
    size_t count = view->files ? h->files.count : h->processes.count;
    char events[UNITS_TEXT_MAX], title[160];
    u64 all = 0;

    p.cells = MAX(view->width, HEAT_TEXT_WIDTH_MIN) - LABEL - FRAME;
    for (size_t i = 0; i < count; i++)
        all += spaces[i].touches;
    all += view->files ? h->left_out_files : h->left_out - h->left_out_files;
    count = MIN(count, (size_t)spaces_for(view));
    snprintf(title, sizeof(title), ": touches of %s over %s events",
             view->files ? "files by offset" : "memory by address",
             format_count(events, h->events));
    text_tail(view->input, view->width - strlen(title), out);
    strbuf_printf(out, "%s\n", title);
    if (count == 0) {
        strbuf_printf(out, "No touch of %s is recorded.\n", view->files ? "a file" : "memory");
        return;
    }
    render_spaces(&p, spaces, count, all, out);
    render_times(&p, out);
}
