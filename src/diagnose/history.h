/* history.h - what earlier snapshots said: as much of it as rates and slopes need.
 *
 * Each thing that is read at a time of its own (a part, a group, a process, a disk) has a struct
 * turn: three slots of readings, `base` the one that rates count from, `now` the newest, and `mid`
 * the next base. base is at least HISTORY_INTERVAL before now.
 * Never:      keeps a pointer into a snapshot.
 * Counters that fell (a group or device made anew under its name) give no rate.
 */
#ifndef DIAGNOSE_HISTORY_H
#define DIAGNOSE_HISTORY_H

#include "base/hash.h"
#include "base/vec.h"
#include "diagnose/trend.h"
#include "observe/snapshot.h"

/* Rates are over at least 1 s; a timer may be a little early. */
#define HISTORY_INTERVAL (900 * NS_PER_MS)

struct turn {
    ns_t at[3];
    u8 base, mid, now;
    u8 readings; /* 0, 1, 2: more than one; base counts when it is 2 and now is not base */
};

/* The slot for a reading made at this time, or -1 when it is no later than the newest. */
int turn_take(struct turn *t, ns_t at);
/* The same with a base that is at least `interval` before the newest reading, and at most about
 * twice that; the first one until then. */
int turn_take_spaced(struct turn *t, ns_t at, ns_t interval);
/* From base to now, or NAN. */
double turn_seconds(const struct turn *t);
/* now - base, UNKNOWN when either is, or when it fell, or when there is no base. */
u64 turn_delta(const struct turn *t, const u64 values[3]);
double turn_rate(const struct turn *t, const u64 values[3]);

/* Counters of memory.stat that have rates. */
#define GROUP_COUNTERS(X)       \
    X(PGFAULT)                  \
    X(PGMAJFAULT)               \
    X(WORKINGSET_REFAULT_ANON)  \
    X(WORKINGSET_REFAULT_FILE)  \
    X(WORKINGSET_ACTIVATE_ANON) \
    X(WORKINGSET_ACTIVATE_FILE) \
    X(WORKINGSET_RESTORE_ANON)  \
    X(WORKINGSET_RESTORE_FILE)  \
    X(PGSCAN_KSWAPD)            \
    X(PGSCAN_DIRECT)            \
    X(PGSTEAL_KSWAPD)           \
    X(PGSTEAL_DIRECT)           \
    X(ZSWPIN)                   \
    X(ZSWPOUT)

enum group_counter {
#define X(id) GC_##id,
    GROUP_COUNTERS(X)
#undef X
        NR_GROUP_COUNTERS
};

/* Counters that are judged over minutes, because what comes back comes in bursts. */
#define HISTORY_STEADY (60 * NS_PER_S)
enum steady_counter {
    STEADY_REFAULTS,      /* pages, file and anonymous */
    STEADY_ANON_REFAULTS, /* pages */
    /* refaults that would have stayed with the memory of the lists they compete with */
    STEADY_ACTIVATED,
    STEADY_EVICTED,     /* pages */
    STEADY_MEMORY_SOME, /* microseconds of pressure */
    STEADY_MEMORY_FULL,
    STEADY_IO_SOME,
    STEADY_IO_FULL,
    STEADY_READ, /* KiB read from devices, by all of the machine */
    STEADY_WRITTEN,
    STEADY_USED_AGAIN, /* pages that became active, but for refaults */
    NR_STEADY
};

struct steady {
    struct turn turn;
    u64 counts[NR_STEADY][3];
    u64 low_seen, high_seen; /* the largest need of one look (needed.h); UNKNOWN */
    u64 current_seen;        /* the largest current; UNKNOWN */
};

/* Readings by enum cgroup_event, then those of memory.events.local. */
#define EV_LOCAL(event) (NR_CGROUP_EVENTS + (event))
#define NR_GROUP_EVENTS (2 * NR_CGROUP_EVENTS)

struct group_history {
    char *path;
    struct turn turn, stat_turn;
    u64 events[NR_GROUP_EVENTS][3];
    u64 psi[NR_PSI_RESOURCES][2][3]; /* total_us of some and full */
    u64 counters[NR_GROUP_COUNTERS][3];
    u64 huge_refused[3];              /* hugetlb.*.events.local, all sizes; of stat_turn */
    u64 first_oom_kill;               /* of the first snapshot that knew it; UNKNOWN */
    struct trend anon, shmem, kernel; /* bytes */
    struct steady steady;
    u64 seen;
};

struct process_history {
    u32 pid;
    u64 start_ticks;
    struct turn turn;
    u64 major[3], minor[3], cpu_us[3];
    struct trend *anon; /* NULL while it is small */
    u64 seen;
};

struct disk_history {
    char name[NAME_BYTES];
    struct turn turn;
    u64 reads[3], read_bytes[3], read_ms[3], writes[3], write_bytes[3], write_ms[3], busy_ms[3],
        weighted_ms[3];
};

struct node_history {
    u32 id;
    struct turn turn;
    u64 hit[3], miss[3], foreign[3], local[3], other[3];
};

struct history {
    u64 snapshots;
    ns_t first_at, last_at; /* taken_at of the first and the last snapshot */
    struct turn vmstat, cpu, psi_turn[NR_PSI_RESOURCES];
    u64 counters[NR_COUNTERS][3];
    u64 allocstall[3];
    struct cpu_view cpu_readings[3];
    u64 psi[NR_PSI_RESOURCES][2][3];
    u64 first_oom_kill;
    struct trend anon, sunreclaim, shmem; /* bytes of the machine */
    struct steady steady;
    VEC(struct group_history) groups;
    VEC(struct process_history) processes;
    VEC(struct disk_history) disks;
    VEC(struct node_history) nodes;
    struct u64map group_index, process_index; /* hash of the name: index + 1 */
};

void history_init(struct history *h);
void history_done(struct history *h);
void history_add(struct history *h, const struct snapshot *s);

/* NULL when it is new. */
const struct group_history *history_group(const struct history *h, const char *path);
const struct process_history *history_process(const struct history *h, u32 pid, u64 start_ticks);
const struct disk_history *history_disk(const struct history *h, const char *name);
const struct node_history *history_node(const struct history *h, u32 id);

void history_check(const struct history *h);

#endif
