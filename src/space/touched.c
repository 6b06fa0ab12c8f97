/* touched.c - 64 bytes for each huge folio, found by its head. */
#include "space/touched.h"

#include "base/alloc.h"

#define WORDS (HPAGE_PMD_NR / 64)

static u64 *bits_of(const struct touched *t, pfn_t head)
{
    u64 found;

    return u64map_get(&t->folios, head, &found) ? (u64 *)(uintptr_t)found : NULL;
}

void touched_init(struct touched *t)
{
    t->pages = 0;
    u64map_init(&t->folios);
}

void touched_done(struct touched *t)
{
    u64 cursor, head, bits;

    u64map_for_each (&t->folios, cursor, head, bits)
        free((u64 *)(uintptr_t)bits);
    u64map_done(&t->folios);
}

void touched_mark(struct touched *t, pfn_t head, unsigned i)
{
    u64 *bits = bits_of(t, head), bit = 1ull << i % 64;

    if (!bits) {
        bits = xcalloc(WORDS, sizeof(*bits));
        u64map_put(&t->folios, head, (u64)(uintptr_t)bits);
    }
    t->pages += !(bits[i / 64] & bit);
    bits[i / 64] |= bit;
}

unsigned touched_count(const struct touched *t, pfn_t head)
{
    const u64 *bits = bits_of(t, head);
    unsigned n = 0;

    for (unsigned i = 0; bits && i < WORDS; i++)
        n += (unsigned)__builtin_popcountll(bits[i]);
    return n;
}

void touched_drop(struct touched *t, pfn_t head)
{
    u64 bits;

    t->pages -= touched_count(t, head);
    if (u64map_del(&t->folios, head, &bits))
        free((u64 *)(uintptr_t)bits);
}
