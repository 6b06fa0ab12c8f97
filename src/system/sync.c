/* sync.c - fsync, sync, truncate, punch, fadvise: what programs do to files as a whole.
 *
 *   write every dirty page from the first on, a few requests at a time --> wait for all that is
 *   under way --> report the error
 *
 * A page dirtied behind the place that was reached is somebody else's business: so a sync ends
 * however fast others write. How far it came is in task->progress. */
#include <string.h>

#include "balance/writeback.h"
#include "system/file.h"
#include "system/system_int.h"

#define SYNC_FROM   BIT_ULL(63) /* progress: this bit and the page to go on with */
#define SYNC_WAITED UINT64_MAX  /* nothing is left but to return */

static ns_t writeback_until(const struct system *s, const struct inode *inode, u64 from, u64 last)
{
    ns_t until = 0;

    for (pfn_t pfn = pagecache_next_writeback(inode, from); pfn != PFN_NONE;
         pfn = pagecache_next_writeback(inode, from)) {
        from = frame_index(frames_get(&s->frames, pfn));
        if (from++ > last)
            break;
        until = MAX(until, io_done_at(&s->mem, pfn));
    }
    return until;
}

bool call_sync_range(struct system *s, struct task *t, struct inode *inode, u64 first, u64 last)
{
    bool begun = t->progress & SYNC_FROM;
    u64 from = begun ? t->progress & ~SYNC_FROM : first;
    ns_t until;

    if (t->progress == SYNC_WAITED || (!inode->nr_dirty && !inode->nr_writeback))
        return true;
    if (!writeback_range(&s->mem, inode, &from, last, true, &until)) {
        t->progress = SYNC_FROM | from;
        call_wait(t, (struct wait){WAIT_WRITE, until});
        return false;
    }
    until = writeback_until(s, inode, first, last);
    if (until <= s->clock.now)
        return true;
    t->progress = SYNC_WAITED;
    call_wait(t, (struct wait){WAIT_WRITE, until});
    return false;
}

enum step system_fsync(struct system *s, struct task *t, struct inode *inode, struct file *f,
                       int *ret_error)
{
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->progress)
        mem_cost(&s->mem, s->cost.syscall);
    if (!call_sync_range(s, t, inode, 0, XA_INDEX_MAX))
        return STEP_WAIT;
    *ret_error = f ? errseq_check_and_advance(&inode->wb_err, &f->wb_err) : 0;
    return call_end(s, t);
}

enum step system_sync(struct system *s, struct task *t)
{
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->sync_inode) {
        mem_cost(&s->mem, s->cost.syscall);
        flushers_start_all(&s->mem);
        t->sync_inode = 1;
    }
    for (; t->sync_inode < s->backing.nr_inodes; t->sync_inode++, t->progress = 0) {
        struct inode *inode = inode_get(&s->backing, t->sync_inode);

        if (inode && !call_sync_range(s, t, inode, 0, XA_INDEX_MAX))
            return STEP_WAIT;
    }
    t->sync_inode = 0;
    return call_end(s, t);
}

/* --- truncate and punch ----------------------------------------------------------------------- */
/* Zeros into [from, to) of one page, in the cache and below. */
static void zero_part(struct system *s, struct inode *inode, u64 from, u64 to)
{
    u64 index = from / PAGE_SIZE;
    pfn_t pfn = pagecache_find(inode, index);
    u8 page[PAGE_SIZE];

    if (from >= to)
        return;
    if (pfn != PFN_NONE) {
        if (s->frames.bytes)
            memset(frames_bytes(&s->frames, pfn) + from % PAGE_SIZE, 0, to - from);
        page_mark_dirty(&s->mem, pfn);
    } else if (s->frames.bytes && inode->device && inode_read_bytes(inode, index, page) == 0) {
        memset(page + from % PAGE_SIZE, 0, to - from);
        inode_write_bytes(inode, index, page);
    }
}

/* False: I/O on these pages is under way, the call waits for it. */
static bool range_idle(struct system *s, struct task *t, const struct inode *inode, u64 from,
                       u64 to)
{
    ns_t until = inode_io_until(s, inode, from, to);

    if (!until)
        return true;
    call_wait(t, (struct wait){WAIT_WRITE, MAX(until, s->clock.now + 1)});
    return false;
}

enum step system_truncate(struct system *s, struct task *t, struct inode *inode, u64 size)
{
    u64 keep = DIV_ROUND_UP(size, (u64)PAGE_SIZE), edge = MIN(size, inode->size);
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (!range_idle(s, t, inode, edge / PAGE_SIZE, UINT64_MAX))
        return STEP_WAIT;
    if (size < inode->size) {
        access_truncate(&s->mem, inode, keep, UINT64_MAX);
        if (size % PAGE_SIZE && pagecache_find(inode, size / PAGE_SIZE) != PFN_NONE)
            zero_part(s, inode, size, keep * PAGE_SIZE);
    } else if (edge % PAGE_SIZE && pagecache_find(inode, edge / PAGE_SIZE) != PFN_NONE) {
        /* what a mapping wrote behind the end must not show up now */
        zero_part(s, inode, edge, ROUND_UP(edge, (u64)PAGE_SIZE));
    }
    inode_set_size(inode, size);
    mem_cost(&s->mem, s->cost.syscall);
    return call_end(s, t);
}

