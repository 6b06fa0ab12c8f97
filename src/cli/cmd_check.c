/* cmd_check.c - highwater check FILE...: a budget of memory as a gate.
 *
 * Exit codes are a gate's: 0 fits, 1 does not, 2 usage, 3 cannot tell, to which all that goes wrong
 * belongs, since a gate that is broken must not say that a program is. */
#include "cli/cli.h"
#include "cli/process.h"
#include "cli/result_file.h"
#include "cli/sizing.h"
#include "cli/storing.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "report/check_report.h"
#include "report/json_put.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPT_MEMORY_MAX = 1,
    OPT_SLOWDOWN,
    OPT_AGAINST,
};

enum { EXIT_FITS = 0, EXIT_DOES_NOT_FIT = 1, EXIT_CANNOT_TELL = 3 };

static const struct cli_option options[] = {
    {OPT_MEMORY_MAX, "memory-max", 0, "SIZE",
     "the budget: memory.max under which it must be usable"},
    {OPT_SLOWDOWN, "slowdown", 0, "X", "usable is up to X times the time without a limit (1.1)"},
    {OPT_AGAINST, "against", 0, "OLD.json",
     "what 'check' or 'size' printed for an earlier version: it must not need more"},
    {SIZING_OPT_JOBS, "jobs", 'j', "N", "do N replays at once (as many as there are CPUs)"},
    CLI_WINDOW_OPTIONS(SIZING_OPT_FROM, SIZING_OPT_TO),
    {SIZING_OPT_PROCESS, "process", 0, "NAME|PID", CLI_PROCESS_HELP},
    {SIZING_OPT_ALLOW_INCOMPLETE, "allow-incomplete", 0, NULL,
     "judge a recording that is damaged, cut off or lacks what was done by what it has"},
    SIZING_STORE_OPTIONS,
};

static const struct cli_spec spec = {
    .verb = "check",
    .operands = "FILE...",
    .summary = "Says whether recordings of a program fit in a budget of memory, and whether they "
               "need more than an\n"
               "earlier version did: a gate for continuous integration.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_MACHINE | CLI_SWAP_LIMIT | CLI_HOST,
    .formats = CHECK_FORMATS,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "A recording fits when the budget is usable for it as 'highwater size' says: it completes "
        "in at "
        "most X times its\n"
        "time without a limit, and 2 % less memory is survived as well. Of several recordings each "
        "must "
        "fit, and how much\n"
        "their needs differ is told.\n"
        "\n"
        "--against: the largest need may not be above that of OLD.json by more than the earlier "
        "recordings differ among\n"
        "themselves, and 2 %. One earlier recording tells no difference; then all new ones must "
        "need "
        "more. Record three.\n"
        "\n"
        "Exit code: 0 it fits; 1 it does not, or needs more than before; 2 wrong usage; 3 it "
        "cannot be "
        "told (no recording\n"
        "can be read, or one is incomplete and what it has would fit).\n"
        "\n"
        "Examples:\n"
        "  highwater check app.hwt --memory-max 64M\n"
        "  highwater check run1.hwt run2.hwt run3.hwt --memory-max 64M --against main.json --swap "
        "0\n"
        "  highwater check app.hwt --memory-max 64M --format junit -o memory.xml\n"
        "  highwater check app.hwt --memory-max 64M --format json -o main.json\n",
    .min_operands = 1,
    .max_operands = SIZING_RECORDINGS_MAX,
    .failed = EXIT_CANNOT_TELL,
};

struct request {
    struct sizing_request sizing;
    u64 max_bytes; /* UINT64_MAX: not given */
    const char *against;
};

static void parse_budget(struct cli *cli, struct request *req)
{
    if (!cli_parse_size(cli, "--memory-max", &req->max_bytes))
        return;
    if (req->max_bytes == CLI_SIZE_MAX)
        cli_usage(cli, "--memory-max: everything fits in 'max'; want a size such as 64M");
    else if (req->max_bytes < PAGE_SIZE)
        cli_usage(cli, "--memory-max: '%s' is less than a page of 4,096 bytes", cli->arg);
    req->max_bytes = ROUND_DOWN(req->max_bytes, (u64)PAGE_SIZE);
}

static void parse_options(struct cli *cli, struct request *req)
{
    struct sizing_request *sizing = &req->sizing;

    for (int id; (id = cli_next(cli)) > 0;) {
        switch (id) {
        case OPT_MEMORY_MAX:
            parse_budget(cli, req);
            break;
        case OPT_SLOWDOWN:
            if (cli_parse_f64(cli, "--slowdown", &sizing->usable_slowdown) &&
                !(sizing->usable_slowdown >= 1))
                cli_usage(cli, "--slowdown is at least 1, not %s", cli->arg);
            break;
        case OPT_AGAINST:
            req->against = cli->arg;
            break;
        default:
            sizing_take_option(sizing, cli, id);
        }
    }
    if (cli->done)
        return;
    if (req->max_bytes == UINT64_MAX && !req->against)
        cli_usage(cli, "no budget: say --memory-max SIZE, or --against OLD.json");
    sizing->max_slowdown = MAX(SIZE_MAX_SLOWDOWN, sizing->usable_slowdown);
    sizing->also_bytes = req->max_bytes == UINT64_MAX ? 0 : req->max_bytes;
}

