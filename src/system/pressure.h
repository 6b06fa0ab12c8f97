/* pressure.h - a task's state, as the pressure figures of its group and of all above count it.
 *
 * Mirrors: psi_task_change(), psi_task_switch(), psi_memstall_enter() of kernel/sched/psi.c, and
 *          who calls them: a wait for a page that was part of a working set (mm/filemap.c
 *          folio_wait_bit_common), reclaim (mm/page_alloc.c, mm/memcontrol.c), memory.high
 *          (mem_cgroup_handle_over_high), kswapd; and io_schedule() for what counts as I/O. Linux
 *          6.1.
 * Use:     the scheduler says what a task is whenever that changes; pressure_stall() for CPU time
 *          spent in reclaim.
 */
#ifndef SYSTEM_PRESSURE_H
#define SYSTEM_PRESSURE_H

#include "system/system.h"

/* From `now` on the task is what the flags (enum psi_task) say, on that CPU. 0: asleep for a reason
 * of its own, or gone. */
void pressure_set(struct task *t, unsigned cpu, u32 flags, ns_t now);
/* The flags of a task that waits as t->wait says. */
u32 pressure_wait_flags(const struct task *t);
/* The task that runs on its CPU was reclaiming from `from` to `to`. */
void pressure_reclaim(struct task *t, ns_t from, ns_t to);
/* So was kswapd, on a CPU that was idle or in the way of the task that runs there. */
void pressure_kswapd(struct system *s, unsigned cpu, bool idle, ns_t from, ns_t to);
/* The task is leaving its group for `to`: its state goes along. */
void pressure_move(struct task *t, struct group *to, ns_t now);

/* Every group counts its tasks and those below. */
void pressure_check(const struct system *s);

#endif
