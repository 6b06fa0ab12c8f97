/* mountinfo.h - the lines of /proc/PID/mountinfo that matter here: which group tree is mounted
 * where, and what lxcfs covers. */
#ifndef OBSERVE_MOUNTINFO_H
#define OBSERVE_MOUNTINFO_H

#include "observe/span.h"

struct mount_line {
    struct span root;  /* of the file system, that the mount shows; escaped as printed */
    struct span point; /* where it is mounted; escaped as printed */
    struct span type;  /* "cgroup2", "fuse.lxcfs" */
    struct span super; /* options of the file system: "rw,memory" */
};

/* Take the next line that has the form of one. False at the end. */
bool mountinfo_next(struct span *text, struct mount_line *ret);

/* Is `option` among the words between commas? */
bool mount_has_option(struct span options, const char *option);

/* Does lxcfs stand in the place of this file, "/proc/meminfo"? */
bool mountinfo_has_lxcfs(struct span text, const char *path);

/* What /proc/PID/cgroup calls the group that is seen as "/": the root of the mount that holds
 * memory figures. False when there is no such mount; empty for the whole tree. */
bool mountinfo_cgroup_root(struct span text, struct span *ret);

#endif
