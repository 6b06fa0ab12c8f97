/* lru.c - a hash table with chains and a doubly linked list over one array of nodes. A hit moves
 * its node to the front; a miss takes the last node. No reads or writes are told apart, nothing is
 * counted but misses.
 */
#include "lru.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "bench.h"

struct node {
    u64 page;
    u32 next, prev; /* node 0 is the list's head */
    u32 chain;
};

struct lru {
    struct node *nodes;
    u32 *buckets;
    u32 mask, used, capacity;
    u64 misses;
};

static void lru_init(struct lru *l, u32 capacity)
{
    u32 buckets = 1;

    while (buckets < capacity)
        buckets *= 2;
    *l = (struct lru){.mask = buckets - 1, .capacity = capacity};
    l->nodes = xcalloc(capacity + 1, sizeof(*l->nodes));
    l->buckets = xcalloc(buckets, sizeof(*l->buckets));
}

static void lru_done(struct lru *l)
{
    free(l->nodes);
    free(l->buckets);
}

static void unlink_node(struct lru *l, u32 n)
{
    l->nodes[l->nodes[n].prev].next = l->nodes[n].next;
    l->nodes[l->nodes[n].next].prev = l->nodes[n].prev;
}

static void push_front(struct lru *l, u32 n)
{
    struct node *head = &l->nodes[0];

    l->nodes[n].prev = 0;
    l->nodes[n].next = head->next;
    l->nodes[head->next].prev = n;
    head->next = n;
}

static u32 evict(struct lru *l)
{
    u32 n = l->nodes[0].prev;
    u32 *at = &l->buckets[hash_u64(l->nodes[n].page) & l->mask];

    unlink_node(l, n);
    while (*at != n)
        at = &l->nodes[*at].chain;
    *at = l->nodes[n].chain;
    return n;
}

static void lru_access(struct lru *l, u64 page)
{
    u32 *bucket = &l->buckets[hash_u64(page) & l->mask];
    u32 n = *bucket;

    while (n && l->nodes[n].page != page)
        n = l->nodes[n].chain;
    if (n) {
        unlink_node(l, n);
        push_front(l, n);
        return;
    }
    l->misses++;
    n = l->used < l->capacity ? ++l->used : evict(l);
    l->nodes[n].page = page;
    l->nodes[n].chain = *bucket;
    *bucket = n;
    push_front(l, n);
}

static double run(const u64 *events, size_t count, u64 skip, u32 pages)
{
    struct lru l;
    double began = 0, spent;

    lru_init(&l, pages);
    for (size_t i = 0; i < count; i++) {
        if (i == skip)
            began = bench_seconds();
        if (event_kind(events[i]) != HWT_OP)
            lru_access(&l, event_page(events[i]));
    }
    spent = bench_seconds() - began;
    assert(l.misses >= pages);
    lru_done(&l);
    return spent;
}

double lru_accesses_per_s(const struct trace *trace, u64 skip_events, u32 pages, unsigned runs)
{
    struct trace_cursor c;
    double best = 0;

    trace_cursor_init(&c, trace, 0);
    if (!trace_cursor_next(&c))
        abort();
    for (unsigned i = 0; i < runs; i++) {
        double per_s =
            (double)(c.nr_events - skip_events) / run(c.events, c.nr_events, skip_events, pages);

        best = MAX(best, per_s);
    }
    trace_cursor_done(&c);
    return best;
}
