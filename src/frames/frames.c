/* frames.c - building a machine's RAM: descriptors, zones, and the free blocks there are at the
 * start.
 *
 * RAM that is not reserved is cut into the largest aligned blocks there are, from low to high, and
 * listed in that order, so that the first allocation gets the lowest block. All pageblocks start
 * movable. Blocks of the highest order are only noted as runs (zone.h): a fresh machine of 1 TiB
 * has touched no more descriptors than one of 1 GiB.
 */
#include "frames/frames_int.h"

#include "base/alloc.h"

#include <string.h>

#define THP_MIN_PAGES          (512 * MIB / PAGE_SIZE)
#define WATERMARK_SCALE_FACTOR 10

static const char *const zone_names[NR_ZONES] = {"DMA", "DMA32", "Normal", "Movable"};

/* Note a block of the highest order as untouched. They come in ascending order. */
static void zone_add_untouched(struct zone *z, pfn_t pfn)
{
    struct pfn_run *last = z->nr_untouched ? &z->untouched[z->nr_untouched - 1] : NULL;

    if (last && last->end == pfn) {
        last->end += MAX_ORDER_PAGES;
    } else {
        assert(z->nr_untouched < UNTOUCHED_RUNS);
        z->untouched[z->nr_untouched++] = (struct pfn_run){pfn, pfn + MAX_ORDER_PAGES};
    }
    z->free_area[ORDER_MAX - 1][MT_MOVABLE].count++;
    z->nr_free[ORDER_MAX - 1]++;
}

static void zone_add_free_run(struct frames *fr, struct zone *z, u32 start, u32 end)
{
    if (start < end)
        zone_account_free(fr, z, (s64)end - start);
    while (start < end) {
        unsigned order = MIN((unsigned)__builtin_ctz(start), ORDER_MAX - 1);

        while (start + (1u << order) > end)
            order--;
        if (order == ORDER_MAX - 1)
            zone_add_untouched(z, start);
        else
            buddy_list_add(fr, z, start, order, MT_MOVABLE, true);
        start += 1u << order;
    }
}

/* RAM of the zone less what is reserved, as ascending runs. */
static void zone_add_free_ram(struct frames *fr, struct zone *z)
{
    const struct ram_map *m = &fr->map;

    for (unsigned i = 0; i < m->nr_ram; i++) {
        u32 at = MAX(m->ram[i].start, z->start_pfn);
        u32 end = MIN(m->ram[i].end, zone_end_pfn(z));

        for (unsigned r = 0; r < m->nr_reserved && at < end; r++) {
            const struct pfn_run *hole = &m->reserved[r];

            if (hole->end <= at || hole->start >= end)
                continue;
            zone_add_free_run(fr, z, at, hole->start);
            at = hole->end;
        }
        zone_add_free_run(fr, z, at, end);
    }
}

static void zone_init(struct frames *fr, struct pgdat *pgdat, enum zone_type type)
{
    struct zone *z = &pgdat->zones[type];
    struct pfn_run span = ram_map_zone(&fr->map, pgdat->nid, type);

    z->name = zone_names[type];
    z->nid = pgdat->nid;
    z->type = type;
    z->start_pfn = span.start;
    z->spanned = span.end - span.start;
    z->present = ram_map_count_present(&fr->map, span);
    z->managed = ram_map_count_managed(&fr->map, span);
    z->pcp = xcalloc(fr->nr_cpus, sizeof(*z->pcp));
    fr->managed_pages += z->managed;
    zone_add_free_ram(fr, z);
}

/* The node to fall back on next after those of `used`, from nid (find_next_best_node): the nearest;
 * then the next by number, one without CPUs, one that fewer others lean on. */
static unsigned choose_fallback(const struct frames *fr, unsigned nid, u64 used, const u32 *load)
{
    const struct topology *t = &fr->topology;
    unsigned best = MAX_NUMNODES;
    u64 least = UINT64_MAX;

    for (unsigned n = 0; n < fr->nr_nodes; n++) {
        u64 value;

        if (used >> n & 1 || !t->ram_bytes[n])
            continue;
        value = (u64)t->distance[nid][n] + (n < nid) + topology_has_cpus(t, n);
        value = value * MAX_NUMNODES * 2 + load[n];
        if (value < least) {
            least = value;
            best = n;
        }
    }
    return best;
}

/* pgdat->fallback. Of a group of nodes at one distance the first gets a load, so that others begin
 * with another one (build_zonelists). Returns how many there are. */
static unsigned pgdat_order_nodes(struct frames *fr, struct pgdat *pgdat, u32 *load)
{
    const u8 *distance = fr->topology.distance[pgdat->nid];
    u64 used = BIT_ULL(pgdat->nid);
    unsigned nr = 0, before = pgdat->nid, nid = pgdat->nid;

    for (; nid != MAX_NUMNODES; nid = choose_fallback(fr, pgdat->nid, used, load)) {
        if (distance[nid] != distance[before])
            load[nid]++;
        pgdat->fallback[nr++] = (u8)nid;
        used |= BIT_ULL(nid);
        before = nid;
    }
    return nr;
}

