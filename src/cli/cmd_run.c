/* cmd_run.c - highwater run FILE: replay a recording on a machine and say what happened.
 *
 * With --max-slowdown the recording is replayed twice: without a limit, for the time that takes, and then as asked for.
 */
#include "cli/machine.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "procfs/procfs.h"
#include "report/run_report.h"

#include <signal.h>
#include <string.h>
#include <time.h>

enum { OPT_PROC = 1, OPT_MAX_SLOWDOWN };

static const struct cli_option options[] = {
    {OPT_PROC, "proc", 0, "DIR",
     "write the machine's /proc, cgroup and log files to DIR at the end"},
    {OPT_MAX_SLOWDOWN, "max-slowdown", 0, "X",
     "stop, with outcome thrash, when it takes X times as long as without a limit"},
};

static const struct cli_spec spec = {
    .verb = "run",
    .operands = "FILE",
    .summary = "Replays a recording on a machine with the memory you give it, and says what the "
               "memory was used\n"
               "for, how reclaimable it was, and whether the shortage hurt.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_MACHINE,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "Examples:\n"
             "  highwater run app.hwt --memory-max 96M --swap 1G\n"
             "  highwater run app.hwt --memory-max 96M --format json -o run.json\n"
             "\n"
             "The recording runs in cgroup /app. Exit code: 0 when the replay came to an end, "
             "whatever the\n"
             "outcome (completed, oom, thrash); 1 when it could not; 2 for a wrong command line.\n",
    .min_operands = 1,
    .max_operands = 1,
};

struct run {
    struct cli cli;
    const char *proc_dir;
    double max_slowdown;
    struct trace *trace;
    struct system *system; /* of the replay under way */
    const char *doing;     /* for the progress line */
    struct run_report report;
};

static volatile sig_atomic_t interrupted;
static volatile int stop;

static void on_signal(int number)
{
    interrupted = number;
    stop = 1;
}

/* The first Ctrl-C ends the replay in order, the second one the program. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void show_progress(void *ctx, u64 events)
{
    struct run *run = ctx;

    cli_progress(&run->cli, run->doing, events, run->trace->nr_accesses + run->trace->nr_ops);
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One replay. The machine stays in run->system, for a look at it. */
static int play(struct run *run, bool limited, ns_t max_ns, struct err *e)
{
    struct system_config config;
    struct replay_config replay_config;
    struct replay replay;
    struct group *group;
    double began = cpu_seconds();
    int rc;

    cli_system_config(&run->cli, run->trace, &config);
    run->system = xcalloc(1, sizeof(*run->system));
    rc = system_init(run->system, &config, e);
    if (rc) {
        free(run->system);
        run->system = NULL;
        return rc;
    }
    group = limited ? cli_work_group(&run->cli, run->system) : system_group(run->system, "/app");
    run_report_init(&run->report, run->system, group);
    run->report.input = run->cli.operands[0];
    run->report.trace = run->trace;
    replay_config = (struct replay_config){
        .trace = run->trace,
        .system = run->system,
        .group = group,
        .max_ns = max_ns,
        .stop = &stop,
        .progress = show_progress,
        .progress_ctx = run,
        .watch = run_watch,
        .watch_ctx = &run->report,
    };
    replay_init(&replay, &replay_config);
    run->report.outcome = replay_run(&replay);
    run->report.stats = replay.stats;
    run->report.cpu_seconds = cpu_seconds() - began;
    if (run->report.outcome == REPLAY_FAILED)
        rc = err_at(e, replay.error, run->trace->path, 0, 0, "cannot read it to its end: %s",
                    strerror(-replay.error));
    run_report_finish(&run->report);
    replay_done(&replay);
    return rc;
}

static void drop_machine(struct run *run)
{
    if (run->system) {
        system_done(run->system);
        free(run->system);
    }
    run->system = NULL;
}

/* Virtual time of the recording without a limit, by a replay of its own. 0 in *ret_ns when that was stopped. */
static int measure_baseline(struct run *run, ns_t *ret_ns, struct err *e)
{
    int rc;

    run->doing = "replaying without a limit";
    rc = play(run, false, 0, e);
    *ret_ns = run->report.outcome == REPLAY_STOPPED ? 0 : run->report.stats.virtual_ns;
    drop_machine(run);
    return rc;
}

static int show_result(struct run *run, struct err *e)
{
    struct strbuf text;
    int rc = CLI_OK;

    if (run->proc_dir && procfs_write_tree(run->system, run->proc_dir, e))
        return cli_fail_err(&run->cli, e);
    strbuf_init(&text);
    if (run->cli.format == CLI_JSON)
        run_render_json(&run->report, &text);
    else
        run_render_text(&run->report, run->cli.color, &text);
    rc = cli_emit(&run->cli, &text);
    strbuf_done(&text);
    if (rc == CLI_OK && run->report.outcome == REPLAY_STOPPED)
        rc = CLI_FAILED;
    return rc;
}

static int run_recording(struct run *run)
{
    struct err e = {0};
    ns_t baseline = 0;
    int rc;

    if (trace_open(run->cli.operands[0], NULL, &run->trace, &e))
        return cli_fail_err(&run->cli, &e);
    catch_signals();
    rc = run->max_slowdown > 0 ? measure_baseline(run, &baseline, &e) : 0;
    run->doing = "replaying";
    if (rc == 0 && !stop)
        rc = play(run, true, (ns_t)((double)baseline * run->max_slowdown), &e);
    if (rc) {
        rc = cli_fail_err(&run->cli, &e);
    } else if (!run->system) {
        rc = cli_fail(&run->cli, "interrupted");
    } else {
        run->report.baseline_ns = baseline;
        run->report.max_slowdown = run->max_slowdown;
        rc = show_result(run, &e);
    }
    drop_machine(run);
    trace_close(run->trace);
    return rc;
}

int cmd_run(int argc, char **argv)
{
    struct run run = {0};

    cli_init(&run.cli, &spec, argc, argv);
    for (int id; (id = cli_next(&run.cli)) > 0;) {
        if (id == OPT_PROC)
            run.proc_dir = run.cli.arg;
        else if (id == OPT_MAX_SLOWDOWN &&
                 cli_parse_f64(&run.cli, "--max-slowdown", &run.max_slowdown) &&
                 run.max_slowdown < 1)
            cli_usage(&run.cli, "--max-slowdown is at least 1, not %s", run.cli.arg);
    }
    if (run.cli.done)
        return cli_done(&run.cli, run.cli.exit_code);
    return cli_done(&run.cli, run_recording(&run));
}
