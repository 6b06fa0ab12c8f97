/* follow.c - reap, pass signals on, decide about the end.
 *
 * Signals leave numbers in variables; follow_look acts on them. The list of children comes from
 * /proc/self/task/TID/children, where orphans that were handed to this process stand as well, and
 * so on from each of them.
 */
#include "record/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that does not end when it is asked to is left alone. */
#define PATIENCE_NS (10 * NS_PER_S)

/* Children of one thread, and descendants in all, that are counted. */
#define CHILDREN_MAX 256
#define LEFT_MAX     1024

static volatile sig_atomic_t leader_pid; /* 0: it has ended */
static volatile sig_atomic_t stop_wanted, marks_wanted;

/* The terminal sends SIGINT and SIGQUIT to the whole group, so a program that runs has them
 * already. */
static void on_interrupt(int sig)
{
    (void)sig;
    if (leader_pid == 0)
        stop_wanted = 1;
}

static void on_terminate(int sig)
{
    if (leader_pid > 0)
        kill(leader_pid, sig);
    else
        stop_wanted = 1;
}

static void on_mark(int sig)
{
    (void)sig;
    marks_wanted++;
}

static const struct {
    int signal;
    void (*handler)(int);
} dispositions[FOLLOW_SIGNALS] = {
    {SIGINT, on_interrupt}, {SIGQUIT, SIG_IGN}, {SIGTERM, on_terminate},
    {SIGHUP, on_terminate}, {SIGXFSZ, SIG_IGN}, /* too large a file is an error like a full disk */
    {SIGUSR2, on_mark},
};

void follow_begin(struct follow *f, sigset_t *ret_default)
{
    leader_pid = -1; /* none yet: an early SIGINT is the program's */
    stop_wanted = marks_wanted = 0;
    sigemptyset(ret_default);
    for (size_t i = 0; i < FOLLOW_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = dispositions[i].handler, .sa_flags = SA_RESTART};

        sigaction(dispositions[i].signal, NULL, &f->saved[i]);
        /* Signals that were ignored stay ignored, as under nohup. */
        if (f->saved[i].sa_handler == SIG_IGN)
            continue;
        sigaddset(ret_default, dispositions[i].signal);
        sigaction(dispositions[i].signal, &action, NULL);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void follow_end(struct follow *f)
{
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    leader_pid = 0;
    for (size_t i = 0; i < FOLLOW_SIGNALS; i++)
        sigaction(dispositions[i].signal, &f->saved[i], NULL);
}

void follow_leader(struct follow *f, pid_t leader)
{
    f->leader = leader;
    leader_pid = leader;
}

unsigned follow_marks(void)
{
    unsigned n = (unsigned)marks_wanted;

    marks_wanted = 0;
    return n;
}

static bool in_foreground(pid_t pid)
{
    int tty = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool yes = tty >= 0 && tcgetpgrp(tty) == getpgid(pid);

    if (tty >= 0)
        close(tty);
    return yes;
}

static enum follow_state stop(struct follow *f, ns_t now)
{
    if (f->leader_ended || (f->asked_ns == 0 && !in_foreground(f->leader)))
        return FOLLOW_STOPPED;
    if (f->asked_ns == 0) {
        f->asked_ns = now;
        kill(f->leader, SIGTERM);
    }
    return now - f->asked_ns > PATIENCE_NS ? FOLLOW_STOPPED : FOLLOW_RUNNING;
}

/* Time that the main thread of a process was ready to run and had no CPU: the second figure of its
 * schedstat, which a process keeps until it is reaped. 0 where the kernel does not count it. */
static ns_t starved_ns_of(pid_t pid)
{
    unsigned long long waited = 0;
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    f = fopen(path, "re");
    if (f != NULL) {
        if (fscanf(f, "%*u %llu", &waited) != 1)
            waited = 0;
        fclose(f);
    }
    return waited;
}

/* The next child that has ended, as waitpid(-1, status, WNOHANG), with what can be read of it
 * before it is reaped. */
static pid_t reap(struct follow *f, int *ret_status)
{
    siginfo_t who = {0};

    if (waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) < 0)
        return -1;
    if (who.si_pid == 0)
        return 0;
    f->starved_ns += starved_ns_of(who.si_pid);
    return waitpid(who.si_pid, ret_status, WNOHANG);
}

