/* node_reclaim.c - vm.zone_reclaim_mode: make room on a near node before memory is taken from a far
 * one.
 *
 *   next zone above the watermark?          the allocation is served there
 *   next zone farther than RECLAIM_DISTANCE?    passed over
 *   else                                    reclaim its node, gently, and look again
 *
 * Mirrors: node_reclaim() of mm/vmscan.c and its caller get_page_from_freelist(), Linux 6.1.
 * Differs: Linux looks at the zones of the nearest node twice when it first tries not to mix
 * pageblocks, so that a node that has
 *          nothing to give can count as failed twice an allocation. Where Linux would sleep for a swap device, this reclaim ends. */
#include "balance/balance_int.h"

#define NODE_RECLAIM_PRIORITY 4

enum node_reclaim_mode { RECLAIM_ZONE = 1, RECLAIM_WRITE = 2, RECLAIM_UNMAP = 4 };

static u64 node_managed(const struct pgdat *pgdat)
{
    u64 sum = 0;

    for (unsigned z = 0; z < NR_ZONES; z++)
        sum += pgdat->zones[z].managed;
    return sum;
}

static u64 node_pages(const struct mem *mem, const struct pgdat *pgdat, enum counter id)
{
    s64 n = node_counter(mem->frames, pgdat->nid, id);

    return n > 0 ? (u64)n : 0;
}

/* Pages of files that the mode lets this reclaim take. */
static u64 pagecache_reclaimable(const struct mem *mem, const struct pgdat *pgdat)
{
    u64 pages, out_of_reach = 0;

    if (mem->tunables->zone_reclaim_mode & RECLAIM_UNMAP) {
        pages = node_pages(mem, pgdat, NR_FILE_PAGES);
    } else {
        u64 mapped = node_pages(mem, pgdat, NR_MAPPED);

        pages = node_pages(mem, pgdat, NR_INACTIVE_FILE) + node_pages(mem, pgdat, NR_ACTIVE_FILE);
        pages -= MIN(pages, mapped);
    }
    if (!(mem->tunables->zone_reclaim_mode & RECLAIM_WRITE))
        out_of_reach = node_pages(mem, pgdat, NR_DIRTY);
    return pages - MIN(pages, out_of_reach);
}

static bool has_enough_to_take(const struct mem *mem, const struct pgdat *pgdat)
{
    u64 managed = node_managed(pgdat);
    u64 slab = node_pages(mem, pgdat, NR_SLAB_RECLAIMABLE) / PAGE_SIZE;

    return pagecache_reclaimable(mem, pgdat) > managed * mem->tunables->min_unmapped_ratio / 100 ||
           slab > managed * mem->tunables->min_slab_ratio / 100;
}

/* Other nodes with CPUs are for their own tasks to reclaim. */
static bool is_ours_to_reclaim(const struct mem *mem, const struct pgdat *pgdat)
{
    return pgdat->nid == mem_nid(mem) || !topology_has_cpus(&mem->frames->topology, pgdat->nid);
}

static void reclaim_node(struct mem *mem, struct pgdat *pgdat, unsigned order, u32 flags)
{
    u64 wanted = (u64)1 << order, before = mem->cpu_ns;
    struct scan_control sc = {
        .req = {.nodes = nodes_near(pgdat->nid),
                .nr_to_reclaim = MAX(wanted, (u64)SWAP_CLUSTER_MAX),
                .order = order,
                .reclaim_idx = alloc_highest_zone(flags),
                .may_writepage = mem->tunables->zone_reclaim_mode & RECLAIM_WRITE,
                .may_unmap = mem->tunables->zone_reclaim_mode & RECLAIM_UNMAP,
                .may_swap = true},
        .state = {.priority = NODE_RECLAIM_PRIORITY, .home = (u8)pgdat->nid},
    };

    do
        shrink_node(mem, pgdat, &sc);
    while (sc.state.nr_reclaimed < wanted && sc.throttle != THROTTLE_REQUEST &&
           --sc.state.priority >= 0);
    mem->memstall_ns += mem->cpu_ns - before;
    count(mem->counters,
          sc.state.nr_reclaimed < wanted ? ZONE_RECLAIM_FAILED : ZONE_RECLAIM_SUCCESS, 1);
}

static bool zone_serves(const struct zone *z, unsigned order, u32 flags)
{
    enum watermark mark = (enum watermark)(flags & ALLOC_WMARK_MASK);

    return flags & ALLOC_NO_WATERMARKS ||
           zone_watermark_ok(z, order, zone_wmark_pages(z, mark), alloc_highest_zone(flags), flags);
}

void node_reclaim(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 flags)
{
    enum zone_type highest = alloc_highest_zone(flags);
    const struct zone *wanted = frames_first_zone(mem->frames, nodes, highest);
    const u8 *distance = mem->frames->topology.distance[wanted->nid];

    if (flags & ALLOC_NO_DIRECT)
        return;
    for (struct zone **next = mem_node(mem, nodes.nid)->zonelist[highest]; *next; next++) {
        struct pgdat *pgdat = mem_node(mem, (*next)->nid);

        if (!(nodes.mask >> pgdat->nid & 1))
            continue;
        if (zone_serves(*next, order, flags))
            return;
        if (distance[pgdat->nid] > RECLAIM_DISTANCE || !has_enough_to_take(mem, pgdat) ||
            !is_ours_to_reclaim(mem, pgdat))
            continue;
        reclaim_node(mem, pgdat, order, flags);
        if (zone_serves(*next, order, flags))
            return;
    }
}
