/* cmd_capture.c - highwater capture -o FILE [DELAY [COUNT]]: keep a machine's own files over time.
 * And looking at such a file.
 *
 * A sample is one snapshot_read() through a tee: what the diagnosis would read is what the file
 * gets. Signals that ask it to end are taken between samples only, so the file ends with a whole
 * one. */
#include "base/units.h"
#include "cli/beat.h"
#include "cli/capture_dump.h"
#include "cli/cli.h"
#include "cli/verbs.h"
#include "observe/sampler.h"
#include "report/anonymise_capture.h"
#include "report/capture_report.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    OPT_OUTPUT = 1,
    OPT_ROOT,
    OPT_KEEP,
    OPT_MAX_SIZE,
    OPT_SYNC,
    OPT_FULL,
    OPT_AT,
    OPT_FROM,
    OPT_TO,
    OPT_FORMAT,
    OPT_FIELDS
};

static const struct cli_option options[] = {
    {OPT_OUTPUT, "output", 'o', "FILE", "write the capture to FILE; go on with it when it exists"},
    {OPT_ROOT, "root", 0, "DIR", "capture the machine whose /proc and /sys are in DIR (/)"},
    {OPT_KEEP, "keep", 0, "TIME", "keep at least the last TIME (24h), drop what is older"},
    {OPT_MAX_SIZE, "max-size", 0, "SIZE", "keep FILE below SIZE, drop the oldest"},
    {OPT_SYNC, "sync", 0, NULL, "wait for the disk after each sample"},
    {OPT_FULL, "full", 0, NULL, "read everything each time: processes, slabs and the log as well"},
    {OPT_AT, "at", 0, "TIME", "list, cat: the sample at TIME (the last one)"},
    {OPT_FROM, "from", 0, "TIME", "cut, dump: the first sample (the first one)"},
    {OPT_TO, "to", 0, "TIME", "cut, dump: the last sample (the last one)"},
    {OPT_FIELDS, "fields", 0, "NAME[,...]",
     "dump: these metrics, * and ? match (all); help: list them"},
    {OPT_FORMAT, "format", 'f', "text|json|csv|openmetrics",
     "info: text or json (text); dump: csv, json or openmetrics (csv)"},
};

static const struct cli_spec spec = {
    .verb = "capture",
    .operands = "[DELAY [COUNT]] | info FILE | list FILE | cat FILE PATH... | cut FILE | anonymise "
                "FILE | dump FILE",
    .summary =
        "Keeps the files of /proc and /sys that describe memory, every DELAY seconds (10), COUNT "
        "times or until it is interrupted, for 'highwater diagnose FILE' and 'highwater top FILE'.",
    .takes = CLI_PROGRESS | CLI_MODE,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "info  when it was made, how many samples it has, and what of it is lost\n"
        "list  the files that a sample has\n"
        "cat   what files of a sample said\n"
        "cut   a part of it as a capture of its own, to hand over; before the first sample\n"
        "      stand the few that it builds on, so that every figure and rate is as it was\n"
        "anonymise\n"
        "      all of it with names replaced: hosts, users, groups, units, pods, containers,\n"
        "      addresses; each has one stand-in; programs and figures stay (docs/privacy.md)\n"
        "dump  the metrics of 'highwater export' (docs/metrics.md) over its samples, for other\n"
        "      programs: a column, or a series with times, for each\n"
        "\n"
        "TIME is 2026-11-25 03:10:00, 03:10 (the last such in FILE), @SECONDS since 1970,\n"
        "+90s from the start or -5min from the end. The file holds no command lines and no\n"
        "environment, and is readable whatever interrupts its writing (docs/privacy.md).\n"
        "\n"
        "Examples:\n"
        "  highwater capture -o host.hwc --keep 24h --max-size 500M\n"
        "  highwater capture -o incident.hwc 1 60\n"
        "  highwater capture cat host.hwc --at 03:10 proc/meminfo\n"
        "  highwater capture dump host.hwc --fields 'cgroup_needed*,pressure_memory*' -o x.csv\n"
        "  highwater capture cut host.hwc --from 03:10 --to 03:20 -o incident.hwc\n"
        "  highwater capture anonymise incident.hwc -o public.hwc\n",
    .min_operands = 0,
    .max_operands = UINT_MAX,
};

