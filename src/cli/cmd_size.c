/* cmd_size.c - highwater size FILE: one recording under many limits, and which to set. */
#include "cli/incomplete.h"
#include "cli/machine.h"
#include "cli/process.h"
#include "cli/result_file.h"
#include "cli/sizing.h"
#include "cli/storing.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "base/units.h"
#include "report/comparison.h"
#include "report/deployment.h"
#include "report/envelope_report.h"
#include "report/recordings.h"
#include "report/runtimes_report.h"
#include "report/size_report.h"
#include "size/size.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    OPT_LIMITS = 1,
    OPT_GRID,
    OPT_MAX_SLOWDOWN,
    OPT_USABLE_SLOWDOWN,
    OPT_PATCH,
    OPT_CONTAINER,
    OPT_FOUND,
    OPT_LIVE
};

#define GRID_MAX   256u
#define LIMITS_MAX 1024u

static const struct cli_option options[] = {
    {OPT_LIMITS, "limits", 'l', "SIZE,SIZE...", "try these limits and search for no others"},
    {OPT_GRID, "grid", 0, "N",
     "try N limits before searching between them (8, without those below one that does not "
     "survive)"},
    {SIZING_OPT_JOBS, "jobs", 'j', "N", "do N replays at once (as many as there are CPUs)"},
    {OPT_MAX_SLOWDOWN, "max-slowdown", 0, "X",
     "a run X times as slow as without a limit thrashes (3)"},
    {OPT_USABLE_SLOWDOWN, "usable-slowdown", 0, "X",
     "a limit is usable up to X times the time without one (1.1)"},
    CLI_WINDOW_OPTIONS(SIZING_OPT_FROM, SIZING_OPT_TO),
    {SIZING_OPT_PROCESS, "process", 0, "NAME|PID", CLI_PROCESS_HELP},
    CLI_INCOMPLETE_OPTION(SIZING_OPT_ALLOW_INCOMPLETE),
    SIZING_STORE_OPTIONS,
    {OPT_PATCH, "patch", 0, "FILE",
     "write a patch of this Kubernetes manifest (-: the standard input)"},
    {OPT_CONTAINER, "container", 0, "NAME", "with --patch: the container, NAME or WORKLOAD/NAME"},
    {OPT_LIVE, "live", 0, "CGROUP",
     "size a service that runs, with no recording: the same as 'highwater live CGROUP', whose "
     "options it takes"},
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
    .formats = DEPLOYMENT_FORMATS,
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
        "Several recordings of one service (quiet and busy days) give one answer: the largest need "
        "decides, and every\n"
        "recording is run with the limits that come of it. Made with different settings of the "
        "program's own (-Xmx,\n"
        "--max-old-space-size, shared_buffers) they give one table of settings and limits, and the "
        "smallest pair.\n"
        "\n"
        "--format kubernetes, systemd, docker, compose or slurm prints what to paste, rounded up "
        "to MiB; nothing, and\n"
        "exit code 1, when there is no limit to advise. --patch deployment.yaml --container app "
        "writes the same as a\n"
        "strategic-merge patch of that container, as kubectl patch --patch-file and kustomize take "
        "it; the "
        "file stays\n"
        "as it is. Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, "
        "CronJob "
        "and Pod are known.\n"
        "\n"
        "-o NAME.html, or --format html, makes a page with pictures of it.\n"
        "\n"
        "Examples:\n"
        "  highwater size app.hwt --swap 0\n"
        "  highwater size quiet.hwt busy.hwt            one answer for both\n"
        "  highwater size app.hwt --swap 0 --format kubernetes\n"
        "  highwater size app.hwt --swap 0 --patch deployment.yaml --container app -o memory.yaml\n"
        "  highwater size xmx64.hwt xmx128.hwt xmx256.hwt\n"
        "  highwater size app.hwt --limits 64M,96M,128M --swap 1G --swap-device zram\n"
        "  highwater size app.hwt --store fleet.db --service shop\n"
        "  highwater size app.hwt --format json -o table.json\n"
        "  highwater size app.hwt -o page.html          a page with pictures\n"
        "  highwater size app.hwt --swap 1G --limits 64M,96M,128M --compare "
        "vm.swappiness=10,60,150 \\\n"
        "      --compare disk=nvme,hdd\n",
    .min_operands = 1,
    .max_operands = SIZING_RECORDINGS_MAX,
};

static void parse_limits(struct cli *cli, struct sizing_request *req)
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

static void parse_options(struct cli *cli, struct sizing_request *req, const char **container)
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
        case OPT_MAX_SLOWDOWN:
            cli_parse_f64(cli, "--max-slowdown", &req->max_slowdown);
            break;
        case OPT_USABLE_SLOWDOWN:
            cli_parse_f64(cli, "--usable-slowdown", &req->usable_slowdown);
            break;
        case OPT_PATCH:
            req->manifest = cli->arg;
            break;
        case OPT_CONTAINER:
            *container = cli->arg;
            break;
        case OPT_FOUND:
            cli_usage(cli, "--memory-max and --memory-high are what it finds; see --limits");
            break;
        default:
            sizing_take_option(req, cli, id);
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

