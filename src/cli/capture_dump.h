/* capture_dump.h - highwater capture dump: metrics over the samples of a capture, for other
 * programs. */
#ifndef CLI_CAPTURE_DUMP_H
#define CLI_CAPTURE_DUMP_H

#include "cli/cli.h"

struct capture_dump {
    const char *file, *fields, *from, *to; /* NULL: all */
    const char *format;                    /* "csv", "json", "openmetrics"; NULL: csv */
};

/* Returns the exit code. */
int capture_dump(struct cli *cli, const struct capture_dump *request);

#endif
