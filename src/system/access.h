/* access.h - loads and stores of a task. */
#ifndef SYSTEM_ACCESS_H
#define SYSTEM_ACCESS_H

#include "system/task.h"

struct system;

/* The caller has missed in tlb_hit(&s->space.tlbs[cpu], mm->id, vpn, write). */
enum step system_access(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind);
/* bytes=on: copy user memory through page tables that system_access() just made valid (one page at
 * most). */
enum step system_load(struct system *s, struct task *t, vaddr_t addr, void *buf, u32 len);
enum step system_store(struct system *s, struct task *t, vaddr_t addr, const void *buf, u32 len);

#endif
