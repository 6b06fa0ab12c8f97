/* input.c - files, directories and archives into lines, whatever compressed them.
 *
 * A compressed file and an archive begin with bytes that no text has; all others are text, and read
 * in pieces. An archive's or a directory's files of /proc and /sys go into the tree that the
 * observer reads, wherever in it the machine's root is; of what a sosreport holds besides, the
 * commands' outputs and the logs are read that may be of memory. Nothing is unpacked to disk, and
 * no link is followed.
 */
#include "paste/state_int.h"

#include "base/utf8.h"
#include "paste/roots.h"
#include "paste/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK         (256u << 10)
#define PEEK          600
#define DEPTH_MAX     12
#define WALK_MAX      65536
#define NESTED_MAX    (64u << 20)
#define TREE_FILE_MAX (16u << 20)

/* Bytes from somewhere, the first of which were looked at. */
struct stream {
    int fd;             /* -1: all is in memory */
    struct span memory; /* still to be given */
    char *chunk;
    size_t peeked, given;
    int error;
};

static ssize_t stream_fill(struct stream *s, char *to, size_t max)
{
    ssize_t n;

    if (s->fd < 0) {
        n = (ssize_t)MIN(max, span_len(s->memory));
        if (n > 0)
            memcpy(to, s->memory.at, (size_t)n);
        s->memory.at += n;
        return n;
    }
    do
        n = read(s->fd, to, max);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        s->error = errno;
    return n;
}

/* The first bytes, as many as there are up to PEEK. */
static void stream_peek(struct stream *s)
{
    while (s->peeked < PEEK) {
        ssize_t n = stream_fill(s, s->chunk + s->peeked, CHUNK - s->peeked);

        if (n <= 0)
            break;
        s->peeked += (size_t)n;
    }
}

static ssize_t stream_next(struct stream *s, const char **ret)
{
    ssize_t n;

    *ret = s->chunk;
    if (s->given < s->peeked) {
        n = (ssize_t)(s->peeked - s->given);
        *ret = s->chunk + s->given;
        s->given = s->peeked;
        return n;
    }
    return stream_fill(s, s->chunk, CHUNK);
}

/* UTF-16 with its mark, as some Windows tools save a paste. */
static bool is_utf16(const char *head, size_t len)
{
    return len >= 4 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0);
}

/* What a crash leaves in a log is one run of bytes that were never written, or a few; tables of
 * numbers have one beside each figure. */
#define NUL_RUNS 4u

static bool is_binary(const char *head, size_t len)
{
    size_t odd = 0, nul = 0;
    unsigned runs = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)head[i];

        nul += c == '\0';
        runs += c == '\0' && (i == 0 || head[i - 1] != '\0');
        odd += c < 32 && c != '\0' && c != '\n' && c != '\t' && c != '\r' && c != '\033' &&
               c != '\b' && c != '\f';
    }
    if (runs > NUL_RUNS)
        odd += nul;
    else
        len -= nul;
    return odd * 10 > len;
}

/* A text in UTF-16 that comes in pieces, which may end within a character. */
struct wide {
    bool big;  /* the high byte first */
    bool half; /* one byte of a character is there */
    unsigned char first;
};

/* To UTF-8, without the mark in front. What stands for half a character beyond 16 bits is of no use
 * to any grammar. */
static void narrow(struct wide *w, struct span text, struct strbuf *out)
{
    strbuf_reset(out);
    for (; text.at < text.end; text.at++) {
        unsigned char byte = (unsigned char)*text.at;
        u32 code;

        w->half = !w->half;
        if (w->half) {
            w->first = byte;
            continue;
        }
        code = w->big ? (u32)w->first << 8 | byte : (u32)byte << 8 | w->first;
        if (code != 0xfeff)
            utf8_append(out, code == 0 || (code >= 0xd800 && code < 0xe000) ? '?' : code);
    }
}

static int add_stream(struct paste *p, struct stream *s, const char *name, s64 written,
                      unsigned depth, struct err *e);

