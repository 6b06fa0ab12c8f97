/* import_input.c - a buffered reader that knows zstd by its magic. */
#include "trace/import_input.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_BYTES (256u << 10)

/* Append what one read() gives. 0 at the end. */
static s64 read_some(struct import_input *in, u8 *to, size_t room, struct err *e)
{
    ssize_t n;

    do {
        n = read(in->fd, to, room);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_at(e, -errno, in->path, 0, 0, "cannot read it: %s", strerror(errno));
    return n;
}

int import_input_open(struct import_input *in, const char *path, struct err *e)
{
    static const u8 zstd_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    s64 n;

    *in = (struct import_input){.path = path, .capacity = BUFFER_BYTES};
    in->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return err_at(e, -errno, path, 0, 0, "cannot open it: %s", strerror(errno));
    in->bytes = xmalloc(in->capacity);
    while (in->len < sizeof(zstd_magic)) {
        n = read_some(in, in->bytes + in->len, in->capacity - in->len, e);
        if (n < 0) {
            import_input_close(in);
            return (int)n;
        }
        if (n == 0)
            break;
        in->len += (size_t)n;
    }
    if (in->len >= sizeof(zstd_magic) && !memcmp(in->bytes, zstd_magic, sizeof(zstd_magic))) {
        in->packed = in->bytes;
        in->packed_len = in->len;
        in->bytes = xmalloc(in->capacity);
        in->len = 0;
        in->zstd = ZSTD_createDCtx();
        if (!in->zstd) {
            import_input_close(in);
            return err_at(e, -ENOMEM, path, 0, 0, "not enough memory to decompress it");
        }
    }
    return 0;
}

void import_input_close(struct import_input *in)
{
    if (in->fd >= 0)
        close(in->fd);
    ZSTD_freeDCtx(in->zstd);
    free(in->packed);
    free(in->bytes);
    in->zstd = NULL;
    in->packed = in->bytes = NULL;
    in->fd = -1;
}

static int unpack(struct import_input *in, struct err *e)
{
    ZSTD_inBuffer from;
    ZSTD_outBuffer to = {in->bytes, in->capacity, in->len};
    size_t left;

    if (in->packed_at == in->packed_len) {
        s64 n = read_some(in, in->packed, BUFFER_BYTES, e);

        if (n < 0)
            return (int)n;
        in->packed_at = 0;
        in->packed_len = (size_t)n;
        if (n == 0) {
            in->end = true;
            if (in->frame_open)
                return err_at(e, -EINVAL, in->path, 0, 0, "the zstd data is cut");
            return 0;
        }
    }
    from = (ZSTD_inBuffer){in->packed, in->packed_len, in->packed_at};
    left = ZSTD_decompressStream(in->zstd, &to, &from);
    if (ZSTD_isError(left))
        return err_at(e, -EINVAL, in->path, 0, 0, "the zstd data is damaged: %s",
                      ZSTD_getErrorName(left));
    in->frame_open = left != 0;
    in->packed_at = from.pos;
    in->len = to.pos;
    return 0;
}

s64 import_input_ready(struct import_input *in, size_t want, struct err *e)
{
    while (in->len - in->at < want && !in->end) {
        if (in->at) {
            memmove(in->bytes, in->bytes + in->at, in->len - in->at);
            in->len -= in->at;
            in->at = 0;
        }
        if (in->zstd) {
            int r = unpack(in, e);

            if (r)
                return r;
        } else {
            s64 n = read_some(in, in->bytes + in->len, in->capacity - in->len, e);

            if (n < 0)
                return n;
            in->end = n == 0;
            in->len += (size_t)n;
        }
    }
    return (s64)(in->len - in->at);
}
