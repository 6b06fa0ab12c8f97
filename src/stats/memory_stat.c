/* memory_stat.c - memory.stat from the kernel's list. */
#include "stats/memory_stat.h"

#include <inttypes.h>

s64 memory_stat_value(const struct memory_stat_line *line, memory_stat_fn get, void *ctx)
{
    s64 value = counter_memory_stat(line->id, get(ctx, line->id));

    if (line->plus != NR_COUNTERS)
        value += counter_memory_stat(line->plus, get(ctx, line->plus));
    return value;
}

void memory_stat_render(const struct kernel *kernel, memory_stat_fn get, void *ctx,
                        struct strbuf *out)
{
    for (unsigned i = 0; i < kernel->nr_memory_stat; i++) {
        const struct memory_stat_line *line = kernel->memory_stat[i];

        strbuf_append(out, line->name);
        strbuf_appendc(out, ' ');
        strbuf_append_s64(out, memory_stat_value(line, get, ctx), 0);
        strbuf_appendc(out, '\n');
    }
}
