/* post_mortem_text.c - memory at the moment of a kill as a bar and a table, and the timeline.
 *
 *   Memory when it ran out
 *     [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbccffff]
 *     managed memory              15.5 GiB
 *   a   anonymous                 12.0 GiB   77 %  heaps, stacks, private data
 *
 * Each line of the first level has a letter and its share of the bar; a share of less than half a
 * cell has none.
 */
#include "report/post_mortem_report.h"

#include "base/units.h"
#include "diagnose/post_mortem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BAR 60u

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

/* Of the total; what rounds to nothing has no sign. */
static double share_of(s64 bytes, double total)
{
    double share = 100 * (double)bytes / total;

    return fabs(share) < 0.5 ? 0 : share;
}

static void add_size(struct strbuf *out, s64 bytes, int width)
{
    char size[UNITS_TEXT_MAX], text[UNITS_TEXT_MAX + 1];

    snprintf(text, sizeof(text), "%s%s", bytes < 0 ? "-" : "",
             format_bytes(size, (u64)(bytes < 0 ? -bytes : bytes)));
    strbuf_printf(out, "%*s", width, text);
}

/* The bar: cells by running sums, so that rounding adds up. */
static void add_bar(struct strbuf *out, const struct accounting *a)
{
    double total = (double)a->lines.items[0].bytes, sum = 0;
    unsigned letter = 0, cells = 0;

    strbuf_appendc(out, '[');
    vec_for_each (&a->lines, l) {
        char c;
        unsigned end;

        if (l->depth != 1)
            continue;
        c = letters[letter++ % 26];
        sum += l->bytes > 0 ? (double)l->bytes : 0;
        end = (unsigned)(MIN(sum / total, 1.0) * BAR + 0.5);
        if (end > cells)
            strbuf_fill(out, c, end - cells);
        cells = MAX(cells, end);
    }
    strbuf_fill(out, ' ', BAR - MIN(cells, BAR));
    strbuf_appendc(out, ']');
}

static void render_accounting(const struct accounting *a, struct strbuf *out)
{
    double total = (double)a->lines.items[0].bytes;
    unsigned letter = 0;

    strbuf_append(out, "\nMemory when it ran out\n  ");
    add_bar(out, a);
    strbuf_appendc(out, '\n');
    vec_for_each (&a->lines, l) {
        int indent = 2 * l->depth;

        strbuf_printf(out, "  %c %*s%-*s", l->depth == 1 ? letters[letter++ % 26] : ' ', indent, "",
                      26 - indent, l->name);
        add_size(out, l->bytes, 11);
        if (l->depth && total > 0)
            strbuf_printf(out, " %4.0f %%", share_of(l->bytes, total));
        if (*l->note)
            strbuf_printf(out, "  %s", l->note);
        strbuf_appendc(out, '\n');
    }
}

/* --- the timeline ----------------------------------------------------------------------------- */

static void when_of(char buf[130], const struct timeline_row *row, bool boots)
{
    char first[48], last[48], boot[24] = "";

    incident_when(first, row->first->first);
    incident_when(last, row->last->until);
    if (boots && row->first->e->stamp.boot)
        snprintf(boot, sizeof(boot), "boot %u, ", row->first->e->stamp.boot);
    if (row->first != row->last && *first && strcmp(first, last) != 0)
        snprintf(buf, 130, "%s%s to %s", boot, first, last);
    else
        snprintf(buf, 130, "%s%s", boot, *first ? first : "no time");
}

static bool has_boots(const struct post_mortem *p)
{
    vec_for_each (&p->timeline, row)
        if (row->first->e->stamp.boot != p->timeline.items[0].first->e->stamp.boot)
            return true;
    return false;
}

/* Who did it, or who says it; the kernel is not named. */
static void add_by(struct strbuf *out, const struct timeline_row *row)
{
    enum log_event_kind kind = row->first->e->kind;

    if (!*row->by)
        return;
    if (kind == LOG_KILLED_BY)
        strbuf_printf(out, ", by %s", row->by);
    else
        strbuf_printf(out, ", says %s", row->by);
}

