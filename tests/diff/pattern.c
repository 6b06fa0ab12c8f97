/* pattern.c - one named memory access pattern, the same natively, in a guest and under Valgrind.
 *
 * Used by:    reference.py (measures a real kernel) and by the recordings that highwater replays.
 * Footprint:  --pages N is everything the pattern touches, file and anonymous pages together; 4 KiB
 *             pages only.
 * Touches:    --touches M counts page touches after the anonymous pages were written once, in
 * order. Same bytes: the order depends on --seed alone. No floating point, no libm, no heap, no
 * tables that grow with N,
 *             no clock, no address, so that nothing but the pattern itself uses memory.
 * Result:     one line with a checksum over every value read. Two runs with the same arguments must
 *             print the same line.
 *
 * Build:      gcc -std=gnu11 -O2 -static -o pattern pattern.c
 * Use:        pattern make-file --pages 16384 --file F; pattern mmap-zipf-random --pages 16384
 *             --file F; pattern --list
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --pages must be a multiple of CHUNK_PAGES: a loop over the file is then whole chunks. */
enum { PAGE_BYTES = 4096, CHUNK_PAGES = 16 };

/* One touch in WRITE_ONE_IN is a store, the others are loads. */
enum { WRITE_ONE_IN = 4 };

/* With --nap: touches between two naps, one chunk. */
enum { NAP_TOUCHES = CHUNK_PAGES };

struct pattern;

struct run {
    const struct pattern *pattern;
    uint32_t pages;   /* footprint, file and anonymous together */
    uint64_t touches; /* after the first pass over anonymous pages */
    uint64_t seed;
    const char *path;

    uint64_t prng;
    uint64_t sum; /* over all values read */
    unsigned char *anon;
    uint32_t anon_pages;
    uint32_t nap_us; /* after every NAP_TOUCHES of uniform touches and of chunks read; 0: none */
    uint32_t noise;  /* bytes of each anonymous page that do not compress; the others are zero */
    unsigned char *map;
    int fd;
    uint32_t file_pages;
};

/* What part of the footprint is anonymous memory and what part is the file. */
enum share { ALL_ANON, ALL_FILE, HALF_HALF, TWO_THIRDS_ANON, NOTHING };

struct pattern {
    const char *name;
    const char *doc;
    void (*body)(struct run *);
    enum share share;
    uint32_t touches_per_page; /* default of --touches, in multiples of --pages */
    bool writes_file;
};

