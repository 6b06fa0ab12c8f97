/* charge.c - objects are charged in bytes, limits count pages: a stock of bytes per CPU lies
 * between.
 *
 * An object that the stock cannot pay for charges whole pages; what is over goes to the stock, so
 * that the next objects are free of charge. Freed bytes go to the stock too, and pages go back once
 * it holds more than one. When the CPU turns to another group, the bytes are left with their group
 * until some CPU works for it again. So a group pays for up to a page per CPU more than it uses.
 *
 * Mirrors obj_cgroup_charge(), refill_obj_stock(), drain_obj_stock() of mm/memcontrol.c, Linux
 * 6.1. */
#include "slab/slab_int.h"

static void uncharge_pages(struct slab *s, struct group *g, u32 nr)
{
    if (!nr)
        return;
    assert(g->kernel_pages >= nr);
    g->kernel_pages -= nr;
    group_uncharge(s->mem->groups, g, nr);
}

static void drain_one(struct slab *s, struct slab_stock *stock)
{
    struct group *g = group_get(s->mem->groups, stock->group);

    if (g) {
        uncharge_pages(s, g, stock->bytes / PAGE_SIZE);
        slab_group_of(s, g)->spare_bytes += stock->bytes % PAGE_SIZE;
    }
    stock->group = 0;
    stock->bytes = 0;
}

static void refill(struct slab *s, struct group *g, u32 bytes, bool may_uncharge)
{
    struct slab_stock *stock = &s->stock[s->mem->cpu];

    if (stock->group != g->id) {
        struct slab_group *sg = slab_group_of(s, g);

        drain_one(s, stock);
        stock->group = g->id;
        stock->bytes = sg->spare_bytes;
        sg->spare_bytes = 0;
        may_uncharge = true;
    }
    stock->bytes += bytes;
    if (may_uncharge && stock->bytes > PAGE_SIZE) {
        uncharge_pages(s, g, stock->bytes / PAGE_SIZE);
        stock->bytes %= PAGE_SIZE;
    }
}

bool stock_consume(struct slab *s, const struct group *g, u32 bytes)
{
    struct slab_stock *stock = &s->stock[s->mem->cpu];

    if (stock->group != g->id || stock->bytes < bytes)
        return false;
    stock->bytes -= bytes;
    return true;
}

void stock_paid(struct slab *s, struct group *g, u32 bytes)
{
    u32 pages = DIV_ROUND_UP(bytes, PAGE_SIZE);

    g->kernel_pages += pages;
    if (bytes % PAGE_SIZE)
        refill(s, g, pages * PAGE_SIZE - bytes, false);
}

void stock_charge(struct slab *s, struct group *g, u32 bytes)
{
    u32 pages = DIV_ROUND_UP(bytes, PAGE_SIZE);

    if (stock_consume(s, g, bytes))
        return;
    if (group_try_charge(s->mem->groups, g, pages, s->mem->cpu))
        group_force_charge(s->mem->groups, g, pages);
    stock_paid(s, g, bytes);
}

void stock_return(struct slab *s, struct group *g, u32 bytes)
{
    refill(s, g, bytes, true);
}

void stock_drain(struct slab *s, struct group *g)
{
    for (unsigned cpu = 0; cpu < s->mem->nr_cpus; cpu++)
        if (s->stock[cpu].group == g->id)
            drain_one(s, &s->stock[cpu]);
}

void slab_charge_zswap(void *slab, u16 memcg, u32 length, int pages)
{
    struct slab *s = slab;
    struct group *g = group_get(s->mem->groups, memcg);

    if (!g)
        return;
    g = slab_owner(s, g);
    slab_group_of(s, g)->zswap_bytes += (u64)((s64)length * pages);
    count(&g->counters, MEMCG_ZSWAP, (s64)length * pages);
    count(&g->counters, MEMCG_ZSWAPPED, pages);
    if (!g->parent || !length)
        return;
    if (pages > 0)
        stock_charge(s, g, length);
    else
        stock_return(s, g, length);
}
