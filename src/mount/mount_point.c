/* mount_point.c - a directory to mount at: is it empty, or has a machine that was killed left its
 * mount there? */
#include "mount/mount_point.h"

#include "mount/names.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define TOOL       "fusermount3"

static char tool[PATH_BYTES] = "/usr/bin/" TOOL; /* for mount_point_detach() */

static bool is_tool(const char *dir, size_t len)
{
    char path[PATH_BYTES];

    if (len == 0 || snprintf(path, sizeof(path), "%.*s/" TOOL, (int)len, dir) >= PATH_BYTES ||
        access(path, X_OK))
        return false;
    memcpy(tool, path, sizeof(tool));
    return true;
}

bool mount_point_find_tool(void)
{
    static const char *const usual = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin";
    /* lint: where a program of the host is, and nothing that a machine is made of */
    const char *lists[] = {getenv("PATH"), usual};

    for (unsigned i = 0; i < 2; i++)
        for (const char *at = lists[i]; at && *at; at += strspn(at, ":")) {
            size_t len = strcspn(at, ":");

            if (is_tool(at, len))
                return true;
            at += len;
        }
    return false;
}

/* Nothing here that a handler of signals must not call. */
void mount_point_detach(const char *dir)
{
    static char *const nothing[] = {NULL};
    pid_t pid;

    if (umount2(dir, MNT_DETACH) == 0)
        return;
    pid = fork();
    if (pid == 0) {
        execle(tool, TOOL, "-u", "-z", "-q", "--", dir, (char *)NULL, nothing);
        _exit(1); /* lint: a child that is nothing but fusermount3 */
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

/* The mount point that dir is, though nobody answers for it: its last name is not looked at. */
static bool place_of(const char *dir, char ret[PATH_BYTES])
{
    char parent[PATH_BYTES], whole[PATH_BYTES];
    size_t len = strlen(dir);
    const char *slash, *last;

    while (len > 1 && dir[len - 1] == '/')
        len--;
    if (len >= sizeof(parent))
        return false;
    memcpy(parent, dir, len);
    parent[len] = '\0';
    slash = strrchr(parent, '/');
    last = slash ? dir + (slash - parent) + 1 : dir;
    len -= (size_t)(last - dir);
    snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(last - dir) : 1, slash ? dir : ".");
    return realpath(parent, whole) && snprintf(ret, PATH_BYTES, "%s%s%.*s", whole,
                                               whole[1] ? "/" : "", (int)len, last) < PATH_BYTES;
}

/* Is what is mounted there one of ours, on top of all else? */
static bool is_machine(const char *place)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool ours = false;

    while (f && getline(&line, &size, f) > 0) {
        char at[PATH_BYTES], kind[64];
        const char *rest = strstr(line, " - ");

        if (!rest || sscanf(line, "%*s %*s %*s %*s %4095s", at) != 1 ||
            sscanf(rest, " - %63s", kind) != 1)
            continue;
        names_unescape(at);
        if (strcmp(at, place) == 0)
            ours = strcmp(kind, "fuse.highwater") == 0;
    }
    free(line);
    if (f)
        fclose(f);
    return ours;
}

/* A program that was killed leaves its mount, for which nobody answers. False: it is not one of
 * ours, or stays. */
static bool remove_dead(const char *dir, const struct view *v)
{
    char place[PATH_BYTES], line[PATH_BYTES + 64];

    if (!place_of(dir, place) || !is_machine(place))
        return false;
    mount_point_detach(place);
    snprintf(line, sizeof(line), "%s: what a machine that was killed had left there is removed",
             dir);
    if (v->say)
        v->say(v->say_ctx, line);
    return true;
}

/* What errno says of the directory to mount at. */
static int no_dir(const char *dir, struct err *e)
{
    return err_at(e, -errno, dir, 0, 0, "%s",
                  errno == ENOTCONN ? "a file system whose program has died is mounted there; "
                                      "remove it with fusermount3 -u"
                  : errno == ENOENT ? "no such directory: it is where the machine appears"
                                    : strerror(errno));
}

/* A running one shows itself by a file that no other tree has there. */
static bool has_machine(const char *dir)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/highwater/marker", dir);

    return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

/* Is it an empty directory, or any with `over`? -ENOTCONN: nobody answers for it, which a look at
 * its attributes alone may not tell. */
static int look_at(const char *dir, bool over, struct err *e)
{
    struct stat st;
    struct dirent *d;
    unsigned names = 0;
    DIR *names_of;

    if (stat(dir, &st))
        return no_dir(dir, e);
    if (!S_ISDIR(st.st_mode))
        return err_at(e, -ENOTDIR, dir, 0, 0,
                      "is no directory: the machine appears in an empty one");
    if (over)
        return 0;
    names_of = opendir(dir);
    if (!names_of)
        return no_dir(dir, e);
    while (names < 3 && (d = readdir(names_of)))
        names += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    closedir(names_of);
    if (names)
        return err_at(e, -ENOTEMPTY, dir, 0, 0, "%s",
                      has_machine(dir)
                          ? "another machine is mounted there; end it, or give an empty directory"
                          : "is not empty: the machine appears in an empty directory");
    return 0;
}

int mount_point_check(const char *dir, bool over, const struct view *v, struct err *e)
{
    int rc = look_at(dir, over, e);

    return rc == -ENOTCONN && remove_dead(dir, v) ? look_at(dir, over, e) : rc;
}
