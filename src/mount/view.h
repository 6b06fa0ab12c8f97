/* view.h - what is behind a mounted file system: names, texts, and time that goes on.
 *
 * fs.c speaks FUSE and knows nothing of machines; a view knows nothing of FUSE. Views of this room:
 * a running machine (live.h). A capture that is played and the files of processes that live beside
 * the machine's are views of cli/.
 *
 * Names:   as in procfs/registry.h: below the root, no slash in front.
 * Errors:  negative errnos, as Linux gives them for the same call on the same file.
 * Thread:  one. No call waits; a write that has to is answered later through view.written.
 */
#ifndef MOUNT_VIEW_H
#define MOUNT_VIEW_H

#include "base/strbuf.h"
#include "base/types.h"

struct view;

struct view_stat {
    u32 mode;     /* with its kind: S_IFDIR, S_IFREG, S_IFLNK */
    bool lasting; /* it stays what it is for as long as the mount */
    bool kept;    /* its name goes by rmdir(2) alone */
    int too_long; /* what a write of more than a page gets; 0: as if it were nonsense */
    bool events;  /* poll(2) tells of changes to its text, as of memory.events */
    bool kernfs;  /* of sysfs or a cgroup: for poll(2) changed until it is read first */
    bool trigger; /* poll(2) is an error to who has set no trigger: a pressure file */
    bool first;   /* writes beyond its start do nothing: sysctl_writes_strict */
    u32 uid;      /* who owns it; 0: who mounted it */
    bool ownable; /* chmod(2) and chown(2) are allowed, as in /sys */
    bool strict;  /* what the mode does not say not even root may, as in /sys and /proc/sys */
};

/* Who asks. */
struct view_caller {
    u32 pid, uid;
    bool privileged; /* root, or who mounted it: has every capability in the machine */
};

/* `each` of a listing, type: S_IFDIR, S_IFREG or S_IFLNK; a result other than 0 ends it and is
 * returned. */
typedef int view_name_fn(void *ctx, const char *name, u32 type);

struct view_ops {
    int (*look_up)(struct view *v, const char *name, struct view_stat *ret);
    int (*list)(struct view *v, const char *name, view_name_fn *each, void *ctx);
    int (*read)(struct view *v, const char *name, struct strbuf *out);
    /* -EINPROGRESS: v->written(cookie, result) follows, unless cancel() comes first. On a pressure
     * file the result is the number of a trigger, above 0. */
    int (*write)(struct view *v, const char *name, const char *text,
                 const struct view_caller *caller, void *cookie);
    /* What Linux asks of the caller at open(2) beside the file's mode. 0, or what open(2) says.
     * NULL: nothing. */
    int (*may_open)(struct view *v, const char *name, bool to_write,
                    const struct view_caller *caller);
    /* The name of another file that who writes this text must be allowed to write to. -ENOENT:
     * there is none. NULL: there never is. */
    int (*also_written)(struct view *v, const char *name, const char *text, struct strbuf *ret);
    /* The writer was interrupted, or has gone: what it began ends. What write(2) says then. */
    int (*cancel)(struct view *v, void *cookie);
    int (*make_dir)(struct view *v, const char *name);
    int (*remove_dir)(struct view *v, const char *name);
    int (*read_link)(struct view *v, const char *name, const struct view_caller *caller,
                     struct strbuf *out);
    /* Groups of a thread beside its first, at most max: how many. NULL: who serves the view finds
     * them in its own /proc. */
    unsigned (*groups_of)(struct view *v, u32 thread, unsigned max, u32 *ret);
    /* Events of a trigger so far; -ENOENT when it went with its group. */
    s64 (*trigger_events)(struct view *v, int trigger);
    void (*trigger_close)(struct view *v, int trigger);
    /* Bring it to this time of the wall's clock, as far as it comes in about a budget; both in ns.
     * How long nothing needs to be done then; 0: it is behind. */
    u64 (*advance)(struct view *v, u64 wall, u64 budget);
};

struct view {
    const struct view_ops *ops;
    u64 (*wall_ns)(void); /* monotonic ns; of the caller, since no room of the machine reads one */
    void (*written)(void *cookie, int result);
    /* Called in an advance, often and when all can be looked at, so that who looks need not wait
     * for its end. True: somebody wants something else, and waits for it. NULL: nobody. */
    bool (*attend)(void *ctx);
    void *attend_ctx;
    u64 boot_time;                            /* of its files, seconds since 1970 */
    void (*say)(void *ctx, const char *line); /* to the user; no newline */
    void *say_ctx;
};

#endif
