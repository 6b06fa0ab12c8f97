/* cmd_run.c - highwater run FILE: play a recording or a scenario on a machine and say what
 * happened.
 *
 * What FILE is, its name says (.hwt, .ini), or else its first bytes. With --max-slowdown the
 * recording is replayed twice: without a limit, for the time that takes, and then as asked for.
 */
#include "cli/machine.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "base/outfile.h"
#include "base/units.h"
#include "cli/incomplete.h"
#include "cli/process.h"
#include "cli/profile.h"
#include "cli/run.h"
#include "cli/run_compare.h"
#include "cli/signals.h"
#include "procfs/procfs.h"
#include "size/size.h"
#include "system/cgroup.h"
#include "trace/footprint.h"
#include "workload/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    OPT_PROC = 1,
    OPT_MAX_SLOWDOWN,
    OPT_SERIES,
    OPT_EVERY,
    OPT_CAPTURE,
    OPT_JOBS,
    OPT_FROM,
    OPT_TO,
    OPT_PROCESS,
    OPT_ALLOW_INCOMPLETE
};

static const struct cli_option options[] = {
    {OPT_PROC, "proc", 0, "DIR",
     "write the machine's /proc, cgroup and log files to DIR at the end"},
    {OPT_MAX_SLOWDOWN, "max-slowdown", 0, "X",
     "stop, with outcome thrash, when it takes X times as long as without a limit"},
    {OPT_SERIES, "series", 0, "FILE", "write all counters over time to FILE, a .json or .csv"},
    {OPT_CAPTURE, "capture", 0, "FILE",
     "write the machine's files over time to FILE, a new .hwc for 'highwater diagnose'"},
    {OPT_EVERY, "every", 0, "TIME",
     "virtual time between two samples of --series and --capture (1s)"},
    CLI_WINDOW_OPTIONS(OPT_FROM, OPT_TO),
    {OPT_PROCESS, "process", 0, "NAME|PID", CLI_PROCESS_HELP},
    CLI_INCOMPLETE_OPTION(OPT_ALLOW_INCOMPLETE),
    {OPT_JOBS, "jobs", 'j', "N", "with --compare: do N runs at once (as many as there are CPUs)"},
};

static const struct cli_spec spec = {
    .verb = "run",
    .operands = "FILE",
    .summary =
        "Plays a recording or a scenario (.ini) on a machine with the memory you give it, and "
        "says what the\n"
        "memory was used for, how reclaimable it was, and whether the shortage hurt.",
    .takes = CLI_OUTPUT | CLI_PICTURES | CLI_PROGRESS | CLI_MACHINE | CLI_COMPARE | CLI_LIMITS |
             CLI_SWAP_LIMIT | CLI_MODE | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "Examples:\n"
        "  highwater run app.hwt --memory-max 96M --swap 1G\n"
        "  highwater run app.hwt --memory-max 96M --format json -o run.json\n"
        "  highwater run app.hwt --memory-max 96M -o page.html        a page with pictures\n"
        "  highwater run scenarios/swap-thrash.ini --proc tree --series swap.csv --every 1s\n"
        "  highwater run app.hwt --memory-max 96M --swap 1G --compare vm.swappiness=10,60,150 \\\n"
        "      --compare swap-device=nvme,zram\n"
        "\n"
        "A recording runs in cgroup /app; a scenario says itself where its tasks run. Exit code: 0 "
        "when it came\n"
        "to an end, whatever the outcome (completed, oom, thrash); 1 when it could not, or when "
        "the recording\n"
        "is incomplete; 2 for a wrong command line, or something wrong in a scenario file.\n",
    .min_operands = 1,
    .max_operands = 1,
};

volatile int run_stop;

static void show_progress(void *ctx, u64 events)
{
    struct run *run = ctx;

    run->progress(run, events, run->trace->nr_accesses + run->trace->nr_ops);
}

int run_new_machine(struct run *run, const struct system_config *config, struct err *e)
{
    int rc;

    run->system = xcalloc(1, sizeof(*run->system));
    rc = system_init(run->system, config, e);
    if (rc) {
        free(run->system);
        run->system = NULL;
    }
    return rc;
}