struct request {
    struct capture_writer_options writer;
    const char *output, *root, *at, *from, *to, *fields, *format;
    ns_t delay;
    u64 count; /* 0: until it is interrupted */
    bool has_count, full;
};

/* --- capturing -------------------------------------------------------------------------------- */
struct progress {
    struct cli *cli;
    u64 count;
};

static int show_progress(void *ctx, u64 n, struct err *e)
{
    struct progress *p = ctx;

    (void)e;
    cli_progress(p->cli, "samples", n, p->count);
    return 0;
}

/* Take samples. What is written of them is good whatever this returns. */
static int sample_all(struct cli *cli, const struct request *req, struct sampler *m)
{
    struct progress progress = {cli, req->count};
    const struct beat beat = {
        .delay = req->delay, .count = req->count, .take = show_progress, .ctx = &progress};
    struct err e = {0};

    sampler_read_all(m, req->full);
    return beat_run(&beat, m, &e) ? cli_fail_err(cli, &e) : CLI_OK;
}

static const char *plural(u64 n)
{
    return n == 1 ? "" : "s";
}

static int capture(struct cli *cli, struct request *req)
{
    const struct capture_writer_stats *stats;
    struct capture_writer *w;
    const struct source *src;
    struct sampler *m;
    struct err e = {0};
    char size[UNITS_TEXT_MAX];
    int rc;

    if (!req->output)
        return cli_usage(cli, "needs -o FILE, the capture to write");
    if (sampler_open_dir(req->root, SNAPSHOT_ALL, &m, &e))
        return cli_fail_err(cli, &e);
    src = sampler_source(m);
    if (!src->live && !req->has_count)
        req->count = 1; /* it will not change */
    req->writer.origin = src->kind;
    req->writer.root = req->root;
    req->writer.mode = cli->mode;
    if (capture_writer_open(req->output, &req->writer, &w, &e)) {
        sampler_free(m);
        return cli_fail_err(cli, &e);
    }
    stats = capture_writer_stats(w);
    if (stats->samples_found || stats->bytes_cut)
        cli_note(cli, "%s: goes on after %" PRIu64 " sample%s%s", req->output, stats->samples_found,
                 plural(stats->samples_found),
                 stats->bytes_cut ? ", with the unfinished one at its end cut off" : "");
    sampler_record(m, w);
    rc = sample_all(cli, req, m);
    sampler_free(m);
    if (stats->samples + stats->samples_found > 0)
        cli_note(
            cli, "%s: %" PRIu64 " sample%s, %s", req->output, stats->samples + stats->samples_found,
            plural(stats->samples + stats->samples_found), format_bytes(size, stats->file_bytes));
    capture_writer_close(w);
    return rc;
}

/* --- looking ---------------------------------------------------------------------------------- */
static void list_file(void *ctx, const char *path, bool read_now, int result, const char *text,
                      size_t len)
{
    (void)text;
    capture_report_file(path, read_now, result, len, ctx);
}

static int look_at(struct cli *cli, const struct request *req, struct capture *c,
                   struct strbuf *out)
{
    size_t at = capture_count(c) - 1;
    struct err e = {0};

    if (req->at && capture_parse_at(c, req->at, &at, &e))
        return cli_usage(cli, "--at: %s", e.text);
    if (capture_seek(c, at, &e))
        return cli_fail_err(cli, &e);
    if (strcmp(cli->operands[0], "list") == 0) {
        capture_each_file(c, list_file, out);
        return CLI_OK;
    }
    for (unsigned i = 2; i < cli->nr_operands; i++) {
        const char *path = cli->operands[i] + strspn(cli->operands[i], "/");
        int rc = source_read(capture_source(c), path, SIZE_MAX, out);

        if (rc == -ENOENT)
            return cli_fail(cli, "%s: no '%s' at that time; 'highwater capture list' has the names",
                            cli->operands[1], path);
        if (rc && rc != -EFBIG)
            return cli_fail(cli, "%s: %s: could not be read when it was captured: %s",
                            cli->operands[1], path, strerror(-rc));
    }
    return CLI_OK;
}

