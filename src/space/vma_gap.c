/* vma_gap.c - where a new mapping goes when the program does not say.
 *
 *     0 ... TASK_UNMAPPED_BASE ... <-- search ... MMAP_BASE  [ 128 MiB for the stack ]  VPN_END
 *
 * Mirrors: arch/x86/mm/mmap.c (mmap_base), mm/mmap.c (unmapped_area_topdown, bottom-up when that
 * fails), Linux 6.1, without address randomisation.
 *
 * The scan goes down from the vma above the gap. A program that maps thousands of blocks leaves no
 * gap behind it, so each mm remembers "no gap of gap_pages ends above gap_floor", and a search for
 * as many pages or more starts there.
 */
#include "space/mm.h"
#include "space/space_int.h"
#include "space/vma.h"

/* 47 bits less one guard page; the stack's rlimit of 8 MiB and its guard are below the minimum of
 * 128 MiB. */
#define TASK_SIZE          (VPN_END - 1)
#define MMAP_BASE          (TASK_SIZE - (128 * MIB >> PAGE_SHIFT))
#define TASK_UNMAPPED_BASE ((TASK_SIZE / 3))
#define MMAP_MIN           ((vpn_t)16) /* vm.mmap_min_addr */
#define STACK_GUARD        ((vpn_t)256)

/* First page that is not free for others below this vma (vm_start_gap). */
static vpn_t start_with_guard(const struct vma *vma)
{
    if (!(vma->flags & VM_GROWSDOWN))
        return vma->start;
    return vma->start > STACK_GUARD ? vma->start - STACK_GUARD : 0;
}

static vpn_t find_top_down(struct mm *mm, u64 nr_pages)
{
    vpn_t limit = nr_pages >= mm->gap_pages ? MIN(mm->gap_floor, MMAP_BASE) : MMAP_BASE;
    u32 above = vma_position(mm, limit);
    vpn_t low, high;

    for (;; above--) {
        high = above < mm->nr_vmas ? MIN(limit, start_with_guard(mm->vmas[above])) : limit;
        low = above > 0 ? mm->vmas[above - 1]->end : MMAP_MIN;
        if (high >= low && high - low >= nr_pages)
            break;
        if (above == 0)
            return 0;
    }
    mm->gap_pages = nr_pages;
    /* Not `high`: a mapping put into the guard of a stack would let this gap end there. */
    mm->gap_floor = above < mm->nr_vmas ? MIN(limit, mm->vmas[above]->start) : limit;
    return high - nr_pages;
}

static vpn_t find_bottom_up(struct mm *mm, u64 nr_pages)
{
    vpn_t low = TASK_UNMAPPED_BASE;

    for (u32 i = vma_position(mm, low); i < mm->nr_vmas; i++) {
        vpn_t high = start_with_guard(mm->vmas[i]);

        if (high >= low && high - low >= nr_pages)
            return low;
        low = MAX(low, mm->vmas[i]->end);
    }
    return TASK_SIZE >= low && TASK_SIZE - low >= nr_pages ? low : 0;
}

vpn_t vma_find_gap(struct mm *mm, u64 nr_pages)
{
    vpn_t found;

    if (nr_pages == 0 || nr_pages > TASK_SIZE)
        return 0;
    found = find_top_down(mm, nr_pages);
    return found ? found : find_bottom_up(mm, nr_pages);
}

void vma_gap_grew(struct mm *mm, vpn_t end)
{
    const struct vma *above = vma_find_after(mm, end - 1);
    vpn_t gap_end = above ? above->start : MMAP_BASE;

    mm->gap_floor = MAX(mm->gap_floor, gap_end);
}
