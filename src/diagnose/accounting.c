/* accounting.c - counters that overlap, made disjoint.
 *
 * Cached holds shmem, which is taken out. Swap cache is anonymous memory: what of it is mapped is
 * in AnonPages already, so that only the rest, what the anonymous lists hold beyond AnonPages and
 * Shmem, is a line. VmallocUsed means memory since 5.3 only (before it was address space, or 0),
 * and holds the kernel stacks, which are taken out. Hugetlb is not on any list. What is left has no
 * counter.
 */
#include "diagnose/accounting.h"
#include "diagnose/accounting_int.h"

#include <stdio.h>
#include <string.h>

/* More than any machine has: a file that says so is broken or hostile, and such sums would not
 * fit. */
#define BYTES_MAX ((u64)1 << 56)

static u64 sane(u64 bytes)
{
    return bytes < BYTES_MAX ? bytes : UNKNOWN;
}

static u64 product(u64 a, u64 b)
{
    u64 result;

    return __builtin_mul_overflow(a, b, &result) ? UNKNOWN : sane(result);
}

void account_add(struct accounting *a, u8 depth, const char *name, u64 bytes, const char *note)
{
    vec_push(&a->lines, ((struct account_line){
                            .name = name, .bytes = (s64)bytes, .depth = depth, .note = note}));
}

u64 account_add_part(struct accounting *a, u8 depth, const char *name, u64 bytes, const char *note)
{
    if (!known(bytes) || bytes == 0)
        return 0;
    account_add(a, depth, name, bytes, note);
    return bytes;
}

void account_add_remainder(struct accounting *a, u8 depth, const char *name, s64 bytes,
                           const char *note)
{
    if (bytes)
        vec_push(
            &a->lines,
            ((struct account_line){
                .name = name, .bytes = bytes, .depth = depth, .is_remainder = true, .note = note}));
}

static u64 minus(u64 a, u64 b)
{
    if (!known(a))
        return UNKNOWN;
    b = figure_or(b, 0);
    return a > b ? a - b : 0;
}

static u64 either(u64 a, u64 b)
{
    return known(a) || known(b) ? figure_or(a, 0) + figure_or(b, 0) : UNKNOWN;
}

/* The file cache by what it costs to get back. */
static u64 add_cache(struct accounting *a, u64 cache, u64 inactive, u64 active, u64 dirty,
                     bool generations)
{
    u64 took = 0;

    if (!known(cache) || cache == 0)
        return 0;
    account_add(a, 1, "file cache", cache, "contents of files");
    if (known(inactive) && known(active)) {
        /* Dirty pages may be on either list; they are taken from the inactive one first. */
        u64 waiting = MIN(figure_or(dirty, 0), inactive + active);
        u64 from_inactive = MIN(waiting, inactive);

        took += account_add_part(a, 2, "inactive, clean", inactive - from_inactive,
                                 generations ? "older generations: free to drop, unless used again"
                                             : "free to drop");
        took += account_add_part(a, 2, "active, clean", active - (waiting - from_inactive),
                                 generations ? "two youngest generations: costs a read"
                                             : "in use: costs a read");
        took += account_add_part(a, 2, "dirty or being written", waiting, "costs a write first");
        account_add_remainder(a, 2, "locked, or on its way", (s64)cache - (s64)took,
                              "on no list of reclaim");
    }
    return cache;
}

/* Swap cache that no process maps. */
static u64 unmapped_swap_cache(u64 swap_cached, u64 lists, u64 anon, u64 shmem)
{
    u64 beyond = known(lists) && known(anon) ? minus(lists, anon + figure_or(shmem, 0)) : UNKNOWN;

    return known(beyond) && known(swap_cached) ? MIN(beyond, swap_cached) : UNKNOWN;
}

/* Since 5.3 VmallocUsed counts pages. */
static u64 vmalloc_bytes(const struct snapshot *s)
{
    unsigned major = 0, minor = 0;

    if (sscanf(s->release, "%u.%u", &major, &minor) != 2 || major < 5 || (major == 5 && minor < 3))
        return UNKNOWN;
    return minus(s->meminfo[MI_VMALLOC_USED], s->meminfo[MI_KERNEL_STACK]);
}

/* The pools of zswap and zram: pages of zsmalloc, or what zswap says itself. */
static u64 compressed_bytes(const struct snapshot *s)
{
    u64 pages = s->vmstat[NR_ZSPAGES], used = 0;

    if (known(pages) && pages)
        return product(pages, s->page_bytes ? s->page_bytes : 4096);
    vec_for_each (&s->zrams, z)
        used += figure_or(sane(z->used_total), 0);
    return used + figure_or(sane(s->meminfo[MI_ZSWAP]), 0);
}

