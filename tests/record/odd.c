/* odd.c - what few programs do: odd WHAT prints the same natively and recorded. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define MUST(x)         \
    do {                \
        if (!(x)) {     \
            perror(#x); \
            exit(3);    \
        }               \
    } while (0)

static void say(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
    fflush(stdout);
}

/* ---- code that is written anew ---- */

/* Write functions at one address, run them at another. */
static void rewrite(const char *how, unsigned char *at, unsigned char *run, int flip)
{
    int sum = 0;

    for (int i = 0; i < 50; i++) {
        unsigned char code[] = {0xb8, (unsigned char)i, 0, 0, 0, 0xc3}; /* mov $i, %eax; ret */

        if (flip)
            MUST(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0);
        memcpy(at, code, sizeof(code));
        if (flip)
            MUST(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0);
        sum += ((int (*)(void))run)();
    }
    printf("%s: %d\n", how, sum);
}

static unsigned char *page_of(int fd, int prot, int flags)
{
    unsigned char *p = mmap(NULL, PAGE, prot, fd < 0 ? flags | MAP_ANONYMOUS : flags, fd, 0);

    MUST(p != MAP_FAILED);
    return p;
}

static void code(void)
{
    const int rw = PROT_READ | PROT_WRITE, rx = PROT_READ | PROT_EXEC;
    int fd = memfd_create("code", 0);
    unsigned char *p, *q;

    MUST(fd >= 0 && ftruncate(fd, PAGE) == 0);
    p = page_of(-1, rw | rx, MAP_PRIVATE);
    rewrite("anonymous", p, p, 0);
    p = page_of(fd, rw | rx, MAP_SHARED);
    rewrite("shared", p, p, 0);
    p = page_of(fd, rw | rx, MAP_PRIVATE);
    rewrite("private", p, p, 0);
    p = page_of(fd, rw, MAP_PRIVATE);
    rewrite("private, by turns", p, p, 1);
    p = page_of(fd, rw, MAP_SHARED);
    q = page_of(fd, rx, MAP_SHARED);
    rewrite("two mappings", p, q, 0);
    q = page_of(fd, PROT_READ, MAP_SHARED);
    MUST(mprotect(q, PAGE, rx) == 0);
    rewrite("two mappings, one made code", p, q, 0);
    p = page_of(fd, rx, MAP_PRIVATE);
    MUST(mprotect(p, PAGE, rw | rx) == 0);
    rewrite("private, made writable", p, p, 0);
}

/* ---- pointers to nowhere ---- */

static void pointers(void)
{
    char *nowhere = (char *)0x10000;
    int fds[2];

    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
    say("perf_event_open", syscall(SYS_perf_event_open, nowhere, 0, -1, -1, 0));
    say("recvmmsg", syscall(SYS_recvmmsg, fds[0], nowhere, 0xffffffffu, MSG_DONTWAIT, NULL));
    say("sendmmsg", syscall(SYS_sendmmsg, fds[0], nowhere, 0xffffffffu, 0));
    say("sendmsg", syscall(SYS_sendmsg, fds[0], nowhere, 0));
    say("poll", syscall(SYS_poll, nowhere, 0xffffffffu, 0));
    say("readv", syscall(SYS_readv, 0, nowhere, 3));
    say("clock_nanosleep", syscall(SYS_clock_nanosleep, 0, 0, nowhere, NULL));
    say("bpf", syscall(SYS_bpf, 0, nowhere, 64));
    say("a call after it", syscall(SYS_getppid));
}

/* ---- later kernels' calls ---- */

static void calls(void)
{
    unsigned long how[3] = {O_RDONLY, 0, 0}; /* struct open_how */
    int pid_fd = (int)syscall(434 /* pidfd_open */, getpid(), 0);
    int fd = (int)syscall(437 /* openat2 */, AT_FDCWD, "/proc/self/exe", how, sizeof(how));
    struct pollfd p = {.fd = pid_fd, .events = POLLIN};
    char magic[4] = "";

    say("pidfd_open", pid_fd);
    printf("poll: %d\n", poll(&p, 1, 0));
    say("openat2", fd);
    printf("read: %zd\n", read(fd, magic, 4));
    say("pidfd_send_signal", syscall(424, pid_fd, 0, NULL, 0));
}

