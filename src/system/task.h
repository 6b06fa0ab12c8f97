/* task.h - one thread of execution: what it runs, where it is charged, what it waits for.
 *
 * Mirrors: struct task_struct, struct signal_struct. Tasks with the same `tgid` are one process and share `mm`. */
#ifndef SYSTEM_TASK_H
#define SYSTEM_TASK_H

#include "access/access.h"
#include "balance/writeback.h"
#include "space/space.h"

#define TASK_COMM_LEN 16

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

struct task {
    u32 pid, tgid, ppid;
    char comm[TASK_COMM_LEN];
    struct mm *mm; /* NULL after exit and for kernel threads */
    struct group *group;
    unsigned cpu;
    enum task_state state;
    enum task_outcome outcome;
    s32 exit_status; /* as from wait(2) */
    s16 oom_score_adj;
    s8 nice;   /* to be shown; the scheduler goes by weights */
    u32 uid;   /* 0 has all capabilities */
    int error; /* of the call that ended last, as its program sees it: -ENOMEM, -ENOSPC; else 0 */
    bool kthread;
    bool killed;      /* SIGKILL pending: dies at its next step */
    struct wait wait; /* while TASK_WAITING */
    u32 psi_flags;    /* what pressure counts it as (enum psi_task), on CPU psi_cpu */
    unsigned psi_cpu;
    struct attempt attempt;
    struct access_ctx access; /* kept up to date by task_access() */
    u64 progress;      /* how far the system call that is being retried has come; 0: at its start */
    ns_t direct_until; /* O_DIRECT: when the last of its requests is done */
    bool direct_buffered;   /* the rest of this call goes through the page cache */
    u32 sync_inode;         /* sync(2): the inode at hand; 0 outside of it */
    struct dirtier dirtier; /* what it dirtied, and when it has to pause for that */
    u32 over_high; /* pages charged above memory.high: it reclaims, and perhaps pauses, before it goes on */
    struct task *fork_child; /* while its tables are being copied; not in the table of tasks yet */
    pfn_t stack[4];          /* kernel stack; PFN_NONE where there was no memory */
    u16 objects_memcg;       /* the group that pays for its kernel objects */
    u64 nr_sockets, socket_fill;  /* open; pages already buffered for the next */
    struct pfn_list socket_pages; /* what waits in their buffers */
    bool fault_retried; /* the fault waited: counts as major when it completes (FAULT_FLAG_TRIED) */

    /* rusage of the thread */
    u64 minflt, majflt;
    u64 cpu_user_ns, cpu_sys_ns;
    u64 wait_ns[NR_WAIT_CAUSES];
    u64 reclaim_ns;   /* CPU time it spent in direct reclaim */
    u64 maxrss_pages; /* of the process, kept at exit */
    ns_t start_ns, end_ns;
    void *owner; /* the workload's, not looked at */
};

#endif
