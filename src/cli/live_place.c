/* live_place.c - see live_place.h. */
#include "cli/live_place.h"

#include "base/units.h"
#include "cli/live_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX  (1u << 20)
#define BELOW_MAX 4096u

static int read_all(int fd, struct strbuf *out)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (out->len + (size_t)n > FILE_MAX)
            return -EFBIG;
        strbuf_append_bytes(out, buf, (size_t)n);
    }
    return 0;
}

/* A file of the group, or by an absolute name of its machine. Returns a descriptor or a negative
 * errno. */
static int open_file(const struct live_place *p, const char *name, int flags)
{
    char path[PATH_MAX + 256];
    int fd;

    if (*name == '/') {
        snprintf(path, sizeof(path), "%s%s", p->root, name);
        fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    } else {
        fd = openat(p->fd, name, flags | O_CLOEXEC);
    }
    return fd < 0 ? -errno : fd;
}

static int place_read(void *ctx, const char *name, struct strbuf *out)
{
    int fd = open_file(ctx, name, O_RDONLY), rc;

    if (fd < 0)
        return fd;
    rc = read_all(fd, out);
    close(fd);
    return rc;
}

static int place_write(void *ctx, const char *name, const char *text)
{
    struct live_place *p = ctx;
    int fd, rc = 0;

    if (p->guard && strcmp(name, "memory.high") == 0) {
        u64 bytes = strcmp(text, "max") == 0 ? SQUEEZE_NONE : strtoull(text, NULL, 10);

        if (bytes != p->high_bytes && (rc = live_guard_tell(p->guard, bytes)))
            return rc;
    }
    fd = open_file(p, name, O_WRONLY);
    if (fd < 0)
        return fd;
    while (write(fd, text, strlen(text)) < 0) {
        if (errno != EINTR || strcmp(name, "memory.high") != 0) {
            rc = -errno;
            break;
        }
    }
    close(fd);
    return rc;
}

/* A number of highwater/time, in ns: "time 12.345". */
static bool machine_time(const struct live_place *p, ns_t *ret, bool *ret_paused, double *ret_speed)
{
    char text[512], path[PATH_MAX + 16];
    unsigned long long s = 0, ms = 0;
    const char *speed;
    int fd;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/time", p->clock);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[MAX(n, (ssize_t)0)] = '\0';
    if (n <= 0 || sscanf(text, "time %19llu.%3llu", &s, &ms) != 2 || s > UINT64_MAX / NS_PER_S / 2)
        return false;
    *ret = s * NS_PER_S + ms * NS_PER_MS;
    *ret_paused = strstr(text, "\nstate paused\n") != NULL;
    speed = strstr(text, "\nspeed ");
    *ret_speed = speed ? strtod(speed + strlen("\nspeed "), NULL) : 1;
    return true;
}

static ns_t host_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ns_t)t.tv_sec * NS_PER_S + (ns_t)t.tv_nsec;
}

static ns_t place_now(void *ctx)
{
    const struct live_place *p = ctx;
    bool paused;
    double speed;
    ns_t now;

    if (*p->clock && machine_time(p, &now, &paused, &speed))
        return now;
    return host_now();
}

