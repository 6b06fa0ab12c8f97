/* cmd_diff.c - highwater diff A B: two versions side by side: recordings, captures, or results that
 * were kept as JSON. */
#include "cli/cli.h"
#include "cli/incomplete.h"
#include "cli/process.h"
#include "cli/result_file.h"
#include "cli/sizing.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "observe/sampler.h"
#include "report/diff.h"
#include "report/json_put.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_QUICK = 1,
    OPT_ROWS,
    OPT_USABLE_SLOWDOWN,
};

#define ROWS_DEFAULT 10u
#define ROWS_MAX     100000u

static const struct cli_option options[] = {
    {OPT_QUICK, "quick", 0, NULL,
     "of recordings: what they touched alone, without the replays that tell what they need"},
    {OPT_ROWS, "rows", 0, "N",
     "show N figures of a section and unit, those that changed most (10)"},
    {SIZING_OPT_JOBS, "jobs", 'j', "N", "do N replays at once (as many as there are CPUs)"},
    {OPT_USABLE_SLOWDOWN, "usable-slowdown", 0, "X",
     "a limit is usable up to X times the time without one (1.1)"},
    CLI_WINDOW_OPTIONS(SIZING_OPT_FROM, SIZING_OPT_TO),
    {SIZING_OPT_PROCESS, "process", 0, "NAME|PID", CLI_PROCESS_HELP},
    CLI_INCOMPLETE_OPTION(SIZING_OPT_ALLOW_INCOMPLETE),
};

static const struct cli_spec spec = {
    .verb = "diff",
    .operands = "BEFORE AFTER",
    .summary =
        "Says what changed between two versions of a program or two states of a machine: what "
        "each\nneeds, what grew and what shrank, by file, program and group.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_MACHINE | CLI_SWAP_LIMIT | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "BEFORE and AFTER are two recordings (.hwt), two captures (.hwc), or two results of one "
        "verb that were kept\n"
        "with --format json. Within a section the largest growth comes first; --format json has "
        "every figure.\n"
        "\n"
        "Of captures the last moments are compared, and of what the kernel counts how fast it "
        "grew while each was made.\n"
        "Two runs of one version differ, too: 'highwater check' with several recordings tells by "
        "how much.\n"
        "Exit code: 0 when it was compared, whatever changed; 1 when it could not be, or a "
        "recording is incomplete.\n"
        "\n"
        "Examples:\n"
        "  highwater diff v1.hwt v2.hwt --swap 0\n"
        "  highwater diff v1.hwt v2.hwt --quick --rows 50\n"
        "  highwater diff monday.hwc tuesday.hwc\n"
        "  highwater diff v1.json v2.json                of 'size', 'check', 'run' or 'diagnose'\n",
    .min_operands = 2,
    .max_operands = 2,
};

struct request {
    struct sizing_request sizing;
    bool quick;
    u64 rows;
};

static void parse_options(struct cli *cli, struct request *req)
{
    struct sizing_request *sizing = &req->sizing;

    for (int id; (id = cli_next(cli)) > 0;) {
        switch (id) {
        case OPT_QUICK:
            req->quick = true;
            break;
        case OPT_ROWS:
            if (cli_parse_u64(cli, "--rows", &req->rows) && (!req->rows || req->rows > ROWS_MAX))
                cli_usage(cli, "--rows is between 1 and %u, not %s", ROWS_MAX, cli->arg);
            break;
        case OPT_USABLE_SLOWDOWN:
            if (cli_parse_f64(cli, "--usable-slowdown", &sizing->usable_slowdown) &&
                !(sizing->usable_slowdown >= 1))
                cli_usage(cli, "--usable-slowdown is at least 1, not %s", cli->arg);
            break;
        default:
            sizing_take_option(sizing, cli, id);
        }
    }
    sizing->max_slowdown = MAX(SIZE_MAX_SLOWDOWN, sizing->usable_slowdown);
}

