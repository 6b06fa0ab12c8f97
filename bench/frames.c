/* frames.c - what taking and giving back a page frame costs.
 *
 * Three ways: one page again and again (all from the CPU's list); 32 at a time, as reclaim and
 * faults do; and filling and emptying a machine in random order, where every page goes through the
 * buddy lists and misses the cache.
 */
#include "bench.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "frames/frames.h"

#define PAIRS      20000000u
#define BATCH      32u
#define FILL_PAGES ((u32)(GIB / PAGE_SIZE))

static struct frames fr;
static struct counters counters;

static pfn_t take(void)
{
    return frames_try_alloc(&fr, nodes_near(0), 0, MT_MOVABLE, ALLOC_WMARK_LOW | ALLOC_MOVABLE, 0);
}

static double pair_ns(void)
{
    double start = bench_seconds();

    for (u32 i = 0; i < PAIRS; i++)
        frames_free(&fr, take(), 0, 0);
    return (bench_seconds() - start) * 1e9 / PAIRS;
}

static double batch_ns(void)
{
    pfn_t pages[BATCH];
    double start = bench_seconds();

    for (u32 i = 0; i < PAIRS / BATCH; i++) {
        for (u32 j = 0; j < BATCH; j++)
            pages[j] = take();
        for (u32 j = 0; j < BATCH; j++)
            frames_free(&fr, pages[j], 0, 0);
    }
    return (bench_seconds() - start) * 1e9 / PAIRS;
}

static void shuffle(struct prng *p, pfn_t *pages, u32 nr)
{
    for (u32 i = nr - 1; i > 0; i--) {
        u32 j = (u32)prng_below(p, i + 1);
        pfn_t swap = pages[i];

        pages[i] = pages[j];
        pages[j] = swap;
    }
}

static double fill_ns(void)
{
    pfn_t *pages = xcalloc(FILL_PAGES, sizeof(*pages));
    struct prng p;
    double spent = 0;

    prng_seed(&p, 1);
    for (unsigned round = 0; round < 2; round++) { /* the first one touches the descriptors */
        double start = bench_seconds();

        for (u32 i = 0; i < FILL_PAGES; i++)
            pages[i] = take();
        spent = bench_seconds() - start;
        shuffle(&p, pages, FILL_PAGES);
        start = bench_seconds();
        for (u32 i = 0; i < FILL_PAGES; i++)
            frames_free(&fr, pages[i], 0, 0);
        spent += bench_seconds() - start;
    }
    free(pages);
    return spent * 1e9 / FILL_PAGES;
}

void bench_frames(struct bench *b)
{
    struct frames_config config = {.ram_bytes = 2 * GIB, .nr_cpus = 1};
    struct err e;

    counters = (struct counters){0};
    if (frames_init(&fr, &config, &counters, &e))
        return;
    bench_figure(b, "frame_pair_ns", pair_ns(), "ns", "take and free one page frame");
    bench_figure(b, "frame_batch_ns", batch_ns(), "ns", "take and free one of 32 frames in a row");
    bench_figure(b, "frame_fill_ns", fill_ns(), "ns", "take and free a frame, 1 GiB at random");
    bench_figure(b, "frame_bytes", sizeof(struct frame), "bytes", "descriptor of a page frame");
    frames_done(&fr);
}
