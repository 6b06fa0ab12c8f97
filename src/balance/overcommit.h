/* overcommit.h - how much memory may be promised: vm.overcommit_memory.
 *
 * Mirrors: mm/util.c (__vm_enough_memory, vm_commit_limit), Linux 6.1.
 */
#ifndef BALANCE_OVERCOMMIT_H
#define BALANCE_OVERCOMMIT_H

#include "reclaim/mem.h"

/* May `pages` more be promised to this address space (NULL: nobody's)? admin: of a process with
 * CAP_SYS_ADMIN. */
bool overcommit_allows(const struct mem *mem, const struct mm *mm, u64 pages, bool admin);
/* vm.overcommit_memory is 2: MAP_NORESERVE has no effect. */
bool overcommit_strict(const struct mem *mem);
/* CommitLimit and Committed_AS, in pages. */
u64 overcommit_limit(const struct mem *mem);
u64 overcommit_committed(const struct mem *mem);

#endif
