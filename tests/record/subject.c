/* subject.c - a program to be recorded: subject WHAT [ARGUMENT...], see the table at the end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define MUST(x)         \
    do {                \
        if (!(x)) {     \
            perror(#x); \
            exit(3);    \
        }               \
    } while (0)

extern char **environ;

static unsigned char *pages(size_t n)
{
    unsigned char *p =
        mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(p != MAP_FAILED);
    return p;
}

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* ---- threads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *worker(void *region)
{
    for (size_t i = 0; i < 8; i++)
        ((volatile unsigned char *)region)[i * PAGE] = 1;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static int threads(char **argv)
{
    pthread_t t[3];

    (void)argv;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 3; i++) {
        unsigned char *region = pages(8);

        printf("region %p\n", (void *)region);
        MUST(pthread_create(&t[i], NULL, worker, region) == 0);
    }
    sleep_ms(100);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}

/* ---- processes ---- */

static int forks(char **argv)
{
    unsigned char *p = pages(4);
    pid_t pid;
    int status;

    (void)argv;
    memset(p, 1, 4 * PAGE);
    printf("pages %p\n", (void *)p);
    fflush(stdout);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        p[0] = 2;
        _exit(7);
    }
    MUST(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    p[PAGE] = 3;
    printf("child %d\n", (int)pid);
    return 0;
}

static int spawns(char **argv)
{
    char *args[] = {"true", NULL};
    pid_t pid;
    int status;

    (void)argv;
    MUST(posix_spawnp(&pid, "true", NULL, NULL, args, environ) == 0);
    MUST(waitpid(pid, &status, 0) == pid && status == 0);
    execvp("echo", (char *[]){"echo", "from exec", NULL});
    return 4;
}

static int dies(char **argv)
{
    unsigned char *p = pages(50);

    for (size_t i = 0; i < 50; i++)
        p[i * PAGE] = 1;
    printf("pages %p\n", (void *)p);
    fflush(stdout);
    if (argv[0] != NULL)
        kill(getpid(), atoi(argv[0]));
    *(volatile int *)8 = 0;
    return 0;
}

/* Touch pages for some seconds in an order that the filter cannot hide. */
/* Rounds of stores; fewer when a file is named that comes to be there. */
static int busy(char **argv)
{
    size_t n = 20000, rounds = (size_t)atoi(argv[0]);
    unsigned char *p = pages(n);
    unsigned x = 1;

    for (size_t r = 0; r < rounds && (!argv[1] || access(argv[1], F_OK) != 0); r++) {
        for (size_t i = 0; i < n; i++) {
            x = x * 1103515245u + 12345u;
            p[(x >> 8) % n * PAGE] = 1;
        }
    }
    printf("finished\n");
    return 0;
}

/* A daemon that touches pages, burns CPU time for half a second, tells its number in a file and
 * lives on. */
static int daemonizes(char **argv)
{
    clock_t began;
    unsigned char *p;
    FILE *f;

    MUST(daemon(1, 0) == 0);
    p = pages(2000);
    for (size_t i = 0; i < 2000; i++)
        p[i * PAGE] = 1;
    began = clock();
    while (clock() - began < CLOCKS_PER_SEC / 2)
        ;
    f = fopen(argv[0], "w");
    MUST(f != NULL && fprintf(f, "%d\n", (int)getpid()) > 0 && fclose(f) == 0);
    sleep_ms(atol(argv[1]));
    return 3;
}

/* Touch pages and go to sleep. */
static int sleeps(char **argv)
{
    unsigned char *p = pages(1000);

    for (size_t i = 0; i < 1000; i++)
        p[i * PAGE] = 1;
    printf("%p\n", (void *)p);
    fflush(stdout);
    sleep_ms(atol(argv[0]));
    p[0] = 2;
    return 0;
}

/* ---- signals ---- */

static volatile sig_atomic_t got;

static void note_signal(int sig)
{
    got = sig;
}

static int catches(char **argv)
{
    (void)argv;
    signal(SIGINT, note_signal);
    signal(SIGTERM, note_signal);
    printf("ready\n");
    fflush(stdout);
    for (int i = 0; i < 200 && !got; i++)
        sleep_ms(50);
    printf("got %d\n", (int)got);
    return got == 0 ? 9 : 5;
}

