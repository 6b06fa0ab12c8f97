/* ram_map.c - see ram_map.h.
 *
 * Frame 0 is never RAM. What else of the first MiB is RAM stays reserved, as the kernel has done since 5.13. The kernel
 * image lies where a boot loader puts it, at 16 MiB; a machine too small for that (unit tests) has it at 1 MiB. Its
 * length here stands for everything that is reserved for good: image, tables of pages and per-CPU data, hash tables.
 *
 * ZONE_MOVABLE: the memory that is not to be movable (RAM - movable_bytes) is counted from the bottom; the zone starts where that is
 * used up, rounded up to a block of the highest order, and never below the highest zone there would be without it.
 */
#include "frames/ram_map.h"

#define PAGES(bytes) ((u32)((bytes) >> PAGE_SHIFT))

#define LOW_RAM_START  1u             /* frame 0 belongs to the firmware */
#define LOW_RAM_END    0x9fu          /* 636 KiB: above it, the extended BIOS data area */
#define MAIN_RAM_START PAGES(1 * MIB) /* above the VGA and ROM hole */
#define DMA_END        PAGES(16 * MIB)
#define DMA32_END      PAGES(4 * GIB)
#define KERNEL_START   PAGES(16 * MIB)
#define SPLIT_RAM      PAGES(2816 * MIB) /* q35: with so much, only SPLIT_LOW stays below 4 GiB */
#define SPLIT_LOW      PAGES(2 * GIB)
#define FIRMWARE_PAGES 36u /* tables at the end of low RAM */
#define SECTION_PAGES  PAGES(128 * MIB)
#define MEMMAP_RATIO   64u /* 4096 / sizeof(struct page) */

#define RAM_MIN (4 * MIB)
#define RAM_MAX (15 * TIB) /* frame numbers have 32 bits; the hole takes some */

/* Fixed part of what Debian's 6.1 keeps: code, data, bss, per-CPU areas and page tables; and the part that grows with RAM: hash tables,
 * tables of the direct map, memory-cgroup ids. Fitted to MemTotal of guests. */
#define KERNEL_FIXED_BYTES (32 * MIB)
#define KERNEL_RAM_SHARE   512u

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

/* Descriptors of whole sections, for all sections that hold RAM. */
static u32 memmap_pages(const struct ram_map *m)
{
    u32 sections = 0;
    u32 counted_to = 0;

    for (unsigned i = 0; i < m->nr_ram; i++) {
        u32 first = m->ram[i].start / SECTION_PAGES;
        u32 end = DIV_ROUND_UP(m->ram[i].end, SECTION_PAGES);

        first = MAX(first, counted_to);
        if (end > first)
            sections += end - first;
        counted_to = MAX(counted_to, end);
    }
    return sections * (SECTION_PAGES / MEMMAP_RATIO);
}

static u32 kernel_pages(u64 ram_bytes, u64 reserved_bytes)
{
    if (reserved_bytes == RESERVED_BYTES_DEFAULT)
        reserved_bytes = KERNEL_FIXED_BYTES + ram_bytes / KERNEL_RAM_SHARE;
    return PAGES(ROUND_UP(reserved_bytes, PAGE_SIZE));
}

static void ram_map_zones(struct ram_map *m, u64 movable_bytes)
{
    const u32 limit[ZONE_MOVABLE] = {DMA_END, DMA32_END, UINT32_MAX};
    u32 start = LOW_RAM_START;
    u32 total = 0, core, movable_start = m->end_pfn;
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

int ram_map_init(struct ram_map *m, u64 ram_bytes, u64 reserved_bytes, u64 movable_bytes,
                 struct err *e)
{
    u32 pages, low_end, kernel, kernel_at, memmap;
    struct pfn_run *top;

    *m = (struct ram_map){0};
    if (ram_bytes < RAM_MIN || ram_bytes > RAM_MAX)
        return err_set(e, -EINVAL, "a machine of %llu bytes of RAM: want 4M to 15T",
                       (unsigned long long)ram_bytes);
    pages = PAGES(ram_bytes);
    low_end = pages >= SPLIT_RAM ? SPLIT_LOW : pages;
    run_add(m->ram, &m->nr_ram, LOW_RAM_START, LOW_RAM_END);
    run_add(m->ram, &m->nr_ram, MAIN_RAM_START, low_end - FIRMWARE_PAGES);
    run_add(m->ram, &m->nr_ram, DMA32_END, DMA32_END + (pages - low_end));
    top = &m->ram[m->nr_ram - 1];
    m->end_pfn = top->end;

    kernel = kernel_pages(ram_bytes, reserved_bytes);
    kernel_at = low_end > KERNEL_START ? KERNEL_START : MAIN_RAM_START;
    memmap = memmap_pages(m);
    if ((u64)kernel_at + kernel + (m->nr_ram == 2 ? memmap : 0) + MAX_ORDER_PAGES / 2 >
        m->ram[1].end)
        return err_set(e, -EINVAL,
                       "%llu KiB of RAM do not hold the kernel (%llu KiB) and its memory map "
                       "(%llu KiB): want more RAM or a smaller reserve",
                       (unsigned long long)(ram_bytes / KIB), (unsigned long long)kernel * 4,
                       (unsigned long long)memmap * 4);
    run_add(m->reserved, &m->nr_reserved, LOW_RAM_START, LOW_RAM_END);
    run_add(m->reserved, &m->nr_reserved, kernel_at, kernel_at + kernel);
    run_add(m->reserved, &m->nr_reserved, top->end - memmap, top->end);
    ram_map_zones(m, movable_bytes);
    return 0;
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
