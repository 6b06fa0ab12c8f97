/* sched.h - who runs on which CPU, in virtual time.
 *
 * Mirrors:  kernel/sched/fair.c in its effects, not in its means: the task that had least runs, a
 *           slice is 3 ms while others wait, a sleeper that wakes preempts one that had 1 ms more,
 *           an idle CPU takes work.
 * Owns:     when each task of a workload runs. What it does then is its run function's business.
 * Order:    deterministic: ties go to the lower CPU, then to who came first.
 *
 * Time:     each CPU has a clock of its own. The CPU that is furthest behind runs next, and at most
 *           SCHED_QUANTUM ahead of the others, so what one CPU sees of another is at most that
 *           stale. The machine's clock follows the CPU that runs and never goes back.
 */
#ifndef WORKLOAD_SCHED_H
#define WORKLOAD_SCHED_H

#include "base/heap.h"
#include "base/types.h"
#include "base/vec.h"
#include "system/system.h"

#define SCHED_SLICE        (3 * NS_PER_MS)
#define SCHED_WAKEUP_GRAIN (1 * NS_PER_MS)
#define SCHED_QUANTUM      (50 * NS_PER_US)

#define SCHED_NICE_MIN (-20)
#define SCHED_NICE_MAX 19
#define SCHED_WEIGHT_0 1024u

enum sched_result {
    SCHED_GO_ON, /* the slice is used up */
    SCHED_WAIT,  /* until task->wait.until */
    SCHED_BLOCK, /* until sched_wake() */
    SCHED_DONE,  /* never again */
};

enum sched_state {
    SCHED_NEW,
    SCHED_QUEUED,
    SCHED_ON_CPU,
    SCHED_WAITING,
    SCHED_BLOCKED,
    SCHED_ENDED
};

struct sched_slice {
    struct sched *sched;
    ns_t now; /* the run function moves it on by what it did */
    ns_t end; /* it should come back at the first chance from here on */
};

struct sched_task;
typedef enum sched_result (*sched_run_fn)(struct sched_task *st, struct sched_slice *slice);

/* One thing that runs. The owner provides the memory. */
struct sched_task {
    struct task *task;
    sched_run_fn run;
    void *owner;
    u32 weight;    /* its share of a CPU, SCHED_WEIGHT_0 (or 0) being one of nice 0 */
    bool unjudged; /* what it does makes nobody busy (sched_idle_ns) */
    /* private */
    bool busy; /* it runs, could run, or waits for something else than the end of a sleep */
    enum sched_state state;
    unsigned cpu;
    ns_t vruntime;
    ns_t waiting_since;
    u64 turn; /* of the wait; a wake-up of an older one is stale */
};

struct sched_cpu {
    ns_t now;
    ns_t slice_end; /* of `current`, when others wait */
    struct sched_task *current;
    struct sched_task *last; /* who ran before: switching costs */
    bool resched;            /* `current` should give way */
    bool idled;              /* nothing has run since `last` */
    VEC(struct sched_task *) queue;
};

struct sched {
    struct system *system;
    struct sched_cpu *cpus;
    struct sched_cpu *running; /* whose slice it is; NULL between slices */
    unsigned nr_cpus;
    struct heap wakeups; /* key: time */
    VEC(struct sched_task *) tasks;
    ns_t floor; /* what the least served runner had: where sleepers and newcomers start */
    u64 oom_kills_seen;
    u64 memstall_ns_seen, kswapd_ns_seen; /* already in the pressure figures */
    ns_t daemon_ns;                       /* CPU time of daemons so far */
    u32 nr_busy;                          /* tasks that are busy, of those judged */
    ns_t busy_until, idle_ns;             /* when the last of them fell asleep; idle before that */
    /* Called before each slice and each call that a task makes, when the machine is whole: it may
     * look, and must change nothing. NULL: nobody. */
    void (*attend)(void *ctx);
    void *attend_ctx;
};

void sched_init(struct sched *s, struct system *system);
void sched_done(struct sched *s);

/* Make it runnable from `now` on. pre: task and run are set; st->state is SCHED_NEW */
void sched_add(struct sched *s, struct sched_task *st, ns_t now);

/* Wake one that returned SCHED_BLOCK (or cut a wait short). Does nothing if it is runnable or
 * ended. */
void sched_wake(struct sched *s, struct sched_task *st, ns_t now);

/* The CPUs that it may run on have changed: it leaves one that it may not. What runs at the moment
 * goes at the end of its slice. */
void sched_affinity_changed(struct sched *s, struct sched_task *st, ns_t now);

/* Of every task, perhaps. */
void sched_affinities_changed(struct sched *s);

/* Wake every waiting or blocked task that was killed or is a zombie, so that it can notice. */
void sched_wake_killed(struct sched *s, ns_t now);

/* Run one slice of one task. False when none can run and none waits for a time. */
bool sched_step(struct sched *s);

/* The weight of a nice value (sched_prio_to_weight): each step is worth about a quarter.   pre:
 * SCHED_NICE_MIN..MAX */
u32 sched_weight(int nice);

/* When something happens next: a CPU goes on, or a sleeper wakes. NS_NEVER when nothing will. */
ns_t sched_next(struct sched *s);

/* The time of the CPU that runs next: nothing before it can happen any more. */
ns_t sched_now(const struct sched *s);

/* Virtual time up to `now` in which every judged task slept: it waited for a time, or for another
 * one that did, and for no memory and no I/O. However long a program has nothing to do, this takes
 * it out of the account. */
ns_t sched_idle_ns(const struct sched *s, ns_t now);

/* --- for run functions ------------------------------------------------------------------------ */
/* Bring the machine to slice->now: call before any system_ call. */
void sched_enter(struct sched_slice *slice, struct task *task);
/* Charge the CPU time of the calls since then to the task and the slice. */
void sched_leave(struct sched_slice *slice, struct task *task);

void sched_check(const struct sched *s);

#endif
