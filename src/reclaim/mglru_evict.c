/* mglru_evict.c - take the oldest generation apart; see mglru.h.
 *
 *   shrink                 batches until as many pages were looked at as the priority asks for
 *     choose a kind        the one whose oldest generation is older, else the controller
 *     isolate_batch        from the tails of its lists, zone after zone:
 *       sort_page          found used: to the list of its generation; a tier that is spared, a zone
 *                          that does not help, not written yet: to the next generation
 *       may_isolate        else out, for eviction
 *     evict_batch          evict (evict.c); what cannot go becomes young; what is clean by now once
 *                          more
 *   An empty generation is dropped; when two are left, eviction waits for aging to make another. */
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/mglru.h"
#include "space/rmap.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

struct gen_batch {
    pfn_t pfns[MIN_LRU_BATCH]; /* oldest first */
    u32 nr;
    enum lru_gen_type type;
};

/* --- from the lists --------------------------------------------------------------------------- */
/* True: it went elsewhere. */
static bool sort_page(struct mem *mem, struct scan_control *sc, struct group *g, struct lru_gen *lg,
                      pfn_t pfn, unsigned last_tier)
{
    struct frame *f = frame_of(mem, pfn);
    enum lru_gen_type type = frame_type(f);
    unsigned uses = frame_uses(f), tier = tier_of_uses(uses);
    u64 nr = (u64)frame_nr_pages(f);

    if (frame_test(f, PG_MLOCKED | PG_UNEVICTABLE)) /* eviction puts it where it belongs */
        return false;
    if (type == LRU_GEN_FILE && frame_test(f, PG_ANON) && frame_test(f, PG_DIRTY)) {
        lru_gen_del(mem, lg, pfn, true);
        frame_set(f, PG_SWAPBACKED); /* MADV_FREE memory that was written again */
        lru_gen_add(mem, lg, pfn, true);
        return true;
    }
    if (frame_gen(f) != (int)gen_of_seq(lg->min_seq[type])) {
        lru_gen_move(mem, lg, pfn, false);
        return true;
    }
    if (tier > last_tier || uses == FRAME_USES_LIMIT) {
        lru_gen_postpone(mem, g, lg, pfn);
        lru_gen_move(mem, lg, pfn, true);
        lg->history[type].protected[tier] += nr;
        if (!kernel_has(mem->kernel, KERNEL_LRU_GEN_REFAULTS))
            group_count_frame(mem->groups, g, pfn,
                              type == LRU_GEN_FILE ? WORKINGSET_ACTIVATE_FILE
                                                   : WORKINGSET_ACTIVATE_ANON,
                              (s64)nr);
        return true;
    }
    if (frame_zone(f) > sc->req.reclaim_idx) {
        lru_gen_postpone(mem, g, lg, pfn);
        lru_gen_move(mem, lg, pfn, true);
        return true;
    }
    if (!kernel_has(mem->kernel, KERNEL_LRU_GEN_DIRTY) &&
        (frame_test(f, PG_LOCKED | PG_WRITEBACK) ||
         (type == LRU_GEN_FILE && frame_test(f, PG_DIRTY)))) {
        lru_gen_postpone(mem, g, lg, pfn);
        if (frame_test(f, PG_WRITEBACK | PG_DIRTY))
            frame_set(f, PG_RECLAIM);
        lru_gen_move(mem, lg, pfn, false);
        return true;
    }
    return false;
}

static bool may_isolate(const struct scan_control *sc, const struct frame *f)
{
    if (!sc->req.may_unmap && f->mapcount)
        return false;
    return sc->req.may_writepage ||
           !(frame_test(f, PG_DIRTY) || (frame_test(f, PG_ANON) && !frame_test(f, PG_SWAPCACHE)));
}

/* How often it was used stays with it only if it was used by read() or write(). */
static void isolate_page(struct mem *mem, struct lru_gen *lg, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_REFERENCED))
        frame_clear(f, FRAME_USES_MASK | PG_WORKINGSET);
    frame_clear(f, PG_RECLAIM | PG_REFERENCED);
    lru_gen_del(mem, lg, pfn, true);
    rmap_prefetch(mem->space, pfn);
}

struct isolation {
    u64 scanned, sorted, isolated; /* pages */
    u32 left;                      /* folios that may still be looked at */
};

