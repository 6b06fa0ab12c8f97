/* scenario_run.h - a scenario, played on its machine in virtual time.
 *
 * Each [task] is a replay, of a recording or of what a generator makes, with a group, pids and a
 * weight of its own; all share one scheduler and the machine's CPUs. It ends when all tasks have,
 * or at [machine] runtime: then what still runs stays, and the machine can be looked at in the
 * middle of its work.
 *
 * Use:  scenario_run_init(&run, &scenario, &config, e); outcome = scenario_run(&run); ... look ...;
 *       scenario_run_done(&run);
 */
#ifndef WORKLOAD_SCENARIO_RUN_H
#define WORKLOAD_SCENARIO_RUN_H

#include "workload/generator.h"
#include "workload/scenario_act.h"

/* The recordings of a scenario, by task; NULL for a task that is generated. Read-only: several runs
 * may share them. */
struct scenario_traces {
    struct trace **items;
    size_t count;
};

struct scenario_job { /* one [task] */
    const struct scenario_task *task;
    struct group *group;
    const struct trace *trace; /* of a recording; NULL: generated */
    struct generator generator;
    struct replay replay;
    bool begun;
    u32 pid_base, nr_pids; /* its processes have pids in (pid_base, pid_base + nr_pids] */
};

struct scenario_run_config {
    struct system *system;                /* made of scenario_system_config() */
    const struct scenario_traces *traces; /* shared with other runs; NULL: opened for this one */
    const volatile int *stop;
    void (*progress)(void *ctx, ns_t now);
    void (*watch)(void *ctx); /* after each slice of a task and before it gives memory back */
    void *ctx;
};

struct scenario_run {
    const struct scenario *scenario;
    struct scenario_run_config config;
    struct sched sched;
    struct scenario_traces own_traces; /* when none are shared */
    struct scenario_job *jobs;         /* as the scenario's tasks */
    size_t nr_jobs;
    struct scenario_job *next; /* the job that begins next; NULL when all have */
    struct file **segments;    /* by [file]: held open by the kernel; NULL: none */
    struct scenario_act *acts;
    size_t nr_acts;
    struct replay_stats stats; /* of all */
    enum replay_outcome outcome;
    struct err error; /* REPLAY_FAILED */
};

/* The machine a scenario describes. Points into sc and the arena of it: keep both. */
void scenario_system_config(struct scenario *sc, struct system_config *ret);

/* Open the recordings of its tasks. On failure there is nothing to close. */
int scenario_traces_open(const struct scenario *sc, struct scenario_traces *ret, struct err *e);
void scenario_traces_close(struct scenario_traces *t);

/* Make its groups, files and jobs, and open its recordings if they are not shared. On failure
 * scenario_run_done() must still be called. */
int scenario_run_init(struct scenario_run *run, const struct scenario *sc,
                      const struct scenario_run_config *config, struct err *e);
void scenario_run_done(struct scenario_run *run);

enum replay_outcome scenario_run(struct scenario_run *run);

/* The same in steps, for who looks at the machine meanwhile, with no end but its own: [machine]
 * runtime is the caller's business. All that happens before `until` has happened then, and the
 * machine's clock is there, or past it by a slice of a task. Where a caller cuts the time changes
 * nothing of what happens. False: nothing moves any more, since the machine panicked or the host
 * could not read a trace (run->error).
 *   pre: scenario_begin(), once; until does not go back */
void scenario_begin(struct scenario_run *run);
bool scenario_advance(struct scenario_run *run, ns_t until);

/* scenario_files.c, between the files of this run. remove: 0, or -ENOENT when it has no name any
 * more. */
int scenario_files_init(struct scenario_run *run, struct err *e);
void scenario_files_done(struct scenario_run *run);
int scenario_file_remove(struct scenario_run *run, size_t index);

/* The job a process belongs to; NULL for none. */
const struct scenario_job *scenario_job_of(const struct scenario_run *run, u32 tgid);

#endif
