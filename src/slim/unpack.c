/* unpack.c - gzip and zstd, each one text; every other kind is refused by its name. See paste/unpack.h.
 *
 * Both libraries give what fits into the caller's buffer and keep the rest, so that a small file that becomes very large is read piece by
 * piece. Members of gzip and frames of zstd that follow each other are one text, as for gzip and zstd themselves.
 */
#include "paste/unpack.h"

#include "base/alloc.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define OUTPUT_MAX ((size_t)1 << 30) /* zlib counts in 32 bits */

struct unpack {
    unpack_input_fn *input;
    void *ctx;
    const char *at; /* input that is not used yet */
    size_t left;
    bool begun, ended; /* the input */
    bool within;       /* a member or frame that has not ended */
    z_stream gzip;
    ZSTD_DCtx *zstd; /* NULL: the text is gzip's */
    bool has_gzip;
    char error[192];
};

struct unpack *unpack_new(unpack_input_fn *input, void *ctx)
{
    struct unpack *u = xcalloc(1, sizeof(*u));

    u->input = input;
    u->ctx = ctx;
    return u;
}

void unpack_free(struct unpack *u)
{
    if (u->has_gzip)
        inflateEnd(&u->gzip);
    ZSTD_freeDCtx(u->zstd);
    free(u);
}

/* Have input, or be at its end. 0 or -EBADMSG. */
static int fill(struct unpack *u)
{
    ssize_t n;

    if (u->left || u->ended)
        return 0;
    n = u->input(u->ctx, &u->at);
    if (n < 0) {
        snprintf(u->error, sizeof(u->error), "%s", strerror((int)-n));
        return -EBADMSG;
    }
    u->left = (size_t)n;
    u->ended = n == 0;
    return 0;
}

/* How to read a kind of input that is not read here. */
static const char *way_out(const char *kind)
{
    static const char *const ways[][2] = {
        {"xz", "xz -dc FILE | highwater-observe diagnose -"},
        {"lzma", "xz -dc FILE | highwater-observe diagnose -"},
        {"bzip2", "bzip2 -dc FILE | highwater-observe diagnose -"},
        {"lz4", "lz4 -dc FILE | highwater-observe diagnose -"},
        {"compress", "gzip -dc FILE | highwater-observe diagnose -"},
        {"tar", "unpack it and give the directory"},
        {"zip", "unpack it and give the directory"},
        {"cpio", "unpack it and give the directory"},
        {"7-Zip", "unpack it and give the directory"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++)
        if (strcmp(ways[i][0], kind) == 0)
            return ways[i][1];
    return "decompress it first";
}

static int open_kind(struct unpack *u)
{
    const char *kind = unpack_kind(u->at, u->left);

    if (kind && strcmp(kind, "gzip") == 0) {
        /* 16: with gzip's header, and no other. */
        u->has_gzip = inflateInit2(&u->gzip, 16 + MAX_WBITS) == Z_OK;
        return u->has_gzip ? 1 : -EBADMSG;
    }
    if (kind && strcmp(kind, "zstd") == 0) {
        u->zstd = ZSTD_createDCtx();
        return u->zstd ? 1 : -EBADMSG;
    }
    kind = kind ? kind : "unknown";
    snprintf(u->error, sizeof(u->error),
             "%s, which highwater-observe does not read (text, gzip and zstd alone): %s, or use "
             "'highwater diagnose'",
             kind, way_out(kind));
    return -EPROTONOSUPPORT;
}

int unpack_next(struct unpack *u, struct unpack_file *ret)
{
    if (u->begun)
        return 0;
    u->begun = true;
    if (fill(u))
        return -EBADMSG;
    *ret = (struct unpack_file){.regular = true};
    return open_kind(u);
}

static int broken(struct unpack *u, const char *why)
{
    snprintf(u->error, sizeof(u->error), "%s", why ? why : "damaged");
    return -EBADMSG;
}

/* 0, or -EBADMSG; *ret: how many bytes there are in buf. */
static int inflate_some(struct unpack *u, char *buf, size_t max, size_t *ret)
{
    int rc;

    if (!u->within && inflateReset(&u->gzip) != Z_OK)
        return broken(u, NULL);
    u->gzip.next_in = (Bytef *)(uintptr_t)u->at;
    u->gzip.avail_in = (uInt)MIN(u->left, (size_t)UINT_MAX);
    u->gzip.next_out = (Bytef *)buf;
    u->gzip.avail_out = (uInt)max;
    rc = inflate(&u->gzip, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return broken(u, u->gzip.msg);
    u->left -= (size_t)((const char *)u->gzip.next_in - u->at);
    u->at = (const char *)u->gzip.next_in;
    u->within = rc != Z_STREAM_END;
    *ret = max - u->gzip.avail_out;
    return 0;
}

static int decompress_some(struct unpack *u, char *buf, size_t max, size_t *ret)
{
    ZSTD_inBuffer from = {u->at, u->left, 0};
    ZSTD_outBuffer to = {buf, max, 0};
    size_t rc = ZSTD_decompressStream(u->zstd, &to, &from);

    if (ZSTD_isError(rc))
        return broken(u, ZSTD_getErrorName(rc));
    u->left -= from.pos;
    u->at += from.pos;
    u->within = rc != 0;
    *ret = to.pos;
    return 0;
}

/* Zeros after the last member fill a tape or a disk's block. */
static void skip_zeros(struct unpack *u)
{
    while (u->left && *u->at == '\0') {
        u->at++;
        u->left--;
    }
}

ssize_t unpack_read(struct unpack *u, char *buf, size_t max)
{
    for (;;) {
        size_t n = 0;
        int rc = fill(u);

        if (rc)
            return rc;
        if (!u->within) {
            if (u->has_gzip)
                skip_zeros(u);
            if (u->left == 0 && u->ended)
                return 0;
            if (u->left == 0)
                continue;
        }
        rc = u->has_gzip ? inflate_some(u, buf, MIN(max, OUTPUT_MAX), &n)
                         : decompress_some(u, buf, max, &n);
        if (rc)
            return rc;
        if (n)
            return (ssize_t)n;
        if (u->ended && u->within)
            return broken(u, "cut");
    }
}

const char *unpack_error(const struct unpack *u)
{
    return *u->error ? u->error : "cut";
}
