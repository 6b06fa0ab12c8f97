/* bytes.h - whether a text has one of a few bytes, sixteen places at a time. */
#ifndef PASTE_BYTES_H
#define PASTE_BYTES_H

#include "observe/span.h"

typedef unsigned char bytes16 __attribute__((vector_size(16)));

#define BYTES_SET 8

/* Bytes that are looked for, each of them sixteen times, as vectors compare. */
struct bytes_set {
    bytes16 each[BYTES_SET];
};

#define BYTES_16(c)                                    \
    {                                                  \
        c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c \
    }

/* A constant of eight bytes, some of which may be the same. */
#define BYTES_SET_OF(a, b, c, d, e, f, g, h)                                              \
    {                                                                                     \
        {                                                                                 \
            BYTES_16(a), BYTES_16(b), BYTES_16(c), BYTES_16(d), BYTES_16(e), BYTES_16(f), \
                BYTES_16(g), BYTES_16(h)                                                  \
        }                                                                                 \
    }

static inline bool bytes_here(const char *at, const struct bytes_set *set)
{
    bytes16 here, found;
    u64 half[2];

    memcpy(&here, at, sizeof(here));
    found = (bytes16)((here == set->each[0]) | (here == set->each[1]) | (here == set->each[2]) |
                      (here == set->each[3]) | (here == set->each[4]) | (here == set->each[5]) |
                      (here == set->each[6]) | (here == set->each[7]));
    memcpy(half, &found, sizeof(half));
    return half[0] | half[1];
}

/* Has the text one of these bytes? cost: O(length) */
static inline bool bytes_have_any(struct span text, const struct bytes_set *set)
{
    const char *at = text.at;

    for (; text.end - at >= (ptrdiff_t)sizeof(bytes16); at += sizeof(bytes16))
        if (bytes_here(at, set))
            return true;
    /* The last sixteen, some of which were looked at; of a short text each byte. */
    if (span_len(text) >= sizeof(bytes16))
        return at < text.end && bytes_here(text.end - sizeof(bytes16), set);
    for (; at < text.end; at++)
        for (unsigned i = 0; i < BYTES_SET; i++)
            if (set->each[i][0] == (unsigned char)*at)
                return true;
    return false;
}

#endif
