/* cmd_mark.c - highwater mark NAME: a named moment in the recording that runs. */
#include "cli/cli.h"
#include "cli/verbs.h"
#include "record/mark.h"

#include <limits.h>
#include <string.h>

enum { OPT_PID = 1 };

static const struct cli_option options[] = {
    {OPT_PID, "pid", 0, "PID", "the recorder's process, if several recordings run"},
};

static const struct cli_spec spec = {
    .verb = "mark",
    .operands = "NAME",
    .summary = "Sets a named mark in the recording that runs, at this moment; where several do, in "
               "the one "
               "that records this command. It is in the recording when "
               "the command returns. SIGUSR2 to the recorder sets marks named usr2-1, usr2-2, ...",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "Examples:\n"
             "  highwater record -o server.hwt -- redis-server &\n"
             "  highwater mark loaded\n",
    .min_operands = 1,
    .max_operands = 1,
};

static int mark(struct cli *cli, u64 pid)
{
    const char *name = cli->operands[0];
    struct err e;

    err_clear(&e);
    if (name[0] == '\0' || strlen(name) > MARK_NAME_MAX || strchr(name, '\n') != NULL) {
        cli_usage(cli, "want a NAME of 1 to %d characters on one line", MARK_NAME_MAX);
        return cli->exit_code;
    }
    if (mark_send((pid_t)pid, name, &e) < 0)
        return cli_fail_err(cli, &e);
    return CLI_OK;
}

int cmd_mark(int argc, char **argv)
{
    struct cli cli;
    u64 pid = 0;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;)
        if (id == OPT_PID && cli_parse_u64(&cli, "pid", &pid) && (pid == 0 || pid > INT_MAX))
            cli_usage(&cli, "--pid %s: want the number of a process", cli.arg);
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    return cli_done(&cli, mark(&cli, pid));
}
