/* outfile.c - mkostemp() beside the target, fsync(), rename().
 *
 * Written with write(2) and not with stdio, which forgets why a write failed. Callers bring large
 * pieces.
 */
#include "base/outfile.h"

#include "base/alloc.h"
#include "base/outfile_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int outfile_fail(struct err *e, int code, const char *path, const char *what)
{
    return err_at(e, code, path, 0, 0, "%s: %s", what, strerror(-code));
}

void outfile_init(struct outfile *o)
{
    *o = (struct outfile){.fd = -1};
}

/* --- what is no file to replace --------------------------------------------------------------- */

/* "/dev/fd/7" is 7; -1 for what is no descriptor's name. */
static int parse_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        size_t len = strlen(folders[i]);
        const char *digits = path + len;

        if (strncmp(path, folders[i], len) == 0 && *digits &&
            strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 8)
            return (int)strtol(digits, NULL, 10);
    }
    return -1;
}

/* The descriptor that path names, as /dev/stdout does, which is a link to /proc/self/fd/1. */
static int find_descriptor(const char *path)
{
    char target[64];
    int fd = parse_descriptor(path);
    ssize_t n;

    if (fd >= 0)
        return fd;
    n = readlink(path, target, sizeof(target) - 1);
    target[n > 0 ? n : 0] = '\0';
    return parse_descriptor(target);
}

/* A pipe waits for its reader here, as it does for a shell. */
static int open_special(const char *path, mode_t type)
{
    if (S_ISDIR(type))
        return -EISDIR;
    if (S_ISBLK(type) || S_ISSOCK(type))
        return -EINVAL;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

/* --- opening ---------------------------------------------------------------------------------- */

static mode_t mode_of(unsigned mode, const struct stat *replaced)
{
    if (mode != OUTFILE_ORDINARY)
        return mode;
    return replaced ? replaced->st_mode & 0777 : outfile_masked(0666);
}

/* A new file beside o->path, listed, private for now. */
static int make_temporary(struct outfile *o)
{
    sigset_t before;
    int rc = 0;

    o->pending = outfile_pending_new(o->path, true);
    outfile_hold_signals(&before);
    o->fd = mkostemp(o->pending->path, O_CLOEXEC);
    if (o->fd < 0)
        rc = -errno;
    else
        outfile_pending_add(o->pending);
    outfile_let_signals(&before);
    if (rc) {
        free(o->pending);
        o->pending = NULL;
    }
    return rc;
}

int outfile_open(struct outfile *o, const char *path, unsigned mode, struct err *e)
{
    struct stat st;
    int fd = find_descriptor(path), rc = 0;
    bool exists = lstat(path, &st) == 0;

    outfile_init(o);
    o->path = xstrdup(path);
    if (fd >= 0 || (exists && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))) {
        o->direct = true;
        o->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : open_special(path, st.st_mode);
        if (o->fd < 0)
            rc = fd >= 0 ? -errno : o->fd;
    } else {
        o->mode = mode_of(mode, exists && S_ISREG(st.st_mode) ? &st : NULL);
        rc = *path ? make_temporary(o) : -ENOENT;
    }
    if (rc == 0)
        return 0;
    free(o->path);
    outfile_init(o);
    return outfile_fail(e, rc, path, "cannot create");
}

/* The file as it stands, or a new one. No name comes in between: whoever plants one makes O_EXCL
 * fail. */
static int open_or_make(struct outfile *o)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    sigset_t before;

    o->fd = open(o->path, flags);
    if (o->fd >= 0 || errno != ENOENT)
        return o->fd < 0 ? -errno : 0;
    o->pending = outfile_pending_new(o->path, false);
    outfile_hold_signals(&before);
    o->fd = open(o->path, flags | O_CREAT | O_EXCL, 0600);
    if (o->fd >= 0)
        outfile_pending_add(o->pending);
    outfile_let_signals(&before);
    if (o->fd < 0) {
        int rc = -errno;

        free(o->pending);
        o->pending = NULL;
        return rc;
    }
    return fchmod(o->fd, o->mode) < 0 ? -errno : 0;
}

static int check_resumed(const struct outfile *o, struct stat *st, struct err *e)
{
    if (fstat(o->fd, st) < 0)
        return outfile_fail(e, -errno, o->path, "cannot open it for writing");
    if (!S_ISREG(st->st_mode))
        return err_at(e, -EINVAL, o->path, 0, 0, "is no regular file");
    if (st->st_uid != geteuid())
        return err_at(e, -EACCES, o->path, 0, 0,
                      "belongs to another user (uid %u), who could read what is added; name a file "
                      "of your own",
                      st->st_uid);
    return 0;
}

