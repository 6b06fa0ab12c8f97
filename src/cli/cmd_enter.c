/* cmd_enter.c - highwater enter FILE [-- COMMAND]: a command that sees a machine's files where its
 * own would be.
 *
 *     we ── wait, and die with it
 *      └─ process 1 of new user, mount and PID namespaces: the machine and its file system; nothing outlives it
 *          └─ the command, which mounts the machine's proc and sys over /proc and /sys first
 *
 * Process 1 must not touch /proc or /sys once they are its own: it would wait for itself.
 */
#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/mounted.h"
#include "cli/own_processes.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "mount/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct cli_option options[] = {MOUNTED_OPTIONS};

static const struct cli_spec spec = {
    .verb = "enter",
    .operands = "FILE [COMMAND [ARGUMENT...]]",
    .summary =
        "Runs a command, or a shell, that sees the machine of a scenario (.ini) or a recording as "
        "its own:\n"
        "free, vmstat, top, sar and whatever else reads /proc and /sys. Needs no root: it has "
        "namespaces of its\n"
        "own, in which it is root. When the command ends the machine does.",
    .takes = CLI_MACHINE | CLI_LIMITS | CLI_HOST | CLI_THEN_COMMAND,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "Options of ours stand before the command; those after its name are its own.\n"
        "Control files are in /proc/highwater (see 'highwater mount --help'): to end a process,\n"
        "echo PID > /proc/highwater/kill; the command kill reaches its own processes alone.\n"
        "\n"
        "Examples:\n"
        "  highwater enter scenarios/swap-thrash.ini -- vmstat 1 5\n"
        "  highwater enter scenarios/leak.ini --speed 10x -- top\n"
        "  highwater enter app.hwt --memory-max 96M --swap 1G\n",
    .min_operands = 1,
    .max_operands = UINT_MAX,
};

/* As shells say it. */
#define NOT_FOUND 127
#define NOT_RUN   126

static volatile int stop;
static bool foreground; /* the terminal's signals came to this program when it began */

static int write_file(int dir, const char *name, const char *text)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC), rc = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

static int cannot(struct err *e, const char *what)
{
    return err_set(e, -errno, "%s: %s", what, strerror(errno));
}

/* We are root there, and who we are outside. */
static int map_user(uid_t uid, gid_t gid, struct err *e)
{
    char text[64];
    int rc = write_file(AT_FDCWD, "/proc/self/setgroups", "deny");

    if (rc && rc != -ENOENT)
        return err_set(e, rc, "/proc/self/setgroups: %s", strerror(-rc));
    snprintf(text, sizeof(text), "0 %u 1", (unsigned)uid);
    rc = write_file(AT_FDCWD, "/proc/self/uid_map", text);
    if (rc)
        return err_set(e, rc, "/proc/self/uid_map: %s", strerror(-rc));
    snprintf(text, sizeof(text), "0 %u 1", (unsigned)gid);
    rc = write_file(AT_FDCWD, "/proc/self/gid_map", text);
    return rc ? err_set(e, rc, "/proc/self/gid_map: %s", strerror(-rc)) : 0;
}

/* Root keeps its own user namespace where it may. */
static int leave_host(struct err *e)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (uid == 0 && unshare(CLONE_NEWNS | CLONE_NEWPID) == 0)
        return 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0)
        return map_user(uid, gid, e);
    return err_set(
        e, -errno,
        "a user, mount and PID namespace of its own is refused (%s); the host may forbid "
        "it (user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns, "
        "the container's seccomp profile)",
        strerror(errno));
}

/* The proc file system of this PID namespace, mounted nowhere yet. */
static int own_proc(struct err *e)
{
    int context = fsopen("proc", FSOPEN_CLOEXEC), fd;

    if (context < 0)
        return cannot(e, "the kernel has no fsopen(2)");
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
        (fd = fsmount(context, FSMOUNT_CLOEXEC, 0)) < 0) {
        int rc =
            err_set(e, -errno,
                    "a proc file system of its own is refused (%s); in a container whose /proc is "
                    "partly hidden it is",
                    strerror(errno));

        close(context);
        return rc;
    }
    close(context);
    return fd;
}

/* So that the command's processes have numbers that the machine does not use. */
static void number_processes(const struct mounted *m, int proc)
{
    char text[32];
    u32 last = mounted_last_pid(m);

    snprintf(text, sizeof(text), "%u", last / 1000 * 1000 + 999);
    write_file(proc, "sys/kernel/ns_last_pid", text); /* where it fails they have low ones */
}

/* --- the command ------------------------------------------------------------------------------ */

static int shadow(int proc, struct err *e)
{
    if (mount("/sys/proc", "/proc", NULL, MS_BIND, NULL))
        return cannot(e, "/proc");
    if (move_mount(proc, "", AT_FDCWD, "/" OWN_PROCESSES, MOVE_MOUNT_F_EMPTY_PATH))
        return cannot(e, "/" OWN_PROCESSES);
    if (mount("/sys/sys", "/sys", NULL, MS_BIND, NULL))
        return cannot(e, "/sys");
    return 0;
}

/* What reads from the terminal is this group of processes, from now on. */
static void take_terminal(pid_t group)
{
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, group);
    signal(SIGTTOU, SIG_DFL);
}

