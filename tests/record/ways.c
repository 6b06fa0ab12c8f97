/* ways.c - what a program finds when it asks the kernel: ways WHAT prints the same natively and
 * recorded. See the table. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define MIB  (1ul << 20)
#define GIB  (1ul << 30)
#define MUST(x)         \
    do {                \
        if (!(x)) {     \
            perror(#x); \
            exit(3);    \
        }               \
    } while (0)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static unsigned char *pages(size_t n)
{
    unsigned char *p =
        mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(p != MAP_FAILED);
    return p;
}

/* What a call that maps said: "ok" or the errno. */
static void say(const char *what, const void *result)
{
    printf("%s: %s\n", what, result == MAP_FAILED ? strerrorname_np(errno) : "ok");
}

static void say_int(const char *what, int result)
{
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

/* ---- the heap ---- */

static void heap(void)
{
    unsigned char *start = sbrk(0), *at = start;
    size_t mib = 0;

    for (; mib < 1000; mib += 4) { /* touch 40 MiB of it, grow it to a gigabyte */
        if (sbrk(4 * MIB) == (void *)-1)
            break;
        if (mib < 40)
            memset(at, 1, 4 * MIB);
        at += 4 * MIB;
    }
    printf("heap grew by %zu MiB, contiguous %d\n", mib, (unsigned char *)sbrk(0) == at);
    MUST(brk(start + 10 * MIB) == 0 && start[10 * MIB - 1] == 1);
    MUST(brk(start + 20 * MIB) == 0);
    printf("memory that comes again is zero: %d\n", start[15 * MIB] == 0);
    say_int("below its start", brk((void *)((uintptr_t)start - 64 * GIB)));
    MUST(brk(start) == 0);
}

static void hole(void)
{
    unsigned char *start = sbrk(0), *page;

    start = (unsigned char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));
    MUST(brk(start + MIB) == 0);
    memset(start, 1, MIB);
    MUST(munmap(start + MIB / 2, 4 * PAGE) == 0);
    MUST(mprotect(start + MIB / 4, PAGE, PROT_READ) == 0);
    say_int("grow over a hole", brk(start + 2 * MIB));
    start[2 * MIB - 1] = 1;
    say_int("shrink over a hole", brk(start + PAGE));
    MUST(start[0] == 1);
    say_int("and grow again", brk(start + 3 * MIB));
    printf("zero: %d\n", start[MIB] == 0);
    page = mmap(start + 4 * MIB, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    MUST(page != MAP_FAILED);
    say_int("grow into a mapping", brk(start + 5 * MIB));
    say_int("grow up to a mapping", brk(start + 3 * MIB + MIB / 2));
    MUST(munmap(start + 3 * MIB + MIB / 2 - PAGE, PAGE) == 0); /* a hole at the very end */
    say_int("grow over a hole at the end", brk(start + 3 * MIB + 3 * MIB / 4));
}

/* ---- mappings ---- */

static void large(void)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    unsigned char *p = mmap(NULL, 80 * GIB, PROT_NONE, flags, -1, 0);
    size_t n = 0;

    say("80 GiB", p);
    MUST(p != MAP_FAILED && mprotect(p + 70 * GIB, MIB, PROT_READ | PROT_WRITE) == 0);
    p[70 * GIB] = 1;
    for (; n < 30; n++)
        if (mmap(NULL, 16 * GIB, PROT_NONE, flags, -1, 0) == MAP_FAILED)
            break;
    printf("%zu of 30 mappings of 16 GiB\n", n);
    p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    printf("32 bits: %d\n", p != MAP_FAILED && (uintptr_t)p + MIB <= 1ul << 31);
    p[0] = 1;
    say("128 TiB", mmap(NULL, 128ul << 40, PROT_NONE, flags, -1, 0));
}

