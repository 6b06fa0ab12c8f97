/* cmd_size.c - highwater size FILE: one recording under many limits, and which to set. */
#include "cli/host.h"
#include "cli/host_memory.h"
#include "cli/incomplete.h"
#include "cli/machine.h"
#include "cli/process.h"
#include "cli/profile.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "cli/window.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/vec.h"
#include "report/comparison.h"
#include "report/runtimes_report.h"
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

#define GRID_MAX       256u
#define LIMITS_MAX     1024u
#define RECORDINGS_MAX 64u

static const struct cli_option options[] = {
    {OPT_LIMITS, "limits", 'l', "SIZE,SIZE...", "try these limits and search for no others"},
    {OPT_GRID, "grid", 0, "N",
     "try N limits before searching between them (12, without those far below any that survives)"},
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
    .operands = "FILE...",
    .summary =
        "Replays a recording under many limits and says which of them survive, which are usable,\n"
        "and which memory.max and memory.high to set.",
    .takes = CLI_OUTPUT | CLI_PICTURES | CLI_PROGRESS | CLI_MACHINE | CLI_COMPARE | CLI_SWAP_LIMIT |
             CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "A limit survives when the run completes under it, and is usable when it completes in "
        "nearly\n"
        "the time it takes without a limit, and 2 % less memory survives as well: a real "
        "kernel's edge lies up to\n"
        "that far from the one found here. Running out is not monotonic: a limit counts only "
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
        "Several recordings of one program, made with different settings of its own (-Xmx,\n"
        "--max-old-space-size, shared_buffers), give one table of settings and limits, and the "
        "smallest pair.\n"
        "\n"
        "-o NAME.html, or --format html, makes a page with pictures of it.\n"
        "\n"
        "Examples:\n"
        "  highwater size app.hwt --swap 0\n"
        "  highwater size xmx64.hwt xmx128.hwt xmx256.hwt\n"
        "  highwater size app.hwt --limits 64M,96M,128M --swap 1G --swap-device zram\n"
        "  highwater size app.hwt --format json -o table.json\n"
        "  highwater size app.hwt -o page.html          a page with pictures\n"
        "  highwater size app.hwt --swap 1G --limits 64M,96M,128M --compare "
        "vm.swappiness=10,60,150 \\\n"
        "      --compare disk=nvme,hdd\n",
    .min_operands = 1,
    .max_operands = RECORDINGS_MAX,
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

/* One operand: what belongs to it until its answer is printed. */
struct recording {
    struct trace *trace;
    bool *only;
    struct runtimes runtimes;
    struct system_config machine;
    struct host_taken host;
};

struct sizing {
    struct cli *cli;
    const struct request *req;
    unsigned nr; /* recordings */
    struct recording *recordings;
    struct size_config *configs; /* one for each */
};

static struct size_report report_of(const struct sizing *s, unsigned i,
                                    const struct size_config *config,
                                    const struct size_result *result)
{
    const struct recording *r = &s->recordings[i];

    return (struct size_report){
        .result = result,
        .config = config,
        .input = s->cli->operands[i],
        .host = {r->host.settings.text, r->host.cautions.text, cli_profile_path(s->cli)},
        .runtimes = &r->runtimes,
    };
}

static int size_one(const struct sizing *s, struct err *e)
{
    struct cli *cli = s->cli;
    struct size_result result;
    struct size_report report;
    struct strbuf text;
    int rc = size_run(s->configs, &result, e);

    if (rc)
        return rc;
    report = report_of(s, 0, s->configs, &result);
    if (cli_wants_document(cli)) {
        cli->exit_code = cli_emit_document(cli, PAGE_OF_SIZE, report.input, size_json(&report));
    } else {
        strbuf_init(&text);
        size_render_text(&report, cli->color, &text);
        cli->exit_code = cli_emit(cli, &text);
        strbuf_done(&text);
    }
    size_result_done(&result);
    return 0;
}

static int render_comparison(const struct sizing *s, const struct axes *axes,
                             const struct size_config *configs, const struct size_result *results)
{
    const struct comparison comparison = {.input = s->cli->operands[0], .axes = axes};
    const struct size_report first = report_of(s, 0, configs, results);
    unsigned nr = axes_count(axes);
    struct strbuf text;
    int rc;

    if (cli_wants_document(s->cli)) {
        json_object **documents = xcalloc(nr, sizeof(*documents));

        for (unsigned i = 0; i < nr; i++) {
            const struct size_report report = report_of(s, 0, &configs[i], &results[i]);

            documents[i] = size_json(&report);
        }
        rc = cli_emit_document(s->cli, PAGE_OF_COMPARE, comparison.input,
                               compare_json(&comparison, "size", documents));
        free(documents);
        return rc;
    }
    strbuf_init(&text);
    compare_sizes_text(&comparison, results, &text);
    size_remarks(configs->trace, &results->unlimited.misfits, &text);
    host_render_cautions(&first.host, &text);
    runtimes_render(first.runtimes, UINT64_MAX, &text);
    rc = cli_emit(s->cli, &text);
    strbuf_done(&text);
    return rc;
}

/* The same for each machine of --compare. */
static int size_machines(const struct sizing *s, struct err *e)
{
    const struct axes axes = cli_axes(s->cli);
    unsigned nr = axes_count(&axes), failed = 0;
    struct system_config *machines = xcalloc(nr, sizeof(*machines));
    struct size_config *configs = xcalloc(nr, sizeof(*configs));
    struct size_result *results = xcalloc(nr, sizeof(*results));
    int rc;

    for (unsigned i = 0; i < nr; i++) {
        cli_system_config(s->cli, s->recordings->trace, i, &machines[i]);
        configs[i] = *s->configs;
        configs[i].machine = &machines[i];
        configs[i].keep_oom = true; /* a row that says so */
    }
    rc = size_compare(configs, nr, results, &failed, e);
    if (rc == 0)
        s->cli->exit_code = render_comparison(s, &axes, configs, results);
    else
        comparison_blame(&axes, failed, e);
    for (unsigned i = 0; i < nr; i++)
        size_result_done(&results[i]);
    free(results);
    free(configs);
    free(machines);
    return rc;
}

static int render_recordings(const struct sizing *s, const struct size_result *results)
{
    struct size_report *reports = xcalloc(s->nr, sizeof(*reports));
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    for (unsigned i = 0; i < s->nr; i++)
        reports[i] = report_of(s, i, &s->configs[i], &results[i]);
    if (cli_wants_document(s->cli)) {
        rc = cli_emit_document(s->cli, PAGE_OF_RECORDINGS, reports->input,
                               compare_recordings_json(reports, s->nr));
    } else {
        compare_recordings_text(reports, results, s->nr, &text);
        for (unsigned i = 0; i < s->nr; i++)
            if (!trace_is_complete(s->recordings[i].trace))
                size_remarks(s->recordings[i].trace, &results[i].unlimited.misfits, &text);
        rc = cli_emit(s->cli, &text);
    }
    strbuf_done(&text);
    free(reports);
    return rc;
}

/* Recordings of one program with different settings of its own, each with its need. */
static int size_recordings(const struct sizing *s, struct err *e)
{
    struct size_result *results = xcalloc(s->nr, sizeof(*results));
    unsigned failed = 0;
    int rc = size_compare(s->configs, s->nr, results, &failed, e);

    if (rc == 0)
        s->cli->exit_code = render_recordings(s, results);
    for (unsigned i = 0; i < s->nr; i++)
        size_result_done(&results[i]);
    free(results);
    return rc;
}

static int sweep(const struct sizing *s)
{
    struct err e = {0};
    int rc;

    if (s->nr > 1)
        rc = size_recordings(s, &e);
    else
        rc = s->cli->machine.compared.count ? size_machines(s, &e) : size_one(s, &e);
    if (rc == -EINTR) {
        rc = cli_fail(s->cli, "interrupted");
        signals_end();
        return rc;
    }
    return rc ? cli_fail_for(s->cli, rc, &e) : s->cli->exit_code;
}

/* Was the host's memory limited by cgroups of version 1, whose files have other names and no memory.high? */
static bool recorded_in_v1(const struct cli *cli, const struct trace *t)
{
    char version[8];

    return !cli->machine.no_host && trace_text_value(t->host, "cgroup", version, sizeof(version)) &&
           strcmp(version, "1") == 0;
}

/* False: a failure or a usage error was reported; cli->exit_code says which. */
static bool open_recording(struct sizing *s, unsigned i, u64 budget_bytes)
{
    const struct trace_options how = {.budget_bytes = budget_bytes};
    const struct request *req = s->req;
    struct recording *r = &s->recordings[i];
    struct size_config *config = &s->configs[i];
    struct cli *cli = s->cli;
    struct err e = {0};

    if (trace_open(cli->operands[i], &how, &r->trace, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    cli_system_config(cli, r->trace, 0, &r->machine);
    host_taken_init(&r->host, cli, r->trace);
    cli_check_swap_max(cli, &r->machine);
    *config = (struct size_config){
        .trace = r->trace,
        .process = req->process,
        .from_name = req->window.from,
        .to_name = req->window.to,
        .machine = &r->machine,
        .limits = req->limits.items,
        .nr_limits = (unsigned)req->limits.count,
        .grid = (unsigned)req->grid,
        .has_swap_max = cli->machine.has_swap_max && cli->machine.swap_max != CLI_SIZE_MAX,
        .swap_max_bytes = cli->machine.swap_max,
        .max_slowdown = req->max_slowdown,
        .usable_slowdown = req->usable_slowdown,
        .jobs = cli_jobs(req->jobs),
        .cgroup_v1 = recorded_in_v1(cli, r->trace),
        .stop = &stop,
        .progress = show_progress,
        .progress_ctx = cli,
    };
    if (!cli_process_find(cli, req->process, r->trace, &r->only) ||
        !cli_window_find(cli, &req->window, r->trace, &stop, &config->from, &config->to))
        return false;
    if (runtimes_find(r->trace, r->only, &r->runtimes, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    config->only = r->only;
    place_trace(r->trace, NULL);
    return true;
}

static void close_recordings(struct sizing *s)
{
    for (unsigned i = 0; i < s->nr; i++) {
        struct recording *r = &s->recordings[i];

        if (!r->trace)
            continue;
        runtimes_done(&r->runtimes);
        host_taken_done(&r->host);
        free(r->only);
        trace_close(r->trace);
    }
    free(s->recordings);
    free(s->configs);
}

static int size(struct cli *cli, const struct request *req)
{
    struct sizing s = {.cli = cli, .req = req, .nr = cli->nr_operands};
    u64 budget = s.nr > 1 ? host_memory_default() / s.nr : 0;
    bool opened = true;
    int rc;

    s.recordings = xcalloc(s.nr, sizeof(*s.recordings));
    s.configs = xcalloc(s.nr, sizeof(*s.configs));
    signals_stop_by(&stop);
    for (unsigned i = 0; i < s.nr && opened; i++)
        opened = open_recording(&s, i, budget);
    rc = opened ? sweep(&s) : cli->exit_code;
    for (unsigned i = 0; i < s.nr && rc == CLI_OK && !req->allow_incomplete; i++)
        rc = cli_incomplete(cli, s.recordings[i].trace);
    close_recordings(&s);
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
    if (!cli.done && cli.nr_operands > 1 && cli.machine.compared.count)
        cli_usage(&cli, "--compare is for one recording; %u are given", cli.nr_operands);
    rc = cli.done ? cli.exit_code : size(&cli, &req);
    vec_done(&req.limits);
    return cli_done(&cli, rc);
}
