/* flusher.c - the task that writes the dirty pages of one wb.
 *
 * It wakes dirty_writeback_centisecs after the first inode became dirty, and then as often, as long
 * as there are any; at once when a writer is over a threshold and when reclaim asks. A run looks at
 * three kinds of work, in this order:
 *
 *   all          asked for by reclaim: as many pages as were dirty
 *   kupdate      at each waking of the timer: inodes dirtied dirty_expire_centisecs ago or earlier
 *   background   as long as machine, device or group is over its background threshold. A device
 *                that has written nothing of late has
 *                a threshold of 0, so that what is dirtied there does not stay until it expires
 *
 *   b_dirty --(old enough)--> b_io --its turn--> clean: off the list ^ ^ |------> has more:
 *       b_more_io, which becomes b_io with the next pass +----------------------|--------+------>
 *       what is left cannot be written now: as if dirtied again
 *
 * A turn is half a second's worth of pages (4 MiB at least), and begins where the last one of this
 * inode ended. Pages go out in requests of up to 1 MiB of consecutive ones. The block layer lets
 * few of them wait at a device (writeback throttling, blk-wbt): 16 while writers pause, 8 or, for
 * kupdate and background, 4 otherwise. When these are on their way the flusher sleeps until the
 * next is done, in the middle of the turn: what it was about is in struct bdi_writeback.
 *
 * Mirrors wb_workfn(), wb_writeback(), writeback_sb_inodes(), queue_io() of fs/fs-writeback.c,
 * write_cache_pages() of mm/page-writeback.c, wbt_wait() of block/blk-wbt.c without its feedback
 * from latencies, Linux 6.1. */
#include "balance/balance_int.h"
#include "balance/writeback.h"
#include "balance/writeback_int.h"
#include "reclaim/io.h"

#define REQUEST_PAGES_MAX   256u
#define MIN_WRITEBACK_PAGES 1024u
#define DIRTY_SCOPE         8u
#define NS_PER_CS           10000000ull
#define WBT_DEPTH           16u
#define WBT_NORMAL          8u
#define WBT_BACKGROUND      4u
#define RUN_GAP_NS          (100 * NS_PER_US) /* it takes as long to get it running */
#define RUN_CPU_NS_MAX      (1 * NS_PER_MS)   /* of CPU time, after which others have their turn */

/* --- waking ----------------------------------------------------------------------------------- */
static void wake_now(struct mem *mem, struct bdi_writeback *wb)
{
    wb->again = true;
    if (!wb_in_progress(wb))
        wb_wake(mem->backing, wb, MAX(mem->clock->now, wb->ran_at + RUN_GAP_NS));
}

void wb_start_background(struct mem *mem, struct bdi_writeback *wb)
{
    wake_now(mem, wb);
}

static void start_all(struct mem *mem, struct bdi_writeback *wb)
{
    if (!wb_has_dirty_io(wb))
        return;
    wb->start_all = true;
    wake_now(mem, wb);
}

void flushers_start_all(struct mem *mem)
{
    mem->flusher_wanted = false;
    vec_for_each (&mem->backing->bdis, bdi)
        vec_for_each (&(*bdi)->wb, wb)
            start_all(mem, *wb);
}

/* --- pages ------------------------------------------------------------------------------------ */
/* Can the page be written now? */
static bool is_writable(const struct mem *mem, pfn_t pfn)
{
    return pfn != PFN_NONE && frame_test(frames_get(mem->frames, pfn), PG_DIRTY) &&
           !frame_test(frames_get(mem->frames, pfn), PG_WRITEBACK | PG_LOCKED);
}

