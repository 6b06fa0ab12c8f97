/* readahead.h - which pages to read beside the one that is missing. Pure policy.
 *
 * Mirrors: mm/readahead.c (ondemand_readahead), mm/filemap.c (do_sync_mmap_readahead,
 *          do_async_mmap_readahead), mm/fadvise.c, Linux 6.1 with order-0 folios.
 * Changes: the readahead state of the open file, nothing else.
 *
 *                        |<----- async_size ---------|
 *     |------------------- size -------------------->|
 *     |==================M===========================|
 *     ^ start            ^ page with PG_READAHEAD: reaching it starts the next window
 */
#ifndef BACKING_READAHEAD_H
#define BACKING_READAHEAD_H

#include "backing/inode.h"

#define MMAP_LOTSAMISS 100u

/* Read the pages of [start, start + nr) that are not cached. When async_size > 0, the page start
 * + nr - async_size gets PG_READAHEAD, unless it was cached already. The window is clipped at
 * the end of the file; nr 0 is "nothing to read". */
struct ra_plan {
    u64 start;
    u32 nr, async_size;
};

/* page_cache_sync_ra: a miss of read(2) at `index`, req_count pages wanted from there. */
struct ra_plan readahead_sync(struct file *f, const struct inode *inode, u64 index, u32 req_count);

/* May a page with PG_READAHEAD start the next window now? Not under writeback, where the
 * kernel's shared bit means PG_reclaim. Clears the mark when it says yes. */
static inline bool readahead_take_mark(struct frame *frame)
{
    return !frame_test(frame, PG_WRITEBACK) && frame_test_clear(frame, PG_READAHEAD);
}

/* page_cache_async_ra: read(2) reached a page whose mark readahead_take_mark() took. */
struct ra_plan readahead_async(struct file *f, const struct inode *inode, u64 index, u32 req_count);

/* force_page_cache_ra: fadvise and madvise WILLNEED, and every read of a FILE_RANDOM file. No
 * marks. nr is cut to one request (io_pages) or one window, whichever is larger. */
struct ra_plan readahead_force(const struct file *f, const struct inode *inode, u64 index, u64 nr);

/* do_sync_mmap_readahead: a fault found no page. vm_flags for VM_SEQ_READ, VM_RAND_READ. text_end:
 * the page behind a mapping of a program's text, which is read to its end at most; 0: read around.
 * nr 0: read just that page. */
struct ra_plan readahead_mmap_sync(struct file *f, const struct inode *inode, u64 index,
                                   u32 vm_flags, u64 text_end);
/* do_async_mmap_readahead: a fault (not a retried one) found the page; marked: it has
 * PG_READAHEAD and is not under writeback. When the plan reads something, or vm_flags lack
 * VM_RAND_READ and ra_pages > 0, the caller clears the mark. */
struct ra_plan readahead_mmap_async(struct file *f, const struct inode *inode, u64 index,
                                    u32 vm_flags, bool marked);
/* filemap_map_pages: fault-around met nr cached pages, each forgives one miss. */
static inline void readahead_mmap_mapped(struct file *f, u32 nr)
{
    f->ra.mmap_miss -= MIN(f->ra.mmap_miss, nr);
}

enum file_advice { FILE_ADVICE_NORMAL, FILE_ADVICE_RANDOM, FILE_ADVICE_SEQUENTIAL };
/* posix_fadvise: RANDOM reads only what is asked for; SEQUENTIAL doubles the window; NORMAL
 * undoes both. */
void readahead_advise(struct file *f, const struct inode *inode, enum file_advice advice);

/* The two steps by which windows grow, for tests and for explain. */
u32 readahead_init_size(u32 req_count, u32 max); /* get_init_ra_size */
u32 readahead_next_size(u32 size, u32 max);      /* get_next_ra_size */

#endif
