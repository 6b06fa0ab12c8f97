/* capture_drop.c - appending to a capture's file, and copying what stays when the oldest chunks must go. */
#include "observe/capture_drop.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_end(struct hwc_file_out *o, struct capture_writer_stats *stats, u32 *ret_chunk,
                    struct err *e)
{
    struct hwc_input in = {.fd = o->fd, .size = o->size};
    struct hwc_scan scan;
    int rc = hwc_scan(&in, &scan);

    if (rc)
        return err_at(e, rc, o->path, 0, 0, "cannot read it: %s", strerror(-rc));
    if (scan.newer) {
        hwc_scan_done(&scan);
        return err_at(e, -EBADMSG, o->path, 0, 0,
                      "was written by a newer highwater; name another file");
    }
    if (!scan.any && !scan.begins && o->size) {
        hwc_scan_done(&scan);
        return err_at(e, -EBADMSG, o->path, 0, 0,
                      "exists and is no capture (.hwc); name another file, or remove it");
    }
    vec_for_each (&scan.samples, s)
        if (s->in_chunk == 0)
            vec_push(&o->chunks, ((struct hwc_out_chunk){s->offset, s->wall_us}));
    stats->samples_found = scan.samples.count;
    stats->bytes_cut = o->size - scan.end;
    *ret_chunk = scan.last_chunk;
    o->size = o->committed = scan.end;
    hwc_scan_done(&scan);
    if (stats->bytes_cut && ftruncate(o->fd, (off_t)o->size) < 0)
        return err_at(e, -errno, o->path, 0, 0, "cannot cut its damaged end off: %s",
                      strerror(errno));
    return 0;
}

int hwc_out_open(struct hwc_file_out *o, const char *path, struct capture_writer_stats *stats,
                 u32 *ret_chunk, struct err *e)
{
    struct stat st;

    *o = (struct hwc_file_out){.path = xstrdup(path)};
    o->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (o->fd < 0 || fstat(o->fd, &st) < 0)
        return err_at(e, -errno, path, 0, 0, "cannot open it for writing: %s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_at(e, -EINVAL, path, 0, 0, "a capture is a regular file");
    if (flock(o->fd, LOCK_EX | LOCK_NB) < 0)
        return err_at(e, -errno, path, 0, 0,
                      errno == EWOULDBLOCK ? "another capture is writing it" : "cannot lock it");
    o->size = (u64)st.st_size;
    return find_end(o, stats, ret_chunk, e);
}

void hwc_out_close(struct hwc_file_out *o)
{
    if (o->fd > 0)
        close(o->fd);
    vec_done(&o->chunks);
    free(o->path);
    *o = (struct hwc_file_out){0};
}

static int write_at(int fd, u64 offset, const u8 *bytes, size_t count)
{
    while (count) {
        ssize_t n = pwrite(fd, bytes, count, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        bytes += n;
        offset += (u64)n;
        count -= (size_t)n;
    }
    return 0;
}

int hwc_out_append(struct hwc_file_out *o, const u8 *bytes, size_t count)
{
    int rc = write_at(o->fd, o->size, bytes, count);

    if (rc) {
        /* A full disk leaves the samples before this one, and a file that ends with a whole one. */
        if (ftruncate(o->fd, (off_t)o->committed) == 0)
            o->size = o->committed;
        return rc;
    }
    o->size += count;
    return 0;
}

int hwc_out_commit(struct hwc_file_out *o, bool sync)
{
    o->committed = o->size;
    return sync && fdatasync(o->fd) < 0 ? -errno : 0;
}

void hwc_out_chunk(struct hwc_file_out *o, u64 wall_us)
{
    vec_push(&o->chunks, ((struct hwc_out_chunk){o->size, wall_us}));
}

/* Bytes from offset to the end of one file to the start of another. */
static int copy_tail(int from, u64 offset, u64 end, int to)
{
    enum { BYTES = 256 << 10 };
    u8 *buf = xmalloc(BYTES);
    u64 at = 0;
    int rc = 0;

    while (rc == 0 && offset < end) {
        ssize_t n = pread(from, buf, (size_t)MIN((u64)BYTES, end - offset), (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            rc = n < 0 ? -errno : -EIO;
        else
            rc = write_at(to, at, buf, (size_t)n);
        if (rc == 0) {
            offset += (u64)n;
            at += (u64)n;
        }
    }
    free(buf);
    return rc;
}

/* Make the file begin at chunk `first`. */
static int rewrite(struct hwc_file_out *o, size_t first)
{
    u64 start = o->chunks.items[first].offset;
    struct strbuf temporary;
    struct stat st;
    int fd, rc = 0;

    strbuf_init(&temporary);
    strbuf_printf(&temporary, "%s.XXXXXX", o->path);
    fd = mkostemp(temporary.text, O_CLOEXEC);
    if (fd < 0) {
        strbuf_done(&temporary);
        return -errno;
    }
    if (fstat(o->fd, &st) < 0 || fchmod(fd, st.st_mode & 07777) < 0 ||
        flock(fd, LOCK_EX | LOCK_NB) < 0)
        rc = -errno;
    if (rc == 0)
        rc = copy_tail(o->fd, start, o->committed, fd);
    if (rc == 0 && (fdatasync(fd) < 0 || rename(temporary.text, o->path) < 0))
        rc = -errno;
    if (rc) {
        unlink(temporary.text);
        close(fd);
        strbuf_done(&temporary);
        return rc;
    }
    strbuf_done(&temporary);
    /* A tool that watches the page cache does not fill it: nobody will read this soon. */
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    posix_fadvise(o->fd, 0, 0, POSIX_FADV_DONTNEED);
    close(o->fd);
    o->fd = fd;
    o->size = o->committed -= start;
    o->chunks.count -= first;
    memmove(o->chunks.items, o->chunks.items + first, o->chunks.count * sizeof(*o->chunks.items));
    vec_for_each (&o->chunks, c)
        c->offset -= start;
    o->chunks_dropped += first;
    return 0;
}

int hwc_out_drop(struct hwc_file_out *o, u64 max_bytes, u64 now_us, u64 keep_us)
{
    size_t first = 0;

    if (o->chunks.count < 2)
        return 0;
    if (max_bytes && o->size > max_bytes - max_bytes / HWC_SLACK) {
        u64 goal = max_bytes - max_bytes / HWC_SLACK * 2;

        while (first < o->chunks.count - 1 && o->size - o->chunks.items[first].offset > goal)
            first++;
    }
    if (keep_us && now_us > keep_us) {
        size_t expired = 0;

        /* A chunk ends where the next one begins. */
        while (expired < o->chunks.count - 1 &&
               o->chunks.items[expired + 1].wall_us < now_us - keep_us)
            expired++;
        if (o->chunks.items[expired].offset > o->size / HWC_SLACK)
            first = MAX(first, expired);
    }
    return first ? rewrite(o, first) : 0;
}