/* Write the run of consecutive dirty pages that starts at index, max at most. Returns how many. */
static u32 write_run(struct mem *mem, struct inode *inode, u64 index, u64 last, u64 max,
                     ns_t *ret_done)
{
    u32 nr = 0;
    ns_t done;

    while (nr < MIN(max, (u64)REQUEST_PAGES_MAX) && index + nr <= last &&
           is_writable(mem, pagecache_find(inode, index + nr)))
        nr++;
    if (!nr)
        return 0;
    done = io_write_file(mem, inode, index, nr);
    *ret_done = MAX(*ret_done, done);
    return nr;
}

static u64 wbt_depth(const struct mem *mem, const struct bdi_writeback *wb)
{
    const struct bdi_writeback *root = wb->bdi->wb.items[0];

    if (root->dirty_sleep && clock_jiffies(mem->clock) < root->dirty_sleep + HZ)
        return WBT_DEPTH;
    return wb->work == WB_WORK_ALL ? WBT_NORMAL : WBT_BACKGROUND;
}

/* --- one inode's turn ------------------------------------------------------------------------- */
static u64 choose_turn_pages(const struct mem *mem, const struct bdi_writeback *wb)
{
    u64 pages = MIN(wb->avg_write_bandwidth / 2, mem->backing->domain.dirty_limit / DIRTY_SCOPE);

    pages = MIN(pages, wb->work_pages) + MIN_WRITEBACK_PAGES;
    return ROUND_DOWN(pages, (u64)MIN_WRITEBACK_PAGES);
}

static void begin_turn(struct mem *mem, struct bdi_writeback *wb, const struct inode *inode)
{
    wb->turn_open = true;
    wb->wrapped = false;
    wb->turn_pages = choose_turn_pages(mem, wb);
    wb->from = wb->at = inode->writeback_index;
    wb_bandwidth_estimate_start(wb, clock_jiffies(mem->clock));
}

/* Must it sleep now, and until when? */
static bool must_sleep(struct mem *mem, const struct bdi_writeback *wb, u64 cpu_ns, ns_t *ret_at)
{
    u64 used = mem->cpu_ns - cpu_ns;

    if (io_count_writes(mem, wb->bdi->device, ret_at) >= wbt_depth(mem, wb))
        return true;
    *ret_at = mem->clock->now + used;
    return used > RUN_CPU_NS_MAX;
}

/* The inode in front goes on with its turn. False: it sleeps until *ret_at first. */
static bool go_on(struct mem *mem, struct bdi_writeback *wb, struct inode *inode, u64 cpu_ns,
                  ns_t *ret_at)
{
    ns_t done = 0;

    while (wb->turn_open && wb->turn_pages) {
        u64 last = wb->wrapped ? wb->from - 1 : UINT64_MAX;
        pfn_t pfn = pagecache_next_dirty(inode, wb->at);
        u64 index = pfn == PFN_NONE ? UINT64_MAX : frame_index(frames_get(mem->frames, pfn));
        u32 nr;

        if (pfn == PFN_NONE || index > last) {
            if (wb->wrapped || !wb->from)
                return true;
            wb->wrapped = true;
            wb->at = 0;
            continue;
        }
        if (must_sleep(mem, wb, cpu_ns, ret_at))
            return false;
        nr = write_run(mem, inode, index, last, wb->turn_pages, &done);
        wb->at = index + MAX(nr, 1u);
        wb->turn_pages -= nr;
        wb->work_pages -= MIN(wb->work_pages, (u64)nr);
        wb->progress |= nr > 0;
    }
    return true;
}

static void end_turn(struct mem *mem, struct bdi_writeback *wb, struct inode *inode)
{
    inode->writeback_index = wb->at;
    wb->turn_open = false;
    if (!inode->on_dirty_list) {
        wb->progress = true;
    } else if (!wb->turn_pages) {
        list_move_tail(&inode->dirty_at, &wb->b_more_io);
    } else { /* b_dirty stays in order of time */
        if (!list_empty(&wb->b_dirty) &&
            inode->dirtied_when <
                list_last_entry(&wb->b_dirty, struct inode, dirty_at)->dirtied_when)
            inode->dirtied_when = mem->clock->now;
        list_move_tail(&inode->dirty_at, &wb->b_dirty);
    }
}

