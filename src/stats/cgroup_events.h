/* cgroup_events.h - the events of memory.events and memory.swap.events, declared once in
 * cgroup_events.def. */
#ifndef STATS_CGROUP_EVENTS_H
#define STATS_CGROUP_EVENTS_H

#include "stats/counters.h"

#define CGROUP_EVENTS_FILE      "memory.events"
#define CGROUP_SWAP_EVENTS_FILE "memory.swap.events"

enum cgroup_event {
#define CGROUP_EVENT(id, file, key, doc) EV_##id,
#include "stats/cgroup_events.def"
#undef CGROUP_EVENT
    NR_CGROUP_EVENTS
};

struct cgroup_event_info {
    const char *file; /* one of the two above */
    const char *key;
};
extern const struct cgroup_event_info cgroup_event_info[NR_CGROUP_EVENTS];

/* Their counters stand together, in the same order. */
static inline enum counter cgroup_event_counter(unsigned event)
{
    return (enum counter)(MEMCG_LOW + event);
}

/* The event that this counter counts, or NR_CGROUP_EVENTS. */
static inline unsigned cgroup_event_of(enum counter id)
{
    return id >= MEMCG_LOW && id < MEMCG_LOW + NR_CGROUP_EVENTS ? id - MEMCG_LOW : NR_CGROUP_EVENTS;
}

/* Is the event a line of this file? */
bool cgroup_event_in(unsigned event, const char *file);

#endif
