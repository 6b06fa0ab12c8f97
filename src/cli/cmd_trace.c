/* cmd_trace.c - highwater trace info|dump|verify|import FILE: look at a recording, or make one from another tool's trace. */
#include "base/alloc.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/process.h"
#include "cli/verbs.h"
#include "cli/window.h"
#include "report/json_put.h"
#include "report/trace_report.h"
#include "stats/names.h"
#include "trace/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_FROM = 1, OPT_TO, OPT_AS, OPT_STREAM, OPT_LIMIT, OPT_PROCESSES, OPT_PROCESS };

static const struct cli_option options[] = {
    {OPT_STREAM, "stream", 0, "N", "dump: only this stream"},
    {OPT_LIMIT, "limit", 0, "N", "dump: at most so many events of a stream"},
    {OPT_FROM, "from", 0, "lackey|oracle|MARK|TIME",
     "import: what the input is; info: count from this mark or time on"},
    {OPT_PROCESSES, "processes", 0, NULL,
     "info: list the processes as a tree, with CPU and what they touched"},
    {OPT_PROCESS, "process", 0, "NAME|PID", "info: list this process and its children alone"},
    {OPT_TO, "to", 0, "MARK|TIME", "info: count up to this mark or time"},
    {OPT_AS, "as", 0, "file|anon", "import oracle: objects are pages of a file (file) or memory"},
};

static const struct cli_spec spec = {
    .verb = "trace",
    .operands = "info|dump|verify|import FILE",
    .summary = "Looks at a recording (.hwt), or makes one from the trace of another tool.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_MODE | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "info    what was recorded, how much, and what it touched\n"
             "dump    every event, one a line: STREAM INSTRUCTIONS KIND ADDRESS, or\n"
             "        STREAM INSTRUCTIONS OPERATION @STAMP FIELDS (docs/trace-format.md)\n"
             "verify  whether it is whole: exit code 0, or 1 if something is cut or damaged\n"
             "import  reads the text of valgrind --tool=lackey --trace-mem=yes, or libCacheSim's\n"
             "        oracleGeneral (plain or zstd), from FILE or - (stdin)\n"
             "\n"
             "Examples:\n"
             "  highwater trace info app.hwt\n"
             "  highwater trace import --from oracle w106.oracleGeneral.zst -o w106.hwt\n"
             "  valgrind --tool=lackey --trace-mem=yes --log-fd=1 true | \\\n"
             "      highwater trace import --from lackey - -o true.hwt\n",
    .min_operands = 2,
    .max_operands = 2,
};

struct request {
    const char *verb, *file, *from, *to, *process;
    enum import_as as;
    bool has_as, has_stream, processes;
    u64 stream, limit;
};

static int info(struct cli *cli, const struct trace *t, const struct request *req,
                struct strbuf *out)
{
    const struct cli_window places = {req->from, req->to};
    struct trace_report report = {.trace = t, .from = req->from, .to = req->to};
    struct footprint_window window;
    struct footprint f;
    struct err e = {0};
    bool *streams = NULL;

    if (!cli_window_find(cli, &places, t, NULL, &window.from, &window.to) ||
        !cli_process_find(cli, req->process, t, &streams))
        return cli->exit_code;
    if (footprint_compute(t, &window, &f, &e)) {
        free(streams);
        return cli_fail_err(cli, &e);
    }
    report.footprint = &f;
    report.streams = streams;
    if (cli->format == CLI_JSON)
        json_document(trace_report_info_json(&report), out);
    else if (req->processes || streams)
        trace_report_processes_text(&report, out);
    else
        trace_report_info_text(&report, out);
    free(streams);
    footprint_done(&f);
    return CLI_OK;
}

static int verify(struct cli *cli, const struct trace *t, struct strbuf *out)
{
    if (cli->format == CLI_JSON)
        json_document(trace_report_verify_json(t), out);
    else
        trace_report_verify_text(t, out);
    return t->closed && !t->nr_damage ? CLI_OK : CLI_FAILED;
}

#define DUMP_FLUSH_BYTES (1u << 20)

/* To stdout piece by piece, since a dump may be larger than memory; to --output whole, as every result. */
static int dump_stream(struct cli *cli, const struct trace *t, u32 index, u64 limit,
                       struct strbuf *out)
{
    const struct trace_stream *s = &t->streams[index];
    struct trace_cursor c;
    u64 left = limit;
    int rc = CLI_OK;

    strbuf_printf(out, "# stream %u: pid %u, tid %u\n", s->id, s->pid, s->tid);
    trace_cursor_init(&c, t, index);
    while (rc == CLI_OK && left && trace_cursor_next(&c)) {
        for (size_t i = 0; i < c.nr_events && left && rc == CLI_OK; i++, left--) {
            trace_report_event(s, &c, c.events[i], out);
            if (out->len >= DUMP_FLUSH_BYTES && !cli->output) {
                rc = cli_emit(cli, out);
                strbuf_reset(out);
            }
        }
    }
    if (c.error)
        rc = cli_fail(cli, "%s: cannot read it again: %s", t->path, strerror(-c.error));
    trace_cursor_done(&c);
    return rc;
}

