/* swap_test.c - areas, the order of slots, the swap cache, readahead windows. */
#include "base/test.h"

#include "backing/machine_testing.h"
#include "base/err.h"

#include <string.h>

static struct machine m;
static struct swap s;

static int setup(void **state)
{
    (void)state;
    machine_init(&m, 1);
    swap_init(&s, &m.frames, &m.counters);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    swap_check(&s);
    swap_done(&s);
    machine_done(&m);
    return 0;
}

static void add_area(u64 pages, s32 priority, struct device *device)
{
    assert_int_equal(swap_on(&s, "/dev/test", pages * PAGE_SIZE, priority, device, false, NULL), 0);
}

/* A slot with one reference and nothing in memory. */
static swp_t swapped(void)
{
    swp_t e = swap_slot_try_alloc_cpu(&s, 0);
    pfn_t pfn = machine_take(&m);

    assert_int_not_equal(e, SWP_NONE);
    swapcache_add(&s, e, pfn);
    swap_dup(&s, e);
    assert_false(swapcache_del(&s, pfn, 0, NULL));
    frames_free(&m.frames, pfn, 0, 0);
    return e;
}

TEST_WITH(areas_have_a_header_and_limits, setup, teardown)
{
    struct err e = {0};

    assert_int_equal(swap_on(&s, "a", PAGE_SIZE, -1, &m.disk, false, &e), -EINVAL);
    assert_non_null(strstr(e.text, "'a'"));
    assert_int_equal(swap_on(&s, "a", TIB, -1, &m.disk, false, &e), -EINVAL);
    add_area(100, -1, &m.disk);
    assert_int_equal(s.total_pages, 99);
    assert_int_equal(s.free_pages, 99);
    add_area(100, -1, &m.disk);
    assert_int_equal(s.areas[0].priority, -2);
    assert_int_equal(s.areas[1].priority, -3);
}

TEST_WITH(a_slot_lives_from_reserved_to_free, setup, teardown)
{
    pfn_t pfn = machine_take(&m);
    u16 memcg = 0;
    swp_t e;

    add_area(100, 5, &m.disk);
    e = swap_slot_try_alloc_cpu(&s, 0);
    assert_int_equal(swapcache_add(&s, e, pfn), 0);
    assert_int_equal(swapcache_find(&s, e), pfn);
    assert_int_equal(frames_get(&m.frames, pfn)->private, e);
    assert_int_equal(m.counters.v[NR_SWAPCACHED], 1);
    assert_int_equal(m.counters.v[NR_FILE_PAGES], 1);
    swap_dup(&s, e);
    swap_dup(&s, e);
    swap_set_memcg(&s, e, 42);
    assert_int_equal(swap_count(&s, e), 2);
    assert_false(swapcache_del(&s, pfn, 0x77, &memcg)); /* evicted */
    assert_int_equal(swapcache_entry(&s, e), 0x77);
    assert_int_equal(swapcache_find(&s, e), PFN_NONE);
    assert_int_equal(m.counters.v[NR_FILE_PAGES], 0);
    swap_check(&s);
    assert_int_equal(swapcache_add(&s, e, pfn), 0x77); /* read again */
    assert_false(swap_put(&s, e, &memcg));
    assert_false(swap_put(&s, e, &memcg)); /* the cache still has it */
    assert_int_equal(memcg, 0);
    swap_check(&s);
    assert_true(swapcache_del(&s, pfn, 0, &memcg));
    assert_int_equal(memcg, 42);
    assert_int_equal(s.free_pages, 99);
    assert_int_equal(s.xa_nodes, 0);
}

TEST_WITH(the_last_reference_frees_an_uncached_slot, setup, teardown)
{
    u16 memcg = 0;
    swp_t e;

    add_area(100, 5, &m.disk);
    e = swapped();
    swap_set_memcg(&s, e, 3);
    assert_int_equal(s.areas[0].used, 1);
    assert_true(swap_put(&s, e, &memcg));
    assert_int_equal(memcg, 3);
    assert_int_equal(s.areas[0].used, 0);
}

TEST_WITH(a_reserved_slot_can_be_given_back, setup, teardown)
{
    add_area(100, 5, &m.disk);
    swap_slot_free(&s, swap_slot_try_alloc_cpu(&s, 0));
    assert_int_equal(s.free_pages, 99);
}

