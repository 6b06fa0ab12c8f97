/* space.h - all address spaces of a machine: from an address to a frame, and back.
 *
 *     vma.h        who maps what             mm.h      one address space, and what all share
 *     pagetable.h  address to entry          pte.h     the entries
 *     rmap.h       frame to entries          tlb.h     what a CPU still remembers
 *     mmu.h        entries and what all CPUs remember of them
 *
 * Mirrors:  mm/mmap.c, mm/memory.c (tables), mm/rmap.c, Linux 6.1.
 * Never:    allocates a frame (the caller brings the frame of a new page table), waits, or does
 *           I/O.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include "space/mm.h"
#include "space/mmu.h"
#include "space/pagetable.h"
#include "space/pte.h"
#include "space/rmap.h"
#include "space/vma.h"

void space_init(struct space *s, struct frames *frames);

/* Frees whatever is left, mapped or not: the machine goes as a whole. */
void space_done(struct space *s);

/* Of every address space: vma_check, pagetable_check, and rss_* and swapents equal a recount of the
 * entries, which all lie in vmas. Of the machine: anon_vma_check, and the mapcount of every mapped
 * frame equals a recount. Expensive. */
void space_check(struct space *s);

#endif
