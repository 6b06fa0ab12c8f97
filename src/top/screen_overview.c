/* screen_overview.c - memory as an economy: what there is and what it costs, what flows, what is
 * lost to waiting, what it means.
 *
 * Sections get their rows in the order of what a reader would miss most: the bar, the worst
 * finding, pressure, flows, the legend, transparent huge pages where there are any, the scale of
 * costs, two more findings, blank lines, all findings. So a small terminal loses the last ones
 * first.
 */
#include "top/screen_int.h"

#include "base/units.h"
#include "diagnose/diagnose.h"
#include "diagnose/needed.h"
#include "top/amount.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEED_WIDTH      110 /* what the machine needs stands beside what is available */
#define TWO_SIDES_WIDTH 70  /* flows into and out of memory side by side */

/* --- all memory ------------------------------------------------------------------------------- */
static void draw_memory(struct grid *g, const struct area *a, int y, int legend, bool with_scale,
                        const struct model *m)
{
    const struct economy *e = &m->economy;
    char note[192], need[64], available[UNITS_TEXT_MAX], total[UNITS_TEXT_MAX],
        used[UNITS_TEXT_MAX];

    if (!e->is_known) {
        view_section(g, a, y, "Memory", NULL);
        grid_text(g, a->x + 1, y + 1, a->width - 2, STYLE_DIM,
                  "MemTotal and MemFree are not known here.");
        return;
    }
    snprintf(note, sizeof(note), "of %s", format_bytes(total, e->total));
    if (known(e->available))
        snprintf(note, sizeof(note), "%s of %s available (%.0f %%)",
                 format_bytes(available, e->available), format_bytes(total, e->total),
                 100.0 * (double)e->available / (double)e->total);
    if (known(e->swap_used) && e->swap_total)
        snprintf(note + strlen(note), sizeof(note) - strlen(note), ", swap %s of %s used",
                 format_bytes(used, e->swap_used), format_bytes(total, e->swap_total));
    if (a->width >= NEED_WIDTH && m->diagnosis && m->diagnosis->needs.count &&
        m->diagnosis->needs.items[0].group == GROUP_NONE)
        snprintf(
            note + strlen(note), sizeof(note) - strlen(note), ", needs %s",
            need_format(need, m->diagnosis->needs.items[0].low, m->diagnosis->needs.items[0].high));
    view_section(g, a, y, "Memory", note);
    screen_economy_draw(g, a, y + 1, legend, with_scale, e);
}

/* --- what flows ------------------------------------------------------------------------------- */
struct flow_info {
    const char *name;
    bool is_bytes;
    bool hurts; /* somebody waits for it */
};

static const struct flow_info flow_info[NR_FLOWS] = {
    [FLOW_FAULTS] = {"page faults", false, false},
    [FLOW_MAJOR] = {"major faults", false, true},
    [FLOW_READ] = {"read from disks", true, false},
    [FLOW_REFAULT] = {"refaulted", true, true},
    [FLOW_SWAP_IN] = {"swapped in", true, true},
    [FLOW_KSWAPD] = {"kswapd frees", true, false},
    [FLOW_DIRECT] = {"tasks free", true, true},
    [FLOW_WRITEBACK] = {"written back", true, false},
    [FLOW_SWAP_OUT] = {"swapped out", true, true},
    [FLOW_STALLS] = {"alloc stalls", false, true},
};
#define FLOWS_IN (FLOW_SWAP_IN + 1)

/* An arrow is shortest up to the first and longest from the second on, per second; what hurts is
 * coloured from the third on: that many waits of a millisecond are a percent of the time, and less
 * is noise. */
#define COUNT_LEAST 1.0
#define COUNT_MOST  1e6
#define COUNT_HURTS 10.0
#define BYTES_LEAST 4096.0
#define BYTES_MOST  (double)(4 * GIB)
#define BYTES_HURTS (double)(256 * KIB)

