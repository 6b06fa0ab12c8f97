/* direct.c - reclaim by the task that needs memory.
 *
 * Where Linux sleeps inside reclaim, this returns. For a free request of a swap device, that is only a pause: the task goes on at the same
 * priority, with the same group. On writeback or congestion, the pages under writeback stay where they are, the task waits for the next
 * write to complete, and the whole attempt starts again at the gentlest priority. */
#include "balance/balance_int.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"

static void shrink_nodes(struct mem *mem, struct scan_control *sc)
{
    for (unsigned nid = 0; nid < mem->frames->nr_nodes; nid++)
        shrink_node(mem, mem_node(mem, nid), sc);
}

static void end_cycle(struct mem *mem, struct group *target)
{
    struct group *top = target ? target : mem->groups->root;

    for (unsigned nid = 0; nid < mem->frames->nr_nodes; nid++) {
        snapshot_refaults(mem, mem_node(mem, nid), target);
        /* Whoever pauses looks anew afterwards: a stale mark would end each attempt after its first, gentlest pass. */
        group_lruvec(top, nid)->congested = false;
    }
}

static u64 free_some(struct mem *mem, struct scan_control *sc)
{
    for (;;) {
        do {
            sc->nr_scanned = 0;
            shrink_nodes(mem, sc);
            if (sc->nr_reclaimed >= sc->nr_to_reclaim || sc->throttle)
                break;
            if (sc->priority < DEF_PRIORITY - 2)
                sc->may_writepage = true;
        } while (--sc->priority >= 0);
        if (sc->throttle == THROTTLE_REQUEST)
            return sc->nr_reclaimed;
        end_cycle(mem, sc->target);
        if (sc->nr_reclaimed || sc->throttle)
            return sc->nr_reclaimed;
        sc->priority = DEF_PRIORITY;
        if (sc->skipped_deactivate) { /* the active lists were spared: not any more */
            sc->force_deactivate = true;
            sc->skipped_deactivate = false;
        } else if (sc->memcg_low_skipped) { /* nor is memory.low */
            sc->force_deactivate = false;
            sc->memcg_low_reclaim = true;
            sc->memcg_low_skipped = false;
        } else {
            return 0;
        }
    }
}

static u32 paused_key(const struct scan_control *sc)
{
    return sc->target ? 1u + sc->target->id : 1u;
}

/* False: the device still has no room. */
static bool go_on(struct mem *mem, struct attempt *at, struct scan_control *sc)
{
    const struct paused_reclaim *p = &at->paused;

    if (p->target != paused_key(sc)) {
        if (!sc->target)
            count(mem->counters, ALLOCSTALL_DMA + sc->reclaim_idx, 1);
        return true;
    }
    if (io_swap_blocked(mem, false, &sc->until))
        return false;
    sc->priority = p->priority;
    sc->resume = p->resume;
    sc->nr_reclaimed = p->nr_reclaimed;
    sc->force_deactivate = p->force_deactivate;
    sc->skipped_deactivate = p->skipped_deactivate;
    sc->memcg_low_reclaim = p->memcg_low_reclaim;
    sc->memcg_low_skipped = p->memcg_low_skipped;
    return true;
}

u64 try_to_free(struct mem *mem, struct attempt *at, struct scan_control *sc, struct wait *ret_wait)
{
    struct attempt nobody = {0};
    u64 before = mem->cpu_ns, freed;
    bool sleeps = at && !at->noretry && !at->dying;

    if (!sleeps)
        at = &nobody;
    if (go_on(mem, at, sc)) {
        freed = free_some(mem, sc);
        mem->memstall_ns += mem->cpu_ns - before;
        at->paused = (struct paused_reclaim){0};
        if (!sleeps || sc->throttle != THROTTLE_REQUEST)
            return freed;
        at->paused = (struct paused_reclaim){
            .target = paused_key(sc),
            .resume = sc->resume,
            .nr_reclaimed = sc->nr_reclaimed,
            .priority = (s8)sc->priority,
            .force_deactivate = sc->force_deactivate,
            .skipped_deactivate = sc->skipped_deactivate,
            .memcg_low_reclaim = sc->memcg_low_reclaim,
            .memcg_low_skipped = sc->memcg_low_skipped,
        };
    }
    *ret_wait = (struct wait){WAIT_REQUEST, sc->until};
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

u64 try_to_free_group(struct mem *mem, struct attempt *at, struct group *target, u64 nr,
                      struct wait *ret_wait)
{
    struct scan_control sc = {
        .target = target,
        .nr_to_reclaim = MAX(nr, (u64)SWAP_CLUSTER_MAX),
        .priority = DEF_PRIORITY,
        .reclaim_idx = NR_ZONES - 1,
        .may_writepage = true,
        .may_unmap = true,
        .may_swap = true,
    };

    return try_to_free(mem, at, &sc, ret_wait);
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

bool balance_reclaim_must_wait(struct mem *mem, struct group *g, struct wait *ret_wait)
{
    return wait_for_writeback(mem, g, ret_wait);
}
