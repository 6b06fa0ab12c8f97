/* mark.c - one datagram a mark, one byte back. Running recordings are found in /proc/net/unix. */
#include "record/mark.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME          "highwater-record-"
#define ANCESTORS_MAX 4096
#define ANSWER_AFTER  5 /* seconds */

static socklen_t address_of(pid_t pid, struct sockaddr_un *a)
{
    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
           (socklen_t)snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, NAME "%d", (int)pid);
}

int mark_listen(void)
{
    struct sockaddr_un a;
    socklen_t len = address_of(getpid(), &a);
    int on = 1, error;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
        bind(fd, (struct sockaddr *)&a, len) == 0)
        return fd;
    error = -errno;
    close(fd);
    return error;
}

static bool is_trusted(struct msghdr *m)
{
    struct ucred who;
    struct cmsghdr *c = CMSG_FIRSTHDR(m);

    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
        return false;
    memcpy(&who, CMSG_DATA(c), sizeof(who));
    return who.uid == 0 || who.uid == geteuid();
}

bool mark_take(int fd, void (*written)(const char *name, void *data), void *data)
{
    char name[MARK_NAME_MAX + 1], control[CMSG_SPACE(sizeof(struct ucred))];
    struct sockaddr_un from;
    struct iovec part = {name, MARK_NAME_MAX};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof(from),
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &m, 0);

    if (n < 0)
        return false;
    if (n == 0 || !is_trusted(&m))
        return true;
    name[n] = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    written(name, data);
    sendto(fd, "+", 1, 0, (struct sockaddr *)&from, m.msg_namelen);
    return true;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], line[128];
    pid_t parent = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    while (f != NULL && parent == 0 && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "PPid:", 5) == 0)
            parent = (pid_t)strtol(line + 5, NULL, 10);
    if (f != NULL)
        fclose(f);
    return parent;
}

static bool runs_below(pid_t ancestor)
{
    pid_t pid = getppid();

    for (unsigned n = 0; pid > 1 && pid != ancestor && n < ANCESTORS_MAX; n++)
        pid = parent_of(pid);
    return pid == ancestor;
}

/* The recordings that run. Returns how many, and their numbers as text; one, if one of them records
 * this very process. */
static unsigned find_recordings(pid_t *ret_pid, char *text, size_t size)
{
    pid_t own = 0;
    FILE *f = fopen("/proc/net/unix", "re");
    char line[512];
    unsigned n = 0;
    size_t at = 0;

    text[0] = '\0';
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        const char *name = strstr(line, "@" NAME);

        if (name == NULL)
            continue;
        *ret_pid = (pid_t)strtol(name + strlen("@" NAME), NULL, 10);
        if (runs_below(*ret_pid))
            own = *ret_pid;
        n++;
        if (at < size)
            at += (size_t)snprintf(text + at, size - at, "%s%d", n > 1 ? ", " : "", (int)*ret_pid);
    }
    if (f != NULL)
        fclose(f);
    if (own == 0)
        return n;
    *ret_pid = own;
    return 1;
}

int mark_send(pid_t pid, const char *name, struct err *e)
{
    struct sockaddr_un a, own = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = ANSWER_AFTER};
    char numbers[256], answer;
    socklen_t len;
    int fd, error = 0;

    if (pid == 0) {
        unsigned n = find_recordings(&pid, numbers, sizeof(numbers));

        if (n == 0)
            return err_set(e, -ENOENT, "no recording runs: start one with 'highwater record'");
        if (n > 1)
            return err_set(e, -EBUSY, "%u recordings run (%s): say which with --pid", n, numbers);
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
    len = address_of(pid, &a);
    if (bind(fd, (struct sockaddr *)&own, sizeof(sa_family_t)) != 0 || /* any name */
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        error = err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
    else if (sendto(fd, name, strlen(name), 0, (struct sockaddr *)&a, len) < 0)
        error = err_set(e, -ENOENT, "no recording of process %d runs", (int)pid);
    else if (recv(fd, &answer, 1, 0) != 1)
        error =
            err_set(e, -ETIMEDOUT,
                    "process %d does not answer: is it the recording of another user?", (int)pid);
    close(fd);
    return error;
}
