/* size.h - one recording under many limits: which survive, which are usable, which to set.
 *
 * Question:  how much memory does this work need? Asked the only way that answers it: by running it
 *            with less.
 * Method:    (size.c) a run without a limit gives the time to compare with; a grid of limits below
 *            its peak shows the shape; a search inside the grid, and above it where even the peak
 *            is too little, finds the smallest limit that survives and the smallest that is usable;
 *            limits just above each are tried as well, because running out is not monotonic: a
 *            limit counts only if no tried limit above it fails.
 * Words:     survives: completes, without a kill and within the thrash bound.
 *            usable:   survives within the usable bound, a factor of the time without a limit.
 * Owns:      nothing of the trace: it is shared read-only by all jobs, each with a machine of its
 *            own.
 * Order:     results do not depend on the number of jobs.
 */
#ifndef SIZE_SIZE_H
#define SIZE_SIZE_H

#include "backing/file_use.h"
#include "base/err.h"
#include "base/vec.h"
#include "system/system.h"
#include "trace/trace.h"
#include "workload/replay.h"

#define SIZE_SCHEMA_VERSION  1
#define SIZE_MAX_SLOWDOWN    3.0
#define SIZE_USABLE_SLOWDOWN 1.1
#define SIZE_GROUP           "/app"
#define SIZE_OTHERS          "/others" /* of a recording of which one process is judged */

/* Why a limit was tried. */
enum size_source {
    SIZE_UNLIMITED, /* the run all others are compared with */
    SIZE_ASKED,     /* by the user */
    SIZE_GRID,
    SIZE_SEARCH,    /* between an unusable and a usable one */
    SIZE_NEIGHBOUR, /* just above a boundary, to see that it holds */
    SIZE_BEYOND,    /* above the peak, where even that is too little */
    SIZE_VERIFY,    /* the recommendation itself */
};

/* What the slowdown of a row is of (judge.h). */
enum size_measure {
    SIZE_BY_TIME,
    SIZE_BY_START,
    SIZE_BY_LOAD,
    SIZE_BY_REQUESTS,
    SIZE_BY_MARK, /* the part that ends with mark slowdown_mark, or behind the last one */
};

struct size_row {
    u64 limit_bytes; /* memory.max; UINT64_MAX: none */
    u64 high_bytes;  /* memory.high; UINT64_MAX: none */
    enum size_source source;
    enum replay_outcome outcome;
    bool survives, usable;
    /* it would be usable, but lies too near to a limit that does not survive (shape.h) */
    bool near_edge;
    /* over the run without a limit, by the worst measure; of a run that was cut short, so far */
    double slowdown;
    enum size_measure slowdown_by;
    u32 slowdown_mark;
    ns_t lead_ns; /* busy time before the judged part */
    ns_t virtual_ns;
    ns_t busy_ns;    /* of it: in which not every task slept */
    u64 requests;    /* that servers' loops show (workload/service.h) */
    ns_t latency_ns; /* their mean */
    ns_t p99_ns;
    ns_t wait_ns[NR_WAIT_CAUSES],
        reclaim_ns; /* of the judged tasks: waiting by cause, CPU time in direct reclaim */
    ns_t stall_ns;  /* tasks waited for memory: refaults, swap-in, reclaim, throttling, OOM */
    u64 majflt;     /* pgmajfault of the group */
    u64 refault_file, refault_anon;
    u64 pswpin, pswpout; /* pages */
    u64 oom_kills;
    u64 oom_nodes; /* what the last of them had to come from, where that was not all; 0 otherwise */
    u64 remote_percent; /* of accesses: to other nodes */
    u64 nodes;          /* where its tasks may have memory, if that is not all nodes; 0 otherwise */
    u64 nodes_bytes;    /* memory there, or of the whole machine */
    u64 peak_bytes;     /* memory.peak */
    u64 swap_peak_bytes;
    u64 file_bytes;      /* page cache without shared memory, at the fullest moment */
    u64 anon_bytes;      /* anonymous and shared memory, then */
    u64 held_bytes;      /* the most at any moment of what is no page cache */
    u64 untouched_bytes; /* in huge pages of the machine, used by nobody, then */
    /* of file_bytes: what could go and leave it usable; 0 where it is not usable */
    u64 disposable_bytes;
    u64 events; /* replayed */
    struct replay_misfits misfits;
    /* of the run without a limit and of the advised one, else NULL; size_result_done() frees it */
    struct file_uses *files;
};

