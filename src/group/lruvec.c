/* lruvec.c - the LRU lists of each group.
 *
 *   head -> newest ......... oldest <- tail of inactive and active lists; reclaim takes from the
 *   tail
 *
 * A list links the heads of folios and counts their pages. One place counts: group, zone and
 * machine gauges move together with the list. */
#include "group/group.h"

static const enum counter node_counters[NR_LRU_LISTS] = {
    NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, NR_UNEVICTABLE};
static const enum counter zone_counters[NR_LRU_LISTS] = {NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON,
                                                         NR_ZONE_INACTIVE_FILE, NR_ZONE_ACTIVE_FILE,
                                                         NR_ZONE_UNEVICTABLE};

enum lru_list frame_lru(const struct frame *f)
{
    if (frame_test(f, PG_UNEVICTABLE))
        return LRU_UNEVICTABLE;
    return (frame_is_file_lru(f) ? LRU_FILE : 0u) + (frame_test(f, PG_ACTIVE) ? LRU_ACTIVE : 0u);
}

void lruvec_count(struct groups *gs, struct group *g, enum lru_list lru, struct zone *z, s64 n)
{
    unsigned nid = z->nid;

    group_count(gs, g, node_counters[lru], n);
    count(&z->counters, zone_counters[lru], n);
    count(gs->counters, zone_counters[lru], n);
    for (; g; g = g->parent) {
        g->lru_nodes |= BIT_ULL(nid);
        group_lruvec(g, nid)->size[lru] += (u64)n;
    }
}

/* Where a page is, or goes, by its flags. */
struct place {
    struct group *group;
    struct zone *zone;
    enum lru_list lru;
};

static inline struct place place_of(const struct groups *gs, const struct frame *f, pfn_t pfn)
{
    return (struct place){frame_group(gs, f), frames_zone_of(gs->frames, pfn), frame_lru(f)};
}

static inline struct pfn_list *list_of(const struct groups *gs, const struct place *at, pfn_t pfn)
{
    return &group_lruvec(at->group, frame_nid(gs->frames, pfn))->lists[at->lru];
}

void lruvec_add(struct groups *gs, pfn_t pfn)
{
    lruvec_add_many(gs, &pfn, 1);
}

/* The flags that decide on a page's zone and list. */
#define PLACE_FLAGS (FRAME_ZONE_MASK | PG_UNEVICTABLE | PG_SWAPBACKED | PG_ACTIVE)

void lruvec_add_many(struct groups *gs, const pfn_t *pfns, u32 nr)
{
    struct place at = {0}; /* of the run of neighbours */
    struct pfn_list *list = NULL;
    u32 flags = 0;
    unsigned nid = 0;
    u16 memcg = 0;
    s64 nr_pages, pages = 0;

    for (u32 i = 0; i < nr; i++) {
        struct frame *f = frames_get(gs->frames, pfns[i]);

        if (!list || f->memcg != memcg || (f->flags & PLACE_FLAGS) != flags ||
            frame_nid(gs->frames, pfns[i]) != nid) {
            if (list)
                lruvec_count(gs, at.group, at.lru, at.zone, pages);
            at = place_of(gs, f, pfns[i]);
            list = list_of(gs, &at, pfns[i]);
            flags = f->flags & PLACE_FLAGS;
            nid = frame_nid(gs->frames, pfns[i]);
            memcg = f->memcg;
            pages = 0;
        }
        assert(!frame_test(f, PG_LRU | PG_BATCHED));
        frame_set(f, PG_LRU);
        nr_pages = frame_nr_pages(f);
        pfn_list_add(gs->frames, list, pfns[i]);
        list->count += (u64)nr_pages - 1;
        pages += nr_pages;
    }
    if (list)
        lruvec_count(gs, at.group, at.lru, at.zone, pages);
}

void lruvec_add_tail(struct groups *gs, pfn_t pfn)
{
    struct frame *f = frames_get(gs->frames, pfn);
    struct place at = place_of(gs, f, pfn);
    struct pfn_list *list;

    assert(!frame_test(f, PG_LRU | PG_BATCHED));
    frame_set(f, PG_LRU);
    list = list_of(gs, &at, pfn);
    pfn_list_add_tail(gs->frames, list, pfn);
    list->count += (u64)frame_nr_pages(f) - 1;
    lruvec_count(gs, at.group, at.lru, at.zone, frame_nr_pages(f));
}

void lruvec_split(struct groups *gs, pfn_t head, unsigned nr)
{
    struct place at = place_of(gs, frames_get(gs->frames, head), head);
    struct pfn_list *list = list_of(gs, &at, head);

    for (pfn_t pfn = head + 1; pfn < head + nr; pfn++) {
        assert(!frame_test(frames_get(gs->frames, pfn), PG_LRU));
        frame_set(frames_get(gs->frames, pfn), PG_LRU);
        pfn_list_add_before(gs->frames, list, pfn, pfn - 1);
    }
    list->count -= nr - 1;
}

void lruvec_move_tail(struct groups *gs, pfn_t pfn)
{
    struct frame *f = frames_get(gs->frames, pfn);
    struct place at = place_of(gs, f, pfn);
    struct pfn_list *list = list_of(gs, &at, pfn);

    assert(frame_test(f, PG_LRU));
    pfn_list_del(gs->frames, list, pfn);
    pfn_list_add_tail(gs->frames, list, pfn);
}

void lruvec_del(struct groups *gs, pfn_t pfn)
{
    struct frame *f = frames_get(gs->frames, pfn);
    struct place at = place_of(gs, f, pfn);
    struct pfn_list *list = list_of(gs, &at, pfn);

    assert(frame_test(f, PG_LRU));
    frame_clear(f, PG_LRU);
    pfn_list_del(gs->frames, list, pfn);
    list->count -= (u64)frame_nr_pages(f) - 1;
    lruvec_count(gs, at.group, at.lru, at.zone, -frame_nr_pages(f));
}

void groups_flush_stats_of(struct groups *gs, struct group *top)
{
    for (struct group *g = top; g; g = group_next(top, g))
        for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++) {
            struct lruvec *lv = group_lruvec(g, nid);

            if (!(g->lru_nodes >> nid & 1))
                continue;
            for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
                lv->flushed_size[lru] = lv->size[lru];
            for (unsigned file = 0; file < 2; file++)
                lv->classic.flushed_activates[file] = lv->classic.activates[file];
        }
}

void groups_flush_stats(struct groups *gs)
{
    groups_flush_stats_of(gs, gs->root);
}
