/* cmd_mount.c - highwater mount FILE DIR: a machine that runs, as a file system. */
#include "cli/cli.h"
#include "cli/mounted.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "mount/fs.h"

#include <string.h>

static const struct cli_option options[] = {MOUNTED_OPTIONS};

static const struct cli_spec spec = {
    .verb = "mount",
    .operands = "FILE DIR",
    .summary =
        "Runs a scenario (.ini) or a recording on its machine and shows the machine's /proc, /sys "
        "and cgroups\n"
        "in DIR, an empty directory, while virtual time follows the clock. Files that can be "
        "written on Linux\n"
        "can be written here; a scenario needs no end. A capture is played, and refuses writes. It "
        "ends with\n"
        "Ctrl-C, or 'fusermount3 -u DIR'.",
    .takes = CLI_MACHINE | CLI_LIMITS | CLI_HOST,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "Control files:\n"
        "  highwater/time            virtual time and date, and how well the machine keeps up\n"
        "    measured                the speed of the last second; behind, given_up: seconds that "
        "the\n"
        "                            machine is behind its clock, and was, and does not catch up;\n"
        "                            waiting: writes that are in progress\n"
        "  highwater/speed           write 10x (0.001 to 1000) or pause; pause ends a step, too\n"
        "  highwater/step            write 1s: so much time at once, then pause\n"
        "  highwater/kill            write a PID\n"
        "  highwater/{swapon,swapoff}  write the path of a swap area, as /proc/swaps has it\n"
        "  highwater/dmesg           the log of the machine's kernel\n"
        "  highwater/marker          says to our own tools that this machine is live\n"
        "  highwater/writes          what was written so far, for --script\n"
        "\n"
        "Examples:\n"
        "  highwater mount scenarios/swap-thrash.ini /tmp/machine --speed 10x &\n"
        "  watch -n1 head -3 /tmp/machine/proc/meminfo\n"
        "  echo 100M > /tmp/machine/sys/fs/cgroup/web/memory.max\n",
    .min_operands = 2,
    .max_operands = 2,
};

static volatile int stop;

static int serve(struct cli *cli, struct mounted *m, const char *file, const char *dir)
{
    struct fs_config config = {.view = m->view, .dir = dir, .source = file, .stop = &stop};
    struct err e = {0};
    struct fs fs;
    int rc;

    signals_release_by(fs_release);
    rc = fs_mount(&fs, &config, &e);

    if (rc)
        return cli_fail_err(cli, &e);
    cli_note(cli, "%s runs in %s; it ends with Ctrl-C, or fusermount3 -u %s", file, dir, dir);
    rc = fs_run(&fs);
    fs_unmount(&fs);
    if (rc == -EINTR)
        signals_end();
    return CLI_OK;
}

int cmd_mount(int argc, char **argv)
{
    struct mounted m;
    struct cli cli;
    int rc;

    if (!mounted_begin(&m, &cli, &spec, argc, argv, "mounted"))
        return cli_done(&cli, cli.exit_code);
    signals_stop_by(&stop);
    rc = mounted_open(&m, cli.operands[0]);
    if (rc == CLI_OK && !stop)
        rc = serve(&cli, &m, cli.operands[0], cli.operands[1]);
    mounted_close(&m);
    return cli_done(&cli, rc);
}
