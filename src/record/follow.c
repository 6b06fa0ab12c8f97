/* follow.c - reap, pass signals on, decide about the end.
 *
 * Signals leave numbers in variables; follow_look acts on them. The list of children comes from
 * /proc/self/task/TID/children, where orphans that were handed to this process stand as well.
 */
#include "record/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that does not end when it is asked to is left alone. */
#define PATIENCE_NS (10 * NS_PER_S)

static volatile sig_atomic_t leader_pid; /* 0: it has ended */
static volatile sig_atomic_t stop_wanted, marks_wanted;

/* The terminal sends SIGINT and SIGQUIT to the whole group, so a program that runs has them already. */
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
    {SIGHUP, on_terminate}, {SIGXFSZ, SIG_IGN}, /* a write beyond the limit is an error like a full disk */
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

enum follow_state follow_look(struct follow *f, ns_t now,
                              void (*ended)(pid_t pid, int wait_status, void *data), void *data)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
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
    if (stop_wanted || (f->stop_at_ns > 0 && now >= f->stop_at_ns))
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

void follow_count(struct follow *f)
{
    char path[64], name[32];
    size_t at = 0;
    FILE *list;
    int pid;

    f->nr_left = 0;
    f->whom[0] = '\0';
    snprintf(path, sizeof(path), "/proc/self/task/%ld/children", syscall(SYS_gettid));
    list = fopen(path, "re");
    if (list == NULL)
        return;
    while (fscanf(list, "%d", &pid) == 1) {
        f->nr_left++;
        if (at + sizeof(name) + 32 > sizeof(f->whom))
            continue;
        name_of(pid, name, sizeof(name));
        at += (size_t)snprintf(f->whom + at, sizeof(f->whom) - at, "%s%s (%d)", at > 0 ? ", " : "",
                               name, pid);
    }
    fclose(list);
}
