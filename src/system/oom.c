/* oom.c - memory has run out: who dies.
 *
 *   panic_on_oom?                   the machine stops
 *   oom_kill_allocating_task?       whoever asked, when the machine ran out
 *   of all processes in the group that ran out (or in the machine): the one that holds most memory,
 *   in pages of RSS, swap and page
 *   tables, plus oom_score_adj thousandths of all that may be used; the later one of equals; nobody
 *   at -1000, and no
 *   child of vfork, whose memory is its parent's
 *
 * The victim's memory is released at once, which SIGKILL takes some milliseconds for in Linux; so
 * the OOM reaper, which 6.1 sends after 2 s to a victim that did not exit, has nothing to do.
 * Whoever shares the victim's memory dies too, or nothing would be freed. memory.oom.group kills
 * the whole group. Nobody to kill: the machine is deadlocked and stops, too; a group tries on.
 * Mirrors mm/oom_kill.c, fs/proc/base.c (__set_oom_adj), Linux 6.1. */
#include "system/cpuset.h"
#include "system/system_int.h"

#include <stdio.h>

/* Of the threads that live, the leader stands for the process, or the oldest when the leader has
 * ended. */
static bool stands_for_process(const struct system *s, const struct task *t)
{
    if (likely(t->pid == t->tgid))
        return true;
    for (u32 i = 0; i < s->nr_tasks && s->tasks[i] != t; i++)
        if (s->tasks[i]->tgid == t->tgid && s->tasks[i]->state < TASK_ZOMBIE)
            return false;
    return true;
}

/* Does it use its parent's memory until exec? Then killing it would free nothing that killing the
 * parent does not. */
static bool in_vfork(const struct system *s, const struct task *t)
{
    if (likely(t->mm->users == 1))
        return false;
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->tgid == t->ppid && s->tasks[i]->mm == t->mm && t->ppid != t->tgid)
            return true;
    return false;
}

void system_set_oom_score_adj(struct system *s, struct task *t, s16 adj, bool with_min)
{
    u32 tgid = t->tgid;
    bool alone = in_vfork(s, t);

    for (u32 i = 0; i < s->nr_tasks; i++) {
        struct task *other = s->tasks[i];

        if (other->state >= TASK_ZOMBIE || (other->tgid != tgid && (alone || other->mm != t->mm)))
            continue;
        if (other->tgid != tgid && in_vfork(s, other))
            continue;
        other->oom_score_adj = adj;
        if (with_min)
            other->oom_score_adj_min = adj;
    }
}

bool oom_is_candidate(const struct system *s, const struct task *t, const struct oom_control *oc)
{
    const struct mempolicy *p = &t->mempolicy.policy;

    /* A task bound to other nodes would free nothing that helps (mempolicy_in_oom_domain,
     * cpuset_mems_allowed_intersects). */
    if (!oc->group && !oc->cpuset && p->mode == MPOL_BIND && !(p->nodes & oc->nodes))
        return false;
    if (!oc->group && oc->cpuset && t->group && !(cpuset_mems_allowed(s, t) & oc->nodes))
        return false;
    return !t->kthread && t->mm && t->state < TASK_ZOMBIE &&
           (!oc->group || group_is_below(t->group, oc->group)) && stands_for_process(s, t);
}

/* constrained_alloc(): was the allocation bound to some of the nodes with memory? */
static bool is_bound(const struct system *s, u64 nodes)
{
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (s->frames.topology.ram_bytes[nid] && !(nodes >> nid & 1))
            return true;
    return false;
}

/* What it is that holds the allocation to its nodes. A policy is said before a cpuset
 * (constrained_alloc). */
static void set_constraint(const struct system *s, const struct task *t, struct oom_control *oc)
{
    oc->cpuset = false;
    if (!oc->group && is_bound(s, oc->nodes))
        return;
    oc->nodes = NODES_ALL;
    if (!oc->group && is_bound(s, cpuset_mems_allowed(s, t))) {
        oc->nodes = cpuset_mems_allowed(s, t);
        oc->cpuset = true;
    }
}

static u64 usable_pages(const struct system *s, const struct oom_control *oc)
{
    const struct group *scope = oc->group;
    u64 pages;

    if (!scope && oc->nodes == NODES_ALL)
        return s->frames.managed_pages + s->swap.total_pages;
    if (!scope) {
        pages = s->swap.total_pages;
        for (unsigned i = 0; i < s->frames.nr_zones; i++)
            if (oc->nodes >> s->frames.zones[i].nid & 1)
                pages += s->frames.zones[i].present;
        return pages;
    }
    pages = MIN(scope->memory.max, s->frames.managed_pages);
    if (s->tunables.swappiness)
        pages += MIN(scope->swap.max, s->swap.total_pages);
    return MAX(pages, (u64)1);
}

s64 oom_badness(const struct system *s, const struct task *t, u64 usable)
{
    const struct mm *mm = t->mm;
    u64 tables;

    if (t->kthread || !mm || t->oom_score_adj == OOM_SCORE_ADJ_MIN || in_vfork(s, t))
        return OOM_NEVER;
    tables = mm->nr_ptes + mm->nr_pmds + mm->nr_puds; /* mm_pgtables_bytes() */
    return (s64)(mm_rss(mm) + mm->swapents + tables) + t->oom_score_adj * ((s64)usable / 1000);
}

