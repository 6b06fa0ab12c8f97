/* inode.h - files, what is in them, and who has them open.
 *
 * Mirrors:    fs/inode.c, include/linux/fs.h (struct address_space, struct file), lib/errseq.c,
 *             Linux 6.1.
 * Differs:    no directories: a file is known by (device, inode number), as a trace names it.
 * Owns:       inodes and open files, found by small ids that are used again after a free (the last
 *             one freed first).
 * Never:      allocates a frame, waits, reclaims. The caller brings frames; I/O is described, not
 *             awaited.
 * Invariants: (pagecache_check) see pagecache.h; an inode's opens == its open files; it is on a
 *             list of its bdi_writeback when it has a dirty page (bdi.h).
 */
#ifndef BACKING_INODE_H
#define BACKING_INODE_H

#include "backing/bdi.h"
#include "backing/file_use.h"
#include "backing/shadow_nodes.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/xarray.h"
#include "frames/frames.h"
#include "machine/device.h"
#include "space/shared_policy.h"

/* An error and who has seen it (lib/errseq.c): errors of the same kind that nobody has seen yet are
 * one. */
struct errseq {
    int error; /* negative errno; 0: never */
    u32 count;
    bool seen;
};
/* What a file that is opened now has seen so far. */
static inline u32 errseq_sample(const struct errseq *e)
{
    return e->seen ? e->count : 0;
}
void errseq_set(struct errseq *e, int error);
/* The error if there is one that *since has not seen, and now it has. */
int errseq_check_and_advance(struct errseq *e, u32 *since);

/* RAMFS: a file of ramfs, whose pages are its only place: never written anywhere, never evicted.
 * HUGETLB: of a pool of huge pages, with nothing in the page cache. */
enum inode_kind { INODE_REGULAR, INODE_SHMEM, INODE_DEVICE, INODE_RAMFS, INODE_HUGETLB };

struct hugetlb_file;

struct inode {
    u32 id; /* from 1 */
    enum inode_kind kind;
    u64 dev, ino;
    char *path;             /* for people; may be NULL */
    u64 size;               /* bytes; changed by inode_set_size() only */
    u32 nlink, opens, maps; /* may be freed when all are 0; nlink and maps are the caller's */
    struct xarray pages;    /* page -> entry: see pagecache.h */
    u64 nr_pages, nr_shadows;
    struct file_use use;   /* what the cache was worth to it */
    struct device *device; /* NULL for shmem and ramfs */
    u32 ra_pages;          /* default window of a file opened here: from the device, 0 for shmem */
    u32 io_pages;          /* most pages of one request (bdi->io_pages) */
    u32 nr_dirty;          /* dirty pages */
    u32 nr_writeback;      /* pages under writeback */
    ns_t dirtied_when;     /* when the first page was dirtied */
    struct bdi_writeback *wb;  /* where it counts as dirty; NULL: never was */
    struct list_head dirty_at; /* in a list of wb */
    bool on_dirty_list;
    u64 writeback_index;  /* where the flusher goes on */
    struct errseq wb_err; /* of writeback: each open file reports it once */
    u64 disk_start;       /* position on the device, for sequential detection */
    u16 memcg;            /* of its first page */
    u16 nodes_memcg;      /* who pays for the nodes of `pages`; the caller's */
    u16 object_memcg;     /* who pays for the kernel's own inode and name; the caller's */

    /* bytes=on: inode_bytes.c */
    int host_fd;      /* the host file behind it, -1 generated content */
    bool host_write;  /* written pages go to the host file; else they are kept here */
    u64 origin_bytes; /* what lies below this is still as it was at the start; above are zeros */
    struct xarray overlay; /* page -> address of the page as last written back */

    u32 next_same_hash; /* id, in the chain of backing->by_number */

    struct hugetlb_file *hugetlb; /* of INODE_HUGETLB: hugetlb/ */

    /* shmem */
    struct shmem_mount *mount; /* NULL: the kernel's own, without a limit */
    u64 committed; /* pages promised when it was made, for a segment; else they are as they come */
    struct shared_policy policy; /* on which nodes its pages are wanted */
};

/* A mounted tmpfs, in pages. */
struct shmem_mount {
    u64 max_blocks; /* size=; 0: no limit */
    u64 used_blocks;
    struct shmem_mount *next;
};

struct file_ra { /* struct file_ra_state */
    u64 start;
    u32 size, async_size, ra_pages;
    u32 mmap_miss;
    /* byte after the last one read; the caller sets it after each copy. -1 at first */
    s64 prev_pos;
};

struct file { /* an open file description */
    u32 id;   /* from 1 */
    u32 inode;
    u32 refs;         /* handles and vmas; file_hold(), file_put() */
    u32 flags;        /* enum file_flag */
    u16 object_memcg; /* who pays for the kernel's own file; the caller's */
    u32 wb_err;       /* f_wb_err: errors of writeback it has reported */
    struct file_ra ra;
};
enum file_flag { FILE_DIRECT = 1, FILE_SYNC = 2, FILE_RANDOM = 4, FILE_NOREUSE = 8 };

