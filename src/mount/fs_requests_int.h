/* fs_requests_int.h - requests of the kernel, read and answered: when nothing moves, and in the
 * course of an advance.
 *
 * Who only looks is answered while the machine is on its way, every LOOK_EVERY of the wall's time,
 * so a reader need not wait for the end of an advance. What could change something is kept until
 * then, in its order. */
#ifndef MOUNT_FS_REQUESTS_INT_H
#define MOUNT_FS_REQUESTS_INT_H

#include "mount/fs.h"

/* The view of fs attends from here on. */
void fs_requests_begin(struct fs *fs);
void fs_requests_end(struct fs *fs);

/* Answer those that are there, so many at most. */
void fs_requests_now(struct fs *fs, unsigned max);
/* Those that were kept. */
void fs_requests_late(struct fs *fs);

#endif
