/* vma_merge.c - neighbours of one kind become one vma: new mappings, changed flags, moved mappings.
 *
 * When does the range A go to a neighbour? (P, N: neighbours of the same kind as A will have; X:
 * what was there)
 *
 *     a hole between P and N          all of X changes            an end of X changes
 *     PPPP AAAA NNNN                  PPPP XXXX NNNN              PPPP AAXX       XXAA NNNN
 *     PPPP PPPP PPPP  1               PPPP PPPP PPPP  6           PPPP PPXX  5    XXNN NNNN  4
 *     PPPP PPPP nnnn  2               PPPP PPPP nnnn  7
 *     pppp NNNN NNNN  3               pppp NNNN NNNN  8
 *
 * The numbers are the kernel's. "Of one kind" means: same flags, same open file, pages that
 * continue each other in the file (or in the anonymous identity), and anon_vmas that may be joined.
 * Two faulted neighbours have the same anon_vma only by descent (a split) or by
 * anon_vma_prepare()'s reuse. An unfaulted one joins a faulted one only if that one is linked to a
 * single anon_vma: after a fork, mappings stop growing together. Linux 6.1 also refuses to grow an
 * unfaulted neighbour over a faulted range; so do we.
 */
#include <string.h>

#include "space/mm.h"
#include "space/space_int.h"
#include "space/vma.h"

static bool same_kind(const struct vma *vma, const struct vma_spec *spec)
{
    return vma->flags == spec->flags && vma->inode == spec->inode && vma->file == spec->file &&
           mempolicy_equal(&vma->policy, &spec->policy) &&
           !(spec->flags & (VM_SPECIAL | VM_HUGETLB));
}

static bool has_one_link(const struct vma *vma)
{
    return !list_empty(&vma->avc_list) && list_is_last(vma->avc_list.next, &vma->avc_list);
}

/* vma: the neighbour that would grow, NULL when two neighbours are compared. */
static bool anon_vmas_join(u32 a, u32 b, const struct vma *vma)
{
    if ((!a || !b) && (!vma || has_one_link(vma)))
        return true;
    return a == b;
}

static bool can_grow_up(const struct vma *prev, const struct vma_spec *spec, u32 anon_vma)
{
    return prev && same_kind(prev, spec) && anon_vmas_join(anon_vma, prev->anon_vma, prev) &&
           vma_index(prev, prev->end) == spec->pgoff;
}

static bool can_grow_down(const struct vma *next, const struct vma_spec *spec, u32 anon_vma)
{
    return next && same_kind(next, spec) && anon_vmas_join(anon_vma, next->anon_vma, next) &&
           next->pgoff == spec->pgoff + (spec->end - spec->start);
}

/* keep becomes [start, end). What it covers goes or shrinks, and keep takes over the anon_vmas of
 * its pages. */
static struct vma *grow_over(struct vma *keep, vpn_t start, vpn_t end)
{
    struct mm *mm = keep->mm;
    u32 first = vma_position(mm, start), last = first, gone_first = 0, gone = 0;

    assert(start <= keep->start && end >= keep->end);
    for (; last < mm->nr_vmas && mm->vmas[last]->start < end; last++) {
        const struct vma *vma = mm->vmas[last];

        if (vma != keep && vma->anon_vma && !keep->anon_vma) {
            keep->anon_vma = vma->anon_vma;
            anon_vma_clone(keep, vma);
        }
    }
    for (u32 i = first; i < last; i++) {
        struct vma *vma = mm->vmas[i];

        if (vma == keep)
            continue;
        if (vma->start < start) {
            vma_set_bounds(vma, vma->start, start);
        } else if (vma->end > end) {
            vma_set_bounds(vma, end, vma->end);
        } else {
            assert(!gone || gone_first + gone == i);
            gone_first = gone ? gone_first : i;
            gone++;
        }
    }
    vma_set_bounds(keep, start, end);
    vma_delete_at(mm, gone_first, gone);
    return keep;
}

struct vma *vma_merge(struct vma *prev, struct vma *next, const struct vma_spec *spec, u32 anon_vma)
{
    bool up = can_grow_up(prev, spec, anon_vma);
    bool down = can_grow_down(next, spec, anon_vma);

    if (up && down && anon_vmas_join(prev->anon_vma, next->anon_vma, NULL))
        return grow_over(prev, prev->start, next->end);
    if (up)
        return grow_over(prev, prev->start, spec->end);
    if (down)
        return grow_over(next, spec->start, next->end);
    return NULL;
}

/* The vma that ends where the range starts, or starts where it ends; NULL when there is a gap. */
static struct vma *touching_prev(struct mm *mm, vpn_t start)
{
    u32 position = vma_position(mm, start);
    struct vma *prev = vma_at(mm, position - 1);

    return prev && prev->end == start ? prev : NULL;
}

