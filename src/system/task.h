/* task.h - one thread of execution: what it runs, where it is charged, what it waits for; how it
 * begins and ends.
 *
 * Mirrors: struct task_struct, struct signal_struct. Tasks with the same `tgid` are one process and
 * share `mm`. */
#ifndef SYSTEM_TASK_H
#define SYSTEM_TASK_H

#include "access/access.h"
#include "access/numa.h"
#include "balance/writeback.h"
#include "space/space.h"

#define TASK_COMM_LEN 16

struct system;

/* What a call that may wait returns. STEP_WAIT: the task is TASK_WAITING until task->wait.until;
 * make the same call again then (progress is kept in the task). STEP_DONE: task->error says whether
 * the call was refused. STEP_DEAD: the task was killed or got a fatal signal while in the call and
 * is a zombie: its stream ends. */
enum step { STEP_DONE, STEP_WAIT, STEP_DEAD };

enum task_state { TASK_RUNNING, TASK_WAITING, TASK_ZOMBIE, TASK_DEAD };
enum task_outcome {
    OUTCOME_NONE,
    OUTCOME_EXITED,
    OUTCOME_OOM_KILLED,
    OUTCOME_SIGSEGV,
    OUTCOME_SIGBUS,
    OUTCOME_KILLED,
    OUTCOME_REFUSED /* a call was refused (task->error), and the program gave up */
};

/* Blocks of frames that a part of the kernel holds for a task (block.h), and how often it asked for
 * one in vain. */
struct kernel_blocks {
    struct pfn_list list; /* their first frames, newest first */
    unsigned order;
    u64 asked, failed;
    ns_t last; /* when one was last asked for */
};

struct task {
    u32 pid, tgid, ppid;
    char comm[TASK_COMM_LEN];
    struct mm *mm; /* NULL after exit and for kernel threads */
    struct group *group;
    unsigned cpu;
    u64 cpus_allowed; /* bit per CPU: of those that it asked for, what its cpuset leaves */
    u64 cpus_asked;
    struct task_mempolicy mempolicy;
    enum task_state state;
    enum task_outcome outcome;
    s32 exit_status; /* as from wait(2) */
    s16 oom_score_adj;
    s16 oom_score_adj_min; /* below it only who has CAP_SYS_RESOURCE sets that */
    s8 nice;               /* to be shown; the scheduler goes by weights */
    u32 uid;               /* 0 has all capabilities */
    int error; /* of the call that ended last, as its program sees it: -ENOMEM, -ENOSPC; else 0 */
    bool kthread;
    bool killed;      /* SIGKILL pending: dies at its next step */
    struct wait wait; /* while TASK_WAITING */
    u32 psi_flags;    /* what pressure counts it as (enum psi_task), on CPU psi_cpu */
    unsigned psi_cpu;
    struct attempt attempt;
    struct access_ctx access; /* kept up to date by task_access() */
    u64 pins_before;          /* that its address space had when the call that pins more began */
    u64 progress;      /* how far the system call that is being retried has come; 0: at its start */
    ns_t direct_until; /* O_DIRECT: when the last of its requests is done */
    bool direct_buffered;   /* the rest of this call goes through the page cache */
    u32 sync_inode;         /* sync(2): the inode at hand; 0 outside of it */
    struct dirtier dirtier; /* what it dirtied, and when it has to pause for that */
    /* pages charged above memory.high: it reclaims, and perhaps pauses, before it goes on */
    u32 over_high;
    struct task *fork_child; /* while its tables are being copied; not in the table of tasks yet */
    pfn_t stack[4];          /* kernel stack; PFN_NONE where there was no memory */
    u16 objects_memcg;       /* the group that pays for its kernel objects */
    u64 nr_sockets, socket_fill;  /* open; pages already buffered for the next */
    struct pfn_list socket_pages; /* what waits in their buffers */
    struct kernel_blocks packets, array;
    bool fault_retried; /* the fault waited: counts as major when it completes (FAULT_FLAG_TRIED) */

    /* rusage of the thread */
    u64 minflt, majflt;
    /* times that it left a CPU to wait, and to let others run; the scheduler's to count */
    u64 nvcsw, nivcsw;
    u64 cpu_user_ns, cpu_sys_ns;
    u64 cpu_user_before, cpu_sys_before; /* of those before it came into its group, in ns */
    u64 wait_ns[NR_WAIT_CAUSES];
    u64 reclaim_ns;              /* CPU time it spent in direct reclaim */
    struct node_accesses *nodes; /* NULL on a machine of one node */
    struct task_numa numa;       /* balancing between nodes */
    u64 maxrss_pages;            /* of the process, kept at exit */
    u64 max_hugetlb_pages;       /* of the pool of huge pages, kept at exit as well */
    ns_t start_ns, end_ns;
    void *owner; /* the workload's, not looked at */
};

/* A new process with an empty address space in group g. */
struct task *system_task_new(struct system *s, struct group *g, u32 pid, u32 ppid,
                             const char *comm);
/* A thread of the same process. */
struct task *system_thread_new(struct system *s, struct task *leader, u32 tid);
/* fork: STEP_WAIT possible while tables are copied; *ret_child is set when STEP_DONE, NULL when it
 * was refused. */
enum step system_fork(struct system *s, struct task *t, u32 child_pid, bool share_vm,
                      struct task **ret_child);
/* exec: drop the address space; the new image's maps follow as system_mmap calls. */
enum step system_exec(struct system *s, struct task *t, const char *comm);
/* Thread exit (the last one frees the address space), or exit of the whole process. */
/* Of all accesses of all tasks those to memory of another node than the CPU's, in percent. */
unsigned numa_remote_percent(const struct system *s);
void system_exit(struct system *s, struct task *t, s32 status, bool group);
/* The process gives up because a call of it was refused, for t->error. */
void system_give_up(struct system *s, struct task *t);

/* SIGKILL to the process of this task, between two steps of any: it is gone at once. The scheduler
 * has to be told (sched_wake_killed). */
void system_kill(struct system *s, struct task *t);

/* It is about to run at `now`, which the machine's clock need not have reached: NUMA balancing
 * looks at its memory when that is due.   pre: numa_balancing_on() */
void system_balance_task(struct system *s, struct task *t, ns_t now);

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

/* Write to /proc/PID/oom_score_adj: of all its threads, and of other processes that share its
 * memory. with_min: by who has CAP_SYS_RESOURCE, so others set nothing lower from here on. */
void system_set_oom_score_adj(struct system *s, struct task *t, s16 adj, bool with_min);

/* What makes a process the OOM killer's choice: the more the likelier. usable: pages of all that
 * may be used. OOM_NEVER: it is left alone. */
#define OOM_NEVER INT64_MIN
s64 oom_badness(const struct system *s, const struct task *t, u64 usable);

#endif