int run_open_capture(struct run *run, struct err *e)
{
    if (!run->capture_file)
        return 0;
    return simulated_capture_open(&run->capture, run->system, run->capture_file,
                                  run->cli.operands[0], run->cli.mode, run->every, e);
}

void run_start_samples(struct run *run, const struct scenario_run *scenario)
{
    if (run->series_file)
        series_start(&run->series, run->system, scenario, run->every);
    simulated_capture_start(&run->capture);
    if (run->show == run_show_result && cli_wants_document(&run->cli)) {
        run_over_time_start(&run->over_time, run->system, run->report.group);
        run->report.over_time = &run->over_time;
    }
    run->sampling = true;
}

/* The part that is judged begins, in a replay that shows it. */
static void begin_part(void *ctx)
{
    struct run *run = ctx;

    run_begin(&run->report);
    if (run->limited)
        run_start_samples(run, NULL);
}

/* One replay. The machine stays in run->system, for a look at it. */
static int play(struct run *run, bool limited, ns_t max_lead_ns, ns_t max_ns, struct err *e)
{
    struct system_config config;
    struct replay_config replay_config;
    struct replay replay;
    struct group *group;
    int rc;

    cli_system_config(&run->cli, run->trace, run->variant, &config);
    rc = run_new_machine(run, &config, e);
    if (rc)
        return rc;
    rc = limited ? run_open_capture(run, e) : 0;
    if (rc)
        return rc;
    run->limited = limited;
    group = limited ? cli_work_group(&run->cli, run->system) : system_group(run->system, "/app");
    run_report_init(&run->report, run->system, group);
    run->report.input = run->cli.operands[0];
    run->report.trace = run->trace;
    run->report.host = (struct host_note){run->host.settings.text, run->host.cautions.text,
                                          cli_profile_path(&run->cli)};
    run->report.runtimes = &run->runtimes;
    run->report.process = run->process;
    run->report.from = run->window.from;
    if (run->from.kind == TRACE_PLACE_EVENTS) /* it was a time */
        parse_duration(run->window.from, &run->report.from_ns, NULL);
    run->report.to = run->window.to;
    if (limited && run->from.kind == TRACE_PLACE_NONE && !run->only)
        run_start_samples(run, NULL);
    replay_config = (struct replay_config){
        .trace = run->trace,
        .system = run->system,
        .group = group,
        .only = run->only,
        .others = run->only ? system_group(run->system, SIZE_OTHERS) : NULL,
        .from = run->from,
        .to = run->to,
        .begin = begin_part,
        .begin_ctx = run,
        .max_lead_ns = max_lead_ns,
        .max_ns = max_ns,
        .stop = &run_stop,
        .progress = show_progress,
        .progress_ctx = run,
        .watch = run_watch,
        .watch_ctx = &run->report,
    };
    replay_init(&replay, &replay_config);
    run->report.outcome = replay_run(&replay);
    run->report.stats = replay.stats;
    run->report.window = replay.window;
    if (run->report.outcome == REPLAY_FAILED)
        rc = err_at(e, replay.error, run->trace->path, 0, 0, "cannot read it to its end: %s",
                    strerror(-replay.error));
    run_report_finish(&run->report);
    replay_done(&replay);
    return rc;
}

void run_drop_machine(struct run *run)
{
    run_report_done(&run->report);
    simulated_capture_abort(&run->capture);
    series_done(&run->series);
    run_over_time_done(&run->over_time);
    run->sampling = false;
    if (run->system) {
        system_done(run->system);
        free(run->system);
    }
    run->system = NULL;
}

/* Busy time without a limit of what is judged, and of what comes before, by a replay of its own. 0
 * when that was stopped. */
static int measure_baseline(struct run *run, ns_t *ret_lead_ns, ns_t *ret_ns, struct err *e)
{
    int rc;

    run->doing = "replaying without a limit";
    rc = play(run, false, 0, 0, e);
    *ret_lead_ns = run->report.window.begun_ns - run->report.window.begun_idle_ns;
    *ret_ns = run->report.outcome == REPLAY_STOPPED ? 0 : replay_busy_ns(&run->report.stats);
    run_drop_machine(run);
    return rc;
}

