/* writeback.h - dirty pages: flushers write them, and writers pause for that. The control law is
 * dirty.h.
 *
 * Mirrors: fs/fs-writeback.c, mm/page-writeback.c (balance_dirty_pages), Linux 6.1.
 * Waiting: as in balance.h, a function that cannot go on says until when.
 */
#ifndef BALANCE_WRITEBACK_H
#define BALANCE_WRITEBACK_H

#include "backing/bdi.h"
#include "reclaim/mem.h"

/* When a flusher runs next, NS_NEVER when all sleep; and let it run.   pre: it is due */
ns_t flusher_due(struct mem *mem);
void flusher_step(struct mem *mem);
/* Every flusher with something to write does so (wakeup_flusher_threads). */
void flushers_start_all(struct mem *mem);
/* The same at once for what groups from top on down have dirtied, as far as the devices' queues
 * take it. */
void flusher_write_group(struct mem *mem, const struct group *top);
/* Thresholds of the machine in pages: background writeback starts, writers stop. */
void dirty_limits(const struct mem *mem, u64 *ret_background, u64 *ret_dirty);
/* The machine was made, or a vm.dirty_* was changed. */
void writeback_set_ratelimit(struct mem *mem);

/* One task as a writer (task_struct: nr_dirtied, nr_dirtied_pause, dirty_paused_when) */
struct dirtier {
    /* the device where the task dirtied a page since it last looked at the thresholds; NULL:
     * none */
    struct bdi *bdi;
    u64 nr_dirtied;       /* pages since its last pause */
    u64 nr_dirtied_pause; /* pages at which it looks at the thresholds */
    u64 paused_when;      /* end of the last pause, in jiffies; 0: never */
};
void dirtier_init(struct dirtier *d);
/* The task ends: who dirties pages on this CPU answers for what it did not. */
void dirtier_exit(struct mem *mem, struct dirtier *d);
/* The task that is running dirtied a clean page of a file there. */
static inline void dirtier_add(struct mem *mem, struct dirtier *d, struct bdi *bdi)
{
    d->bdi = bdi;
    d->nr_dirtied++;
    mem->dirty_cpus[mem->cpu].dirtied++;
}
/* Must the writer, a task of g, pause?   pre: d->bdi   post: a pause, or d->bdi is NULL; both when
 * one pause is enough */
bool balance_dirty_pages(struct mem *mem, struct dirtier *d, struct group *g,
                         struct wait *ret_wait);
/* Start writeback of dirty pages of [*from, last] of the inode. True when all is on its way;
 * otherwise *from is where to go on at *ret_until. `all`: also pages that were dirtied again while
 * they are being written, as fsync needs. Waiting for what is on its way is the caller's. */
bool writeback_range(struct mem *mem, struct inode *inode, u64 *from, u64 last, bool all,
                     ns_t *ret_until);

#endif
