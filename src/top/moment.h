/* moment.h - what flowed in the machine between two snapshots, and the last few hundred of that.
 *
 * A rate whose figures are missing, or that would need time which did not pass, is NAN. Bytes and
 * counts are per second; pressure is in percent of the time between the two.
 */
#ifndef TOP_MOMENT_H
#define TOP_MOMENT_H

#include "observe/snapshot.h"

enum flow {
    /* into memory */
    FLOW_FAULTS,  /* count */
    FLOW_MAJOR,   /* count */
    FLOW_READ,    /* bytes, from disks */
    FLOW_REFAULT, /* bytes: evicted not long ago, and needed again */
    FLOW_SWAP_IN, /* bytes */
    /* out of it */
    FLOW_KSWAPD,    /* bytes reclaimed in the background */
    FLOW_DIRECT,    /* bytes reclaimed by tasks that had to wait for it */
    FLOW_WRITEBACK, /* bytes */
    FLOW_SWAP_OUT,  /* bytes */
    FLOW_STALLS,    /* count: allocations that had to reclaim */
    NR_FLOWS
};

/* What becomes of transparent huge pages: counts. */
enum huge_rate {
    HUGE_FAULTS,
    HUGE_FALLBACKS, /* faults that got small pages instead */
    HUGE_SPLITS,
    HUGE_COLLAPSES,
    NR_HUGE_RATES
};

struct moment {
    ns_t at;     /* snapshot.taken_at of the later one */
    u64 wall_us; /* of it; UNKNOWN */
    double flow[NR_FLOWS];
    double huge[NR_HUGE_RATES];
    double some[NR_PSI_RESOURCES], full[NR_PSI_RESOURCES];
};

/* (after - before) per second; NAN when either is unknown, it went down (a reboot), or no time
 * passed. */
double moment_rate(u64 before, u64 after, ns_t before_at, ns_t after_at);

/* `before` may be NULL: all is NAN then. */
void moment_compute(struct moment *m, const struct snapshot *before, const struct snapshot *now);

#define MOMENTS_MAX 512

struct moments {
    struct moment ring[MOMENTS_MAX];
    u32 count, next;
};

void moments_clear(struct moments *h);
void moments_add(struct moments *h, const struct moment *m);

/* The i-th from the newest (0). pre: i < count */
const struct moment *moments_at(const struct moments *h, u32 i);

#endif
