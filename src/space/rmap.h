/* rmap.h - from a frame to the page-table entries that map it.
 *
 *     frame.mapping --> anon_vma --> links (avc) --> vmas --> entry at vma->start + (frame.index - vma->pgoff)
 *     frame.mapping --> inode    --> its vmas    --> the same
 *
 *     fork:   parent vma --- anon_vma A             A is linked to both vmas, since they share A's pages;
 *                         /                         what the child writes goes to its own B, which the
 *             child vma  ---- anon_vma B            parent never sees
 *
 * Mirrors:    mm/rmap.c (anon_vma_prepare, anon_vma_clone, anon_vma_fork, unlink_anon_vmas,
 *             page_add_*_rmap), Linux 6.1.
 *             Differs: links are kept in order of linking, without a tree; no locks and no reference counts.
 * Owns:       frame.mapping, frame.index, PG_ANON of anonymous pages; frame.mapcount of all pages,
 *             changed by the helpers below only. The counters (NR_ANON_MAPPED, NR_FILE_MAPPED, rss)
 *             are the caller's.
 * Invariants: (anon_vma_check) counts of children and of vmas are recounts; a vma linked to an
 *             anon_vma is linked to its parent as well. (rmap_check) mapcount equals the number of
 *             entries found.
 */
#ifndef SPACE_RMAP_H
#define SPACE_RMAP_H

#include "frames/folio.h"
#include "space/mm.h"
#include "space/vma.h"

/* Make sure the vma has an anon_vma (anon_vma_prepare): reuses a mergeable neighbour's. */
void anon_vma_prepare_slow(struct vma *vma);

static inline void anon_vma_prepare(struct vma *vma)
{
    if (unlikely(!vma->anon_vma))
        anon_vma_prepare_slow(vma);
}

/* --- mappings --------------------------------------------------------------------------------- */

/* One more entry maps the frame: a file page, or an anonymous page at fork. True when it was not
 * mapped before. */
static inline bool rmap_add(struct frame *f)
{
    return f->mapcount++ == 0;
}

/* One entry fewer. True when it is no longer mapped. */
static inline bool rmap_del(struct frame *f)
{
    assert(f->mapcount > 0);
    return --f->mapcount == 0;
}

/* The same for one page of a large folio, whose tails get written. True when nothing mapped the
 * page before, no longer maps it. */
bool rmap_add_subpage(struct frames *fr, pfn_t pfn);
bool rmap_del_subpage(struct frames *fr, pfn_t pfn);

/* One more, one fewer huge leaf for a large folio. Returns how many pages of it nothing mapped
 * before, maps any more. */
unsigned rmap_add_huge(struct frame *head);
unsigned rmap_del_huge(struct frame *head);

/* A huge leaf was replaced by entries of its own for each page (__split_huge_pmd_locked): each
 * inherits PG_EXCLUSIVE. */
void rmap_split_huge(struct frames *fr, pfn_t head);

/* A new anonymous folio for the huge leaf at vpn, as rmap_add_new_anon(). */
void rmap_add_new_anon_huge(struct space *s, struct vma *vma, vpn_t vpn, pfn_t head);

/* A new anonymous page at vpn (page_add_new_anon_rmap): sets mapping, index, PG_ANON,
 * PG_SWAPBACKED, PG_EXCLUSIVE and mapcount 1.   pre: the vma has an anon_vma; the frame is not
 * mapped */
void rmap_add_new_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn);

/* One more entry for an anonymous page that may be new from swap (page_add_anon_rmap): when it has
 * no mapping yet it goes to the vma's anon_vma if exclusive, else to that one's root. `exclusive`
 * sets PG_EXCLUSIVE. True when it was not mapped.
 *   pre: the vma has an anon_vma; a page that is PG_ANON belongs to this index */
bool rmap_add_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive);

/* First write by a process that has it alone: the page, and the folio that it is part of, moves to
 * this vma's anon_vma and the page becomes PG_EXCLUSIVE (page_move_anon_rmap).   pre: one entry
 * maps any of it */
void rmap_move_anon(struct space *s, struct vma *vma, vpn_t vpn, pfn_t pfn);

/* --- walks ------------------------------------------------------------------------------------ */

struct rmap_walk { /* one entry that maps the frame */
    struct vma *vma;
    vpn_t vpn;
    pte_t *slot;
    unsigned order; /* 0, or that of a huge leaf */
};
typedef bool (*rmap_fn)(void *ctx, const struct rmap_walk *w);

/* Call fn for each entry that maps the frame, of a large folio's head any of its pages, until fn
 * returns false. fn may clear that entry; it must not change vmas. Order: oldest link first, then
 * by address.   pre: not a tail. cost: the vmas linked to the anon_vma or file, up to the last one
 * that maps the frame. */
void rmap_for_each(struct space *s, pfn_t pfn, rmap_fn fn, void *ctx);

/* The entry of a frame that is mapped once, as rmap_for_each() would show it. False when it is
 * mapped more often or not at all. */
bool rmap_find_only(struct space *s, pfn_t pfn, struct rmap_walk *ret_walk);

/* Tell the host that the first entry which maps the frame will be looked at soon. */
void rmap_prefetch(const struct space *s, pfn_t pfn);

/* Every vma that maps some of pages [first, last] of the file, with the part [start, end) of it
 * that does (unmap_mapping_range). fn must not change vmas. */
typedef void (*rmap_vma_fn)(void *ctx, struct vma *vma, vpn_t start, vpn_t end);
void rmap_for_each_file_vma(struct space *s, u32 inode, u64 first, u64 last, rmap_vma_fn fn,
                            void *ctx);

/* Is any vma VM_LOCKED that could map the anonymous folio? */
bool rmap_may_be_locked(const struct space *s, pfn_t head);

/* mapcount of the frame equals the number of entries found. Expensive. */
void rmap_check(struct space *s, pfn_t pfn);

/* All anon_vmas of the machine. Expensive. */
void anon_vma_check(const struct space *s);

#endif
