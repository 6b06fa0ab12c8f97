/* trend_test.c - slopes, plateaus and bounded memory. */
#include "base/test.h"
#include "diagnose/trend.h"

TEST(a_line_has_its_slope_and_no_plateau)
{
    struct trend t = {0};
    struct growth g;

    for (u64 i = 0; i < 10; i++)
        trend_add(&t, (i + 1) * NS_PER_S, 1000 + 50 * i);
    assert_true(trend_growth(&t, &g));
    assert_int_equal(g.points, 10);
    assert_true(g.per_s > 49.999 && g.per_s < 50.001);
    assert_true(g.rising == 1.0);
    assert_true(g.late_to_early > 0.99 && g.late_to_early < 1.01);
    assert_int_equal(g.from, 1000);
    assert_int_equal(g.to, 1450);
}

TEST(one_spike_does_not_tilt_the_slope)
{
    struct trend t = {0};
    struct growth g;

    for (u64 i = 0; i < 12; i++)
        trend_add(&t, (i + 1) * NS_PER_S, i == 11 ? 1000000 : 1000);
    assert_true(trend_growth(&t, &g));
    assert_true(g.per_s == 0);
}

TEST(a_plateau_shows_in_the_second_half)
{
    struct trend t = {0};
    struct growth g;

    for (u64 i = 0; i < 20; i++)
        trend_add(&t, (i + 1) * NS_PER_S, 1000 * MIN(i, (u64)10));
    assert_true(trend_growth(&t, &g));
    assert_true(g.late_to_early < 0.2);
}

TEST(any_number_of_points_fits_and_spans_the_whole_time)
{
    struct trend t = {0};
    struct growth g;

    for (u64 i = 0; i < 100000; i++) {
        trend_add(&t, (i + 1) * NS_PER_S, 7 * i);
        assert_true(t.count <= TREND_POINTS);
    }
    assert_true(trend_growth(&t, &g));
    assert_int_equal(t.at[0], NS_PER_S);
    assert_int_equal(t.at[t.count - 1], 100000 * NS_PER_S);
    for (u32 i = 1; i < t.count; i++)
        assert_true(t.at[i] > t.at[i - 1]);
    assert_true(g.per_s > 6.999 && g.per_s < 7.001);
    assert_true(t.count >= TREND_POINTS / 2);
}

TEST(unknown_values_and_stale_times_are_left_out)
{
    struct trend t = {0};
    struct growth g;

    trend_add(&t, 2, 5);
    trend_add(&t, 2, 6);
    trend_add(&t, 1, 7);
    trend_add(&t, 3, UINT64_MAX);
    assert_int_equal(t.count, 1);
    trend_add(&t, 4, 6);
    assert_false(trend_growth(&t, &g));
}

TEST_MAIN()
