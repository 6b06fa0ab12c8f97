/* xarray.h - a sparse array of u64 by u64 index: a radix tree of 64-slot nodes, with two marks per
 * entry.
 *
 * Mirrors:    lib/xarray.c and include/linux/xarray.h, Linux 6.1: the shape of the tree for a given
 *             set of indexes, hence the number of nodes, is the kernel's. Differs: one index per
 *             entry (no multi-index entries), one user, no locks.
 *
 *             height 0:  head is the entry of index 0        (no node at all)
 *             height 1:  head -> node of indexes 0..63
 *             height 2:  head -> node -> nodes of 64 indexes each, up to 4095; and so on, up to 11
 *
 * Entries:    0 is "nothing". An odd entry is a *value* in the kernel's sense (a shadow, a swap
 *             entry), an even one is an object; nodes count their values, so that a node full of
 *             shadows can be told.
 * Owns:       the nodes. What entries mean belongs to the caller.
 * Invariants: (xa_check) no empty node; no root that has only slot 0; marks of a parent slot are
 *             the OR of the marks below it; only present entries are marked; all counts are
 *             recounts.
 * Cost:       every operation O(height); a dense array takes less than 9 bytes per entry.
 */
#ifndef BASE_XARRAY_H
#define BASE_XARRAY_H

#include "base/types.h"

#define XA_SLOTS_SHIFT 6
#define XA_SLOTS       64
#define XA_MARKS       2
#define XA_INDEX_MAX   UINT64_MAX

enum xa_mark {
    XA_MARK_0, /* page cache: dirty */
    XA_MARK_1, /* page cache: under writeback */
};

struct xa_node;

union xa_slot {
    u64 entry;            /* in a node of shift 0, and in the head at height 0 */
    struct xa_node *node; /* above; NULL = nothing below */
};

struct xa_node {
    u64 present;         /* bit s: slot s is not empty */
    u64 marks[XA_MARKS]; /* bit s: slot s, or something below it, is marked */
    u8 shift;            /* of the index, to find the slot: 0 in a leaf, then 6, 12 ... */
    u8 count;            /* leaf: entries */
    u8 values;           /* leaf: how many of them are odd */
    union xa_slot slots[XA_SLOTS];
};

struct xarray {
    union xa_slot head;
    u32 height;      /* levels of nodes */
    u8 head_marks;   /* height 0: bit per mark */
    u64 count;       /* entries */
    u64 values;      /* odd entries */
    u64 nodes;       /* nodes in use: what the kernel would have allocated */
    u64 value_nodes; /* leaves that hold nothing but values */
};

void xa_init(struct xarray *xa);

/* Drop all entries and nodes; the array is empty and usable afterwards. */
void xa_done(struct xarray *xa);

/* Is `index` past what a tree of this height can hold? */
static inline bool xa_beyond(const struct xarray *xa, u64 index)
{
    unsigned bits = xa->height * XA_SLOTS_SHIFT;

    return bits < 64 && index >> bits != 0;
}

/* The entry at index, 0 when there is none. */
static inline u64 xa_load(const struct xarray *xa, u64 index)
{
    union xa_slot at = xa->head;
    unsigned shift = xa->height * XA_SLOTS_SHIFT;

    if (unlikely(xa_beyond(xa, index)))
        return 0;
    while (shift) {
        if (!at.node)
            return 0;
        shift -= XA_SLOTS_SHIFT;
        at = at.node->slots[index >> shift & (XA_SLOTS - 1)];
    }
    return at.entry;
}

/* Put entry at index and return the old one. Marks stay when an entry replaces another. Storing 0
 * erases. */
u64 xa_store(struct xarray *xa, u64 index, u64 entry);

/* Take the entry and its marks away; returns it. */
u64 xa_erase(struct xarray *xa, u64 index);

/* Find the first entry in [*index, last]: returns it and sets *index to where it is; or returns 0
 * and leaves *index alone. */
u64 xa_find(const struct xarray *xa, u64 *index, u64 last);

/* As xa_find, in (*index, last]. */
u64 xa_find_after(const struct xarray *xa, u64 *index, u64 last);

/* As xa_find, among the entries with this mark. */
u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 last, enum xa_mark mark);

/* Set, clear or read a mark of the entry at index. Setting does nothing where no entry is. */
void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark);
void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark);
bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark);

void xa_check(const struct xarray *xa);

/* All entries with first <= index <= last, upwards; `index` and `entry` are u64 variables. The body
 * may store and erase at any index. */
#define xa_for_each_range(xa, index, entry, first, last)            \
    for (index = (first), entry = xa_find(xa, &index, last); entry; \
         entry = xa_find_after(xa, &index, last))

#define xa_for_each(xa, index, entry) xa_for_each_range (xa, index, entry, 0, XA_INDEX_MAX)

#endif