static bool is_evicted(const struct timeline_row *row)
{
    return row->first->e->kind == LOG_KILLED_BY && strcmp(row->first->e->killer, "kubelet") == 0;
}

static const char *nobody_of(const struct timeline_row *row)
{
    enum log_event_kind kind = row->first->e->kind;

    if (is_evicted(row))
        return *row->group ? "pod" : "a pod";
    return kind == LOG_NODE_TOLD || kind == LOG_OOMD_LOOKED ? "" : "a process";
}

/* "java (pid 7)", "python3, 4 of them" */
static void who_of(char buf[80], const struct timeline_row *row)
{
    char count[UNITS_TEXT_MAX];
    u64 many = MAX(row->kills, row->incidents);

    if (row->mixed && row->first == row->last)
        snprintf(buf, 80, "%s and %s more", row->who, format_count(count, many - 1));
    else if (row->first != row->last || row->incidents > 1)
        snprintf(buf, 80, "%s, %s times", row->who, format_count(count, many));
    else if (row->pid)
        snprintf(buf, 80, "%s (pid %u)", row->who, row->pid);
    else
        snprintf(buf, 80, "%s", *row->who ? row->who : nobody_of(row));
}

static void render_timeline(const struct post_mortem *p, struct strbuf *out)
{
    bool boots = has_boots(p);

    strbuf_append(out, "\nTimeline\n");
    if (p->left_out)
        strbuf_printf(out, "  ... and %llu earlier\n", (unsigned long long)p->left_out);
    vec_for_each (&p->timeline, row) {
        char when[130], who[80], size[UNITS_TEXT_MAX];

        when_of(when, row, boots);
        who_of(who, row);
        strbuf_printf(out, "  %-20s  %-12s  %s", when, incident_what(row->first->e), who);
        if (*row->group)
            strbuf_printf(out, "%s %s", is_evicted(row) ? "" : " in", row->group);
        if (known(row->bytes))
            strbuf_printf(out, ", %s", format_bytes(size, row->bytes));
        add_by(out, row);
        strbuf_appendc(out, '\n');
    }
}

void post_mortem_render(const struct diagnose_report *r, struct strbuf *out)
{
    const struct post_mortem *p = r->diagnosis->post_mortem;

    if (p->accounting.lines.count)
        render_accounting(&p->accounting, out);
    if (p->timeline.count > 1)
        render_timeline(p, out);
}

/* --- Markdown --------------------------------------------------------------------------------- */

/* A cell: a bar in a name would end it. */
static void add_cell(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            strbuf_appendc(out, '\\');
        strbuf_appendc(out, *text);
    }
}

void post_mortem_render_markdown(const struct diagnose_report *r, struct strbuf *out)
{
    const struct post_mortem *p = r->diagnosis->post_mortem;
    const struct accounting *a = &p->accounting;

    if (a->lines.count) {
        double total = (double)a->lines.items[0].bytes;

        strbuf_append(out, "\n## Memory when it ran out\n\n| what | size | share | |\n"
                           "|---|---:|---:|---|\n");
        vec_for_each (&a->lines, l) {
            strbuf_append(out, "| ");
            for (unsigned i = 0; i < l->depth; i++)
                strbuf_append(out, "&nbsp;&nbsp;");
            add_cell(out, l->name);
            strbuf_append(out, " | ");
            add_size(out, l->bytes, 0);
            strbuf_printf(out, " | %.0f %% | %s |\n", total > 0 ? share_of(l->bytes, total) : 0.0,
                          l->note);
        }
    }
    if (p->timeline.count < 2)
        return;
    strbuf_append(
        out, "\n## Timeline\n\n| when | what | who | where | held |\n|---|---|---|---|---:|\n");
    vec_for_each (&p->timeline, row) {
        char when[130], who[80], size[UNITS_TEXT_MAX];

        when_of(when, row, has_boots(p));
        who_of(who, row);
        strbuf_printf(out, "| %s | %s | ", when, incident_what(row->first->e));
        add_cell(out, who);
        strbuf_append(out, " | ");
        add_cell(out, row->group);
        add_by(out, row);
        strbuf_printf(out, " | %s |\n", known(row->bytes) ? format_bytes(size, row->bytes) : "");
    }
}
