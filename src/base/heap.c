/* heap.c - a binary heap in an array: the children of i are 2i + 1 and 2i + 2. */
#include "base/heap.h"

#include "base/alloc.h"

static bool sorts_before(const struct heap_item *a, const struct heap_item *b)
{
    return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

void heap_init(struct heap *h)
{
    *h = (struct heap){0};
}

void heap_done(struct heap *h)
{
    free(h->items);
    heap_init(h);
}

/* Put item where the hole at i rises to. */
static void rise(struct heap *h, size_t i, struct heap_item item)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;

        if (!sorts_before(&item, &h->items[parent]))
            break;
        h->items[i] = h->items[parent];
        i = parent;
    }
    h->items[i] = item;
}

/* Put item where the hole at i sinks to. */
static void sink(struct heap *h, size_t i, struct heap_item item)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && sorts_before(&h->items[child + 1], &h->items[child]))
            child++;
        if (!sorts_before(&h->items[child], &item))
            break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = item;
}

void heap_push(struct heap *h, u64 key, void *ptr, u64 num)
{
    struct heap_item item = {.key = key, .seq = h->next_seq++, .ptr = ptr, .num = num};

    if (h->count == h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 16;
        h->items = xrealloc_array(h->items, h->capacity, sizeof(*h->items));
    }
    h->count++;
    rise(h, h->count - 1, item);
}

struct heap_item heap_pop(struct heap *h)
{
    assert(h->count > 0);

    struct heap_item top = h->items[0];

    h->count--;
    if (h->count)
        sink(h, 0, h->items[h->count]);
    return top;
}

void heap_check(const struct heap *h)
{
    assert(h->count <= h->capacity);
    for (size_t i = 0; i < h->count; i++) {
        assert(h->items[i].seq < h->next_seq);
        assert(i == 0 || sorts_before(&h->items[(i - 1) / 2], &h->items[i]));
    }
}
