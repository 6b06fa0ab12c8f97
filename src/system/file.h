/* file.h - system calls on files, and the page cache as a whole.
 *
 * Mirrors: mm/filemap.c, mm/truncate.c, mm/fadvise.c, fs/sync.c, fs/drop_caches.c, Linux 6.1.
 */
#ifndef SYSTEM_FILE_H
#define SYSTEM_FILE_H

#include "system/task.h"

struct system;

/* The inode of (dev, ino), made on first sight with this size. host_fd -1: generated content. */
struct inode *system_inode(struct system *s, enum inode_kind kind, u64 dev, u64 ino,
                           const char *path, u64 size);
struct file *system_open(struct system *s, struct inode *inode, u32 file_flags);
void system_close(struct system *s, struct file *f);
/* Through the page cache; user memory at addr is touched page by page (0: none). */
enum step system_read(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                      vaddr_t addr);
enum step system_write(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                       vaddr_t addr);
/* *ret_error: 0, or -EIO when a write of any page of the inode failed and f has not reported that
 * yet. Every file that was open when it failed reports it, once; so does the first one opened
 * afterwards if nobody did before. f NULL: nothing is reported. */
enum step system_fsync(struct system *s, struct task *t, struct inode *inode, struct file *f,
                       int *ret_error);
enum step system_sync(struct system *s, struct task *t);
enum step system_truncate(struct system *s, struct task *t, struct inode *inode, u64 size);
enum step system_punch(struct system *s, struct task *t, struct inode *inode, u64 offset, u64 len);
void system_unlink(struct system *s, struct inode *inode);
enum step system_fadvise(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                         u32 advice);

/* Write to /proc/sys/vm/drop_caches: bits 1 clean, unmapped page cache; 2 dentries, inodes and
 * shadow nodes; 4 no more lines in the log. */
void system_drop_caches(struct system *s, u32 what);

#endif
