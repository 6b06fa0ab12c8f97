/* capture_drop.c - appending to a capture's file, and copying what stays when the oldest chunks
 * must go. */
#include "observe/capture_drop.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_end(struct hwc_file_out *o, struct capture_writer_stats *stats, u32 *ret_chunk,
                    struct err *e)
{
    struct hwc_input in = {.fd = o->file.fd, .size = o->file.size};
    struct hwc_scan scan;
    int rc = hwc_scan(&in, &scan);

    if (rc)
        return err_at(e, rc, o->file.path, 0, 0, "cannot read it: %s", strerror(-rc));
    if (scan.newer) {
        hwc_scan_done(&scan);
        return err_at(e, -EBADMSG, o->file.path, 0, 0,
                      "was written by a newer highwater; name another file");
    }
    if (!scan.any && !scan.begins && o->file.size) {
        hwc_scan_done(&scan);
        return err_at(e, -EBADMSG, o->file.path, 0, 0,
                      "exists and is no capture (.hwc); name another file, or remove it");
    }
    vec_for_each (&scan.samples, s)
        if (s->in_chunk == 0)
            vec_push(&o->chunks, ((struct hwc_out_chunk){s->offset, s->wall_us, s->mono_ns}));
    stats->samples_found = scan.samples.count;
    stats->bytes_cut = o->file.size - scan.end;
    *ret_chunk = scan.last_chunk;
    o->committed = scan.end;
    hwc_scan_done(&scan);
    rc = stats->bytes_cut ? outfile_truncate(&o->file, o->committed) : 0;
    if (rc)
        return err_at(e, rc, o->file.path, 0, 0, "cannot cut its damaged end off: %s",
                      strerror(-rc));
    return 0;
}

int hwc_out_open(struct hwc_file_out *o, const char *path, unsigned mode,
                 struct capture_writer_stats *stats, u32 *ret_chunk, struct err *e)
{
    u64 size;
    int rc = outfile_resume(&o->file, path, mode, &size, e);

    if (rc)
        return rc;
    if (flock(o->file.fd, LOCK_EX | LOCK_NB) < 0)
        return err_at(e, -errno, path, 0, 0,
                      errno == EWOULDBLOCK ? "another capture is writing it" : "cannot lock it");
    return find_end(o, stats, ret_chunk, e);
}

int hwc_out_create(struct hwc_file_out *o, const char *path, unsigned mode, struct err *e)
{
    int rc = outfile_open(&o->file, path, mode, e);

    if (rc == 0 && o->file.direct)
        rc = err_at(e, -EINVAL, path, 0, 0, "a capture is a regular file");
    return rc;
}

int hwc_out_finish(struct hwc_file_out *o, struct err *e)
{
    return outfile_commit(&o->file, e);
}

void hwc_out_close(struct hwc_file_out *o)
{
    outfile_abort(&o->file);
    vec_done(&o->chunks);
    *o = (struct hwc_file_out){.file.fd = -1};
}

/* On failure the samples before this one stay, and the file ends with a whole one. */
int hwc_out_append(struct hwc_file_out *o, const u8 *bytes, size_t count)
{
    int rc = outfile_put(&o->file, bytes, count);

    if (rc)
        outfile_truncate(&o->file, o->committed);
    return rc;
}

int hwc_out_commit(struct hwc_file_out *o, bool sync)
{
    o->committed = o->file.size;
    return sync && fdatasync(o->file.fd) < 0 ? -errno : 0;
}

void hwc_out_chunk(struct hwc_file_out *o, u64 wall_us, ns_t mono_ns)
{
    vec_push(&o->chunks, ((struct hwc_out_chunk){o->file.size, wall_us, mono_ns}));
}

/* Bytes from offset to the end of one file to another. */
static int copy_tail(int from, u64 offset, u64 end, struct outfile *to)
{
    enum { BYTES = 256 << 10 };
    u8 *buf = xmalloc(BYTES);
    int rc = 0;

    while (rc == 0 && offset < end) {
        ssize_t n = pread(from, buf, (size_t)MIN((u64)BYTES, end - offset), (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            rc = n < 0 ? -errno : -EIO;
        else
            rc = outfile_put(to, buf, (size_t)n);
        if (rc == 0)
            offset += (u64)n;
    }
    free(buf);
    return rc;
}

/* Make the file begin at chunk `first`. */
static int rewrite(struct hwc_file_out *o, size_t first)
{
    u64 start = o->chunks.items[first].offset;
    struct outfile shorter;
    struct stat st;
    int rc = fstat(o->file.fd, &st) < 0 ? -errno : 0;

    if (rc == 0)
        rc = outfile_open(&shorter, o->file.path, st.st_mode & 0777, NULL);
    if (rc)
        return rc;
    if (flock(shorter.fd, LOCK_EX | LOCK_NB) < 0)
        rc = -errno;
    if (rc == 0)
        rc = copy_tail(o->file.fd, start, o->committed, &shorter);
    if (rc == 0 && fdatasync(shorter.fd) < 0)
        rc = -errno;
    if (rc == 0)
        rc = outfile_keep(&shorter, NULL);
    if (rc) {
        outfile_abort(&shorter);
        return rc;
    }
    /* A tool that watches the page cache does not fill it: nobody will read this soon. */
    posix_fadvise(shorter.fd, 0, 0, POSIX_FADV_DONTNEED);
    posix_fadvise(o->file.fd, 0, 0, POSIX_FADV_DONTNEED);
    outfile_abort(&o->file);
    o->file = shorter;
    o->committed -= start;
    o->chunks.count -= first;
    memmove(o->chunks.items, o->chunks.items + first, o->chunks.count * sizeof(*o->chunks.items));
    vec_for_each (&o->chunks, c)
        c->offset -= start;
    o->chunks_dropped += first;
    return 0;
}

/* How many of the oldest chunks ended longer ago than that. A chunk ends where the next one begins.
 * A clock that is set ages nothing. */
static size_t count_expired(const struct hwc_file_out *o, ns_t keep_ns, u64 now_us,
                            ns_t now_mono_ns)
{
    struct hwc_out_chunk later = {0, now_us, now_mono_ns};
    ns_t age = 0;

    for (size_t i = o->chunks.count - 1; i > 0; i--) {
        const struct hwc_out_chunk *at = &o->chunks.items[i];

        if (later.mono_ns >= at->mono_ns)
            age += later.mono_ns - at->mono_ns;
        else if (later.wall_us > at->wall_us)
            age += MIN(later.wall_us - at->wall_us, keep_ns / NS_PER_US + 1) * NS_PER_US;
        if (age > keep_ns)
            return i;
        later = *at;
    }
    return 0;
}

int hwc_out_drop(struct hwc_file_out *o, u64 max_bytes, ns_t keep_ns, u64 now_us, ns_t now_mono_ns)
{
    size_t first = 0;

    if (o->chunks.count < 2)
        return 0;
    if (max_bytes && o->file.size > max_bytes - max_bytes / HWC_SLACK) {
        u64 goal = max_bytes - max_bytes / HWC_SLACK * 2;

        while (first < o->chunks.count - 1 && o->file.size - o->chunks.items[first].offset > goal)
            first++;
    }
    if (keep_ns) {
        size_t expired = count_expired(o, keep_ns, now_us, now_mono_ns);

        if (o->chunks.items[expired].offset > o->file.size / HWC_SLACK)
            first = MAX(first, expired);
    }
    return first ? rewrite(o, first) : 0;
}