static void punch_stored(struct system *s, struct inode *inode, u64 first, u64 end)
{
    static const u8 zeros[PAGE_SIZE];

    if (!s->frames.bytes || !inode->device)
        return;
    for (u64 i = first; i < end; i++)
        inode_write_bytes(inode, i, zeros);
}

enum step system_punch(struct system *s, struct task *t, struct inode *inode, u64 offset, u64 len)
{
    u64 end = MIN(offset + len, inode->size);
    u64 first = DIV_ROUND_UP(offset, (u64)PAGE_SIZE), last = end / PAGE_SIZE;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    if (offset >= end)
        return call_end(s, t);
    if (end == inode->size)
        last = DIV_ROUND_UP(end, (u64)PAGE_SIZE); /* nothing of the last page stays */
    if (!range_idle(s, t, inode, offset / PAGE_SIZE, (end - 1) / PAGE_SIZE))
        return STEP_WAIT;
    if (first < last) {
        access_truncate(&s->mem, inode, first, last - 1);
        punch_stored(s, inode, first, last);
    }
    if (offset / PAGE_SIZE < first)
        zero_part(s, inode, offset, MIN(end, first * PAGE_SIZE));
    if (last >= first && last * PAGE_SIZE < end)
        zero_part(s, inode, last * PAGE_SIZE, end);
    mem_cost(&s->mem, s->cost.syscall);
    return call_end(s, t);
}

/* --- drop_caches ------------------------------------------------------------------------------ */
void system_drop_caches(struct system *s, u32 what)
{
    if (what & DROP_CACHES_PAGES) {
        lru_add_drain_all(&s->mem);
        for (u32 id = 1; id < s->backing.nr_inodes; id++) {
            struct inode *inode = inode_get(&s->backing, id);

            if (inode && inode->device)
                invalidate_pages(s, inode, 0, XA_INDEX_MAX);
        }
        count(&s->counters, DROP_PAGECACHE, 1);
    }
    if (what & DROP_CACHES_SLAB) {
        slab_drop(&s->slab);
        count(&s->counters, DROP_SLAB, 1);
    }
    if (!s->drop_caches_quiet)
        log_line(s, "sysctl (1): drop_caches: %u", what);
    s->drop_caches_quiet |= (what & DROP_CACHES_QUIET) != 0;
    system_check_step(s);
}

/* --- fadvise ---------------------------------------------------------------------------------- */
void invalidate_pages(struct system *s, struct inode *inode, u64 first, u64 last)
{
    struct mem *mem = &s->mem;
    u64 at = first;

    for (pfn_t pfn = pagecache_next(inode, at, last); pfn != PFN_NONE;
         pfn = at <= last ? pagecache_next(inode, at, last) : PFN_NONE) {
        const struct frame *f = frames_get(&s->frames, pfn);

        at = frame_index(f) + 1;
        if (f->mapcount || frame_test(f, PG_DIRTY | PG_WRITEBACK | PG_LOCKED)) {
            lru_deactivate(mem, pfn);
            continue;
        }
        page_cache_del(mem, pfn, 0);
        page_free(mem, pfn);
    }
    page_cache_clear_shadows(mem, inode, first, last);
}

/* Write, as far as it goes without waiting for what is being written; then drop what is clean and
 * unmapped, and move the rest to where reclaim finds it first. False: the queue is full, it goes on
 * later. */
static bool dont_need(struct system *s, struct task *t, struct inode *inode, u64 first, u64 end)
{
    u64 from = MAX(first, t->progress ? t->progress - 1 : 0);
    ns_t until;

    if (first >= end)
        return true;
    if (!writeback_range(&s->mem, inode, &from, end - 1, false, &until)) {
        t->progress = from + 1;
        call_wait(t, (struct wait){WAIT_WRITE, until});
        return false;
    }
    lru_add_drain_all(&s->mem);
    invalidate_pages(s, inode, first, end - 1);
    return true;
}

enum step system_fadvise(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                         u32 advice)
{
    struct inode *inode;
    u64 end = len ? offset + len : UINT64_MAX;
    struct ra_plan plan;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    inode = inode_get(&s->backing, f->inode);
    if (!t->progress)
        mem_cost(&s->mem, s->cost.syscall);
    end = MIN(end, ROUND_UP(inode->size, (u64)PAGE_SIZE));
    switch (advice) {
    case ABI_FADV_NORMAL:
        readahead_advise(f, inode, FILE_ADVICE_NORMAL);
        break;
    case ABI_FADV_RANDOM:
        readahead_advise(f, inode, FILE_ADVICE_RANDOM);
        break;
    case ABI_FADV_SEQUENTIAL:
        readahead_advise(f, inode, FILE_ADVICE_SEQUENTIAL);
        break;
    case ABI_FADV_WILLNEED:
        if (!inode->device || offset >= end)
            break;
        plan = readahead_force(f, inode, offset / PAGE_SIZE,
                               DIV_ROUND_UP(end, (u64)PAGE_SIZE) - offset / PAGE_SIZE);
        filemap_readahead(task_access(s, t), inode, &plan);
        break;
    case ABI_FADV_DONTNEED:
        if (inode->device && offset < end &&
            !dont_need(s, t, inode, DIV_ROUND_UP(offset, (u64)PAGE_SIZE), end / PAGE_SIZE))
            return STEP_WAIT;
        break;
    case ABI_FADV_NOREUSE: /* nothing in 6.1 */
    default:
        break;
    }
    return call_end(s, t);
}
