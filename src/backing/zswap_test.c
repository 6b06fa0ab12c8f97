/* zswap_test.c - the pool's limit, what is rejected, what comes back; zbud's pairs and their
 * order. */
#include "base/test.h"

#include "backing/zram_testing.h"
#include "backing/zswap.h"

static struct pool_machine machine;
static struct zswap zswap;
static struct tunables tunables;
static s64 charged, charged_pages;

static void charge(void *ctx, u16 memcg, u32 length, int pages)
{
    (void)ctx;
    assert_int_equal(memcg, 7);
    charged += (s64)length * pages;
    charged_pages += pages;
}

static void start(enum zswap_pool pool, u32 frames)
{
    static const struct compress_model model = {.seed = 1};

    charged = charged_pages = 0;
    tunables_init(&tunables);
    tunables.zswap_enabled = 1;
    tunables.zswap_zpool = pool;
    tunables.zswap_compressor = COMPRESSOR_LZ4;
    pool_machine_init(&machine, frames);
    zswap_init(&zswap, &tunables, &model, &machine.cost, &machine.frames, &machine.counters,
               &machine.source);
    zswap.charge = charge;
}

static void stop(void)
{
    zswap_check(&zswap);
    for (u32 slot = 1; slot < 2000; slot++)
        zswap_invalidate(&zswap, slot);
    zswap_check(&zswap);
    assert_int_equal(zswap_pool_pages(&zswap), 0);
    assert_int_equal(charged, 0);
    assert_int_equal(charged_pages, 0);
    zswap_done(&zswap);
    pool_machine_done(&machine);
}

static bool store(swp_t slot, const u8 *page)
{
    u32 ns;

    return zswap_store(&zswap, slot, 7, true, page, 0, &ns);
}

static void round_trip(enum zswap_pool pool)
{
    u8 page[PAGE_SIZE], got[PAGE_SIZE];
    struct prng p;
    u16 memcg;
    u32 ns;

    start(pool, 1000);
    prng_seed(&p, 1);
    for (swp_t slot = 1; slot < 300; slot++) {
        pool_page(&p, slot * 10, page);
        assert_true(store(slot, page));
    }
    assert_true(charged > 0);
    assert_int_equal(charged_pages, 299);
    prng_seed(&p, 1);
    for (swp_t slot = 1; slot < 300; slot++) {
        pool_page(&p, slot * 10, page);
        assert_true(zswap_load(&zswap, slot, got, &memcg, &ns));
        assert_memory_equal(got, page, PAGE_SIZE);
        assert_int_equal(memcg, 7);
    }
    assert_false(zswap_load(&zswap, 300, got, &memcg, &ns));
    stop();
}

TEST(pages_come_back_from_either_pool)
{
    round_trip(ZSWAP_ZBUD);
    round_trip(ZSWAP_ZSMALLOC);
}

TEST(a_new_store_replaces_the_old_one_even_if_rejected)
{
    u8 page[PAGE_SIZE];
    struct prng p;
    u32 ns;

    start(ZSWAP_ZBUD, 1000);
    prng_seed(&p, 1);
    pool_page(&p, 100, page);
    assert_true(store(5, page));
    assert_true(store(5, page));
    assert_int_equal(zswap.stats.stored_pages, 1);
    assert_false(zswap_store(&zswap, 5, 7, false, page, 0, &ns)); /* memory.zswap.max */
    assert_false(zswap_has(&zswap, 5));
    stop();
}

TEST(what_zbud_cannot_pair_is_rejected)
{
    u8 page[PAGE_SIZE];
    struct prng p;

    prng_seed(&p, 1);
    pool_page(&p, PAGE_SIZE, page);
    start(ZSWAP_ZBUD, 1000);
    assert_false(store(1, page));
    assert_int_equal(zswap.stats.reject_compress_poor, 1);
    stop();
    start(ZSWAP_ZSMALLOC, 1000);
    assert_false(store(1, page));
    assert_int_equal(zswap.stats.reject_alloc_fail, 1); /* as 6.1 counts it */
    stop();
}

