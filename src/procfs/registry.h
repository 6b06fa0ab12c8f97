/* registry.h - every file of a machine by its name: who renders it, and who may write to it.
 *
 * Serves the tree on the host (tree.c), captures and the mounted machine (mount/). Files of the
 * machine itself are rows; those of processes and cgroups follow from their tables and from who is
 * there at the moment.
 *
 * Names:   below the root and without a slash in front: "proc/meminfo", "proc/1000/status",
 *          "sys/fs/cgroup/web/memory.max"; "": the root.
 * Writes:  what is written goes to system/control.h by the same name.
 * Never:   changes the machine. A node is valid until the machine moves.
 */
#ifndef PROCFS_REGISTRY_H
#define PROCFS_REGISTRY_H

#include "procfs/procfs.h"

#include "base/hash.h"
#include "base/vec.h"

enum procfs_kind {
    PROCFS_DIRECTORY,
    PROCFS_MACHINE,
    PROCFS_NODE,
    PROCFS_ZRAM,
    PROCFS_CPU,
    PROCFS_MEMORY_BLOCK,
    PROCFS_DEVICE,
    PROCFS_LINK,
    PROCFS_TUNABLE,
    PROCFS_LOG,
    PROCFS_WRITE_ONLY,
    PROCFS_PROCESS,
    PROCFS_GROUP
};

struct procfs_row {
    char *name;
    enum procfs_kind kind;
    /* of the memory node, the swap area, the CPU, the device or the block of memory */
    unsigned index;
    bool live;       /* only where programs look at a running machine, not in a tree */
    const void *row; /* of the table of this kind; of a link where it leads to, up to the index */
};

struct procfs_registry {
    const struct system *s;
    VEC(struct procfs_row) rows; /* by name */
    /* hash of a path -> id of the group that had it when it was looked up last */
    struct u64map *group_ids;
};

struct procfs_node {
    enum procfs_kind kind;
    u32 mode;                    /* permissions: 0444, 0644, 0200 ... */
    bool lasting;                /* it is there as long as the machine */
    const struct procfs_row *of; /* of kinds that have rows */
    const void *row;             /* of processes and groups: of their table */
    const struct task *task;
    bool guarded; /* open(2) is for who may look into the memory of the task: its owner, root */
    struct group *group; /* of its files, and of its directory */
};

void procfs_registry_init(struct procfs_registry *r, const struct system *s);
void procfs_registry_done(struct procfs_registry *r);

/* 0, or -ENOENT. */
int procfs_look_up(const struct procfs_registry *r, const char *name, struct procfs_node *ret);

/* Is it one of the files that Linux has in the group's directory, and the machine has not
 * (pids.max)? */
bool procfs_is_group_file(const struct group *g, const char *name);

/* Its text now; of a link where it leads to.   pre: no directory, and not PROCFS_WRITE_ONLY */
void procfs_render(const struct procfs_registry *r, const struct procfs_node *node,
                   struct strbuf *out);

/* S_IFDIR, S_IFLNK or S_IFREG. */
u32 procfs_type(enum procfs_kind kind);

/* Each name in a directory with its type, those of the machine in byte order, then processes by
 * number or groups. What `each` returns, if not 0, ends it and is returned. -ENOENT: there is no
 * such directory. */
typedef int procfs_name_fn(void *ctx, const char *name, u32 type);
int procfs_list(const struct procfs_registry *r, const char *name, procfs_name_fn *each, void *ctx);

#endif
