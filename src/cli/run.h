/* run.h - between the files of the verb run: cmd_run.c plays recordings, run_scenario.c scenarios. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/cli.h"
#include "cli/simulated.h"
#include "report/run_report.h"
#include "report/series.h"

struct run {
    struct cli cli;
    const char *proc_dir;
    const char *series_file;  /* NULL: none */
    const char *capture_file; /* NULL: none */
    ns_t every;               /* between samples of both; 0: not given */
    double max_slowdown;
    struct trace *trace;
    struct system *system; /* of the replay under way */
    const char *doing;     /* for the progress line */
    struct run_report report;
    struct series series;
    struct simulated_capture capture;
};

/* Set by a signal: end in order. */
extern volatile int run_stop;
double run_cpu_seconds(void);

/* A machine in run->system. */
int run_new_machine(struct run *run, const struct system_config *config, struct err *e);
void run_drop_machine(struct run *run);

/* Take samples of the machine from now on, if the user wants any. */
int run_start_samples(struct run *run, const struct scenario_run *scenario, struct err *e);

/* Print the report and write the files asked for. The exit code. */
int run_show_result(struct run *run, struct err *e);

/* Play run->cli.operands[0], a scenario. The exit code. */
int run_scenario_file(struct run *run);

#endif
