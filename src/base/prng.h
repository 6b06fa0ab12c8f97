/* prng.h - random numbers that are the same on every host.
 *
 * Source: xoshiro256** 1.0 and splitmix64, by David Blackman and Sebastiano Vigna (public domain
 *         algorithms, https://prng.di.unimi.it). Not for secrets.
 * Use:    one struct prng per purpose, seeded from the user's seed and a constant of the purpose,
 *         so that one part that draws more does not shift another.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include "base/types.h"

struct prng {
    u64 state[4];
};

void prng_seed(struct prng *p, u64 seed);

/* One step of splitmix64: advances *state, returns the next number. */
u64 splitmix64_next(u64 *state);

static inline u64 prng_rotl(u64 x, unsigned k)
{
    return x << k | x >> (64 - k);
}

/* 64 random bits. */
static inline u64 prng_next(struct prng *p)
{
    u64 *s = p->state;
    u64 result = prng_rotl(s[1] * 5, 7) * 9;
    u64 t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = prng_rotl(s[3], 45);
    return result;
}

/* Uniform in [0, bound), without bias. pre: bound > 0 */
u64 prng_below(struct prng *p, u64 bound);

/* Uniform in [low, high]. pre: low <= high */
u64 prng_range(struct prng *p, u64 low, u64 high);

/* Uniform in [0, 1), 53 bits. */
static inline double prng_f64(struct prng *p)
{
    return (double)(prng_next(p) >> 11) * 0x1.0p-53;
}

#endif
