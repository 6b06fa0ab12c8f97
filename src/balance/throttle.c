/* throttle.c - a task that dirties pages pauses in time, so that writing keeps up.
 *
 *   page dirtied --> every nr_dirtied_pause pages of the task (or ratelimit_pages of the CPU): look
 *                      below freerun of machine and group go on; look again the later, the more
 *                      room there is else rate = base rate x position ratio, of the machine's or
 *                      the group's domain: the one that is tighter
 *                            pages / rate - time since the last pause  = the pause due
 *                              too short to be worth it: taken into account the next time
 *                              else sleep, 200 ms at most; at a rate of 0 look again after it
 *
 * Mirrors balance_dirty_pages(), balance_dirty_pages_ratelimited() of mm/page-writeback.c,
 * mem_cgroup_wb_stats() of mm/memcontrol.c, Linux 6.1. */
#include "balance/writeback.h"
#include "balance/writeback_int.h"
#include "reclaim/io.h"

#define RATELIMIT_PAGES_MIN 16u
#define WB_STAT_ERROR       8u /* WB_STAT_BATCH: pages that do not count; on one CPU */
#define EXCEEDED_RATELIMIT \
    (32u >> (PAGE_SHIFT - 10)) /* pages between looks while the wb is over its share */

/* --- what could be dirty and what is ---------------------------------------------------------- */
static u64 dirtyable(const struct mem *mem)
{
    const struct group *root = mem->groups->root;
    u64 free = frames_count_free(mem->frames);

    free -= MIN(free, mem->frames->totalreserve_pages);
    return free + group_lru_size(mem->groups, root, LRU_INACTIVE_FILE) +
           group_lru_size(mem->groups, root, LRU_ACTIVE_FILE) + 1;
}

static u64 positive(s64 n)
{
    return n > 0 ? (u64)n : 0;
}

/* What the group could still be charged, as far as limits above it go. */
static u64 headroom(const struct group *g)
{
    u64 room = PAGE_COUNTER_MAX;

    for (; g->parent; g = g->parent) {
        u64 ceiling = MIN(g->memory.max, g->memory.high);

        room = MIN(room, ceiling - MIN(ceiling, g->memory.usage));
    }
    return room;
}

/* The group's file pages, and what it can take: not more than there is clean elsewhere. */
static void group_control(struct mem *mem, const struct dirty_control *gdc, struct group *g,
                          bool background, struct dirty_control *mdc)
{
    u64 file = group_lru_size(mem->groups, g, LRU_INACTIVE_FILE) +
               group_lru_size(mem->groups, g, LRU_ACTIVE_FILE);
    u64 writeback = positive(group_counter(g, NR_WRITEBACK)), clean, others;

    mdc->dirty = positive(group_counter(g, NR_DIRTY)) + writeback;
    clean = file - MIN(file, mdc->dirty);
    others = gdc->avail - MIN(gdc->avail, gdc->dirty);
    others -= MIN(others, clean);
    mdc->avail = file + MIN(headroom(g), others);
    if (background)
        mdc->dirty -= writeback;
    domain_dirty_limits(mem->tunables, gdc->avail, mdc);
}

static void global_control(const struct mem *mem, bool background, struct dirty_control *gdc)
{
    gdc->avail = dirtyable(mem);
    gdc->dirty = positive(mem->counters->v[NR_DIRTY]);
    if (!background)
        gdc->dirty += positive(mem->counters->v[NR_WRITEBACK]);
    domain_dirty_limits(mem->tunables, 0, gdc);
}

bool dirty_controls(struct mem *mem, struct bdi_writeback *wb, bool background,
                    struct dirty_control *ret_gdc, struct dirty_control *ret_mdc)
{
    struct group *g = group_get(mem->groups, wb->memcg);

    *ret_gdc = (struct dirty_control){
        .domain = &mem->backing->domain, .wb = wb, .completions = &wb->completions};
    global_control(mem, background, ret_gdc);
    if (!g || !g->parent)
        return false;
    *ret_mdc = (struct dirty_control){.domain = wb_domain_of(mem->backing, wb->memcg),
                                      .wb = wb,
                                      .completions = &wb->memcg_completions};
    group_control(mem, ret_gdc, g, background, ret_mdc);
    return true;
}

void dirty_limits(const struct mem *mem, u64 *ret_background, u64 *ret_dirty)
{
    struct dirty_control gdc = {0};

    global_control(mem, false, &gdc);
    *ret_background = gdc.bg_thresh;
    *ret_dirty = gdc.thresh;
}

void writeback_set_ratelimit(struct mem *mem)
{
    u64 background, dirty;

    dirty_limits(mem, &background, &dirty);
    mem->backing->domain.dirty_limit = dirty;
    mem->ratelimit_pages = MAX(dirty / (mem->nr_cpus * 32), (u64)RATELIMIT_PAGES_MIN);
}

/* --- writers ---------------------------------------------------------------------------------- */
void dirtier_init(struct dirtier *d)
{
    *d = (struct dirtier){.nr_dirtied_pause = DIRTY_POLL_THRESH};
}

void dirtier_exit(struct mem *mem, struct dirtier *d)
{
    mem->dirty_cpus[mem->cpu].leaked += d->nr_dirtied;
    dirtier_init(d);
}

