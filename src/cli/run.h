/* run.h - between the files of the verb run: cmd_run.c plays recordings, run_scenario.c
 * scenarios. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/cli.h"
#include "cli/host.h"
#include "cli/simulated.h"
#include "cli/window.h"
#include "report/run_report.h"
#include "report/series.h"

struct run {
    struct cli cli;
    const char *proc_dir;
    const char *series_file;  /* NULL: none */
    const char *capture_file; /* NULL: none */
    ns_t every;               /* between samples of both */
    double max_slowdown;
    u64 jobs;         /* runs of --compare at a time; 0: as many as there are CPUs */
    unsigned variant; /* of --compare: which machine this run is on */
    struct trace *trace;
    struct host_taken host;   /* settings that came from it */
    struct runtimes runtimes; /* programs of it that size themselves */
    struct cli_window window; /* what of it is judged */
    struct trace_place from, to;
    const char *process;           /* judged alone; NULL: all */
    bool allow_incomplete;         /* an incomplete recording is no failure */
    bool *only;                    /* its streams */
    struct scenario_traces traces; /* of a scenario */
    struct system *system;         /* of the replay under way */
    bool limited;                  /* it is the one that is shown */
    bool sampling;                 /* samples of it are being taken */
    const char *doing;             /* for the progress line */
    /* What is done with the report while its machine is there; its result is the exit code. And how
     * far the run is. */
    int (*show)(struct run *run, struct err *e);
    void (*progress)(struct run *run, u64 done, u64 total);
    void *ctx;
    int exit_code;
    struct run_report report;
    struct series series;
    struct run_over_time over_time;
    struct simulated_capture capture;
};

/* Set by a signal: end in order. */
extern volatile int run_stop;

/* A machine in run->system. */
int run_new_machine(struct run *run, const struct system_config *config, struct err *e);
void run_drop_machine(struct run *run);

/* If the user wants samples of the machine: make the file of the capture, and take them from now
 * on. */
int run_open_capture(struct run *run, struct err *e);
void run_start_samples(struct run *run, const struct scenario_run *scenario);

/* Print the report and write the files asked for. The exit code. */
int run_show_result(struct run *run, struct err *e);

/* One run of the recording, or of the scenario, on the machine of run->variant. 0, and then
 * run->exit_code is what run->show() said; or a negative errno: -EINTR when run_stop was set before
 * there was anything to show. */
int run_play_recording(struct run *run, struct err *e);
int run_play_scenario(struct run *run, struct err *e);

/* One run, or with --compare all of them. The exit code. */
int run_play(struct run *run, int (*play)(struct run *run, struct err *e));

/* Play run->cli.operands[0], a scenario. The exit code. */
int run_scenario_file(struct run *run);

#endif
