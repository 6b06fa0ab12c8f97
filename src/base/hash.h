/* hash.h - mixing 64-bit numbers, and a map from u64 to u64.
 *
 * The map is open addressing with linear probing, at most 3/4 full; deletion shifts the followers
 * back, so there are no tombstones. Any key and any value may be stored.
 *
 * Invariants: (u64map_check) every key is found by probing from its home; count is a recount.
 * Order:      u64map_for_each visits in table order: the same on every host for the same history,
 *             but no order a person would expect. Sort before showing.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/types.h"

/* A bijection that spreads every bit (the finaliser of splitmix64). */
static inline u64 hash_u64(u64 x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x;
}

static inline u64 hash_u64_pair(u64 a, u64 b)
{
    return hash_u64(hash_u64(a) + 0x9e3779b97f4a7c15u + b);
}

/* FNV-1a, then mixed. For names, not for bulk data. */
u64 hash_bytes(const void *bytes, size_t count);

struct u64map_slot {
    u64 key; /* 0 = free; the key 0 itself is kept aside in struct u64map */
    u64 value;
};

struct u64map {
    struct u64map_slot *slots; /* NULL until the first put */
    u64 mask;                  /* slots - 1 */
    u64 count;                 /* keys, with the key 0 */
    u64 zero_value;
    bool has_zero;
};

void u64map_init(struct u64map *m);
void u64map_done(struct u64map *m);

/* False when the key is absent; *ret_value then stays as it was. ret_value may be NULL. */
bool u64map_get(const struct u64map *m, u64 key, u64 *ret_value);

/* Store or replace. True when the key is new. */
bool u64map_put(struct u64map *m, u64 key, u64 value);

/* Add to the value of key (0 when absent) and return the sum. */
u64 u64map_add(struct u64map *m, u64 key, u64 amount);

/* True when it was there. ret_value (may be NULL) gets the old value. */
bool u64map_del(struct u64map *m, u64 key, u64 *ret_value);

/* Step through all pairs: *cursor starts at 0. False at the end. The map must not change
 * meanwhile. */
bool u64map_next(const struct u64map *m, u64 *cursor, u64 *ret_key, u64 *ret_value);

void u64map_check(const struct u64map *m);

#define u64map_for_each(m, cursor, key, value) \
    for (cursor = 0; u64map_next(m, &cursor, &key, &value);)

#endif