struct size_boundary {
    bool found;
    u64 limit_bytes; /* the smallest tried limit that passes and above which all tried ones pass */
    u64 fails_bytes; /* the largest tried limit below it that does not pass; 0: none was tried */
    u64 bare_bytes;  /* limit_bytes, if nothing were too near to a limit that does not survive */
    u64 clear_of_bytes; /* that limit, where it is why limit_bytes is above bare_bytes; else 0 */
    u64 low_bytes, high_bytes; /* where it may lie on a real machine (shape.h) */
};

/* Limits that all cost the same, which is too much. */
struct size_plateau {
    u64 low_bytes, high_bytes;
    double slowdown; /* of the largest */
    const char *why; /* in words */
};

struct size_advice {
    bool found; /* false: no usable limit below the unlimited peak was found, or nothing to say */
    u64 max_bytes, high_bytes;
    bool has_high;
    char reason[1024]; /* in words */
};

struct size_config {
    const struct trace *trace;
    struct trace_place from, to; /* what of it is judged */
    const bool *only;    /* streams whose processes are judged, as of struct replay_config */
    const char *process; /* these in the user's words */
    const char *from_name, *to_name; /* these in the user's words; NULL: its begin, its end */
    const struct system_config *machine;
    const u64 *limits; /* bytes; NULL: chosen, with a search */
    unsigned nr_limits;
    /* limits of the grid; 0: the default, 8, less those below one that does not survive */
    unsigned grid;
    bool whole_grid; /* try these as well */
    bool has_swap_max;
    u64 swap_max_bytes; /* memory.swap.max under each limit, if it has one */
    double max_slowdown, usable_slowdown;
    /* advice is for a host of version 1: memory.limit_in_bytes, and no memory.high */
    bool cgroup_v1;
    /* of several: the grid is that of size_run() of this one alone, not one for all */
    bool own_grid;
    u64 also_bytes; /* with a search: a limit to try beside; 0: none */
    bool keep_oom;  /* a run without a limit that ends in oom is a result, with no limits tried */
    unsigned jobs;  /* threads, at least 1 */
    const volatile int *stop;
    /* Called from the calling thread now and then: events replayed so far and how many are planned
     * as yet. NULL: never. */
    void (*progress)(void *ctx, u64 events, u64 planned);
    void *progress_ctx;
};

struct size_result {
    struct size_row unlimited;
    VEC(struct size_row) rows; /* by limit, smallest first; each limit once */
    struct size_boundary survives, usable;
    /* tried limits that fail though a smaller one passes (survives), smallest first */
    VEC(u64) holes;
    VEC(u64) unusable_holes; /* the same for usable */
    VEC(struct size_plateau) plateaus;
    u64 first_kill_bytes; /* the largest tried limit under which something was killed; 0: none */
    /* the run with the advice set; .source SIZE_VERIFY if there was one */
    struct size_row verified;
    struct size_advice advice;
    u64 peak_plus_15; /* what rules of thumb would set */
    u64 replays;
    struct service service; /* of the run without a limit */
};

/* Does the run without a limit itself lose much of its time because its nodes, or the machine, have
 * too little memory? All that is measured against it is then too good. */
bool size_base_is_short(const struct size_row *unlimited);

/* 0; -EINTR when *stop was set; -EINVAL when even the run without a limit does not complete, or a
 * limit makes no sense; or an errno of the host. On failure ret is empty. */
int size_run(const struct size_config *config, struct size_result *ret, struct err *e);
void size_result_done(struct size_result *r);

/* Says in e why no limit can be tried: the run without one, of that row, did not complete. Returns
 * -ENODATA. */
int size_blame_unlimited(const struct size_config *config, const struct size_row *row,
                         struct err *e);

/* size_run() in its two steps: the run without a limit; then the limits, a grid of them below
 * grid_peak (of several machines that are compared the largest peak, so that all are tried under
 * the same limits). On failure ret is empty. */
int size_unlimited(const struct size_config *config, struct size_result *ret, struct err *e);
int size_limits(const struct size_config *config, u64 grid_peak, struct size_result *ret,
                struct err *e);

/* One recording under many limits on each of `nr` machines, or each of several recordings: all
 * under the limits of one grid, or with own_grid each as by itself. Jobs, stop and progress are
 * those of the first. On failure all of rets are empty, and *ret_failed says whose it is. */
int size_compare(const struct size_config *configs, unsigned nr, struct size_result *rets,
                 unsigned *ret_failed, struct err *e);

/* One more run, with these limits (UINT64_MAX: none), judged as those of the result are; its source
 * is SIZE_VERIFY. Errors are those of size_run(). */
int size_try(const struct size_config *config, struct size_result *result, u64 max_bytes,
             u64 high_bytes, struct size_row *ret, struct err *e);

const char *size_source_name(enum size_source source);

#endif
