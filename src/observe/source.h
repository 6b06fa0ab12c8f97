/* source.h - where Linux's text files come from: a directory tree or one instant of a capture.
 *
 * All of the observer reads through this, so that a live host, a container, an archive (a
 * sosreport, a copied /proc), a rendered machine and a capture are one thing to it. Names are
 * relative to the root and begin without a slash: "proc/meminfo", "sys/fs/cgroup/web/memory.stat".
 *
 * Never:  writes below the root; follows a link out of the root (an archive is hostile: openat2
 *         RESOLVE_IN_ROOT, except for the live root "/").
 *         Blocks: only regular files and kmsg are read (kmsg non-blocking); a fifo or device in an archive is refused.
 * Errors: -ENOENT no such file; -EACCES, -EPERM not for us; -EOPNOTSUPP the kernel has it and it is
 *         off (PSI); -EFBIG longer than `max`: the first `max` bytes were appended all the same;
 *         -EIO and others as the host says.
 */
#ifndef OBSERVE_SOURCE_H
#define OBSERVE_SOURCE_H

#include "base/err.h"
#include "base/strbuf.h"

struct source;

/* Called with one name of a directory; false ends the listing. `name` is valid only meanwhile. */
typedef bool source_each_fn(void *ctx, const char *name, bool is_directory);

struct source_ops {
    /* Append the text of a file, at most max bytes. */
    int (*read)(struct source *src, const char *path, size_t max, struct strbuf *out);
    /* Each entry of a directory but . and .., in byte order of the names, at most 1 << 20 (-EFBIG).
     * A link to a directory is one in sys/block only, where the kernel has such links: elsewhere
     * they are an archive's own, and would multiply what they lead to. */
    int (*list)(struct source *src, const char *path, source_each_fn *each, void *ctx);
    void (*free)(struct source *src);
};

enum source_kind {
    SOURCE_LIVE, /* this machine, root "/" */
    /* this machine, seen from inside a container (own cgroup namespace or limit at the root) */
    SOURCE_CONTAINER,
    SOURCE_ARCHIVE, /* a copied tree: one instant, no rates */
    /* a tree that `run --proc` wrote (it has a file "highwater"); live: a mounted machine */
    SOURCE_SIMULATED,
    SOURCE_CAPTURE
};

struct source {
    const struct source_ops *ops;
    enum source_kind kind;
    const char *name; /* for messages: the root or the capture's file */
    bool live;        /* reading again later gives other figures */

    /* Only of a capture, else 0: when its instant was read, and what it was read from. */
    u64 wall_us;   /* since 1970 */
    ns_t taken_at; /* monotonic */
    enum source_kind origin;
};

static inline int source_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    return src->ops->read(src, path, max, out);
}

static inline int source_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    return src->ops->list(src, path, each, ctx);
}

void source_free(struct source *src);

/* The time that rates of its files are by, and the date; ret_wall_us (since 1970) may be NULL. The
 * host's clocks; a mounted machine, whose time may be faster, slower or stand still, says its own
 * (highwater/time).   pre: src->live */
ns_t source_time(struct source *src, u64 *ret_wall_us);

/* A directory tree. Keeps files that are read at every sample open where that is cheaper (live
 * only). Fails when root is no directory. */
int source_dir_open(const char *root, struct source **ret, struct err *e);

/* Every file or directory read through the result is read from `from` and handed to `tee` as well,
 * with what read or list returned: how a capture is made. The text of a directory is its names as
 * far as they were asked for, one a line, a '/' after those of directories. The result owns
 * `from`. */
typedef void source_tee_fn(void *ctx, const char *path, bool is_directory, int result,
                           const char *text, size_t len);
struct source *source_tee(struct source *from, source_tee_fn *tee, void *ctx);

#endif
