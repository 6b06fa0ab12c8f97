/* screen_group.c - one control group: what its memory is, which limits are above it, what it waits
 * for, who is in it.
 *
 * The limit that hurts need not be the group's own: so the table of limits goes from the group up
 * to the root.
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

#define LIMIT_WIDTH   8
#define PROCESSES_MAX 8

/* The row the cursor is on; NULL when it is gone. */
static const struct group_row *selected_row(const struct model *m, const struct ui *ui)
{
    vec_for_each (&m->rows.groups, row) {
        if (row->key == ui->tables[SCREEN_CGROUPS].selected)
            return row;
    }
    return NULL;
}

static int draw_memory(struct grid *g, const struct area *a, int y, const struct model *m,
                       const struct cgroup_view *group)
{
    char note[96], current[UNITS_TEXT_MAX], total[UNITS_TEXT_MAX];
    struct economy e;
    int legend;

    economy_compute_group(&e, m->now, group);
    legend = screen_economy_rows(a->width, &e);
    if (!e.is_known) {
        view_section(g, a, y, "Memory", NULL);
        grid_text(g, a->x + 1, y + 1, a->width - 2, STYLE_DIM, "memory.current is not known here.");
        return 2;
    }
    snprintf(note, sizeof(note), "%s", format_bytes(current, group->current));
    if (known(group->max) && group->max != NO_LIMIT)
        snprintf(note, sizeof(note), "%s of a limit of %s", current,
                 format_bytes(total, group->max));
    view_section(g, a, y, "Memory", note);
    screen_economy_draw(g, a, y + 1, legend, true, &e);
    return 3 + legend;
}

static int draw_needed(struct grid *g, const struct area *a, int y, const struct model *m,
                       const struct group_row *row)
{
    struct area inner = {a->x + 1, 0, a->width - 2, 0};
    u32 index = (u32)(row - m->rows.groups.items);
    struct strbuf text;
    int rows = 0;

    if (!m->diagnosis)
        return 0;
    vec_for_each (&m->diagnosis->needs, n) {
        if (n->group != index)
            continue;
        view_section(g, a, y + rows++, "Needed", "the smallest limit that costs little time");
        strbuf_init(&text);
        need_say(n, &text);
        rows += view_paragraph(g, &inner, y + rows, STYLE_PLAIN, text.text);
        strbuf_done(&text);
    }
    return rows;
}

static void draw_limit(struct grid *g, const struct area *a, int y, const struct cgroup_view *group,
                       enum style style)
{
    const u64 figures[] = {group->current, group->high, group->max, group->swap_current,
                           group->swap_max};
    char amount[AMOUNT_MAX];
    int columns = MIN((int)ARRAY_SIZE(figures), (a->width - 18) / LIMIT_WIDTH);
    int x = a->x + a->width - 1 - columns * LIMIT_WIDTH;

    grid_text(g, a->x + 1, y, x - a->x - 1, style, group->path);
    for (int i = 0; i < columns; i++, x += LIMIT_WIDTH)
        view_right(g, x, y, LIMIT_WIDTH, style, amount_bytes(amount, figures[i]));
}

/* Whether it has come to a limit of its own. 2 % below it a group reclaims all the time: charges go
 * in batches. */
static bool is_at_limit(const struct cgroup_view *group)
{
    u64 limit = MIN(figure_or(group->max, NO_LIMIT), figure_or(group->high, NO_LIMIT));

    return known(group->current) && limit != NO_LIMIT && group->current >= limit - limit / 50;
}

static int draw_limits(struct grid *g, const struct area *a, int y, const struct model *m,
                       const struct cgroup_view *group)
{
    static const char *const heads[] = {"CURRENT", "HIGH", "MAX", "SWAP", "SWAPMAX"};
    int columns = MIN((int)ARRAY_SIZE(heads), (a->width - 18) / LIMIT_WIDTH), rows = 2;
    int x = a->x + a->width - 1 - columns * LIMIT_WIDTH;

    view_section(g, a, y, "Limits", "from here up; marked where one is met");
    for (int i = 0; i < columns; i++, x += LIMIT_WIDTH)
        view_right(g, x, y + 1, LIMIT_WIDTH, STYLE_DIM, heads[i]);
    for (;;) {
        draw_limit(g, a, y + rows++, group, is_at_limit(group) ? STYLE_WARNING : STYLE_PLAIN);
        if (group->parent == GROUP_NONE)
            return rows;
        group = &m->now->cgroups.items[group->parent];
    }
}

static int draw_pressure(struct grid *g, const struct area *a, int y,
                         const struct cgroup_view *group)
{
    int rows = 1;

    view_section(g, a, y, "Pressure", "percent of the last 10 s, 60 s, 300 s");
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        const struct psi_view *psi = &group->psi[psi_res_by_worth[i]];
        const u64 figures[] = {psi->some.avg10, psi->some.avg60, psi->some.avg300,
                               psi->full.avg10, psi->full.avg60, psi->full.avg300};
        char number[AMOUNT_MAX];

        if (!known(psi->some.avg10))
            continue;
        grid_text(g, a->x + 1, y + rows, 7, STYLE_PLAIN, psi_res_name[psi_res_by_worth[i]]);
        grid_text(g, a->x + 9, y + rows, 4, STYLE_DIM, "some");
        grid_text(g, a->x + 34, y + rows, 4, STYLE_DIM, "full");
        for (int k = 0; k < (int)ARRAY_SIZE(figures); k++)
            view_right(g, a->x + 13 + k * 6 + k / 3 * 7, y + rows, 6,
                       figures[k] == 0 ? STYLE_DIM : STYLE_PLAIN,
                       amount_percent(number, screen_figure(figures[k]) / 100));
        rows++;
    }
    if (rows == 1)
        grid_text(g, a->x + 1, y + rows++, a->width - 2, STYLE_DIM,
                  "Not measurable here: it has no memory.pressure.");
    return rows;
}

