/* mmap.h - system calls that change an address space.
 *
 * Mirrors: mm/mmap.c, mm/mprotect.c, mm/mremap.c, mm/madvise.c, mm/mlock.c, Linux 6.1.
 * Addresses and lengths are in bytes, page-aligned as the kernel demands.
 */
#ifndef SYSTEM_MMAP_H
#define SYSTEM_MMAP_H

#include "system/task.h"

struct system;

struct mmap_args {
    vaddr_t addr;
    u64 len;
    u32 prot, mflags /* HWT_MAP_ bits, docs/trace-format.md */;
    u32 file /* file id or 0 */;
    u64 offset;
};
enum step system_mmap(struct system *s, struct task *t, const struct mmap_args *a);
enum step system_munmap(struct system *s, struct task *t, vaddr_t addr, u64 len);
enum step system_mprotect(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 prot);
enum step system_mremap(struct system *s, struct task *t, vaddr_t old, u64 old_len,
                        vaddr_t new_addr, u64 new_len);
enum step system_madvise(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 advice);
/* prctl(PR_SET_THP_DISABLE): of the process, its children and the programs it becomes, from now
 * on. */
void system_thp_disable(struct task *t, bool on);
enum step system_brk(struct system *s, struct task *t, vaddr_t start, vaddr_t end);
enum step system_mlock(struct system *s, struct task *t, vaddr_t addr, u64 len, bool onfault);
enum step system_munlock(struct system *s, struct task *t, vaddr_t addr, u64 len);
enum step system_mlockall(struct system *s, struct task *t, u32 flags);

#endif
