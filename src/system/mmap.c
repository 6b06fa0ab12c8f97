/* mmap.c - calls that change what is mapped where.
 *
 * A recorded call succeeded, so what is in the way of a mapping goes, as with MAP_FIXED. Refused is
 * only what this machine cannot promise (balance/overcommit.c) or a process may not have
 * (vm.max_map_count). Nothing is changed before memory that may have to be waited for is there, or
 * the change can be made twice. */
#include "system/mmap.h"
#include "balance/overcommit.h"
#include "hugetlb/reserve.h"
#include "system/file.h"
#include "system/system_int.h"

#include <errno.h>

#define BUSY_PAGES (1u << 16) /* that are populated between two signs of life */

static struct span span_of(vaddr_t addr, u64 len)
{
    return (struct span){addr >> PAGE_SHIFT, (addr + len + PAGE_SIZE - 1) >> PAGE_SHIFT};
}

/* A mapping of huge pages is cut, changed and moved by whole pages: the kernel refuses the rest
 * (EINVAL). */
static bool is_inside_huge_page(struct mm *mm, vpn_t vpn)
{
    const struct vma *vma = vpn % HPAGE_PMD_NR ? vma_find(mm, vpn) : NULL;

    return vma && (vma->flags & VM_HUGETLB);
}

bool cuts_huge_page(struct mm *mm, struct span r)
{
    return is_inside_huge_page(mm, r.start) || is_inside_huge_page(mm, r.end);
}

/* What was reserved for the mappings and not used is for others again. */
static void unreserve_range(struct system *s, struct mm *mm, struct span r)
{
    for (const struct vma *v = vma_find_after(mm, r.start); v && v->start < r.end;
         v = vma_next(v)) {
        vpn_t start = MAX(v->start, r.start), end = MIN(v->end, r.end);

        if (v->flags & VM_RESV_OWNER)
            hugetlb_unreserve(&s->hugetlb, inode_get(&s->backing, v->inode)->hugetlb,
                              vma_index(v, start) >> HPAGE_PMD_ORDER,
                              vma_index(v, end) >> HPAGE_PMD_ORDER);
    }
}

void unmap_range(struct system *s, struct mm *mm, struct span r)
{
    struct access_ctx ac = {.mem = &s->mem, .mm = mm};
    const struct vma *above, *below;

    if (mm->locked_vm)
        munlock_pages(s, mm, r);
    access_zap(&ac, r.start, r.end);
    if (unlikely(!list_empty(&s->hugetlb.files)))
        unreserve_range(s, mm, r);
    vma_remove(mm, r.start, r.end);
    above = vma_find_after(mm, r.start);
    below = above ? vma_prev(above) : mm->nr_vmas ? mm->vmas[mm->nr_vmas - 1] : NULL;
    pagetable_free_range(mm, below ? below->end : 0, above ? above->start : VPN_END,
                         access_release_table, &s->mem);
}

enum step populate(struct system *s, struct task *t, struct span r, enum populate how)
{
    vpn_t vpn = r.start + (t->progress ? t->progress - 1 : 0);

