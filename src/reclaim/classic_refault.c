/* classic_refault.c - refault distance.
 *
 * Every eviction and every activation in a group advances its nonresident_age. A shadow keeps the
 * age at eviction; at the refault the difference is how many slots of inactive list would have been
 * needed to keep the page. If that is not more than the pages which compete with it (active file,
 * and anonymous where swap allows), the page belongs to the working set and starts active.
 *
 *      evicted                                   refault
 *         |<---------- distance ------------------->|
 *   age: 1000        1000 + evictions + activations */
#include "reclaim/classic.h"

#define AGE_BITS    40u
#define AGE_MASK    ((1ull << AGE_BITS) - 1)
#define NID_SHIFT   (2 + AGE_BITS)
#define GROUP_SHIFT 48u
_Static_assert(MAX_NUMNODES <= 1u << (GROUP_SHIFT - NID_SHIFT), "a node fits into a shadow");

static void age_nonresident(struct group *g, unsigned nid, u64 nr)
{
    for (; g; g = g->parent)
        group_lruvec(g, nid)->classic.nonresident_age += nr;
}

u64 classic_eviction(struct mem *mem, pfn_t pfn, struct group *target)
{
    const struct frame *f = frames_get(mem->frames, pfn);
    struct group *g = target ? target : mem->groups->root;
    unsigned nid = frame_nid(mem->frames, pfn);
    u64 age = group_lruvec(g, nid)->classic.nonresident_age & AGE_MASK;

    age_nonresident(g, nid, frame_nr_pages(f));
    return (u64)g->id << GROUP_SHIFT | (u64)nid << NID_SHIFT | age << 2 |
           (frame_test(f, PG_WORKINGSET) ? 2u : 0u) | 1u;
}

/* Pages that compete with a file or anonymous page that was evicted from there. */
static u64 workingset_size(const struct mem *mem, const struct group *g, const struct lruvec *lv,
                           bool file)
{
    u64 size = lruvec_known_size(mem->groups, lv, LRU_ACTIVE_FILE);

    if (!file)
        size += lruvec_known_size(mem->groups, lv, LRU_INACTIVE_FILE);
    if (group_swap_left(g, mem->swap->free_pages) > 0) {
        size += lruvec_known_size(mem->groups, lv, LRU_ACTIVE_ANON);
        if (file)
            size += lruvec_known_size(mem->groups, lv, LRU_INACTIVE_ANON);
    }
    return size;
}

void classic_refault(struct mem *mem, pfn_t pfn, u64 shadow)
{
    struct frame *f = frames_get(mem->frames, pfn);
    bool file = frame_is_file_lru(f);
    s64 nr = frame_nr_pages(f);
    struct group *evicted = group_get(mem->groups, (u16)(shadow >> GROUP_SHIFT));
    struct group *g = frame_group(mem->groups, f);
    unsigned nid = frame_nid(mem->frames, pfn);
    const struct lruvec *lv;
    u64 distance;

    if (!evicted || !group_id_valid(evicted))
        return;
    lv = group_lruvec(evicted, (unsigned)(shadow >> NID_SHIFT) % MAX_NUMNODES);
    distance = (lv->classic.nonresident_age - (shadow >> 2)) & AGE_MASK;
    group_count_frame(mem->groups, g, pfn, file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON,
                      nr);
    if (distance > workingset_size(mem, evicted, lv, file))
        return;

    frame_set(f, PG_ACTIVE);
    age_nonresident(g, nid, (u64)nr);
    group_count_frame(mem->groups, g, pfn,
                      file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON, nr);
    for (struct group *up = g; up; up = up->parent) {
        up->lru_nodes |= BIT_ULL(nid); /* it is on its way to a list there */
        group_lruvec(up, nid)->classic.activates[file] += (u64)nr;
    }
    if (shadow & 2) {
        frame_set(f, PG_WORKINGSET);
        classic_note_cost(mem, g, nid, file, (u64)nr, 0);
        group_count_frame(mem->groups, g, pfn,
                          file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON, nr);
    }
}

static void age_run(struct mem *mem, u16 memcg, unsigned nid, u64 pages)
{
    if (pages)
        age_nonresident(memcg ? group_get(mem->groups, memcg) : mem->groups->root, nid, pages);
}

void classic_activation(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    u16 memcg = 0; /* of the run of neighbours */
    unsigned nid = 0;
    u64 pages = 0;

    for (u32 i = 0; i < nr; i++) {
        const struct frame *f = frames_get(mem->frames, pfns[i]);

        if (!frame_test(f, PG_ACTIVE))
            continue;
        if (f->memcg != memcg || frame_nid(mem->frames, pfns[i]) != nid) {
            age_run(mem, memcg, nid, pages);
            memcg = f->memcg;
            nid = frame_nid(mem->frames, pfns[i]);
            pages = 0;
        }
        pages += (u64)frame_nr_pages(f);
    }
    age_run(mem, memcg, nid, pages);
}
