/* screen_pages.c - pages over a screen: help, and a finding with its evidence. */
#include "top/screen_int.h"

#include "diagnose/diagnose.h"

#include <stdio.h>
#include <string.h>

/* --- help ------------------------------------------------------------------------------------- */
static const struct {
    const char *keys, *what;
} key_help[] = {
    {"1 2 3 4 5  Tab", "choose a screen"},
    {"Up Down  k j", "move the cursor, or scroll"},
    {"PgUp PgDn  ^B ^F", "by a page"},
    {"Home End", "to the first, to the last"},
    {"Enter", "overview: show a finding; cgroups: show all of a group"},
    {"+ -", "cgroups: fold or unfold a group"},
    {"< >  , .", "sort by another column; the arrow at its name says which way"},
    {"I  r", "the other way round"},
    {"/  F4", "filter by name; Escape shows all again"},
    {"t", "cgroups: tree or flat list"},
    {"Space", "pause, and go on"},
    {"d", "change the seconds between samples"},
    {"Right", "take a sample now"},
    {"?  h  F1", "this page"},
    {"^L", "draw anew"},
    {"q  F10", "close a page, quit"},
};

static const struct {
    const char *keys, *what;
} capture_help[] = {
    {"Left Right", "one instant back, on"},
    {"PgUp PgDn", "ten instants (^B and ^F scroll by a page)"},
    {"Home End", "the first, the last instant"},
    {"g", "go to a time: 14:03, 14:03:22, 2026-01-31 14:03, +5min, -30s"},
    {"n N", "the next, the previous instant with another verdict"},
    {"Space", "play, and stop"},
};

#define KEYS_WIDTH 18

static int draw_key(struct grid *g, const struct area *a, int y, const char *keys, const char *what)
{
    struct area text = {a->x + 1 + KEYS_WIDTH, 0, a->width - KEYS_WIDTH - 2, 0};

    if (text.width < 10) {
        text = (struct area){a->x + 3, 0, MAX(a->width - 4, 1), 0};
        grid_text(g, a->x + 1, y, a->width - 2, STYLE_BOLD, keys);
        return 1 + view_paragraph(g, &text, y + 1, STYLE_PLAIN, what);
    }
    grid_text(g, a->x + 1, y, KEYS_WIDTH - 1, STYLE_BOLD, keys);
    return view_paragraph(g, &text, y, STYLE_PLAIN, what);
}

static int help_page(struct grid *g, const struct area *a, int y, const struct model *m,
                     struct ui *ui)
{
    const struct screen *screen = &screens[ui->screen];
    struct area text = {a->x + 1, 0, a->width - 2, 0};
    int start = y;

    view_section(g, a, y++, screen->title, NULL);
    y += view_paragraph(g, &text, y, STYLE_PLAIN, screen->help);
    if (ui->screen == SCREEN_OVERVIEW) {
        y++;
        for (unsigned i = 0; i < NR_USES; i++) {
            grid_fill(g, a->x + 1, y, 2, STYLE_USE + i,
                      g->look.blocks ? view_glyph(g, GLYPH_BLOCK) : (u32)use_info[i].letter);
            y += draw_key(g, &(struct area){a->x + 3, 0, a->width - 3, 0}, y, use_info[i].name,
                          use_info[i].help);
        }
    }
    for (int i = 0; screen->table && i < screen->table->nr_columns; i++)
        y += draw_key(g, a, y, screen->table->columns[i].title, screen->table->columns[i].help);
    view_section(g, a, y++, "Keys", NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(key_help); i++)
        y += draw_key(g, a, y, key_help[i].keys, key_help[i].what);
    if (model_is_capture(m)) {
        view_section(g, a, y++, "In a capture", NULL);
        for (unsigned i = 0; i < ARRAY_SIZE(capture_help); i++)
            y += draw_key(g, a, y, capture_help[i].keys, capture_help[i].what);
    }
    return y - start;
}

void screen_help_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui)
{
    screen_page(g, a, m, ui, help_page);
}

/* --- a finding -------------------------------------------------------------------------------- */
static int draw_text(struct grid *g, const struct area *a, int y, const char *title,
                     const char *text)
{
    struct area inner = {a->x + 1, 0, a->width - 2, 0};
    int rows;

    if (!text || !text[0])
        return 0;
    grid_text(g, a->x + 1, y, a->width - 2, STYLE_SECTION, title);
    rows = 1 + view_paragraph(g, &inner, y + 1, STYLE_PLAIN, text);
    return rows + 1;
}

/* Name and value, then what it is compared with and where it was read; on lines of their own where
 * it is narrow. */
static int draw_evidence(struct grid *g, const struct area *a, int y, const struct finding *f)
{
    int rows = 1, value_x = a->x + MIN(36, a->width / 2);

    if (!f->evidence.count)
        return 0;
    grid_text(g, a->x + 1, y, a->width - 2, STYLE_SECTION, "Evidence");
    vec_for_each (&f->evidence, e) {
        int used;

        grid_text(g, a->x + 1, y + rows, value_x - a->x - 2, STYLE_PLAIN, e->name);
        used = value_x +
               grid_text(g, value_x, y + rows, a->x + a->width - value_x - 1, STYLE_BOLD, e->value);
        if (e->threshold[0] && used + 4 + grid_text_width(g, e->threshold) < a->x + a->width)
            used += view_printf(g, used, y + rows, a->x + a->width - used, STYLE_DIM, "  (%s)",
                                e->threshold);
        if (used + 2 + grid_text_width(g, e->where) < a->x + a->width)
            view_right(g, used, y + rows, a->x + a->width - used - 1, STYLE_DIM, e->where);
        else
            grid_text(g, a->x + 3, y + ++rows, a->width - 4, STYLE_DIM, e->where);
        rows++;
    }
    return rows + 1;
}

static int finding_page(struct grid *g, const struct area *a, int y, const struct model *m,
                        struct ui *ui)
{
    const struct findings *all = &m->diagnosis->findings;
    struct area inner = {a->x + 1, 0, a->width - 2, 0};
    const struct finding *f;
    const struct rule_info *info;
    struct advice advice;
    char note[128];
    int start = y;

    if (ui->finding >= all->items.count) {
        const struct gap *gap = &all->gaps.items[ui->finding - all->items.count];

        view_section(g, a, y++, "Cannot be told here", NULL);
        y += draw_text(g, a, y, "What", gap->what);
        return y + draw_text(g, a, y, "Why", gap->why) - 1 - start;
    }
    f = &all->items.items[ui->finding];
    info = &rule_info[f->rule];
    advice = finding_advice(f);
    snprintf(note, sizeof(note), "%s, confidence %s", severity_name(f->severity),
             confidence_name(f->confidence));
    view_section(g, a, y++, info->title, note);
    if (strcmp(f->scope, "host") != 0)
        y += view_paragraph(g, &inner, y, STYLE_DIM, f->scope);
    y += view_paragraph(g, &inner, y, STYLE_BOLD, f->title);
    if (f->detail)
        y += view_paragraph(g, &inner, y, STYLE_PLAIN, f->detail);
    y++;
    y += draw_evidence(g, a, y, f);
    y += draw_text(g, a, y, "What it means", advice.meaning);
    y += draw_text(g, a, y, "What to look at next", advice.look_next);
    y += draw_text(g, a, y, "What to change", advice.change);
    y += draw_text(g, a, y, "What would prove it wrong", advice.disproof);
    y += draw_text(g, a, y, "In general", info->teach);
    return y - 1 - start; /* the last blank row is no row of the page */
}

void screen_finding_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui)
{
    screen_page(g, a, m, ui, finding_page);
}
