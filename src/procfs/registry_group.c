/* registry_group.c - the files of a group's directory: which there are, by what the group is and
 * which controllers it has. */
#include "procfs/registry_int.h"

#include "system/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* To be written to, and never read. */
static const char *const group_triggers[] = {"memory.reclaim", "cgroup.kill"};

/* cgroup.pressure is 0: no pressure files but itself. */
static bool is_hidden(const struct group *g, const char *name)
{
    const char *dot = strrchr(name, '.');

    return g->psi.disabled && strcmp(dot, ".pressure") == 0 && strncmp(name, "cgroup", 6) != 0;
}

bool registry_has_file(const struct system *s, const struct group *g, const struct cgroup_file *f)
{
    return (g->parent || f->in_root) && !(f->needs & ~s->kernel.features) &&
           (!f->cpuset || s->groups.cpusets) && !is_hidden(g, f->name) &&
           group_has_files_of(g, f->name);
}

static bool has_trigger(const struct group *g, const char *name)
{
    return (g->parent || strcmp(name, "memory.reclaim") == 0) && group_has_files_of(g, name);
}

/* Files of Linux that the machine has not: no group can have their names either. */
static const struct {
    const char *name;
    bool in_root;
} other_group_files[] = {
    {"cgroup.freeze", false}, {"cgroup.max.depth", true}, {"cgroup.max.descendants", true},
    {"cgroup.threads", true}, {"cpu.idle", false},        {"cpu.max", false},
    {"cpu.max.burst", false}, {"cpu.weight", false},      {"cpu.weight.nice", false},
    {"io.max", false},        {"io.weight", false},       {"irq.pressure", true},
    {"pids.events", false},   {"pids.max", false},        {"pids.peak", false},
};

bool procfs_is_group_file(const struct group *g, const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(other_group_files); i++)
        if (strcmp(other_group_files[i].name, name) == 0)
            return (g->parent || other_group_files[i].in_root) && group_has_files_of(g, name);
    return false;
}

static const struct cgroup_file *find_group_file(const char *name)
{
    for (unsigned i = 0; i < nr_cgroup_files; i++)
        if (strcmp(cgroup_files[i].name, name) == 0)
            return &cgroup_files[i];
    for (unsigned i = 0; i < nr_live_cgroup_files; i++)
        if (strcmp(live_cgroup_files[i].name, name) == 0)
            return &live_cgroup_files[i];
    return NULL;
}

static int found_group_file(const char *whole, struct group *g, const char *file,
                            const struct procfs_registry *r, struct procfs_node *ret)
{
    const struct cgroup_file *row = find_group_file(file);
    char path[REGISTRY_PATH_BYTES];

    *ret = (struct procfs_node){.group = g};
    if (row && registry_has_file(r->s, g, row)) {
        ret->kind = PROCFS_GROUP;
        ret->row = row;
        ret->mode = registry_mode(whole, true, 0444);
        snprintf(path, sizeof(path), "/%s", whole);
        if (control_needs(path) & ~r->s->kernel.features)
            ret->mode &= ~0222u;
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(group_triggers); i++) {
        if (strcmp(group_triggers[i], file) != 0 || !has_trigger(g, file))
            continue;
        ret->kind = PROCFS_WRITE_ONLY;
        ret->mode = 0200;
        return 0;
    }
    return -ENOENT;
}

/* A group among thousands of siblings is sought once. */
static struct group *find_group(const struct procfs_registry *r, const char *path)
{
    u64 hash = hash_bytes(path, strlen(path)), id;
    char now[REGISTRY_PATH_BYTES];
    struct group *g;

    if (u64map_get(r->group_ids, hash, &id) && (g = group_get(&r->s->groups, (u16)id)) &&
        g->online) {
        group_path(g, now, sizeof(now));
        if (strcmp(now + 1, path) == 0)
            return g;
    }
    g = group_find(&r->s->groups, path);
    if (!g || !g->online)
        return NULL;
    u64map_put(r->group_ids, hash, g->id);
    return g;
}

/* at: what follows "sys/fs/cgroup/". A group cannot have the name of a file: mkdir refuses it. */
int registry_look_up_in_cgroup(const struct procfs_registry *r, const char *whole, const char *at,
                               struct procfs_node *ret)
{
    char parent[REGISTRY_PATH_BYTES];
    const char *slash = strrchr(at, '/');
    struct group *g;

    snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - at) : 0, at);
    g = *at ? find_group(r, parent) : NULL;
    if (g && found_group_file(whole, g, slash ? slash + 1 : at, r, ret) == 0)
        return 0;
    g = find_group(r, at);
    if (!g)
        return -ENOENT;
    *ret = (struct procfs_node){
        .kind = PROCFS_DIRECTORY, .mode = 0755, .group = g, .lasting = !g->parent};
    return 0;
}

int registry_list_group(const struct system *s, struct group *g, procfs_name_fn *each, void *ctx)
{
    const struct group *child;
    int rc = 0;

    for (unsigned i = 0; i < nr_cgroup_files && rc == 0; i++)
        if (registry_has_file(s, g, &cgroup_files[i]))
            rc = each(ctx, cgroup_files[i].name, S_IFREG);
    for (unsigned i = 0; i < nr_live_cgroup_files && rc == 0; i++)
        if (registry_has_file(s, g, &live_cgroup_files[i]))
            rc = each(ctx, live_cgroup_files[i].name, S_IFREG);
    for (unsigned i = 0; i < ARRAY_SIZE(group_triggers) && rc == 0; i++)
        if (has_trigger(g, group_triggers[i]))
            rc = each(ctx, group_triggers[i], S_IFREG);
    list_for_each_entry (child, &g->children, sibling)
        if (rc == 0 && child->online)
            rc = each(ctx, child->name, S_IFDIR);
    return rc;
}
