/* load.c - loads that bring up one memory pattern each, for incidents on real kernels: load VERB
 * ARGUMENT...
 *
 * Amounts are MiB unless said otherwise. A load that holds something sleeps until it is killed; one
 * that works goes on until then. The run is the same every time but for the kernel's own timing:
 * random numbers are seeded by the first argument after the verb's own. Statically linked, so that
 * its text is one small file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define MIB  (1ul << 20)

static uint64_t state = 88172645463325252ull;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static unsigned long number(char **argv, int i)
{
    return argv[i] ? strtoul(argv[i], NULL, 0) : 0;
}

static void nap(double seconds)
{
    struct timespec ts = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    while (nanosleep(&ts, &ts) && errno == EINTR)
        ;
}

static void hold(void)
{
    for (;;)
        pause();
}

static char *map(size_t bytes, int flags)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

/* Half random bytes: what programs hold compresses about so. */
static void fill(char *page)
{
    uint64_t *at = (uint64_t *)page;

    for (size_t i = 0; i < PAGE / sizeof(*at); i++)
        at[i] = i % 2 ? next_random() : i;
}

static char *anon(size_t mib)
{
    char *p = map(mib * MIB, MAP_PRIVATE);

    for (size_t at = 0; at < mib * MIB; at += PAGE)
        fill(p + at);
    return p;
}

/* anon MIB: hold it */
static void load_anon(char **a)
{
    anon(number(a, 0));
    hold();
}

/* touch MIB [seq]: hold it and write to its pages for ever, at random or one after the other */
static void load_touch(char **a)
{
    size_t pages = number(a, 0) * MIB / PAGE;
    char *p = anon(number(a, 0));

    for (size_t i = 0;; i++)
        p[(a[1] ? i % pages : next_random() % pages) * PAGE] = (char)i;
}

/* grow MIB_A_SECOND MAX: a leak */
static void load_grow(char **a)
{
    double rate = atof(a[0]);

    for (double left = atof(a[1]); left > 0; left -= rate / 4) {
        char *p = map((size_t)(rate / 4 * MIB) + PAGE, MAP_PRIVATE);

        for (size_t at = 0; at < (size_t)(rate / 4 * MIB); at += PAGE)
            fill(p + at);
        nap(0.25);
    }
    hold();
}

/* burst MIB HOLD PAUSE: allocate fast, hold for so many seconds, free, pause; again */
static void load_burst(char **a)
{
    size_t bytes = number(a, 0) * MIB;

    for (;;) {
        char *p = map(bytes, MAP_PRIVATE);

        for (size_t at = 0; at < bytes; at += PAGE)
            p[at] = 1;
        nap(atof(a[1]));
        munmap(p, bytes);
        nap(atof(a[2]));
    }
}

/* churn MIB: map, touch and unmap without a pause */
static void load_churn(char **a)
{
    for (;;) {
        char *p = map(number(a, 0) * MIB, MAP_PRIVATE);

        for (size_t at = 0; at < number(a, 0) * MIB; at += PAGE)
            p[at] = 1;
        munmap(p, number(a, 0) * MIB);
    }
}

/* mlock MIB */
static void load_mlock(char **a)
{
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    char *p = anon(number(a, 0));

    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    if (mlock(p, number(a, 0) * MIB))
        die("mlock");
    hold();
}

/* shared MIB PROCESSES: so many processes map the same memory and touch all of it */
static void load_shared(char **a)
{
    size_t bytes = number(a, 0) * MIB;
    char *p = map(bytes, MAP_SHARED);

    for (size_t at = 0; at < bytes; at += PAGE)
        p[at] = 1;
    for (unsigned long n = 0; n < number(a, 1); n++) {
        if (fork() == 0) {
            volatile char *v = p;

            for (size_t at = 0; at < bytes; at += PAGE)
                (void)v[at];
            hold();
        }
    }
    hold();
}

/* hugetlb MIB: touch so much of the pool */
static void load_hugetlb(char **a)
{
    char *p = map(number(a, 0) * MIB, MAP_PRIVATE | MAP_HUGETLB);

    for (size_t at = 0; at < number(a, 0) * MIB; at += 2 * MIB)
        p[at] = 1;
    hold();
}

/* thp MIB [plain]: map, touch and unmap areas that want huge pages (plain: that may have them),
 * without a pause */
static void load_thp(char **a)
{
    size_t bytes = number(a, 0) * MIB;

    for (;;) {
        char *p = map(bytes + 2 * MIB, MAP_PRIVATE);
        char *start = (char *)(((uintptr_t)p + 2 * MIB - 1) & ~(2 * MIB - 1));

        if (!a[1])
            madvise(start, bytes, MADV_HUGEPAGE);
        for (size_t at = 0; at < bytes; at += PAGE)
            start[at] = 1;
        munmap(p, bytes + 2 * MIB);
    }
}

