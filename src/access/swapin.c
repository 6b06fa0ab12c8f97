/* swapin.c - a page comes back from swap.
 *
 *   in the swap cache?  use it (wait while it is being read)
 *   device without a queue, one reference:  read it alone, past the swap cache
 *   else:  read a window around it into the swap cache, wait for the page itself
 *
 * A page that is read alone is waited for in place. Beside others it is waited for like any locked
 * page: the fault is made again, and counts again.
 *
 * Mirrors do_swap_page() of mm/memory.c, swapin_readahead() of mm/swap_state.c, Linux 6.1. */
#include "access/access_int.h"

#define WINDOW_MAX 256u /* 1 << the largest vm.page-cluster */

static void swapin_page(struct access_ctx *ac, swp_t e, pfn_t pfn, bool readahead)
{
    struct mem *mem = ac->mem;
    struct frame *fr = frames_get(mem->frames, pfn);
    u64 shadow;

    frame_set(fr, PG_LOCKED | PG_SWAPBACKED | (readahead ? PG_READAHEAD : 0));
    shadow = page_swapcache_add(mem, e, pfn);
    if (shadow)
        workingset_refault(mem, pfn, shadow);
    lru_add(mem, pfn);
    io_read_swap(mem, pfn, e);
}

/* f: the fault that it is for, whose mapping says on which nodes; NULL for none. */
static void read_ahead_one(struct access_ctx *ac, swp_t e, const struct fault *f)
{
    struct attempt at = {.noretry = true};
    struct wait w;
    pfn_t pfn;

    if (!swap_count(ac->mem->swap, e) || swapcache_find(ac->mem->swap, e) != PFN_NONE)
        return;
    access_place(ac->mem, &at, f ? f->vma : NULL, f ? f->vpn : 0);
    if (balance_get_page(ac->mem, &at, swapin_group(ac, e), 0, &pfn, &w) != BALANCE_OK)
        return;
    if (swapcache_find(ac->mem->swap, e) != PFN_NONE || !swap_count(ac->mem->swap, e)) {
        page_free(ac->mem, pfn);
        return;
    }
    swapin_page(ac, e, pfn, true);
    count(ac->mem->counters, SWAP_RA, 1);
}

/* False: the window is the page itself. */
static bool read_ahead_by_address(struct fault *f)
{
    struct swap_vma_window w = swap_vma_readahead_window(f->ac->mem->swap, &f->vma->swap_ra, f->vpn,
                                                         f->vma->start, f->vma->end);

    for (vpn_t v = w.start; w.win > 1 && v < w.end; v++) {
        pte_t *slot = pagetable_find(f->ac->mm, v);

        if (v != f->vpn && slot && pte_is_swap(*slot) && pte_swp(*slot) != SWP_ERROR)
            read_ahead_one(f->ac, pte_swp(*slot), f);
    }
    return w.win > 1;
}

static bool read_ahead_by_slot(struct access_ctx *ac, swp_t e, const struct fault *f)
{
    struct mem *mem = ac->mem;
    swp_t window[WINDOW_MAX];
    unsigned nr =
        swap_readahead_window(mem->swap, e, (unsigned)mem->swapin_hits, window, WINDOW_MAX);

    mem->swapin_hits = 0;
    for (unsigned i = 0; i < nr; i++)
        if (window[i] != e)
            read_ahead_one(ac, window[i], f);
    return mem->swap->page_cluster && mem->swap->ra_last_pages > 1;
}

bool swapin_window(struct access_ctx *ac, swp_t e, pfn_t pfn, struct fault *f)
{
    struct frame *fr = frames_get(ac->mem->frames, pfn);
    bool here, others;

    io_plug(ac->mem);
    swapin_page(ac, e, pfn, false);
    here = !frame_test(fr, PG_LOCKED); /* may not be evicted by the readahead */
    frame_set(fr, PG_LOCKED);
    if (f && swap_use_vma_readahead(ac->mem->swap))
        others = read_ahead_by_address(f);
    else
        others = read_ahead_by_slot(ac, e, f);
    if (here)
        frame_clear(fr, PG_LOCKED);
    io_unplug(ac->mem);
    return others;
}

/* The page is not in the swap cache: start reading it. */
static enum access_result swap_in(struct fault *f, swp_t e, pfn_t *ret_pfn)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    bool bypass = swap_is_synchronous(mem->swap, e);
    enum access_result r;
    u64 shadow;

    access_place(mem, ac->attempt, f->vma, f->vpn);
    r = swapin_get_page(ac, e, bypass ? PURPOSE_SWAPIN_ALONE : PURPOSE_SWAPIN, ret_pfn);
    if (r != ACCESS_OK)
        return r;
    f->major = true;
    access_count_fault(ac, PGMAJFAULT);
    if (!bypass) {
        f->alone = !swapin_window(ac, e, *ret_pfn, f);
        return ACCESS_OK;
    }
    frame_set(fault_frame(f, *ret_pfn), PG_LOCKED | PG_SWAPBACKED);
    shadow = swapcache_entry(mem->swap, e);
    if (shadow)
        workingset_refault(mem, *ret_pfn, shadow);
    lru_add(mem, *ret_pfn);
    io_read_swap(mem, *ret_pfn, e);
    return ACCESS_OK;
}

