/* anonymise_capture.c - which names a file of a capture can have, by its path.
 *
 *     sys/fs/cgroup/A/B/memory.stat   the groups A and B; its listing has groups, too
 *     proc/PID/cgroup                 paths of groups
 *     proc/PID/status                 numbers of users
 *     dev/kmsg                        anything; paths of groups where the kernel prints them, and units
 *     proc/sys/kernel/hostname        one name
 *
 * All others hold figures, or what every machine has, and stay as they are.
 */
#include "report/anonymise_capture.h"

#include "report/anonymise_int.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CGROUP_ROOT "sys/fs/cgroup/"
#define FIRST_USER  1000u /* below are the system's own */

/* Names that any machine has, and what begins with one of the second kind. */
static const char *const everybodys[] = {
    "system.slice",
    "user.slice",
    "machine.slice",
    "init.scope",
    "system",
    "user",
    "machine",
    "app.slice",
    "session.slice",
    "background.slice",
    "kubepods",
    "kubepods.slice",
    "kubepods-besteffort.slice",
    "kubepods-burstable.slice",
    "besteffort",
    "burstable",
    "guaranteed",
    "docker",
    "lxc",
    "libpod_parent",
    "unified",
    "memory",
    "cpu",
    "cpuacct",
    "cpu,cpuacct",
    "cpuset",
    "blkio",
    "devices",
    "freezer",
    "hugetlb",
    "net_cls",
    "net_prio",
    "net_cls,net_prio",
    "perf_event",
    "pids",
    "rdma",
    "misc",
    "systemd",
    "dbus.service",
    "ssh.service",
    "sshd.service",
    "cron.service",
    "crond.service",
    "rsyslog.service",
    "containerd.service",
    "docker.service",
    "kubelet.service",
    "crio.service",
    "earlyoom.service",
    "NetworkManager.service",
    "polkit.service",
    "snapd.service",
    "udisks2.service",
    "tmp.mount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
};
static const char *const everybodys_begin[] = {"systemd-",       "getty@",       "serial-getty@",
                                               "system-systemd", "system-getty", "system-modprobe",
                                               "sys-",           "proc-sys-"};
/* Words before an id, which anonymise() replaces; several may follow each other in this order. */
static const char *const runtimes[] = {"docker-", "cri-containerd-", "crio-",       "conmon-",
                                       "libpod-", "kubepods-",       "besteffort-", "burstable-",
                                       "pod",     "user-",           "user@",       "session-",
                                       "run-u"};
static const char *const unit_ends[] = {".service", ".scope", ".slice", ".socket",
                                        ".mount",   ".swap",  ".timer", ".target"};

static bool begins(struct span word, const char *with)
{
    size_t len = strlen(with);

    return span_len(word) >= len && memcmp(word.at, with, len) == 0;
}

static bool begins_with_one(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(word, list[i]))
            return true;
    return false;
}

/* ".service" of "db.service"; "" of what is no unit. */
static const char *end_of_unit(struct span word)
{
    for (size_t i = 0; i < ARRAY_SIZE(unit_ends); i++) {
        size_t len = strlen(unit_ends[i]);

        if (span_len(word) > len && memcmp(word.end - len, unit_ends[i], len) == 0)
            return unit_ends[i];
    }
    return "";
}

/* Hexadecimal digits, with '-' or '_' between groups of them. */
static bool is_id(struct span word, size_t least)
{
    size_t digits = 0;

    for (const char *at = word.at; at < word.end; at++) {
        if (!is_digit(*at) && !(*at >= 'a' && *at <= 'f') && *at != '-' && *at != '_')
            return false;
        digits += is_digit(*at);
    }
    return span_len(word) >= least && digits;
}

/* "docker-<id>.scope", "kubepods-burstable-pod<id>.slice", "user@1000.service": words of a runtime,
 * and an id or a number. */
