/* zram_testing.h - frames with bytes, and a source of them that can run dry, for the tests of
 * compressed pools.
 *
 * Never: included by anything but *_test.c of this room. */
#ifndef BACKING_ZRAM_TESTING_H
#define BACKING_ZRAM_TESTING_H

#include "backing/zram.h"
#include "base/prng.h"

struct pool_machine {
    struct counters counters;
    struct frames frames;
    struct cost_model cost;
    struct frame_source source;
    u32 left; /* frames the source will still give */
};

static inline pfn_t pool_take(void *ctx)
{
    struct pool_machine *m = ctx;

    if (!m->left)
        return PFN_NONE;
    m->left--;
    return frames_try_alloc(&m->frames, nodes_near(0), 0, MT_MOVABLE,
                            ALLOC_WMARK_MIN | ALLOC_MOVABLE, 0);
}

static inline void pool_give(void *ctx, pfn_t pfn)
{
    struct pool_machine *m = ctx;

    m->left++;
    frames_free(&m->frames, pfn, 0, 0);
}

static inline void pool_machine_init(struct pool_machine *m, u32 left)
{
    struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = 1, .bytes = true};
    int rc;

    *m = (struct pool_machine){.left = left};
    m->source = (struct frame_source){.ctx = m, .take = pool_take, .give = pool_give};
    cost_model_init(&m->cost);
    rc = frames_init(&m->frames, &config, &m->counters, NULL);
    assert(rc == 0);
}

static inline void pool_machine_done(struct pool_machine *m)
{
    frames_done(&m->frames);
}

/* A page whose first `noise` bytes are random and the rest text that repeats. */
static inline void pool_page(struct prng *p, u32 noise, u8 *page)
{
    for (u32 i = 0; i < PAGE_SIZE; i++)
        page[i] = i < noise ? (u8)prng_next(p) : (u8)("memory "[i % 7]);
}

#endif
