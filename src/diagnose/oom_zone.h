/* oom_zone.h - one zone of a report beside the allocation that failed: what it holds back from it,
 * and which of its free blocks are of use.
 *
 * Mirrors: mm/page_alloc.c (gfp_zone, __zone_watermark_ok, __zone_watermark_unusable_free), 6.1,
 *          and the check of kernels before 4.4, which asked for free memory in blocks of the size
 *          and more.
 */
#ifndef DIAGNOSE_OOM_ZONE_H
#define DIAGNOSE_OOM_ZONE_H

#include "diagnose/oom_facts.h"

enum zone_rank { RANK_DMA, RANK_DMA32, RANK_NORMAL, RANK_HIGHMEM, RANK_MOVABLE, RANK_DEVICE };

#define GFP_BIT_DMA     0x01u
#define GFP_BIT_HIGHMEM 0x02u
#define GFP_BIT_DMA32   0x04u
#define GFP_BIT_MOVABLE 0x08u
#define GFP_BIT_HIGH    0x20u
#define GFP_BIT_WAIT    0x10u /* until 4.3 */

enum zone_rank oom_zone_rank(const char *zone);

/* The highest zone that the allocation may use. */
enum zone_rank oom_highest_zone(const struct oom_report *r);

bool oom_release_before(const char *release, unsigned major, unsigned minor);
bool oom_is_atomic(const struct oom_report *r);

/* The reserve of this zone against allocations that could have come from `top`; bytes. */
u64 oom_lowmem_reserve(const struct oom_report *r, const struct oom_zone *z, enum zone_rank top);

/* What must stay free of a zone, as its watermark check has it (min is what the log shows, with the
 * boost); bytes. */
u64 oom_held_back(const struct oom_facts *f, const struct oom_zone *z, enum zone_rank top);
/* Bytes of that which are kept for atomic allocations of higher orders (MIGRATE_HIGHATOMIC); 0 for
 * such an allocation. */
u64 oom_highatomic(const struct oom_facts *f, const struct oom_zone *z);

/* The largest free block whose migrate type this allocation may take; 0: none. `ret_kept`: the
 * largest that it may not, and `ret_by` whose that is (KEPT_*). */
u64 oom_zone_block(const struct oom_facts *f, const struct oom_zone *z, u64 *ret_kept,
                   enum oom_kept *ret_by);

/* Would a kernel before 4.4 refuse a block here, although one is free: too little is free in blocks
 * of that size and more? */
bool oom_zone_order_refuses(const struct oom_facts *f, const struct oom_zone *z);

#endif
