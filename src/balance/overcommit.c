/* overcommit.c - may so much more memory be promised?
 *
 *   mode 0   each promise by itself must be one that RAM and swap could keep
 *   mode 1   any
 *   mode 2   all promises together stay below CommitLimit, less what is kept for the administrator
 *            and, of a process's
 *            own share, for the user's other programs
 *
 * Promised is private memory that may be written (VM_ACCOUNT, counted by space/), and shared
 * memory: a segment as a whole, files of tmpfs and memfds page by page. Mirrors
 * __vm_enough_memory(), vm_commit_limit() of mm/util.c, Linux 6.1; the sum is exact where Linux's
 * per-CPU counter may be off by a batch. */
#include "balance/overcommit.h"

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

enum { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

u64 overcommit_limit(const struct mem *mem)
{
    const struct tunables *tunables = mem->tunables;
    u64 ram = tunables->overcommit_kbytes ? tunables->overcommit_kbytes / KIB_PER_PAGE
                                          : (mem->frames->managed_pages - mem->hugetlb_pages) *
                                                tunables->overcommit_ratio / 100;

    return ram + mem->swap->total_pages;
}

u64 overcommit_committed(const struct mem *mem)
{
    return mem->space->committed + mem->backing->shmem_committed;
}

bool overcommit_strict(const struct mem *mem)
{
    return mem->tunables->overcommit_memory == OVERCOMMIT_NEVER;
}

static u64 less(u64 from, u64 pages)
{
    return from - MIN(from, pages);
}

bool overcommit_allows(const struct mem *mem, const struct mm *mm, u64 pages, bool admin)
{
    const struct tunables *tunables = mem->tunables;
    u64 allowed;

    switch (tunables->overcommit_memory) {
    case OVERCOMMIT_GUESS:
        return pages <= mem->frames->managed_pages + mem->swap->total_pages;
    case OVERCOMMIT_ALWAYS:
        return true;
    default:
        break;
    }
    allowed = overcommit_limit(mem);
    if (!admin)
        allowed = less(allowed, tunables->admin_reserve_kbytes / KIB_PER_PAGE);
    if (mm)
        allowed =
            less(allowed, MIN(mm->total_vm / 32, tunables->user_reserve_kbytes / KIB_PER_PAGE));
    return overcommit_committed(mem) + pages < allowed;
}
