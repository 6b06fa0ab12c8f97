/* fs_inode_int.h - names that the kernel holds on to, each with what chmod(2) and chown(2) made of
 * it.
 *
 * Owns:   fs->buckets. The root is there for good; another inode for as long as the kernel has
 *         looked it up, or its owner or mode is set.
 * Owners: as on cgroup2 and in /sys: what is set stays until the name goes. Files of a group that
 *         somebody made are theirs.
 */
#ifndef MOUNT_FS_INODE_INT_H
#define MOUNT_FS_INODE_INT_H

#include "mount/fs.h"

#include <sys/stat.h>

#define PATH_BYTES 4096
#define NAME_BYTES 255 /* of one name in a path */

struct fs_owner {
    bool has_mode, has_uid, has_gid;
    u32 mode, uid, gid;
    bool made; /* by these, a group: */
    u32 made_uid, made_gid;
};

struct fs_inode {
    struct fs_inode *next;  /* in its bucket */
    u64 hash;               /* of the name: its number */
    u64 nr_lookups;         /* that the kernel has not forgotten */
    struct fs_owner *owner; /* NULL: as the view has it */
    char name[];
};

u64 fs_inode_hash(const char *name);
/* Made when it is not there. */
struct fs_inode *fs_inode_get(struct fs *fs, const char *name);
void fs_inode_forget(struct fs *fs, struct fs_inode *inode, u64 nr);
void fs_inodes_free(struct fs *fs);

/* The path of a name in a directory. 0, or -ENAMETOOLONG. */
int fs_inode_child(const struct fs_inode *parent, const char *name, char path[PATH_BYTES]);

struct stat fs_inode_attributes(const struct fs *fs, const struct fs_inode *inode,
                                const struct view_stat *st);

/* What was set of it, made at the first time. */
struct fs_owner *fs_inode_owner(struct fs *fs, struct fs_inode *inode);
/* The directory goes, or another one comes in its place: nothing is set of it any more, nor of what
 * was in it. */
void fs_inode_disown(struct fs *fs, const char *dir);

#endif
