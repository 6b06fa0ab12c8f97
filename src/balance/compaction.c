/* compaction.c - compaction by the task that needs a large block.
 *
 * Mirrors __alloc_pages_direct_compact(), should_compact_retry() of mm/page_alloc.c,
 * try_to_compact_pages() and compaction_zonelist_suitable() of mm/compaction.c, Linux 6.1. */
#include "balance/balance_int.h"
#include "compact/compact.h"

#define COMPACT_RETRIES_MAX 16u

static enum compact_result compact_for(struct mem *mem, struct zone *z, unsigned order,
                                       u32 alloc_flags, enum compact_priority priority)
{
    bool full = priority == COMPACT_PRIO_SYNC_FULL;
    struct compact_request req = {
        .zone = z,
        .order = (int)order,
        .mt = alloc_migratetype(alloc_flags),
        .mode = priority == COMPACT_PRIO_ASYNC ? MIGRATE_ASYNC : MIGRATE_SYNC_LIGHT,
        .alloc_flags = alloc_flags,
        .highest = alloc_highest_zone(alloc_flags),
        .direct = true,
        .whole_zone = full,
        .ignore_skip_hint = full,
        .ignore_block_suitable = full,
        .no_fs = alloc_flags & ALLOC_NOFS,
    };

    return compact_zone(mem, &req);
}

static enum compact_result compact_zones(struct mem *mem, struct alloc_nodes nodes, unsigned order,
                                         u32 alloc_flags, enum compact_priority priority)
{
    enum compact_result all = COMPACTION_SKIPPED;
    struct zone **next = mem_node(mem, nodes.nid)->zonelist[alloc_highest_zone(alloc_flags)];

    for (; *next; next++) {
        enum compact_result r;

        if (!(nodes.mask >> (*next)->nid & 1))
            continue;
        if (priority != COMPACT_PRIO_SYNC_FULL && compaction_is_deferred(*next, order)) {
            all = MAX(all, COMPACTION_DEFERRED);
            continue;
        }
        r = compact_for(mem, *next, order, alloc_flags, priority);
        all = MAX(all, r);
        if (r == COMPACTION_SUCCESS) {
            compaction_defer_reset(*next, order, false);
            break;
        }
        if (priority != COMPACT_PRIO_ASYNC &&
            (r == COMPACTION_COMPLETE || r == COMPACTION_PARTIAL_SKIPPED))
            compaction_defer(*next, order);
    }
    return all;
}

bool direct_compact(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 alloc_flags,
                    enum compact_priority priority, enum compact_result *ret_result, pfn_t *ret_pfn)
{
    u64 before = mem->cpu_ns;
    bool in_fault = mem->in_lru_fault;
    struct zone *z;

    mem->in_lru_fault = false;
    *ret_result = compact_zones(mem, nodes, order, alloc_flags | ALLOC_WMARK_MIN, priority);
    mem->in_lru_fault = in_fault;
    mem->compact_ns += mem->cpu_ns - before;
    mem->memstall_ns += mem->cpu_ns - before;
    if (*ret_result == COMPACTION_SKIPPED)
        return false;
    count(mem->counters, COMPACT_STALL, 1);
    if (!alloc_take(mem, nodes, order, alloc_flags | ALLOC_WMARK_MIN, ret_pfn)) {
        count(mem->counters, COMPACT_FAIL, 1);
        return false;
    }
    z = frames_zone_of(mem->frames, *ret_pfn);
    z->compaction.skip_flush = false;
    compaction_defer_reset(z, order, true);
    count(mem->counters, COMPACT_SUCCESS, 1);
    return true;
}

/* Would compaction have room to work if a part of what can be reclaimed were free? The larger the
 * block, the smaller the part: it is not to empty memory for one allocation. */
static bool is_zonelist_suitable(struct mem *mem, struct alloc_nodes nodes, unsigned order,
                                 u32 alloc_flags)
{
    enum zone_type highest = alloc_highest_zone(alloc_flags);

    for (struct zone **next = mem_node(mem, nodes.nid)->zonelist[highest]; *next; next++) {
        u64 free = (*next)->free_pages + zone_reclaimable_pages(mem, *next) / order;

        if (nodes.mask >> (*next)->nid & 1 &&
            compaction_suitable_with(*next, (int)order, alloc_flags, highest, free) ==
                COMPACTION_CONTINUE)
            return true;
    }
    return false;
}

static bool try_harder(struct compact_attempt *ca, unsigned order)
{
    enum compact_priority least =
        order > PAGE_ALLOC_COSTLY_ORDER ? COMPACT_PRIO_SYNC_LIGHT : COMPACT_PRIO_SYNC_FULL;

    if (ca->priority <= least)
        return false;
    ca->priority--;
    ca->retries = 0;
    return true;
}

bool should_compact_retry(struct mem *mem, struct alloc_nodes nodes, struct compact_attempt *ca,
                          unsigned order, u32 alloc_flags, enum compact_result result)
{
    switch (result) {
    case COMPACTION_SUCCESS: /* and somebody else got the block */
        ca->retries++;
        break;
    case COMPACTION_CONTINUE:
        break;
    case COMPACTION_SKIPPED:
        return is_zonelist_suitable(mem, nodes, order, alloc_flags);
    case COMPACTION_COMPLETE:
    case COMPACTION_DEFERRED:
    case COMPACTION_PARTIAL_SKIPPED:
    case COMPACTION_CONTENDED:
        return try_harder(ca, order);
    }
    if (ca->retries <=
        (order > PAGE_ALLOC_COSTLY_ORDER ? COMPACT_RETRIES_MAX / 4 : COMPACT_RETRIES_MAX))
        return true;
    return try_harder(ca, order);
}
