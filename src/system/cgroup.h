/* cgroup.h - groups are made, used, limited and removed.
 *
 * Mirrors: mm/memcontrol.c (the files of cgroup v2), kernel/cgroup/cgroup.c, Linux 6.1.
 */
#ifndef SYSTEM_CGROUP_H
#define SYSTEM_CGROUP_H

#include "group/group.h"
#include "system/task.h"

struct system;

struct group *system_group(struct system *s,
                           const char *path); /* made, with its parents, when missing */
/* rmdir: 0, or -EBUSY. What is still charged stays until it is freed or reclaimed; kernel objects
 * go to the parent at once. */
int system_group_remove(struct system *s, struct group *g);
/* Write to cgroup.procs: the process and all its threads move. What they were charged for stays
 * where it is. */
void system_task_move(struct system *s, struct task *t, struct group *to);
/* Write to a limit of a group that may be in use. memory.max and memory.high reclaim what is over;
 * max kills when that does not help. In pages. 0: it is done. Otherwise the writer sleeps until
 * then, for a write to complete: make the same call again. */
ns_t system_group_set_limit(struct system *s, struct group *g, enum group_limit which, u64 pages);
/* Write to memory.reclaim. Returns the pages reclaimed; fewer than asked for is EAGAIN there,
 * unless *ret_until is set: then the writer sleeps until that time before it goes on with the rest.
 * NULL: it gives up instead. swappiness: 0 to 200; negative: vm.swappiness. */
u64 system_group_reclaim(struct system *s, struct group *g, u64 pages, int swappiness,
                         ns_t *ret_until);

#endif
