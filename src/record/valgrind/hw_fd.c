/* hw_fd.c - which file a descriptor stands for.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two tables per process, both inherited by a forked child with its memory: files by (device,
 * inode, instance), numbered from 1; open file descriptions by descriptor. A descriptor that
 * appears without a call that was followed (inherited through exec, received over a socket) is
 * resolved by fstat at its first use.
 */
#include "hw_tool.h"

struct file {
    ULong dev, ino, instance;
    UInt kind;
    Long size; /* at the first sight */
    HChar *path;
};

static struct file *files; /* fid - 1 */
static UInt nr_files, max_files;
static UInt *file_hash; /* fid or 0; open addressing */
static UInt file_hash_size;

static struct description **fds;
static Int max_fds;

/* ---- files ---- */

/* A file system gives the number of a removed file to the next one. Its file handle has the inode's
 * generation, and a file system without handles has a birth time. Both stay for the life of the
 * file. 0: it has neither. */
ULong hw_instance(Int dir, UWord path, UInt flags)
{
    struct {
        UInt bytes;
        Int type;
        UChar handle[128];
    } h = {.bytes = sizeof(h.handle)};
    ULong statx[32] = {0}; /* struct statx: the mask is the first word, stx_btime at 80 */
    Int mount;
    ULong hash = 0xcbf29ce484222325ULL; /* FNV-1a */

    if (hw_syscall(303 /* name_to_handle_at */, (UWord)dir, path, (UWord)&h, (UWord)&mount,
                   flags & 0x1400 /* AT_EMPTY_PATH, AT_SYMLINK_FOLLOW */, 0) != 0)
        h.bytes = 0;
    hw_syscall(332 /* statx */, (UWord)dir, path,
               (flags & 0x1000) | (flags & 0x1400 ? 0 : 0x100 /* AT_SYMLINK_NOFOLLOW */),
               0x800 /* STATX_BTIME */, (UWord)statx, 0);
    if (h.bytes == 0 && !(statx[0] & 0x800))
        return 0;
    for (UInt i = 0; i < h.bytes && i < sizeof(h.handle); i++)
        hash = (hash ^ h.handle[i]) * 0x100000001b3ULL;
    hash = (hash ^ statx[10]) * 0x100000001b3ULL;
    hash = (hash ^ (statx[11] & 0xffffffff)) * 0x100000001b3ULL;
    return hash == 0 ? 1 : hash;
}

static UInt *file_bucket(ULong dev, ULong ino, ULong instance)
{
    ULong h = (ino * 0x9e3779b97f4a7c15ULL ^ dev * 0xff51afd7ed558ccdULL) >> 20;

    for (;; h++) {
        UInt *slot = &file_hash[h & (file_hash_size - 1)];

        if (*slot == 0 || (files[*slot - 1].ino == ino && files[*slot - 1].dev == dev &&
                           files[*slot - 1].instance == instance))
            return slot;
    }
}

static void file_hash_grow(void)
{
    file_hash_size = file_hash_size == 0 ? 64 : file_hash_size * 2;
    VG_(free)(file_hash);
    file_hash = VG_(calloc)("hw.file_hash", file_hash_size, sizeof(*file_hash));
    for (UInt i = 0; i < nr_files; i++)
        *file_bucket(files[i].dev, files[i].ino, files[i].instance) = i + 1;
}

static UInt file_find(ULong dev, ULong ino, ULong instance, Long size, UInt kind, const HChar *path)
{
    UInt *slot;

    if (2 * nr_files >= file_hash_size)
        file_hash_grow();
    slot = file_bucket(dev, ino, instance);
    if (*slot != 0)
        return *slot;
    if (nr_files == max_files) {
        max_files = max_files == 0 ? 32 : max_files * 2;
        files = VG_(realloc)("hw.files", files, max_files * sizeof(*files));
    }
    files[nr_files] = (struct file){dev, ino, instance, kind, size, VG_(strdup)("hw.path", path)};
    *slot = ++nr_files;
    return *slot;
}

