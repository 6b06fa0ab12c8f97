/* import_lackey.c - Valgrind's lackey text to a trace.
 *
 *     I  0401ab30,3     fetch: one instruction
 *      L 1ffeffe7e0,8   load
 *      S 1ffeffe7d8,8   store
 *      M 0421c7cc,4     load and store
 */
#include "trace/import.h"

#include "base/alloc.h"
#include "trace/import_input.h"
#include "trace/pageset.h"
#include "trace/trace_filter.h"
#include "trace/trace_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096u
#define MAP_PAGES      16u /* mapped at once */
#define WINDOW_SHIFT   28u /* addresses that share one synthetic text file: 256 MiB */
#define PROGRESS_LINES (1u << 20)
#define FILE_DEV       0xfffu

struct lackey {
    struct trace_writer *w;
    u32 stream;
    u64 icount;
    struct trace_filter filter;
    struct pageset mapped, seen;
    struct u64map windows; /* address >> WINDOW_SHIFT -> fid */
    struct import_stats stats;
};

/* fid of the file that stands for the program image in this window. */
static u64 text_file(struct lackey *l, u64 addr)
{
    u64 window = addr >> WINDOW_SHIFT, fid;
    char path[64];

    if (u64map_get(&l->windows, window, &fid))
        return fid;
    fid = l->windows.count + 1;
    u64map_put(&l->windows, window, fid);
    snprintf(path, sizeof(path), "lackey:image@%#" PRIx64, window << WINDOW_SHIFT);
    trace_writer_op(l->w, l->stream, HWT_OP_FILE, 0,
                    (u64[]){fid, FILE_DEV, window + 1, (u64)1 << WINDOW_SHIFT, HWT_FILE_REGULAR},
                    path);
    return fid;
}

static void map_around(struct lackey *l, u64 page, bool of_file)
{
    u64 first = ROUND_DOWN(page, MAP_PAGES), addr = first << HWT_PAGE_SHIFT;
    u64 fid = of_file ? text_file(l, addr) : 0;

    pageset_set_range(&l->mapped, first, MAP_PAGES);
    trace_writer_op(l->w, l->stream, HWT_OP_MMAP, 0,
                    (u64[]){addr, MAP_PAGES << HWT_PAGE_SHIFT,
                            ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC, 0, fid,
                            fid ? addr & (((u64)1 << WINDOW_SHIFT) - 1) : 0},
                    NULL);
}

static void access_page(struct lackey *l, u64 page, enum hwt_kind kind)
{
    if (!trace_filter_pass(&l->filter, page, kind == HWT_WRITE))
        return;
    if (!pageset_test(&l->mapped, page))
        map_around(l, page, kind != HWT_WRITE);
    pageset_test_and_set(&l->seen, page);
    trace_writer_access(l->w, l->stream, kind, page, l->icount);
    l->icount = 0;
    l->stats.events++;
}

static void access_bytes(struct lackey *l, u64 addr, u64 size, enum hwt_kind kind)
{
    u64 first = addr >> HWT_PAGE_SHIFT, last = (addr + (size ? size - 1 : 0)) >> HWT_PAGE_SHIFT;

    access_page(l, first, kind);
    if (last != first)
        access_page(l, last, kind);
}

/* Hexadecimal digits; the place after them, or NULL when there are none or too many. */
static const char *parse_hex(const char *at, const char *end, u64 *ret)
{
    const char *began = at;
    u64 v = 0;

    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        unsigned digit = c - '0';

        if (digit > 9) {
            digit = (c | 0x20u) - 'a' + 10u;
            if (digit < 10 || digit > 15)
                break;
        }
        v = v << 4 | digit;
    }
    if (at == began || at - began > 16)
        return NULL;
    *ret = v;
    return at;
}

/* False when the line is no access. */
static bool line(struct lackey *l, const char *at, const char *end)
{
    enum hwt_kind kind;
    u64 addr, size = 0;
    char type;

    if (end - at < 5)
        return false;
    type = at[0] == 'I' ? 'I' : at[0] == ' ' ? at[1] : '\0';
    if (at[2] != ' ' || !(type == 'I' ? at[1] == ' ' : type == 'L' || type == 'S' || type == 'M'))
        return false;
    at = parse_hex(at + 3, end, &addr);
    if (!at || at == end || *at != ',')
        return false;
    for (at++; at < end && *at >= '0' && *at <= '9'; at++)
        size = size * 10 + (u64)(*at - '0');
    if (at != end || size > (1u << HWT_PAGE_SHIFT) || addr + size >= HWT_PAGE_MAX << HWT_PAGE_SHIFT)
        return false;
    if (type == 'I') {
        l->icount++;
        trace_filter_advance(&l->filter, 1);
    }
    kind = type == 'I' ? HWT_EXEC : type == 'L' ? HWT_READ : HWT_WRITE;
    access_bytes(l, addr, size, kind);
    return true;
}

static int lines(struct lackey *l, struct import_input *in, import_progress_fn progress, void *ctx,
                 struct err *e)
{
    for (;;) {
        s64 ready = import_input_ready(in, LINE_MAX_BYTES, e);
        const char *at, *newline;
        size_t len;

        if (ready <= 0)
            return (int)ready;
        at = (const char *)import_input_at(in);
        /* Many lines per refill. */
        while ((newline = memchr(at, '\n', (size_t)ready))) {
            if (line(l, at, newline))
                l->stats.records++;
            else
                l->stats.skipped++;
            len = (size_t)(newline - at) + 1;
            import_input_take(in, len);
            at += len;
            ready -= (s64)len;
            if (progress && (l->stats.records & (PROGRESS_LINES - 1)) == 0)
                progress(ctx, l->stats.records);
        }
        if (ready >= (s64)LINE_MAX_BYTES ||
            in->end) { /* a line too long for an access, or the last one */
            if (in->end && ready > 0 && line(l, at, at + ready))
                l->stats.records++;
            else if (ready > 0)
                l->stats.skipped++;
            import_input_take(in, (size_t)ready);
        }
    }
}

int import_lackey(const char *in_path, const char *out_path, unsigned mode,
                  import_progress_fn progress, void *ctx, struct import_stats *ret, struct err *e)
{
    struct lackey *l = xcalloc(1, sizeof(*l));
    struct import_input in;
    int r = import_input_open(&in, in_path, e);

    if (r) {
        free(l);
        return r;
    }
    pageset_init(&l->mapped);
    pageset_init(&l->seen);
    u64map_init(&l->windows);
    r = trace_writer_new(out_path, &l->w, e);
    if (r == 0) {
        trace_writer_set_mode(l->w, mode);
        trace_writer_meta(l->w, "tool=import lackey\npage_size=4096\nfilter=1024\n");
        l->stream = trace_writer_stream(l->w);
        trace_writer_op(l->w, l->stream, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "lackey");
        r = lines(l, &in, progress, ctx, e);
        if (r == 0 && l->stats.records == 0)
            r = err_at(e, -EINVAL, in_path, 0, 0,
                       "no line of 'valgrind --tool=lackey --trace-mem=yes' in it (like ' L "
                       "1ffeffe7e0,8')");
        if (r) {
            trace_writer_abort(l->w);
        } else {
            trace_writer_op(l->w, l->stream, HWT_OP_EXIT_GROUP, l->icount, (u64[]){0}, NULL);
            r = trace_writer_finish(l->w, NULL, NULL, NULL, e);
        }
    }
    l->stats.pages = l->seen.count;
    *ret = l->stats;
    import_input_close(&in);
    pageset_done(&l->mapped);
    pageset_done(&l->seen);
    u64map_done(&l->windows);
    free(l);
    return r;
}