static int render(struct cli *cli, const struct check_report *report)
{
    struct strbuf text;
    int rc;

    if (cli_wants_document(cli))
        return cli_emit_document(cli, PAGE_OF_CHECK, report->reports->input, check_json(report));
    strbuf_init(&text);
    if (cli->format == CLI_OWN)
        check_render_format(report, cli->format_name, &text);
    else
        check_render_text(report, cli->color, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

static int store(const struct sizing *s, const struct check_report *report)
{
    static const char *const names[] = {
        [CHECK_FITS] = "fits",
        [CHECK_DOES_NOT_FIT] = "does not fit",
        [CHECK_CANNOT_TELL] = "cannot tell",
    };
    const char **outcomes = xcalloc(s->nr, sizeof(*outcomes));
    int rc;

    for (unsigned i = 0; i < s->nr; i++)
        outcomes[i] =
            names[check_recording(report->reports[i].result, report->max_bytes,
                                  report->trust_all || trace_is_complete(s->recordings[i].trace))
                      .outcome];
    rc = storing_put(s, report->reports, outcomes);
    free(outcomes);
    return rc;
}

static int judge(const struct sizing *s, const struct request *req,
                 const struct size_result *results, const struct size_envelope *envelope,
                 const struct check_earlier *earlier)
{
    static const int codes[] = {
        [CHECK_FITS] = EXIT_FITS,
        [CHECK_DOES_NOT_FIT] = EXIT_DOES_NOT_FIT,
        [CHECK_CANNOT_TELL] = EXIT_CANNOT_TELL,
    };
    struct size_report *reports = xcalloc(s->nr, sizeof(*reports));
    const struct check_report report = {
        .reports = reports,
        .nr = s->nr,
        .envelope = envelope,
        .max_bytes = req->max_bytes,
        .trust_all = req->sizing.allow_incomplete,
        .earlier_input = req->against,
        .earlier = *earlier,
    };
    int rc;

    for (unsigned i = 0; i < s->nr; i++)
        reports[i] = sizing_report(s, i, &s->configs[i], &results[i]);
    rc =
        render(s->cli, &report) == CLI_OK ? codes[check_report_outcome(&report)] : EXIT_CANNOT_TELL;
    if (store(s, &report) != CLI_OK)
        rc = EXIT_CANNOT_TELL;
    free(reports);
    return rc;
}

static int sweep(const struct sizing *s, const struct request *req,
                 const struct check_earlier *earlier)
{
    struct size_result *results = xcalloc(s->nr, sizeof(*results));
    struct size_envelope envelope = {0};
    struct err e = {0};
    int rc = sizing_envelope(s, results, &envelope, &e);

    if (rc == 0)
        rc = judge(s, req, results, &envelope, earlier);
    else
        rc = sizing_fail(s, rc, &e) == CLI_USAGE ? CLI_USAGE : EXIT_CANNOT_TELL;
    envelope_done(&envelope);
    for (unsigned i = 0; i < s->nr; i++)
        size_result_done(&results[i]);
    free(results);
    return rc;
}

/* False: it is none to compare with, which was said. */
static bool read_earlier(struct cli *cli, const struct request *req, struct check_earlier *ret)
{
    struct err e = {0}, why = {0};
    json_object *document;

    if (!req->against)
        return true;
    if (result_file_parse(req->against, &document, &e)) {
        cli_fail_err(cli, &e);
        return false;
    }
    if (check_earlier_parse(document, req->sizing.usable_slowdown, ret, &why)) {
        json_drop(document);
        cli_fail(cli, "%s: %s", req->against, why.text);
        return false;
    }
    json_drop(document);
    return true;
}

static int check(struct cli *cli, const struct request *req)
{
    struct check_earlier earlier = {0};
    struct sizing s;
    int rc;

    if (!read_earlier(cli, req, &earlier))
        return EXIT_CANNOT_TELL;
    if (sizing_open(&s, cli, &req->sizing))
        rc = sweep(&s, req, &earlier);
    else
        rc = cli->exit_code == CLI_USAGE ? CLI_USAGE : EXIT_CANNOT_TELL;
    sizing_close(&s);
    return rc;
}

int cmd_check(int argc, char **argv)
{
    struct request req = {
        .max_bytes = UINT64_MAX,
        .sizing = {.usable_slowdown = SIZE_USABLE_SLOWDOWN},
    };
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    return cli_done(&cli, cli.done ? cli.exit_code : check(&cli, &req));
}