/* Each stream names the files it uses, so that it can be read alone. */
static void file_declare(struct thread *t, UInt fid)
{
    const struct file *f = &files[fid - 1];

    if (fid >= t->declared_bits) {
        UInt bits = (fid / 512 + 1) * 512;

        t->declared = VG_(realloc)("hw.declared", t->declared, bits / 8);
        VG_(memset)(t->declared + t->declared_bits / 8, 0, (bits - t->declared_bits) / 8);
        t->declared_bits = bits;
    }
    if (t->declared[fid / 8] & (1u << fid % 8))
        return;
    t->declared[fid / 8] |= (UChar)(1u << fid % 8);
    hw_emit_op(t, HWT_OP_FILE, 6,
               (ULong[]){fid, f->dev, f->ino, (ULong)f->size, f->kind, f->instance}, f->path);
}

UInt hw_fid(struct thread *t, ULong dev, ULong ino, ULong instance, Long size, UInt kind,
            const HChar *path)
{
    UInt fid = file_find(dev, ino, instance, size, kind, path);

    file_declare(t, fid);
    return fid;
}

/* ---- descriptors ---- */

/* File systems whose "regular files" have no pages: their contents are made up as they are read. */
static Bool without_pages(ULong type)
{
    switch (type) {
    case 0x9fa0:     /* proc */
    case 0x62656572: /* sysfs */
    case 0x63677270: /* cgroup2 */
    case 0x27e0eb:   /* cgroup */
    case 0x64626720: /* debugfs */
    case 0x74726163: /* tracefs */
    case 0x73636673: /* securityfs */
    case 0xcafe4a11: /* bpf */
    case 0x6e736673: /* nsfs */
        return True;
    default:
        return False;
    }
}

static void classify(Int fd, const struct vki_stat *st, struct description *d)
{
    ULong fs[16] = {0}; /* struct statfs: f_type is the first word */
    UInt major_nr = (UInt)(st->st_rdev >> 8) & 0xfff;

    d->cls = CLASS_OTHER;
    d->kind = HWT_FILE_OTHER;
    switch (st->st_mode & 0170000) {
    case 0100000:
        hw_syscall(__NR_fstatfs, (UWord)fd, (UWord)fs, 0, 0, 0, 0);
        if (without_pages(fs[0]))
            return;
        d->cls = CLASS_FILE;
        d->kind = fs[0] == 0x01021994 /* tmpfs */ || fs[0] == 0x858458f6 /* ramfs */ ||
                          fs[0] == 0x958458f6 /* hugetlbfs */
                      ? HWT_FILE_SHMEM
                      : HWT_FILE_REGULAR;
        return;
    case 0060000:
        d->cls = CLASS_FILE;
        d->kind = HWT_FILE_DEVICE;
        return;
    case 0010000:
        d->cls = CLASS_PIPE;
        return;
    case 0140000:
        d->cls = CLASS_SOCKET;
        return;
    case 0020000:
        if (major_nr == 4 || major_nr == 5 || (major_nr >= 136 && major_nr <= 143))
            d->cls = CLASS_TERMINAL;
        if (!(major_nr == 1)) /* null, zero, full, random: a mapping of zero is anonymous */
            d->kind = HWT_FILE_DEVICE;
        return;
    default:
        return;
    }
}

static void link_of(Int fd, HChar *path, UInt size)
{
    HChar link[40];
    Long n;

    VG_(sprintf)(link, "/proc/self/fd/%d", fd);
    n = hw_syscall(__NR_readlink, (UWord)link, (UWord)path, size - 1, 0, 0, 0);
    path[n > 0 ? n : 0] = '\0';
}

static ULong open_flags(const struct description *d, Bool truncated)
{
    ULong out = 0;

    out |= (d->flags & ABI_O_ACCMODE) != ABI_O_WRONLY ? HWT_OPEN_READ : 0;
    out |= (d->flags & ABI_O_ACCMODE) != ABI_O_RDONLY ? HWT_OPEN_WRITE : 0;
    out |= truncated ? HWT_OPEN_TRUNC : 0;
    out |= d->flags & ABI_O_DIRECT ? HWT_OPEN_DIRECT : 0;
    out |= d->flags & ABI_O_DSYNC ? HWT_OPEN_SYNC : 0;
    return out;
}

