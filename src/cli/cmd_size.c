/* cmd_size.c - highwater size FILE: one recording under many limits, and which to set. */
#include "cli/host.h"
#include "cli/incomplete.h"
#include "cli/machine.h"
#include "cli/process.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "cli/window.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/vec.h"
#include "report/comparison.h"
#include "report/json_put.h"
#include "report/size_report.h"
#include "size/size.h"
#include "workload/place.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_LIMITS = 1,
    OPT_GRID,
    OPT_JOBS,
    OPT_MAX_SLOWDOWN,
    OPT_USABLE_SLOWDOWN,
    OPT_FROM,
    OPT_TO,
    OPT_PROCESS,
    OPT_ALLOW_INCOMPLETE,
    OPT_FOUND
};

#define GRID_MAX   256u
#define LIMITS_MAX 1024u

static const struct cli_option options[] = {
    {OPT_LIMITS, "limits", 'l', "SIZE,SIZE...", "try these limits and search for no others"},
    {OPT_GRID, "grid", 0, "N", "try N limits before searching between them (12)"},
    {OPT_JOBS, "jobs", 'j', "N", "do N replays at once (as many as there are CPUs)"},
    {OPT_MAX_SLOWDOWN, "max-slowdown", 0, "X",
     "a run X times as slow as without a limit thrashes (3)"},
    {OPT_USABLE_SLOWDOWN, "usable-slowdown", 0, "X",
     "a limit is usable up to X times the time without one (1.1)"},
    CLI_WINDOW_OPTIONS(OPT_FROM, OPT_TO),
    {OPT_PROCESS, "process", 0, "NAME|PID", CLI_PROCESS_HELP},
    CLI_INCOMPLETE_OPTION(OPT_ALLOW_INCOMPLETE),
    {OPT_FOUND, "memory-max", 0, "SIZE", NULL},
    {OPT_FOUND, "memory-high", 0, "SIZE", NULL},
};

static const struct cli_spec spec = {
    .verb = "size",
    .operands = "FILE",
    .summary =
        "Replays a recording under many limits and says which of them survive, which are usable,\n"
        "and which memory.max and memory.high to set.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_MACHINE | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "A limit survives when the run completes under it, and is usable when it completes in "
             "nearly\n"
             "the time it takes without a limit. Running out is not monotonic: a limit counts only "
             "when\n"
             "every larger one that was tried passes as well; exceptions are listed.\n"
             "\n"
             "Time in which every task sleeps is judged by nobody: idle before, between and after "
             "the work changes\n"
             "no answer. The requests of a server's loop, its start, the time after it and the "
             "parts between marks are\n"
             "judged by themselves where they take 100 ms or more; the slowest counts.\n"
             "Exit code: 0 when there is an answer, whatever it is; 1 when there is none, or the "
             "recording is incomplete.\n"
             "\n"
             "Examples:\n"
             "  highwater size app.hwt --swap 0\n"
             "  highwater size app.hwt --limits 64M,96M,128M --swap 1G --swap-device zram\n"
             "  highwater size app.hwt --format json -o table.json\n"
             "  highwater size app.hwt --swap 1G --limits 64M,96M,128M --compare "
             "vm.swappiness=10,60,150 \\\n"
             "      --compare disk=nvme,hdd\n",
    .min_operands = 1,
    .max_operands = 1,
};

static volatile int stop;

struct request {
    VEC(u64) limits;
    u64 grid, jobs;
    double max_slowdown, usable_slowdown;
    struct cli_window window;
    const char *process;
    bool allow_incomplete;
};