static int dump(struct cli *cli, const struct trace *t, const struct request *req,
                struct strbuf *out)
{
    bool found = false;
    int rc = CLI_OK;

    for (u32 i = 0; i < t->nr_streams && rc == CLI_OK; i++) {
        if (req->has_stream && t->streams[i].id != req->stream)
            continue;
        found = true;
        rc = dump_stream(cli, t, i, req->limit, out);
    }
    if (!found)
        return cli_fail(cli, "%s: no stream %" PRIu64 ", it has %u", t->path, req->stream,
                        t->nr_streams);
    return rc;
}

static int look(struct cli *cli, const struct request *req)
{
    struct trace_options opt = {.mode = TRACE_STREAMED}; /* one pass is all it takes */
    struct err e = {0};
    struct strbuf out;
    struct trace *t;
    int rc, emitted;

    if (strcmp(req->verb, "info") != 0 && (req->from || req->to || req->process))
        return cli_usage(cli, "%s is for trace info, not %s",
                         req->from ? "--from"
                         : req->to ? "--to"
                                   : "--process",
                         req->verb);
    if (trace_open(req->file, &opt, &t, &e))
        return cli_fail_err(cli, &e);
    strbuf_init(&out);
    if (strcmp(req->verb, "info") == 0)
        rc = info(cli, t, req, &out);
    else if (strcmp(req->verb, "verify") == 0)
        rc = verify(cli, t, &out);
    else
        rc = dump(cli, t, req, &out);
    emitted = out.len ? cli_emit(cli, &out) : CLI_OK;
    if (rc == CLI_OK)
        rc = emitted;
    strbuf_done(&out);
    trace_close(t);
    return rc;
}

static void import_progress(void *ctx, u64 records)
{
    cli_progress(ctx, "records", records, 0);
}

static int import(struct cli *cli, const struct request *req)
{
    struct import_stats stats;
    struct err e = {0};
    char events[UNITS_TEXT_MAX], records[UNITS_TEXT_MAX], pages[UNITS_TEXT_MAX];
    int r;

    if (!cli->output)
        return cli_usage(cli, "import needs -o FILE, the trace to write");
    if (req->to)
        return cli_usage(cli, "--to is for trace info, not import");
    if (!req->from)
        return cli_usage(cli, "import needs --from lackey or --from oracle");
    if (strcmp(req->from, "lackey") == 0) {
        if (req->has_as)
            return cli_usage(cli, "--as is for --from oracle");
        r = import_lackey(req->file, cli->output, cli->mode, import_progress, cli, &stats, &e);
    } else if (strcmp(req->from, "oracle") == 0) {
        r = import_oracle(req->file, cli->output, cli->mode, req->as, import_progress, cli, &stats,
                          &e);
    } else {
        return cli_usage(cli, "--from: unknown format '%s', want lackey or oracle", req->from);
    }
    if (r)
        return cli_fail_err(cli, &e);
    cli_note(cli, "%s records, %s events, %s touched", format_count(records, stats.records),
             format_count(events, stats.events),
             format_bytes(pages, stats.pages << HWT_PAGE_SHIFT));
    return CLI_OK;
}

static int run(struct cli *cli, struct request *req)
{
    static const char *const verbs[] = {"info", "dump", "verify", "import"};
    struct nearest near;
    char hint[256];

    req->verb = cli->operands[0];
    req->file = cli->operands[1];
    if (strcmp(req->verb, "import") == 0)
        return import(cli, req);
    nearest_init(&near, req->verb);
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (strcmp(req->verb, verbs[i]) == 0)
            return look(cli, req);
        nearest_offer(&near, verbs[i]);
    }
    return cli_usage(cli, "unknown '%s', want info, dump, verify or import%s", req->verb,
                     nearest_text(&near, hint, sizeof(hint)));
}

int cmd_trace(int argc, char **argv)
{
    struct request req = {.limit = UINT64_MAX};
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;) {
        switch (id) {
        case OPT_FROM:
            req.from = cli.arg;
            break;
        case OPT_TO:
            req.to = cli.arg;
            break;
        case OPT_PROCESSES:
            req.processes = true;
            break;
        case OPT_PROCESS:
            req.process = cli.arg;
            break;
        case OPT_AS:
            req.has_as = true;
            if (strcmp(cli.arg, "anon") == 0)
                req.as = IMPORT_AS_ANON;
            else if (strcmp(cli.arg, "file") != 0)
                cli_usage(&cli, "--as: unknown '%s', want file or anon", cli.arg);
            break;
        case OPT_STREAM:
            req.has_stream = cli_parse_u64(&cli, "--stream", &req.stream);
            break;
        case OPT_LIMIT:
            cli_parse_u64(&cli, "--limit", &req.limit);
            break;
        }
    }
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    return cli_done(&cli, run(&cli, &req));
}
