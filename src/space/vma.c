/* vma.c - the sorted array of mappings: look up, insert, split, remove, account.
 *
 * A look-up tries the vma of the last one, then bisects. Inserting and deleting move the pointers
 * above: 8 bytes per vma, and a process of Linux may have 65,530 of them at most. A maple tree was
 * not worth its size here.
 */
#include "space/vma.h"

#include <string.h>

#include "base/alloc.h"
#include "space/mm.h"
#include "space/pagetable.h"
#include "space/space_int.h"

u32 vma_position(struct mm *mm, vpn_t vpn)
{
    u32 low = 0, high = mm->nr_vmas, last = mm->last_vma;

    if (last < high && vpn < mm->vmas[last]->end) {
        if (last == 0 || vpn >= mm->vmas[last - 1]->end)
            return last;
        high = last;
    } else if (high == 0 || vpn >= mm->vmas[high - 1]->end) {
        return high;
    }
    while (low < high) {
        u32 middle = low + (high - low) / 2;

        if (mm->vmas[middle]->end > vpn)
            high = middle;
        else
            low = middle + 1;
    }
    mm->last_vma = low;
    return low;
}

struct vma *vma_at(const struct mm *mm, u32 position)
{
    return position < mm->nr_vmas ? mm->vmas[position] : NULL;
}

struct vma *vma_find_after(struct mm *mm, vpn_t vpn)
{
    return vma_at(mm, vma_position(mm, vpn));
}

struct vma *vma_find(struct mm *mm, vpn_t vpn)
{
    struct vma *vma = vma_find_after(mm, vpn);

    return vma && vma->start <= vpn ? vma : NULL;
}

struct vma *vma_next(const struct vma *vma)
{
    return vma_at(vma->mm, vma_position(vma->mm, vma->start) + 1);
}

struct vma *vma_prev(const struct vma *vma)
{
    return vma_at(vma->mm, vma_position(vma->mm, vma->start) - 1);
}

bool vma_range_is_free(struct mm *mm, vpn_t start, vpn_t end)
{
    const struct vma *vma = vma_find_after(mm, start);

    return !vma || vma->start >= end;
}

void vma_account(struct mm *mm, u32 flags, s64 pages)
{
    u64 n = (u64)pages; /* wraps for a negative count, as the sums do */

    mm->total_vm += n;
    if (flags & VM_LOCKED)
        mm->locked_vm += n;
    if (flags & VM_ACCOUNT) {
        mm->account_vm += n;
        mm->space->committed += n;
    }
    if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC)
        mm->exec_vm += n;
    else if (flags & VM_GROWSDOWN)
        mm->stack_vm += n;
    else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
        mm->data_vm += n;
    mm->hiwater_vm = MAX(mm->hiwater_vm, mm->total_vm);
}

struct vma *vma_new(struct mm *mm, vpn_t start, vpn_t end)
{
    struct vma *vma = xcalloc(1, sizeof(*vma));

    assert(start < end && end <= VPN_END);
    vma->mm = mm;
    vma->start = start;
    vma->end = end;
    list_init(&vma->avc_list);
    return vma;
}

void vma_insert(struct vma *vma)
{
    struct mm *mm = vma->mm;
    u32 position = vma_position(mm, vma->start);

    assert(position == mm->nr_vmas || mm->vmas[position]->start >= vma->end);
    if (mm->nr_vmas == mm->cap_vmas) {
        mm->cap_vmas = MAX(16u, mm->cap_vmas * 2);
        mm->vmas = xrealloc_array(mm->vmas, mm->cap_vmas, sizeof(struct vma *));
    }
    memmove(&mm->vmas[position + 1], &mm->vmas[position],
            (mm->nr_vmas - position) * sizeof(struct vma *));
    mm->vmas[position] = vma;
    mm->nr_vmas++;
    mm->space->nr_vmas++;
    rmap_link_file(vma);
}

void vma_delete_at(struct mm *mm, u32 position, u32 count)
{
    assert(position + count <= mm->nr_vmas);
    if (count == 0)
        return;
    for (u32 i = position; i < position + count; i++) {
        rmap_unlink_file(mm->vmas[i]);
        anon_vma_unlink(mm->vmas[i]);
        free(mm->vmas[i]);
    }
    memmove(&mm->vmas[position], &mm->vmas[position + count],
            (mm->nr_vmas - position - count) * sizeof(struct vma *));
    mm->nr_vmas -= count;
    mm->space->nr_vmas -= count;
}

