/* rows_test.c - unit tests of top/rows.c */
#include "top/rows.h"

#include "base/test.h"
#include "top/fixture_testing.h"

#include <math.h>

static struct snapshot first, second, third;
static struct rows rows;

static int set_up(void **state)
{
    (void)state;
    fixture_snapshot(&first, 0);
    fixture_snapshot(&second, 1);
    fixture_snapshot(&third, 2);
    rows_init(&rows);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rows_done(&rows);
    snapshot_done(&first);
    snapshot_done(&second);
    snapshot_done(&third);
    return 0;
}

TEST_WITH(rows_have_rates_from_the_second_snapshot_on, set_up, tear_down)
{
    rows_update(&rows, NULL, &first);
    assert_int_equal(rows.groups.count, 7);
    assert_true(isnan(rows.groups.items[3].refaults));
    rows_update(&rows, &first, &second);
    assert_string_equal(rows.groups.items[3].name, "db.service");
    assert_float_equal(rows.groups.items[3].refaults, 2500, 1e-6);
    assert_float_equal(rows.groups.items[3].at_high, 7, 1e-6);
    assert_float_equal(rows.groups.items[3].use_percent, 100, 1e-6);
    assert_true(isnan(rows.groups.items[2].use_percent));
    assert_float_equal(rows.processes.items[1].majors, 40, 1e-6);
    assert_float_equal(rows.processes.items[1].cpu_percent, 25, 1e-6);
    assert_string_equal(rows.processes.items[1].group, "/system.slice/db.service");
    assert_int_equal(rows.processes.items[1].rss, 3 * GIB + 20 * MIB);
    assert_float_equal(rows.slabs.items[1].growth, (double)MIB, 1e-6);
    assert_float_equal(rows.slabs.items[0].use_percent, 90, 1e-6);
}

TEST_WITH(figures_that_were_carried_keep_their_rates, set_up, tear_down)
{
    rows_update(&rows, &first, &second);
    third.parts[PART_PROCESSES].read_at = second.parts[PART_PROCESSES].read_at;
    third.parts[PART_SLABINFO].read_at = second.parts[PART_SLABINFO].read_at;
    vec_for_each (&third.cgroups, group)
        group->stat_at = second.taken_at;
    rows_update(&rows, &second, &third);
    assert_float_equal(rows.groups.items[3].refaults, 2500, 1e-6);
    assert_float_equal(rows.processes.items[1].majors, 40, 1e-6);
    assert_float_equal(rows.slabs.items[1].growth, (double)MIB, 1e-6);
    /* After a jump there is nothing to carry. */
    rows_update(&rows, NULL, &first);
    rows_update(&rows, &second, &third);
    assert_true(isnan(rows.groups.items[3].refaults));
    assert_true(isnan(rows.processes.items[1].majors));
}

TEST_WITH(another_process_with_the_same_number_has_no_rates, set_up, tear_down)
{
    second.processes.items[1].start_ticks = 77;
    rows_update(&rows, &first, &second);
    assert_true(isnan(rows.processes.items[1].majors));
    assert_false(isnan(rows.slabs.items[0].growth));
}

TEST_WITH(version_1_meets_its_limit_by_failcnt, set_up, tear_down)
{
    first.cgroups.items[3].events[EV_MAX] = second.cgroups.items[3].events[EV_MAX] = UNKNOWN;
    first.cgroups.items[3].failcnt = 10;
    second.cgroups.items[3].failcnt = 30;
    rows_update(&rows, &first, &second);
    assert_float_equal(rows.groups.items[3].at_max, 20, 1e-6);
}

TEST_MAIN()
