/* system.h - one machine: everything it owns, its tasks, its system calls, its daemons.
 *
 * The only struct that owns a machine. Rooms below get the parts they need; rooms above read it as
 * `const struct system *` (procfs/) or drive it through the calls here (workload/).
 *
 * Calls that may wait return enum step. STEP_WAIT: the task is TASK_WAITING until task->wait.until; make the same call
 * again then (progress is kept in the task). STEP_DONE: task->error says whether the call was refused. STEP_DEAD: the task was killed or got a fatal signal while in the call and is a zombie:
 * its stream ends.
 */
#ifndef SYSTEM_SYSTEM_H
#define SYSTEM_SYSTEM_H

#include "access/access.h"
#include "base/err.h"
#include "base/vec.h"
#include "slab/slab.h"
#include "stats/kernel.h"
#include "stats/tunables.h"
#include "system/config.h"
#include "system/task.h"

enum step { STEP_DONE, STEP_WAIT, STEP_DEAD };

struct cpu_times { /* of one CPU; the rest of the time it was idle */
    u64 user_ns, system_ns;
};

struct system {
    struct system_config config;
    struct kernel kernel;
    struct clock clock;
    struct counters counters;
    struct tunables tunables;
    struct cost_model cost;
    struct frames frames;
    struct space space;
    struct backing backing;
    struct swap swap;
    struct groups groups;
    struct mem mem;
    struct slab slab;
    struct device disk, disks[DISKS_MAX - 1];
    struct device swap_devices
        [8]; /* profile NULL: the area is on one of the disks (swap_area has the device) */
    struct zram *zrams[8]; /* behind them; NULL for other devices */
    struct strbuf log;     /* dmesg text */
    struct task **tasks;   /* by creation; dead ones stay until system_done() for their rusage */
    u32 nr_tasks, cap_tasks;
    struct task *kswapd;         /* not among tasks */
    struct zswap zswap;          /* swap.zswap is NULL when the kernel has none */
    ns_t zswap_at;               /* its worker is free again */
    u64 daemon_ns;               /* CPU time of daemons not reported yet */
    struct cpu_times *cpu_times; /* per CPU; the scheduler's to keep */
    u64 nr_switches;             /* of a CPU from one task to another; the same */
    u64 load[3];  /* load averages of 1, 5 and 15 minutes, 11 bits of fraction (loadavg.c) */
    ns_t load_at; /* when they are worked out next */
    u64 oom_kills;
    bool panicked;                /* it stopped for good: nothing runs any more */
    u64 steps;                    /* accesses and calls, for checked builds */
    VEC(u32) idle_inodes;         /* may have lost their last user: looked at by inodes_reap() */
    struct shmem_mount *tmpfs;    /* of files of tmpfs that name no other: half of RAM */
    u64 shm_ino;                  /* last number given to shared anonymous memory */
    struct group *running;        /* of the last task that made a call; NULL before the first */
    struct file *disk_file;       /* the disk itself; NULL before its first use */
    u64 names_walked;             /* by system_walk_directory() */
    bool drop_caches_quiet;       /* no lines in the log about it any more */
    struct pfn_list driver_pages; /* system_pin_pages() */
    /* Called at watch_at, which it moves on; looks and changes nothing. NULL: nobody watches. */
    void (*watch)(void *ctx);
    void *watch_ctx;
    ns_t watch_at;

    /* Called now and then inside a call that takes long: looks and changes nothing. NULL: nobody cares. */
    void (*busy)(void *ctx);
    void *busy_ctx;
};

int system_init(struct system *s, const struct system_config *c, struct err *e);
void system_done(struct system *s);
/* Every invariant of every room. Expensive. */
void system_check(struct system *s);
/* After each access and call in checked builds (-DHW_CHECKS): every `n`th step a full check. */
void system_check_step(struct system *s);

/* --- time ----------------------------------------------------------------------------------------------------------- */
/* Run device completions and daemons (kswapd, flusher) that are due up to `until`. The scheduler calls it before it lets a task run at
 * a time. Daemons cost CPU: *ret_daemon_ns is how much CPU time they used since the last call. */
