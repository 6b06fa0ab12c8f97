/* lru.h - the yardstick: an exact LRU cache of pages, as cache simulators have one.
 */
#ifndef BENCH_LRU_H
#define BENCH_LRU_H

#include "trace/trace.h"

/* Accesses of the trace's first stream per second of CPU time, after its first skip_events; best of
 * `runs`. */
double lru_accesses_per_s(const struct trace *trace, u64 skip_events, u32 pages, unsigned runs);

#endif
