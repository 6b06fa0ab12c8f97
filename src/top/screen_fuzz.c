/* screen_fuzz.c - screens of machines whose files say anything: every figure at random, any size,
 * any key. Nothing may abort, and no grid may be broken. */
#include "top/screen.h"

#include "base/prng.h"
#include "base/test.h"
#include "diagnose/diagnose.h"
#include "top/fixture_testing.h"

#include <locale.h>

/* Figures that break arithmetic, and plain ones. */
static u64 any_figure(struct prng *r)
{
    static const u64 edges[] = {0, 1, 4095, 1ull << 31, 1ull << 32, 1ull << 53, 1ull << 63};

    switch (prng_below(r, 6)) {
    case 0:
        return UNKNOWN;
    case 1:
        return NO_LIMIT;
    case 2:
        return NO_LIMIT - prng_below(r, 3);
    case 3:
        return edges[prng_below(r, ARRAY_SIZE(edges))];
    default:
        return prng_next(r) >> prng_below(r, 64);
    }
}

static void scramble(struct prng *r, u64 *figures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (prng_below(r, 3) == 0)
            figures[i] = any_figure(r);
    }
}

#define PSI_FIGURES        (NR_PSI_RESOURCES * sizeof(struct psi_view) / sizeof(u64))
#define SCRAMBLE(r, array) scramble(r, (u64 *)(array), sizeof(array) / sizeof(u64))

static void scramble_group(struct prng *r, struct cgroup_view *g)
{
    u64 *const figures[] = {&g->current,         &g->high,           &g->max,
                            &g->swap_current,    &g->swap_max,       &g->failcnt,
                            &g->events[EV_HIGH], &g->events[EV_MAX], &g->events[EV_OOM_KILL],
                            &g->events[EV_OOM],  &g->nr_procs,       &g->nr_dying,
                            &g->zswap_current,   &g->stat_at,        &g->read_at};

    for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
        scramble(r, figures[i], 1);
    SCRAMBLE(r, g->stat);
    scramble(r, (u64 *)(void *)g->psi, PSI_FIGURES);
}

static void scramble_snapshot(struct prng *r, struct snapshot *s)
{
    SCRAMBLE(r, s->meminfo);
    SCRAMBLE(r, s->vmstat);
    scramble(r, (u64 *)(void *)s->psi, PSI_FIGURES);
    scramble(r, &s->wall_us, 1);
    scramble(r, &s->uptime_us, 1);
    scramble(r, &s->load1, 3);
    for (unsigned i = 0; i < NR_PARTS; i++) {
        enum part_state state = (enum part_state)prng_below(r, PART_BAD + 1);

        s->parts[i] = (struct part_status){.state = state};
        if (state != PART_OK && state != PART_NOT_READ)
            snprintf(s->parts[i].why, sizeof(s->parts[i].why), "for a reason");
        scramble(r, &s->parts[i].read_at, 1);
    }
    vec_for_each (&s->cgroups, g)
        scramble_group(r, g);
    vec_for_each (&s->zones, z) {
        scramble(r, &z->free, 7);
        SCRAMBLE(r, z->blocks);
        z->nr_orders = (u32)prng_below(r, ORDERS_MAX + 1);
    }
    vec_for_each (&s->nodes, n)
        scramble(r, &n->total, 17);
    vec_for_each (&s->slabs, slab)
        scramble(r, &slab->active_objects, 4);
    vec_for_each (&s->processes, p) {
        scramble(r, &p->rss_anon, 20);
        p->group = prng_below(r, 4) ? p->group : GROUP_NONE;
    }
    snapshot_check(s);
}

static void press_and_draw(struct prng *r, struct model *m, struct ui *ui, struct grid *g)
{
    for (unsigned i = 0; i < 12; i++) {
        static const u32 keys[] = {
            '1', '2', '3', '4',          '5',         '?',       'q',        '>',
            'I', 't', '-', UI_KEY_ENTER, UI_KEY_DOWN, UI_KEY_UP, UI_KEY_END, UI_KEY_PAGE_DOWN};

        ui_press(ui, m, keys[prng_below(r, ARRAY_SIZE(keys))]);
        screen_draw(g, m, ui);
        grid_check(g);
    }
}

static void one_machine(struct prng *r)
{
    const struct look look = {.utf8 = prng_below(r, 2), .blocks = prng_below(r, 2)};
    struct snapshot before, now;
    struct model model;
    struct grid grid;
    struct ui ui;

    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 1);
    scramble_snapshot(r, &before);
    scramble_snapshot(r, &now);
    model_init(&model);
    model.nr_instants = prng_below(r, 3);
    model.first_wall_us = any_figure(r);
    model_update(&model, NULL, &before, NULL);
    model_update(&model, &before, &now, NULL);
    ui_init(&ui);
    grid_init(&grid, 1 + (int)prng_below(r, 150), 1 + (int)prng_below(r, 50), look);
    press_and_draw(r, &model, &ui, &grid);
    grid_done(&grid);
    ui_done(&ui);
    model_done(&model);
    snapshot_done(&before);
    snapshot_done(&now);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1000);
    struct prng r;

    setlocale(LC_CTYPE, "C.UTF-8");
    prng_seed(&r, args.seed);
    for (u64 i = 0; i < args.operations; i++)
        one_machine(&r);
    printf("%llu machines drawn\n", (unsigned long long)args.operations);
    return 0;
}
