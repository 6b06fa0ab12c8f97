/* fs.c - FUSE requests by inode, turned into names for the view.
 *
 * An inode is a name that the kernel holds on to; it is forgotten when the kernel says so. What
 * lasts as long as the machine (/proc/meminfo) the kernel may remember for good, and a group's
 * directory until rmdir(2); processes and files of groups it asks for again each time. Attributes
 * hold until a name is looked up again: who reads thousands of groups makes a third fewer requests.
 *
 *     wait for a request, at most until the view wants to go on  ->  the view goes on  ->  pollers are told  ->  requests  ->  ...
 */
#define FUSE_USE_VERSION 34

#include "mount/fs.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "mount/fs_inode_int.h"
#include "mount/fs_requests_int.h"
#include "mount/mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREVER (24 * 3600.0) /* seconds that the kernel may remember what lasts */
#define BUDGET \
    (2 * NS_PER_MS)        /* of the wall's time, for the machine between two looks at requests */
#define AT_ONCE      64u   /* requests between two advances */
#define WRITE_MAX    4096u /* bytes of one write: PAGE_SIZE, as cgroup files have it */
#define GROUPS_MAX   256u  /* of one process, beside its first */
#define POLL_DEFAULT (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

struct fs_file {                  /* an open file or directory */
    struct fs_file *next, **link; /* among all */
    struct fs_inode *inode;
    u32 uid, gid; /* of who opened it */
    struct strbuf text;
    bool rendered;
    bool writing;       /* a write is in progress */
    fuse_req_t request; /* of that */
    size_t request_bytes;
    u64 seen;                   /* hash of the text that was read last, for poll */
    int trigger;                /* of a pressure file; 0: none */
    s64 trigger_seen;           /* events told */
    struct fuse_pollhandle *ph; /* who polls; NULL: nobody */
    struct fs *fs;
};

/* --- inodes ----------------------------------------------------------------------------------- */

static struct fs_inode *inode_of(struct fs *fs, fuse_ino_t ino)
{
    return ino == FUSE_ROOT_ID ? fs->inodes : (struct fs_inode *)ino;
}

/* --- look-up ---------------------------------------------------------------------------------- */

static struct fs *fs_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

static struct view_caller caller_of(fuse_req_t req)
{
    const struct fuse_ctx *ctx = fuse_req_ctx(req);

    return (struct view_caller){(u32)ctx->pid, ctx->uid,
                                ctx->uid == 0 || ctx->uid == fs_of(req)->uid};
}

static int look_up(const struct fs *fs, const char *name, struct view_stat *ret)
{
    struct view *v = fs->config.view;

    return v->ops->look_up(v, name, ret);
}

static void reply_entry(fuse_req_t req, const char *path)
{
    struct fs *fs = fs_of(req);
    struct fuse_entry_param entry = {0};
    struct fs_inode *inode;
    struct view_stat st;
    int rc = look_up(fs, path, &st);

    if (rc) {
        fuse_reply_err(req, -rc);
        return;
    }
    inode = fs_inode_get(fs, path);
    inode->nr_lookups++;
    entry.ino = (fuse_ino_t)inode;
    entry.attr = fs_inode_attributes(fs, inode, &st);
    entry.entry_timeout = st.lasting || st.kept ? FOREVER : 0;
    entry.attr_timeout = FOREVER;                 /* until it is looked up again, or set */
    if (fuse_reply_entry(req, &entry) == -ENOENT) /* interrupted: the kernel knows nothing of it */
        fs_inode_forget(fs, inode, 1);
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    char path[PATH_BYTES];
    int rc = fs_inode_child(inode_of(fs_of(req), parent), name, path);

    if (rc)
        fuse_reply_err(req, -rc);
    else
        reply_entry(req, path);
}

static void on_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nr)
{
    fs_inode_forget(fs_of(req), inode_of(fs_of(req), ino), nr);
    fuse_reply_none(req);
}

static void on_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < count; i++)
        fs_inode_forget(fs_of(req), inode_of(fs_of(req), forgets[i].ino), forgets[i].nlookup);
    fuse_reply_none(req);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi HW_UNUSED)
{
    struct fs_inode *inode = inode_of(fs_of(req), ino);
    struct view_stat st;
    struct stat attr;
    int rc = look_up(fs_of(req), inode->name, &st);

    if (rc) {
        fuse_reply_err(req, -rc);
        return;
    }
    attr = fs_inode_attributes(fs_of(req), inode, &st);
    fuse_reply_attr(req, &attr, FOREVER);
}

