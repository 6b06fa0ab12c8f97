/* source_dir.c - a directory tree as a source: the live root, a container's, an archive.
 *
 * A tree that is not the live root is hostile. It may hold links out of itself, a link that becomes
 * one between two calls, devices whose mere opening does something, fifos that never answer. So a
 * name is resolved with the root as its "/" (root_open_path(), source_root.c) to an O_PATH
 * descriptor, which touches nothing; only when that is a regular file it is opened for reading,
 * through /proc/self/fd, so that it is the very file that was looked at.
 *
 * On a live system the same files are read every second. Those that are read again (totals,
 * memory.current of each group, but nothing below /proc/PID: that would hold on to the dead) stay
 * open, and pread(2) at 0 makes the kernel render them anew: one system call instead of three. A
 * file of a removed group answers ENODEV; then its name is looked up once more, for it may have
 * been made anew.
 */
#include "observe/source_dir_int.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/vec.h"
#include "observe/capture.h"
#include "observe/mountinfo.h"
#include "observe/source.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES     (32u << 10)
#define LIST_MAX        (1u << 20)
#define KEPT_MAX        4096 /* open files; less when the limit of this process is near */
#define KEPT_PATHS_MAX  16384
/* a file that is read again so soon is one of those read at every sample */
#define KEPT_WITHIN_S   3
#define KMSG_RECORD_MAX 8192

struct kept_file {
    char *path;
    int fd;      /* -1: read once so far, not open */
    u64 used_at; /* in reads of this source */
    u32 read_s;  /* when, in seconds of the monotonic clock */
};

struct source_dir {
    struct source source;
    struct root root;
    char *name;
    bool bare_proc; /* the directory is a copy of /proc itself: "proc/meminfo" is its "meminfo" */
    VEC(struct kept_file) kept;
    struct u64map kept_by_path; /* hash of the path to index + 1 */
    unsigned nr_open, open_max;
    u64 nr_reads, sweep_at;
    char chunk[CHUNK_BYTES];
};

static struct source_dir *of(struct source *src)
{
    return container_of(src, struct source_dir, source);
}

/* Where a name of the contract is in this tree. A copy of /proc has nothing else. */
static const char *place_of(const struct source_dir *d, const char *path)
{
    if (!d->bare_proc)
        return path;
    return strncmp(path, "proc/", 5) == 0 ? path + 5 : strcmp(path, "proc") == 0 ? "." : NULL;
}

static bool is_kmsg(const struct source_dir *d, const char *path)
{
    return !d->root.confined && strcmp(path, "dev/kmsg") == 0;
}

static int check_type(struct source_dir *d, const char *path, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (S_ISREG(st.st_mode))
        return 0;
    return is_kmsg(d, path) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 11) ? 0 : -EINVAL;
}

/* A descriptor for reading, or an error. On the live root the names are ours and the kernel's, so
 * it is opened at once. */
static int open_file(struct source_dir *d, const char *path)
{
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    const char *place = place_of(d, path);

    if (!place)
        return -ENOENT;

    int fd = d->root.confined ? root_open_path(&d->root, place) : root_open(&d->root, place, flags);

    if (fd < 0)
        return fd;

    /* Of these trees the kernel made every file; a directory says so when it is read. */
    if (!d->root.confined && strncmp(path, "dev/", 4) != 0 && d->source.live)
        return fd;

    int rc = check_type(d, path, fd);

    if (rc == 0 && !d->root.confined)
        return fd;
    if (rc == 0)
        rc = root_reopen(&d->root, place, fd, flags);
    close(fd);
    return rc;
}

/* Files of the kernel's that are one record, or many small ones: a short reading of them is all
 * there is. seq_file fills a page with whole records; what it gives less than a quarter of a page
 * of, no record of these files would not have fitted behind. In a copy of them a reading is short
 * at the end alone. */
#define SHORT_BYTES 1024

static bool has_short_records(const char *path)
{
    return strncmp(path, "sys/", 4) == 0 || (strncmp(path, "proc/", 5) == 0 && is_digit(path[5]));
}