static void parse_limits(struct cli *cli, struct request *req)
{
    char *list = xstrdup(cli->arg), *rest = NULL;

    for (char *one = strtok_r(list, ",", &rest); one && !cli->done;
         one = strtok_r(NULL, ",", &rest)) {
        struct err e = {0};
        u64 bytes;

        if (parse_size(one, &bytes, &e))
            cli_usage(cli, "--limits: %s", e.text);
        else if (bytes < PAGE_SIZE)
            cli_usage(cli, "--limits: '%s' is less than a page of 4,096 bytes", one);
        else if (req->limits.count == LIMITS_MAX)
            cli_usage(cli, "--limits: more than %u limits", LIMITS_MAX);
        else
            vec_push(&req->limits, ROUND_DOWN(bytes, (u64)PAGE_SIZE));
    }
    if (!cli->done && req->limits.count == 0)
        cli_usage(cli, "--limits: want sizes with commas between them, like 64M,96M");
    free(list);
}

static void parse_options(struct cli *cli, struct request *req)
{
    for (int id; (id = cli_next(cli)) > 0;) {
        switch (id) {
        case OPT_LIMITS:
            parse_limits(cli, req);
            break;
        case OPT_GRID:
            if (cli_parse_u64(cli, "--grid", &req->grid) && (req->grid < 2 || req->grid > GRID_MAX))
                cli_usage(cli, "--grid is between 2 and %u, not %s", GRID_MAX, cli->arg);
            break;
        case OPT_JOBS:
            cli_parse_jobs(cli, &req->jobs);
            break;
        case OPT_MAX_SLOWDOWN:
            cli_parse_f64(cli, "--max-slowdown", &req->max_slowdown);
            break;
        case OPT_USABLE_SLOWDOWN:
            cli_parse_f64(cli, "--usable-slowdown", &req->usable_slowdown);
            break;
        case OPT_FROM:
            req->window.from = cli->arg;
            break;
        case OPT_PROCESS:
            req->process = cli->arg;
            break;
        case OPT_TO:
            req->window.to = cli->arg;
            break;
        case OPT_ALLOW_INCOMPLETE:
            req->allow_incomplete = true;
            break;
        case OPT_FOUND:
            cli_usage(cli, "--memory-max and --memory-high are what it finds; see --limits");
            break;
        }
    }
    if (cli->done)
        return;
    if (req->usable_slowdown < 1)
        cli_usage(cli, "--usable-slowdown is at least 1, not %g", req->usable_slowdown);
    else if (req->max_slowdown < req->usable_slowdown)
        cli_usage(cli, "--max-slowdown (%g) is at least --usable-slowdown (%g)", req->max_slowdown,
                  req->usable_slowdown);
}

static void show_progress(void *ctx, u64 events, u64 planned)
{
    cli_progress(ctx, "replaying", events, planned);
}