/* Whether the caller may is the kernel's to say (default_permissions). */
static int set_owner(struct fs *fs, struct fs_inode *inode, const struct stat *attr, int to_set)
{
    struct fs_owner *owner;
    struct view_stat st;
    int rc = look_up(fs, inode->name, &st);

    if (rc)
        return rc;
    if (!st.ownable)
        return -EPERM;
    owner = fs_inode_owner(fs, inode);
    if (to_set & FUSE_SET_ATTR_MODE) {
        owner->has_mode = true;
        owner->mode = attr->st_mode;
    }
    if (to_set & FUSE_SET_ATTR_UID) {
        owner->has_uid = true;
        owner->uid = attr->st_uid;
    }
    if (to_set & FUSE_SET_ATTR_GID) {
        owner->has_gid = true;
        owner->gid = attr->st_gid;
    }
    return 0;
}

/* chmod(2) and chown(2); open(2) with O_TRUNC, where there is nothing to cut. */
static void on_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
                       struct fuse_file_info *fi)
{
    const int owner = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
    int rc = 0;

    if (to_set & owner)
        rc = set_owner(fs_of(req), inode_of(fs_of(req), ino), attr, to_set);
    if (rc)
        fuse_reply_err(req, -rc);
    else
        on_getattr(req, ino, fi);
}

static void on_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct view *v = fs_of(req)->config.view;
    const struct view_caller caller = caller_of(req);
    struct strbuf target;
    int rc = -EINVAL;

    strbuf_init(&target);
    if (v->ops->read_link)
        rc = v->ops->read_link(v, inode_of(fs_of(req), ino)->name, &caller, &target);
    if (rc)
        fuse_reply_err(req, -rc);
    else
        fuse_reply_readlink(req, target.text);
    strbuf_done(&target);
}

/* --- open files ------------------------------------------------------------------------------- */

static struct fs_file *file_of(const struct fuse_file_info *fi)
{
    return (struct fs_file *)(uintptr_t)fi->fh;
}

static struct fs_file *new_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct fs_file *f = xcalloc(1, sizeof(*f));
    struct fs *fs = fs_of(req);

    f->fs = fs;
    f->uid = fuse_req_ctx(req)->uid;
    f->gid = fuse_req_ctx(req)->gid;
    f->inode = inode_of(fs, ino);
    f->inode->nr_lookups++; /* it stays for as long as it is open */
    strbuf_init(&f->text);
    f->next = fs->files;
    f->link = &fs->files;
    if (f->next)
        f->next->link = &f->next;
    fs->files = f;
    fi->fh = (uintptr_t)f;
    return f;
}

static void free_file(struct fs *fs, struct fs_file *f)
{
    struct view *v = fs->config.view;

    if (f->writing && v->ops->cancel)
        v->ops->cancel(v, f);
    if (f->trigger)
        v->ops->trigger_close(v, f->trigger);
    if (f->ph)
        fuse_pollhandle_destroy(f->ph);
    *f->link = f->next;
    if (f->next)
        f->next->link = f->link;
    fs_inode_forget(fs, f->inode, 1);
    strbuf_done(&f->text);
    free(f);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct fs *fs = fs_of(req);
    struct view *v = fs->config.view;
    const struct view_caller caller = caller_of(req);
    const char *name = inode_of(fs, ino)->name;
    struct view_stat st;
    int access = fi->flags & O_ACCMODE, rc = look_up(fs, name, &st);
    struct fs_file *f;

    if (rc == 0 && st.strict &&
        ((access != O_RDONLY && !(st.mode & 0222)) || (access != O_WRONLY && !(st.mode & 0444))))
        rc = -EACCES;
    if (rc == 0 && v->ops->may_open)
        rc = v->ops->may_open(v, name, access != O_RDONLY, &caller);
    if (rc) {
        fuse_reply_err(req, -rc);
        return;
    }
    f = new_file(req, ino, fi);
    fi->direct_io = 1;
    if (fuse_reply_open(req, fi) == -ENOENT)
        free_file(fs, f);
}

static int render(struct fs_file *f)
{
    struct view *v = f->fs->config.view;
    int rc;

    strbuf_reset(&f->text);
    rc = v->ops->read(v, f->inode->name, &f->text);
    f->rendered = rc == 0;
    f->seen = hash_bytes(f->text.text, f->text.len);
    return rc;
}

