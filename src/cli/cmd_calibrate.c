/* cmd_calibrate.c - highwater calibrate: what operations cost on this host, as a profile for
 * --host. */
#include "cli/cli.h"
#include "cli/signals.h"
#include "cli/verbs.h"

#include "calibrate/calibrate.h"
#include "report/calibrate_report.h"
#include "report/json_put.h"

#include <errno.h>

enum { OPT_DISK = 1 };

static const struct cli_option options[] = {
    {OPT_DISK, "disk", 0, "PATH", "measure the disk under this folder or file, too"},
};

static const struct cli_spec spec = {
    .verb = "calibrate",
    .operands = "",
    .summary = "Measures in about ten seconds what operations cost on this host (faults, clearing, "
               "copying and\n"
               "compressing pages, reclaim, system calls), and the disk under a path. Needs no "
               "privileges.",
    .takes = CLI_OUTPUT | CLI_PROGRESS,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "The result is a profile: keys of a scenario's [machine] and [device], with which "
             "--host PROFILE of run\n"
             "and size replays. Each figure is a median, with its quartiles beside it; what is "
             "unsteady is said, and\n"
             "better measured again on a host that is idle. With --disk a file of up to 256 MiB "
             "without a name is\n"
             "written there, and is gone at the end.\n"
             "\n"
             "Examples:\n"
             "  highwater calibrate --disk /var/lib -o this-host.ini\n"
             "  highwater size app.hwt --host this-host.ini\n"
             "  highwater calibrate --format json\n",
    .min_operands = 0,
    .max_operands = 0,
};

static volatile int stop;

static void show_progress(void *ctx, u64 done, u64 total)
{
    cli_progress(ctx, "measuring", done, total);
}

static int calibrate(struct cli *cli, const char *disk)
{
    const struct calibrate_config config = {
        .disk = disk, .stop = &stop, .progress = show_progress, .ctx = cli};
    struct calibration c;
    struct strbuf text;
    struct err e = {0};
    int rc;

    signals_stop_by(&stop);
    rc = calibrate_run(&config, &c, &e);
    signals_end();
    cli_progress_end(cli);
    if (rc == -EINTR)
        return cli_fail(cli, "interrupted");
    if (rc)
        return cli_fail_err(cli, &e);
    if (calibrate_unsteady(&c))
        cli_note(cli,
                 "%u figures are unsteady, because something else ran: measure again when the "
                 "host is idle",
                 calibrate_unsteady(&c));
    strbuf_init(&text);
    if (cli->format == CLI_JSON)
        json_document(calibrate_json(&c), &text);
    else
        calibrate_render_profile(&c, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

int cmd_calibrate(int argc, char **argv)
{
    const char *disk = NULL;
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;)
        if (id == OPT_DISK)
            disk = cli.arg;
    return cli_done(&cli, cli.done ? cli.exit_code : calibrate(&cli, disk));
}
