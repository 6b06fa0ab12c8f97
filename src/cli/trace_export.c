/* trace_export.c - see trace_export.h. */
#include "cli/trace_export.h"

#include "base/units.h"
#include "trace/page_trace.h"

#include <string.h>

#define STDOUT "/dev/stdout"

static void show_progress(void *ctx, u64 requests)
{
    cli_progress(ctx, "pages", requests, 0);
}

static int write_out(struct cli *cli, const struct trace *t, const struct footprint_window *window,
                     bool oracle, struct outfile *o)
{
    struct page_trace_stats stats;
    struct err e = {0};
    char requests[UNITS_TEXT_MAX], size[UNITS_TEXT_MAX], pages[UNITS_TEXT_MAX];
    int rc =
        (oracle ? page_trace_oracle : page_trace_csv)(t, window, o, show_progress, cli, &stats, &e);

    cli_progress_end(cli);
    size[0] = '\0';
    format_bytes(size, o->size);
    if (rc) {
        outfile_abort(o);
        return cli_fail_err(cli, &e);
    }
    if (outfile_commit(o, &e))
        return cli_fail_err(cli, &e);
    if (oracle)
        cli_note(cli, "%s: %s requests for %s pages, %s", cli->output,
                 format_count(requests, stats.requests), format_count(pages, stats.pages), size);
    else if (cli->output)
        cli_note(cli, "%s: %s requests, %s", cli->output, format_count(requests, stats.requests),
                 size);
    return CLI_OK;
}

int trace_export(struct cli *cli, const struct trace *t, const struct footprint_window *window,
                 const char *format)
{
    bool oracle = strcmp(format, "oracle") == 0;
    struct outfile o;
    struct err e = {0};

    if (outfile_open(&o, cli->output ? cli->output : STDOUT, cli->mode, &e))
        return cli_fail_err(cli, &e);
    if (oracle && o.direct) {
        outfile_abort(&o);
        return cli_fail(cli,
                        "%s: no file: oracle is filled in from its end, want a file that can be "
                        "read back",
                        cli->output ? cli->output : STDOUT);
    }
    return write_out(cli, t, window, oracle, &o);
}
