/* dirty_test.c - the control law of dirty throttling: its curve, its limits, and that it
 * settles. */
#include "balance/dirty.h"

#include "base/test.h"

#define MB (MIB / PAGE_SIZE)

struct wb_fixture {
    struct wb_domain domain;
    struct bdi_writeback wb;
    struct dirty_control dc;
};

/* A wb that has done all the writing of its domain of late. */
static void fixture_init(struct wb_fixture *f, u64 thresh, u64 bg_thresh, u64 bandwidth)
{
    *f = (struct wb_fixture){.domain = {.completions = {.events = 1}, .dirty_limit = thresh}};
    f->wb = (struct bdi_writeback){.bw_time_stamp = 1,
                                   .write_bandwidth = bandwidth,
                                   .avg_write_bandwidth = bandwidth,
                                   .dirty_ratelimit = bandwidth,
                                   .balanced_dirty_ratelimit = bandwidth};
    f->dc = (struct dirty_control){.domain = &f->domain,
                                   .wb = &f->wb,
                                   .completions = &f->wb.completions,
                                   .thresh = thresh,
                                   .bg_thresh = bg_thresh};
    wb_domain_add(&f->domain, &f->wb.completions, 1000000, 0);
}

static u64 ratio_at(struct wb_fixture *f, u64 dirty, u64 wb_dirty)
{
    f->dc.dirty = dirty;
    f->wb.stat[WB_RECLAIMABLE] = wb_dirty;
    wb_dirty_limits(&f->dc, 0);
    wb_position_ratio(&f->dc);
    return f->dc.pos_ratio;
}

TEST(thresholds_are_percentages_or_bytes)
{
    struct tunables t;
    struct dirty_control dc = {.avail = 100000};

    tunables_init(&t);
    domain_dirty_limits(&t, 0, &dc);
    /* 20 % is taken as 819 / 4096, 10 % as 409 / 4096 */
    assert_int_equal(dc.thresh, 100000 * 819 / 4096);
    assert_int_equal(dc.bg_thresh, 100000 * 409 / 4096);
    assert_int_equal(tunables_set(&t, "vm.dirty_bytes", "40961", NULL), 0);
    assert_int_equal(t.dirty_ratio, 0);
    domain_dirty_limits(&t, 0, &dc);
    assert_int_equal(dc.thresh, 11);
    assert_int_equal(dc.bg_thresh, 5); /* half, since it would be above */
    /* A group's part of bytes is as large as its part of what there is. */
    dc.avail = 1000;
    assert_int_equal(tunables_set(&t, "vm.dirty_bytes", "40960000", NULL), 0);
    domain_dirty_limits(&t, 100000, &dc);
    assert_int_equal(dc.thresh, 410 * 1000 / 4096);
    assert_int_equal(tunables_set(&t, "vm.dirty_ratio", "30", NULL), 0);
    assert_int_equal(t.dirty_bytes, 0);
}

TEST(the_curve_is_2_at_freerun_1_at_the_setpoint_0_at_the_limit)
{
    assert_int_equal(pos_ratio_polynom(8000, 8000, 10000), 1024);
    assert_in_range(pos_ratio_polynom(8000, 6000, 10000), 2040, 2048);
    assert_int_equal(pos_ratio_polynom(8000, 100, 10000), 2048);
    assert_in_range(pos_ratio_polynom(8000, 10000, 10000), 0, 8);
    assert_int_equal(pos_ratio_polynom(8000, 20000, 10000), 0);
    /* cubic: half the way up takes an eighth of the rate */
    assert_in_range(pos_ratio_polynom(8000, 9000, 10000), 1024 - 130, 1024 - 126);
}

TEST(a_wb_over_its_share_is_slowed_and_one_that_runs_dry_is_not)
{
    struct wb_fixture f;
    u64 setpoint = (1500 * MB + 2000 * MB) / 2, at;

    fixture_init(&f, 2000 * MB, 1000 * MB, 100 * MB);
    at = ratio_at(&f, setpoint, setpoint);
    assert_in_range(at, 1000, 1048);
    assert_true(ratio_at(&f, setpoint, setpoint + 200 * MB) < at);
    assert_true(ratio_at(&f, setpoint, setpoint - 200 * MB) > at);
    assert_int_equal(ratio_at(&f, 2000 * MB, 10), 0); /* nobody is above the limit */
    assert_true(ratio_at(&f, setpoint, 200 * MB) >
                4 * at); /* nearly dry: others hold what is dirty */
    /* Only an eighth of the writing is its own: its setpoint is an eighth, too. */
    f.domain.completions.events *= 8;
    assert_in_range(ratio_at(&f, setpoint, setpoint / 8), 1000, 1048);
    assert_true(ratio_at(&f, setpoint, setpoint / 2) < 300);
}

