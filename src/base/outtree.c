/* outtree.c - mkdtemp() beside the target, files by openat(), rename(). */
#include "base/outtree.h"

#include "base/alloc.h"
#include "base/outfile_int.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int outtree_open(struct outtree *t, const char *path, struct err *e)
{
    size_t len = strlen(path);
    sigset_t before;
    int rc = 0;

    *t = (struct outtree){.fd = -1, .path = xstrdup(path)};
    while (len > 1 && path[len - 1] == '/')
        t->path[--len] = '\0';
    if (len == 0)
        rc = -ENOENT;
    t->pending = outfile_pending_new(t->path, true);
    outfile_hold_signals(&before);
    if (rc == 0 && !mkdtemp(t->pending->path))
        rc = -errno;
    if (rc == 0)
        outfile_pending_add(t->pending);
    outfile_let_signals(&before);
    if (rc) {
        free(t->pending);
        t->pending = NULL;
    } else {
        t->fd = open(t->pending->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        rc = t->fd < 0 ? -errno : 0;
    }
    if (rc) {
        outtree_abort(t);
        return outfile_fail(e, rc, path, "cannot make directory");
    }
    return 0;
}

/* Walk down `name`, making what is missing. The directory of its last component, to be closed
 * unless it is t->fd. */
static int open_parent(const struct outtree *t, const char *name, const char **ret_last)
{
    int dir = t->fd;

    for (const char *slash; dir >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        char part[NAME_MAX + 1];
        size_t len = (size_t)(slash - name);
        int next = -1;

        if (len > NAME_MAX)
            errno = ENAMETOOLONG;
        else if (len == 0 || (len == 1 && *name == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
            errno = EINVAL;
        else {
            snprintf(part, sizeof(part), "%.*s", (int)len, name);
            if (mkdirat(dir, part, 0777) == 0 || errno == EEXIST)
                next = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        int code = errno;

        if (dir != t->fd)
            close(dir);
        dir = next;
        errno = code;
    }
    *ret_last = name;
    return dir;
}

static int write_file(int dir, const char *name, const char *bytes, size_t count)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666), rc = 0;

    if (fd < 0)
        return -errno;
    while (count && rc == 0) {
        ssize_t n = write(fd, bytes, count);

        if (n < 0 && errno != EINTR)
            rc = -errno;
        if (n > 0) {
            bytes += n;
            count -= (size_t)n;
        }
    }
    if (close(fd) < 0 && errno != EINTR && rc == 0)
        rc = -errno;
    return rc;
}

int outtree_put(struct outtree *t, const char *name, const void *bytes, size_t count, struct err *e)
{
    const char *last;
    int dir = open_parent(t, name, &last), rc;

    rc = dir < 0 ? -errno : write_file(dir, last, bytes, count);
    if (dir >= 0 && dir != t->fd)
        close(dir);
    if (rc == 0)
        return 0;
    return err_at(e, rc, t->path, 0, 0, "cannot write %s in it: %s", name, strerror(-rc));
}

int outtree_commit(struct outtree *t, struct err *e)
{
    sigset_t before;
    int rc = 0;

    assert(t->fd >= 0);
    outfile_hold_signals(&before);
    if (fchmod(t->fd, outfile_masked(0777)) < 0 || rename(t->pending->path, t->path) < 0) {
        rc = -errno;
    } else {
        outfile_pending_remove(t->pending);
        t->pending = NULL;
    }
    outfile_let_signals(&before);
    if (rc)
        err_at(e, rc, t->path, 0, 0, "cannot write the files there: %s",
               rc == -ENOTEMPTY || rc == -EEXIST ? "it exists and is not empty" : strerror(-rc));
    outtree_abort(t);
    return rc;
}

void outtree_abort(struct outtree *t)
{
    sigset_t before;

    if (t->fd >= 0)
        close(t->fd);
    if (t->pending) {
        outfile_hold_signals(&before);
        outfile_remove(AT_FDCWD, t->pending->path);
        outfile_pending_remove(t->pending);
        outfile_let_signals(&before);
    }
    free(t->path);
    *t = (struct outtree){.fd = -1};
}