/* "name 12" one after the other, as many as fit into the rows it takes. */
static int draw_events(struct grid *g, const struct area *a, int y, const struct group_row *row)
{
    const struct cgroup_view *group = row->group;
    const struct {
        const char *name;
        double count;
    } events[] = {
        {"refaults/s", row->refaults},
        {"major faults/s", row->majors},
        {"over high/s", row->at_high},
        {"at max/s", row->at_max},
        {"high", screen_figure(group->events[EV_HIGH])},
        {"max",
         screen_figure(known(group->events[EV_MAX]) ? group->events[EV_MAX] : group->failcnt)},
        {"oom", screen_figure(group->events[EV_OOM])},
        {"oom_kill", screen_figure(group->events[EV_OOM_KILL])},
        {"low", screen_figure(group->events[EV_LOW])},
        {"swap fail", screen_figure(group->events[EV_SWAP_FAIL])},
        {"dying groups", screen_figure(group->nr_dying)},
    };
    char number[AMOUNT_MAX];
    int x = a->x + 1, rows = 2;

    view_section(g, a, y, "Events", "rates, then totals");
    for (unsigned i = 0; i < ARRAY_SIZE(events); i++) {
        int width = (int)strlen(events[i].name) + 8;

        if (isnan(events[i].count))
            continue;
        if (x + width > a->x + a->width && x > a->x + 1) {
            x = a->x + 1;
            rows++;
        }
        x += view_printf(g, x, y + rows - 1, width, STYLE_DIM, "%s ", events[i].name);
        x += grid_text(g, x, y + rows - 1, 8, events[i].count > 0 ? STYLE_BOLD : STYLE_DIM,
                       amount_count(number, events[i].count));
        x += 3;
    }
    return rows;
}

static bool is_within(const struct model *m, u32 group, const struct cgroup_view *ancestor)
{
    for (; group != GROUP_NONE; group = m->now->cgroups.items[group].parent) {
        if (&m->now->cgroups.items[group] == ancestor)
            return true;
    }
    return false;
}

/* Its largest processes and those of the groups below, by selection: there are few to be shown. */
static int draw_processes(struct grid *g, const struct area *a, int y, const struct model *m,
                          const struct cgroup_view *group)
{
    const struct process_row *shown[PROCESSES_MAX];
    char rss[AMOUNT_MAX], anon[AMOUNT_MAX];
    int count = 0;

    vec_for_each (&m->rows.processes, row) {
        int at = count;

        if (!known(row->rss) || !is_within(m, row->process->group, group))
            continue;
        while (at > 0 && shown[at - 1]->rss < row->rss)
            at--;
        if (at == PROCESSES_MAX)
            continue;
        count = MIN(count + 1, PROCESSES_MAX);
        memmove(&shown[at + 1], &shown[at], (size_t)(count - 1 - at) * sizeof(shown[0]));
        shown[at] = row;
    }
    view_section(g, a, y, "Processes", "the largest: pid, resident, anonymous");
    for (int i = 0; i < count; i++) {
        view_printf(g, a->x + 1, y + 1 + i, 8, STYLE_PLAIN, "%7u", shown[i]->process->pid);
        view_right(g, a->x + 9, y + 1 + i, 7, STYLE_PLAIN, amount_bytes(rss, shown[i]->rss));
        view_right(g, a->x + 16, y + 1 + i, 7, STYLE_PLAIN,
                   amount_bytes(anon, shown[i]->process->rss_anon));
        grid_text(g, a->x + 25, y + 1 + i, a->width - 26, STYLE_PLAIN, shown[i]->process->comm);
    }
    if (!count)
        grid_text(g, a->x + 1, y + 1, a->width - 2, STYLE_DIM, "none that can be seen");
    return 1 + MAX(count, 1);
}

static int draw_findings(struct grid *g, const struct area *a, int y, const struct model *m,
                         const struct cgroup_view *group)
{
    struct area inner = {a->x + 1, 0, a->width - 2, 0};
    int rows = 0;

    if (!m->diagnosis)
        return 0;
    vec_for_each (&m->diagnosis->findings.items, f) {
        if (strcmp(f->scope, group->path) != 0)
            continue;
        if (!rows)
            view_section(g, a, y + rows++, "Findings", NULL);
        rows += view_paragraph(g, &inner, y + rows,
                               f->severity >= SEV_WARNING ? STYLE_WARNING : STYLE_PLAIN, f->title);
    }
    return rows;
}

static int group_page(struct grid *g, const struct area *a, int y, const struct model *m,
                      struct ui *ui)
{
    const struct group_row *row = selected_row(m, ui);
    int start = y;

    if (!row) {
        grid_text(g, a->x + 1, y, a->width - 2, STYLE_DIM, "This group is gone.");
        return 1;
    }
    grid_text(g, a->x + 1, y++, a->width - 2, STYLE_BOLD, row->group->path);
    y += draw_memory(g, a, y, m, row->group);
    y += draw_needed(g, a, y, m, row);
    y += draw_findings(g, a, y, m, row->group);
    y += draw_limits(g, a, y, m, row->group);
    y += draw_pressure(g, a, y, row->group);
    y += draw_events(g, a, y, row);
    y += draw_processes(g, a, y, m, row->group);
    return y - start;
}

void screen_group_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui)
{
    screen_page(g, a, m, ui, group_page);
}
