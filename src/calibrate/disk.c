/* disk.c - latency and bandwidth of the device under a path, by a file of our own without a name.
 *
 * The file is written in order (bandwidth of writes), read at random and in order in pages
 * (latency), in order in large pieces (bandwidth of reads), written at random (latency of writes),
 * and read by ever more threads (requests at a time). With O_DIRECT where the file system has it;
 * else what was written is flushed, and the cache emptied of the file before it is read.
 */
#include "calibrate/calibrate_int.h"

#include "base/prng.h"
#include "base/units.h"
#include "frames/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PIECE       MIB
#define SAMPLES_MAX 4096u
#define THREADS_MAX 32u
#define BYTES_MIN   (16 * MIB)

struct disk_run {
    struct calibrate_disk *disk;
    const volatile int *stop;
    int fd;
    u64 deadline;
    u8 *buffer; /* PIECE bytes, aligned */
};

static int open_unnamed(const char *folder, int flags)
{
    char name[4096];
    /* lint: no result, which outfile.h is for: a file that nobody else ever sees */
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
        return fd >= 0 ? fd : -errno;
    if (snprintf(name, sizeof(name), "%s/.highwater-XXXXXX", folder) >= (int)sizeof(name))
        return -ENAMETOOLONG;
    /* lint: the same where there are no files without a name */
    fd = mkostemp(name, O_CLOEXEC | flags);
    if (fd < 0)
        return -errno;
    unlink(name); /* lint: at once */
    return fd;
}

int calibrate_unnamed_file(const char *path, int flags)
{
    char folder[4096];
    struct stat st;

    if (stat(path, &st))
        return -errno;
    if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
        return -ENAMETOOLONG;
    return open_unnamed(S_ISDIR(st.st_mode) ? folder : dirname(folder), flags);
}

static bool over(const struct disk_run *r, u64 until)
{
    return (r->stop && *r->stop) || calibrate_now() >= MIN(until, r->deadline);
}

/* Bytes to write: as much as there is comfortably room for. */
static u64 bytes_to_use(int fd)
{
    struct statvfs fs;

    if (fstatvfs(fd, &fs))
        return BYTES_MIN;
    return MIN(CALIBRATE_DISK_BYTES, (u64)fs.f_bavail * fs.f_frsize / 8) / PIECE * PIECE;
}

/* Whole pieces until the time is over. A negative errno when not even BYTES_MIN could be
 * written. */
static int write_file(struct disk_run *r, u64 bytes, u64 ns)
{
    double rates[SAMPLES_MAX];
    u64 until = calibrate_now() + ns;
    unsigned nr = 0;

    for (u64 at = 0; at < bytes && nr < SAMPLES_MAX; at += PIECE) {
        u64 began = calibrate_now();

        if (pwrite(r->fd, r->buffer, PIECE, (off_t)at) != (ssize_t)PIECE)
            return errno ? -errno : -EIO;
        if (!r->disk->direct && fdatasync(r->fd))
            return -errno;
        rates[nr++] = (double)PIECE * NS_PER_S / (double)MAX(calibrate_now() - began, (u64)1);
        r->disk->bytes = at + PIECE;
        if (r->disk->bytes >= BYTES_MIN && over(r, until))
            break;
    }
    r->disk->write_rate = calibrate_figure_of(rates, nr);
    return fdatasync(r->fd) ? -errno : 0;
}

static bool transfer(const struct disk_run *r, bool write, u64 at, u64 bytes)
{
    ssize_t done;

    if (write) {
        done = pwrite(r->fd, r->buffer, bytes, (off_t)at);
        return done == (ssize_t)bytes && (r->disk->direct || fdatasync(r->fd) == 0);
    }
    return pread(r->fd, r->buffer, bytes, (off_t)at) == (ssize_t)bytes;
}

static void forget_cache(const struct disk_run *r)
{
    if (!r->disk->direct) {
        fdatasync(r->fd);
        posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED);
        posix_fadvise(r->fd, 0, 0, POSIX_FADV_RANDOM);
    }
}

/* ns of transfers of so many bytes, at random places or one after the other. */
static struct calibrate_figure time_transfers(struct disk_run *r, bool write, bool random,
                                              u64 bytes, u64 ns)
{
    static double values[SAMPLES_MAX];
    u64 until = calibrate_now() + ns, places = r->disk->bytes / bytes;
    unsigned nr = 0;
    struct prng p;

    prng_seed(&p, 1);
    forget_cache(r);
    for (u64 i = 0; nr < SAMPLES_MAX && !over(r, until); i++) {
        u64 at = (random ? prng_below(&p, places) : i % places) * bytes, began = calibrate_now();

        if (!transfer(r, write, at, bytes))
            break;
        values[nr++] = (double)(calibrate_now() - began);
    }
    return calibrate_figure_of(values, nr);
}

