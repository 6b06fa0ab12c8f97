/* mempolicy.h - system calls that say where memory and tasks are to be.
 *
 * Mirrors: mm/mempolicy.c (set_mempolicy, mbind, set_mempolicy_home_node, get_mempolicy),
 *          kernel/sched/core.c (sched_setaffinity), Linux 6.1. move_pages and migrate_pages are in
 *          move.h. Differs: mbind with MPOL_MF_STRICT and a move does not say that a page stayed.
 */
#ifndef SYSTEM_MEMPOLICY_H
#define SYSTEM_MEMPOLICY_H

#include "system/task.h"

/* Of the calling thread, from now on. Refused with EINVAL when no node of it has memory. */
enum step system_set_mempolicy(struct system *s, struct task *t, struct mempolicy p);

/* Of what is mapped in the range. flags: enum abi_mpol_mf; pages that are elsewhere move, as far as
 * they can. EFAULT: there is a hole in the range (MPOL_DEFAULT skips holes). EIO: MPOL_MF_STRICT
 * without a move, and a page is elsewhere. */
enum step system_mbind(struct system *s, struct task *t, vaddr_t addr, u64 len, struct mempolicy p,
                       u32 flags);

/* Where the policies of what is mapped in the range begin (set_mempolicy_home_node). EOPNOTSUPP:
 * one of them is neither bind nor preferred on many nodes. */
enum step system_set_home_node(struct system *s, struct task *t, vaddr_t addr, u64 len,
                               unsigned nid);

/* The policy that a page at addr would be allocated by (MPOL_F_ADDR). */
struct mempolicy system_get_mempolicy(const struct system *s, const struct task *t, vaddr_t addr);

/* The node of the page at addr, as move_pages(2) without nodes says it; -ENOENT: none is mapped. */
int system_page_node(const struct system *s, const struct task *t, vaddr_t addr);

/* The CPUs that it may run on; the scheduler moves it at the next chance. 0; -EINVAL: the machine
 * has none of them. */
int system_set_affinity(struct system *s, struct task *t, u64 cpus);

#endif
