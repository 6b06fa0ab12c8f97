/* file_use.c - the few files with most, out of all that there are and were.
 *
 * A table takes rows one by one: while it is full, a row with more than the least one puts that one
 * among the others. Freed files are put into such a table of their own at once, which
 * file_uses_new() merges with the living ones.
 *
 * A mark is a number. A file whose number of pages changes and that bears an older number notes how
 * many pages it had, and takes the number: a file without the last number has as many pages as at
 * the last mark. Rejected: to copy the figures of all files at each new peak of a run, of which a
 * run has hundreds. */
#include "backing/file_use.h"

#include "backing/inode.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void file_use_more(struct backing *b, struct frame *f, unsigned n)
{
    f->private = MIN(f->private + n, (u32)FILE_USED_AGAIN);
    if (f->private == FILE_USED_AGAIN) {
        struct file_use *use = &inode_get(b, f->mapping)->use;

        use->again++;
        use->nr_again++;
    }
}

void file_uses_mark(struct backing *b)
{
    b->mark++;
}

/* --- a table of the largest ------------------------------------------------------------------- */
static u64 weight(const struct file_use_row *row)
{
    return MAX(row->use.peak, row->use.lost);
}

static void add_up(struct file_uses *u, const struct file_use_row *row)
{
    struct file_use *sum = &u->others.use;

    if (row->use.mark > sum->mark) { /* the sum was of an older moment */
        sum->mark = row->use.mark;
        sum->marked = 0;
    }
    if (sum->mark == row->use.mark)
        sum->marked += row->use.marked;
    u->others.cached += row->cached;
    sum->peak += row->use.peak;
    sum->came += row->use.came;
    sum->again += row->use.again;
    sum->nr_again += row->use.nr_again;
    sum->evicted += row->use.evicted;
    sum->lost += row->use.lost;
    u->nr_others++;
}

/* Takes a copy of its path. */
static void put_row(struct file_uses *u, const struct file_use_row *row)
{
    struct file_use_row *at = &u->rows[0];

    if (u->nr < FILE_USES_MAX) {
        at = &u->rows[u->nr++];
    } else {
        for (unsigned i = 1; i < u->nr; i++)
            if (weight(&u->rows[i]) < weight(at))
                at = &u->rows[i];
        if (weight(row) <= weight(at)) {
            add_up(u, row);
            return;
        }
        add_up(u, at);
        free(at->path);
    }
    *at = *row;
    at->path = row->path ? xstrdup(row->path) : NULL;
}

static struct file_use_row row_of(const struct inode *inode, bool deleted)
{
    return (struct file_use_row){.path = inode->path,
                                 .dev = inode->dev,
                                 .ino = inode->ino,
                                 .size = inode->size,
                                 .device = inode->kind == INODE_DEVICE,
                                 .deleted = deleted,
                                 .use = inode->use};
}

/* Shared memory has swap behind it and no file. */
static bool is_told(const struct inode *inode)
{
    return inode->device && inode->use.came;
}

/* --- all files -------------------------------------------------------------------------------- */
void file_uses_keep(struct backing *b, const struct inode *inode)
{
    struct file_use_row row = row_of(inode, true);

    if (!is_told(inode))
        return;
    if (!b->freed_files)
        b->freed_files = xcalloc(1, sizeof(*b->freed_files));
    put_row(b->freed_files, &row);
}

void file_uses_done(struct backing *b)
{
    file_uses_free(b->freed_files);
    b->freed_files = NULL;
}

void file_uses_begin(struct backing *b)
{
    file_uses_done(b);
    file_uses_mark(b);
    for (u32 id = 1; id < b->nr_inodes; id++) {
        struct inode *inode = b->inodes[id];

        if (inode)
            inode->use = (struct file_use){.peak = inode->nr_pages,
                                           .came = inode->nr_pages,
                                           .again = inode->use.nr_again,
                                           .nr_again = inode->use.nr_again};
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct file_use_row *x = a, *y = b;

    if (weight(x) != weight(y))
        return weight(x) < weight(y) ? 1 : -1;
    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

struct file_uses *file_uses_new(const struct backing *b)
{
    struct file_uses *u = xcalloc(1, sizeof(*u));
    const struct file_uses *freed = b->freed_files;

    for (unsigned i = 0; freed && i < freed->nr; i++) {
        struct file_use_row row = freed->rows[i];

        row.cached = row.use.mark == b->mark ? row.use.marked : 0;
        put_row(u, &row);
    }
    if (freed && freed->nr_others) {
        const struct file_use *use = &freed->others.use;
        struct file_use_row row = freed->others;

        row.cached = use->mark == b->mark ? use->marked : 0;
        add_up(u, &row);
        u->nr_others += freed->nr_others - 1;
    }
    for (u32 id = 1; id < b->nr_inodes; id++) {
        const struct inode *inode = b->inodes[id];
        struct file_use_row row;

        if (!inode || !is_told(inode))
            continue;
        row = row_of(inode, false);
        row.cached = row.use.mark == b->mark ? row.use.marked : inode->nr_pages;
        put_row(u, &row);
    }
    qsort(u->rows, u->nr, sizeof(u->rows[0]), by_weight);
    return u;
}

void file_uses_free(struct file_uses *u)
{
    for (unsigned i = 0; u && i < u->nr; i++)
        free(u->rows[i].path);
    free(u);
}