/* Enough pages since the last look, of the task or of its CPU? */
static bool is_due(struct mem *mem, struct dirtier *d, const struct bdi_writeback *wb)
{
    struct dirty_cpu *cpu = &mem->dirty_cpus[mem->cpu];
    u64 ratelimit = d->nr_dirtied_pause;

    if (wb->dirty_exceeded)
        ratelimit = MIN(ratelimit, (u64)EXCEEDED_RATELIMIT);
    if (d->nr_dirtied >= ratelimit) {
        cpu->dirtied = 0;
    } else if (cpu->dirtied >= mem->ratelimit_pages) {
        cpu->dirtied = 0;
        ratelimit = 0;
    }
    if (cpu->leaked && d->nr_dirtied < ratelimit) { /* answer for those who ended before they did */
        u64 nr = MIN(cpu->leaked, ratelimit - d->nr_dirtied);

        cpu->leaked -= nr;
        d->nr_dirtied += nr;
    }
    return d->nr_dirtied >= ratelimit;
}

static void run_free(struct dirtier *d, const struct dirty_control *gdc,
                     const struct dirty_control *mdc, u64 jiffies)
{
    u64 pause = dirty_poll_interval(gdc->dirty, gdc->thresh);

    if (mdc)
        pause = MIN(pause, dirty_poll_interval(mdc->dirty, mdc->thresh));
    d->paused_when = jiffies;
    d->nr_dirtied = 0;
    d->nr_dirtied_pause = pause;
}

static bool is_free(const struct dirty_control *dc)
{
    return !dc || dc->dirty <= dirty_freerun(dc->thresh, dc->bg_thresh);
}

static bool is_over(const struct dirty_control *dc)
{
    return dc->wb_dirty > dc->wb_thresh && dc->dirty > dc->thresh;
}

/* The control with the lower position ratio. Adapts the base rate when it is time to. */
static const struct dirty_control *choose_control(struct mem *mem, struct dirty_control *gdc,
                                                  struct dirty_control *mdc, u64 jiffies)
{
    struct bdi_writeback *wb = gdc->wb;
    const struct dirty_control *chosen = gdc;
    bool exceeded;

    wb_dirty_limits(gdc, mem->clock->now);
    wb_position_ratio(gdc);
    exceeded = is_over(gdc);
    if (mdc) {
        wb_dirty_limits(mdc, mem->clock->now);
        wb_position_ratio(mdc);
        exceeded |= is_over(mdc);
        if (mdc->pos_ratio < gdc->pos_ratio)
            chosen = mdc;
    }
    wb->dirty_exceeded = exceeded;
    if (wb_bandwidth_is_due(wb, jiffies))
        wb_update_bandwidth(wb, gdc, mdc, jiffies);
    return chosen;
}

/* Too short a pause: the time it is short of is added to the next one. */
static void skip_pause(struct dirtier *d, s64 pause, u64 period, u64 jiffies)
{
    if (pause < -(s64)HZ) {
        d->paused_when = jiffies;
        d->nr_dirtied = 0;
    } else if (period) {
        d->paused_when += period;
        d->nr_dirtied = 0;
    } else if (d->nr_dirtied_pause <= d->nr_dirtied) {
        d->nr_dirtied_pause += d->nr_dirtied;
    }
}

/* How long the task must pause, in jiffies; 0: not now. `again`: and then look once more. */
static u64 choose_pause(const struct dirty_control *dc, struct dirtier *d, u64 jiffies,
                        bool *ret_again)
{
    const struct bdi_writeback *wb = dc->wb;
    u64 base = wb->dirty_ratelimit, rate = base * dc->pos_ratio >> RATELIMIT_CALC_SHIFT;
    u64 max_pause = wb_max_pause(wb, dc->wb_dirty), next, period, from = jiffies;
    u64 min_pause = wb_min_pause(wb, max_pause, rate, base, &next);
    s64 pause = (s64)max_pause;

    *ret_again = false;
    if (rate) {
        period = HZ * d->nr_dirtied / rate;
        pause = (s64)period - (d->paused_when ? (s64)(jiffies - d->paused_when) : 0);
        if (pause < (s64)min_pause) {
            skip_pause(d, pause, period, jiffies);
            return 0;
        }
        if (pause > (s64)max_pause) { /* the rate fell: not all of it in one pause */
            from += MIN((u64)pause - max_pause, max_pause);
            pause = (s64)max_pause;
        }
    }
    /* At a rate of 0 the pause ends nothing, unless this wb is not the one to blame. */
    *ret_again = !rate && dc->wb_dirty > WB_STAT_ERROR;
    d->paused_when = from + (u64)pause;
    if (!*ret_again)
        d->nr_dirtied = 0;
    d->nr_dirtied_pause = next;
    return (u64)pause;
}

bool balance_dirty_pages(struct mem *mem, struct dirtier *d, struct group *g, struct wait *ret_wait)
{
    u64 jiffies = clock_jiffies(mem->clock), pause;
    struct bdi_writeback *wb = bdi_wb(d->bdi, g->id, mem->clock->now);
    struct dirty_control gdc, mdc_room, *mdc;
    bool again;

    if (!is_due(mem, d, wb)) {
        d->bdi = NULL;
        return false;
    }
    mdc = dirty_controls(mem, wb, false, &gdc, &mdc_room) ? &mdc_room : NULL;
    if ((u64)mem->counters->v[NR_DIRTY] > gdc.bg_thresh && !wb_in_progress(wb))
        wb_start_background(mem, wb);
    if (is_free(&gdc) && is_free(mdc)) {
        run_free(d, &gdc, mdc, jiffies);
        d->bdi = NULL;
        return false;
    }
    if (!wb_in_progress(wb))
        wb_start_background(mem, wb);
    pause = choose_pause(choose_control(mem, &gdc, mdc, jiffies), d, jiffies, &again);
    if (!again)
        d->bdi = NULL;
    if (!pause)
        return false;
    wb->dirty_sleep = jiffies;
    *ret_wait = (struct wait){WAIT_DIRTY, jiffies_ns(jiffies + pause)};
    return true;
}
