/* pattern.c - draw accesses and write them as a trace in memory.
 *
 * Zipf by inversion: the cumulative weights are a table, a draw is a binary search in it.
 */
#include "pattern.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "frames/frame.h"
#include "trace/trace_filter.h"
#include "trace/trace_writer.h"

#include <math.h>

#define ZIPF_SKEW 0.9

struct draw {
    const struct pattern *pattern;
    struct prng prng;
    double *cumulative; /* PATTERN_ZIPF */
    u32 *page_of_rank;
    u32 next; /* PATTERN_SEQUENTIAL */
};

static void draw_init(struct draw *d, const struct pattern *p)
{
    double sum = 0;

    *d = (struct draw){.pattern = p};
    prng_seed(&d->prng, 1);
    if (p->shape != PATTERN_ZIPF)
        return;
    d->cumulative = xcalloc(p->pages, sizeof(*d->cumulative));
    d->page_of_rank = xcalloc(p->pages, sizeof(*d->page_of_rank));
    for (u32 i = 0; i < p->pages; i++) {
        u32 j = (u32)prng_below(&d->prng, i + 1);

        sum += pow(i + 1, -ZIPF_SKEW);
        d->cumulative[i] = sum;
        d->page_of_rank[i] = d->page_of_rank[j];
        d->page_of_rank[j] = i;
    }
}

static void draw_done(struct draw *d)
{
    free(d->cumulative);
    free(d->page_of_rank);
}

static u32 draw_zipf(struct draw *d)
{
    u32 low = 0, high = d->pattern->pages - 1;
    double at = prng_f64(&d->prng) * d->cumulative[high];

    while (low < high) {
        u32 middle = (low + high) / 2;

        if (d->cumulative[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return d->page_of_rank[low];
}

static u32 stride_of(const struct pattern *p)
{
    return MAX(p->stride, 1u);
}

static u32 draw_page(struct draw *d)
{
    switch (d->pattern->shape) {
    case PATTERN_SEQUENTIAL:
        return d->next++ * stride_of(d->pattern) % d->pattern->pages;
    case PATTERN_UNIFORM:
        return (u32)prng_below(&d->prng, d->pattern->pages);
    case PATTERN_ZIPF:
        return draw_zipf(d);
    }
    hw_unreachable();
}

static void write_accesses(struct trace_writer *w, u32 stream, const struct pattern *p)
{
    struct trace_filter *filter = xcalloc(1, sizeof(*filter));
    struct draw d;
    u64 icount = 0;

    draw_init(&d, p);
    for (u32 written = 0; written < p->accesses;) {
        u64 page = PATTERN_START + draw_page(&d);
        bool write = !p->file && prng_below(&d.prng, 100) < p->write_percent;

        icount += p->icount;
        trace_filter_advance(filter, p->icount);
        if (p->filtered && !trace_filter_pass(filter, page, write))
            continue;
        trace_writer_access(w, stream, write ? HWT_WRITE : HWT_READ, page, icount);
        icount = 0;
        written++;
    }
    draw_done(&d);
    free(filter);
}

void pattern_make(const struct pattern *p, struct pattern_trace *ret)
{
    struct trace_options options = {.mode = TRACE_DECODED, .budget_bytes = 1ull << 40};
    u64 bytes = (u64)p->pages * PAGE_SIZE;
    struct trace_writer *w;
    size_t count;
    u32 stream;

    if (trace_writer_new(NULL, &w, NULL))
        abort();
    trace_writer_set_level(w, 0);
    stream = trace_writer_stream(w);
    trace_writer_op(w, stream, HWT_OP_PROC_START, 0, (u64[]){100, 1, 100, 0}, "bench");
    if (p->file)
        trace_writer_op(w, stream, HWT_OP_FILE, 0, (u64[]){1, 1, 1, bytes, HWT_FILE_REGULAR}, "/f");
    trace_writer_op(
        w, stream, HWT_OP_MMAP, 0,
        (u64[]){PATTERN_START * PAGE_SIZE, bytes, ABI_PROT_READ | ABI_PROT_WRITE, 0, p->file, 0},
        NULL);
    for (u32 i = 0; p->populated && i < p->pages; i += stride_of(p))
        trace_writer_access(w, stream, HWT_WRITE, PATTERN_START + i, p->icount);
    if (p->dropped)
        trace_writer_op(w, stream, HWT_OP_MADVISE, 0,
                        (u64[]){PATTERN_START * PAGE_SIZE, bytes, ABI_MADV_DONTNEED}, NULL);
    write_accesses(w, stream, p);
    if (trace_writer_finish(w, NULL, &ret->bytes, &count, NULL) ||
        trace_open_bytes(ret->bytes, count, "pattern", &options, &ret->trace, NULL))
        abort();
    ret->populate_events = 2 + (p->populated ? p->pages / stride_of(p) : 0) + p->dropped;
}

void pattern_free(struct pattern_trace *t)
{
    trace_close(t->trace);
    free(t->bytes);
}
