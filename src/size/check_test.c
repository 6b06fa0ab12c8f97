/* check_test.c - a budget of memory as a gate. */
#include "base/test.h"

#include "size/check.h"

static struct size_result needs(u64 need)
{
    return (struct size_result){
        .unlimited = {.outcome = REPLAY_COMPLETED, .busy_ns = NS_PER_S, .peak_bytes = 90 * MIB},
        .usable = {.found = need != 0, .limit_bytes = need},
    };
}

static void expect(const struct size_result *r, u64 max, bool trusted, enum check_outcome outcome,
                   enum check_reason reason)
{
    const struct check_verdict v = check_recording(r, max, trusted);

    assert_int_equal(v.outcome, outcome);
    assert_int_equal(v.reason, reason);
}

TEST(a_need_up_to_the_budget_fits)
{
    const struct size_result r = needs(64 * MIB), none = needs(0);

    expect(&r, 64 * MIB, true, CHECK_FITS, CHECK_BY_NEED);
    expect(&r, 64 * MIB - 4096, true, CHECK_DOES_NOT_FIT, CHECK_BY_NEED);
    expect(&r, UINT64_MAX, true, CHECK_FITS, CHECK_BY_NEED);
    expect(&none, GIB, true, CHECK_DOES_NOT_FIT, CHECK_NO_NEED);
}

TEST(an_incomplete_recording_can_fail_and_not_pass)
{
    const struct size_result r = needs(64 * MIB);

    expect(&r, 64 * MIB, false, CHECK_CANNOT_TELL, CHECK_INCOMPLETE);
    expect(&r, 32 * MIB, false, CHECK_DOES_NOT_FIT, CHECK_BY_NEED);
}

TEST(what_cannot_be_judged_passes_no_gate)
{
    struct size_result r = needs(64 * MIB);

    r.unlimited.stall_ns = NS_PER_S / 2;
    expect(&r, GIB, true, CHECK_CANNOT_TELL, CHECK_SHORT);
    r.unlimited.busy_ns = 0;
    expect(&r, GIB, true, CHECK_CANNOT_TELL, CHECK_NOTHING);
}

static enum check_change change(struct check_earlier earlier, u64 need, u64 spread, u64 *tolerance)
{
    const struct size_envelope now = {.need_bytes = need, .spread_bytes = spread};

    return check_change(&earlier, &now, tolerance);
}

TEST(a_change_counts_beyond_the_earlier_spread)
{
    const struct check_earlier earlier = {100 * MIB, 10 * MIB, 3};
    u64 tolerance;

    assert_int_equal(change(earlier, 110 * MIB, 0, &tolerance), CHECK_SAME);
    assert_int_equal(tolerance, 10 * MIB);
    assert_int_equal(change(earlier, 110 * MIB + 4096, 0, &tolerance), CHECK_GREW);
    assert_int_equal(change(earlier, 90 * MIB, 0, &tolerance), CHECK_SAME);
    assert_int_equal(change(earlier, 89 * MIB, 0, &tolerance), CHECK_SHRANK);
    /* one new run that needs far more hides behind no spread of the new runs */
    assert_int_equal(change(earlier, 150 * MIB, 60 * MIB, &tolerance), CHECK_GREW);
}

TEST(one_earlier_recording_is_exceeded_by_all_new_ones)
{
    const struct check_earlier earlier = {100 * MIB, 0, 1};
    u64 tolerance;

    assert_int_equal(change(earlier, 120 * MIB, 25 * MIB, &tolerance), CHECK_SAME);
    assert_int_equal(change(earlier, 120 * MIB, 15 * MIB, &tolerance), CHECK_GREW);
    assert_int_equal(change(earlier, 101 * MIB, 0, &tolerance), CHECK_SAME);
    assert_int_equal(tolerance, 2 * MIB);
    assert_int_equal(change(earlier, 103 * MIB, 0, &tolerance), CHECK_GREW);
}

TEST_MAIN()
