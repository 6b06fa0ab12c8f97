/* trace_filter.h - a filter of recently accessed pages like the recorder's, for importers.
 *
 * Why: a program accesses the same page again and again; a replay needs to see that once per
 * window. 1,024 entries, 4-way, hashed, most recent first (notes of the recorder: a direct-mapped
 * filter passes three times as much). It forgets everything every 2^20 instructions, so that a hot
 * page is seen again in every window. */
#ifndef TRACE_TRACE_FILTER_H
#define TRACE_TRACE_FILTER_H

#include "base/hash.h"
#include "trace/trace_format.h"

#include <string.h>

#define TRACE_FILTER_WAYS   4u
#define TRACE_FILTER_SETS   256u
#define TRACE_FILTER_WINDOW (1u << 20) /* instructions */

struct trace_filter {
    u64 entry[TRACE_FILTER_SETS][TRACE_FILTER_WAYS]; /* (page + 1) << 1 | written; 0 free */
    u64 instructions;
};

/* Must this access be recorded? */
static inline bool trace_filter_pass(struct trace_filter *f, u64 page, bool write)
{
    u64 *set = f->entry[hash_u64(page) % TRACE_FILTER_SETS];
    u64 tag = (page + 1) << 1;
    unsigned way = 0;
    bool pass;
    u64 entry;

    while (way < TRACE_FILTER_WAYS - 1 && (set[way] & ~(u64)1) != tag)
        way++;
    entry = set[way];
    pass = (entry & ~(u64)1) != tag || (write && !(entry & 1));
    if ((entry & ~(u64)1) != tag)
        entry = tag;
    memmove(set + 1, set, way * sizeof(*set));
    set[0] = entry | write;
    return pass;
}

static inline void trace_filter_advance(struct trace_filter *f, u64 instructions)
{
    f->instructions += instructions;
    if (f->instructions >= TRACE_FILTER_WINDOW) {
        memset(f, 0, sizeof(*f));
    }
}

#endif