static void on_read(fuse_req_t req, fuse_ino_t ino HW_UNUSED, size_t size, off_t off,
                    struct fuse_file_info *fi)
{
    struct fs_file *f = file_of(fi);
    int rc = off == 0 || !f->rendered ? render(f) : 0;
    size_t from = MIN((size_t)off, f->text.len);

    if (rc)
        fuse_reply_err(req, -rc);
    else
        fuse_reply_buf(req, f->text.text + from, MIN(size, f->text.len - from));
}

static void on_release(fuse_req_t req, fuse_ino_t ino HW_UNUSED, struct fuse_file_info *fi)
{
    free_file(fs_of(req), file_of(fi));
    fuse_reply_err(req, 0);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void answer_write(struct fs_file *f, fuse_req_t req, size_t bytes, int rc)
{
    if (rc > 0) {
        f->trigger = rc;
        f->trigger_seen = 0;
    }
    if (rc < 0)
        fuse_reply_err(req, -rc);
    else
        fuse_reply_write(req, bytes);
}

static void written(void *cookie, int rc)
{
    struct fs_file *f = cookie;

    f->writing = false;
    fuse_req_interrupt_func(f->request, NULL, NULL);
    answer_write(f, f->request, f->request_bytes, rc);
}

static void on_interrupt(fuse_req_t req HW_UNUSED, void *data)
{
    struct fs_file *f = data;
    struct view *v = f->fs->config.view;

    if (!f->writing)
        return;
    f->writing = false;
    answer_write(f, f->request, f->request_bytes, v->ops->cancel(v, f));
}

/* Groups of who writes, beside the first, at most max; how many. A request tells the first
 * alone. */
static unsigned groups_of(fuse_req_t req, struct view *v, unsigned max, u32 *ret)
{
    int nr;

    if (v->ops->groups_of)
        return v->ops->groups_of(v, (u32)fuse_req_ctx(req)->pid, max, ret);
    nr = fuse_req_getgroups(req, (int)max, ret);
    return nr < 0 ? 0 : MIN((unsigned)nr, max);
}

/* Is who opened f in this group? Other groups of theirs than the first are those of who writes: the
 * kernel shows no others. */
static bool in_group(fuse_req_t req, const struct fs_file *f, u32 gid)
{
    u32 groups[GROUPS_MAX];
    unsigned nr;

    if (f->gid == gid)
        return true;
    nr = groups_of(req, f->fs->config.view, ARRAY_SIZE(groups), groups);
    for (unsigned i = 0; i < nr; i++)
        if (groups[i] == gid)
            return true;
    return false;
}

/* May who opened f write to the file of this name, as its mode has it? */
static bool may_write(fuse_req_t req, const struct fs_file *f, const char *name)
{
    struct fs_inode *inode;
    struct view_stat st;
    struct stat attr;

    if (f->uid == 0)
        return true;
    if (look_up(f->fs, name, &st))
        return false;
    inode = fs_inode_get(f->fs, name);
    attr = fs_inode_attributes(f->fs, inode, &st);
    fs_inode_forget(f->fs, inode, 0);
    if (attr.st_uid == f->uid)
        return attr.st_mode & S_IWUSR;
    return attr.st_mode & (in_group(req, f, attr.st_gid) ? S_IWGRP : S_IWOTH);
}

/* A text as the view takes it. */
static int write_text(fuse_req_t req, struct fs_file *f, const char *text)
{
    struct view *v = f->fs->config.view;
    struct view_caller caller = caller_of(req);
    struct strbuf also;
    bool may = true;

    if (v->ops->also_written) {
        strbuf_init(&also);
        if (v->ops->also_written(v, f->inode->name, text, &also) == 0)
            may = may_write(req, f, also.text);
        strbuf_done(&also);
    }
    return may ? v->ops->write(v, f->inode->name, text, &caller, f) : -EACCES;
}

static void on_write(fuse_req_t req, fuse_ino_t ino HW_UNUSED, const char *bytes, size_t size,
                     off_t off, struct fuse_file_info *fi)
{
    struct fs_file *f = file_of(fi);
    struct view_stat st = {0};
    char text[WRITE_MAX + 1];
    size_t from = 0, to = size;
    int rc;

    if (off > 0 && look_up(fs_of(req), f->inode->name, &st) == 0 && st.first) {
        fuse_reply_write(req, size);
        return;
    }
    if (size > WRITE_MAX) {
        look_up(fs_of(req), f->inode->name, &st);
        fuse_reply_err(req, st.too_long ? -st.too_long : EINVAL);
        return;
    }
    if (f->writing ||
        f->trigger) { /* another thread's is in progress; or one trigger per open file */
        fuse_reply_err(req, EBUSY);
        return;
    }
    while (from < to && bytes[from] && strchr(" \t\n", bytes[from]))
        from++;
    if (to > from && bytes[to - 1] == '\0') /* as some programs write */
        to--;
    while (to > from && strchr(" \t\n", bytes[to - 1]))
        to--;
    memcpy(text, bytes + from, to - from);
    text[to - from] = '\0';
    rc = strlen(text) < to - from ? -EINVAL : write_text(req, f, text);
    if (rc != -EINPROGRESS) {
        answer_write(f, req, size, rc);
        return;
    }
    f->writing = true;
    f->request = req;
    f->request_bytes = size;
    fuse_req_interrupt_func(req, on_interrupt, f);
}

/* A group is its maker's, and has the mode that they gave it. */
static void own_group(fuse_req_t req, const char *path, mode_t mode)
{
    const struct fuse_ctx *ctx = fuse_req_ctx(req);
    struct fs *fs = fs_of(req);
    struct fs_owner *owner;

    fs_inode_disown(fs, path);
    if (ctx->uid == getuid() && ctx->gid == getgid() && (mode & 07777) == 0755)
        return;
    owner = fs_inode_owner(fs, fs_inode_get(fs, path));
    *owner =
        (struct fs_owner){true, true, true, mode, ctx->uid, ctx->gid, true, ctx->uid, ctx->gid};
}

static void on_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct view *v = fs_of(req)->config.view;
    char path[PATH_BYTES];
    int rc = fs_inode_child(inode_of(fs_of(req), parent), name, path);

    if (rc == 0)
        rc = v->ops->make_dir(v, path);
    if (rc) {
        fuse_reply_err(req, -rc);
        return;
    }
    own_group(req, path, mode);
    reply_entry(req, path);
}

