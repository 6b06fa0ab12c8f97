/* balance_int.h - between the files of balance/. */
#ifndef BALANCE_BALANCE_INT_H
#define BALANCE_BALANCE_INT_H

#include "balance/balance.h"

#define MAX_RECLAIM_RETRIES 16u

/* Scan with rising priority until sc->nr_to_reclaim pages are free, a pause is due (sc->throttle) or nothing is left to try. Returns the
 * pages freed. Mirrors do_try_to_free_pages(). */
u64 try_to_free(struct pgdat *pg, struct scan_control *sc);
/* On behalf of a group's limit: try_to_free_mem_cgroup_pages(). */
u64 try_to_free_group(struct pgdat *pg, struct group *target, u64 nr, enum throttle *ret_throttle);
/* The pause for nr_pages charged by a group that is `overage` (20 bits of fraction) over its memory.high. */
u64 high_delay_jiffies(u64 overage, u64 nr_pages);
/* Reclaim made no progress: is there I/O under `target` (NULL: anywhere) whose completion will change that? Starts the flusher when dirty
 * pages are in the way. True: wait as *ret_wait says. */
bool wait_for_writeback(struct pgdat *pg, struct group *target, struct wait *ret_wait);

#endif
