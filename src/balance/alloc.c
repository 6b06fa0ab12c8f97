/* alloc.c - a frame for somebody: the slow path around frames_try_alloc().
 *
 *   above low?            take it
 *   wake kswapd; above min?  take it
 *   more than one frame, costly or unmovable: compact where it is cheap; take it
 *   reclaim 32 pages ourselves; above min?  take it
 *   more than one frame: compact; take it
 *   may fail, or costly: fail
 *   no progress 16 times, and compaction as hard as it can: out of memory
 *
 * Mirrors __alloc_pages_slowpath(), should_reclaim_retry() of mm/page_alloc.c, Linux 6.1. */
#include "balance/balance_int.h"
#include "balance/kcompactd.h"
#include "balance/kswapd.h"
#include "reclaim/lru.h"

/* By how much the CPU time of a thread that wakes up may be behind that of others: half of
 * sched_latency_ns of one CPU. */
#define KSWAPD_HEAD_START_NS (3 * NS_PER_MS)

/* One allocation that the zones did not serve at once. */
struct slowpath {
    struct mem *mem;
    struct attempt *at;
    struct alloc_nodes nodes;
    u64 policy_nodes; /* of these, before the cpuset had its say */
    unsigned order;
    u32 flags;
    enum compact_result compacted; /* what came of it the last time */
    pfn_t *ret_pfn;
    struct wait *ret_wait;
};

static u64 direct_reclaim(struct slowpath *sp)
{
    struct reclaim_request req = {
        .nodes = sp->nodes,
        .nr_to_reclaim = SWAP_CLUSTER_MAX,
        .order = sp->order,
        .reclaim_idx = alloc_highest_zone(sp->flags),
        .may_writepage = true,
        .may_unmap = true,
        .may_swap = true,
    };

    return try_to_free(sp->mem, sp->at, &req, sp->ret_wait);
}

static inline bool take(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 flags,
                        pfn_t *ret_pfn)
{
    if (unlikely(mem->tunables->zone_reclaim_mode))
        node_reclaim(mem, nodes, order, flags);
    *ret_pfn =
        frames_try_alloc(mem->frames, nodes, order, alloc_migratetype(flags), flags, mem->cpu);
    return *ret_pfn != PFN_NONE;
}

bool alloc_take(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 flags,
                pfn_t *ret_pfn)
{
    return take(mem, nodes, order, flags, ret_pfn);
}

static void wake_kswapds(struct mem *mem, struct alloc_nodes nodes, unsigned order, u32 alloc_flags)
{
    if (!(alloc_flags & ALLOC_NO_KSWAPD))
        kswapd_wake_all(mem, nodes, order, alloc_highest_zone(alloc_flags),
                        alloc_flags & ALLOC_NO_DIRECT);
}

u64 zone_reclaimable_pages(const struct mem *mem, const struct zone *z)
{
    const s64 *v = z->counters.v;
    s64 n = v[NR_ZONE_INACTIVE_FILE] + v[NR_ZONE_ACTIVE_FILE];

    if (mem->swap->free_pages || mem->demotes >> z->nid & 1)
        n += v[NR_ZONE_INACTIVE_ANON] + v[NR_ZONE_ACTIVE_ANON];
    return n > 0 ? (u64)n : 0;
}

/* Would the request be served if all that can be reclaimed were free? Of more than one frame: only
 * if such a block is there. */
static bool could_be_served(const struct slowpath *sp)
{
    struct mem *mem = sp->mem;
    enum zone_type highest = alloc_highest_zone(sp->flags);

    for (struct zone **next = mem_node(mem, sp->nodes.nid)->zonelist[highest]; *next; next++)
        if (sp->nodes.mask >> (*next)->nid & 1 &&
            zone_watermark_ok_with(*next, sp->order, zone_wmark_pages(*next, WMARK_MIN), highest,
                                   sp->flags,
                                   (*next)->free_pages + zone_reclaimable_pages(mem, *next)))
            return true;
    return false;
}

static enum balance_result fail(struct attempt *at)
{
    at->retries = 0;
    at->compact = (struct compact_attempt){0};
    return BALANCE_FAIL;
}

static enum balance_result succeed(struct attempt *at)
{
    at->retries = 0;
    at->compact = (struct compact_attempt){0};
    return BALANCE_OK;
}

static bool may_fail(const struct slowpath *sp)
{
    return sp->at->noretry || sp->flags & ALLOC_NORETRY;
}

static bool compact(struct slowpath *sp)
{
    return direct_compact(sp->mem, sp->nodes, sp->order, sp->flags,
                          (enum compact_priority)sp->at->compact.priority, &sp->compacted,
                          sp->ret_pfn);
}

/* Before any reclaim, once: what is costly likely has the pages, if not the block; what does not
 * move is better kept to blocks of its kind. True: the matter is settled, as *ret says. */