/* From one list, whose pages that may not be isolated go to its head. */
static void isolate_from(struct mem *mem, struct scan_control *sc, struct group *g,
                         struct lru_gen *lg, unsigned zone, unsigned last_tier,
                         struct gen_batch *ret, struct isolation *is)
{
    struct pfn_list *l = &lg->lists[gen_of_seq(lg->min_seq[ret->type])][ret->type][zone];
    pfn_t back[MIN_LRU_BATCH];
    u64 skipped = 0;
    u32 nr_back = 0;

    while (l->tail != PFN_NONE) {
        pfn_t pfn = l->tail;
        u64 nr = (u64)frame_nr_pages(frame_of(mem, pfn));

        is->scanned += nr;
        if (sort_page(mem, sc, g, lg, pfn, last_tier)) {
            is->sorted += nr;
        } else if (may_isolate(sc, frame_of(mem, pfn))) {
            isolate_page(mem, lg, pfn);
            ret->pfns[ret->nr++] = pfn;
            is->isolated += nr;
        } else {
            lru_gen_unlink(mem, lg, pfn);
            back[nr_back++] = pfn;
            skipped += nr;
        }
        if (!--is->left || MAX(is->isolated, skipped) >= MIN_LRU_BATCH)
            break;
    }
    for (u32 i = 0; i < nr_back; i++)
        lru_gen_link(mem, lg, back[i], false);
    if (skipped)
        count(mem->counters, PGSKIP_DMA + zone, (s64)skipped);
    sc->ahead = l->tail;
}

/* Pages looked at in the oldest generation; 0: there is nothing to get. */
static u64 isolate_batch(struct mem *mem, struct scan_control *sc, struct group *g,
                         struct lru_gen *lg, unsigned last_tier, struct gen_batch *ret)
{
    struct isolation is = {.left = MAX_LRU_BATCH};

    ret->nr = 0;
    if (lru_gen_nr(lg, ret->type) == MIN_NR_GENS)
        return 0;
    for (unsigned i = NR_ZONES; i > 0; i--) {
        unsigned zone = (sc->req.reclaim_idx + i) % NR_ZONES;

        isolate_from(mem, sc, g, lg, zone, last_tier, ret, &is);
        if (!is.left || is.isolated >= MIN_LRU_BATCH)
            break;
    }
    count_scan(mem, sc, g, sc->req.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, is.isolated);
    count_scan(mem, sc, g, PGREFILL, is.sorted);
    count(mem->counters, ret->type == LRU_GEN_FILE ? PGSCAN_FILE : PGSCAN_ANON, (s64)is.isolated);
    mem->cpu_ns += is.sorted * mem->cost->referenced;
    if (ret->type == LRU_GEN_FILE && kernel_has(mem->kernel, KERNEL_LRU_GEN_TURNS))
        sc->nr.file_taken += is.isolated;
    return is.isolated || !is.left ? is.scanned : 0;
}

static unsigned last_tier(const struct mem *mem, const struct lru_gen *lg, enum lru_gen_type type)
{
    return unlikely(mem->mglru_without & MGLRU_PID) ? MAX_NR_TIERS - 1
                                                    : lru_gen_last_tier(lg, type);
}

/* Of the kind that should go, else of the other. */
static u64 isolate_of_a_kind(struct mem *mem, struct scan_control *sc, struct group *g,
                             struct lru_gen *lg, unsigned swappiness, struct gen_batch *ret)
{
    bool by_pid = false;
    unsigned tier = 0;
    u64 scanned = 0;

    if (!swappiness)
        ret->type = LRU_GEN_FILE;
    else if (lg->min_seq[LRU_GEN_ANON] < lg->min_seq[LRU_GEN_FILE])
        ret->type = LRU_GEN_ANON;
    else if (swappiness == 1 || unlikely(mem->mglru_without & MGLRU_PID))
        ret->type = LRU_GEN_FILE;
    else if (swappiness == 200)
        ret->type = LRU_GEN_ANON;
    else
        ret->type = lru_gen_choose_type(lg, swappiness, &tier), by_pid = true;
    for (unsigned i = !swappiness; i < NR_LRU_GEN_TYPES && !scanned; i++) {
        if (scanned == 0 && i > !swappiness)
            ret->type = ret->type == LRU_GEN_FILE ? LRU_GEN_ANON : LRU_GEN_FILE;
        if (!by_pid || i > !swappiness)
            tier = last_tier(mem, lg, ret->type);
        scanned = isolate_batch(mem, sc, g, lg, tier, ret);
    }
    return scanned;
}

