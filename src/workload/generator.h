/* generator.h - the processes of one [task] that is no recording, as streams of events.
 *
 * A generator gives what a trace would: batches of accesses and operations, which the replay runs
 * as it runs recorded ones (TLB check first, faults, system calls, waits). It is asked for the next
 * batch when a process has done the one before, and is told the virtual time, so that rates,
 * bursts, growth and stop times follow the clock.
 *
 * Life of a process:  map -> fill -> [fork the workers, wait for them] -> requests -> hold -> exit
 * A request:          pages of memory used, pages of the mapped file used, a block read, a block
 *                     written, fsync when due
 * Memory:             preload and memory lie side by side; workers inherit the first and map the
 *                     second themselves.
 */
#ifndef WORKLOAD_GENERATOR_H
#define WORKLOAD_GENERATOR_H

#include "workload/replay.h"
#include "workload/scenario.h"

struct generator_stats {
    u64 requests;     /* done */
    ns_t latency_sum; /* of them: from the first instruction of each to the last */
    ns_t latency_max;
    ns_t memory_ns; /* of latency_sum: lost for want of memory */
};

struct generator_stream;
struct generator {
    const struct scenario *scenario;
    const struct scenario_task *task;
    struct replay *replay; /* that it feeds: whose workers live */
    struct trace trace;    /* names its streams and holds nothing else */
    struct generator_stream *streams;
    struct generator_stats stats;
};

/* pre: the task is no recording */
void generator_init(struct generator *g, const struct scenario *sc, const struct scenario_task *t,
                    u64 seed);
void generator_done(struct generator *g);

/* For replay_config.fill; ctx is the generator. */
bool generator_fill(void *ctx, u32 stream, ns_t now, struct trace_cursor *cursor);

#endif