int outfile_resume(struct outfile *o, const char *path, unsigned mode, u64 *ret_size, struct err *e)
{
    struct stat st = {0};
    int rc;

    outfile_init(o);
    o->path = xstrdup(path);
    o->mode = mode_of(mode, NULL);
    rc = open_or_make(o);
    if (rc == -ELOOP)
        rc = err_at(e, rc, path, 0, 0, "is a symbolic link; name the file itself");
    else if (rc)
        rc = outfile_fail(e, rc, path, "cannot open it for writing");
    else
        rc = check_resumed(o, &st, e);
    if (rc) {
        outfile_abort(o);
        return rc;
    }
    *ret_size = o->size = (u64)st.st_size;
    return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_all(struct outfile *o, u64 at, const char *bytes, size_t count)
{
    while (count) {
        ssize_t n = o->direct ? write(o->fd, bytes, count) : pwrite(o->fd, bytes, count, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        bytes += n;
        at += (u64)n;
        count -= (size_t)n;
    }
    return 0;
}

int outfile_put(struct outfile *o, const void *bytes, size_t count)
{
    if (o->error)
        return o->error;
    o->error = write_all(o, o->size, bytes, count);
    if (o->error == 0)
        o->size += count;
    else if (!o->direct && ftruncate(o->fd, (off_t)o->size) < 0)
        return o->error; /* a reader finds the damaged end */
    return o->error;
}

int outfile_get(struct outfile *o, u64 at, void *bytes, size_t count)
{
    char *to = bytes;

    assert(at <= o->size && count <= o->size - at);
    if (o->direct)
        return -ESPIPE;
    while (count) {
        ssize_t n = pread(o->fd, to, count, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        to += n;
        at += (u64)n;
        count -= (size_t)n;
    }
    return 0;
}

int outfile_replace(struct outfile *o, u64 at, const void *bytes, size_t count)
{
    assert(at <= o->size && count <= o->size - at);
    if (o->error == 0)
        o->error = o->direct ? -ESPIPE : write_all(o, at, bytes, count);
    return o->error;
}

int outfile_truncate(struct outfile *o, u64 size)
{
    if (ftruncate(o->fd, (off_t)size) < 0)
        return -errno;
    o->size = size;
    return 0;
}

/* --- ending ----------------------------------------------------------------------------------- */

int outfile_keep(struct outfile *o, struct err *e)
{
    struct outfile_pending *p = o->pending;
    sigset_t before;
    int rc = 0;

    if (!p)
        return 0;
    outfile_hold_signals(&before);
    if (strcmp(p->path, o->path) != 0 &&
        ((o->fd >= 0 && fchmod(o->fd, o->mode) < 0) || rename(p->path, o->path) < 0))
        rc = -errno;
    if (rc == 0) {
        outfile_pending_remove(p);
        o->pending = NULL;
    }
    outfile_let_signals(&before);
    return rc ? outfile_fail(e, rc, o->path, "cannot create") : 0;
}

/* Network file systems tell of a full disk only at the end. */
static int flush_and_close(struct outfile *o)
{
    int rc = 0;

    if (!o->direct && ((o->pending && fchmod(o->fd, o->mode) < 0) || fsync(o->fd) < 0))
        rc = -errno;
    if (close(o->fd) < 0 && errno != EINTR && rc == 0)
        rc = -errno;
    o->fd = -1;
    return rc;
}

int outfile_commit(struct outfile *o, struct err *e)
{
    int rc = o->error;

    assert(o->fd >= 0);
    if (rc == 0)
        rc = flush_and_close(o);
    rc = rc ? outfile_fail(e, rc, o->path, "cannot write") : outfile_keep(o, e);
    outfile_abort(o);
    return rc;
}

void outfile_abort(struct outfile *o)
{
    sigset_t before;

    if (o->fd >= 0)
        close(o->fd);
    if (o->pending) {
        outfile_hold_signals(&before);
        outfile_remove(AT_FDCWD, o->pending->path);
        outfile_pending_remove(o->pending);
        outfile_let_signals(&before);
    }
    free(o->path);
    outfile_init(o);
}

int outfile_write(const char *path, const void *bytes, size_t count, struct err *e)
{
    struct outfile o;
    int rc = outfile_open(&o, path, OUTFILE_ORDINARY, e);

    if (rc)
        return rc;
    outfile_put(&o, bytes, count);
    return outfile_commit(&o, e);
}