/* --- eviction --------------------------------------------------------------------------------- */
/* Those that stay go back, but for those that nothing holds up any more: they are left at the front
 * of pfns. */
static u32 put_back_kept(struct mem *mem, pfn_t *pfns, u32 kept, bool again)
{
    u32 clean = 0, stay = 0;
    pfn_t back[MIN_LRU_BATCH];

    for (u32 i = 0; i < kept; i++) {
        struct frame *f = frame_of(mem, pfns[i]);

        if (frame_test(f, PG_MLOCKED | PG_UNEVICTABLE)) {
            back[stay++] = pfns[i];
        } else if (frame_test(f, PG_RECLAIM) && frame_test(f, PG_DIRTY | PG_WRITEBACK)) {
            if (frame_test(f, PG_WORKINGSET))
                frame_set(f, PG_REFERENCED);
            back[stay++] = pfns[i];
        } else if (again || f->mapcount ||
                   frame_test(f, PG_ACTIVE | PG_REFERENCED | PG_LOCKED | PG_DIRTY | PG_WRITEBACK)) {
            frame_clear(f, FRAME_USES_MASK | PG_REFERENCED | PG_WORKINGSET);
            frame_set(f, PG_ACTIVE);
            back[stay++] = pfns[i];
        } else {
            pfns[clean++] = pfns[i];
        }
    }
    putback_lru_pages(mem, back, stay);
    return clean;
}

static u64 evict_batch(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct gen_batch *b)
{
    u64 freed = 0;

    for (bool again = false; b->nr; again = true) {
        struct evict_stat stat = {0};
        u32 kept;
        u64 nr = shrink_page_list(mem, sc, b->pfns, b->nr, &kept, &stat, false);

        count_scan(mem, sc, g, sc->req.kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, nr);
        count(mem->counters, b->type == LRU_GEN_FILE ? PGSTEAL_FILE : PGSTEAL_ANON, (s64)nr);
        freed += nr;
        if (kernel_has(mem->kernel, KERNEL_LRU_GEN_TURNS))
            sc->nr.unqueued_dirty += stat.nr_unqueued_dirty;
        b->nr = put_back_kept(mem, b->pfns, kept, again);
    }
    return freed;
}

static u64 evict_some(struct mem *mem, struct scan_control *sc, struct group *g, struct lru_gen *lg,
                      unsigned swappiness, bool *swapped)
{
    struct gen_batch b;
    u64 scanned = isolate_of_a_kind(mem, sc, g, lg, swappiness, &b);

    scanned += lru_gen_drop_empty(lg, swappiness != 0);
    if (lru_gen_nr(lg, swappiness ? LRU_GEN_ANON : LRU_GEN_FILE) == MIN_NR_GENS)
        scanned = 0;
    if (!b.nr)
        return scanned;
    sc->state.nr_reclaimed += evict_batch(mem, sc, g, &b);
    *swapped |= b.type == LRU_GEN_ANON;
    return scanned;
}

u64 lru_gen_evict_some(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct lru_gen *lg, unsigned swappiness)
{
    bool swapped = false;

    return evict_some(mem, sc, g, lg, swappiness, &swapped);
}

/* --- how much --------------------------------------------------------------------------------- */
unsigned lru_gen_swappiness(const struct mem *mem, const struct scan_control *sc,
                            const struct group *g)
{
    if (!can_demote(mem, sc) && group_swap_left(g, mem->swap->free_pages) < MIN_LRU_BATCH)
        return 0;
    return scan_swappiness(mem, sc);
}

static unsigned choose_swappiness(const struct mem *mem, const struct scan_control *sc,
                                  const struct group *g)
{
    unsigned swappiness = lru_gen_swappiness(mem, sc, g);

    if (sc->req.may_swap)
        return swappiness;
    return !sc->req.target && swappiness ? 1 : 0;
}

