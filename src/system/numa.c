/* numa.c - NUMA balancing as the machine runs it: when a task's memory is looked at, and what the
 * mode changes. */
#include "access/numa.h"
#include "balance/demote.h"
#include "system/system_int.h"

void system_balance_task(struct system *s, struct task *t, ns_t now)
{
    if (!t->mm || t->state >= TASK_ZOMBIE || t->killed || t->mm->locked_by)
        return;
    s->mem.policy = t->mempolicy.policy.mode == MPOL_DEFAULT ? NULL : &t->mempolicy;
    numa_tick(task_access(s, t), t->cpu_user_ns + t->cpu_sys_ns, now);
}

unsigned numa_remote_percent(const struct system *s)
{
    u64 all = 0, remote = 0;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        for (unsigned nid = 0; t->nodes && nid < s->frames.nr_nodes; nid++)
            all += t->nodes->by_node[nid];
        remote += t->nodes ? t->nodes->remote : 0;
    }
    return all ? (unsigned)((remote * 100 + all / 2) / all) : 0;
}

void numa_mode_changed(struct system *s)
{
    bool tiering = s->mem.numa_last && s->tunables.numa_balancing & NUMA_BALANCING_MEMORY_TIERING;

    for (unsigned i = 0; i < s->frames.nr_zones; i++)
        s->frames.zones[i].promo = tiering;
    demotion_setup(&s->mem);
}
