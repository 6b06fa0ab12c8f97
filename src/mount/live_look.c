/* live_look.c - the machine looked at by name: attributes, lists, texts. */
#include "mount/live_int.h"

#include <string.h>
#include <sys/stat.h>

static bool has_events(const char *name)
{
    static const char *const with[] = {"cgroup.events", "memory.events", "memory.events.local",
                                       "memory.swap.events", "hugetlb.2MB.events"};
    const char *slash = strrchr(name, '/');

    for (unsigned i = 0; i < ARRAY_SIZE(with); i++)
        if (slash && strcmp(slash + 1, with[i]) == 0)
            return true;
    return false;
}

static bool is_pressure(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');

    if (strncmp(name, "proc/pressure/", 14) == 0)
        return true;
    return live_group_of_name(name) && dot > slash && strcmp(dot, ".pressure") == 0 &&
           strcmp(slash + 1, "cgroup.pressure") != 0;
}

/* Files of sysfs and sysctls; not of cgroups, whose root directory is no group's but theirs. */
static bool is_strict(const char *name)
{
    size_t len = strlen(LIVE_CGROUP_DIR);

    return strncmp(name, "proc/sys/", 9) == 0 ||
           (strncmp(name, "sys/", 4) == 0 && strncmp(name, LIVE_CGROUP_DIR, len) != 0);
}

int live_look_up(struct view *v, const char *name, struct view_stat *ret)
{
    struct live *l = live_of(v);
    const char *folder = live_folder(name);
    struct procfs_node node;
    int rc;

    if (folder)
        return live_folder_look_up(folder, ret);
    rc = procfs_look_up(&l->registry, name, &node);
    if (rc)
        return rc;
    *ret = (struct view_stat){
        .mode = procfs_type(node.kind) | node.mode,
        .lasting = node.lasting,
        .kept = node.group && node.kind == PROCFS_DIRECTORY && !l->moves_groups,
        .too_long = live_group_of_name(name) ? -E2BIG : -EINVAL,
        .events = has_events(name),
        .kernfs = strncmp(name, "sys/", 4) == 0 && strncmp(name, "sys/kernel/debug/", 17) != 0,
        .first = strncmp(name, "proc/sys/", 9) == 0,
        .trigger = is_pressure(name),
        .uid = node.task ? node.task->uid : 0,
        .ownable = strncmp(name, "sys/", 4) == 0,
        .strict = is_strict(name),
    };
    return 0;
}

struct listing {
    view_name_fn *each;
    void *ctx;
    bool root;
};

/* A tree has a file called highwater where a mount has its folder. */
static int list_one(void *ctx, const char *name, u32 type)
{
    const struct listing *to = ctx;

    return to->each(to->ctx, name, to->root && strcmp(name, LIVE_FOLDER) == 0 ? S_IFDIR : type);
}

int live_list(struct view *v, const char *name, view_name_fn *each, void *ctx)
{
    struct live *l = live_of(v);
    struct listing to = {each, ctx, *name == '\0'};
    const char *folder = live_folder(name);
    int rc;

    if (folder)
        return live_folder_list(folder, each, ctx);
    rc = procfs_list(&l->registry, name, list_one, &to);
    return rc == 0 && strcmp(name, "proc") == 0 ? each(ctx, LIVE_FOLDER, S_IFDIR) : rc;
}

/* What an open file says whose process or group has gone. */
static int gone(const char *name)
{
    return live_group_of_name(name) ? -ENODEV : -ESRCH;
}

int live_read_link(struct view *v, const char *name, const struct view_caller *caller HW_UNUSED,
                   struct strbuf *out)
{
    struct live *l = live_of(v);
    struct procfs_node node;
    int rc = procfs_look_up(&l->registry, name, &node);

    if (rc == 0 && node.kind != PROCFS_LINK)
        rc = -EINVAL;
    if (rc == 0)
        procfs_render(&l->registry, &node, out);
    return rc;
}

int live_read_text(struct view *v, const char *name, struct strbuf *out)
{
    struct live *l = live_of(v);
    const char *folder = live_folder(name);
    struct procfs_node node;
    int rc;

    if (folder)
        return live_folder_read(l, folder, out);
    rc = procfs_look_up(&l->registry, name, &node);
    if (rc)
        return rc == -ENOENT ? gone(name) : rc;
    if (node.kind == PROCFS_DIRECTORY)
        return -EISDIR;
    if (node.kind == PROCFS_WRITE_ONLY)
        return -EINVAL;
    procfs_render(&l->registry, &node, out);
    if (node.kind == PROCFS_GROUP)
        live_stats_read(l, name, node.group);
    return 0;
}

/* Pages of a process are shown to its owner: who may look into its memory. Triggers of the machine
 * were root's alone for long. */
int live_may_open(struct view *v, const char *name, bool to_write, const struct view_caller *caller)
{
    struct live *l = live_of(v);
    struct procfs_node node;

    if (!caller->privileged && to_write && strncmp(name, "proc/pressure/", 14) == 0 &&
        !kernel_has(&l->s->kernel, KERNEL_PSI_UNPRIVILEGED))
        return -EPERM;
    if (caller->privileged || procfs_look_up(&l->registry, name, &node) || !node.guarded)
        return 0;
    return node.task->uid == caller->uid ? 0 : -EACCES;
}
