/* writeback.c - dirty pages become clean: the flusher, and writers that must wait for it.
 *
 * The flusher runs every dirty_writeback_centisecs, when the background threshold is passed and when reclaim asks. It writes inodes in
 * the order in which they were dirtied, in requests of up to 1 MiB of consecutive dirty pages, as long as the block queue has room.
 * Mirrors fs/fs-writeback.c and mm/page-writeback.c, Linux 6.1. Differs: one flusher, no bandwidth estimation; a writer over
 * the threshold sleeps until the next write completes (docs/not-modelled.md). */
#include "balance/balance_int.h"
#include "reclaim/io.h"

#define REQUEST_PAGES_MAX 256u
#define NS_PER_CS         10000000ull

static u64 percent_or_bytes(u64 avail, u64 percent, u64 bytes)
{
    return bytes ? DIV_ROUND_UP(bytes, (u64)PAGE_SIZE) : avail * percent / 100;
}

static u64 dirtyable(const struct pgdat *pg)
{
    const struct group *root = pg->groups->root;

    return frames_count_free(pg->frames) + lruvec_size(root, LRU_INACTIVE_FILE) +
           lruvec_size(root, LRU_ACTIVE_FILE);
}

void dirty_limits(const struct pgdat *pg, u64 *ret_background, u64 *ret_dirty)
{
    u64 avail = dirtyable(pg);
    u64 dirty = percent_or_bytes(avail, pg->tunables->dirty_ratio, pg->tunables->dirty_bytes);
    u64 background = percent_or_bytes(avail, pg->tunables->dirty_background_ratio,
                                      pg->tunables->dirty_background_bytes);

    *ret_dirty = dirty;
    *ret_background = background >= dirty ? dirty / 2 : background;
}

/* Write the run of consecutive dirty pages that starts at index, not past last. Returns the page after it. */
static u64 write_run(struct pgdat *pg, struct inode *inode, u64 index, u64 last, ns_t *ret_done)
{
    u32 nr = 0;
    ns_t done;

    while (nr < REQUEST_PAGES_MAX && index + nr <= last) {
        pfn_t pfn = pagecache_find(inode, index + nr);

        if (pfn == PFN_NONE || !frame_test(frames_get(pg->frames, pfn), PG_DIRTY) ||
            frame_test(frames_get(pg->frames, pfn), PG_WRITEBACK | PG_LOCKED))
            break;
        nr++;
    }
    if (!nr)
        return index + 1;
    done = io_write_file(pg, inode, index, nr);
    *ret_done = MAX(*ret_done, done);
    return index + nr;
}

/* Dirty pages of [from, last] in runs, until the queue is full. */
static bool write_inode(struct pgdat *pg, struct inode *inode, u64 from, u64 last,
                        bool wait_for_queue, ns_t *ret_done)
{
    for (;;) {
        pfn_t pfn = pagecache_next_dirty(inode, from);

        if (pfn == PFN_NONE || frame_index(frames_get(pg->frames, pfn)) > last)
            return true;
        if (wait_for_queue && io_write_queue_full(pg))
            return false;
        from = write_run(pg, inode, frame_index(frames_get(pg->frames, pfn)), last, ret_done);
    }
}

ns_t writeback_range(struct pgdat *pg, struct inode *inode, u64 from, u64 to)
{
    ns_t done = pg->clock->now;

    if (inode->kind == INODE_REGULAR)
        write_inode(pg, inode, from, to, false, &done);
    return done;
}

static bool wanted(const struct pgdat *pg, const struct inode *inode, bool all,
                   const struct group *top)
{
    ns_t expire = pg->tunables->dirty_expire_centisecs * NS_PER_CS;

    if (top)
        return group_is_below(group_get(pg->groups, inode->memcg), top);
    return all || inode->dirtied_when + expire <= pg->clock->now;
}

/* False when the queue filled before all was written. */
static bool write_inodes(struct pgdat *pg, bool all, const struct group *top)
{
    ns_t done = 0;
    struct inode *next;

    for (struct inode *inode = inode_next_dirty(pg->backing, NULL); inode; inode = next) {
        next = inode_next_dirty(pg->backing, inode);
        if (wanted(pg, inode, all, top) && !write_inode(pg, inode, 0, UINT64_MAX, true, &done))
            return false;
    }
    return true;
}

void flusher_write_group(struct pgdat *pg, const struct group *top)
{
    write_inodes(pg, true, top->parent ? top : NULL);
}

ns_t flusher_step(struct pgdat *pg)
{
    u64 background, dirty;
    ns_t interval = pg->tunables->dirty_writeback_centisecs * NS_PER_CS;
    bool all;

    dirty_limits(pg, &background, &dirty);
    all = pg->flusher_wanted || (u64)pg->counters->v[NR_DIRTY] > background;
    if (!write_inodes(pg, all, NULL)) /* go on as soon as the queue has room */
        return io_next_write(pg);
    pg->flusher_wanted = false;
    return interval ? pg->clock->now + interval : NS_NEVER;
}

/* The group's own threshold: its file pages and the room it has left, not more than clean cache elsewhere can give. */
static bool group_over_dirty(struct pgdat *pg, struct group *g)
{
    u64 file = lruvec_size(g, LRU_INACTIVE_FILE) + lruvec_size(g, LRU_ACTIVE_FILE);
    u64 avail = file + MIN(group_margin(g), dirtyable(pg));
    u64 limit = percent_or_bytes(avail, pg->tunables->dirty_ratio, 0);

    /* The sum over all groups below is taken only where it can matter. */
    return (u64)(pg->counters->v[NR_DIRTY] + pg->counters->v[NR_WRITEBACK]) > limit &&
           (u64)(group_counter(g, NR_DIRTY) + group_counter(g, NR_WRITEBACK)) > limit;
}

bool balance_dirty_pages(struct pgdat *pg, struct group *g, struct wait *ret_wait)
{
    u64 background, dirty;
    u64 pending = (u64)(pg->counters->v[NR_DIRTY] + pg->counters->v[NR_WRITEBACK]);
    bool over;

    dirty_limits(pg, &background, &dirty);
    if (pending > background)
        pg->flusher_wanted = true;
    over = pending > dirty;
    for (; !over && g && g->parent; g = g->parent)
        if (g->memory.max != PAGE_COUNTER_MAX && group_over_dirty(pg, g)) {
            over = true;
            flusher_write_group(pg, g);
        }
    if (over && io_next_write(pg) == NS_NEVER)
        write_inodes(pg, true, NULL);
    if (!over || io_next_write(pg) == NS_NEVER)
        return false;
    *ret_wait = (struct wait){WAIT_DIRTY, io_next_write(pg)};
    return true;
}