/* Append what is left from offset 0, at most max bytes. */
static int read_text(struct source_dir *d, const char *path, int fd, size_t max, struct strbuf *out)
{
    bool short_records = has_short_records(path);
    size_t done = 0;

    for (;;) {
        /* One byte more than allowed tells a file of max bytes from a longer one. */
        size_t want = MIN(CHUNK_BYTES, max - done + 1);
        ssize_t n = pread(fd, d->chunk, want, (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        strbuf_append_bytes(out, d->chunk, MIN((size_t)n, max - done));
        done += MIN((size_t)n, max - done);
        if (done == max && (size_t)n == want)
            return -EFBIG;
        if (short_records && (size_t)n < MIN(want, (size_t)SHORT_BYTES))
            return 0;
    }
}

/* /dev/kmsg gives one record a read, from the oldest on, and EAGAIN after the last. */
static int read_kmsg(struct source_dir *d, int fd, size_t max, struct strbuf *out)
{
    size_t done = 0;

    for (;;) {
        ssize_t n = read(fd, d->chunk, KMSG_RECORD_MAX);

        /* EPIPE: the record was overwritten meanwhile; the next read goes on behind it. */
        if (n < 0 && (errno == EINTR || errno == EPIPE))
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        if (n == 0)
            return 0;
        if ((size_t)n > max - done)
            return -EFBIG;
        strbuf_append_bytes(out, d->chunk, (size_t)n);
        done += (size_t)n;
    }
}

/* --- files that stay open --------------------------------------------------------------------- */
static bool may_keep(const struct source_dir *d, const char *path)
{
    if (!d->source.live || is_kmsg(d, path))
        return false;
    return strncmp(path, "proc/", 5) != 0 || path[5] < '0' || path[5] > '9';
}

static void kept_close(struct source_dir *d, struct kept_file *kept)
{
    if (kept->fd >= 0) {
        close(kept->fd);
        d->nr_open--;
    }
    kept->fd = -1;
}

static u32 now_s(void)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return (u32)ts.tv_sec;
}

/* The entry of this path, made on the first read. NULL: this path is not kept. */
static struct kept_file *kept_find(struct source_dir *d, const char *path)
{
    u64 key = hash_bytes(path, strlen(path));
    u64 index;

    if (!may_keep(d, path))
        return NULL;
    if (u64map_get(&d->kept_by_path, key, &index)) {
        struct kept_file *kept = &d->kept.items[index];

        return strcmp(kept->path, path) == 0 ? kept : NULL;
    }
    if (d->kept.count < KEPT_PATHS_MAX) {
        u64map_put(&d->kept_by_path, key, d->kept.count);
        vec_push(&d->kept,
                 ((struct kept_file){.path = xstrdup(path), .fd = -1, .read_s = now_s()}));
    }
    return NULL;
}

/* Keep it open? Where there is no room, those close that were not read for long, such as a removed
 * group's; that is looked for once in many reads. */
static bool kept_make_room(struct source_dir *d, struct kept_file *kept)
{
    u32 now = now_s();
    bool often = now - kept->read_s <= KEPT_WITHIN_S;

    kept->read_s = now;
    if (!often || d->nr_open < d->open_max)
        return often;
    if (d->nr_reads < d->sweep_at)
        return false;
    d->sweep_at = d->nr_reads + 4ull * d->open_max;
    vec_for_each (&d->kept, old)
        if (old->fd >= 0 && d->nr_reads - old->used_at > 16ull * d->open_max)
            kept_close(d, old);
    return d->nr_open < d->open_max;
}

static int source_dir_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct source_dir *d = of(src);
    struct kept_file *kept = kept_find(d, path);
    size_t before = out->len;

    d->nr_reads++;
    if (kept && kept->fd >= 0) {
        int rc = read_text(d, path, kept->fd, max, out);

        kept->used_at = d->nr_reads;
        if (rc == 0 || rc == -EFBIG)
            return rc;
        kept_close(d, kept);
        out->len = before;
    }

    int fd = open_file(d, path);

    if (fd < 0)
        return fd == -ESRCH || fd == -ENODEV || fd == -ENOTDIR ? -ENOENT : fd;

    int rc = is_kmsg(d, path) ? read_kmsg(d, fd, max, out) : read_text(d, path, fd, max, out);

    if (rc == 0 && kept && kept_make_room(d, kept)) {
        kept->fd = fd;
        kept->used_at = d->nr_reads;
        d->nr_open++;
        return 0;
    }
    close(fd);
    /* A process or group that ended between open and read. */
    return rc == -ESRCH || rc == -ENODEV ? -ENOENT : rc;
}

