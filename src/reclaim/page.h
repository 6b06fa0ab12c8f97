/* page.h - the life of one page as every room above sees it: mapped, cached, dirty, freed; with all
 * counters.
 *
 * Mirrors:    mm/rmap.c (page_add_*_rmap, page_remove_rmap), mm/filemap.c (accounting),
 *             mm/swapfile.c (folio_free_swap), Linux 6.1.
 * Invariants: NR_ANON_PAGES, NR_MAPPED, NR_FILE_PAGES ... of machine and group change only here.
 */
#ifndef RECLAIM_PAGE_H
#define RECLAIM_PAGE_H

#include "reclaim/mem.h"

/* One more / one fewer page-table entry maps it: mapcount, the mm's RSS, NR_ANON_PAGES,
 * NR_MAPPED. */
void page_map(struct mem *mem, struct mm *mm,
              pfn_t pfn); /* file page, or an anonymous one at fork */
void page_map_new_anon(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t pfn);
void page_map_swapped_in(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive);
void page_unmap(struct mem *mem, struct mm *mm, pfn_t pfn);

/* Page cache: add returns the shadow that was there. */
u64 page_cache_add(struct mem *mem, struct inode *inode, u64 index, pfn_t pfn);
void page_cache_del(struct mem *mem, pfn_t pfn, u64 shadow);
void page_cache_clear_shadows(struct mem *mem, struct inode *inode, u64 from, u64 to);
/* Swap cache. */
u64 page_swapcache_add(struct mem *mem, swp_t e, pfn_t pfn);
void page_swapcache_del(struct mem *mem, pfn_t pfn, u64 shadow);

/* folio_mark_dirty, folio_clear_dirty_for_io: file pages move the inode's dirty state and counters.
 * True if it changed. */
bool page_mark_dirty(struct mem *mem, pfn_t pfn);
bool page_clear_dirty(struct mem *mem, pfn_t pfn);
/* Before a file page is written: shared mappings lose the right to write, so that the next store is
 * seen (folio_mkclean). */
void page_clear_dirty_for_io(struct mem *mem, pfn_t pfn);
void page_start_writeback(struct mem *mem, pfn_t pfn);
/* Also moves a page marked PG_RECLAIM to the tail of its list. */
void page_end_writeback(struct mem *mem, pfn_t pfn);

/* n more uses of a page of a file that is cached; of other pages nothing is counted
 * (backing/file_use.h). */
static inline void page_use(struct mem *mem, pfn_t pfn, unsigned n)
{
    struct frame *f = frames_get(mem->frames, pfn);

    if (n && frame_test(f, PG_PAGECACHE) && f->private < FILE_USED_AGAIN)
        file_use_more(mem->backing, f, n);
}

/* It is about to move to frame `to` of another node, which counts it from now on, for the machine
 *   and for its group. pre: not under I/O */
void page_change_node(struct mem *mem, pfn_t from, pfn_t to);

/* Release a page that nothing maps and no cache holds: off the LRU, uncharged, back to the free
 * lists. */
void page_free(struct mem *mem, pfn_t pfn);
/* An anonymous page lost a mapping or a swap reference: free it if nothing needs it any more. True
 * when freed. */
bool page_free_if_unused(struct mem *mem, pfn_t pfn);
/* Swap-cache page whose slot nothing refers to: leave the cache (folio_free_swap). True when it
 * did. */
bool page_free_swap(struct mem *mem, pfn_t pfn);
/* Drop one reference to a slot: frees the slot, uncharges it, frees an unused cached page. */
void page_swap_put(struct mem *mem, swp_t e);

/* A VM_LOCKED vma maps it: unevictable from now on, and no longer. Nothing happens when it is so
 * already. */
void page_mlock(struct mem *mem, pfn_t pfn);
void page_munlock(struct mem *mem, pfn_t pfn);

#endif
