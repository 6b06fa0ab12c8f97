/* screen_zones.c - nodes, their zones against their watermarks, and free blocks by order. */
#include "top/screen_int.h"

#include "base/units.h"
#include "top/amount.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH   9
#define AMOUNT_WIDTH 7
#define ORDER_WIDTH  6

/* The bar ends at so many times the high watermark: what happens between the marks should be seen,
 * however large the zone. */
#define BAR_HIGHS 4

static u64 pages_to_bytes(const struct model *m, u64 pages)
{
    u64 bytes;

    if (!known(pages) || __builtin_mul_overflow(pages, m->now->page_bytes, &bytes))
        return UNKNOWN;
    return bytes;
}

/* Free pages up to the end of the bar; the watermarks stand on it as letters. */
static void draw_watermarks(struct grid *g, int x, int y, int width, const struct zone_view *z)
{
    u32 full = view_glyph(g, GLYPH_BLOCK);
    enum style style = STYLE_GOOD;
    double most = (double)z->high * BAR_HIGHS;
    const struct {
        u64 pages;
        u32 letter;
    } marks[] = {{z->min, 'm'}, {z->low, 'l'}, {z->high, 'h'}};

    if (!known(z->free) || !known(z->min) || !known(z->low) || !known(z->high) || !z->high ||
        width < 8) {
        grid_text(g, x, y, width, STYLE_DIM, "-");
        return;
    }
    if (z->free < z->min)
        style = STYLE_CRITICAL;
    else if (z->free < z->low)
        style = STYLE_WARNING;
    grid_fill(g, x, y, width, STYLE_DIM, view_glyph(g, GLYPH_DOT));
    grid_fill(g, x, y, (int)(fmin((double)z->free / most, 1) * width), style, full);
    if ((double)z->free >= most)
        grid_fill(g, x + width - 1, y, 1, style, view_glyph(g, GLYPH_ARROW));
    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        int at = (int)(fmin((double)marks[i].pages / most, 1) * width);

        grid_fill(g, x + MIN(at, width - 1), y, 1, STYLE_KEY, marks[i].letter);
    }
}

static void draw_orders(struct grid *g, const struct area *a, int y, const struct zone_view *z)
{
    char number[AMOUNT_MAX];
    int x = a->x + NAME_WIDTH + 2;

    grid_text(g, a->x + 3, y, NAME_WIDTH, STYLE_DIM, "blocks");
    for (u32 order = 0; order < MIN(z->nr_orders, ORDERS_MAX); order++, x += ORDER_WIDTH) {
        amount_count(number, screen_figure(z->blocks[order]));
        if (x + ORDER_WIDTH <= a->x + a->width)
            view_right(g, x, y, ORDER_WIDTH - 1, z->blocks[order] ? STYLE_PLAIN : STYLE_DIM,
                       number);
    }
}

static int draw_zone(struct grid *g, const struct area *a, int y, const struct model *m,
                     const struct zone_view *z)
{
    char amount[AMOUNT_MAX];
    int bar = a->x + NAME_WIDTH + 2 * AMOUNT_WIDTH + 3;

    grid_text(g, a->x + 1, y, NAME_WIDTH, STYLE_PLAIN, z->name);
    view_right(g, a->x + 1 + NAME_WIDTH, y, AMOUNT_WIDTH - 1, STYLE_PLAIN,
               amount_bytes(amount, pages_to_bytes(m, z->managed)));
    view_right(g, a->x + 1 + NAME_WIDTH + AMOUNT_WIDTH, y, AMOUNT_WIDTH - 1, STYLE_PLAIN,
               amount_bytes(amount, pages_to_bytes(m, z->free)));
    draw_watermarks(g, bar, y, a->x + a->width - bar - 1, z);
    if (!z->nr_orders)
        return 1;
    draw_orders(g, a, y + 1, z);
    return 2;
}

static void draw_head(struct grid *g, const struct area *a, int y, const struct model *m)
{
    u32 orders = 0;
    int x = a->x + NAME_WIDTH + 2;

    vec_for_each (&m->now->zones, z)
        orders = MAX(orders, MIN(z->nr_orders, ORDERS_MAX));
    grid_fill(g, a->x, y, a->width, STYLE_HEAD, ' ');
    grid_text(g, a->x + 1, y, NAME_WIDTH, STYLE_HEAD, "ZONE");
    view_right(g, a->x + 1 + NAME_WIDTH, y, AMOUNT_WIDTH - 1, STYLE_HEAD, "SIZE");
    view_right(g, a->x + 1 + NAME_WIDTH + AMOUNT_WIDTH, y, AMOUNT_WIDTH - 1, STYLE_HEAD, "FREE");
    view_printf(g, a->x + NAME_WIDTH + 2 * AMOUNT_WIDTH + 3, y, a->width, STYLE_HEAD,
                "free against watermarks: m min, l low, h high");
    grid_fill(g, a->x, y + 1, a->width, STYLE_HEAD, ' ');
    grid_text(g, a->x + 3, y + 1, NAME_WIDTH, STYLE_HEAD, "order");
    for (u32 order = 0; order < orders; order++, x += ORDER_WIDTH) {
        char number[AMOUNT_MAX];

        snprintf(number, sizeof(number), "%u", order);
        if (x + ORDER_WIDTH <= a->x + a->width)
            view_right(g, x, y + 1, ORDER_WIDTH - 1, STYLE_HEAD, number);
    }
}

