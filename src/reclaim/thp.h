/* thp.h - transparent huge pages: anonymous folios that a huge leaf maps whole, and how leaf and
 * folio come apart.
 *
 *     whole            huge leaf --> head                  one entry, one mapping of HPAGE_PMD_NR pages
 *       | thp_split_pmd: somebody wants a part of the range
 *     mapped by page   512 entries --> head, tails         one folio still: one charge, one place on the LRU
 *       | folio_split: reclaim, or pressure on a folio of which a part is unmapped
 *     small pages      512 entries --> 512 frames
 *
 * A folio of which some page lost its last entry waits in its group's queue to be split: its
 * unmapped pages are freed only then.
 *
 * Mirrors:    mm/huge_memory.c (__split_huge_pmd, split_huge_page_to_list,
 *             deferred_split_huge_page, get_huge_zero_page), mm/rmap.c, Linux 6.1. Differs: nobody
 *             else holds a page here but by pins (pin.h), so that nothing else makes a split fail.
 * Owns:       NR_ANON_TRANSPARENT_HUGEPAGES, THP_SPLIT_*, THP_DEFERRED_SPLIT_PAGE; the deferred
 *             queue of each group.
 */
#ifndef RECLAIM_THP_H
#define RECLAIM_THP_H

#include "reclaim/mem.h"

static inline vpn_t huge_base(vpn_t vpn)
{
    return ROUND_DOWN(vpn, (vpn_t)HPAGE_PMD_NR);
}

/* --- a huge leaf (thp.c) ---------------------------------------------------------------------- */
/* A new folio, not yet on the LRU, for the huge leaf that the caller makes at vpn. */
void thp_map_new(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t head);
/* One more huge leaf maps it (fork); the one of mm that did is gone. */
void thp_map(struct mem *mem, struct mm *mm, pfn_t head);
void thp_unmap(struct mem *mem, struct vma *vma, pfn_t head);
/* 512 entries take the place of the huge leaf that maps vpn, which may be of the zero page. */
void thp_split_pmd(struct mem *mem, struct vma *vma, vpn_t vpn);
/* The same if a huge leaf maps vpn and begins before it: vma is about to be cut there, or a part of
 * the leaf to change. */
void thp_cut(struct mem *mem, struct vma *vma, vpn_t vpn);

/* --- the huge zero page ----------------------------------------------------------------------- */
/* The mm uses it from now on, until it ends. pre: mem->thp.zero_page is there */
void thp_zero_get(struct mem *mem, struct mm *mm);
void thp_zero_put(struct mem *mem, struct mm *mm);
/* Pages that thp_zero_free() would free: nobody uses it. */
u64 thp_zero_idle(const struct mem *mem);
u64 thp_zero_free(struct mem *mem);

/* --- a folio (split.c) ------------------------------------------------------------------------ */
/* Every huge leaf that maps the folio is split. */
void folio_split_leaves(struct mem *mem, pfn_t head);
/* HPAGE_PMD_NR frames of one page each; those that nothing maps and no cache holds are freed, the
 * head too. On the LRU the others follow the head, which is looked at first; a head that was
 * isolated stays so, and so do they. Returns how many pages stayed. */
unsigned folio_split(struct mem *mem, pfn_t head);
/* The same unless it is under I/O, or pinned or isolated (thp_split_page_failed): false. */
bool folio_try_split(struct mem *mem, pfn_t head);
/* folio_split() without the count and the cost of a split: what takes it apart goes by another
 * name. */
unsigned folio_take_apart(struct mem *mem, pfn_t head);
/* A page of it lost its last entry, others are mapped. */
void deferred_split_add(struct mem *mem, pfn_t head);
void deferred_split_del(struct mem *mem, pfn_t head);
/* Split up to nr folios of the group's queue, oldest first. Returns how many. */
u64 deferred_split_scan(struct mem *mem, struct group *g, u64 nr);
/* The queues of all groups. */
void deferred_split_check(const struct mem *mem);

#endif
