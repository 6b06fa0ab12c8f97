/* unpack.c - compressed files and archives by libarchive. See unpack.h.
 *
 * gzip and zstd are decompressed in front of libarchive (decompress.h): what a cut stream still
 * tells is then read.
 */
#include "paste/unpack.h"

#include "base/alloc.h"
#include "paste/decompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define PIECE (64u << 10)

struct unpack {
    struct archive *archive;
    struct decompress *in;
    char *piece;  /* decompressed; NULL: libarchive does that, or nobody has to */
    bool failed;  /* it could not be opened */
    bool damaged; /* the stream ended where it should not */
};

/* A stream that is cut ends there: of what libarchive makes of it nothing is missing but that. */
static la_ssize_t next_bytes(struct archive *a, void *ctx, const void **ret)
{
    struct unpack *u = ctx;
    const char *bytes = u->piece;
    ssize_t n = u->piece ? decompress_read(u->in, u->piece, PIECE) : decompress_raw(u->in, &bytes);

    *ret = bytes;
    if (n < 0 && u->piece) {
        u->damaged = true;
        return 0;
    }
    if (n < 0)
        archive_set_error(a, EIO, "%s", decompress_error(u->in));
    return n < 0 ? -1 : n;
}

struct unpack *unpack_new(unpack_input_fn *input, void *ctx)
{
    struct unpack *u = xcalloc(1, sizeof(*u));
    struct archive *a = archive_read_new();
    const char *kind;

    *u = (struct unpack){.archive = a, .in = decompress_new(input, ctx)};
    if (decompress_open(u->in, &kind) == 1)
        u->piece = xmalloc(PIECE);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_lzma(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_filter_compress(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_cpio(a);
    archive_read_support_format_7zip(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_empty(a);
    u->failed = archive_read_open(a, u, NULL, next_bytes, NULL) != ARCHIVE_OK;
    return u;
}

void unpack_free(struct unpack *u)
{
    archive_read_free(u->archive);
    decompress_free(u->in);
    free(u->piece);
    free(u);
}

int unpack_next(struct unpack *u, struct unpack_file *ret)
{
    struct archive_entry *entry;
    int got = u->failed ? ARCHIVE_FATAL : archive_read_next_header(u->archive, &entry);

    if (got == ARCHIVE_EOF)
        return 0;
    if (got < ARCHIVE_WARN)
        return -EBADMSG;
    *ret = (struct unpack_file){.regular = true};
    if (archive_format(u->archive) == ARCHIVE_FORMAT_RAW)
        return 1;
    ret->path = archive_entry_pathname(entry);
    ret->regular = ret->path && archive_entry_filetype(entry) == AE_IFREG;
    ret->path = ret->path ? ret->path : "";
    ret->written = archive_entry_mtime(entry);
    return 1;
}

ssize_t unpack_read(struct unpack *u, char *buf, size_t max)
{
    ssize_t n = archive_read_data(u->archive, buf, max);

    return n < 0 ? -EBADMSG : n;
}

bool unpack_is_cut(const struct unpack *u)
{
    return u->damaged;
}

const char *unpack_error(const struct unpack *u)
{
    const char *text = u->damaged ? decompress_error(u->in) : archive_error_string(u->archive);

    return text ? text : "cut";
}
