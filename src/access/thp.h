/* thp.h - which memory may be in huge pages.
 *
 * Mirrors: mm/huge_memory.c (hugepage_vma_check, transhuge_vma_suitable), Linux 6.1; shared memory
 * and files are never huge. */
#ifndef ACCESS_THP_H
#define ACCESS_THP_H

#include "reclaim/thp.h"

/* Does the huge page at base lie in the mapping? */
bool thp_range_fits(const struct vma *vma, vpn_t base);
/* Do kind, advice and settings allow huge pages there? */
bool thp_vma_enabled(const struct mem *mem, const struct vma *vma);
/* The same of a mapping that is large enough for one (THPeligible of smaps). */
bool thp_vma_eligible(const struct mem *mem, const struct vma *vma);
/* May its small pages be collapsed? settings: only where transparent_hugepage/enabled allows it;
 * MADV_COLLAPSE does not ask. */
bool thp_vma_collapsible(const struct mem *mem, const struct vma *vma, bool settings);

#endif
