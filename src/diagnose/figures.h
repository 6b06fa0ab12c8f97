/* figures.h - what rules reason about: rates, shares and sums, derived once from a snapshot and its
 * history.
 *
 * Units:   rates per second, shares in percent, times in ms, sizes in bytes; all double, NAN when
 *          it cannot be known. A comparison with NAN is false, so a rule that asks "is it more
 *          than" is silent about what nobody measured.
 * Arrays:  groups, processes, disks and nodes are parallel to the snapshot's vectors.
 */
#ifndef DIAGNOSE_FIGURES_H
#define DIAGNOSE_FIGURES_H

#include "diagnose/history.h"

#include <math.h>

/* Pressure of one resource. `some` and `full` are what rules judge by: over the interval when that
 * is at least 10 s, else the kernel's own average of 10 s, held down by that of 60 s so that a
 * burst of two seconds is no state. */
enum pressure_wrong { PRESSURE_RIGHT, PRESSURE_STANDS, PRESSURE_MOVES };

struct pressure {
    double some, full;
    double some_share, full_share; /* of the interval, from the totals */
    double some_avg10, full_avg10;
    bool of_io; /* pain: the part of I/O pressure that evicted pages explain, being more */
    /* Counters contradict it: then some and full are NAN, and wrong_some what `some` would be. */
    enum pressure_wrong wrong;
    double wrong_some;
};

struct group_figures {
    double rate[NR_GROUP_COUNTERS];
    double event_rate[NR_GROUP_EVENTS];
    u64 event_delta[NR_GROUP_EVENTS]; /* over the interval; UNKNOWN */
    u64 oom_kills_seen;               /* since the first snapshot; UNKNOWN */
    struct pressure psi[NR_PSI_RESOURCES], pain;
    u64 working_set; /* current - inactive_file, as kubelet and docker stats have it */
    u64 limit;       /* tightest of memory.max of the group and its ancestors; NO_LIMIT; UNKNOWN */
    u32 limit_group; /* whose that is: an index; GROUP_NONE */
    u64 cache;       /* file pages that can be dropped or written: file - shmem - locked */
    u64 firm; /* current - cache - reclaimable slab: what only swap or its owner gives back */
    /* the same; where the statistics were cut, at most this, and firm at least that */
    u64 firm_most;
    double refaults;  /* pages/s, file and anonymous */
    double reclaimed; /* pages/s */
    /* requests for huge pages of the pool at a limit of the hugetlb controller, a second */
    double huge_refused;
};

struct process_figures {
    double major_rate, minor_rate, cpu_percent;
};

struct disk_figures {
    double reads, writes;           /* per second */
    double read_bytes, write_bytes; /* per second */
    double read_ms, write_ms;       /* mean latency in the interval */
    double busy;                    /* percent of the interval */
    double queue;                   /* mean requests in flight */
};

struct node_figures {
    double hit, miss, foreign, local, other; /* pages per second */
    double miss_share;                       /* of this node's allocations, percent */
};

struct figures {
    double interval_s; /* of vmstat; NAN without two samples */
    double rate[NR_COUNTERS];
    double allocstall;
    struct pressure psi[NR_PSI_RESOURCES];
    /* for memory: memory pressure, and I/O pressure as far as evicted pages explain the reads */
    struct pressure pain;
    double iowait, idle, steal; /* percent of all CPU time in the interval */

    u64 total, available;     /* bytes; UNKNOWN */
    bool available_estimated; /* the kernel is older than MemAvailable */
    bool available_below;     /* less than that is available; how much less is not told */
    double available_share;   /* percent */
    u64 cache;                /* Cached + Buffers - Shmem */
    /* Of programs, in use by devices or the kernel for long (nr_foll_pin_*), bytes; what is pinned
     * twice counts twice; UNKNOWN */
    u64 pinned;
    u64 swap_total, swap_used;
    double swap_used_share;
    u64 oom_kills_seen; /* since the first snapshot; UNKNOWN */

    double scanned, reclaimed;           /* pages/s, all reclaimers */
    double direct_share;                 /* of reclaimed pages, by the tasks themselves, percent */
    double efficiency;                   /* reclaimed of scanned, percent */
    double refaults_file, refaults_anon; /* pages/s */
    /* of file pages: 0 when none that comes back would have stayed, pages/s */
    double refaults_wanted;
    double refaults_machine; /* without those of groups at their own limits, pages/s */
    /* a node is reclaimed though another has plenty free: every page would have stayed */
    bool beside_free;
    double limited_reclaim; /* pages/s reclaimed by groups at their own limits */
    double device_read_bytes, device_write_bytes; /* per second */
    /* of the bytes read from devices: refaults and swap-ins, percent; at most 100 */
    double memory_read_share;
    u32 busiest_disk; /* index, UINT32_MAX */

    u64 rss_sum, pss_sum, uss_sum, process_swap_sum; /* UNKNOWN when no process tells */
    u64 unaccounted; /* remainder of the accounting, if positive; UNKNOWN */

    struct group_figures *groups;
    struct process_figures *processes;
    struct disk_figures *disks;
    struct node_figures *nodes;
};

/* pre: the snapshot was added to the history last */
void figures_init(struct figures *f, const struct snapshot *s, const struct history *h);
void figures_done(struct figures *f);

/* Did this group meet its own memory.max or memory.high in the interval, or does it stand at it? */
bool group_at_own_limit(const struct cgroup_view *g, const struct group_figures *gf);
/* Does this group reclaim because of its own limit, or that of a group above it? */
bool group_is_limited(const struct snapshot *s, const struct figures *f, u32 group);

/* Room that is left in swap for this group under its own limit and those above it, for the machine
 * where g is NULL; UNKNOWN when nothing tells. */
u64 swap_room_of(const struct snapshot *s, const struct cgroup_view *g);

/* Stalls a second of allocating tasks. One lasts from 0.1 to some 10 ms: fewer cannot add up to a
 * tenth of the time. */
#define ALLOCSTALLS_MANY 10.0

/* a + b where either may be NAN: the other one, NAN only when both are. */
static inline double sum_known(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

#endif
