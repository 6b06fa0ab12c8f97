/* trace_chunk.h - chunks of a trace file: where they are, whether they are whole, what is in them.
 *
 * Mirrors:  docs/trace-format.md, "Chunks" and "Streams".
 * Used by:  trace.c, which decides what damage means, and by the writer, which lays headers out.
 */
#ifndef TRACE_TRACE_CHUNK_H
#define TRACE_TRACE_CHUNK_H

#include "base/wire.h"
#include "trace/trace.h"

/* Bytes of a file or of memory, read at an offset. Safe for several threads at once. */
struct trace_source {
    int fd;          /* -1: memory */
    const u8 *bytes; /* memory */
    u8 *owned;       /* memory to free: what came through a pipe */
    u64 size;
};

/* Exactly count bytes. 0, -EIO or another errno of the host; -EINVAL past the end. */
int trace_source_read(const struct trace_source *s, u64 offset, void *buf, size_t count);

/* The header of a chunk. */
struct trace_chunk {
    u64 offset; /* of the header in the file */
    u8 type, codec;
    u16 version;
    u32 stream, seq;
    u64 order;
    u32 raw_len, stored_len;
    u32 nr_accesses, nr_ops;
    u64 hash;
};

/* Room for one chunk in each of its forms. Allocated once per reader. */
struct trace_buffers {
    u8 *stored;                /* HWT_HEADER_BYTES + HWT_STORED_LEN_MAX */
    u8 *raw;                   /* HWT_RAW_LEN_MAX */
    void *zstd;                /* ZSTD_DCtx */
    struct trace_stream batch; /* the decoded arrays of a streamed cursor */
};

struct trace_buffers *trace_buffers_new(void); /* NULL: no memory */
void trace_buffers_free(struct trace_buffers *b);

/* Read and check the chunk at offset: header, then payload into b->stored, then the hash. 0; or
 * -EBADMSG with the damage described in *ret_damage (kind, offset, reason; bytes is for the
 * caller); or -EIO likewise. */
int trace_chunk_read(const struct trace_source *s, u64 offset, struct trace_buffers *b,
                     struct trace_chunk *ret_chunk, struct trace_damage *ret_damage);

/* The payload of the chunk just read, decompressed: points into b. NULL when it does not decompress
 * to raw_len. */
const u8 *trace_chunk_payload(const struct trace_chunk *chunk, struct trace_buffers *b);

/* Where the next magic stands at or after `from`; s->size when there is none. */
u64 trace_chunk_search(const struct trace_source *s, u64 from, struct trace_buffers *b);

/* Count something that lacks; counts stop at UINT64_MAX. */
void trace_lacks_note(struct trace_lacks *lacks, u64 reason, u64 count);

/* Append the records of a stream chunk's payload to the stream's arrays and add to its totals. 0;
 * -ENOMEM; or -EBADMSG with the reason, and the arrays as they were before. */
int trace_records_decode(const struct trace_chunk *chunk, const u8 *payload,
                         struct trace_stream *stream, const char **ret_reason);

/* Forget decoded arrays but keep their memory. */
void trace_stream_reset(struct trace_stream *stream);
/* Free them. */
void trace_stream_release(struct trace_stream *stream);

#endif