static unsigned char chunk[CHUNK_PAGES * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

static void fail(const char *what)
{
    fprintf(stderr, "pattern: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Random numbers ------------------------------------------------------------------------------- */

static uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* splitmix64 */
static uint64_t random_u64(struct run *r)
{
    r->prng += UINT64_C(0x9e3779b97f4a7c15);
    return mix64(r->prng);
}

static uint32_t random_below(struct run *r, uint32_t n)
{
    return (uint32_t)(((random_u64(r) >> 32) * n) >> 32);
}

static bool random_is_write(struct run *r)
{
    return random_below(r, WRITE_ONE_IN) == 0;
}

/* Zipf with exponent 1: rank i of 1..n has weight 1/i. Exact in integers: choose the octave [2^k,
 * 2^(k+1)) by its weight in fixed point, then a rank of it evenly, and keep that with probability
 * 2^k / i (at least one half). */
struct zipf {
    uint32_t n;
    unsigned n_octaves;
    uint64_t weight_to[32]; /* of octaves 0..k together */
};

static uint32_t octave_width(const struct zipf *z, unsigned k)
{
    uint32_t first = UINT32_C(1) << k;
    return z->n - first + 1 < first ? z->n - first + 1 : first;
}

static void zipf_init(struct zipf *z, uint32_t n)
{
    uint64_t sum = 0;
    z->n = n;
    for (z->n_octaves = 0; z->n_octaves < 32 && (n >> z->n_octaves) != 0; z->n_octaves++) {
        uint32_t first = UINT32_C(1) << z->n_octaves;
        for (uint32_t i = first; i < first + octave_width(z, z->n_octaves); i++)
            sum += (UINT64_C(1) << 40) / i;
        z->weight_to[z->n_octaves] = sum;
    }
}

/* A rank in 0..n-1, 0 the most frequent. */
static uint32_t zipf_draw(const struct zipf *z, struct run *r)
{
    uint64_t at = random_u64(r) % z->weight_to[z->n_octaves - 1];
    unsigned k = 0;
    uint32_t rank;
    while (z->weight_to[k] <= at)
        k++;
    do
        rank = (UINT32_C(1) << k) + random_below(r, octave_width(z, k));
    while (random_below(r, rank) >= UINT32_C(1) << k);
    return rank - 1;
}

/* A permutation of 0..n-1 without a table, so that frequent pages are not neighbours: a four-round
 * Feistel network over the next even number of bits, walked until it lands inside. */
static uint32_t scatter(const struct run *r, uint32_t n, uint32_t x)
{
    unsigned half = 1;
    while ((UINT64_C(1) << (2 * half)) < n)
        half++;
    uint32_t mask = (UINT32_C(1) << half) - 1;
    do {
        uint32_t left = x >> half;
        uint32_t right = x & mask;
        for (uint32_t round = 0; round < 4; round++) {
            uint32_t next =
                left ^ ((uint32_t)mix64(r->seed + right + ((uint64_t)(round + 1) << 40)) & mask);
            left = right;
            right = next;
        }
        x = (left << half) | right;
    } while (x >= n);
    return x;
}

/* Touches -------------------------------------------------------------------------------------- */

static void touch(struct run *r, unsigned char *base, uint32_t page, bool write)
{
    volatile uint64_t *word = (volatile uint64_t *)(void *)(base + (size_t)page * PAGE_BYTES);
    if (write)
        *word = mix64(r->prng ^ page) | 1;
    else
        r->sum = mix64(r->sum ^ *word);
}

static void touch_anon(struct run *r, uint32_t page)
{
    touch(r, r->anon, page, random_is_write(r));
}

/* One page by pread. The first word of every page of the file is its number (make-file). */
static void read_page(struct run *r, uint32_t page)
{
    uint64_t word;
    if (pread(r->fd, chunk, PAGE_BYTES, (off_t)page * PAGE_BYTES) != PAGE_BYTES)
        fail("pread");
    memcpy(&word, chunk, sizeof word);
    r->sum = mix64(r->sum ^ word);
}

static void nap(uint64_t us)
{
    struct timespec t = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

static void nap_if_due(const struct run *r, uint64_t touches_done)
{
    if (r->nap_us != 0 && touches_done % NAP_TOUCHES == 0)
        nap(r->nap_us);
}

static void map_file(struct run *r, int protection)
{
    size_t bytes = (size_t)r->file_pages * PAGE_BYTES;
    r->map = mmap(NULL, bytes, protection, MAP_SHARED, r->fd, 0);
    if (r->map == MAP_FAILED)
        fail("mmap of the file");
    madvise(r->map, bytes, MADV_NOHUGEPAGE); /* refused where the kernel has no huge pages */
}

/* Patterns ------------------------------------------------------------------------------------- */

static void anon_seq(struct run *r)
{
    for (uint64_t i = 0; i < r->touches; i++)
        touch_anon(r, (uint32_t)(i % r->pages));
}

static void anon_uniform(struct run *r)
{
    for (uint64_t i = 0; i < r->touches; i++) {
        touch_anon(r, random_below(r, r->pages));
        nap_if_due(r, i + 1);
    }
}

static void anon_zipf(struct run *r)
{
    struct zipf z;
    zipf_init(&z, r->pages);
    for (uint64_t i = 0; i < r->touches; i++)
        touch_anon(r, scatter(r, r->pages, zipf_draw(&z, r)));
}

/* Four footprints of zipf touches, then one pass over everything, and again. */
static void anon_zipf_scan(struct run *r)
{
    struct zipf z;
    uint64_t period = 5 * (uint64_t)r->pages;
    zipf_init(&z, r->pages);
    for (uint64_t i = 0; i < r->touches; i++) {
        uint64_t at = i % period;
        if (at < period - r->pages)
            touch_anon(r, scatter(r, r->pages, zipf_draw(&z, r)));
        else
            touch_anon(r, (uint32_t)(at - (period - r->pages)));
    }
}

/* Nine touches of ten are inside a window of a quarter of the footprint; it moves by its own size
 * eight times. */
static void anon_phases(struct run *r)
{
    uint32_t window = r->pages / 4;
    uint64_t per_phase = (r->touches + 7) / 8;
    for (uint64_t i = 0; i < r->touches; i++) {
        uint32_t start = (uint32_t)(i / per_phase % 4) * window;
        if (random_below(r, 10) != 0)
            touch_anon(r, start + random_below(r, window));
        else
            touch_anon(r, random_below(r, r->pages));
    }
}

/* A hot eighth, touched evenly at random, by turns with a loop over all the rest. */
static void anon_loop_hot(struct run *r)
{
    uint32_t hot = r->pages / 8;
    uint32_t rest = r->pages - hot;
    for (uint64_t i = 0; i < r->touches; i++) {
        if (i % 2 == 0)
            touch_anon(r, random_below(r, hot));
        else
            touch_anon(r, hot + (uint32_t)(i / 2 % rest));
    }
}

/* The parent owns two thirds. Each round a child writes every second page (one third: copies),
 * reads all and exits; then the parent writes all of its own. The parent waits meanwhile, so there
 * is one order only. */
static void fork_cow(struct run *r)
{
    uint64_t per_round = r->anon_pages / 2 + 2 * (uint64_t)r->anon_pages;
    for (uint64_t done = 0; done + per_round <= r->touches; done += per_round) {
        int status;
        pid_t child = fork();
        if (child < 0)
            fail("fork");
        if (child == 0) {
            for (uint32_t page = 0; page < r->anon_pages / 2; page++)
                touch(r, r->anon, 2 * page, true);
            for (uint32_t page = 0; page < r->anon_pages; page++)
                touch(r, r->anon, page, false);
            _exit((int)(r->sum & 0x7f));
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
            fprintf(stderr, "pattern: the child was killed\n");
            exit(1);
        }
        r->sum = mix64(r->sum ^ (uint64_t)WEXITSTATUS(status));
        for (uint32_t page = 0; page < r->anon_pages; page++)
            touch(r, r->anon, page, true);
    }
}

static void file_seq_read(struct run *r)
{
    for (uint64_t i = 0; i < r->touches; i += CHUNK_PAGES) {
        uint32_t page = (uint32_t)(i % r->file_pages);
        if (page == 0 && lseek(r->fd, 0, SEEK_SET) != 0)
            fail("lseek");
        if (read(r->fd, chunk, sizeof chunk) != (ssize_t)sizeof chunk)
            fail("read");
        for (uint32_t at = 0; at < CHUNK_PAGES; at++) {
            uint64_t word;
            memcpy(&word, chunk + (size_t)at * PAGE_BYTES, sizeof word);
            r->sum = mix64(r->sum ^ word);
        }
        nap_if_due(r, i + CHUNK_PAGES);
    }
}

static void file_zipf_pread(struct run *r)
{
    struct zipf z;
    zipf_init(&z, r->file_pages);
    for (uint64_t i = 0; i < r->touches; i++)
        read_page(r, scatter(r, r->file_pages, zipf_draw(&z, r)));
}

static void mmap_zipf(struct run *r)
{
    struct zipf z;
    zipf_init(&z, r->file_pages);
    map_file(r, PROT_READ);
    for (uint64_t i = 0; i < r->touches; i++)
        touch(r, r->map, scatter(r, r->file_pages, zipf_draw(&z, r)), false);
}

static void mmap_zipf_random(struct run *r)
{
    struct zipf z;
    zipf_init(&z, r->file_pages);
    map_file(r, PROT_READ);
    if (madvise(r->map, (size_t)r->file_pages * PAGE_BYTES, MADV_RANDOM) != 0)
        fail("MADV_RANDOM");
    for (uint64_t i = 0; i < r->touches; i++)
        touch(r, r->map, scatter(r, r->file_pages, zipf_draw(&z, r)), false);
}

static void mmap_dirty_seq(struct run *r)
{
    map_file(r, PROT_READ | PROT_WRITE);
    for (uint64_t i = 0; i < r->touches; i++)
        touch(r, r->map, (uint32_t)(i % r->file_pages), true);
}

static void write_chunk(struct run *r, uint64_t i)
{
    uint32_t page = (uint32_t)(i % r->file_pages);
    memset(chunk, (int)(i % 251) + 1, sizeof chunk);
    if (pwrite(r->fd, chunk, sizeof chunk, (off_t)page * PAGE_BYTES) != (ssize_t)sizeof chunk)
        fail("pwrite");
}

static void file_write_seq(struct run *r)
{
    for (uint64_t i = 0; i < r->touches; i += CHUNK_PAGES)
        write_chunk(r, i);
}

/* Like file-write-seq, with an fsync after every 16 chunks. */
static void file_write_fsync(struct run *r)
{
    for (uint64_t i = 0; i < r->touches; i += CHUNK_PAGES) {
        write_chunk(r, i);
        if (i / CHUNK_PAGES % 16 == 15 && fsync(r->fd) != 0)
            fail("fsync");
    }
}

static void file_zipf_pwrite(struct run *r)
{
    struct zipf z;
    zipf_init(&z, r->file_pages);
    for (uint64_t i = 0; i < r->touches; i++) {
        uint32_t page = scatter(r, r->file_pages, zipf_draw(&z, r));
        memset(chunk, (int)(i % 251) + 1, PAGE_BYTES);
        if (pwrite(r->fd, chunk, PAGE_BYTES, (off_t)page * PAGE_BYTES) != PAGE_BYTES)
            fail("pwrite");
    }
}

/* A file in memory, written once in order, then read in loops. */
static void memfd_loop(struct run *r)
{
    r->fd = memfd_create("pattern", 0);
    if (r->fd < 0)
        fail("memfd_create");
    r->file_pages = r->pages;
    for (uint64_t i = 0; i < r->pages; i += CHUNK_PAGES) {
        for (uint64_t at = 0; at < CHUNK_PAGES; at++) {
            uint64_t word = i + at;
            memcpy(chunk + at * PAGE_BYTES, &word, sizeof word);
        }
        if (write(r->fd, chunk, sizeof chunk) != (ssize_t)sizeof chunk)
            fail("write");
    }
    file_seq_read(r);
}

/* The first quarter is locked and never touched again; uniform touches of the rest. */
static void mlock_uniform(struct run *r)
{
    uint32_t locked = r->pages / 4;
    if (mlock(r->anon, (size_t)locked * PAGE_BYTES) != 0)
        fail("mlock");
    for (uint64_t i = 0; i < r->touches; i++)
        touch_anon(r, locked + random_below(r, r->pages - locked));
    if (munlock(r->anon, (size_t)locked * PAGE_BYTES) != 0)
        fail("munlock");
}

/* Touches are milliseconds: keep the memory so long. */
static void anon_hold(struct run *r)
{
    nap(r->touches * 1000);
}

/* By turns at random: an anonymous page, or 4 KiB of the file by pread; each half with its own zipf
 * order. */
static void mixed_zipf(struct run *r)
{
    struct zipf anon;
    struct zipf file;
    zipf_init(&anon, r->anon_pages);
    zipf_init(&file, r->file_pages);
    for (uint64_t i = 0; i < r->touches; i++) {
        if (random_below(r, 2) == 0)
            touch_anon(r, scatter(r, r->anon_pages, zipf_draw(&anon, r)));
        else
            read_page(r, scatter(r, r->file_pages, zipf_draw(&file, r)));
    }
}

/* Made patterns: what a seed makes of them, for cells that nobody has tuned on (fidelity.py
 * --fresh). The touches are divided into two to six phases; each has a part of the pages, its own
 * order of them and its own share of everything else. -------------------------- */

struct phase {
    uint32_t first, pages; /* the part */
    uint32_t stride;       /* of loops */
    uint32_t tenths;       /* of the touches that go elsewhere: a scan, or the file */
    uint64_t order;        /* seed of the scatter */
};

static struct phase phase_draw(struct run *r, uint32_t pages)
{
    static const uint32_t strides[] = {1, 1, 3, 7, 31};
    struct phase p = {0};
    p.pages = pages / 8 + random_below(r, pages - pages / 8) + 1;
    p.pages = p.pages > pages ? pages : p.pages;
    p.first = random_below(r, pages - p.pages + 1);
    p.stride = strides[random_below(r, sizeof strides / sizeof strides[0])];
    p.tenths = 1 + random_below(r, 6);
    p.order = random_u64(r);
    return p;
}

/* The n-th page of zipf touches of the phase. */
static uint32_t phase_zipf(struct run *r, const struct phase *p, const struct zipf *z)
{
    struct run order = {.seed = p->order};
    return p->first + scatter(&order, p->pages, zipf_draw(z, r));
}

static uint32_t phase_loop(const struct phase *p, uint64_t i)
{
    return p->first + (uint32_t)(i * p->stride % p->pages);
}

/* The body of a phase: touches of it, by its kind. */
typedef void phase_body(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n);

static void made(struct run *r, uint32_t pages, phase_body *body)
{
    uint32_t phases = 2 + random_below(r, 5);
    for (uint32_t i = 0; i < phases; i++) {
        struct phase p = phase_draw(r, pages);
        struct zipf z;
        zipf_init(&z, p.pages);
        body(r, &p, &z, r->touches / phases);
    }
}

static void loop_phase(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n)
{
    (void)z;
    for (uint64_t i = 0; i < n; i++)
        touch_anon(r, phase_loop(p, i));
}

static void zipf_phase(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        touch_anon(r, phase_zipf(r, p, z));
}

/* Zipf touches of the part, and now and then a pass over all the memory there is. */
static void scan_phase(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n)
{
    uint64_t period = (uint64_t)r->pages * 10 / p->tenths;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = i % period;
        if (at < period - r->pages)
            touch_anon(r, phase_zipf(r, p, z));
        else
            touch_anon(r, (uint32_t)(at - (period - r->pages)));
    }
}

static void mmap_phase(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        touch(r, r->map, phase_zipf(r, p, z), false);
}

/* Anonymous memory and the file have as many pages each: the part is one of both. */
static void mixture_phase(struct run *r, const struct phase *p, const struct zipf *z, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (random_below(r, 10) < p->tenths)
            read_page(r, phase_zipf(r, p, z));
        else
            touch_anon(r, phase_zipf(r, p, z));
    }
}

static void made_loop(struct run *r)
{
    made(r, r->anon_pages, loop_phase);
}

static void made_zipf(struct run *r)
{
    made(r, r->anon_pages, zipf_phase);
}

static void made_scan(struct run *r)
{
    made(r, r->anon_pages, scan_phase);
}

static void made_mmap(struct run *r)
{
    map_file(r, PROT_READ);
    if (madvise(r->map, (size_t)r->file_pages * PAGE_BYTES, MADV_RANDOM) != 0)
        fail("MADV_RANDOM");
    made(r, r->file_pages, mmap_phase);
}

static void made_mixture(struct run *r)
{
    made(r, r->anon_pages < r->file_pages ? r->anon_pages : r->file_pages, mixture_phase);
}

/* Rounds of a child that writes every few pages and reads a part, and of the parent that writes
 * another part. */
static void made_fork(struct run *r)
{
    for (uint64_t done = 0; done < r->touches;) {
        struct phase p = phase_draw(r, r->anon_pages);
        uint32_t every = 2 + random_below(r, 6);
        int status;
        pid_t child = fork();
        if (child < 0)
            fail("fork");
        if (child == 0) {
            for (uint32_t page = 0; page < r->anon_pages; page += every)
                touch(r, r->anon, page, true);
            for (uint32_t i = 0; i < p.pages; i++)
                touch(r, r->anon, p.first + i, false);
            _exit((int)(r->sum & 0x7f));
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
            fprintf(stderr, "pattern: the child was killed\n");
            exit(1);
        }
        r->sum = mix64(r->sum ^ (uint64_t)WEXITSTATUS(status));
        for (uint32_t i = 0; i < p.pages; i++)
            touch(r, r->anon, p.first + i, true);
        done += (uint64_t)r->anon_pages / every + 2 * (uint64_t)p.pages;
    }
}

static const struct pattern patterns[] = {
    {"anon-seq", "sequential anonymous: loops over all pages", anon_seq, ALL_ANON, 5, false},
    {"anon-zipf", "zipf anonymous", anon_zipf, ALL_ANON, 20, false},
    {"file-seq-read", "sequential file read: loops of 64 KiB read()", file_seq_read, ALL_FILE, 6,
     false},
    {"mmap-zipf-random", "zipf mmap file without readahead (MADV_RANDOM)", mmap_zipf_random,
     ALL_FILE, 20, false},
    {"fork-cow", "fork and copy-on-write", fork_cow, TWO_THIRDS_ANON, 10, false},
    {"anon-uniform", "uniform anonymous", anon_uniform, ALL_ANON, 8, false},
    {"anon-zipf-scan", "zipf anonymous with sequential scans", anon_zipf_scan, ALL_ANON, 20, false},
    {"anon-phases", "anonymous, the hot set moves", anon_phases, ALL_ANON, 20, false},
    {"anon-loop-hot", "anonymous loop with a hot set", anon_loop_hot, ALL_ANON, 10, false},
    {"mixed-zipf", "file (4 KiB pread) and anonymous zipf mixture", mixed_zipf, HALF_HALF, 20,
     false},
    {"mmap-zipf", "zipf mmap file with default readahead", mmap_zipf, ALL_FILE, 4, false},
    {"file-zipf-pread", "zipf 4 KiB pread", file_zipf_pread, ALL_FILE, 20, false},
    {"mmap-dirty-seq", "dirtying loops over a shared file mapping", mmap_dirty_seq, ALL_FILE, 4,
     true},
    {"file-write-seq", "dirtying loops of 64 KiB pwrite()", file_write_seq, ALL_FILE, 4, true},
    {"file-write-fsync", "the same with an fsync after every MiB", file_write_fsync, ALL_FILE, 1,
     true},
    {"file-zipf-pwrite", "zipf 4 KiB pwrite", file_zipf_pwrite, ALL_FILE, 4, true},
    {"memfd-loop", "a file in memory, written once and read in loops", memfd_loop, NOTHING, 3,
     false},
    {"mlock-uniform", "a locked quarter, uniform touches of the rest", mlock_uniform, ALL_ANON, 8,
     false},
    {"anon-hold", "anonymous memory that is kept for --touches milliseconds", anon_hold, ALL_ANON,
     1, false},
    {"made-loop", "loops over parts of anonymous memory, of a seed", made_loop, ALL_ANON, 10,
     false},
    {"made-zipf", "zipf touches of parts of anonymous memory, of a seed", made_zipf, ALL_ANON, 20,
     false},
    {"made-scan", "the same with passes over all of it, of a seed", made_scan, ALL_ANON, 20, false},
    {"made-mmap", "zipf touches of parts of a mapped file, of a seed", made_mmap, ALL_FILE, 20,
     false},
    {"made-mixture", "zipf touches of memory and pread of a file, of a seed", made_mixture,
     HALF_HALF, 20, false},
    {"made-fork", "fork and copy-on-write of parts, of a seed", made_fork, TWO_THIRDS_ANON, 10,
     false},
};
enum { PATTERN_COUNT = sizeof patterns / sizeof patterns[0] };

/* Program -------------------------------------------------------------------------------------- */

static void split_footprint(struct run *r)
{
    switch (r->pattern->share) {
    case ALL_ANON:
        r->anon_pages = r->pages;
        break;
    case ALL_FILE:
        r->file_pages = r->pages;
        break;
    case HALF_HALF:
        r->anon_pages = r->pages / 2;
        r->file_pages = r->pages - r->pages / 2;
        break;
    case TWO_THIRDS_ANON: /* the last third is the copies */
        r->anon_pages = r->pages / 3 * 2;
        break;
    case NOTHING: /* the body makes what it needs */
        break;
    }
}

static void open_file(struct run *r)
{
    if (r->path == NULL) {
        fprintf(stderr, "pattern: %s needs --file\n", r->pattern->name);
        exit(2);
    }
    r->fd = open(r->path, r->pattern->writes_file ? O_RDWR : O_RDONLY);
    if (r->fd < 0)
        fail(r->path);
    if (lseek(r->fd, 0, SEEK_END) < (off_t)r->file_pages * PAGE_BYTES) {
        fprintf(stderr, "pattern: %s is shorter than %u pages\n", r->path, r->file_pages);
        exit(1);
    }
    if (lseek(r->fd, 0, SEEK_SET) != 0)
        fail("lseek");
}

static void populate_anon(struct run *r)
{
    size_t bytes = (size_t)r->anon_pages * PAGE_BYTES;
    r->anon = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->anon == MAP_FAILED)
        fail("mmap");
    madvise(r->anon, bytes, MADV_NOHUGEPAGE);
    for (uint32_t page = 0; page < r->anon_pages; page++) {
        touch(r, r->anon, page, true);
        for (uint32_t word = 1; word < r->noise / sizeof(uint64_t); word++)
            ((volatile uint64_t *)(void *)(r->anon + (size_t)page * PAGE_BYTES))[word] =
                mix64(((uint64_t)page << 16) + word);
    }
}

static void make_file(const struct run *r)
{
    int fd = open(r->path == NULL ? "" : r->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        fail("make-file: --file");
    for (uint32_t page = 0; page < r->pages; page++) {
        for (uint64_t word = 0; word < PAGE_BYTES / sizeof word; word++) {
            uint64_t value = word == 0 ? page : mix64(((uint64_t)page << 16) + word);
            memcpy(chunk + word * sizeof word, &value, sizeof value);
        }
        if (write(fd, chunk, PAGE_BYTES) != PAGE_BYTES)
            fail("write");
    }
    if (fsync(fd) != 0 || close(fd) != 0)
        fail("fsync");
}

static void list(uint32_t pages)
{
    printf("name\tanon_pages\tfile_pages\ttouches\tdoc\n");
    for (size_t i = 0; i < PATTERN_COUNT; i++) {
        struct run r = {.pattern = &patterns[i], .pages = pages};
        split_footprint(&r);
        printf("%s\t%u\t%u\t%llu\t%s\n", r.pattern->name, r.anon_pages, r.file_pages,
               (unsigned long long)pages * r.pattern->touches_per_page, r.pattern->doc);
    }
}

static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end = NULL;
    unsigned long long value = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || end == text || *end != '\0' || value < min || value > max) {
        fprintf(stderr, "pattern: %s wants a number from %llu to %llu\n", option,
                (unsigned long long)min, (unsigned long long)max);
        exit(2);
    }
    return value;
}

