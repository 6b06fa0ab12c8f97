/* clock.h - virtual time and the queue of things that will happen.
 *
 * Owns:   the machine's clock in ns. Nothing in the machine reads a wall clock.
 * Order:  events due at the same ns run in the order in which they were added.
 */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include "base/heap.h"
#include "base/types.h"

typedef void (*clock_fn)(void *owner, u64 arg);

struct clock {
    ns_t now;
    struct heap queue; /* key: when; num: index of the event */
    /* Private: the pool of pending events. */
    struct clock_event *events;
    u32 nr_events, cap_events;
    u32 free_event; /* first of the free ones, CLOCK_NO_EVENT when all are in use */
};

#define HZ       250u /* of Debian's kernels: what the kernel counts in jiffies is that coarse */
#define JIFFY_NS (NS_PER_S / HZ)

/* Never 0, which stands for "not yet". */
static inline u64 clock_jiffies(const struct clock *c)
{
    return c->now / JIFFY_NS + 1;
}

/* When the jiffies will have this value. */
static inline ns_t jiffies_ns(u64 jiffies)
{
    return (jiffies - 1) * JIFFY_NS;
}

#define NS_NEVER       (~(ns_t)0)
#define CLOCK_NO_EVENT UINT32_MAX

void clock_init(struct clock *c);
void clock_done(struct clock *c);

/* Call fn(owner, arg) at time `when`, but not before now. cost O(log n), no allocation once the
 * pool has grown */
void clock_at(struct clock *c, ns_t when, clock_fn fn, void *owner, u64 arg);

/* Time of the next event, or NS_NEVER. */
static inline ns_t clock_next(const struct clock *c)
{
    const struct heap_item *first = heap_peek(&c->queue);

    return first ? first->key : NS_NEVER;
}

/* Run every event due up to and including `until`, also those that such events add. While one runs,
 * now is its time; at the end it is `until`, unless it was later before. An event may call this,
 * too. */
void clock_run_until(struct clock *c, ns_t until);

void clock_check(const struct clock *c);

#endif