/* --- directories ------------------------------------------------------------------------------ */
struct dir_entry {
    char *name;
    bool is_directory;
};

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct dir_entry *)a)->name, ((const struct dir_entry *)b)->name);
}

/* The kernel's trees have links to directories in one place that is listed: the devices. Anywhere
 * else a link is an archive's own, and one that is followed multiplies what is behind it: control
 * groups that contain themselves, a process a million times. */
static bool has_links(const char *path)
{
    return strcmp(path, "sys/block") == 0;
}

/* `follow`: a link counts as what it leads to, inside the root. */
static bool entry_is_directory(struct source_dir *d, const char *place, const struct dirent *entry,
                               bool follow)
{
    struct strbuf path;
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && (entry->d_type != DT_LNK || !follow))
        return entry->d_type == DT_DIR;
    strbuf_init(&path);
    strbuf_printf(&path, "%s/%s", place, entry->d_name);

    int fd = follow ? root_open_path(&d->root, path.text) : root_open_link(&d->root, path.text);
    bool is_directory = fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

    if (fd >= 0)
        close(fd);
    strbuf_done(&path);
    return is_directory;
}

static DIR *open_dir(struct source_dir *d, const char *place, int *ret_code)
{
    int path_fd = d->root.confined ? root_open_path(&d->root, place) : -1;
    int fd = path_fd;

    if (!d->root.confined)
        fd = root_open(&d->root, place, O_RDONLY | O_DIRECTORY);
    else if (path_fd >= 0)
        fd = root_reopen(&d->root, place, path_fd, O_RDONLY | O_DIRECTORY);

    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && !dir && errno == ENOMEM)
        alloc_checked(NULL, "a directory");
    *ret_code = fd < 0 ? fd : dir ? 0 : -errno;
    if (path_fd >= 0)
        close(path_fd);
    if (fd >= 0 && !dir)
        close(fd);
    return dir;
}

static int source_dir_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    struct source_dir *d = of(src);
    const char *place = place_of(d, path);
    VEC(struct dir_entry) entries = {0};
    int rc = -ENOENT;
    DIR *dir = place ? open_dir(d, place, &rc) : NULL;

    if (!dir)
        return rc == -ENOTDIR || rc == -ESRCH || rc == -ENODEV ? -ENOENT : rc;
    while (entries.count < LIST_MAX) {
        errno = 0;

        const struct dirent *entry = readdir(dir);

        if (!entry) {
            rc = -errno;
            break;
        }
        /* No file of Linux has a newline in its name; a capture keeps names as lines. */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !strchr(entry->d_name, '\n'))
            vec_push(&entries,
                     ((struct dir_entry){xstrdup(entry->d_name),
                                         entry_is_directory(d, place, entry, has_links(path))}));
    }
    closedir(dir);
    if (entries.count > 0)
        qsort(entries.items, entries.count, sizeof(entries.items[0]), compare_entries);

    bool go_on = true;

    if (entries.count == LIST_MAX)
        rc = -EFBIG;
    vec_for_each (&entries, entry) {
        go_on = go_on && each(ctx, entry->name, entry->is_directory);
        free(entry->name);
    }
    vec_done(&entries);
    /* A directory that went away while it was read: what was seen was seen. */
    return rc == -ENOENT ? 0 : rc;
}

static void source_dir_free(struct source *src)
{
    struct source_dir *d = of(src);

    vec_for_each (&d->kept, kept) {
        kept_close(d, kept);
        free(kept->path);
    }
    vec_done(&d->kept);
    u64map_done(&d->kept_by_path);
    root_done(&d->root);
    free(d->name);
    free(d);
}

