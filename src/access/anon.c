/* anon.c - anonymous memory: first touch and copy-on-write.
 *
 *   first read  -> the zero page, no frame
 *   first write -> a cleared frame, exclusive, on the inactive list
 *   write to a write-protected entry:
 *        exclusive, or nobody else has it  -> make it writable (reuse)
 *        else                              -> a copy, the old page loses one mapping
 *
 * Mirrors do_anonymous_page(), do_wp_page(), wp_page_copy() of mm/memory.c, Linux 6.1. */
#include <string.h>

#include "access/access_int.h"

pte_t access_user_bits(const struct vma *vma, bool write)
{
    pte_t bits =
        PTE_PRESENT | PTE_USER | PTE_ACCESSED; /* vm_page_prot has the accessed bit on x86 */

    if (write && (vma->flags & VM_WRITE))
        bits |= PTE_WRITE | PTE_DIRTY;
    return bits;
}

/* Map a new frame, already filled, at the fault's address. */
static void map_new(struct fault *f, pfn_t pfn)
{
    struct mem *mem = f->ac->mem;

    frame_set(fault_frame(f, pfn), PG_UPTODATE | PG_SWAPBACKED);
    page_map_new_anon(mem, f->vma, f->vpn, pfn);
    lru_add(mem, pfn);
    pagetable_set(f->ac->mm, f->vpn, f->slot, pte_make(pfn, access_user_bits(f->vma, true)));
}

static void clear_page(struct mem *mem, pfn_t pfn)
{
    u8 *bytes = frames_bytes(mem->frames, pfn);

    if (bytes)
        memset(bytes, 0, PAGE_SIZE);
    mem_cost(mem, mem->cost->zero_page);
    if (unlikely(mem->frames->nr_nodes > 1))
        mem_cost(mem, mem_distance_ns(mem, frame_nid(mem->frames, pfn), mem->cost->remote_page));
}

void access_copy_page(struct mem *mem, pfn_t to, pfn_t from)
{
    if (mem->frames->bytes)
        memcpy(frames_bytes(mem->frames, to), frames_bytes(mem->frames, from), PAGE_SIZE);
    mem_cost(mem, mem->cost->copy_page);
    if (unlikely(mem->frames->nr_nodes > 1))
        mem_cost(mem, mem_distance_ns(mem, frame_nid(mem->frames, to), mem->cost->remote_page));
}

enum access_result fault_anon(struct fault *f)
{
    struct access_ctx *ac = f->ac;
    enum access_result r;
    pfn_t pfn;

    if (f->kind != ACCESS_WRITE) {
        pagetable_set(ac->mm, f->vpn, f->slot,
                      pte_make(0, access_user_bits(f->vma, false) | PTE_ZERO));
        return ACCESS_OK;
    }
    anon_vma_prepare(f->vma);
    r = access_get_vma_page(ac, f->vma, f->vpn, PURPOSE_ANON, &pfn);
    if (r != ACCESS_OK)
        return r;
    clear_page(ac->mem, pfn);
    map_new(f, pfn);
    return ACCESS_OK;
}

/* The frame under the entry may not be evicted while its copy is being allocated. */
static enum access_result get_copy(struct fault *f, pfn_t old, pfn_t *ret_pfn)
{
    enum access_result r;

    if (old != PFN_NONE)
        frame_set(fault_folio(f, old), PG_LOCKED);
    r = access_get_vma_page(f->ac, f->vma, f->vpn,
                            old == PFN_NONE ? PURPOSE_ANON : PURPOSE_ANON_COPY, ret_pfn);
    if (old != PFN_NONE)
        frame_clear(fault_folio(f, old), PG_LOCKED);
    return r;
}

static enum access_result copy_on_write(struct fault *f, pfn_t old)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    enum access_result r;
    pfn_t pfn;

    anon_vma_prepare(f->vma);
    r = get_copy(f, old, &pfn);
    if (r != ACCESS_OK)
        return r;
    if (old == PFN_NONE)
        clear_page(mem, pfn);
    else
        access_copy_page(mem, pfn, old);
    mmu_flush_page(ac->mm, f->vpn);
    if (old != PFN_NONE) {
        page_use(mem, old, pte_uses(*f->slot));
        page_unmap(mem, ac->mm, old);
        if (frame_test(fault_folio(f, old), PG_ANON))
            page_free_if_unused(mem, old);
    }
    map_new(f, pfn);
    return ACCESS_OK;
}

/* Does this entry hold the only reference to the anonymous page, counting swap slots? */
static bool can_reuse(struct fault *f, pfn_t pfn)
{
    const struct frame *fr = fault_folio(f, pfn);

    if (frame_test(fault_frame(f, pfn), PG_EXCLUSIVE))
        return true;
    if (fr->mapcount != 1)
        return false;
    if (frame_test(fr, PG_SWAPCACHE) && (folio_is_large(fr) || !page_free_swap(f->ac->mem, pfn)))
        return false;
    rmap_move_anon(f->ac->mem->space, f->vma, f->vpn, pfn);
    return true;
}

enum access_result fault_write_protected(struct fault *f)
{
    struct mem *mem = f->ac->mem;
    pte_t pte = *f->slot;
    pfn_t pfn = pte_is_zero_page(pte) ? PFN_NONE : pte_pfn(pte);

    if (pfn != PFN_NONE && ((f->vma->flags & VM_SHARED) ||
                            (frame_test(fault_folio(f, pfn), PG_ANON) && can_reuse(f, pfn)))) {
        if (f->vma->flags & VM_SHARED) /* page_mkwrite: the file learns of its first write now */
            access_dirty_page(f->ac, pfn);
        *f->slot = pte | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
        mmu_flush_page(f->ac->mm, f->vpn);
        count(mem->counters, PGREUSE, 1);
        return ACCESS_OK;
    }
    return copy_on_write(f, pfn);
}
