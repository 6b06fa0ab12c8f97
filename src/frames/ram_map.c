/* ram_map.c - see ram_map.h.
 *
 * Frame 0 is never RAM. What else of the first MiB is RAM stays reserved, as the kernel has done
 * since 5.13. The kernel image lies where a boot loader puts it, at 16 MiB; a machine too small
 * for that (unit tests) has it at 1 MiB. Its length here stands for everything that is reserved
 * for good: image, tables of pages and per-CPU data, hash tables.
 *
 * ZONE_MOVABLE: the memory that is not to be movable (RAM - movable_bytes) is counted from the
 * bottom; the zone starts where that is used up, rounded up to a block of the highest order, and
 * never below the highest zone there would be without it.
 */
#include "frames/ram_map.h"

#include "base/units.h"

#define PAGES(bytes)      ((u32)((bytes) >> PAGE_SHIFT))
#define PAGES_LONG(bytes) ((u64)(bytes) >> PAGE_SHIFT)

#define LOW_RAM_START  1u             /* frame 0 belongs to the firmware */
#define LOW_RAM_END    0x9fu          /* 636 KiB: above it, the extended BIOS data area */
#define MAIN_RAM_START PAGES(1 * MIB) /* above the VGA and ROM hole */
#define DMA_END        PAGES(16 * MIB)
#define DMA32_END      PAGES(4 * GIB)
#define KERNEL_START   PAGES(16 * MIB)
#define SPLIT_RAM      PAGES(2816 * MIB) /* q35: with so much, only SPLIT_LOW stays below 4 GiB */
#define SPLIT_LOW      PAGES(2 * GIB)
#define FIRMWARE_PAGES 32u /* tables at the end of low RAM */
#define SECTION_PAGES  PAGES(128 * MIB)
#define MEMMAP_RATIO   64u /* 4096 / sizeof(struct page) */

#define RAM_MIN (4 * MIB)
#define RAM_MAX (15 * TIB) /* frame numbers have 32 bits; the hole takes some */

/* Beside what the kernel itself says that it keeps (stats/kernel_constants.def). */
#define ROOM_PAGES            1282u                   /* at least, for all but the kernel */
#define PROFILE_RAM_MIN_PAGES (63u * MIB / PAGE_SIZE) /* 64 MiB less what the firmware takes */
#define SWIOTLB_PAGES         PAGES(64 * MIB) /* bounce buffers, when RAM reaches past 4 GiB */
#define HASH_ENTRY_BYTES      8u
#define DENTRY_HASH_SHIFT \
    1u /* one bucket per 2 pages of RAM, rounded up to 2^n; inodes: per 4 pages */
#define INODE_HASH_SHIFT 2u
#define HASH_ADAPT_BASE  PAGES(64 * GIB) /* past it, buckets grow with half the power of RAM */

static void run_add(struct pfn_run *runs, unsigned *nr, u32 start, u32 end)
{
    if (start >= end)
        return;
    runs[*nr] = (struct pfn_run){start, end};
    ++*nr;
}

static u32 run_overlap(struct pfn_run a, struct pfn_run b)
{
    u32 start = MAX(a.start, b.start);
    u32 end = MIN(a.end, b.end);

    return start < end ? end - start : 0;
}

static struct pfn_run run_intersect(struct pfn_run a, struct pfn_run b)
{
    u32 start = MAX(a.start, b.start);
    u32 end = MAX(start, MIN(a.end, b.end));

    return (struct pfn_run){start, end};
}

/* Sections of the run that hold RAM. */
static u32 count_sections(const struct ram_map *m, struct pfn_run run)
{
    u32 sections = 0;
    u32 counted_to = 0;

    for (unsigned i = 0; i < m->nr_ram; i++) {
        struct pfn_run ram = run_intersect(m->ram[i], run);
        u32 first = MAX(ram.start / SECTION_PAGES, counted_to);
        u32 end = DIV_ROUND_UP(ram.end, SECTION_PAGES);

        if (ram.start == ram.end)
            continue;
        if (end > first)
            sections += end - first;
        counted_to = MAX(counted_to, end);
    }
    return sections;
}

static u32 hash_pages(u32 ram_pages, unsigned shift)
{
    u64 entries = ROUND_UP(ram_pages - ram_pages / MEMMAP_RATIO, PAGES(MIB));

    for (u64 adapt = HASH_ADAPT_BASE; adapt < entries; adapt <<= 2)
        shift++;
    return PAGES(HASH_ENTRY_BYTES << log2_ceil(entries >> shift));
}

/* The large hash tables: of one node by the early allocator; of several they are interleaved, by
 * the page allocator. */
