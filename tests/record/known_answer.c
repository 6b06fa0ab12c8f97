/* known_answer.c - touches memory in every way a recorder may miss, and says which pages it
 * touched.
 *
 * All accesses that count fall into one arena. What each does to which bytes is noted beside it, in
 * memory outside the arena, from the meaning of the operation and not from any observation. On
 * stdout:
 *
 *     arena ADDRESS PAGES
 *     r N     page N of the arena was read and not written
 *     w N     page N was written
 *
 * Use: known_answer SCRATCH_FILE
 */
#define _GNU_SOURCE
#include <assert.h>
#include <emmintrin.h>
#include <fcntl.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE  4096ul
#define PAGES 16384ul
#define SEEDS 4000u

enum { READ = 1, WRITE = 2 };

static unsigned char *arena;
static unsigned char touched[PAGES];
static size_t next_page; /* each exercise takes pages of its own */

static void note(const volatile void *at, size_t bytes, int how)
{
    size_t first = (size_t)((const volatile unsigned char *)at - arena) / PAGE;
    size_t last = ((size_t)((const volatile unsigned char *)at - arena) + bytes - 1) / PAGE;

    assert(bytes > 0 && last < PAGES);
    for (size_t p = first; p <= last; p++)
        touched[p] |= (unsigned char)how;
}

/* The start of n fresh pages; one untouched page stays before and after them. */
static unsigned char *fresh(size_t n)
{
    unsigned char *p = arena + (next_page + 1) * PAGE;

    next_page += n + 1;
    assert(next_page < PAGES);
    return p;
}

/* ---- plain loads and stores, on and across page boundaries ---- */

#define STRADDLE(type, back)                          \
    do {                                              \
        unsigned char *at = fresh(2) + PAGE - (back); \
        *(volatile type *)at = (type)1;               \
        note(at, sizeof(type), WRITE);                \
        at = fresh(2) + PAGE - (back);                \
        sink += (uint64_t) * (volatile type *)at;     \
        note(at, sizeof(type), READ);                 \
    } while (0)

static uint64_t straddles(void)
{
    uint64_t sink = 0;

    STRADDLE(uint16_t, 1);
    STRADDLE(uint32_t, 1);
    STRADDLE(uint32_t, 3);
    STRADDLE(uint64_t, 1);
    STRADDLE(uint64_t, 4);
    STRADDLE(uint64_t, 7);
    STRADDLE(uint64_t, 8); /* ends with the page */
    STRADDLE(uint8_t, 1);
    for (unsigned back = 1; back <= 16; back += 5) {
        unsigned char *at = fresh(2) + PAGE - back;

        _mm_storeu_si128((__m128i *)at, _mm_set1_epi8(3));
        note(at, 16, WRITE);
    }
    return sink;
}

__attribute__((target("avx"))) static void straddles_avx(void)
{
    for (unsigned back = 1; back <= 32; back += 6) {
        unsigned char *at = fresh(2) + PAGE - back;
        unsigned char *from = fresh(2) + PAGE - back;

        _mm256_storeu_si256((__m256i *)at, _mm256_loadu_si256((const __m256i *)from));
        note(from, 32, READ);
        note(at, 32, WRITE);
    }
}

/* Fields at constant offsets from one base, near and far, some behind a branch. */
struct record {
    uint64_t head;
    char gap1[4000];
    uint64_t middle;
    char gap2[5000];
    uint64_t tail;
};

__attribute__((noinline)) static uint64_t fields(volatile struct record *r, int more)
{
    uint64_t sum = r->head;

    r->middle = sum + 1;
    if (more)
        sum += r->tail;
    return sum;
}

static uint64_t records(void)
{
    uint64_t sum = 0;

    for (unsigned shift = 0; shift < 4096; shift += 509) {
        struct record *r = (struct record *)(void *)(fresh(4) + shift);
        int more = shift & 1;

        sum += fields(r, more);
        note(&r->head, 8, READ);
        note(&r->middle, 8, WRITE);
        if (more)
            note(&r->tail, 8, READ);
    }
    return sum;
}

static uint64_t scattered(void)
{
    unsigned char *base = fresh(9000);
    uint64_t x = 88172645463325252u, sum = 0;

    for (unsigned i = 0; i < SEEDS; i++) {
        size_t offset;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        offset = x % (9000 * PAGE - 8);
        if (x >> 62 == 0) {
            *(volatile uint64_t *)(base + offset) = x;
            note(base + offset, 8, WRITE);
        } else {
            sum += *(volatile uint64_t *)(base + offset);
            note(base + offset, 8, READ);
        }
    }
    return sum;
}

/* ---- string instructions, atomics, library copies ---- */

static void strings(void)
{
    unsigned char *to = fresh(4) + 100, *from = fresh(4) + 200;
    void *d = to;
    const void *s = from;
    size_t n = 3 * PAGE;

    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    note(from, 3 * PAGE, READ);
    note(to, 3 * PAGE, WRITE);

    to = fresh(3) + 4;
    d = to;
    n = PAGE / 4;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(n) : "a"(7ul) : "memory");
    note(to, 2 * PAGE, WRITE);

    from = fresh(2) + PAGE - 4;
    d = from;
    n = 8;
    __asm__ volatile("repne scasb" : "+D"(d), "+c"(n) : "a"(1) : "memory", "cc");
    note(from, 8, READ);

    n = 0; /* nothing at all */
    d = fresh(1);
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(0) : "memory");
}

