/* dirty.c - thresholds, shares and the position ratio; how long and how often writers pause. See
 * dirty.h.
 *
 * Percentages are taken in 1/4096 (as 20 * 4096 / 100), as the kernel does: a threshold is the
 * kernel's to the page. */
#include "balance/dirty.h"

/* --- thresholds ------------------------------------------------------------------------------- */
/* A limit in bytes, for a group: as large a part of its memory as it is of the machine's. */
static u64 bytes_ratio(u64 bytes, u64 global_avail)
{
    return MIN(DIV_ROUND_UP(bytes, MAX(global_avail, (u64)1)), (u64)PAGE_SIZE);
}

static u64 threshold(u64 percent, u64 bytes, u64 global_avail, u64 avail)
{
    u64 ratio = percent * PAGE_SIZE / 100;

    if (bytes && !global_avail)
        return DIV_ROUND_UP(bytes, (u64)PAGE_SIZE);
    if (bytes)
        ratio = bytes_ratio(bytes, global_avail);
    return ratio * avail / PAGE_SIZE;
}

void domain_dirty_limits(const struct tunables *tunables, u64 global_avail,
                         struct dirty_control *dc)
{
    dc->thresh = threshold(tunables->dirty_ratio, tunables->dirty_bytes, global_avail, dc->avail);
    dc->bg_thresh = threshold(tunables->dirty_background_ratio, tunables->dirty_background_bytes,
                              global_avail, dc->avail);
    if (dc->bg_thresh >= dc->thresh)
        dc->bg_thresh = dc->thresh / 2;
}

static u64 hard_limit(const struct dirty_control *dc)
{
    return MAX(dc->thresh, dc->domain->dirty_limit);
}

u64 wb_calc_thresh(struct dirty_control *dc, u64 thresh, ns_t now)
{
    u64 num, den;

    wb_domain_fraction(dc->domain, dc->completions, now, &num, &den);
    return thresh * num / den;
}

void wb_dirty_limits(struct dirty_control *dc, ns_t now)
{
    const u64 *stat = dc->wb->stat;

    dc->wb_thresh = wb_calc_thresh(dc, dc->thresh, now);
    dc->wb_dirty = stat[WB_RECLAIMABLE] + stat[WB_WRITEBACK];
}

/* --- the position ratio ----------------------------------------------------------------------- */
u64 pos_ratio_polynom(u64 setpoint, u64 dirty, u64 limit)
{
    s64 one = 1 << RATELIMIT_CALC_SHIFT;
    s64 x = ((s64)setpoint - (s64)dirty) * one / (s64)((limit - setpoint) | 1);
    s64 ratio = x;

    ratio = ratio * x >> RATELIMIT_CALC_SHIFT;
    ratio = ratio * x >> RATELIMIT_CALC_SHIFT;
    return (u64)CLAMP(ratio + one, 0, 2 * one);
}

void wb_position_ratio(struct dirty_control *dc)
{
    u64 limit = hard_limit(dc), thresh = dc->thresh, dirty = dc->wb_dirty;
    u64 setpoint = (dirty_freerun(thresh, dc->bg_thresh) + limit) / 2;
    u64 wb_thresh, wb_setpoint, span, share, end;

    dc->pos_ratio = 0;
    if (dc->dirty >= limit)
        return;
    dc->pos_ratio = pos_ratio_polynom(setpoint, dc->dirty, limit);
    /* A share near 0 may mean that the device was idle: then it gets room to show what it can
     * do. */
    wb_thresh = MAX(MIN(dc->wb_thresh, thresh), (limit - dc->dirty) / 8);
    share = (wb_thresh << 16) / (thresh | 1);
    wb_setpoint = setpoint * share >> 16;
    /* A line through 1 at the wb's setpoint; it reaches 0 `span` pages further, and ends at a
     * quarter. */
    span = (thresh - MIN(thresh, wb_thresh) + 8 * dc->wb->avg_write_bandwidth) * share >> 16;
    end = wb_setpoint + span;
    if (dirty < end - span / 4)
        dc->pos_ratio = dc->pos_ratio * (end - dirty) / ((end - wb_setpoint) | 1);
    else
        dc->pos_ratio /= 4;
    /* With little to write the device would run idle: more, whatever the others have. */
    end = wb_thresh / 2;
    if (dirty < end) {
        if (dirty > end / 8)
            dc->pos_ratio = dc->pos_ratio * end / dirty;
        else
            dc->pos_ratio *= 8;
    }
}

/* --- pauses ----------------------------------------------------------------------------------- */
u64 dirty_poll_interval(u64 dirty, u64 thresh)
{
    return thresh > dirty ? (u64)1 << (log2_floor(thresh - dirty) >> 1) : 1;
}

u64 wb_max_pause(const struct bdi_writeback *wb, u64 wb_dirty)
{
    /* An eighth of the time that the device needs for what is dirty. 32: an eighth of a second in
     * jiffies, rounded up. */
    u64 t = wb_dirty / (1 + wb->avg_write_bandwidth / 32) + 1;

    return MIN(t, (u64)MAX_PAUSE);
}

u64 wb_min_pause(const struct bdi_writeback *wb, u64 max_pause, u64 task_ratelimit,
                 u64 dirty_ratelimit, u64 *ret_nr_dirtied_pause)
{
    const u64 second = 256; /* HZ, rounded up to a power of two */
    unsigned hi = log2_floor(MAX(wb->avg_write_bandwidth, (u64)1));
    unsigned lo = log2_floor(MAX(wb->dirty_ratelimit, (u64)1));
    u64 t = HZ / 100; /* 10 ms for one writer, and 10 ms more each time their number doubles */
    u64 pages, pause;

    if (hi > lo)
        t += (hi - lo) * (10 * HZ) / 1024;
    t = MIN(t, 1 + max_pause / 2);
    pages = dirty_ratelimit * t / second;
    if (pages < DIRTY_POLL_THRESH) { /* too small steps: pause longer instead */
        t = max_pause;
        pages = dirty_ratelimit * t / second;
        if (pages > DIRTY_POLL_THRESH) {
            pages = DIRTY_POLL_THRESH;
            t = HZ * DIRTY_POLL_THRESH / dirty_ratelimit;
        }
    }
    pause = HZ * pages / (task_ratelimit + 1);
    if (pause > max_pause) {
        t = max_pause;
        pages = task_ratelimit * t / second;
    }
    *ret_nr_dirtied_pause = pages;
    return pages >= DIRTY_POLL_THRESH ? 1 + t / 2 : t;
}
