/* live_guard.c - see live_guard.h. */
#include "cli/live_guard.h"

#include "base/outfile.h"
#include "base/units.h"
#include "squeeze/note.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOLD_MAX     2u /* the one in force and the one about to be */
#define TRIES        50u
#define TRY_NS       (100 * NS_PER_MS)
#define NOTES_MAX    4096u
#define NOTE_MAX     (PATH_MAX + 512u)
#define NOTE_PREFIX  "live-"
#define SILENCE_MS   12000 /* longer than a look at --watch on a machine of ours */
#define FAREWELL     UINT64_MAX
#define NOTHING_TOLD (UINT64_MAX - 1)
#define STILL_HERE   (UINT64_MAX - 2)

/* --- giving back --- */

static void nap(void)
{
    const struct timespec t = {.tv_nsec = (long)TRY_NS};

    nanosleep(&t, NULL);
}

/* 0: it is as it was, or somebody else's, or the group is gone. */
static int give_back(struct live_place *p, const u64 told[TOLD_MAX], u64 high_bytes)
{
    const struct squeeze_host host = live_place_host(p);
    char text[32];
    u64 now;
    int rc = squeeze_read_number(&host, "memory.high", &now);

    if (rc == -ENODEV || rc == -ENOENT)
        return 0;
    if (rc)
        return rc;
    if (now == high_bytes || (now != told[0] && now != told[1]))
        return 0;
    return host.write(host.ctx, "memory.high", squeeze_limit_text(text, high_bytes));
}

/* --- notes --- */

static u64 started_of(u64 pid)
{
    char path[64], text[1024], *at;
    u64 started = 0;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[MAX(n, (ssize_t)0)] = '\0';
    at = strrchr(text, ')');
    for (unsigned field = 2; at && field < 22; field++) /* the name of field 2 may hold blanks */
        at = strchr(at + 1, ' ');
    if (at)
        started = strtoull(at, NULL, 10);
    return started;
}

const char *live_guard_folder(const char *state_dir, char buf[PATH_MAX])
{
    const char *own = getenv("XDG_RUNTIME_DIR");

    if (state_dir)
        snprintf(buf, PATH_MAX, "%s", state_dir);
    else if (geteuid() == 0 || !own || *own != '/')
        snprintf(buf, PATH_MAX, "/run/highwater");
    else
        snprintf(buf, PATH_MAX, "%s/highwater", own);
    return buf;
}

/* FNV-1a of the whole path, behind the last part of it for who lists the folder. */
static int name_note(const struct live_place *p, const char *folder, char buf[PATH_MAX])
{
    const char *last = strrchr(p->dir, '/') + 1;
    u64 hash = 14695981039346656037u;
    char clean[65];
    size_t len = 0;

    for (const char *at = p->dir; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    for (; last[len] && len < sizeof(clean) - 1; len++)
        clean[len] = strchr("\n/", last[len]) ? '_' : last[len];
    clean[len] = '\0';
    return snprintf(buf, PATH_MAX, "%s/" NOTE_PREFIX "%s-%016" PRIx64, folder, clean, hash) <
                   PATH_MAX
               ? 0
               : -ENAMETOOLONG;
}

static int write_note(const char *path, const struct live_place *p, pid_t pid, u64 high_bytes,
                      const char *folder, struct err *e)
{
    struct squeeze_note note = {.pid = (u64)pid, .high_bytes = high_bytes};
    struct strbuf text;
    struct stat st;
    int rc;

    if (fstat(p->fd, &st))
        return err_set(e, -errno, "%s: %s", p->dir, strerror(errno));
    if (strchr(p->dir, '\n'))
        return err_set(e, -EINVAL, "a group whose name holds a newline cannot be noted down");
    note.inode = st.st_ino;
    note.started = started_of(note.pid);
    snprintf(note.group, sizeof(note.group), "%s", p->dir);
    if (mkdir(folder, 0755) && errno != EEXIST) /* lint: the folder of notes, kept by intent */
        return err_set(e, -errno,
                       "%s: %s (--state DIR is another folder for the note of what to restore)",
                       folder, strerror(errno));
    strbuf_init(&text);
    squeeze_note_render(&note, &text);
    rc = outfile_write(path, text.text, text.len, e);
    strbuf_done(&text);
    return rc;
}

static int read_note(const char *path, struct squeeze_note *ret, struct err *e)
{
    char text[NOTE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t n;

    if (fd < 0)
        return err_set(e, -errno, "%s", strerror(errno));
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n < 0)
        return err_set(e, -errno, "%s", strerror(errno));
    text[n] = '\0';
    return squeeze_note_parse(text, ret, e);
}

static bool is_alive(const struct squeeze_note *n)
{
    return n->pid <= INT_MAX && n->started && started_of(n->pid) == n->started;
}

/* --- the guardian's life --- */

/* True: the parent said something, or is gone. False: it stands still (Ctrl-Z, SIGSTOP, a frozen
 * group, a write that does not return). */
static bool hears(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, SILENCE_MS) != 0;
}