TEST_WITH(every_slot_is_handed_out_once_and_then_none, setup, teardown)
{
    static bool seen[5000];

    add_area(5000, 5, &m.disk);
    for (u32 i = 0; i < 4999; i++) {
        swp_t e = swap_slot_try_alloc_cpu(&s, 0);

        assert_int_not_equal(e, SWP_NONE);
        assert_false(seen[swp_slot(e)]);
        seen[swp_slot(e)] = true;
    }
    assert_false(seen[0]);
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), SWP_NONE);
    assert_int_equal(s.free_pages, 0);
    swap_check(&s);
    swap_slot_free(&s, swp_make(0, 777));
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 777));
}

/* Clusters of 512; the first is not free because of the header; the list goes by columns of 32. */
TEST_WITH(a_device_without_seeks_fills_cluster_after_cluster, setup, teardown)
{
    add_area(70 * 512, 5, &m.disk);
    for (u32 i = 0; i < 512; i++)
        assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 32 * 512 + i));
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 64 * 512));
    for (u32 i = 1; i < 512; i++)
        swap_slot_try_alloc_cpu(&s, 0);
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 1 * 512));
}

/* The CPU was filling cluster 32 when all of it was freed: it is at the end of the list now. */
TEST_WITH(a_cluster_that_became_free_waits_for_its_turn, setup, teardown)
{
    swp_t batch[SWAP_BATCH];

    add_area(70 * 512, 5, &m.disk);
    for (u32 i = 0; i < SWAP_BATCH; i++)
        batch[i] = swap_slot_try_alloc_cpu(&s, 0);
    for (u32 i = 0; i < SWAP_BATCH; i++)
        swap_slot_free(&s, batch[i]);
    assert_int_equal(s.areas[0].clusters[32].used, 0);
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 64 * 512));
}

TEST_WITH(a_cluster_is_handed_out_whole_or_not_at_all, setup, teardown)
{
    swp_t e;

    add_area(3 * 512, 5, &m.disk); /* clusters 1 and 2 are free, the header is in the first */
    e = swap_cluster_try_alloc(&s);
    assert_int_equal(swp_slot(e), 512);
    assert_int_equal(s.areas[0].used, 512);
    assert_int_equal(swp_slot(swap_slot_try_alloc_cpu(&s, 0)), 1024); /* begins the other one */
    assert_int_equal(swap_cluster_try_alloc(&s), SWP_NONE);
    for (unsigned i = 0; i < 512; i++)
        swap_slot_free(&s, e + i);
    assert_int_equal(swap_cluster_try_alloc(&s), e);
    add_area(4 * 512, 9, &m.hdd); /* it is next, and seeks */
    assert_int_equal(swap_cluster_try_alloc(&s), SWP_NONE);
}

TEST_WITH(a_device_with_seeks_fills_from_the_start, setup, teardown)
{
    add_area(4000, 5, &m.hdd);
    for (u32 i = 1; i <= 1000; i++)
        assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, i));
    for (u32 i = 100; i < 700; i++)
        swap_slot_free(&s, swp_make(0, i));
    for (u32 i = 1001; i <= 1024; i++) /* the rest of the second run of 512 */
        assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, i));
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(0, 100)); /* the first run of 512 */
}

/* Random holes; the next run must be the first of 512 free slots, wherever it starts. */
TEST_WITH(the_first_run_of_512_free_slots_is_found, setup, teardown)
{
    enum { PAGES = 6001 };
    static bool used[PAGES];
    struct prng p;

    prng_seed(&p, 3);
    add_area(PAGES, 5, &m.hdd);
    for (u32 i = 1; i < PAGES; i++)
        used[swp_slot(swap_slot_try_alloc_cpu(&s, 0))] = true;
    for (unsigned round = 0; round < 200; round++) {
        u32 first = 1 + (u32)prng_below(&p, PAGES - 1), length = 400 + (u32)prng_below(&p, 300);
        u32 run = 0, start = 0;

        for (u32 i = first; i < MIN(first + length, PAGES); i++) {
            if (used[i])
                swap_slot_free(&s, swp_make(0, i));
            used[i] = false;
        }
        for (u32 i = 1; i < PAGES && run < 512; i++) {
            run = used[i] ? 0 : run + 1;
            start = run == 512 ? i - 511 : 0;
        }
        s.areas[0].cluster_nr = 0; /* time for a new run */
        if (s.slots_cache_active)
            s.slots_cache[0].nr = 0; /* forget what was taken ahead */
        first = swp_slot(swap_slot_try_alloc_cpu(&s, 0));
        if (start)
            assert_int_equal(first, start);
        for (u32 i = 1; i < PAGES; i++)
            used[i] = s.areas[0].slots[i].count != 0;
        swap_check(&s);
    }
}