static void draw_flow(struct grid *g, int x, int y, int width, enum flow flow,
                      const struct moments *moments)
{
    const struct flow_info *info = &flow_info[flow];
    double now = moments_at(moments, 0)->flow[flow], values[MOMENTS_MAX], max = 0;
    char amount[AMOUNT_MAX], count[AMOUNT_MAX];
    enum style style = STYLE_FLOW;
    int arrow = CLAMP(width - 30, 2, 10), used = 17 + arrow + 13;

    if (info->hurts && now >= (info->is_bytes ? BYTES_HURTS : COUNT_HURTS))
        style = STYLE_WARNING;
    grid_text(g, x, y, 16, now > 0 ? STYLE_PLAIN : STYLE_DIM, info->name);
    view_arrow(g, x + 16, y, arrow, now, info->is_bytes ? BYTES_LEAST : COUNT_LEAST,
               info->is_bytes ? BYTES_MOST : COUNT_MOST, style);
    if (info->is_bytes)
        amount_byte_rate(amount, now);
    else
        snprintf(amount, sizeof(amount), isnan(now) ? "%s" : "%s /s", amount_count(count, now));
    view_right(g, x + 16 + arrow, y, 13, now > 0 ? STYLE_PLAIN : STYLE_DIM, amount);
    if (width - used < 8)
        return;
    for (u32 i = 0; i < moments->count; i++) {
        double value = moments_at(moments, moments->count - 1 - i)->flow[flow];

        values[i] = value;
        if (moments->count - i <= (u32)(width - used) && value > max)
            max = value;
    }
    view_spark(g, x + used, y, width - used, values, (int)moments->count, max, style);
}

static void draw_flows(struct grid *g, const struct area *a, int y, int rows, const struct model *m)
{
    bool two_sides = a->width >= TWO_SIDES_WIDTH;
    int half = (a->width - 3) / 2;

    view_section(g, a, y, "Flows", "per second: into memory, out of it");
    if (!m->is_live && !model_is_capture(m))
        view_section(g, a, y, "Flows", "not measurable here: rates need two samples");
    for (int flow = 0; flow < NR_FLOWS; flow++) {
        bool is_out = flow >= FLOWS_IN;
        int row = two_sides && is_out ? flow - FLOWS_IN : flow;

        if (row + 1 < rows)
            draw_flow(g, a->x + 1 + (two_sides && is_out ? half + 1 : 0), y + 1 + row,
                      two_sides ? half : a->width - 2, (enum flow)flow, &m->moments);
    }
}

/* --- transparent huge pages ------------------------------------------------------------------- */
static const char *const huge_names[NR_HUGE_RATES] = {
    [HUGE_FAULTS] = "faults",
    [HUGE_FALLBACKS] = "fallbacks",
    [HUGE_SPLITS] = "splits",
    [HUGE_COLLAPSES] = "collapses",
};

/* Does the machine have huge pages, or anything to do with them since the last sample? */
static bool has_huge(const struct model *m)
{
    u64 bytes = m->now->meminfo[MI_ANON_HUGE_PAGES];

    if (known(bytes) && bytes)
        return true;
    for (unsigned i = 0; i < NR_HUGE_RATES; i++)
        if (moments_at(&m->moments, 0)->huge[i] > 0)
            return true;
    return false;
}

static void draw_huge(struct grid *g, const struct area *a, int y, const struct model *m)
{
    u64 bytes = m->now->meminfo[MI_ANON_HUGE_PAGES], anon = m->now->meminfo[MI_ANON_PAGES];
    char note[96] = "anonymous memory in them is not known", size[UNITS_TEXT_MAX];
    char count[AMOUNT_MAX];
    int x = a->x + 1;

    if (known(bytes) && known(anon) && anon)
        snprintf(note, sizeof(note), "%s, %.0f %% of anonymous memory; per second",
                 format_bytes(size, bytes), 100.0 * (double)MIN(bytes, anon) / (double)anon);
    else if (known(bytes))
        snprintf(note, sizeof(note), "%s; per second", format_bytes(size, bytes));
    view_section(g, a, y, "Huge pages", note);
    for (unsigned i = 0; i < NR_HUGE_RATES; i++) {
        double rate = moments_at(&m->moments, 0)->huge[i];
        enum style style = !(rate > 0)                                  ? STYLE_DIM
                           : i == HUGE_FALLBACKS && rate >= COUNT_HURTS ? STYLE_WARNING
                                                                        : STYLE_PLAIN;

        view_printf(g, x, y + 1, a->x + a->width - 1 - x, style, "%s %s", amount_count(count, rate),
                    huge_names[i]);
        x += 19;
    }
}

