/* madvise.c - madvise(2), and what prctl(2) says of huge pages. Mirrors mm/madvise.c, kernel/sys.c,
 * Linux 6.1: each advice on each mapping of the range, holes skipped. */
#include "access/thp.h"
#include "system/mmap.h"
#include "system/system_int.h"

static void change_flags(struct system *s, struct mm *mm, struct span r, u32 clear, u32 set)
{
    if (cuts_huge_page(mm, r))
        return;
    vma_change_flags(mm, r.start, r.end, clear, set);
    mem_cost(&s->mem, s->cost.vma_op);
}

static void will_need(struct system *s, struct task *t, const struct vma *vma, struct span r)
{
    struct inode *inode;
    struct file *file;
    struct ra_plan plan;

    if (vma_is_anon(vma))
        return; /* Linux starts reading what is in swap */
    inode = inode_get(&s->backing, vma->inode);
    file = file_get(&s->backing, vma->file);
    if (!inode->device)
        return;
    plan = readahead_force(file, inode, vma_index(vma, r.start), r.end - r.start);
    filemap_readahead(task_access(s, t), inode, &plan);
}

/* Huge pages of the pool go whole: nothing when it begins inside of one, and a part at the end
 * stays. */
static void drop_huge_pages(struct access_ctx *ac, struct span r)
{
    r.end = ROUND_DOWN(r.end, (vpn_t)HPAGE_PMD_NR);
    if (r.start % HPAGE_PMD_NR == 0 && r.start < r.end)
        access_zap(ac, r.start, r.end);
}

static void advise_pages(struct system *s, struct task *t, struct vma *vma, struct span r,
                         u32 advice)
{
    struct access_ctx *ac = task_access(s, t);

    if (vma->flags & VM_HUGETLB) { /* the rest is EINVAL, or nothing to do */
        if (advice == ABI_MADV_DONTNEED || advice == ABI_MADV_DONTNEED_LOCKED)
            drop_huge_pages(ac, r);
        return;
    }
    switch (advice) {
    case ABI_MADV_WILLNEED:
        will_need(s, t, vma, r);
        break;
    case ABI_MADV_DONTNEED_LOCKED:
        munlock_pages(s, t->mm, r);
        access_zap(ac, r.start, r.end);
        break;
    case ABI_MADV_DONTNEED:
        if (!(vma->flags & VM_LOCKED))
            access_zap(ac, r.start, r.end);
        break;
    case ABI_MADV_FREE:
        if (vma_is_anon(vma) && !(vma->flags & VM_LOCKED))
            access_advise_free(ac, r.start, r.end);
        break;
    case ABI_MADV_COLD:
    case ABI_MADV_PAGEOUT:
        if (!(vma->flags & VM_LOCKED))
            access_advise_cold(ac, r.start, r.end, advice == ABI_MADV_PAGEOUT);
        break;
    default:
        break;
    }
}

/* By page, vma after vma; looked up again each time, since reclaim on the way may have changed
 * entries (not vmas). */
static void advise_range(struct system *s, struct task *t, struct span r, u32 advice)
{
    vpn_t at = r.start;

    for (;;) {
        struct vma *vma = vma_find_after(t->mm, at);
        struct span part;

        if (!vma || vma->start >= r.end)
            return;
        part = (struct span){MAX(at, vma->start), MIN(r.end, vma->end)};
        advise_pages(s, t, vma, part, advice);
        at = part.end;
        if (at >= r.end)
            return;
    }
}

/* --- huge pages ------------------------------------------------------------------------------- */
/* khugepaged may look at it from now on (khugepaged_enter_vma). */
static void want_huge(struct system *s, struct mm *mm, struct span r)
{
    for (const struct vma *v = vma_find_after(mm, r.start); v && v->start < r.end; v = vma_next(v))
        khugepaged_enter_vma(&s->mem, v);
}

/* Each whole range of the piece from `at` on, whatever becomes of the one before; *ret_stop: with
 * some errors no other is tried. */