static void refused(void)
{
    unsigned char *p = pages(16);
    int null = open("/dev/null", O_RDONLY), tty = open("/proc/self/status", O_RDONLY);
    int file = open("/proc/self/exe", O_RDONLY);
    const int anon = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;

    say("length 0", mmap(NULL, 0, rw, anon, -1, 0));
    say("offset within a page", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100));
    say("bad descriptor", mmap(NULL, PAGE, rw, MAP_PRIVATE, 999, 0));
    say("neither shared nor private", mmap(NULL, PAGE, rw, MAP_ANONYMOUS, -1, 0));
    say("fixed within a page", mmap(p + 1, PAGE, rw, anon | MAP_FIXED, -1, 0));
    say("hint within a page", mmap(p + 1, PAGE, rw, anon, -1, 0));
    say("fixed beyond the end", mmap((void *)(1ul << 47), PAGE, rw, anon | MAP_FIXED, -1, 0));
    say("written, but read only", mmap(NULL, PAGE, rw, MAP_SHARED, file, 0));
    say("a file that cannot be mapped", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, tty, 0));
    say("/dev/null", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0));
    say("everything", mmap(NULL, SIZE_MAX - PAGE, rw, anon, -1, 0));

    p[5 * PAGE] = 7;
    say("no replace, over a mapping",
        mmap(p + 5 * PAGE, PAGE, rw, anon | MAP_FIXED_NOREPLACE, -1, 0));
    say("no replace, over its end",
        mmap(p + 15 * PAGE, 2 * PAGE, rw, anon | MAP_FIXED_NOREPLACE, -1, 0));
    printf("data is there: %d\n", p[5 * PAGE] == 7);
    MUST(munmap(p + 5 * PAGE, PAGE) == 0);
    say("no replace, over a hole", mmap(p + 5 * PAGE, PAGE, rw, anon | MAP_FIXED_NOREPLACE, -1, 0));
    printf("new memory: %d\n", p[5 * PAGE] == 0);

    MUST(munmap(p + 8 * PAGE, PAGE) == 0);
    say("remap: within a page", mremap(p + 1, PAGE, PAGE, 0));
    say("remap: to nothing", mremap(p, PAGE, 0, 0));
    say("remap: unknown flag", mremap(p, PAGE, PAGE, 64));
    say("remap: what is not mapped", mremap(p + 8 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    say("remap: over a hole", mremap(p + 7 * PAGE, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
    say("remap: fixed, not to move", mremap(p, PAGE, PAGE, MREMAP_FIXED, p + PAGE));
    say("remap: onto itself",
        mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE));
    say("remap: no room", mremap(p + PAGE, PAGE, 4 * PAGE, 0));
    say("remap: private twice", mremap(p, 0, PAGE, MREMAP_MAYMOVE));
    say("protect what is not mapped", mprotect(p + 8 * PAGE, PAGE, PROT_READ) ? MAP_FAILED : p);
}

static void moves(void)
{
    unsigned char *p = pages(64), *q, *r;
    unsigned char *s =
        mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < 64; i++)
        p[i * PAGE] = (unsigned char)i;
    MUST(munmap(p + 32 * PAGE, PAGE) == 0);
    q = mremap(p, 32 * PAGE, 16 * PAGE, 0);
    printf("shrunk in place: %d\n", q == p && q[15 * PAGE] == 15);
    q = mremap(p, 16 * PAGE, 32 * PAGE, 0);
    printf("grown in place: %d, %d, %d\n", q == p, q[15 * PAGE] == 15, q[16 * PAGE] == 0);
    q = mremap(p, 32 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
    printf("moved: %d, %d, %d\n", q != p, q[15 * PAGE] == 15, q[99 * PAGE] == 0);
    r = mremap(q, 100 * PAGE, 100 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    printf("left behind: %d, %d\n", r != MAP_FAILED && r[15 * PAGE] == 15, q[15 * PAGE] == 0);
    s[PAGE] = 9;
    q = mremap(s, 0, 4 * PAGE, MREMAP_MAYMOVE);
    MUST(q != MAP_FAILED);
    q[2 * PAGE] = 8;
    printf("shared twice: %d, %d\n", q[PAGE] == 9, s[2 * PAGE] == 8);
    q = mremap(r, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 40 * PAGE);
    printf("over another: %d, %d\n", q == p + 40 * PAGE, q[PAGE] == 1);
}

static void many(void)
{
    const size_t n = 60000;
    unsigned char *p = pages(n);
    int fd = memfd_create("many", 0);
    size_t i;

    MUST(ftruncate(fd, 2 * PAGE) == 0);
    for (i = 0; i < n / 2; i++)
        if (mprotect(p + 2 * i * PAGE, PAGE, PROT_READ) != 0)
            break;
    printf("%zu protected\n", i);
    for (i = 0; i < n / 2; i++)
        if (mmap(p + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                 (off_t)(i % 2 * PAGE)) == MAP_FAILED)
            break;
    printf("%zu mapped\n", i);
    for (i = 0; i < n; i++)
        p[i * PAGE] = (unsigned char)i;
    for (i = 0; i < n; i += 4)
        MUST(munmap(p + i * PAGE, PAGE) == 0);
    printf("they hold %d %d\n", p[PAGE], p[3 * PAGE]);
    say_int("all gone", munmap(p, n * PAGE));
}

/* ---- limits ---- */

static void show_files(void)
{
    struct rlimit l;

    MUST(getrlimit(RLIMIT_NOFILE, &l) == 0);
    printf("files: %llu of %llu\n", (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
}

static int highest_file(void)
{
    int fd, last = -1, fds[5000];
    size_t n = 0;

    while (n < 5000 && (fd = dup(0)) >= 0)
        fds[n++] = last = fd;
    while (n > 0)
        close(fds[--n]);
    return last;
}

static void files(void)
{
    struct rlimit l;
    char *again[] = {"/proc/self/exe", "shown", NULL};
    int status;

    show_files();
    MUST(getrlimit(RLIMIT_NOFILE, &l) == 0);
    l.rlim_cur = l.rlim_max < 4000 ? l.rlim_max : 4000;
    say_int("raised", setrlimit(RLIMIT_NOFILE, &l));
    show_files();
    printf("highest %d\n", highest_file());
    l.rlim_cur = l.rlim_max = 200;
    say_int("lowered", setrlimit(RLIMIT_NOFILE, &l));
    show_files();
    printf("highest %d\n", highest_file());
    l.rlim_cur = 300;
    say_int("soft over hard", setrlimit(RLIMIT_NOFILE, &l));
    say_int("no address", prlimit(0, RLIMIT_NOFILE, (struct rlimit *)8, NULL));
    fflush(stdout);
    if (fork() == 0) {
        show_files();
        fflush(stdout);
        execv(again[0], again);
        _exit(9);
    }
    MUST(wait(&status) > 0 && status == 0);
    for (int fd = 3; fd < 100000; fd++)
        close(fd);
    show_files();
}

static long locked_kib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    while (fgets(line, sizeof(line), f) != NULL)
        sscanf(line, "VmLck: %ld", &kib);
    fclose(f);
    return kib;
}

static void locks(void)
{
    long before, grown;
    unsigned char *p;

    pages(16 * 256);
    say_int("nothing", mlockall(0));
    say_int("unknown", mlockall(64));
    say_int("on fault alone", mlockall(4));
    say_int("all", mlockall(MCL_CURRENT | MCL_FUTURE));
    before = locked_kib();
    printf("between 16 and 32 MiB: %d\n", before > 16 << 10 && before < 32 << 10);
    p = pages(256);
    grown = locked_kib() - before;
    printf("a new mapping is locked: %d\n", grown >= 1024);
    MUST(munmap(p, MIB) == 0);
    say_int("none", munlockall());
    printf("locked %ld KiB\n", locked_kib());
    p = pages(256);
    say_int("a range", mlock2(p, MIB, 0));
    say_int("unknown", mlock2(p, MIB, 64));
    say_int("on fault", mlock2(pages(256), MIB, MLOCK_ONFAULT));
    printf("locked %ld KiB\n", locked_kib());
}

/* ---- files ---- */

static char *own_name;

/* A file system may give the inode number of a removed file to the next: whether it did is told on
 * the error stream, for another file of the machine may come between. The buffer is written to
 * first: a page that is only read is a zero page, or on some kernels a page of its own, and the two
 * differ by a fault. */
static void numbers(void)
{
    static char buffer[MIB];
    char name[4096];
    int again = 0;
    ino_t last = 0;

    memset(buffer, 1, sizeof(buffer));
    snprintf(name, sizeof(name), "%s.file", own_name);
    for (int i = 0; i < 16; i++) {
        int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        struct stat st;

        MUST(fd >= 0 && fstat(fd, &st) == 0);
        again += st.st_ino == last;
        last = st.st_ino;
        for (int k = 0; k < 4; k++)
            MUST(write(fd, buffer, MIB) == (ssize_t)MIB);
        MUST(lseek(fd, 0, SEEK_SET) == 0 && read(fd, buffer, MIB) == (ssize_t)MIB);
        MUST(unlink(name) == 0 && close(fd) == 0);
    }
    fprintf(stderr, "numbers came again: %d of 16\n", again);
}

/* ---- limits of its own ---- */

static void say_limit(const char *what, int resource)
{
    struct rlimit l;

    MUST(getrlimit(resource, &l) == 0);
    printf("%s: %lld %lld\n", what, (long long)l.rlim_cur, (long long)l.rlim_max);
}

static void try_room(const char *what, size_t mib)
{
    void *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    printf("%s: %zu MiB %s\n", what, mib, p == MAP_FAILED ? strerror(errno) : "mapped");
    if (p == MAP_FAILED)
        return;
    memset(p, 1, MIB);
    MUST(munmap(p, mib * MIB) == 0);
}

static void limit(int resource, size_t mib)
{
    struct rlimit l;

    MUST(getrlimit(resource, &l) == 0);
    l.rlim_cur = mib * MIB;
    MUST(setrlimit(resource, &l) == 0);
}

/* What it may have is counted without the recorder, and what it executes has the same limits. */
static void room(void)
{
    char *command;

    limit(RLIMIT_AS, 200);
    try_room("address space", 300);
    try_room("address space", 50);
    limit(RLIMIT_AS, 4000);
    limit(RLIMIT_DATA, 60);
    try_room("data", 100);
    try_room("data", 20);
    printf("heap: %s\n", sbrk(100 * MIB) == (void *)-1 ? strerror(errno) : "grown");
    say_limit("address space", RLIMIT_AS);
    say_limit("data", RLIMIT_DATA);
    fflush(stdout);
    MUST(asprintf(&command, "ulimit -v; ulimit -d; exec '%s' rest", own_name) > 0);
    MUST(execl("/bin/sh", "sh", "-c", command, (char *)NULL) == 0);
}

static void rest(void)
{
    try_room("executed, data", 100);
    say_limit("executed, address space", RLIMIT_AS);
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {{"heap", heap},   {"hole", hole},       {"large", large}, {"refused", refused},
            {"moves", moves}, {"many", many},       {"files", files}, {"shown", show_files},
            {"locks", locks}, {"numbers", numbers}, {"room", room},   {"rest", rest}};

int main(int argc, char **argv)
{
    static char output[1 << 16];

    MUST(argc >= 2);
    own_name = argv[0];
    setvbuf(stdout, output, _IOFBF,
            sizeof(output)); /* no allocation among those that are looked at */
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, argv[1]) == 0) {
            ways[i].run();
            return 0;
        }
    return 2;
}
