/* capture_writer.c - samples to records.
 *
 * What is read goes through capture_writer_tee(): a file whose text is what it was costs a row of
 * the table, any other one adds its text to the record at hand and the text it had before to the
 * prefix that the compressor may refer to. A record is closed at some 256 KiB of text, so the
 * memory for it is bounded whatever the machine has; the last one of a sample says so.
 *
 * A chunk ends after SAMPLES_PER_CHUNK samples or when its files have come to need much memory
 * (processes come and go, and a file is forgotten only with its chunk). Rejected: one zstd stream
 * over the chunk, since a flush per sample costs as much as a record and a cut stream cannot be
 * told from a damaged one; differences by line, which zstd with a prefix finds by itself.
 */
#include "observe/capture_int.h"

#include "base/secrets.h"
#include "base/wire.h"
#include "observe/capture_drop.h"
#include "observe/snapshot.h"

#include <inttypes.h>
#include <string.h>
#include <zstd.h>

/* Going back in a capture decodes half a chunk at most times, so a chunk is short; and a key sample
 * costs as much as a dozen others. */
#define SAMPLES_PER_CHUNK 60
#define STATE_GOAL        (64u << 20)
#define LEVEL             1

struct capture_writer {
    struct hwc_file_out out;
    struct capture_writer_options options;
    struct capture_writer_stats stats;
    struct hwc_state state;
    struct hwc_record record; /* at hand: chunk, sample, piece, flags, times */
    struct strbuf table, texts, prefix;
    u32 row_file; /* of the last row */
    bool open;    /* between begin and end */
    int error;    /* the first one; nothing is written after it */
    u64 chunk_start;
    ZSTD_CCtx *zstd;
    u8 *buf;
    size_t buf_size;
};

/* --- one record ------------------------------------------------------------------------------- */
static size_t deflate(struct capture_writer *w, u8 *to, size_t room, const struct strbuf *from)
{
    return from->len ? ZSTD_compress2(w->zstd, to, room, from->text, from->len) : 0;
}

static int record_write(struct capture_writer *w, bool last)
{
    struct hwc_record *r = &w->record;
    size_t want = HWC_HEADER_BYTES + ZSTD_compressBound(w->table.len) +
                  ZSTD_compressBound(w->texts.len),
           table, texts;
    u8 *payload;

    if (want > w->buf_size) {
        u8 *grown = realloc(w->buf, want);

        if (!grown)
            return -ENOMEM;
        w->buf = grown;
        w->buf_size = want;
    }
    payload = w->buf + HWC_HEADER_BYTES;
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, 0);
    table = deflate(w, payload, w->buf_size - HWC_HEADER_BYTES, &w->table);
    if (ZSTD_isError(table))
        return -ENOMEM;
    if (w->texts.len) {
        /* The window must reach from the end of the texts to the start of the prefix. */
        unsigned log = log2_ceil(w->texts.len + w->prefix.len + 1);

        ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog, (int)CLAMP(log, 10u, 27u));
        ZSTD_CCtx_refPrefix(w->zstd, w->prefix.text, w->prefix.len);
    }
    texts = deflate(w, payload + table, w->buf_size - HWC_HEADER_BYTES - table, &w->texts);
    if (ZSTD_isError(texts))
        return -ENOMEM;
    r->flags = (u16)((r->sample == 0 ? HWC_KEY : 0) | (last ? HWC_LAST : 0));
    r->table_len = (u32)w->table.len;
    r->table_stored = (u32)table;
    r->texts_len = (u32)w->texts.len;
    r->texts_stored = (u32)texts;
    r->prefix_len = (u32)w->prefix.len;
    hwc_header_put(w->buf, r);
    r->hash = hwc_hash(w->buf, payload, table + texts);
    wire_put_u64(w->buf + HWC_OFF_HASH, r->hash);
    strbuf_reset(&w->table);
    strbuf_reset(&w->texts);
    strbuf_reset(&w->prefix);
    w->row_file = UINT32_MAX;
    r->piece++;
    return hwc_out_append(&w->out, w->buf, HWC_HEADER_BYTES + table + texts);
}