void system_run_until(struct system *s, ns_t until, u64 *ret_daemon_ns);
/* The task ran its own instructions for so long. */
static inline void system_count_user(struct system *s, struct task *t, u64 ns)
{
    t->cpu_user_ns += ns;
    s->cpu_times[t->cpu].user_ns += ns;
}
/* Tasks that can run now, and tasks that wait without being asked for a signal (state D). */
u32 system_count_running(const struct system *s);
u32 system_count_blocked(const struct system *s);
/* CPU cost of all that was done since the last call: the scheduler adds it to the task. */
u64 system_take_cpu_ns(struct system *s);

/* --- tasks ----------------------------------------------------------------------------------------------------------- */
/* A new process with an empty address space in group g. */
struct task *system_task_new(struct system *s, struct group *g, u32 pid, u32 ppid,
                             const char *comm);
/* A thread of the same process. */
struct task *system_thread_new(struct system *s, struct task *leader, u32 tid);
/* fork: STEP_WAIT possible while tables are copied; *ret_child is set when STEP_DONE, NULL when it was refused. */
enum step system_fork(struct system *s, struct task *t, u32 child_pid, bool share_vm,
                      struct task **ret_child);
/* exec: drop the address space; the new image's maps follow as system_mmap calls. */
enum step system_exec(struct system *s, struct task *t, const char *comm);
/* Thread exit (the last one frees the address space), or exit of the whole process. */
void system_exit(struct system *s, struct task *t, s32 status, bool group);
/* The process gives up because a call of it was refused, for t->error. */
void system_give_up(struct system *s, struct task *t);

/* Write to /proc/PID/oom_score_adj: of all its threads, and of other processes that share its memory. */
void system_set_oom_score_adj(struct system *s, struct task *t, s16 adj);

/* What makes a process the OOM killer's choice: the more the likelier. usable: pages of all that may be used.
 * OOM_NEVER: it is left alone. */
#define OOM_NEVER INT64_MIN
s64 oom_badness(const struct system *s, const struct task *t, u64 usable);

/* --- one access: the caller has missed in tlb_hit(&s->space.tlbs[cpu], mm->id, vpn, write) ------------------------------------- */
enum step system_access(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind);
/* bytes=on: copy user memory through page tables that system_access() just made valid (one page at most). */
enum step system_load(struct system *s, struct task *t, vaddr_t addr, void *buf, u32 len);
enum step system_store(struct system *s, struct task *t, vaddr_t addr, const void *buf, u32 len);

/* --- memory calls; addresses and lengths in bytes, page-aligned as the kernel demands ------------------------------------- */
struct mmap_args {
    vaddr_t addr;
    u64 len;
    u32 prot, mflags /* HWT_MAP_ bits, docs/trace-format.md */;
    u32 file /* file id or 0 */;
    u64 offset;
};
enum step system_mmap(struct system *s, struct task *t, const struct mmap_args *a);
enum step system_munmap(struct system *s, struct task *t, vaddr_t addr, u64 len);
enum step system_mprotect(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 prot);
enum step system_mremap(struct system *s, struct task *t, vaddr_t old, u64 old_len,
                        vaddr_t new_addr, u64 new_len);
enum step system_madvise(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 advice);
enum step system_brk(struct system *s, struct task *t, vaddr_t start, vaddr_t end);
enum step system_mlock(struct system *s, struct task *t, vaddr_t addr, u64 len, bool onfault);
enum step system_munlock(struct system *s, struct task *t, vaddr_t addr, u64 len);
enum step system_mlockall(struct system *s, struct task *t, u32 flags);

/* --- file calls -------------------------------------------------------------------------------------------------------------- */
/* The inode of (dev, ino), made on first sight with this size. host_fd -1: generated content. */
struct inode *system_inode(struct system *s, enum inode_kind kind, u64 dev, u64 ino,
                           const char *path, u64 size);