TEST_WITH(a_higher_priority_is_filled_first, setup, teardown)
{
    add_area(11, 1, &m.disk);
    add_area(11, 9, &m.disk);
    for (u32 i = 0; i < 10; i++)
        assert_int_equal(swp_area(swap_slot_try_alloc_cpu(&s, 0)), 1);
    assert_int_equal(swp_area(swap_slot_try_alloc_cpu(&s, 0)), 0);
    swap_slot_free(&s, swp_make(1, 4));
    assert_int_equal(swap_slot_try_alloc_cpu(&s, 0), swp_make(1, 4));
}

/* One slot each while swap is nearly full (fewer than 320 free slots), a batch each when it is
 * not. */
TEST_WITH(equal_priorities_take_turns, setup, teardown)
{
    add_area(101, 5, &m.disk);
    add_area(101, 5, &m.disk);
    for (u32 i = 0; i < 20; i++)
        assert_int_equal(swp_area(swap_slot_try_alloc_cpu(&s, 0)), i % 2);
    swap_done(&s);
    swap_init(&s, &m.frames, &m.counters);
    add_area(10000, 5, &m.disk);
    add_area(10000, 5, &m.disk);
    for (u32 i = 0; i < 512; i++)
        assert_int_equal(swp_area(swap_slot_try_alloc_cpu(&s, 0)), i / SWAP_BATCH % 2);
}

TEST_WITH(cpus_fill_clusters_of_their_own, setup, teardown)
{
    struct machine two;

    machine_init(&two, 2);
    swap_done(&s);
    swap_init(&s, &two.frames, &m.counters);
    add_area(20000, 5, &m.disk);
    for (u32 i = 0; i < 300; i++) {
        u32 a = swp_slot(swap_slot_try_alloc_cpu(&s, 0));
        u32 c = swp_slot(swap_slot_try_alloc_cpu(&s, 1));

        assert_int_not_equal(a / SWAPFILE_CLUSTER, c / SWAPFILE_CLUSTER);
    }
    swap_check(&s);
    machine_done(&two);
}

static u32 uncharged;

static bool free_idle(void *ctx, pfn_t pfn)
{
    u16 memcg = 0;
    bool freed = swapcache_del(ctx, pfn, 0, &memcg);

    uncharged += memcg;
    return freed;
}

TEST_WITH(idle_pages_give_their_slots_up_when_swap_is_half_full, setup, teardown)
{
    pfn_t pfns[700];
    swp_t e;

    s.free_idle = free_idle;
    s.free_idle_ctx = &s;
    add_area(1000, 5, &m.disk); /* cluster 1 is cut short: no free cluster at all */
    for (u32 i = 0; i < 700; i++) {
        e = swap_slot_try_alloc_cpu(&s, 0);
        swapcache_add(&s, e, pfns[i] = machine_take(&m));
        swap_set_memcg(&s, e, 1);
        swap_dup(&s, e);
        swap_put(&s, e, NULL); /* swapped in again, still cached */
        frame_set(frames_get(&m.frames, pfns[i]), i % 2 ? 0 : PG_WRITEBACK);
    }
    uncharged = 0;
    for (u32 i = 0; i < 400; i++)
        assert_int_not_equal(swap_slot_try_alloc_cpu(&s, 0), SWP_NONE);
    assert_true(uncharged > 0);
    swap_check(&s);
    for (u32 i = 0; i < 700; i++)
        if (i % 2 == 0)
            assert_true(frame_test(frames_get(&m.frames, pfns[i]), PG_SWAPCACHE));
}

TEST_WITH(bytes_come_back_from_their_slot, setup, teardown)
{
    static u8 in[PAGE_SIZE], out[PAGE_SIZE];
    swp_t e[3];

    add_area(100, 5, &m.disk);
    for (u32 i = 0; i < 3; i++) {
        e[i] = swapped();
        memset(in, (int)(i + 1), PAGE_SIZE);
        assert_int_equal(swap_write_bytes(&s, e[i], in), 0);
    }
    for (u32 i = 0; i < 3; i++) {
        assert_int_equal(swap_read_bytes(&s, e[i], out), 0);
        memset(in, (int)(i + 1), PAGE_SIZE);
        assert_memory_equal(in, out, PAGE_SIZE);
    }
    s.areas[0].host_fd = 999; /* no such file */
    assert_int_equal(swap_read_bytes(&s, e[0], out), -EIO);
    assert_int_equal(swap_write_bytes(&s, e[0], out), -EIO);
}