static int look(struct cli *cli, const struct request *req)
{
    struct capture *c;
    struct err e = {0};
    struct strbuf out;
    int rc, emitted;

    if (capture_open(cli->operands[1], &c, &e))
        return cli_fail_err(cli, &e);
    strbuf_init(&out);
    if (strcmp(cli->operands[0], "info") == 0) {
        if (req->format && strcmp(req->format, "json") == 0)
            json_document(capture_report_info_json(c, cli->operands[1]), &out);
        else
            capture_report_info_text(c, cli->operands[1], &out);
        rc = capture_loss(c)->count ? CLI_FAILED : CLI_OK;
    } else {
        rc = look_at(cli, req, c, &out);
    }
    emitted = out.len == 0                           ? CLI_OK
              : strcmp(cli->operands[0], "cat") == 0 ? cli_emit_file(cli, &out)
                                                     : cli_emit(cli, &out);
    strbuf_done(&out);
    capture_free(c);
    return rc ? rc : emitted;
}

/* --- a part of it ----------------------------------------------------------------------------- */
static void show_copied(void *ctx, size_t done, size_t total)
{
    cli_progress(ctx, "samples", done, total);
}

/* With a map, whose names the copy has in place of those of the capture. */
static int copy_to(struct cli *cli, struct request *req, struct capture *c,
                   const struct capture_map *map, size_t from, size_t to)
{
    struct capture_writer *w;
    struct err e = {0};
    struct strbuf root;
    size_t before, lost;
    int rc;

    if (capture_seek(c, from, &e))
        return cli_fail_err(cli, &e);
    strbuf_init(&root);
    capture_root(c, &root);
    req->writer.root = map ? "/" : root.text;
    req->writer.origin = capture_source(c)->origin;
    req->writer.fresh = true;
    req->writer.mode = cli->mode;
    if (capture_writer_open(req->output, &req->writer, &w, &e)) {
        strbuf_done(&root);
        return cli_fail_err(cli, &e);
    }
    rc = capture_copy(c, map, from, to, w, show_copied, cli, &before, &lost, &e);
    cli_progress_end(cli);
    if (rc == 0 && capture_writer_stats(w)->samples == 0)
        rc = err_at(&e, -EBADMSG, cli->operands[1], 0, 0, "no sample of that time can be read");
    if (rc == 0)
        rc = capture_writer_finish(w, &e);
    if (rc) {
        cli_fail_err(cli, &e);
    } else {
        char size[UNITS_TEXT_MAX], on[64] = "";

        if (before)
            snprintf(on, sizeof(on), ", and %zu before it that they build on", before);
        cli_note(cli, "%s: %zu sample%s%s%s, %s", req->output, to - from + 1, plural(to - from + 1),
                 map ? "" : " of that time", on,
                 format_bytes(size, capture_writer_stats(w)->file_bytes));
        if (lost)
            cli_note(cli, "%zu of these could not be read and were left out", lost);
    }
    capture_writer_close(w);
    strbuf_done(&root);
    return rc ? CLI_FAILED : CLI_OK;
}

static int cut(struct cli *cli, struct request *req)
{
    size_t from = 0, to;
    struct capture *c;
    struct err e = {0};
    int rc;

    if (!req->output)
        return cli_usage(cli, "cut needs -o FILE, the capture to write");
    if (capture_open(cli->operands[1], &c, &e))
        return cli_fail_err(cli, &e);
    to = capture_count(c) - 1;
    if (req->from && capture_parse_at(c, req->from, &from, &e))
        rc = cli_usage(cli, "--from: %s", e.text);
    else if (req->to && capture_parse_at(c, req->to, &to, &e))
        rc = cli_usage(cli, "--to: %s", e.text);
    else if (from > to)
        rc = cli_usage(cli, "--from %s comes after --to %s", req->from, req->to ? req->to : "");
    else
        rc = copy_to(cli, req, c, NULL, from, to);
    capture_free(c);
    return rc;
}

