/* types_test.c - MIN, MAX and CLAMP evaluate once and keep the usual arithmetic conversions. */
#include "base/test.h"

static unsigned calls;

static u32 next(u32 value)
{
    calls++;
    return value;
}

TEST(each_argument_is_evaluated_once)
{
    calls = 0;
    assert_int_equal(MIN(next(3), next(4)), 3);
    assert_int_equal(calls, 2);
    assert_int_equal(MAX(next(3), next(4)), 4);
    assert_int_equal(calls, 4);
    assert_int_equal(CLAMP(next(9), next(2), next(5)), 5);
    assert_int_equal(calls, 7);
}

TEST(they_nest_and_take_the_wider_type)
{
    u64 wide = (u64)1 << 40;
    u32 narrow = 7;

    assert_true(MAX(narrow, wide) == wide);
    assert_true(MIN(MAX(narrow, wide), MIN(wide - 1, (u64)narrow + 1)) == 8);
    assert_int_equal(sizeof(MIN(narrow, wide)), sizeof(u64));
    assert_int_equal(MIN(-1, 1), -1);
    assert_int_equal(CLAMP(-5, -3, 3), -3);
    assert_int_equal(CLAMP(0, -3, 3), 0);
}

TEST_MAIN()
