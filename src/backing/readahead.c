/* readahead.c - how far to read on, from what was read before.
 *
 * One open file has one window. A miss or a reached mark falls into one of these cases, tried in
 * order:
 *
 *     page 0                          a new stream: initial window
 *     the mark or the end of          the stream goes on: next window, twice or four times as large
 *       the window
 *     another mark (async only)       a second stream in the file: its window is what is cached here
 *     a request above the window      initial window
 *     next to the byte read last      a stream starts: initial window
 *     many cached pages before it     a stream whose state was lost: as long as its history
 *     anything else                   a random read: just the pages asked for, the state stays
 *
 *     reads of 4 pages from page 0, ra_pages 32:
 *
 *       0   4   8               24
 *       RRRRM--->                                miss at 0: [0, 8), mark at 4, behind the 4 asked for
 *               M--------------->                mark at 4: [8, 24), mark at 8
 *                               M------------->  mark at 8: [24, 56), mark at 24; then 32 pages each
 *
 * Clipping at the end of the file moves the mark with the end, and loses it when fewer pages than
 * async_size are left, as the kernel's unsigned arithmetic does.
 */
#include "backing/readahead.h"

static u64 roundup_pow_of_two(u64 n)
{
    return n <= 1 ? 1 : BIT_ULL(log2_ceil(n));
}

u32 readahead_init_size(u32 req_count, u32 max)
{
    u64 size = roundup_pow_of_two(req_count);

    if (size <= max / 32)
        return (u32)size * 4;
    if (size <= max / 4)
        return (u32)size * 2;
    return max;
}

u32 readahead_next_size(u32 size, u32 max)
{
    if (size < max / 16)
        return size * 4;
    if (size <= max / 2)
        return size * 2;
    return max;
}

/* The plan for [start, start + nr), clipped at the end of the file (do_page_cache_ra). */
static struct ra_plan plan(const struct inode *inode, u64 start, u64 nr, u32 async_size)
{
    u64 pages = inode_nr_pages(inode);

    if (start >= pages || nr == 0)
        return (struct ra_plan){.start = start};
    nr = MIN(nr, pages - start);
    return (struct ra_plan){
        .start = start,
        .nr = (u32)nr,
        .async_size = async_size <= nr ? async_size : 0,
    };
}

/* Read the window in ra, for a request at index. */
static struct ra_plan submit_window(struct file_ra *ra, const struct inode *inode, u64 index,
                                    u32 max)
{
    /* The request would reach the mark at once: merge the next window into this one. */
    if (index == ra->start && ra->size == ra->async_size) {
        u32 more = readahead_next_size(ra->size, max);

        if (ra->size + more <= max) {
            ra->async_size = more;
            ra->size += more;
        } else {
            ra->size = max;
            ra->async_size = max / 2;
        }
    }
    return plan(inode, ra->start, ra->size, ra->async_size);
}

static struct ra_plan initial_window(struct file_ra *ra, const struct inode *inode, u64 index,
                                     u32 req_count, u32 max)
{
    ra->start = index;
    ra->size = readahead_init_size(req_count, max);
    ra->async_size = ra->size > req_count ? ra->size - req_count : ra->size;
    return submit_window(ra, inode, index, max);
}

/* A stream that lost its state leaves cached pages behind it (try_context_readahead). */
static bool set_window_from_history(struct file_ra *ra, const struct inode *inode, u64 index,
                                    u32 req_count, u32 max)
{
    u64 history = index - 1 - pagecache_prev_miss(inode, index - 1, max);

    if (history <= req_count)
        return false;
    if (history >= index)
        history *= 2; /* from the start of the file: a whole-file read */
    ra->start = index;
    ra->size = (u32)MIN(history + req_count, (u64)max);
    ra->async_size = 1;
    return true;
}