static int emit(struct cli *cli, const struct request *req, struct diff *d,
                const struct strbuf *notes)
{
    struct strbuf text;
    int rc;

    diff_join(d);
    if (cli_wants_document(cli))
        return cli_emit_document(cli, PAGE_OF_COMPARE, d->inputs[0], diff_json(d));
    strbuf_init(&text);
    diff_text(d, (unsigned)req->rows, cli->color, &text);
    if (notes)
        strbuf_append(&text, notes->text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

/* --- recordings --- */

static int put_recordings(const struct sizing *s, const struct size_result *results, struct diff *d,
                          struct err *e)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct size_config *config = &s->configs[side];
        const struct footprint_window window = {
            .from = config->from, .to = config->to, .streams = config->only};
        struct footprint footprint;
        int rc = footprint_compute(config->trace, &window, &footprint, e);

        if (rc)
            return rc;
        diff_put_recording(d, side, &footprint, results ? &results[side] : NULL);
        footprint_done(&footprint);
    }
    return 0;
}

static int compare_recordings(const struct sizing *s, const struct request *req)
{
    struct cli *cli = s->cli;
    struct size_result results[2] = {0};
    struct strbuf notes;
    struct err e = {0};
    unsigned failed;
    struct diff d;
    int rc = 0;

    diff_init(&d, cli->operands[0], cli->operands[1], "recordings");
    strbuf_init(&notes);
    for (unsigned i = 0; i < 2; i++)
        s->configs[i].own_grid = true;
    if (!req->quick)
        rc = size_compare(s->configs, 2, results, &failed, &e);
    if (rc == 0)
        rc = put_recordings(s, req->quick ? NULL : results, &d, &e);
    for (unsigned i = 0; i < 2 && rc == 0; i++)
        size_remarks(s->recordings[i].trace, cli->operands[i], &results[i].unlimited.misfits,
                     &notes);
    rc = rc ? sizing_fail(s, rc, &e) : emit(cli, req, &d, &notes);
    for (unsigned i = 0; i < 2; i++)
        size_result_done(&results[i]);
    strbuf_done(&notes);
    diff_done(&d);
    return rc;
}

static int diff_recordings(struct cli *cli, const struct request *req)
{
    struct sizing s;
    int rc = sizing_open(&s, cli, &req->sizing) ? compare_recordings(&s, req) : cli->exit_code;

    for (unsigned i = 0; i < s.nr && rc == CLI_OK && !req->sizing.allow_incomplete; i++)
        rc = cli_incomplete(cli, s.recordings[i].trace);
    sizing_close(&s);
    return rc;
}

/* --- captures --- */

static void look_at(struct diff *d, unsigned side, const struct sampler *sampler,
                    const struct diagnosis *diagnosis, struct metric_groups *groups, bool begin,
                    double seconds)
{
    struct metric_look look;

    metric_look_init(&look, sampler_snapshot(sampler), diagnosis, !begin, groups);
    diff_put_capture(d, side, &look, begin, seconds);
    metric_look_done(&look);
}

/* The first and the last moment that can be read. Rates are over the time between those. */
static int read_capture(struct cli *cli, struct diff *d, unsigned side, struct sampler *sampler,
                        struct err *e)
{
    struct capture *c = sampler_capture(sampler);
    size_t count = capture_count(c);
    double seconds = count ? (double)(capture_sample(c, count - 1)->since_first -
                                      capture_sample(c, 0)->since_first) /
                                 1e9
                           : 0;
    struct metric_groups groups;
    struct diagnosis diagnosis;
    int rc = count ? 0 : err_set(e, -ENODATA, "%s: it has no sample", cli->operands[side]);

    diagnosis_init(&diagnosis, NULL);
    metric_groups_init(&groups, 0);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = sampler_seek(sampler, i, e);
        if (rc)
            break;
        diagnosis_add(&diagnosis, sampler_snapshot(sampler));
        if (i == 0 && count > 1)
            look_at(d, side, sampler, &diagnosis, &groups, true, seconds);
        if (i + 1 == count) {
            diagnosis_conclude(&diagnosis);
            look_at(d, side, sampler, &diagnosis, &groups, false, seconds);
        }
        cli_progress(cli, "samples", i + 1, count);
    }
    metric_groups_done(&groups);
    diagnosis_done(&diagnosis);
    return rc;
}

