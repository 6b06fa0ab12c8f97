/* machine.h - one replay on a machine, timed.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "workload/replay.h"

struct timed_replay {
    /* in */
    const struct trace *trace;
    u32 nr_nodes, nr_cpus; /* 0: 1 */
    u64 ram_bytes;         /* 0: twice what the limit and the swap need, at least 16 GiB */
    u64 memory_max;        /* 0: none */
    u64 swap_bytes;        /* 0: none */
    const char *swap_device;
    const char *thp; /* NULL: never */
    u64 skip_events; /* the clock starts when these are done */
    /* called before the machine goes away; may be NULL */
    void (*look)(void *ctx, const struct system *s);
    void *look_ctx;
    /* out */
    enum replay_outcome outcome;
    double seconds;       /* CPU time after skip_events */
    double whole_seconds; /* with the machine's beginning and end */
    u64 events, hits;     /* after skip_events */
    u64 faults, major_faults;
    u64 swapped_in, swapped_out;
};

void timed_replay(struct timed_replay *t);

/* The best of `n`, by seconds: what the host's other work adds is never negative. */
void timed_replay_best(struct timed_replay *t, unsigned n);

#endif
