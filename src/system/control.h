/* control.h - what an operator writes to Linux's files: limits, sysctls, memory.reclaim,
 * cgroup.procs, pressure triggers.
 *
 * Mirrors: the write side of /sys/fs/cgroup (mm/memcontrol.c, kernel/cgroup/cgroup.c),
 *          /proc/sys/vm, /proc/pressure, nodes and /proc/PID/oom_score_adj, Linux 6.1. control.c
 *          has the table of files.
 * Errors:  control_parse() says what is wrong with a file's name or a value, before a machine
 *          exists. What only the machine can refuse is the result of the write, as write(2) would
 *          give it: data, not a failure.
 * Use:     rc = control_parse("/sys/fs/cgroup/web/memory.max", "200M", &c, e); ... result =
 *          control_write(s, &c);
 */
#ifndef SYSTEM_CONTROL_H
#define SYSTEM_CONTROL_H

#include "system/system.h"

#define CONTROL_TEXT_MAX 160u  /* bytes of a value */
#define CONTROL_PATH_MAX 4095u /* PATH_MAX without its end */

struct control_file;

struct control {
    const struct control_file *file;
    const struct tunable_info *tunable; /* of /proc/sys/vm */
    char group[CONTROL_PATH_MAX + 1];   /* path of the cgroup; "/": the root */
    char text[CONTROL_TEXT_MAX + 1];    /* the value as it stood there */
    u64 number;                         /* the value: pages, or a number */
    bool has_swappiness;                /* of memory.reclaim: what it says after the size */
    u8 swappiness;
    u32 pid; /* of /proc/PID */
    u32 nid; /* of /sys/devices/system/node; MAX_NUMNODES: all */
    enum psi_res res;
    bool unprivileged; /* the writer has no CAP_SYS_RESOURCE */
};

/* 0, or what write(2) would say: -ENOENT for a file that nobody can write here, -EINVAL for a value
 * that it does not take, -ERANGE for a number of the wrong size where Linux says so. */
int control_parse(const char *path, const char *value, struct control *ret, struct err *e);

/* Is there a file of this name that can be written? Its group, process or node need not be
 * there. */
bool control_is_file(const char *path);

/* Bits of enum kernel_feature without which the file of this name takes no write: EINVAL, and no w
 * in its mode. */
u32 control_needs(const char *path);

/* Does it write into this group's directory (cgroup.procs, memory.max ...)? */
bool control_is_group(const struct control *c);
/* Is it cgroup.procs? number is the pid. */
bool control_is_procs(const struct control *c);
/* Has it been set once write(2) is made, and what takes time is for the pages to follow (limits,
 * pools)? */
bool control_is_set_at_once(const struct control *c);
/* Is it a pressure file, and the value so a trigger? */
bool control_is_trigger(const struct control *c);
/* Of cgroup.procs: the group above both that of the process and that which it goes to. NULL: one of
 * them is not there. */
const struct group *control_common_group(const struct system *s, const struct control *c);

/* One write and where it has come to; zero at its start. */
struct control_state {
    ns_t until;                /* of -EINPROGRESS */
    u64 pages;                 /* reclaimed so far */
    struct hugetlb_write pool; /* of nr_hugepages */
    struct psi_trigger *trigger;
};

/* The write: 0, or -EAGAIN (memory.reclaim got less), -ENOENT (the group is gone), -ESRCH (no such
 * process), ... -EINPROGRESS: the writer sleeps until st->until; call again then. A trigger's
 * events are counted in st->trigger, which is the group's. */
int control_write(struct system *s, const struct control *c, struct control_state *st);

/* Does it ask for a pool of huge pages (nr_hugepages), and of how many pages is that pool now? */
bool control_is_pool(const struct control *c);
u64 control_pool_pages(const struct system *s, const struct control *c);

#endif
