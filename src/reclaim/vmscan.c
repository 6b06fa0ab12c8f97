/* vmscan.c - walk the groups, take batches of pages from their lists and put back what stays.
 *
 * shrink_node              every group below the target, once
 *   policy_shrink          which lists, how much of them (policy.h); of each batch:
 *     isolate_lru_pages    from the tail
 *     evict_isolated       evict (evict.c), put back what stays
 */
#include "frames/fragmentation.h"
#include "reclaim/io.h"
#include "reclaim/policy.h"
#include "space/rmap.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

void isolate_lru_pages(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct pfn_list *l, enum lru_list lru, u32 nr, struct isolated *ret)
{
    u64 scanned = 0, skipped = 0, nr_zone[NR_ZONES] = {0};

    ret->nr = 0;
    ret->pages = 0;
    while (scanned < nr && l->tail != PFN_NONE) {
        pfn_t pfn = l->tail;
        struct frame *f = frame_of(mem, pfn);
        u64 pages = (u64)frame_nr_pages(f);
        unsigned zone = frame_zone(f);

        if (zone > sc->req.reclaim_idx) {
            pfn_list_del(mem->frames, l, pfn);
            pfn_list_add(mem->frames, l, pfn);
            count(mem->counters, PGSKIP_DMA + zone, (s64)pages);
            skipped += pages;
            if (skipped >= l->count)
                break;
            continue;
        }
        scanned += pages;
        assert(frame_test(f, PG_LRU));
        frame_clear(f, PG_LRU);
        pfn_list_del(mem->frames, l, pfn);
        l->count -= pages - 1;
        nr_zone[zone] += pages;
        rmap_prefetch(mem->space, pfn);
        ret->pfns[ret->nr++] = pfn;
        ret->pages += pages;
    }
    for (unsigned zone = 0; zone < NR_ZONES; zone++)
        if (nr_zone[zone])
            lruvec_count(mem->groups, g, lru, &sc->pgdat->zones[zone], -(s64)nr_zone[zone]);
    ret->scanned = scanned + skipped;
}

void putback_lru_pages(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    for (u32 i = 0; i < nr; i++) {
        struct frame *f = frame_of(mem, pfns[i]);

        if (frame_test(f, PG_MLOCKED) && !frame_test(f, PG_UNEVICTABLE)) {
            frame_clear(f, PG_ACTIVE);
            frame_set(f, PG_UNEVICTABLE);
            count(mem->counters, UNEVICTABLE_PGS_CULLED, frame_nr_pages(f));
        }
    }
    policy_putback(mem, pfns, nr);
}

u64 evict_isolated(struct mem *mem, struct scan_control *sc, struct group *g,
                   struct isolated *batch, bool file, struct evict_stat *stat)
{
    u64 freed;
    u32 kept;

    *stat = (struct evict_stat){0};
    count_scan(mem, sc, g, sc->req.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, batch->scanned);
    count(mem->counters, file ? PGSCAN_FILE : PGSCAN_ANON, (s64)batch->scanned);
    if (!batch->nr)
        return 0;
    freed = shrink_page_list(mem, sc, batch->pfns, batch->nr, &kept, stat, false);
    putback_lru_pages(mem, batch->pfns, kept);
    count_scan(mem, sc, g, sc->req.kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, freed);
    count(mem->counters, file ? PGSTEAL_FILE : PGSTEAL_ANON, (s64)freed);

    if (stat->nr_unqueued_dirty == batch->pages)
        mem->flusher_wanted = true;
    sc->nr.dirty += stat->nr_dirty;
    sc->nr.congested += stat->nr_congested;
    sc->nr.unqueued_dirty += stat->nr_unqueued_dirty;
    sc->nr.writeback += stat->nr_writeback;
    sc->nr.immediate += stat->nr_immediate;
    sc->nr.taken += batch->pages;
    if (file)
        sc->nr.file_taken += batch->pages;
    return freed;
}

bool scan_must_pause(struct mem *mem, struct scan_control *sc, u64 freed)
{
    io_let_time_pass(mem);
    if (freed >= sc->req.nr_to_reclaim || !io_swap_blocked(mem, sc->req.kswapd, &sc->until))
        return false;
    sc->throttle = THROTTLE_REQUEST;
    return true;
}

/* May reclaim that starts at top take from g? Memory below memory.low is left alone until nothing
 * else is left to take. */
static bool is_protected(struct scan_control *sc, const struct group *top, struct group *g)
{
    if (g == top || !g->parent)
        return false;
    if (g->memory.emin >= g->memory.usage)
        return true;
    if (g->memory.elow < g->memory.usage)
        return false;
    if (!sc->state.memcg_low_reclaim) {
        sc->state.memcg_low_skipped = true;
        return true;
    }
    group_event(g, MEMCG_LOW, 1);
    return false;
}

