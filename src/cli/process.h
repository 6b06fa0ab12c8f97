/* process.h - --process: one process of a recording with its children. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "cli/cli.h"
#include "trace/trace.h"

#define CLI_PROCESS_HELP \
    "judge this process with its children; the others run in cgroup /others, without a limit"

/* For each stream of t whether it belongs to that process or one below it; NULL for word NULL. To
 * be freed. False: a usage error or a failure was reported; cli->exit_code says which. */
bool cli_process_find(struct cli *cli, const char *word, const struct trace *t, bool **ret_streams);

#endif
