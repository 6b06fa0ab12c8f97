/* prng_test.c - the published sequence, and numbers that keep to their range evenly. */
#include "base/prng.h"

#include "base/test.h"

TEST(splitmix64_gives_the_published_sequence)
{
    /* The first numbers of the reference implementation with seed 1234567. */
    static const u64 want[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                               4593380528125082431u, 16408922859458223821u};
    u64 seed = 1234567;

    for (size_t i = 0; i < ARRAY_SIZE(want); i++)
        assert_true(splitmix64_next(&seed) == want[i]);
}

TEST(xoshiro_gives_the_published_sequence)
{
    /* The first numbers of the reference implementation with state {1, 2, 3, 4}. */
    static const u64 want[] = {11520, 0, 1509978240, 1215971899390074240};
    struct prng p = {{1, 2, 3, 4}};

    for (size_t i = 0; i < ARRAY_SIZE(want); i++)
        assert_true(prng_next(&p) == want[i]);
}

TEST(numbers_below_a_bound_are_even)
{
    struct prng p;
    u64 seen[7] = {0};

    prng_seed(&p, 1);
    for (unsigned i = 0; i < 70000; i++)
        seen[prng_below(&p, 7)]++;
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
        /* 10000 expected, standard deviation 93; five of them. */
        assert_in_range(seen[i], 9535, 10465);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(prng_below(&p, 1), 0);
}

TEST(large_bounds_are_not_biased)
{
    /* With bound 3/4 of 2^64 a plain remainder would give the lowest third half of all numbers. */
    u64 bound = BIT_ULL(63) + BIT_ULL(62);
    struct prng p;
    unsigned low = 0;

    prng_seed(&p, 1);
    for (unsigned i = 0; i < 30000; i++) {
        u64 x = prng_below(&p, bound);

        assert_true(x < bound);
        low += x < bound / 3;
    }
    assert_in_range(low, 9600, 10400);
}

TEST(ranges_include_both_ends)
{
    struct prng p;
    bool low = false, high = false;

    prng_seed(&p, 1);
    for (unsigned i = 0; i < 1000; i++) {
        u64 x = prng_range(&p, 10, 13);
        double f = prng_f64(&p);

        assert_in_range(x, 10, 13);
        low |= x == 10;
        high |= x == 13;
        assert_true(f >= 0 && f < 1);
    }
    assert_true(low && high);
    assert_int_equal(prng_range(&p, 5, 5), 5);
    prng_range(&p, 0, UINT64_MAX);
}

TEST_MAIN()