/* It writes the note itself, so that no half of one is left when its parent is killed meanwhile;
 * and answers with struct err, "" for done. */
static _Noreturn void guard(int fd, struct live_place p, pid_t parent, u64 high_bytes,
                            const char *folder, const char *note)
{
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
    u64 told[TOLD_MAX] = {NOTHING_TOLD, NOTHING_TOLD}, word = 0;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct err e = {0};
    ssize_t n;

    setsid();
    prctl(PR_SET_NAME, "highwater-guard");
    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        signal(ignored[i], SIG_IGN);
    for (int i = 0; i < 3 && null >= 0;
         i++) /* who reads our output must not wait for the guardian */
        dup2(null, i);
    p.guard = NULL;
    write_note(note, &p, parent, high_bytes, folder, &e);
    send(fd, &e, sizeof(e), MSG_NOSIGNAL);
    for (;;) {
        if (!hears(fd)) {
            give_back(&p, told, high_bytes); /* and stay: it may go on, or be killed */
            continue;
        }
        n = recv(fd, &word, sizeof(word), MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n != sizeof(word))
            break;
        if (word == FAREWELL)
            _exit(0);
        if (word == STILL_HERE)
            continue;
        told[1] = told[0];
        told[0] = word;
    }
    for (unsigned i = 0; i < TRIES; i++, nap()) {
        if (give_back(&p, told, high_bytes) == 0) {
            unlink(note); /* lint: the note is done, and nobody else is left to remove it */
            _exit(0);
        }
    }
    _exit(1);
}

/* --- for the process that squeezes --- */