static void on_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct view *v = fs_of(req)->config.view;
    char path[PATH_BYTES];
    int rc = fs_inode_child(inode_of(fs_of(req), parent), name, path);

    if (rc == 0)
        rc = v->ops->remove_dir(v, path);
    if (rc == 0)
        fs_inode_disown(fs_of(req), path);
    fuse_reply_err(req, -rc);
}

static void on_unlink(fuse_req_t req, fuse_ino_t parent HW_UNUSED, const char *name HW_UNUSED)
{
    fuse_reply_err(req, EPERM);
}

/* What Linux says to who wants a new name that is no group: /proc does not find it, cgroups and
 * /sys (directories that can be written) say `forbidden`. */
static void refuse_name(fuse_req_t req, fuse_ino_t parent, int forbidden)
{
    struct view_stat st;
    int rc = look_up(fs_of(req), inode_of(fs_of(req), parent)->name, &st);

    fuse_reply_err(req, rc ? -rc : st.mode & 0200 ? forbidden : ENOENT);
}

static void on_create(fuse_req_t req, fuse_ino_t parent, const char *name HW_UNUSED,
                      mode_t mode HW_UNUSED, struct fuse_file_info *fi HW_UNUSED)
{
    refuse_name(req, parent, EACCES);
}

static void on_mknod(fuse_req_t req, fuse_ino_t parent, const char *name HW_UNUSED,
                     mode_t mode HW_UNUSED, dev_t dev HW_UNUSED)
{
    refuse_name(req, parent, EACCES);
}

static void on_symlink(fuse_req_t req, const char *target HW_UNUSED, fuse_ino_t parent,
                       const char *name HW_UNUSED)
{
    refuse_name(req, parent, EPERM);
}

static void on_link(fuse_req_t req, fuse_ino_t ino HW_UNUSED, fuse_ino_t parent,
                    const char *name HW_UNUSED)
{
    refuse_name(req, parent, EPERM);
}

static void on_rename(fuse_req_t req, fuse_ino_t parent HW_UNUSED, const char *name HW_UNUSED,
                      fuse_ino_t to, const char *new_name HW_UNUSED, unsigned flags HW_UNUSED)
{
    refuse_name(req, to, EPERM);
}

/* --- directories ------------------------------------------------------------------------------ */

struct filler {
    fuse_req_t req;
    struct fs_file *dir;
};

