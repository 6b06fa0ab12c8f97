/* profile.h - what one kernel release prints: which counters, in which order, under which names.
 *
 * Mirrors: mm/vmstat.c (vmstat_text), mm/memcontrol.c (memory_stats, memcg_vm_event_stat).
 */
#ifndef STATS_PROFILE_H
#define STATS_PROFILE_H

#include "stats/counters.h"

struct memory_stat_line {
    const char *name;
    enum counter id, plus; /* plus: NR_COUNTERS when one counter is all */
    const char *doc;       /* "": that of the counter */
};

struct kernel_profile {
    const char *name;    /* "6.1" */
    const char *release; /* as uname -r would print it */
    const enum counter *vmstat;
    unsigned nr_vmstat;
    const struct memory_stat_line *memory_stat;
    unsigned nr_memory_stat;
    const struct kernel_profile
        *with_zswap; /* the same kernel, built with zswap; NULL: this one is */
};

extern const struct kernel_profile kernel_profiles[];
extern const unsigned nr_kernel_profiles;

/* The profile of this name, or NULL. */
const struct kernel_profile *kernel_profile_find(const char *name);

/* A stored value in the unit /proc/vmstat shows it in. */
s64 counter_shown(enum counter id, s64 stored);

/* The same value in memory.stat: gauges in bytes, events as they are. */
s64 counter_memory_stat(enum counter id, s64 stored);

/* "pages", "KiB", ... for people; "" for plain counts. */
const char *counter_unit_name(enum counter_unit unit);

#endif