static bool is_of_runtime(struct span name)
{
    bool found = false;

    name.end -= strlen(end_of_unit(name));
    for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
        if (begins(name, runtimes[i])) {
            name.at += strlen(runtimes[i]);
            found = true;
        }
    return found && is_id(name, 1);
}

/* Its name is somebody's, and not an id with words of a runtime. */
static bool is_own_group(struct span name)
{
    return span_len(name) && !IS_ONE_OF(name, everybodys) &&
           !begins_with_one(name, everybodys_begin, ARRAY_SIZE(everybodys_begin)) &&
           !is_of_runtime(name) && !is_id(name, 12);
}

static void put_group(struct anonymiser *a, struct span name, struct strbuf *out)
{
    unsigned index;

    if (!is_own_group(name)) {
        anonymise(a, name.at, span_len(name), out);
        return;
    }
    index = anonymiser_name(a, KIND_GROUP, name.at, span_len(name));
    /* Beyond what is kept all are one. */
    strbuf_printf(out, "group%u%s", index == UINT_MAX ? 0 : a->names.items[index].number,
                  end_of_unit(name));
}

/* "/a/b", or "a/b/". `ids`: those as well. */
static void put_groups(struct anonymiser *a, struct span path, bool ids, struct strbuf *out)
{
    while (path.at < path.end) {
        struct span name = {path.at, path.at};

        while (name.end < path.end && *name.end != '/')
            name.end++;
        if (ids || is_own_group(name))
            put_group(a, name, out);
        else
            strbuf_append_bytes(out, name.at, span_len(name));
        if (name.end < path.end)
            strbuf_appendc(out, '/');
        path.at = name.end + (name.end < path.end);
    }
}

/* --- files ------------------------------------------------------------------------------------ */

static bool is_of_process(const char *path, const char *file)
{
    const char *slash = strrchr(path, '/');

    return strncmp(path, "proc/", 5) == 0 && slash && strcmp(slash + 1, file) == 0;
}

/* Each line has a path behind its last colon; a named hierarchy before it is everybody's. */
static void put_membership(struct anonymiser *a, struct span line, struct strbuf *out)
{
    const char *at = line.at;

    for (unsigned colons = 0; at < line.end && colons < 2; at++)
        colons += *at == ':';
    strbuf_append_bytes(out, line.at, (size_t)(at - line.at));
    put_groups(a, (struct span){at, line.end}, true, out);
}

/* "Uid: 1000 1000 1000 1000" */
static void put_status(struct anonymiser *a, struct span line, struct strbuf *out)
{
    bool users = begins(line, "Uid:") || begins(line, "Gid:") || begins(line, "Groups:");

    while (line.at < line.end) {
        struct span digits = {line.at, line.at};
        u64 number = 0;

        while (users && digits.end < line.end && is_digit(*digits.end) && span_len(digits) < 10)
            number = number * 10 + (u64)(*digits.end++ - '0');
        if (number >= FIRST_USER) {
            unsigned name = anonymiser_name(a, KIND_USER, digits.at, span_len(digits));

            strbuf_printf(out, "100%u", name == UINT_MAX ? 0 : a->names.items[name].number);
        } else {
            digits.end += digits.end == digits.at;
            strbuf_append_bytes(out, digits.at, span_len(digits));
        }
        line.at = digits.end;
    }
}

static bool is_of_path(char c)
{
    return is_name(c) || strchr("/@:\\", c);
}

/* Where the kernel prints a group's path. */
static bool is_group_path(const char *begin, const char *at)
{
    static const char *const before[] = {"memcg=", "Task in ", "limit of ", "stats for ",
                                         "cpuset="};

    for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
        size_t len = strlen(before[i]);

        if ((size_t)(at - begin) >= len && memcmp(at - len, before[i], len) == 0)
            return true;
    }
    return false;
}