/* --- where a path of a machine's tree begins -------------------------------------------------- */

static bool is_below(struct span path, const char *dir)
{
    size_t len = strlen(dir);

    return span_len(path) > len && memcmp(path.at, dir, len) == 0 && path.at[len] == '/';
}

static bool is_root_dir(struct span path)
{
    return is_below(path, "proc") || is_below(path, "sys") || is_below(path, "sos_commands") ||
           is_below(path, "var") || is_below(path, "etc") || is_below(path, "usr") ||
           is_below(path, "run") || is_below(path, "boot") || is_below(path, "lib") ||
           is_below(path, "sos_logs") || is_below(path, "sos_reports");
}

/* The path as it is from the machine's root: an archive has a directory or two in front. */
static struct span from_root(struct span path)
{
    struct span rest = path;

    while (span_begins(rest, "./"))
        rest.at += 2;
    for (unsigned depth = 0; depth < 3; depth++) {
        const char *slash;

        if (is_root_dir(rest))
            return rest;
        slash = memchr(rest.at, '/', span_len(rest));
        if (!slash)
            break;
        rest.at = slash + 1;
    }
    return path;
}

/* Of a machine's tree, is this a text that may be of memory? */
static bool is_wanted(struct span path)
{
    static const char *const dirs[] = {
        "sos_commands/memory", "sos_commands/kernel",     "sos_commands/process",
        "sos_commands/logs",   "sos_commands/cgroups",    "sos_commands/docker",
        "sos_commands/podman", "sos_commands/kubernetes", "sos_commands/numa",
        "sos_commands/zfs",    "sos_commands/sar",        "sos_commands/general",
        "sos_commands/host",   "sos_commands/filesys",    "sos_commands/sysvipc"};
    static const char *const logs[] = {"var/log/messages", "var/log/syslog", "var/log/kern",
                                       "var/log/dmesg", "var/log/journal"};

    if (!is_root_dir(path))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
        if (is_below(path, dirs[i]))
            return true;
    for (unsigned i = 0; i < ARRAY_SIZE(logs); i++)
        if (span_begins(path, logs[i]))
            return !span_ends(path, ".journal");
    return false;
}

static bool is_native(struct span path)
{
    return is_below(path, "proc") || is_below(path, "sys");
}

/* A directory of other things has a line here and there that looks like one of ours. What is known
 * of ten thousand lines decides. */
#define ALIEN_LINES 10000
#define ALIEN_SHARE 20 /* one line of so many */

static bool is_alien(const struct paste *p)
{
    u64 known_lines = p->log_lines;

    if (!p->state->may_be_alien || p->lines < ALIEN_LINES)
        return false;
    vec_for_each (&p->blocks, b)
        known_lines += b->lines;
    if (known_lines >= p->lines / ALIEN_SHARE)
        return false;
    vec_for_each (&p->s.log, e)
        if (e->kind == LOG_OOM_KILL || e->kind == LOG_ALLOC_FAILURE)
            return false;
    return true;
}

/* --- archives --------------------------------------------------------------------------------- */

static ssize_t next_input(void *ctx, const char **ret)
{
    struct stream *s = ctx;
    ssize_t n = stream_next(s, ret);

    return n < 0 ? -s->error : n;
}

static void read_entry(struct paste *p, struct unpack *u, size_t max, struct strbuf *out)
{
    char buf[16384];
    ssize_t n;

    strbuf_reset(out);
    while (out->len < max && (n = unpack_read(u, buf, MIN(sizeof(buf), max - out->len))) > 0)
        strbuf_append_bytes(out, buf, (size_t)n);
    if (out->len >= max)
        p->files_skipped++;
}

/* An entry that is packed itself, as far as `buf` has it and to its end: taken whole, up to a
 * bound. */
