/* economy.h - all memory of a machine, divided by what it would cost to get it back.
 *
 * The parts are in that order, from what cannot be had back to what is free, and add up to
 * MemTotal. Each byte is in one part:
 *
 *   kernel       what is left when all other parts are known: stacks, per-CPU data, vmalloc,
 *                drivers, what nobody counts
 *   page tables  PageTables + SecPageTables
 *   slab         Slab, reclaimable and not
 *   huge         reserved huge pages (hugetlb), used or not; transparent ones are anonymous, shared
 *                or file memory
 *   compressed   what zswap and zram hold of swapped-out pages
 *   pinned       of AnonPages, what devices or io_uring work on: it goes nowhere
 *   anonymous    AnonPages but for that
 *   shmem        Shmem: tmpfs and shared memory
 *   dirty        file pages to be written first: Dirty + Writeback
 *   mapped       file pages that programs map. Linux counts mapped shared memory along with them,
 *                so this is at most
 *   cache        all other file pages: Cached + Buffers without Shmem, dirty and mapped
 *   free         MemFree
 */
#ifndef TOP_ECONOMY_H
#define TOP_ECONOMY_H

#include "observe/snapshot.h"

enum use {
    USE_KERNEL,
    USE_PAGE_TABLES,
    USE_SLAB,
    USE_COMPRESSED,
    USE_PINNED,
    USE_HUGE,
    USE_ANON,
    USE_SHMEM,
    USE_DIRTY,
    USE_MAPPED,
    USE_CACHE,
    USE_FREE,
    NR_USES
};

/* What it takes to get memory of a use back. */
enum use_cost {
    USE_COST_FIXED,
    USE_COST_PINNED, /* its program has to let go */
    USE_COST_POOL,   /* nr_hugepages takes it, and gives back what is not in use */
    USE_COST_SWAP,
    USE_COST_WRITE,
    USE_COST_READ,
    USE_COST_NONE,
    NR_USE_COSTS
};

struct use_info {
    const char *name;
    char letter;
    enum use_cost cost;
    const char *help;
};
extern const struct use_info use_info[NR_USES];

struct economy {
    bool is_known; /* the total, and what is free of it */
    u64 total, available, swap_total, swap_used;
    u64 bytes[NR_USES]; /* UNKNOWN: not measurable, and then part of kernel */
};

void economy_compute(struct economy *e, const struct snapshot *s);

/* The same of one group. Its total is its limit, and free what is left to that; without a limit
 * both are what it has. What memory.stat does not name (per-CPU data, sockets, what is charged
 * ahead) is kernel. */
void economy_compute_group(struct economy *e, const struct snapshot *s,
                           const struct cgroup_view *g);

#endif