enum follow_state follow_look(struct follow *f, ns_t now,
                              void (*ended)(pid_t pid, int wait_status, void *data), void *data)
{
    pid_t pid;
    int status;

    while ((pid = reap(f, &status)) > 0) {
        if (pid == f->leader) {
            f->leader_ended = true;
            f->leader_status = status;
            leader_pid = 0;
        }
        ended(pid, status, data);
    }
    if (pid < 0 && errno == ECHILD)
        return FOLLOW_ALL_ENDED;
    if (f->leader_ended && f->leader_only)
        return FOLLOW_LEADER_ENDED;
    if (!stop_wanted && f->asked_ns == 0 && f->stop_at_ns > 0 && now >= f->stop_at_ns)
        f->timed_out = true;
    if (stop_wanted || f->timed_out)
        return stop(f, now);
    return FOLLOW_RUNNING;
}

static void name_of(pid_t pid, char *name, size_t size)
{
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    f = fopen(path, "re");
    if (f == NULL || fgets(name, (int)size, f) == NULL)
        snprintf(name, size, "process");
    name[strcspn(name, "\n")] = '\0';
    if (f != NULL)
        fclose(f);
}

/* CPU time of a process and of the children that it has reaped: the fields 14 to 17 of its stat, in
 * ticks. */
static ns_t cpu_ns_of(pid_t pid)
{
    unsigned long long ticks[4] = {0};
    char path[64], text[1024];
    const char *fields;
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f != NULL) {
        n = fread(text, 1, sizeof(text) - 1, f);
        fclose(f);
    }
    text[n] = '\0';
    fields = strrchr(text, ')'); /* the name may have anything in it */
    if (fields == NULL ||
        sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
               &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 4)
        return 0;
    return (ns_t)((ticks[0] + ticks[1] + ticks[2] + ticks[3]) *
                  (NS_PER_S / (unsigned long)sysconf(_SC_CLK_TCK)));
}

static void count_children(struct follow *f, pid_t pid, pid_t tid);

static void count(struct follow *f, pid_t pid)
{
    size_t at = strlen(f->whom);
    char path[64], name[32];
    struct dirent *thread;
    DIR *threads;

    f->nr_left++;
    f->left_cpu_ns += cpu_ns_of(pid);
    if (at + sizeof(name) + 32 <= sizeof(f->whom)) {
        name_of(pid, name, sizeof(name));
        snprintf(f->whom + at, sizeof(f->whom) - at, "%s%s (%d)", at > 0 ? ", " : "", name,
                 (int)pid);
    }
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads != NULL && (thread = readdir(threads)) != NULL)
        if (thread->d_name[0] != '.')
            count_children(f, pid, (pid_t)strtol(thread->d_name, NULL, 10));
    if (threads != NULL)
        closedir(threads);
}

static void count_children(struct follow *f, pid_t pid, pid_t tid)
{
    pid_t children[CHILDREN_MAX];
    unsigned nr = 0;
    char path[64];
    FILE *list;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
    list = f->nr_left < LEFT_MAX ? fopen(path, "re") : NULL;
    if (list == NULL)
        return;
    while (nr < CHILDREN_MAX && fscanf(list, "%d", &children[nr]) == 1)
        nr++;
    fclose(list);
    for (unsigned i = 0; i < nr; i++)
        count(f, children[i]);
}

void follow_count(struct follow *f)
{
    f->nr_left = 0;
    f->left_cpu_ns = 0;
    f->whom[0] = '\0';
    count_children(f, getpid(), (pid_t)syscall(SYS_gettid));
}
