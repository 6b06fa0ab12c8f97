/* mountinfo.c - "36 35 98:0 /root /point rw,noatime master:1 - type source options",
 * proc_pid_mountinfo(5). */
#include "observe/mountinfo.h"

static bool parse_line(struct span line, struct mount_line *m)
{
    struct span word;
    unsigned skipped = 0;

    for (unsigned i = 0; i < 3; i++)
        if (!span_take_word(&line, &word))
            return false;
    if (!span_take_word(&line, &m->root) || !span_take_word(&line, &m->point))
        return false;
    /* Optional fields end with a "-". */
    while (span_take_word(&line, &word) && !span_is(word, "-"))
        if (++skipped > 32)
            return false;
    return span_take_word(&line, &m->type) && span_take_word(&line, &word) &&
           span_take_word(&line, &m->super);
}

bool mountinfo_next(struct span *text, struct mount_line *ret)
{
    struct span line;

    while (span_take_line(text, &line)) {
        struct mount_line m;

        if (parse_line(line, &m)) {
            *ret = m;
            return true;
        }
    }
    return false;
}

bool mount_has_option(struct span options, const char *option)
{
    struct span one;

    while (span_take_until(&options, ',', &one))
        if (span_is(one, option))
            return true;
    return span_is(options, option);
}

bool mountinfo_has_lxcfs(struct span text, const char *path)
{
    struct mount_line m;

    while (mountinfo_next(&text, &m))
        if (span_is(m.type, "fuse.lxcfs") && span_is(m.point, path))
            return true;
    return false;
}

bool mountinfo_cgroup_root(struct span text, struct span *ret)
{
    struct mount_line m;
    bool found = false;

    while (mountinfo_next(&text, &m)) {
        bool v1 = span_is(m.type, "cgroup") && mount_has_option(m.super, "memory");

        if (!v1 && !(span_is(m.type, "cgroup2") && !found))
            continue;
        /* "/../.." is above what this namespace calls "/". */
        *ret = span_begins(m.root, "/..") || span_is(m.root, "/") ? span_of("", 0) : m.root;
        found = true;
        if (v1)
            return true;
    }
    return found;
}