/* A huge leaf lies in one vma. */
static void cut_huge(struct vma *vma, vpn_t at)
{
    const struct space *s = vma->mm->space;

    if (at % TABLE_ENTRIES && s->cut_huge && pagetable_find_huge(vma->mm, at))
        s->cut_huge(s->cut_huge_ctx, vma, at);
}

void vma_set_bounds(struct vma *vma, vpn_t start, vpn_t end)
{
    assert(start < end && end <= VPN_END);
    assert(start >= vma->start || vma->pgoff >= vma->start - start);
    if (start > vma->start)
        cut_huge(vma, start);
    if (end < vma->end)
        cut_huge(vma, end);
    vma->pgoff += start - vma->start; /* wraps when start goes down */
    vma->start = start;
    vma->end = end;
    rmap_update_range(vma);
}

void vma_split_at(struct mm *mm, vpn_t at)
{
    struct vma *low = vma_find(mm, at), *high;

    if (!low || low->start == at)
        return;
    high = vma_new(mm, at, low->end);
    high->flags = low->flags;
    high->inode = low->inode;
    high->file = low->file;
    high->pgoff = vma_index(low, at);
    high->anon_vma = low->anon_vma;
    high->swap_ra = low->swap_ra;
    anon_vma_clone(high, low);
    vma_set_bounds(low, low->start, at);
    vma_insert(high);
}

void vma_remove(struct mm *mm, vpn_t start, vpn_t end)
{
    u32 first, last;

    if (start >= end)
        return;
    vma_split_at(mm, start);
    vma_split_at(mm, end);
    first = vma_position(mm, start);
    for (last = first; last < mm->nr_vmas && mm->vmas[last]->start < end; last++)
        vma_account(mm, mm->vmas[last]->flags, -(s64)vma_pages(mm->vmas[last]));
    vma_delete_at(mm, first, last - first);
    vma_gap_grew(mm, end);
}

void vma_resize(struct mm *mm, struct vma *vma, vpn_t start, vpn_t end)
{
    const struct vma *next = vma_next(vma), *prev = vma_prev(vma);
    u64 pages = vma_pages(vma);
    vpn_t old_end = vma->end, old_start = vma->start;

    assert(vma->mm == mm);
    assert(!next || end <= next->start);
    assert(!prev || start >= prev->end);
    vma_set_bounds(vma, start, end);
    vma_account(mm, vma->flags, (s64)(vma_pages(vma) - pages));
    if (end < old_end)
        vma_gap_grew(mm, old_end);
    if (start > old_start)
        vma_gap_grew(mm, start);
}

void vma_fork(struct mm *dst, struct mm *src)
{
    assert(dst->nr_vmas == 0 && dst->space == src->space);
    for (u32 i = 0; i < src->nr_vmas; i++) {
        const struct vma *from = src->vmas[i];
        struct vma *to;

        if (from->flags & VM_DONTFORK)
            continue;
        to = vma_new(dst, from->start, from->end);
        to->flags =
            from->flags & ~(u32)(VM_LOCKED | VM_LOCKONFAULT | VM_RESV_OWNER | VM_RESV_UNMAPPED);
        to->inode = from->inode;
        to->file = from->file;
        to->pgoff = from->pgoff;
        if (!(from->flags & VM_WIPEONFORK))
            anon_vma_fork(to, from);
        vma_insert(to);
        vma_account(dst, to->flags, (s64)vma_pages(to));
    }
}

void vma_check(const struct mm *mm)
{
    struct space own = {0};
    struct mm sums = {.space = &own};
    vpn_t end = 0;

    assert(mm->nr_vmas <= mm->cap_vmas);
    for (u32 i = 0; i < mm->nr_vmas; i++) {
        const struct vma *vma = mm->vmas[i];

        assert(vma->mm == mm);
        assert(end <= vma->start && vma->start < vma->end && vma->end <= VPN_END);
        end = vma->end;
        vma_account(&sums, vma->flags, (s64)vma_pages(vma));
        rmap_check_links(vma);
    }
    assert(mm->total_vm == sums.total_vm && mm->hiwater_vm >= mm->total_vm);
    assert(mm->locked_vm == sums.locked_vm && mm->account_vm == sums.account_vm);
    assert(mm->exec_vm == sums.exec_vm && mm->stack_vm == sums.stack_vm);
    assert(mm->data_vm == sums.data_vm);
}
