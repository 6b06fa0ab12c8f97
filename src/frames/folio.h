/* folio.h - a folio of more than one page: 2^order frames that are charged, listed and freed as
 * one.
 *
 *     frame      head        first tail    second tail   the others
 *     kind       FRAME_PAGE  FRAME_TAIL    FRAME_TAIL    FRAME_TAIL
 *     written    when made   when made     when a page of it gets an entry of its own (folio_write_tails)
 *
 * What one fault maps whole costs two descriptors in one line of the host's cache. Only when it is
 * mapped by page does each page need a count of its own. Linux keeps the same figures in the same
 * places: compound_mapcount, compound_order and deferred_list in the first and second tails,
 * _mapcount and PG_anon_exclusive in each page.
 *
 *     each tail      mapping     pfn of the head
 *                    mapcount    entries of page tables that map this page alone
 *                    flags       PG_EXCLUSIVE
 *     first tail     index_hi    order; FOLIO_TAILS, FOLIO_DEFERRED
 *                    index       entries of PMD tables, which map the folio whole
 *                    private     entries of page tables that map the head alone
 *     second tail    next, prev  the queue of folios to be split (reclaim/deferred_split.h)
 *
 * Mirrors:    include/linux/mm.h (compound_order, head_compound_mapcount), include/linux/mm_types.h
 *             (struct folio), Linux 6.1.
 * Differs:    a subpage's own count leaves out the mappings of the whole, so that there is no
 *             PG_double_map.
 * Invariants: (folio_check) head.mapcount = entries of all kinds; without FOLIO_TAILS, they all map
 *             it whole.
 */
#ifndef FRAMES_FOLIO_H
#define FRAMES_FOLIO_H

#include "frames/frames.h"

#define HPAGE_PMD_ORDER 9u
#define HPAGE_PMD_NR    (1u << HPAGE_PMD_ORDER)
#define HPAGE_PMD_SIZE  ((u64)PAGE_SIZE << HPAGE_PMD_ORDER)

/* In index_hi of the first tail, above the order. */
#define FOLIO_TAILS    0x10u /* all tails are written */
#define FOLIO_DEFERRED 0x20u /* in the queue of folios to be split */

static inline bool folio_is_large(const struct frame *head)
{
    return frame_test(head, PG_HEAD);
}

/* The head of the folio that has this frame. */
static inline pfn_t folio_head_pfn(const struct frames *fr, pfn_t pfn)
{
    const struct frame *f = frames_get(fr, pfn);

    return unlikely(frame_is(f, FRAME_TAIL)) ? f->mapping : pfn;
}

static inline struct frame *folio_head(const struct frames *fr, pfn_t pfn)
{
    return frames_get(fr, folio_head_pfn(fr, pfn));
}

/* pre of the rest: folio_is_large(head) */
static inline bool folio_has_tails(const struct frame *head)
{
    return (head[1].index_hi & FOLIO_TAILS) != 0;
}

static inline bool folio_is_deferred(const struct frame *head)
{
    return (head[1].index_hi & FOLIO_DEFERRED) != 0;
}

/* Entries that map it whole. */
static inline u32 folio_pmd_mapcount(const struct frame *head)
{
    return head[1].index;
}

/* The count of entries that map this page alone. page: the head, or a tail while they are
 * written */
static inline u32 *folio_pte_mapcount(struct frame *page)
{
    return frame_is(page, FRAME_TAIL) ? &page->mapcount : &page[1].private;
}

/* Entries that map page i of it, alone or with the others (page_mapcount). */
static inline u32 folio_page_mapcount(const struct frame *head, unsigned i)
{
    u32 alone = i == 0 ? head[1].private : folio_has_tails(head) ? head[i].mapcount : 0;

    return alone + folio_pmd_mapcount(head);
}

/* Entries that map this page: of order 0, or any page of a folio whose tails are written. */
static inline u32 page_mapcount(const struct frames *fr, const struct frame *page)
{
    const struct frame *head = page;

    if (likely(!frame_test(page, PG_HEAD) && !frame_is(page, FRAME_TAIL)))
        return page->mapcount;
    if (frame_is(page, FRAME_TAIL))
        head = frames_get(fr, page->mapping);
    return folio_page_mapcount(head, (unsigned)(page - head));
}

/* Pages of it that some entry maps. cost: O(pages) unless it is mapped whole */
unsigned folio_count_mapped(const struct frame *head);

/* Make a block of frames one folio.   pre: flags of the first one are its zone's; 2 <= order */
void folio_make(struct frames *fr, pfn_t pfn, unsigned order);
/* Write the tails that are not written yet. */
void folio_write_tails(struct frames *fr, pfn_t head);
/* frames_free(): what was written of its tails is gone.   pre: nothing maps it */
void folio_free_tails(struct frames *fr, pfn_t head);
/* The counts and marks of its pages go to another folio of as many, but for those of a page of
 *   order 0 (mapcount of the head, flags, list). pre: not in the queue; `to` is new   post: `from`
 *   has nothing left but its head's own */
void folio_move_counts(struct frames *fr, pfn_t from, pfn_t to);
/* All counts add up. */
void folio_check(const struct frames *fr, pfn_t head);

#endif
