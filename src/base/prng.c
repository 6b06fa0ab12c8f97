/* prng.c - seeding, and numbers in a range.
 *
 * prng_below is Lemire's method: the high half of a 64 x 64 bit product is the number, and the few
 * low halves that would favour some numbers are drawn again ("Fast random integer generation in an
 * interval", 2019).
 */
#include "base/prng.h"

__extension__ typedef unsigned __int128 u128;

u64 splitmix64_next(u64 *state)
{
    u64 x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void prng_seed(struct prng *p, u64 seed)
{
    for (size_t i = 0; i < ARRAY_SIZE(p->state); i++)
        p->state[i] = splitmix64_next(&seed);
}

u64 prng_below(struct prng *p, u64 bound)
{
    assert(bound > 0);

    u128 product = (u128)prng_next(p) * bound;

    if ((u64)product < bound) {
        u64 unfair = -bound % bound; /* 2^64 mod bound */

        while ((u64)product < unfair)
            product = (u128)prng_next(p) * bound;
    }
    return (u64)(product >> 64);
}

/* lint: the machine draws by prng_below; property programs draw sizes with this */
u64 prng_range(struct prng *p, u64 low, u64 high)
{
    assert(low <= high);
    if (high - low == UINT64_MAX)
        return prng_next(p);
    return low + prng_below(p, high - low + 1);
}
