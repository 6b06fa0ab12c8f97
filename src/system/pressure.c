/* pressure.c - which waits are stalls.
 *
 * What a wait is says its cause (reclaim/wait_causes.def). Reclaim by the task itself and kswapd's
 * work are memory stalls of a task that runs. They are known only when they are over and are put in
 * afterwards. */
#include "system/pressure.h"

#include "base/alloc.h"

static void change(struct group *g, unsigned cpu, u32 clear, u32 set, bool stalls, ns_t now)
{
    for (; g; g = g->parent)
        psi_group_change(&g->psi, cpu, clear, set, stalls, now);
}

static bool on_cpu_stalled(u32 flags)
{
    return (flags & PSI_TSK_ONCPU) && (flags & PSI_TSK_MEMSTALL);
}

void pressure_set(struct task *t, unsigned cpu, u32 flags, ns_t now)
{
    u32 was = t->psi_flags;

    if (cpu != t->psi_cpu && was) {
        change(t->group, t->psi_cpu, was, 0, false, now);
        was = 0;
    }
    t->psi_cpu = cpu;
    t->psi_flags = flags;
    if (was != flags)
        change(t->group, cpu, was & ~flags, flags & ~was, on_cpu_stalled(flags), now);
}

u32 pressure_wait_flags(const struct task *t)
{
    const struct wait_cause_info *w = &wait_cause_info[t->wait.cause];

    return w->psi | (w->is_workingset && t->access.thrashing ? PSI_TSK_MEMSTALL : 0);
}

void pressure_reclaim(struct task *t, ns_t from, ns_t to)
{
    u32 flags = t->psi_flags;

    if (!(flags & PSI_TSK_ONCPU) || from >= to)
        return;
    pressure_set(t, t->psi_cpu, flags | PSI_TSK_MEMSTALL | PSI_TSK_MEMSTALL_RUNNING, from);
    pressure_set(t, t->psi_cpu, flags, to);
}

void pressure_kswapd(struct system *s, unsigned cpu, bool idle, ns_t from, ns_t to)
{
    struct psi_group *root = &s->groups.root->psi;
    u32 flags = PSI_TSK_RUNNING | PSI_TSK_MEMSTALL | PSI_TSK_MEMSTALL_RUNNING;

    if (from >= to)
        return;
    if (idle)
        flags |= PSI_TSK_ONCPU;
    psi_group_change(root, cpu, 0, flags, idle, from);
    psi_group_change(root, cpu, flags, 0, false, to);
}

void pressure_move(struct task *t, struct group *to, ns_t now)
{
    change(t->group, t->psi_cpu, t->psi_flags, 0, false, now);
    change(to, t->psi_cpu, 0, t->psi_flags, on_cpu_stalled(t->psi_flags), now);
}

void pressure_check(const struct system *s)
{
    unsigned cpus = s->config.nr_cpus;
    u32(*n)[NR_PSI_COUNTS] = xcalloc((s->groups.nr_groups + 1) * (u64)cpus, sizeof(*n));

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        for (const struct group *g = t->group; g; g = g->parent)
            for (unsigned c = 0; c < NR_PSI_COUNTS; c++)
                n[g->id * cpus + t->psi_cpu][c] += t->psi_flags >> c & 1;
    }
    for (u32 id = 1; id <= s->groups.nr_groups; id++) {
        const struct group *g = group_get(&s->groups, (u16)id);

        for (unsigned cpu = 0; g && g->psi.cpus && cpu < cpus; cpu++)
            for (unsigned c = 0; c < NR_PSI_COUNTS; c++)
                assert(g->psi.cpus[cpu].tasks[c] == n[id * cpus + cpu][c]);
        if (g)
            psi_check(&g->psi);
    }
    free(n);
}
