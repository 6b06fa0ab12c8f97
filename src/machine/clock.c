/* clock.c - a heap of times over a pool of events.
 *
 * The heap orders by time and then by arrival, so a run does not depend on addresses. An event is
 * taken out of the pool before its function runs: the function may add events, and the pool may
 * move.
 */
#include "machine/clock.h"

#include "base/alloc.h"

struct clock_event {
    clock_fn fn; /* NULL while the event is free */
    void *owner;
    u64 arg; /* while it is free: index of the next free one */
};

void clock_init(struct clock *c)
{
    *c = (struct clock){.free_event = CLOCK_NO_EVENT};
    heap_init(&c->queue);
}

void clock_done(struct clock *c)
{
    heap_done(&c->queue);
    free(c->events);
    clock_init(c);
}

static u32 event_take(struct clock *c)
{
    u32 i = c->free_event;

    if (i != CLOCK_NO_EVENT) {
        c->free_event = (u32)c->events[i].arg;
        return i;
    }
    if (c->nr_events == c->cap_events) {
        c->cap_events = c->cap_events ? c->cap_events * 2 : 64;
        c->events = xrealloc_array(c->events, c->cap_events, sizeof(*c->events));
    }
    return c->nr_events++;
}

static void event_give(struct clock *c, u32 i)
{
    c->events[i] = (struct clock_event){.arg = c->free_event};
    c->free_event = i;
}

void clock_at(struct clock *c, ns_t when, clock_fn fn, void *owner, u64 arg)
{
    u32 i = event_take(c);

    assert(fn && when != NS_NEVER);
    c->events[i] = (struct clock_event){.fn = fn, .owner = owner, .arg = arg};
    heap_push(&c->queue, MAX(when, c->now), NULL, i);
}

void clock_run_until(struct clock *c, ns_t until)
{
    while (clock_next(c) <= until && !heap_empty(&c->queue)) {
        struct heap_item item = heap_pop(&c->queue);
        struct clock_event event = c->events[item.num];

        event_give(c, (u32)item.num);
        c->now = MAX(c->now, item.key);
        event.fn(event.owner, event.arg);
    }
    c->now = MAX(c->now, until);
}

void clock_check(const struct clock *c)
{
    size_t pending = 0, idle = 0;

    heap_check(&c->queue);
    for (size_t i = 0; i < c->queue.count; i++)
        assert(c->queue.items[i].num < c->nr_events && c->events[c->queue.items[i].num].fn);
    for (u32 i = 0; i < c->nr_events; i++)
        pending += c->events[i].fn != NULL;
    for (u32 i = c->free_event; i != CLOCK_NO_EVENT; i = (u32)c->events[i].arg) {
        assert(i < c->nr_events && !c->events[i].fn);
        idle++;
    }
    assert(pending == c->queue.count);
    assert(pending + idle == c->nr_events);
}