static int write_series(struct run *run, struct err *e)
{
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    series_finish(&run->series);
    if (series_is_csv(run->series_file))
        series_render_csv(&run->series, &text);
    else
        series_render_json(&run->series, &text);
    rc = outfile_write(run->series_file, text.text, text.len, e);
    strbuf_done(&text);
    return rc;
}

/* The document, with what the recording touched when. */
static int emit_document(struct run *run)
{
    struct footprint_window window = {.from = run->from, .to = run->to};
    struct footprint footprint;
    struct err e = {0};
    struct working_set set;
    struct heat heat;
    int rc;

    if (!run->trace)
        return cli_emit_document(&run->cli, PAGE_OF_RUN, run->report.input, run_json(&run->report));
    /* A place in virtual time is none in the recording. */
    if (window.from.kind == TRACE_PLACE_NS || window.to.kind == TRACE_PLACE_NS)
        window = (struct footprint_window){0};
    heat_init(&heat, 0);
    working_set_init(&set, 0, WORKING_SET_PAGES);
    window.heat = &heat;
    window.set = &set;
    rc = footprint_over_time(run->trace, &window, &footprint, &e);
    if (rc == 0) {
        footprint_done(&footprint);
        run->report.heat = &heat;
        run->report.working_set = &set;
        rc = cli_emit_document(&run->cli, PAGE_OF_RUN, run->report.input, run_json(&run->report));
        run->report.heat = NULL;
        run->report.working_set = NULL;
    } else {
        rc = cli_fail_err(&run->cli, &e);
    }
    working_set_done(&set);
    heat_done(&heat);
    return rc;
}

static int emit(struct run *run)
{
    const struct run_report *r = &run->report;
    struct strbuf text;
    int rc;

    if (cli_wants_document(&run->cli))
        return emit_document(run);
    strbuf_init(&text);
    run_render_text(r, run->cli.color, &text);
    rc = cli_emit(&run->cli, &text);
    strbuf_done(&text);
    return rc;
}

/* What happened until it was interrupted is worth a look, and no file. */
static int show_stopped(struct run *run)
{
    if (run->cli.output)
        return cli_fail(&run->cli, "interrupted: nothing was written");
    emit(run);
    return CLI_FAILED;
}

int run_show_result(struct run *run, struct err *e)
{
    if (run->report.outcome == REPLAY_STOPPED)
        return show_stopped(run);
    if (!run->sampling) /* what is judged never began: one look at the end */
        run_start_samples(run, NULL);
    run_over_time_finish(&run->over_time);
    if (simulated_capture_finish(&run->capture, e))
        return cli_fail_err(&run->cli, e);
    if (run->series_file && write_series(run, e))
        return cli_fail_err(&run->cli, e);
    if (run->proc_dir && procfs_write_tree(run->system, run->proc_dir, e))
        return cli_fail_err(&run->cli, e);
    return emit(run);
}

int run_play_recording(struct run *run, struct err *e)
{
    ns_t lead = 0, baseline = 0;
    int rc = run->max_slowdown > 0 ? measure_baseline(run, &lead, &baseline, e) : 0;

    run->doing = "replaying";
    if (rc == 0 && !run_stop)
        rc = play(run, true, (ns_t)((double)lead * run->max_slowdown),
                  (ns_t)((double)baseline * run->max_slowdown), e);
    if (rc == 0 && !run->system)
        rc = -EINTR;
    if (rc == 0) {
        run->report.baseline_ns = baseline;
        run->report.max_slowdown = run->max_slowdown;
        run->exit_code = run->show(run, e);
    }
    run_drop_machine(run);
    return rc;
}

static void show_line(struct run *run, u64 done, u64 total)
{
    cli_progress(&run->cli, run->doing, done, total);
}

int run_play(struct run *run, int (*play_one)(struct run *run, struct err *e))
{
    struct axes axes = cli_axes(&run->cli);
    struct err e = {0};
    int rc;

    signals_stop_by(&run_stop);
    if (axes.nr) {
        rc = run_compare(run, play_one);
    } else {
        run->show = run_show_result;
        run->progress = show_line;
        rc = play_one(run, &e);
        if (rc == -EINTR)
            rc = cli_fail(&run->cli, "interrupted");
        else
            rc = rc ? cli_fail_for(&run->cli, rc, &e) : run->exit_code;
    }
    signals_end();
    return rc;
}

