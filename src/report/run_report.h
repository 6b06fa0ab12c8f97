/* run_report.h - what one run came to: the facts behind both the text and the JSON.
 *
 * At the end of a run its processes have exited and only cache is left, so what memory was used for
 * is taken at the fullest moment: run_watch() looks between slices, and before a task gives memory
 * back, and keeps the counters of the group when it held most, in memory and swap; of moments that
 * are as full within half a percent, as there are many at a limit, the one with least cache of
 * files.
 *
 * Use:  struct run_report r; run_report_init(&r, &system, group); replay_config.watch = run_watch;
 *       .watch_ctx = &r; replay; r.outcome = ...; r.stats = ...; run_report_finish(&r);
 *       run_render_text(&r, &style, &out);
 */
#ifndef REPORT_RUN_REPORT_H
#define REPORT_RUN_REPORT_H

#include "backing/file_use.h"
#include "base/strbuf.h"
#include "report/host.h"
#include "report/run_over_time.h"
#include "system/system.h"
#include "trace/runtimes.h"
#include "workload/replay.h"
#include "workload/scenario_run.h"
#include "workload/tally.h"

#include <json-c/json.h>

#define RUN_SCHEMA_VERSION 1

/* memory.stat of the group at one moment. */
struct run_sample {
    ns_t at_ns;
    u64 memory_pages, swap_pages;
    u64 pool_pages;   /* of the machine, in the pool of huge pages (hugetlb) */
    u64 kernel_bytes; /* of the kernel for the group; all of the machine's at the root */
    u64 slab_bytes, reclaimable_bytes; /* of them in objects, and in those that shrink */
    u64 pinned_pages;             /* of the group, not locked, that devices or io_uring work on */
    u64 free_pages[MAX_NUMNODES]; /* of the machine's nodes, where it has several */
    s64 counters[NR_COUNTERS];    /* those of memory.stat; the rest stays 0 */
};

/* When the group had most anonymous memory, and of such moments most in huge pages. */
struct run_huge_sample {
    u64 anon_pages, huge_pages; /* of the group; huge: small pages in huge ones, mapped whole */
    /* of the machine's huge ones, that nobody had touched when they were as many last */
    u64 untouched_pages;
};

/* Virtual time tasks spent waiting, by cause. */
struct run_waits {
    ns_t by_cause[NR_WAIT_CAUSES];
    ns_t reclaim_cpu_ns; /* CPU time in direct reclaim: a stall as well */
    ns_t memory_ns;      /* stalls for want of memory: refault, swap-in, reclaim, high, OOM */
};

struct run_report {
    struct system *system;
    struct group *group;
    const char *input;                   /* name of the file, as the user gave it */
    const struct trace *trace;           /* NULL: not a recording */
    struct host_note host;               /* of the recording */
    const struct runtimes *runtimes;     /* of the recording; NULL: none */
    const struct scenario_run *scenario; /* NULL: not a scenario */
    enum replay_outcome outcome;
    struct replay_stats stats;
    ns_t baseline_ns;      /* busy time without a limit; 0 when not known */
    double max_slowdown;   /* 0: no bound */
    const char *process;   /* judged alone, as the user gave it: the tasks of `group`; NULL: all */
    const char *from, *to; /* of the judged part, as the user gave them; NULL: begin, end */
    ns_t from_ns;          /* where from is a time; 0: it is none */
    struct replay_progress window; /* how far the replay came in it */
    struct tally before;           /* what had been counted when it began; 0 without `from` */
    struct run_sample fullest;
    u64 most_pages;  /* held at once, memory and swap, when looked at */
    u64 worst_pages; /* of the fullest moment: held, but for cache of files */
    struct run_huge_sample huge;
    u64 most_anon_pages;
    u64 most_unmapped_pages; /* parts of huge pages that were unmapped and still held, at most */
    struct run_waits waits;
    /* of the whole machine; .cached is of the fullest moment. NULL before run_report_finish() */
    struct file_uses *files;
    const struct run_over_time *over_time; /* NULL: nobody asked */
    const struct heat *heat;               /* of the recording; NULL: nobody asked */
    const struct working_set *working_set; /* with heat */
};

void run_report_init(struct run_report *r, struct system *system, struct group *group);

/* Forget what it holds, but not its machine. */
void run_report_done(struct run_report *r);

/* The judged part begins: what was counted so far does not count. `report` is a struct run_report
 * *. */
void run_begin(void *report);

/* Events of the judged part: of the group and below it, of the machine. */
u64 run_group_events(const struct run_report *r, enum counter id);
u64 run_machine_events(const struct run_report *r, enum counter id);

/* Keep this moment if it is the fullest so far. `report` is a struct run_report *; cheap when it is
 * not. */
void run_watch(void *report);

/* Its group's memory.max; UINT64_MAX: none. */
u64 run_limit_bytes(const struct run_report *r);

/* Most that the group held at any time; of the whole machine, at the times looked at. */
u64 run_peak_pages(const struct run_report *r);

/* Add up what the tasks spent. */
void run_report_finish(struct run_report *r);

/* What the processes of one [task] of a scenario came to. */
struct run_job {
    u32 processes, running, oom_killed, refused, sigbus;
    u64 minor, major, maxrss_pages; /* maxrss: of the largest */
    u64 max_hugetlb_pages;          /* of the one that had most of the pool of huge pages */
    ns_t memory_ns;                 /* stalled for want of memory, all its threads */
    u64 packets, packets_dropped;   /* received; for which there was no buffer */
    u64 arrays, arrays_failed;      /* that a file system asked for */
};
void run_job_sum(const struct run_report *r, const struct scenario_job *job, struct run_job *ret);

/* What all tasks of a scenario asked for; of a recording nothing is known. */
struct run_asked {
    u64 requests;
    ns_t latency_ns; /* of all requests together */
    u64 packets, packets_dropped, arrays, arrays_failed;
    /* the job whose requests lost the largest share of their time for want of memory; NULL: none */
    const struct scenario_job *worst;
    double worst_share;
};
void run_asked_sum(const struct run_report *r, struct run_asked *ret);

/* What its recording lacks, or those of a scenario together. */
void run_lacks(const struct run_report *r, struct trace_lacks *ret);

/* "exited", "oom_killed", ... of one task. */
const char *run_task_outcome(const struct task *t);

/* The leader of a process that ran user code in the judged part: what `tasks` lists. */
bool run_lists_task(const struct run_report *r, const struct task *t);

/* Does its work count? */
bool run_judges_task(const struct run_report *r, const struct task *t);

/* Highest resident set of its process, of a live one so far. */
u64 run_maxrss_pages(const struct task *t);
/* The most that its process had of the pool of huge pages, in small pages. */
u64 run_max_hugetlb_pages(const struct task *t);

/* Faults of all threads of the process that t leads. */
void run_process_faults(const struct run_report *r, const struct task *leader, u64 *ret_minor,
                        u64 *ret_major);

/* A summary in the order of the three questions: used for what, how reclaimable, did it hurt. */
void run_render_text(const struct run_report *r, bool color, struct strbuf *out);

/* The document of docs/schema/run.schema.json. */
json_object *run_json(const struct run_report *r);

#endif
