/* bitmap.h - arrays of bits in 64-bit words.
 *
 * The caller owns the words (BITMAP_WORDS(bits) of them, zeroed) and knows how many bits there are.
 * Searches return `bits` when they find nothing. Bits past `bits` in the last word stay 0.
 */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H

#include "base/types.h"

#define BITMAP_WORDS(bits) DIV_ROUND_UP((bits), 64)

static inline bool bitmap_test(const u64 *map, u64 bit)
{
    return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(u64 *map, u64 bit)
{
    map[bit / 64] |= BIT_ULL(bit % 64);
}

static inline void bitmap_clear(u64 *map, u64 bit)
{
    map[bit / 64] &= ~BIT_ULL(bit % 64);
}

/* First set bit at or after `from`, or `bits`. */
u64 bitmap_next_set(const u64 *map, u64 bits, u64 from);

/* First clear bit at or after `from`, or `bits`. */
u64 bitmap_next_clear(const u64 *map, u64 bits, u64 from);

/* Set or clear `count` bits from `first` on. */
void bitmap_set_range(u64 *map, u64 first, u64 count);
void bitmap_clear_range(u64 *map, u64 first, u64 count);

/* How many of `count` bits from `first` on are set. */
u64 bitmap_count_range(const u64 *map, u64 first, u64 count);

/* How many of the first `bits` bits are set. */
u64 bitmap_count_set(const u64 *map, u64 bits);

#endif
