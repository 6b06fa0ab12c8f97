/* slotset.h - a set of numbers below a bound that finds its next member in a few steps.
 *
 * A tree of bitmaps: a bit above says that the word below has a member. 2^27 slots are five levels.
 *
 *     level 1   [ 1 0 1 .. ]            word of 64 bits
 *     level 0   [010..] [000..] [110..]  one bit per number
 *
 * Owns:       its words, address space that is touched as members come.
 * Invariants: (slotset_check) a bit above is set when its word below is not 0; count is a recount.
 */
#ifndef BACKING_SLOTSET_H
#define BACKING_SLOTSET_H

#include "base/types.h"

#define SLOTSET_LEVELS 5

struct slotset {
    u64 *level[SLOTSET_LEVELS]; /* 0 holds the members */
    u32 words[SLOTSET_LEVELS];
    unsigned levels;
    u32 bound, count;
};

/* Empty, or with all of [0, bound).  pre: bound > 0 */
void slotset_init(struct slotset *s, u32 bound, bool full);
void slotset_done(struct slotset *s);

static inline bool slotset_has(const struct slotset *s, u32 n)
{
    return s->level[0][n / 64] >> (n % 64) & 1;
}

/* pre: n < bound; for add: not a member, for del: a member */
void slotset_add(struct slotset *s, u32 n);
void slotset_del(struct slotset *s, u32 n);

/* The smallest member >= from, or bound. */
u32 slotset_next(const struct slotset *s, u32 from);

void slotset_check(const struct slotset *s);

#endif
