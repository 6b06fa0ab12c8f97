/* vma_set.h - the vmas that may map pages of one object (a file or an anon_vma), by range of its
 * pages.
 *
 * Owns:       the entries. The owner of a link keeps its position in a u32 of its own, which
 *             compaction updates.
 * Mirrors:    the interval trees of include/linux/mm.h. Differs: an array in order of linking,
 *             scanned. The ranges are copied into it, so that a scan touches a vma only when it
 *             covers the page: some 1 ns per vma that does not, and in a large set as much per
 *             VMA_SET_BLOCK vmas none of which does.
 * Invariants: (vma_set_check) every entry's position is known to its owner; `live` is a recount; a
 *             block's range covers its entries.
 */
#ifndef SPACE_VMA_SET_H
#define SPACE_VMA_SET_H

#include "base/types.h"

struct vma;

struct vma_set_entry {
    u64 first, last; /* pages of the object, inclusive */
    struct vma *vma; /* NULL: a hole left by removal */
    u32 *position;   /* where the owner keeps the position of this entry */
};

#define VMA_SET_BLOCK 256u

/* Pages between the first and the last of what the entries of one block map. */
struct vma_set_block {
    u64 first, last;
};

struct vma_set {
    struct vma_set_entry *entries; /* &one while there is room for a single entry */
    /* one for each VMA_SET_BLOCK entries; NULL while a block holds all */
    struct vma_set_block *blocks;
    u32 count; /* entries with holes */
    u32 live;
    u32 capacity;
    struct vma_set_entry one; /* the usual case needs no second allocation */
};

/* The set must not move in memory afterwards. */
void vma_set_init(struct vma_set *set);
void vma_set_done(struct vma_set *set);

/* Add at the end; *position is set, now and whenever it changes. */
void vma_set_add(struct vma_set *set, struct vma *vma, u64 first, u64 last, u32 *position);
void vma_set_del(struct vma_set *set, u32 position);
void vma_set_check(const struct vma_set *set);

/* The vma of an entry got other bounds. */
void vma_set_change_range(struct vma_set *set, u32 position, u64 first, u64 last);

/* vma_set_next() of a set with blocks. */
const struct vma_set_entry *vma_set_next_in_blocks(const struct vma_set *set, u32 position, u64 low,
                                                   u64 high);

static inline bool vma_set_covers(const struct vma_set_entry *entry, u64 low, u64 high)
{
    return entry->first <= high && entry->last >= low && entry->vma;
}

/* The first entry from this position on that has some of pages [low, high], or NULL. */
static inline const struct vma_set_entry *vma_set_next(const struct vma_set *set, u32 position,
                                                       u64 low, u64 high)
{
    if (unlikely(set->blocks))
        return vma_set_next_in_blocks(set, position, low, high);
    for (; position < set->count; position++)
        if (vma_set_covers(&set->entries[position], low, high))
            return &set->entries[position];
    return NULL;
}

/* Each vma that has some of pages [low, high], oldest first. The set must not change meanwhile. */
#define vma_set_for_each(entry, set, low, high)                                      \
    for (const struct vma_set_entry *entry = vma_set_next(set, 0, low, high); entry; \
         entry = vma_set_next(set, (u32)(entry - (set)->entries) + 1, low, high))

#endif
