/* screen.c - the lines around every screen: whose memory, the verdict, where in time, what keys do.
 *
 *     highwater  HOST  Linux 6.1.0  4 CPUs  load 0.52 0.60 0.71  up 12 d        14:03:22
 *     healthy: ...
 *     BODY
 *     |------------o----------| 14:03:22, 12 of 340                        (of a capture)
 *     1 Overview  2 Cgroups  ...                                  (or a question, or a note)
 */
#include "top/screen_int.h"

#include "diagnose/diagnose.h"
#include "top/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIME_BYTES 32

static const void *group_rows(const struct model *m, size_t *ret_count)
{
    *ret_count = m->rows.groups.count;
    return m->rows.groups.items;
}

static const void *process_rows(const struct model *m, size_t *ret_count)
{
    *ret_count = m->rows.processes.count;
    return m->rows.processes.items;
}

static const void *slab_rows(const struct model *m, size_t *ret_count)
{
    *ret_count = m->rows.slabs.count;
    return m->rows.slabs.items;
}

const struct screen screens[NR_SCREENS] = {
    [SCREEN_OVERVIEW] =
        {"overview", "Overview", NULL, NULL, screen_overview_draw,
         "All memory in one bar, from what cannot be had back to what is free; what flows in and "
         "out "
         "of it per second; how much time was lost waiting; what that means. Up and Down choose a "
         "finding, Enter shows its evidence, its meaning and what to do next."},
    [SCREEN_CGROUPS] =
        {"cgroups", "Cgroups", &group_table, group_rows, screen_table_draw,
         "Control groups as a tree, siblings sorted. Rows are marked by memory pressure, not by "
         "use: "
         "a group that is full of cache is well. Enter shows all of one, + and - fold it, t shows "
         "a flat list."},
    [SCREEN_PROCESSES] = {"processes", "Processes", &process_table, process_rows, screen_table_draw,
                          "Who holds anonymous memory, who faults, who is swapped out."},
    [SCREEN_ZONES] = {"zones", "Zones", NULL, NULL, screen_zones_draw,
                      "Nodes and their zones. Free pages of each zone against its watermarks (m "
                      "min, l low, h high; the bar ends at "
                      "four times high): below low kswapd works, below min tasks reclaim by "
                      "themselves. Under it the free "
                      "blocks by order (2^order pages): zeros at the right mean fragmentation."},
    [SCREEN_SLAB] = {"slab", "Slab", &slab_table, slab_rows, screen_table_draw,
                     "Caches of kernel objects, and how they grow."},
};

enum screen_id screen_find(const char *name)
{
    for (unsigned i = 0; i < NR_SCREENS; i++) {
        if (strcmp(screens[i].name, name) == 0)
            return (enum screen_id)i;
    }
    return NR_SCREENS;
}

const char *screen_why_not(const struct model *m, enum part part, char *buf, size_t size)
{
    const struct part_status *status = &m->now->parts[part];

    if (status->state == PART_OK || status->state == PART_CUT)
        return NULL;
    if (status->state == PART_NOT_READ)
        snprintf(buf, size, "%s was not read yet.", part_names[part]);
    else
        snprintf(buf, size, "Not measurable here: %s: %s.", part_names[part],
                 status->why[0] ? status->why : "not there");
    return buf;
}

void screen_page(struct grid *g, const struct area *a, const struct model *m, struct ui *ui,
                 screen_page_fn *draw)
{
    int rows;

    g->clip_top = a->y;
    g->clip_bottom = a->y + a->height;
    rows = draw(g, a, a->y - ui->scroll, m, ui);
    /* Beyond its end: once more, where it ends. */
    if (ui->scroll > MAX(rows - a->height, 0)) {
        ui->scroll = MAX(rows - a->height, 0);
        for (int y = a->y; y < a->y + a->height; y++)
            grid_fill(g, a->x, y, a->width, STYLE_PLAIN, ' ');
        rows = draw(g, a, a->y - ui->scroll, m, ui);
    }
    if (rows - ui->scroll > a->height)
        grid_fill(g, a->x + a->width - 1, a->y + a->height - 1, 1, STYLE_KEY,
                  view_glyph(g, GLYPH_DOWN));
    g->clip_top = 0;
    g->clip_bottom = g->height;
}

void screen_table_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui)
{
    static const enum part part_of[NR_SCREENS] = {
        [SCREEN_CGROUPS] = PART_CGROUPS,
        [SCREEN_PROCESSES] = PART_PROCESSES,
        [SCREEN_SLAB] = PART_SLABINFO,
    };
    const struct screen *screen = &screens[ui->screen];
    struct table_state *state = &ui->tables[ui->screen];
    char why[WHY_BYTES + 64];
    const char *hint = screen_why_not(m, part_of[ui->screen], why, sizeof(why));
    size_t count = 0;
    const void *rows = screen->rows(m, &count);

    if (!hint)
        hint = state->filter[0] ? "Nothing matches the filter." : "There are none.";
    table_arrange(screen->table, state, rows, count, &ui->order);
    table_draw(g, a, screen->table, state, &ui->order, rows, hint);
}

