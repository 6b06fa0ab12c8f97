/* vmscan.c - walk the groups, shrink their lists.
 *
 * shrink_node            every group below the target, once
 *   shrink_lruvec        lists in turns of 32 pages until the scan target or the goal is reached
 *     shrink_inactive    isolate from the tail, evict, put back what stays
 *     shrink_active      isolate from the tail, clear the accessed bits, move to inactive (executable file pages in use stay)
 */
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/scan_int.h"
#include "reclaim/workingset.h"
#include "space/rmap.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* Events that the kernel counts for the machine only in global reclaim, and for the group always. */
static void count_scan(struct mem *mem, const struct scan_control *sc, struct group *g,
                       enum counter id, u64 n)
{
    if (!sc->req.target)
        count(mem->counters, id, (s64)n);
    count(&g->counters, id, (s64)n);
}

/* What was isolated from a list, oldest first. */
struct isolated {
    pfn_t pfns[SWAP_CLUSTER_MAX];
    u32 nr;
    u64 pages;   /* in them */
    u64 scanned; /* pages that were looked at */
};

/* Take up to nr pages from the tail; pages of zones that do not help go back to the head.   pre: nr <= SWAP_CLUSTER_MAX */
static void isolate_lru_pages(struct mem *mem, struct scan_control *sc, struct group *g,
                              enum lru_list lru, u32 nr, struct isolated *ret)
{
    struct pfn_list *l = &group_lruvec(g, sc->pgdat->nid)->lists[lru];
    u64 scanned = 0, skipped = 0, skipped_frames = 0, nr_zone[NR_ZONES] = {0};

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
            if (++skipped_frames >= l->count)
                break;
            continue;
        }
        scanned += pages;
        assert(frame_test(f, PG_LRU));
        frame_clear(f, PG_LRU);
        pfn_list_del(mem->frames, l, pfn);
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

/* Put pages back where their flags say, in order; an active one ages the shadows as an activation does. */
static void putback(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    for (u32 i = 0; i < nr; i++) {
        struct frame *f = frame_of(mem, pfns[i]);

        if (frame_test(f, PG_MLOCKED) && !frame_test(f, PG_UNEVICTABLE)) {
            frame_clear(f, PG_ACTIVE);
            frame_set(f, PG_UNEVICTABLE);
            count(mem->counters, UNEVICTABLE_PGS_CULLED, frame_nr_pages(f));
        }
    }
    lruvec_add_many(mem->groups, pfns, nr);
    workingset_activation(mem, pfns, nr);
}

static u64 shrink_inactive_list(struct mem *mem, struct scan_control *sc, struct group *g,
                                enum lru_list lru, u32 nr)
{
    bool file = lru >= LRU_FILE;
    struct isolated batch;
    struct evict_stat stat = {0};
    u64 freed;
    u32 kept;

    lru_add_drain(mem);
    isolate_lru_pages(mem, sc, g, lru, nr, &batch);
    count_scan(mem, sc, g, sc->req.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, batch.scanned);
    count(mem->counters, file ? PGSCAN_FILE : PGSCAN_ANON, (s64)batch.scanned);
    if (!batch.nr)
        return 0;
    sc->ahead = group_lruvec(g, sc->pgdat->nid)->lists[lru].tail;
    freed = shrink_page_list(mem, sc, batch.pfns, batch.nr, &kept, &stat, false);
    putback(mem, batch.pfns, kept);
    count_scan(mem, sc, g, sc->req.kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, freed);
    count(mem->counters, file ? PGSTEAL_FILE : PGSTEAL_ANON, (s64)freed);
    lru_note_cost(g, sc->pgdat->nid, file, stat.nr_pageout);

    if (stat.nr_unqueued_dirty == batch.pages)
        mem->flusher_wanted = true;
    sc->nr.dirty += stat.nr_dirty;
    sc->nr.congested += stat.nr_congested;
    sc->nr.unqueued_dirty += stat.nr_unqueued_dirty;
    sc->nr.writeback += stat.nr_writeback;
    sc->nr.immediate += stat.nr_immediate;
    sc->nr.taken += batch.pages;
    if (file)
        sc->nr.file_taken += batch.pages;
    return freed;
}

static void shrink_active_list(struct mem *mem, struct scan_control *sc, struct group *g,
                               enum lru_list lru, u32 nr)
{
    pfn_t keep[SWAP_CLUSTER_MAX];
    struct isolated batch;
    u32 nr_keep = 0, nr_down = 0;
    s64 pages_down = 0;