static bool should_free_swap(const struct fault *f, pfn_t pfn)
{
    struct mem *mem = f->ac->mem;
    const struct frame *fr = fault_frame(f, pfn);

    if (!frame_test(fr, PG_SWAPCACHE))
        return false;
    if (group_swap_full(frame_group(mem->groups, fr), mem->swap->free_pages,
                        mem->swap->total_pages) ||
        (f->vma->flags & VM_LOCKED) || frame_test(fr, PG_MLOCKED))
        return true;
    return f->kind == ACCESS_WRITE && fr->mapcount == 0;
}

static enum access_result map_swapped_in(struct fault *f, swp_t e, pfn_t pfn)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    struct frame *fr = fault_frame(f, pfn);
    bool exclusive = (*f->slot & PTE_SWAP_EXCLUSIVE) != 0;
    pte_t bits = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

    anon_vma_prepare(f->vma);
    ac->mm->swapents--;
    frame_set(fr, PG_LOCKED); /* dropping the slot's last reference must not free the page */
    page_swap_put(mem, e);
    frame_clear(fr, PG_LOCKED);
    if (should_free_swap(f, pfn))
        page_free_swap(mem, pfn);
    if (exclusive || (!frame_test(fr, PG_SWAPCACHE) && fr->mapcount == 0)) {
        exclusive = true;
        if (f->kind == ACCESS_WRITE && (f->vma->flags & VM_WRITE))
            bits |= PTE_WRITE | PTE_DIRTY;
    }
    page_map_swapped_in(mem, f->vma, f->vpn, pfn, exclusive);
    *f->slot = pte_make(pfn, bits);
    if (f->kind == ACCESS_WRITE && !(bits & PTE_WRITE))
        return fault_write_protected(f);
    return ACCESS_OK;
}

enum access_result fault_swap(struct fault *f)
{
    struct mem *mem = f->ac->mem;
    swp_t e = pte_swp(*f->slot);
    enum access_result r;
    pfn_t pfn;

    if (e == SWP_ERROR)
        return ACCESS_SIGBUS;
    pfn = swapcache_find(mem->swap, e);
    if (pfn != PFN_NONE) {
        bool marked = frame_test_clear(fault_frame(f, pfn), PG_READAHEAD);

        mem->swapin_hits += swap_readahead_hit(mem->swap, &f->vma->swap_ra, f->vpn, marked);
    } else {
        r = swap_in(f, e, &pfn);
        if (r != ACCESS_OK)
            return r;
        if (swapcache_find(mem->swap, e) != pfn && !swap_is_synchronous(mem->swap, e))
            return fault_swap(f); /* read, and evicted by the readahead beside it */
    }
    if (frame_test(fault_frame(f, pfn), PG_LOCKED)) {
        f->ac->attempt->resumed = f->alone;
        return access_wait_page(f->ac, pfn, WAIT_SWAPIN);
    }
    if (!frame_test(fault_frame(f, pfn), PG_UPTODATE)) {
        if (!frame_test(fault_frame(f, pfn), PG_SWAPCACHE))
            page_free(mem, pfn);
        return ACCESS_SIGBUS;
    }
    return map_swapped_in(f, e, pfn);
}

/* --- swapoff ---------------------------------------------------------------------------------- */
/* The entry gives up its slot, for the page or for an error; the page must not go with the last
 * reference. */
static void unuse_slot(struct access_ctx *ac, pfn_t pfn, swp_t e)
{
    struct frame *fr = frames_get(ac->mem->frames, pfn);

    frame_set(fr, PG_LOCKED);
    page_swap_put(ac->mem, e);
    frame_clear(fr, PG_LOCKED);
}

static void unuse_map(struct fault *f, swp_t e, pfn_t pfn)
{
    struct mem *mem = f->ac->mem;
    bool exclusive = (*f->slot & PTE_SWAP_EXCLUSIVE) != 0;
    bool none = !(f->vma->flags & VM_ACCESS_FLAGS);

    anon_vma_prepare(f->vma);
    f->vma->mm->swapents--;
    unuse_slot(f->ac, pfn, e);
    page_map_swapped_in(mem, f->vma, f->vpn, pfn, exclusive);
    *f->slot = pte_make(pfn, PTE_PRESENT | PTE_USER | (none ? PTE_PROTNONE : 0)); /* old, clean */
    page_free_swap(mem, pfn);
}

enum access_result access_unuse(struct access_ctx *ac, struct vma *vma, vpn_t vpn, pte_t *slot)
{
    struct fault f = {.ac = ac, .vma = vma, .vpn = vpn, .slot = slot, .kind = ACCESS_READ};
    struct mem *mem = ac->mem;
    swp_t e = pte_swp(*slot);
    pfn_t pfn = swapcache_find(mem->swap, e);

    if (pfn == PFN_NONE) {
        enum access_result r;

        access_place(mem, ac->attempt, vma, vpn);
        r = swapin_get_page(ac, e, PURPOSE_SWAPIN, &pfn);
        if (r != ACCESS_OK)
            return r;
        swapin_window(ac, e, pfn, &f);
        if (swapcache_find(mem->swap, e) != pfn)
            return ACCESS_OK; /* evicted by the readahead beside it: once more */
    }
    if (frame_test(fault_frame(&f, pfn), PG_LOCKED | PG_WRITEBACK)) {
        access_wait_io(ac, pfn, WAIT_SWAPIN);
        return ACCESS_WAIT;
    }
    if (frame_test(fault_frame(&f, pfn), PG_UPTODATE)) {
        unuse_map(&f, e, pfn);
        return ACCESS_OK;
    }
    *slot = pte_make_swap(SWP_ERROR, 0);
    unuse_slot(ac, pfn, e);
    page_free_if_unused(mem, pfn);
    return ACCESS_OK;
}
