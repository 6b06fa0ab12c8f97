/* trace_chunk.c - reading chunks: header, payload, hash.
 *
 * A chunk is judged in this order: is there a whole header, does it carry the magic and a version
 * we know, are its lengths within the format's bounds, does the file hold that many bytes, does the
 * hash match. Only then is anything else in it looked at. So damage is found where it is, and no
 * length is believed that a hash does not cover.
 */
#include "trace/trace_chunk.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the streaming state on the stack */
#include <xxhash.h>
#include <zstd.h>

int trace_source_read(const struct trace_source *s, u64 offset, void *buf, size_t count)
{
    u8 *to = buf;

    if (offset > s->size || count > s->size - offset)
        return -EINVAL;
    if (s->fd < 0) {
        memcpy(to, s->bytes + offset, count);
        return 0;
    }
    while (count) {
        ssize_t n = pread(s->fd, to, count, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO; /* it became shorter while we read */
        to += n;
        offset += (u64)n;
        count -= (size_t)n;
    }
    return 0;
}

struct trace_buffers *trace_buffers_new(void)
{
    struct trace_buffers *b = calloc(1, sizeof(*b));

    if (!b)
        return NULL;
    b->stored = malloc(HWT_HEADER_BYTES + HWT_STORED_LEN_MAX);
    b->raw = malloc(HWT_RAW_LEN_MAX);
    b->zstd = ZSTD_createDCtx();
    if (!b->stored || !b->raw || !b->zstd) {
        trace_buffers_free(b);
        return NULL;
    }
    return b;
}

void trace_buffers_free(struct trace_buffers *b)
{
    if (!b)
        return;
    free(b->stored);
    free(b->raw);
    ZSTD_freeDCtx(b->zstd);
    trace_stream_release(&b->batch);
    free(b);
}

static int bad(struct trace_damage *d, enum trace_damage_kind kind, const char *reason)
{
    d->kind = kind;
    d->reason = reason;
    return kind == TRACE_DAMAGE_READ ? -EIO : -EBADMSG;
}

static void header_parse(const u8 *h, u64 offset, struct trace_chunk *c)
{
    c->offset = offset;
    c->version = wire_get_u16(h + HWT_OFF_VERSION);
    c->type = h[HWT_OFF_TYPE];
    c->codec = h[HWT_OFF_CODEC];
    c->stream = wire_get_u32(h + HWT_OFF_STREAM);
    c->seq = wire_get_u32(h + HWT_OFF_SEQ);
    c->order = wire_get_u64(h + HWT_OFF_ORDER);
    c->raw_len = wire_get_u32(h + HWT_OFF_RAW_LEN);
    c->stored_len = wire_get_u32(h + HWT_OFF_STORED_LEN);
    c->nr_accesses = wire_get_u32(h + HWT_OFF_NR_ACCESSES);
    c->nr_ops = wire_get_u32(h + HWT_OFF_NR_OPS);
    c->hash = wire_get_u64(h + HWT_OFF_HASH);
}

/* Bounds that need no payload. The shortest access takes 2 bytes, the shortest operation 4. */
static const char *header_fault(const struct trace_chunk *c)
{
    if (c->type < HWT_CHUNK_META || (c->version == 1 && c->type >= HWT_CHUNK_TYPE_MAX_VERSION_1))
        return "unknown chunk type";
    if (c->codec > HWT_CODEC_ZSTD)
        return "unknown codec";
    if (c->raw_len > HWT_RAW_LEN_MAX)
        return "payload longer than 1 MiB";
    if (c->stored_len > HWT_STORED_LEN_MAX)
        return "stored payload longer than the format allows";
    if (c->codec == HWT_CODEC_STORED && c->stored_len != c->raw_len)
        return "stored and raw length differ without compression";
    if (c->type < HWT_CHUNK_TYPE_MAX && (c->type == HWT_CHUNK_STREAM) != (c->stream != 0))
        return "stream number does not fit the chunk type";
    if (c->type == HWT_CHUNK_STREAM && (u64)c->nr_accesses * 2 + (u64)c->nr_ops * 4 > c->raw_len)
        return "more records than its payload can hold";
    return NULL;
}

int trace_chunk_read(const struct trace_source *s, u64 offset, struct trace_buffers *b,
                     struct trace_chunk *ret_chunk, struct trace_damage *ret_damage)
{
    struct trace_damage *d = ret_damage;
    XXH64_state_t hash;
    const char *fault;

    *d = (struct trace_damage){.offset = offset};
    if (s->size - offset < HWT_HEADER_BYTES)
        return bad(d, TRACE_DAMAGE_CUT, "the file ends inside a chunk header");
    if (trace_source_read(s, offset, b->stored, HWT_HEADER_BYTES))
        return bad(d, TRACE_DAMAGE_READ, "the host could not read the file");
    if (wire_get_u32(b->stored) != HWT_MAGIC)
        return bad(d, TRACE_DAMAGE_MAGIC, "no chunk begins here");
    header_parse(b->stored, offset, ret_chunk);
    if (ret_chunk->version < HWT_VERSION_FIRST || ret_chunk->version > HWT_VERSION)
        return bad(
            d, TRACE_DAMAGE_VERSION,
            "a version of the format that this highwater does not know: a newer one reads it");
    fault = header_fault(ret_chunk);
    if (fault)
        return bad(d, TRACE_DAMAGE_HEADER, fault);
    if (s->size - offset - HWT_HEADER_BYTES < ret_chunk->stored_len)
        return bad(d, TRACE_DAMAGE_CUT, "the file ends inside a chunk");
    if (trace_source_read(s, offset + HWT_HEADER_BYTES, b->stored + HWT_HEADER_BYTES,
                          ret_chunk->stored_len))
        return bad(d, TRACE_DAMAGE_READ, "the host could not read the file");
    XXH64_reset(&hash, 0);
    XXH64_update(&hash, b->stored, HWT_HASHED_HEADER_BYTES);
    XXH64_update(&hash, b->stored + HWT_HEADER_BYTES, ret_chunk->stored_len);
    if (XXH64_digest(&hash) != ret_chunk->hash)
        return bad(d, TRACE_DAMAGE_CHECKSUM, "the checksum does not match");
    d->stream = ret_chunk->stream;
    return 0;
}

const u8 *trace_chunk_payload(const struct trace_chunk *chunk, struct trace_buffers *b)
{
    size_t n;

    if (chunk->codec == HWT_CODEC_STORED)
        return b->stored + HWT_HEADER_BYTES;
    n = ZSTD_decompressDCtx(b->zstd, b->raw, HWT_RAW_LEN_MAX, b->stored + HWT_HEADER_BYTES,
                            chunk->stored_len);
    if (ZSTD_isError(n) || n != chunk->raw_len)
        return NULL;
    return b->raw;
}

u64 trace_chunk_search(const struct trace_source *s, u64 from, struct trace_buffers *b)
{
    u8 magic[4];

    wire_put_u32(magic, HWT_MAGIC);
    while (from < s->size) {
        size_t window = MIN(s->size - from, (u64)HWT_STORED_LEN_MAX);
        u8 *hit;

        if (window < sizeof(magic) || trace_source_read(s, from, b->stored, window))
            break;
        hit = memmem(b->stored, window, magic, sizeof(magic));
        if (hit)
            return from + (u64)(hit - b->stored);
        from += window - (sizeof(magic) - 1); /* a magic across two windows */
        if (window < HWT_STORED_LEN_MAX)
            break;
    }
    return s->size;
}
