/* live_group.c - groups that are made and removed, and triggers of their pressure. */
#include "mount/live_int.h"

#include "system/cgroup.h"

#include <stdio.h>
#include <string.h>

/* --- groups ----------------------------------------------------------------------------------- */

struct change {
    struct live *live;
    const char *path;     /* of the group */
    struct group *parent; /* of a new one */
};

static int make_group(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct change *c = ctx;

    return group_new(&c->live->s->groups, c->parent, strrchr(c->path, '/') + 1) ? 0 : -EAGAIN;
}

static int remove_group(struct scenario_run *run HW_UNUSED, void *ctx)
{
    const struct change *c = ctx;

    return system_group_remove(c->live->s, group_find(&c->live->s->groups, c->path));
}

int live_make_dir(struct view *v, const char *name)
{
    struct live *l = live_of(v);
    struct change c = {l, live_group_of_name(name), NULL};
    char parent[LIVE_PATH_BYTES];
    struct procfs_node node;
    const char *slash;
    int rc;

    if (!c.path)
        return strncmp(name, "sys/", 4) == 0 ? -EPERM : -ENOENT;
    if (strchr(name, '\n'))
        return -EINVAL;
    if (procfs_look_up(&l->registry, name, &node) == 0)
        return -EEXIST;
    slash = strrchr(name, '/');
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
    if (procfs_look_up(&l->registry, parent, &node))
        return -ENOENT;
    if (!node.group || node.kind != PROCFS_DIRECTORY)
        return -ENOTDIR;
    if (procfs_is_group_file(node.group, slash + 1))
        return -EEXIST;
    c.parent = node.group;
    rc = scenario_operate(l->run, make_group, &c);
    if (rc == 0)
        live_note(l, "mkdir", name, NULL);
    return rc;
}

int live_remove_dir(struct view *v, const char *name)
{
    struct live *l = live_of(v);
    struct change c = {l, live_group_of_name(name), NULL};
    struct procfs_node node;
    int rc;

    if (strcmp(name, LIVE_CGROUP_DIR) == 0)
        return -EBUSY;
    if (!c.path)
        return -EPERM;
    if (procfs_look_up(&l->registry, name, &node))
        return -ENOENT;
    if (node.kind != PROCFS_DIRECTORY)
        return -ENOTDIR;
    rc = scenario_operate(l->run, remove_group, &c);
    if (rc == 0)
        live_note(l, "rmdir", name, NULL);
    return rc;
}

/* --- triggers --------------------------------------------------------------------------------- */

/* NULL: it went with its group. */
static struct psi_trigger *find_trigger(struct live *l, int number, struct psi_group **ret_psi)
{
    vec_for_each (&l->triggers, t) {
        struct group *g = t->number == number ? group_get(&l->s->groups, t->group) : NULL;

        if (!g || !g->online)
            continue;
        for (struct psi_trigger *at = g->psi.triggers; at; at = at->next)
            if (at == t->trigger) {
                *ret_psi = &g->psi;
                return at;
            }
    }
    return NULL;
}

s64 live_trigger_events(struct view *v, int number)
{
    struct live *l = live_of(v);
    struct psi_group *psi;
    struct psi_trigger *t = find_trigger(l, number, &psi);

    if (!t)
        return -ENOENT;
    psi_group_run(psi, l->s->clock.now);
    return (s64)t->nr_events;
}

void live_trigger_close(struct view *v, int number)
{
    struct live *l = live_of(v);
    struct psi_group *psi;
    struct psi_trigger *t = find_trigger(l, number, &psi);

    if (t)
        psi_trigger_free(psi, t);
    vec_for_each (&l->triggers, at)
        if (at->number == number) {
            *at = vec_last(&l->triggers);
            l->triggers.count--;
            break;
        }
}

int live_new_trigger(struct live *l, const struct live_write *w)
{
    const struct group *g = group_find(&l->s->groups, w->control.group);

    vec_push(&l->triggers, ((struct live_trigger){++l->last_trigger, g->id, w->state.trigger}));
    return l->last_trigger;
}
