/* zsmalloc_test.c - size classes as the kernel has them, objects that keep their bytes, pages that
 * come back. */
#include "base/test.h"

#include "backing/zram_testing.h"

#include <string.h>

static struct pool_machine machine;
static struct zs_pool pool;

static void start(u32 frames)
{
    pool_machine_init(&machine, frames);
    zs_init(&pool, &machine.frames, &machine.counters, &machine.source);
}

static void stop(void)
{
    zs_done(&pool);
    pool_machine_done(&machine);
}

/* /sys/kernel/debug/zsmalloc/zram0/classes of a 4 KiB-page machine, Linux 6.1: size, objects,
 * pages. */
TEST(classes_are_those_of_the_kernel)
{
    static const u32 known[][3] = {{32, 128, 1}, {48, 256, 3},  {64, 64, 1},  {80, 51, 1},
                                   {96, 128, 3}, {112, 73, 2},  {256, 16, 1}, {1808, 9, 4},
                                   {2048, 2, 1}, {2176, 15, 8}, {2448, 5, 3}, {2720, 3, 2},
                                   {3264, 5, 4}, {4096, 1, 1}};

    start(0);
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        u32 index = (known[i][0] - ZS_MIN_SIZE) / ZS_CLASS_DELTA;
        const struct zs_class *c = &pool.classes[pool.class_of[index]];

        if (known[i][2] > ZS_MAX_PAGES)
            continue; /* later kernels, whose zspages are longer */
        assert_int_equal(c->size, known[i][0]);
        assert_int_equal(c->objs, known[i][1]);
        assert_int_equal(c->pages, known[i][2]);
    }
    assert_int_equal(pool.huge_size, 3257);
    assert_int_equal(pool.class_of[(3280 - 32) / 16], 254); /* merged: a page each */
    stop();
}

TEST(an_object_takes_a_share_of_its_zspage)
{
    u32 handle[9];

    start(100);
    for (unsigned i = 0; i < 5; i++) {
        handle[i] = zs_malloc(&pool, 3000);
        assert_int_not_equal(handle[i], ZS_HANDLE_NONE);
    }
    assert_int_equal(pool.pages, 6); /* class 3072: four in three pages */
    assert_int_equal(machine.counters.v[NR_ZSPAGES], 6);
    zs_check(&pool);
    for (unsigned i = 0; i < 5; i++)
        zs_free(&pool, handle[i]);
    assert_int_equal(pool.pages, 0);
    assert_int_equal(machine.left, 100);
    zs_check(&pool);
    stop();
}

TEST(no_frame_is_no_object_and_loses_none)
{
    u32 first;

    start(2);
    assert_int_equal(zs_malloc(&pool, 3000), ZS_HANDLE_NONE); /* wants three pages */
    assert_int_equal(machine.left, 2);
    assert_int_equal(machine.counters.v[NR_ZSPAGES], 0);
    first = zs_malloc(&pool, 4096);
    assert_int_not_equal(first, ZS_HANDLE_NONE);
    assert_int_not_equal(zs_malloc(&pool, 4096), ZS_HANDLE_NONE);
    assert_int_equal(zs_malloc(&pool, 4096), ZS_HANDLE_NONE);
    zs_check(&pool);
    zs_free(&pool, first);
    assert_int_equal(machine.left, 1);
    stop();
}

#define OBJECTS 400

TEST(objects_keep_their_bytes_through_frees_and_compaction)
{
    static u8 bytes[OBJECTS][PAGE_SIZE], got[PAGE_SIZE];
    u32 handle[OBJECTS] = {0}, size[OBJECTS];
    u64 compacted = 0;
    struct prng p;

    start(3000);
    prng_seed(&p, 7);
    for (unsigned step = 0; step < 40000; step++) {
        u32 i = (u32)prng_below(&p, OBJECTS);

        if (handle[i]) {
            zs_read(&pool, handle[i], got, size[i]);
            assert_memory_equal(got, bytes[i], size[i]);
            zs_free(&pool, handle[i]);
            handle[i] = 0;
        } else if (step % 8000 < 5000) {
            size[i] = 1 + (u32)prng_below(&p, PAGE_SIZE);
            if (prng_below(&p, 2))
                size[i] = 600 + (u32)prng_below(&p, 64); /* some classes are well filled */
            for (u32 b = 0; b < size[i]; b++)
                bytes[i][b] = (u8)prng_next(&p);
            handle[i] = zs_malloc(&pool, size[i]);
            assert_int_not_equal(handle[i], 0);
            zs_write(&pool, handle[i], bytes[i], size[i]);
        }
        if (step % 500 == 499) {
            u64 can = zs_count_compactable(&pool), before = pool.pages;
            u64 freed = zs_compact(&pool);

            assert_true(freed <= can);
            assert_int_equal(before - freed, pool.pages);
            compacted += freed;
            zs_check(&pool);
        }
    }
    assert_true(compacted > 100);
    for (unsigned i = 0; i < OBJECTS; i++)
        if (handle[i])
            zs_free(&pool, handle[i]);
    zs_check(&pool);
    assert_int_equal(pool.pages, 0);
    assert_int_equal(machine.left, 3000);
    stop();
}

TEST_MAIN()