static struct calibrate_figure rate_of(struct calibrate_figure ns, u64 bytes)
{
    double at_once = (double)bytes * NS_PER_S;

    if (!ns.rounds)
        return ns;
    return (struct calibrate_figure){.median = at_once / ns.median,
                                     .low = at_once / ns.high,
                                     .high = at_once / ns.low,
                                     .rounds = ns.rounds};
}

struct reader {
    const struct disk_run *r;
    u64 until, done, seed;
};

static void *read_pages(void *ctx)
{
    struct reader *me = ctx;
    const struct disk_run *r = me->r;
    void *page = NULL;
    struct prng p;

    prng_seed(&p, me->seed);
    if (posix_memalign(&page, PAGE_SIZE, PAGE_SIZE))
        return NULL;
    while (!over(r, me->until)) {
        u64 at = prng_below(&p, r->disk->bytes / PAGE_SIZE) * PAGE_SIZE;

        if (pread(r->fd, page, PAGE_SIZE, (off_t)at) != (ssize_t)PAGE_SIZE)
            break;
        me->done++;
    }
    free(page);
    return NULL;
}

/* Random reads a second by so many threads. */
static double reads_per_s(struct disk_run *r, unsigned threads, u64 ns)
{
    struct reader readers[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    u64 began, done = 0;
    unsigned nr = 0;

    forget_cache(r);
    began = calibrate_now();
    for (; nr < threads; nr++) {
        readers[nr] = (struct reader){.r = r, .until = began + ns, .seed = nr + 2};
        if (pthread_create(&ids[nr], NULL, read_pages, &readers[nr]))
            break;
    }
    for (unsigned i = 0; i < nr; i++) {
        pthread_join(ids[i], NULL);
        done += readers[i].done;
    }
    return (double)done * NS_PER_S / (double)MAX(calibrate_now() - began, (u64)1);
}

/* How many at a time give what it can do at most: reads a second times the time of one (Little). */
static void find_queue_depth(struct disk_run *r)
{
    double most = 0;

    for (unsigned threads = 4; threads <= THREADS_MAX; threads *= 2)
        most = MAX(most, reads_per_s(r, threads, NS_PER_S / 5));
    r->disk->queue_depth = (u32)CLAMP(most * r->disk->read_ns.median / NS_PER_S + 0.5, 1.0, 256.0);
}

int calibrate_disk_run(struct calibrate_disk *disk, u64 deadline, const volatile int *stop,
                       struct err *e)
{
    struct disk_run r = {.disk = disk, .stop = stop, .deadline = deadline};
    void *buffer = NULL;
    int rc;

    r.fd = calibrate_unnamed_file(disk->path, O_DIRECT);
    disk->direct = r.fd >= 0;
    if (!disk->direct)
        r.fd = calibrate_unnamed_file(disk->path, 0);
    if (r.fd < 0)
        return err_at(e, r.fd, disk->path, 0, 0, "cannot make a file there: %s", strerror(-r.fd));
    if (posix_memalign(&buffer, PAGE_SIZE, PIECE)) {
        close(r.fd);
        return err_at(e, -ENOMEM, disk->path, 0, 0, "no memory for a buffer");
    }
    r.buffer = buffer;
    for (u64 i = 0; i < PIECE; i++) /* no zeroes: some devices do not write them */
        r.buffer[i] = (u8)(i * 2654435761u >> 13);
    rc = bytes_to_use(r.fd) < BYTES_MIN ? -ENOSPC : write_file(&r, bytes_to_use(r.fd), NS_PER_S);
    if (rc == 0 && disk->bytes) {
        disk->read_ns = time_transfers(&r, false, true, PAGE_SIZE, NS_PER_S / 2);
        disk->next_ns = time_transfers(&r, false, false, PAGE_SIZE, NS_PER_S / 4);
        disk->read_rate = rate_of(time_transfers(&r, false, false, PIECE, NS_PER_S / 2), PIECE);
        disk->write_ns = time_transfers(&r, true, true, PAGE_SIZE, NS_PER_S / 2);
        find_queue_depth(&r);
        /* An arm and a platter: milliseconds, and hardly any where the last request ended. */
        disk->rotational =
            disk->read_ns.median > 2 * NS_PER_MS && disk->next_ns.median * 3 < disk->read_ns.median;
    }
    free(buffer);
    close(r.fd);
    if (stop && *stop)
        return -EINTR;
    if (rc)
        return err_at(e, rc, disk->path, 0, 0, "cannot write %llu bytes there: %s",
                      (unsigned long long)BYTES_MIN, strerror(-rc));
    return 0;
}
