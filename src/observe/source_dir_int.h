/* source_dir_int.h - names looked up as if a directory were "/".
 *
 * Never: leaves the directory, whatever links or ".." a name meets, unless the directory is the
 * host's own "/".
 */
#ifndef OBSERVE_SOURCE_DIR_INT_H
#define OBSERVE_SOURCE_DIR_INT_H

#include "base/types.h"

struct root {
    int fd;        /* of the directory */
    bool confined; /* not the host's "/" */
    bool openat2;  /* the kernel has it and lets us */
};

/* 0, or a negative errno (-ENOTDIR). */
int root_init(struct root *r, const char *path);
void root_done(struct root *r);

/* Open a name of the host's own "/".   pre: !confined */
int root_open(const struct root *r, const char *path, int flags);

/* An O_PATH descriptor of what the name leads to, links followed; negative errno (-ENOENT,
 * -ELOOP). */
int root_open_path(const struct root *r, const char *path);

/* The same, but a last name that is a link is what is opened. */
int root_open_link(const struct root *r, const char *path);

/* The same file again, opened with these flags: `fd` is what root_open_path() gave for the path. */
int root_reopen(const struct root *r, const char *path, int fd, int flags);

#endif
