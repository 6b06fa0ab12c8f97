/* group.c - the tree of control groups and the counters of its members.
 *
 * Ids are 16 bit because a frame has no room for more; by_id maps them back. A removed group lives
 * on while pages are charged to it (remove.c), and its id is never given to another. A group is
 * found among thousands of siblings by a hash of its parent and its name: programs that look at a
 * mounted machine look up a path for every file. */
#include "group/group.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static void page_counter_init(struct page_counter *pc)
{
    *pc = (struct page_counter){.high = PAGE_COUNTER_MAX, .max = PAGE_COUNTER_MAX};
}

static u64 name_key(const struct group *parent, const char *name, size_t len)
{
    return hash_u64_pair(parent->id, hash_bytes(name, len));
}

static void remember_name(struct groups *gs, struct group *g)
{
    u64 key = name_key(g->parent, g->name, strlen(g->name)), first = 0;

    u64map_get(&gs->by_name, key, &first);
    g->next_named = (u16)first;
    u64map_put(&gs->by_name, key, g->id);
}

void group_forget_name(struct groups *gs, struct group *g)
{
    u64 key = name_key(g->parent, g->name, strlen(g->name)), id;
    struct group *before;

    if (!u64map_get(&gs->by_name, key, &id))
        return;
    if (id == g->id) {
        if (g->next_named)
            u64map_put(&gs->by_name, key, g->next_named);
        else
            u64map_del(&gs->by_name, key, NULL);
        return;
    }
    for (before = gs->by_id[id]; before->next_named != g->id;
         before = gs->by_id[before->next_named])
        ;
    before->next_named = g->next_named;
}

static struct group *group_make(struct groups *gs, struct group *parent, const char *name)
{
    struct group *g = xcalloc(1, sizeof(*g) + gs->frames->nr_nodes * sizeof(g->lruvecs[0]));

    if (gs->nr_groups + 1 >= gs->cap_groups) {
        u32 cap = gs->cap_groups ? gs->cap_groups * 2 : 16;

        gs->by_id = xrealloc(gs->by_id, cap * sizeof(struct group *));
        memset(gs->by_id + gs->cap_groups, 0, (cap - gs->cap_groups) * sizeof(struct group *));
        gs->cap_groups = cap;
    }
    g->id = (u16)(++gs->nr_groups);
    gs->by_id[g->id] = g;
    g->name = xstrdup(name);
    g->parent = parent;
    list_init(&g->children);
    list_init(&g->sibling);
    list_init(&g->dying);
    list_init(&g->mms);
    if (parent) {
        list_add_tail(&g->sibling, &parent->children);
        remember_name(gs, g);
    }
    page_counter_init(&g->memory);
    page_counter_init(&g->swap);
    for (unsigned i = 0; i < NR_HUGETLB_CHARGES; i++)
        page_counter_init(&g->hugetlb[i]);
    g->zswap_max = PAGE_COUNTER_MAX;
    psi_group_init(&g->psi, gs->nr_cpus);
    g->online = true;
    g->cpus_effective = parent ? parent->cpus_effective : UINT64_MAX;
    g->mems_effective = parent ? parent->mems_effective : UINT64_MAX;
    return g;
}

/* A set of which the parent has nothing counts as none. */
static u64 effective(u64 own, u64 parent)
{
    return own & parent ? own & parent : parent;
}

void group_settle_cpusets(struct groups *gs, struct group *g)
{
    gs->cpusets = true;
    for (struct group *at = group_next(g, NULL); at; at = group_next(g, at)) {
        if (!at->parent)
            continue;
        at->cpus_effective = effective(at->cpuset_cpus, at->parent->cpus_effective);
        at->mems_effective = effective(at->cpuset_mems, at->parent->mems_effective);
    }
}

