/* canary_test.c - what a property program takes for a caught canary (test.h). */
#include "base/test.h"

static void ends_well(u64 operations)
{
    (void)operations;
}

static void ends_with_an_error(u64 operations)
{
    exit(operations ? 1 : 0);
}

static void aborts(u64 operations)
{
    (void)operations;
    abort();
}

static void never_ends(u64 operations)
{
    for (volatile u64 n = operations;; n++)
        ;
}

TEST(a_run_that_fails_is_caught)
{
    assert_false(fuzz_fails(ends_well, 1));
    assert_true(fuzz_fails(ends_with_an_error, 1));
    assert_true(fuzz_fails(aborts, 1));
}

TEST(a_run_without_end_is_stopped_and_not_caught)
{
    assert_false(fuzz_fails_within(never_ends, 1, 1));
}

TEST_MAIN()
