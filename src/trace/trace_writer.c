/* trace_writer.c - records to chunks to a file.
 *
 * Each stream has a buffer of payload. When it is full, or when asked, the buffer is compressed
 * (kept as it is where that is no smaller), gets its header and hash, and goes out with one
 * write(). Deltas start anew in every chunk, so that each decodes on its own.
 */
#include "trace/trace_writer.h"

#include "base/alloc.h"
#include "base/outfile.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "trace/trace_chunk.h"

#include <string.h>
#define XXH_STATIC_LINKING_ONLY /* the streaming state on the stack */
#include <xxhash.h>
#include <zstd.h>

/* The longest record: opcode, icount, stamp, length, fields, and a string with its length. */
#define OP_BODY_BYTES_MAX ((HWT_OP_FIELDS_MAX + 1) * HWT_VARINT_MAX + HWT_STRING_MAX)
#define RECORD_BYTES_MAX  (4 * HWT_VARINT_MAX + OP_BODY_BYTES_MAX)

struct writer_stream {
    u8 *raw; /* chunk_bytes + RECORD_BYTES_MAX */
    u32 raw_len, nr_accesses, nr_ops, seq;
    u64 order;      /* stamp at the start of the chunk */
    u64 last_stamp; /* of the last operation in it */
    u64 last[2];
};

struct trace_writer {
    bool to_file;
    struct outfile out_file;
    struct strbuf memory;
    u32 chunk_bytes;
    int level;
    u64 stamp, nr_accesses, nr_ops;
    VEC(struct writer_stream) streams;
    ZSTD_CCtx *zstd;
    u8 *out; /* HWT_HEADER_BYTES + HWT_STORED_LEN_MAX */
};

int trace_writer_new(const char *path, struct trace_writer **ret, struct err *e)
{
    struct trace_writer *w = xcalloc(1, sizeof(*w));
    int rc = 0;

    w->chunk_bytes = 256u << 10;
    w->level = 3;
    w->to_file = path != NULL;
    strbuf_init(&w->memory);
    outfile_init(&w->out_file);
    if (path)
        rc = outfile_open(&w->out_file, path, OUTFILE_PRIVATE, e);
    if (rc) {
        trace_writer_abort(w);
        return rc;
    }
    w->zstd = ZSTD_createCCtx();
    w->out = xmalloc(HWT_HEADER_BYTES + HWT_STORED_LEN_MAX);
    if (!w->zstd)
        w->level = 0;
    *ret = w;
    return 0;
}

/* lint: tests make recordings of many small chunks */
void trace_writer_set_chunk_bytes(struct trace_writer *w, u32 bytes)
{
    assert(w->streams.count == 0);
    w->chunk_bytes = CLAMP(bytes, 64u, HWT_RAW_LEN_MAX - (u32)RECORD_BYTES_MAX);
}

void trace_writer_set_mode(struct trace_writer *w, unsigned mode)
{
    w->out_file.mode = mode;
}

void trace_writer_set_level(struct trace_writer *w, int level)
{
    w->level = w->zstd ? level : 0;
}

static void write_out(struct trace_writer *w, const u8 *bytes, size_t count)
{
    if (w->to_file)
        outfile_put(&w->out_file, bytes, count);
    else
        strbuf_append_bytes(&w->memory, (const char *)bytes, count);
}

static void write_chunk(struct trace_writer *w, unsigned version, unsigned type, u32 stream,
                        const struct writer_stream *s)
{
    u8 *h = w->out, *stored = w->out + HWT_HEADER_BYTES;
    size_t stored_len = s->raw_len;
    enum hwt_codec codec = HWT_CODEC_STORED;
    XXH64_state_t hash;

    if (w->level > 0 && s->raw_len > 0) {
        size_t n =
            ZSTD_compressCCtx(w->zstd, stored, HWT_STORED_LEN_MAX, s->raw, s->raw_len, w->level);

        if (!ZSTD_isError(n) && n < s->raw_len) {
            codec = HWT_CODEC_ZSTD;
            stored_len = n;
        }
    }
    if (codec == HWT_CODEC_STORED && s->raw_len)
        memcpy(stored, s->raw, s->raw_len);
    wire_put_u32(h + HWT_OFF_MAGIC, HWT_MAGIC);
    wire_put_u16(h + HWT_OFF_VERSION, (u16)version);
    h[HWT_OFF_TYPE] = (u8)type;
    h[HWT_OFF_CODEC] = (u8)codec;
    wire_put_u32(h + HWT_OFF_STREAM, stream);
    wire_put_u32(h + HWT_OFF_SEQ, s->seq);
    wire_put_u64(h + HWT_OFF_ORDER, s->order);
    wire_put_u32(h + HWT_OFF_RAW_LEN, s->raw_len);
    wire_put_u32(h + HWT_OFF_STORED_LEN, (u32)stored_len);
    wire_put_u32(h + HWT_OFF_NR_ACCESSES, s->nr_accesses);
    wire_put_u32(h + HWT_OFF_NR_OPS, s->nr_ops);
    XXH64_reset(&hash, 0);
    XXH64_update(&hash, h, HWT_HASHED_HEADER_BYTES);
    XXH64_update(&hash, stored, stored_len);
    wire_put_u64(h + HWT_OFF_HASH, XXH64_digest(&hash));
    write_out(w, w->out, HWT_HEADER_BYTES + stored_len);
}