/* --- the lines around ------------------------------------------------------------------------- */
/* Local time, with the date where it is not a live one; how long the machine was up where that is
 * all there is. */
static const char *format_time(const struct model *m, u64 wall_us, char buf[TIME_BYTES])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char up[AMOUNT_MAX];

    if (!known(wall_us) && !known(m->now->uptime_us))
        buf[0] = '\0';
    else if (!known(wall_us) || !localtime_r(&seconds, &tm))
        snprintf(buf, TIME_BYTES, "up %s", amount_time(up, m->now->uptime_us));
    else if (!strftime(buf, TIME_BYTES, m->is_live ? "%H:%M:%S" : "%F %H:%M:%S", &tm))
        buf[0] = '\0';
    return buf;
}

/* One more word, if there is room for all of it; else none comes after it either. Returns the new
 * x. */
static int add_word(struct grid *g, int x, int end, const char *text)
{
    int width = grid_text_width(g, text);

    if (x + width + 2 > end)
        return end;
    grid_text(g, x, 0, width, STYLE_BAR, text);
    return x + width + 2;
}

static void draw_head(struct grid *g, const struct model *m, const struct ui *ui)
{
    const struct snapshot *s = m->now;
    char text[300], time[TIME_BYTES], up[AMOUNT_MAX];
    const char *state;
    int x = 1, end = g->width;

    grid_fill(g, 0, 0, g->width, STYLE_BAR, ' ');
    if (model_is_capture(m))
        state = ui->paused ? "" : "PLAYING ";
    else
        state = ui->paused && m->is_live ? "PAUSED " : "";
    snprintf(text, sizeof(text), "%s%s", state, format_time(m, s->wall_us, time));
    if (grid_text_width(g, text) + 13 <= g->width) {
        end = g->width - grid_text_width(g, text) - 1;
        grid_text(g, end, 0, g->width - end, STYLE_BAR, text);
    }
    x = add_word(g, x, end + 1, "highwater");
    if (m->source[0])
        x = add_word(g, x, end, m->source);
    if (s->hostname[0])
        x = add_word(g, x, end, s->hostname);
    snprintf(text, sizeof(text), "Linux %.40s", s->release[0] ? s->release : "?");
    x = add_word(g, x, end, text);
    if (known(s->load1) && known(s->load5) && known(s->load15)) {
        snprintf(text, sizeof(text), "load %.2f %.2f %.2f", (double)s->load1 / 100,
                 (double)s->load5 / 100, (double)s->load15 / 100);
        x = add_word(g, x, end, text);
    }
    if (s->cpu.nr_cpus) {
        snprintf(text, sizeof(text), "%u CPU%s", s->cpu.nr_cpus, s->cpu.nr_cpus == 1 ? "" : "s");
        x = add_word(g, x, end, text);
    }
    if (known(s->uptime_us) && known(s->wall_us)) {
        snprintf(text, sizeof(text), "up %s", amount_time(up, s->uptime_us));
        add_word(g, x, end, text);
    }
}

static void draw_verdict(struct grid *g, const struct model *m)
{
    static const enum style styles[] = {
        [VERDICT_HEALTHY] = STYLE_GOOD,
        [VERDICT_WARNING] = STYLE_WARNING,
        [VERDICT_CRITICAL] = STYLE_CRITICAL,
        [VERDICT_UNKNOWN] = STYLE_INFO,
    };

    enum style style;
    int used;

    if (!m->diagnosis)
        return;
    style = styles[m->diagnosis->verdict];
    used = view_printf(g, 1, 1, g->width - 2, style, "%s: ", verdict_name(m->diagnosis->verdict));
    grid_text(g, 1 + used, 1, g->width - used - 2, style, m->diagnosis->headline);
}

/* A time of day; "" when it is not known. */
static const char *clock_time(u64 wall_us, char buf[TIME_BYTES])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;

    if (!known(wall_us) || !localtime_r(&seconds, &tm) ||
        !strftime(buf, TIME_BYTES, "%H:%M:%S", &tm))
        buf[0] = '\0';
    return buf;
}

