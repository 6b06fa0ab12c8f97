/* slotset_test.c - the tree of bitmaps against an array of flags. */
#include "base/test.h"

#include "backing/slotset.h"
#include "base/prng.h"

TEST(next_finds_members_across_words_and_levels)
{
    struct slotset s;

    slotset_init(&s, 300000, false);
    assert_int_equal(slotset_next(&s, 0), 300000);
    slotset_add(&s, 299999);
    slotset_add(&s, 70);
    assert_int_equal(slotset_next(&s, 0), 70);
    assert_int_equal(slotset_next(&s, 70), 70);
    assert_int_equal(slotset_next(&s, 71), 299999);
    assert_int_equal(slotset_next(&s, 300000), 300000);
    slotset_del(&s, 299999);
    assert_int_equal(slotset_next(&s, 71), 300000);
    slotset_check(&s);
    slotset_done(&s);
}

TEST(the_largest_area_fits)
{
    struct slotset s;

    slotset_init(&s, 1u << 27, false);
    assert_int_equal(s.levels, SLOTSET_LEVELS);
    slotset_add(&s, (1u << 27) - 1);
    assert_int_equal(slotset_next(&s, 0), (1u << 27) - 1);
    slotset_done(&s);
}

TEST(random_changes_agree_with_an_array)
{
    enum { BOUND = 9001 };
    static bool member[BOUND];
    struct slotset s;
    struct prng p;

    prng_seed(&p, 1);
    for (unsigned full = 0; full < 2; full++) {
        slotset_init(&s, BOUND, full);
        for (u32 i = 0; i < BOUND; i++)
            member[i] = full;
        for (unsigned step = 0; step < 30000; step++) {
            u32 n = (u32)prng_below(&p, BOUND), from = (u32)prng_below(&p, BOUND);

            if (step % 6000 < 4000 ? member[n] == (bool)full : member[n] != (bool)full) {
                if (member[n])
                    slotset_del(&s, n);
                else
                    slotset_add(&s, n);
                member[n] = !member[n];
            }
            u32 next = from;

            while (next < BOUND && !member[next])
                next++;
            assert_int_equal(slotset_next(&s, from), next);
        }
        slotset_check(&s);
        slotset_done(&s);
    }
}

TEST_MAIN()