void trace_writer_chunk(struct trace_writer *w, unsigned version, unsigned type, const char *text)
{
    size_t len = MIN(strlen(text), (size_t)HWT_RAW_LEN_MAX);
    struct writer_stream s = {.raw_len = (u32)len, .order = w->stamp};

    s.raw = xmalloc(len + 1);
    memcpy(s.raw, text, len);
    write_chunk(w, version, type, 0, &s);
    free(s.raw);
}

static void write_text(struct trace_writer *w, enum hwt_chunk_type type, const char *text)
{
    trace_writer_chunk(w, HWT_VERSION, type, text);
}

void trace_writer_meta(struct trace_writer *w, const char *text)
{
    write_text(w, HWT_CHUNK_META, text);
}

/* lint: tests write recordings; the recorder is a program of its own */
void trace_writer_host(struct trace_writer *w, const char *text)
{
    write_text(w, HWT_CHUNK_HOST, text);
}

/* lint: tests write recordings; the recorder is a program of its own */
void trace_writer_mark(struct trace_writer *w, const char *name, u64 time_ns)
{
    struct strbuf text;

    strbuf_init(&text);
    strbuf_append(&text, "name=");
    for (size_t i = 0; name[i] && i < HWT_STRING_MAX; i++)
        strbuf_appendc(&text, name[i] == '\n' ? ' ' : name[i]);
    strbuf_printf(&text, "\ntime_ns=%llu\n", (unsigned long long)time_ns);
    write_text(w, HWT_CHUNK_MARK, text.text);
    strbuf_done(&text);
}

static void chunk_begin(struct trace_writer *w, struct writer_stream *s)
{
    s->raw_len = s->nr_accesses = s->nr_ops = 0;
    s->last[0] = s->last[1] = 0;
    s->order = s->last_stamp = w->stamp;
}

u32 trace_writer_stream(struct trace_writer *w)
{
    struct writer_stream s = {.raw = xmalloc(w->chunk_bytes + RECORD_BYTES_MAX)};

    chunk_begin(w, &s);
    vec_push(&w->streams, s);
    return (u32)w->streams.count;
}

static struct writer_stream *stream_get(struct trace_writer *w, u32 stream)
{
    struct writer_stream *s;

    assert(stream >= 1 && stream <= w->streams.count);
    s = &w->streams.items[stream - 1];
    if (s->raw_len >= w->chunk_bytes)
        trace_writer_flush(w, stream);
    /* A chunk carries the stamp of the moment at which it gets its first record. */
    if (s->nr_accesses + s->nr_ops == 0)
        chunk_begin(w, s);
    return s;
}

void trace_writer_access(struct trace_writer *w, u32 stream, enum hwt_kind kind, u64 page,
                         u64 icount)
{
    struct writer_stream *s = stream_get(w, stream);
    u64 *last = &s->last[kind == HWT_EXEC];

    assert(kind != HWT_OP && page <= HWT_PAGE_MAX);
    s->raw_len +=
        wire_put_varint(s->raw + s->raw_len, wire_zigzag((s64)(page - *last)) << 2 | kind);
    s->raw_len += wire_put_varint(s->raw + s->raw_len, icount);
    *last = page;
    s->nr_accesses++;
    w->nr_accesses++;
}

