/* outfile.c - mkstemp() beside the target, then rename().
 *
 * Every write error of a stdio stream is sticky, so the one look at ferror() and fclose() in commit sees a full disk
 * whenever it happened.
 */
#include "base/outfile.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct err *e, const char *path, const char *what)
{
    int code = errno ? -errno : -EIO;

    return err_at(e, code, path, 0, 0, "%s: %s", what, strerror(-code));
}

int outfile_open(struct outfile *o, const char *path, struct err *e)
{
    struct stat st;
    int fd;

    *o = (struct outfile){0};
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        o->stream = fopen(path, "w");
        if (!o->stream)
            return fail(e, path, "cannot open for writing");
        o->path = xstrdup(path);
        return 0;
    }
    size_t size = strlen(path) + sizeof(".XXXXXX");
    o->temporary = xmalloc(size);
    snprintf(o->temporary, size, "%s.XXXXXX", path);
    fd = mkstemp(o->temporary);
    if (fd >= 0) {
        mode_t mask = umask(0);

        umask(mask);
        /* mkstemp makes files for the owner alone; a result is as readable as any other file. */
        if (fchmod(fd, 0666 & ~mask) == 0)
            o->stream = fdopen(fd, "w");
    }
    if (!o->stream) {
        int rc = fail(e, path, "cannot create");

        if (fd >= 0) {
            close(fd);
            unlink(o->temporary);
        }
        free(o->temporary);
        *o = (struct outfile){0};
        return rc;
    }
    o->path = xstrdup(path);
    return 0;
}

static void forget(struct outfile *o)
{
    free(o->path);
    free(o->temporary);
    *o = (struct outfile){0};
}

int outfile_commit(struct outfile *o, struct err *e)
{
    int rc = 0;

    assert(o->stream);
    errno = 0;
    bool bad = fflush(o->stream) != 0 || ferror(o->stream);
    if (fclose(o->stream) != 0 || bad)
        rc = fail(e, o->path, "cannot write");
    else if (o->temporary && rename(o->temporary, o->path) != 0)
        rc = fail(e, o->path, "cannot create");
    if (rc && o->temporary)
        unlink(o->temporary);
    forget(o);
    return rc;
}

void outfile_abort(struct outfile *o)
{
    if (!o->stream)
        return;
    fclose(o->stream);
    if (o->temporary)
        unlink(o->temporary);
    forget(o);
}

int outfile_write(const char *path, const void *bytes, size_t count, struct err *e)
{
    struct outfile o;
    int rc = outfile_open(&o, path, e);

    if (rc)
        return rc;
    fwrite(bytes, 1, count, o.stream);
    return outfile_commit(&o, e);
}
