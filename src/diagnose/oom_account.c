/* oom_account.c - all memory at the moment of a kill, as lines that add up: of the machine, or of
 * the group whose limit killed. */
#include "diagnose/oom_facts.h"

#include "base/units.h"
#include "diagnose/accounting_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line whose children add up to it, with the rest as the last of them. */
static u64 begin_sum(struct accounting *a, u8 depth, const char *name, const char *note)
{
    account_add(a, depth, name, 0, note);
    return a->lines.count - 1;
}

static u64 end_sum(struct accounting *a, u64 at, u64 sum)
{
    a->lines.items[at].bytes = (s64)sum;
    if (sum == 0)
        a->lines.count = at;
    return sum;
}

static int by_total(const void *a, const void *b)
{
    const struct oom_slab *x = *(const struct oom_slab *const *)a,
                          *y = *(const struct oom_slab *const *)b;

    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The largest caches below the sum of all unreclaimable ones. */
static void add_slabs(struct accounting *a, const struct oom_report *r, u64 all)
{
    const struct oom_slab *sorted[OOM_SLABS_MAX];
    size_t n = 0;
    u64 sum = 0;

    if (!r)
        return;
    vec_for_each (&r->slabs, s)
        if (known(s->total) && s->total >= all / 20 && s->total > 0)
            sorted[n++] = s;
    if (n)
        qsort(sorted, n, sizeof(sorted[0]), by_total);
    for (size_t i = 0; i < MIN(n, (size_t)4) && sum + sorted[i]->total <= all; i++)
        sum += account_add_part(a, 3, sorted[i]->name, sorted[i]->total, "");
    if (sum)
        account_add_remainder(a, 3, "other caches", (s64)all - (s64)sum, "");
}

static u64 add_kernel(struct accounting *a, const struct oom_facts *f)
{
    u64 at = begin_sum(a, 1, "kernel", ""), sum = 0;

    sum += account_add_part(a, 2, "slab, unreclaimable", f->slab_u, "");
    if (known(f->slab_u))
        add_slabs(a, f->r, f->slab_u);
    sum += account_add_part(a, 2, "slab, reclaimable", f->slab_r, "dentries, inodes");
    sum += account_add_part(a, 2, "page tables", f->page_tables, "");
    sum += account_add_part(a, 2, "stacks", f->stacks, "");
    sum += account_add_part(a, 2, "per-CPU", f->percpu, "");
    sum += account_add_part(a, 2, "vmalloc", f->vmalloc, "");
    sum += account_add_part(a, 2, "compressed swap", f->zswap, "");
    sum += account_add_part(a, 2, "other", f->kernel_other, "");
    return end_sum(a, at, sum);
}

static u64 add_file(struct accounting *a, const struct oom_facts *f)
{
    u64 dirty = figure_or(f->dirty, 0);

    if (!account_add_part(a, 1, "file cache", f->file, ""))
        return 0;
    dirty = MIN(dirty, f->file);
    if (dirty) {
        account_add_part(a, 2, "clean", f->file - dirty, "costs a read");
        account_add_part(a, 2, "dirty or being written", dirty, "costs a write first");
    }
    return f->file;
}

static u64 add_free(struct accounting *a, const struct oom_facts *f)
{
    u64 sum = 0, highatomic = figure_or(f->free_highatomic, 0);

    if (!account_add_part(a, 1, "free", f->free, ""))
        return 0;
    if (!known(f->free_usable) || f->free_usable + f->free_reserve + f->free_cma + f->free_zones +
                                          f->free_nodes + f->free_cut >
                                      f->free)
        return f->free;
    sum += account_add_part(a, 2, "for this allocation", f->free_usable, "");
    sum += account_add_part(a, 2, "below the reserve", f->free_reserve - highatomic,
                            "min, lowmem_reserve");
    sum += account_add_part(a, 2, "HighAtomic", highatomic, "for atomic allocations only");
    sum += account_add_part(a, 2, "CMA", f->free_cma, "for movable pages only");
    sum += account_add_part(a, 2, "in other zones", f->free_zones, "it may not use them");
    sum += account_add_part(a, 2, "on other nodes", f->free_nodes, "it may not use them");
    sum += account_add_part(a, 2, "in zones not in this text", f->free_cut, "");
    account_add_remainder(a, 2, "in lists of CPUs", (s64)f->free - (s64)sum, "");
    return f->free;
}

void oom_account(const struct oom_facts *f, struct accounting *a)
{
    u64 sum = 0;

    vec_reset(&a->lines);
    snprintf(a->scope, sizeof(a->scope), "%s",
             f->of_group ? f->e->oom_memcg ? f->e->oom_memcg : "the cgroup" : "host");
    if (!known(f->total) || f->total == 0 ||
        (!known(f->anon) && !known(f->free) && !known(f->kernel_other)))
        return;
    account_add(a, 0, f->of_group ? "usage of the group" : "managed memory", f->total, "");
    sum += account_add_part(a, 1, "anonymous", f->anon, "heaps, stacks, private data");
    /* Without statistics the table of tasks tells what was resident, if that can be. */
    if (f->of_group && !known(f->anon) && !known(f->file) &&
        f->programs_bytes + figure_or(f->kernel_other, 0) <= f->total)
        sum += account_add_part(a, 1, "resident in processes", f->programs_bytes,
                                "from the task table");
    sum += add_file(a, f);
    sum += account_add_part(a, 1, "shared memory, tmpfs", f->shmem, "");
    sum += account_add_part(a, 1, "locked", f->locked, "cannot be reclaimed");
    sum += add_kernel(a, f);
    sum += account_add_part(a, 1, "network buffers", f->sock, "");
    sum += account_add_part(a, 1, "huge page pool", f->hugetlb, "");
    sum += account_add_part(a, 1, "balloon", f->balloon, "");
    sum += add_free(a, f);
    /* Neither is in any of the report's counters; they were looked at another moment. */
    if (!f->of_group && known(f->arc) && f->total > sum)
        sum += account_add_part(a, 1, "ARC of ZFS", MIN(f->arc, f->total - sum), "arcstats");
    if (!f->of_group && known(f->zram) && f->total > sum)
        sum += account_add_part(a, 1, "pool of zram", MIN(f->zram, f->total - sum), "zramctl");
    if (f->missing)
        account_add_remainder(a, 1, "not told by this text", (s64)f->total - (s64)sum, f->missing);
    else
        account_add_remainder(a, 1, f->of_group ? "charged in advance" : "in no counter",
                              (s64)f->total - (s64)sum,
                              sum > f->total      ? "counted twice by the kernel"
                              : f->of_group       ? ""
                              : known(f->hugetlb) ? "per-CPU, drivers, balloon"
                                                  : "per-CPU, drivers, huge pages, balloon");
}
