/* source_root.c - look-up inside a root: openat2(RESOLVE_IN_ROOT), and by hand where that is
 * missing.
 *
 * openat2 came with Linux 5.6, and some container runtimes forbid what they do not know (EPERM). By
 * hand: one name after another is looked at without following it; a link's text takes its place in
 * what is still to be walked, "/" leads back to the root and ".." no further up than to it. What
 * somebody changes in the tree meanwhile can fool the walk by hand, as openat2 cannot be fooled.
 */
#include "observe/source_dir_int.h"

#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX   40
#define PATH_BYTES  4096
#define AGAIN_TRIES 8

static int try_openat2(const struct root *r, const char *path, int flags)
{
    struct open_how how = {
        .flags = (u64)flags | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    /* EAGAIN: a rename somewhere raced with a "..". */
    for (int tries = 0; tries < AGAIN_TRIES; tries++) {
        long fd = syscall(SYS_openat2, r->fd, path, &how, sizeof(how));

        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

int root_init(struct root *r, const char *path)
{
    struct stat st, host;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    *r = (struct root){.fd = fd};
    /* The device and inode of "/" under another name, such as "/proc/self/root", are "/" too. */
    r->confined = fstat(fd, &st) != 0 || stat("/", &host) != 0 || st.st_dev != host.st_dev ||
                  st.st_ino != host.st_ino;
    if (r->confined) {
        int probe = try_openat2(r, ".", O_PATH);

        r->openat2 = probe >= 0;
        if (probe >= 0)
            close(probe);
    }
    return 0;
}

void root_done(struct root *r)
{
    close(r->fd);
    r->fd = -1;
}

/* Drop the last name of a walked path. */
static void go_up(struct strbuf *walked)
{
    while (walked->len > 0 && walked->text[walked->len - 1] != '/')
        walked->len--;
    if (walked->len > 0)
        walked->len--;
    if (walked->capacity)
        walked->text[walked->len] = '\0';
}

/* Put a link's text before what is still to be walked. */
static int follow_link(int fd, struct strbuf *walked, struct strbuf *todo)
{
    char target[PATH_BYTES];
    struct strbuf rest;
    ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);

    if (len < 0)
        return -errno;
    target[len] = '\0';
    if (len == 0 || (size_t)len + todo->len > 4 * PATH_BYTES)
        return -ELOOP;
    if (target[0] == '/')
        strbuf_reset(walked);
    else
        go_up(walked);
    strbuf_init(&rest);
    strbuf_append_bytes(&rest, todo->text, todo->len);
    strbuf_reset(todo);
    strbuf_printf(todo, "%s/%s", target, rest.text);
    strbuf_done(&rest);
    return 0;
}

/* Take the first name off `todo`: its length, 0 at the end. */
static size_t take_name(struct strbuf *todo, char name[PATH_BYTES])
{
    const char *at = todo->text + strspn(todo->text, "/");
    size_t len = strcspn(at, "/");
    size_t kept =
        MIN(len, (size_t)PATH_BYTES - 1); /* no file has a name that long: openat says so */

    memcpy(name, at, kept);
    name[kept] = '\0';
    if (todo->capacity) {
        size_t rest = todo->len - (size_t)(at + len - todo->text);

        memmove(todo->text, at + len, rest + 1);
        todo->len = rest;
    }
    return len;
}

static int walk(const struct root *r, struct strbuf *walked, struct strbuf *todo, bool follow_last)
{
    char name[PATH_BYTES];
    unsigned links = 0;
    struct stat st;

    while (take_name(todo, name) > 0) {
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            go_up(walked);
            continue;
        }
        if (walked->len > 0)
            strbuf_appendc(walked, '/');
        strbuf_append(walked, name);

        int fd = openat(r->fd, walked->text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        int rc = fd < 0 ? -errno : fstat(fd, &st) != 0 ? -errno : 0;

        if (rc == 0 && S_ISLNK(st.st_mode) && (follow_last || todo->len > strspn(todo->text, "/")))
            rc = ++links > LINKS_MAX ? -ELOOP : follow_link(fd, walked, todo);
        if (fd >= 0)
            close(fd);
        if (rc < 0)
            return rc;
    }
    return openat(r->fd, walked->len > 0 ? walked->text : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int open_by_hand(const struct root *r, const char *path, bool follow_last)
{
    struct strbuf walked, todo;

    strbuf_init(&walked);
    strbuf_init(&todo);
    strbuf_append(&todo, path);

    int fd = walk(r, &walked, &todo, follow_last);
    int rc = fd == -1 ? -errno : fd;

    strbuf_done(&walked);
    strbuf_done(&todo);
    return rc;
}

int root_open(const struct root *r, const char *path, int flags)
{
    int fd = openat(r->fd, path, flags | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int root_open_path(const struct root *r, const char *path)
{
    if (!r->confined)
        return root_open(r, path, O_PATH);
    return r->openat2 ? try_openat2(r, path, O_PATH) : open_by_hand(r, path, true);
}

int root_open_link(const struct root *r, const char *path)
{
    if (!r->confined)
        return root_open(r, path, O_PATH | O_NOFOLLOW);
    return r->openat2 ? try_openat2(r, path, O_PATH | O_NOFOLLOW) : open_by_hand(r, path, false);
}

int root_reopen(const struct root *r, const char *path, int fd, int flags)
{
    char self[64];

    if (!r->confined)
        return root_open(r, path, flags);
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);

    int again = open(self, flags | O_CLOEXEC);

    if (again >= 0)
        return again;

    int code = -errno;

    /* No /proc on this host: the name once more, which a rename in between can only turn into
     * another file of the root. */
    if (code == -ENOENT && r->openat2)
        return try_openat2(r, path, flags);
    return code;
}
