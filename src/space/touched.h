/* touched.h - which pages of huge folios somebody used: what the rest of them holds, nobody asked
 * for.
 *
 * A folio is known from the first use of a page of it until no huge leaf maps it any more. Uses are
 * noted when a page is not among those used lately (tlb.h), so that a hit costs nothing.
 *
 * No Linux counterpart: a kernel cannot see this, which is why bloat surprises.
 */
#ifndef SPACE_TOUCHED_H
#define SPACE_TOUCHED_H

#include "frames/folio.h"

#define TOUCHED_WORDS (HPAGE_PMD_NR / 64)

struct touched {
    /* by head >> HPAGE_PMD_ORDER: TOUCHED_WORDS words, a bit for each page used; NULL: none of
     * it */
    u64 **folios;
    u64 nr;    /* of folios: as many as were needed so far */
    u64 pages; /* bits that are set */
};

void touched_init(struct touched *t);
void touched_done(struct touched *t);

/* Page i of the folio is used for the first time, as far as is known. */
void touched_mark_first(struct touched *t, pfn_t head, unsigned i);

/* Page i of the folio is used. */
static inline void touched_mark(struct touched *t, pfn_t head, unsigned i)
{
    u64 at = head >> HPAGE_PMD_ORDER;

    if (unlikely(at >= t->nr || !t->folios[at] || !(t->folios[at][i / 64] >> i % 64 & 1)))
        touched_mark_first(t, head, i);
}

/* No huge leaf maps the folio any more. */
void touched_drop(struct touched *t, pfn_t head);

/* The folio moved: what is known of it is known of the one at `to`. */
void touched_move(struct touched *t, pfn_t from, pfn_t to);

/* Pages of the folio that were used. */
unsigned touched_count(const struct touched *t, pfn_t head);

#endif
