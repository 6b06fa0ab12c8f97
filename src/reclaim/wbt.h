/* wbt.h - how many requests for writes a device takes from those that write back, so that reads do
 * not wait.
 *
 * Mirrors: block/blk-wbt.c, block/blk-rq-qos.c (rq_depth), Linux 6.1: a depth that halves after
 *          each window of time in which even the fastest read took longer than the target, and
 *          grows again after others. Reclaim may have half of it in flight, a quarter while
 *          somebody reads, kswapd all.
 * Differs: a window ends when somebody asks, not by a timer; requests count in the window in which
 * they start.
 */
#ifndef RECLAIM_WBT_H
#define RECLAIM_WBT_H

#include "machine/clock.h"
#include "machine/device.h"

struct wbt {
    const struct device_profile *profile;
    int scale_step;          /* > 0: less than the default */
    bool scaled_max;         /* no deeper */
    u32 unknown;             /* windows in a row that told nothing */
    ns_t win_start, win_end; /* 0: no window is open */
    ns_t read_min;           /* the fastest read that started in it, NS_NEVER: none did */
    u32 writes;              /* that started in it */
    ns_t last_read;
};

enum wbt_who { WBT_RECLAIM, WBT_KSWAPD };

void wbt_init(struct wbt *w, const struct device_profile *p);
/* A read starts and will be done at `done`. */
void wbt_read(struct wbt *w, ns_t now, ns_t done, u64 in_flight);
/* A write starts. */
void wbt_write(struct wbt *w);
/* Requests that `who` may have in flight now, in_flight being there. */
u32 wbt_limit(struct wbt *w, enum wbt_who who, ns_t now, u64 in_flight);

#endif
