/* decompress.h - a stream of gzip or zstd as the text that it is of.
 *
 * Never:  asks for more input than it needs; loses what a stream that is cut still tells.
 * Use:    d = decompress_new(input, ctx); if (decompress_open(d, &kind) == 1) decompress_read(d,
 *         buf, max); decompress_free(d);
 */
#ifndef PASTE_DECOMPRESS_H
#define PASTE_DECOMPRESS_H

#include "paste/unpack.h"

struct decompress;

struct decompress *decompress_new(unpack_input_fn *input, void *ctx);
void decompress_free(struct decompress *d);

/* Look at the first bytes. 1: they are of gzip or zstd; 0: of what *ret_kind names, or of nothing
 * known (NULL); -EBADMSG: no input. */
int decompress_open(struct decompress *d, const char **ret_kind);
/* More of the text, max > 0: how many bytes, 0 at its end, -EBADMSG where the stream is damaged or
 * cut. */
ssize_t decompress_read(struct decompress *d, char *buf, size_t max);
/* The input itself, from its beginning, where it is of neither: how many bytes, 0 at its end,
 * -EBADMSG. */
ssize_t decompress_raw(struct decompress *d, const char **ret);

const char *decompress_error(const struct decompress *d);

#endif