static struct task *choose_victim(const struct system *s, const struct oom_control *oc)
{
    u64 usable = usable_pages(s, oc);
    struct task *victim = NULL;
    s64 most = INT64_MIN;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        struct task *t = s->tasks[i];
        s64 points;

        if (!oom_is_candidate(s, t, oc))
            continue;
        points = unlikely(swapoff_is_under_way(s, t)) ? INT64_MAX : oom_badness(s, t, usable);
        if (points != OOM_NEVER && points >= most) {
            most = points;
            victim = t;
        }
    }
    return victim;
}

/* The victim is who asks, for oc->group: it has its charge tried some more before it looks whether
 * it dies. */
static void die_trying(struct system *s, const struct oom_control *oc)
{
    struct attempt at = {.dying = true};

    balance_charge_dying(&s->mem, &at, oc->group, 1u << oc->order);
}

/* own: what the victim itself asked for, or NULL. */
static void kill_one(struct system *s, struct task *victim, const char *message,
                     const struct oom_control *own)
{
    struct mm *mm = victim->mm;

    count(&s->counters, OOM_KILL, 1);
    group_event(victim->group, MEMCG_OOM_KILL, 1);
    oom_report_killed(s, victim, message);
    mem_cost(&s->mem, s->cost.oom_kill);
    s->oom_kills++;
    if (own)
        die_trying(s, own);
    process_exit(s, victim, OUTCOME_OOM_KILLED, ABI_SIGKILL);
    for (u32 i = 0; i < s->nr_tasks; i++) /* whoever shares the memory keeps it from being freed */
        if (s->tasks[i]->mm == mm && s->tasks[i]->state < TASK_ZOMBIE)
            process_exit(s, s->tasks[i], OUTCOME_OOM_KILLED, ABI_SIGKILL);
}

/* The highest group from the victim's up to scope that wants to die as a whole. */
static struct group *oom_group_of(struct group *g, const struct group *scope)
{
    struct group *whole = NULL;

    for (; g && g->parent; g = g->parent) {
        if (g->oom_group)
            whole = g;
        if (g == scope)
            break;
    }
    return whole;
}

static void kill_group(struct system *s, struct group *g, const char *message)
{
    const struct oom_control members = {.group = g, .nodes = NODES_ALL};
    char path[256];

    group_event(g, MEMCG_OOM_GROUP_KILL, 1);
    group_path(g, path, sizeof(path));
    log_line(s, "Tasks in %s are going to be killed due to memory.oom.group set", path);
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (oom_is_candidate(s, s->tasks[i], &members) &&
            s->tasks[i]->oom_score_adj != OOM_SCORE_ADJ_MIN)
            kill_one(s, s->tasks[i], message, NULL);
}

/* The log's last words; nothing runs any more. */
static void machine_panic(struct system *s, const char *why)
{
    log_line(s, "Kernel panic - not syncing: %s", why);
    s->panicked = true;
}

static bool panics(struct system *s, const struct task *t, const struct oom_control *oc)
{
    u64 panic = s->tunables.panic_on_oom;

    if (!panic || (panic == 1 && (oc->group || oc->nodes != NODES_ALL)))
        return false;
    oom_report(s, t, oc, NULL);
    machine_panic(s, panic == 2 ? "Out of memory: compulsory panic_on_oom is enabled"
                                : "Out of memory: system-wide panic_on_oom is enabled");
    return true;
}

/* For who asks what the run has come to. */
static void note_bound(struct system *s, const struct task *t, const struct oom_control *oc)
{
    if (oc->group || oc->nodes == NODES_ALL)
        return;
    s->oom_bound.kills++;
    s->oom_bound.cpuset = oc->cpuset;
    s->oom_bound.nodes = oc->nodes;
    s->oom_bound.free_pages = 0;
    for (unsigned i = 0; i < s->frames.nr_zones; i++)
        if (!(oc->nodes >> s->frames.zones[i].nid & 1))
            s->oom_bound.free_pages += s->frames.zones[i].free_pages;
    snprintf(s->oom_bound.comm, sizeof(s->oom_bound.comm), "%s", t->comm);
}

bool oom_kill(struct system *s, struct task *t, const struct oom_control *why)
{
    struct oom_control oc = *why;
    struct group *scope = oc.group;
    const char *message = scope ? "Memory cgroup out of memory" : "Out of memory";
    struct task *victim;
    struct group *whole;

    set_constraint(s, t, &oc);
    if (panics(s, t, &oc))
        return false;
    victim = choose_victim(s, &oc);
    if (!scope && s->tunables.oom_kill_allocating_task && t->mm &&
        t->oom_score_adj != OOM_SCORE_ADJ_MIN) {
        victim = t;
        message = "Out of memory (oom_kill_allocating_task)";
    }
    oom_report(s, t, &oc, victim);
    if (!victim) {
        log_line(s, "Out of memory and no killable processes...");
        if (!scope)
            machine_panic(s, "System is deadlocked on memory");
        return false;
    }
    note_bound(s, t, &oc);
    whole = oom_group_of(victim->group, scope);
    kill_one(s, victim, message, scope && victim->mm == t->mm ? &oc : NULL);
    if (whole)
        kill_group(s, whole, message);
    return true;
}
