/* touched.c - 64 bytes for each huge folio, found by its head. */
#include "space/touched.h"

#include "base/alloc.h"

#include <string.h>

static u64 *bits_of(const struct touched *t, pfn_t head)
{
    u64 at = head >> HPAGE_PMD_ORDER;

    return at < t->nr ? t->folios[at] : NULL;
}

void touched_init(struct touched *t)
{
    *t = (struct touched){0};
}

void touched_done(struct touched *t)
{
    for (u64 i = 0; i < t->nr; i++)
        free(t->folios[i]);
    free(t->folios);
    *t = (struct touched){0};
}

static void grow(struct touched *t, u64 nr)
{
    u64 to = MAX(nr, t->nr * 2);

    t->folios = xrealloc_array(t->folios, to, sizeof(*t->folios));
    memset(t->folios + t->nr, 0, (to - t->nr) * sizeof(*t->folios));
    t->nr = to;
}

void touched_mark_first(struct touched *t, pfn_t head, unsigned i)
{
    u64 at = head >> HPAGE_PMD_ORDER, bit = 1ull << i % 64;

    if (at >= t->nr)
        grow(t, at + 1);
    if (!t->folios[at])
        t->folios[at] = xcalloc(TOUCHED_WORDS, sizeof(u64));
    t->pages += !(t->folios[at][i / 64] & bit);
    t->folios[at][i / 64] |= bit;
}

unsigned touched_count(const struct touched *t, pfn_t head)
{
    const u64 *bits = bits_of(t, head);
    unsigned n = 0;

    for (unsigned i = 0; bits && i < TOUCHED_WORDS; i++)
        n += (unsigned)__builtin_popcountll(bits[i]);
    return n;
}

void touched_drop(struct touched *t, pfn_t head)
{
    if (!bits_of(t, head))
        return;
    t->pages -= touched_count(t, head);
    free(t->folios[head >> HPAGE_PMD_ORDER]);
    t->folios[head >> HPAGE_PMD_ORDER] = NULL;
}

void touched_move(struct touched *t, pfn_t from, pfn_t to)
{
    u64 *bits = bits_of(t, from), at = to >> HPAGE_PMD_ORDER;

    if (!bits)
        return;
    if (at >= t->nr)
        grow(t, at + 1);
    assert(!t->folios[at]);
    t->folios[at] = bits;
    t->folios[from >> HPAGE_PMD_ORDER] = NULL;
}
