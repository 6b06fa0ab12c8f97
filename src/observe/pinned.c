/* pinned.c - see pinned.h. */
#include "observe/pinned.h"

static u64 less(u64 a, u64 b)
{
    return a > b ? a - b : 0;
}

u64 snapshot_pinned(const struct snapshot *s)
{
    u64 got = s->vmstat[NR_FOLL_PIN_ACQUIRED], released = s->vmstat[NR_FOLL_PIN_RELEASED];

    return known(got) && known(released)
               ? less(got, released) *
                     (s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096)
               : UNKNOWN;
}

/* Bytes of pools that somebody has. */
static u64 pools_in_use(const struct snapshot *s)
{
    u64 idle, pools = snapshot_pools(s, &idle);

    return known(pools) ? less(pools, idle) : 0;
}

u64 snapshot_pinned_on_lists(const struct snapshot *s)
{
    u64 pinned = snapshot_pinned(s);

    return known(pinned) ? less(pinned, pools_in_use(s)) : UNKNOWN;
}

u64 process_pinned(const struct process_view *p)
{
    u64 pinned = less(figure_or(p->pinned, 0), figure_or(p->hugetlb, 0));
    u64 resident = figure_add(figure_add(p->rss_anon, p->rss_file), p->rss_shmem);

    return known(resident) ? MIN(pinned, resident) : pinned;
}

/* Is the group `above` this one, or one of those above it? */
static bool is_below(const struct snapshot *s, u32 group, u32 above)
{
    while (group != GROUP_NONE && group != above)
        group = s->cgroups.items[group].parent;
    return group == above;
}

u64 group_of_processes(const struct snapshot *s, const struct cgroup_view *g,
                       u64 (*figure)(const struct process_view *p))
{
    u32 group = (u32)(g - s->cgroups.items);
    u64 sum = 0;

    vec_for_each (&s->processes, p) {
        u64 own = figure_or(figure(p), 0);

        if (own > 0 && p->group != GROUP_NONE && is_below(s, p->group, group) &&
            __builtin_add_overflow(sum, own, &sum))
            return UNKNOWN - 1;
    }
    return sum;
}

/* Does anything of the machine use that at all? The processes are many, and most machines have no
 * such memory. */
static bool has_pinned(const struct snapshot *s)
{
    u64 got = s->vmstat[NR_FOLL_PIN_ACQUIRED], released = s->vmstat[NR_FOLL_PIN_RELEASED];

    return !known(got) || !known(released) || got != released;
}

u64 group_pinned(const struct snapshot *s, const struct cgroup_view *g)
{
    return has_pinned(s) ? group_of_processes(s, g, process_pinned) : 0;
}

const struct process_view *most_pinned(const struct snapshot *s, const struct cgroup_view *g)
{
    const struct process_view *most = NULL;
    u32 group = g ? (u32)(g - s->cgroups.items) : GROUP_NONE;
    u64 bytes = 0;

    vec_for_each (&s->processes, p) {
        u64 own = process_pinned(p);

        if (own > bytes && (!g || (p->group != GROUP_NONE && is_below(s, p->group, group)))) {
            most = p;
            bytes = own;
        }
    }
    return most;
}
