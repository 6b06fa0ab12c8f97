/* import_oracle.c - libCacheSim's oracleGeneral to a trace. */
#include "trace/import.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "trace/import_input.h"
#include "trace/trace_chunk.h"
#include "trace/trace_writer.h"

#include <inttypes.h>

#define RECORD_BYTES     24u
#define RECORD_ID        4u
#define RECORD_SIZE      12u
#define PROGRESS_RECORDS (1u << 20)

#define FILE_FID    1u
#define FILE_HANDLE 1u
#define FILE_BYTES  ((u64)1 << 43) /* a sparse file: its size is only a bound */
#define ANON_BASE   ((u64)1 << 32) /* in pages: 16 TiB */
#define ANON_STEP   (1u << 14)     /* pages mapped at once: 64 MiB */
#define ANON_PAGES  ((u64)1 << 34)
#define ADV_RANDOM  1u

struct oracle {
    struct trace_writer *w;
    u32 stream;
    enum import_as as;
    struct u64map first_page; /* object id -> first page */
    u64 nr_pages, mapped_pages;
    struct import_stats stats;
};

static void begin(struct oracle *o)
{
    trace_writer_meta(o->w, "tool=import oracleGeneral\npage_size=4096\nfilter=none\n");
    o->stream = trace_writer_stream(o->w);
    trace_writer_op(o->w, o->stream, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "oracle");
    if (o->as == IMPORT_AS_FILE) {
        trace_writer_op(o->w, o->stream, HWT_OP_FILE, 0,
                        (u64[]){FILE_FID, 1, 1, FILE_BYTES, HWT_FILE_REGULAR}, "oracle:objects");
        trace_writer_op(o->w, o->stream, HWT_OP_OPEN, 0,
                        (u64[]){FILE_HANDLE, FILE_FID, HWT_OPEN_READ}, NULL);
        trace_writer_op(o->w, o->stream, HWT_OP_FADVISE, 0,
                        (u64[]){FILE_HANDLE, FILE_FID, 0, 0, ADV_RANDOM}, NULL);
    }
}

static void read_file(struct oracle *o, u64 first, u64 pages)
{
    trace_writer_op(
        o->w, o->stream, HWT_OP_READ, IMPORT_ORACLE_INSTRUCTIONS,
        (u64[]){FILE_HANDLE, FILE_FID, first << HWT_PAGE_SHIFT, pages << HWT_PAGE_SHIFT, 0}, NULL);
    o->stats.events++;
}

static void load_anon(struct oracle *o, u64 first, u64 pages, bool new_object)
{
    u64 icount = IMPORT_ORACLE_INSTRUCTIONS;

    while (o->mapped_pages < first + pages) {
        trace_writer_op(o->w, o->stream, HWT_OP_MMAP, 0,
                        (u64[]){(ANON_BASE + o->mapped_pages) << HWT_PAGE_SHIFT,
                                (u64)ANON_STEP << HWT_PAGE_SHIFT, ABI_PROT_READ | ABI_PROT_WRITE, 0,
                                0, 0},
                        NULL);
        o->mapped_pages += ANON_STEP;
    }
    for (u64 i = 0; i < pages; i++) {
        trace_writer_access(o->w, o->stream, new_object ? HWT_WRITE : HWT_READ,
                            ANON_BASE + first + i, icount);
        icount = 0;
        o->stats.events++;
    }
}

static int request(struct oracle *o, const u8 *record, const char *path, struct err *e)
{
    u64 id = wire_get_u64(record + RECORD_ID), first;
    u32 size = wire_get_u32(record + RECORD_SIZE);
    u64 pages = MAX(DIV_ROUND_UP((u64)size, (u64)1 << HWT_PAGE_SHIFT), 1u);
    bool new_object = !u64map_get(&o->first_page, id, &first);

    if (new_object) {
        /* An object keeps the size of its first appearance, so that its pages stay its own. */
        first = o->nr_pages;
        u64map_put(&o->first_page, id, first << 21 | pages);
        o->nr_pages += pages;
        if (o->nr_pages > MIN(ANON_PAGES, FILE_BYTES >> HWT_PAGE_SHIFT))
            return err_at(e, -EINVAL, path, 0, 0,
                          "record %" PRIu64
                          ": the objects take more than 8 TiB; is this oracleGeneral?",
                          o->stats.records + 1);
    } else {
        pages = first & ((1u << 21) - 1);
        first >>= 21;
    }
    if (o->as == IMPORT_AS_FILE)
        read_file(o, first, pages);
    else
        load_anon(o, first, pages, new_object);
    o->stats.records++;
    return 0;
}

static int requests(struct oracle *o, struct import_input *in, import_progress_fn progress,
                    void *ctx, struct err *e)
{
    for (;;) {
        s64 ready = import_input_ready(in, RECORD_BYTES, e);
        int r;

        if (ready < 0)
            return (int)ready;
        if (ready == 0)
            break;
        if (ready < (s64)RECORD_BYTES)
            return err_at(e, -EINVAL, in->path, 0, 0,
                          "ends inside record %" PRIu64 " (of 24 bytes)", o->stats.records + 1);
        r = request(o, import_input_at(in), in->path, e);
        if (r)
            return r;
        import_input_take(in, RECORD_BYTES);
        if (progress && (o->stats.records & (PROGRESS_RECORDS - 1)) == 0)
            progress(ctx, o->stats.records);
    }
    if (o->stats.records == 0)
        return err_at(e, -EINVAL, in->path, 0, 0,
                      "it is empty, want records of 24 bytes (oracleGeneral)");
    return 0;
}

int import_oracle(const char *in_path, const char *out_path, unsigned mode, enum import_as as,
                  import_progress_fn progress, void *ctx, struct import_stats *ret, struct err *e)
{
    struct oracle o = {.as = as};
    struct import_input in;
    int r = import_input_open(&in, in_path, e);

    if (r)
        return r;
    u64map_init(&o.first_page);
    r = trace_writer_new(out_path, &o.w, e);
    if (r == 0) {
        trace_writer_set_mode(o.w, mode);
        begin(&o);
        r = requests(&o, &in, progress, ctx, e);
        if (r) {
            trace_writer_abort(o.w);
        } else {
            if (as == IMPORT_AS_FILE)
                trace_writer_op(o.w, o.stream, HWT_OP_CLOSE, 0, (u64[]){FILE_HANDLE}, NULL);
            trace_writer_op(o.w, o.stream, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
            r = trace_writer_finish(o.w, NULL, NULL, NULL, e);
        }
    }
    o.stats.pages = o.nr_pages;
    *ret = o.stats;
    import_input_close(&in);
    u64map_done(&o.first_page);
    return r;
}
