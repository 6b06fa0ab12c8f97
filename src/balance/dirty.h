/* dirty.h - how much may be dirty, and how fast a writer may dirty it: the control law of
 * writeback.
 *
 *     pages    0 ............ freerun ......... setpoint ......... limit
 *     writers    never wait   |  faster than the device writes  |  slower  |  stop
 *
 *             freerun  halfway between the background and the dirty threshold
 *             limit    the dirty threshold, which comes down slowly when memory does
 *             setpoint halfway between the two: where dirty pages settle
 *
 *             A writer's rate is the wb's base rate (dirty_ratelimit, which follows the device's bandwidth divided by the number of
 *             writers) times the position ratio: 2 at freerun, 1 at the setpoint, 0 at the limit, a cubic in between. The ratio is
 *             scaled by how far the wb is from its own share of the threshold, which is its share of all completions.
 *
 * Mirrors:    mm/page-writeback.c, Linux 6.1: domain_dirty_limits, wb_position_ratio,
 *             wb_update_dirty_ratelimit, wb_update_write_bandwidth, wb_max_pause, wb_min_pause.
 *             Integer arithmetic as there; units are pages, jiffies of 1/HZ s, pages per second,
 *             and ratios in 1/1024.
 * Differs:    no strict limits, no minimum or maximum share of a device, no real-time tasks.
 * Never:      waits; reads any state but its arguments'.
 */
#ifndef BALANCE_DIRTY_H
#define BALANCE_DIRTY_H

#include "backing/bdi.h"
#include "reclaim/mem.h"

#define RATELIMIT_CALC_SHIFT 10u
#define DIRTY_POLL_THRESH    (128u >> (PAGE_SHIFT - 10)) /* pages */
#define MAX_PAUSE            (HZ / 5)
#define BANDWIDTH_INTERVAL   (HZ / 5)
#define BANDWIDTH_PERIOD     1024u /* 3 s in jiffies, rounded up to a power of two */

/* Dirty pages of one domain, seen from one wb (struct dirty_throttle_control). */
struct dirty_control {
    struct wb_domain *domain;
    struct bdi_writeback *wb;
    struct fprop_local *completions; /* of wb in the domain */
    u64 avail;                       /* pages that could be dirty */
    u64 dirty;                       /* that are, or are being written */
    u64 thresh, bg_thresh;
    u64 wb_dirty, wb_thresh; /* of the wb alone */
    u64 pos_ratio;
};

/* The two thresholds, from dc->avail. global_avail: what `avail` is for the machine, when dc is a
 * group's; 0 when it is the machine's. */
void domain_dirty_limits(const struct tunables *tunables, u64 global_avail,
                         struct dirty_control *dc);
static inline u64 dirty_freerun(u64 thresh, u64 bg_thresh)
{
    return (thresh + bg_thresh) / 2;
}
/* The wb's part of `thresh`: its share of what the domain has written of late. */
u64 wb_calc_thresh(struct dirty_control *dc, u64 thresh, ns_t now);
/* wb_thresh and wb_dirty. */
void wb_dirty_limits(struct dirty_control *dc, ns_t now);
/* pos_ratio, in 1/1024.   pre: wb_dirty_limits() */
void wb_position_ratio(struct dirty_control *dc);
/* 1024 * (1 + ((setpoint - dirty) / (limit - setpoint))^3), between 0 and 2048. */
u64 pos_ratio_polynom(u64 setpoint, u64 dirty, u64 limit);

/* Pages that may be dirtied before the next look, when `dirty` is below thresh. */
u64 dirty_poll_interval(u64 dirty, u64 thresh);
/* The longest pause of a writer, in jiffies, such that the device does not run dry. */
u64 wb_max_pause(const struct bdi_writeback *wb, u64 wb_dirty);
/* The shortest, and the pages to dirty until the next. */
u64 wb_min_pause(const struct bdi_writeback *wb, u64 max_pause, u64 task_ratelimit,
                 u64 dirty_ratelimit, u64 *ret_nr_dirtied_pause);

/* Take stock of what was written and dirtied since the last time. With dc (and mdc, NULL: none) the
 * base rate is adapted, too. */
void wb_update_bandwidth(struct bdi_writeback *wb, struct dirty_control *dc,
                         struct dirty_control *mdc, u64 jiffies);
/* Is it time? */
bool wb_bandwidth_is_due(const struct bdi_writeback *wb, u64 jiffies);
/* Writing begins after a pause, which says nothing about the device. */
void wb_bandwidth_estimate_start(struct bdi_writeback *wb, u64 jiffies);

#endif