static int add_nested(struct paste *p, struct unpack *u, char *buf, ssize_t n, const char *name,
                      s64 written, unsigned depth, struct err *e)
{
    struct strbuf all;
    struct stream inner = {.fd = -1, .chunk = xmalloc(CHUNK)};
    int rc;

    strbuf_init(&all);
    do
        strbuf_append_bytes(&all, buf, (size_t)n);
    while (all.len < NESTED_MAX && (n = unpack_read(u, buf, CHUNK)) > 0);
    inner.memory = span_of_buf(&all);
    rc = add_stream(p, &inner, name, written, depth + 1, e);
    free(inner.chunk);
    strbuf_done(&all);
    return rc ? rc : n < 0 ? (int)n : 0;
}

/* The text of an entry, in pieces; `alone`: it is all there is. */
static int add_entry(struct paste *p, struct unpack *u, const char *name, bool alone, s64 written,
                     unsigned depth, struct err *e)
{
    char *buf = xmalloc(CHUNK);
    ssize_t n = unpack_read(u, buf, CHUNK);
    int rc = 0;

    if (n > 0 && unpack_kind(buf, (size_t)n) && depth < 2) {
        rc = add_nested(p, u, buf, n, name, written, depth, e);
        /* One broken member does not cost the others. */
        if (rc && !alone) {
            p->files_skipped++;
            rc = 0;
        }
        n = 0;
    } else if (n > 0 && is_binary(buf, MIN((size_t)n, (size_t)PEEK))) {
        p->files_skipped++;
    } else if (n > 0) {
        paste_begin(p, name, written);
        do
            paste_text(p, span_of(buf, (size_t)n));
        while ((n = unpack_read(u, buf, CHUNK)) > 0);
        paste_file_end(p);
    }
    if (n < 0)
        rc = (int)n;
    free(buf);
    return rc;
}

static int take_entry(struct paste *p, struct unpack *u, const struct unpack_file *file,
                      const char *name, s64 written, unsigned depth, struct err *e)
{
    struct span from, path;
    struct strbuf text;
    char shown[512], whole[TREE_PATH_MAX * 2];

    if (!file->path)
        return add_entry(p, u, name, true, written, depth, e);
    if (!file->regular)
        return 0;
    path = span_of(file->path, strlen(file->path));
    from = from_root(path);
    snprintf(whole, sizeof(whole), "%s/%s", name, file->path);
    if (is_native(from)) {
        size_t root = strlen(name) + 1 + (size_t)(from.at - path.at);

        if (!roots_takes_file(p, span_of(whole, MIN(root, strlen(whole))), from))
            return 0;
        span_copy(from, shown, sizeof(shown));
        strbuf_init(&text);
        read_entry(p, u, TREE_FILE_MAX, &text);
        paste_tree_file(p, shown, span_of_buf(&text));
        strbuf_done(&text);
        return 0;
    }
    if (!is_wanted(from) || !roots_takes_text(p, span_of(whole, strlen(whole))))
        return 0;
    span_copy(path, shown, sizeof(shown));
    return add_entry(p, u, shown, false, file->written, depth, e);
}

static int add_archive(struct paste *p, struct stream *s, const char *name, s64 written,
                       unsigned depth, struct err *e)
{
    struct unpack *u = unpack_new(next_input, s);
    struct unpack_file file;
    unsigned entries = 0;
    int rc = 0, got;

    while (rc == 0 && (got = unpack_next(u, &file)) != 0) {
        if (got == -EPROTONOSUPPORT) {
            rc = err_at(e, got, name, 0, 0, "%s", unpack_error(u));
            break;
        }
        if (got < 0 || entries++ >= TREE_FILES_MAX) {
            rc = entries > 1 && got < 0 ? 0 : -EBADMSG;
            p->packed_cut = true;
            break;
        }
        rc = take_entry(p, u, &file, name, written, depth, e);
        p->state->alien |= is_alien(p);
        if (p->state->alien)
            break;
    }
    p->packed_cut |= unpack_is_cut(u);
    if (rc == 0 && unpack_is_cut(u) && p->files.count == 0 && !p->state->has_tree_files)
        rc = -EBADMSG;
    if (rc == -EBADMSG && p->files.count) {
        /* What was there is used. */
        p->packed_cut = true;
        rc = 0;
    } else if (rc == -EBADMSG) {
        rc = err_at(e, rc, name, 0, 0, "a broken archive or compressed file (%s)", unpack_error(u));
    }
    unpack_free(u);
    return rc;
}

