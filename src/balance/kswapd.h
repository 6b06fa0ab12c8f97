/* kswapd.h - reclaim ahead of need: the daemon of each node.
 *
 * Mirrors: mm/vmscan.c (balance_pgdat, kswapd, wakeup_kswapd), Linux 6.1. system/daemon.c runs it
 * while it is awake.
 */
#ifndef BALANCE_KSWAPD_H
#define BALANCE_KSWAPD_H

#include "reclaim/mem.h"

/* A node's kswapd: one round of balance_pgdat. False when it may sleep. *ret_wait set when it
 * should pause. */
bool kswapd_step(struct mem *mem, struct pgdat *pgdat, struct wait *ret_wait);
void kswapd_wake(struct mem *mem, struct pgdat *pgdat, unsigned order, enum zone_type highest);
/* wake_all_kswapds(): of every node that the allocation may use and that is not balanced.
 * `no_direct`: the allocation will not compact by itself; where kswapd has nothing to do or gave
 * up, kcompactd is woken for it. */
void kswapd_wake_all(struct mem *mem, struct alloc_nodes nodes, unsigned order,
                     enum zone_type highest, bool no_direct);
/* Of the nodes whose watermarks were raised: takes note of frames.boosted. */
void kswapd_wake_boosted(struct mem *mem, unsigned order, enum zone_type highest);
/* It gave up: a run after another freed nothing (all_unreclaimable). */
bool kswapd_is_hopeless(const struct pgdat *pgdat);

#endif