void trace_writer_op_bytes(struct trace_writer *w, u32 stream, u64 opcode, u64 icount,
                           const u8 *body, size_t count)
{
    struct writer_stream *s = stream_get(w, stream);

    assert(count <= OP_BODY_BYTES_MAX);
    w->stamp++;
    s->raw_len += wire_put_varint(s->raw + s->raw_len, opcode << 2 | HWT_OP);
    s->raw_len += wire_put_varint(s->raw + s->raw_len, icount);
    s->raw_len += wire_put_varint(s->raw + s->raw_len, w->stamp - s->last_stamp);
    s->raw_len += wire_put_varint(s->raw + s->raw_len, count);
    if (count)
        memcpy(s->raw + s->raw_len, body, count);
    s->raw_len += (u32)count;
    s->last_stamp = w->stamp;
    s->nr_ops++;
    w->nr_ops++;
}

static void write_op(struct trace_writer *w, u32 stream, enum hwt_op opcode, u64 icount,
                     const u64 *fields, unsigned nr_fields, const char *string)
{
    struct trace_op_shape shape = trace_op_shape(opcode);
    u8 body[OP_BODY_BYTES_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < shape.nr_fields; i++)
        len += wire_put_varint(body + len, fields[i]);
    if (shape.string) {
        size_t n = string ? MIN(strlen(string), (size_t)HWT_STRING_MAX) : 0;

        len += wire_put_varint(body + len, n);
        if (n)
            memcpy(body + len, string, n);
        len += n;
    }
    for (unsigned i = shape.nr_fields; i < nr_fields; i++)
        len += wire_put_varint(body + len, fields[i]);
    trace_writer_op_bytes(w, stream, opcode, icount, body, len);
}

void trace_writer_op(struct trace_writer *w, u32 stream, enum hwt_op opcode, u64 icount,
                     const u64 *fields, const char *string)
{
    write_op(w, stream, opcode, icount, fields, trace_op_shape(opcode).nr_fields, string);
}

/* lint: tests write recordings; the recorder is a program of its own */
void trace_writer_op_all(struct trace_writer *w, u32 stream, enum hwt_op opcode, u64 icount,
                         const u64 *fields, const char *string)
{
    struct trace_op_shape shape = trace_op_shape(opcode);
    unsigned nr_fields = shape.nr_fields + shape.nr_optional;

    while (nr_fields > shape.nr_fields && fields[nr_fields - 1] == 0)
        nr_fields--;
    write_op(w, stream, opcode, icount, fields, nr_fields, string);
}

/* lint: tests write recordings; the recorder is a program of its own */
u64 trace_writer_stamp(const struct trace_writer *w)
{
    return w->stamp;
}

void trace_writer_flush(struct trace_writer *w, u32 stream)
{
    struct writer_stream *s = &w->streams.items[stream - 1];

    if (s->nr_accesses + s->nr_ops == 0)
        return;
    write_chunk(w, HWT_VERSION, HWT_CHUNK_STREAM, stream, s);
    s->seq++;
    chunk_begin(w, s);
}

static void writer_free(struct trace_writer *w)
{
    vec_for_each (&w->streams, s)
        free(s->raw);
    vec_done(&w->streams);
    strbuf_done(&w->memory);
    ZSTD_freeCCtx(w->zstd);
    free(w->out);
    free(w);
}

void trace_writer_abort(struct trace_writer *w)
{
    outfile_abort(&w->out_file);
    writer_free(w);
}

int trace_writer_finish(struct trace_writer *w, const char *end_text, u8 **ret_bytes,
                        size_t *ret_count, struct err *e)
{
    struct strbuf text;
    int r = 0;

    for (u32 i = 1; i <= w->streams.count; i++)
        trace_writer_flush(w, i);
    strbuf_init(&text);
    strbuf_printf(&text, "streams=%zu\naccesses=%llu\nops=%llu\n", w->streams.count,
                  (unsigned long long)w->nr_accesses, (unsigned long long)w->nr_ops);
    if (end_text)
        strbuf_append(&text, end_text);
    write_text(w, HWT_CHUNK_END, text.text);
    strbuf_done(&text);
    if (w->to_file)
        r = outfile_commit(&w->out_file, e);
    if (!w->to_file && ret_bytes) {
        *ret_count = w->memory.len;
        *ret_bytes = (u8 *)strbuf_steal(&w->memory);
    }
    writer_free(w);
    return r;
}