static u32 ram_map_hash_pages(const struct ram_map *m)
{
    u32 ram = 0;

    for (unsigned i = 0; i < m->nr_ram; i++)
        ram += m->ram[i].end - m->ram[i].start;
    return hash_pages(ram, DENTRY_HASH_SHIFT) + hash_pages(ram, INODE_HASH_SHIFT);
}

/* What the early allocator takes from the top of a node: the memmap; and the tables of a kernel. */
static u32 top_pages(const struct ram_map *m, const struct topology *t, unsigned nid,
                     const struct kernel_release *k)
{
    u32 sections = count_sections(m, m->node[nid]);
    u32 pages = sections * (SECTION_PAGES / MEMMAP_RATIO);

    if (!k)
        return pages;
    return pages + (t->nr_nodes == 1 ? ram_map_hash_pages(m) : 0) + k->node_pages +
           k->percpu_pages * (u32)__builtin_popcountll(t->cpus[nid]) +
           sections * k->section_extra_x3 / 3;
}

/* The frames of each node: from its first RAM to the end of its last. */
static void ram_map_nodes(struct ram_map *m, const struct topology *t, u32 low_end)
{
    u64 before = 0; /* pages of the nodes before, holes not counted */

    for (unsigned nid = 0; nid < t->nr_nodes; nid++) {
        u64 end = before + PAGES_LONG(t->ram_bytes[nid]);
        struct pfn_run run = {UINT32_MAX, 0};
        struct pfn_run span = {
            (u32)(before < low_end ? before : before - low_end + DMA32_END),
            (u32)(end <= low_end ? end : end - low_end + DMA32_END),
        };

        for (unsigned i = 0; i < m->nr_ram; i++) {
            struct pfn_run part = run_intersect(m->ram[i], span);

            if (part.start == part.end)
                continue;
            run.start = MIN(run.start, part.start);
            run.end = part.end;
        }
        m->node[nid] = run.end ? run : (struct pfn_run){0, 0};
        before = end;
    }
}

static void ram_map_zones(struct ram_map *m, u64 movable_bytes)
{
    const u32 limit[ZONE_MOVABLE] = {DMA_END, DMA32_END, UINT32_MAX};
    u32 start = LOW_RAM_START;
    u32 total = 0, core;
    u32 movable_start = m->end_pfn;
    unsigned highest = ZONE_DMA;

    for (unsigned z = ZONE_DMA; z < ZONE_MOVABLE; z++) {
        u32 end = MAX(start, MIN(limit[z], m->end_pfn));

        m->zone[z] = (struct pfn_run){start, end};
        if (end > start)
            highest = z;
        start = end;
    }
    m->zone[ZONE_MOVABLE] = (struct pfn_run){m->end_pfn, m->end_pfn};
    if (!movable_bytes)
        return;

    for (unsigned i = 0; i < m->nr_ram; i++)
        total += m->ram[i].end - m->ram[i].start;
    core = total - MIN(total, PAGES(ROUND_UP(movable_bytes, (u64)MAX_ORDER_PAGES * PAGE_SIZE)));
    for (unsigned i = 0; i < m->nr_ram; i++) {
        u32 pages = m->ram[i].end - m->ram[i].start;

        if (core < pages) {
            movable_start = m->ram[i].start + core;
            break;
        }
        core -= pages;
    }
    movable_start = ROUND_UP(MAX(movable_start, m->zone[highest].start), MAX_ORDER_PAGES);
    if (movable_start >= m->end_pfn)
        return;
    m->zone[ZONE_MOVABLE].start = movable_start;
    m->zone[highest].end = movable_start;
}

/* Keep them in ascending order. */
static void reserve(struct ram_map *m, u32 start, u32 end)
{
    unsigned at = m->nr_reserved;

    run_add(m->reserved, &m->nr_reserved, start, end);
    for (; at && at < m->nr_reserved && m->reserved[at - 1].start > start; at--) {
        m->reserved[at] = m->reserved[at - 1];
        m->reserved[at - 1] = (struct pfn_run){start, end};
    }
}

static int too_small(struct ram_map *m, unsigned nid, u64 want_pages, struct err *e)
{
    unsigned long long mib = want_pages * PAGE_SIZE / MIB + 1, unit = NODE_RAM_UNIT / MIB;

    m->short_nid = nid;
    if (m->nr_nodes == 1)
        return err_set(e, -EINVAL,
                       "the machine is too small for its kernel: want %llu MiB of RAM or more",
                       mib);
    return err_set(e, -EINVAL,
                   "node %u is too small for what the kernel keeps there: want %llu MiB or more",
                   nid, (mib + unit - 1) / unit * unit);
}

/* The tops of the nodes; bounce buffers lie at the top of low RAM, below what its node has
 * there. */
