/* hwt_writer.c - one chunk: header, payload, checksum, in one write(2).
 *
 * zstd at level 3 with one context for the whole file: higher levels gain a few percent and cost the
 * recorded program's CPU. A chunk that does not shrink is stored, and so is text, for strings(1).
 */
#include "record/hwt_writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#define ZSTD_LEVEL 3

struct hwt_writer {
    int fd;
    int error;
    u64 bytes;
    ZSTD_CCtx *zstd; /* NULL: stored */
    XXH64_state_t *hash;
    u8 *chunk; /* header and payload */
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

int hwt_writer_new(const char *path, bool stored, struct hwt_writer **ret, struct err *e)
{
    struct hwt_writer *w = calloc(1, sizeof(*w));
    int error;

    if (w == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    w->chunk = malloc(HWT_HEADER_BYTES + HWT_STORED_LEN_MAX);
    w->zstd = stored ? NULL : ZSTD_createCCtx();
    w->hash = XXH64_createState();
    w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    error = w->fd < 0 ? -errno : 0;
    if (error == 0 && (w->chunk == NULL || w->hash == NULL || (!stored && w->zstd == NULL)))
        error = -ENOMEM;
    if (error < 0) {
        hwt_writer_free(w);
        return err_at(e, error, path, 0, 0, "cannot create the trace: %s", strerror(-error));
    }
    *ret = w;
    return 0;
}

/* Compress or copy the payload behind the header. Returns its length. */
static u32 payload(struct hwt_writer *w, const struct hwt_chunk *c, enum hwt_codec *codec)
{
    u8 *to = w->chunk + HWT_HEADER_BYTES;
    size_t n;

    *codec = HWT_CODEC_STORED;
    if (w->zstd != NULL && c->type == HWT_CHUNK_STREAM) {
        n = ZSTD_compressCCtx(w->zstd, to, HWT_STORED_LEN_MAX, c->raw, c->raw_len, ZSTD_LEVEL);
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

/* All or nothing: what a failing write left is cut off again. */
static int append(struct hwt_writer *w, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(w->fd, w->chunk + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? -errno : -ENOSPC;

            if (done > 0 && ftruncate(w->fd, (off_t)w->bytes) != 0) {
                /* a reader stops at the damaged chunk all the same */
            }
            return error;
        }
        done += (size_t)n;
    }
    w->bytes += len;
    return 0;
}

int hwt_writer_put(struct hwt_writer *w, const struct hwt_chunk *chunk)
{
    enum hwt_codec codec;
    u32 stored_len;

    assert(chunk->raw_len <= HWT_RAW_LEN_MAX);
    if (w->error != 0)
        return w->error;
    stored_len = payload(w, chunk, &codec);
    header(w, chunk, codec, stored_len);
    w->error = append(w, HWT_HEADER_BYTES + stored_len);
    return w->error;
}

u64 hwt_writer_bytes(const struct hwt_writer *w)
{
    return w->bytes;
}

int hwt_writer_free(struct hwt_writer *w)
{
    int error = w->error;

    if (w->fd >= 0 && close(w->fd) != 0 && error == 0)
        error = -errno;
    ZSTD_freeCCtx(w->zstd);
    XXH64_freeState(w->hash);
    free(w->chunk);
    free(w);
    return error;
}
