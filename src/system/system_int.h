/* system_int.h - between the files of system/: how a call begins, waits and ends.
 *
 * A call that may wait is written so that it can be made again: what is done is kept in
 * task->progress (0 at the start and at the end), in the machine, or can be done twice. It begins
 * with call_begin() and ends with call_end().
 */
#ifndef SYSTEM_SYSTEM_INT_H
#define SYSTEM_SYSTEM_INT_H

#include "base/abi.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/mglru.h"
#include "reclaim/page.h"
#include "reclaim/thp.h"
#include "system/system.h"

enum { DROP_CACHES_PAGES = 1, DROP_CACHES_SLAB = 2, DROP_CACHES_QUIET = 4 };

#define READ_AHEAD_KB_DEFAULT 128u /* of a block device's queue */

/* A range of pages. */
struct span {
    vpn_t start, end;
};

/* --- call.c ----------------------------------------------------------------------------------- */
/* False: the call cannot go on now, *ret_step says why. */
bool call_begin(struct system *s, struct task *t, enum step *ret_step);
/* The task dirtied some pages: must it pause for the flusher? (balance_dirty_pages_ratelimited) */
bool call_dirty_pause(struct system *s, struct task *t, struct wait *ret_wait);
/* The call is over: forget its progress. */
enum step call_end(struct system *s, struct task *t);
/* The same; the program sees the error (-Exxx). */
enum step call_refuse(struct system *s, struct task *t, int error);
enum step call_wait(struct task *t, struct wait wait);
/* What allocations cost their task beside: direct reclaim, and compaction, which counts as a wait
 * of its own. */
struct effort_mark {
    u64 ns, compact_ns, reclaim_calls;
};
static inline struct effort_mark effort_begin(const struct system *s, const struct task *t)
{
    return (struct effort_mark){s->mem.cpu_ns, s->mem.compact_ns, t->attempt.reclaim_calls};
}
static inline void effort_end(const struct system *s, struct task *t,
                              const struct effort_mark *begin)
{
    u64 compact_ns = s->mem.compact_ns - begin->compact_ns;

    if (unlikely(compact_ns))
        t->wait_ns[WAIT_COMPACTION] += compact_ns;
    if (unlikely(t->attempt.reclaim_calls != begin->reclaim_calls))
        t->reclaim_ns += s->mem.cpu_ns - begin->ns - compact_ns;
}
/* The task's context for access/, with its current address space and group. */
struct access_ctx *task_access(struct system *s, struct task *t);
/* What the result of an access means: STEP_DONE after OOM (somebody was killed: try again) and for
 * what is left to the caller. */
enum step access_step(struct system *s, struct task *t, enum access_result r);
/* The bytes at an address that is present; NULL: the zero page.   pre: frames hold bytes */
u8 *user_bytes(const struct system *s, const struct task *t, vaddr_t addr);
/* One access of a system call to user memory. False when the address is bad (EFAULT), with
 * STEP_DONE. */
enum step user_access(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind,
                      bool *ret_bad);

/* --- task.c ----------------------------------------------------------------------------------- */
/* Every task of the process becomes a zombie and its memory is released. */
void process_exit(struct system *s, struct task *t, enum task_outcome outcome, s32 status);
/* One user fewer: the last one releases everything. */
void mm_put(struct system *s, struct mm *mm);
/* A task that is in no table any longer; NULL is none. */
void task_free(struct task *t);

/* --- objects.c: the kernel objects behind tasks, address spaces and files --------------------- */
void task_objects_new(struct system *s, struct task *t);
/* A thread becomes the leader of its process, whose objects went with the old one. */
void task_objects_lead(struct system *s, struct task *t);
void task_objects_free(struct system *s, struct task *t);
void mm_objects_new(struct system *s, struct mm *mm);
/* After calls and faults that may have changed mappings. */
void mm_objects_update(struct system *s, struct mm *mm);
void mm_objects_free(struct system *s, struct mm *mm);
/* A name and an inode, an open file: for the running task's group. */
void inode_objects_new(struct system *s, struct inode *inode);
void inode_objects_free(struct system *s, const struct inode *inode);
void file_objects_new(struct system *s, struct file *f);
void file_objects_free(struct system *s, const struct file *f);

/* --- mmap.c ----------------------------------------------------------------------------------- */
void unmap_range(struct system *s, struct mm *mm, struct span r);
/* How pages are faulted in: private memory that may be written by writing, all else by reading
 * (mm_populate); MADV_POPULATE_*. */
enum populate { POPULATE, POPULATE_READ, POPULATE_WRITE };
/* Fault in [r.start, r.end), from t->progress - 1 on. */
enum step populate(struct system *s, struct task *t, struct span r, enum populate how);

