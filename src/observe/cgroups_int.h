/* cgroups_int.h - where the control groups are; shared by the walk over them and the reading of
 * their files. */
#ifndef OBSERVE_CGROUPS_INT_H
#define OBSERVE_CGROUPS_INT_H

#include "observe/reading_int.h"

#define CGROUP_V2     "sys/fs/cgroup"
#define CGROUP_V1     "sys/fs/cgroup/memory"
#define CGROUP_HYBRID "sys/fs/cgroup/unified"

/* Groups that are there and not in the snapshot, or without figures. */
struct groups_left {
    u64 unlisted; /* groups whose children could not be listed */
    u64 unread;   /* groups whose first file could not be read */
    u64 unnamed;  /* whose name is no clean text: nobody gave it, and it could not be shown */
    u64 beyond;   /* too many, too deep, too long a path */
};

struct hierarchy {
    const char *base;
    u8 version;
    bool hybrid; /* pressure is in the other hierarchy, under the same path */
    /* which groups there are was just looked up; false: they are those of the snapshot before */
    bool walked;
    struct groups_left left;
};

/* base/path, with the root's "/" left out. */
void cgroup_set_place(struct strbuf *place, const char *base, const char *path);

/* In a tree that stands still no group goes away: one without figures was copied without them. */
bool cgroups_stand_still(const struct reading *r);

/* Read the files of all groups of the snapshot. Returns how many were gone. */
size_t cgroups_read_files(struct reading *r, struct hierarchy *h);

#endif