/* ondemand_readahead; marked: index is a page whose mark was reached. */
static struct ra_plan ondemand(struct file_ra *ra, const struct inode *inode, u64 index,
                               u32 req_count, bool marked)
{
    u32 max = ra->ra_pages;

    if (req_count > max && inode->io_pages > max)
        max = MIN(req_count, inode->io_pages);
    if (index == 0)
        return initial_window(ra, inode, index, req_count, max);
    if (index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size) {
        ra->start += ra->size;
        ra->size = readahead_next_size(ra->size, max);
        ra->async_size = ra->size;
        return submit_window(ra, inode, index, max);
    }
    if (marked) {
        u64 start = pagecache_next_miss(inode, index + 1, max);

        if (start == 0 || start - index > max)
            return (struct ra_plan){.start = index};
        ra->start = start;
        ra->size = readahead_next_size((u32)(start - index) + req_count, max);
        ra->async_size = ra->size;
        return submit_window(ra, inode, index, max);
    }
    if (req_count > max || index - ((u64)ra->prev_pos >> PAGE_SHIFT) <= 1)
        return initial_window(ra, inode, index, req_count, max);
    if (set_window_from_history(ra, inode, index, req_count, max))
        return submit_window(ra, inode, index, max);
    return plan(inode, index, req_count, 0);
}

struct ra_plan readahead_force(const struct file *f, const struct inode *inode, u64 index, u64 nr)
{
    return plan(inode, index, MIN(nr, (u64)MAX(inode->io_pages, f->ra.ra_pages)), 0);
}

struct ra_plan readahead_sync(struct file *f, const struct inode *inode, u64 index, u32 req_count)
{
    if (f->ra.ra_pages == 0)
        return readahead_force(f, inode, index, 1);
    if (f->flags & FILE_RANDOM)
        return readahead_force(f, inode, index, req_count);
    return ondemand(&f->ra, inode, index, req_count, false);
}

struct ra_plan readahead_async(struct file *f, const struct inode *inode, u64 index, u32 req_count)
{
    if (f->ra.ra_pages == 0)
        return (struct ra_plan){.start = index};
    return ondemand(&f->ra, inode, index, req_count, true);
}

struct ra_plan readahead_mmap_sync(struct file *f, const struct inode *inode, u64 index,
                                   u32 vm_flags, u64 text_end)
{
    struct file_ra *ra = &f->ra;

    if ((vm_flags & VM_RAND_READ) || ra->ra_pages == 0)
        return (struct ra_plan){.start = index};
    if (vm_flags & VM_SEQ_READ)
        return readahead_sync(f, inode, index, ra->ra_pages);
    if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
        ra->mmap_miss++;
    if (ra->mmap_miss > MMAP_LOTSAMISS)
        return (struct ra_plan){.start = index};
    if (text_end > index) { /* what a program jumps to says nothing of what it will: no mark */
        ra->start = index;
        ra->size = (u32)MIN(text_end - index, (u64)ra->ra_pages);
        ra->async_size = 0;
        return plan(inode, ra->start, ra->size, 0);
    }
    /* Read around: half before, half after, the mark in the last quarter. */
    ra->start = index > ra->ra_pages / 2 ? index - ra->ra_pages / 2 : 0;
    ra->size = ra->ra_pages;
    ra->async_size = ra->ra_pages / 4;
    return plan(inode, ra->start, ra->size, ra->async_size);
}

struct ra_plan readahead_mmap_async(struct file *f, const struct inode *inode, u64 index,
                                    u32 vm_flags, bool marked)
{
    struct file_ra *ra = &f->ra;

    if ((vm_flags & VM_RAND_READ) || ra->ra_pages == 0)
        return (struct ra_plan){.start = index};
    if (ra->mmap_miss)
        ra->mmap_miss--;
    if (!marked)
        return (struct ra_plan){.start = index};
    return readahead_async(f, inode, index, ra->ra_pages);
}

void readahead_advise(struct file *f, const struct inode *inode, enum file_advice advice)
{
    switch (advice) {
    case FILE_ADVICE_NORMAL:
        f->ra.ra_pages = inode->ra_pages;
        f->flags &= ~(u32)FILE_RANDOM;
        break;
    case FILE_ADVICE_RANDOM:
        f->flags |= FILE_RANDOM;
        break;
    case FILE_ADVICE_SEQUENTIAL:
        f->ra.ra_pages = inode->ra_pages * 2;
        f->flags &= ~(u32)FILE_RANDOM;
        break;
    }
}
