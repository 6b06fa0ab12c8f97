/* counters.h - every kernel counter, declared once in counters.def.
 *
 * The id of a counter is the upper-case spelling of its /proc/vmstat (or memory.stat) name, as in
 * Linux: PGMAJFAULT, NR_FREE_PAGES, WORKINGSET_REFAULT_FILE, PGSCAN_KSWAPD. Ours start with X_. A
 * scope (machine, zone, group) holds one `struct counters`. Gauges may be added to with a negative
 * n.
 */
#ifndef STATS_COUNTERS_H
#define STATS_COUNTERS_H

#include "base/types.h"

/* How a counter is kept and shown: `stored` is the unit kept, `shown` the unit in the kernel's
 * file. */
enum counter_kind { COUNTER_GAUGE, COUNTER_EVENT };
enum counter_unit { UNIT_COUNT, UNIT_PAGES, UNIT_BYTES, UNIT_KIB, UNIT_SECTORS, UNIT_NS, UNIT_US };
enum counter_scope { SCOPE_GLOBAL = 1, SCOPE_NODE = 2, SCOPE_ZONE = 4, SCOPE_CGROUP = 8 };

enum counter {
#define COUNTER(id, name, kind, stored, shown, scopes, doc) id,
#include "stats/counters.def"
#undef COUNTER
    NR_COUNTERS
};

struct counter_info {
    const char *name;
    enum counter_kind kind;
    enum counter_unit stored, shown;
    u32 scopes;
    const char *doc;
};
extern const struct counter_info counter_info[NR_COUNTERS];

struct counters {
    s64 v[NR_COUNTERS];
};

static inline void count(struct counters *c, enum counter id, s64 n)
{
    c->v[id] += n;
}

/* The counter with this name, or NR_COUNTERS. */
enum counter counter_find(const char *name);

/* A stored value in the unit /proc/vmstat shows it in. */
s64 counter_shown(enum counter id, s64 stored);

/* The same value in memory.stat: gauges in bytes, events as they are. */
s64 counter_memory_stat(enum counter id, s64 stored);

/* "pages", "KiB", ... for people; "" for plain counts. */
const char *counter_unit_name(enum counter_unit unit);

#endif