/* What makes an answer one to distrust, as comments. */
static void note_deployment(const struct sizing *s, const struct size_report *reports,
                            const struct size_envelope *envelope, struct strbuf *out)
{
    const struct size_report *decides = &reports[envelope ? envelope->most : 0];

    for (unsigned i = 0; i < s->nr; i++)
        size_remarks(reports[i].config->trace, s->nr > 1 ? reports[i].input : NULL,
                     &reports[i].result->unlimited.misfits, out);
    host_render_cautions(&decides->host, out);
    runtimes_render(decides->runtimes, decides->result->advice.max_bytes, out);
}

/* What to paste, or why there is nothing to paste. envelope NULL: of one recording. */
static int render_deployment(const struct sizing *s, const struct size_report *reports,
                             const struct size_envelope *envelope)
{
    struct deployment d;
    struct strbuf text, why;
    int rc;

    strbuf_init(&text);
    strbuf_init(&why);
    if (s->nr > 1 && !envelope)
        strbuf_append(&why, "these recordings were made with different settings of their program; "
                            "name those with the settings that it will run with");
    if (why.len == 0 && deployment_init(&d, reports, s->nr, envelope, &why)) {
        note_deployment(s, reports, envelope, &d.notes);
        if (s->req->manifest)
            deployment_render_patch(&d, s->req->container, s->req->manifest, &text);
        else
            deployment_render(&d, deployment_format(s->cli->format_name), &text);
        rc = cli_emit(s->cli, &text);
        deployment_done(&d);
    } else {
        rc = cli_fail(s->cli, "nothing to paste: %s", why.text);
    }
    strbuf_done(&why);
    strbuf_done(&text);
    return rc;
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
    report = sizing_report(s, 0, s->configs, &result);
    if (cli->format == CLI_OWN) {
        cli->exit_code = render_deployment(s, &report, NULL);
    } else if (cli_wants_document(cli)) {
        cli->exit_code = cli_emit_document(cli, PAGE_OF_SIZE, report.input, size_json(&report));
    } else {
        strbuf_init(&text);
        size_render_text(&report, cli->color, &text);
        cli->exit_code = cli_emit(cli, &text);
        strbuf_done(&text);
    }
    cli->exit_code = MAX(cli->exit_code, storing_put(s, &report, NULL));
    size_result_done(&result);
    return 0;
}

