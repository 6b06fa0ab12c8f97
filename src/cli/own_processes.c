/* own_processes.c - a name is the machine's if the machine has it, else a link to the
 * namespace's. */
#include "cli/own_processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES   4096
#define STATUS_BYTES 8192
#define FOLDER       "highwater/processes"

/* Links in /proc, and what they lead to. NULL: into OWN_PROCESSES, by the same name. */
static const struct {
    const char *name, *target;
} links[] = {
    {"proc/self", ""}, /* of who asks */
    {"proc/thread-self", ""}, {"proc/mounts", "self/mounts"},
    {"proc/net", "self/net"}, {"proc/consoles", NULL},
    {"proc/devices", NULL},   {"proc/filesystems", NULL},
    {"proc/locks", NULL},     {"proc/tty", NULL},
};

/* Sysctls of the host that are shown and cannot be set: files and folders, since sysctl(8) follows
 * no links. */
static const char *const sysctls[] = {
    "proc/sys/fs",
    "proc/sys/net",
    "proc/sys/user",
    "proc/sys/kernel/cap_last_cap",
    "proc/sys/kernel/domainname",
    "proc/sys/kernel/hostname",
    "proc/sys/kernel/ngroups_max",
    "proc/sys/kernel/overflowgid",
    "proc/sys/kernel/overflowuid",
    "proc/sys/kernel/pid_max",
    "proc/sys/kernel/random",
};
#define SYSCTL_TEXT_MAX 65536u

static struct own_processes *of(struct view *v)
{
    return container_of(v, struct own_processes, view);
}

