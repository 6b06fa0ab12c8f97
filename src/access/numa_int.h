/* numa_int.h - between the files of NUMA balancing. */
#ifndef ACCESS_NUMA_INT_H
#define ACCESS_NUMA_INT_H

#include "access/access_int.h"
#include "access/numa.h"

static inline bool node_is_toptier(const struct mem *mem, unsigned nid)
{
    return !node_is_slow(&mem->frames->topology, nid);
}

/* Are pages of this node looked at? Those of fast memory only where tasks are to have theirs near,
 * not for the tiers' sake. */
static inline bool numa_node_is_looked_at(const struct mem *mem, unsigned nid)
{
    return mem->tunables->numa_balancing & NUMA_BALANCING_NORMAL || !node_is_toptier(mem, nid);
}

/* numa_scan.c: shortest and longest time between two scans of a task, in ms of its CPU time. */
u32 numa_scan_period_min(const struct mem *mem, const struct mm *mm);
u32 numa_scan_period_max(const struct mem *mem, const struct mm *mm);

/* numa_promote.c */
/* The page of slow memory has its hint entry from now on. */
void numa_stamp(struct mem *mem, pfn_t pfn);
/* Is it to move up to this node? The fault that asks is its use.   pre:
 * NUMA_BALANCING_MEMORY_TIERING, the page is on slow memory */
bool numa_promotes(struct mem *mem, unsigned to, pfn_t pfn, u64 pages);

#endif