static void pgdat_build_zonelists(struct frames *fr, struct pgdat *pgdat, u32 *load)
{
    unsigned nr = pgdat_order_nodes(fr, pgdat, load);

    for (unsigned highest = 0; highest < NR_ZONES; highest++) {
        struct zone **next = xcalloc(fr->nr_zones + 1, sizeof(struct zone *));

        pgdat->zonelist[highest] = next;
        for (unsigned i = 0; i < nr; i++) {
            struct zone *zones = fr->nodes[pgdat->fallback[i]].zones;

            for (unsigned type = highest + 1; type-- > 0;) {
                if (zones[type].managed)
                    *next++ = &zones[type];
            }
        }
    }
    /* Nodes without memory, so that the list has them all. */
    for (unsigned nid = 0; nid < fr->nr_nodes; nid++)
        if (!fr->topology.ram_bytes[nid] && nid != pgdat->nid)
            pgdat->fallback[nr++] = (u8)nid;
}

static void frames_init_nodes(struct frames *fr)
{
    u32 load[MAX_NUMNODES] = {0};

    fr->nr_nodes = fr->topology.nr_nodes;
    fr->nr_zones = fr->nr_nodes * NR_ZONES;
    fr->nodes = xcalloc(fr->nr_nodes, sizeof(*fr->nodes));
    fr->zones = xcalloc(fr->nr_zones, sizeof(*fr->zones));
    fr->section_nid = xcalloc((fr->end_pfn >> SECTION_ORDER) + 1, sizeof(*fr->section_nid));
    memcpy(fr->cpu_nid, fr->topology.cpu_nid, sizeof(fr->cpu_nid));
    for (unsigned nid = 0; nid < fr->nr_nodes; nid++) {
        struct pgdat *pgdat = &fr->nodes[nid];
        struct pfn_run span = fr->map.node[nid];

        pgdat->nid = nid;
        pgdat->zones = &fr->zones[(size_t)nid * NR_ZONES];
        for (u32 at = span.start >> SECTION_ORDER;
             span.end && at <= (span.end - 1) >> SECTION_ORDER; at++)
            fr->section_nid[at] = (u8)nid;
        for (unsigned type = 0; type < NR_ZONES; type++)
            zone_init(fr, pgdat, (enum zone_type)type);
    }
    for (unsigned nid = 0; nid < fr->nr_nodes; nid++)
        pgdat_build_zonelists(fr, &fr->nodes[nid], load);
}

static void frames_done_nodes(struct frames *fr)
{
    for (unsigned i = 0; i < fr->nr_zones; i++)
        free(fr->zones[i].pcp);
    for (unsigned nid = 0; nid < fr->nr_nodes; nid++)
        for (unsigned highest = 0; highest < NR_ZONES; highest++)
            free(fr->nodes[nid].zonelist[highest]);
    free(fr->section_nid);
    free(fr->zones);
    free(fr->nodes);
}

/* What init code takes up while the kernel boots is not managed yet. A machine so small that the
 * zone of the image has less than that begins with the rest in the zones below. Returns what each
 * zone lacks in `held`. */
static void hold_late_pages(struct frames *fr, u32 held[])
{
    u32 left = fr->map.late.end - fr->map.late.start;
    unsigned at = left ? (unsigned)(frames_zone(fr, fr->map.late.start) - fr->zones) + 1 : 0;

    while (at--) {
        u32 n = (u32)MIN(left, fr->zones[at].managed);

        held[at] = n;
        left -= n;
        fr->zones[at].managed -= n;
        fr->managed_pages -= n;
    }
}

static void free_late_pages(struct frames *fr, const u32 held[])
{
    for (unsigned i = 0; i < fr->nr_zones; i++) {
        fr->zones[i].managed += held[i];
        fr->managed_pages += held[i];
    }
}

/* The kernel computes its watermarks while its init code still takes up memory, and not again when
 * that is freed. THP sets min_free_kbytes once more, and even when it is off computes it once more,
 * now without the pages below high; on machines under 512 MiB it does neither, and stays off until
 * somebody writes to `enabled`. What the administrator sets comes after the boot. */
static void frames_boot_watermarks(struct frames *fr, const struct frames_config *config)
{
    unsigned factor = fr->watermark_scale_factor;
    u32 *held = xcalloc(fr->nr_zones, sizeof(*held));

    hold_late_pages(fr, held);
    fr->small = fr->managed_pages < THP_MIN_PAGES;
    fr->watermark_scale_factor = WATERMARK_SCALE_FACTOR;
    fr->min_free_kbytes = min_free_kbytes_default(fr);
    frames_setup_watermarks(fr);
    if (!fr->small)
        frames_set_khugepaged(fr, config->khugepaged, 0);
    free_late_pages(fr, held);
    free(held);
    if (fr->small && config->khugepaged && !config->khugepaged_by_default)
        frames_set_khugepaged(fr, true, 0);
    if (!config->min_free_kbytes && factor == WATERMARK_SCALE_FACTOR)
        return;
    if (config->min_free_kbytes)
        fr->min_free_kbytes = config->min_free_kbytes;
    fr->watermark_scale_factor = factor;
    frames_setup_watermarks(fr);
}