static const struct source_ops source_dir_ops = {
    .read = source_dir_read,
    .list = source_dir_list,
    .free = source_dir_free,
};

void source_free(struct source *src)
{
    if (src)
        src->ops->free(src);
}

/* --- what kind of tree it is ------------------------------------------------------------------ */
static bool has(struct source_dir *d, const char *path)
{
    int fd = root_open_path(&d->root, path);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Is the tree's proc the kernel's own, wherever it is mounted ("--root /host" from inside a
 * container)? */
static bool has_live_proc(struct source_dir *d)
{
    int fd = root_open_path(&d->root, d->bare_proc ? "." : "proc");
    struct statfs fs;
    bool is_live = fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;

    if (fd >= 0)
        close(fd);
    return is_live;
}

/* Is the mounted group tree a part of the machine's, as version 1 shows it to a container? */
static bool sees_part_of_cgroups(struct source_dir *d)
{
    struct strbuf text;
    struct span root;

    strbuf_init(&text);

    int rc = source_dir_read(&d->source, "proc/self/mountinfo", 1u << 20, &text);
    bool part = rc == 0 && mountinfo_cgroup_root(span_of_buf(&text), &root) && !span_empty(root);

    strbuf_done(&text);
    return part;
}

/* Inside a container: a runtime's mark, or a group at the visible root that is not the machine's
 * root group (which has neither cgroup.type nor a memory.max). */
static bool is_container(struct source_dir *d)
{
    static const char *const marks[] = {
        ".dockerenv",
        "run/.containerenv",
        "run/systemd/container",
        "sys/fs/cgroup/cgroup.type",
        "sys/fs/cgroup/memory.max",
        "sys/fs/cgroup/unified/cgroup.type",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++)
        if (has(d, marks[i]))
            return true;
    return sees_part_of_cgroups(d);
}

/* A mounted machine, or the one that was entered, has a folder where a tree of `run --proc` has a
 * file. */
static bool is_running_machine(struct source_dir *d)
{
    return has(d, "highwater/marker") || has(d, "proc/highwater/marker");
}

/* The marker of a capture that is played tells what it was taken from. */
static bool is_played(struct source_dir *d, enum source_kind *ret_origin)
{
    struct strbuf text;
    char origin[32];
    bool played;

    strbuf_init(&text);
    played = (source_dir_read(&d->source, "highwater/marker", 64, &text) == 0 ||
              source_dir_read(&d->source, "proc/highwater/marker", 64, &text) == 0) &&
             sscanf(text.text, "capture %31s", origin) == 1;
    if (played)
        *ret_origin = capture_origin_of(origin);
    strbuf_done(&text);
    return played;
}

static enum source_kind kind_of(struct source_dir *d)
{
    if (is_running_machine(d))
        return is_played(d, &d->source.origin) ? SOURCE_CAPTURE : SOURCE_SIMULATED;
    if (has_live_proc(d))
        return is_container(d) ? SOURCE_CONTAINER : SOURCE_LIVE;
    return has(d, "highwater") ? SOURCE_SIMULATED : SOURCE_ARCHIVE;
}

static unsigned open_files_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 64;
    return (unsigned)MIN(limit.rlim_cur / 4 * 3, (rlim_t)KEPT_MAX);
}

int source_dir_open(const char *root, struct source **ret, struct err *e)
{
    struct source_dir *d = xcalloc(1, sizeof(*d));
    int rc = root_init(&d->root, root);

    if (rc < 0) {
        free(d);
        return err_at(e, rc, root, 0, 0, "%s", rc == -ENOTDIR ? "not a directory" : strerror(-rc));
    }
    d->name = xstrdup(root);
    u64map_init(&d->kept_by_path);
    d->open_max = open_files_max();
    d->bare_proc = !has(d, "proc/meminfo") && !has(d, "sys") && has(d, "meminfo");
    d->source = (struct source){.ops = &source_dir_ops, .name = d->name};
    d->source.kind = kind_of(d);
    d->source.live = d->source.kind == SOURCE_LIVE || d->source.kind == SOURCE_CONTAINER ||
                     is_running_machine(d);
    *ret = &d->source;
    return 0;
}