struct file *system_open(struct system *s, struct inode *inode, u32 file_flags);
void system_close(struct system *s, struct file *f);
/* Through the page cache; user memory at addr is touched page by page (0: none). */
enum step system_read(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                      vaddr_t addr);
enum step system_write(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                       vaddr_t addr);
/* *ret_error: 0, or -EIO when a write of any page of the inode failed and f has not reported that yet. Every file that was open when it
 * failed reports it, once; so does the first one opened afterwards if nobody did before. f NULL: nothing is reported. */
enum step system_fsync(struct system *s, struct task *t, struct inode *inode, struct file *f,
                       int *ret_error);
enum step system_sync(struct system *s, struct task *t);
enum step system_truncate(struct system *s, struct task *t, struct inode *inode, u64 size);
enum step system_punch(struct system *s, struct task *t, struct inode *inode, u64 offset, u64 len);
void system_unlink(struct system *s, struct inode *inode);
enum step system_fadvise(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                         u32 advice);

/* Write to /proc/sys/vm/drop_caches: bits 1 clean, unmapped page cache; 2 dentries, inodes and shadow nodes; 4 no more lines in the log. */
void system_drop_caches(struct system *s, u32 what);

/* --- swap (swapoff.c) ---------------------------------------------------------------------------------------------------------- */
/* swapoff(2) of the area of this name. *ret_error with STEP_DONE: 0; -EINVAL: there is no such area, or somebody turns it off
 * already; -ENOMEM: without it promises could not be kept (vm.overcommit_memory 2). Everything in it comes back to memory, however
 * long that takes: others go on meanwhile. When memory runs out the caller is the first victim, and the area stays. */
enum step system_swapoff(struct system *s, struct task *t, const char *name, int *ret_error);
/* swapon(2) of config.swaps[i]: 0, or -EBUSY when it is on, -EPERM when there are no numbers left. */
int system_swapon(struct system *s, unsigned i);

/* --- the kernel's own memory (kobject.c) ------------------------------------------------------------------------------------- */
/* Look up nr names that nobody looked up before, as find or a backup does: dentries and inodes that shrinkers may take. */
enum step system_walk_directory(struct system *s, struct task *t, u64 nr);
/* nr blocks that nobody frees any more; `account`: paid for by the task's group.   pre: bytes <= 8192 */
enum step system_leak_objects(struct system *s, struct task *t, u64 nr, u32 bytes, bool account);
/* nr TCP connections with this much data waiting in each. The task's end closes them. */
enum step system_open_sockets(struct system *s, struct task *t, u64 nr, u64 bytes);
void system_close_sockets(struct system *s, struct task *t, u64 nr);
/* A driver takes pages, which no file shows. They stay when the task ends. */
enum step system_pin_pages(struct system *s, struct task *t, u64 nr);
void system_unpin_pages(struct system *s, u64 nr);

/* --- groups ------------------------------------------------------------------------------------------------------------------- */
struct group *system_group(struct system *s,
                           const char *path); /* made, with its parents, when missing */
/* rmdir: 0, or -EBUSY. What is still charged stays until it is freed or reclaimed; kernel objects go to the parent at once. */
int system_group_remove(struct system *s, struct group *g);
/* Write to cgroup.procs: the process and all its threads move. What they were charged for stays where it is. */
void system_task_move(struct system *s, struct task *t, struct group *to);
/* Write to a limit of a group that may be in use. memory.max and memory.high reclaim what is over; max kills when that does not help. In
 * pages. 0: it is done. Otherwise the writer sleeps until then, for a write to complete: make the same call again. */
ns_t system_group_set_limit(struct system *s, struct group *g, enum group_limit which, u64 pages);
/* Write to memory.reclaim. Returns the pages reclaimed; fewer than asked for is EAGAIN there, unless *ret_until is set: then
 * the writer sleeps until that time before it goes on with the rest. NULL: it gives up instead. */
u64 system_group_reclaim(struct system *s, struct group *g, u64 pages, ns_t *ret_until);

#endif