static int diff_captures(struct cli *cli, const struct request *req)
{
    struct err e = {0};
    struct diff d;
    int rc = 0;

    diff_init(&d, cli->operands[0], cli->operands[1], "captures");
    for (unsigned side = 0; side < 2 && rc == 0; side++) {
        struct sampler *sampler;

        rc = sampler_open(cli->operands[side], SNAPSHOT_ALL, &sampler, &e);
        if (rc)
            break;
        rc = read_capture(cli, &d, side, sampler, &e);
        sampler_free(sampler);
    }
    cli_progress_end(cli);
    rc = rc ? cli_fail_err(cli, &e) : emit(cli, req, &d, NULL);
    diff_done(&d);
    return rc;
}

/* --- results --- */

/* Of which verb a document is; NULL, with the reason, for what is none of ours. */
static const char *read_document(const char *path, json_object **ret, struct err *e)
{
    static const char *const names[] = {[PAGE_OF_SIZE] = "results of size",
                                        [PAGE_OF_RUN] = "results of run",
                                        [PAGE_OF_DIAGNOSE] = "results of diagnose",
                                        [PAGE_OF_COMPARE] = "results of --compare",
                                        [PAGE_OF_RECORDINGS] = "results of size for recordings",
                                        [PAGE_OF_CHECK] = "results of check",
                                        [PAGE_OF_FLEET] = "results of fleet",
                                        [PAGE_OF_LIVE] = "results of live"};
    enum page_kind kind = PAGE_OF_SIZE;
    struct strbuf json;
    struct err why = {0};
    int rc;

    strbuf_init(&json);
    rc = result_file_read(path, &json, e);
    if (rc == 0) {
        rc = page_find_kind(json.text, json.len, &kind, &why);
        if (rc == 0)
            rc = page_parse(json.text, json.len, ret, &why);
        if (rc)
            err_at(e, rc, path, 0, 0, "%s", why.text);
    }
    strbuf_done(&json);
    return rc ? NULL : names[kind];
}

static int compare_documents(struct cli *cli, const struct request *req, json_object **documents,
                             const char *const *kinds)
{
    struct diff d;
    int rc;

    if (strcmp(kinds[0], kinds[1]) != 0)
        return cli_fail(cli, "%s is one of the %s, %s one of the %s: name two of one verb",
                        cli->operands[0], kinds[0], cli->operands[1], kinds[1]);
    diff_init(&d, cli->operands[0], cli->operands[1], kinds[0]);
    for (unsigned side = 0; side < 2; side++)
        diff_put_document(&d, side, documents[side]);
    rc = emit(cli, req, &d, NULL);
    diff_done(&d);
    return rc;
}

static int diff_documents(struct cli *cli, const struct request *req)
{
    json_object *documents[2] = {NULL, NULL};
    const char *kinds[2] = {NULL, NULL};
    struct err e = {0};
    int rc;

    for (unsigned side = 0; side < 2 && (!side || kinds[0]); side++)
        kinds[side] = read_document(cli->operands[side], &documents[side], &e);
    rc = kinds[1] ? compare_documents(cli, req, documents, kinds) : cli_fail_err(cli, &e);
    for (unsigned side = 0; side < 2; side++)
        json_drop(documents[side]);
    return rc;
}

int cmd_diff(int argc, char **argv)
{
    struct request req = {.rows = ROWS_DEFAULT,
                          .sizing = {.usable_slowdown = SIZE_USABLE_SLOWDOWN}};
    enum result_kind kinds[2];
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    for (unsigned side = 0; side < 2; side++)
        kinds[side] = result_file_kind(cli.operands[side]);
    if (kinds[0] != kinds[1])
        rc = cli_fail(&cli, "%s is %s, %s is %s: two of one kind can be compared", cli.operands[0],
                      result_kind_name(kinds[0]), cli.operands[1], result_kind_name(kinds[1]));
    else if (kinds[0] == RESULT_RECORDING)
        rc = diff_recordings(&cli, &req);
    else if (kinds[0] == RESULT_CAPTURE)
        rc = diff_captures(&cli, &req);
    else
        rc = diff_documents(&cli, &req);
    return cli_done(&cli, rc);
}
