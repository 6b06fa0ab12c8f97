/* vma_set.c - an array with holes.
 *
 * Removal leaves a hole, so that the order of the others stays; when more than half are holes the rest moves up. A tree
 * by range would find one vma among thousands of one file faster, but the vmas of a shared library overlap almost all,
 * and then a tree only adds cache misses.
 */
#include "space/vma_set.h"

#include "base/alloc.h"

void vma_set_init(struct vma_set *set)
{
    set->entries = &set->one;
    set->count = 0;
    set->live = 0;
    set->capacity = 1;
}

void vma_set_done(struct vma_set *set)
{
    if (set->entries != &set->one)
        free(set->entries);
    vma_set_init(set);
}

static void vma_set_compact(struct vma_set *set)
{
    u32 to = 0;

    for (u32 from = 0; from < set->count; from++) {
        if (!set->entries[from].vma)
            continue;
        set->entries[to] = set->entries[from];
        *set->entries[to].position = to;
        to++;
    }
    set->count = to;
    assert(set->count == set->live);
}

static void vma_set_grow(struct vma_set *set)
{
    u32 capacity = set->capacity * 4;
    struct vma_set_entry *entries =
        xrealloc_array(set->entries == &set->one ? NULL : set->entries, capacity, sizeof(*entries));

    if (set->entries == &set->one)
        entries[0] = set->one;
    set->entries = entries;
    set->capacity = capacity;
}

void vma_set_add(struct vma_set *set, struct vma *vma, u64 first, u64 last, u32 *position)
{
    if (set->count == set->capacity) {
        if (set->live <= set->count / 2)
            vma_set_compact(set);
        else
            vma_set_grow(set);
    }
    *position = set->count;
    set->entries[set->count++] = (struct vma_set_entry){first, last, vma, position};
    set->live++;
}

void vma_set_del(struct vma_set *set, u32 position)
{
    assert(position < set->count && set->entries[position].vma);
    set->entries[position].vma = NULL;
    set->live--;
    while (set->count && !set->entries[set->count - 1].vma)
        set->count--;
    if (set->count > 32 && set->live < set->count / 2)
        vma_set_compact(set);
}

void vma_set_check(const struct vma_set *set)
{
    u32 live = 0;

    assert(set->count <= set->capacity);
    assert((set->entries == &set->one) == (set->capacity == 1));
    for (u32 i = 0; i < set->count; i++) {
        if (!set->entries[i].vma)
            continue;
        assert(*set->entries[i].position == i);
        assert(set->entries[i].first <= set->entries[i].last);
        live++;
    }
    assert(live == set->live);
}
