/* hugetlb.c - faults on huge pages of the pool, and what fork and unmapping do with them.
 *
 *   no entry .................. a page of the pool, cleared; of a shared mapping, the one that the
 *   file has write, not writable ....... private: the only user keeps the page, another gets a copy
 *
 * The owner of a reservation that writes to a page it shares with a child copies it to a page that
 * nobody was promised. When there is none, the page is taken away from the child, whose next touch
 * of a missing page anywhere in that mapping is SIGBUS: what it would see is lost.
 *
 * A private page is that of its mappings alone: mapcount 1 is the whole of what reuse asks. No
 * list, no charge to memory.max, no reverse map.
 *
 * Mirrors hugetlb_fault(), hugetlb_no_page(), hugetlb_wp(), unmap_ref_private(),
 * copy_hugetlb_page_range(), __unmap_hugepage_range() of mm/hugetlb.c, Linux 6.1. */
#include "access/access_int.h"
#include "hugetlb/reserve.h"
#include "reclaim/thp.h"

#include <errno.h>

static struct hugetlb_file *file_of(const struct mem *mem, const struct vma *vma)
{
    return inode_get(mem->backing, vma->inode)->hugetlb;
}

/* Nearest the policy's node, interleaved by huge pages; bound nodes are the only ones. */
static struct alloc_nodes nodes_of(struct mem *mem, const struct vma *vma, vpn_t base)
{
    struct alloc_place place;

    if (likely(mem->frames->nr_nodes == 1))
        return mem_nodes(mem);
    place = place_by_vma(mem, vma, base);
    if (place.interleave)
        place.nodes.nid = place_huge_by_vma(mem, vma, base).nodes.nid;
    return place.nodes;
}

/* Huge pages of the mapping that have no entry. */
static u64 count_missing(const struct fault *f)
{
    u64 missing = 0;

    for (vpn_t vpn = huge_base(f->vma->start); vpn < f->vma->end; vpn += HPAGE_PMD_NR)
        missing += !pagetable_find_huge(f->ac->mm, vpn);
    return missing;
}

static enum access_result get_page(struct fault *f, bool leave_reserve, pfn_t *ret_pfn)
{
    struct access_ctx *ac = f->ac;
    vpn_t base = huge_base(f->vpn);
    const struct hugetlb_request req = {
        .file = file_of(ac->mem, f->vma),
        .index = vma_index(f->vma, base) >> HPAGE_PMD_ORDER,
        .flags = f->vma->flags,
        .inode = f->vma->inode,
        .leave_reserve = leave_reserve,
        .nodes = nodes_of(ac->mem, f->vma, base),
        .group = ac->group,
        .attempt = ac->attempt,
    };
    enum balance_result r = hugetlb_get_page(ac->mem->hugetlb, &req, ret_pfn, ac->wait);

    ac->attempt->resumed = r == BALANCE_WAIT;
    if (r != BALANCE_FAIL)
        return access_from_balance(r);
    ac->error = -ENOMEM;
    if (!leave_reserve)
        hugetlb_note_missing(ac->mem->hugetlb, count_missing(f));
    return ACCESS_SIGBUS;
}

static void count_mapped(struct mm *mm)
{
    mm->hugetlb_pages += HPAGE_PMD_NR;
    mm->hiwater_hugetlb = MAX(mm->hiwater_hugetlb, mm->hugetlb_pages);
}

static void set_entry(struct fault *f, pfn_t pfn, bool write)
{
    struct mem *mem = f->ac->mem;
    pte_t pte = PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_HUGE | PTE_HUGETLB;

    if (write)
        pte |= PTE_WRITE | (f->kind == ACCESS_WRITE ? PTE_DIRTY : 0);
    rmap_add_huge(frames_get(mem->frames, pfn));
    count_mapped(f->ac->mm);
    pagetable_set_huge(f->ac->mm, huge_base(f->vpn), pte_make(pfn, pte));
}

/* A page of a shared file, made when nobody has touched it before. */
static enum access_result shared_page(struct fault *f, pfn_t *ret_pfn)
{
    struct mem *mem = f->ac->mem;
    struct hugetlb_file *file = file_of(mem, f->vma);
    pfn_t *slot = &file->pages[vma_index(f->vma, huge_base(f->vpn)) >> HPAGE_PMD_ORDER];
    enum access_result r;

    *ret_pfn = *slot;
    if (*slot != PFN_NONE)
        return ACCESS_OK;
    r = get_page(f, false, ret_pfn);
    if (r != ACCESS_OK)
        return r;
    access_clear_folio(mem, *ret_pfn);
    *slot = *ret_pfn;
    return ACCESS_OK;
}

static enum access_result no_page(struct fault *f)
{
    bool shared = (f->vma->flags & VM_SHARED) != 0;
    enum access_result r;
    pfn_t pfn;

