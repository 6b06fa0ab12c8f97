/* bitmap_test.c - searches against a walk bit by bit, for every boundary of three words. */
#include "base/bitmap.h"

#include "base/prng.h"
#include "base/test.h"

#include <string.h>

#define BITS 190

static u64 slow_next(const u64 *map, u64 from, bool wanted)
{
    while (from < BITS && bitmap_test(map, from) != wanted)
        from++;
    return MIN(from, (u64)BITS);
}

TEST(searches_agree_with_a_walk_bit_by_bit)
{
    struct prng p;

    prng_seed(&p, 7);
    for (unsigned round = 0; round < 50; round++) {
        u64 map[BITMAP_WORDS(BITS)] = {0};
        u64 set = 0;

        for (u64 bit = 0; bit < BITS; bit++) {
            if (prng_below(&p, 50) < round) {
                bitmap_set(map, bit);
                set++;
            }
        }
        assert_int_equal(bitmap_count_set(map, BITS), set);
        for (u64 from = 0; from <= BITS; from++) {
            assert_int_equal(bitmap_next_set(map, BITS, from), slow_next(map, from, true));
            assert_int_equal(bitmap_next_clear(map, BITS, from), slow_next(map, from, false));
        }
    }
}

TEST(ranges_touch_only_their_bits)
{
    for (u64 first = 0; first < BITS; first += 3) {
        for (u64 count = 0; first + count <= BITS; count += 7) {
            u64 map[BITMAP_WORDS(BITS)] = {0};

            bitmap_set_range(map, first, count);
            assert_int_equal(bitmap_count_set(map, BITS), count);
            assert_int_equal(bitmap_count_range(map, first, count), count);
            assert_int_equal(bitmap_count_range(map, 0, first), 0);
            if (count) {
                assert_true(bitmap_test(map, first));
                assert_true(bitmap_test(map, first + count - 1));
            }
            memset(map, 0xff, sizeof(map));
            bitmap_clear_range(map, first, count);
            assert_int_equal(bitmap_count_set(map, BITS), BITS - count);
        }
    }
}

TEST_MAIN()
