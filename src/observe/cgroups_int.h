/* cgroups_int.h - where the control groups are; shared by the walk over them and the reading of their files. */
#ifndef OBSERVE_CGROUPS_INT_H
#define OBSERVE_CGROUPS_INT_H

#include "observe/reading_int.h"

#define CGROUP_V2     "sys/fs/cgroup"
#define CGROUP_V1     "sys/fs/cgroup/memory"
#define CGROUP_HYBRID "sys/fs/cgroup/unified"

struct hierarchy {
    const char *base;
    u8 version;
    bool hybrid; /* pressure is in the other hierarchy, under the same path */
    bool
        walked; /* which groups there are was just looked up; false: they are those of the snapshot before */
};

/* base/path, with the root's "/" left out. */
void cgroup_set_place(struct strbuf *place, const char *base, const char *path);

/* In a tree that stands still no group goes away: one without figures was copied without them. */
bool cgroups_stand_still(const struct reading *r);

/* Read the files of all groups of the snapshot. Returns how many were gone. */
size_t cgroups_read_files(struct reading *r, const struct hierarchy *h);

#endif
