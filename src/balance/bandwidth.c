/* bandwidth.c - what a device writes and what its writers dirty, measured every 200 ms.
 *
 *   write_bandwidth      pages written, a moving mean over 4 s; avg_write_bandwidth follows it, but
 *                        not its spikes
 *   dirty_ratelimit what each writer may dirty: (rate now) x (written / dirtied) is the rate at
 *                        which N writers together dirty what the device writes, without knowing N.
 *                        It is approached by an eighth of the way a step, and only when the last
 *                        two estimates and the rate that the position asks for agree on the
 *                        direction.
 *   domain.dirty_limit goes up with the threshold at once and comes down by 1/32 a step, so that
 *                        writers are not stopped dead when memory becomes scarce
 *
 * Mirrors __wb_update_bandwidth() and below of mm/page-writeback.c, Linux 6.1. */
#include "balance/dirty.h"

bool wb_bandwidth_is_due(const struct bdi_writeback *wb, u64 jiffies)
{
    return wb->bw_time_stamp + BANDWIDTH_INTERVAL < jiffies;
}

void wb_bandwidth_estimate_start(struct bdi_writeback *wb, u64 jiffies)
{
    if (jiffies - wb->bw_time_stamp <= HZ || wb->nr_inodes_writeback)
        return;
    wb->bw_time_stamp = jiffies;
    wb->dirtied_stamp = wb->stat[WB_DIRTIED];
    wb->written_stamp = wb->stat[WB_WRITTEN];
}

static void update_write_bandwidth(struct bdi_writeback *wb, u64 elapsed)
{
    u64 avg = wb->avg_write_bandwidth, old = wb->write_bandwidth;
    u64 bw = (wb->stat[WB_WRITTEN] - wb->written_stamp) * HZ;

    if (elapsed > BANDWIDTH_PERIOD) {
        bw /= elapsed;
        avg = bw;
    } else {
        bw = (bw + old * (BANDWIDTH_PERIOD - elapsed)) / BANDWIDTH_PERIOD;
        if (avg > old && old >= bw)
            avg -= (avg - old) >> 3;
        if (avg < old && old <= bw)
            avg += (old - avg) >> 3;
    }
    wb->write_bandwidth = bw;
    wb->avg_write_bandwidth = MAX(avg, (u64)1);
}

static void update_dirty_limit(const struct dirty_control *dc, u64 jiffies)
{
    struct wb_domain *d = dc->domain;
    u64 low = MAX(dc->thresh, dc->dirty);

    if (jiffies < d->dirty_limit_tstamp + BANDWIDTH_INTERVAL)
        return;
    d->dirty_limit_tstamp = jiffies;
    if (d->dirty_limit < dc->thresh)
        d->dirty_limit = dc->thresh;
    else if (d->dirty_limit > low)
        d->dirty_limit -= (d->dirty_limit - low) >> 5;
}

/* How far to go towards the balanced rate, or 0. */
static u64 ratelimit_step(u64 rate, u64 old_balanced, u64 balanced, u64 task_rate, bool below)
{
    u64 least = MIN(MIN(old_balanced, balanced), task_rate);
    u64 most = MAX(MAX(old_balanced, balanced), task_rate);
    u64 step = 0, shift;

    if (below)
        step = rate < least ? least - rate : 0;
    else
        step = rate > most ? rate - most : 0;
    shift = rate / (2 * step + 1); /* close to the goal: slower, or it would tremble */
    return shift < 64 ? DIV_ROUND_UP(step >> shift, 8) : 0;
}

static void update_dirty_ratelimit(const struct dirty_control *dc, u64 elapsed)
{
    struct bdi_writeback *wb = dc->wb;
    u64 limit = MAX(dc->thresh, dc->domain->dirty_limit);
    u64 setpoint = (dirty_freerun(dc->thresh, dc->bg_thresh) + limit) / 2;
    u64 rate = wb->dirty_ratelimit;
    u64 dirtied = (wb->stat[WB_DIRTIED] - wb->dirtied_stamp) * HZ / elapsed;
    u64 task_rate = (rate * dc->pos_ratio >> RATELIMIT_CALC_SHIFT) + 1;
    u64 balanced =
        MIN(task_rate * wb->avg_write_bandwidth / (dirtied | 1), wb->avg_write_bandwidth);
    u64 step = ratelimit_step(rate, wb->balanced_dirty_ratelimit, balanced, task_rate,
                              dc->dirty < setpoint);

    if (rate < balanced)
        rate += step;
    else
        rate -= MIN(rate, step);
    wb->dirty_ratelimit = MAX(rate, (u64)1);
    wb->balanced_dirty_ratelimit = balanced;
}

void wb_update_bandwidth(struct bdi_writeback *wb, struct dirty_control *dc,
                         struct dirty_control *mdc, u64 jiffies)
{
    u64 elapsed = MAX(jiffies - wb->bw_time_stamp, (u64)1);

    if (dc) {
        update_dirty_limit(dc, jiffies);
        update_dirty_ratelimit(dc, elapsed);
    }
    if (mdc) {
        update_dirty_limit(mdc, jiffies);
        update_dirty_ratelimit(mdc, elapsed);
    }
    update_write_bandwidth(wb, elapsed);
    wb->dirtied_stamp = wb->stat[WB_DIRTIED];
    wb->written_stamp = wb->stat[WB_WRITTEN];
    wb->bw_time_stamp = jiffies;
}
