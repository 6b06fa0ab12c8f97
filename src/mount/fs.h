/* fs.h - a view as a mounted file system (FUSE).
 *
 * One thread: it moves the view on, answers what the kernel asks, and tells those who poll. Files
 * have size 0 and are read by direct_io, as in /proc: a read from the start takes the text of that
 * moment, and reads that follow go on in it.
 *
 * Use:  rc = fs_mount(&fs, &config, e); ... rc = fs_run(&fs); fs_unmount(&fs);
 */
#ifndef MOUNT_FS_H
#define MOUNT_FS_H

#include "base/err.h"
#include "mount/view.h"

#include <signal.h>

struct fuse_session;
struct fs_inode;
struct fs_file;

struct fs_config {
    struct view *view;
    const char *dir;          /* where: a directory; it must be empty unless `over` */
    bool over;                /* a directory that is not empty may be covered */
    const char *source;       /* as /proc/mounts shows it */
    const volatile int *stop; /* set by a signal */
    /* Called in each round: true ends the loop. NULL: nobody. */
    bool (*round)(void *ctx);
    void *ctx;
};

struct fs {
    struct fs_config config;
    struct fuse_session *session;
    struct fs_inode *inodes; /* by hash of their names: buckets */
    struct fs_inode **buckets;
    size_t nr_buckets, nr_inodes;
    size_t nr_owners;      /* inodes with an owner or a mode of their own */
    u32 uid, gid;          /* of who mounts */
    u32 nr_ids;            /* users, from 0 on, that files can be given to */
    struct fs_file *files; /* open ones */
    bool mounted;
    struct fs_requests *requests; /* that came in the course of an advance, and how they are read */
};

int fs_mount(struct fs *fs, const struct fs_config *config, struct err *e);
/* Until it is unmounted from outside (0), or *stop is set (-EINTR), or round() says so (0). */
int fs_run(struct fs *fs);
void fs_unmount(struct fs *fs);

/* For a handler of signals: no mount stays behind, whatever the program was doing. */
void fs_release(void);

#endif
