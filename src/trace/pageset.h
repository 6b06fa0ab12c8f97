/* pageset.h - a set of page numbers, kept as bitmaps of 32,768 pages.
 *
 * Cost: a set bit costs about a bit where pages are dense and 4 KiB where they are alone; testing
 *       the chunk of the last test again is a compare and a shift. */
#ifndef TRACE_PAGESET_H
#define TRACE_PAGESET_H

#include "base/hash.h"
#include "base/types.h"

#define PAGESET_CHUNK_SHIFT 15u
#define PAGESET_CHUNK_PAGES (1u << PAGESET_CHUNK_SHIFT)

struct pageset {
    struct u64map chunks; /* page >> 15 -> address of the bitmap */
    u64 last_key;         /* ~0: none */
    u64 *last;
    u64 count;
};

void pageset_init(struct pageset *s);
void pageset_done(struct pageset *s);

/* The bitmap of the chunk, made when missing. */
u64 *pageset_chunk(struct pageset *s, u64 key);

static inline bool pageset_test_and_set(struct pageset *s, u64 page)
{
    u64 key = page >> PAGESET_CHUNK_SHIFT, bit = page & (PAGESET_CHUNK_PAGES - 1),
        mask = BIT_ULL(bit % 64);
    u64 *word;

    if (unlikely(key != s->last_key)) {
        s->last = pageset_chunk(s, key);
        s->last_key = key;
    }
    word = &s->last[bit / 64];
    if (*word & mask)
        return true;
    *word |= mask;
    s->count++;
    return false;
}

bool pageset_test(const struct pageset *s, u64 page);

/* Set [first, first + nr); returns how many were new. */
u64 pageset_set_range(struct pageset *s, u64 first, u64 nr);

/* Clear [first, first + nr); returns how many were set. cost: O(chunks present + nr / 64),
 * whichever is less */
u64 pageset_clear_range(struct pageset *s, u64 first, u64 nr);

#endif