static int reserve_tops(struct ram_map *m, const struct topology *t, const struct kernel_release *k,
                        u32 swiotlb, u32 kernel_end, struct err *e)
{
    const u32 low_end = m->ram[1].end;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++) {
        struct pfn_run node = m->node[nid];
        struct pfn_run last = {0, 0};
        u32 top, need;
        u64 want;

        if (node.start == node.end)
            continue;
        for (unsigned i = 0; i < m->nr_ram; i++) {
            struct pfn_run part = run_intersect(m->ram[i], node);

            if (part.start < part.end)
                last = part;
        }
        top = top_pages(m, t, nid, k);
        need = top + (node.end == low_end ? swiotlb : 0);
        want = (u64)kernel_end + need + ROOM_PAGES;
        if (k) /* below it the formulas of the watermarks no longer hold */
            want = MAX(want, (u64)PROFILE_RAM_MIN_PAGES);
        if (last.start < kernel_end && want > last.end)
            return too_small(m, nid, want, e);
        if (need >= last.end - last.start)
            return too_small(m, nid, need, e);
        reserve(m, last.end - need, last.end);
        if (swiotlb && node.start < low_end && node.end > low_end)
            reserve(m, low_end - swiotlb, low_end);
    }
    return 0;
}

static int ram_map_reserve(struct ram_map *m, const struct topology *t,
                           const struct kernel_release *k, u64 reserved_bytes, struct err *e)
{
    const bool split = m->nr_ram == RAM_RUNS_MAX;
    u64 kernel = k ? k->image_pages : DIV_ROUND_UP(reserved_bytes, PAGE_SIZE);
    u32 swiotlb = k && split ? SWIOTLB_PAGES : 0;
    struct pfn_run low = m->ram[1];
    u32 kernel_at = low.end > KERNEL_START ? KERNEL_START : MAIN_RAM_START;

    if (kernel_at + kernel + swiotlb + ROOM_PAGES > low.end)
        return too_small(m, 0, kernel_at + kernel + swiotlb + ROOM_PAGES, e);
    reserve(m, LOW_RAM_START, LOW_RAM_END);
    reserve(m, kernel_at, kernel_at + (u32)kernel);
    if (k)
        m->late = (struct pfn_run){kernel_at, kernel_at + k->late_pages};
    return reserve_tops(m, t, k, swiotlb, kernel_at + (u32)kernel, e);
}

int ram_map_init(struct ram_map *m, const struct topology *t, const struct kernel_release *kernel,
                 u64 reserved_bytes, u64 movable_bytes, struct err *e)
{
    u64 ram_bytes = topology_ram_bytes(t);
    char size[UNITS_TEXT_MAX];
    u32 pages, low_end;
    int r;

    *m = (struct ram_map){.nr_nodes = t->nr_nodes, .short_nid = t->nr_nodes};
    if (ram_bytes < RAM_MIN || ram_bytes > RAM_MAX)
        return err_set(e, -EINVAL, "a machine of %s of RAM: want 4M to 15T",
                       format_size(size, ram_bytes));
    if (movable_bytes && t->nr_nodes > 1)
        return err_set(e, -EINVAL, "ZONE_MOVABLE is for machines of one node");
    pages = PAGES(ram_bytes);
    low_end = pages >= SPLIT_RAM ? SPLIT_LOW : pages;
    run_add(m->ram, &m->nr_ram, LOW_RAM_START, LOW_RAM_END);
    run_add(m->ram, &m->nr_ram, MAIN_RAM_START, low_end - FIRMWARE_PAGES);
    run_add(m->ram, &m->nr_ram, DMA32_END, DMA32_END + (pages - low_end));
    m->end_pfn = m->ram[m->nr_ram - 1].end;
    ram_map_nodes(m, t, low_end);
    if (kernel && t->nr_nodes > 1)
        m->late_hash_pages = ram_map_hash_pages(m);
    r = ram_map_reserve(m, t, kernel, reserved_bytes, e);
    if (r)
        return r;
    ram_map_zones(m, movable_bytes);
    return 0;
}

struct pfn_run ram_map_zone(const struct ram_map *m, unsigned nid, enum zone_type type)
{
    return run_intersect(m->zone[type], m->node[nid]);
}

u32 ram_map_count_present(const struct ram_map *m, struct pfn_run run)
{
    u32 n = 0;

    for (unsigned i = 0; i < m->nr_ram; i++)
        n += run_overlap(m->ram[i], run);
    return n;
}

u32 ram_map_count_managed(const struct ram_map *m, struct pfn_run run)
{
    u32 n = ram_map_count_present(m, run);

    for (unsigned i = 0; i < m->nr_reserved; i++)
        n -= run_overlap(m->reserved[i], run);
    return n;
}

bool ram_map_is_managed(const struct ram_map *m, pfn_t pfn)
{
    return ram_map_count_managed(m, (struct pfn_run){pfn, pfn + 1}) == 1;
}