/* Where in a capture: a line with a mark, from its first time to its last. */
static void draw_timeline(struct grid *g, const struct model *m, int y)
{
    char text[TIME_BYTES + 64], time[TIME_BYTES];
    int width, at, x = 1;

    if (g->width >= 60)
        x += view_printf(g, x, y, 20, STYLE_DIM, "%s ", clock_time(m->first_wall_us, time));
    snprintf(text, sizeof(text), "%s  %" PRIu64 " of %" PRIu64,
             g->width >= 60 ? clock_time(m->last_wall_us, time) : "", m->instant + 1,
             m->nr_instants);
    width = g->width - x - grid_text_width(g, text) - 2;
    if (width < 3)
        return;
    at = m->nr_instants > 1
             ? (int)((double)m->instant / (double)(m->nr_instants - 1) * (width - 1) + 0.5)
             : 0;
    grid_fill(g, x, y, width, STYLE_DIM, view_glyph(g, GLYPH_RULE));
    grid_fill(g, x + at, y, 1, STYLE_KEY, view_glyph(g, GLYPH_SWATCH));
    grid_text(g, x + width + 1, y, g->width - x - width - 1, STYLE_PLAIN, text);
}

static void draw_prompt(struct grid *g, const struct ui *ui, int y)
{
    static const char *const questions[] = {
        [PROMPT_FILTER] = "Filter: ",
        [PROMPT_TIME] = "Go to time (14:03, 14:03:22, 2026-01-31 14:03, +5min, -30s): ",
        [PROMPT_DELAY] = "Seconds between samples: ",
    };
    const char *question = questions[ui->prompt];
    int x;

    if (grid_text_width(g, question) + 12 > g->width)
        question = ui->prompt == PROMPT_FILTER ? "/" : "> ";
    x = grid_text(g, 1, y, g->width - 1, STYLE_PLAIN, question);
    x += grid_text(g, 1 + x, y, g->width - x - 2, STYLE_PLAIN, ui->input);
    grid_fill(g, 1 + x, y, 1, STYLE_KEY, '_');
}

/* "1 Overview", the current one marked. Returns the new x. */
static int draw_choice(struct grid *g, int x, int y, const char *key, const char *name,
                       bool is_current)
{
    int width = grid_text_width(g, key) + grid_text_width(g, name) + 1;

    if (x + width > g->width)
        return g->width;
    grid_text(g, x, y, width, STYLE_KEY, key);
    grid_text(g, x + grid_text_width(g, key) + 1, y, width,
              is_current ? STYLE_SELECTED : STYLE_PLAIN, name);
    return x + width + 2;
}

static void draw_foot(struct grid *g, const struct model *m, const struct ui *ui, int y)
{
    bool has_table = screens[ui->screen].table != NULL;
    const struct table_state *state = &ui->tables[ui->screen];
    char key[2] = "1", filter[80];
    int x = 1;

    grid_fill(g, 0, y, g->width, STYLE_PLAIN, ' ');
    if (ui->prompt != PROMPT_NONE) {
        draw_prompt(g, ui, y);
        return;
    }
    if (ui->note[0]) {
        grid_text(g, 1, y, g->width - 2, STYLE_PLAIN, ui->note);
        return;
    }
    if (ui->help || ui->detail) {
        x = draw_choice(g, x, y, "q", "Back", false);
        draw_choice(g, x, y, "Up Down", "Scroll", false);
        return;
    }
    for (unsigned i = 0; i < NR_SCREENS; i++, key[0]++)
        x = draw_choice(g, x, y, key, screens[i].title, i == ui->screen);
    if (has_table && state->filter[0]) {
        snprintf(filter, sizeof(filter), "%s", state->filter);
        x = draw_choice(g, x, y, "/", filter, true);
    } else if (has_table) {
        x = draw_choice(g, x, y, "/", "Filter", false);
    } else if (model_is_capture(m)) {
        x = draw_choice(g, x, y, "g", "Time", false);
    }
    x = draw_choice(g, x, y, "?", "Help", false);
    draw_choice(g, x, y, "q", "Quit", false);
}

void screen_draw(struct grid *g, const struct model *m, struct ui *ui)
{
    bool has_timeline = model_is_capture(m) && g->height >= 8;
    struct area body = {0, 2, g->width, g->height - 3 - has_timeline};

    grid_clear(g);
    if (g->width < SCREEN_WIDTH_MIN || g->height < SCREEN_HEIGHT_MIN) {
        view_printf(g, 0, 0, g->width, STYLE_PLAIN, "%dx%d: too small", g->width, g->height);
        return;
    }
    if (!m->now) {
        grid_text(g, 1, 0, g->width - 1, STYLE_DIM, "There is nothing to show.");
        draw_foot(g, m, ui, g->height - 1);
        return;
    }
    draw_head(g, m, ui);
    draw_verdict(g, m);
    ui->page_rows = body.height;
    if (ui->help)
        screen_help_draw(g, &body, m, ui);
    else if (ui->detail && ui->screen == SCREEN_CGROUPS)
        screen_group_draw(g, &body, m, ui);
    else if (ui->detail && ui->finding < model_count_findings(m))
        screen_finding_draw(g, &body, m, ui);
    else
        screens[ui->screen].draw(g, &body, m, ui);
    if (has_timeline)
        draw_timeline(g, m, g->height - 2);
    draw_foot(g, m, ui, g->height - 1);
}
