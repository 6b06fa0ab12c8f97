/* pinned.h - memory that devices or io_uring work on (RDMA, VFIO, fixed buffers), of the machine, a
 * group and a process.
 *
 * Pages of pools (hugetlb) are left out where that is said: a guest's memory that VFIO pins is
 * mostly there, and no list has it. Linux tells of a process what RDMA and io_uring account
 * (VmPin); what VFIO pins counts in VmLck.
 */
#ifndef OBSERVE_PINNED_H
#define OBSERVE_PINNED_H

#include "observe/snapshot.h"

/* Bytes of the machine's pages that are pinned (nr_foll_pin_acquired less nr_foll_pin_released);
 * UNKNOWN. */
u64 snapshot_pinned(const struct snapshot *s);

/* At least so many of them are in no pool: on the lists of reclaim, which cannot take them.
 * UNKNOWN. */
u64 snapshot_pinned_on_lists(const struct snapshot *s);

/* What a process has pinned outside of pools, at most what it has in memory; 0 where it is not
 * known. */
u64 process_pinned(const struct process_view *p);

/* The same of all processes in the group or below it. */
u64 group_pinned(const struct snapshot *s, const struct cgroup_view *g);

/* A figure of the processes in the group or below it, added up; what is unknown counts as 0. */
u64 group_of_processes(const struct snapshot *s, const struct cgroup_view *g,
                       u64 (*figure)(const struct process_view *p));

/* The process with the most pinned, of the group or (NULL) of the machine; NULL: none has any. */
const struct process_view *most_pinned(const struct snapshot *s, const struct cgroup_view *g);

#endif
