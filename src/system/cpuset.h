/* cpuset.h - the CPUs and the memory nodes that a group's tasks may use.
 *
 *     what a task asked for  &  cpuset.cpus.effective  ->  cpus_allowed
 *     nodes of an allocation  &  cpuset.mems.effective   (balance/alloc.c, by mem.mems_allowed)
 *
 * Mirrors: kernel/cgroup/cpuset.c on cgroup v2 (update_cpumask, update_nodemask, cpuset_attach,
 *          cpuset_change_task_nodemask), Linux 6.1: a group without a set of its own has its
 *          parent's, and so has one of whose set the parent has nothing. When nodes change,
 *          policies follow (mpol_rebind_policy) and pages move. Differs: they move at once, into
 *          memory that is free. No partitions.
 * The controller counts as enabled, and its files are there, once any group has a set.
 */
#ifndef SYSTEM_CPUSET_H
#define SYSTEM_CPUSET_H

#include "system/task.h"

/* Write cpuset.cpus or cpuset.mems; 0: what the parent has. 0; -EINVAL: the machine has not all of
 * them, or they have no memory; -ENOSPC: 0, and there are tasks.
 *   pre: not the root */
int cpuset_set_cpus(struct system *s, struct group *g, u64 cpus);
int cpuset_set_mems(struct system *s, struct group *g, u64 mems);

/* What that leaves, and the machine has. */
u64 cpuset_cpus_of(const struct system *s, const struct group *g);
u64 cpuset_mems_of(const struct system *s, const struct group *g);

/* The nodes with memory that the task may use (mems_allowed). */
u64 cpuset_mems_allowed(const struct system *s, const struct task *t);

/* Of these what its memory policy leaves it, too. */
u64 cpuset_mems_bound(const struct system *s, const struct task *t);

/* The task came here from another group: its CPUs, policies and pages follow. */
void cpuset_attach(struct system *s, struct task *t, const struct group *from);

/* The group whose set it is: itself or the nearest above that has one. */
const struct group *cpuset_owner(const struct group *g);

#endif
