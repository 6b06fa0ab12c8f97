/* classic.c - active and inactive lists: the use-once rule, and how they are scanned.
 *
 *   unmapped page, used by read(2):  inactive -> inactive+referenced -> active
 *
 *   classic_shrink         lists in turns of 32 pages until the scan target or the goal is reached
 *     shrink_inactive      isolate from the tail, evict, put back what stays
 *     shrink_active        isolate from the tail, clear the accessed bits, move to inactive
 *                          (executable file pages in use stay) */
#include "reclaim/io.h"
#include "reclaim/lru.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* --- the lists -------------------------------------------------------------------------------- */
void classic_add(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    lruvec_add_many(mem->groups, pfns, nr);
}

/* An active one ages the shadows as an activation does. */
void classic_putback(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    lruvec_add_many(mem->groups, pfns, nr);
    classic_activation(mem, pfns, nr);
}

void classic_del(struct mem *mem, pfn_t pfn)
{
    lruvec_del(mem->groups, pfn);
}

void classic_split(struct mem *mem, pfn_t head, unsigned nr)
{
    lruvec_split(mem->groups, head, nr);
}

void classic_rotate(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_ACTIVE)) {
        lruvec_del(mem->groups, pfn);
        frame_clear(f, PG_ACTIVE);
        lruvec_add_tail(mem->groups, pfn);
    } else {
        lruvec_move_tail(mem->groups, pfn);
    }
}

void classic_check(const struct mem *mem, const struct groups *gs)
{
    (void)mem;
    lruvec_check(gs);
}

static void activate(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_LRU)) {
        lruvec_del(mem->groups, pfn);
        frame_set(f, PG_ACTIVE);
        lruvec_add(mem->groups, pfn);
        group_count(mem->groups, frame_group(mem->groups, f), PGACTIVATE, frame_nr_pages(f));
    } else {
        frame_set(f, PG_ACTIVE);
    }
}

void classic_accessed(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_REFERENCED)) {
        frame_set(f, PG_REFERENCED);
    } else if (!frame_test(f, PG_UNEVICTABLE | PG_ACTIVE)) {
        activate(mem, pfn);
        frame_clear(f, PG_REFERENCED);
        classic_activation(mem, &pfn, 1);
    }
}

void classic_deactivate(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_ACTIVE))
        return;
    lruvec_del(mem->groups, pfn);
    frame_clear(f, PG_ACTIVE | PG_REFERENCED);
    lruvec_add(mem->groups, pfn);
    group_count(mem->groups, frame_group(mem->groups, f), PGDEACTIVATE, frame_nr_pages(f));
}

void classic_note_cost(const struct mem *mem, struct group *g, unsigned nid, bool file, u64 nr,
                       u64 rotated)
{
    u64 cost = nr;

    if (kernel_has(mem->kernel, KERNEL_ROTATION_COST))
        cost = nr * SWAP_CLUSTER_MAX + rotated;
    for (; g && cost; g = g->parent) {
        struct lruvec *lv = group_lruvec(g, nid);
        u64 size = 0;

        for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++)
            size += lruvec_known_size(mem->groups, lv, (enum lru_list)lru);
        *(file ? &lv->classic.file_cost : &lv->classic.anon_cost) += cost;
        if (lv->classic.file_cost + lv->classic.anon_cost > size / 4) {
            lv->classic.file_cost /= 2;
            lv->classic.anon_cost /= 2;
        }
    }
}

/* --- scanning --------------------------------------------------------------------------------- */
/* From the tail of a list, whose next batch is looked at meanwhile. */
static void isolate(struct mem *mem, struct scan_control *sc, struct group *g, enum lru_list lru,
                    u32 nr, struct isolated *ret)
{
    struct pfn_list *l = &group_lruvec(g, sc->pgdat->nid)->lists[lru];

    lru_add_drain(mem);
    isolate_lru_pages(mem, sc, g, l, lru, nr, ret);
    sc->ahead = l->tail;
}

static u64 shrink_inactive_list(struct mem *mem, struct scan_control *sc, struct group *g,
                                enum lru_list lru, u32 nr)
{
    bool file = lru >= LRU_FILE;
    struct isolated batch;
    struct evict_stat stat;
    u64 freed;

    isolate(mem, sc, g, lru, nr, &batch);
    freed = evict_isolated(mem, sc, g, &batch, file, &stat);
    classic_note_cost(mem, g, sc->pgdat->nid, file, stat.nr_pageout, batch.scanned - freed);
    return freed;
}

static void shrink_active_list(struct mem *mem, struct scan_control *sc, struct group *g,
                               enum lru_list lru, u32 nr)
{
    pfn_t keep[SWAP_CLUSTER_MAX];
    struct isolated batch;
    u32 nr_keep = 0, nr_down = 0;
    s64 pages_down = 0;

    isolate(mem, sc, g, lru, nr, &batch);
    count_scan(mem, sc, g, PGREFILL, batch.scanned);
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
    putback_lru_pages(mem, keep, nr_keep);
    putback_lru_pages(mem, batch.pfns, nr_down);
    group_count(mem->groups, g, PGDEACTIVATE, pages_down);
    classic_note_cost(mem, g, sc->pgdat->nid, lru >= LRU_FILE, 0, nr_keep);
}

static u64 shrink_list(struct mem *mem, struct scan_control *sc, struct group *g, enum lru_list lru,
                       u32 nr)
{
    if (!(lru & LRU_ACTIVE))
        return shrink_inactive_list(mem, sc, g, lru, nr);
    if (lru >= LRU_FILE ? sc->classic.may_deactivate_file : sc->classic.may_deactivate_anon)
        shrink_active_list(mem, sc, g, lru, nr);
    else
        sc->state.skipped_deactivate = true;
    return 0;
}

/* The goal is reached before the scan targets are: stop the smaller kind, and let the larger one do
 * as large a share of its target as the smaller one did. */
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

/* Each list in turn, a batch at a time, until what is to be scanned or to be freed is done. */
static void shrink_lists(struct mem *mem, struct scan_control *sc, struct group *g)
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
        if (scan_must_pause(mem, sc, freed))
            break;
        if (freed < sc->req.nr_to_reclaim || proportional)
            continue;
        if (!stop_smaller_kind(nr, target))
            break;
    }
    io_unplug(mem);
    sc->state.nr_reclaimed += freed;
}

/* A group that has nothing on a node, as most have on most nodes, and of which nothing must be said
 * to be protected. */
static bool has_nothing(const struct group *g, const struct lruvec *lv)
{
    u64 pages = 0;

    for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++)
        pages += lruvec_own_size(lv, (enum lru_list)lru);
    return !(pages | g->memory.emin | g->memory.elow);
}

void classic_shrink(struct mem *mem, struct scan_control *sc, struct group *g)
{
    const struct lruvec *lv = group_lruvec(g, sc->pgdat->nid);

    if (likely(!has_nothing(g, lv)))
        shrink_lists(mem, sc, g);
    if ((mem->swap->total_pages || can_demote(mem, sc)) &&
        inactive_is_low(mem->groups, lv, LRU_INACTIVE_ANON))
        shrink_active_list(mem, sc, g, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

/* age_active_anon() */
void classic_age(struct mem *mem, struct scan_control *sc)
{
    struct group *root = mem->groups->root;

    if (!(mem->swap->total_pages || can_demote(mem, sc)) ||
        !inactive_is_low(mem->groups, group_lruvec(root, sc->pgdat->nid), LRU_INACTIVE_ANON))
        return;
    for (struct group *g = group_next(root, NULL); g; g = group_next(root, g))
        shrink_active_list(mem, sc, g, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}