/* --- pressure --------------------------------------------------------------------------------- */
/* The graph never shows less than this as full height: a flat line of a half percent should look
 * like one. */
#define PRESSURE_GRAPH_MIN 20.0

static double pressure_max(const struct moments *moments, int columns)
{
    double max = PRESSURE_GRAPH_MIN;

    for (u32 i = 0; i < MIN(moments->count, (u32)MAX(columns, 0)); i++) {
        for (unsigned r = 0; r < NR_PSI_RESOURCES; r++)
            max = fmax(max, moments_at(moments, i)->some[r]);
    }
    return ceil(max / 10) * 10;
}

/* From this on pressure is coloured: a tenth of the time lost is felt; any memory stall of
 * everybody at 5 % is lost work. */
#define SOME_HURTS 10.0
#define FULL_HURTS 5.0

static void draw_pressure_row(struct grid *g, const struct area *a, int y, enum psi_res r,
                              const struct model *m, double max)
{
    const struct moment *now = moments_at(&m->moments, 0);
    double some = now->some[r], full = now->full[r], values[MOMENTS_MAX];
    char text[WHY_BYTES + 64], number[AMOUNT_MAX];
    enum style style = STYLE_PLAIN;
    int x = a->x + 1, graph;

    grid_text(g, x, y, 7, STYLE_PLAIN, psi_res_name[r]);
    if (screen_why_not(m, psi_parts[r], text, sizeof(text))) {
        grid_text(g, x + 8, y, a->width - 9, STYLE_DIM, text);
        return;
    }
    /* One sample alone: the kernel's average over 10 s is all there is. */
    if (isnan(some))
        some = screen_figure(m->now->psi[r].some.avg10) / 100;
    if (isnan(full))
        full = screen_figure(m->now->psi[r].full.avg10) / 100;
    if (r != PSI_CPU && (some >= SOME_HURTS || full >= FULL_HURTS))
        style = full >= SOME_HURTS ? STYLE_CRITICAL : STYLE_WARNING;
    view_right(g, x + 7, y, 6, style, amount_percent(number, some));
    grid_text(g, x + 13, y, 2, style, "%");
    grid_text(g, x + 16, y, 4, STYLE_DIM, "full");
    view_right(g, x + 20, y, 6, style, amount_percent(number, full));
    grid_text(g, x + 26, y, 2, style, "%");
    graph = a->width - 30;
    for (u32 i = 0; i < m->moments.count; i++)
        values[i] = moments_at(&m->moments, m->moments.count - 1 - i)->some[r];
    if (graph > 0)
        view_spark(g, x + 28, y, graph, values, (int)m->moments.count, max,
                   style == STYLE_PLAIN ? STYLE_FLOW : style);
}

static void draw_pressure(struct grid *g, const struct area *a, int y, int rows,
                          const struct model *m)
{
    double max = pressure_max(&m->moments, a->width - 30);
    char note[64];

    snprintf(note, sizeof(note), "time in which some task waited; graph to %.0f %%", max);
    view_section(g, a, y, "Pressure", note);
    for (int i = 0; i < MIN(rows - 1, NR_PSI_RESOURCES); i++)
        draw_pressure_row(g, a, y + 1 + i, psi_res_by_worth[i], m, max);
}

/* --- findings --------------------------------------------------------------------------------- */
static void draw_finding_row(struct grid *g, const struct area *a, int y, const struct finding *f)
{
    static const struct {
        const char *word;
        enum style style;
    } words[] = {
        [SEV_GOOD] = {"good", STYLE_GOOD},
        [SEV_INFO] = {"info", STYLE_INFO},
        [SEV_WARNING] = {"WARNING", STYLE_WARNING},
        [SEV_CRITICAL] = {"CRITICAL", STYLE_CRITICAL},
    };
    /* Whose it is, where the title does not say so. */
    bool is_said = strcmp(f->scope, "host") == 0 || strstr(f->title, f->scope);
    int scope = is_said ? 0 : MIN(grid_text_width(g, f->scope), a->width / 3);

    grid_text(g, a->x + 1, y, 8, words[f->severity].style, words[f->severity].word);
    grid_text(g, a->x + 10, y, a->width - 12 - scope, STYLE_PLAIN, f->title);
    if (scope)
        view_right(g, a->x + a->width - scope - 1, y, scope, STYLE_DIM, f->scope);
}

