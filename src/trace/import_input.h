/* import_input.h - bytes of a file or of stdin, decompressed if they are zstd. */
#ifndef TRACE_IMPORT_INPUT_H
#define TRACE_IMPORT_INPUT_H

#include "base/err.h"
#include "base/types.h"

struct import_input {
    const char *path;
    int fd;
    void *zstd; /* ZSTD_DCtx, NULL for plain input */
    u8 *packed; /* compressed bytes read ahead */
    size_t packed_at, packed_len;
    u8 *bytes; /* what is ready: [at, len) */
    size_t at, len, capacity;
    bool end;
    bool frame_open; /* inside a zstd frame */
};

int import_input_open(struct import_input *in, const char *path, struct err *e);
void import_input_close(struct import_input *in);

/* Make at least `want` bytes ready if the input has them: how many are ready, or a negative errno.
 * pre: want <= 64 KiB */
s64 import_input_ready(struct import_input *in, size_t want, struct err *e);

static inline const u8 *import_input_at(const struct import_input *in)
{
    return in->bytes + in->at;
}

static inline void import_input_take(struct import_input *in, size_t count)
{
    in->at += count;
}

#endif
