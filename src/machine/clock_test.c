/* clock_test.c - virtual time and its events, and the table of costs. */
#include "base/test.h"

#include "base/prng.h"
#include "machine/clock.h"
#include "machine/cost.h"

#include <errno.h>

static struct clock clk;
static char heard[64];
static unsigned nr_heard;

static int setup(void **state)
{
    (void)state;
    clock_init(&clk);
    nr_heard = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clock_check(&clk);
    clock_done(&clk);
    return 0;
}

static void hear(void *owner, u64 arg)
{
    (void)owner;
    heard[nr_heard++] = (char)arg;
    heard[nr_heard] = 0;
}

TEST_WITH(events_run_in_order_of_time_and_then_of_arrival, setup, teardown)
{
    clock_at(&clk, 20, hear, NULL, 'c');
    clock_at(&clk, 10, hear, NULL, 'a');
    clock_at(&clk, 20, hear, NULL, 'd');
    clock_at(&clk, 10, hear, NULL, 'b');
    clock_at(&clk, 21, hear, NULL, 'e');
    assert_int_equal(clock_next(&clk), 10);
    clock_run_until(&clk, 20);
    assert_string_equal(heard, "abcd");
    assert_int_equal(clk.now, 20);
    assert_int_equal(clock_next(&clk), 21);
    clock_run_until(&clk, 100);
    assert_string_equal(heard, "abcde");
    assert_int_equal(clk.now, 100);
    assert_int_equal(clock_next(&clk), NS_NEVER);
}

static void hear_and_add(void *owner, u64 arg)
{
    hear(owner, arg);
    assert_int_equal(clk.now, 5);
    clock_at(&clk, 0, hear, NULL, 'y'); /* the past is now */
    clock_at(&clk, 7, hear, NULL, 'z');
    clock_at(&clk, 9, hear, NULL, '!');
}

TEST_WITH(an_event_may_add_events_for_the_same_run, setup, teardown)
{
    clock_at(&clk, 5, hear_and_add, NULL, 'x');
    clock_run_until(&clk, 8);
    assert_string_equal(heard, "xyz");
    assert_int_equal(clock_next(&clk), 9);
}

TEST_WITH(time_never_goes_back, setup, teardown)
{
    clock_run_until(&clk, 50);
    clock_run_until(&clk, 40);
    assert_int_equal(clk.now, 50);
}

static u64 ticks;

static void tick(void *owner, u64 arg)
{
    ticks++;
    if (arg)
        clock_at(owner, clk.now + arg % 97, tick, owner, arg - 1);
}

TEST_WITH(the_pool_of_events_is_reused, setup, teardown)
{
    struct prng p;

    prng_seed(&p, 1);
    ticks = 0;
    for (unsigned i = 0; i < 100; i++)
        clock_at(&clk, prng_below(&p, 1000), tick, &clk, 1000);
    clock_run_until(&clk, 1000000);
    assert_int_equal(ticks, 100 * 1001);
    assert_true(clk.nr_events <= 100);
}

TEST(costs_are_set_by_name)
{
    struct cost_model m;

    cost_model_init(&m);
    assert_int_equal(m.minor_fault, 500);
    assert_int_equal(cost_model_set(&m, "minor_fault", 123), 0);
    assert_int_equal(m.minor_fault, 123);
    assert_int_equal(cost_model_set(&m, "minor_faults", 1), -ENOENT);
    assert_string_equal(cost_info[COST_INDEX_minor_fault].name, "minor_fault");
}

TEST_MAIN()
