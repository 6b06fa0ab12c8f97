/* compact.h - large free blocks made by moving pages: one run of compaction over one zone.
 *
 *     zone   [ used . used used | . used used . |  ...  | . . used . | . . . . ]
 *              migration scanner -->                       <-- free scanner
 *              takes pages off their lists                 takes free pages of movable blocks
 *                       |                                          ^
 *                       +---------------- moved -------------------+            until a block is large enough, or they meet
 *
 * Mirrors:    mm/compaction.c, Linux 6.1: compact_zone, the deferral of what failed of late, skip
 *             hints of pageblocks, cached positions, the searches of free lists
 *             (fast_find_migrateblock, fast_isolate_freepages).
 * Differs:    no capture of a block at the moment it is free: the allocation takes it from the
 *             lists afterwards. Large folios are passed over, as there. Pages of zsmalloc and the
 *             balloon stay where they are.
 * Owns:       zone.compaction and the skip hints; frames of kind FRAME_ISOLATED, for the time of a
 *             run.
 * Never:      decides when to run (balance/), waits.
 * Invariants: no frame is isolated between two runs (frame_check).
 * Counters:   compact_migrate_scanned, compact_free_scanned, compact_isolated, and those of
 *             migrate.h.
 */
#ifndef COMPACT_COMPACT_H
#define COMPACT_COMPACT_H

#include "compact/migrate.h"
#include "frames/fragmentation.h"

#define COMPACT_CLUSTER_MAX 32u

/* What the caller wants (struct compact_control). */
struct compact_request {
    struct zone *zone;
    int order; /* or COMPACT_ALL */
    enum migratetype mt;
    enum migrate_mode mode;
    u32 alloc_flags;        /* the watermark of the allocation and how far it may go below it */
    enum zone_type highest; /* the highest zone that helps it */
    bool direct;            /* by the task that needs the block */
    bool whole_zone, ignore_skip_hint, ignore_block_suitable;
    bool no_fs;     /* pages of files stay: the caller may hold locks of a file system */
    bool proactive; /* until the zone's score is below the mark, or kswapd has work */
};

/* One run. */
enum compact_result compact_zone(struct mem *mem, const struct compact_request *req);

/* Put off what failed: the next 1 << defer_shift attempts at that order. */
void compaction_defer(struct zone *z, unsigned order);
bool compaction_is_deferred(struct zone *z, unsigned order);
/* A block of that order can be had; `allocated`: and was. */
void compaction_defer_reset(struct zone *z, unsigned order, bool allocated);

/* kswapd goes to sleep: forget the hints of zones that were gone through without success. */
void compact_reset_skip_hints(struct mem *mem, const struct pgdat *pgdat);

/* The fragmentation score of a node, 0..100, and the marks between which proactive compaction keeps
 * it: it begins above the upper one and ends at the lower. */
u32 compact_score(const struct pgdat *pgdat);
u32 compact_score_mark(const struct mem *mem, bool low);

#endif