static bool is_protected(const struct scan_control *sc, const struct group *g)
{
    if (g == sc->req.target || !g->parent)
        return false;
    return g->memory.emin >= g->memory.usage ||
           (g->memory.elow >= g->memory.usage && !sc->state.memcg_low_reclaim);
}

/* After aging, if there should be some. */
static u64 get_nr_to_scan(struct mem *mem, struct scan_control *sc, struct group *g,
                          struct lru_gen *lg, bool can_swap, bool *need_aging)
{
    u64 max_seq = lg->max_seq, oldest = lg->min_seq[!can_swap], nr;

    if (is_protected(sc, g))
        return 0;
    *need_aging = lru_gen_needs_aging(lg, g, sc->state.priority, can_swap, &nr);
    if (!*need_aging)
        return nr;
    if (sc->state.priority != DEF_PRIORITY) {
        if (sc->req.kswapd) /* it ages before its rounds */
            return 0;
        if (lru_gen_age(mem, g, sc->pgdat, false, can_swap, false))
            return nr;
    }
    return oldest + MIN_NR_GENS <= max_seq ? nr : 0;
}

/* Is enough done here, whatever is still to be looked at? */
static bool is_enough(const struct mem *mem, struct scan_control *sc, const struct lru_gen *lg,
                      u64 max_seq, bool swapped)
{
    const struct pgdat *pgdat = sc->pgdat;

    (void)mem;
    if (!sc->req.kswapd) {
        if (lg->max_seq - max_seq > 1) /* other groups shall age as well */
            return true;
        if (sc->state.nr_reclaimed >= sc->req.nr_to_reclaim && swapped)
            return true;
        if (sc->req.target)
            return false;
    } else if (sc->state.nr_reclaimed < sc->req.nr_to_reclaim) {
        return false;
    }
    if (sc->state.priority > DEF_PRIORITY - 2)
        return false;
    for (unsigned i = 0; i <= sc->req.reclaim_idx; i++) {
        const struct zone *z = &pgdat->zones[i];

        if (z->managed &&
            zone_wmark_pages(z, sc->req.kswapd ? WMARK_HIGH : WMARK_LOW) > z->free_pages)
            return false;
    }
    sc->state.nr_reclaimed += MIN_LRU_BATCH;
    return true;
}

void mglru_prepare(struct mem *mem, struct scan_control *sc)
{
    (void)mem;
    (void)sc;
}

void mglru_end_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target)
{
    (void)mem;
    (void)pgdat;
    (void)target;
}

/* False: there was nothing more to get. */
static bool shrink(struct mem *mem, struct scan_control *sc, struct group *g, struct lru_gen *lg,
                   bool *need_aging)
{
    u64 max_seq = lg->max_seq, before = sc->state.nr_reclaimed, scanned = 0;
    bool swapped = false;

    for (;;) {
        unsigned swappiness = choose_swappiness(mem, sc, g);
        u64 nr_to_scan = get_nr_to_scan(mem, sc, g, lg, swappiness != 0, need_aging), some;

        if (!nr_to_scan)
            return false;
        some = evict_some(mem, sc, g, lg, swappiness, &swapped);
        if (!some)
            return false;
        scanned += some;
        if (scanned >= nr_to_scan || is_enough(mem, sc, lg, max_seq, swapped) ||
            scan_must_pause(mem, sc, sc->state.nr_reclaimed - before))
            return true;
    }
}

void mglru_shrink(struct mem *mem, struct scan_control *sc, struct group *g)
{
    struct lru_gen *lg = lru_gen_get(mem, g, sc->pgdat->nid);
    u64 before = sc->state.nr_reclaimed;
    bool need_aging = false;

    lru_add_drain(mem);
    mem->aging.walks = sc->req.kswapd;
    mem->aging.can_swap = sc->pgdat->kswapd.walk_can_swap;
    io_plug(mem);
    if (kernel_has(mem->kernel, KERNEL_LRU_GEN_TURNS))
        lru_gen_take_turn(mem, sc, g, lg);
    else if (shrink(mem, sc, g, lg, &need_aging) && sc->req.kswapd &&
             sc->state.nr_reclaimed - before >= MIN_LRU_BATCH && !need_aging)
        sc->pgdat->kswapd.may_age = false;
    io_unplug(mem);
    mem->aging.walks = false;
}
