/* zram_test.c - pages through a compressed device, with real bytes and by the model. */
#include "base/test.h"

#include "backing/zram_testing.h"

static struct pool_machine machine;
static struct zram zram;

static void start(enum compressor_id id, u32 frames, const struct compress_model *model)
{
    static const struct compress_model usual = {.seed = 1};

    pool_machine_init(&machine, frames);
    zram_init(&zram, MIB, id, model ? model : &usual, &machine.cost, &machine.frames,
              &machine.counters, &machine.source);
}

static void stop(void)
{
    zram_check(&zram);
    zram_done(&zram);
    pool_machine_done(&machine);
}

static void round_trip(enum compressor_id id)
{
    u8 page[PAGE_SIZE], got[PAGE_SIZE];
    struct prng p;
    u32 ns;

    start(id, 1000, NULL);
    for (unsigned pass = 0; pass < 2; pass++) {
        prng_seed(&p, 3);
        for (u32 slot = 1; slot < 200; slot++) {
            pool_page(&p, slot * 20, page);
            assert_int_equal(zram_write(&zram, slot, page, 0, &ns), 0);
            assert_int_equal(ns, compressor_pack_ns(&zram.comp));
        }
        zram_check(&zram);
        prng_seed(&p, 3);
        for (u32 slot = 1; slot < 200; slot++) {
            pool_page(&p, slot * 20, page);
            zram_read(&zram, slot, got, &ns);
            assert_memory_equal(got, page, PAGE_SIZE);
        }
    }
    assert_int_equal(zram.stats.pages_stored, 199);
    assert_true(zram.stats.huge_pages > 30); /* those with 3.2 KiB of noise and more */
    assert_true(zram.stats.compr_data_size < 199 * PAGE_SIZE * 2 / 3);
    for (u32 slot = 1; slot < 200; slot++)
        zram_slot_free(&zram, slot);
    assert_int_equal(zram.pool.pages, 0);
    assert_int_equal(zram.stats.compr_data_size, 0);
    zram_read(&zram, 5, got, &ns); /* zeros again */
    assert_int_equal(got[17], 0);
    stop();
}

TEST(pages_come_back_with_every_compressor)
{
    for (unsigned id = 0; id < NR_COMPRESSORS; id++)
        round_trip((enum compressor_id)id);
}

TEST(a_page_of_one_value_takes_no_room)
{
    u8 page[PAGE_SIZE], got[PAGE_SIZE];
    u32 ns;

    start(COMPRESSOR_LZ4, 0, NULL);
    compressor_fill(0x0123456789abcdefull, page);
    assert_int_equal(zram_write(&zram, 9, page, 0, &ns), 0);
    assert_int_equal(ns, machine.cost.zero_page);
    assert_int_equal(zram.stats.same_pages, 1);
    assert_int_equal(zram.pool.pages, 0);
    zram_read(&zram, 9, got, &ns);
    assert_memory_equal(got, page, PAGE_SIZE);
    stop();
}

TEST(without_memory_a_write_fails_and_the_old_page_stays)
{
    u8 page[PAGE_SIZE], old[PAGE_SIZE], got[PAGE_SIZE];
    struct prng p;
    u32 ns;

    start(COMPRESSOR_LZ4, 1, NULL);
    prng_seed(&p, 1);
    pool_page(&p, PAGE_SIZE, old);
    pool_page(&p, PAGE_SIZE, page);
    assert_int_equal(zram_write(&zram, 1, old, 0, &ns), 0);
    assert_int_equal(zram_write(&zram, 1, page, 0, &ns), -ENOMEM);
    assert_int_equal(zram_write(&zram, 2, page, 0, &ns), -ENOMEM);
    assert_int_equal(zram.stats.failed_writes, 2);
    zram_read(&zram, 1, got, &ns);
    assert_memory_equal(got, old, PAGE_SIZE);
    stop();
}

TEST(its_limit_fails_writes)
{
    u8 page[PAGE_SIZE];
    struct prng p;
    u32 ns;

    start(COMPRESSOR_LZ4, 100, NULL);
    zram.limit_pages = 2;
    prng_seed(&p, 1);
    pool_page(&p, PAGE_SIZE, page);
    assert_int_equal(zram_write(&zram, 1, page, 0, &ns), 0);
    assert_int_equal(zram_write(&zram, 2, page, 0, &ns), 0);
    assert_int_equal(zram_write(&zram, 3, page, 0, &ns), -ENOMEM);
    assert_int_equal(zram.pool.pages, 2);
    stop();
}

/* Over many pages the model keeps the shares and the mean that it was asked for. */
TEST(the_model_has_the_ratio_it_was_given)
{
    const struct compress_model model = {
        .ratio_percent = 250, .same_percent = 10, .no_ratio_percent = 20, .seed = 5};
    enum { PAGES = 20000 };
    struct compressor c;
    u64 same = 0, none = 0, size = 0;

    pool_machine_init(&machine, 0);
    compressor_init(&c, COMPRESSOR_ZSTD, &model, &machine.cost);
    for (u64 name = 0; name < PAGES; name++) {
        u32 n = compressor_pack(&c, NULL, name);

        assert_int_equal(n, compressor_pack(&c, NULL, name));
        same += n == 0;
        none += n > PAGE_SIZE;
        size += n && n <= PAGE_SIZE ? n : 0;
    }
    assert_in_range(same, PAGES * 9 / 100, PAGES * 11 / 100);
    assert_in_range(none, PAGES * 19 / 100, PAGES * 21 / 100);
    assert_in_range((u64)PAGE_SIZE * (PAGES - same - none) * 100 / size, 245, 255);
    compressor_done(&c);
    pool_machine_done(&machine);
}

TEST_MAIN()
