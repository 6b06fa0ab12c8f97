/* outfile_pending.c - the list of what to remove when the program is ended, and how a signal
 * handler removes it.
 *
 * The list changes only while the signals that end the program are held, so their handler finds it
 * whole. Whoever has room in a handler has no heap and no stdio: directories are read with
 * getdents64(2).
 */
#include "base/outfile_int.h"

#include "base/alloc.h"
#include "base/outfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct outfile_pending *first;

void outfile_hold_signals(sigset_t *ret_before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, ret_before);
}

void outfile_let_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

struct outfile_pending *outfile_pending_new(const char *path, bool beside)
{
    size_t len = strlen(path);
    struct outfile_pending *p = xcalloc(1, sizeof(*p) + len + sizeof(".XXXXXX"));

    memcpy(p->path, path, len);
    if (beside)
        memcpy(p->path + len, ".XXXXXX", sizeof(".XXXXXX"));
    return p;
}

void outfile_pending_add(struct outfile_pending *p)
{
    p->next = first;
    first = p;
}

void outfile_pending_remove(struct outfile_pending *p)
{
    struct outfile_pending **at = &first;

    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
    free(p);
}

void outfile_remove_all(void)
{
    for (const struct outfile_pending *p = first; p; p = p->next)
        outfile_remove(AT_FDCWD, p->path);
    first = NULL;
}

struct entry { /* of getdents64(2) */
    u64 inode;
    s64 next;
    u16 len;
    u8 type;
    char name[];
};

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* One pass over a directory. How many entries are gone. */
static unsigned remove_entries(int dir)
{
    _Alignas(struct entry) char buf[2048];
    unsigned removed = 0;
    long n;

    lseek(dir, 0, SEEK_SET);
    while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *one = (const struct entry *)(buf + at);

            at += one->len;
            if (is_dots(one->name))
                continue;
            outfile_remove(dir, one->name);
            removed += faccessat(dir, one->name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
        }
    }
    return removed;
}

void outfile_remove(int at, const char *name)
{
    int dir;

    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return;
    dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return;
    while (remove_entries(dir) > 0)
        continue;
    close(dir);
    unlinkat(at, name, AT_REMOVEDIR);
}

mode_t outfile_masked(mode_t mode)
{
    mode_t mask = umask(077);

    umask(mask);
    return mode & ~mask;
}
