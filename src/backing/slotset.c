/* slotset.c - a tree of bitmaps; see slotset.h.
 *
 * A search climbs while its word has no member at or after the place it looks for, then goes down
 * to the first member below the bit it found: at most two steps per level.
 */
#include "backing/slotset.h"

#include "base/alloc.h"
#include "base/bitmap.h"

void slotset_init(struct slotset *s, u32 bound, bool full)
{
    u64 bits = bound;

    assert(bound > 0);
    *s = (struct slotset){.bound = bound};
    do {
        assert(s->levels < SLOTSET_LEVELS);
        s->words[s->levels] = (u32)DIV_ROUND_UP(bits, 64);
        s->level[s->levels] = region_reserve(s->words[s->levels] * sizeof(u64));
        if (full)
            bitmap_set_range(s->level[s->levels], 0, bits);
        bits = s->words[s->levels++];
    } while (bits > 1);
    s->count = full ? bound : 0;
}

void slotset_done(struct slotset *s)
{
    for (unsigned l = 0; l < s->levels; l++)
        region_release(s->level[l], s->words[l] * sizeof(u64));
    *s = (struct slotset){0};
}

void slotset_add(struct slotset *s, u32 n)
{
    assert(n < s->bound && !slotset_has(s, n));
    s->count++;
    for (unsigned l = 0; l < s->levels; l++, n /= 64) {
        u64 *word = &s->level[l][n / 64];
        bool had_members = *word != 0;

        *word |= BIT_ULL(n % 64);
        if (had_members)
            return;
    }
}

void slotset_del(struct slotset *s, u32 n)
{
    assert(n < s->bound && slotset_has(s, n));
    s->count--;
    for (unsigned l = 0; l < s->levels; l++, n /= 64) {
        u64 *word = &s->level[l][n / 64];

        *word &= ~BIT_ULL(n % 64);
        if (*word)
            return;
    }
}

u32 slotset_next(const struct slotset *s, u32 from)
{
    unsigned l = 0;
    u64 at = from;

    if (from >= s->bound)
        return s->bound;
    for (;;) {
        u64 left = at / 64 < s->words[l] ? s->level[l][at / 64] >> (at % 64) : 0;

        if (left) {
            at += (u64)__builtin_ctzll(left);
            break;
        }
        if (++l == s->levels)
            return s->bound;
        at = at / 64 + 1; /* the words after this one */
    }
    while (l--)
        at = at * 64 + (u64)__builtin_ctzll(s->level[l][at]);
    return (u32)at;
}

void slotset_check(const struct slotset *s)
{
    assert(bitmap_count_set(s->level[0], s->bound) == s->count);
    for (unsigned l = 1; l < s->levels; l++)
        for (u32 word = 0; word < s->words[l - 1]; word++)
            assert(bitmap_test(s->level[l], word) == (s->level[l - 1][word] != 0));
}
