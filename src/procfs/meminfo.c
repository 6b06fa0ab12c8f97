/* meminfo.c - /proc/meminfo: meminfo.def says which lines and from what.
 *
 * MemAvailable follows si_mem_available(): free pages beyond the reserves, and of page cache and
 * reclaimable slab all but what keeps the machine alive (half of each, or the low watermarks where
 * that is less).
 */
#include "balance/overcommit.h"
#include "procfs/procfs.h"

#include <inttypes.h>
#include <string.h>

#define KIB_PER_PAGE 4u
#define VMALLOC_TOTAL_KIB \
    34359738367ull /* 32 TiB - 1 byte: x86-64 with four levels of page tables */

struct meminfo_view { /* in pages where nothing else is said */
    struct counters counters;
    u64 total, available, buffers, cached;
    u64 swap_total, swap_free;
    u64 zswap_pool, zswap_stored;
    u64 commit_limit, committed;
    u64 vmalloc_used, percpu;
    const struct hugetlb *pool;
    u64 direct_map_4k_kib, direct_map_2m_kib;
};

static u64 at_least_0(s64 x)
{
    return x < 0 ? 0 : (u64)x;
}

static u64 available_pages(const struct system *s, const struct counters *c)
{
    u64 low = 0;
    u64 cache = at_least_0(c->v[NR_ACTIVE_FILE] + c->v[NR_INACTIVE_FILE]);
    u64 slab = at_least_0(c->v[NR_SLAB_RECLAIMABLE]) / PAGE_SIZE +
               at_least_0(c->v[NR_KERNEL_MISC_RECLAIMABLE]);
    s64 available = c->v[NR_FREE_PAGES] - (s64)s->frames.totalreserve_pages;

    for (unsigned z = 0; z < s->frames.nr_zones; z++)
        low += s->frames.zones[z].watermark[WMARK_LOW];
    available += (s64)(cache - MIN(cache / 2, low));
    available += (s64)(slab - MIN(slab / 2, low));
    return at_least_0(available);
}

static u64 buffer_pages(const struct system *s)
{
    u64 pages = 0;

    for (u32 id = 1; id < s->backing.nr_inodes; id++) {
        const struct inode *inode = s->backing.inodes[id];

        if (inode && inode->kind == INODE_DEVICE)
            pages += inode->nr_pages;
    }
    return pages;
}

/* What every CPU has a copy of: data of the kernel itself, and counters of each cgroup but the
 * root. */
static u64 percpu_pages(const struct system *s)
{
    const struct kernel_release *release = s->kernel.release;
    u64 groups = s->groups.nr_groups ? s->groups.nr_groups - 1 : 0;

    return s->config.nr_cpus * release->meminfo_percpu_pages +
           DIV_ROUND_UP(groups * s->config.nr_cpus * release->percpu_group_bytes, PAGE_SIZE);
}

static void view_init(struct meminfo_view *m, const struct system *s)
{
    u64 ram_kib = 0;

    memset(m, 0, sizeof(*m));
    procfs_counters(s, &m->counters);
    m->total = s->frames.managed_pages;
    m->available = available_pages(s, &m->counters);
    m->buffers = buffer_pages(s);
    m->cached =
        at_least_0(m->counters.v[NR_FILE_PAGES] - m->counters.v[NR_SWAPCACHED] - (s64)m->buffers);
    m->swap_total = s->swap.total_pages;
    m->swap_free = s->swap.free_pages;
    if (kernel_has(&s->kernel, KERNEL_ZSWAP)) {
        m->zswap_pool = zswap_pool_pages(&s->zswap);
        m->zswap_stored = s->zswap.stats.stored_pages;
    }
    m->commit_limit = overcommit_limit(&s->mem);
    m->committed = overcommit_committed(&s->mem);
    /* Stacks are what the machine has in vmalloc space. */
    m->vmalloc_used = at_least_0(m->counters.v[NR_KERNEL_STACK]) / KIB_PER_PAGE;
    m->percpu = percpu_pages(s);
    m->pool = &s->hugetlb;
    /* The kernel maps RAM by 2 MiB entries, but for the first and whatever does not fill one. */
    for (unsigned z = 0; z < s->frames.nr_zones; z++)
        ram_kib += (u64)s->frames.zones[z].present * KIB_PER_PAGE;
    m->direct_map_4k_kib = MIN(ram_kib, ram_kib % 2048 + 2048);
    m->direct_map_2m_kib = ram_kib - m->direct_map_4k_kib;
}

/* A counter in KiB, whatever unit it is kept in. What is kept in bytes (slab) is shown in whole
 * pages. */
static u64 counter_kib(const struct meminfo_view *m, enum counter id)
{
    u64 bytes = at_least_0(counter_memory_stat(id, m->counters.v[id]));

    return counter_info[id].stored == UNIT_BYTES ? bytes / PAGE_SIZE * KIB_PER_PAGE : bytes / 1024;
}

/* The key and its colon take 16 columns, except for a longer key, and the number 8. */
static void render_line(struct strbuf *out, const char *key, u64 value, const char *tail)
{
    strbuf_append_padded(out, key, 16);
    strbuf_append_s64(out, (s64)value, 8);
    strbuf_append(out, tail);
}

void render_meminfo(const struct system *s, struct strbuf *out)
{
    struct meminfo_view view;
    const struct meminfo_view *m = &view;

    view_init(&view, s);
#define PAGES(pages)                   ((u64)(pages)*KIB_PER_PAGE)
#define C(id)                          counter_kib(m, id)
#define MEMINFO_TAIL_KIB               " kB\n"
#define MEMINFO_TAIL_COUNT             "\n"
#define MEMINFO(key, unit, value, doc) render_line(out, key ":", (u64)(value), MEMINFO_TAIL_##unit);
#define MEMINFO_WITH(feature, key, unit, value, doc) \
    if (kernel_has(&s->kernel, KERNEL_##feature))    \
        render_line(out, key ":", (u64)(value), MEMINFO_TAIL_##unit);
#include "procfs/meminfo.def"
#undef MEMINFO
#undef MEMINFO_WITH
}