static void place_below(void *ctx, void (*each)(void *each_ctx, const struct squeeze_host *below),
                        void *each_ctx)
{
    struct live_place *p = ctx;
    DIR *dir;
    unsigned nr = 0;
    int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    for (struct dirent *d; (d = readdir(dir)) && nr < BELOW_MAX;) {
        struct live_place below = *p;
        struct stat st;

        if (d->d_name[0] == '.' || fstatat(p->fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
            !S_ISDIR(st.st_mode))
            continue;
        below.fd = openat(p->fd, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (below.fd < 0)
            continue;
        const struct squeeze_host host = {.ctx = &below, .read = place_read, .now = place_now};
        each(each_ctx, &host);
        close(below.fd);
        nr++;
    }
    closedir(dir);
}

struct squeeze_host live_place_host(struct live_place *p)
{
    return (struct squeeze_host){
        .ctx = p, .read = place_read, .write = place_write, .now = place_now, .below = place_below};
}

static void sleep_for(ns_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL); /* a signal ends it: the caller looks */
}

static bool step_machine(const struct live_place *p, ns_t ns)
{
    char path[PATH_MAX + 16], text[64];
    bool done;
    int fd;

    snprintf(path, sizeof(path), "%s/step", p->clock);
    snprintf(text, sizeof(text), "%" PRIu64 "ns", ns);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    done = write(fd, text, strlen(text)) > 0;
    close(fd);
    return done;
}

void live_place_wait(struct live_place *p, ns_t ns, const volatile int *stop)
{
    ns_t until = place_now(p) + ns, now;
    bool paused = false;
    double speed = 1;

    if (*p->clock && machine_time(p, &now, &paused, &speed) && paused && step_machine(p, ns))
        return;
    while ((now = place_now(p)) < until && !*stop) {
        sleep_for(MIN(MAX((ns_t)((double)(until - now) / CLAMP(speed, 0.001, 1000.0)), NS_PER_MS),
                      NS_PER_S));
        if (p->guard)
            live_guard_greet(p->guard);
    }
}

void live_place_text(const struct live_place *p, const char *path, char *buf, size_t size)
{
    int fd = open_file(p, path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);

    if (fd >= 0)
        close(fd);
    buf[MAX(n, (ssize_t)0)] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
}

/* --- which directory --- */

static bool resolve(const char *path, char ret[PATH_MAX])
{
    struct stat st;

    return realpath(path, ret) && stat(ret, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Of either version. Where both are mounted a group may have a folder in each, and one of them
 * tells of memory. */
static bool has_memory(const char *dir)
{
    static const char *const files[] = {"memory.current", "memory.usage_in_bytes"};
    char path[PATH_MAX + 32];
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        if (stat(path, &st) == 0)
            return true;
    }
    return false;
}

/* A folder that holds v2 groups, or those of v1's memory controller, which is found so that it can
 * be said. */
static bool find_group(struct live_place *p, const char *top, const char *name, bool with_memory)
{
    static const char *const folders[] = {"", "/system.slice", "/user.slice", "/machine.slice"};
    char base[PATH_MAX], path[2 * PATH_MAX + 64];
    size_t len;

    if (!resolve(top, base))
        return false;
    len = strlen(base);
    if (strncmp(name, base, len) == 0 && (name[len] == '/' || !name[len]))
        name += len;
    else if (strncmp(name, "/sys/fs/cgroup/", 15) == 0)
        name += 14;
    for (size_t i = 0; i < (strchr(name, '/') ? 1 : ARRAY_SIZE(folders)); i++) {
        snprintf(path, sizeof(path), "%s%s/%s", base, folders[i], name);
        if (strlen(path) < PATH_MAX && resolve(path, p->dir) && strncmp(p->dir, base, len) == 0 &&
            p->dir[len] == '/' && (!with_memory || has_memory(p->dir))) {
            snprintf(p->group, sizeof(p->group), "%s", p->dir + len);
            return true;
        }
    }
    return false;
}

int live_place_open(struct live_place *p, const char *root, const char *name, struct err *e)
{
    static const char *const tops[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
                                       "/sys/fs/cgroup/memory"};
    static const char *const clocks[] = {"/highwater", "/proc/highwater"};
    char path[PATH_MAX + 64];
    struct stat st;
    int length;
    bool found = false;

    *p = (struct live_place){.fd = -1, .high_bytes = SQUEEZE_NONE};
    if (strlen(root) >= PATH_MAX - 64 || strlen(name) >= PATH_MAX - 64)
        return err_set(e, -ENAMETOOLONG, "a name of more than %d bytes", PATH_MAX - 64);
    snprintf(p->root, sizeof(p->root), "%s", root);
    for (size_t len = strlen(p->root); len > 0 && p->root[len - 1] == '/'; len--)
        p->root[len - 1] = '\0';
    for (size_t i = 0; i < 2 * ARRAY_SIZE(tops) && !found;
         i++) { /* twice: any folder is better than none */
        snprintf(path, sizeof(path), "%s%s", p->root, tops[i % ARRAY_SIZE(tops)]);
        found = find_group(p, path, name, i < ARRAY_SIZE(tops));
    }
    if (!found)
        return err_set(e, -ENOENT,
                       "no group '%s' below %s/sys/fs/cgroup (systemd-cgls lists them; the root of "
                       "all groups has no limit to find)",
                       name, p->root);
    p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->fd < 0)
        return err_set(e, -errno, "%s: %s", p->dir, strerror(errno));
    for (const char *at = p->group + 1; (at = strchr(at, '/')); at++)
        p->depth++;
    for (size_t i = 0; i < ARRAY_SIZE(clocks) && !*p->clock; i++) {
        snprintf(path, sizeof(path), "%s%s/time", p->root, clocks[i]);
        if (stat(path, &st))
            continue;
        length = snprintf(p->clock, sizeof(p->clock), "%s%s", p->root, clocks[i]);
        if (length < 0 || (size_t)length >= sizeof(p->clock))
            *p->clock = '\0';
    }
    return 0;
}

void live_place_close(struct live_place *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}
