/* decompress.c - gzip and zstd, each one stream. See decompress.h.
 *
 * Both libraries give what fits into the caller's buffer and keep the rest, so that a small file
 * that becomes very large is read piece by piece. Members of gzip and frames of zstd that follow
 * each other are one text, as for gzip and zstd themselves. Of a stream that is cut all that its
 * bytes tell is given before its end is: libarchive would drop up to 64 KiB of that.
 */
#include "paste/decompress.h"

#include "base/alloc.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_FIRST 0x1f
#define OUTPUT_MAX ((size_t)1 << 30) /* zlib counts in 32 bits */

struct decompress {
    unpack_input_fn *input;
    void *ctx;
    const char *at; /* input that is not used yet */
    size_t left;
    bool ended;  /* the input */
    bool within; /* a member or frame that has not ended */
    z_stream gzip;
    ZSTD_DCtx *zstd; /* NULL: the text is gzip's */
    bool has_gzip;
    char error[192];
};

struct decompress *decompress_new(unpack_input_fn *input, void *ctx)
{
    struct decompress *d = xcalloc(1, sizeof(*d));

    d->input = input;
    d->ctx = ctx;
    return d;
}

void decompress_free(struct decompress *d)
{
    if (d->has_gzip)
        inflateEnd(&d->gzip);
    ZSTD_freeDCtx(d->zstd);
    free(d);
}

static int broken(struct decompress *d, const char *why)
{
    snprintf(d->error, sizeof(d->error), "%s", why ? why : "damaged");
    return -EBADMSG;
}

/* Have input, or be at its end. 0 or -EBADMSG. */
static int fill(struct decompress *d)
{
    ssize_t n;

    if (d->left || d->ended)
        return 0;
    n = d->input(d->ctx, &d->at);
    if (n < 0) {
        return broken(d, strerror((int)-n));
    }
    d->left = (size_t)n;
    d->ended = n == 0;
    return 0;
}

int decompress_open(struct decompress *d, const char **ret_kind)
{
    int rc = fill(d);

    *ret_kind = rc ? NULL : unpack_kind(d->at, d->left);
    if (rc || !*ret_kind)
        return rc;
    if (strcmp(*ret_kind, "gzip") == 0) {
        /* 16: with gzip's header, and no other. */
        d->has_gzip = inflateInit2(&d->gzip, 16 + MAX_WBITS) == Z_OK;
        return d->has_gzip ? 1 : broken(d, NULL);
    }
    if (strcmp(*ret_kind, "zstd") == 0) {
        d->zstd = ZSTD_createDCtx();
        return d->zstd ? 1 : broken(d, NULL);
    }
    return 0;
}

ssize_t decompress_raw(struct decompress *d, const char **ret)
{
    ssize_t n;

    if (fill(d))
        return -EBADMSG;
    *ret = d->at;
    n = (ssize_t)d->left;
    d->left = 0;
    return n;
}

/* 0, or -EBADMSG; *ret: how many bytes there are in buf. */
static int inflate_some(struct decompress *d, char *buf, size_t max, size_t *ret)
{
    int rc;

    if (!d->within && inflateReset(&d->gzip) != Z_OK)
        return broken(d, NULL);
    d->gzip.next_in = (Bytef *)(uintptr_t)d->at;
    d->gzip.avail_in = (uInt)MIN(d->left, (size_t)UINT_MAX);
    d->gzip.next_out = (Bytef *)buf;
    d->gzip.avail_out = (uInt)max;
    rc = inflate(&d->gzip, Z_NO_FLUSH);
    *ret = max - d->gzip.avail_out;
    /* What came before the damage is given first. */
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR && *ret == 0)
        return broken(d, d->gzip.msg);
    d->left -= (size_t)((const char *)d->gzip.next_in - d->at);
    d->at = (const char *)d->gzip.next_in;
    d->within = rc != Z_STREAM_END;
    return 0;
}

static int decompress_some(struct decompress *d, char *buf, size_t max, size_t *ret)
{
    ZSTD_inBuffer from = {d->at, d->left, 0};
    ZSTD_outBuffer to = {buf, max, 0};
    size_t rc = ZSTD_decompressStream(d->zstd, &to, &from);

    if (ZSTD_isError(rc))
        return broken(d, ZSTD_getErrorName(rc));
    d->left -= from.pos;
    d->at += from.pos;
    d->within = rc != 0;
    *ret = to.pos;
    return 0;
}

/* Zeros after the last member fill a tape or a disk's block. */
static void skip_zeros(struct decompress *d)
{
    while (d->left && *d->at == '\0') {
        d->at++;
        d->left--;
    }
}

ssize_t decompress_read(struct decompress *d, char *buf, size_t max)
{
    for (;;) {
        size_t n = 0;
        int rc = fill(d);

        if (rc)
            return rc;
        if (!d->within) {
            if (d->has_gzip)
                skip_zeros(d);
            /* What follows the last member and is none is no part of the text, as gzip has it. */
            if (d->has_gzip && d->left && *d->at != GZIP_FIRST)
                return 0;
            if (d->left == 0 && d->ended)
                return 0;
            if (d->left == 0)
                continue;
        }
        rc = d->has_gzip ? inflate_some(d, buf, MIN(max, OUTPUT_MAX), &n)
                         : decompress_some(d, buf, max, &n);
        if (rc)
            return rc;
        if (n)
            return (ssize_t)n;
        if (d->ended && d->within)
            return broken(d, "cut");
    }
}

const char *decompress_error(const struct decompress *d)
{
    return *d->error ? d->error : "cut";
}
