/* vma.h - who maps what: the mappings of one address space, sorted by address.
 *
 * Mirrors:    mm/mmap.c (vma_merge, mmap_region, __split_vma, copy_vma, vm_stat_account),
 *             mm/mprotect.c, Linux 6.1.
 *             Differs: a sorted array instead of a maple tree; VM_HEAP and VM_STACK are flags, so a heap does not
 *             merge with a plain mapping beside it.
 * Owns:       mm->vmas, mm->{total,locked,data,exec,stack}_vm, mm->hiwater_vm.
 * Never:      touches a page table, a frame or a TLB: the caller zaps pages and flushes.
 * Invariants: (vma_check) sorted, disjoint, not empty; the totals are recounts; every vma is linked
 *             to its file and to each of its anon_vmas with its current range.
 * Pointers:   a struct vma stays where it is, but any function below that changes mappings may free
 *             vmas of the range and of its neighbours. Look them up again.
 */
#ifndef SPACE_VMA_H
#define SPACE_VMA_H

#include "base/list.h"
#include "space/mempolicy.h"
#include "space/pte.h"

enum vma_flag {
    VM_READ = 1u << 0,
    VM_WRITE = 1u << 1,
    VM_EXEC = 1u << 2,
    VM_SHARED = 1u << 3,
    VM_GROWSDOWN = 1u << 4,
    VM_LOCKED = 1u << 5,
    VM_LOCKONFAULT = 1u << 6,
    VM_SEQ_READ = 1u << 7,
    VM_RAND_READ = 1u << 8,
    VM_NORESERVE = 1u << 9,
    VM_HEAP = 1u << 10,
    VM_STACK = 1u << 11,
    VM_DONTFORK = 1u << 12,
    VM_WIPEONFORK = 1u << 13,
    VM_ACCOUNT = 1u << 14,
    VM_HUGETLB = 1u << 15,
    VM_SPECIAL = 1u << 16, /* vdso and the like: always present, never counted, never merged */
    VM_MAYWRITE = 1u << 17,
    VM_HUGEPAGE = 1u << 18,   /* MADV_HUGEPAGE */
    VM_NOHUGEPAGE = 1u << 19, /* MADV_NOHUGEPAGE */
    VM_RESV_OWNER =
        1u << 20, /* of huge pages: has the reservation that mmap made (HPAGE_RESV_OWNER) */
    /* A page was taken from it for the process that has the reservation: no new one is faulted in
     * (HPAGE_RESV_UNMAPPED). */
    VM_RESV_UNMAPPED = 1u << 21,
};
#define VM_ACCESS_FLAGS ((u32)(VM_READ | VM_WRITE | VM_EXEC))

struct mm;

struct vma {
    vpn_t start, end; /* pages, [start, end) */
    u32 flags;
    u32 inode; /* id of the file, 0 anonymous */
    /* page of the file at start; for anonymous memory the vpn at which it was first mapped */
    u64 pgoff;
    u32 file;     /* id of the open file whose readahead state it uses, 0 none */
    u32 anon_vma; /* id, 0 before the first anonymous fault */
    struct mm *mm;
    struct list_head avc_list; /* its links into anon_vmas, newest anon_vma first */
    u32 file_slot;             /* its place among the vmas of its file */
    struct mempolicy policy;   /* mbind(2); MPOL_DEFAULT: the task's */
    u64 swap_ra;               /* for vma-based swap readahead; the swap-in path owns it */
};

struct vma_spec {
    vpn_t start, end;
    u32 flags, inode, file;
    u64 pgoff; /* of a file mapping; ignored for anonymous memory */
    struct mempolicy policy;
};

/* The vma that holds vpn, or NULL. Amortised O(1) for repeated look-ups, else O(log n). */
struct vma *vma_find(struct mm *mm, vpn_t vpn);

/* The first vma with end > vpn (Linux's find_vma), or NULL. */
struct vma *vma_find_after(struct mm *mm, vpn_t vpn);

/* The neighbours in address order, or NULL. */
struct vma *vma_next(const struct vma *vma);
struct vma *vma_prev(const struct vma *vma);

/* Add a mapping where nothing is mapped (the caller unmapped it); merges with neighbours as
 * mmap_region() does. Returns the vma that now holds it. Anonymous: pgoff is start. */
struct vma *vma_add(struct mm *mm, const struct vma_spec *spec);

/* Split so that no vma crosses `at`. */
void vma_split_at(struct mm *mm, vpn_t at);

/* Remove the mappings in [start, end); the caller has zapped the pages. Splits at the ends; holes
 * are fine. */
void vma_remove(struct mm *mm, vpn_t start, vpn_t end);

/* flags = (flags & ~clear) | set on [start, end), splitting and merging as mprotect() does; holes
 * are skipped. */
void vma_change_flags(struct mm *mm, vpn_t start, vpn_t end, u32 clear, u32 set);

/* policy = p on [start, end), splitting and merging as mbind_range() does; holes are skipped. */
void vma_set_policy(struct mm *mm, vpn_t start, vpn_t end, struct mempolicy p);

/* First half of mremap (copy_vma): pages from `start` on of vma get a second vma at [new_start,
 * new_start + new_pages), or a neighbour there grows over it. Both exist until the caller has moved
 * the entries (pagetable_move) and removed the old range (vma_remove), so that a reclaim in between
 * finds every entry.
 *   pre: start is inside vma; nothing is mapped at the destination. vma may be freed or changed by
 *   a merge. */
struct vma *vma_copy(struct vma *vma, vpn_t start, vpn_t new_start, u64 new_pages);

/* Change the ends of a vma in place, without merging (brk, mremap grow or shrink, stack growth at
 * `start`). */
void vma_resize(struct mm *mm, struct vma *vma, vpn_t start, vpn_t end);

/* Start of the highest gap of nr pages below MMAP_BASE, else of the lowest above
 * TASK_UNMAPPED_BASE, as the top-down layout has it; 0 when there is none. */
vpn_t vma_find_gap(struct mm *mm, u64 nr_pages);

/* Is nothing mapped in [start, end)? */
bool vma_range_is_free(struct mm *mm, vpn_t start, vpn_t end);

/* Copy all vmas of src into the empty dst (fork), with anon_vma links; VM_DONTFORK skipped,
 * VM_LOCKED and reservations cleared. VM_WIPEONFORK vmas are copied without links: their pages are
 * not to be copied either. */
void vma_fork(struct mm *dst, struct mm *src);

void vma_check(const struct mm *mm);

static inline u64 vma_pages(const struct vma *v)
{
    return v->end - v->start;
}

/* Page of the file (or anonymous identity) behind vpn. */
static inline u64 vma_index(const struct vma *v, vpn_t vpn)
{
    return v->pgoff + (vpn - v->start);
}

/* May a stack reach down to vpn? Pages moved high above their identity run out of it below
 * (expand_downwards). */
static inline bool vma_may_grow_down(const struct vma *v, vpn_t vpn)
{
    return (v->flags & VM_GROWSDOWN) && v->pgoff >= v->start - vpn;
}

static inline bool vma_is_anon(const struct vma *v)
{
    return v->inode == 0;
}

#endif
