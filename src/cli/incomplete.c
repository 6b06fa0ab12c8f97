/* incomplete.c - see incomplete.h. */
#include "cli/incomplete.h"

int cli_incomplete(struct cli *cli, const struct trace *t)
{
    if (trace_is_complete(t))
        return CLI_OK;
    if (cli->output) /* else the answer, which says it as well, is before the user's eyes */
        cli_note(cli, "%s is incomplete: exit code 1 (--allow-incomplete: 0)", t->path);
    return CLI_FAILED;
}
