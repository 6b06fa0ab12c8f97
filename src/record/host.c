/* host.c - small files of the kernel's, each turned into a line.
 *
 * The limit that counts is the lowest on the way from the program's cgroup to the root, in version
 * 1 under other names. Devices are those with a mounted file system: readahead and rotation belong
 * to the disk, so a partition's are its parent's.
 */
#include "record/host.h"

#include "base/types.h"
#include "observe/mountinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_MAX    (1u << 20)
#define DEVICES_MAX 64

/* A version 1 limit beyond this is none. */
#define UNLIMITED (1ull << 62)

struct host {
    const char *root;
    struct strbuf *out;
};

/* The whole file as text, or NULL. The caller frees it. */
static char *slurp(const char *root, const char *path)
{
    struct strbuf name;
    char *text = NULL;
    size_t n = 0;
    FILE *f;

    strbuf_init(&name);
    strbuf_printf(&name, "%s%s", root, path);
    f = fopen(name.text, "re");
    strbuf_done(&name);
    if (f == NULL)
        return NULL;
    text = malloc(FILE_MAX);
    if (text != NULL)
        n = fread(text, 1, FILE_MAX - 1, f);
    fclose(f);
    if (text != NULL)
        text[n] = '\0';
    return text;
}

/* The first line of a file. False: there is no such file. */
static bool first_line(const struct host *h, const char *path, char *line, size_t size)
{
    char *text = slurp(h->root, path);

    if (text == NULL)
        return false;
    snprintf(line, size, "%.*s", (int)MIN(strcspn(text, "\n"), size - 1), text);
    free(text);
    return line[0] != '\0';
}

static bool is_there(const struct host *h, const char *path)
{
    struct strbuf name;
    bool there;

    strbuf_init(&name);
    strbuf_printf(&name, "%s%s", h->root, path);
    there = access(name.text, F_OK) == 0;
    strbuf_done(&name);
    return there;
}

static void put(const struct host *h, const char *key, const char *value)
{
    strbuf_printf(h->out, "%s=%s\n", key, value);
}

static void put_u64(const struct host *h, const char *key, u64 value)
{
    strbuf_printf(h->out, "%s=%" PRIu64 "\n", key, value);
}

static void put_file(const struct host *h, const char *key, const char *path)
{
    char line[256];

    if (first_line(h, path, line, sizeof(line)))
        put(h, key, line);
}

/* ---- memory, swap, policies ---- */

static void put_meminfo(const struct host *h)
{
    static const char *const keys[][2] = {{"MemTotal:", "ram"}, {"SwapTotal:", "swap"}};
    char *text = slurp(h->root, "/proc/meminfo");

    for (size_t i = 0; text != NULL && i < ARRAY_SIZE(keys); i++) {
        const char *at = strstr(text, keys[i][0]);

        if (at != NULL)
            put_u64(h, keys[i][1], strtoull(at + strlen(keys[i][0]), NULL, 10) * KIB);
    }
    free(text);
}

