/* inode.h - files and their page cache.
 *
 * Mirrors:  fs/inode.c, mm/filemap.c (the tree of pages and shadow entries), include/linux/fs.h (struct address_space).
 * Never:    allocates a frame, waits, reclaims. The caller brings frames; I/O is described, not awaited.
 */
#ifndef BACKING_INODE_H
#define BACKING_INODE_H

#include "base/xarray.h"
#include "frames/frames.h"
#include "machine/device.h"

enum inode_kind { INODE_REGULAR, INODE_SHMEM, INODE_DEVICE };

struct inode {
    u32 id; /* from 1 */
    enum inode_kind kind;
    u64 dev, ino;
    char *path;
    u64 size; /* bytes */
    u32 nlink, opens, maps; /* freed when all are 0 */
    struct xarray pages; /* page -> value: see pagecache.h */
    u64 nr_pages, nr_shadows;
    struct device *device; /* NULL for shmem */
    int host_fd;           /* bytes=on: the host file behind it, -1 generated content */
    u32 nr_dirty;          /* dirty pages */
    ns_t dirtied_when;     /* when the first page was dirtied */
    int error;             /* AS_EIO: reported by the next fsync */
    u64 disk_start;        /* position on the device, for sequential detection */
    u16 memcg;             /* owner for writeback */
    bool on_dirty_list;
};

struct file_ra { /* struct file_ra_state */
    u64 start;
    u32 size, async_size, ra_pages;
    u32 mmap_miss;
    s64 prev_pos;
};

struct file { /* an open file description */
    u32 id; /* from 1 */
    u32 inode;
    u32 refs; /* handles and vmas */
    u32 flags; /* enum file_flag */
    struct file_ra ra;
};
enum file_flag { FILE_DIRECT = 1, FILE_SYNC = 2, FILE_RANDOM = 4, FILE_NOREUSE = 8 };

struct backing {
    struct frames *frames;
    struct counters *counters;
    struct inode **inodes; /* by id */
    u32 nr_inodes, cap_inodes;
    struct file **files; /* by id */
    u32 nr_files, cap_files;
    u64 xa_nodes; /* radix-tree nodes in use: SReclaimable memory */
    u64 disk_next; /* next free position for a new file's disk_start */
};

void backing_init(struct backing *b, struct frames *frames, struct counters *counters);
void backing_done(struct backing *b);
struct inode *inode_new(struct backing *b, enum inode_kind kind, u64 dev, u64 ino, const char *path, u64 size,
                        struct device *device);
struct inode *inode_get(const struct backing *b, u32 id);
struct inode *inode_find(const struct backing *b, u64 dev, u64 ino); /* NULL when unknown */
/* pre: no page is cached. */
void inode_free(struct backing *b, struct inode *inode);
struct file *file_new(struct backing *b, struct inode *inode, u32 flags);
struct file *file_get(const struct backing *b, u32 id);
void file_put(struct backing *b, struct file *f);

/* --- pagecache.c ----------------------------------------------------------------------------------------------- */
/* An entry of inode->pages: 0 nothing, a frame, or a shadow left by eviction (low bit set; opaque, see reclaim/workingset). */
static inline u64 entry_from_pfn(pfn_t pfn) { return (u64)pfn << 1; }
static inline bool entry_is_shadow(u64 e) { return (e & 1) != 0; }
static inline pfn_t entry_pfn(u64 e) { return (e & 1) ? PFN_NONE : (pfn_t)(e >> 1); }

pfn_t pagecache_find(const struct inode *inode, u64 index); /* PFN_NONE when not cached */
u64 pagecache_entry(const struct inode *inode, u64 index);
/* Put the frame in: sets mapping, index, PG_PAGECACHE (PG_SWAPBACKED for shmem). Returns the shadow that was there or 0.
 * Counts NR_FILE_PAGES, NR_SHMEM globally; group counters are the caller's. */
u64 pagecache_add(struct backing *b, struct inode *inode, u64 index, pfn_t pfn);
/* Take it out, leaving `shadow` (0: nothing). Does not free the frame. pre: not mapped, not under writeback. */
void pagecache_del(struct backing *b, pfn_t pfn, u64 shadow);
/* Drop shadows only in [from, to] (truncate). */
void pagecache_clear_shadows(struct backing *b, struct inode *inode, u64 from, u64 to);
/* The next cached page with index >= from (and <= last), PFN_NONE when none. Skips shadows. */
pfn_t pagecache_next(const struct inode *inode, u64 from, u64 last);
/* page_cache_next_miss / prev_miss: the first index at or after (before) `index` not cached, within max steps. */
u64 pagecache_next_miss(const struct inode *inode, u64 index, u64 max);
u64 pagecache_prev_miss(const struct inode *inode, u64 index, u64 max);
/* Marks: dirty and writeback, searched by the flusher. Set with the frame's flag; count NR_FILE_DIRTY, NR_DIRTIED, NR_WRITEBACK. */
bool pagecache_set_dirty(struct backing *b, pfn_t pfn, ns_t now); /* true if it was clean */
bool pagecache_clear_dirty(struct backing *b, pfn_t pfn);
void pagecache_start_writeback(struct backing *b, pfn_t pfn);
void pagecache_end_writeback(struct backing *b, pfn_t pfn);
pfn_t pagecache_next_dirty(const struct inode *inode, u64 from);
void pagecache_check(const struct backing *b);

/* --- readahead.c: pure policy (mm/readahead.c, mm/filemap.c) ---------------------------------------------------- */
struct ra_plan { /* read pages [start, start + nr), mark start + nr - async_size with PG_READAHEAD when async_size > 0 */
    u64 start;
    u32 nr, async_size;
};
/* page_cache_sync_ra: a miss at `index`, req_count pages wanted. nr may be 0 (nothing to read). */
struct ra_plan readahead_sync(struct file *f, const struct inode *inode, u64 index, u32 req_count);
/* page_cache_async_ra: a page with PG_READAHEAD was reached. */
struct ra_plan readahead_async(struct file *f, const struct inode *inode, u64 index, u32 req_count);
/* do_sync_mmap_readahead / do_async_mmap_readahead; vm_flags for SEQ/RAND. */
struct ra_plan readahead_mmap_sync(struct file *f, const struct inode *inode, u64 index, u32 vm_flags);
struct ra_plan readahead_mmap_async(struct file *f, const struct inode *inode, u64 index, u32 vm_flags, bool marked);

#endif
