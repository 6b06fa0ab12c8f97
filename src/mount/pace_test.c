/* pace_test.c - virtual time over the wall's. */
#include "mount/pace.h"

#include "base/test.h"

#define T0 (100 * NS_PER_S)

TEST(time_goes_at_its_speed_in_ticks)
{
    struct pace p;

    pace_start(&p, 10, T0, 0);
    assert_int_equal(pace_target(&p, T0, 0), 0);
    assert_int_equal(pace_target(&p, T0 + NS_PER_S, 0), 10 * NS_PER_S);
    assert_int_equal(pace_target(&p, T0 + NS_PER_S + 1, 0) % PACE_TICK, 0);
    assert_int_equal(pace_target(&p, T0 - 1, 5), 5); /* never back */
}

TEST(a_change_of_speed_goes_on_from_where_the_machine_is)
{
    struct pace p;

    pace_start(&p, 1, T0, 0);
    pace_go_on(&p, 2, T0 + NS_PER_S, NS_PER_S);
    assert_int_equal(pace_target(&p, T0 + NS_PER_S, NS_PER_S), NS_PER_S);
    assert_int_equal(pace_target(&p, T0 + 2 * NS_PER_S, NS_PER_S), 3 * NS_PER_S);
}

TEST(a_step_is_whole_and_then_time_stands_still)
{
    struct pace p;

    pace_start(&p, 1, T0, 0);
    pace_pause(&p);
    assert_int_equal(pace_target(&p, T0 + NS_PER_S, 7), 7);
    pace_step(&p, 0, 2 * NS_PER_S);
    pace_step(&p, 0, NS_PER_S); /* two that are asked for at once follow each other */
    assert_int_equal(pace_target(&p, T0, 0), 3 * NS_PER_S);
    pace_reached(&p, T0, 3 * NS_PER_S);
    assert_int_equal(pace_target(&p, T0 + 10 * NS_PER_S, 3 * NS_PER_S), 3 * NS_PER_S);
}

TEST(what_a_slow_machine_is_behind_by_is_given_up_and_counted)
{
    struct pace p;

    pace_start(&p, 10, T0, 0);
    assert_false(pace_reached(&p, T0 + NS_PER_S / 5, 0)); /* it may catch up */
    assert_true(pace_reached(&p, T0 + NS_PER_S, 4 * NS_PER_S));
    assert_int_equal(p.given_up, 6 * NS_PER_S);
    assert_int_equal(pace_target(&p, T0 + NS_PER_S, 4 * NS_PER_S), 4 * NS_PER_S);
    assert_true(p.measured > 3.9 && p.measured < 4.1);
}

TEST(speeds_are_numbers_within_bounds)
{
    static const char *const wrong[] = {"",     "x",    "0",   "-1",  "1001",
                                        "10xx", "fast", "nan", "inf", "1e9"};
    double speed;

    assert_int_equal(pace_parse_speed("10x", &speed, NULL), 0);
    assert_true(speed > 9.99 && speed < 10.01);
    assert_int_equal(pace_parse_speed("0.5", &speed, NULL), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(pace_parse_speed(wrong[i], &speed, NULL), -EINVAL);
}

TEST_MAIN()