static bool compact_first(struct slowpath *sp, enum balance_result *ret)
{
    bool costly = sp->order > PAGE_ALLOC_COSTLY_ORDER;
    struct compact_attempt *ca = &sp->at->compact;

    if (!sp->order || ca->began || sp->flags & ALLOC_NO_DIRECT)
        return false;
    ca->began = true;
    ca->priority = COMPACT_PRIO_ASYNC;
    if (costly || alloc_migratetype(sp->flags) != MT_MOVABLE) {
        if (compact(sp)) {
            *ret = succeed(sp->at);
            return true;
        }
        if (costly && may_fail(sp)) {
            if (sp->compacted != COMPACTION_SKIPPED && sp->compacted != COMPACTION_DEFERRED)
                return false; /* once more, no harder than that */
            *ret = fail(sp->at);
            return true;
        }
    }
    ca->priority = COMPACT_PRIO_SYNC_LIGHT;
    return false;
}

/* Of more than one frame, after one round of reclaim and compaction in vain. False: give up, as
 * *ret says. */
static bool go_round_again(struct slowpath *sp, u64 freed, enum balance_result *ret)
{
    struct attempt *at = sp->at;
    bool costly = sp->order > PAGE_ALLOC_COSTLY_ORDER;

    if (costly && !(sp->flags & ALLOC_RETRY_MAYFAIL)) {
        *ret = fail(at);
        return false;
    }
    if (freed && !costly)
        at->retries = 0;
    else
        at->retries++;
    if (at->retries > MAX_RECLAIM_RETRIES) {
        if (frames_unreserve_highatomic(sp->mem->frames, sp->nodes, alloc_migratetype(sp->flags),
                                        true))
            return true;
    } else if (could_be_served(sp)) {
        return true;
    }
    if (freed &&
        should_compact_retry(sp->mem, sp->nodes, &at->compact, sp->order, sp->flags, sp->compacted))
        return true;
    *ret = fail(at);
    if (!costly && !(sp->flags & ALLOC_RETRY_MAYFAIL)) {
        at->oom_group = NULL;
        at->oom_nodes = sp->policy_nodes;
        at->oom_order = (u8)sp->order;
        *ret = BALANCE_OOM;
    }
    return false;
}

/* Up to 17 rounds, each of which woke kswapd: it and kcompactd work meanwhile. Where there is one
 * CPU, kswapd has that first, since it has slept and the caller has run. */
static enum balance_result let_daemons_work(const struct slowpath *sp)
{
    const struct mem *mem = sp->mem;
    ns_t head_start = mem->nr_cpus == 1 && mem->kswapds_awake ? KSWAPD_HEAD_START_NS : 1;

    *sp->ret_wait = (struct wait){WAIT_NOTHING,
                                  MAX(mem->clock->now + head_start, mem->step_start + mem->cpu_ns)};
    return BALANCE_WAIT;
}

static bool take_after_reclaim(struct slowpath *sp, u64 freed)
{
    struct mem *mem = sp->mem;

    if (take(mem, sp->nodes, sp->order, sp->flags | ALLOC_WMARK_MIN, sp->ret_pfn))
        return true;
    if (!freed)
        return false;
    frames_unreserve_highatomic(mem->frames, sp->nodes, alloc_migratetype(sp->flags), false);
    frames_drain_pcp(mem->frames);
    return take(mem, sp->nodes, sp->order, sp->flags | ALLOC_WMARK_MIN, sp->ret_pfn);
}

/* A cpuset that turned away the zone that comes first: the slow path wanted that one, whatever it
 * may take from (numa_miss). */
static void count_turned_away(struct mem *mem, struct alloc_nodes taken, u64 policy_nodes,
                              u32 flags, pfn_t pfn)
{
    enum zone_type highest = alloc_highest_zone(flags);
    struct alloc_nodes asked = {policy_nodes, taken.nid};
    struct zone *z = frames_zone_of(mem->frames, pfn),
                *counted = frames_first_zone(mem->frames, taken, highest),
                *wanted = frames_first_zone(mem->frames, asked, highest);

    if (!wanted || wanted->nid == counted->nid)
        return;
    if (z->nid == counted->nid) {
        count(mem->counters, NUMA_HIT, -1);
        count(&z->counters, NUMA_HIT, -1);
        count(mem->counters, NUMA_MISS, 1);
        count(&z->counters, NUMA_MISS, 1);
        count(mem->counters, NUMA_FOREIGN, 1);
    } else {
        count(&counted->counters, NUMA_FOREIGN, -1);
    }
    count(&wanted->counters, NUMA_FOREIGN, 1);
}

static enum balance_result alloc_slowpath(struct slowpath *sp)
{
    struct mem *mem = sp->mem;
    struct attempt *at = sp->at;
    enum balance_result r;

