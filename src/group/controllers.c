/* controllers.c - which files a group has, and where processes may be: cgroup v2's rule that no
 * group with domain controllers for its children has processes itself.
 *
 * Mirrors cgroup_subtree_control_write(), cgroup_vet_subtree_control_enable(),
 * cgroup_migrate_vet_dst(), Linux 6.1. Differs: what is turned off goes on counting unseen, and is
 * not reset. Groups that a scenario or a recording has at its start are made with all controllers
 * whatever they contain. */
#include "group/group.h"

#include <errno.h>
#include <string.h>

const char *const controller_name[NR_CONTROLLERS] = {
    [CONTROLLER_CPUSET] = "cpuset", [CONTROLLER_CPU] = "cpu",         [CONTROLLER_IO] = "io",
    [CONTROLLER_MEMORY] = "memory", [CONTROLLER_HUGETLB] = "hugetlb", [CONTROLLER_PIDS] = "pids",
};

bool group_has_files_of(const struct group *g, const char *file)
{
    size_t len = strcspn(file, ".");

    if (strcmp(file + len, ".pressure") == 0 || strcmp(file, "cpu.stat") == 0)
        return true;
    for (unsigned i = 0; i < NR_CONTROLLERS; i++)
        if (strncmp(controller_name[i], file, len) == 0 && !controller_name[i][len])
            return group_controllers(g) & BIT(i);
    return true;
}

static bool has_populated_child(struct group *g)
{
    for (const struct group *at = group_next(g, NULL); at; at = group_next(g, (struct group *)at))
        if (at != g && at->online && at->nr_tasks)
            return true;
    return false;
}

/* Processes and groups may be side by side: none of the groups has a process, and only threaded
 * controllers are on. */
static bool can_be_thread_root(struct group *g)
{
    return !g->parent ||
           (!(g->subtree_control & ~(u32)CONTROLLERS_THREADED) && !has_populated_child(g));
}

static int vet_enable(struct group *g, u32 enable)
{
    bool domain = enable & ~(u32)CONTROLLERS_THREADED;

    if (!enable || !g->parent)
        return 0;
    if (domain && g->nr_tasks && g->subtree_control & CONTROLLERS_THREADED)
        return -EOPNOTSUPP;
    if (!domain && can_be_thread_root(g))
        return 0;
    return g->nr_tasks ? -EBUSY : 0;
}

static void reset_limits(struct group *g, u32 gone)
{
    static const enum group_limit of_memory[] = {LIMIT_HIGH, LIMIT_MAX, LIMIT_SWAP_HIGH,
                                                 LIMIT_SWAP_MAX, LIMIT_ZSWAP_MAX};

    if (gone & BIT(CONTROLLER_MEMORY)) {
        for (unsigned i = 0; i < ARRAY_SIZE(of_memory); i++)
            group_set_limit(g, of_memory[i], PAGE_COUNTER_MAX);
        group_set_limit(g, LIMIT_MIN, 0);
        group_set_limit(g, LIMIT_LOW, 0);
        g->oom_group = false;
    }
    if (gone & BIT(CONTROLLER_HUGETLB)) {
        group_set_limit(g, LIMIT_HUGETLB_MAX, PAGE_COUNTER_MAX);
        group_set_limit(g, LIMIT_HUGETLB_RSVD_MAX, PAGE_COUNTER_MAX);
    }
}

int group_control_children(struct group *g, u32 enable, u32 disable)
{
    struct group *child;
    int rc;

    enable &= ~g->subtree_control;
    disable &= g->subtree_control;
    if (enable & ~group_controllers(g))
        return -ENOENT;
    list_for_each_entry (child, &g->children, sibling)
        if (child->online && child->subtree_control & disable)
            return -EBUSY;
    rc = vet_enable(g, enable);
    if (rc)
        return rc;
    g->subtree_control = (g->subtree_control | enable) & ~disable;
    list_for_each_entry (child, &g->children, sibling)
        if (child->online)
            reset_limits(child, disable);
    return 0;
}

int group_may_enter(struct group *g)
{
    return g->subtree_control && !can_be_thread_root(g) ? -EBUSY : 0;
}
