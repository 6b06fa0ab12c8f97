/* outfile.h - a file that appears whole or not at all.
 *
 * Text goes to a temporary file beside the target and takes its name at the end. A target that is not a regular file (a
 * terminal, a pipe, /dev/stdout) is written directly.
 * Use:  struct outfile o; rc = outfile_open(&o, path, &err); fputs(..., o.stream); rc = outfile_commit(&o, &err);
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include "base/err.h"
#include "base/types.h"

#include <stdio.h>

struct outfile {
    FILE *stream;
    char *path;
    char *temporary; /* NULL when the target is written directly */
};

int outfile_open(struct outfile *o, const char *path, struct err *e);

/* Close it and give it its name; on failure nothing is left behind. pre: open; it is closed either way */
int outfile_commit(struct outfile *o, struct err *e);

/* Close it and leave nothing behind. Does nothing when it is not open. */
void outfile_abort(struct outfile *o);

/* All three at once for a text in memory. */
int outfile_write(const char *path, const void *bytes, size_t count, struct err *e);

#endif
