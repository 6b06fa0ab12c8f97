/* hwt_writer.c - one chunk: header, payload, checksum, in one write(2).
 *
 * zstd at level 3 with one context for the whole file: higher levels gain a few percent and cost
 * the recorded program's CPU. Where a program jumps about its memory, chunks shrink by a sixth at
 * most, and that costs six times what level 1 takes for a tenth: after such a chunk the next ones
 * go at level 1, until another one is tried at level 3. A chunk that does not shrink is stored, and
 * so is text, for strings(1).
 */
#include "record/hwt_writer.h"

#include "base/outfile.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#define LEVEL_USUAL 3
#define LEVEL_FAST  1
#define FAST_CHUNKS 15 /* in a row, before level 3 is tried again */

struct hwt_writer {
    struct outfile out;
    ZSTD_CCtx *zstd;    /* NULL: stored */
    unsigned fast_left; /* chunks still to go at LEVEL_FAST */
    XXH64_state_t *hash;
    u8 *chunk;   /* header and payload */
    u64 bound;   /* of the file, for chunks of streams */
    u64 last_at; /* where the last chunk of a stream begins; 0: there is none */
    int failed;  /* what ended the recording, when hwt_writer_put_end() could still write */
};

static void put_u16(u8 *p, u32 v)
{
    p[0] = (u8)v;
    p[1] = (u8)(v >> 8);
}

static void put_u32(u8 *p, u32 v)
{
    put_u16(p, v);
    put_u16(p + 2, v >> 16);
}

static void put_u64(u8 *p, u64 v)
{
    put_u32(p, (u32)v);
    put_u32(p + 4, (u32)(v >> 32));
}

int hwt_writer_new(const char *path, unsigned mode, bool stored, struct hwt_writer **ret,
                   struct err *e)
{
    struct hwt_writer *w = calloc(1, sizeof(*w));
    int error;

    if (w == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    w->bound = UINT64_MAX;
    w->chunk = malloc(HWT_HEADER_BYTES + HWT_STORED_LEN_MAX);
    w->zstd = stored ? NULL : ZSTD_createCCtx();
    w->hash = XXH64_createState();
    error = outfile_open(&w->out, path, mode, e);
    if (error == 0 && (w->chunk == NULL || w->hash == NULL || (!stored && w->zstd == NULL)))
        error = err_at(e, -ENOMEM, path, 0, 0, "out of memory");
    if (error < 0) {
        hwt_writer_abort(w);
        return error;
    }
    *ret = w;
    return 0;
}

/* Four fifths: programs with loops and locality stay below, at two thirds to three quarters. */
static bool shrank_little(u32 raw_len, size_t len)
{
    return len > raw_len / 5 * 4;
}

static size_t compress(struct hwt_writer *w, u8 *to, const struct hwt_chunk *c)
{
    bool fast = w->fast_left > 0;
    size_t n = ZSTD_compressCCtx(w->zstd, to, HWT_STORED_LEN_MAX, c->raw, c->raw_len,
                                 fast ? LEVEL_FAST : LEVEL_USUAL);

    if (fast)
        w->fast_left--;
    else if (!ZSTD_isError(n) && shrank_little(c->raw_len, n))
        w->fast_left = FAST_CHUNKS;
    return n;
}

/* Compress or copy the payload behind the header. Returns its length. */
static u32 payload(struct hwt_writer *w, const struct hwt_chunk *c, enum hwt_codec *codec)
{
    u8 *to = w->chunk + HWT_HEADER_BYTES;
    size_t n;

    *codec = HWT_CODEC_STORED;
    if (w->zstd != NULL && c->type == HWT_CHUNK_STREAM) {
        n = compress(w, to, c);
        if (!ZSTD_isError(n) && n < c->raw_len) {
            *codec = HWT_CODEC_ZSTD;
            return (u32)n;
        }
    }
    memcpy(to, c->raw, c->raw_len);
    return c->raw_len;
}

static void header(struct hwt_writer *w, const struct hwt_chunk *c, enum hwt_codec codec,
                   u32 stored_len)
{
    u8 *h = w->chunk;

    put_u32(h + HWT_OFF_MAGIC, HWT_MAGIC);
    put_u16(h + HWT_OFF_VERSION, HWT_VERSION);
    h[HWT_OFF_TYPE] = (u8)c->type;
    h[HWT_OFF_CODEC] = (u8)codec;
    put_u32(h + HWT_OFF_STREAM, c->stream);
    put_u32(h + HWT_OFF_SEQ, c->seq);
    put_u64(h + HWT_OFF_ORDER, c->order);
    put_u32(h + HWT_OFF_RAW_LEN, c->raw_len);
    put_u32(h + HWT_OFF_STORED_LEN, stored_len);
    put_u32(h + HWT_OFF_NR_ACCESSES, c->nr_accesses);
    put_u32(h + HWT_OFF_NR_OPS, c->nr_ops);
    XXH64_reset(w->hash, 0);
    XXH64_update(w->hash, h, HWT_HASHED_HEADER_BYTES);
    XXH64_update(w->hash, h + HWT_HEADER_BYTES, stored_len);
    put_u64(h + HWT_OFF_HASH, XXH64_digest(w->hash));
}

int hwt_writer_put(struct hwt_writer *w, const struct hwt_chunk *chunk)
{
    enum hwt_codec codec;
    u32 stored_len;

    assert(chunk->raw_len <= HWT_RAW_LEN_MAX);
    if (w->out.error != 0)
        return w->out.error;
    stored_len = payload(w, chunk, &codec);
    if (chunk->type == HWT_CHUNK_STREAM && w->out.size + HWT_HEADER_BYTES + stored_len > w->bound)
        return 1;
    header(w, chunk, codec, stored_len);
    if (chunk->type == HWT_CHUNK_STREAM)
        w->last_at = w->out.size;
    return outfile_put(&w->out, w->chunk, HWT_HEADER_BYTES + stored_len);
}

int hwt_writer_error(const struct hwt_writer *w)
{
    return w->failed ? w->failed : w->out.error;
}

int hwt_writer_put_end(struct hwt_writer *w, const struct hwt_chunk *chunk)
{
    int error;

    w->failed = w->out.error;
    w->out.error = 0;
    error = hwt_writer_put(w, chunk);
    if (error == 0 || !w->failed || !w->last_at || outfile_truncate(&w->out, w->last_at))
        return error;
    w->out.error = 0;
    return hwt_writer_put(w, chunk);
}

void hwt_writer_bound(struct hwt_writer *w, u64 bytes)
{
    w->bound = bytes;
}

u64 hwt_writer_bytes(const struct hwt_writer *w)
{
    return w->out.size;
}

int hwt_writer_keep(struct hwt_writer *w, struct err *e)
{
    return outfile_keep(&w->out, e);
}

static void writer_free(struct hwt_writer *w)
{
    ZSTD_freeCCtx(w->zstd);
    XXH64_freeState(w->hash);
    free(w->chunk);
    free(w);
}

int hwt_writer_close(struct hwt_writer *w)
{
    int failed = w->failed, error = outfile_commit(&w->out, NULL);

    writer_free(w);
    return failed ? failed : error;
}

void hwt_writer_abort(struct hwt_writer *w)
{
    outfile_abort(&w->out);
    writer_free(w);
}
