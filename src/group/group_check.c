/* group_check.c - recount what groups say of themselves. Walks all lists: for checked builds and
 * tests. */
#include "group/group.h"

#include "base/alloc.h"

static void list_check(const struct groups *gs, struct group *g, unsigned nid, enum lru_list lru)
{
    const struct pfn_list *l = &group_lruvec(g, nid)->lists[lru];
    u64 n = 0;
    u32 prev = PFN_NONE;

    for (pfn_t p = l->head; p != PFN_NONE; p = frames_get(gs->frames, p)->next) {
        const struct frame *f = frames_get(gs->frames, p);

        assert(frame_test(f, PG_LRU) && !frame_test(f, PG_BATCHED) && frame_is(f, FRAME_PAGE));
        assert(frame_lru(f) == lru);
        assert(frame_group(gs, f) == g);
        assert(frame_nid(gs->frames, p) == nid);
        assert(f->prev == prev);
        prev = p;
        n += (u64)frame_nr_pages(f);
    }
    assert(l->tail == prev && l->count == n);
}

static void node_check(const struct groups *gs, unsigned nid)
{
    for (u32 id = 1; id <= gs->nr_groups; id++)
        for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
            list_check(gs, gs->by_id[id], nid, (enum lru_list)lru);
    for (u32 id = 1; id <= gs->nr_groups; id++) {
        struct group *top = gs->by_id[id];

        for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++) {
            u64 sum = 0;

            for (struct group *g = group_next(top, NULL); g; g = group_next(top, g))
                sum += lruvec_own_size(group_lruvec(g, nid), (enum lru_list)lru);
            assert(sum == lruvec_size(group_lruvec(top, nid), (enum lru_list)lru));
        }
    }
}

void lruvec_check(const struct groups *gs)
{
    for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++)
        node_check(gs, nid);
}

/* The sums of what the children protect. */
static void protection_check(const struct group *g)
{
    u64 min = 0, low = 0;

    for (const struct list_head *at = g->children.next; at != &g->children; at = at->next) {
        const struct page_counter *pc = &list_entry(at, struct group, sibling)->memory;

        assert(pc->min_usage <= pc->usage && pc->low_usage <= pc->usage);
        min += pc->min_usage;
        low += pc->low_usage;
    }
    assert(g->memory.children_min == min && g->memory.children_low == low);
}

/* Each group that is online is found by its name, and no other is. */
static void names_check(const struct groups *gs)
{
    u64 cursor, key, id;
    s64 left = 0;

    for (u32 at = 1; at <= gs->nr_groups; at++)
        left += gs->by_id[at]->online && gs->by_id[at]->parent;
    u64map_for_each (&gs->by_name, cursor, key, id) {
        for (const struct group *g = gs->by_id[id]; g; g = gs->by_id[g->next_named], left--)
            assert(g->online && g->parent);
    }
    assert(left == 0);
}

void group_check(const struct groups *gs)
{
    names_check(gs);

    u64 *own = xcalloc(gs->nr_groups + 1, sizeof(*own));

    for (pfn_t p = 1; p < gs->frames->end_pfn; p++) {
        const struct frame *f = frames_get(gs->frames, p);

        assert(f->memcg <= gs->nr_groups);
        if (f->memcg)
            assert(!frame_is_free(f));
        own[f->memcg] += (u64)frame_nr_pages(f);
    }
    for (u32 id = 1; id <= gs->nr_groups; id++)
        own[id] += gs->by_id[id]->kernel_pages;
    for (unsigned cpu = 0; cpu < gs->nr_cpus; cpu++)
        if (gs->stock[cpu].group)
            own[gs->stock[cpu].group->id] += gs->stock[cpu].nr_pages;
    own[GROUP_ROOT] = 0;
    for (u32 id = 1; id <= gs->nr_groups; id++) {
        struct group *top = gs->by_id[id];
        u64 sum = 0;

        for (struct group *g = group_next(top, NULL); g; g = group_next(top, g))
            sum += own[g->id];
        assert(top->memory.usage == sum);
        assert(top->memory.peak >= top->memory.usage && top->swap.peak >= top->swap.usage);
        protection_check(top);
    }
    free(own);
}