void groups_init(struct groups *gs, struct frames *frames, struct counters *counters,
                 unsigned nr_cpus)
{
    *gs = (struct groups){.frames = frames, .counters = counters, .nr_cpus = nr_cpus};
    gs->charge_batch = kernel_default()->charge_batch;
    gs->recursive_protection = true;
    list_init(&gs->dying);
    u64map_init(&gs->by_name);
    gs->stock = xcalloc(nr_cpus, sizeof(*gs->stock));
    gs->root = group_make(gs, NULL, "");
    gs->root->subtree_control = CONTROLLERS_ALL;
    assert(gs->root->id == GROUP_ROOT);
}

void groups_done(struct groups *gs)
{
    for (u32 id = 1; id <= gs->nr_groups; id++) {
        psi_group_done(&gs->by_id[id]->psi);
        for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++)
            free(group_lruvec(gs->by_id[id], nid)->gen);
        free(gs->by_id[id]->io);
        free(gs->by_id[id]->name);
        free(gs->by_id[id]);
    }
    u64map_done(&gs->by_name);
    free(gs->by_id);
    free(gs->stock);
    *gs = (struct groups){0};
}

struct group *group_new(struct groups *gs, struct group *parent, const char *name)
{
    groups_reap(gs);
    return gs->nr_groups >= GROUPS_MAX ? NULL : group_make(gs, parent, name);
}

static struct group *group_child(const struct groups *gs, const struct group *g, const char *name,
                                 size_t len)
{
    u64 id = 0;

    u64map_get(&gs->by_name, name_key(g, name, len), &id);
    while (id) {
        struct group *c = gs->by_id[id];

        if (c->parent == g && strlen(c->name) == len && !memcmp(c->name, name, len))
            return c;
        id = c->next_named;
    }
    return NULL;
}

struct group *group_find(const struct groups *gs, const char *path)
{
    struct group *g = gs->root;

    while (g) {
        while (*path == '/')
            path++;
        if (!*path)
            return g;
        size_t len = strcspn(path, "/");

        g = group_child(gs, g, path, len);
        path += len;
    }
    return NULL;
}

void group_path(const struct group *g, char *buf, size_t size)
{
    char tail[4096];

    if (!g->parent) {
        snprintf(buf, size, "/");
        return;
    }
    buf[0] = 0;
    for (; g->parent; g = g->parent) {
        snprintf(tail, sizeof(tail), "/%s%s", g->name, buf);
        snprintf(buf, size, "%s", tail);
    }
}

struct group *group_next(struct group *top, struct group *prev)
{
    if (!prev)
        return top;
    if (!list_empty(&prev->children))
        return list_first_entry(&prev->children, struct group, sibling);
    for (struct group *g = prev; g != top; g = g->parent)
        if (g->sibling.next != &g->parent->children)
            return list_entry(g->sibling.next, struct group, sibling);
    return NULL;
}

bool group_is_below(const struct group *g, const struct group *ancestor)
{
    for (; g; g = g->parent)
        if (g == ancestor)
            return true;
    return false;
}

void group_event(struct group *g, enum counter id, s64 n)
{
    for (; g; g = g->parent)
        count(&g->counters, id, n);
}

s64 group_counter(struct group *top, enum counter id)
{
    s64 sum = 0;

    for (struct group *g = group_next(top, NULL); g; g = group_next(top, g))
        sum += g->counters.v[id];
    return sum;
}

s64 group_own_node_counter(const struct group *g, unsigned nid, enum counter id)
{
    const struct lruvec *lv = &g->lruvecs[nid];

    if (id >= NR_INACTIVE_ANON && id <= NR_UNEVICTABLE)
        return (s64)lruvec_own_size(lv, (enum lru_list)(id - NR_INACTIVE_ANON));
    return lv->counters.v[id - NODE_COUNTER_FIRST];
}

s64 group_node_counter(const struct groups *gs, struct group *top, unsigned nid, enum counter id)
{
    s64 sum = 0;

    if (gs->frames->nr_nodes == 1)
        return group_counter(top, id);
    for (struct group *g = group_next(top, NULL); g; g = group_next(top, g))
        sum += group_own_node_counter(g, nid, id);
    return sum;
}
