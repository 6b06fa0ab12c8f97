/* starts.c - ways to start something that writes 4 MiB. starts WAY PROGRAM: `PROGRAM eat` is what
 * is started, where a way executes something. Prints the status of each child. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define EATEN (4u << 20)
#define STACK (1u << 20)

static const char *program;

static int eat(void *unused)
{
    char *p = mmap(NULL, EATEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < EATEN; i += 4096)
        p[i] = 1;
    return unused != NULL;
}

static void await(void)
{
    int status;

    while (wait(&status) > 0)
        printf("status %#x\n", status);
}

static void cloned(int flags)
{
    char *stack = malloc(STACK);

    if (clone(eat, stack + STACK, flags | SIGCHLD, NULL) < 0)
        printf("clone: %s\n", strerror(errno));
    await();
}

static void forked(void)
{
    if (fork() == 0)
        _exit(eat(NULL));
    await();
}

static void executed(void)
{
    pid_t pid = vfork();

    if (pid == 0) {
        execl(program, program, "eat", NULL);
        _exit(9);
    }
    await();
}

/* A copy without a name. */
static void memfd(void)
{
    int to = memfd_create("copy", MFD_CLOEXEC), from = open(program, O_RDONLY);
    char *arguments[] = {(char *)program, "eat", NULL}, bytes[65536];
    ssize_t n;

    while ((n = read(from, bytes, sizeof(bytes))) > 0)
        if (write(to, bytes, (size_t)n) != n)
            exit(1);
    if (fork() == 0) {
        fexecve(to, arguments, environ);
        _exit(9);
    }
    await();
}

static void other_user(void)
{
    if (setresuid(65534, 65534, 65534) != 0)
        perror("setresuid");
    forked();
    executed();
}

/* PROGRAM is the name inside of its directory, which has nothing else. */
static void other_root(void)
{
    char *slash = strrchr(program, '/');

    *slash = '\0';
    if (chroot(program) != 0 || chdir("/") != 0)
        perror("chroot");
    *slash = '/';
    program = slash;
    forked();
    executed();
}

static void poked(void)
{
    static long value = 1;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit((int)value);
    }
    waitpid(pid, &status, 0);
    if (ptrace(PTRACE_POKEDATA, pid, &value, (void *)42L) != 0)
        perror("ptrace");
    ptrace(PTRACE_CONT, pid, NULL, NULL);
    await();
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";

    program = argc > 2 ? argv[2] : argv[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(way, "eat") == 0)
        return eat(NULL);
    else if (strcmp(way, "vfork") == 0)
        executed();
    else if (strcmp(way, "memfd") == 0)
        memfd();
    else if (strcmp(way, "descriptors") == 0)
        cloned(CLONE_FILES | CLONE_FS);
    else if (strcmp(way, "vforked") == 0)
        cloned(CLONE_VM | CLONE_VFORK);
    else if (strcmp(way, "memory") == 0)
        cloned(CLONE_VM);
    else if (strcmp(way, "user") == 0)
        other_user();
    else if (strcmp(way, "root") == 0)
        other_root();
    else if (strcmp(way, "undumpable") == 0)
        prctl(PR_SET_DUMPABLE, 0), forked(), executed();
    else if (strcmp(way, "poked") == 0)
        poked();
    else
        return 2;
    return 0;
}