static int waits_forever(char **argv)
{
    (void)argv;
    printf("ready\n");
    fflush(stdout);
    pause();
    return 0;
}

/* ---- waiting ---- */

static int waits(char **argv)
{
    int ends[2], pair[2];
    struct pollfd p;
    char c = 0;
    pid_t pid;

    (void)argv;
    sleep_ms(120);
    MUST(pipe(ends) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    p = (struct pollfd){.fd = ends[0], .events = POLLIN};
    MUST(poll(&p, 1, 80) == 0);
    pid = fork();
    if (pid == 0) {
        sleep_ms(100);
        MUST(write(ends[1], &c, 1) == 1);
        sleep_ms(100);
        MUST(write(pair[1], &c, 1) == 1);
        sleep_ms(100);
        _exit(0);
    }
    MUST(read(ends[0], &c, 1) == 1);
    MUST(read(pair[0], &c, 1) == 1);
    MUST(wait(NULL) == pid);
    return 0;
}

/* ---- files: what happens is written in behaviour_test.py ---- */

static int files(char **argv)
{
    static char buffer[3 * PAGE];
    struct iovec iov[2] = {{buffer, 100}, {buffer + PAGE, 50}};
    char other[4096];
    off_t from = 10;
    int a, b, c;

    snprintf(other, sizeof(other), "%s.b", argv[0]);
    a = open(argv[0], O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(a >= 0);
    MUST(write(a, buffer, 1000) == 1000); /* 0 1000 */
    b = dup(a);
    MUST(write(b, buffer, 500) == 500); /* 1000 500 */
    MUST(lseek(a, 200, SEEK_SET) == 200);
    MUST(read(b, buffer, 300) == 300);      /* 200 300 */
    MUST(pread(a, buffer, 64, 1400) == 64); /* 1400 64 */
    MUST(writev(a, iov, 2) == 150);         /* 500 100, 600 50 */
    c = open(argv[0], O_WRONLY | O_APPEND);
    MUST(write(c, buffer, 10) == 10); /* 1500 10 */
    MUST(close(a) == 0);
    MUST(pread(b, buffer, 5, 0) == 5); /* 0 5 */
    a = open(other, O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(sendfile(a, b, &from, 100) == 100);               /* read 10 100, write 0 100 of .b */
    MUST(copy_file_range(b, &from, a, NULL, 20, 0) == 20); /* read 110 20, write 100 20 of .b */
    MUST(ftruncate(a, 5000) == 0);
    MUST(fallocate(a, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
    MUST(fdatasync(a) == 0);
    MUST(posix_fadvise(a, 0, 4096, POSIX_FADV_DONTNEED) == 0);
    MUST(rename(other, argv[0]) == 0); /* the first file loses its name */
    MUST(unlink(argv[0]) == 0);        /* and so does .b */
    MUST(read(b, buffer, 7) == 7);     /* 650 7 */
    return 0;
}

static int maps(char **argv)
{
    unsigned char *p = pages(8), *q, *s;
    int fd = open(argv[0], O_RDWR | O_CREAT | O_TRUNC, 0600), id, m;

    MUST(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
    printf("anon %p\n", (void *)p);
    MUST(mprotect(p, PAGE, PROT_READ) == 0);
    MUST(mprotect(p, PAGE, PROT_READ | PROT_WRITE) ==
         0); /* mremap under Valgrind wants one mapping */
    MUST(madvise(p + PAGE, PAGE, MADV_DONTNEED) == 0);
    p[2 * PAGE] = 1;
    MUST(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED) == 0);
    p[2 * PAGE] = 1; /* again: a fault again */
    MUST(madvise(p, 8 * PAGE, MADV_HUGEPAGE) == 0 && madvise(p, 8 * PAGE, MADV_NOHUGEPAGE) == 0);
    MUST(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0 && prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0);
    q = mremap(p, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    MUST(q != MAP_FAILED);
    printf("moved %p\n", (void *)q);
    MUST(mlock(q, PAGE) == 0);
    MUST(munlock(q, PAGE) == 0);
    MUST(munmap(q, 64 * PAGE) == 0);
    p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(p != MAP_FAILED);
    p[0] = 1;
    MUST(msync(p, PAGE, MS_SYNC) == 0);
    printf("file %p\n", (void *)p);
    q = mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, (off_t)(2 * PAGE));
    MUST(q == p + PAGE);
    m = memfd_create("subject", 0);
    MUST(m >= 0 && ftruncate(m, (off_t)PAGE) == 0);
    s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    MUST(s != MAP_FAILED);
    printf("memfd %p\n", (void *)s);
    id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
    MUST(id >= 0);
    s = shmat(id, NULL, 0);
    MUST(s != (void *)-1);
    s[0] = 1;
    printf("shm %p\n", (void *)s);
    MUST(shmctl(id, IPC_RMID, NULL) == 0);
    MUST(shmdt(s) == 0);
    MUST(prctl(PR_SET_NAME, "renamed") == 0);
    s = sbrk(0);
    MUST(sbrk(10 * (int)PAGE) == s);
    printf("brk %p\n", (void *)s);
    return 0;
}

/* nodes: policies and affinity, of node 0 and CPU 0, which every machine has. */
static int nodes(char **argv)
{
    unsigned long node = 1;
    unsigned char *p = pages(8);
    void *moved[] = {p, p + PAGE, p + 4 * PAGE, p + 6 * PAGE};
    int to[] = {0, 0, 0, 0}, status[4];
    cpu_set_t cpus;

    (void)argv;
    printf("anon %p\n", (void *)p);
    p[0] = 1;
    MUST(syscall(SYS_set_mempolicy, 3 /* interleave */, &node, 2UL) == 0);
    MUST(syscall(SYS_set_mempolicy, 2, &node, 1UL) == -1); /* of no node: fails */
    MUST(syscall(SYS_mbind, p, 4 * PAGE, 2 | 1 << 15 /* bind, static */, &node, 65UL, 3UL) == 0);
    MUST(syscall(SYS_set_mempolicy_home_node, p, 4 * PAGE, 0UL, 0UL) == 0);
    MUST(syscall(SYS_migrate_pages, 0, 65UL, &node, &node) >= 0);
    MUST(syscall(SYS_move_pages, 0, 4UL, moved, to, status, 2) >= 0);
    MUST(syscall(SYS_move_pages, 0, 4UL, moved, NULL, status, 0) >= 0); /* asks */
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    MUST(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
    return 0;
}

/* descriptors FILE: which of 0 to 2 are open, and the number a new file gets. */
static int descriptors(char **argv)
{
    int open_ones = 0, fd;

    for (fd = 0; fd < 3; fd++)
        open_ones |= (fcntl(fd, F_GETFD) >= 0) << fd;
    fd = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    MUST(dprintf(fd, "open %d new %d\n", open_ones, fd) > 0);
    return 0;
}

/* From here on it may read, write and exit, nothing else. */
static int seccomp(char **argv)
{
    volatile unsigned char *p = pages(50);

    (void)argv;
    for (size_t i = 0; i < 25; i++)
        p[i * PAGE] = 1;
    MUST(prctl(PR_SET_SECCOMP, 2, 0, 0, 0) == -1); /* no filter: what a program asks first */
    MUST(prctl(PR_SET_SECCOMP, 1, 0, 0, 0) == 0);
    for (size_t i = 25; i < 50; i++)
        p[i * PAGE] = 1;
    MUST(write(STDOUT_FILENO, "strict\n", 7) == 7);
    syscall(SYS_exit, 5);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(char **argv);
} subjects[] = {
    {"threads", threads},
    {"forks", forks},
    {"spawns", spawns},
    {"dies", dies},
    {"busy", busy},
    {"catches", catches},
    {"pauses", waits_forever},
    {"waits", waits},
    {"files", files},
    {"maps", maps},
    {"nodes", nodes},
    {"descriptors", descriptors},
    {"daemonizes", daemonizes},
    {"sleeps", sleeps},
    {"seccomp", seccomp},
};

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (strcmp(subjects[i].name, argv[1]) == 0)
            return subjects[i].run(argv + 2);
    return 2;
}
