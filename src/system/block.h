/* block.h - blocks of several frames that parts of the kernel ask for: where memory is free and the
 * allocation fails.
 *
 * Mirrors: what mm/page_alloc.c (warn_alloc) says of it, Linux 6.1; a network driver's receive
 *          ring; kmalloc() of a file system.
 * Owns:    the frames of both, FRAME_KERNEL, charged to nobody. The task's end gives them back.
 */
#ifndef SYSTEM_BLOCK_H
#define SYSTEM_BLOCK_H

#include "system/task.h"

struct system;

/* nr packets of `bytes` arrive. Each takes a fresh buffer in the interrupt (GFP_ATOMIC), which
 * stays until `ring` more have come or none came for 100 ms; where there is none the packet is
 * dropped, and counted (task->packets). */
enum step system_receive(struct system *s, struct task *t, u64 nr, u64 bytes, u64 ring);
/* A file system makes an array of `bytes` for one request (GFP_NOFS), and frees the last one.
 * Without it the request fails. */
enum step system_make_array(struct system *s, struct task *t, u64 bytes);
/* The task ends. */
void system_free_blocks(struct system *s, struct task *t);

#endif
