/* memory.c - one round of timings of the CPU and the kernel's work with pages.
 *
 * Nothing here is more than 64 MiB or 50 ms. What the host refuses (a filter of system calls, no
 * pages to be had) is left out.
 */
#include "calibrate/calibrate_int.h"

#include "backing/compress.h"
#include "base/abi.h"
#include "base/alloc.h"
#include "base/prng.h"
#include "base/units.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHAIN      1000000u
#define CALLS      20000u
#define AREA_PAGES 4096u /* 16 MiB */
#define FILE_PAGES 2048u
#define MMAPS      2000u
#define FORKS      8u
#define TURNS      1000u
#define HEAP_PAGES 256u
#define READ_BYTES (1 * MIB)

/* CPU time of this thread and of children that were waited for, in ns: what else runs on the host
 * does not count. */
static u64 cpu_now(void)
{
    struct rusage children;
    struct timespec own;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return (u64)own.tv_sec * NS_PER_S + (u64)own.tv_nsec +
           (u64)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * NS_PER_S +
           (u64)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * NS_PER_US;
}

static double per(u64 began, double count)
{
    return (double)(cpu_now() - began) / count;
}

/* Six operations a step, each of which waits for the one before: a cycle each on any CPU. */
static double time_cycle(void)
{
    u64 x = cpu_now() | 1, began = cpu_now();

    for (u32 i = 0; i < CHAIN; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        __asm__ volatile("" : "+r"(x));
    }
    return per(began, 6.0 * CHAIN);
}

static double time_syscall(void)
{
    u64 began = cpu_now();

    for (u32 i = 0; i < CALLS; i++)
        syscall(SYS_getppid);
    return per(began, CALLS);
}

/* Anonymous memory in small pages; NULL when there is none to be had. */
static u8 *area_new(u32 pages)
{
    u8 *area =
        mmap(NULL, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED)
        return NULL;
    madvise(area, pages * PAGE_SIZE, MADV_NOHUGEPAGE);
    return area;
}

static void touch(volatile u8 *area, u32 pages)
{
    for (u32 i = 0; i < pages; i++)
        area[i * PAGE_SIZE] = 1;
}

static void time_area(double *ns)
{
    u8 *area = area_new(AREA_PAGES);
    u64 began;

    if (!area)
        return;
    began = cpu_now();
    touch(area, AREA_PAGES);
    ns[CALIBRATE_TOUCH] = per(began, AREA_PAGES);
    began = cpu_now();
    for (u32 i = 0; i < AREA_PAGES; i++) {
        memset(area + i * PAGE_SIZE, 0, PAGE_SIZE);
        __asm__ volatile("" ::: "memory");
    }
    ns[CALIBRATE_ZERO] = per(began, AREA_PAGES);
    began = cpu_now();
    for (u32 i = 0; i < AREA_PAGES / 2; i++) {
        memcpy(area + i * PAGE_SIZE, area + (AREA_PAGES / 2 + i) * PAGE_SIZE, PAGE_SIZE);
        __asm__ volatile("" ::: "memory");
    }
    ns[CALIBRATE_COPY] = per(began, AREA_PAGES / 2);
    began = cpu_now();
    munmap(area, AREA_PAGES * PAGE_SIZE);
    ns[CALIBRATE_UNMAP] = per(began, AREA_PAGES);
}

static bool fill_file(int fd, const u8 *bytes)
{
    for (u64 at = 0; at < FILE_PAGES * PAGE_SIZE; at += READ_BYTES)
        if (pwrite(fd, bytes, READ_BYTES, (off_t)at) != (ssize_t)READ_BYTES)
            return false;
    return true;
}