static u64 add_kernel(struct accounting *a, const struct snapshot *s, const u64 *m)
{
    size_t at = a->lines.count;
    u64 sum = 0;

    account_add(a, 1, "kernel", 0, "");
    sum += account_add_part(a, 2, "slab, reclaimable", m[MI_SRECLAIMABLE],
                            "dentries, inodes: on demand");
    sum += account_add_part(a, 2, "slab, unreclaimable", m[MI_SUNRECLAIM], "");
    /* slabtop tells all of them in one figure. What can be reclaimed of it is in what free calls
     * cache, too: no more than that of it is counted there, so that only the rest surely is a line
     * of its own. */
    if (!known(m[MI_SRECLAIMABLE]) && !known(m[MI_SUNRECLAIM]))
        sum += account_add_part(
            a, 2, "slab",
            s->cache_has_slab
                ? minus(m[MI_SLAB], figure_add(m[MI_CACHED], figure_or(m[MI_BUFFERS], 0)))
                : m[MI_SLAB],
            s->cache_has_slab ? "beyond what may stand in the cache" : "");
    sum +=
        account_add_part(a, 2, "page tables", either(m[MI_PAGE_TABLES], m[MI_SEC_PAGE_TABLES]), "");
    sum += account_add_part(a, 2, "stacks", m[MI_KERNEL_STACK], "");
    sum += account_add_part(a, 2, "per-CPU", m[MI_PERCPU], "");
    sum += account_add_part(a, 2, "vmalloc", sane(vmalloc_bytes(s)), "");
    sum += account_add_part(a, 2, "compressed swap", sane(compressed_bytes(s)),
                            "pools of zswap and zram");
    a->lines.items[at].bytes = (s64)sum;
    if (sum == 0)
        a->lines.count = at;
    return sum;
}

static u64 add_hugetlb(struct accounting *a, const struct snapshot *s)
{
    u64 idle, all = sane(snapshot_pools(s, &idle)), promised = snapshot_pools_promised(s);

    if (!known(all) || all == 0)
        return 0;
    account_add(a, 1, "huge pages (hugetlb)", all, "set aside for hugetlb");
    if (s->huge.count || known(s->meminfo[MI_HUGE_PAGES_FREE])) {
        account_add_part(a, 2, "in use", all - idle, "");
        account_add_part(a, 2, "promised", promised, "mapped, and not touched yet");
        account_add_part(a, 2, "not in use", idle - promised, "");
    }
    return all;
}

/* Which line is absent that may be large; NULL: all are there, and what is left is in no
 * counter. */
static const char *missing_line(const u64 *m)
{
    if (!known(m[MI_MEM_FREE]))
        return "MemFree is missing";
    if (!known(m[MI_ANON_PAGES]))
        return "AnonPages is missing";
    if (!known(m[MI_CACHED]))
        return "Cached is missing";
    if (!known(m[MI_SUNRECLAIM]) || !known(m[MI_SRECLAIMABLE]))
        return "the lines of slab are missing";
    return NULL;
}

void accounting_host(struct accounting *a, const struct snapshot *s)
{
    const char *missing = missing_line(s->meminfo);
    u64 m[NR_MEMINFO_FIELDS], sum = 0;

    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        m[i] = sane(s->meminfo[i]);
    vec_reset(&a->lines);
    snprintf(a->scope, sizeof(a->scope), "host");
    if (!known(m[MI_MEM_TOTAL]))
        return;
    account_add(a, 0, s->total_counted ? "all that is counted" : "MemTotal", m[MI_MEM_TOTAL],
                s->total_counted ? "MemTotal is not told" : "");
    sum += account_add_part(a, 1, "free", m[MI_MEM_FREE], "");
    sum += account_add_part(a, 1, "anonymous", m[MI_ANON_PAGES], "heaps, stacks, private data");
    sum += add_cache(a, minus(figure_add(m[MI_CACHED], figure_or(m[MI_BUFFERS], 0)), m[MI_SHMEM]),
                     m[MI_INACTIVE_FILE], m[MI_ACTIVE_FILE],
                     figure_or(m[MI_DIRTY], 0) + figure_or(m[MI_WRITEBACK], 0), s->lru_gen);
    sum += account_add_part(a, 1, "shared memory, tmpfs", m[MI_SHMEM], "freed by swap or deletion");
    sum += account_add_part(a, 1, "swap cache",
                            unmapped_swap_cache(m[MI_SWAP_CACHED],
                                                figure_add(m[MI_ACTIVE_ANON], m[MI_INACTIVE_ANON]),
                                                m[MI_ANON_PAGES], m[MI_SHMEM]),
                            "on its way out, or just back");
    sum += add_kernel(a, s, m);
    sum += add_hugetlb(a, s);
    sum += account_add_part(a, 1, "GPU", either(m[MI_GPU_ACTIVE], m[MI_GPU_RECLAIM]), "");
    sum += account_add_part(a, 1, "broken", m[MI_HARDWARE_CORRUPTED], "hardware errors");
    /* No counter of the kernel has the ARC, but for what of it is in slab: never more than what is
     * left. */
    if (sum < m[MI_MEM_TOTAL])
        sum +=
            account_add_part(a, 1, "ARC (the cache of ZFS)",
                             known(s->arc_size) ? MIN(s->arc_size, m[MI_MEM_TOTAL] - sum) : UNKNOWN,
                             "gives way, more slowly than files");
    if (missing)
        account_add_remainder(a, 1, "not told", (s64)m[MI_MEM_TOTAL] - (s64)sum, missing);
    else
        account_add_remainder(a, 1, "not accounted for", (s64)m[MI_MEM_TOTAL] - (s64)sum,
                              sum > m[MI_MEM_TOTAL] ? "counted twice by the kernel"
                                                    : "drivers, balloon, firmware");
}

