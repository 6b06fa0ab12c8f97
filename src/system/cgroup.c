/* cgroup.c - what is written to the files of a group, and its end.
 *
 * Mirrors cgroup_attach_task(), mem_cgroup_css_offline(), memory_max_write(), memory_high_write(),
 * memory_reclaim(), Linux 6.1, cgroup v2. When all that could be reclaimed waits for writeback, the
 * writer is told to come back when a write has completed. */
#include "system/cgroup.h"
#include "system/cpuset.h"
#include "system/pressure.h"
#include "system/system_int.h"

#define RECLAIM_RETRIES 16u /* MAX_RECLAIM_RETRIES */

/* What it used so far stays with the group that it leaves. */
static void leave_cpu_time(struct task *t)
{
    t->group->cpu_user_ns += t->cpu_user_ns - t->cpu_user_before;
    t->group->cpu_sys_ns += t->cpu_sys_ns - t->cpu_sys_before;
    t->cpu_user_before = t->cpu_user_ns;
    t->cpu_sys_before = t->cpu_sys_ns;
}

/* Those threads of the process that are still there, and a child that is being forked. */
static void move_one(struct system *s, struct task *t, struct group *to)
{
    const struct group *from = t->group;

    pressure_move(t, to, s->clock.now);
    leave_cpu_time(t);
    t->group->nr_tasks--;
    to->nr_tasks++;
    t->group = to;
    t->mm->memcg = to->id;
    mglru_mm_move(&s->mem, t->mm);
    cpuset_attach(s, t, from);
    if (t->fork_child)
        move_one(s, t->fork_child, to);
}

void system_task_move(struct system *s, struct task *t, struct group *to)
{
    u32 tgid = t->tgid;

    assert(to->online);
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->tgid == tgid && s->tasks[i]->state < TASK_ZOMBIE &&
            s->tasks[i]->group != to)
            move_one(s, s->tasks[i], to);
}

/* Files that the group used first are written back on behalf of its parent now, and their shadows
 * are the parent's. */
static void reparent_inodes(struct system *s, const struct group *from, const struct group *to)
{
    for (u32 id = 1; id < s->backing.nr_inodes; id++) {
        struct inode *inode = s->backing.inodes[id];

        if (inode && inode->memcg == from->id)
            inode->memcg = to->id;
    }
    shadow_nodes_reparent(&s->backing, from->id, to->id);
}

int system_group_remove(struct system *s, struct group *g)
{
    struct group *up = g->parent;
    int rc = group_remove(&s->groups, g);

    if (rc)
        return rc;
    while (!up->online)
        up = up->parent;
    slab_reparent(&s->slab, g, up);
    reparent_inodes(s, g, up);
    bdi_group_removed(&s->backing, g->id, up->id);
    groups_reap(&s->groups);
    system_check_step(s);
    return 0;
}

u64 system_group_reclaim(struct system *s, struct group *g, u64 pages, int swappiness,
                         ns_t *ret_until)
{
    unsigned retries = RECLAIM_RETRIES;
    struct wait wait;
    u64 freed = 0;

    if (ret_until)
        *ret_until = 0;
    while (freed < pages) {
        u64 n;

        if (!retries) /* the last attempt: pages in batches too */
            lru_add_drain(&s->mem);
        n = balance_reclaim_group_by(&s->mem, g, pages - freed, swappiness);
        freed += n;
        if (!n && ret_until && balance_reclaim_must_wait(&s->mem, g, &wait)) {
            *ret_until = wait.until;
            break;
        }
        if (!n && !retries--)
            break;
    }
    system_check_step(s);
    return freed;
}

enum shrink { SHRINK_DONE, SHRINK_WAIT, SHRINK_STUCK };

/* Bring usage down to the limit, as far as reclaim can. */
static enum shrink shrink_to(struct system *s, struct group *g, u64 limit, ns_t *ret_until)
{
    unsigned retries = RECLAIM_RETRIES;
    struct wait wait;

    group_drain_stock(&s->groups, g);
    while (g->memory.usage > limit) {
        if (balance_reclaim_group(&s->mem, g, g->memory.usage - limit))
            continue;
        if (balance_reclaim_must_wait(&s->mem, g, &wait)) {
            *ret_until = wait.until;
            return SHRINK_WAIT;
        }
        if (!retries--)
            return SHRINK_STUCK;
    }
    return SHRINK_DONE;
}

static struct task *any_task(const struct system *s, struct group *g)
{
    const struct oom_control oc = {.group = g, .nodes = NODES_ALL};

    for (u32 i = 0; i < s->nr_tasks; i++)
        if (oom_is_candidate(s, s->tasks[i], &oc))
            return s->tasks[i];
    return NULL;
}

/* As shrink_to(); where reclaim does not help, tasks of the group are killed. */
static void shrink_or_kill(struct system *s, struct group *g, u64 limit, ns_t *ret_until)
{
    while (shrink_to(s, g, limit, ret_until) == SHRINK_STUCK) {
        const struct oom_control oc = {.group = g, .nodes = NODES_ALL, .purpose = PURPOSE_LIMIT};
        struct task *t = any_task(s, g);

        group_event(g, MEMCG_OOM, 1);
        if (!t || !oom_kill(s, t, &oc))
            break;
    }
}

ns_t system_group_set_limit(struct system *s, struct group *g, enum group_limit which, u64 pages)
{
    ns_t until = 0;

    group_set_limit(g, which, pages);
    if (which == LIMIT_MAX)
        shrink_or_kill(s, g, pages, &until);
    else if (which == LIMIT_HIGH)
        shrink_to(s, g, pages, &until);
    else
        return 0;
    system_check_step(s);
    return until;
}
