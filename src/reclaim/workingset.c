/* workingset.c - refault distance.
 *
 * Every eviction and every activation in a group advances its nonresident_age. A shadow keeps the age at eviction; at the
 * refault the difference is how many slots of inactive list would have been needed to keep the page. If
 * that is not more than the pages which compete with it (active file, and anonymous where swap allows), the page belongs to the
 * working set and starts active.
 *
 *      evicted                                   refault
 *         |<---------- distance ------------------->|
 *   age: 1000        1000 + evictions + activations                                                        */
#include "reclaim/workingset.h"

#include "reclaim/lru.h"

#define AGE_BITS 46u
#define AGE_MASK ((1ull << AGE_BITS) - 1)

void workingset_age_nonresident(struct group *g, u64 nr)
{
    for (; g; g = g->parent)
        g->lruvec.nonresident_age += nr;
}

u64 workingset_eviction(struct mem *mem, pfn_t pfn, struct group *target)
{
    const struct frame *f = frames_get(mem->frames, pfn);
    struct group *g = target ? target : mem->groups->root;
    u64 age = g->lruvec.nonresident_age & AGE_MASK;

    workingset_age_nonresident(g, 1);
    return (u64)g->id << 48 | age << 2 | (frame_test(f, PG_WORKINGSET) ? 2u : 0u) | 1u;
}

void workingset_refault(struct mem *mem, pfn_t pfn, u64 shadow)
{
    struct frame *f = frames_get(mem->frames, pfn);
    bool file = frame_is_file_lru(f);
    struct group *evicted = group_get(mem->groups, (u16)(shadow >> 48));
    struct group *g = frame_group(mem->groups, f);
    u64 distance, size;

    assert(entry_is_shadow(shadow));
    if (!evicted || !group_id_valid(evicted))
        return;
    distance = (evicted->lruvec.nonresident_age - (shadow >> 2)) & AGE_MASK;
    group_count(mem->groups, g, file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON, 1);

    size = lruvec_size(evicted, LRU_ACTIVE_FILE);
    if (!file)
        size += lruvec_size(evicted, LRU_INACTIVE_FILE);
    if (group_swap_left(evicted, mem->swap->free_pages) > 0) {
        size += lruvec_size(evicted, LRU_ACTIVE_ANON);
        if (file)
            size += lruvec_size(evicted, LRU_INACTIVE_ANON);
    }
    if (distance > size)
        return;

    frame_set(f, PG_ACTIVE);
    workingset_age_nonresident(g, 1);
    group_count(mem->groups, g, file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON, 1);
    for (struct group *up = g; up; up = up->parent)
        up->lruvec.activates[file]++;
    if (shadow & 2) {
        frame_set(f, PG_WORKINGSET);
        lru_note_cost(mem, g, file, 1);
        group_count(mem->groups, g, file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON, 1);
    }
}

void workingset_activation(struct mem *mem, pfn_t pfn)
{
    workingset_age_nonresident(frame_group(mem->groups, frames_get(mem->frames, pfn)), 1);
}