TEST(pauses_are_10_ms_for_one_writer_and_200_ms_at_most)
{
    struct wb_fixture f;
    u64 next;

    fixture_init(&f, 1000 * MB, 500 * MB, 25600);
    assert_int_equal(wb_max_pause(&f.wb, 1000 * MB), HZ / 5);
    assert_int_equal(wb_max_pause(&f.wb, 0), 1);
    /* One writer of 100 MiB/s: 2 jiffies, and what it writes in them. */
    assert_int_equal(wb_min_pause(&f.wb, 50, 25600, 25600, &next), 2);
    assert_int_equal(next, 200);
    /* 1,000 writers share 10 MiB/s: 32 pages or as many as fit 200 ms. */
    f.wb.avg_write_bandwidth = 2560;
    f.wb.dirty_ratelimit = 3;
    assert_int_equal(wb_min_pause(&f.wb, 50, 3, 3, &next), 50);
    assert_int_equal(next, 0);
    assert_int_equal(dirty_poll_interval(100, 100), 1);
    assert_int_equal(dirty_poll_interval(0, 65536), 256);
}

/* n writers dirty at the rate they are given, the device writes `bandwidth` pages a second, for
 * some seconds. */
static u64 settle(struct wb_fixture *f, unsigned n, u64 bandwidth, unsigned seconds)
{
    u64 jiffies = f->wb.bw_time_stamp, dirty = f->dc.dirty;

    for (unsigned i = 0; i < seconds * 5; i++) {
        u64 rate = f->wb.dirty_ratelimit * ratio_at(f, dirty, dirty) >> RATELIMIT_CALC_SHIFT;
        u64 written = MIN(dirty, bandwidth / 5);

        f->wb.stat[WB_DIRTIED] += n * rate / 5;
        f->wb.stat[WB_WRITTEN] += written;
        dirty += n * rate / 5 - written;
        jiffies += HZ / 5;
        wb_update_bandwidth(&f->wb, &f->dc, NULL, jiffies);
    }
    f->dc.dirty = dirty;
    return dirty;
}

TEST(the_base_rate_becomes_bandwidth_by_writers)
{
    struct wb_fixture f;

    for (unsigned n = 1; n <= 16; n *= 4) {
        u64 bandwidth = 20 * MB, dirty;

        fixture_init(&f, 400 * MB, 200 * MB, 25600); /* it believes in 100 MiB/s at first */
        f.dc.dirty = 300 * MB;
        dirty = settle(&f, n, bandwidth, 120);
        /* The estimate is a mean over 4 s: 1 % after two minutes. */
        assert_in_range(f.wb.avg_write_bandwidth, bandwidth * 99 / 100, bandwidth * 101 / 100);
        /* The rate stops moving when it is near (ratelimit_step): the rest is left to the position,
         * which is between freerun and limit. */
        assert_in_range(n * (f.wb.dirty_ratelimit * f.dc.pos_ratio >> RATELIMIT_CALC_SHIFT),
                        bandwidth * 95 / 100, bandwidth * 105 / 100);
        assert_in_range(dirty, 300 * MB, 400 * MB);
    }
}

TEST(the_limit_follows_up_at_once_and_down_slowly)
{
    struct wb_fixture f;

    fixture_init(&f, 1000, 500, 25600);
    f.dc.thresh = 3200;
    wb_update_bandwidth(&f.wb, &f.dc, NULL, 100);
    assert_int_equal(f.domain.dirty_limit, 3200);
    f.dc.thresh = 1600;
    f.dc.dirty = 0;
    wb_update_bandwidth(&f.wb, &f.dc, NULL, 120); /* too early */
    assert_int_equal(f.domain.dirty_limit, 3200);
    wb_update_bandwidth(&f.wb, &f.dc, NULL, 200);
    assert_int_equal(f.domain.dirty_limit, 3200 - 1600 / 32);
}

TEST(shares_are_of_what_was_written_lately)
{
    struct wb_domain d = {.completions = {.events = 1}};
    struct fprop_local a = {0}, b = {0};
    u64 num, den;

    wb_domain_fraction(&d, &a, 0, &num, &den);
    assert_int_equal(num, 0);
    wb_domain_add(&d, &a, 3000, 10);
    wb_domain_add(&d, &b, 1000, 10);
    wb_domain_fraction(&d, &a, 10, &num, &den);
    assert_in_range(num * 1000 / den, 749, 750);
    /* A period later b writes as much again; a's part is of the past. */
    wb_domain_add(&d, &b, 1500, 10 + WB_PERIOD_NS);
    wb_domain_fraction(&d, &a, 10 + WB_PERIOD_NS, &num, &den);
    assert_in_range(num * 1000 / den, 428, 429); /* 1500 of 3500 */
    wb_domain_fraction(&d, &b, 10 + 100 * WB_PERIOD_NS, &num, &den);
    assert_int_equal(num, 0);
    assert_int_equal(d.period_at, 0);
}

TEST_MAIN()
