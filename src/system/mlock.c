/* mlock.c - memory that may not be reclaimed.
 *
 * A mapping is locked (VM_LOCKED), and so are the pages behind it (PG_MLOCKED, on the unevictable
 * list), from the moment they are faulted in until the last locked mapping of them is gone. Mirrors
 * mm/mlock.c, Linux 6.1; where it counts locked mappings of a page, this looks for them. */
#include <errno.h>

#include "system/mmap.h"
#include "system/system_int.h"

#define MEMLOCK_PAGES (8 * MIB / PAGE_SIZE) /* RLIMIT_MEMLOCK of those without CAP_IPC_LOCK */

bool mlock_allowed(struct system *s, const struct task *t, u64 pages)
{
    if (t->uid == 0 || t->mm->locked_vm + pages <= MEMLOCK_PAGES)
        return true;
    s->memlock_refused++;
    return false;
}

void mlock_new_page(struct system *s, struct mm *mm, vpn_t vpn)
{
    const struct vma *vma = vma_find(mm, vpn);
    struct pte_ref ref;
    pfn_t pfn;

    if (!vma || !(vma->flags & VM_LOCKED))
        return;
    ref = pagetable_lookup(mm, vpn);
    pfn = ref.slot && pte_has_frame(*ref.slot) ? pte_pfn(*ref.slot) : PFN_NONE;
    /* Of a large folio that is mapped by page, none is locked (mlock_pte_range). */
    if (pfn != PFN_NONE && folio_is_large(folio_head(&s->frames, pfn)) == (ref.order != 0))
        page_mlock(&s->mem, pfn);
}

static bool count_locked(void *ctx, const struct rmap_walk *w)
{
    unsigned *locked = ctx;

    *locked += (w->vma->flags & VM_LOCKED) != 0;
    return *locked < 2;
}

static void munlock_vma(struct system *s, const struct vma *vma, struct span r)
{
    struct pte_ref ref;

    pagetable_for_each (vma->mm, v, ref, r.start, r.end) {
        pfn_t pfn = pte_has_frame(*ref.slot) ? pte_pfn(*ref.slot) : PFN_NONE;
        unsigned locked = 0;

        /* A frame that is no head has no flags of its own. */
        if (pfn == PFN_NONE || !frame_test(frames_get(&s->frames, pfn), PG_MLOCKED))
            continue;
        rmap_for_each(&s->space, pfn, count_locked, &locked);
        if (locked < 2)
            page_munlock(&s->mem, pfn);
    }
}

void munlock_pages(struct system *s, struct mm *mm, struct span r)
{
    for (const struct vma *vma = vma_find_after(mm, r.start); vma && vma->start < r.end;
         vma = vma_next(vma))
        if (vma->flags & VM_LOCKED)
            munlock_vma(s, vma, (struct span){MAX(r.start, vma->start), MIN(r.end, vma->end)});
}

static void mlock_present(struct system *s, struct mm *mm, struct span r)
{
    struct pte_ref ref;

    lru_add_drain(&s->mem);
    pagetable_for_each (mm, v, ref, r.start, r.end)
        mlock_new_page(s, mm, v);
}

/* Mappings of huge pages stay as they are: nothing can be reclaimed of them (mlock_fixup). */
static void lock_mappings(struct mm *mm, struct span r, u32 clear, u32 set)
{
    for (vpn_t at = r.start; at < r.end;) {
        const struct vma *vma = vma_find_after(mm, at);
        vpn_t end;

        if (!vma || vma->start >= r.end)
            return;
        at = MAX(at, vma->start);
        end = MIN(vma->end, r.end);
        if (!(vma->flags & VM_HUGETLB))
            vma_change_flags(mm, at, end, clear, set);
        at = end;
    }
}

/* Pages of the range that are not locked yet. */
static u64 unlocked_pages(struct mm *mm, struct span r)
{
    u64 pages = 0;

    for (const struct vma *v = vma_find_after(mm, r.start); v && v->start < r.end; v = vma_next(v))
        if (!(v->flags & VM_LOCKED))
            pages += MIN(v->end, r.end) - MAX(v->start, r.start);
    return pages;
}

enum step system_mlock(struct system *s, struct task *t, vaddr_t addr, u64 len, bool onfault)
{
    struct span r = {addr >> PAGE_SHIFT, (addr + len + PAGE_SIZE - 1) >> PAGE_SHIFT};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->progress) {
        if (!mlock_allowed(s, t, unlocked_pages(t->mm, r)))
            return call_refuse(s, t, -ENOMEM);
        lock_mappings(t->mm, r, VM_LOCKONFAULT, VM_LOCKED | (onfault ? VM_LOCKONFAULT : 0));
        mlock_present(s, t->mm, r);
        mem_cost(&s->mem, s->cost.vma_op);
        t->progress = 1;
    }
    if (!onfault) {
        step = populate(s, t, r, POPULATE);
        if (step != STEP_DONE)
            return step;
    }
    return call_end(s, t);
}

static void munlock(struct system *s, struct mm *mm, struct span r)
{
    munlock_pages(s, mm, r);
    lock_mappings(mm, r, VM_LOCKED | VM_LOCKONFAULT, 0);
    mem_cost(&s->mem, s->cost.vma_op);
}

enum step system_munlock(struct system *s, struct task *t, vaddr_t addr, u64 len)
{
    struct span r = {addr >> PAGE_SHIFT, (addr + len + PAGE_SIZE - 1) >> PAGE_SHIFT};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    munlock(s, t->mm, r);
    return call_end(s, t);
}

enum step system_mlockall(struct system *s, struct task *t, u32 flags)
{
    struct span all = {0, VPN_END};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (flags == ABI_MCL_ONFAULT) /* EINVAL */
        return call_end(s, t);
    if ((flags & ABI_MCL_CURRENT) && !t->progress &&
        !mlock_allowed(s, t, unlocked_pages(t->mm, all)))
        return call_refuse(s, t, -ENOMEM);
    t->mm->def_flags = 0;
    if (flags & ABI_MCL_FUTURE)
        t->mm->def_flags = VM_LOCKED | (flags & ABI_MCL_ONFAULT ? VM_LOCKONFAULT : 0);
    if (!flags)
        munlock(s, t->mm, all);
    if ((flags & ABI_MCL_CURRENT) && !t->progress) {
        lock_mappings(t->mm, all, VM_LOCKONFAULT,
                      VM_LOCKED | (flags & ABI_MCL_ONFAULT ? VM_LOCKONFAULT : 0));
        mlock_present(s, t->mm, all);
        t->progress = 1;
    }
    if ((flags & ABI_MCL_CURRENT) && !(flags & ABI_MCL_ONFAULT)) {
        step = populate(s, t, all, POPULATE);
        if (step != STEP_DONE)
            return step;
    }
    return call_end(s, t);
}
