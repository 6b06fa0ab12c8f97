/* stage.c - start several programs at once, each in its cgroup, and tell when each ended.
 *
 * Reads lines from standard input:   NAME GROUP START_MS OOM_SCORE_ADJ COMMAND ARGUMENT...
 * Writes lines to standard output:   task NAME ended NS STATUS | task NAME running
 *                                    peak dirty|writeback|pending PAGES
 *
 * NS counts from the moment all were let go. Every SAMPLE_MS it looks at /proc/vmstat for the
 * highest counts of dirty pages, of pages under writeback and of both. After RUNTIME_MS (0: never)
 * it stops the programs that still run; then it runs CAPTURE and kills them.
 *
 * Use:  stage RUNTIME_MS SAMPLE_MS CAPTURE <PLAN     in a guest, as root
 *       stage swapon DEVICE PRIORITY
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TASKS_MAX = 16, WORDS_MAX = 32, LINE_MAX_BYTES = 1024 };

struct stage_task {
    char name[64];
    pid_t pid;
    int status;
    long long ended_ns; /* 0: still runs */
};

static struct stage_task tasks[TASKS_MAX];
static int nr_tasks;
static long peak_dirty, peak_writeback, peak_pending;

static void fail(const char *what)
{
    fprintf(stderr, "stage: %s: %s\n", what, strerror(errno));
    exit(1);
}

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
        fail(path);
}

/* In the child: wait until all are let go, then become the program. */
static void become(const char *name, long start_ms, const char *adj, char **command, int gate)
{
    char path[256];
    char byte;
    struct timespec nap = {.tv_sec = start_ms / 1000, .tv_nsec = start_ms % 1000 * 1000000};

    put("/proc/self/oom_score_adj", adj);
    snprintf(path, sizeof path, "/out/line.%s", name);
    int out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0 || close(out) != 0)
        fail(path);
    if (read(gate, &byte, 1) != 0)
        fail("gate");
    close(gate);
    if (start_ms > 0)
        nanosleep(&nap, NULL);
    execv(command[0], command);
    fail(command[0]);
}

static void start(char *line, int gate, int gate_write)
{
    char *words[WORDS_MAX + 1];
    int n = 0;
    for (char *w = strtok(line, " \n"); w != NULL && n < WORDS_MAX; w = strtok(NULL, " \n"))
        words[n++] = w;
    words[n] = NULL;
    if (n < 5 || nr_tasks == TASKS_MAX)
        fail("plan");
    struct stage_task *t = &tasks[nr_tasks++];
    snprintf(t->name, sizeof t->name, "%s", words[0]);
    t->pid = fork();
    if (t->pid < 0)
        fail("fork");
    if (t->pid == 0) {
        close(gate_write);
        become(words[0], strtol(words[2], NULL, 10), words[3], &words[4], gate);
    }
    char path[256];
    char pid[16];
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", words[1]);
    snprintf(pid, sizeof pid, "%d", (int)t->pid);
    put(path, pid); /* from here, so that they join in the order of the plan */
}

static long field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtol(at + strlen(name), NULL, 10);
}

static void sample(int vmstat)
{
    char text[16384];
    ssize_t n = pread(vmstat, text, sizeof text - 1, 0);
    if (n <= 0)
        fail("/proc/vmstat");
    text[n] = '\0';
    long dirty = field(text, "\nnr_dirty ");
    long writeback = field(text, "\nnr_writeback ");
    if (dirty > peak_dirty)
        peak_dirty = dirty;
    if (writeback > peak_writeback)
        peak_writeback = writeback;
    if (dirty + writeback > peak_pending)
        peak_pending = dirty + writeback;
}

/* Returns how many still run. */
static int reap(long long since)
{
    int status;
    int running = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < nr_tasks; i++)
            if (tasks[i].pid == pid) {
                tasks[i].status = status;
                tasks[i].ended_ns = now_ns() - since;
            }
    for (int i = 0; i < nr_tasks; i++)
        running += tasks[i].ended_ns == 0;
    return running;
}

static void signal_running(int signal)
{
    for (int i = 0; i < nr_tasks; i++)
        if (tasks[i].ended_ns == 0)
            kill(tasks[i].pid, signal);
}

/* Priority -1: the kernel's own choice. */
static int swap_on(const char *device, long priority)
{
    int flags = priority < 0 ? 0 : SWAP_FLAG_PREFER | ((int)priority & SWAP_FLAG_PRIO_MASK);
    if (swapon(device, flags) != 0)
        fail(device);
    return 0;
}

int main(int argc, char **argv)
{
    char line[LINE_MAX_BYTES];
    int gate[2];
    sigset_t child;
    if (argc == 4 && strcmp(argv[1], "swapon") == 0)
        return swap_on(argv[2], strtol(argv[3], NULL, 10));
    if (argc != 4)
        return 2;
    long runtime_ms = strtol(argv[1], NULL, 10);
    long sample_ms = strtol(argv[2], NULL, 10);
    struct timespec nap = {.tv_sec = sample_ms / 1000, .tv_nsec = sample_ms % 1000 * 1000000};

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child,
                NULL); /* a child's exec would keep it blocked; patterns use no signals */
    if (pipe(gate) != 0)
        fail("pipe");
    int vmstat = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
    if (vmstat < 0)
        fail("/proc/vmstat");
    while (fgets(line, sizeof line, stdin) != NULL)
        start(line, gate[0], gate[1]);
    long long since = now_ns();
    close(gate[1]);
    while (reap(since) > 0 && (runtime_ms == 0 || now_ns() - since < runtime_ms * 1000000LL)) {
        sample(vmstat);
        sigtimedwait(&child, NULL, &nap);
    }
    signal_running(SIGSTOP);
    for (int i = 0; i < nr_tasks; i++) {
        const struct stage_task *t = &tasks[i];
        if (t->ended_ns == 0)
            printf("task %s running\n", t->name);
        else
            printf("task %s ended %lld %d\n", t->name, t->ended_ns, t->status);
    }
    printf("peak dirty %ld\npeak writeback %ld\npeak pending %ld\n", peak_dirty, peak_writeback,
           peak_pending);
    fflush(stdout);
    int status = system(argv[3]);
    signal_running(SIGKILL);
    signal_running(SIGCONT);
    while (reap(since) > 0)
        sigtimedwait(&child, NULL, &nap);
    return status == 0 ? 0 : 1;
}