#define KTHREADD 2u /* the parent of kernel threads */

/* Of one CPU, by the kernel thread of that node; NAN when there is none of that name. */
static double thread_cpu(const struct model *m, const char *name, u32 node)
{
    char comm[COMM_BYTES];

    snprintf(comm, sizeof(comm), "%s%u", name, node);
    vec_for_each (&m->rows.processes, row)
        if (row->process->ppid == KTHREADD && strcmp(row->process->comm, comm) == 0)
            return row->cpu_percent;
    return NAN;
}

static int draw_node_threads(struct grid *g, const struct area *a, int x, int y,
                             const struct model *m, u32 node)
{
    static const char *const names[] = {"kswapd", "kcompactd"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        double cpu = thread_cpu(m, names[i], node);
        int width = grid_text_width(g, names[i]) + 10;

        if (isnan(cpu) || x + width > a->x + a->width)
            continue;
        x += view_printf(g, x, y, width, STYLE_DIM, "%s ", names[i]);
        x += view_printf(g, x, y, width, STYLE_PLAIN, "%.1f %%", cpu) + 2;
    }
    return x;
}

/* Its memory by kind, and what keeps it free. */
static int draw_node_figures(struct grid *g, const struct area *a, int y, const struct model *m,
                             const struct node_view *n)
{
    const struct {
        const char *name;
        u64 bytes;
    } figures[] = {{"anon", n->anon},
                   {"file", n->file},
                   {"shmem", n->shmem},
                   {"slab", n->slab},
                   {"dirty", n->dirty},
                   {"active file", n->active_file},
                   {"inactive file", n->inactive_file}};
    char amount[AMOUNT_MAX];
    int x = a->x + 1;

    for (unsigned i = 0; i < ARRAY_SIZE(figures); i++) {
        int width = grid_text_width(g, figures[i].name) + 8;

        if (!known(figures[i].bytes) || x + width > a->x + a->width)
            continue;
        amount_bytes(amount, figures[i].bytes);
        x += view_printf(g, x, y, width, STYLE_DIM, "%s ", figures[i].name);
        x += grid_text(g, x, y, width, STYLE_PLAIN, amount) + 2;
    }
    return draw_node_threads(g, a, x, y, m, n->id) > a->x + 1 ? 1 : 0;
}

/* "98.5 % NUMA hits": of all pages that it gave since boot, those that were wanted from it. */
static int draw_node(struct grid *g, const struct area *a, int y, const struct model *m,
                     const struct node_view *n)
{
    char title[64], note[128], amount[AMOUNT_MAX], free_amount[AMOUNT_MAX], hit[48] = "";
    u64 sum = figure_add(n->numa_hit, n->numa_miss);

    if (known(sum) && sum)
        snprintf(hit, sizeof(hit), ", %.1f %% NUMA hits",
                 100.0 * (double)n->numa_hit / (double)sum);
    snprintf(title, sizeof(title), "Node %u%s", n->id, n->has_cpus ? "" : " (no CPUs)");
    snprintf(note, sizeof(note), "%s, %s free%s", amount_bytes(amount, n->total),
             amount_bytes(free_amount, n->free), hit);
    view_section(g, a, y, title, note);
    return 1 + draw_node_figures(g, a, y + 1, m, n);
}

static bool is_shown(const struct zone_view *z)
{
    return z->managed > 0; /* UNKNOWN too: the kernel may be too old to say */
}

static int draw_zones_of(struct grid *g, const struct area *a, int y, const struct model *m,
                         u32 node)
{
    int rows = 0;

    vec_for_each (&m->now->zones, z) {
        if (z->node == node && is_shown(z))
            rows += draw_zone(g, a, y + rows, m, z);
    }
    return rows;
}

static bool has_node(const struct model *m, u32 id)
{
    vec_for_each (&m->now->nodes, n) {
        if (n->id == id)
            return true;
    }
    return false;
}

static int draw_page(struct grid *g, const struct area *a, int y, const struct model *m,
                     struct ui *ui)
{
    u32 last = GROUP_NONE;
    int rows = 0;

    (void)ui;
    vec_for_each (&m->now->nodes, n) {
        rows += draw_node(g, a, y + rows, m, n);
        rows += draw_zones_of(g, a, y + rows, m, n->id);
    }
    /* Zones of nodes that /sys does not show: an archive may have /proc alone. */
    vec_for_each (&m->now->zones, z) {
        if (has_node(m, z->node) || !is_shown(z))
            continue;
        if (z->node != last)
            view_printf(g, a->x + 1, y + rows++, a->width, STYLE_SECTION, "Node %u", z->node);
        last = z->node;
        rows += draw_zone(g, a, y + rows, m, z);
    }
    return rows;
}

void screen_zones_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui)
{
    char why[WHY_BYTES + 64];
    const char *hint = screen_why_not(m, PART_ZONEINFO, why, sizeof(why));
    struct area below = {a->x, a->y + 2, a->width, a->height - 2};
    struct area text = {a->x + 1, below.y, a->width - 2, below.height};

    draw_head(g, a, a->y, m);
    if (below.height < 1)
        return;
    if (!m->now->zones.count && !m->now->nodes.count)
        view_paragraph(g, &text, text.y + 1, STYLE_DIM, hint ? hint : "There are none.");
    else
        screen_page(g, &below, m, ui, draw_page);
}