/* --- mlock.c ---------------------------------------------------------------------------------- */
/* A page was just faulted in where something may be locked. */
void mlock_new_page(struct system *s, struct mm *mm, vpn_t vpn);
/* May the process lock so many more pages (RLIMIT_MEMLOCK)? */
bool mlock_allowed(struct system *s, const struct task *t, u64 pages);
/* Does an end of the range lie inside a huge page of the pool? */
bool cuts_huge_page(struct mm *mm, struct span r);
/* Before pages of the range are unmapped. */
void munlock_pages(struct system *s, struct mm *mm, struct span r);

/* --- swapoff.c -------------------------------------------------------------------------------- */
/* Turn on config.swaps[i], whose device is there. */
int swap_start(struct system *s, unsigned i, struct err *e);
/* The task ends: the area that it was turning off stays. */
void swapoff_abandon(struct system *s, const struct task *t);
/* Is it in swapoff? Then it is to die before anybody else (oom_task_origin). */
bool swapoff_is_under_way(const struct system *s, const struct task *t);

/* --- oom.c ------------------------------------------------------------------------------------ */
/* What ran out of memory. */
struct oom_control {
    struct group *group; /* below its limit; NULL: the machine */
    u64 nodes;           /* on these nodes alone; NODES_ALL */
    bool cpuset;         /* `nodes` are those of the cpuset, not of a memory policy */
    enum purpose purpose;
    unsigned order;
    bool interleaved; /* over the nodes, by a policy */
};
/* Memory cannot be had for t: choose, report and kill. False when there is nobody to kill.
 * oc->nodes: those that the allocation could use. */
bool oom_kill(struct system *s, struct task *t, const struct oom_control *oc);

/* --- oom_report.c ----------------------------------------------------------------------------- */
void oom_report(struct system *s, const struct task *invoker, const struct oom_control *oc,
                const struct task *victim);
void oom_report_killed(struct system *s, const struct task *victim, const char *message);
/* warn_alloc(): a kernel allocation of that order failed, with what memory looks like. One message
 * in 10 s, as Linux keeps it. */
void alloc_failure_report(struct system *s, const struct task *t, unsigned order, enum purpose why);
/* One line of the kernel's log. */
void log_line(struct system *s, const char *fmt, ...) HW_PRINTF(2, 3);
/* May the OOM killer look at it? */
bool oom_is_candidate(const struct system *s, const struct task *t, const struct oom_control *oc);

/* --- direct.c --------------------------------------------------------------------------------- */
/* O_DIRECT. STEP_DONE when all is read or written, or an error ended it; or when t->direct_buffered
 * was set, since the rest must go through the cache: t->progress is then what rw.c makes of it.
 * pre: a regular file; for a read, offset + len <= its size */
enum step call_direct(struct system *s, struct task *t, struct inode *inode, u64 offset, u64 len,
                      vaddr_t addr, bool write);

/* --- loadavg.c -------------------------------------------------------------------------------- */
void loadavg_init(struct system *s);
/* It is load_at. */
void loadavg_update(struct system *s);

/* --- numa.c ----------------------------------------------------------------------------------- */
/* What follows from kernel.numa_balancing. */
void numa_mode_changed(struct system *s);

/* --- sync.c ----------------------------------------------------------------------------------- */
/* Write the dirty pages [first, last] and wait for it. False: the call waits (and makes this call
 * again); what task->progress held before is lost then. */
bool call_sync_range(struct system *s, struct task *t, struct inode *inode, u64 first, u64 last);
/* Drop pages that are clean and that nobody uses, and shadows, from the cache
 * (invalidate_mapping_pages). */
void invalidate_pages(struct system *s, struct inode *inode, u64 first, u64 last);

/* --- file.c ----------------------------------------------------------------------------------- */
/* Called by space/ for every vma with a file that comes or goes. */
void file_mapped(void *system, u32 inode, u32 file, int change);
/* Free the inodes that nobody can reach any more and that have no I/O under way. */
void inodes_reap(struct system *s);
/* Latest completion of I/O on pages [from, to]; 0 when there is none. */
ns_t inode_io_until(const struct system *s, const struct inode *inode, u64 from, u64 to);

/* The zones keep what the tunables lowmem_reserve_* say. */
void system_set_lowmem_reserve(struct system *s);
/* vm.page-cluster can be set up to 31; a window of swap readahead has at most 1 <<
 * PAGE_CLUSTER_OBEYED pages. */
#define PAGE_CLUSTER_OBEYED 8u
void system_set_page_cluster(struct system *s);

#endif
