/* bench.h - what the benchmarks share: a clock of the host and a place for figures.
 *
 * A benchmark is one function in one file here, listed in main.c. It measures what a user would
 * wait for, in one process, and reports figures under keys that never change their meaning. Only
 * here may a wall clock be read.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/types.h"

struct bench;
struct trace;

/* One result: "key": value in JSON, "doc: value unit" in text. */
void bench_figure(struct bench *b, const char *key, double value, const char *unit,
                  const char *doc);

/* CPU time of this process in seconds. */
double bench_seconds(void);

/* A recording of examples/, or NULL (with a line on stderr) when it is not there: benchmarks run in
 * the project's folder. */
struct trace *bench_recording_open(const char *path);

typedef void (*bench_fn)(struct bench *b);

void bench_compact(struct bench *b);
void bench_compress(struct bench *b);
void bench_fault(struct bench *b);
void bench_nodes(struct bench *b);
void bench_frames(struct bench *b);
void bench_groups(struct bench *b);
void bench_hit(struct bench *b);
void bench_huge(struct bench *b);
void bench_memory(struct bench *b);
void bench_space(struct bench *b);
void bench_sweep(struct bench *b);

#endif