static void fds_grow(Int fd)
{
    Int want = (fd / 64 + 1) * 64;

    if (fd < max_fds)
        return;
    fds = VG_(realloc)("hw.fds", fds, (SizeT)want * sizeof(*fds));
    VG_(memset)(fds + max_fds, 0, (SizeT)(want - max_fds) * sizeof(*fds));
    max_fds = want;
}

/* /proc/PID/mem, /proc/PID/task/TID/mem */
static Bool is_memory(const HChar *path)
{
    SizeT len = VG_(strlen)(path);

    return VG_(strncmp)(path, "/proc/", 6) == 0 && len > 4 &&
           VG_(strcmp)(path + len - 4, "/mem") == 0;
}

struct description *hw_fd_open(struct thread *t, Int fd, Bool truncated)
{
    struct vki_stat st;
    struct description *d;
    HChar path[HWT_STRING_MAX];

    if (fd < 0 || hw_syscall(__NR_fstat, (UWord)fd, (UWord)&st, 0, 0, 0, 0) != 0)
        return NULL;
    hw_fd_drop(t, hw_fd_take(fd));
    fds_grow(fd);
    d = fds[fd] = VG_(calloc)("hw.description", 1, sizeof(*d));
    d->refs = 1;
    d->flags = (UInt)hw_syscall(__NR_fcntl, (UWord)fd, VKI_F_GETFL, 0, 0, 0, 0);
    classify(fd, &st, d);
    if (d->cls == CLASS_FILE || d->kind == HWT_FILE_DEVICE || d->cls == CLASS_OTHER)
        link_of(fd, path, sizeof(path));
    if (d->cls == CLASS_OTHER && VG_(strstr)(path, "/oom_score_adj") != NULL)
        d->oom_score_adj = True;
    d->memory = d->cls == CLASS_OTHER && is_memory(path);
    if (d->cls != CLASS_FILE && d->kind != HWT_FILE_DEVICE)
        return d;
    d->fid = hw_fid(t, st.st_dev, st.st_ino, hw_instance(fd, (UWord) "", 0x1000), st.st_size,
                    d->kind, path);
    if (d->cls == CLASS_FILE && hw_channel != NULL) {
        d->handle = __atomic_add_fetch(&hw_channel->next_handle, 1, __ATOMIC_SEQ_CST);
        hw_op(t, HWT_OP_OPEN, d->handle, d->fid, open_flags(d, truncated));
    }
    return d;
}

struct description *hw_fd(struct thread *t, Int fd)
{
    if (fd >= 0 && fd < max_fds && fds[fd] != NULL)
        return fds[fd];
    return hw_fd_open(t, fd, False);
}

struct description *hw_fd_take(Int fd)
{
    struct description *d = fd >= 0 && fd < max_fds ? fds[fd] : NULL;

    if (d != NULL)
        fds[fd] = NULL;
    return d;
}

void hw_fd_drop(struct thread *t, struct description *d)
{
    if (d == NULL || --d->refs > 0)
        return;
    if (d->handle != 0)
        hw_op(t, HWT_OP_CLOSE, d->handle);
    VG_(free)(d);
}

void hw_fd_share(struct thread *t, Int from, Int to)
{
    struct description *d;

    if (from == to)
        return;
    d = hw_fd(t, from);
    hw_fd_drop(t, hw_fd_take(to));
    if (d == NULL)
        return;
    fds_grow(to);
    fds[to] = d;
    d->refs++;
}

void hw_fd_close_range(struct thread *t, UInt first, UInt last)
{
    for (UInt fd = first; fd <= last && fd < (UInt)max_fds; fd++)
        hw_fd_drop(t, hw_fd_take((Int)fd));
}

enum file_class hw_fd_class(struct thread *t, Int fd)
{
    struct description *d = hw_fd(t, fd);

    return d == NULL ? CLASS_BAD : d->cls;
}

UInt hw_fd_fid(struct thread *t, Int fd)
{
    struct description *d = hw_fd(t, fd);

    if (d == NULL || d->fid == 0)
        return 0;
    file_declare(t, d->fid);
    return d->fid;
}
