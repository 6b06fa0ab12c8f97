/* wbt_test.c - how the depth for writes follows the latency of reads. */
#include "base/test.h"

#include "reclaim/wbt.h"

#define MS NS_PER_MS

static const struct device_profile disk = {.name = "d", .queue_depth = 64};

static struct wbt start(void)
{
    struct wbt w;

    wbt_init(&w, &disk);
    return w;
}

/* Three writes and a read of this latency; returns when the window ends. */
static ns_t one_window(struct wbt *w, ns_t now, ns_t latency)
{
    for (unsigned i = 0; i < 3; i++)
        wbt_write(w);
    wbt_read(w, now, now + latency, 1);
    return w->win_end;
}

TEST(reclaim_has_half_a_quarter_while_somebody_reads_and_kswapd_all)
{
    struct wbt w = start();

    assert_int_equal(wbt_limit(&w, WBT_RECLAIM, MS, 0), 8);
    assert_int_equal(wbt_limit(&w, WBT_KSWAPD, MS, 0), 16);
    wbt_read(&w, 2 * MS, 3 * MS, 0);
    assert_int_equal(wbt_limit(&w, WBT_RECLAIM, 50 * MS, 0), 4);
}

TEST(slow_reads_beside_writes_halve_the_depth_down_to_one)
{
    struct wbt w = start();
    ns_t now = MS;

    wbt_limit(&w, WBT_RECLAIM, now, 1);
    for (unsigned expected = 8; expected; expected /= 2) {
        now = one_window(&w, now, 5 * MS);
        assert_int_equal(wbt_limit(&w, WBT_KSWAPD, now, 1), expected);
    }
    assert_int_equal(wbt_limit(&w, WBT_RECLAIM, now, 1), 1);
}

TEST(fast_reads_deepen_it_to_three_quarters_of_the_queue)
{
    struct wbt w = start();
    ns_t now = MS;

    wbt_limit(&w, WBT_RECLAIM, now, 1);
    for (unsigned i = 0; i < 5; i++) {
        now = one_window(&w, now, MS);
        wbt_limit(&w, WBT_RECLAIM, now, 1);
    }
    assert_int_equal(wbt_limit(&w, WBT_KSWAPD, now, 1), 48);
}

TEST(a_read_without_writes_says_nothing)
{
    struct wbt w = start();

    wbt_limit(&w, WBT_RECLAIM, MS, 0);
    wbt_read(&w, 2 * MS, 12 * MS, 0);
    assert_int_equal(wbt_limit(&w, WBT_KSWAPD, 150 * MS, 0), 16);
}

TEST(silence_leads_back_to_the_default)
{
    struct wbt w = start();
    ns_t now = MS;

    wbt_limit(&w, WBT_RECLAIM, now, 1);
    for (unsigned i = 0; i < 3; i++) {
        now = one_window(&w, now, 5 * MS);
        wbt_limit(&w, WBT_RECLAIM, now, 1);
    }
    assert_int_equal(wbt_limit(&w, WBT_KSWAPD, now + 10 * NS_PER_S, 0), 16);
}

TEST_MAIN()