/* --- streams ---------------------------------------------------------------------------------- */

static void add_text(struct paste *p, struct stream *s, const char *name, s64 written)
{
    bool is_wide = is_utf16(s->chunk, s->peeked);
    struct wide wide = {.big = is_wide && s->chunk[0] == '\xfe'};
    struct strbuf narrowed;
    const char *text;
    ssize_t n;

    strbuf_init(&narrowed);
    paste_begin(p, name, written);
    while ((n = stream_next(s, &text)) > 0) {
        struct span piece = span_of(text, (size_t)n);

        if (is_wide) {
            narrow(&wide, piece, &narrowed);
            piece = span_of_buf(&narrowed);
        }
        paste_text(p, piece);
    }
    paste_file_end(p);
    strbuf_done(&narrowed);
}

static int add_stream(struct paste *p, struct stream *s, const char *name, s64 written,
                      unsigned depth, struct err *e)
{
    stream_peek(s);
    if (s->error)
        return err_at(e, -s->error, name, 0, 0, "%s", strerror(s->error));
    if (unpack_kind(s->chunk, s->peeked))
        return add_archive(p, s, name, written, depth, e);
    if (!is_utf16(s->chunk, s->peeked) && is_binary(s->chunk, MIN(s->peeked, (size_t)PEEK))) {
        p->files_skipped++;
        return 0;
    }
    add_text(p, s, name, written);
    return s->error ? err_at(e, -s->error, name, 0, 0, "%s", strerror(s->error)) : 0;
}

static int add_fd(struct paste *p, int fd, const char *name, s64 written, struct err *e)
{
    struct stream s = {.fd = fd, .chunk = xmalloc(CHUNK)};
    int rc = add_stream(p, &s, name, written, 0, e);

    free(s.chunk);
    return rc;
}

/* --- directories ------------------------------------------------------------------------------ */

struct walk {
    struct paste *p;
    struct err *e;
    unsigned files, entries;
    /* the directory is a machine's root: /proc and /sys are the observer's, and what else is wanted
     * has its place */
    bool machine;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk_dir(struct walk *w, int dir_fd, const char *path, const char *relative,
                     unsigned depth);

/* Of a machine's root, a directory beside those that machines have is somebody's copy of something
 * else. */
static bool may_enter(const struct walk *w, struct span relative)
{
    static const char *const known_dirs[] = {"var", "sos_commands", "sos_logs", "log", "logs"};

    if (!w->machine || memchr(relative.at, '/', span_len(relative)))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(known_dirs); i++)
        if (span_is(relative, known_dirs[i]))
            return true;
    return false;
}

/* A script is no record of a machine, whatever words it has. */
static bool is_script(int fd)
{
    char head[2];

    return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
           memcmp(head, "#!", sizeof(head)) == 0;
}

/* A file of /proc or /sys of a machine whose root is a folder or two further down. */
static void add_native(struct walk *w, int fd, struct span whole, struct span inner)
{
    struct span from = from_root(inner);
    char shown[TREE_PATH_MAX], chunk[16384];
    struct strbuf text;
    ssize_t got;

    whole.end -= span_len(from);
    if (!roots_takes_file(w->p, whole, from))
        return;
    strbuf_init(&text);
    while (text.len < TREE_FILE_MAX && (got = read(fd, chunk, sizeof(chunk))) > 0)
        strbuf_append_bytes(&text, chunk, (size_t)got);
    span_copy(from, shown, sizeof(shown));
    paste_tree_file(w->p, shown, span_of_buf(&text));
    strbuf_done(&text);
}