static unsigned window(u32 slot, unsigned hits)
{
    static swp_t slots[32];
    unsigned nr = swap_readahead_window(&s, swp_make(0, slot), hits, slots, 32);
    bool self = false;

    for (unsigned i = 0; i < nr; i++) {
        self |= swp_slot(slots[i]) == slot;
        assert_true(i == 0 || slots[i] > slots[i - 1]);
    }
    assert_true(self);
    return nr;
}

/* The sizes of __swapin_nr_pages: 8 after hits, halved while nothing hits, 2 beside the last
 * one. */
TEST_WITH(cluster_windows_follow_the_hits, setup, teardown)
{
    add_area(1000, 5, &m.hdd);
    for (u32 i = 1; i < 200; i++)
        assert_int_equal(swp_slot(swapped()), i);
    assert_int_equal(window(100, 4), 8);
    assert_int_equal(window(30, 0), 4);
    assert_int_equal(window(150, 0), 2);
    assert_int_equal(window(60, 0), 1);
    assert_int_equal(window(61, 0), 2);
    assert_int_equal(window(60, 0), 2);
    assert_int_equal(window(90, 0), 1);
    assert_int_equal(window(120, 1), 4);
    assert_int_equal(window(160, 2), 4);
    assert_int_equal(window(100, 3), 8);
    assert_int_equal(window(3, 60), 7);   /* slot 0 is the header */
    assert_int_equal(window(199, 60), 8); /* 192 .. 199 */
    swap_put(&s, swp_make(0, 194), NULL); /* free now */
    swapcache_add(&s, swp_make(0, 195), machine_take(&m));
    assert_int_equal(window(199, 60), 6);
    s.page_cluster = 0;
    assert_int_equal(window(100, 60), 1);
}

TEST_WITH(a_synchronous_device_bypasses_the_swap_cache_unless_the_page_is_shared, setup, teardown)
{
    swp_t e;

    add_area(3000, 5, &m.ram);
    e = swapped();
    swapped();
    assert_true(swap_is_synchronous(&s, e));
    swap_dup(&s, e);
    assert_false(swap_is_synchronous(&s, e));
    assert_int_equal(window(swp_slot(e), 4), 2); /* also for shared memory, which never bypasses */
}

static void expect_window(u64 *ra, vpn_t vpn, vpn_t start, vpn_t end)
{
    struct swap_vma_window w = swap_vma_readahead_window(&s, ra, vpn, 1000, 1400);

    assert_int_equal(w.start, start);
    assert_int_equal(w.end, end);
}

TEST_WITH(address_windows_follow_the_direction_of_faults, setup, teardown)
{
    u64 ra = 0;

    add_area(1000, 5, &m.disk);
    assert_true(swap_use_vma_readahead(&s));
    expect_window(&ra, 1200, 1197, 1205); /* 4 hits to start with: 8 around */
    for (unsigned i = 0; i < 3; i++)
        assert_false(swap_readahead_hit(&s, &ra, 1200, true));
    expect_window(&ra, 1201, 1201, 1209); /* upwards */
    for (unsigned i = 0; i < 3; i++)
        swap_readahead_hit(&s, &ra, 1201, true);
    expect_window(&ra, 1200, 1193, 1201); /* downwards */
    expect_window(&ra, 1300, 1299, 1303); /* no hits: half */
    expect_window(&ra, 1350, 1350, 1352);
    expect_window(&ra, 1100, 1100, 1101); /* off */
    expect_window(&ra, 1101, 1101, 1103); /* beside the last: 2 */
    assert_int_equal(m.counters.v[SWAP_RA_HIT], 6);
}

TEST_WITH(address_windows_stay_in_the_vma_and_the_page_table, setup, teardown)
{
    u64 ra = 0;

    add_area(1000, 5, &m.disk);
    expect_window(&ra, 1001, 1000, 1006);
    ra = 0;
    expect_window(&ra, 1023, 1020, 1024); /* a page table ends at 1024 */
    ra = 0;
    expect_window(&ra, 1025, 1024, 1030);
    ra = 0;
    expect_window(&ra, 1398, 1395, 1400);
    s.page_cluster = 0;
    expect_window(&ra, 1200, 1200, 1201);
}

TEST_WITH(one_rotational_area_turns_address_windows_off, setup, teardown)
{
    u64 ra = 0;

    add_area(1000, 5, &m.disk);
    add_area(1000, 5, &m.hdd);
    assert_false(swap_use_vma_readahead(&s));
    assert_true(swap_readahead_hit(&s, &ra, 5, true));
    assert_false(swap_readahead_hit(&s, &ra, 5, false));
    assert_int_equal(ra, 0);
    assert_int_equal(m.counters.v[SWAP_RA_HIT], 1);
}

TEST_MAIN()