static int find_link(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(links); i++)
        if (strcmp(links[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* What stands behind "proc/" when it is one of the sysctls or below one. NULL: it is not. */
static const char *sysctl_name(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(sysctls); i++) {
        size_t len = strlen(sysctls[i]);

        if (strncmp(name, sysctls[i], len) == 0 && (!name[len] || name[len] == '/'))
            return name + strlen("proc/");
    }
    return NULL;
}

/* What stands behind "proc/" when a process of that number follows: "1234" or "1234/...". NULL:
 * nothing of the kind. Process 1 is this program. */
static const char *process_name(const char *name)
{
    size_t digits;

    if (strncmp(name, "proc/", 5) != 0)
        return NULL;
    name += 5;
    digits = strspn(name, "0123456789");
    if (!digits || (name[digits] && name[digits] != '/') || (digits == 1 && *name == '1'))
        return NULL;
    return name;
}

/* Whose they are depends on who asks: the machine's, which a capture has with some files of who
 * captured, are none of theirs. */
static bool is_of_asker(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(links); i++) {
        size_t len = strlen(links[i].name);

        if (links[i].target && !*links[i].target && strncmp(links[i].name, name, len) == 0 &&
            (!name[len] || name[len] == '/'))
            return true;
    }
    return false;
}

/* What the machine calls a file: of the command's processes those that a capture has of who
 * captured, as the mounts and the group of its machine (/proc/self/mountinfo), are the
 * machine's. */
static const char *machine_name(const struct own_processes *o, const char *name, char *buf)
{
    const char *process = process_name(name), *file = process ? strchr(process, '/') : NULL;
    struct view_stat st;

    if (!file || strchr(file + 1, '/') || o->machine->ops->look_up(o->machine, name, &st) == 0)
        return name;
    snprintf(buf, PATH_BYTES, "proc/self%s", file);
    return o->machine->ops->look_up(o->machine, buf, &st) == 0 && S_ISREG(st.mode) ? buf : name;
}

static int host_mode(const struct own_processes *o, const char *name, u32 *ret)
{
    struct stat st;

    if (fstatat(o->proc, name, &st, AT_SYMLINK_NOFOLLOW))
        return -errno;
    *ret = st.st_mode;
    return 0;
}

static int look_up(struct view *v, const char *name, struct view_stat *ret)
{
    struct own_processes *o = of(v);
    char buf[PATH_BYTES];
    int rc = is_of_asker(name)
                 ? -ENOENT
                 : o->machine->ops->look_up(o->machine, machine_name(o, name, buf), ret);
    const char *process = process_name(name);
    u32 mode = 0;

    if (rc != -ENOENT)
        return rc;
    if (strcmp(name, OWN_PROCESSES) == 0) {
        *ret = (struct view_stat){.mode = S_IFDIR | 0555, .lasting = true};
        return 0;
    }
    if (find_link(name) >= 0) {
        *ret = (struct view_stat){.mode = S_IFLNK | 0777};
        return 0;
    }
    if (sysctl_name(name)) {
        rc = host_mode(o, sysctl_name(name), &mode);
        if (rc == 0)
            *ret = (struct view_stat){.mode = (mode & S_IFMT) | (mode & 0555)};
        return rc;
    }
    if (!process)
        return -ENOENT;
    rc = host_mode(o, process, &mode);
    if (rc == 0)
        *ret = (struct view_stat){.mode = strchr(process, '/') ? (u32)S_IFLNK | 0777
                                                               : (u32)S_IFDIR | 0555};
    return rc;
}

/* A link of the host is what it is there (exe, cwd); anything else is reached by one. */
static int read_process_link(struct own_processes *o, const char *process, struct strbuf *out)
{
    char target[PATH_BYTES];
    ssize_t len = readlinkat(o->proc, process, target, sizeof(target) - 1);

    if (len >= 0)
        strbuf_append_bytes(out, target, (size_t)len);
    else if (errno == EINVAL)
        strbuf_printf(out, "../" FOLDER "/%s", process);
    else
        return -errno;
    return 0;
}

static int read_own_link(struct own_processes *o, int link, const struct view_caller *caller,
                         struct strbuf *out)
{
    const char *target = links[link].target, *name = links[link].name + strlen("proc/");

    if (!target) {
        for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/'))
            strbuf_append(out, "../");
        strbuf_printf(out, FOLDER "/%s", name);
    } else if (*target) {
        strbuf_append(out, target);
    } else {
        char path[64], tgid[32] = "";
        FILE *f;
        int fd;

        snprintf(path, sizeof(path), "%u/status", caller->pid);
        fd = openat(o->proc, path, O_RDONLY | O_CLOEXEC);
        f = fd < 0 ? NULL : fdopen(fd, "r");
        if (!f)
            return -ENOENT;
        while (!*tgid && fgets(path, sizeof(path), f))
            if (sscanf(path, "Tgid: %31s", tgid) != 1)
                *tgid = '\0';
        fclose(f);
        if (!*tgid)
            return -ENOENT;
        strbuf_append(out, tgid);
        if (strcmp(name, "thread-self") == 0)
            strbuf_printf(out, "/task/%u", caller->pid);
    }
    return 0;
}

static int read_link(struct view *v, const char *name, const struct view_caller *caller,
                     struct strbuf *out)
{
    struct own_processes *o = of(v);
    const char *process = process_name(name);
    int link = find_link(name);

    struct view_stat st;

    if (o->machine->ops->read_link && !is_of_asker(name) &&
        o->machine->ops->look_up(o->machine, name, &st) == 0)
        return o->machine->ops->read_link(o->machine, name, caller, out);
    if (link >= 0)
        return read_own_link(o, link, caller, out);
    return process ? read_process_link(o, process, out) : -EINVAL;
}

/* --- lists ------------------------------------------------------------------------------------ */

struct listing {
    struct own_processes *own;
    view_name_fn *each;
    void *ctx;
};

/* Names of a directory of the host's. pids: only processes that the machine has not; links_only: to
 * be shown as links. */
static int list_host(const struct listing *to, const char *dir, bool pids, bool links_only)
{
    int fd = openat(to->own->proc, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    char name[PATH_BYTES];
    struct view_stat st;
    struct dirent *entry;

    if (!d)
        return -errno;
    while (rc == 0 && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof(name), "proc/%s", entry->d_name);
        if (pids && (!process_name(name) ||
                     to->own->machine->ops->look_up(to->own->machine, name, &st) == 0))
            continue;
        rc = to->each(to->ctx, entry->d_name,
                      pids         ? S_IFDIR
                      : links_only ? S_IFLNK
                                   : (u32)DTTOIF(entry->d_type));
    }
    closedir(d);
    return rc;
}

static int list_links(const struct listing *to, const char *dir)
{
    size_t len = strlen(dir);
    struct view_stat st;
    int rc = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(links) && rc == 0; i++) {
        const char *name = links[i].name;

        if (strncmp(name, dir, len) == 0 && name[len] == '/' && !strchr(name + len + 1, '/') &&
            (is_of_asker(name) || to->own->machine->ops->look_up(to->own->machine, name, &st) != 0))
            rc = to->each(to->ctx, name + len + 1, S_IFLNK);
    }
    return rc;
}

static int list_sysctls(const struct listing *to, const char *dir)
{
    size_t len = strlen(dir);
    struct view_stat st;
    int rc = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(sysctls) && rc == 0; i++) {
        const char *name = sysctls[i];

        if (strncmp(name, dir, len) == 0 && name[len] == '/' && !strchr(name + len + 1, '/') &&
            to->own->machine->ops->look_up(to->own->machine, name, &st) != 0 &&
            look_up(&to->own->view, name, &st) == 0)
            rc = to->each(to->ctx, name + len + 1, st.mode & S_IFMT);
    }
    return rc;
}

/* A name of the machine's own, in /proc. */
static int list_not_of_asker(void *ctx, const char *name, u32 type)
{
    const struct listing *to = ctx;
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "proc/%s", name);
    return is_of_asker(path) ? 0 : to->each(to->ctx, name, type);
}

