/* remove.c - the end of a group.
 *
 *   online --group_remove()--> dying: no task, no protection; its pages stay on its lists until
 *                                they are freed or reclaimed | nothing charged, no children v
 *                              released: out of the tree; its counters were added to the parent's, where sums over a subtree
 *                                        go on as if it were there
 *
 * Mirrors mem_cgroup_css_offline(), mem_cgroup_css_free() of mm/memcontrol.c, Linux 6.1. */
#include "group/group.h"

#include <errno.h>
#include <stdlib.h>

/* Events are in the parent's count already. */
static void hand_over(struct groups *gs, struct group *g)
{
    struct group *up = g->parent;

    for (unsigned id = 0; id < NR_COUNTERS; id++)
        if (cgroup_event_of((enum counter)id) == NR_CGROUP_EVENTS)
            up->counters.v[id] += g->counters.v[id];
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++)
        up->events_gone[i] += (u64)g->counters.v[cgroup_event_counter(i)];
    g->counters = (struct counters){0};
    group_hand_over_usage(g, up);
    for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++) {
        struct node_counters *gone = &group_lruvec(g, nid)->counters;

        for (unsigned i = 0; i < NR_NODE_COUNTERS; i++)
            group_lruvec(up, nid)->counters.v[i] += gone->v[i];
        *gone = (struct node_counters){0};
        free(group_lruvec(g, nid)->gen);
        group_lruvec(g, nid)->gen = NULL;
    }
}

static bool try_release(struct groups *gs, struct group *g)
{
    if (g->memory.usage || g->swap.usage || g->kernel_pages || !list_empty(&g->children))
        return false;
    if (g->hugetlb[HUGETLB_IN_USE].usage || g->hugetlb[HUGETLB_RSVD].usage)
        return false;
    hand_over(gs, g);
    list_del(&g->dying);
    list_del(&g->sibling);
    g->released = true;
    return true;
}

void groups_reap(struct groups *gs)
{
    struct list_head *at = gs->dying.next;

    while (at != &gs->dying) {
        struct group *g = list_entry(at, struct group, dying);

        at = at->next;
        if (try_release(gs, g))
            at = gs->dying.next; /* its parent may be next */
    }
}

int group_remove(struct groups *gs, struct group *g)
{
    assert(g->parent && g->online);
    if (g->nr_tasks)
        return -EBUSY;
    for (const struct list_head *at = g->children.next; at != &g->children; at = at->next)
        if (list_entry(at, struct group, sibling)->online)
            return -EBUSY;
    g->online = false;
    group_forget_name(gs, g);
    group_set_limit(g, LIMIT_MIN, 0);
    group_set_limit(g, LIMIT_LOW, 0);
    group_drain_stock(gs, g);
    list_add_tail(&g->dying, &gs->dying);
    groups_reap(gs);
    return 0;
}

struct group *group_unreleased(struct group *g)
{
    while (g->released)
        g = g->parent;
    return g;
}

s64 group_local_events(const struct group *g, enum counter id)
{
    unsigned event = cgroup_event_of(id);
    s64 n = g->counters.v[id];

    assert(event < NR_CGROUP_EVENTS);
    n -= (s64)g->events_gone[event];
    for (const struct list_head *at = g->children.next; at != &g->children; at = at->next)
        n -= list_entry(at, struct group, sibling)->counters.v[id];
    return n;
}