/* What is packed has roots of its own. */
static bool is_packed(int fd)
{
    char head[PEEK];
    ssize_t n = pread(fd, head, sizeof(head), 0);

    return n > 0 && unpack_kind(head, (size_t)n);
}

static void walk_entry(struct walk *w, int dir_fd, const char *path, const char *relative,
                       const char *name, unsigned depth)
{
    struct strbuf full, inner;
    struct stat st;
    int fd;
    struct span from;

    if (w->p->state->alien || w->entries++ >= WALK_MAX)
        return;
    strbuf_init(&full);
    strbuf_init(&inner);
    strbuf_printf(&full, "%s/%s", path, name);
    strbuf_printf(&inner, "%s%s%s", relative, *relative ? "/" : "", name);
    from = span_of_buf(&inner);
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        if (S_ISDIR(st.st_mode) && may_enter(w, from)) {
            walk_dir(w, fd, full.text, inner.text, depth + 1);
            fd = -1;
        } else if (S_ISREG(st.st_mode) && !w->machine && is_native(from_root(from))) {
            w->files++;
            add_native(w, fd, span_of_buf(&full), from);
        } else if (S_ISREG(st.st_mode) && is_wanted(from_root(from)) &&
                   (roots_takes_text(w->p, span_of_buf(&full)) || is_packed(fd))) {
            struct err ignored = {0};

            w->files++;
            if (is_script(fd) || add_fd(w->p, fd, full.text, st.st_mtime, &ignored))
                w->p->files_skipped++;
            w->p->state->alien |= is_alien(w->p);
        }
    }
    if (fd >= 0)
        close(fd);
    strbuf_done(&full);
    strbuf_done(&inner);
}

/* Takes the descriptor. */
static void walk_dir(struct walk *w, int dir_fd, const char *path, const char *relative,
                     unsigned depth)
{
    DIR *dir = depth < DEPTH_MAX ? fdopendir(dir_fd) : NULL;
    VEC(char *) names = {0};
    const struct dirent *entry;

    if (!dir) {
        close(dir_fd);
        return;
    }
    while ((entry = readdir(dir)) && names.count < WALK_MAX)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            vec_push(&names, xstrdup(entry->d_name));
    if (names.count)
        qsort(names.items, names.count, sizeof(names.items[0]), compare_texts);
    vec_for_each (&names, name) {
        walk_entry(w, dirfd(dir), path, relative, *name, depth);
        free(*name);
    }
    vec_done(&names);
    closedir(dir);
}

static bool has_dir(const char *path, const char *name)
{
    char full[4096];
    struct stat st;

    snprintf(full, sizeof(full), "%s/%s", path, name);
    return lstat(full, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add_dir(struct paste *p, const char *path, struct err *e)
{
    struct walk w = {.p = p,
                     .e = e,
                     .machine = has_dir(path, "proc") || has_dir(path, "sys") ||
                                has_dir(path, "var") || has_dir(path, "sos_commands")};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_at(e, -errno, path, 0, 0, "%s", strerror(errno));
    if (w.machine && !p->state->tree.below) {
        int rc = source_dir_open(path, &p->state->tree.below, e);

        if (rc) {
            close(fd);
            return rc;
        }
    }
    p->state->may_be_alien = !w.machine;
    walk_dir(&w, fd, path, "", 0);
    p->state->may_be_alien = false;
    /* It must not be read as a machine's: what was found in it by chance is said of none. */
    if (p->state->alien || (w.files > 0 && p->files_skipped == w.files))
        return err_at(e, -ENOTSUP, path, 0, 0,
                      "no text of a known kind, as far as %u of its files were read", w.files);
    return 0;
}

int paste_add(struct paste *p, const char *path, struct err *e)
{
    struct stat st;
    int fd, rc;

    if (strcmp(path, "-") == 0)
        return add_fd(p, STDIN_FILENO, "standard input", 0, e);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_at(e, -errno, path, 0, 0, "%s", strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return add_dir(p, path, e);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    rc = add_fd(p, fd, path, st.st_mtime, e);
    close(fd);
    return rc;
}
