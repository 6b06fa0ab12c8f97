/* heap.h - the queue that gives back the smallest key first, and equal keys in the order they came.
 *
 * A binary heap in an array. Order is (key, seq); seq counts pushes, so two events of one instant
 * stay in order on every host.
 *
 * Invariants: (heap_check) no item sorts before its parent; seq of every item is below next_seq.
 * Use:        heap_push(&h, when, task, 0); ... struct heap_item i = heap_pop(&h);
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/types.h"

struct heap_item {
    u64 key;
    u64 seq;
    void *ptr; /* the caller's, not looked at */
    u64 num;   /* the caller's, not looked at */
};

struct heap {
    struct heap_item *items;
    size_t count, capacity;
    u64 next_seq;
};

void heap_init(struct heap *h);
void heap_done(struct heap *h);

/* cost: O(log n) */
void heap_push(struct heap *h, u64 key, void *ptr, u64 num);

/* The smallest, still inside; NULL when empty. Valid until the next change. */
static inline const struct heap_item *heap_peek(const struct heap *h)
{
    return h->count ? &h->items[0] : NULL;
}

/* Take the smallest out. pre: not empty    cost: O(log n) */
struct heap_item heap_pop(struct heap *h);

void heap_check(const struct heap *h);

static inline bool heap_empty(const struct heap *h)
{
    return h->count == 0;
}

#endif