/* --- work ------------------------------------------------------------------------------------- */
static bool over_background(struct mem *mem, struct bdi_writeback *wb)
{
    struct dirty_control gdc, mdc;
    bool group = dirty_controls(mem, wb, true, &gdc, &mdc);
    ns_t now = mem->clock->now;

    if (gdc.dirty > gdc.bg_thresh ||
        wb->stat[WB_RECLAIMABLE] > wb_calc_thresh(&gdc, gdc.bg_thresh, now))
        return true;
    /* The share is of the machine's writing here as well, until Linux 6.10. */
    return group && (mdc.dirty > mdc.bg_thresh ||
                     wb->stat[WB_RECLAIMABLE] > wb_calc_thresh(&gdc, mdc.bg_thresh, now));
}

/* Of all dirty pages, the part that is this wb's to write, by bandwidth. */
static u64 split_pages(const struct bdi_writeback *wb, u64 nr)
{
    u64 sum = 0, own = wb->avg_write_bandwidth;

    vec_for_each (&wb->bdi->wb, other)
        sum += wb_has_dirty_io(*other) ? (*other)->avg_write_bandwidth : 0;
    return own >= sum ? nr : DIV_ROUND_UP(nr * own, sum);
}

/* False: nothing is left to do in this run. */
static bool find_work(struct mem *mem, struct bdi_writeback *wb)
{
    u64 dirty = (u64)MAX(mem->counters->v[NR_DIRTY], (s64)0);
    ns_t interval = mem->tunables->dirty_writeback_centisecs * NS_PER_CS;

    wb->work_pages = 0;
    wb->in_pass = false;
    while (!wb->work_pages && wb->stage < WB_WORK_BACKGROUND) {
        wb->work = (enum wb_work)++ wb->stage;
        switch (wb->work) {
        case WB_WORK_ALL:
            wb->work_pages = wb->start_all ? split_pages(wb, dirty) : 0;
            wb->start_all = false;
            break;
        case WB_WORK_KUPDATE:
            if (!interval || mem->clock->now < wb->last_old_flush + interval)
                break;
            wb->last_old_flush = mem->clock->now;
            wb->work_pages = dirty;
            break;
        case WB_WORK_BACKGROUND:
            wb->work_pages = over_background(mem, wb) ? UINT64_MAX : 0;
            break;
        case WB_WORK_NONE:
            break;
        }
    }
    if (!wb->work_pages)
        wb->work = WB_WORK_NONE;
    return wb->work_pages != 0;
}

/* More of b_more_io, and of b_dirty what is old enough. */
static void queue_io(struct mem *mem, struct bdi_writeback *wb)
{
    ns_t expire = mem->tunables->dirty_expire_centisecs * NS_PER_CS, now = mem->clock->now;
    bool old_only = wb->work == WB_WORK_KUPDATE;

    list_splice_tail(&wb->b_more_io, &wb->b_io);
    list_init(&wb->b_more_io);
    while (!list_empty(&wb->b_dirty)) {
        struct inode *inode = list_first_entry(&wb->b_dirty, struct inode, dirty_at);

        if (old_only && inode->dirtied_when + expire > now)
            break;
        list_move_tail(&inode->dirty_at, &wb->b_io);
    }
}

/* True: the work is done. False: it sleeps until *ret_at. */
static bool do_work(struct mem *mem, struct bdi_writeback *wb, u64 cpu_ns, ns_t *ret_at)
{
    for (;;) {
        struct inode *inode;

        if (!wb->turn_open) {
            if (!wb->work_pages)
                return true;
            if (wb->work == WB_WORK_BACKGROUND && !over_background(mem, wb))
                return true;
            if (list_empty(&wb->b_io)) {
                if (wb->in_pass && !wb->progress)
                    return true;
                queue_io(mem, wb);
                wb->in_pass = true;
                wb->progress = false;
                if (list_empty(&wb->b_io))
                    return true;
            }
            begin_turn(mem, wb, list_first_entry(&wb->b_io, struct inode, dirty_at));
        }
        inode = list_first_entry(&wb->b_io, struct inode, dirty_at);
        if (!go_on(mem, wb, inode, cpu_ns, ret_at))
            return false;
        end_turn(mem, wb, inode);
    }
}

