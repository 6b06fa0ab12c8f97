/* memory_stat.h - the text of a cgroup's memory.stat, which an OOM report prints as well. */
#ifndef STATS_MEMORY_STAT_H
#define STATS_MEMORY_STAT_H

#include "base/strbuf.h"
#include "stats/kernel.h"

/* The value of one counter as stored, over the group and all below. */
typedef s64 (*memory_stat_fn)(void *ctx, enum counter id);

/* The value of one line, in bytes or as a count. */
s64 memory_stat_value(const struct memory_stat_line *line, memory_stat_fn get, void *ctx);

/* "name value\n" for every line of the kernel. */
void memory_stat_render(const struct kernel *kernel, memory_stat_fn get, void *ctx,
                        struct strbuf *out);

#endif
