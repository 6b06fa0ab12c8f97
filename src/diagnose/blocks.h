/* blocks.h - free memory by the size of its blocks, for rules about what needs neighbouring
 * frames. */
#ifndef DIAGNOSE_BLOCKS_H
#define DIAGNOSE_BLOCKS_H

#include "diagnose/rule.h"

/* A huge page of x86 and arm64 with 4 KiB pages. */
#define LARGE_ORDER       9
/* extfrag_index from which on the kernel compacts rather than reclaims (vm.extfrag_threshold as it
 * is by default), in thousandths. */
#define EXTFRAG_IN_PIECES 500

struct free_blocks {
    u64 pages; /* free, in all zones but DMA */
    u64 large; /* ... in blocks of LARGE_ORDER and more */
    /* Of the zone with most free memory; thousandths, EXTFRAG_FREE, UNKNOWN. */
    u64 extfrag;
    /* Pageblocks that are the kernel's (Unmovable, Reclaimable), percent of all; NAN where
     * /proc/pagetypeinfo is not told. */
    double kernel_share;
    const char *where; /* "/proc/buddyinfo" */
};

/* False when nothing says how large free blocks are. */
bool free_blocks_sum(const struct snapshot *s, struct free_blocks *ret);

/* Bytes of them on one node that can be had: above the low watermarks of its zones. UNKNOWN. */
u64 free_blocks_on(const struct snapshot *s, u32 node);

/* Evidence for the finding added last: the index, and whose the pageblocks are. */
void free_blocks_evidence(struct rule_context *c, const struct free_blocks *b);

#endif
