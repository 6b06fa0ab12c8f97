/* unpack.h - compressed texts and archives as a series of files, whoever decompresses them.
 *
 * Two implementations: paste/unpack.c reads what libarchive reads; slim/unpack.c, of
 * highwater-observe, gzip and zstd alone.
 * Never:  writes to disk, follows a link, asks for more than the caller reads.
 * Use:    u = unpack_new(read, ctx); while ((rc = unpack_next(u, &file)) > 0) unpack_read(u, buf,
 *         max); unpack_free(u);
 */
#ifndef PASTE_UNPACK_H
#define PASTE_UNPACK_H

#include "base/types.h"

#include <sys/types.h>

struct unpack;

struct unpack_file {
    const char *
        path; /* NULL: no archive, but one compressed text, which has the name of what it came in */
    bool regular;
    s64 written; /* seconds since 1970 */
};

/* The next bytes of the input, valid until the next call: how many, 0 at the end, -errno. */
typedef ssize_t unpack_input_fn(void *ctx, const char **ret);

/* The name of the compression or archive that begins with these bytes, as "xz"; NULL: none that is
 * known. */
const char *unpack_kind(const char *head, size_t len);

struct unpack *unpack_new(unpack_input_fn *input, void *ctx);
void unpack_free(struct unpack *u);

/* Go to the next file. 1; 0 at the end; -EBADMSG: broken; -EPROTONOSUPPORT: of a kind that this
 * program does not read. */
int unpack_next(struct unpack *u, struct unpack_file *ret);
/* More of the text of this file, max > 0: how many bytes, 0 at its end, or a failure as above. */
ssize_t unpack_read(struct unpack *u, char *buf, size_t max);
/* All that there was has been read, and the compressed stream was cut or damaged there. */
bool unpack_is_cut(const struct unpack *u);
/* After a failure: what is wrong, for a message; of a kind that is not read also who reads it. */
const char *unpack_error(const struct unpack *u);

#endif
