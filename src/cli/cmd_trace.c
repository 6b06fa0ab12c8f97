/* cmd_trace.c - highwater trace info|heat|wss|dump|verify|export|import FILE: look at a recording,
 * hand it over, or make one from another tool's trace. */
#include "base/alloc.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "cli/trace_export.h"
#include "cli/trace_view.h"
#include "cli/verbs.h"
#include "cli/window.h"
#include "report/heat_text.h"
#include "report/json_put.h"
#include "report/trace_report.h"
#include "stats/names.h"
#include "trace/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_FROM = 1,
    OPT_TO,
    OPT_AS,
    OPT_STREAM,
    OPT_LIMIT,
    OPT_PROCESSES,
    OPT_PROCESS,
    OPT_FILES,
    OPT_SIZE
};

static const struct cli_option options[] = {
    {OPT_STREAM, "stream", 0, "N", "dump: only this stream"},
    {OPT_LIMIT, "limit", 0, "N", "dump: at most so many events of a stream"},
    {OPT_FROM, "from", 0, "lackey|oracle|MARK|TIME",
     "import: what the input is; info, heat, wss: begin at this mark or time"},
    {OPT_TO, "to", 0, "oracle|csv|MARK|TIME",
     "export: what the output is; info, heat, wss: end at this mark or time"},
    {OPT_PROCESSES, "processes", 0, NULL,
     "info: list the processes as a tree, with CPU and what they touched"},
    {OPT_PROCESS, "process", 0, "NAME|PID",
     "info, heat, wss, export: this process and its children alone"},
    {OPT_FILES, "files", 0, NULL, "heat: offsets of files instead of addresses"},
    {OPT_SIZE, "size", 0, "WxH", "heat, wss: columns and rows (the terminal's, or 80x24)"},
    {OPT_AS, "as", 0, "file|anon", "import oracle: objects are pages of a file (file) or memory"},
};

static const struct cli_spec spec = {
    .verb = "trace",
    .operands = "info|heat|wss|dump|verify|export|import FILE",
    .summary = "Looks at a recording (.hwt), or makes one from the trace of another tool.",
    .takes = CLI_OUTPUT | CLI_SHEET | CLI_PROGRESS | CLI_MODE | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "info    what was recorded, how much, and what it touched\n"
        "heat    where and when memory was touched: addresses upwards, time to the right; on a\n"
        "        terminal of 256 colours in colours\n"
        "wss     how much memory was in use at a time, and how long pages rested (also as csv)\n"
        "dump    every event, one a line: STREAM INSTRUCTIONS KIND ADDRESS, or\n"
        "        STREAM INSTRUCTIONS OPERATION @STAMP FIELDS (docs/trace-format.md)\n"
        "verify  whether it is whole: exit code 0, or 1 if something is cut or damaged\n"
        "export  every page that was touched, in order: as libCacheSim's oracleGeneral, or as\n"
        "        csv with time (instructions), page, and r, w or x\n"
        "import  reads the text of valgrind --tool=lackey --trace-mem=yes, or libCacheSim's\n"
        "        oracleGeneral (plain or zstd), from FILE or - (stdin)\n"
        "\n"
        "Of a recording that is cut or damaged, heat, wss and export tell what is there, say so\n"
        "and end with exit code 1.\n"
        "\n"
        "Examples:\n"
        "  highwater trace info app.hwt\n"
        "  highwater trace heat app.hwt --process worker\n"
        "  highwater trace wss app.hwt --format csv -o app.csv\n"
        "  highwater trace export app.hwt --to oracle -o app.oracleGeneral\n"
        "  highwater trace import --from oracle w106.oracleGeneral.zst -o w106.hwt\n"
        "  valgrind --tool=lackey --trace-mem=yes --log-fd=1 true | \\\n"
        "      highwater trace import --from lackey - -o true.hwt\n",
    .min_operands = 2,
    .max_operands = 2,
};

/* What may be done with a recording; import is another matter. */
enum subverb { INFO, HEAT, WSS, DUMP, VERIFY, EXPORT, NR_SUBVERBS };

static const struct {
    const char *name;
    bool windows, processes; /* takes --from and --to, --process */
} subverbs[NR_SUBVERBS] = {
    [INFO] = {"info", true, true},       [HEAT] = {"heat", true, true},
    [WSS] = {"wss", true, true},         [DUMP] = {"dump", false, false},
    [VERIFY] = {"verify", false, false}, [EXPORT] = {"export", false, true},
};