static void usage(void)
{
    fprintf(stderr, "usage: pattern NAME [--pages N] [--touches M] [--seed S] [--file PATH]\n"
                    "               [--noise BYTES] [--nap MICROSECONDS]\n"
                    "       pattern make-file [--pages N] --file PATH\n"
                    "       pattern --list [--pages N]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    struct run r = {.pages = 16384, .seed = 1, .fd = -1};
    if (argc < 2 || argc % 2 != 0)
        usage();
    for (int i = 2; i < argc; i += 2) {
        if (strcmp(argv[i], "--pages") == 0)
            r.pages = (uint32_t)parse_number(argv[i], argv[i + 1], 64, UINT32_C(1) << 28);
        else if (strcmp(argv[i], "--touches") == 0)
            r.touches = parse_number(argv[i], argv[i + 1], 1, UINT64_C(1) << 40);
        else if (strcmp(argv[i], "--seed") == 0)
            r.seed = parse_number(argv[i], argv[i + 1], 0, UINT64_MAX);
        else if (strcmp(argv[i], "--nap") == 0)
            r.nap_us = (uint32_t)parse_number(argv[i], argv[i + 1], 0, 1000000);
        else if (strcmp(argv[i], "--noise") == 0)
            r.noise = (uint32_t)parse_number(argv[i], argv[i + 1], 0, PAGE_BYTES);
        else if (strcmp(argv[i], "--file") == 0)
            r.path = argv[i + 1];
        else
            usage();
    }
    r.prng = r.seed;
    if (r.pages % CHUNK_PAGES != 0) {
        fprintf(stderr, "pattern: --pages wants a multiple of %d\n", CHUNK_PAGES);
        exit(2);
    }

    if (strcmp(argv[1], "--list") == 0) {
        list(r.pages);
        return 0;
    }
    if (strcmp(argv[1], "make-file") == 0) {
        make_file(&r);
        return 0;
    }
    for (size_t i = 0; i < PATTERN_COUNT; i++)
        if (strcmp(argv[1], patterns[i].name) == 0)
            r.pattern = &patterns[i];
    if (r.pattern == NULL)
        usage();
    if (r.touches == 0)
        r.touches = (uint64_t)r.pages * r.pattern->touches_per_page;

    split_footprint(&r);
    if (r.file_pages != 0)
        open_file(&r);
    if (r.anon_pages != 0)
        populate_anon(&r);
    r.pattern->body(&r);
    dprintf(STDOUT_FILENO, "%s pages=%u touches=%llu seed=%llu sum=%016llx\n", r.pattern->name,
            r.pages, (unsigned long long)r.touches, (unsigned long long)r.seed,
            (unsigned long long)(r.sum ^ r.prng));
    return 0;
}
