/* page_trace.h - a recording as a plain sequence of pages, for programs that know no more of it:
 * each access and each page of a transfer, in the order of the recording.
 *
 * Pages:   one number each (page_trace_id()): of memory by process, of a file whoever uses it.
 * csv:     a head and lines "time,page,type": instructions of all threads so far; the number, in
 *          decimal; r, w, or x for fetched instructions.
 * oracle:  what libCacheSim calls oracleGeneral: records of 24 bytes, little-endian and without
 *          padding: u32 time, u64 object, u32 size (4096), s64 number of the next request for it,
 *          counted from 1 as its own traceConv does, or -1. time is in millions of instructions,
 *          and stays at its largest.
 * Memory:  does not grow with the length of the recording; of oracle with the number of pages,
 *          since the next requests are filled in from the end.
 */
#ifndef TRACE_PAGE_TRACE_H
#define TRACE_PAGE_TRACE_H

#include "base/outfile.h"
#include "trace/footprint.h"

#define PAGE_TRACE_RECORD 24u

struct page_trace_stats {
    u64 requests, pages; /* pages: distinct; 0 of csv, which knows not */
};

/* A file: bit 63 and its number from bit 37 on; memory: its process from bit 44 on. */
u64 page_trace_id(const struct footprint_touch *touch);

/* Called now and then; may be NULL. */
typedef void page_trace_progress_fn(void *ctx, u64 requests);

/* Append to o, which stays open. The window's streams and places are obeyed. A failed write is o's
 * error; others are returned with *e. */
int page_trace_csv(const struct trace *t, const struct footprint_window *window, struct outfile *o,
                   page_trace_progress_fn *progress, void *ctx, struct page_trace_stats *ret,
                   struct err *e);
/* pre: o is not written directly */
int page_trace_oracle(const struct trace *t, const struct footprint_window *window,
                      struct outfile *o, page_trace_progress_fn *progress, void *ctx,
                      struct page_trace_stats *ret, struct err *e);

#endif