    if (!frames_first_zone(mem->frames, sp->nodes, alloc_highest_zone(sp->flags)))
        return fail(at); /* a node without memory, and no other */
    wake_kswapds(mem, sp->nodes, sp->order, sp->flags);
    if (take(mem, sp->nodes, sp->order, sp->flags | ALLOC_WMARK_MIN, sp->ret_pfn))
        return BALANCE_OK;
    if (at->dying && take(mem, sp->nodes, sp->order, sp->flags | ALLOC_NO_WATERMARKS, sp->ret_pfn))
        return BALANCE_OK;
    if (compact_first(sp, &r))
        return r;
    if (sp->flags & ALLOC_NO_DIRECT)
        return fail(at);
    for (;;) {
        u64 freed = direct_reclaim(sp);

        at->reclaim_calls++;
        if (reclaim_is_paused(at))
            return BALANCE_WAIT;
        if (take_after_reclaim(sp, freed))
            return succeed(at);
        if (sp->order && compact(sp))
            return succeed(at);
        if (may_fail(sp))
            return fail(at);
        if (!freed && wait_for_writeback(mem, NULL, sp->ret_wait))
            return BALANCE_WAIT;
        if (sp->order) {
            if (!go_round_again(sp, freed, &r))
                return r;
            if (sp->flags & ALLOC_RETRY_MAYFAIL)
                return let_daemons_work(sp);
        } else if (!freed && ++at->retries > MAX_RECLAIM_RETRIES) {
            at->retries = 0;
            at->oom_group = NULL;
            at->oom_nodes = sp->policy_nodes;
            at->oom_order = (u8)sp->order;
            return BALANCE_OOM;
        }
    }
}

/* Where this allocation looks: by the policy of a mapping, else by the task's, else near its
 * CPU. */
static inline struct alloc_place place_of_attempt(struct mem *mem, const struct attempt *at)
{
    if (unlikely(at->placed))
        return at->place;
    if (unlikely(mem->policy))
        return place_by_task(mem);
    return (struct alloc_place){.nodes = mem_nodes(mem)};
}

static void count_interleaved(struct mem *mem, const struct alloc_place *place, pfn_t pfn)
{
    if (!place->interleave || frame_nid(mem->frames, pfn) != place->nodes.nid)
        return;
    count(mem->counters, NUMA_INTERLEAVE, 1);
    count(&frames_zone_of(mem->frames, pfn)->counters, NUMA_INTERLEAVE, 1);
}

/* What the cpuset leaves of them, or of all. */
static u64 allowed_nodes(const struct mem *mem, u64 nodes)
{
    return nodes & mem->mems_allowed ? nodes & mem->mems_allowed : mem->mems_allowed;
}

/* Only what is free on the nodes that are preferred; kswapd is woken there. True: it was had. */
static bool take_preferred(struct mem *mem, struct alloc_place *place, unsigned order,
                           u32 alloc_flags, pfn_t *ret_pfn)
{
    if (take(mem, place->nodes, order, alloc_flags | ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT, ret_pfn))
        return true;
    wake_kswapds(mem, place->nodes, order, alloc_flags);
    if (take(mem, place->nodes, order, alloc_flags | ALLOC_WMARK_MIN, ret_pfn))
        return true;
    place->nodes.mask = allowed_nodes(mem, NODES_ALL);
    return false;
}

enum balance_result balance_alloc(struct mem *mem, struct attempt *at, unsigned order,
                                  u32 alloc_flags, pfn_t *ret_pfn, struct wait *ret_wait)
{
    struct alloc_place place = place_of_attempt(mem, at);
    enum balance_result r = BALANCE_OK;
    u64 policy_nodes;

    mem_cost(mem, mem->cost->page_alloc);
    alloc_flags = (alloc_flags & ~(u32)ALLOC_WMARK_MASK) | ALLOC_KSWAPD;
    policy_nodes = place.nodes.mask;
    if (unlikely(mem->mems_allowed != NODES_ALL))
        place.nodes.mask = place.strict ? place.nodes.mask & mem->mems_allowed
                                        : allowed_nodes(mem, place.nodes.mask);
    if (unlikely(place.many) && take_preferred(mem, &place, order, alloc_flags, ret_pfn))
        return BALANCE_OK;
    if (unlikely(!take(mem, place.nodes, order,
                       (alloc_flags & ~(u32)(ALLOC_HIGH | ALLOC_HARDER)) | ALLOC_WMARK_LOW |
                           ALLOC_NOFRAGMENT,
                       ret_pfn))) {
        if (unlikely(policy_nodes != place.nodes.mask) &&
            alloc_migratetype(alloc_flags) != MT_MOVABLE)
            place.nodes.mask = policy_nodes; /* the kernel's own memory is not held to a cpuset */
        r = alloc_slowpath(&(struct slowpath){mem, at, place.nodes, policy_nodes, order,
                                              alloc_flags, COMPACTION_SKIPPED, ret_pfn, ret_wait});
        if (unlikely(policy_nodes != place.nodes.mask) && r == BALANCE_OK)
            count_turned_away(mem, place.nodes, policy_nodes, alloc_flags, *ret_pfn);
    } else {
        if (unlikely(at->paused.target == 1))
            at->paused.target = 0;
        if (unlikely(mem->frames->boosted))
            kswapd_wake_boosted(mem, order, alloc_highest_zone(alloc_flags));
    }
    if (unlikely(r == BALANCE_OOM))
        at->oom_interleaved = place.interleave;
    if (unlikely(place.interleave) && r == BALANCE_OK)
        count_interleaved(mem, &place, *ret_pfn);
    return r;
}

