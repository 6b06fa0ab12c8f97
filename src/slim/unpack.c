/* unpack.c - gzip and zstd, each one text; every other kind is refused by its name. See
 * paste/unpack.h. */
#include "paste/unpack.h"

#include "base/alloc.h"
#include "paste/decompress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct unpack {
    struct decompress *in;
    bool begun;
    char error[192];
};

struct unpack *unpack_new(unpack_input_fn *input, void *ctx)
{
    struct unpack *u = xcalloc(1, sizeof(*u));

    u->in = decompress_new(input, ctx);
    return u;
}

void unpack_free(struct unpack *u)
{
    decompress_free(u->in);
    free(u);
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

int unpack_next(struct unpack *u, struct unpack_file *ret)
{
    const char *kind;
    int rc;

    if (u->begun)
        return 0;
    u->begun = true;
    *ret = (struct unpack_file){.regular = true};
    rc = decompress_open(u->in, &kind);
    if (rc)
        return rc;
    kind = kind ? kind : "unknown";
    snprintf(u->error, sizeof(u->error),
             "%s, which highwater-observe does not read (text, gzip and zstd alone): %s, or use "
             "'highwater diagnose'",
             kind, way_out(kind));
    return -EPROTONOSUPPORT;
}

ssize_t unpack_read(struct unpack *u, char *buf, size_t max)
{
    return decompress_read(u->in, buf, max);
}

/* What is cut ends with a failure of unpack_read(). */
bool unpack_is_cut(const struct unpack *u)
{
    (void)u;
    return false;
}

const char *unpack_error(const struct unpack *u)
{
    return *u->error ? u->error : decompress_error(u->in);
}