struct request {
    const char *verb, *file, *from, *to, *process;
    enum import_as as;
    enum subverb sub; /* NR_SUBVERBS: import */
    bool has_as, has_stream, processes, files;
    u64 stream, limit;
    unsigned width, height; /* 0: not given */
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

/* To stdout piece by piece, since a dump may be larger than memory; to --output whole, as every
 * result. */
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

/* Said of what is there alone; what is printed does not say it. */
static int tell_damage(struct cli *cli, const struct trace *t)
{
    if (t->closed && !t->nr_damage)
        return CLI_OK;
    return cli_fail(cli,
                    "%s: %s: that is of the first %" PRIu64 " of %" PRIu64 " bytes alone; "
                    "'trace verify' says more",
                    t->path, t->nr_damage ? "damaged" : "cut, or still being written",
                    t->usable_bytes, t->file_bytes);
}

static int view(struct cli *cli, const struct trace *t, const struct request *req,
                struct strbuf *out)
{
    const struct cli_window places = {req->sub == EXPORT ? NULL : req->from,
                                      req->sub == EXPORT ? NULL : req->to};
    struct trace_view v = {
        .trace = t, .width = req->width, .height = req->height, .files = req->files};
    bool *streams = NULL;
    int rc;

    if (!cli_window_find(cli, &places, t, NULL, &v.window.from, &v.window.to) ||
        !cli_process_find(cli, req->process, t, &streams))
        return cli->exit_code;
    v.window.streams = streams;
    rc = req->sub == HEAT  ? trace_view_heat(cli, &v, out)
         : req->sub == WSS ? trace_view_wss(cli, &v, out)
                           : trace_export(cli, t, &v.window, req->to);
    free(streams);
    return rc;
}

static int answer(struct cli *cli, const struct trace *t, const struct request *req,
                  struct strbuf *out)
{
    switch (req->sub) {
    case INFO:
        return info(cli, t, req, out);
    case VERIFY:
        return verify(cli, t, out);
    case DUMP:
        return dump(cli, t, req, out);
    case HEAT:
    case WSS:
    case EXPORT:
        return view(cli, t, req, out);
    case NR_SUBVERBS:
        break;
    }
    hw_unreachable();
}

/* Options that this subverb does not take, said before anything is read. */
static bool check_options(struct cli *cli, const struct request *req)
{
    bool views = req->sub == HEAT || req->sub == WSS;
    const char *name = subverbs[req->sub].name;

    if (req->sub == EXPORT) {
        if (req->from)
            cli_usage(cli, "--from is for trace info, heat, wss and import, not export");
        else if (!req->to)
            cli_usage(cli, "export needs --to oracle or --to csv");
        else if (strcmp(req->to, "oracle") != 0 && strcmp(req->to, "csv") != 0)
            cli_usage(cli, "--to: unknown format '%s', want oracle or csv", req->to);
        else if (strcmp(req->to, "oracle") == 0 && !cli->output)
            cli_usage(cli, "export --to oracle needs -o FILE, the trace to write");
        else if (cli->format_given)
            cli_usage(cli, "--format is not for export; --to says what the output is");
    } else if ((req->from || req->to) && !subverbs[req->sub].windows) {
        cli_usage(cli, "%s is for trace info, heat and wss, not %s", req->from ? "--from" : "--to",
                  name);
    }
    if (req->process && !subverbs[req->sub].processes)
        cli_usage(cli, "--process is for trace info, heat, wss and export, not %s", name);
    if (req->files && req->sub != HEAT)
        cli_usage(cli, "--files is for trace heat, not %s", name);
    if (req->width && !views)
        cli_usage(cli, "--size is for trace heat and wss, not %s", name);
    if (cli->format == CLI_CSV && req->sub != WSS)
        cli_usage(cli, "--format csv is for trace wss, not %s", name);
    return !cli->done;
}

static int look(struct cli *cli, const struct request *req)
{
    struct trace_options opt = {.mode = TRACE_STREAMED}; /* one pass is all it takes */
    struct err e = {0};
    struct strbuf out;
    struct trace *t;
    int rc, emitted;

    if (!check_options(cli, req))
        return cli->exit_code;
    if (trace_open(req->file, &opt, &t, &e))
        return cli_fail_err(cli, &e);
    strbuf_init(&out);
    rc = answer(cli, t, req, &out);
    emitted = out.len ? cli_emit(cli, &out) : CLI_OK;
    if (rc == CLI_OK)
        rc = emitted;
    if (rc == CLI_OK && (req->sub == HEAT || req->sub == WSS || req->sub == EXPORT))
        rc = tell_damage(cli, t);
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
    struct nearest near;
    char hint[256];

    req->verb = cli->operands[0];
    req->file = cli->operands[1];
    if (strcmp(req->verb, "import") == 0)
        return import(cli, req);
    nearest_init(&near, req->verb);
    for (req->sub = 0; req->sub < NR_SUBVERBS; req->sub++) {
        if (strcmp(req->verb, subverbs[req->sub].name) == 0)
            return look(cli, req);
        nearest_offer(&near, subverbs[req->sub].name);
    }
    nearest_offer(&near, "import");
    return cli_usage(cli, "unknown '%s', want info, heat, wss, dump, verify, export or import%s",
                     req->verb, nearest_text(&near, hint, sizeof(hint)));
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
        case OPT_FILES:
            req.files = true;
            break;
        case OPT_SIZE:
            terminal_parse_size(&cli, HEAT_TEXT_WIDTH_MIN, HEAT_TEXT_HEIGHT_MIN, &req.width,
                                &req.height);
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
