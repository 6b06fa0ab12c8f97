/* registry_int.h - between registry.c (rows, processes, all of it) and registry_group.c
 * (directories of groups). */
#ifndef PROCFS_REGISTRY_INT_H
#define PROCFS_REGISTRY_INT_H

#include "procfs/registry.h"

#define REGISTRY_CGROUP_DIR "sys/fs/cgroup"
#define REGISTRY_PATH_BYTES 4096

/* What chmod(1) would say of the file of this name: who may read it, and root writes where there is
 * something to write to. */
u32 registry_mode(const char *name, bool readable, u32 read_mode);

/* Has the group this file now? */
bool registry_has_file(const struct system *s, const struct group *g, const struct cgroup_file *f);
/* at: what follows "sys/fs/cgroup/". 0, or -ENOENT. */
int registry_look_up_in_cgroup(const struct procfs_registry *r, const char *whole, const char *at,
                               struct procfs_node *ret);
int registry_list_group(const struct system *s, struct group *g, procfs_name_fn *each, void *ctx);

#endif