u64 accounting_host_unaccounted(const struct accounting *a, const struct snapshot *s)
{
    return missing_line(s->meminfo) || s->total_counted ? UNKNOWN : accounting_unaccounted(a);
}

/* --- a group ---------------------------------------------------------------------------------- */

static u64 add_group_kernel(struct accounting *a, const struct cgroup_view *g, const u64 *st)
{
    size_t at = a->lines.count;
    u64 kernel = known(st[MEMCG_KERNEL]) ? st[MEMCG_KERNEL] : sane(g->kmem_current);
    u64 sum = 0;

    account_add(a, 1, "kernel", 0, "");
    sum += account_add_part(a, 2, "slab, reclaimable", st[NR_SLAB_RECLAIMABLE], "");
    sum += account_add_part(a, 2, "slab, unreclaimable", st[NR_SLAB_UNRECLAIMABLE], "");
    sum += account_add_part(a, 2, "page tables",
                            either(st[NR_PAGE_TABLE_PAGES], st[NR_SEC_PAGE_TABLE_PAGES]), "");
    sum += account_add_part(a, 2, "stacks", st[NR_KERNEL_STACK], "");
    sum += account_add_part(a, 2, "per-CPU", st[MEMCG_PERCPU], "");
    sum += account_add_part(a, 2, "vmalloc", st[MEMCG_VMALLOC], "");
    sum +=
        account_add_part(a, 2, "compressed swap", st[MEMCG_ZSWAP], "its share of the zswap pool");
    /* `kernel` is since 5.18. */
    if (known(kernel))
        account_add_remainder(a, 2, "other", (s64)kernel - (s64)sum, "");
    else
        kernel = sum;
    a->lines.items[at].bytes = (s64)kernel;
    if (a->lines.count == at + 1 && kernel == 0)
        a->lines.count = at;
    return kernel;
}

void accounting_group(struct accounting *a, const struct cgroup_view *g)
{
    u64 st[NR_COUNTERS], sum = 0;

    for (unsigned i = 0; i < NR_COUNTERS; i++)
        st[i] = sane(g->stat[i]);

    vec_reset(&a->lines);
    snprintf(a->scope, sizeof(a->scope), "%s", g->path);
    if (!known(sane(g->current)) || !known(st[NR_ANON_PAGES]))
        return;
    account_add(a, 0, g->version == 1 ? "memory.usage_in_bytes" : "memory.current", g->current, "");
    sum += account_add_part(a, 1, "anonymous", st[NR_ANON_PAGES], "heaps, stacks, private data");
    sum += add_cache(a, minus(st[NR_FILE_PAGES], st[NR_SHMEM]), st[NR_INACTIVE_FILE],
                     st[NR_ACTIVE_FILE],
                     figure_or(st[NR_DIRTY], 0) + figure_or(st[NR_WRITEBACK], 0), false);
    sum +=
        account_add_part(a, 1, "shared memory, tmpfs", st[NR_SHMEM], "freed by swap or deletion");
    sum += account_add_part(
        a, 1, "swap cache",
        unmapped_swap_cache(st[NR_SWAPCACHED], figure_add(st[NR_ACTIVE_ANON], st[NR_INACTIVE_ANON]),
                            st[NR_ANON_PAGES], st[NR_SHMEM]),
        "on its way out, or just back");
    sum += add_group_kernel(a, g, st);
    sum += account_add_part(a, 1, "network buffers", st[MEMCG_SOCK], "");
    account_add_remainder(a, 1, "not accounted for", (s64)g->current - (s64)sum,
                          "charged in advance by CPUs");
}

u64 accounting_unaccounted(const struct accounting *a)
{
    const struct account_line *last = a->lines.count ? &vec_last(&a->lines) : NULL;

    if (!last)
        return UNKNOWN;
    return last->is_remainder && last->depth == 1 && last->bytes > 0 ? (u64)last->bytes : 0;
}

void accounting_check(const struct accounting *a)
{
    vec_for_each (&a->lines, parent) {
        s64 sum = 0;
        bool any = false;

        for (const struct account_line *l = parent + 1;
             l < a->lines.items + a->lines.count && l->depth > parent->depth; l++) {
            if (l->depth == parent->depth + 1) {
                sum += l->bytes;
                any = true;
            }
        }
        assert(!any || sum == parent->bytes);
    }
}