    for (;;) {
        const struct vma *vma = vma_find_after(t->mm, vpn);
        bool write, bad;
        vpn_t behind;
        enum step step;

        if (!vma || vma->start >= r.end)
            return STEP_DONE;
        behind = vma->flags & VM_HUGETLB ? vma->end : 0;
        vpn = MAX(vpn, vma->start);
        if (vpn >= r.end)
            return STEP_DONE;
        t->progress = vpn - r.start + 1;
        write = how == POPULATE ? (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE
                                : how == POPULATE_WRITE;
        if (!(vma->flags & VM_ACCESS_FLAGS)) {
            vpn = vma->end;
            continue;
        }
        step = user_access(s, t, vpn, write ? ACCESS_WRITE : ACCESS_READ, &bad);
        if (step != STEP_DONE)
            return step;
        if (vpn % BUSY_PAGES == 0 && s->busy)
            s->busy(s->busy_ctx);
        vpn++; /* behind the end of a file there is nothing to populate: bad */
        if (unlikely(bad && behind)) /* nor after the first huge page that is not to be had */
            vpn = behind;
    }
}

/* --- refusing --------------------------------------------------------------------------------- */
static bool may_promise(struct system *s, const struct task *t, u64 pages)
{
    return overcommit_allows(&s->mem, t->mm, pages, t->uid == 0);
}

static bool is_inside(struct mm *mm, vpn_t vpn)
{
    const struct vma *vma = vma_find(mm, vpn);

    return vma && vma->start < vpn;
}

/* Would cutting mappings at the ends of the range make too many of them? */
static bool too_many_pieces(const struct system *s, struct mm *mm, struct span r)
{
    return mm->nr_vmas >= s->tunables.max_map_count &&
           (is_inside(mm, r.start) || is_inside(mm, r.end));
}

static bool too_many_maps(const struct system *s, const struct mm *mm)
{
    return mm->nr_vmas > s->tunables.max_map_count;
}

static u32 prot_flags(u32 prot)
{
    return (prot & ABI_PROT_READ ? VM_READ : 0u) | (prot & ABI_PROT_WRITE ? VM_WRITE : 0u) |
           (prot & ABI_PROT_EXEC ? VM_EXEC : 0u);
}

/* Private memory that may be written has to be backed by memory or swap one day
 * (accountable_mapping). */
static bool is_accountable(u32 flags)
{
    return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

static bool is_huge(const struct mmap_args *a)
{
    return (a->mflags & HWT_MAP_HUGETLB) && !a->file;
}

static u32 map_flags(const struct system *s, const struct mm *mm, const struct mmap_args *a)
{
    u32 flags = prot_flags(a->prot) | VM_MAYWRITE;

    if (a->mflags & HWT_MAP_SHARED)
        flags |= VM_SHARED;
    if (a->mflags & HWT_MAP_STACK)
        flags |= VM_GROWSDOWN | VM_STACK;
    if (a->mflags & HWT_MAP_HEAP)
        flags |= VM_HEAP;
    if ((a->mflags & HWT_MAP_NORESERVE) && !overcommit_strict(&s->mem))
        flags |= VM_NORESERVE;
    if (is_huge(a)) /* never locked, never promised; the reserve is strict unless it is waived */
        return flags | VM_HUGETLB | (a->mflags & HWT_MAP_NORESERVE ? VM_NORESERVE : 0u);
    if (a->mflags & HWT_MAP_LOCKED)
        flags |= VM_LOCKED;
    flags |= mm->def_flags;
    return is_accountable(flags) ? flags | VM_ACCOUNT : flags;
}

static u64 count_huge(const struct mm *mm)
{
    u64 pages = 0;

    for (u32 i = 0; i < mm->nr_vmas; i++)
        if (mm->vmas[i]->flags & VM_HUGETLB)
            pages += mm->vmas[i]->end - mm->vmas[i]->start;
    return pages >> HPAGE_PMD_ORDER;
}

/* The file behind a mapping of huge pages: nobody can open it, and it is reserved whole unless that
 * is waived. */
static enum balance_result huge_memory(struct system *s, struct task *t, u32 flags, u64 pages,
                                       struct hugetlb_file **ret_file, struct wait *ret_wait)
{
    enum balance_result r = BALANCE_OK;

    *ret_file = hugetlb_file_new(&s->hugetlb, pages >> HPAGE_PMD_ORDER, (flags & VM_SHARED) != 0);
    if (!(flags & VM_NORESERVE))
        r = hugetlb_reserve(&s->hugetlb, *ret_file, t->group, &t->attempt, ret_wait);
    if (r == BALANCE_FAIL)
        hugetlb_note_refused(&s->hugetlb, count_huge(t->mm));
    if (r != BALANCE_OK)
        hugetlb_file_free(&s->hugetlb, *ret_file);
    return r;
}

static void map_huge(struct system *s, struct mm *mm, u32 flags, struct span r,
                     struct hugetlb_file *huge)
{
    struct vma_spec spec = {.start = r.start, .end = r.end, .flags = flags};
    struct inode *inode = inode_new(&s->backing, INODE_HUGETLB, 0, ++s->shm_ino, "/anon_hugepage",
                                    (r.end - r.start) << PAGE_SHIFT, NULL);
    struct file *f;

    inode->nlink = 0;
    inode->hugetlb = huge;
    inode_objects_new(s, inode);
    f = system_open(s, inode, 0);
    spec.inode = inode->id;
    spec.file = f->id;
    if (!(flags & (VM_SHARED | VM_NORESERVE)))
        spec.flags |= VM_RESV_OWNER;
    vma_add(mm, &spec);
    system_close(s, f); /* the vma has it now */
    mem_cost(&s->mem, s->cost.vma_op);
}

/* Shared anonymous memory is a file of its own that nobody can open. */
static struct file *shared_memory(struct system *s, u64 len, bool reserve)
{
    struct inode *inode =
        inode_new(&s->backing, INODE_SHMEM, 0, ++s->shm_ino, "/dev/zero", len, NULL);

    inode->nlink = 0;
    if (reserve)
        shmem_commit_size(&s->backing, inode);
    inode_objects_new(s, inode);
    return system_open(s, inode, 0);
}

static void map(struct system *s, struct task *t, const struct mmap_args *a, struct span r)
{
    struct mm *mm = t->mm;
    struct vma_spec spec = {.start = r.start, .end = r.end, .flags = map_flags(s, mm, a)};
    struct file *f = a->file ? file_get(&s->backing, a->file) : NULL;
    bool own = !f && (spec.flags & VM_SHARED);

    if (own)
        f = shared_memory(s, (r.end - r.start) << PAGE_SHIFT, !(spec.flags & VM_NORESERVE));
    if (f) {
        spec.inode = f->inode;
        spec.file = f->id;
        spec.pgoff = a->offset >> PAGE_SHIFT;
    }
    unmap_range(s, mm, r);
    vma_add(mm, &spec);
    if (own)
        system_close(s, f); /* the vma has it now */
    if (a->mflags & HWT_MAP_HEAP) {
        mm->start_brk = a->addr;
        mm->brk = r.end << PAGE_SHIFT;
    }
    if (a->mflags & HWT_MAP_STACK)
        mm->start_stack = r.end << PAGE_SHIFT;
    mem_cost(&s->mem, s->cost.vma_op);
}

/* What the mapping promises; shared anonymous memory is promised whole. */
static u64 mmap_promises(struct system *s, const struct task *t, const struct mmap_args *a,
                         struct span r)
{
    u32 flags = map_flags(s, t->mm, a);
    bool segment = (flags & (VM_SHARED | VM_NORESERVE | VM_HUGETLB)) == VM_SHARED &&
                   !(a->file && file_get(&s->backing, a->file));

    return (flags & VM_ACCOUNT) || segment ? r.end - r.start : 0;
}

/* What was mapped there is gone, even when the kernel then refuses. */
static int mmap_refusal(struct system *s, const struct task *t, const struct mmap_args *a,
                        struct span r)
{
    u64 pages;

    if (too_many_maps(s, t->mm) || too_many_pieces(s, t->mm, r))
        return -ENOMEM;
    if (cuts_huge_page(t->mm, r) || (is_huge(a) && r.start % HPAGE_PMD_NR))
        return -EINVAL;
    if ((map_flags(s, t->mm, a) & VM_LOCKED) && !mlock_allowed(s, t, r.end - r.start))
        return -EAGAIN;
    unmap_range(s, t->mm, r);
    pages = mmap_promises(s, t, a, r);
    return pages && !may_promise(s, t, pages) ? -ENOMEM : 0;
}

/* Is the new mapping faulted in at once? Not when it is to be locked only as it is used. */
static bool mmap_populates(const struct mm *mm, const struct mmap_args *a)
{
    return ((a->mflags & (HWT_MAP_POPULATE | HWT_MAP_LOCKED)) || (mm->def_flags & VM_LOCKED)) &&
           !(mm->def_flags & VM_LOCKONFAULT);
}

enum step system_mmap(struct system *s, struct task *t, const struct mmap_args *a)
{
    struct span r = span_of(a->addr, a->len);
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (r.start >= r.end || r.end > VPN_END)
        return call_end(s, t);
    if (is_huge(a))
        r.end = r.start + ROUND_UP(r.end - r.start, (vpn_t)HPAGE_PMD_NR);
    if (!t->progress) {
        int error = mmap_refusal(s, t, a, r);
        struct hugetlb_file *huge;
        enum balance_result got = BALANCE_OK;
        struct wait wait;

        if (!error && is_huge(a))
            got = huge_memory(s, t, map_flags(s, t->mm, a), r.end - r.start, &huge, &wait);
        if (got == BALANCE_WAIT)
            return call_wait(t, wait);
        if (error || got != BALANCE_OK)
            return call_refuse(s, t, error ? error : -ENOMEM);
        if (is_huge(a))
            map_huge(s, t->mm, map_flags(s, t->mm, a), r, huge);
        else
            map(s, t, a, r);
        t->progress = 1;
    }
    if (mmap_populates(t->mm, a)) {
        step = populate(s, t, r, POPULATE);
        if (step != STEP_DONE)
            return step;
    }
    return call_end(s, t);
}

enum step system_munmap(struct system *s, struct task *t, vaddr_t addr, u64 len)
{
    struct span r = span_of(addr, len);
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (r.start < r.end && r.end <= VPN_END && !cuts_huge_page(t->mm, r)) {
        if (too_many_pieces(s, t->mm, r))
            return call_refuse(s, t, -ENOMEM);
        unmap_range(s, t->mm, r);
    }
    mem_cost(&s->mem, s->cost.vma_op);
    return call_end(s, t);
}

/* The heap as it was: known from the last call, or from a mapping that was there at the start. */
static struct span heap_of(struct mm *mm, vaddr_t start)
{
    vpn_t first = ROUND_UP(start, PAGE_SIZE) >> PAGE_SHIFT;
    const struct vma *vma = vma_find(mm, first);

    if (!mm->brk || ROUND_UP(mm->start_brk, PAGE_SIZE) >> PAGE_SHIFT != first) {
        mm->start_brk = start;
        mm->brk = vma && (vma->flags & VM_HEAP) ? vma->end << PAGE_SHIFT : first << PAGE_SHIFT;
    }
    return (struct span){first, MAX(first, ROUND_UP(mm->brk, PAGE_SIZE) >> PAGE_SHIFT)};
}

enum step system_brk(struct system *s, struct task *t, vaddr_t start, vaddr_t end)
{
    struct mm *mm = t->mm;
    struct span was, now;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    was = heap_of(mm, start);
    now = (struct span){was.start, MAX(was.start, ROUND_UP(end, PAGE_SIZE) >> PAGE_SHIFT)};
    if (now.end < was.end) {
        unmap_range(s, mm, (struct span){now.end, was.end});
    } else if (now.end > was.end && !t->progress) {
        const struct vma_spec spec = {.start = was.end,
                                      .end = now.end,
                                      .flags = VM_READ | VM_WRITE | VM_MAYWRITE | VM_HEAP |
                                               VM_ACCOUNT | mm->def_flags};

        if (too_many_maps(s, mm) || !may_promise(s, t, now.end - was.end))
            return call_refuse(s, t, -ENOMEM);
        if ((mm->def_flags & VM_LOCKED) && !mlock_allowed(s, t, now.end - was.end))
            return call_refuse(s, t, -EAGAIN);
        unmap_range(s, mm, (struct span){spec.start, spec.end});
        vma_add(mm, &spec);
        t->progress = 1;
    }
    if ((mm->def_flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED && now.end > was.end) {
        step = populate(s, t, (struct span){was.end, now.end}, POPULATE);
        if (step != STEP_DONE)
            return step;
    }
    mm->brk = end;
    mem_cost(&s->mem, s->cost.vma_op);
    return call_end(s, t);
}

/* --- mprotect --------------------------------------------------------------------------------- */
/* May the entry be writable at once? Otherwise the next write faults (can_change_pte_writable). */
static bool may_write(const struct system *s, const struct vma *vma, pte_t pte)
{
    if (!(vma->flags & VM_WRITE) || !pte_has_frame(pte) || !(pte & PTE_DIRTY))
        return false;
    if (vma->flags & VM_SHARED)
        return true;
    return frame_test(folio_head(&s->frames, pte_pfn(pte)), PG_ANON) &&
           frame_test(frames_get(&s->frames, pte_pfn(pte)), PG_EXCLUSIVE);
}

/* A huge leaf of which only a part is protected anew is split (change_pmd_range); a whole one is
 * writable with the next write only (change_huge_pmd). */
static void protect_entries(struct system *s, struct vma *vma, struct span r)
{
    bool none = !(vma->flags & VM_ACCESS_FLAGS);
    bool huge_private = (vma->flags & (VM_HUGETLB | VM_SHARED)) == VM_HUGETLB;
    struct pte_ref ref;

    thp_cut(&s->mem, vma, r.start);
    thp_cut(&s->mem, vma, r.end);
    pagetable_for_each (vma->mm, v, ref, r.start, r.end) {
        pte_t pte = *ref.slot;

        if (!pte_present(pte))
            continue;
        pte = none ? pte | PTE_PROTNONE : pte & ~PTE_PROTNONE;
        if (huge_private || (ref.order && !(vma->flags & VM_HUGETLB)) || !may_write(s, vma, pte))
            pte &= ~PTE_WRITE;
        else
            pte |= PTE_WRITE;
        *ref.slot = pte;
    }
}

/* Memory that becomes private and writable is promised from then on, and stays so. What is
 * protected so already is left alone. Returns where it ended: at the first mapping that could not
 * be. */
static vpn_t protect_mappings(struct system *s, struct task *t, struct span r, u32 access)
{
    const u32 settled = VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE;

    for (vpn_t at = r.start; at < r.end;) {
        const struct vma *vma = vma_find_after(t->mm, at);
        u32 set = access;
        vpn_t end;

        if (!vma || vma->start >= r.end)
            break;
        at = MAX(at, vma->start);
        end = MIN(vma->end, r.end);
        if ((access & VM_WRITE) && !(vma->flags & settled)) {
            if (!may_promise(s, t, end - at))
                return at;
            set |= VM_ACCOUNT;
        }
        if ((vma->flags & VM_ACCESS_FLAGS) != access) {
            vma_change_flags(t->mm, at, end, VM_ACCESS_FLAGS, set);
            protect_entries(s, vma_find(t->mm, at), (struct span){at, end});
        }
        at = end;
    }
    return r.end;
}

enum step system_mprotect(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 prot)
{
    struct span r = span_of(addr, len), done = r;
    enum step step;
    bool refused;

    if (!call_begin(s, t, &step))
        return step;
    if (r.end > VPN_END || cuts_huge_page(t->mm, r))
        return call_end(s, t);
    if (too_many_pieces(s, t->mm, r))
        return call_refuse(s, t, -ENOMEM);
    done.end = protect_mappings(s, t, r, prot_flags(prot));
    refused = done.end < r.end;
    mmu_flush_range(t->mm, done.start, done.end);
    mem_cost(&s->mem, s->cost.vma_op);
    return refused ? call_refuse(s, t, -ENOMEM) : call_end(s, t);
}

/* --- mremap ----------------------------------------------------------------------------------- */
/* Whole and to an aligned place, whose entry is free (move_huge_pmd). */
static bool may_move_huge(struct mm *mm, struct span from, vpn_t vpn, vpn_t target)
{
    const u64 *pmd = pagetable_pmd(mm, target);

    return vpn % HPAGE_PMD_NR == 0 && target % HPAGE_PMD_NR == 0 &&
           vpn + HPAGE_PMD_NR <= from.end && (!pmd || !*pmd);
}

/* Tables for all entries that will move: what may wait comes first. */
static enum step move_prepare(struct system *s, struct task *t, struct span from, vpn_t to)
{
    struct pte_ref ref;
    vpn_t v;

    for (v = pagetable_next(t->mm, from.start, from.end, &ref); v < from.end;
         v = pagetable_next(t->mm, v, from.end, &ref)) {
        vpn_t target = to + (v - from.start);
        enum access_result r;
        enum step step;

        if (ref.order && !may_move_huge(t->mm, from, v, target)) {
            thp_split_pmd(&s->mem, vma_find(t->mm, v), v);
            continue;
        }
        r = ref.order ? access_pmd_tables(task_access(s, t), t->mm, target)
                      : access_tables(task_access(s, t), t->mm, target);
        if (r == ACCESS_OK) {
            /* Getting a table may have split it. */
            if (!ref.order || pagetable_find_huge(t->mm, v))
                v = pte_ref_end(ref, v);
            continue;
        }
        step = access_step(s, t, r); /* STEP_DONE: somebody was killed, again */
        if (step != STEP_DONE)
            return step;
    }
    return STEP_DONE;
}

static void move(struct system *s, struct mm *mm, struct span from, vpn_t to, u64 pages)
{
    struct vma *vma = vma_find(mm, from.start);
    vpn_t moved;

    vma_copy(vma, from.start, to, pages);
    moved = pagetable_move(mm, from.start, from.end, to);
    assert(moved >= from.end);
    (void)moved;
    if (vma_find(mm, from.start)->flags & VM_RESV_OWNER) /* the reservation has moved, too */
        vma_change_flags(mm, from.start, from.end, VM_RESV_OWNER, 0);
    mmu_flush_range(mm, from.start, from.end);
    unmap_range(s, mm, from);
}

static void resize_in_place(struct system *s, struct mm *mm, struct span was, u64 pages)
{
    vpn_t end = was.start + pages;
    struct vma *vma;

    if (end < was.end) {
        unmap_range(s, mm, (struct span){end, was.end});
        return;
    }
    vma = vma_find(mm, was.end - 1);
    if (end == was.end || !vma)
        return;
    unmap_range(s, mm, (struct span){was.end, end}); /* the recording says that this was free */
    vma = vma_find(mm, was.end - 1);
    if (vma->end == was.end)
        vma_resize(mm, vma, vma->start, end);
}

/* The part of [addr, addr + len) that is one mapping: the kernel takes no other. */
static struct span one_mapping(struct mm *mm, struct span r)
{
    const struct vma *vma = vma_find(mm, r.start);

    if (!vma)
        return (struct span){r.start, r.start};
    return (struct span){r.start, MIN(r.end, vma->end)};
}

/* Huge pages by whole pages, and never more of them than before; else EINVAL. */
static bool huge_can_be_remapped(struct mm *mm, struct span *from, struct span *to)
{
    const struct vma *vma = vma_find(mm, from->start);
    vpn_t first = to->start;

    if (!vma || !(vma->flags & VM_HUGETLB))
        return !cuts_huge_page(mm, *to);
    from->end = MIN(vma->end, from->start + ROUND_UP(from->end - from->start, (vpn_t)HPAGE_PMD_NR));
    to->end = first + ROUND_UP(to->end - first, (vpn_t)HPAGE_PMD_NR);
    return from->start % HPAGE_PMD_NR == 0 && first % HPAGE_PMD_NR == 0 &&
           to->end - first <= from->end - from->start && !cuts_huge_page(mm, *to);
}

enum step system_mremap(struct system *s, struct task *t, vaddr_t old, u64 old_len,
                        vaddr_t new_addr, u64 new_len)
{
    struct span from = span_of(old, old_len), to = span_of(new_addr, new_len);
    bool grew;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    from = one_mapping(t->mm, from);
    if (!huge_can_be_remapped(t->mm, &from, &to))
        return call_end(s, t);
    if (!t->progress && from.start < from.end && to.start < to.end && to.end <= VPN_END) {
        u64 pages = to.end - to.start, was = from.end - from.start;

        if (pages > was && (vma_find(t->mm, from.start)->flags & VM_ACCOUNT) &&
            !may_promise(s, t, pages - was))
            return call_refuse(s, t, -ENOMEM);
        if (to.start != from.start && t->mm->nr_vmas + 3 >= s->tunables.max_map_count)
            return call_refuse(s, t, -ENOMEM);
        if (to.start == from.start) {
            resize_in_place(s, t->mm, from, pages);
        } else if (to.end <= from.start || to.start >= from.end) {
            struct span rest = {from.start + pages, from.end};

            unmap_range(s, t->mm, to);
            if (rest.start < rest.end) {
                unmap_range(s, t->mm, rest);
                from.end = rest.start;
            }
            step = move_prepare(s, t, from, to.start);
            if (step != STEP_DONE)
                return step;
            move(s, t->mm, from, to.start, pages);
        }
    }
    grew = new_len > old_len && vma_find(t->mm, to.start) &&
           (vma_find(t->mm, to.start)->flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED;
    t->progress = MAX(t->progress, (u64)1);
    if (grew) {
        step = populate(s, t, to, POPULATE);
        if (step != STEP_DONE)
            return step;
    }
    mem_cost(&s->mem, s->cost.vma_op);
    return call_end(s, t);
}
