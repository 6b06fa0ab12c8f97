/* direct.c - reclaim by the task that needs memory.
 *
 * Where Linux sleeps inside reclaim, this returns. For a free request of a swap device, that is
 * only a pause: the task goes on at the same priority, with the same group. On writeback or
 * congestion, the pages under writeback stay where they are, the task waits for the next write to
 * complete, and the whole attempt starts again at the gentlest priority. */
#include "balance/balance_int.h"
#include "balance/writeback.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"

/* The i-th node that this reclaim may look at, nearest first; NULL: not that one. */
static struct pgdat *nth_node(const struct mem *mem, const struct scan_control *sc, unsigned i)
{
    struct pgdat *pgdat = mem_node(mem, mem_node(mem, sc->state.home)->fallback[i]);

    return sc->req.nodes.mask >> pgdat->nid & 1 ? pgdat : NULL;
}

/* Enough is free in the zone for compaction to make the costly block, with some to spare for
 * others. */
static bool is_ready_to_compact(const struct mem *mem, const struct zone *z,
                                const struct reclaim_request *req)
{
    u64 mark = zone_wmark_pages(z, WMARK_HIGH) + compact_gap(req->order);
    enum compact_result r = compaction_suitable(z, (int)req->order, 0, req->reclaim_idx,
                                                (s32)mem->tunables->extfrag_threshold);

    return r == COMPACTION_SUCCESS ||
           (r != COMPACTION_SKIPPED && zone_watermark_ok(z, 0, mark, req->reclaim_idx, 0));
}

/* Zones that are ready need no reclaim; is there one that does? (compaction_ready) */
static bool needs_reclaim(const struct mem *mem, const struct pgdat *pgdat, struct scan_control *sc)
{
    bool any = false;

    if (sc->req.target || sc->req.order <= PAGE_ALLOC_COSTLY_ORDER)
        return true;
    for (unsigned i = 0; i <= sc->req.reclaim_idx; i++) {
        const struct zone *z = &pgdat->zones[i];

        if (z->managed && is_ready_to_compact(mem, z, &sc->req))
            sc->compaction_ready = true;
        else
            any |= z->managed != 0;
    }
    return any;
}

/* A target without children that has nothing there: reclaim would look at empty lists, 13 times. */
static bool has_nothing(const struct mem *mem, const struct scan_control *sc, unsigned nid)
{
    const struct group *g = sc->req.target;

    return g && !(g->lru_nodes >> nid & 1) && list_empty(&g->children) &&
           !g->deferred_split.count && !node_counter(mem->frames, nid, NR_SLAB_RECLAIMABLE);
}

/* Each node once; a pause for a request ends it where it is. */
static void shrink_nodes(struct mem *mem, struct scan_control *sc)
{
    for (; sc->state.node < mem->frames->nr_nodes; sc->state.node++) {
        struct pgdat *pgdat = nth_node(mem, sc, sc->state.node);

        if (!pgdat || !mem->frames->topology.ram_bytes[pgdat->nid] ||
            has_nothing(mem, sc, pgdat->nid) || !needs_reclaim(mem, pgdat, sc))
            continue;
        shrink_node(mem, pgdat, sc);
        if (sc->throttle == THROTTLE_REQUEST)
            return;
    }
    sc->state.node = 0;
}

static void end_cycle(struct mem *mem, struct scan_control *sc)
{
    struct group *top = sc->req.target ? sc->req.target : mem->groups->root;

    for (unsigned i = 0; i < mem->frames->nr_nodes; i++) {
        struct pgdat *pgdat = nth_node(mem, sc, i);

        if (!pgdat || !(top->lru_nodes >> pgdat->nid & 1))
            continue;
        end_reclaim_cycle(mem, pgdat, sc->req.target);
        /* Whoever pauses looks anew afterwards: a stale mark would end each attempt after its
         * first, gentlest pass. */
        group_lruvec(top, pgdat->nid)->congested = false;
    }
}

static u64 free_some(struct mem *mem, struct scan_control *sc)
{
    struct reclaim_state *st = &sc->state;

    for (;;) {
        do {
            shrink_nodes(mem, sc);
            if (st->nr_reclaimed >= sc->req.nr_to_reclaim || sc->throttle || sc->compaction_ready)
                break;
        } while (--st->priority >= 0);
        if (sc->throttle == THROTTLE_REQUEST)
            return st->nr_reclaimed;
        end_cycle(mem, sc);
        if (st->nr_reclaimed || sc->throttle)
            return st->nr_reclaimed;
        if (sc->compaction_ready)
            return 1;
        st->priority = DEF_PRIORITY;
        if (st->skipped_deactivate) { /* the active lists were spared: not any more */
            st->force_deactivate = true;
            st->skipped_deactivate = false;
        } else if (st->memcg_low_skipped) { /* nor is memory.low */
            st->force_deactivate = false;
            st->memcg_low_reclaim = true;
            st->memcg_low_skipped = false;
        } else {
            return 0;
        }
    }
}