static u32 effort_flags(u32 effort)
{
    return ALLOC_COMP | (effort & EFFORT_KSWAPD ? 0 : ALLOC_NO_KSWAPD) |
           (effort & EFFORT_DIRECT ? 0 : ALLOC_NO_DIRECT) |
           (effort & EFFORT_NORETRY ? ALLOC_NORETRY : 0);
}

enum balance_result balance_try_folio(struct mem *mem, struct attempt *at, struct group *g,
                                      unsigned order, u32 effort, pfn_t *ret_pfn,
                                      bool *ret_no_charge, struct wait *ret_wait)
{
    enum balance_result r =
        balance_alloc(mem, at, order, ALLOC_MOVABLE | effort_flags(effort), ret_pfn, ret_wait);

    assert(order > PAGE_ALLOC_COSTLY_ORDER);
    if (r != BALANCE_OK)
        return r;
    r = charge_costly(mem, at, g, 1u << order, effort, ret_wait);
    *ret_no_charge = r == BALANCE_FAIL;
    if (r == BALANCE_OK)
        frames_get(mem->frames, *ret_pfn)->memcg = g->id;
    else
        frames_free(mem->frames, *ret_pfn, order, mem->cpu);
    return r;
}

pfn_t balance_try_kernel_folio(struct mem *mem, unsigned order)
{
    struct attempt at = {.noretry = true};
    struct wait wait;
    pfn_t pfn;
    u32 flags = effort_flags(EFFORT_DIRECT);

    return balance_alloc(mem, &at, order, flags, &pfn, &wait) == BALANCE_OK ? pfn : PFN_NONE;
}

static pfn_t take_in_reclaim(void *ctx)
{
    const u32 flags = ALLOC_MOVABLE | ALLOC_NO_DIRECT;
    struct mem *mem = ctx;
    struct alloc_nodes nodes = mem_nodes(mem);
    pfn_t pfn;

    mem_cost(mem, mem->cost->page_alloc);
    if (take(mem, nodes, 0, flags | ALLOC_WMARK_LOW | ALLOC_KSWAPD | ALLOC_NOFRAGMENT, &pfn))
        return pfn;
    wake_kswapds(mem, nodes, 0, ALLOC_MOVABLE);
    if (take(mem, nodes, 0, flags | ALLOC_WMARK_MIN | ALLOC_KSWAPD, &pfn))
        return pfn;
    take(mem, nodes, 0, flags | ALLOC_NO_WATERMARKS, &pfn);
    return pfn;
}

static void give_in_reclaim(void *ctx, pfn_t pfn)
{
    struct mem *mem = ctx;

    frames_free(mem->frames, pfn, 0, mem->cpu);
    mem_cost(mem, mem->cost->page_free);
}

void balance_frame_source(struct mem *mem, struct frame_source *ret)
{
    *ret = (struct frame_source){.ctx = mem, .take = take_in_reclaim, .give = give_in_reclaim};
}

enum balance_result balance_charge_page(struct mem *mem, struct attempt *at, struct group *g,
                                        unsigned order, pfn_t pfn, struct wait *ret_wait)
{
    enum balance_result r = balance_charge(mem, at, g, 1u << order, ret_wait);

    if (r == BALANCE_OK)
        frames_get(mem->frames, pfn)->memcg = g->id;
    else
        frames_free(mem->frames, pfn, order, mem->cpu);
    return r;
}

enum balance_result balance_get_page(struct mem *mem, struct attempt *at, struct group *g,
                                     unsigned order, pfn_t *ret_pfn, struct wait *ret_wait)
{
    enum balance_result r = balance_alloc(mem, at, order, ALLOC_MOVABLE, ret_pfn, ret_wait);

    return r == BALANCE_OK ? balance_charge_page(mem, at, g, order, *ret_pfn, ret_wait) : r;
}