static int list(struct view *v, const char *name, view_name_fn *each, void *ctx)
{
    struct own_processes *o = of(v);
    struct listing to = {o, each, ctx};
    const char *process = process_name(name);
    int rc;

    if (strcmp(name, OWN_PROCESSES) == 0)
        return 0;
    rc = strcmp(name, "proc") == 0 ? o->machine->ops->list(o->machine, name, list_not_of_asker, &to)
                                   : o->machine->ops->list(o->machine, name, each, ctx);
    if (rc == -ENOENT && process)
        return list_host(&to, process, false, true);
    if (rc == -ENOENT && sysctl_name(name))
        return list_host(&to, sysctl_name(name), false, false);
    if (rc == 0)
        rc = list_links(&to, name);
    if (rc == 0)
        rc = list_sysctls(&to, name);
    if (rc == 0 && strcmp(name, "proc") == 0)
        rc = list_host(&to, ".", true, true);
    if (rc == 0 && strcmp(name, "proc/highwater") == 0)
        rc = each(ctx, "processes", S_IFDIR);
    return rc;
}

/* --- the rest is the machine's ---------------------------------------------------------------- */

static int read_sysctl(const struct own_processes *o, const char *name, struct strbuf *out)
{
    int fd = openat(o->proc, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char text[4096];
    ssize_t n = -1;

    while (fd >= 0 && out->len < SYSCTL_TEXT_MAX && (n = read(fd, text, sizeof(text))) > 0)
        strbuf_append_bytes(out, text, (size_t)n);
    n = n < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return (int)n;
}

static int read_text(struct view *v, const char *name, struct strbuf *out)
{
    struct view_stat st;
    char buf[PATH_BYTES];

    if (sysctl_name(name) && of(v)->machine->ops->look_up(of(v)->machine, name, &st) != 0)
        return read_sysctl(of(v), sysctl_name(name), out);
    return of(v)->machine->ops->read(of(v)->machine, machine_name(of(v), name, buf), out);
}

static int write_text(struct view *v, const char *name, const char *text,
                      const struct view_caller *caller, void *cookie)
{
    of(v)->machine->written = v->written;
    return of(v)->machine->ops->write(of(v)->machine, name, text, caller, cookie);
}

static int may_open(struct view *v, const char *name, bool to_write,
                    const struct view_caller *caller)
{
    struct view *machine = of(v)->machine;
    char buf[PATH_BYTES];

    name = machine_name(of(v), name, buf);
    return machine->ops->may_open ? machine->ops->may_open(machine, name, to_write, caller) : 0;
}

static int also_written(struct view *v, const char *name, const char *text, struct strbuf *ret)
{
    struct view *machine = of(v)->machine;

    return machine->ops->also_written ? machine->ops->also_written(machine, name, text, ret)
                                      : -ENOENT;
}

static int cancel(struct view *v, void *cookie)
{
    return of(v)->machine->ops->cancel(of(v)->machine, cookie);
}

static int make_dir(struct view *v, const char *name)
{
    return of(v)->machine->ops->make_dir(of(v)->machine, name);
}

static int remove_dir(struct view *v, const char *name)
{
    return of(v)->machine->ops->remove_dir(of(v)->machine, name);
}

/* As the proc file system of the namespace tells them: the machine's /proc, which covers it, has no
 * such threads. */
static unsigned groups_of(struct view *v, u32 thread, unsigned max, u32 *ret)
{
    char name[64], text[STATUS_BYTES], *at, *end;
    unsigned nr = 0;
    ssize_t len;
    int fd;

    snprintf(name, sizeof(name), "%u/task/%u/status", thread, thread);
    fd = openat(of(v)->proc, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[MAX(len, 0)] = '\0';
    at = strstr(text, "\nGroups:");
    if (!at)
        return 0;
    at += strlen("\nGroups:");
    at[strcspn(at, "\n")] = '\0';
    for (; nr < max; at = end) {
        u32 gid = (u32)strtoul(at, &end, 10);

        if (end == at || !*end) /* a space follows each, where the text is not cut */
            break;
        ret[nr++] = gid;
    }
    return nr;
}

static s64 trigger_events(struct view *v, int trigger)
{
    return of(v)->machine->ops->trigger_events(of(v)->machine, trigger);
}

static void trigger_close(struct view *v, int trigger)
{
    of(v)->machine->ops->trigger_close(of(v)->machine, trigger);
}

static u64 advance(struct view *v, u64 wall, u64 budget)
{
    of(v)->machine->attend = v->attend;
    of(v)->machine->attend_ctx = v->attend_ctx;
    return of(v)->machine->ops->advance(of(v)->machine, wall, budget);
}

void own_processes_init(struct own_processes *o, struct view *machine, int proc)
{
    static const struct view_ops ops = {
        .look_up = look_up,
        .list = list,
        .read = read_text,
        .write = write_text,
        .may_open = may_open,
        .also_written = also_written,
        .cancel = cancel,
        .make_dir = make_dir,
        .remove_dir = remove_dir,
        .read_link = read_link,
        .groups_of = groups_of,
        .trigger_events = trigger_events,
        .trigger_close = trigger_close,
        .advance = advance,
    };

    *o = (struct own_processes){.view = *machine, .machine = machine, .proc = proc};
    o->view.ops = &ops;
}