/* --- without its names ------------------------------------------------------------------------ */
static void learn_file(void *ctx, const char *path, bool read_now, int result, const char *text,
                       size_t len)
{
    (void)result;
    if (read_now)
        anonymise_capture_learn(ctx, path, text ? text : "", text ? len : 0);
}

static void map_path(void *ctx, const char *path, struct strbuf *out)
{
    anonymise_capture_path(ctx, path, out);
}

static void map_text(void *ctx, const char *path, const char *text, size_t len, struct strbuf *out)
{
    anonymise_capture_text(ctx, path, text, len, out);
}

/* What is said to be a name late may stand early: all is read before anything is written. */
static int anonymise_capture(struct cli *cli, struct request *req)
{
    struct anonymiser *a;
    struct capture *c;
    struct err e = {0};
    int rc;

    if (!req->output)
        return cli_usage(cli, "anonymise needs -o FILE, the capture to write");
    if (capture_open(cli->operands[1], &c, &e))
        return cli_fail_err(cli, &e);
    a = anonymiser_new();
    for (size_t i = 0; i < capture_count(c); i++) {
        if (capture_seek(c, i, NULL) == 0)
            capture_each_file(c, learn_file, a);
        cli_progress(cli, "names", i + 1, capture_count(c));
    }
    rc =
        copy_to(cli, req, c, &(struct capture_map){map_path, map_text, a}, 0, capture_count(c) - 1);
    if (rc == CLI_OK && capture_loss(c)->count)
        rc = cli_fail(
            cli, "%s: parts of it are damaged and left out; 'highwater capture info' says which",
            cli->operands[1]);
    anonymiser_free(a);
    capture_free(c);
    return rc;
}

/* --- as figures ------------------------------------------------------------------------------- */

/* Is one of the options given that only capturing takes? */
static bool has_writer_options(const struct request *req)
{
    return req->full || req->writer.keep_ns || req->writer.max_bytes || req->writer.sync ||
           strcmp(req->root, "/") != 0;
}

static int dump(struct cli *cli, struct request *req)
{
    const struct capture_dump d = {
        .file = cli->nr_operands > 1 ? cli->operands[1] : NULL,
        .fields = req->fields,
        .format = req->format,
        .from = req->from,
        .to = req->to,
    };
    bool help = req->fields && strcmp(req->fields, "help") == 0;

    if (cli->nr_operands != 2 && !(help && cli->nr_operands == 1))
        return cli_usage(cli, "dump wants FILE");
    if (req->at || has_writer_options(req))
        return cli_usage(cli, "dump takes --fields, --from, --to, -f and -o alone");
    if (req->format && strcmp(req->format, "text") == 0)
        return cli_usage(cli, "--format: dump prints csv, json or openmetrics, not text");
    cli->output = req->output;
    return capture_dump(cli, &d);
}

/* --- which of them ---------------------------------------------------------------------------- */

static int capture_from(struct cli *cli, struct request *req)
{
    const char *delay = cli->nr_operands > 0 ? cli->operands[0] : "";
    struct err e = {0};

    if (req->at || req->format)
        return cli_usage(cli, "--%s is for %s", req->at ? "at" : "format",
                         req->at ? "list and cat" : "info and dump");
    if (cli->nr_operands > 2)
        return cli_usage(cli, "unexpected '%s' after DELAY and COUNT", cli->operands[2]);
    if (cli->nr_operands > 0 && parse_duration(delay, &req->delay, &e))
        return cli_usage(cli, "DELAY: %s; or info, list, cat, cut, anonymise or dump FILE", e.text);
    if (req->delay < 100 * NS_PER_MS || req->delay > 24 * 3600 * NS_PER_S)
        return cli_usage(cli, "DELAY %s: want 0.1 s to 24 h", delay);
    if (cli->nr_operands > 1) {
        if (parse_u64(cli->operands[1], &req->count, &e) || req->count == 0)
            return cli_usage(cli, "COUNT '%s': want a number of samples", cli->operands[1]);
        req->has_count = true;
    }
    return capture(cli, req);
}

