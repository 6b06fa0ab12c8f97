/* live_watch.c - see live_watch.h. */
#include "cli/live_watch.h"

#include "base/units.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS (10 * NS_PER_S)
#define DRAIN_READS 64u /* at a time: who writes without end must not keep us from letting go */

static void start(struct live_watch *w, ns_t now)
{
    int ends[2], null;

    if (pipe2(ends, O_CLOEXEC))
        return;
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    w->pid = fork();
    if (w->pid == 0) {
        setpgid(0, 0);
        if (null >= 0)
            dup2(null, STDIN_FILENO); /* to read the terminal from the background would stop it */
        dup2(ends[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", w->command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (null >= 0)
        close(null);
    if (w->pid < 0) {
        close(ends[0]);
        return;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    w->fd = ends[0];
    w->started = now;
    w->len = 0;
}

/* What it says is read, so that it hardly waits for us; the beginning is kept. */
static void drain(struct live_watch *w)
{
    char buf[4096];
    ssize_t n;

    for (unsigned i = 0; i < DRAIN_READS && (n = read(w->fd, buf, sizeof(buf))) > 0; i++) {
        size_t keep = MIN((size_t)n, sizeof(w->said) - 1 - w->len);

        memcpy(w->said + w->len, buf, keep);
        w->len += keep;
    }
}

static void finish(struct live_watch *w, bool well)
{
    double number;

    drain(w);
    w->said[w->len] = '\0';
    w->said[strcspn(w->said, " \t\n")] = '\0';
    w->health.failed = !well;
    w->health.has_number = parse_f64(w->said, &number, NULL) == 0;
    if (w->health.has_number)
        w->health.number = number;
    w->health.count++;
    close(w->fd);
    w->pid = 0;
}

void live_watch_poll(struct live_watch *w, ns_t now, bool wait)
{
    int status;
    pid_t ended;

    if (!w->command)
        return;
    if (w->pid <= 0)
        start(w, now);
    if (w->pid <= 0) {
        w->health.failed = true; /* the host cannot even start it */
        return;
    }
    do {
        drain(w);
        ended = waitpid(w->pid, &status, WNOHANG);
        if (ended == 0 && wait) {
            poll(NULL, 0, 5);
            now += 5 * NS_PER_MS;
        }
    } while (ended == 0 && wait && now - w->started < PATIENCE_NS);
    if (ended == w->pid) {
        finish(w, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    } else if (now - w->started >= PATIENCE_NS) {
        kill(-w->pid, SIGKILL);
        waitpid(w->pid, NULL, 0);
        finish(w, false);
    }
}

void live_watch_end(struct live_watch *w)
{
    if (w->pid <= 0)
        return;
    kill(-w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    close(w->fd);
    w->pid = 0;
}
