/* frames_fuzz.c - random allocations and frees of all orders, types and CPUs against a plain list
 * of what is held; now and then everything is checked, and at the end everything is given back:
 * then no page is lost and all pages merge. */
#include "base/test.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "frames/frames.h"

#define HELD_MAX    65536u
#define CHECK_EVERY 20000u
#define NR_CPUS     3u

struct held {
    pfn_t pfn;
    u8 order;
};

static struct frames fr;
static struct counters counters;
static struct held held[HELD_MAX];
static unsigned nr_held;
static u64 held_pages;

static void expect(bool ok, const char *what, const struct fuzz_args *args, u64 op)
{
    if (ok)
        return;
    fprintf(stderr, "frames_fuzz: seed %llu, operation %llu: %s\n", (unsigned long long)args->seed,
            (unsigned long long)op, what);
    exit(1);
}

static void check_all(const struct fuzz_args *args, u64 op)
{
    frame_check(&fr);
    buddy_check(&fr);
    expect(frames_count_free(&fr) + frames_count_pcp(&fr) + held_pages == fr.managed_pages,
           "free, per-CPU and held pages are not all pages", args, op);
    expect(counters.v[NR_FREE_PAGES] == (s64)frames_count_free(&fr), "NR_FREE_PAGES", args, op);
}

/* Every frame handed out is owned by one holder: its index is a stamp. */
static void stamp(const struct held *h, u32 value)
{
    for (u32 i = 0; i < 1u << h->order; i++)
        frames_get(&fr, h->pfn + i)->index = value;
}

/* Most requests are for any node; the rest for some of them. */
static struct alloc_nodes choose_nodes(struct prng *p)
{
    struct alloc_nodes nodes = nodes_near((unsigned)prng_below(p, fr.nr_nodes));

    if (fr.nr_nodes > 1 && prng_below(p, 8) == 0)
        nodes.mask = prng_range(p, 1, (1u << fr.nr_nodes) - 1);
    return nodes;
}

static void allocate(struct prng *p, const struct fuzz_args *args, u64 op)
{
    static const u32 depths[] = {ALLOC_WMARK_LOW | ALLOC_KSWAPD | ALLOC_NOFRAGMENT,
                                 ALLOC_WMARK_MIN | ALLOC_KSWAPD, ALLOC_WMARK_MIN | ALLOC_HIGH,
                                 ALLOC_WMARK_MIN | ALLOC_HARDER | ALLOC_HIGH, ALLOC_NO_WATERMARKS};
    /* mostly single pages */
    unsigned order = prng_below(p, 8) ? 0 : (unsigned)prng_below(p, ORDER_MAX);
    enum migratetype mt = (enum migratetype)prng_below(p, NR_PCP_MIGRATETYPES);
    u32 flags = depths[prng_below(p, ARRAY_SIZE(depths))];
    struct held h;

    if (nr_held == HELD_MAX)
        return;
    if (mt == MT_MOVABLE)
        flags |= ALLOC_MOVABLE;
    h.order = (u8)order;
    h.pfn =
        frames_try_alloc(&fr, choose_nodes(p), order, mt, flags, (unsigned)prng_below(p, NR_CPUS));
    if (h.pfn == PFN_NONE)
        return;
    expect(h.pfn % (1u << order) == 0, "block is not aligned", args, op);
    for (u32 i = 0; i < 1u << order; i++) {
        struct frame *f = frames_get(&fr, h.pfn + i);

        expect(f->flags == (u32)frames_zone(&fr, h.pfn)->type, "frame is not clean", args, op);
        expect(f->index == 0, "frame has another owner", args, op);
        if (mt == MT_MOVABLE && order == 0)
            frame_set(f, PG_REFERENCED | PG_DIRTY);
    }
    stamp(&h, (u32)op + 1);
    held[nr_held++] = h;
    held_pages += (u64)1 << order;
}

static void release(struct prng *p, unsigned cpu)
{
    unsigned at;
    struct held h;

    if (!nr_held)
        return;
    at = (unsigned)prng_below(p, nr_held);
    h = held[at];
    held[at] = held[--nr_held];
    held_pages -= (u64)1 << h.order;
    stamp(&h, 0);
    if (h.order && prng_below(p, 4) == 0) { /* in two halves */
        frames_free(&fr, h.pfn, h.order - 1u, cpu);
        frames_free(&fr, h.pfn + (1u << (h.order - 1)), h.order - 1u, cpu);
    } else {
        frames_free(&fr, h.pfn, h.order, cpu);
    }
}

static int run(const struct fuzz_args args, u64 operations, const struct frames_config *config)
{
    struct prng p;
    struct err e;
    u64 filling = 1;

    counters = (struct counters){0};
    if (frames_init(&fr, config, &counters, &e)) {
        fprintf(stderr, "frames_fuzz: %s\n", e.text);
        return 1;
    }
    prng_seed(&p, args.seed);
    for (u64 op = 0; op < operations; op++) {
        if (op % 50000 == 0) /* swing between an almost empty and an almost full machine */
            filling = prng_range(&p, 1, 7);
        if (prng_below(&p, 8) < filling)
            allocate(&p, &args, op);
        else
            release(&p, (unsigned)prng_below(&p, NR_CPUS));
        if (prng_below(&p, 5000) == 0)
            frames_drain_pcp(&fr);
        if (prng_below(&p, 5000) == 0)
            frames_unreserve_highatomic(&fr, nodes_near(0), MT_MOVABLE, prng_below(&p, 2));
        if (prng_below(&p, 5000) == 0)
            fr.zones[prng_below(&p, fr.nr_zones)].reclaim_active ^= true;
        if (op % CHECK_EVERY == 0)
            check_all(&args, op);
    }
    while (nr_held)
        release(&p, 0);
    frames_drain_pcp(&fr);
    while (frames_unreserve_highatomic(&fr, nodes_near(0), MT_MOVABLE, true))
        ;
    check_all(&args, operations);
    expect(frames_count_free(&fr) == fr.managed_pages, "pages were lost", &args, operations);
    expect(counters.v[NUMA_MISS] == counters.v[NUMA_FOREIGN], "misses", &args, operations);
    expect(counters.v[NUMA_HIT] + counters.v[NUMA_MISS] ==
               counters.v[NUMA_LOCAL] + counters.v[NUMA_OTHER],
           "hits", &args, operations);
    frames_done(&fr);
    return 0;
}

int main(int argc, char **argv)
{
    const struct fuzz_args args = fuzz_parse_args(argc, argv, 1000000);
    /* three zones and a hole would need 3 GiB to fill; ZONE_MOVABLE makes three of 160 MiB */
    const struct frames_config one = {
        .ram_bytes = 160 * MIB, .nr_cpus = NR_CPUS, .movable_bytes = 64 * MIB};
    const struct topology_spec spec = {0};
    const struct topology_want want = {
        .nr_nodes = 3, .nodes_given = true, .nr_cpus = NR_CPUS, .ram_bytes = 160 * MIB};
    struct topology topology;
    const struct frames_config three = {.topology = &topology};
    unsigned nid;

    if (run(args, args.operations / 2, &one) || topology_init(&topology, &spec, &want, &nid, NULL))
        return 1;
    return run(args, args.operations - args.operations / 2, &three);
}
