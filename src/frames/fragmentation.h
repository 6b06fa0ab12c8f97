/* fragmentation.h - how well the free memory of a zone serves requests of an order.
 *
 * Mirrors: mm/vmstat.c (fill_contig_page_info, fragmentation_index, unusable_free_index,
 *          extfrag_for_order), mm/compaction.c (compaction_suitable), Linux 6.1.
 * Never:   counts the pages of per-CPU lists: they are in no block.
 */
#ifndef FRAMES_FRAGMENTATION_H
#define FRAMES_FRAGMENTATION_H

#include "frames/zone.h"

#define COMPACT_ALL (-1) /* the order of a run for no request: the whole zone */
#define PAGE_ALLOC_COSTLY_ORDER \
    3u /* above, an allocation may fail rather than have somebody killed */

/* What compaction of a zone could do or did, as Linux orders it: of several zones the largest says
 * how the request went. */
enum compact_result {
    /* too little free memory to move pages to, or that is short rather than in pieces */
    COMPACTION_SKIPPED,
    COMPACTION_DEFERRED,        /* it failed of late */
    COMPACTION_CONTINUE,        /* worth trying; inside a run: go on */
    COMPACTION_COMPLETE,        /* the whole zone, in vain */
    COMPACTION_PARTIAL_SKIPPED, /* the scanners met, but had not begun at the ends */
    COMPACTION_CONTENDED,       /* no place to move pages to */
    COMPACTION_SUCCESS,         /* such a block is free */
};

/* Why a request of this order fails, in thousandths: towards 0 for want of memory, towards 1000
 * because what is free is in pieces. -1000: it does not fail.   pre: order < ORDER_MAX */
s32 zone_fragmentation_index(const struct zone *z, unsigned order);
/* Thousandths of the free memory that such a request cannot use. */
u32 zone_unusable_index(const struct zone *z, unsigned order);
/* The same in percent, rounded down, and 0 when nothing is free: the score by which proactive
 * compaction goes. */
u32 zone_external_fragmentation(const struct zone *z, unsigned order);

/* May a request for mt, which finds no block of its own type, take over a pageblock for a block of
 * this order (find_suitable_fallback with only_stealable)? */
bool zone_has_stealable(const struct zone *z, unsigned order, enum migratetype mt);

/* Is there anything for compaction to do? COMPACTION_SUCCESS: no, such a block can be had;
 * COMPACTION_SKIPPED: it would be of no use; COMPACTION_CONTINUE: yes. threshold:
 * vm.extfrag_threshold.   pre: order < ORDER_MAX or COMPACT_ALL */
enum compact_result compaction_suitable(const struct zone *z, int order, u32 alloc_flags,
                                        enum zone_type highest, s32 threshold);
/* The same, whatever the index says, if `free` pages were free. (__compaction_suitable) */
enum compact_result compaction_suitable_with(const struct zone *z, int order, u32 alloc_flags,
                                             enum zone_type highest, u64 free);
/* Pages that compaction for this order needs to move things around (compact_gap). */
static inline u64 compact_gap(unsigned order)
{
    return (u64)2 << order;
}

#endif
