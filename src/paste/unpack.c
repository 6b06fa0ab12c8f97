/* unpack.c - compressed files and archives by libarchive. See unpack.h. */
#include "paste/unpack.h"

#include "base/alloc.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

struct unpack {
    struct archive *archive;
    unpack_input_fn *input;
    void *ctx;
    bool failed; /* it could not be opened */
};

static la_ssize_t next_bytes(struct archive *a, void *ctx, const void **ret)
{
    struct unpack *u = ctx;
    const char *bytes = NULL;
    ssize_t n = u->input(u->ctx, &bytes);

    *ret = bytes;
    if (n < 0)
        archive_set_error(a, (int)-n, "cannot read");
    return n < 0 ? -1 : n;
}

struct unpack *unpack_new(unpack_input_fn *input, void *ctx)
{
    struct unpack *u = xcalloc(1, sizeof(*u));
    struct archive *a = archive_read_new();

    *u = (struct unpack){.archive = a, .input = input, .ctx = ctx};
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

const char *unpack_error(const struct unpack *u)
{
    const char *text = archive_error_string(u->archive);

    return text ? text : "cut";
}