struct backing {
    struct frames *frames;
    struct counters *counters;
    struct inode **inodes; /* by id; NULL when free */
    u32 nr_inodes, cap_inodes;
    struct file **files; /* by id; NULL when free */
    u32 nr_files, cap_files;
    u32 mark;                      /* the last of file_uses_mark() */
    struct file_uses *freed_files; /* what the cache was worth to files that are gone; NULL: none */
    u64 xa_nodes;                  /* radix-tree nodes in use: SReclaimable memory */
    struct shadow_nodes shadow_nodes; /* of these, the ones with nothing but shadows */
    u64 disk_next;                    /* next free position for a new file's disk_start */
    u64 nr_dirty;                     /* of all inodes */
    VEC(struct bdi *) bdis;           /* devices with files */
    struct wb_domain domain;          /* the machine's */
    VEC(struct wb_domain *) domains;  /* of groups, by id; NULL: not asked for yet */
    struct heap flushers;             /* times at which they run; see wb_next() */
    ns_t writeback_interval;          /* dirty_writeback_centisecs; the caller's */
    u64 shmem_committed;              /* pages promised to shmem (Committed_AS) */
    struct shmem_mount *mounts;       /* of tmpfs */
    struct u64map by_number;          /* hash of (dev, ino) -> id of the first inode in the chain */
    u32 *free_inode_ids, *free_file_ids;
    u32 nr_free_inode_ids, nr_free_file_ids; /* both arrays have the capacity of their tables */
};

void backing_init(struct backing *b, struct frames *frames, struct counters *counters);
/* Forgets everything, cached pages too; frames stay as they are. */
void backing_done(struct backing *b);

/* A new file with nlink 1. `path` is copied, may be NULL. device: NULL for shmem. With bytes=on
 * its content is generated until the caller sets host_fd. */
struct inode *inode_new(struct backing *b, enum inode_kind kind, u64 dev, u64 ino, const char *path,
                        u64 size, struct device *device);
/* By id, or NULL when it is gone. */
struct inode *inode_get(const struct backing *b, u32 id);
/* The inode with this number that still has a name (nlink > 0), else the newest without one;
 * NULL when unknown. */
struct inode *inode_find(const struct backing *b, u64 dev, u64 ino);
/* Shadows and kept bytes go with it.  pre: no page is cached, no file is open. */
void inode_free(struct backing *b, struct inode *inode);
/* New size in bytes. Bytes cut off are gone: a later extension shows zeros. Cached pages are the
 * caller's to drop. */
void inode_set_size(struct inode *inode, u64 size);
static inline u64 inode_nr_pages(const struct inode *inode)
{
    return DIV_ROUND_UP(inode->size, PAGE_SIZE);
}

/* --- shmem ------------------------------------------------------------------------------------ */
/* A tmpfs of so many pages (0: no limit), which stays for as long as the machine. */
struct shmem_mount *shmem_mount_new(struct backing *b, u64 max_blocks);
/* A segment (SysV, shared anonymous memory): all of it is promised now, until the inode is
 * freed. */
void shmem_commit_size(struct backing *b, struct inode *inode);
/* Pages it has, in memory or in swap. */
static inline u64 shmem_blocks(const struct inode *inode)
{
    return inode->nr_pages + inode->nr_shadows;
}
/* May it have another? (shmem_inode_acct_block; the promise is balance/overcommit.c's) */
static inline bool shmem_has_room(const struct inode *inode)
{
    const struct shmem_mount *m = inode->mount;

    return !m || !m->max_blocks || m->used_blocks < m->max_blocks;
}
/* It got n more, or lost them. */
void shmem_account(struct backing *b, struct inode *inode, s64 n);

/* One reference. ra_pages from the inode, readahead state empty. */
struct file *file_new(struct backing *b, struct inode *inode, u32 flags);
/* By id, or NULL when it is gone. */
struct file *file_get(const struct backing *b, u32 id);
static inline void file_hold(struct file *f)
{
    f->refs++;
}
void file_put(struct backing *b, struct file *f);

/* --- bytes=on (inode_bytes.c) ----------------------------------------------------------------- */
/* The page as it is on disk, zeros past the end: what was last written back, else the host file,
 * else generated content. 0 or -EIO. */
int inode_read_bytes(const struct inode *inode, u64 index, u8 *page);
/* Write it back: to the host file when host_write, else keep it in memory. Bytes past the end of
 * the file are cut off. */
int inode_write_bytes(struct inode *inode, u64 index, const u8 *page);
/* Generated content, for anybody who wants to predict it: eight bytes at a time, little-endian,
 * the word at byte offset o of page p is hash_u64_pair(hash_u64_pair(dev, ino),
 * p * 512 + o / 8). */
void inode_generate_bytes(u64 dev, u64 ino, u64 index, u8 *page);

#include "backing/pagecache.h"
#include "backing/readahead.h"

#endif
