/* kobject.h - the kernel's own memory, as programs make it grow: names, sockets, leaks, a driver's
 * pages. */
#ifndef SYSTEM_KOBJECT_H
#define SYSTEM_KOBJECT_H

#include "system/task.h"

struct system;

/* Look up nr names that nobody looked up before, as find or a backup does: dentries and inodes that
 * shrinkers may take. */
enum step system_walk_directory(struct system *s, struct task *t, u64 nr);
/* nr blocks that nobody frees any more; `account`: paid for by the task's group.   pre: bytes <=
 * 8192 */
enum step system_leak_objects(struct system *s, struct task *t, u64 nr, u32 bytes, bool account);
/* nr TCP connections with this much data waiting in each. The task's end closes them. */
enum step system_open_sockets(struct system *s, struct task *t, u64 nr, u64 bytes);
void system_close_sockets(struct system *s, struct task *t, u64 nr);
/* A driver takes pages, which no file shows. They stay when the task ends. */
enum step system_pin_pages(struct system *s, struct task *t, u64 nr);
void system_unpin_pages(struct system *s, u64 nr);

#endif