static void draw_findings(struct grid *g, const struct area *a, int y, int rows,
                          const struct model *m, struct ui *ui)
{
    const struct findings *f = m->diagnosis ? &m->diagnosis->findings : NULL;
    u32 count = model_count_findings(m), shown = (u32)MAX(rows - 1, 0), first = 0;
    char note[64] = "Enter shows one";

    if (count > shown)
        snprintf(note, sizeof(note), "%u of %u", shown, count);
    view_section(g, a, y, "Findings", count ? note : NULL);
    if (!count) {
        grid_text(g, a->x + 1, y + 1, a->width - 2, STYLE_DIM,
                  m->diagnosis ? "none" : "two samples are needed");
        return;
    }
    ui->finding = MIN(ui->finding, count - 1);
    if (ui->has_finding && ui->finding >= shown)
        first = ui->finding - shown + 1;
    for (u32 i = 0; i < MIN(shown, count - first); i++) {
        u32 at = first + i;
        int row = y + 1 + (int)i;

        if (at < f->items.count) {
            draw_finding_row(g, a, row, &f->items.items[at]);
        } else {
            const struct gap *gap = &f->gaps.items[at - f->items.count];

            grid_text(g, a->x + 1, row, 8, STYLE_DIM, "unknown");
            view_printf(g, a->x + 10, row, a->width - 11, STYLE_DIM, "%s: %s", gap->what, gap->why);
        }
        if (ui->has_finding && at == ui->finding)
            grid_restyle(g, a->x, row, a->width, STYLE_SELECTED);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */
struct plan {
    int legend, scale, flows, huge, pressure, findings, blanks;
};

/* Take `want` rows if there are as many, or what is left if at least `least`. */
static int take_rows(int *left, int least, int want)
{
    int rows = *left >= want ? want : *left >= least ? *left : 0;

    *left -= rows;
    return rows;
}

static struct plan make_plan(const struct area *a, const struct model *m)
{
    int left = a->height - 2, count = MAX((int)model_count_findings(m), 1);
    bool two_sides = a->width >= TWO_SIDES_WIDTH;
    struct plan p = {0};
    int blanks;

    p.findings = take_rows(&left, 2, 2);
    p.pressure = take_rows(&left, 2, 4);
    p.flows = take_rows(&left, 3, two_sides ? 6 : 11);
    p.legend = take_rows(&left, screen_economy_rows(a->width, &m->economy),
                         screen_economy_rows(a->width, &m->economy));
    p.huge = has_huge(m) ? take_rows(&left, 2, 2) : 0;
    p.scale = take_rows(&left, 1, 1);
    /* The worst three are seen before there is room to breathe, all of them after. */
    p.findings += take_rows(&left, 0, MIN(left, MIN(count - 1, 2)));
    blanks = p.huge ? 4 : 3;
    p.blanks = take_rows(&left, blanks, blanks) / blanks;
    return p; /* what is left is for findings: they take all rows to the end */
}

void screen_overview_draw(struct grid *g, const struct area *a, const struct model *m,
                          struct ui *ui)
{
    struct plan p = make_plan(a, m);
    int y = a->y;

    draw_memory(g, a, y, p.legend, p.scale, m);
    y += 2 + p.scale + p.legend + p.blanks;
    if (p.flows)
        draw_flows(g, a, y, p.flows, m);
    y += p.flows ? p.flows + p.blanks : 0;
    if (p.huge)
        draw_huge(g, a, y, m);
    y += p.huge ? p.huge + p.blanks : 0;
    if (p.pressure)
        draw_pressure(g, a, y, p.pressure, m);
    y += p.pressure + p.blanks;
    if (p.findings)
        draw_findings(g, a, y, a->y + a->height - y, m, ui);
}