static void refused(void)
{
    printf("memfd_secret: %ld\n", syscall(447, 0));
}

/* ---- descriptors ---- */

static void descriptors(void)
{
    struct rlimit limit;

    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    say("F_DUPFD at the limit", fcntl(0, F_DUPFD, (int)limit.rlim_cur));
    say("F_DUPFD beyond it", fcntl(0, F_DUPFD, -1));
    say("F_DUPFD of none", fcntl(77, F_DUPFD, (int)limit.rlim_cur));
}

static void memory(void)
{
    static volatile char target = 'a';
    int fd = open("/proc/self/mem", O_RDWR);

    MUST(fd >= 0 && pwrite(fd, "b", 1, (off_t)&target) == 1);
    printf("%c\n", target);
}

/* ---- names ---- */

static int waits[2];

static void *named_worker(void *p)
{
    char byte;

    prctl(PR_SET_NAME, "worker");
    MUST(write(waits[1], "x", 1) == 1);
    return read(((int *)p)[0], &byte, 1) < 0 ? NULL : p;
}

static void child_tells(const char *who)
{
    char name[16];

    fflush(stdout);
    if (fork() == 0) {
        prctl(PR_GET_NAME, name);
        printf("%s: %s\n", who, name);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void *forks(void *p)
{
    prctl(PR_SET_NAME, "forker");
    child_tells("of forker");
    return p;
}

static void names(void)
{
    pthread_t a, b;
    int go[2];
    char byte;

    MUST(pipe(waits) == 0 && pipe(go) == 0);
    prctl(PR_SET_NAME, "main name");
    MUST(pthread_create(&a, NULL, named_worker, go) == 0 && read(waits[0], &byte, 1) == 1);
    child_tells("of main");
    MUST(pthread_create(&b, NULL, forks, NULL) == 0);
    pthread_join(b, NULL);
    close(go[1]);
    pthread_join(a, NULL);
}

/* ---- many threads ---- */

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *waiting(void *p)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return p;
}

static void threads(void)
{
    static pthread_t t[600];
    pthread_attr_t attr;
    int n = 0;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    pthread_mutex_lock(&held);
    while (n < 600 && pthread_create(&t[n], &attr, waiting, NULL) == 0)
        n++;
    printf("%d\n", n);
    pthread_mutex_unlock(&held);
    for (int i = 0; i < n; i++)
        pthread_join(t[i], NULL);
}

/* So many processes that wait at once. */
static void processes(void)
{
    int go[2], n = 0;
    char byte;

    MUST(pipe(go) == 0);
    while (n < 560) {
        pid_t pid = fork();

        MUST(pid >= 0);
        if (pid == 0) {
            close(go[1]);
            _exit(read(go[0], &byte, 1) != 0);
        }
        n++;
    }
    close(go[1]);
    while (wait(NULL) > 0)
        n--;
    printf("left: %d\n", n);
}

/* ---- exec ---- */

static void executes(const char *path)
{
    int status;

    fflush(stdout);
    if (fork() == 0) {
        execl(path, path, "said", NULL);
        printf("%s\n", strerrorname_np(errno));
        fflush(stdout);
        _exit(9);
    }
    wait(&status);
    printf("status %x\n", (unsigned)status);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } whats[] = {
        {"code", code},           {"pointers", pointers}, {"calls", calls},
        {"refused", refused},     {"names", names},       {"threads", threads},
        {"processes", processes}, {"memory", memory},     {"descriptors", descriptors},
    };

    for (int i = 2; argc > 2 && i < argc; i++)
        executes(argv[i]);
    for (size_t i = 0; argc > 1 && i < sizeof(whats) / sizeof(whats[0]); i++)
        if (strcmp(argv[1], whats[i].name) == 0)
            whats[i].run();
    return 0;
}