static void run_command(struct cli *cli, int proc)
{
    static char shell[] = "/bin/sh";
    char *own_shell = getenv("SHELL"), *alone[] = {own_shell ? own_shell : shell, NULL};
    char **command = cli->nr_operands > 1 ? cli->operands + 1 : alone;
    struct err e = {0};
    int failed;

    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    if (shadow(proc, &e)) {
        cli_fail_err(cli, &e);
        _exit(NOT_FOUND);
    }
    /* A shell gives the terminal back to the group that had it, which must have a number in its
     * namespace. */
    if (foreground && command == alone && setpgid(0, 0) == 0)
        take_terminal(getpid());
    setenv("HIGHWATER_MACHINE", cli->operands[0], 1);
    execvp(command[0], command);
    failed = errno;
    cli_fail(cli, "%s: %s", command[0], strerror(failed));
    _exit(failed == ENOENT ? NOT_FOUND : NOT_RUN);
}

struct waiter {
    pid_t command;
    int status;
};

/* Process 1 buries everybody. */
static bool command_ended(void *ctx)
{
    struct waiter *w = ctx;
    bool ended = false;
    int status;

    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == w->command && (WIFEXITED(status) || WIFSIGNALED(status))) {
            w->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            ended = true;
        }
    return ended;
}

static void wake(int number)
{
    (void)number;
}

static int serve(struct cli *cli, struct mounted *m, int proc)
{
    static const struct sigaction wakes = {.sa_handler = wake};
    struct waiter waiter = {.status = CLI_FAILED};
    struct own_processes own;
    struct fs_config config = {
        .view = &own.view,
        .dir = "/sys",
        .over = true,
        .source = cli->operands[0],
        .stop = &stop,
        .round = command_ended,
        .ctx = &waiter,
    };
    struct err e = {0};
    struct fs fs;

    own_processes_init(&own, m->view, proc);
    signals_release_by(fs_release);
    if (fs_mount(&fs, &config, &e))
        return cli_fail_err(cli, &e);
    number_processes(m, proc);
    sigaction(SIGCHLD, &wakes, NULL); /* interrupts the wait for requests */
    waiter.command = fork();
    if (waiter.command < 0) {
        fs_unmount(&fs);
        return cli_fail(cli, "fork: %s", strerror(errno));
    }
    if (waiter.command == 0)
        run_command(cli, proc);
    fs_run(&fs);
    return waiter.status;
}

/* The command's clock of uptime begins with the machine's (a time namespace), and the machine's
 * boot is so long ago by the wall's clock: ps, who and uptime agree with each other. A machine with
 * a script keeps its date, to repeat itself byte for byte. Where the kernel has no time namespaces,
 * times of the command's own processes are the host's. */
static void set_clock(struct mounted *m, int proc)
{
    s64 now = m->has_live ? (s64)m->live.now : 0, offset;
    struct timespec host;
    char text[64];

    if (m->has_system && !m->script)
        m->system.boot_time = m->view->boot_time = (u64)(time(NULL) - now / (s64)NS_PER_S);
    if (clock_gettime(CLOCK_BOOTTIME, &host) || unshare(CLONE_NEWTIME))
        return;
    offset = now - ((s64)host.tv_sec * (s64)NS_PER_S + host.tv_nsec);
    if (offset % (s64)NS_PER_S < 0) /* seconds and what is above them */
        offset -= (s64)NS_PER_S;
    snprintf(text, sizeof(text), "boottime %lld %lld", (long long)(offset / (s64)NS_PER_S),
             (long long)((offset % (s64)NS_PER_S + (s64)NS_PER_S) % (s64)NS_PER_S));
    write_file(proc, "self/timens_offsets", text);
}

static void end_at_once(int number)
{
    _exit(128 + number);
}

/* Until the machine is there, which may be long (--skip), the terminal's signals end this program:
 * nothing is mounted yet, and process 1 of a namespace has no default for signals. */
static int open_interruptibly(struct mounted *m, const char *path)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM};
    int rc;

    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        if (signal(numbers[i], end_at_once) == SIG_IGN) /* whoever started us wants that: nohup */
            signal(numbers[i], SIG_IGN);
    rc = mounted_open(m, path);
    signal(SIGINT, SIG_IGN); /* from now on the command's */
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signals_stop_by(&stop);
    return rc;
}

static int be_process_1(struct cli *cli, struct mounted *m)
{
    struct err e = {0};
    int proc, rc;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    rc = open_interruptibly(m, cli->operands[0]);
    if (rc != CLI_OK)
        return rc;
    /* What is unmounted outside goes here too, or its program would not be told. */
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL)) {
        cannot(&e, "/");
        return cli_fail_err(cli, &e);
    }
    proc = own_proc(&e);
    if (proc < 0)
        return cli_fail_err(cli, &e);
    alloc_set_statm(openat(proc, "self/statm", O_RDONLY | O_CLOEXEC));
    set_clock(m, proc);
    return serve(cli, m, proc);
}

static int wait_for(pid_t child)
{
    int status;

    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return CLI_FAILED;
    if (foreground)
        take_terminal(getpgrp());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cmd_enter(int argc, char **argv)
{
    struct mounted m;
    struct err e = {0};
    struct cli cli;
    pid_t child;
    int rc;

    if (!mounted_begin(&m, &cli, &spec, argc, argv, "entered"))
        return cli_done(&cli, cli.exit_code);
    foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();
    if (leave_host(&e))
        return cli_done(&cli, cli_fail_err(&cli, &e));
    child = fork();
    if (child < 0)
        return cli_done(&cli, cli_fail(&cli, "fork: %s", strerror(errno)));
    if (child == 0) {
        rc = be_process_1(&cli, &m);
        fflush(NULL);
        _exit(rc);
    }
    return cli_done(&cli, wait_for(child));
}