TEST(without_a_frame_a_page_is_rejected)
{
    u8 page[PAGE_SIZE];
    struct prng p;

    prng_seed(&p, 1);
    pool_page(&p, 3000, page);
    start(ZSWAP_ZBUD, 1);
    assert_true(store(1, page));
    assert_false(store(2, page));
    assert_int_equal(zswap.stats.reject_alloc_fail, 1);
    stop();
}

/* 64 MiB: 1 % are some 140 pages. After it was full, nothing before it is below nine tenths of
 * that. */
TEST(a_full_pool_rejects_until_it_is_well_below)
{
    u8 page[PAGE_SIZE];
    struct prng p;
    swp_t slot = 1;
    u64 limit, stored;

    start(ZSWAP_ZBUD, 2000);
    tunables.zswap_max_pool_percent = 1;
    limit = machine.frames.managed_pages / 100;
    prng_seed(&p, 1);
    pool_page(&p, 3000, page);
    while (store(slot, page))
        slot++;
    stored = zswap.stats.stored_pages;
    assert_int_equal(zswap_pool_pages(&zswap), limit + 1);
    assert_int_equal(zswap.stats.pool_limit_hit, 1);
    assert_true(zswap.shrink_wanted);
    zswap_invalidate(&zswap, 1);
    assert_false(store(1, page)); /* at the limit, not over it: no hit, but it was full */
    assert_int_equal(zswap.stats.pool_limit_hit, 1);
    for (swp_t s = 2; s < stored / 8; s++)
        zswap_invalidate(&zswap, s);
    assert_true(store(1, page));
    stop();
}

TEST(same_filled_pages_take_no_room_unless_that_is_off)
{
    u8 page[PAGE_SIZE], got[PAGE_SIZE];
    u16 memcg;
    u32 ns;

    start(ZSWAP_ZBUD, 100);
    compressor_fill(0xa5a5a5a5a5a5a5a5ull, page);
    assert_true(store(1, page));
    assert_int_equal(zswap.stats.same_filled_pages, 1);
    assert_int_equal(zswap_pool_pages(&zswap), 0);
    tunables.zswap_same_filled_pages_enabled = 0;
    assert_true(store(2, page));
    assert_int_equal(zswap_pool_pages(&zswap), 1);
    for (swp_t slot = 1; slot < 3; slot++) {
        assert_true(zswap_load(&zswap, slot, got, &memcg, &ns));
        assert_memory_equal(got, page, PAGE_SIZE);
    }
    stop();
}

TEST(zbud_pairs_what_fits_and_gives_up_the_oldest)
{
    u32 large, small, other, owner, page;

    start(ZSWAP_ZBUD, 10);
    large = zbud_alloc(&zswap.zbud, 2500, 1);
    other = zbud_alloc(&zswap.zbud, 3500, 2);
    small = zbud_alloc(&zswap.zbud, 1000, 3); /* beside the large one, which becomes the youngest */
    assert_int_equal(zswap.zbud.nr_pages, 2);
    assert_int_equal((large - 1) / 2, (small - 1) / 2);
    zbud_check(&zswap.zbud);
    page = zbud_evict_begin(&zswap.zbud);
    assert_true(zbud_evict_owner(&zswap.zbud, page, 0, &owner));
    assert_int_equal(owner, 2);
    assert_false(zbud_evict_owner(&zswap.zbud, page, 1, &owner));
    zbud_free(&zswap.zbud, other);
    assert_true(zbud_evict_end(&zswap.zbud, page));
    page = zbud_evict_begin(&zswap.zbud);
    zbud_free(&zswap.zbud, large);
    assert_false(zbud_evict_end(&zswap.zbud, page)); /* the small one is still there */
    zbud_check(&zswap.zbud);
    zbud_free(&zswap.zbud, small);
    assert_int_equal(machine.left, 10);
    stop();
}

TEST_MAIN()
