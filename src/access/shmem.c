/* shmem.c - shared memory: the pages of a file that has swap behind it instead of a disk.
 *
 *   entry of the file      nothing              a new page of zeros
 *                          a swap entry         read into the swap cache with the slots beside it,
 *                          wait; from there into the page cache
 *
 * The wait is in place: a fault is not made again.
 *
 * Mirrors shmem_get_folio_gfp(), shmem_swapin_folio() of mm/shmem.c, Linux 6.1. The way out is
 * reclaim's (evict.c). */
#include <errno.h>
#include <string.h>

#include "access/access_int.h"
#include "balance/overcommit.h"

static enum access_result new_page(struct access_ctx *ac, struct inode *inode, u64 index)
{
    struct mem *mem = ac->mem;
    enum access_result r;
    pfn_t pfn;

    if (!shmem_has_room(inode) || (inode->kind == INODE_SHMEM && !inode->committed &&
                                   !overcommit_allows(mem, ac->mm, 1, ac->admin))) {
        ac->error = -ENOSPC;
        return ACCESS_SIGBUS;
    }
    access_place_shared(ac, inode, index);
    r = access_get_page(ac, PURPOSE_SHMEM, &pfn);
    if (r != ACCESS_OK)
        return r;
    shmem_account(mem->backing, inode, 1);
    if (mem->frames->bytes)
        memset(frames_bytes(mem->frames, pfn), 0, PAGE_SIZE);
    mem_cost(mem, mem->cost->zero_page);
    frame_set(frames_get(mem->frames, pfn), PG_UPTODATE);
    page_cache_add(mem, inode, index, pfn);
    if (inode->kind == INODE_RAMFS) /* mapping_unevictable() */
        frame_set(frames_get(mem->frames, pfn), PG_UNEVICTABLE);
    lru_add(mem, pfn);
    return ACCESS_OK;
}

/* From the swap cache into the page cache; the slot is free afterwards. */
static void take_back(struct mem *mem, struct inode *inode, u64 index, swp_t e, pfn_t pfn)
{
    page_swapcache_del(mem, pfn, 0);
    page_cache_add(mem, inode, index, pfn);
    page_swap_put(mem, e);
    page_mark_dirty(mem, pfn); /* its only copy is here */
}

enum access_result shmem_get_page(struct access_ctx *ac, struct inode *inode, u64 index,
                                  struct fault *f)
{
    struct mem *mem = ac->mem;
    u64 entry = pagecache_entry(inode, index);
    enum access_result r;
    struct frame *fr;
    pfn_t pfn;
    swp_t e;

    if (entry_pfn(entry) != PFN_NONE)
        return ACCESS_OK;
    if (!entry)
        return new_page(ac, inode, index);
    e = entry_swap(entry);
    if (e == SWP_ERROR)
        return ACCESS_SIGBUS;
    pfn = swapcache_find(mem->swap, e);
    if (pfn == PFN_NONE) {
        access_place_shared(ac, inode, index);
        r = swapin_get_page(ac, e, PURPOSE_SWAPIN, &pfn);
        if (r != ACCESS_OK)
            return r;
        if (f) {
            f->major = true;
            access_count_fault(ac, PGMAJFAULT);
        }
        swapin_window(ac, e, pfn, NULL);
        if (swapcache_find(mem->swap, e) != pfn)
            return shmem_get_page(ac, inode, index, f);
    } else {
        bool marked = frame_test_clear(frames_get(mem->frames, pfn), PG_READAHEAD);

        mem->swapin_hits += swap_readahead_hit(mem->swap, NULL, 0, marked);
    }
    fr = frames_get(mem->frames, pfn);
    if (frame_test(fr, PG_LOCKED | PG_WRITEBACK)) {
        ac->attempt->resumed = f != NULL;
        access_wait_io(ac, pfn, WAIT_SWAPIN);
        return ACCESS_WAIT;
    }
    if (!frame_test(fr, PG_UPTODATE))
        return ACCESS_SIGBUS;
    take_back(mem, inode, index, e, pfn);
    return ACCESS_OK;
}

enum access_result access_unuse_shmem(struct access_ctx *ac, struct inode *inode, u64 index)
{
    struct mem *mem = ac->mem;
    swp_t e = entry_swap(pagecache_entry(inode, index));
    enum access_result r = shmem_get_page(ac, inode, index, NULL);
    pfn_t pfn;

    if (r == ACCESS_WAIT)
        *ac->fault_retried = false; /* nobody's fault */
    if (r != ACCESS_SIGBUS)
        return r;
    pfn = swapcache_find(mem->swap, e);
    pagecache_set_value(mem->backing, inode, index, entry_from_swap(SWP_ERROR));
    page_swap_put(mem, e);
    if (pfn != PFN_NONE && swapcache_find(mem->swap, e) == pfn)
        page_free_if_unused(mem, pfn);
    return ACCESS_OK;
}

void shmem_free_swap(struct mem *mem, struct inode *inode, u64 from, u64 to)
{
    u64 index, entry;

    if (!inode->nr_shadows)
        return;
    xa_for_each_range (&inode->pages, index, entry, from, to) {
        if (!entry_is_shadow(entry))
            continue;
        page_cache_clear_shadows(mem, inode, index, index); /* with its tree node */
        page_swap_put(mem, entry_swap(entry));
    }
}
