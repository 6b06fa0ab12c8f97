/* mglru_turn.c - whose turn it is: aging's or eviction's; see mglru.h.
 *
 *   6.1     kswapd ages before its rounds. A limit evicts until it has enough, and ages the group
 *           when too little is old.
 *   later   eviction asks before each batch, kswapd's as well (KERNEL_LRU_GEN_TURNS):
 *
 *             nothing old ................. at the gentlest priority nothing is done; at the next, age
 *             too little old, too much young  the same, but the gentlest priority evicts what there is
 *             else ........................ evict, all that the priority asks for
 *
 *           To age ends the turn: the next priority evicts, or the next group is looked at. A limit stops nowhere else,
 *           the machine's reclaim when it has enough. */
#include "reclaim/mglru.h"

#include "frames/fragmentation.h"
#include "reclaim/io.h"

#define OUT_OF_TURN (-1)

/* get_nr_to_scan(): pages to look at, 0 for none, or OUT_OF_TURN after an aging. */
static s64 count_to_scan(struct mem *mem, struct scan_control *sc, struct group *g,
                         struct lru_gen *lg, bool can_swap)
{
    bool needs_aging;
    u64 nr;

    if (g != sc->req.target && g->parent && g->memory.emin >= g->memory.usage)
        return OUT_OF_TURN;
    needs_aging = lru_gen_needs_aging(lg, g, 0, can_swap, &nr);
    if (lg->min_seq[!can_swap] + MIN_NR_GENS > lg->max_seq)
        nr = 0;
    if (nr && !g->online)
        return (s64)nr;
    if (!needs_aging || sc->state.priority == DEF_PRIORITY)
        return (s64)(nr >> sc->state.priority);
    return lru_gen_age(mem, g, sc->pgdat, sc->req.kswapd, can_swap, false) ? OUT_OF_TURN : 0;
}

/* should_abort_scan() */
static bool is_enough(const struct scan_control *sc)
{
    if (sc->req.target)
        return false;
    if (sc->state.nr_reclaimed >= MAX(sc->req.nr_to_reclaim, (u64)compact_gap(sc->req.order)))
        return true;
    if (!sc->req.kswapd || sc->req.order)
        return false;
    for (unsigned i = 0; i <= sc->req.reclaim_idx; i++) {
        const struct zone *z = &sc->pgdat->zones[i];

        if (z->managed && z->free_pages < zone_wmark_pages(z, WMARK_HIGH) + MIN_LRU_BATCH)
            return false;
    }
    return true;
}

void lru_gen_take_turn(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct lru_gen *lg)
{
    unsigned swappiness = sc->req.may_swap ? lru_gen_swappiness(mem, sc, g) : 0;
    u64 before = sc->state.nr_reclaimed, scanned = 0;

    for (;;) {
        s64 nr_to_scan = count_to_scan(mem, sc, g, lg, swappiness != 0);
        u64 some;

        if (nr_to_scan <= 0)
            break;
        some = lru_gen_evict_some(mem, sc, g, lg, swappiness);
        if (!some)
            break;
        scanned += some;
        if (scanned >= (u64)nr_to_scan || is_enough(sc) ||
            scan_must_pause(mem, sc, sc->state.nr_reclaimed - before))
            break;
    }
    if (sc->nr.unqueued_dirty && sc->nr.unqueued_dirty == sc->nr.file_taken)
        mem->flusher_wanted = true;
}
