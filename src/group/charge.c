/* charge.c - pages charged to a group and to every group above it.
 *
 * Mirrors mm/page_counter.c and the stock of mm/memcontrol.c: a charge first asks the CPU's stock,
 * then takes a batch of 64 pages of which the rest becomes the stock, then, near a limit, only what
 * is needed. Reclaim therefore starts up to 63 pages (per CPU) before the limit, as in Linux. */
#include "group/group.h"

static bool is_protected(const struct page_counter *pc)
{
    return (pc->min | pc->low | pc->min_usage | pc->low_usage) != 0;
}

static void counter_uncharge(struct group *g, u64 nr, bool swap)
{
    for (; g; g = g->parent) {
        struct page_counter *pc = swap ? &g->swap : &g->memory;

        assert(pc->usage >= nr);
        pc->usage -= nr;
        if (unlikely(is_protected(pc)))
            group_propagate_protection(g);
    }
}

static void counter_charge(struct group *g, u64 nr, bool swap)
{
    for (; g; g = g->parent) {
        struct page_counter *pc = swap ? &g->swap : &g->memory;

        pc->usage += nr;
        if (pc->usage > pc->peak)
            pc->peak = pc->usage;
        if (unlikely(is_protected(pc)))
            group_propagate_protection(g);
    }
}

/* The lowest group on the way up whose limit does not allow nr more; NULL when all do. */
static struct group *counter_over(struct group *g, u64 nr, bool swap)
{
    for (; g; g = g->parent) {
        struct page_counter *pc = swap ? &g->swap : &g->memory;

        if (pc->usage + nr > pc->max) {
            pc->failcnt++;
            return g;
        }
    }
    return NULL;
}

static void stock_drain(struct groups *gs, struct group_stock *stock)
{
    (void)gs;
    if (stock->group && stock->nr_pages)
        counter_uncharge(stock->group, stock->nr_pages, false);
    stock->group = NULL;
    stock->nr_pages = 0;
}

static void stock_refill(struct groups *gs, struct group_stock *stock, struct group *g, u32 nr)
{
    if (stock->group != g) {
        stock_drain(gs, stock);
        stock->group = g;
    }
    stock->nr_pages += nr;
    if (stock->nr_pages > gs->charge_batch) {
        stock_drain(gs, stock);
        stock->group = g;
    }
}

struct group *group_try_charge(struct groups *gs, struct group *g, u32 nr, unsigned cpu)
{
    struct group_stock *stock = &gs->stock[cpu];
    u32 batch = MAX(gs->charge_batch, nr);
    struct group *over;

    if (!g->parent) /* the root has no limit and is not charged for its own pages */
        return NULL;
    if (stock->group == g && stock->nr_pages >= nr) {
        stock->nr_pages -= nr;
        return NULL;
    }
    over = counter_over(g, batch, false);
    if (over && batch > nr) {
        batch = nr;
        over = counter_over(g, nr, false);
    }
    if (over)
        return over;
    counter_charge(g, batch, false);
    if (batch > nr)
        stock_refill(gs, stock, g, batch - nr);
    return NULL;
}

void group_force_charge(struct groups *gs, struct group *g, u32 nr)
{
    (void)gs;
    if (g->parent)
        counter_charge(g, nr, false);
}

void group_uncharge(struct groups *gs, struct group *g, u32 nr)
{
    (void)gs;
    if (g->parent)
        counter_uncharge(g, nr, false);
}

void group_drain_stock(struct groups *gs, struct group *g)
{
    for (unsigned cpu = 0; cpu < gs->nr_cpus; cpu++)
        if (gs->stock[cpu].group && group_is_below(gs->stock[cpu].group, g))
            stock_drain(gs, &gs->stock[cpu]);
}

u64 group_margin(const struct group *g)
{
    return g->memory.usage < g->memory.max ? g->memory.max - g->memory.usage : 0;
}

struct group *group_try_charge_swap(struct groups *gs, struct group *g, u32 nr)
{
    struct group *over = counter_over(g, nr, true);

    (void)gs;
    if (!over)
        counter_charge(g, nr, true);
    return over;
}

void group_uncharge_swap(struct groups *gs, struct group *g, u32 nr)
{
    (void)gs;
    counter_uncharge(g, nr, true);
}

u64 group_swap_left(const struct group *g, u64 nr_swap_pages)
{
    u64 left = nr_swap_pages;

    for (; g && g->parent; g = g->parent)
        left = MIN(left, g->swap.max > g->swap.usage ? g->swap.max - g->swap.usage : 0);
    return left;
}

bool group_swap_full(const struct group *g, u64 nr_swap_pages, u64 total_swap_pages)
{
    if (nr_swap_pages * 2 < total_swap_pages)
        return true;
    for (; g && g->parent; g = g->parent)
        if (g->swap.usage * 2 >= MIN(g->swap.max, g->swap.high))
            return true;
    return false;
}
