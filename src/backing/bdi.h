/* bdi.h - the devices that hold files and, for each of them and each control group, what is dirty
 * there.
 *
 * Mirrors:    include/linux/backing-dev-defs.h (struct backing_dev_info, struct bdi_writeback,
 *             struct wb_domain), lib/flex_proportions.c, Linux 6.1 with cgroup writeback.
 *
 *     bdi (a device) -- wb of the root group     b_dirty   inodes with dirty pages, the one dirtied first in front
 *                    |                           b_io      taken from there by the flusher: to be written now
 *                    +- wb of group 7            b_more_io had their turn and have more
 *                    +- wb of group 9            counts, bandwidth, the flusher's work
 *
 *             An inode belongs to the wb of the group whose page was dirtied in it first, and stays there until the group is
 *             removed; then it is its parent's from the next time on that it becomes dirty.
 * Differs:    an inode that others dirty more does not move to their group (foreign inodes).
 * Owns:       the lists, the counts and the proportions. Bandwidth and the flusher's work are kept
 *             here and worked out in balance/.
 * Never:      waits, writes.
 * Invariants: (bdi_check) the counts of a wb are those of its inodes; an inode is on a list of its
 *             wb when it has a dirty page.
 */
#ifndef BACKING_BDI_H
#define BACKING_BDI_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/vec.h"
#include "machine/device.h"

struct inode;
struct backing;

/* --- proportions: who did how much of late ---------------------------------------------------- */
/* Each period halves what was counted before it. */
struct fprop_global {
    u64 events; /* from 1, so that nobody divides by 0 */
    u32 period;
};
struct fprop_local {
    u64 events;
    u32 period;
};

/* All dirty pages that share one threshold: the machine's, or a group's and those below it. */
struct wb_domain {
    struct fprop_global completions; /* pages written */
    ns_t period_at;                  /* end of the period; 0: none runs, since nothing is written */
    u64 dirty_limit;                 /* the threshold, coming down slowly */
    u64 dirty_limit_tstamp;          /* jiffies */
};
#define WB_PERIOD_NS (3 * NS_PER_S) /* VM_COMPLETIONS_PERIOD_LEN */

/* nr pages of `local` were written in the domain. */
void wb_domain_add(struct wb_domain *d, struct fprop_local *local, u64 nr, ns_t now);
/* The part of all pages written in the domain that were local's.   post: num <= den, den > 0 */
void wb_domain_fraction(struct wb_domain *d, struct fprop_local *local, ns_t now, u64 *ret_num,
                        u64 *ret_den);

/* --- devices and what is dirty on them -------------------------------------------------------- */
enum wb_stat { WB_RECLAIMABLE, WB_WRITEBACK, WB_DIRTIED, WB_WRITTEN, NR_WB_STATS };

enum wb_work {
    WB_WORK_NONE,
    WB_WORK_ALL,       /* somebody asked for everything (wakeup_flusher_threads) */
    WB_WORK_KUPDATE,   /* what is older than dirty_expire_centisecs */
    WB_WORK_BACKGROUND /* until below the background threshold */
};

struct bdi_writeback {
    struct bdi *bdi;
    u16 memcg;
    /* its group was removed: it keeps what it has, and what becomes dirty anew is this one's; 0: it
     * is alive */
    u16 heir;
    u64 stat[NR_WB_STATS];
    struct list_head b_dirty, b_io, b_more_io;
    u32 nr_inodes_writeback; /* inodes with pages under writeback */

    /* Estimates, in pages per second (balance/bandwidth.c). */
    u64 bw_time_stamp; /* jiffies */
    u64 dirtied_stamp, written_stamp;
    u64 write_bandwidth, avg_write_bandwidth;
    u64 dirty_ratelimit, balanced_dirty_ratelimit;
    struct fprop_local completions, memcg_completions;
    bool dirty_exceeded;
    u64 dirty_sleep; /* when a writer last paused, in jiffies */

    /* The flusher (balance/flusher.c). */
    ns_t wake_at;          /* NS_NEVER: asleep */
    ns_t bw_at;            /* when the bandwidth is looked at after the last write; NS_NEVER: not */
    bool start_all, again; /* asked for since it last began to look for work */
    enum wb_work work;     /* under way */
    unsigned stage;        /* kinds of work that this run has looked at */
    u64 work_pages;        /* left of the work */
    bool progress;         /* this pass over b_io wrote something */
    bool in_pass;
    ns_t last_old_flush, ran_at;
    /* The turn of the inode in front of b_io: from `from` to its end, then from its start to
     * there. */
    bool turn_open, wrapped;
    u64 turn_pages; /* left */
    u64 from, at;
};

struct bdi {
    struct device *device;
    VEC(struct bdi_writeback *) wb; /* in order of creation; the root group's first */
    struct u64map by_memcg;         /* -> index in wb */
};

#define WB_BANDWIDTH_NS (200 * NS_PER_MS) /* BANDWIDTH_INTERVAL */

/* The bdi of a device, made at first sight. */
struct bdi *bdi_of_device(struct backing *b, struct device *device);
/* The wb of a group on this device, made at first sight. */
struct bdi_writeback *bdi_wb(struct bdi *bdi, u16 memcg, ns_t now);
/* The group is removed; `heir` is the next living one above it. */
void bdi_group_removed(struct backing *b, u16 memcg, u16 heir);
/* The domain of a group; the machine's for the root group. */
struct wb_domain *wb_domain_of(struct backing *b, u16 memcg);

static inline bool wb_has_dirty_io(const struct bdi_writeback *wb)
{
    return !list_empty(&wb->b_dirty) || !list_empty(&wb->b_io) || !list_empty(&wb->b_more_io);
}

/* The flusher of wb is to run at `at`, if it would not run before. */
void wb_wake(struct backing *b, struct bdi_writeback *wb, ns_t at);
/* The flusher that runs next and when; NULL and NS_NEVER when all sleep. */
struct bdi_writeback *wb_next(struct backing *b, ns_t *ret_at);

/* For pagecache.c, after it counted in the inode: a page, charged to this group, became dirty or
 * clean; its writeback began, ended. */
void wb_inode_dirtied(struct backing *b, struct inode *inode, u16 memcg, ns_t now);
void wb_inode_cleaned(struct inode *inode);
void wb_inode_writeback_start(struct backing *b, struct inode *inode, u16 memcg);
void wb_inode_writeback_end(struct inode *inode);
/* For the completion of writes (reclaim/page.c): one page of the inode is written. */
void wb_page_written(struct backing *b, struct inode *inode, ns_t now);

void bdi_init(struct backing *b);
void bdi_done(struct backing *b);
void bdi_check(const struct backing *b);

#endif