/* Paths of groups and units; the rest is anonymise_input()'s, ids among them. */
static void put_log_groups(struct anonymiser *a, struct span line, struct strbuf *out)
{
    for (const char *at = line.at; at < line.end;) {
        struct span word = {at, at};

        while (word.end < line.end && is_of_path(*word.end) && *word.end)
            word.end++;
        if (word.end == word.at) {
            strbuf_appendc(out, *at++);
            continue;
        }
        at = word.end;
        while (word.end > word.at && strchr(":.", word.end[-1]))
            word.end--;
        if (is_group_path(line.at, word.at) || *end_of_unit(word))
            put_groups(a, word, false, out);
        else
            strbuf_append_bytes(out, word.at, span_len(word));
        strbuf_append_bytes(out, word.end, (size_t)(at - word.end));
    }
}

/* What stands in a directory of groups: groups end with '/'. */
static void put_listed(struct anonymiser *a, struct span line, struct strbuf *out)
{
    if (span_len(line) && line.end[-1] == '/')
        put_groups(a, line, true, out);
    else
        strbuf_append_bytes(out, line.at, span_len(line));
}

static void put_host(struct anonymiser *a, struct span line, struct strbuf *out)
{
    unsigned name = span_len(line) ? anonymiser_name(a, KIND_HOST, line.at, span_len(line)) : 0;

    if (span_len(line))
        strbuf_printf(out, "host%u", name == UINT_MAX ? 0 : a->names.items[name].number);
}

typedef void put_line(struct anonymiser *a, struct span line, struct strbuf *out);

static void put_lines(struct anonymiser *a, put_line *put, const char *text, size_t len,
                      struct strbuf *out)
{
    struct span rest = span_of(text, len), line;

    while (span_take_line(&rest, &line)) {
        put(a, line, out);
        if (line.end < text + len)
            strbuf_appendc(out, '\n');
    }
}

/* Files in whose lines anything may stand. */
static bool is_free_text(const char *path)
{
    return strcmp(path, "dev/kmsg") == 0 || strcmp(path, "proc/swaps") == 0 ||
           is_of_process(path, "mountinfo");
}

static put_line *line_of(const char *path)
{
    size_t len = strlen(path);

    if (strcmp(path, "proc/sys/kernel/hostname") == 0)
        return put_host;
    if (is_of_process(path, "cgroup"))
        return put_membership;
    if (is_of_process(path, "status"))
        return put_status;
    if (strncmp(path, CGROUP_ROOT, strlen(CGROUP_ROOT)) == 0 && path[len - 1] == '/')
        return put_listed;
    return NULL;
}

void anonymise_capture_learn(struct anonymiser *a, const char *path, const char *text, size_t len)
{
    struct strbuf ignored;

    strbuf_init(&ignored);
    anonymise_capture_path(a, path, &ignored);
    if (line_of(path))
        put_lines(a, line_of(path), text, len, &ignored);
    strbuf_reset(&ignored);
    if (is_free_text(path)) {
        put_lines(a, put_log_groups, text, len, &ignored);
        anonymiser_learn(a, ignored.text, ignored.len);
    }
    strbuf_done(&ignored);
}

void anonymise_capture_path(struct anonymiser *a, const char *path, struct strbuf *out)
{
    size_t skip = strlen(CGROUP_ROOT);
    const char *file;

    if (strncmp(path, CGROUP_ROOT, skip) != 0) {
        strbuf_append(out, path);
        return;
    }
    file = strrchr(path, '/') + 1;
    strbuf_append_bytes(out, path, skip);
    put_groups(a, (struct span){path + skip, MAX(file, path + skip)}, true, out);
    strbuf_append(out, file);
}

void anonymise_capture_text(struct anonymiser *a, const char *path, const char *text, size_t len,
                            struct strbuf *out)
{
    if (is_free_text(path)) {
        struct strbuf groups;

        strbuf_init(&groups);
        put_lines(a, put_log_groups, text, len, &groups);
        anonymise_input(a, groups.text, groups.len, out);
        strbuf_done(&groups);
    } else if (line_of(path)) {
        put_lines(a, line_of(path), text, len, out);
    } else {
        strbuf_append_bytes(out, text, len);
    }
}