    if (f->vma->flags & VM_RESV_UNMAPPED) {
        hugetlb_refuse_touch(f->ac->mem->hugetlb,
                             nodes_of(f->ac->mem, f->vma, huge_base(f->vpn)).mask);
        f->ac->mem->hugetlb->taken_touched = true;
        f->ac->error = -ENOMEM;
        return ACCESS_SIGBUS;
    }
    r = shared ? shared_page(f, &pfn) : get_page(f, false, &pfn);
    if (r != ACCESS_OK)
        return r;
    if (!shared)
        access_clear_folio(f->ac->mem, pfn);
    set_entry(f, pfn, shared ? (f->vma->flags & VM_WRITE) != 0 : f->kind == ACCESS_WRITE);
    return ACCESS_OK;
}

/* --- copy on write ---------------------------------------------------------------------------- */
struct taking {
    const struct vma *owner;
    pfn_t pfn;
    struct mem *mem;
};

static void unmap_one(struct mem *mem, struct mm *mm, vpn_t vpn, pfn_t pfn)
{
    pagetable_clear_huge(mm, vpn);
    mm->hugetlb_pages -= HPAGE_PMD_NR;
    rmap_del_huge(frames_get(mem->frames, pfn));
    mmu_flush_range(mm, vpn, vpn + HPAGE_PMD_NR);
}

static void take_from_child(void *ctx, struct vma *vma, vpn_t start, vpn_t end)
{
    const struct taking *t = ctx;
    const pte_t *pmd;

    (void)end;
    if (vma == t->owner || (vma->flags & (VM_SHARED | VM_RESV_OWNER)))
        return;
    pmd = pagetable_find_huge(vma->mm, start);
    if (!pmd || pte_pfn(*pmd) != t->pfn)
        return;
    unmap_one(t->mem, vma->mm, start, t->pfn);
    vma->flags |= VM_RESV_UNMAPPED;
}

static enum access_result copy_page(struct fault *f, pte_t *pmd)
{
    struct mem *mem = f->ac->mem;
    bool owner = (f->vma->flags & VM_RESV_OWNER) != 0;
    u64 first = vma_index(f->vma, huge_base(f->vpn));
    pfn_t from = pte_pfn(*pmd), pfn;
    enum access_result r = get_page(f, owner, &pfn);

    if (r == ACCESS_SIGBUS && owner) {
        struct taking t = {f->vma, from, mem};

        rmap_for_each_file_vma(mem->space, f->vma->inode, first, first + HPAGE_PMD_NR - 1,
                               take_from_child, &t);
        f->ac->error = 0;
        return ACCESS_OK; /* once more: it is the only user now */
    }
    if (r != ACCESS_OK)
        return r;
    access_copy_folio(mem, from, pfn);
    unmap_one(mem, f->ac->mm, huge_base(f->vpn), from);
    set_entry(f, pfn, true);
    return ACCESS_OK;
}

static enum access_result write_protected(struct fault *f, pte_t *pmd)
{
    struct mem *mem = f->ac->mem;
    vpn_t base = huge_base(f->vpn);

    if (!(f->vma->flags & VM_SHARED) && frames_get(mem->frames, pte_pfn(*pmd))->mapcount != 1) {
        enum access_result r = copy_page(f, pmd);

        pmd = pagetable_find_huge(f->ac->mm, f->vpn);
        if (r != ACCESS_OK || (*pmd & PTE_WRITE))
            return r;
        assert(frames_get(mem->frames, pte_pfn(*pmd))->mapcount == 1);
    }
    *pmd |= PTE_WRITE | PTE_DIRTY | PTE_ACCESSED;
    mmu_flush_range(f->ac->mm, base, base + HPAGE_PMD_NR);
    return ACCESS_OK;
}

enum access_result fault_hugetlb(struct fault *f)
{
    enum access_result r = access_pmd_tables(f->ac, f->ac->mm, f->vpn);
    pte_t *pmd;

    if (r != ACCESS_OK)
        return r;
    pmd = pagetable_find_huge(f->ac->mm, f->vpn);
    if (!pmd)
        r = no_page(f);
    else if (f->kind == ACCESS_WRITE && !(*pmd & PTE_WRITE))
        r = write_protected(f, pmd);
    return r;
}

/* --- fork, unmap ------------------------------------------------------------------------------ */
enum access_result hugetlb_fork(struct access_ctx *ac, struct mm *child, vpn_t vpn)
{
    enum access_result r = access_pmd_tables(ac, child, vpn);
    pte_t *from = pagetable_find_huge(ac->mm, vpn);

    if (r != ACCESS_OK)
        return r;
    *from &= ~PTE_WRITE;
    rmap_add_huge(frames_get(ac->mem->frames, pte_pfn(*from)));
    count_mapped(child);
    pagetable_set_huge(child, vpn, *from & ~PTE_ACCESSED);
    mem_cost(ac->mem, ac->mem->cost->fork_page);
    return ACCESS_OK;
}

void hugetlb_zap(struct mem *mem, const struct vma *vma, vpn_t vpn, pte_t pte)
{
    pfn_t pfn = pte_pfn(pte);

    unmap_one(mem, vma->mm, vpn, pfn);
    if (!(vma->flags & VM_SHARED) && !frames_get(mem->frames, pfn)->mapcount)
        hugetlb_put_page(mem->hugetlb, pfn);
}
