/* file.c - files by number: made at first sight, open, mapped, unlinked, gone.
 *
 * An inode lives as long as it has a name, an open file or a mapping. Mappings count through
 * space/'s callback, and each holds its open file. An inode that lost its last user is only noted,
 * since that happens inside changes of mappings and while its pages may be under I/O; inodes_reap()
 * drops its pages later. */
#include <string.h>

#include "hugetlb/reserve.h"
#include "system/file.h"
#include "system/system_int.h"

/* The device with the files of this device number. */
static struct device *disk_of(struct system *s, u64 dev)
{
    for (unsigned i = 0; i < s->config.nr_disks; i++)
        if (s->config.disks[i].dev == dev)
            return &s->disks[i];
    return &s->disk;
}

/* What was asked for, or what the device does. The first disk's is the tunable already. */
static u64 read_ahead_kb(const struct system *s, const struct device *d)
{
    bool asked =
        s->config.readahead_bytes || s->config.tunables.read_ahead_kb != READ_AHEAD_KB_DEFAULT;

    return d == &s->disk || asked ? s->tunables.read_ahead_kb : d->profile->readahead_kb;
}

/* Of the kernel's own mount, which has no limit: memfds and segments. */
static bool is_nameless(const char *path)
{
    return path && (strncmp(path, "/memfd:", 7) == 0 || strncmp(path, "/SYSV", 5) == 0 ||
                    strcmp(path, "/dev/zero") == 0);
}

struct inode *system_inode(struct system *s, enum inode_kind kind, u64 dev, u64 ino,
                           const char *path, u64 size)
{
    struct inode *inode = inode_find(&s->backing, dev, ino);

    /* A number is used again once the unlinked file that had it is closed. */
    if (inode && (inode->nlink || inode->opens || inode->maps))
        return inode;
    inode = inode_new(&s->backing, kind, dev, ino, path, size,
                      kind == INODE_SHMEM || kind == INODE_RAMFS ? NULL : disk_of(s, dev));
    if (kind == INODE_SHMEM && !is_nameless(path))
        inode->mount = s->tmpfs;
    if (inode->device)
        inode->ra_pages = (u32)(read_ahead_kb(s, inode->device) * KIB / PAGE_SIZE);
    inode_objects_new(s, inode);
    return inode;
}

static void note_idle(struct system *s, const struct inode *inode)
{
    if (!inode->nlink && !inode->opens && !inode->maps)
        vec_push(&s->idle_inodes, inode->id);
}

struct file *system_open(struct system *s, struct inode *inode, u32 file_flags)
{
    struct file *f = file_new(&s->backing, inode, file_flags);

    file_objects_new(s, f);
    return f;
}

static void put_file(struct system *s, struct file *f)
{
    if (f->refs == 1)
        file_objects_free(s, f);
    file_put(&s->backing, f);
}

void system_close(struct system *s, struct file *f)
{
    struct inode *inode = inode_get(&s->backing, f->inode);

    put_file(s, f);
    note_idle(s, inode);
    inodes_reap(s);
}

void file_mapped(void *system, u32 inode_id, u32 file_id, int change)
{
    struct system *s = system;
    struct inode *inode = inode_get(&s->backing, inode_id);
    struct file *f = file_get(&s->backing, file_id);

    inode->maps += (u32)change;
    if (f && change > 0)
        file_hold(f);
    else if (f)
        put_file(s, f);
    if (change < 0)
        note_idle(s, inode);
}

void system_unlink(struct system *s, struct inode *inode)
{
    inode->nlink = 0;
    note_idle(s, inode);
    inodes_reap(s);
}

ns_t inode_io_until(const struct system *s, const struct inode *inode, u64 from, u64 to)
{
    ns_t until = 0;

    if (!inode->nr_pages)
        return 0;
    for (pfn_t pfn = pagecache_next(inode, from, to); pfn != PFN_NONE;) {
        const struct frame *f = frames_get(&s->frames, pfn);
        u64 index = frame_index(f);

        if (frame_test(f, PG_LOCKED | PG_WRITEBACK))
            until = MAX(until, io_done_at(&s->mem, pfn));
        pfn = index < to ? pagecache_next(inode, index + 1, to) : PFN_NONE;
    }
    return until;
}

void inodes_reap(struct system *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->idle_inodes.count; i++) {
        u32 id = s->idle_inodes.items[i];
        struct inode *inode = inode_get(&s->backing, id);

        if (!inode || inode->nlink || inode->opens || inode->maps)
            continue;
        if (inode_io_until(s, inode, 0, UINT64_MAX)) {
            s->idle_inodes.items[kept++] = id;
            continue;
        }
        if (inode->kind == INODE_HUGETLB)
            hugetlb_file_free(&s->hugetlb, inode->hugetlb);
        else
            access_truncate(&s->mem, inode, 0, UINT64_MAX);
        inode_objects_free(s, inode);
        inode_free(&s->backing, inode);
    }
    s->idle_inodes.count = kept;
}
