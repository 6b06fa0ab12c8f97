/* shape_test.c - plateaus, bands and the first kill of sweeps that are written down here. */
#include "base/test.h"

#include "size/shape.h"

#include <string.h>

struct written {
    u64 mib;
    double slowdown;
    bool survives, usable;
};

static void fill(struct size_result *r, const struct written *rows, size_t nr)
{
    *r = (struct size_result){0};
    for (size_t i = 0; i < nr; i++) {
        struct size_row row = {.limit_bytes = rows[i].mib * MIB,
                               .slowdown = rows[i].slowdown,
                               .survives = rows[i].survives,
                               .usable = rows[i].usable,
                               .outcome = rows[i].survives ? REPLAY_COMPLETED : REPLAY_OOM,
                               .oom_kills = !rows[i].survives};

        row.wait_ns[WAIT_DIRTY] = rows[i].usable ? 0 : NS_PER_S;
        vec_push(&r->rows, row);
    }
}

TEST(limits_that_cost_the_same_are_a_plateau_with_its_reason)
{
    static const struct written rows[] = {
        {32, 3.0, false, false},  {64, 1.9, true, false},   {72, 1.46, true, false},
        {128, 1.45, true, false}, {256, 1.44, true, false}, {384, 1.45, true, false},
        {512, 1.0, true, true},
    };
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    shape_plateaus(&r);
    assert_int_equal(r.plateaus.count, 1);
    assert_int_equal(r.plateaus.items[0].low_bytes, 72 * MIB);
    assert_int_equal(r.plateaus.items[0].high_bytes, 384 * MIB);
    assert_true(r.plateaus.items[0].slowdown == 1.45);
    assert_non_null(strstr(r.plateaus.items[0].why, "vm.dirty_ratio"));
    assert_int_equal(shape_first_kill(&r), 32 * MIB);
    size_result_done(&r);
}

TEST(a_slope_two_neighbours_and_usable_limits_are_none)
{
    static const struct written rows[] = {
        {64, 2.0, true, false},   {96, 1.8, true, false},  {128, 1.6, true, false},
        {136, 1.59, true, false}, {256, 1.05, true, true}, {512, 1.05, true, true},
    };
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    shape_plateaus(&r);
    assert_int_equal(r.plateaus.count, 0);
    assert_int_equal(shape_first_kill(&r), 0);
    size_result_done(&r);
}

static bool survives(const struct size_row *row)
{
    return row->survives;
}

TEST(a_band_reaches_to_what_fails_above_and_passes_below)
{
    static const struct written rows[] = {
        {60, 1.5, true, false}, {77, 3, false, false}, {80, 1.1, true, true}, {100, 1, true, true}};
    struct size_boundary b = {.found = true, .limit_bytes = 80 * MIB, .fails_bytes = 77 * MIB};
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    shape_band(&r, survives, &b);
    assert_int_equal(b.low_bytes, 60 * MIB);
    assert_int_equal(b.high_bytes, 84 * MIB); /* 5 % */
    size_result_done(&r);
}

TEST(a_band_covers_what_nobody_tried)
{
    static const struct written rows[] = {{40, 3, false, false}, {80, 1, true, true}};
    struct size_boundary far = {.found = true, .limit_bytes = 80 * MIB, .fails_bytes = 40 * MIB},
                         none = {.found = true, .limit_bytes = 80 * MIB};
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    shape_band(&r, survives, &far);
    assert_int_equal(far.low_bytes, 40 * MIB);
    shape_band(&r, survives, &none);
    assert_int_equal(none.low_bytes, 0);
    assert_int_equal(none.high_bytes, 84 * MIB);
    size_result_done(&r);
}

TEST(a_limit_may_cost_what_its_neighbours_do)
{
    static const struct written rows[] = {{40, 3, false, false},  {60, 2.5, true, false},
                                          {78, 1.3, true, false}, {80, 1.09, true, true},
                                          {85, 1.02, true, true}, {100, 1.01, true, true}};
    struct shape_cost cost;
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    cost = shape_cost(&r, 78 * MIB, 84 * MIB); /* both ends are tried, or lie below one that is */
    assert_true(cost.least == 1.02 && cost.most == 1.3 && !cost.may_fail);
    cost = shape_cost(&r, 77 * MIB, 84 * MIB); /* the next below 77 is 60 */
    assert_true(cost.least == 1.02 && cost.most == 2.5 && !cost.may_fail);
    cost = shape_cost(&r, 50 * MIB, 99 * MIB);
    assert_true(cost.least == 1.01 && cost.most == 2.5 && cost.may_fail);
    cost = shape_cost(&r, 99 * MIB, 110 * MIB); /* none above: as without a limit */
    assert_true(cost.least == 1 && cost.most == 1.02 && !cost.may_fail);
    cost = shape_cost(&r, 30 * MIB, 80 * MIB); /* nobody looked below */
    assert_true(cost.may_fail);
    size_result_done(&r);
}

TEST(a_limit_near_one_that_fails_is_not_usable)
{
    static const struct written rows[] = {
        {98, 1, false, false}, {99, 1.5, true, false}, {100, 1, true, true}, {101, 1, true, true}};
    struct size_result r;

    fill(&r, rows, ARRAY_SIZE(rows));
    shape_mark_near_edge(&r, shape_clear(98 * MIB));
    assert_false(r.rows.items[0].near_edge ||
                 r.rows.items[1].near_edge); /* they were not usable before */
    assert_true(r.rows.items[2].near_edge && r.rows.items[2].survives && !r.rows.items[2].usable);
    assert_true(r.rows.items[3].usable && !r.rows.items[3].near_edge);
    size_result_done(&r);
}

TEST_MAIN()
