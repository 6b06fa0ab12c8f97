/* khugepaged.h - small pages become huge ones: by a daemon that looks for them, and by
 * MADV_COLLAPSE.
 *
 * Mirrors: mm/khugepaged.c, Linux 6.1. Differs: what a range has in swap is read before the huge
 *          page is allocated, not after, so that a collapse that waits can begin again.
 * Owns:    mem.thp.scan: the address spaces that had, or were told to have, a huge page.
 */
#ifndef ACCESS_KHUGEPAGED_H
#define ACCESS_KHUGEPAGED_H

#include "access/access.h"

struct khugepaged {
    struct mem *mem;
    ns_t at;       /* when it goes on; NS_NEVER: when it has work */
    u32 position;  /* in mem.thp.scan */
    vpn_t address; /* in that address space */
    u64 progress;  /* pages of this scan */
    /* khugepaged is in a scan; in an address space of that scan; it slept for an allocation */
    bool scanning, begun, waited;
    u32 heads; /* times it came by the first address space */
    u64 pages_collapsed, full_scans;
    struct access_ctx ac; /* for what it brings back from swap */
    struct attempt attempt;
    struct wait wait;
    u64 minflt, majflt;
    bool fault_retried;
};

void khugepaged_init(struct khugepaged *k, struct mem *mem);
/* One range, at k->at; sets when the next one is due. */
void khugepaged_step(struct khugepaged *k);
/* When khugepaged_step() is due. */
static inline ns_t khugepaged_due(const struct khugepaged *k)
{
    return likely(!k->mem->thp.scan.count) ? NS_NEVER : k->at;
}

/* khugepaged is to look at the mapping's address space from now on, if its settings allow huge
 * pages there. */
void khugepaged_enter_vma(struct mem *mem, const struct vma *vma);
/* fork: as the parent. */
void khugepaged_fork(struct mem *mem, struct mm *child, const struct mm *parent);
/* The address space ends. */
void khugepaged_exit(struct khugepaged *k, struct mm *mm);

/* One aligned range of MADV_COLLAPSE. ACCESS_WAIT, ACCESS_OOM as of a fault; else *ret_stop says
 * that there is no memory for it: the ranges behind it are not tried (madvise_collapse). */
enum access_result access_collapse(struct access_ctx *ac, struct vma *vma, vpn_t base,
                                   bool *ret_stop);

#endif