static void add_entry(struct filler *to, const char *name, u64 ino, mode_t mode)
{
    const struct stat st = {.st_ino = ino, .st_mode = mode};
    struct strbuf *out = &to->dir->text;
    size_t need = fuse_add_direntry(to->req, NULL, 0, name, NULL, 0), at = out->len;

    strbuf_fill(out, '\0', need);
    fuse_add_direntry(to->req, out->text + at, need, name, &st, (off_t)(at + need));
}

static int fill(void *ctx, const char *name, u32 type)
{
    struct filler *to = ctx;
    char path[PATH_BYTES];

    if (fs_inode_child(to->dir->inode, name, path) == 0)
        add_entry(to, name, fs_inode_hash(path), type);
    return 0;
}

static void on_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct fs *fs = fs_of(req);
    struct fs_file *f = new_file(req, ino, fi);

    if (fuse_reply_open(req, fi) == -ENOENT)
        free_file(fs, f);
}

static void on_readdir(fuse_req_t req, fuse_ino_t ino HW_UNUSED, size_t size, off_t off,
                       struct fuse_file_info *fi)
{
    struct fs_file *f = file_of(fi);
    struct view *v = f->fs->config.view;
    struct filler to = {req, f};
    size_t from, len = 0;
    int rc = 0;

    if (off == 0 || !f->rendered) {
        strbuf_reset(&f->text);
        add_entry(&to, ".", f->inode->hash, S_IFDIR);
        add_entry(&to, "..", FUSE_ROOT_ID, S_IFDIR);
        rc = v->ops->list(v, f->inode->name, fill, &to);
        f->rendered = rc == 0;
    }
    if (rc) {
        fuse_reply_err(req, -rc);
        return;
    }
    from = MIN((size_t)off, f->text.len);
    while (from + len < f->text.len) { /* whole entries: each says where the next begins */
        const char *entry = f->text.text + from + len;
        u32 name_len;
        size_t one;

        memcpy(&name_len, entry + 16, sizeof(name_len));
        one = (24 + name_len + 7) / 8 * 8;
        if (len + one > size)
            break;
        len += one;
    }
    fuse_reply_buf(req, f->text.text + from, len);
}

/* --- poll ------------------------------------------------------------------------------------- */

/* What poll(2) says of the file now. A trigger's event is told once, as by Linux. */
static unsigned events_of(struct fs_file *f, bool tell)
{
    struct view *v = f->fs->config.view;
    struct view_stat st;
    struct strbuf text;
    unsigned events = POLL_DEFAULT;

    if (f->trigger) {
        s64 nr = v->ops->trigger_events(v, f->trigger);

        if (nr < 0)
            return events | POLLERR | POLLPRI;
        if (nr > f->trigger_seen)
            events |= POLLPRI;
        if (tell)
            f->trigger_seen = nr;
        return events;
    }
    if (look_up(f->fs, f->inode->name, &st))
        return events | POLLERR | POLLPRI;
    if (st.trigger || (st.kernfs && !f->rendered))
        return events | POLLERR | POLLPRI;
    if (!st.events)
        return events;
    strbuf_init(&text);
    if (v->ops->read(v, f->inode->name, &text) || hash_bytes(text.text, text.len) != f->seen)
        events |= POLLERR | POLLPRI;
    strbuf_done(&text);
    return events;
}

static void on_poll(fuse_req_t req, fuse_ino_t ino HW_UNUSED, struct fuse_file_info *fi,
                    struct fuse_pollhandle *ph)
{
    struct fs_file *f = file_of(fi);

    if (ph) {
        if (f->ph)
            fuse_pollhandle_destroy(f->ph);
        f->ph = ph;
    }
    fuse_reply_poll(req, events_of(f, true));
}

static void tell_pollers(struct fs *fs)
{
    for (struct fs_file *f = fs->files; f; f = f->next) {
        if (!f->ph || events_of(f, false) == POLL_DEFAULT)
            continue;
        fuse_lowlevel_notify_poll(f->ph);
        fuse_pollhandle_destroy(f->ph);
        f->ph = NULL;
    }
}

/* --- the mount -------------------------------------------------------------------------------- */

static const struct fuse_lowlevel_ops ops = {
    .lookup = on_lookup,
    .forget = on_forget,
    .forget_multi = on_forget_multi,
    .getattr = on_getattr,
    .setattr = on_setattr,
    .readlink = on_readlink,
    .open = on_open,
    .read = on_read,
    .write = on_write,
    .release = on_release,
    .create = on_create,
    .mknod = on_mknod,
    .symlink = on_symlink,
    .link = on_link,
    .rename = on_rename,
    .unlink = on_unlink,
    .mkdir = on_mkdir,
    .rmdir = on_rmdir,
    .opendir = on_opendir,
    .readdir = on_readdir,
    .releasedir = on_release,
    .poll = on_poll,
};