/* The area of the highest priority is used first. */
static void put_swap(const struct host *h)
{
    char *text = slurp(h->root, "/proc/swaps");
    char path[256], type[32], first[256] = "", kind[32] = "none";
    int priority, best = -1000000;

    if (text == NULL)
        return;
    for (char *line = strchr(text, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        if (sscanf(line + 1, "%255s %31s %*u %*u %d", path, type, &priority) != 3 ||
            priority <= best)
            continue;
        best = priority;
        snprintf(first, sizeof(first), "%s", path);
        snprintf(kind, sizeof(kind), "%s",
                 strncmp(path, "/dev/zram", 9) == 0 ? "zram"
                 : strcmp(type, "file") == 0        ? "file"
                                                    : "disk");
    }
    put(h, "swap_kind", kind);
    if (first[0] != '\0')
        put(h, "swap_device", first);
    free(text);
}

/* Whether reclaim is multi-generational. A kernel that shows its memory management in sysfs and has
 * nothing of it there was built without (CONFIG_LRU_GEN): as good as off. */
static void put_lru_gen(const struct host *h)
{
    char line[256];

    if (first_line(h, "/sys/kernel/mm/lru_gen/enabled", line, sizeof(line)))
        put(h, "lru_gen", line);
    else if (is_there(h, "/sys/kernel/mm") && !is_there(h, "/sys/kernel/mm/lru_gen"))
        put(h, "lru_gen", "0x0000");
}

static void put_policies(const struct host *h)
{
    char line[256], *open, *shut;

    if (first_line(h, "/sys/module/zswap/parameters/enabled", line, sizeof(line)))
        put(h, "zswap", line[0] == 'Y' || line[0] == '1' ? "yes" : "no");
    if (first_line(h, "/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line)) &&
        (open = strchr(line, '[')) != NULL && (shut = strchr(open, ']')) != NULL) {
        *shut = '\0';
        put(h, "thp", open + 1);
    }
    put_lru_gen(h);
    put_file(h, "vm.swappiness", "/proc/sys/vm/swappiness");
    put_file(h, "vm.overcommit_memory", "/proc/sys/vm/overcommit_memory");
    put_file(h, "vm.overcommit_ratio", "/proc/sys/vm/overcommit_ratio");
}

/* Numbers in a list like "0-3,8". 0: no such file. */
static unsigned count_listed(const struct host *h, const char *path)
{
    char line[1024], *at = line;
    unsigned n = 0;

    if (!first_line(h, path, line, sizeof(line)))
        return 0;
    while (*at != '\0') {
        unsigned long first = strtoul(at, &at, 10), last = first;

        if (*at == '-')
            last = strtoul(at + 1, &at, 10);
        n += last >= first && last - first < 65536 ? (unsigned)(last - first) + 1 : 0;
        if (*at++ != ',')
            break;
    }
    return n;
}

static void put_machine(const struct host *h)
{
    struct utsname host;
    unsigned n;

    if (uname(&host) == 0) {
        put(h, "kernel", host.release);
        put(h, "machine", host.machine);
    }
    if ((n = count_listed(h, "/sys/devices/system/cpu/online")) > 0)
        put_u64(h, "cpus", n);
    if ((n = count_listed(h, "/sys/devices/system/node/has_memory")) > 0)
        put_u64(h, "nodes", n);
}

/* ---- limits of the cgroup ---- */

struct hierarchy {
    unsigned version; /* 0: none that limits memory */
    char point[512];  /* where it is mounted */
    char group[1024]; /* the program's, below it; "" for the root */
};

static void find_mount(const struct host *h, struct hierarchy *y)
{
    char *text = slurp(h->root, "/proc/self/mountinfo");
    struct span rest = span_of(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    struct mount_line m;

    while (text != NULL && mountinfo_next(&rest, &m)) {
        bool first = span_is(m.type, "cgroup") && mount_has_option(m.super, "memory");

        if (!first && (y->version != 0 || !span_is(m.type, "cgroup2")))
            continue;
        y->version = first ? 1 : 2;
        snprintf(y->point, sizeof(y->point), "%.*s", (int)span_len(m.point), m.point.at);
        if (first)
            break;
    }
    free(text);
}

/* "4:memory:/a/b" of version 1, "0::/a/b" of version 2. */
static void find_group(const struct host *h, struct hierarchy *y)
{
    char *text = slurp(h->root, "/proc/self/cgroup"), *next = text;

    for (char *line; (line = strsep(&next, "\n")) != NULL;) {
        char *names = strchr(line, ':'), *path = names != NULL ? strchr(names + 1, ':') : NULL;
        struct span options;

        if (path == NULL)
            continue;
        options = span_of(names + 1, (size_t)(path - names - 1));
        if (y->version == 1 ? mount_has_option(options, "memory") : span_empty(options))
            snprintf(y->group, sizeof(y->group), "%s", strcmp(path + 1, "/") == 0 ? "" : path + 1);
    }
    free(text);
}

/* The lowest value of a file from the group upwards; of cpu.max the lowest quota. "": the file is
 * nowhere. */
static void lowest(const struct host *h, const struct hierarchy *y, const char *file, char *ret,
                   size_t size)
{
    char group[1024], path[2048], line[128];
    u64 least = UINT64_MAX;

    ret[0] = '\0';
    snprintf(group, sizeof(group), "%s", y->group);
    for (;;) {
        char *slash = strrchr(group, '/');

        snprintf(path, sizeof(path), "%s%s/%s", y->point, group, file);
        if (first_line(h, path, line, sizeof(line))) {
            u64 value = strncmp(line, "max", 3) == 0 ? UINT64_MAX : strtoull(line, NULL, 10);

            value = y->version == 1 && value >= UNLIMITED ? UINT64_MAX : value;
            if (ret[0] == '\0' || value < least)
                snprintf(ret, size, "%s", value == UINT64_MAX ? "max" : line);
            least = MIN(least, value);
        }
        if (slash == NULL)
            break;
        *slash = '\0';
    }
}

static void put_limits(const struct host *h)
{
    static const char *const files[][3] = {/* key, version 1, version 2 */
                                           {"memory.max", "memory.limit_in_bytes", "memory.max"},
                                           {"memory.high", NULL, "memory.high"},
                                           {"memory.swap.max", NULL, "memory.swap.max"},
                                           {"cpu.max", NULL, "cpu.max"}};
    struct hierarchy y = {0};
    char value[128];

    find_mount(h, &y);
    if (y.version == 0)
        return;
    find_group(h, &y);
    put_u64(h, "cgroup", y.version);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (files[i][y.version] == NULL)
            continue;
        lowest(h, &y, files[i][y.version], value, sizeof(value));
        if (value[0] != '\0')
            put(h, files[i][0], value);
    }
}

/* ---- devices ---- */

static void put_queue(const struct host *h, unsigned major, unsigned minor, u64 dev)
{
    char path[128], line[64], key[64];

    /* A partition has no queue of its own. */
    for (unsigned up = 0; up < 2; up++) {
        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/read_ahead_kb", major, minor,
                 up ? "../" : "");
        if (!first_line(h, path, line, sizeof(line)))
            continue;
        snprintf(key, sizeof(key), "readahead.%" PRIu64, dev);
        put_u64(h, key, strtoull(line, NULL, 10) * KIB);
        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/rotational", major, minor,
                 up ? "../" : "");
        snprintf(key, sizeof(key), "rotational.%" PRIu64, dev);
        put_file(h, key, path);
        return;
    }
}

