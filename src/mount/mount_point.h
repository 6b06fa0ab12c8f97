/* mount_point.h - the directory that a machine is mounted at. */
#ifndef MOUNT_MOUNT_POINT_H
#define MOUNT_MOUNT_POINT_H

#include "base/err.h"
#include "mount/view.h"

/* 0 when it is a directory, and empty unless `over`. The mount of a machine whose program was
 * killed is removed from it first, and that is said to the user of the view. */
int mount_point_check(const char *dir, bool over, const struct view *v, struct err *e);

/* Look for fusermount3 in $PATH and the usual places; false: it is nowhere. Once before anything is
 * mounted. */
bool mount_point_find_tool(void);

/* What is mounted there goes, at the latest when nobody uses it any more. For handlers of signals
 * too. */
void mount_point_detach(const char *dir);

#endif
