/* economy.c - /proc/meminfo as parts that add up.
 *
 * Counters of a running machine are not read at one instant, and old kernels count some pages
 * twice. So each part takes at most what those before it have left, in order of trust: free, pinned
 * and other anonymous memory, shmem, slab, page tables, huge, compressed, then file memory; kernel
 * is the rest.
 */
#include "top/economy.h"

#include "observe/pinned.h"

const struct use_info use_info[NR_USES] = {
    [USE_KERNEL] = {"kernel, rest", 'K', USE_COST_FIXED,
                    "what is left when all else is known: stacks, per-CPU data, vmalloc, drivers"},
    [USE_PAGE_TABLES] = {"page tables", 'P', USE_COST_FIXED, "page tables of processes"},
    [USE_SLAB] = {"slab", 'S', USE_COST_FIXED,
                  "the kernel's objects; dentries and inodes among them can be had back"},
    [USE_COMPRESSED] = {"compressed", 'Z', USE_COST_FIXED, "what zswap and zram hold"},
    [USE_PINNED] = {"pinned", 'X', USE_COST_PINNED,
                    "private data that devices or io_uring work on: nothing can free it"},
    [USE_HUGE] = {"huge pages", 'H', USE_COST_POOL, "huge pages reserved (hugetlb), used or not"},
    [USE_ANON] = {"anonymous", 'A', USE_COST_SWAP,
                  "heaps, stacks, private data; only swap can free it"},
    [USE_SHMEM] = {"shmem, tmpfs", 'T', USE_COST_SWAP,
                   "tmpfs and shared memory; only swap or deleting can free it"},
    [USE_DIRTY] = {"file, dirty", 'D', USE_COST_WRITE,
                   "file pages to be written before they can be freed"},
    [USE_MAPPED] = {"file, mapped", 'M', USE_COST_READ,
                    "file pages that programs map, at most: mapped shared memory counts along"},
    [USE_CACHE] = {"file cache", 'f', USE_COST_READ,
                   "all other file pages: disposable, and read again if needed"},
    [USE_FREE] = {"free", '.', USE_COST_NONE, "used for nothing"},
};

/* Of the amount what is left; unknown stays so and takes nothing. */
static u64 take(u64 *left, u64 amount)
{
    if (known(amount)) {
        amount = MIN(amount, *left);
        *left -= amount;
    }
    return amount;
}

static u64 compressed_bytes(const struct snapshot *s)
{
    u64 sum = s->meminfo[MI_ZSWAP];

    vec_for_each (&s->zrams, zram) {
        if (known(zram->used_total))
            sum = figure_or(sum, 0) + zram->used_total;
    }
    return sum;
}

static void take_anon(struct economy *e, u64 *left, u64 anon, u64 pinned)
{
    anon = take(left, anon);
    e->bytes[USE_PINNED] = known(anon) ? take(&anon, figure_or(pinned, 0)) : UNKNOWN;
    e->bytes[USE_ANON] = anon;
}

struct file_parts {
    u64 shmem, dirty, writeback, mapped;
};

/* All of the page cache, of which shmem is another use, as dirty, mapped and the rest. */
static void take_file(struct economy *e, u64 *left, u64 file, struct file_parts parts)
{
    if (!known(file)) {
        e->bytes[USE_DIRTY] = e->bytes[USE_MAPPED] = e->bytes[USE_CACHE] = UNKNOWN;
        return;
    }
    file -= MIN(file, figure_or(parts.shmem, 0));
    file = MIN(file, *left);
    *left -= file;
    e->bytes[USE_DIRTY] = take(&file, figure_add(parts.dirty, figure_or(parts.writeback, 0)));
    e->bytes[USE_MAPPED] = take(&file, parts.mapped);
    e->bytes[USE_CACHE] = file;
}

void economy_compute(struct economy *e, const struct snapshot *s)
{
    const u64 *m = s->meminfo;
    u64 left = m[MI_MEM_TOTAL], file = figure_add(m[MI_CACHED], m[MI_BUFFERS]);

    *e = (struct economy){
        .is_known = known(m[MI_MEM_TOTAL]) && known(m[MI_MEM_FREE]) && m[MI_MEM_TOTAL] > 0,
        .total = m[MI_MEM_TOTAL],
        .available = m[MI_MEM_AVAILABLE],
        .swap_total = m[MI_SWAP_TOTAL],
        .swap_used = UNKNOWN,
    };
    if (known(m[MI_SWAP_TOTAL]) && known(m[MI_SWAP_FREE]))
        e->swap_used = m[MI_SWAP_TOTAL] - MIN(m[MI_SWAP_FREE], m[MI_SWAP_TOTAL]);
    if (!e->is_known)
        return;
    e->bytes[USE_FREE] = take(&left, m[MI_MEM_FREE]);
    take_anon(e, &left, m[MI_ANON_PAGES], snapshot_pinned_on_lists(s));
    e->bytes[USE_SHMEM] = take(&left, m[MI_SHMEM]);
    e->bytes[USE_SLAB] = take(&left, m[MI_SLAB]);
    e->bytes[USE_PAGE_TABLES] = take(
        &left, known(m[MI_PAGE_TABLES]) ? m[MI_PAGE_TABLES] + figure_or(m[MI_SEC_PAGE_TABLES], 0)
                                        : UNKNOWN);
    e->bytes[USE_HUGE] = take(&left, snapshot_pools(s, NULL));
    e->bytes[USE_COMPRESSED] = take(&left, compressed_bytes(s));
    take_file(e, &left, file,
              (struct file_parts){m[MI_SHMEM], m[MI_DIRTY], m[MI_WRITEBACK], m[MI_MAPPED]});
    e->bytes[USE_KERNEL] = left;
}

void economy_compute_group(struct economy *e, const struct snapshot *s, const struct cgroup_view *g)
{
    const u64 *stat = g->stat;
    u64 left = g->current;
    bool has_limit = known(g->max) && g->max != NO_LIMIT;

    *e = (struct economy){
        .is_known = known(g->current) && g->current > 0,
        .total = has_limit && g->max > g->current ? g->max : g->current,
        .available = UNKNOWN,
        .swap_total = g->swap_max == 0 ? 0 : UNKNOWN,
        .swap_used = g->swap_current,
    };
    if (!e->is_known)
        return;
    e->bytes[USE_FREE] = e->total - g->current;
    take_anon(e, &left, stat[NR_ANON_PAGES], group_pinned(s, g));
    e->bytes[USE_SHMEM] = take(&left, stat[NR_SHMEM]);
    e->bytes[USE_SLAB] =
        take(&left, figure_add(stat[NR_SLAB_RECLAIMABLE], stat[NR_SLAB_UNRECLAIMABLE]));
    e->bytes[USE_PAGE_TABLES] = take(&left, stat[NR_PAGE_TABLE_PAGES]);
    e->bytes[USE_HUGE] = 0; /* hugetlb is not charged to memory.current */
    e->bytes[USE_COMPRESSED] = take(&left, g->zswap_current);
    take_file(
        e, &left, stat[NR_FILE_PAGES],
        (struct file_parts){stat[NR_SHMEM], stat[NR_DIRTY], stat[NR_WRITEBACK], stat[NR_MAPPED]});
    e->bytes[USE_KERNEL] = left;
}