static void put_varint(struct strbuf *s, u64 v)
{
    u8 bytes[WIRE_VARINT_MAX];

    strbuf_append_bytes(s, bytes, wire_put_varint(bytes, v));
}

/* Add what was read of a file to the record at hand. */
static void row_add(struct capture_writer *w, const char *path, size_t path_len, int result,
                    const char *text, size_t len)
{
    u32 index = hwc_state_find(&w->state, path, path_len);
    bool is_new = index == HWC_FILE_NONE, has_text;
    struct hwc_file *f;

    if (is_new) {
        if (w->state.files.count >= HWC_FILES_MAX || w->state.bytes > HWC_STATE_MAX - HWC_TEXTS_MAX)
            return; /* beyond what a reader would take; the next chunk begins anew */
        index = hwc_state_add(&w->state, path, path_len);
    }
    f = &w->state.files.items[index];
    if (f->sample == w->record.sample)
        return;
    if (len > HWC_TEXT_MAX) {
        len = HWC_TEXT_MAX;
        result = -EFBIG;
    }
    has_text = len != f->len || (len && memcmp(f->text, text, len) != 0);
    put_varint(&w->table, wire_zigzag((s64)index - (s64)(u32)(w->row_file + 1)) << HWC_ROW_BITS |
                              (is_new ? HWC_ROW_NEW : 0u) | (has_text ? HWC_ROW_TEXT : 0u));
    if (is_new) {
        put_varint(&w->table, path_len);
        strbuf_append_bytes(&w->table, path, path_len);
    }
    put_varint(&w->table, (u64)-result);
    w->row_file = index;
    f->sample = w->record.sample;
    if (has_text) {
        put_varint(&w->table, len);
        strbuf_append_bytes(&w->texts, text, len);
        strbuf_append_bytes(&w->prefix, f->text ? f->text : "", f->len);
        w->error = hwc_state_set_text(&w->state, index, text, len);
    }
    if (w->error == 0 && (w->texts.len >= HWC_TEXTS_GOAL || w->prefix.len >= HWC_TEXTS_GOAL ||
                          w->table.len >= HWC_TABLE_GOAL))
        w->error = record_write(w, false);
}

/* proc/PID/cmdline, of a thread as well, and the kernel's own. */
static bool is_command_line(const char *path)
{
    const char *name = strrchr(path, '/');

    return strncmp(path, "proc/", 5) == 0 && strcmp(name, "/cmdline") == 0;
}

void capture_writer_tee(void *writer, const char *path, bool is_directory, int result,
                        const char *text, size_t len)
{
    struct capture_writer *w = writer;
    char name[HWC_PATH_MAX + 1];
    size_t path_len = strlen(path);

    if (!w->open || w->error || path_len == 0 || path_len + is_directory > HWC_PATH_MAX)
        return;
    memcpy(name, path, path_len);
    if (is_directory)
        name[path_len++] = '/';
    if (!is_directory && is_command_line(path)) {
        struct strbuf masked;

        strbuf_init(&masked);
        secrets_mask(text, len, &masked);
        row_add(w, name, path_len, CLAMP(result, -4095, 0), masked.text, masked.len);
        strbuf_done(&masked);
    } else {
        row_add(w, name, path_len, CLAMP(result, -4095, 0), text, len);
    }
}

/* --- samples and chunks ----------------------------------------------------------------------- */
static void meta_add(struct capture_writer *w)
{
    static const char *const origins[] = {HWC_ORIGINS};
    struct strbuf text;
    const char *parts = "parts="
#define PART(id, name) #id ","
        PARTS(PART)
#undef PART
        ;

    strbuf_init(&text);
    strbuf_append_bytes(&text, parts, strlen(parts) - 1);
    strbuf_printf(&text, "\norigin=%s\nroot=%s\nhighwater=%s\n", origins[w->options.origin],
                  w->options.root ? w->options.root : "/", HW_VERSION);
    row_add(w, HWC_META, strlen(HWC_META), 0, text.text, text.len);
    strbuf_done(&text);
}