/* Until it sleeps; wake_at says how long. */
static void run(struct mem *mem, struct bdi_writeback *wb)
{
    ns_t interval = mem->tunables->dirty_writeback_centisecs * NS_PER_CS, at = NS_NEVER;
    u64 cpu_ns = mem->cpu_ns;

    wb->wake_at = NS_NEVER;
    wb->ran_at = mem->clock->now;
    if (!wb_in_progress(wb)) {
        wb->stage = 0;
        wb->again = false;
    }
    while (wb_in_progress(wb) || find_work(mem, wb)) {
        if (!do_work(mem, wb, cpu_ns, &at))
            break;
        wb->work = WB_WORK_NONE;
    }
    if (wb_bandwidth_is_due(wb, clock_jiffies(mem->clock)))
        wb_update_bandwidth(wb, NULL, NULL, clock_jiffies(mem->clock));
    if (!wb_in_progress(wb) && wb_has_dirty_io(wb)) {
        at = interval ? mem->clock->now + interval : NS_NEVER;
        if (wb->again)
            at = mem->clock->now + RUN_GAP_NS;
    }
    if (at != NS_NEVER)
        wb_wake(mem->backing, wb, at);
}

ns_t flusher_due(struct mem *mem)
{
    ns_t at;

    wb_next(mem->backing, &at);
    return at;
}

void flusher_step(struct mem *mem)
{
    ns_t at, now = mem->clock->now;
    struct bdi_writeback *wb = wb_next(mem->backing, &at);

    assert(wb && at <= now);
    if (wb->bw_at <= now) {
        wb->bw_at = NS_NEVER;
        wb_update_bandwidth(wb, NULL, NULL, clock_jiffies(mem->clock));
    }
    if (wb->wake_at <= now)
        run(mem, wb);
}

/* --- on behalf of others ---------------------------------------------------------------------- */
void flusher_write_group(struct mem *mem, const struct group *top)
{
    vec_for_each (&mem->backing->bdis, bdi) {
        for (size_t i = 0; i < (*bdi)->wb.count; i++) {
            struct bdi_writeback *wb = (*bdi)->wb.items[i];

            if (!wb_has_dirty_io(wb) || !group_is_below(group_get(mem->groups, wb->memcg), top))
                continue;
            start_all(mem, wb);
            run(mem, wb);
        }
    }
}

bool writeback_range(struct mem *mem, struct inode *inode, u64 *from, u64 last, bool all,
                     ns_t *ret_until)
{
    *ret_until = 0;
    if (!inode->device)
        return true;
    if (inode->wb)
        wb_bandwidth_estimate_start(inode->wb, clock_jiffies(mem->clock));
    for (;;) {
        pfn_t pfn = pagecache_next_dirty(inode, *from);
        ns_t done = 0, next;

        if (pfn == PFN_NONE || frame_index(frames_get(mem->frames, pfn)) > last)
            return true;
        *from = frame_index(frames_get(mem->frames, pfn));
        if (!is_writable(mem, pfn) && !all) {
            ++*from;
            continue;
        }
        if (!is_writable(mem, pfn)) {
            *ret_until = MAX(io_done_at(mem, pfn), mem->clock->now + 1);
            return false;
        }
        if (io_count_writes(mem, inode->device, &next) >= WBT_DEPTH) {
            *ret_until = next;
            return false;
        }
        *from += write_run(mem, inode, *from, last, REQUEST_PAGES_MAX, &done);
    }
}
