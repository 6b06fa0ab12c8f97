/* outfile_int.h - what outfile.c and outtree.c share: the list of what to remove when the program
 * is ended. */
#ifndef BASE_OUTFILE_INT_H
#define BASE_OUTFILE_INT_H

#include "base/err.h"

#include <signal.h>
#include <sys/types.h>

/* One file or tree that has not taken its name. */
struct outfile_pending {
    struct outfile_pending *next;
    char path[];
};

/* Nothing that ends the program comes between making a thing and listing it. */
void outfile_hold_signals(sigset_t *ret_before);
void outfile_let_signals(const sigset_t *before);

/* A path beside `path`, or `path` itself; not listed yet. A template for mkostemp() when beside. */
struct outfile_pending *outfile_pending_new(const char *path, bool beside);
/* pre: signals are held */
void outfile_pending_add(struct outfile_pending *p);
void outfile_pending_remove(struct outfile_pending *p);

/* A file, or a directory with all that is in it, links not followed. Async-signal-safe. */
void outfile_remove(int dir, const char *name);

/* What the umask leaves of `mode`. */
mode_t outfile_masked(mode_t mode);

/* -errno with "path: what: why" */
int outfile_fail(struct err *e, int code, const char *path, const char *what);

#endif