static void shrink_groups(struct mem *mem, struct scan_control *sc)
{
    struct group *top = sc->req.target ? sc->req.target : mem->groups->root;

    for (struct group *g = group_next(top, NULL); g; g = group_next(top, g)) {
        if (sc->state.group && sc->state.group != g->id + 1u)
            continue;
        sc->state.group = 0;
        group_calculate_protection(mem->groups, top, g);
        if (is_protected(sc, top, g))
            continue;
        policy_shrink(mem, sc, g);
        if (mem->kmem.shrink)
            sc->state.nr_reclaimed +=
                mem->kmem.shrink(mem->kmem.ctx, g, sc->pgdat->nid, sc->state.priority);
        if (!g->parent)
            zs_shrink(mem, sc->state.priority);
        if (sc->throttle == THROTTLE_REQUEST && !sc->req.kswapd) {
            sc->state.group = g->id + 1u;
            return;
        }
    }
}

/* Reclaim for a large block goes on until compaction has room to work, while it gets anywhere.
 * (should_continue_reclaim) */
static bool must_make_room(const struct mem *mem, const struct pgdat *pgdat,
                           const struct scan_control *sc, u64 freed)
{
    const s64 *v = mem->counters->v;
    s64 inactive = v[NR_INACTIVE_FILE];

    if (!sc->req.order || sc->req.target || !freed || sc->throttle)
        return false;
    if (sc->req.order <= PAGE_ALLOC_COSTLY_ORDER && sc->state.priority >= DEF_PRIORITY - 2)
        return false;
    for (unsigned i = 0; i <= sc->req.reclaim_idx; i++) {
        const struct zone *z = &pgdat->zones[i];

        if (z->managed &&
            compaction_suitable(z, (int)sc->req.order, 0, sc->req.reclaim_idx,
                                (s32)mem->tunables->extfrag_threshold) != COMPACTION_SKIPPED)
            return false;
    }
    if (mem->swap->free_pages)
        inactive += v[NR_INACTIVE_ANON];
    return inactive > (s64)compact_gap(sc->req.order);
}

unsigned scan_swappiness(const struct mem *mem, const struct scan_control *sc)
{
    return sc->req.has_swappiness ? sc->req.swappiness : (unsigned)mem->tunables->swappiness;
}

void shrink_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc)
{
    struct group *top = sc->req.target ? sc->req.target : mem->groups->root;
    struct lruvec *lv = group_lruvec(top, pgdat->nid);
    u64 before = sc->state.nr_reclaimed, round;

    sc->pgdat = pgdat;
    do {
        round = sc->state.nr_reclaimed;
        sc->nr = (struct reclaim_counts){.scanned = sc->nr.scanned};
        policy_prepare(mem, sc);
        shrink_groups(mem, sc);
    } while (must_make_room(mem, pgdat, sc, sc->state.nr_reclaimed - round));
    if (sc->throttle != THROTTLE_REQUEST)
        sc->state.group = 0;
    if (sc->req.kswapd) {
        if (sc->nr.writeback && sc->nr.writeback == sc->nr.taken)
            pgdat->writeback = true;
        if (sc->nr.unqueued_dirty && sc->nr.unqueued_dirty == sc->nr.file_taken)
            pgdat->dirty = true;
        if (sc->nr.immediate)
            sc->throttle = THROTTLE_WRITEBACK;
    }
    if (sc->nr.dirty && sc->nr.dirty == sc->nr.congested)
        lv->congested = true;
    if (!sc->req.kswapd && !sc->throttle && lv->congested)
        sc->throttle = THROTTLE_CONGESTED;
    if (sc->state.nr_reclaimed > before)
        pgdat->kswapd.failures = 0;
}

void age_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc)
{
    sc->pgdat = pgdat;
    policy_age(mem, sc);
}

void end_reclaim_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target)
{
    policy_end_cycle(mem, pgdat, target);
}

u64 reclaim_pages(struct mem *mem, pfn_t *pfns, u32 nr)
{
    struct scan_control sc = {.req = {.reclaim_idx = NR_ZONES - 1,
                                      .may_writepage = true,
                                      .may_unmap = true,
                                      .may_swap = true}};
    struct evict_stat stat = {0};
    u32 kept;
    u64 freed = shrink_page_list(mem, &sc, pfns, nr, &kept, &stat, true);

    putback_lru_pages(mem, pfns, kept);
    return freed;
}