/* A file that is in the cache. */
static void time_file(double *ns)
{
    int fd = memfd_create("calibrate", MFD_CLOEXEC);
    u8 *bytes = xcalloc(1, READ_BYTES);
    volatile const u8 *map;
    u8 sum = 0;
    u64 began;

    if (fd < 0 || !fill_file(fd, bytes)) {
        free(bytes);
        if (fd >= 0)
            close(fd);
        return;
    }
    began = cpu_now();
    fill_file(fd, bytes);
    ns[CALIBRATE_WRITE_PAGE] = per(began, FILE_PAGES);
    began = cpu_now();
    for (u64 at = 0; at < FILE_PAGES * PAGE_SIZE; at += READ_BYTES)
        if (pread(fd, bytes, READ_BYTES, (off_t)at) < 0)
            break;
    ns[CALIBRATE_READ_PAGE] = per(began, FILE_PAGES);
    map = mmap(NULL, FILE_PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        began = cpu_now();
        for (u32 i = 0; i < FILE_PAGES; i++)
            sum += map[i * PAGE_SIZE];
        ns[CALIBRATE_MAP_AROUND] = per(began, FILE_PAGES);
        munmap((void *)(uintptr_t)map, FILE_PAGES * PAGE_SIZE);
    }
    __asm__ volatile("" ::"r"(sum));
    free(bytes);
    close(fd);
}

static double time_mmap(void)
{
    u64 began = cpu_now();

    for (u32 i = 0; i < MMAPS; i++) {
        void *at = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED)
            return 0;
        munmap(at, PAGE_SIZE);
    }
    return per(began, MMAPS);
}

/* fork, exit, wait. 0: the host lets us have no process. */
static double time_forks(void)
{
    u64 began = cpu_now();

    for (u32 i = 0; i < FORKS; i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(0); /* lint: the child, whose end is what is timed */
        if (child < 0 || waitpid(child, NULL, 0) < 0)
            return 0;
    }
    return per(began, FORKS);
}

static void time_fork(double *ns)
{
    double plain = time_forks(), large;
    u8 *area = plain > 0 ? area_new(AREA_PAGES) : NULL;

    ns[CALIBRATE_FORK] = plain;
    if (!area)
        return;
    touch(area, AREA_PAGES);
    large = time_forks();
    munmap(area, AREA_PAGES * PAGE_SIZE);
    if (large > plain)
        ns[CALIBRATE_FORK_PAGE] = (large - plain) / AREA_PAGES;
}

/* Both on the CPU we are on. */
static void echo(int in, int out)
{
    char byte;

    while (read(in, &byte, 1) == 1 && write(out, &byte, 1) == 1)
        ;
    _exit(0); /* lint: the child */
}

static bool take_turns(int to, int from)
{
    char byte = 0;

    for (u32 i = 0; i < TURNS; i++)
        if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
            return false;
    return true;
}