int live_guard_claim(const struct live_place *p, const char *state_dir, struct err *e)
{
    const struct squeeze_host host = live_place_host((struct live_place *)p);
    char folder[PATH_MAX], path[PATH_MAX];
    struct squeeze_note old;
    u64 now;

    /* Held by the guardian, too, until both are gone. */
    if (flock(p->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return err_set(e, -EBUSY, "%s is being sized by another highwater already", p->group);
    live_guard_folder(state_dir, folder);
    if (name_note(p, folder, path) || read_note(path, &old, NULL) || strcmp(old.group, p->dir) != 0)
        return 0;
    if (is_alive(&old))
        return err_set(e, -EBUSY, "%s is being sized by another highwater already", p->group);
    if (squeeze_read_number(&host, "memory.high", &now) == 0 && now != old.high_bytes)
        return err_set(e, -EBUSY,
                       "%s was not given its memory.high back when it was sized last: run "
                       "'highwater live --restore' first",
                       p->group);
    return 0;
}

int live_guard_start(struct live_guard *g, const struct live_place *p, u64 high_bytes,
                     const char *state_dir, struct err *e)
{
    char folder[PATH_MAX];
    const pid_t parent = getpid();
    struct err said;
    int ends[2], rc;
    ssize_t n;

    *g = (struct live_guard){.socket = -1};
    live_guard_folder(state_dir, folder);
    if (name_note(p, folder, g->note))
        return err_set(e, -ENAMETOOLONG, "%s: a name too long", folder);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_set(e, -errno, "socketpair: %s", strerror(errno));
    g->pid = fork();
    if (g->pid == 0) {
        close(ends[0]);
        guard(ends[1], *p, parent, high_bytes, folder, g->note);
    }
    close(ends[1]);
    g->socket = ends[0];
    if (g->pid < 0) {
        rc = err_set(e, -errno, "fork: %s", strerror(errno));
        close(g->socket);
        return rc;
    }
    do
        n = recv(g->socket, &said, sizeof(said), 0);
    while (n < 0 && errno == EINTR);
    if (n == sizeof(said) && !*said.text)
        return 0;
    live_guard_end(g, true);
    if (n == sizeof(said))
        return err_set(e, -EIO, "%s", said.text);
    return err_set(e, -EOWNERDEAD, "the guardian process ended at once");
}

bool live_guard_lives(struct live_guard *g)
{
    if (g->pid > 0 && waitpid(g->pid, NULL, WNOHANG) != 0)
        g->pid = -1;
    return g->pid > 0;
}

void live_guard_greet(struct live_guard *g)
{
    const u64 word = STILL_HERE;

    if (g->pid > 0) /* one that has no room has enough of them */
        send(g->socket, &word, sizeof(word), MSG_NOSIGNAL | MSG_DONTWAIT);
}

int live_guard_tell(struct live_guard *g, u64 high_bytes)
{
    if (!live_guard_lives(g) ||
        send(g->socket, &high_bytes, sizeof(high_bytes), MSG_NOSIGNAL) != sizeof(high_bytes))
        return -EOWNERDEAD;
    return 0;
}

void live_guard_end(struct live_guard *g, bool restored)
{
    const u64 word = FAREWELL;

    if (restored) {
        send(g->socket, &word, sizeof(word), MSG_NOSIGNAL);
        unlink(g->note); /* lint: our own note, done */
    }
    close(g->socket); /* not restored: the guardian tries */
    if (g->pid > 0)
        while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    g->socket = -1;
    g->pid = -1;
}

/* --- restore --- */

/* 0: done, or nothing to do. */
static int restore_note(const char *path, const struct squeeze_note *n, struct strbuf *out)
{
    struct live_place p = {.high_bytes = SQUEEZE_NONE};
    const struct squeeze_host host = live_place_host(&p);
    char high[32], now_text[32];
    struct stat st;
    u64 now;
    int rc = 0;

    if (is_alive(n)) {
        strbuf_printf(out,
                      "%s: process %" PRIu64 " still sizes it; end that (kill %" PRIu64
                      "), and it restores by itself\n",
                      n->group, n->pid, n->pid);
        return -EBUSY;
    }
    p.fd = open(n->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p.fd < 0 || fstat(p.fd, &st) || st.st_ino != n->inode) {
        strbuf_printf(out, "%s: the group is gone, nothing to restore\n", n->group);
    } else if ((rc = squeeze_read_number(&host, "memory.high", &now)) == 0 &&
               now == n->high_bytes) {
        strbuf_printf(out, "%s: memory.high is %s, as it was\n", n->group,
                      squeeze_limit_text(high, now));
    } else if (rc == 0) {
        rc = host.write(host.ctx, "memory.high", squeeze_limit_text(high, n->high_bytes));
        if (rc == 0)
            strbuf_printf(out, "%s: memory.high was %s, and is %s again\n", n->group,
                          squeeze_limit_text(now_text, now), high);
    }
    if (rc)
        strbuf_printf(out, "%s: memory.high cannot be restored: %s\n", n->group, strerror(-rc));
    else
        unlink(path); /* lint: the note is done */
    if (p.fd >= 0)
        close(p.fd);
    return rc;
}

/* "live-web.service-0123456789abcdef"; what has more behind it was never finished, and nothing was
 * written to the group. */
static bool is_note(const char *name)
{
    const char *hash = strrchr(name, '-');

    return strncmp(name, NOTE_PREFIX, strlen(NOTE_PREFIX)) == 0 && strlen(hash) == 17 &&
           strspn(hash + 1, "0123456789abcdef") == 16;
}

int live_guard_restore(const char *state_dir, const char *root, const char *group,
                       struct strbuf *out, struct err *e)
{
    char folder[PATH_MAX], path[2 * PATH_MAX];
    struct live_place wanted = {0};
    unsigned nr = 0;
    int failed = 0;
    DIR *dir;

    if (group) {
        int rc = live_place_open(&wanted, root, group, e);

        if (rc)
            return rc;
        live_place_close(&wanted);
    }
    dir = opendir(live_guard_folder(state_dir, folder));
    if (!dir && errno != ENOENT)
        return err_set(e, -errno, "%s: %s", folder, strerror(errno));
    for (struct dirent *d; dir && (d = readdir(dir)) && nr < NOTES_MAX;) {
        struct squeeze_note note;
        struct err why = {0};

        if (!is_note(d->d_name))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
        if (read_note(path, &note, &why)) {
            strbuf_printf(out, "%s: no note of ours: %s\n", path, why.text);
            failed++;
        } else if (!group || strcmp(note.group, wanted.dir) == 0) {
            failed += restore_note(path, &note, out) != 0;
            nr++;
        }
    }
    if (dir)
        closedir(dir);
    if (nr == 0 && failed == 0)
        strbuf_printf(out, "nothing to restore: no note in %s\n", folder);
    return failed;
}
