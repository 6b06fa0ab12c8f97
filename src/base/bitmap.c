/* bitmap.c - searching and counting in arrays of bits, a word at a time. */
#include "base/bitmap.h"

/* First bit at or after `from` whose word, XORed with `flip`, has it set. */
static u64 next_bit(const u64 *map, u64 bits, u64 from, u64 flip)
{
    if (from >= bits)
        return bits;

    u64 word = from / 64;
    u64 left = (map[word] ^ flip) & ~(u64)0 << (from % 64);

    while (!left) {
        if (++word >= BITMAP_WORDS(bits))
            return bits;
        left = map[word] ^ flip;
    }

    u64 found = word * 64 + (u64)__builtin_ctzll(left);

    return MIN(found, bits);
}

u64 bitmap_next_set(const u64 *map, u64 bits, u64 from)
{
    return next_bit(map, bits, from, 0);
}

u64 bitmap_next_clear(const u64 *map, u64 bits, u64 from)
{
    return next_bit(map, bits, from, ~(u64)0);
}

/* The bits [first, first + count) that lie in `word`. */
static u64 word_mask(u64 word, u64 first, u64 count)
{
    u64 low = MAX(first, word * 64) - word * 64;
    u64 high = MIN(first + count, word * 64 + 64) - word * 64;

    return ~(u64)0 << low & ~(u64)0 >> (64 - high);
}

u64 bitmap_count_range(const u64 *map, u64 first, u64 count)
{
    u64 n = 0;

    if (!count)
        return 0;
    for (u64 word = first / 64; word <= (first + count - 1) / 64; word++)
        n += (u64)__builtin_popcountll(map[word] & word_mask(word, first, count));
    return n;
}

void bitmap_set_range(u64 *map, u64 first, u64 count)
{
    if (!count)
        return;
    for (u64 word = first / 64; word <= (first + count - 1) / 64; word++)
        map[word] |= word_mask(word, first, count);
}

void bitmap_clear_range(u64 *map, u64 first, u64 count)
{
    if (!count)
        return;
    for (u64 word = first / 64; word <= (first + count - 1) / 64; word++)
        map[word] &= ~word_mask(word, first, count);
}

u64 bitmap_count_set(const u64 *map, u64 bits)
{
    u64 set = 0;

    for (u64 word = 0; word < bits / 64; word++)
        set += (u64)__builtin_popcountll(map[word]);
    if (bits % 64)
        set += (u64)__builtin_popcountll(map[bits / 64] & (BIT_ULL(bits % 64) - 1));
    return set;
}
