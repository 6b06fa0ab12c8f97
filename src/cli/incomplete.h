/* incomplete.h - the exit code of an answer that comes from less than the program did. */
#ifndef CLI_INCOMPLETE_H
#define CLI_INCOMPLETE_H

#include "cli/cli.h"
#include "trace/trace.h"

/* The row of a verb's options. */
#define CLI_INCOMPLETE_OPTION(id)                                                           \
    {                                                                                       \
        id, "allow-incomplete", 0, NULL,                                                    \
            "exit with 0 although the recording is damaged, cut off or lacks what was done" \
    }

/* CLI_OK; or CLI_FAILED, with a note when the answer went to a file, when the recording is not
 * complete (docs/trace-format.md, "Completeness"). */
int cli_incomplete(struct cli *cli, const struct trace *t);

#endif