static char mounted_at[PATH_BYTES]; /* for fs_release() */

void fs_release(void)
{
    if (*mounted_at)
        mount_point_detach(mounted_at);
}

/* How many users, from root on, this user namespace knows. Only root gives files to them. */
static u32 count_ids(void)
{
    FILE *f = geteuid() == 0 ? fopen("/proc/self/uid_map", "re") : NULL;
    u32 inside, outside, count;

    if (!f)
        return 0;
    if (fscanf(f, "%10u %10u %10u", &inside, &outside, &count) != 3 || inside != 0)
        count = 0;
    fclose(f);
    return count;
}

int fs_mount(struct fs *fs, const struct fs_config *config, struct err *e)
{
    char name[64] = "highwater", option[] = "-o", options[512];
    char *argv[] = {name, option, options, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    bool has_tool = mount_point_find_tool();
    int rc = mount_point_check(config->dir, config->over, config->view, e), fd;

    if (rc)
        return rc;
    if (!has_tool && geteuid() != 0)
        return err_set(
            e, -ENOENT,
            "fusermount3 is not in $PATH: who is not root mounts with it (of the package "
            "fuse3); 'highwater enter' does without");
    if (access("/dev/fuse", R_OK | W_OK))
        return err_at(e, -errno, "/dev/fuse", 0, 0,
                      errno == EACCES ? "%s; who mounts a machine must be able to read and write it"
                                      : "%s; a mounted machine needs FUSE (modprobe fuse)",
                      strerror(errno));
    *fs = (struct fs){.config = *config, .nr_ids = count_ids(), .uid = getuid(), .gid = getgid()};
    snprintf(options, sizeof(options), "default_permissions,subtype=highwater,fsname=");
    for (const char *at = config->source; *at && strlen(options) < sizeof(options) / 2; at++)
        memcpy(options + strlen(options), (char[]){*at == ',' || *at == '\\' ? '_' : *at, '\0'}, 2);
    if (geteuid() == 0) /* others see what they would see in /proc */
        snprintf(options + strlen(options), sizeof(options) - strlen(options), ",allow_other");
    config->view->written = written;
    fs->session = fuse_session_new(&args, &ops, sizeof(ops), fs);
    fuse_opt_free_args(&args);
    if (!fs->session)
        return err_at(e, -EIO, config->dir, 0, 0, "libfuse refuses to begin a session");
    if (!realpath(config->dir, mounted_at)) /* before the mount: nobody answers for it yet */
        mounted_at[0] = '\0';
    if (fuse_session_mount(fs->session, config->dir)) {
        mounted_at[0] = '\0';
        fuse_session_destroy(fs->session);
        return err_at(e, -EIO, config->dir, 0, 0,
                      "cannot be mounted on; the line before says why (FUSE wants fusermount3, "
                      "and a directory that is yours)");
    }
    fs->mounted = true;
    fd = fuse_session_fd(fs->session);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fs->inodes = fs_inode_get(fs, "");
    return 0;
}

int fs_run(struct fs *fs)
{
    struct view *v = fs->config.view;
    struct pollfd pfd = {.fd = fuse_session_fd(fs->session), .events = POLLIN};
    int rc = 0;

    fs_requests_begin(fs);
    while (!fuse_session_exited(fs->session)) {
        u64 free_ns = v->ops->advance(v, v->wall_ns(), BUDGET);

        tell_pollers(fs);
        if (fs->config.stop && *fs->config.stop) {
            rc = -EINTR;
            break;
        }
        if (fs->config.round && fs->config.round(fs->config.ctx))
            break;
        fs_requests_late(fs);
        if (poll(&pfd, 1, (int)(free_ns / NS_PER_MS)) > 0)
            fs_requests_now(fs, AT_ONCE);
    }
    fs_requests_end(fs);
    return rc;
}

void fs_unmount(struct fs *fs)
{
    while (fs->files)
        free_file(fs, fs->files);
    if (fs->mounted)
        fuse_session_unmount(fs->session);
    mounted_at[0] = '\0';
    fuse_session_destroy(fs->session);
    fs_inodes_free(fs);
}
