/* group_fuzz.c - a random tree of groups: charges of pages and swap, limits, protection, moves of
 * stocks between CPUs and removal, against a plain list of who holds what. After each step
 * group_check(), lruvec_check() now and then. */
#include "base/prng.h"
#include "base/test.h"
#include "group/group.h"

#include <errno.h>

#define HELD_MAX  3000u
#define DEPTH_MAX 5u
#define NR_CPUS   3u
#define NR_MADE   400u

static struct groups gs;
static struct counters counters;
static struct frames frames;
static struct prng rng;
static pfn_t held[HELD_MAX];
static unsigned nr_held;
static u16 swapped[HELD_MAX]; /* the group that pays for each slot */
static unsigned nr_swapped;
static u64 refused, released;
static u64 raised[NR_MADE + 1]; /* events, by the group where they happened */

static u64 below(u64 n)
{
    return prng_below(&rng, n);
}

static unsigned depth(const struct group *g)
{
    return g->parent ? 1 + depth(g->parent) : 0;
}

static struct group *some_group(bool online)
{
    struct group *g = group_get(&gs, (u16)(1 + below(gs.nr_groups)));

    return online && !g->online ? gs.root : g->released ? gs.root : g;
}

static void make(void)
{
    struct group *parent = some_group(true);
    char name[16];

    if (depth(parent) >= DEPTH_MAX || gs.nr_groups >= NR_MADE)
        return;
    snprintf(name, sizeof(name), "g%u", gs.nr_groups);
    group_new(&gs, parent, name);
}

/* The limit named must be in the way, be on the way up, and be the first that is. */
static void check_refusal(struct group *g, const struct group *over)
{
    refused++;
    assert(group_is_below(g, over) && over->memory.usage + 1 > over->memory.max);
    for (; g != over; g = g->parent)
        assert(g->memory.usage < g->memory.max);
}

static void charge(void)
{
    struct group *g = some_group(true), *over;
    struct frame *f;
    pfn_t pfn;

    if (nr_held == HELD_MAX)
        return;
    over = group_try_charge(&gs, g, 1, (unsigned)below(NR_CPUS));
    if (over) {
        check_refusal(g, over);
        return;
    }
    pfn = frames_try_alloc(&frames, nodes_near(0), 0, MT_MOVABLE,
                           ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);
    assert(pfn != PFN_NONE);
    f = frames_get(&frames, pfn);
    f->memcg = g->id;
    frame_set(f, below(2) ? PG_ANON | PG_SWAPBACKED : PG_PAGECACHE);
    if (below(2))
        frame_set(f, PG_ACTIVE);
    lruvec_add(&gs, pfn);
    held[nr_held++] = pfn;
}

static void uncharge(void)
{
    unsigned at;
    struct frame *f;

    if (!nr_held)
        return;
    at = (unsigned)below(nr_held);
    f = frames_get(&frames, held[at]);
    lruvec_del(&gs, held[at]);
    group_uncharge(&gs, frame_group(&gs, f), 1);
    frame_clear(f, PG_ANON | PG_SWAPBACKED | PG_PAGECACHE | PG_ACTIVE);
    f->memcg = 0;
    frames_free(&frames, held[at], 0, 0);
    held[at] = held[--nr_held];
}

static void swap_out(void)
{
    struct group *g = some_group(false);

    while (!group_id_valid(g))
        g = g->parent;
    if (nr_swapped < HELD_MAX && !group_try_charge_swap(&gs, g, 1))
        swapped[nr_swapped++] = g->id;
}

static void swap_in(void)
{
    unsigned at;

    if (!nr_swapped)
        return;
    at = (unsigned)below(nr_swapped);
    group_uncharge_swap(&gs, group_get(&gs, swapped[at]), 1);
    swapped[at] = swapped[--nr_swapped];
}

static void limit(void)
{
    struct group *g = some_group(true);

    if (!g->parent)
        return;
    switch (below(4)) {
    case 0:
        group_set_limit(g, LIMIT_MAX, below(2) ? PAGE_COUNTER_MAX : g->memory.usage + below(200));
        break;
    case 1:
        group_set_limit(g, LIMIT_SWAP_MAX, below(3) ? PAGE_COUNTER_MAX : g->swap.usage + below(50));
        break;
    default:
        group_set_limit(g, LIMIT_MIN, below(2) ? below(300) : 0);
        group_set_limit(g, LIMIT_LOW, below(8) ? below(600) : PAGE_COUNTER_MAX);
    }
}

