/* outtree.h - a directory tree of text files that appears whole or not at all.
 *
 * It grows in a directory of a random name beside its place, which nobody else can enter, and takes
 * its name at the end: an empty directory there is replaced, anything else refused. Abort, a
 * failure and outfile_remove_all() leave nothing behind. It is a report that can be had again, so
 * its files do not wait for the disk one by one.
 *
 * Use:  rc = outtree_open(&t, "dir", e); rc = outtree_put(&t, "proc/meminfo", text, len, e); ... rc
 *       = outtree_commit(&t, e);
 */
#ifndef BASE_OUTTREE_H
#define BASE_OUTTREE_H

#include "base/err.h"
#include "base/types.h"

struct outfile_pending;

struct outtree {
    int fd; /* of the directory; -1: not open */
    char *path;
    struct outfile_pending *pending;
};

int outtree_open(struct outtree *t, const char *path, struct err *e);

/* A new file below the tree, with the directories that its name wants. The name is relative and has
 * no "..". */
int outtree_put(struct outtree *t, const char *name, const void *bytes, size_t count,
                struct err *e);

/* Give the tree its name, on failure remove it. pre: open; it is closed either way */
int outtree_commit(struct outtree *t, struct err *e);

/* Remove the tree. Does nothing when it is not open. */
void outtree_abort(struct outtree *t);

#endif
