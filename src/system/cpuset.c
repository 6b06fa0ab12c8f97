/* cpuset.c - see cpuset.h. */
#include "system/cpuset.h"

#include "system/mempolicy.h"
#include "system/move.h"
#include "system/system_int.h"

#include <errno.h>

static u64 all_cpus(const struct system *s)
{
    return UINT64_MAX >> (64 - s->frames.nr_cpus);
}

u64 cpuset_cpus_of(const struct system *s, const struct group *g)
{
    return g->cpus_effective & all_cpus(s);
}

u64 cpuset_mems_of(const struct system *s, const struct group *g)
{
    return g->mems_effective & topology_memory_nodes(&s->frames.topology);
}

u64 cpuset_mems_allowed(const struct system *s, const struct task *t)
{
    return cpuset_mems_of(s, t->group);
}

u64 cpuset_mems_bound(const struct system *s, const struct task *t)
{
    const struct mempolicy *p = &t->mempolicy.policy;
    u64 nodes = cpuset_mems_allowed(s, t) & topology_memory_nodes(&s->frames.topology);

    return p->mode == MPOL_BIND ? nodes & p->nodes : nodes;
}

const struct group *cpuset_owner(const struct group *g)
{
    while (g->parent && !g->cpuset_cpus && !g->cpuset_mems)
        g = g->parent;
    return g;
}

static void follow_cpus(struct system *s, struct task *t)
{
    u64 cpus = cpuset_cpus_of(s, t->group), wanted = t->cpus_asked & cpus;

    t->cpus_allowed = wanted ? wanted : cpus;
}

static void follow_mems(struct system *s, struct task *t, u64 before)
{
    u64 mems = cpuset_mems_allowed(s, t);

    if (mems == before)
        return;
    mempolicy_rebind(&t->mempolicy.policy, mems);
    if (!t->mm || t->pid != t->tgid)
        return;
    for (u32 i = 0; i < t->mm->nr_vmas; i++)
        mempolicy_rebind(&t->mm->vmas[i]->policy, mems);
    move_with_cpuset(s, t->mm, before, mems);
}

void cpuset_attach(struct system *s, struct task *t, const struct group *from)
{
    follow_cpus(s, t);
    follow_mems(s, t, cpuset_mems_of(s, from));
}

/* validate_change(): a group with tasks keeps a set of its own. */
static bool has_tasks(const struct system *s, const struct group *g)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->state < TASK_ZOMBIE && group_is_below(s->tasks[i]->group, g))
            return true;
    return false;
}

int cpuset_set_cpus(struct system *s, struct group *g, u64 cpus)
{
    if (cpus & ~all_cpus(s))
        return -EINVAL;
    if (!cpus && g->cpuset_cpus && has_tasks(s, g))
        return -ENOSPC;
    g->cpuset_cpus = cpus;
    group_settle_cpusets(&s->groups, g);
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->state < TASK_ZOMBIE && group_is_below(s->tasks[i]->group, g))
            follow_cpus(s, s->tasks[i]);
    return 0;
}

/* Each group below may have had other nodes before. */
int cpuset_set_mems(struct system *s, struct group *g, u64 mems)
{
    u64 *before;

    if (mems & ~topology_memory_nodes(&s->frames.topology))
        return -EINVAL;
    if (!mems && g->cpuset_mems && has_tasks(s, g))
        return -ENOSPC;
    before = xcalloc(MAX(s->nr_tasks, 1u), sizeof(*before));
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->group)
            before[i] = cpuset_mems_allowed(s, s->tasks[i]);
    g->cpuset_mems = mems;
    group_settle_cpusets(&s->groups, g);
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->state < TASK_ZOMBIE && group_is_below(s->tasks[i]->group, g))
            follow_mems(s, s->tasks[i], before[i]);
    free(before);
    return 0;
}
