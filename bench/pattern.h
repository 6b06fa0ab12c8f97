/* pattern.h - page traces for benchmarks: one process, one mapping, a pattern of accesses.
 *
 * The trace is written and opened as any other, so what is measured is what a recording would do.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include "trace/trace.h"

#define PATTERN_START 0x7e0000000ull /* first page of the mapping */

enum pattern_shape {
    PATTERN_SEQUENTIAL,
    PATTERN_UNIFORM,
    PATTERN_ZIPF, /* skew 0.9; which page is the how-manieth hottest is shuffled */
};

struct pattern {
    bool file; /* a mapped file instead of anonymous memory; then nothing is written */
    enum pattern_shape shape;
    u32 pages;  /* of the mapping */
    u32 stride; /* pages from one access to the next, PATTERN_SEQUENTIAL and what populates; 0: 1 */
    u32 accesses; /* recorded ones */
    u32 icount;   /* instructions before each access of the program */
    u32 write_percent;
    bool filtered;  /* the recorder's filter of recent pages is applied: only what passes counts */
    bool populated; /* before all that, every page is written once, in order */
    /* what populates is dropped again: the machine used its frames once, and they are free */
    bool dropped;
};

struct pattern_trace {
    struct trace *trace;
    u8 *bytes;
    u64 populate_events; /* events up to the end of the first pass */
};

void pattern_make(const struct pattern *p, struct pattern_trace *ret);
void pattern_free(struct pattern_trace *t);

#endif
