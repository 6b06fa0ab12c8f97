/* file_use.h - what the page cache was worth to each file: cached, used again, lost.
 *
 * Question:   which files hold the cache, and did the cache spare them a read of the disk? Linux
 *             counts that for groups and nodes, never for a file.
 * Used again: once per stay in the cache, a page whose content was taken from there although
 *             nothing had just been read for it: its second use if the disk filled it, its first
 *             reading if a write did. A use is a read(2) that the use-once rule counts, or a walk
 *             of the hardware to an entry that maps the page (PTE_TOUCHED). Uses through a
 *             translation that a TLB holds are not seen, and mapped uses are noted when the entry
 *             goes, at the latest when its process exits.
 * Lost:       evicted, and read again soon enough for workingset_refault_file to count it.
 * Owns:       frame.private of pages of the page cache (enum file_use_state); inode->use.
 * Never:      looks at all files but in file_uses_new() and file_uses_begin().
 * Bound:      the files with most are rows, FILE_USES_MAX at most; all others are one row.
 * Invariants: (pagecache_check) again <= came, lost <= evicted <= came, nr_again is a recount, peak
 *             >= pages cached.
 */
#ifndef BACKING_FILE_USE_H
#define BACKING_FILE_USE_H

#include "frames/frames.h"

#define FILE_USES_MAX 20u

struct backing;
struct inode;

enum file_use_state {
    FILE_UNUSED, /* brought by the disk, for whoever asked or ahead of a reader */
    FILE_USED,   /* once, or made by a write */
    FILE_USED_AGAIN
};

struct file_use { /* in pages */
    u64 peak;     /* cached at once, at most */
    u64 came;     /* brought into the cache, by reading or by writing */
    u64 again;    /* of came: used again */
    u64 nr_again; /* of again: cached now */
    u64 evicted;  /* of came: by reclaim; a truncated page is not */
    u64 lost;     /* of evicted: read again */
    u64 marked;   /* cached at the moment `mark`; see file_uses_mark() */
    u32 mark;
};

struct file_use_row {
    char *path; /* may be NULL */
    u64 dev, ino, size;
    bool device;  /* blocks of a file system, not of a file */
    bool deleted; /* and freed */
    u64 cached;   /* pages at the moment of the last mark */
    struct file_use use;
};

struct file_uses {
    /* by the most that was cached or lost, largest first */
    struct file_use_row rows[FILE_USES_MAX];
    unsigned nr;
    struct file_use_row others; /* sums; .peak is the sum of peaks at different times */
    u64 nr_others;              /* files that others is the sum of */
};

/* n more uses of a page, of which more than FILE_USED_AGAIN are as good as that.   pre: in the page
 * cache, not yet FILE_USED_AGAIN */
void file_use_more(struct backing *b, struct frame *f, unsigned n);

/* Remember how many pages each file has now, in place of what was remembered before. O(1): files
 * are looked at when they change. */
void file_uses_mark(struct backing *b);
/* Forget what was counted so far; pages that are cached now count as having come now. Marks. */
void file_uses_begin(struct backing *b);
/* A file is about to be freed: keep its figures. */
void file_uses_keep(struct backing *b, const struct inode *inode);
void file_uses_done(struct backing *b);

/* The files of disks with anything to tell, until now. To be freed with file_uses_free(). */
struct file_uses *file_uses_new(const struct backing *b);
void file_uses_free(struct file_uses *u);

#endif
