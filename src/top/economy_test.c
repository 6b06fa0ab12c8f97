/* economy_test.c - unit tests of top/economy.c */
#include "top/economy.h"

#include "base/test.h"
#include "top/fixture_testing.h"

static struct snapshot s;
static struct economy e;

static int set_up(void **state)
{
    (void)state;
    fixture_snapshot(&s, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    snapshot_done(&s);
    return 0;
}

static u64 sum_of_uses(void)
{
    u64 sum = 0;

    for (unsigned i = 0; i < NR_USES; i++)
        sum += figure_or(e.bytes[i], 0);
    return sum;
}

TEST_WITH(uses_add_up_to_all_memory, set_up, tear_down)
{
    economy_compute(&e, &s);
    assert_true(e.is_known);
    assert_int_equal(sum_of_uses(), 16 * GIB);
    assert_int_equal(e.bytes[USE_DIRTY], 256 * MIB);
    assert_int_equal(e.bytes[USE_MAPPED], GIB);
    /* Cached + Buffers without Shmem, dirty and mapped */
    assert_int_equal(e.bytes[USE_CACHE], 5 * GIB + 128 * MIB - 256 * MIB - GIB);
    assert_int_equal(e.bytes[USE_PAGE_TABLES], 100 * MIB);
    assert_int_equal(e.swap_used, GIB);
}

TEST_WITH(figures_that_contradict_each_other_still_add_up, set_up, tear_down)
{
    s.meminfo[MI_ANON_PAGES] = 40 * GIB;
    s.meminfo[MI_SWAP_FREE] = 40 * GIB;
    economy_compute(&e, &s);
    assert_int_equal(sum_of_uses(), 16 * GIB);
    assert_int_equal(e.bytes[USE_ANON], 14 * GIB);
    assert_int_equal(e.swap_used, 0);
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        s.meminfo[i] = UINT64_MAX - 1;
    economy_compute(&e, &s);
    assert_int_equal(sum_of_uses(), UINT64_MAX - 1);
}

TEST_WITH(what_is_not_known_is_in_the_rest, set_up, tear_down)
{
    s.meminfo[MI_SLAB] = s.meminfo[MI_CACHED] = UNKNOWN;
    economy_compute(&e, &s);
    assert_int_equal(sum_of_uses(), 16 * GIB);
    assert_int_equal(e.bytes[USE_SLAB], UNKNOWN);
    assert_int_equal(e.bytes[USE_CACHE], UNKNOWN);
    s.meminfo[MI_MEM_FREE] = UNKNOWN;
    economy_compute(&e, &s);
    assert_false(e.is_known);
}

TEST_WITH(old_kernels_count_huge_pages_by_number, set_up, tear_down)
{
    s.meminfo[MI_HUGETLB] = UNKNOWN;
    s.meminfo[MI_HUGE_PAGES_TOTAL] = 10;
    s.meminfo[MI_HUGE_PAGE_SIZE] = 2 * MIB;
    economy_compute(&e, &s);
    assert_int_equal(e.bytes[USE_HUGE], 20 * MIB);
    s.meminfo[MI_HUGE_PAGES_TOTAL] = UINT64_MAX - 1;
    economy_compute(&e, &s);
    assert_int_equal(e.bytes[USE_HUGE], UNKNOWN);
}

TEST_WITH(zram_and_zswap_are_one_use, set_up, tear_down)
{
    economy_compute(&e, &s);
    assert_int_equal(e.bytes[USE_COMPRESSED], UNKNOWN);
    s.meminfo[MI_ZSWAP] = 10 * MIB;
    vec_push(&s.zrams, ((struct zram_view){.used_total = 5 * MIB}));
    vec_push(&s.zrams, ((struct zram_view){.used_total = UNKNOWN}));
    economy_compute(&e, &s);
    assert_int_equal(e.bytes[USE_COMPRESSED], 15 * MIB);
}

TEST_WITH(a_group_is_measured_against_its_limit, set_up, tear_down)
{
    struct cgroup_view *db = &s.cgroups.items[3], *web = &s.cgroups.items[4];

    economy_compute_group(&e, &s, web);
    assert_true(e.is_known);
    assert_int_equal(e.total, 2 * GIB);
    assert_int_equal(sum_of_uses(), 2 * GIB);
    assert_int_equal(e.bytes[USE_FREE], GIB);
    assert_int_equal(e.bytes[USE_ANON], 900 * MIB);
    assert_int_equal(e.bytes[USE_CACHE], 100 * MIB);
    assert_int_equal(e.bytes[USE_SLAB], 4 * MIB);
    /* Usage may be above a limit that was lowered, and memory.stat older than it. */
    db->max = GIB;
    db->stat[NR_ANON_PAGES] = 50 * GIB;
    db->swap_max = 0;
    economy_compute_group(&e, &s, db);
    assert_int_equal(e.total, 6 * GIB);
    assert_int_equal(sum_of_uses(), 6 * GIB);
    assert_int_equal(e.swap_total, 0);
    db->current = UNKNOWN;
    economy_compute_group(&e, &s, db);
    assert_false(e.is_known);
}

TEST_MAIN()
