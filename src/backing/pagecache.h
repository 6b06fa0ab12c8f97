/* pagecache.h - which page of which file is in which frame, and what remains of those that were.
 *
 * Mirrors:    mm/filemap.c (i_pages, page_cache_delete, page_cache_next_miss), mm/page-writeback.c
 *             (dirty and writeback accounting), Linux 6.1.
 * Owns:       frame.mapping and frame.index while PG_PAGECACHE; PG_PAGECACHE itself; PG_DIRTY and
 *             PG_WRITEBACK of file pages.
 * Never:      frees a frame, waits.
 * Counters:   nr_file_pages, nr_shmem, nr_dirty, nr_dirtied, nr_writeback, nr_written,
 *             nr_zone_write_pending (zone and machine), workingset_nodes (shadow_nodes.h), all
 *             machine-wide; a group's counters are the caller's.
 * Invariants: (pagecache_check) an entry's frame names the inode and index; the marks are the
 *             frames' flags; nr_pages, nr_shadows, nr_dirty, nr_writeback, xa_nodes and the
 *             counters are recounts.
 *
 * All folios are of order 0: in 6.1 ext4 has no large folios (XFS and AFS do). They come with
 * another kernel profile.
 */
#ifndef BACKING_PAGECACHE_H
#define BACKING_PAGECACHE_H

#include "backing/inode.h"
#include "space/space.h"

/* An entry of inode->pages: 0 nothing, a frame (even), or a value (odd): the shadow left by an
 * eviction (opaque, see reclaim/workingset), or in a shmem file where the page was swapped to. */
#define PAGECACHE_DIRTY     XA_MARK_0
#define PAGECACHE_WRITEBACK XA_MARK_1

static inline u64 entry_from_pfn(pfn_t pfn)
{
    return (u64)pfn << 1;
}

static inline bool entry_is_shadow(u64 e)
{
    return (e & 1) != 0;
}

static inline pfn_t entry_pfn(u64 e)
{
    return (e & 1) ? PFN_NONE : (pfn_t)(e >> 1);
}

static inline u64 entry_from_swap(swp_t swap)
{
    return (u64)swap << 1 | 1;
}

/* pre: a value in a shmem file */
static inline swp_t entry_swap(u64 e)
{
    return (swp_t)(e >> 1);
}

static inline u64 pagecache_entry(const struct inode *inode, u64 index)
{
    return xa_load(&inode->pages, index);
}

/* PFN_NONE when not cached. */
static inline pfn_t pagecache_find(const struct inode *inode, u64 index)
{
    return entry_pfn(xa_load(&inode->pages, index));
}

/* Put the frame in: sets mapping, index, PG_PAGECACHE (PG_SWAPBACKED for shmem). Returns the value
 * that was there, or 0.
 *   pre: no frame is there; the frame is in no cache */
u64 pagecache_add(struct backing *b, struct inode *inode, u64 index, pfn_t pfn);
/* Take it out, leaving `shadow` (0: nothing). Does not free the frame. A dirty page of a file
 * becomes clean: its bytes are lost (truncate); a shmem page keeps PG_DIRTY.
 *   pre: not mapped, not under writeback
 *   post: mapping 0; the index stays */
void pagecache_del(struct backing *b, pfn_t pfn, u64 shadow);
/* Another frame takes its place: flags, mapping, index and marks are those of the old one, which is
 *   in no cache afterwards. pre: not mapped, not locked, not under writeback; `to` is a fresh
 *   frame */
void pagecache_replace(struct backing *b, pfn_t from, pfn_t to);
/* Drop shadows only in [from, to] (truncate). In a shmem file the swap slots are the caller's to
 * free first. */
void pagecache_clear_shadows(struct backing *b, struct inode *inode, u64 from, u64 to);
/* Replace the value at index (0: drop it).  pre: a value is there, and value is odd or 0 */
void pagecache_set_value(struct backing *b, struct inode *inode, u64 index, u64 value);

/* The next cached page with index >= from (and <= last), PFN_NONE when none. Skips values. */
pfn_t pagecache_next(const struct inode *inode, u64 from, u64 last);
/* page_cache_next_miss / page_cache_prev_miss exactly as 6.1 has them: the first index at or
 * after (before) `index` that is not cached; when all of max are, the last one looked at, which
 * IS cached (the documented "outside the range" came in a later kernel and was taken back). prev
 * wraps to UINT64_MAX below 0.
 *   pre: max > 0 */
u64 pagecache_next_miss(const struct inode *inode, u64 index, u64 max);
u64 pagecache_prev_miss(const struct inode *inode, u64 index, u64 max);

/* Dirty and writeback are marks of the tree as well, searched by the flusher, set with the frame's
 * flag. Pages of shmem and of the swap cache have the flags but no marks: nobody writes them back
 * but reclaim, and they do not count as dirty file pages. */
bool pagecache_set_dirty(struct backing *b, pfn_t pfn, ns_t now); /* true if it was clean */
bool pagecache_clear_dirty(struct backing *b, pfn_t pfn);         /* true if it was dirty */
/* Any page; also one in the swap cache.  pre: not under writeback */
void pagecache_start_writeback(struct backing *b, pfn_t pfn);
void pagecache_end_writeback(struct backing *b, pfn_t pfn);
pfn_t pagecache_next_dirty(const struct inode *inode, u64 from);
pfn_t pagecache_next_writeback(const struct inode *inode, u64 from);

void pagecache_check(const struct backing *b);

#endif