static void atomics(void)
{
    uint64_t *p = (uint64_t *)(void *)(fresh(1) + 64);
    uint64_t expected = 1;
    unsigned char *bits, *pair;

    __atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST);
    note(p, 8, WRITE);

    p = (uint64_t *)(void *)fresh(1);
    __atomic_compare_exchange_n(p, &expected, 2, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    note(p, 8, WRITE); /* a failing exchange writes back what was there */

    p = (uint64_t *)(void *)(fresh(1) + PAGE - 8);
    __atomic_exchange_n(p, 5, __ATOMIC_SEQ_CST);
    note(p, 8, WRITE);

    pair = fresh(1) + 32;
    __asm__ volatile("lock cmpxchg16b (%0)"
                     :
                     : "r"(pair), "a"(0l), "d"(0l), "b"(1l), "c"(2l)
                     : "memory", "cc");
    note(pair, 16, WRITE);

    bits = fresh(3); /* bts reaches beyond its operand */
    __asm__ volatile("bts %1, (%0)" : : "r"(bits), "r"(8 * PAGE + 3) : "memory", "cc");
    note(bits + PAGE, 1, WRITE);

    bits = fresh(1);
    __asm__ volatile("incl (%0)" : : "r"(bits) : "memory", "cc");
    note(bits, 4, WRITE);

    bits = fresh(2) + PAGE - 8;
    __asm__ volatile("pushq %%rax; movq %%rsp, %%rcx; movq %0, %%rsp; pushq %%rcx; popq %%rax; "
                     "movq %%rcx, %%rsp; popq %%rax"
                     :
                     : "r"(bits + 12)
                     : "rax", "rcx", "memory");
    note(bits + 4, 8, WRITE);
}

static void library(void)
{
    static const size_t sizes[] = {1, 15, 64, 100, 4096, 4097, 20000, 300000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = sizes[i];
        unsigned char *a = fresh(n / PAGE + 2) + 4000, *b = fresh(n / PAGE + 2) + 13;

        memset(a, (int)i, n);
        note(a, n, WRITE);
        memcpy(b, a, n);
        note(b, n, WRITE);
        a = fresh(n / PAGE + 2) + 77;
        memmove(b, a, n);
        note(a, n, READ);
    }
}

/* ---- what system calls read and write ---- */

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(2);
    }
}

static void files(const char *scratch)
{
    unsigned char *a = fresh(3) + 4090;
    int fd = open(scratch, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct iovec iov[2];

    check(fd >= 0, "open");
    check(write(fd, a, 5000) == 5000, "write");
    note(a, 5000, READ);
    a = fresh(3) + 1;
    check(pread(fd, a, 4096, 100) == 4096, "pread");
    note(a, 4096, WRITE);
    a = fresh(5);
    check(pread(fd, a, 5 * PAGE, 4000) == 1000, "pread, short");
    note(a, 1000, WRITE);
    a = fresh(1);
    check(read(fd, a, 100) == 0, "read at the end");
    iov[0] = (struct iovec){fresh(2) + PAGE - 10, 20};
    iov[1] = (struct iovec){fresh(3), 10000};
    check(lseek(fd, 0, SEEK_SET) == 0, "lseek");
    check(readv(fd, iov, 2) == 5000, "readv");
    note(iov[0].iov_base, 20, WRITE);
    note(iov[1].iov_base, 4980, WRITE);
    iov[0].iov_base = fresh(1) + 9;
    iov[1] = (struct iovec){fresh(2) + 4000, 200};
    check(writev(fd, iov, 2) == 220, "writev");
    note(iov[0].iov_base, 20, READ);
    note(iov[1].iov_base, 200, READ);
    close(fd);
}

static void others(const char *scratch)
{
    unsigned char *a = fresh(2) + PAGE - 4;
    int ends[2];
    struct stat *st;
    char *name;

    check(pipe(ends) == 0, "pipe");
    check(write(ends[1], a, 8) == 8, "write to a pipe");
    note(a, 8, READ);
    a = fresh(3) + PAGE - 3;
    check(read(ends[0], a, 8000) == 8, "read from a pipe");
    note(a, 8, WRITE);

    name = (char *)fresh(2) + PAGE - 1;
    check(getcwd(name, PAGE) != NULL, "getcwd");
    note(name, strlen(name) + 1, WRITE);

    name = (char *)fresh(2) + PAGE - 2;
    strcpy(name, "/etc/passwd");
    note(name, 12, WRITE);
    check(access(name, R_OK) == 0, "access");

    st = (struct stat *)(void *)(fresh(2) + PAGE - 16);
    check(stat(scratch, st) == 0, "stat");
    note(st, sizeof(*st), WRITE);

    name = (char *)fresh(1);
    check(access(name, R_OK) != 0, "access of nothing"); /* reads the empty string */
    note(name, 1, READ);
}

int main(int argc, char **argv)
{
    uint64_t sink = 0;

    check(argc == 2, "use: known_answer SCRATCH_FILE");
    arena = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(arena != MAP_FAILED, "mmap");
    sink += straddles();
    if (__builtin_cpu_supports("avx"))
        straddles_avx();
    sink += records();
    sink += scattered();
    strings();
    atomics();
    library();
    files(argv[1]);
    others(argv[1]);
    printf("arena %#lx %lu\n", (unsigned long)arena, PAGES);
    for (size_t p = 0; p < PAGES; p++)
        if (touched[p])
            printf("%c %zu\n", touched[p] & WRITE ? 'w' : 'r', p);
    return sink == 42;
}