static int run(struct cli *cli, struct request *req)
{
    const char *verb = cli->nr_operands ? cli->operands[0] : "";
    bool cuts = strcmp(verb, "cut") == 0, dumps = strcmp(verb, "dump") == 0;

    if ((req->from || req->to) && !cuts && !dumps)
        return cli_usage(cli, "--%s is for cut and dump", req->from ? "from" : "to");
    if (req->fields && !dumps)
        return cli_usage(cli, "--fields is for dump");
    if (dumps)
        return dump(cli, req);
    if (cuts) {
        if (cli->nr_operands != 2)
            return cli_usage(cli, "cut wants FILE");
        if (req->at || req->format || has_writer_options(req))
            return cli_usage(cli, "cut takes --from, --to, -o and --mode alone");
        return cut(cli, req);
    }
    if (strcmp(verb, "anonymise") == 0) {
        if (cli->nr_operands != 2)
            return cli_usage(cli, "anonymise wants FILE");
        if (req->at || req->format || has_writer_options(req))
            return cli_usage(cli, "anonymise takes -o and --mode alone");
        return anonymise_capture(cli, req);
    }
    if (strcmp(verb, "info") == 0 || strcmp(verb, "list") == 0 || strcmp(verb, "cat") == 0) {
        bool cat = verb[0] == 'c';

        if (req->output)
            return cli_usage(cli, "%s writes no capture; leave -o out", verb);
        if (cat ? cli->nr_operands < 3 : cli->nr_operands != 2)
            return cli_usage(cli, "%s wants FILE%s", verb, cat ? " and PATH" : "");
        if (req->format && strcmp(req->format, "text") != 0 && strcmp(req->format, "json") != 0)
            return cli_usage(cli, "--format %s is for dump", req->format);
        return look(cli, req);
    }
    return capture_from(cli, req);
}

static void option(struct cli *cli, struct request *req, int id)
{
    struct err e = {0};

    switch (id) {
    case OPT_OUTPUT:
        req->output = cli->arg;
        break;
    case OPT_ROOT:
        req->root = cli->arg;
        break;
    case OPT_KEEP:
        if (parse_duration(cli->arg, &req->writer.keep_ns, &e))
            cli_usage(cli, "--keep: %s", e.text);
        else if (req->writer.keep_ns < NS_PER_S)
            cli_usage(cli, "--keep %s: want at least 1 s", cli->arg);
        break;
    case OPT_MAX_SIZE:
        if (cli_parse_size(cli, "--max-size", &req->writer.max_bytes) &&
            (req->writer.max_bytes < CAPTURE_BYTES_MIN || req->writer.max_bytes == CLI_SIZE_MAX))
            cli_usage(cli, "--max-size %s: want at least 1 MiB", cli->arg);
        break;
    case OPT_SYNC:
        req->writer.sync = true;
        break;
    case OPT_FULL:
        req->full = true;
        break;
    case OPT_AT:
        req->at = cli->arg;
        break;
    case OPT_FROM:
        req->from = cli->arg;
        break;
    case OPT_TO:
        req->to = cli->arg;
        break;
    case OPT_FIELDS:
        req->fields = cli->arg;
        break;
    case OPT_FORMAT:
        req->format = cli->arg;
        if (strcmp(cli->arg, "text") != 0 && strcmp(cli->arg, "json") != 0 &&
            strcmp(cli->arg, "csv") != 0 && strcmp(cli->arg, "openmetrics") != 0)
            cli_usage(cli, "--format: unknown '%s', want text, json, csv or openmetrics", cli->arg);
        break;
    }
}

int cmd_capture(int argc, char **argv)
{
    struct request req = {.root = "/", .delay = 10 * NS_PER_S};
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;)
        option(&cli, &req, id);
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    return cli_done(&cli, run(&cli, &req));
}