static int render(struct cli *cli, const struct size_config *config,
                  const struct size_result *result)
{
    struct size_report report = {.result = result, .config = config, .input = cli->operands[0]};
    struct host_taken host;
    struct strbuf text;
    int rc;

    host_taken_init(&host, cli, config->trace);
    report.host = (struct host_note){host.settings.text, host.cautions.text};
    strbuf_init(&text);
    if (cli->format == CLI_JSON)
        json_document(size_json(&report), &text);
    else
        size_render_text(&report, cli->color, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    host_taken_done(&host);
    return rc;
}

static int size_one(struct cli *cli, const struct size_config *config, struct err *e)
{
    struct size_result result;
    int rc = size_run(config, &result, e);

    if (rc == 0) {
        cli->exit_code = render(cli, config, &result);
        size_result_done(&result);
    }
    return rc;
}

static int render_comparison(struct cli *cli, const struct axes *axes,
                             const struct size_config *configs, const struct size_result *results)
{
    const struct comparison comparison = {.input = cli->operands[0], .axes = axes};
    unsigned nr = axes_count(axes);
    struct host_taken host;
    struct host_note note;
    struct strbuf text;
    int rc;

    host_taken_init(&host, cli, configs->trace);
    note = (struct host_note){host.settings.text, host.cautions.text};
    strbuf_init(&text);
    if (cli->format == CLI_JSON) {
        json_object **documents = xcalloc(nr, sizeof(*documents));

        for (unsigned i = 0; i < nr; i++)
            documents[i] = size_json(&(struct size_report){.result = &results[i],
                                                           .config = &configs[i],
                                                           .input = cli->operands[0],
                                                           .host = note});
        json_document(compare_json(&comparison, "size", documents), &text);
        free(documents);
    } else {
        compare_sizes_text(&comparison, results, &text);
        size_remarks(configs->trace, &results->unlimited.misfits, &text);
        host_render_cautions(&note, &text);
    }
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    host_taken_done(&host);
    return rc;
}

/* The same for each machine of --compare. */
static int size_many(struct cli *cli, const struct size_config *config, struct err *e)
{
    const struct axes axes = cli_axes(cli);
    unsigned nr = axes_count(&axes), failed = 0;
    struct system_config *machines = xcalloc(nr, sizeof(*machines));
    struct size_config *configs = xcalloc(nr, sizeof(*configs));
    struct size_result *results = xcalloc(nr, sizeof(*results));
    int rc;

    for (unsigned i = 0; i < nr; i++) {
        cli_system_config(cli, config->trace, i, &machines[i]);
        configs[i] = *config;
        configs[i].machine = &machines[i];
    }
    rc = size_compare(configs, nr, results, &failed, e);
    if (rc == 0)
        cli->exit_code = render_comparison(cli, &axes, configs, results);
    else
        comparison_blame(&axes, failed, e);
    for (unsigned i = 0; i < nr; i++)
        size_result_done(&results[i]);
    free(results);
    free(configs);
    free(machines);
    return rc;
}

static int sweep(struct cli *cli, const struct size_config *config)
{
    struct err e = {0};
    int rc = cli->machine.compared.count ? size_many(cli, config, &e) : size_one(cli, config, &e);

    if (rc == -EINTR) {
        rc = cli_fail(cli, "interrupted");
        signals_end();
        return rc;
    }
    return rc ? cli_fail_for(cli, rc, &e) : cli->exit_code;
}

/* Was the host's memory limited by cgroups of version 1, whose files have other names and no memory.high? */
static bool recorded_in_v1(const struct cli *cli, const struct trace *t)
{
    char version[8];

    return !cli->machine.no_host && trace_text_value(t->host, "cgroup", version, sizeof(version)) &&
           strcmp(version, "1") == 0;
}

static int size(struct cli *cli, const struct request *req)
{
    struct system_config machine;
    struct size_config config;
    struct trace *trace;
    struct err e = {0};
    bool *only;
    int rc;

    if (trace_open(cli->operands[0], NULL, &trace, &e))
        return cli_fail_err(cli, &e);
    cli_system_config(cli, trace, 0, &machine);
    config = (struct size_config){
        .trace = trace,
        .process = req->process,
        .from_name = req->window.from,
        .to_name = req->window.to,
        .machine = &machine,
        .limits = req->limits.items,
        .nr_limits = (unsigned)req->limits.count,
        .grid = (unsigned)req->grid,
        .max_slowdown = req->max_slowdown,
        .usable_slowdown = req->usable_slowdown,
        .jobs = cli_jobs(req->jobs),
        .cgroup_v1 = recorded_in_v1(cli, trace),
        .stop = &stop,
        .progress = show_progress,
        .progress_ctx = cli,
    };
    signals_stop_by(&stop);
    if (cli_process_find(cli, req->process, trace, &only) &&
        cli_window_find(cli, &req->window, trace, &stop, &config.from, &config.to)) {
        config.only = only;
        place_trace(trace, NULL);
        rc = sweep(cli, &config);
        if (rc == CLI_OK && !req->allow_incomplete)
            rc = cli_incomplete(cli, trace);
    } else {
        rc = cli->exit_code;
    }
    free(only);
    trace_close(trace);
    return rc;
}

int cmd_size(int argc, char **argv)
{
    struct request req = {.max_slowdown = SIZE_MAX_SLOWDOWN,
                          .usable_slowdown = SIZE_USABLE_SLOWDOWN};
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    rc = cli.done ? cli.exit_code : size(&cli, &req);
    vec_done(&req.limits);
    return cli_done(&cli, rc);
}
