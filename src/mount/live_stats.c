/* live_stats.c - statistics of groups that come up to date for reclaim because somebody reads them.
 *
 * On kernels with late statistics (KERNEL_STATS_LATE) reclaim decides by figures that are up to 2 s
 * old, and who reads a group's memory.stat, memory.numa_stat or cpu.stat has them summed up before,
 * which reclaim then sees too: a monitor changes what it looks at. Mirrors
 * mem_cgroup_flush_stats(), mm/memcontrol.c, and cgroup_base_stat_cputime_show(),
 * kernel/cgroup/rstat.c, Linux 6.12. Differs: there memory.stat leaves that out while fewer than 64
 * pages a CPU have changed; here it is at most once a tick. */
#include "mount/live_int.h"

#include <stdlib.h>
#include <string.h>

/* The root's cpu.stat is that of the machine, which needs no sums. */
static bool is_summed(const char *name, const struct group *g)
{
    const char *file = strrchr(name, '/') + 1;

    return strcmp(file, "memory.stat") == 0 || strcmp(file, "memory.numa_stat") == 0 ||
           (g->parent && strcmp(file, "cpu.stat") == 0);
}

int live_stats_noted(struct live *l, const char *name)
{
    struct procfs_node node;
    int rc = procfs_look_up(&l->registry, name, &node);

    if (rc)
        return rc;
    if (node.kind != PROCFS_GROUP || !is_summed(name, node.group))
        return -EINVAL;
    live_note(l, "read", name, NULL);
    groups_flush_stats_of(&l->s->groups, node.group);
    return 0;
}

static bool is_waiting(const struct live *l, const char *name)
{
    for (size_t i = 0; i < l->looked.count; i++)
        if (strcmp(l->looked.items[i], name) == 0)
            return true;
    return false;
}

void live_stats_read(struct live *l, const char *name, const struct group *g)
{
    if (!l->s->groups.stats_late || !is_summed(name, g) || l->stopped || is_waiting(l, name))
        return;
    vec_push(&l->looked, xstrdup(name));
}

void live_stats_tick(struct live *l)
{
    for (size_t i = 0; i < l->looked.count; i++) {
        live_stats_noted(l, l->looked.items[i]); /* a group that has gone is none's business */
        free(l->looked.items[i]);
    }
    vec_reset(&l->looked);
}

void live_stats_done(struct live *l)
{
    vec_for_each (&l->looked, name)
        free(*name);
    vec_done(&l->looked);
}