static struct vma *touching_next(struct mm *mm, vpn_t end)
{
    struct vma *next = vma_find_after(mm, end);

    return next && next->start == end ? next : NULL;
}

struct vma *vma_add(struct mm *mm, const struct vma_spec *asked)
{
    struct vma_spec spec = *asked;
    struct vma *prev, *next, *vma = NULL;
    vpn_t start = spec.start, end = spec.end;

    assert(vma_range_is_free(mm, start, end));
    if (!spec.inode)
        spec.pgoff = start;
    vma_account(mm, spec.flags, (s64)(end - start));

    /* Unlike vma_merge(), mmap_region() asks the upper neighbour first, and then whether the lower
     * one goes with it. */
    next = touching_next(mm, end);
    prev = touching_prev(mm, start);
    if (can_grow_down(next, &spec, 0)) {
        vma = next;
        end = next->end;
    }
    if (can_grow_up(prev, &spec, vma ? vma->anon_vma : 0)) {
        vma = prev;
        start = prev->start;
    }
    if (vma)
        return grow_over(vma, start, end);

    vma = vma_new(mm, start, end);
    vma->flags = spec.flags;
    vma->inode = spec.inode;
    vma->file = spec.file;
    vma->pgoff = spec.pgoff;
    vma->policy = spec.policy;
    vma_insert(vma);
    return vma;
}

/* [from, to) of one vma gets other flags or another policy: mprotect_fixup(), madvise_update_vma(),
 * mlock_fixup(), mbind_range(). Returns the vma that holds the range now. */
static struct vma *change_range(struct vma *vma, vpn_t from, vpn_t to, u32 flags,
                                struct mempolicy policy)
{
    struct mm *mm = vma->mm;
    struct vma_spec spec = {from, to, flags, vma->inode, vma->file, vma_index(vma, from), policy};
    struct vma *prev = from == vma->start ? touching_prev(mm, from) : NULL;
    struct vma *next = to == vma->end ? touching_next(mm, to) : NULL;
    u32 old = vma->flags;

    vma = vma_merge(prev, next, &spec, vma->anon_vma);
    if (!vma) {
        vma_split_at(mm, from);
        vma_split_at(mm, to);
        vma = vma_find(mm, from);
        vma->flags = flags;
        vma->policy = policy;
    }
    vma_account(mm, old, -(s64)(to - from));
    vma_account(mm, flags, (s64)(to - from));
    return vma;
}

void vma_change_flags(struct mm *mm, vpn_t start, vpn_t end, u32 clear, u32 set)
{
    vpn_t at = start;

    for (;;) {
        struct vma *vma = vma_find_after(mm, at);
        u32 flags;

        if (!vma || vma->start >= end)
            return;
        flags = (vma->flags & ~clear) | set;
        at = MAX(at, vma->start);
        if (flags != vma->flags)
            vma = change_range(vma, at, MIN(vma->end, end), flags, vma->policy);
        at = vma->end; /* what it grew over beyond the range has these flags already */
    }
}

void vma_set_policy(struct mm *mm, vpn_t start, vpn_t end, struct mempolicy p)
{
    vpn_t at = start;

    for (;;) {
        struct vma *vma = vma_find_after(mm, at);

        if (!vma || vma->start >= end)
            return;
        at = MAX(at, vma->start);
        if (!mempolicy_equal(&vma->policy, &p) && !(vma->flags & VM_SPECIAL))
            vma = change_range(vma, at, MIN(vma->end, end), vma->flags, p);
        at = vma->end;
    }
}

struct vma *vma_copy(struct vma *vma, vpn_t start, vpn_t new_start, u64 new_pages)
{
    struct mm *mm = vma->mm;
    vpn_t new_end = new_start + new_pages;
    struct vma_spec spec = {
        new_start, new_end, vma->flags, vma->inode, vma->file, vma_index(vma, start), vma->policy};
    struct vma *copy;

    assert(vma->start <= start && start < vma->end);
    assert(vma_range_is_free(mm, new_start, new_end));
    /* No page refers to the old identity yet: a new one has better chances to merge. */
    if (vma_is_anon(vma) && !vma->anon_vma)
        spec.pgoff = new_start;
    vma_account(mm, spec.flags, (s64)new_pages);
    copy =
        vma_merge(touching_prev(mm, new_start), touching_next(mm, new_end), &spec, vma->anon_vma);
    if (copy)
        return copy;
    copy = vma_new(mm, new_start, new_end);
    copy->flags = spec.flags;
    copy->inode = spec.inode;
    copy->file = spec.file;
    copy->pgoff = spec.pgoff;
    copy->policy = spec.policy;
    copy->anon_vma = vma->anon_vma;
    copy->swap_ra = vma->swap_ra;
    anon_vma_clone(copy, vma);
    vma_insert(copy);
    return copy;
}
