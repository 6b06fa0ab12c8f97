/* lruvec.c - the LRU lists of each group.
 *
 *   head -> newest ......... oldest <- tail      of inactive and active lists; reclaim takes from the tail
 *
 * One place counts: group, zone and machine gauges move together with the list. */
#include "group/group.h"

static const enum counter node_counter[NR_LRU_LISTS] = {
    NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, NR_UNEVICTABLE};
static const enum counter zone_counter[NR_LRU_LISTS] = {NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON,
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
    group_count(gs, g, node_counter[lru], n);
    count(&z->counters, zone_counter[lru], n);
    count(gs->counters, zone_counter[lru], n);
    for (; g; g = g->parent)
        group_lruvec(g, z->nid)->size[lru] += (u64)n;
}

typedef void (*list_add_fn)(struct frames *fr, struct pfn_list *l, pfn_t pfn);

static inline void lruvec_put(struct groups *gs, pfn_t pfn, list_add_fn list_add_at)
{
    struct frame *f = frames_get(gs->frames, pfn);
    struct group *g = frame_group(gs, f);
    struct zone *z = frames_zone_of(gs->frames, pfn);
    enum lru_list lru = frame_lru(f);

    assert(!frame_test(f, PG_LRU | PG_BATCHED));
    frame_set(f, PG_LRU);
    list_add_at(gs->frames, &group_lruvec(g, z->nid)->lists[lru], pfn);
    lruvec_count(gs, g, lru, z, frame_nr_pages(f));
}

void lruvec_add(struct groups *gs, pfn_t pfn)
{
    lruvec_put(gs, pfn, pfn_list_add);
}

void lruvec_add_tail(struct groups *gs, pfn_t pfn)
{
    lruvec_put(gs, pfn, pfn_list_add_tail);
}

void lruvec_del(struct groups *gs, pfn_t pfn)
{
    struct frame *f = frames_get(gs->frames, pfn);
    struct group *g = frame_group(gs, f);
    struct zone *z = frames_zone_of(gs->frames, pfn);
    enum lru_list lru = frame_lru(f);

    assert(frame_test(f, PG_LRU));
    frame_clear(f, PG_LRU);
    pfn_list_del(gs->frames, &group_lruvec(g, z->nid)->lists[lru], pfn);
    lruvec_count(gs, g, lru, z, -(s64)frame_nr_pages(f));
}
