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
    u64 seq;
    struct heap queue;
    /* ... private: pool of pending {fn, owner, arg} */
    struct clock_event *events;
    u32 nr_events, free_event;
};

void clock_init(struct clock *c);
void clock_done(struct clock *c);
/* Call fn(owner, arg) at time `when` (at least now). */
void clock_at(struct clock *c, ns_t when, clock_fn fn, void *owner, u64 arg);
/* Time of the next event, or NS_NEVER. */
#define NS_NEVER (~(ns_t)0)
ns_t clock_next(const struct clock *c);
/* Run every event due up to and including `until`; now becomes until (never goes back). */
void clock_run_until(struct clock *c, ns_t until);

#endif