static int render_comparison(const struct sizing *s, const struct axes *axes,
                             const struct size_config *configs, const struct size_result *results)
{
    const struct comparison comparison = {
        .input = s->cli->operands[0], .axes = axes, .machine = configs->machine};
    const struct size_report first = sizing_report(s, 0, configs, results);
    unsigned nr = axes_count(axes);
    struct strbuf text;
    int rc;

    if (cli_wants_document(s->cli)) {
        json_object **documents = xcalloc(nr, sizeof(*documents));

        for (unsigned i = 0; i < nr; i++) {
            const struct size_report report = sizing_report(s, 0, &configs[i], &results[i]);

            documents[i] = size_json(&report);
        }
        rc = cli_emit_document(s->cli, PAGE_OF_COMPARE, comparison.input,
                               compare_json(&comparison, "size", documents));
        free(documents);
        return rc;
    }
    strbuf_init(&text);
    compare_sizes_text(&comparison, results, &text);
    size_remarks(configs->trace, NULL, &results->unlimited.misfits, &text);
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

/* Notes below a table of recordings, for each of them that has some. */
static void render_notes(const struct sizing *s, const struct size_result *results,
                         struct strbuf *out)
{
    for (unsigned i = 0; i < s->nr; i++)
        if (!trace_is_complete(s->recordings[i].trace))
            size_remarks(s->recordings[i].trace, s->cli->operands[i], &results[i].unlimited.misfits,
                         out);
}

/* envelope NULL: the recordings were made with different settings of their programs. */
static int render_recordings(const struct sizing *s, const struct size_result *results,
                             const struct size_envelope *envelope)
{
    struct size_report *reports = xcalloc(s->nr, sizeof(*reports));
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    for (unsigned i = 0; i < s->nr; i++)
        reports[i] = sizing_report(s, i, &s->configs[i], &results[i]);
    if (s->cli->format == CLI_OWN) {
        rc = render_deployment(s, reports, envelope);
    } else if (cli_wants_document(s->cli)) {
        rc = cli_emit_document(s->cli, PAGE_OF_RECORDINGS, reports->input,
                               recordings_json(reports, s->nr, envelope));
    } else {
        if (envelope)
            envelope_text(reports, s->nr, envelope, s->cli->color, &text);
        else
            compare_recordings_text(reports, results, s->nr, &text);
        render_notes(s, results, &text);
        rc = cli_emit(s->cli, &text);
    }
    rc = MAX(rc, storing_put(s, reports, NULL));
    strbuf_done(&text);
    free(reports);
    return rc;
}

/* Recordings of one program: with different settings of its own each with its need, else as one
 * answer. */
static int size_recordings(const struct sizing *s, struct err *e)
{
    struct size_result *results = xcalloc(s->nr, sizeof(*results));
    struct size_envelope envelope = {0};
    bool same = sizing_has_same_settings(s);
    unsigned failed = 0;
    int rc = same ? sizing_envelope(s, results, &envelope, e)
                  : size_compare(s->configs, s->nr, results, &failed, e);

    if (rc == 0)
        s->cli->exit_code = render_recordings(s, results, same ? &envelope : NULL);
    envelope_done(&envelope);
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
    return rc ? sizing_fail(s, rc, &e) : s->cli->exit_code;
}

static int size(struct cli *cli, const struct sizing_request *req)
{
    struct sizing s;
    int rc = sizing_open(&s, cli, req) ? sweep(&s) : cli->exit_code;

    for (unsigned i = 0; i < s.nr && rc == CLI_OK && !req->allow_incomplete; i++)
        rc = cli_incomplete(cli, s.recordings[i].trace);
    sizing_close(&s);
    return rc;
}

/* Are these two names of one file? */
static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* What --patch asks for, before anything is replayed. */
static void open_manifest(struct cli *cli, struct sizing_request *req, const char *container,
                          struct manifest_container *ret)
{
    struct strbuf text;
    struct err e = {0};
    int rc;

    if (!req->manifest && container)
        cli_usage(cli, "--container goes with --patch FILE");
    else if (container && !*container)
        cli_usage(cli, "--container: want the name of a container");
    else if (req->manifest && (cli->format_given || cli->format != CLI_TEXT) &&
             (cli->format != CLI_OWN ||
              deployment_format(cli->format_name) != DEPLOYMENT_KUBERNETES))
        cli_usage(cli, "--patch writes YAML for Kubernetes, and goes with no other --format");
    else if (req->manifest && cli->output && is_same_file(req->manifest, cli->output))
        cli_usage(cli, "--patch: '%s' would be overwritten by its patch; name another --output",
                  req->manifest);
    if (cli->done || !req->manifest)
        return;
    strbuf_init(&text);
    rc = result_file_read(req->manifest, &text, &e);
    if (rc == 0)
        rc = manifest_find(req->manifest, text.text, text.len, container, ret, &e);
    strbuf_done(&text);
    if (rc) {
        cli->done = true;
        cli->exit_code = cli_fail_for(cli, rc, &e);
        return;
    }
    req->container = ret;
    cli->format = CLI_OWN;
    cli->format_name = "kubernetes";
}

/* size --live CGROUP is another verb, with options of its own: its arguments without the word.
 * NULL: it is not asked for. The caller frees. */
static char **live_arguments(int argc, char **argv, int *ret_argc)
{
    static char name[] = "live";
    char **args = NULL;
    int nr = 0;

    for (int i = 1; i < argc && !args && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--live") == 0 || strncmp(argv[i], "--live=", 7) == 0)
            args = xcalloc((size_t)argc + 1, sizeof(*args));
    for (int i = 0; args && i < argc; i++) {
        if (i == 0)
            args[nr++] = name;
        else if (strncmp(argv[i], "--live=", 7) == 0)
            args[nr++] = argv[i] + 7;
        else if (strcmp(argv[i], "--live") != 0)
            args[nr++] = argv[i];
    }
    *ret_argc = nr;
    return args;
}

int cmd_size(int argc, char **argv)
{
    int live_argc;
    char **live_args = live_arguments(argc, argv, &live_argc);

    if (live_args) {
        int live_rc = cmd_live(live_argc, live_args);

        free(live_args);
        return live_rc;
    }

    struct sizing_request req = {.max_slowdown = SIZE_MAX_SLOWDOWN,
                                 .usable_slowdown = SIZE_USABLE_SLOWDOWN};
    struct manifest_container container;
    const char *wanted = NULL;
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req, &wanted);
    open_manifest(&cli, &req, wanted, &container);
    if (!cli.done && cli.nr_operands > 1 && cli.machine.compared.count)
        cli_usage(&cli, "--compare is for one recording; %u are given", cli.nr_operands);
    if (!cli.done && cli.format == CLI_OWN && cli.machine.compared.count)
        cli_usage(&cli, "--format %s is of one machine, not of several (--compare)",
                  cli.format_name);
    if (!cli.done && req.store && cli.machine.compared.count)
        cli_usage(&cli,
                  "--store keeps what one machine needs; 'highwater sweep' keeps what several do");
    rc = cli.done ? cli.exit_code : size(&cli, &req);
    vec_done(&req.limits);
    return cli_done(&cli, rc);
}
