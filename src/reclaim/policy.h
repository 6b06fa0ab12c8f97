/* policy.h - what a reclaim policy does; the calls to that of the machine.
 *
 * A policy decides which pages go: the order of pages in a lruvec, what a use changes in it, how
 * much of which kind is taken from it, and what a page that comes back tells. It keeps its state in
 * `struct lruvec` (group/) and in the frame bits that frame.h gives it. What it decides on is done
 * by all alike: isolation of a batch, eviction and putting back (scan_int.h), the walk over groups
 * (vmscan.c), the rounds of rising priority (balance/), the CPUs' batches and the unevictable list
 * (lru.c).
 *
 *   classic    active and inactive lists, refault distance     classic.h
 *   mglru      generations, page-table walks                   mglru.h
 *
 * Mirrors: where lru_gen_enabled() is asked in mm/, Linux 6.1.
 * Never:   is called from outside of reclaim/: lru.h, vmscan.h and workingset.h are what higher
 *          rooms see.
 */
#ifndef RECLAIM_POLICY_H
#define RECLAIM_POLICY_H

#include "reclaim/classic.h"
#include "reclaim/mglru.h"

static inline bool policy_is_mglru(const struct mem *mem)
{
    return mem->kernel->lru == LRU_POLICY_MGLRU;
}

/* One of two direct calls. */
#define POLICY_CALL(mem, function, ...)                                    \
    (unlikely(policy_is_mglru(mem)) ? mglru_##function((mem), __VA_ARGS__) \
                                    : classic_##function((mem), __VA_ARGS__))

/* --- where pages stand ------------------------------------------------------------------------ */
/* Put new pages into the lruvecs of their groups and nodes, oldest first.   pre: on none   post:
 * PG_LRU */
static inline void policy_add(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    POLICY_CALL(mem, add, pfns, nr);
}

/* As policy_add(), of pages that were isolated and stay: PG_ACTIVE says that reclaim saw a use. */
static inline void policy_putback(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    POLICY_CALL(mem, putback, pfns, nr);
}

/* Take it out.   pre: PG_LRU */
static inline void policy_del(struct mem *mem, pfn_t pfn)
{
    POLICY_CALL(mem, del, pfn);
}

/* A folio came apart: its pages take its place, the first one nearest to going.   pre: PG_LRU; the
 * others are on none */
static inline void policy_split(struct mem *mem, pfn_t head, unsigned nr)
{
    POLICY_CALL(mem, split, head, nr);
}

/* It goes next: what held it up is over.   pre: PG_LRU, evictable */
static inline void policy_rotate(struct mem *mem, pfn_t pfn)
{
    POLICY_CALL(mem, rotate, pfn);
}

/* It was used, without a page table (read, write) or by one that goes away. */
static inline void policy_accessed(struct mem *mem, pfn_t pfn)
{
    POLICY_CALL(mem, accessed, pfn);
}

/* It will not be used soon (MADV_COLD).   pre: PG_LRU, evictable */
static inline void policy_deactivate(struct mem *mem, pfn_t pfn)
{
    POLICY_CALL(mem, deactivate, pfn);
}

/* --- what goes -------------------------------------------------------------------------------- */
/* kswapd, before each round: make the node's pages older where there are too few old ones. */
static inline void policy_age(struct mem *mem, struct scan_control *sc)
{
    POLICY_CALL(mem, age, sc);
}

/* A pass over sc->pgdat begins: judge the node, or the target's share of it. */
static inline void policy_prepare(struct mem *mem, struct scan_control *sc)
{
    POLICY_CALL(mem, prepare, sc);
}

/* Scan g's lruvec on sc->pgdat as the state's priority asks. post: what was freed is in
 * sc->state.nr_reclaimed */
static inline void policy_shrink(struct mem *mem, struct scan_control *sc, struct group *g)
{
    POLICY_CALL(mem, shrink, sc, g);
}

/* The reverse map of an isolated page came to an entry that was used since it was last looked at.
 * pre: an entry of a page table */
static inline void policy_found_young(struct mem *mem, pfn_t pfn, const struct rmap_walk *w)
{
    if (unlikely(policy_is_mglru(mem)))
        mglru_look_around(mem, pfn, w);
}

/* Was the isolated page found used, when that of a neighbour was looked at? */
static inline bool policy_found_used(const struct mem *mem, const struct frame *f)
{
    return unlikely(policy_is_mglru(mem)) && f->mapcount && frame_test(f, PG_REFERENCED);
}

/* Reclaim from the target (NULL: the machine) ended on this node. */
static inline void policy_end_cycle(struct mem *mem, const struct pgdat *pgdat,
                                    struct group *target)
{
    POLICY_CALL(mem, end_cycle, pgdat, target);
}

/* --- what comes back -------------------------------------------------------------------------- */
/* The token (an odd number) that an evicted page leaves behind. */
static inline u64 policy_eviction(struct mem *mem, pfn_t pfn, struct group *target)
{
    return POLICY_CALL(mem, eviction, pfn, target);
}

/* The page is back.   pre: charged, on no list */
static inline void policy_refault(struct mem *mem, pfn_t pfn, u64 token)
{
    POLICY_CALL(mem, refault, pfn, token);
}

/* Recount the policy's state in every lruvec. */
static inline void policy_check(const struct mem *mem)
{
    POLICY_CALL(mem, check, mem->groups);
}

#endif
