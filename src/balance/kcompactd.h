/* kcompactd.h - compaction ahead of need: the daemon of each node.
 *
 * Mirrors: mm/compaction.c (kcompactd, kcompactd_do_work, wakeup_kcompactd,
 *          proactive_compact_node), Linux 6.1. system/daemon.c runs it while it is awake, and lets
 *          it look every 500 ms whether the node is fragmented.
 */
#ifndef BALANCE_KCOMPACTD_H
#define BALANCE_KCOMPACTD_H

#include "reclaim/mem.h"

/* Somebody needs a block of this order, or needed one that kswapd could not make. Nothing happens
 * unless compaction could help. */
void kcompactd_wake(struct mem *mem, struct pgdat *pgdat, unsigned order, enum zone_type highest);
/* What it was woken for.   pre: awake */
void kcompactd_step(struct mem *mem, struct pgdat *pgdat);
/* When its turn has come (kcompactd.look_at): compacts a node that is fragmented, and says when to
 * look again. */
void kcompactd_look(struct mem *mem, struct pgdat *pgdat);

/* compact_memory, or `compact` of a node: everything that can be. */
void compact_node(struct mem *mem, struct pgdat *pgdat);

#endif