static void end(void)
{
    struct group *g = some_group(true);
    bool busy = false;

    if (!g->parent)
        return;
    for (struct group *c = group_next(g, g); c; c = group_next(g, c))
        busy |= c->online && c->parent == g;
    assert(group_remove(&gs, g) == (busy ? -EBUSY : 0));
}

/* Effective protection promises no more than there is, and siblings together no more than their
 * parent has. */
static void check_protection(void)
{
    struct group *top = below(2) ? gs.root : some_group(false);

    for (struct group *g = group_next(top, NULL); g; g = group_next(top, g))
        group_calculate_protection(&gs, top, g);
    for (struct group *g = group_next(top, top); g; g = group_next(top, g)) {
        u64 sum = 0;

        assert(g->parent == top || !g->memory.usage || g->memory.elow <= g->memory.usage);
        for (struct group *c = group_next(g, g); c; c = group_next(g, c))
            if (c->parent == g)
                sum += c->memory.usage ? c->memory.elow : 0;
        assert(!g->memory.usage || sum <= g->memory.elow);
    }
}

/* An event is counted here and above, whoever has gone meanwhile. */
static void check_events(void)
{
    for (u32 id = 1; id <= gs.nr_groups; id++)
        if (!gs.by_id[id]->released)
            assert((u64)group_local_events(gs.by_id[id], MEMCG_LOW) == raised[id]);
}

static void raise_event(void)
{
    struct group *g = some_group(false);

    raised[g->id]++;
    group_event(g, MEMCG_LOW, 1);
}

static void check_swap(void)
{
    u64 sum = 0;

    for (struct group *g = gs.root; g; g = group_next(gs.root, g))
        for (unsigned i = 0; i < nr_swapped; i++)
            sum += swapped[i] == g->id;
    assert(sum == nr_swapped && gs.root->swap.usage == nr_swapped);
}

static void step(u64 op)
{
    switch (below(20)) {
    case 0:
        make();
        break;
    case 1:
        limit();
        break;
    case 2:
        if (!below(3))
            end();
        break;
    case 3:
        group_drain_stock(&gs, some_group(false));
        break;
    case 4:
        swap_out();
        break;
    case 5:
        swap_in();
        break;
    case 6:
        raise_event();
        break;
    default:
        if (below(nr_held + 1) < HELD_MAX / 4)
            charge();
        else
            uncharge();
    }
    if (op % 16 == 0)
        group_check(&gs);
    if (op % 256 == 0) {
        lruvec_check(&gs);
        check_protection();
        check_swap();
        check_events();
    }
}

/* Nothing is charged any more: all removed groups are gone. */
static void drain_all(void)
{
    while (nr_held)
        uncharge();
    while (nr_swapped)
        swap_in();
    group_drain_stock(&gs, gs.root);
    groups_reap(&gs);
    assert(list_empty(&gs.dying));
    for (u32 id = 1; id <= gs.nr_groups; id++)
        released += gs.by_id[id]->released;
    assert(counters.v[NR_INACTIVE_ANON] == 0 && group_counter(gs.root, NR_ACTIVE_FILE) == 0);
    check_events();
    group_check(&gs);
}

int main(int argc, char **argv)
{
    const struct frames_config config = {.ram_bytes = 32 * MIB, .nr_cpus = NR_CPUS};
    struct fuzz_args args = fuzz_parse_args(argc, argv, 40000);
    struct err e = {0};

    prng_seed(&rng, args.seed);
    if (frames_init(&frames, &config, &counters, &e))
        return 1;
    groups_init(&gs, &frames, &counters, NR_CPUS);
    for (u64 op = 1; op <= args.operations; op++)
        step(op);
    drain_all();
    printf("group_fuzz: %u groups, %llu released, %llu charges refused\n", gs.nr_groups,
           (unsigned long long)released, (unsigned long long)refused);
    groups_done(&gs);
    frames_done(&frames);
    return 0;
}
