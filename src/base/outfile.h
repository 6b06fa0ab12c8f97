/* outfile.h - a file that appears whole or not at all.
 *
 * The one place where the program makes files; base/outtree.h makes trees of them. tools/tidy.py
 * sees to it.
 *
 * outfile_open:   bytes go to a new file of a random name beside the target, which nobody else can
 *                 read; committed, it takes the target's name. What had that name is replaced: a
 *                 file, or a link, which is never followed.
 * outfile_resume: a file of ours that grows under its own name, and is made when there is none. No
 * link is followed.
 * Directly:       what is no file to be replaced is written to as it is: a pipe, a terminal,
 *                 /dev/null, and a descriptor of ours by its name (/dev/stdout, /dev/fd/3). A
 *                 directory, a block device and a socket are refused.
 * Left behind:    nothing by outfile_abort(), by a failure, or by a signal whose handler calls
 *                 outfile_remove_all().
 * Errors:         the first one of a file sticks, a full disk as -ENOSPC; committing reports it.
 * Not for:        more than one thread at a time.
 *
 * Use:  rc = outfile_open(&o, path, OUTFILE_ORDINARY, e); outfile_put(&o, bytes, n); ... rc =
 *       outfile_commit(&o, e);
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include "base/err.h"
#include "base/types.h"

#include <limits.h>

/* Permissions of a new file. Any other value of 0 to 0777 is meant as it stands, whatever the
 * umask. */
#define OUTFILE_ORDINARY \
    UINT_MAX /* those of the file that is replaced, or what the umask leaves of 0666 */
#define OUTFILE_PRIVATE 0600u /* for what tells of the machine or of its users: docs/privacy.md */

struct outfile_pending;

struct outfile {
    int fd;     /* for reading and seeking as well, unless it is written directly; -1: not open */
    char *path; /* what the user called it */
    u64 size;   /* bytes in it */
    int error;  /* the first one: -errno, or 0 */
    bool direct;
    unsigned mode;
    struct outfile_pending *pending; /* what has to be removed if it ends now; NULL: nothing */
};

/* Nothing is open; the others may be called only on what was opened. */
void outfile_init(struct outfile *o);

int outfile_open(struct outfile *o, const char *path, unsigned mode, struct err *e);

/* mode is that of a new file. -ELOOP for a link; -EACCES for a file of another user, who could read
 * what we add. *ret_size is 0 for a new one. */
int outfile_resume(struct outfile *o, const char *path, unsigned mode, u64 *ret_size,
                   struct err *e);

/* Append. All of it is written or, in a file, nothing. Returns the sticking error. */
int outfile_put(struct outfile *o, const void *bytes, size_t count);

/* Read back what was put, and put other bytes in its place. -ESPIPE where it is written
 * directly. */
int outfile_get(struct outfile *o, u64 at, void *bytes, size_t count);
int outfile_replace(struct outfile *o, u64 at, const void *bytes, size_t count);

/* Cut the file to this size. */
int outfile_truncate(struct outfile *o, u64 size);

/* What is in it is worth keeping from now on: it takes its name, if it has not, and grows on under
 * it. */
int outfile_keep(struct outfile *o, struct err *e);

/* Wait for the disk, give it its name, close it. On failure nothing is left behind that was not
 * kept. */
int outfile_commit(struct outfile *o, struct err *e);

/* Close it and leave nothing behind that was not kept. Does nothing when it is not open. */
void outfile_abort(struct outfile *o);

/* All at once, for a text in memory. */
int outfile_write(const char *path, const void *bytes, size_t count, struct err *e);

/* Remove whatever is not committed or kept. For a signal handler that then ends the program. */
void outfile_remove_all(void);

#endif