static bool chunk_is_full(const struct capture_writer *w)
{
    u64 bytes = w->out.file.size - w->chunk_start;

    return w->record.sample >= SAMPLES_PER_CHUNK || w->state.bytes > STATE_GOAL ||
           (w->options.max_bytes && bytes > w->options.max_bytes / HWC_SLACK);
}

u64 capture_writer_begin(struct capture_writer *w, u64 wall_us, ns_t mono_ns, u64 due)
{
    struct hwc_record *r = &w->record;

    assert(!w->open);
    w->open = true;
    if (w->out.chunks.count == 0 || chunk_is_full(w)) {
        r->chunk++;
        r->sample = 0;
        hwc_state_reset(&w->state);
        if (w->error == 0)
            w->error =
                hwc_out_drop(&w->out, w->options.max_bytes, w->options.keep_ns, wall_us, mono_ns);
        w->chunk_start = w->out.file.size;
        hwc_out_chunk(&w->out, wall_us, mono_ns);
        due = SNAPSHOT_ALL;
    }
    r->piece = 0;
    r->parts = due;
    r->wall_us = wall_us;
    r->mono_ns = mono_ns;
    w->row_file = UINT32_MAX;
    w->stats.chunks_dropped = w->out.chunks_dropped;
    if (r->sample == 0)
        meta_add(w);
    return due;
}

void capture_writer_start_chunk(struct capture_writer *w)
{
    assert(!w->open);
    w->record.sample = SAMPLES_PER_CHUNK;
}

int capture_writer_end(struct capture_writer *w, struct err *e)
{
    assert(w->open);
    if (w->error == 0)
        w->error = record_write(w, true);
    if (w->error == 0)
        w->error = hwc_out_commit(&w->out, w->options.sync);
    if (w->error == 0 && !w->options.fresh)
        w->error = outfile_keep(&w->out.file, NULL);
    w->open = false;
    if (w->error)
        return err_at(e, w->error, w->out.file.path, 0, 0, "cannot write it: %s",
                      strerror(-w->error));
    w->record.sample++;
    w->stats.samples++;
    w->stats.file_bytes = w->out.file.size;
    return 0;
}

const struct capture_writer_stats *capture_writer_stats(const struct capture_writer *w)
{
    return &w->stats;
}

/* --- open and close --------------------------------------------------------------------------- */
int capture_writer_open(const char *path, const struct capture_writer_options *o,
                        struct capture_writer **ret, struct err *e)
{
    struct capture_writer *w = xcalloc(1, sizeof(*w));
    unsigned mode;
    int rc;

    assert(o->max_bytes == 0 || o->max_bytes >= CAPTURE_BYTES_MIN);
    w->options = *o;
    strbuf_init(&w->table);
    strbuf_init(&w->texts);
    strbuf_init(&w->prefix);
    hwc_state_init(&w->state);
    w->out.file.fd = -1;
    mode = o->mode ? o->mode : OUTFILE_PRIVATE;
    rc = o->fresh ? hwc_out_create(&w->out, path, mode, e)
                  : hwc_out_open(&w->out, path, mode, &w->stats, &w->record.chunk, e);
    w->zstd = ZSTD_createCCtx();
    if (rc == 0 && !w->zstd)
        rc = err_at(e, -ENOMEM, path, 0, 0, "no memory to write it");
    if (rc) {
        capture_writer_close(w);
        return rc;
    }
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL);
    capture_writer_start_chunk(w); /* whatever stands there */
    *ret = w;
    return 0;
}

int capture_writer_finish(struct capture_writer *w, struct err *e)
{
    assert(w->options.fresh && !w->open);
    return hwc_out_finish(&w->out, e);
}

void capture_writer_close(struct capture_writer *w)
{
    if (!w)
        return;
    hwc_out_close(&w->out);
    hwc_state_done(&w->state);
    strbuf_done(&w->table);
    strbuf_done(&w->texts);
    strbuf_done(&w->prefix);
    ZSTD_freeCCtx(w->zstd);
    free(w->buf);
    free(w);
}
