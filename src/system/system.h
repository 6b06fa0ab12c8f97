/* system.h - one machine: everything it owns, its tasks, its daemons, its time.
 *
 * The only struct that owns a machine. Rooms below get the parts they need; rooms above read it as
 * `const struct system *` (procfs/) or drive it through the calls here (workload/).
 *
 * The calls stand beside it, by noun: task.h, access.h and mmap.h of a process's memory, file.h,
 * swap.h, kobject.h, cgroup.h, and control.h for files that are written to.
 */
#ifndef SYSTEM_SYSTEM_H
#define SYSTEM_SYSTEM_H

#include "access/khugepaged.h"
#include "base/err.h"
#include "base/vec.h"
#include "hugetlb/hugetlb.h"
#include "slab/slab.h"
#include "stats/kernel.h"
#include "stats/tunables.h"
#include "system/config.h"
#include "system/task.h"

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
    struct hugetlb hugetlb;
    struct slab slab;
    struct device disk, disks[DISKS_MAX - 1];
    /* profile NULL: the area is on one of the disks (swap_area has the device) */
    struct device swap_devices[SWAPS_MAX];
    char swap_names[SWAPS_MAX][DEVICE_NAME_MAX + 8]; /* of areas that are called as their device */
    struct zram *zrams[SWAPS_MAX];                   /* behind them; NULL for other devices */
    struct strbuf log;                               /* dmesg text */
    struct task **tasks; /* by creation; dead ones stay until system_done() for their rusage */
    u32 nr_tasks, cap_tasks;
    struct task *kswapds[MAX_NUMNODES]; /* of each node; not among tasks */
    u64 kswapds_ns;                     /* CPU time of all of them */
    struct khugepaged khugepaged;
    struct zswap zswap;          /* swap.zswap is NULL when the kernel has none */
    ns_t zswap_at;               /* its worker is free again */
    u64 daemon_ns;               /* CPU time of daemons not reported yet */
    struct cpu_times *cpu_times; /* per CPU; the scheduler's to keep */
    u64 nr_switches;             /* of a CPU from one task to another, the idle one too; the same */
    u64 boot_time; /* seconds of 1970 at which the virtual clock began: btime of /proc/stat */
    u64 load[3];   /* load averages of 1, 5 and 15 minutes, 11 bits of fraction (loadavg.c) */
    /* when statistics of groups are brought up to date next; NS_NEVER: they always are */
    ns_t stats_at;
    ns_t load_at; /* when they are worked out next */
    u64 oom_kills;
    u64 memlock_refused; /* calls that wanted to lock or pin more than RLIMIT_MEMLOCK */
    u64 kills;           /* by system_kill() */
    struct {
        u64 kills;                /* of oom_kills: for an allocation that was held to some nodes */
        bool cpuset;              /* of the last of them: by a cpuset, not by a policy */
        u64 nodes;                /* those nodes */
        u64 free_pages;           /* on other nodes */
        char comm[TASK_COMM_LEN]; /* who asked */
    } oom_bound;
    ns_t alloc_warned;            /* when the log last told of a failed allocation; 0: never */
    u32 alloc_suppressed;         /* failed since, which the log has not told */
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

    /* Called when a process is about to give all its memory back: looks and changes nothing. NULL:
     * nobody watches. */
    void (*leaving)(void *ctx);
    void *leaving_ctx;

    /* Called now and then inside a call that takes long: looks and changes nothing. NULL: nobody
     * cares. */
    void (*busy)(void *ctx);
    void *busy_ctx;
};

int system_init(struct system *s, const struct system_config *c, struct err *e);
void system_done(struct system *s);
/* Every invariant of every room. Expensive. */
void system_check(struct system *s);
/* After each access and call in checked builds (-DHW_CHECKS): every `n`th step a full check. */
void system_check_step(struct system *s);

/* --- time ------------------------------------------------------------------------------------- */
/* Run device completions and daemons (kswapd, flusher) that are due up to `until`. The scheduler
 * calls it before it lets a task run at a time. Daemons cost CPU: *ret_daemon_ns is how much CPU
 * time they used since the last call. */
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

#endif