static enum step collapse_piece(struct system *s, struct task *t, struct vma *vma,
                                struct span piece, vpn_t first, vpn_t at, bool *ret_stop)
{
    for (; at < piece.end; at += HPAGE_PMD_NR) {
        enum access_result result;
        enum step step;

        t->progress = at - first + 1;
        result = access_collapse(task_access(s, t), vma, at, ret_stop);
        if (result == ACCESS_OK && *ret_stop)
            return STEP_DONE;
        if (result == ACCESS_OK)
            continue;
        step = access_step(s, t, result);
        if (step != STEP_DONE)
            return step;
        at -= HPAGE_PMD_NR; /* somebody was killed: again */
    }
    return STEP_DONE;
}

static bool is_huge_all_over(struct mm *mm, struct span piece)
{
    for (vpn_t at = piece.start; at < piece.end; at += HPAGE_PMD_NR)
        if (!pagetable_find_huge(mm, at))
            return false;
    return true;
}

/* Mapping by mapping, and no further than the first in which a range stays small, or which ends
 * before a range begins: the call fails there (madvise_collapse). From t->progress - 1 on. */
static enum step collapse(struct system *s, struct task *t, struct span r)
{
    vpn_t first = ROUND_UP(r.start, (vpn_t)HPAGE_PMD_NR);
    vpn_t from = first + (t->progress ? t->progress - 1 : 0);

    for (struct vma *vma = vma_find_after(t->mm, r.start); vma && vma->start < r.end;
         vma = vma_next(vma)) {
        struct span piece = {ROUND_UP(MAX(vma->start, r.start), (vpn_t)HPAGE_PMD_NR),
                             ROUND_DOWN(MIN(vma->end, r.end), (vpn_t)HPAGE_PMD_NR)};
        bool stop = false;
        enum step step;

        if (piece.end < piece.start || !thp_vma_collapsible(&s->mem, vma, false))
            return STEP_DONE;
        step = collapse_piece(s, t, vma, piece, first, MAX(piece.start, from), &stop);
        if (step != STEP_DONE)
            return step;
        if (stop || !is_huge_all_over(t->mm, piece))
            return STEP_DONE;
    }
    return STEP_DONE;
}

void system_thp_disable(struct task *t, bool on)
{
    t->mm->thp_disabled = on;
}

enum step system_madvise(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 advice)
{
    struct span r = {addr >> PAGE_SHIFT, (addr + len + PAGE_SIZE - 1) >> PAGE_SHIFT};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->progress)
        mem_cost(&s->mem, s->cost.syscall);
    switch (advice) {
    case ABI_MADV_NORMAL:
        change_flags(s, t->mm, r, VM_RAND_READ | VM_SEQ_READ, 0);
        break;
    case ABI_MADV_RANDOM:
        change_flags(s, t->mm, r, VM_SEQ_READ, VM_RAND_READ);
        break;
    case ABI_MADV_SEQUENTIAL:
        change_flags(s, t->mm, r, VM_RAND_READ, VM_SEQ_READ);
        break;
    case ABI_MADV_DONTFORK:
        change_flags(s, t->mm, r, 0, VM_DONTFORK);
        break;
    case ABI_MADV_DOFORK:
        change_flags(s, t->mm, r, VM_DONTFORK, 0);
        break;
    case ABI_MADV_WIPEONFORK:
        change_flags(s, t->mm, r, 0, VM_WIPEONFORK);
        break;
    case ABI_MADV_KEEPONFORK:
        change_flags(s, t->mm, r, VM_WIPEONFORK, 0);
        break;
    case ABI_MADV_HUGEPAGE:
        change_flags(s, t->mm, r, VM_NOHUGEPAGE, VM_HUGEPAGE);
        want_huge(s, t->mm, r);
        break;
    case ABI_MADV_NOHUGEPAGE:
        change_flags(s, t->mm, r, VM_HUGEPAGE, VM_NOHUGEPAGE);
        break;
    case ABI_MADV_COLLAPSE:
        step = collapse(s, t, r);
        if (step != STEP_DONE)
            return step;
        break;
    case ABI_MADV_POPULATE_READ:
    case ABI_MADV_POPULATE_WRITE:
        step = populate(s, t, r, advice == ABI_MADV_POPULATE_READ ? POPULATE_READ : POPULATE_WRITE);
        if (step != STEP_DONE)
            return step;
        break;
    default:
        advise_range(s, t, r, advice);
    }
    return call_end(s, t);
}
