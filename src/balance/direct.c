/* direct.c - reclaim by the task that needs memory.
 *
 * Where Linux sleeps inside reclaim, this returns: the pages under writeback stay where they are, the task waits for the next write to
 * complete, and the whole attempt starts again at the gentlest priority. */
#include "balance/balance_int.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"

static u64 free_some(struct pgdat *pg, struct scan_control *sc)
{
    int initial = sc->priority;

    if (!sc->target)
        count(pg->counters, ALLOCSTALL_DMA + sc->reclaim_idx, 1);
    for (;;) {
        do {
            sc->nr_scanned = 0;
            shrink_node(pg, sc);
            if (sc->nr_reclaimed >= sc->nr_to_reclaim || sc->throttle)
                break;
            if (sc->priority < DEF_PRIORITY - 2)
                sc->may_writepage = true;
        } while (--sc->priority >= 0);
        snapshot_refaults(pg, sc->target);
        /* Whoever pauses looks anew afterwards: a stale mark would end each attempt after its first, gentlest pass. */
        (sc->target ? sc->target : pg->groups->root)->lruvec.congested = false;
        if (sc->nr_reclaimed || sc->throttle)
            return sc->nr_reclaimed;
        sc->priority = initial;
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

u64 try_to_free(struct pgdat *pg, struct scan_control *sc)
{
    u64 before = pg->cpu_ns;
    u64 freed = free_some(pg, sc);

    pg->memstall_ns += pg->cpu_ns - before;
    return freed;
}

u64 try_to_free_group(struct pgdat *pg, struct group *target, u64 nr, enum throttle *ret_throttle)
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
    u64 freed = try_to_free(pg, &sc);

    *ret_throttle = sc.throttle;
    return freed;
}

bool wait_for_writeback(struct pgdat *pg, struct group *target, struct wait *ret_wait)
{
    struct group *top = target ? target : pg->groups->root;

    if (group_counter(top, NR_WRITEBACK) <= 0 && group_counter(top, NR_DIRTY) > 0) {
        flusher_write_group(pg, top);
        if (group_counter(top, NR_WRITEBACK) <= 0) /* dirty pages of files that belong elsewhere */
            flusher_write_group(pg, pg->groups->root);
    }
    /* Dirty pages whose device has its queue full with others' count as well: their turn comes. */
    if (group_counter(top, NR_WRITEBACK) <= 0 && group_counter(top, NR_DIRTY) <= 0)
        return false;
    *ret_wait = (struct wait){WAIT_RECLAIM, io_next_write(pg)};
    return ret_wait->until != NS_NEVER;
}

u64 balance_reclaim_group(struct pgdat *pg, struct group *g, u64 nr)
{
    enum throttle throttle;

    return try_to_free_group(pg, g, nr, &throttle);
}

bool balance_reclaim_must_wait(struct pgdat *pg, struct group *g, struct wait *ret_wait)
{
    return wait_for_writeback(pg, g, ret_wait);
}