static double time_pipes(const int there[2], const int back[2])
{
    u64 began = cpu_now();
    pid_t child = fork();
    bool done;

    if (child == 0) {
        close(there[1]);
        close(back[0]);
        echo(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    done = child > 0 && take_turns(there[1], back[0]);
    close(there[1]);
    close(back[0]);
    if (child > 0)
        waitpid(child, NULL, 0); /* its CPU time counts from here on */
    return done ? per(began, TURNS) : 0;
}

static double time_switch(void)
{
    int there[2], back[2];
    cpu_set_t before, one;
    double ns;

    if (sched_getaffinity(0, sizeof(before), &before) || pipe2(there, O_CLOEXEC))
        return 0;
    if (pipe2(back, O_CLOEXEC)) {
        close(there[0]);
        close(there[1]);
        return 0;
    }
    CPU_ZERO(&one);
    CPU_SET((unsigned)MAX(sched_getcpu(), 0), &one);
    sched_setaffinity(0, sizeof(one), &one);
    ns = time_pipes(there, back);
    sched_setaffinity(0, sizeof(before), &before);
    return ns;
}

/* Pages of the map that are in memory. */
static u32 resident(void *map, u32 pages)
{
    unsigned char *in = xcalloc(pages, 1);
    u32 nr = 0;

    if (mincore(map, pages * PAGE_SIZE, in) == 0)
        for (u32 i = 0; i < pages; i++)
            nr += in[i] & 1;
    free(in);
    return nr;
}

static double time_pageout(void *map)
{
    volatile const u8 *bytes = map;
    u32 before, after;
    u8 sum = 0;
    double ns;
    u64 began;

    for (u32 i = 0; i < FILE_PAGES; i++)
        sum += bytes[i * PAGE_SIZE];
    __asm__ volatile("" ::"r"(sum));
    before = resident(map, FILE_PAGES);
    began = cpu_now();
    if (madvise(map, FILE_PAGES * PAGE_SIZE, ABI_MADV_PAGEOUT))
        return 0;
    ns = (double)(cpu_now() - began);
    after = resident(map, FILE_PAGES);
    return before > after + FILE_PAGES / 2 ? ns / (before - after) : 0;
}

/* Reclaim as madvise lets anybody have it, of clean pages of a file of our own. */
static double time_reclaim(const char *path)
{
    int fd = calibrate_unnamed_file(path, 0);
    u8 *bytes = xcalloc(1, READ_BYTES);
    double ns = 0;
    void *map;

    if (fd >= 0 && fill_file(fd, bytes) && fdatasync(fd) == 0) {
        map = mmap(NULL, FILE_PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) {
            ns = time_pageout(map);
            munmap(map, FILE_PAGES * PAGE_SIZE);
        }
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
    return ns;
}

/* Records of pointers with the same upper half, small numbers, words of text and unused rest: the
 * ratio of real heaps, about. */
static void fill_heap_page(struct prng *p, u8 *page)
{
    static const char *const words[] = {"name",   "/usr/lib/python3", "customer", "cancelled",
                                        "status", "2026-11-25",       "value",    "0x7ffc"};
    u32 rest = (u32)prng_below(p, PAGE_SIZE / 2), at = 0;
    u64 base = 0x00007f0000000000ull + prng_below(p, 1u << 20) * PAGE_SIZE;

    memset(page, 0, PAGE_SIZE);
    while (at + 64 < PAGE_SIZE - rest) {
        u64 record[4] = {base + prng_below(p, 1u << 16) * 16, prng_below(p, 200),
                         base + prng_below(p, 1u << 16) * 16, prng_next(p) >> 40};
        const char *word = words[prng_below(p, ARRAY_SIZE(words))];

        memcpy(page + at, record, sizeof(record));
        memcpy(page + at + sizeof(record), word, strlen(word));
        at += 48 + (u32)prng_below(p, 2) * 8;
    }
}

static void time_compressor(enum compressor_id id, const u8 *pages, double *ret_pack,
                            double *ret_unpack)
{
    const struct compress_model model = {0};
    struct cost_model cost;
    struct compressor c;
    u8 *packed = xmalloc(HEAP_PAGES * PAGE_SIZE), page[PAGE_SIZE];
    u32 size[HEAP_PAGES];
    u64 began;

    cost_model_init(&cost);
    compressor_init(&c, id, &model, &cost);
    began = cpu_now();
    for (u32 i = 0; i < HEAP_PAGES; i++) {
        size[i] = MIN(compressor_pack(&c, pages + i * PAGE_SIZE, 0), (u32)PAGE_SIZE);
        memcpy(packed + i * PAGE_SIZE, c.data, size[i]);
    }
    *ret_pack = per(began, HEAP_PAGES);
    began = cpu_now();
    for (u32 i = 0; i < HEAP_PAGES; i++)
        compressor_unpack(&c, packed + i * PAGE_SIZE, size[i], page);
    *ret_unpack = per(began, HEAP_PAGES);
    compressor_done(&c);
    free(packed);
}

static void time_compressors(double *ns)
{
    u8 *pages = xmalloc(HEAP_PAGES * PAGE_SIZE);
    struct prng p;

    prng_seed(&p, 1);
    for (u32 i = 0; i < HEAP_PAGES; i++)
        fill_heap_page(&p, pages + i * PAGE_SIZE);
    time_compressor(COMPRESSOR_LZ4, pages, &ns[CALIBRATE_LZ4], &ns[CALIBRATE_UNLZ4]);
    time_compressor(COMPRESSOR_ZSTD, pages, &ns[CALIBRATE_ZSTD], &ns[CALIBRATE_UNZSTD]);
    free(pages);
}

void calibrate_memory_round(double ns[NR_CALIBRATE_TIMINGS], const char *pageout_path)
{
    ns[CALIBRATE_CYCLE] = time_cycle();
    ns[CALIBRATE_SYSCALL] = time_syscall();
    time_area(ns);
    time_file(ns);
    ns[CALIBRATE_MMAP] = time_mmap();
    time_fork(ns);
    ns[CALIBRATE_SWITCH] = time_switch();
    if (pageout_path)
        ns[CALIBRATE_RECLAIM] = time_reclaim(pageout_path);
    time_compressors(ns);
}
