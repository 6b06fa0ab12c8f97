/* hwt_writer.h - chunks of a trace, appended to a file.
 *
 * Mirrors:    docs/trace-format.md.
 * Owns:       the file and the compressor.
 * Invariants: every write is one whole chunk; after an error the file is cut back to the last one
 *             and nothing more is written.
 */
#ifndef RECORD_HWT_WRITER_H
#define RECORD_HWT_WRITER_H

#include "base/err.h"
#include "base/types.h"
#include "trace/trace_format.h"

struct hwt_writer;

struct hwt_chunk {
    enum hwt_chunk_type type;
    u32 stream, seq;
    u64 order;
    u32 nr_accesses, nr_ops;
    const u8 *raw;
    u32 raw_len;
};

/* A new file of these permissions (base/outfile.h). `stored` turns compression off. */
int hwt_writer_new(const char *path, unsigned mode, bool stored, struct hwt_writer **ret,
                   struct err *e);

/* Append a chunk. The first error sticks and is returned ever after.
 *   pre: chunk->raw_len <= HWT_RAW_LEN_MAX */
int hwt_writer_put(struct hwt_writer *w, const struct hwt_chunk *chunk);

/* From now on a chunk of a stream that would make the file larger is not written: hwt_writer_put()
 * returns 1. */
void hwt_writer_bound(struct hwt_writer *w, u64 bytes);

/* What ended the recording early: 0, or a negative errno. */
int hwt_writer_error(const struct hwt_writer *w);

/* The last chunk. After a failure it is written all the same, in place of the last chunk of a
 * stream where there is no other room. */
int hwt_writer_put_end(struct hwt_writer *w, const struct hwt_chunk *chunk);

u64 hwt_writer_bytes(const struct hwt_writer *w);

/* The file takes its name, replacing an old one, and grows on under it: what is in it is a trace at
 * any moment. */
int hwt_writer_keep(struct hwt_writer *w, struct err *e);

/* Close, and free the writer. Returns the first error; what was kept stays. */
int hwt_writer_close(struct hwt_writer *w);

/* Free the writer. What was not kept leaves nothing behind. */
void hwt_writer_abort(struct hwt_writer *w);

#endif