/* fragment MIB KEEP: fill so much, give back all but one page of KEEP, lock those */
static void load_fragment(char **a)
{
    size_t bytes = number(a, 0) * MIB, keep = number(a, 1);
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    char *p = map(bytes, MAP_PRIVATE);

    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    madvise(p, bytes, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < bytes; at += PAGE)
        p[at] = 1;
    for (size_t at = 0; at < bytes; at += keep * PAGE) {
        mlock(p + at, PAGE); /* with vm.compact_unevictable_allowed=0 nobody moves it */
        madvise(p + at + PAGE, (keep - 1) * PAGE, MADV_DONTNEED);
    }
    printf("fragmented\n");
    fflush(stdout);
    hold();
}

/* files DIR COUNT A_SECOND: look up names that are not there, or (with a '+' before COUNT) make
 * empty files; 0 a second: at once */
static void load_files(char **a)
{
    int make = a[1][0] == '+';
    unsigned long count = strtoul(a[1] + make, NULL, 0), rate = number(a, 2);
    char name[512];
    struct stat st;

    for (unsigned long i = 0; i < count; i++) {
        if (i % 1000 == 0) {
            snprintf(name, sizeof(name), "%s/d%lu", a[0], i / 1000);
            mkdir(name, 0777);
        }
        snprintf(name, sizeof(name), "%s/d%lu/a-name-that-is-no-short-one-%lu", a[0], i / 1000, i);
        if (make)
            close(open(name, O_CREAT | O_WRONLY, 0666));
        else
            stat(name, &st);
        if (rate && i % (rate / 10) == 0)
            nap(0.1);
    }
    hold();
}

/* pipes MIB: fill pipes with so much; no line of meminfo has it */
static void load_pipes(char **a)
{
    struct rlimit many = {1 << 20, 1 << 20};
    static char block[64 << 10];

    setrlimit(RLIMIT_NOFILE, &many);
    for (unsigned long n = 0; n < number(a, 0); n++) {
        int fd[2];

        if (pipe(fd))
            die("pipe");
        if (fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) < 0)
            die("F_SETPIPE_SZ");
        for (unsigned i = 0; i < 16; i++)
            if (write(fd[1], block, sizeof(block)) < 0)
                die("write to a pipe");
    }
    hold();
}

/* events COUNT A_SECOND: open so many eventfds and keep them: objects of the kernel that nothing
 * reclaims */
static void load_events(char **a)
{
    struct rlimit many = {1 << 20, 1 << 20};

    setrlimit(RLIMIT_NOFILE, &many);
    for (unsigned long n = 0; n < number(a, 0); n++) {
        if (eventfd(0, 0) < 0)
            die("eventfd");
        if (number(a, 1) && n % (number(a, 1) / 10) == 0)
            nap(0.1);
    }
    hold();
}

/* messages MIB: send so much to System V message queues that nobody reads */
static void load_messages(char **a)
{
    static struct {
        long type;
        char text[4000];
    } message = {.type = 1};
    int queue = msgget(IPC_PRIVATE, 0600);

    for (size_t n = 0; n < number(a, 0) * MIB / PAGE; n++)
        if (msgsnd(queue, &message, sizeof(message.text), IPC_NOWAIT))
            die("msgsnd");
    hold();
}

/* make FILE MIB: write a file of random bytes and sync it */
static void load_make(char **a)
{
    static char block[MIB];
    int fd = open(a[0], O_CREAT | O_WRONLY | O_TRUNC, 0666);

    for (unsigned long n = 0; n < number(a, 1); n++) {
        for (size_t at = 0; at < MIB; at += PAGE)
            fill(block + at);
        if (write(fd, block, MIB) != (ssize_t)MIB)
            die(a[0]);
    }
    fsync(fd);
    exit(0);
}

/* forget FILE: drop what is cached of it, so that its next reader is charged */
static void load_forget(char **a)
{
    int fd = open(a[0], O_RDONLY);

    if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
        die(a[0]);
    exit(0);
}

/* read FILE [loop]: read it once, or for ever */
static void load_read(char **a)
{
    static char block[128 << 10];
    int fd = open(a[0], O_RDONLY);

    if (fd < 0)
        die(a[0]);
    do {
        lseek(fd, 0, SEEK_SET);
        while (read(fd, block, sizeof(block)) > 0)
            ;
    } while (a[1]);
    exit(0);
}

/* mapped FILE: map it and read its pages at random for ever; mapped FILE seq: one after the
 * other */
static void load_mapped(char **a)
{
    int fd = open(a[0], O_RDONLY);
    struct stat st;
    volatile char *p;
    size_t pages;

    if (fd < 0 || fstat(fd, &st))
        die(a[0]);
    pages = (size_t)st.st_size / PAGE;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    madvise((void *)p, (size_t)st.st_size, a[1] ? MADV_NORMAL : MADV_RANDOM);
    for (size_t i = 0;; i++)
        (void)p[(a[1] ? i % pages : next_random() % pages) * PAGE];
}