/* Machines of several nodes take their hash tables page by page, from all nodes in turn
 * (hashdist). */
static void frames_boot_hash_tables(struct frames *fr)
{
    for (u32 i = 0; i < fr->map.late_hash_pages; i++) {
        pfn_t pfn =
            frames_try_alloc(fr, nodes_near(i % fr->nr_nodes), 0, MT_UNMOVABLE, ALLOC_WMARK_LOW, 0);

        if (pfn != PFN_NONE)
            frame_set_kind(frames_get(fr, pfn), FRAME_KERNEL);
    }
}

int frames_init(struct frames *fr, const struct frames_config *config, struct counters *counters,
                struct err *e)
{
    int r;

    *fr = (struct frames){0};
    if (config->topology)
        fr->topology = *config->topology;
    else
        topology_single(&fr->topology, config->ram_bytes, config->nr_cpus);
    fr->nr_cpus = fr->topology.nr_cpus;
    if (fr->nr_cpus < 1 || fr->nr_cpus > CPUS_MAX)
        return err_set(e, -EINVAL, "%u CPUs: want 1 to %u", fr->nr_cpus, CPUS_MAX);
    r = ram_map_init(&fr->map, &fr->topology, config->kernel, config->reserved_bytes,
                     config->movable_bytes, e);
    if (r)
        return r;
    fr->counters = counters;
    fr->ram_bytes = topology_ram_bytes(&fr->topology);
    fr->end_pfn = fr->map.end_pfn;
    fr->watermark_scale_factor =
        config->watermark_scale_factor ? config->watermark_scale_factor : WATERMARK_SCALE_FACTOR;
    fr->watermark_boost_factor = 15000;
    memcpy(fr->lowmem_reserve_ratio, (u64[NR_ZONES]){256, 256, 32, 0},
           sizeof(fr->lowmem_reserve_ratio));
    /* To the end of the last block, so that looking for a buddy needs no bounds check. */
    fr->frame = region_reserve(ROUND_UP((size_t)fr->end_pfn, MAX_ORDER_PAGES) * sizeof(*fr->frame));
    fr->pageblock_mt = xmalloc(DIV_ROUND_UP(fr->end_pfn, PAGEBLOCK_PAGES) + 1);
    memset(fr->pageblock_mt, MT_MOVABLE, DIV_ROUND_UP(fr->end_pfn, PAGEBLOCK_PAGES) + 1);
    fr->pageblock_skip = xcalloc(DIV_ROUND_UP(fr->end_pfn, PAGEBLOCK_PAGES) + 1, 1);
    if (config->bytes)
        fr->bytes = region_reserve((size_t)fr->end_pfn * PAGE_SIZE);

    frames_init_nodes(fr);
    count(fr->counters, PGFREE, (s64)fr->managed_pages); /* so the kernel gets its RAM at boot */
    frames_boot_watermarks(fr, config);
    frames_boot_hash_tables(fr);
    return 0;
}

void frames_done(struct frames *fr)
{
    size_t frames = ROUND_UP((size_t)fr->end_pfn, MAX_ORDER_PAGES);

    frames_done_nodes(fr);
    free(fr->pageblock_mt);
    free(fr->pageblock_skip);
    region_release(fr->bytes, (size_t)fr->end_pfn * PAGE_SIZE);
    region_release(fr->frame, frames * sizeof(*fr->frame));
    *fr = (struct frames){0};
}

struct zone *frames_zone(const struct frames *fr, pfn_t pfn)
{
    for (unsigned i = 0; i < fr->nr_zones; i++) {
        const struct zone *z = &fr->zones[i];

        if (zone_spans(z, pfn))
            return (struct zone *)(uintptr_t)z;
    }
    hw_unreachable();
}

u64 frames_count_free(const struct frames *fr)
{
    u64 n = 0;

    for (unsigned i = 0; i < fr->nr_zones; i++)
        n += fr->zones[i].free_pages;
    return n;
}

s64 node_counter(const struct frames *fr, unsigned nid, enum counter id)
{
    s64 sum = 0;

    if (counter_info[id].scopes & SCOPE_ZONE) {
        for (unsigned type = 0; type < NR_ZONES; type++)
            sum += fr->nodes[nid].zones[type].counters.v[id];
        return sum;
    }
    assert(id >= NODE_COUNTER_FIRST && id <= NODE_COUNTER_LAST);
    if (id >= NR_INACTIVE_ANON && id <= NR_UNEVICTABLE) /* each zone has as many on its own count */
        return node_counter(fr, nid, NR_ZONE_INACTIVE_ANON + (id - NR_INACTIVE_ANON));
    return fr->nr_nodes == 1 ? fr->counters->v[id]
                             : fr->nodes[nid].counters.v[id - NODE_COUNTER_FIRST];
}

u64 frames_count_pcp(const struct frames *fr)
{
    u64 n = 0;

    for (unsigned i = 0; i < fr->nr_zones; i++) {
        for (unsigned cpu = 0; cpu < fr->nr_cpus; cpu++)
            n += fr->zones[i].pcp[cpu].count;
    }
    return n;
}
