/* vma_set.c - an array with holes.
 *
 * Removal leaves a hole, so that the order of the others stays; when more than half are holes the
 * rest moves up. A tree by range would find one vma among thousands of one file faster, but the
 * vmas of a shared library overlap almost all, and then a tree only adds cache misses. A mapping
 * that mprotect() cut into tens of thousands of pieces is what the blocks are for: neighbours by
 * age are neighbours by range there.
 *
 * A block's range is exact after a change of range that lay at its end, and otherwise may only be
 * too wide.
 */
#include "space/vma_set.h"

#include "base/alloc.h"

void vma_set_init(struct vma_set *set)
{
    set->entries = &set->one;
    set->blocks = NULL;
    set->count = 0;
    set->live = 0;
    set->capacity = 1;
}

void vma_set_done(struct vma_set *set)
{
    if (set->entries != &set->one)
        free(set->entries);
    free(set->blocks);
    vma_set_init(set);
}

/* Make the range of a block anew. */
static void block_update(struct vma_set *set, u32 nr)
{
    u32 end = MIN(set->count, (nr + 1) * VMA_SET_BLOCK);
    struct vma_set_block block = {UINT64_MAX, 0};

    for (u32 i = nr * VMA_SET_BLOCK; i < end; i++) {
        const struct vma_set_entry *entry = &set->entries[i];

        if (!entry->vma)
            continue;
        block.first = MIN(block.first, entry->first);
        block.last = MAX(block.last, entry->last);
    }
    set->blocks[nr] = block;
}

static void blocks_update(struct vma_set *set)
{
    for (u32 i = 0; set->blocks && i * VMA_SET_BLOCK < set->count; i++)
        block_update(set, i);
}

/* Pages [first, last] are in the block too. */
static void block_widen(struct vma_set *set, u32 position, u64 first, u64 last)
{
    struct vma_set_block *block = &set->blocks[position / VMA_SET_BLOCK];

    if (position % VMA_SET_BLOCK == 0 && position + 1 == set->count) /* its only entry */
        *block = (struct vma_set_block){first, last};
    block->first = MIN(block->first, first);
    block->last = MAX(block->last, last);
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
    blocks_update(set);
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
    if (capacity > VMA_SET_BLOCK) {
        set->blocks = xrealloc_array(set->blocks, DIV_ROUND_UP(capacity, VMA_SET_BLOCK),
                                     sizeof(*set->blocks));
        blocks_update(set);
    }
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
    if (set->blocks)
        block_widen(set, *position, first, last);
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

void vma_set_change_range(struct vma_set *set, u32 position, u64 first, u64 last)
{
    struct vma_set_entry *entry = &set->entries[position];
    u64 was_first = entry->first, was_last = entry->last;
    const struct vma_set_block *block;

    entry->first = first;
    entry->last = last;
    if (!set->blocks)
        return;
    block = &set->blocks[position / VMA_SET_BLOCK];
    if ((first > was_first && block->first == was_first) ||
        (last < was_last && block->last == was_last))
        block_update(set, position / VMA_SET_BLOCK);
    else
        block_widen(set, position, first, last);
}

const struct vma_set_entry *vma_set_next_in_blocks(const struct vma_set *set, u32 position, u64 low,
                                                   u64 high)
{
    while (position < set->count) {
        const struct vma_set_block *block = &set->blocks[position / VMA_SET_BLOCK];
        u32 end = MIN(set->count, ROUND_DOWN(position, VMA_SET_BLOCK) + VMA_SET_BLOCK);

        if (block->first > high || block->last < low)
            position = end;
        for (; position < end; position++)
            if (vma_set_covers(&set->entries[position], low, high))
                return &set->entries[position];
    }
    return NULL;
}

void vma_set_check(const struct vma_set *set)
{
    u32 live = 0;

    assert(set->count <= set->capacity);
    assert((set->entries == &set->one) == (set->capacity == 1));
    assert((set->blocks != NULL) == (set->capacity > VMA_SET_BLOCK));
    for (u32 i = 0; i < set->count; i++) {
        if (!set->entries[i].vma)
            continue;
        assert(*set->entries[i].position == i);
        assert(set->entries[i].first <= set->entries[i].last);
        if (set->blocks)
            assert(set->blocks[i / VMA_SET_BLOCK].first <= set->entries[i].first &&
                   set->blocks[i / VMA_SET_BLOCK].last >= set->entries[i].last);
        live++;
    }
    assert(live == set->live);
}
