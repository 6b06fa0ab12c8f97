/* window.h - --from and --to: the part of a recording that is judged. */
#ifndef CLI_WINDOW_H
#define CLI_WINDOW_H

#include "cli/cli.h"
#include "workload/replay.h"

/* As given: the name of a mark, or a time of the replay without a limit. NULL: the begin, the
 * end. */
struct cli_window {
    const char *from, *to;
};

/* The rows of a verb's options, and their help. */
#define CLI_WINDOW_OPTIONS(id_from, id_to)                                    \
    {id_from, "from", 0, "MARK|TIME",                                         \
     "judge what comes after this mark, or after this time without a limit"}, \
    {                                                                         \
        id_to, "to", 0, "MARK|TIME", "judge what comes before it"             \
    }

/* Which places those are. A time becomes a number of events, by a replay without a limit, so that
 * it is the same work under every limit. False: a usage error, or a failure, was reported;
 * cli->exit_code says which. */
bool cli_window_find(struct cli *cli, const struct cli_window *window, const struct trace *t,
                     const volatile int *stop, struct trace_place *ret_from,
                     struct trace_place *ret_to);

#endif
