/* page_trace.c - touches of footprint_compute(), collected in a buffer and appended to a file.
 *
 * Records of oracle are written without their next requests. Then the file is walked from its end:
 * a map has for each page the number of the request that was met last, which is the next one of the
 * request that is met now.
 */
#include "trace/page_trace.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define BLOCK_RECORDS     (1u << 15)
#define PROGRESS_REQUESTS (1u << 16)
#define INSTRUCTIONS_UNIT 1000000u
#define PROCESS_SHIFT     44u
#define FILE_SHIFT        37u
#define FILE_BIT          ((u64)1 << 63)

#define AT_ID   4u
#define AT_SIZE 12u
#define AT_NEXT 16u

struct work {
    struct outfile *o;
    struct strbuf buffer;
    page_trace_progress_fn *progress;
    void *ctx;
    struct page_trace_stats stats;
    bool oracle;
};

_Static_assert(HWT_PAGE_MAX < (u64)1 << PROCESS_SHIFT, "a page fits below the process");

u64 page_trace_id(const struct footprint_touch *touch)
{
    return touch->file ? FILE_BIT | (u64)touch->file << FILE_SHIFT |
                             (touch->page & (((u64)1 << FILE_SHIFT) - 1))
                       : (u64)touch->process << PROCESS_SHIFT | touch->page;
}

static void flush(struct work *w)
{
    outfile_put(w->o, w->buffer.text, w->buffer.len);
    strbuf_reset(&w->buffer);
}

static void put_record(struct work *w, const struct footprint_touch *touch)
{
    u8 record[PAGE_TRACE_RECORD];

    wire_put_u32(record, (u32)MIN(touch->instructions / INSTRUCTIONS_UNIT, (u64)UINT32_MAX));
    wire_put_u64(record + AT_ID, page_trace_id(touch));
    wire_put_u32(record + AT_SIZE, 1u << HWT_PAGE_SHIFT);
    wire_put_u64(record + AT_NEXT, ~(u64)0);
    strbuf_append_bytes(&w->buffer, record, sizeof(record));
}

static void put_line(struct work *w, const struct footprint_touch *touch)
{
    static const char types[] = {[HWT_READ] = 'r', [HWT_WRITE] = 'w', [HWT_EXEC] = 'x'};

    strbuf_printf(&w->buffer, "%" PRIu64 ",%" PRIu64 ",%c\n", touch->instructions,
                  page_trace_id(touch), types[touch->kind]);
}

static bool put(void *ctx, const struct footprint_touch *touch)
{
    struct work *w = ctx;

    if (w->oracle)
        put_record(w, touch);
    else
        put_line(w, touch);
    if (w->buffer.len >= BLOCK_RECORDS * PAGE_TRACE_RECORD)
        flush(w);
    if (++w->stats.requests % PROGRESS_REQUESTS == 0 && w->progress)
        w->progress(w->ctx, w->stats.requests);
    return w->o->error == 0;
}

static int pass(struct work *w, const struct trace *t, const struct footprint_window *window,
                struct err *e)
{
    struct footprint_window mine = *window;
    struct footprint f;
    int rc;

    mine.touch = put;
    mine.ctx = w;
    strbuf_init(&w->buffer);
    if (!w->oracle)
        strbuf_append(&w->buffer, "time,page,type\n");
    rc = footprint_compute(t, &mine, &f, e);
    if (rc == 0) {
        flush(w);
        footprint_done(&f);
    }
    strbuf_done(&w->buffer);
    return rc;
}

/* `first` is the number, from 1 on, of the block's first request. */
static void fill_block(u8 *block, u64 count, u64 first, struct u64map *next)
{
    for (u64 i = count; i-- > 0;) {
        u8 *record = block + i * PAGE_TRACE_RECORD;
        u64 id = wire_get_u64(record + AT_ID), number;

        if (u64map_get(next, id, &number))
            wire_put_u64(record + AT_NEXT, number);
        u64map_put(next, id, first + i);
    }
}

static int fill_next(struct work *w, u64 begin, struct err *e)
{
    u8 *block = xmalloc(BLOCK_RECORDS * PAGE_TRACE_RECORD);
    struct u64map next;
    int rc = 0;

    u64map_init(&next);
    for (u64 end = w->stats.requests; end && rc == 0 && w->o->error == 0;) {
        u64 count = MIN(end, (u64)BLOCK_RECORDS), first = end - count;
        u64 at = begin + first * PAGE_TRACE_RECORD;

        rc = outfile_get(w->o, at, block, count * PAGE_TRACE_RECORD);
        if (rc == 0) {
            fill_block(block, count, first + 1, &next);
            outfile_replace(w->o, at, block, count * PAGE_TRACE_RECORD);
        }
        end = first;
    }
    w->stats.pages = next.count;
    u64map_done(&next);
    free(block);
    return rc ? err_at(e, rc, w->o->path, 0, 0, "cannot read back what was written") : 0;
}

int page_trace_csv(const struct trace *t, const struct footprint_window *window, struct outfile *o,
                   page_trace_progress_fn *progress, void *ctx, struct page_trace_stats *ret,
                   struct err *e)
{
    struct work w = {.o = o, .progress = progress, .ctx = ctx};
    int rc = pass(&w, t, window, e);

    *ret = w.stats;
    return rc;
}

int page_trace_oracle(const struct trace *t, const struct footprint_window *window,
                      struct outfile *o, page_trace_progress_fn *progress, void *ctx,
                      struct page_trace_stats *ret, struct err *e)
{
    struct work w = {.o = o, .progress = progress, .ctx = ctx, .oracle = true};
    u64 begin = o->size;
    int rc;

    assert(!o->direct);
    rc = pass(&w, t, window, e);
    if (rc == 0 && o->error == 0)
        rc = fill_next(&w, begin, e);
    *ret = w.stats;
    return rc;
}