static int play_placed(struct run *run)
{
    struct system_config config;

    cli_system_config(&run->cli, run->trace, 0, &config);
    cli_check_swap_max(&run->cli, &config);
    place_trace(run->trace, NULL);
    return run_play(run, run_play_recording);
}

static int run_recording(struct run *run)
{
    struct err e = {0};
    int rc;

    if (trace_open(run->cli.operands[0], NULL, &run->trace, &e))
        return cli_fail_err(&run->cli, &e);
    signals_stop_by(&run_stop);
    host_taken_init(&run->host, &run->cli, run->trace);
    if (cli_process_find(&run->cli, run->process, run->trace, &run->only) &&
        cli_window_find(&run->cli, &run->window, run->trace, &run_stop, &run->from, &run->to)) {
        if (runtimes_find(run->trace, run->only, &run->runtimes, &e))
            rc = cli_fail_err(&run->cli, &e);
        else
            rc = play_placed(run);
        if (rc == CLI_OK && !run->allow_incomplete)
            rc = cli_incomplete(&run->cli, run->trace);
    } else {
        rc = run->cli.exit_code;
    }
    free(run->only);
    host_taken_done(&run->host);
    runtimes_done(&run->runtimes);
    trace_close(run->trace);
    return rc;
}

static void take_option(struct run *run, int id)
{
    struct cli *cli = &run->cli;
    struct err e = {0};

    switch (id) {
    case OPT_PROC:
        run->proc_dir = cli->arg;
        break;
    case OPT_MAX_SLOWDOWN:
        if (cli_parse_f64(cli, "--max-slowdown", &run->max_slowdown) && run->max_slowdown < 1)
            cli_usage(cli, "--max-slowdown is at least 1, not %s", cli->arg);
        break;
    case OPT_SERIES:
        run->series_file = cli->arg;
        if (!series_is_csv(cli->arg) && !series_is_json(cli->arg))
            cli_usage(cli, "--series wants a name that ends with .json or .csv, not %s", cli->arg);
        break;
    case OPT_CAPTURE:
        run->capture_file = cli->arg;
        break;
    case OPT_FROM:
        run->window.from = cli->arg;
        break;
    case OPT_PROCESS:
        run->process = cli->arg;
        break;
    case OPT_TO:
        run->window.to = cli->arg;
        break;
    case OPT_JOBS:
        cli_parse_jobs(cli, &run->jobs);
        break;
    case OPT_ALLOW_INCOMPLETE:
        run->allow_incomplete = true;
        break;
    case OPT_EVERY:
        if (parse_duration(cli->arg, &run->every, &e))
            cli_usage(cli, "--every: %s", e.text);
        else if (run->every < SERIES_EVERY_MIN)
            cli_usage(cli, "--every is at least 1ms, not %s", cli->arg);
        break;
    }
}

int cmd_run(int argc, char **argv)
{
    struct run run = {0};

    cli_init(&run.cli, &spec, argc, argv);
    for (int id; (id = cli_next(&run.cli)) > 0;)
        take_option(&run, id);
    if (!run.cli.done && run.every && !run.series_file && !run.capture_file)
        cli_usage(&run.cli,
                  "--every says how often --series FILE or --capture FILE takes a sample; "
                  "both are missing");
    if (!run.cli.done && run.cli.machine.compared.count &&
        (run.proc_dir || run.series_file || run.capture_file))
        cli_usage(&run.cli, "--compare makes several machines: %s is for a run of one",
                  run.proc_dir      ? "--proc"
                  : run.series_file ? "--series"
                                    : "--capture");
    if (!run.cli.done && run.jobs && !run.cli.machine.compared.count)
        cli_usage(&run.cli, "--jobs is for --compare: a single run has one thread");
    if (run.cli.done)
        return cli_done(&run.cli, run.cli.exit_code);
    if (!run.every)
        run.every = NS_PER_S;
    if (cli_is_scenario(run.cli.operands[0]))
        return cli_done(&run.cli, run_scenario_file(&run));
    return cli_done(&run.cli, run_recording(&run));
}