static void put_devices(const struct host *h)
{
    char *text = slurp(h->root, "/proc/self/mountinfo"), *next = text;
    u64 seen[DEVICES_MAX];
    size_t n = 0;

    for (char *line; (line = strsep(&next, "\n")) != NULL && n < DEVICES_MAX;) {
        const char *dash = strstr(line, " - ");
        char type[64], key[64];
        unsigned major, minor;
        size_t i = 0;
        u64 dev;

        if (dash == NULL || sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2 ||
            sscanf(dash + 3, "%63s", type) != 1)
            continue;
        dev = makedev(major, minor);
        /* Without a block device only file systems that keep pages matter. */
        if (major == 0 && strcmp(type, "tmpfs") != 0 && strcmp(type, "overlay") != 0 &&
            strcmp(type, "btrfs") != 0 && strncmp(type, "nfs", 3) != 0 &&
            strncmp(type, "fuse", 4) != 0)
            continue;
        while (i < n && seen[i] != dev)
            i++;
        if (i < n)
            continue;
        seen[n++] = dev;
        if (major != 0)
            put_queue(h, major, minor, dev);
        snprintf(key, sizeof(key), "filesystem.%" PRIu64, dev);
        put(h, key, type);
    }
    free(text);
}

void host_describe(const char *root, struct strbuf *out)
{
    struct host h = {.root = root, .out = out};

    put_machine(&h);
    put_meminfo(&h);
    put_swap(&h);
    put_policies(&h);
    put_limits(&h);
    put_devices(&h);
}