    lru_add_drain(mem);
    isolate_lru_pages(mem, sc, g, lru, nr, &batch);
    count_scan(mem, sc, g, PGREFILL, batch.scanned);
    sc->ahead = group_lruvec(g, sc->pgdat->nid)->lists[lru].tail;
    for (u32 i = 0; i < batch.nr; i++) {
        struct frame *f = frame_of(mem, batch.pfns[i]);
        u32 vm_flags;

        look_ahead(mem, sc);
        mem_cost(mem, mem->cost->scan_page);
        if (page_referenced(mem, batch.pfns[i], sc->req.target, &vm_flags) &&
            (vm_flags & VM_EXEC) && frame_is_file_lru(f)) {
            keep[nr_keep++] = batch.pfns[i];
            continue;
        }
        frame_clear(f, PG_ACTIVE);
        frame_set(f, PG_WORKINGSET);
        batch.pfns[nr_down++] = batch.pfns[i];
        pages_down += frame_nr_pages(f);
    }
    putback(mem, keep, nr_keep);
    putback(mem, batch.pfns, nr_down);
    group_count(mem->groups, g, PGDEACTIVATE, pages_down);
}

static u64 shrink_list(struct mem *mem, struct scan_control *sc, struct group *g, enum lru_list lru,
                       u32 nr)
{
    if (!(lru & LRU_ACTIVE))
        return shrink_inactive_list(mem, sc, g, lru, nr);
    if (lru >= LRU_FILE ? sc->may_deactivate_file : sc->may_deactivate_anon)
        shrink_active_list(mem, sc, g, lru, nr);
    else
        sc->state.skipped_deactivate = true;
    return 0;
}

/* The goal is reached before the scan targets are: stop the smaller kind, and let the larger one do as large a share of its target as the
 * smaller one did. */
static bool stop_smaller_kind(u64 nr[NR_LRU_LISTS], const u64 target[NR_LRU_LISTS])
{
    u64 file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE];
    u64 anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
    unsigned small = file > anon ? 0 : LRU_FILE, large = file > anon ? LRU_FILE : 0;
    u64 small_target = target[small] + target[small + LRU_ACTIVE] + 1;
    u64 percent = (file > anon ? anon : file) * 100 / small_target;

    if (!file || !anon)
        return false;
    nr[small] = nr[small + LRU_ACTIVE] = 0;
    for (unsigned lru = large; lru <= large + LRU_ACTIVE; lru++) {
        u64 scanned = target[lru] - nr[lru];

        nr[lru] = target[lru] * (100 - percent) / 100;
        nr[lru] -= MIN(nr[lru], scanned);
    }
    return true;
}

static void shrink_lruvec(struct mem *mem, struct scan_control *sc, struct group *g)
{
    u64 nr[NR_LRU_LISTS] = {0}, target[NR_LRU_LISTS];
    u64 freed = 0;
    bool proportional = !sc->req.target && !sc->req.kswapd && sc->state.priority == DEF_PRIORITY;

    get_scan_count(mem, sc, g, nr);
    io_plug(mem);
    for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
        target[lru] = nr[lru];
    while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
        for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++) {
            u32 batch = (u32)MIN(nr[lru], (u64)SWAP_CLUSTER_MAX);

            if (!batch)
                continue;
            nr[lru] -= batch;
            freed += shrink_list(mem, sc, g, (enum lru_list)lru, batch);
        }
        io_let_time_pass(mem);
        if (freed < sc->req.nr_to_reclaim && io_swap_blocked(mem, sc->req.kswapd, &sc->until)) {
            sc->throttle = THROTTLE_REQUEST; /* Linux sleeps right here */
            break;
        }
        if (freed < sc->req.nr_to_reclaim || proportional)
            continue;
        if (!stop_smaller_kind(nr, target))
            break;
    }
    io_unplug(mem);
    sc->state.nr_reclaimed += freed;
    if (mem->swap->total_pages &&
        inactive_is_low(group_lruvec(g, sc->pgdat->nid), LRU_INACTIVE_ANON))
        shrink_active_list(mem, sc, g, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

/* May reclaim that starts at top take from g? Memory below memory.low is left alone until nothing else is left to take. */
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
        shrink_lruvec(mem, sc, g);
        if (mem->kmem.shrink)
            sc->state.nr_reclaimed += mem->kmem.shrink(mem->kmem.ctx, g, sc->state.priority);
        if (!g->parent)
            zs_shrink(mem, sc->state.priority);
        if (sc->throttle == THROTTLE_REQUEST && !sc->req.kswapd) {
            sc->state.group = g->id + 1u;
            return;
        }
    }
}

void shrink_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc)
{
    struct group *top = sc->req.target ? sc->req.target : mem->groups->root;
    struct lruvec *lv = group_lruvec(top, pgdat->nid);
    u64 before = sc->state.nr_reclaimed;

    sc->pgdat = pgdat;
    sc->nr = (struct reclaim_counts){.scanned = sc->nr.scanned};
    prepare_scan_count(mem, sc);
    shrink_groups(mem, sc);
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

void age_active_anon(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc)
{
    struct group *root = mem->groups->root;

    sc->pgdat = pgdat;
    if (!mem->swap->total_pages ||
        !inactive_is_low(group_lruvec(root, pgdat->nid), LRU_INACTIVE_ANON))
        return;
    for (struct group *g = group_next(root, NULL); g; g = group_next(root, g))
        shrink_active_list(mem, sc, g, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
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

    putback(mem, pfns, kept);
    return freed;
}
