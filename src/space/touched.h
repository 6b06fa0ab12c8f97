/* touched.h - which pages of huge folios somebody used: what the rest of them holds, nobody asked for.
 *
 * A folio is known from the first use of a page of it until no huge leaf maps it any more. Uses are noted when a page is not among
 * those used lately (tlb.h), so that a hit costs nothing.
 *
 * No Linux counterpart: a kernel cannot see this, which is why bloat surprises.
 */
#ifndef SPACE_TOUCHED_H
#define SPACE_TOUCHED_H

#include "base/hash.h"
#include "frames/folio.h"

struct touched {
    struct u64map folios; /* pfn of the head -> u64[HPAGE_PMD_NR / 64], a bit for each page used */
    u64 pages;            /* bits that are set */
};

void touched_init(struct touched *t);
void touched_done(struct touched *t);

/* Page i of the folio is used. */
void touched_mark(struct touched *t, pfn_t head, unsigned i);

/* No huge leaf maps the folio any more. */
void touched_drop(struct touched *t, pfn_t head);

/* Pages of the folio that were used. */
unsigned touched_count(const struct touched *t, pfn_t head);

#endif
