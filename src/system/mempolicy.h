/* mempolicy.h - system calls that say where memory and tasks are to be.
 *
 * Mirrors: mm/mempolicy.c (set_mempolicy, mbind, set_mempolicy_home_node, get_mempolicy), kernel/sched/core.c (sched_setaffinity), Linux 6.1. Differs: mbind moves
 *          nothing that is there already (no MPOL_MF_MOVE); there is no migrate_pages and no move_pages.
 */
#ifndef SYSTEM_MEMPOLICY_H
#define SYSTEM_MEMPOLICY_H

#include "system/task.h"

/* Of the calling thread, from now on. Refused with EINVAL when no node of it has memory. */
enum step system_set_mempolicy(struct system *s, struct task *t, struct mempolicy p);

/* Of what is mapped in the range. EFAULT: there is a hole in it (MPOL_DEFAULT skips holes). */
enum step system_mbind(struct system *s, struct task *t, vaddr_t addr, u64 len, struct mempolicy p);

/* Where the policies of what is mapped in the range begin (set_mempolicy_home_node). EOPNOTSUPP: one of them is neither bind nor
 * preferred on many nodes. */
enum step system_set_home_node(struct system *s, struct task *t, vaddr_t addr, u64 len,
                               unsigned nid);

/* The policy that a page at addr would be allocated by (MPOL_F_ADDR). */
struct mempolicy system_get_mempolicy(const struct task *t, vaddr_t addr);

/* The node of the page at addr, as move_pages(2) without nodes says it; -ENOENT: none is mapped. */
int system_page_node(const struct system *s, const struct task *t, vaddr_t addr);

/* The CPUs that it may run on; the scheduler moves it at the next chance.   0; -EINVAL: the machine has none of them. */
int system_set_affinity(struct system *s, struct task *t, u64 cpus);

#endif