/* direct FILE: read blocks at random past the page cache, for ever */
static void load_direct(char **a)
{
    int fd = open(a[0], O_RDONLY | O_DIRECT);
    char *block = aligned_alloc(PAGE, 16 * PAGE);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        die(a[0]);
    for (;;)
        if (pread(fd, block, 16 * PAGE,
                  (off_t)(next_random() % ((size_t)st.st_size / PAGE - 16) * PAGE)) < 0)
            die(a[0]);
}

/* write FILE MIB: write the file over and over */
static void load_write(char **a)
{
    static char block[128 << 10];
    int fd = open(a[0], O_CREAT | O_WRONLY, 0666);

    if (fd < 0)
        die(a[0]);
    for (size_t at = 0;; at += sizeof(block))
        if (pwrite(fd, block, sizeof(block), (off_t)(at % (number(a, 1) * MIB))) < 0)
            die(a[0]);
}

/* grab FILE MIB A_SECOND: let a file (of a tmpfs) grow */
static void load_grab(char **a)
{
    static char block[128 << 10];
    int fd = open(a[0], O_CREAT | O_WRONLY, 0666);

    for (size_t at = 0; at < number(a, 1) * MIB; at += sizeof(block)) {
        for (size_t page = 0; page < sizeof(block); page += PAGE)
            fill(block + page);
        if (write(fd, block, sizeof(block)) < 0)
            die(a[0]);
        if (number(a, 2))
            nap((double)sizeof(block) / (double)MIB / (double)number(a, 2));
    }
    hold();
}

/* spin N: so many processes that only compute */
static void load_spin(char **a)
{
    for (unsigned long n = 0; n < number(a, 0); n++)
        if (fork() == 0)
            for (;;)
                next_random();
    hold();
}

/* workers N MIB: so many processes that each touch memory of their own at random */
static void load_workers(char **a)
{
    for (unsigned long n = 0; n < number(a, 0); n++) {
        if (fork() == 0) {
            state += n * 7919 + 1;
            load_touch(a + 1);
        }
        nap(0.02);
    }
    hold();
}

/* promise MIB: map so much, touch nothing */
static void load_promise(char **a)
{
    map(number(a, 0) * MIB, MAP_PRIVATE);
    hold();
}

/* bind NODE VERB...: run another load with its memory on that node only */
static void load_bind(char **a);

/* zombies N GROUP DIR: N times make a group, write a small file in it, remove the group */
static void load_zombies(char **a)
{
    char path[512], text[32];

    for (unsigned long n = 0; n < number(a, 0); n++) {
        int fd;

        snprintf(path, sizeof(path), "%s/job%lu", a[1], n);
        if (mkdir(path, 0777))
            die(path);
        snprintf(path, sizeof(path), "%s/job%lu/cgroup.procs", a[1], n);
        fd = open(path, O_WRONLY);
        if (write(fd, "0", 1) < 0)
            die(path);
        close(fd);
        snprintf(path, sizeof(path), "%s/result%lu", a[2], n);
        fd = open(path, O_CREAT | O_WRONLY, 0666);
        if (write(fd, text, sizeof(text)) < 0)
            die(path);
        close(fd);
        snprintf(path, sizeof(path), "%s/cgroup.procs", a[1]);
        /* A group with children that have controllers takes no process: leave by the root. */
        fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY);
        if (write(fd, "0", 1) < 0)
            die("leaving a group");
        close(fd);
        snprintf(path, sizeof(path), "%s/job%lu", a[1], n);
        if (rmdir(path))
            die(path);
    }
    hold();
}

static const struct {
    const char *name;
    void (*run)(char **);
} verbs[] = {
    {"anon", load_anon},         {"touch", load_touch},     {"grow", load_grow},
    {"burst", load_burst},       {"churn", load_churn},     {"mlock", load_mlock},
    {"shared", load_shared},     {"hugetlb", load_hugetlb}, {"thp", load_thp},
    {"fragment", load_fragment}, {"files", load_files},     {"pipes", load_pipes},
    {"messages", load_messages}, {"events", load_events},   {"make", load_make},
    {"forget", load_forget},     {"read", load_read},       {"mapped", load_mapped},
    {"direct", load_direct},     {"write", load_write},     {"grab", load_grab},
    {"spin", load_spin},         {"workers", load_workers}, {"promise", load_promise},
    {"zombies", load_zombies},   {"bind", load_bind},
};

static void run(char **argv)
{
    for (size_t i = 0; argv[0] && i < sizeof(verbs) / sizeof(*verbs); i++) {
        if (strcmp(argv[0], verbs[i].name) == 0) {
            verbs[i].run(argv + 1);
            return;
        }
    }
    fprintf(stderr, "load: no such verb: %s\n", argv[0] ? argv[0] : "");
    exit(2);
}

static void load_bind(char **a)
{
    unsigned long mask = 1ul << number(a, 0);

    if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask)))
        die("set_mempolicy");
    run(a + 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    run(argv + 1);
    return 0;
}
