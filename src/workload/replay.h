/* replay.h - a recording, played on a machine in virtual time.
 *
 * Each stream of the trace becomes a task; its events become accesses and system calls, in order.
 * Streams start when what started them in the recording has happened: a forked child when its
 * parent's fork was replayed, a new image when the exec was, a thread at its order stamp. Waits
 * follow docs/trace-format.md, "Waits in a replay".
 *
 * Tolerance:  a recording survived natively, so an access that the replayed address space does not
 *             allow (the recorder missed a mapping, or the program handled the signal) is skipped
 *             and counted, not fatal.
 * Use:        replay_init(&r, &config); outcome = replay_run(&r); ... r.stats ...; replay_done(&r);
 */
#ifndef WORKLOAD_REPLAY_H
#define WORKLOAD_REPLAY_H

#include "base/hash.h"
#include "system/system.h"
#include "trace/trace.h"
#include "workload/sched.h"
#include "workload/service.h"

enum replay_outcome {
    REPLAY_COMPLETED,
    REPLAY_OOM, /* at least one task was killed for memory; the others went on to their end */
    /* at least one call or page was refused for want of memory, and none was killed for it */
    REPLAY_REFUSED,
    REPLAY_PANIC,   /* the machine stopped: vm.panic_on_oom, or nobody left to kill */
    REPLAY_THRASH,  /* max_ns of virtual time passed */
    REPLAY_STOPPED, /* *stop was set */
    REPLAY_FAILED,  /* the host could not read the trace */
};

/* "completed", "oom", "refused", "panic", "thrash", "stopped", "failed" */
const char *replay_outcome_name(enum replay_outcome outcome);

struct replay_config {
    const struct trace *trace;
    struct system *system;
    struct group *group; /* where its processes run */
    /* By index of the stream: which belong to the processes that are judged, from the start of the
     * first to the end of the last of them; the rest runs in `others`. NULL: all. */
    const bool *only;
    struct group *others;
    struct sched *sched;          /* shared with other workloads of the machine; NULL: its own */
    u32 pid_base;                 /* added to every pid of the recording */
    s16 oom_score_adj;            /* of its first processes */
    const struct mempolicy *numa; /* their memory policy; NULL: the machine's */
    u64 cpus;                     /* CPUs that they may run on; 0: as the machine has it */
    u32 uid;                      /* and the user they belong to */
    s8 nice;                      /* and what /proc shows */
    u32 weight;                   /* of its tasks, as sched_weight() gives it; 0: of nice 0 */
    /* The next batch of events of a stream, instead of the trace's: `trace` then only names the
     * streams. False: the stream is over. NULL: what was recorded. */
    bool (*fill)(void *ctx, u32 stream, ns_t now, struct trace_cursor *cursor);
    void *fill_ctx;
    /* What is judged; what comes before is replayed all the same. A kill or a refusal before it
     * still is the outcome, because what goes on is not what was recorded. */
    struct trace_place from, to;
    /* Called when the judged part begins. NULL: never. */
    void (*begin)(void *ctx);
    void *begin_ctx;
    ns_t max_lead_ns;         /* busy time for what comes before; 0: no bound */
    ns_t max_ns;              /* busy time for what is judged; 0: no bound */
    const volatile int *stop; /* a signal handler's flag, or NULL */
    /* Called after each slice of a task and inside long calls, with how many of the trace's events
     * are done. NULL: never. */
    void (*progress)(void *ctx, u64 events);
    void *progress_ctx;
    /* Called after each slice of a task and before it gives memory back, to look at the machine and
     * change nothing. NULL: never. */
    void (*watch)(void *ctx);
    void *watch_ctx;
};

/* Of the judged part, once replay_run() is back. */
struct replay_stats {
    u64 events;             /* accesses and operations replayed */
    u64 hits;               /* accesses that the TLB answered */
    ns_t virtual_ns;        /* until the last task ended */
    ns_t idle_ns;           /* of it, in which every judged task slept (sched_idle_ns) */
    u64 skipped;            /* accesses that the address space does not allow */
    u64 bad_ops;            /* operations on unknown files or processes */
    u32 dropped_streams;    /* never started: what would have started them did not happen */
    u32 unfinished_streams; /* ended with the trace, not with an exit */
    /* policies and affinities that name nodes or CPUs that the machine has not, too */
    u64 nodes_cut;
    u64 nodes_absent;     /* and such as name no other: they were ignored */
    u64 policies_refused; /* policies and the like that the host of the recording refused */
    u64 refused;          /* calls that the machine refused (ENOMEM, ENOSPC) */
    /* processes that got SIGBUS, because there was no huge page, or no room in a tmpfs, to touch */
    u64 starved;
    u32 forced; /* waits cut short, because what they waited for never came */
};

/* Of these, what does not fit between the recording and the machine. */
struct replay_misfits {
    u64 unexplained, nodes_cut, nodes_absent, policies_refused;
};

/* Virtual time in which somebody worked or waited for memory or I/O. */
static inline ns_t replay_busy_ns(const struct replay_stats *st)
{
    return st->virtual_ns - MIN(st->idle_ns, st->virtual_ns);
}

static inline struct replay_misfits replay_misfits(const struct replay_stats *st)
{
    return (struct replay_misfits){st->bad_ops, st->nodes_cut, st->nodes_absent,
                                   st->policies_refused};
}

/* How far a replay has come in its window. */
struct replay_progress {
    bool begun, ended;       /* `from` was reached, `to` was */
    ns_t begun_ns, ended_ns; /* virtual time, and events replayed, then */
    u64 begun_events, ended_events;
    ns_t begun_idle_ns;
    struct replay_stats before; /* what came before */
};

#define NR_PLACES 2u /* of the window: from, to */

struct replay_stream;
struct replay {
    struct replay_config config;
    struct sched sched;
    struct replay_stats stats;
    struct replay_progress window;
    struct service service; /* of the judged part */
    enum replay_outcome outcome;
    int error; /* REPLAY_FAILED: a negative errno */
    /* private */
    struct replay_stream *streams;   /* as the trace's */
    struct replay_stream **by_pid;   /* sorted by pid, then start stamp */
    struct replay_stream **by_stamp; /* sorted by start stamp */
    u32 first_unstarted;             /* index into by_stamp: all before it are started or dropped */
    VEC(struct replay_stream *) live;
    struct heap by_next; /* live streams by their next stamp, or an earlier one (replay_order.c) */
    /* hash of (dev, ino) -> instance of the file that has the number now */
    struct u64map instances;
    bool any_killed;
    bool came_to[NR_PLACES]; /* stamps of the window */
    u32 next_mark;           /* of the trace's, that nobody has come to */
    bool only_started;       /* one of config.only */
    u32 only_left;           /* of config.only: those that have not ended */
};

/* The scheduler it runs on. */
static inline struct sched *replay_sched(struct replay *r)
{
    return r->config.sched ? r->config.sched : &r->sched;
}

void replay_init(struct replay *r, const struct replay_config *config);
void replay_done(struct replay *r);

/* Play to the end. The machine may be looked at afterwards, and until replay_done() its tasks
 * belong to the replay. */
enum replay_outcome replay_run(struct replay *r);

/* The same in steps, for a scheduler that is shared: start what starts by itself; then, whenever
 * nothing on the scheduler can run, replay_force(): false when this replay has nothing left to
 * do. */
void replay_begin(struct replay *r, ns_t now);
bool replay_force(struct replay *r, ns_t now);

#endif
