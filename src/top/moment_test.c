/* moment_test.c - unit tests of top/moment.c */
#include "top/moment.h"

#include "base/test.h"
#include "top/fixture_testing.h"

#include <math.h>

TEST(flows_are_per_second_in_bytes_and_counts)
{
    struct snapshot before, now;
    struct moment m;

    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 2);
    moment_compute(&m, &before, &now);
    assert_float_equal(m.flow[FLOW_FAULTS], 3204, 1e-6);
    assert_float_equal(m.flow[FLOW_READ], 12.0 * MIB, 1e-6);
    assert_float_equal(m.flow[FLOW_REFAULT], 10.0 * MIB, 1e-6);
    assert_float_equal(m.flow[FLOW_SWAP_OUT], 0, 1e-6);
    assert_float_equal(m.flow[FLOW_STALLS], 3, 1e-6);
    /* 120,000 us a second of memory's some */
    assert_float_equal(m.some[PSI_MEM], 12, 1e-6);
    assert_float_equal(m.full[PSI_CPU], 0, 1e-6);
    snapshot_done(&before);
    snapshot_done(&now);
}

TEST(what_becomes_of_huge_pages_is_counted)
{
    struct snapshot before, now;
    struct moment m;

    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 2);
    before.vmstat[THP_FAULT_ALLOC] = 100;
    now.vmstat[THP_FAULT_ALLOC] = 150;
    before.vmstat[THP_FAULT_FALLBACK] = now.vmstat[THP_FAULT_FALLBACK] = 7;
    before.vmstat[THP_SPLIT_PAGE] = 10;
    now.vmstat[THP_SPLIT_PAGE] = 16;
    before.vmstat[THP_COLLAPSE_ALLOC] = UNKNOWN;
    now.vmstat[THP_COLLAPSE_ALLOC] = 3;
    moment_compute(&m, &before, &now);
    assert_float_equal(m.huge[HUGE_FAULTS], 25, 1e-6);
    assert_float_equal(m.huge[HUGE_FALLBACKS], 0, 1e-6);
    assert_float_equal(m.huge[HUGE_SPLITS], 3, 1e-6);
    assert_true(isnan(m.huge[HUGE_COLLAPSES]));
    snapshot_done(&before);
    snapshot_done(&now);
}

TEST(what_cannot_be_a_rate_is_not_known)
{
    struct snapshot before, now;
    struct moment m;

    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 1);
    now.vmstat[PGFAULT] = 5; /* a reboot */
    now.vmstat[PGSTEAL_KSWAPD] = UNKNOWN;
    now.vmstat[WORKINGSET_REFAULT_ANON] = UNKNOWN;
    now.parts[PART_PRESSURE_IO].read_at = before.parts[PART_PRESSURE_IO].read_at; /* carried */
    moment_compute(&m, &before, &now);
    assert_true(isnan(m.flow[FLOW_FAULTS]));
    assert_true(isnan(m.flow[FLOW_KSWAPD]));
    assert_true(isnan(m.some[PSI_IO]));
    assert_float_equal(m.flow[FLOW_REFAULT], 8.0 * MIB, 1e-6); /* one of two is known */
    moment_compute(&m, NULL, &now);
    for (unsigned i = 0; i < NR_FLOWS; i++)
        assert_true(isnan(m.flow[i]));
    for (unsigned i = 0; i < NR_HUGE_RATES; i++)
        assert_true(isnan(m.huge[i]));
    snapshot_done(&before);
    snapshot_done(&now);
}

TEST(the_history_forgets_the_oldest)
{
    static struct moments h;

    for (u64 i = 0; i < MOMENTS_MAX + 10; i++)
        moments_add(&h, &(struct moment){.at = i});
    assert_int_equal(h.count, MOMENTS_MAX);
    assert_int_equal(moments_at(&h, 0)->at, MOMENTS_MAX + 9);
    assert_int_equal(moments_at(&h, MOMENTS_MAX - 1)->at, 10);
    moments_clear(&h);
    assert_int_equal(h.count, 0);
}

TEST_MAIN()