static u32 paused_key(const struct reclaim_request *req)
{
    return req->target ? 1u + req->target->id : 1u;
}

/* Begin, or go on where it paused. False: the device still has no room. */
static bool go_on(struct mem *mem, const struct attempt *at, struct scan_control *sc)
{
    if (at->paused.target == paused_key(&sc->req)) {
        sc->state = at->paused.state;
        return !io_swap_blocked(mem, false, &sc->until);
    }
    sc->state.priority = DEF_PRIORITY;
    sc->state.home = (u8)sc->req.nodes.nid;
    if (!sc->req.target)
        count(mem->counters, ALLOCSTALL_DMA + sc->req.reclaim_idx, 1);
    return true;
}

u64 try_to_free(struct mem *mem, struct attempt *at, const struct reclaim_request *req,
                struct wait *ret_wait)
{
    struct scan_control sc = {.req = *req};
    struct attempt nobody = {0};
    u64 before = mem->cpu_ns, freed;
    bool sleeps = at && !at->noretry && !at->dying, in_fault = mem->in_lru_fault;

    if (!sleeps)
        at = &nobody;
    if (go_on(mem, at, &sc)) {
        mem->in_lru_fault = false; /* what it moves is not what was faulted in */
        freed = free_some(mem, &sc);
        mem->in_lru_fault = in_fault;
        mem->memstall_ns += mem->cpu_ns - before;
        at->paused = (struct paused_reclaim){0};
        if (!sleeps || sc.throttle != THROTTLE_REQUEST)
            return freed;
        at->paused = (struct paused_reclaim){paused_key(req), sc.state};
    }
    *ret_wait = (struct wait){WAIT_REQUEST, sc.until};
    return 0;
}

struct group *paused_target(struct attempt *at, struct group *g)
{
    if (at->dying)
        at->paused = (struct paused_reclaim){0};
    for (; at->paused.target > 1 && g; g = g->parent)
        if (1u + g->id == at->paused.target)
            return g;
    if (at->paused.target > 1) /* the task was moved elsewhere */
        at->paused = (struct paused_reclaim){0};
    return NULL;
}

static u64 free_group(struct mem *mem, struct attempt *at, struct group *target, u64 nr,
                      int swappiness, struct wait *ret_wait)
{
    struct reclaim_request req = {
        .target = target,
        .nodes = mem_nodes(mem),
        .nr_to_reclaim = MAX(nr, (u64)SWAP_CLUSTER_MAX),
        .reclaim_idx = NR_ZONES - 1,
        .may_writepage = true,
        .may_unmap = true,
        .may_swap = true,
        .has_swappiness = swappiness >= 0,
        .swappiness = (u8)MAX(swappiness, 0),
    };

    return try_to_free(mem, at, &req, ret_wait);
}

u64 try_to_free_group(struct mem *mem, struct attempt *at, struct group *target, u64 nr,
                      struct wait *ret_wait)
{
    return free_group(mem, at, target, nr, -1, ret_wait);
}

bool wait_for_writeback(struct mem *mem, struct group *target, struct wait *ret_wait)
{
    struct group *top = target ? target : mem->groups->root;

    if (group_counter(top, NR_WRITEBACK) <= 0 && group_counter(top, NR_DIRTY) > 0) {
        flusher_write_group(mem, top);
        if (group_counter(top, NR_WRITEBACK) <= 0) /* dirty pages of files that belong elsewhere */
            flusher_write_group(mem, mem->groups->root);
    }
    /* Dirty pages whose device has its queue full with others' count as well: their turn comes. */
    if (group_counter(top, NR_WRITEBACK) <= 0 && group_counter(top, NR_DIRTY) <= 0)
        return false;
    *ret_wait = (struct wait){WAIT_RECLAIM, io_next_write(mem)};
    return ret_wait->until != NS_NEVER;
}

u64 balance_reclaim_group(struct mem *mem, struct group *g, u64 nr)
{
    return try_to_free_group(mem, NULL, g, nr, NULL);
}

u64 balance_reclaim_group_by(struct mem *mem, struct group *g, u64 nr, int swappiness)
{
    return free_group(mem, NULL, g, nr, swappiness, NULL);
}

bool balance_reclaim_must_wait(struct mem *mem, struct group *g, struct wait *ret_wait)
{
    return wait_for_writeback(mem, g, ret_wait);
}
