/* inode.c - the tables of inodes and of open files.
 *
 * Both are arrays of pointers by id, with a stack of free ids, so that an id fits 32 bits of a
 * frame descriptor and the arrays stay as small as the most files there ever were at once. By
 * number, an inode is found through a hash map to the first of a chain: several inodes share a
 * number when one was unlinked while open, and a hash may collide.
 */
#include "backing/inode.h"

#include "base/alloc.h"

#include <string.h>

#define VM_READAHEAD_PAGES 32u  /* io_pages of a device without a request queue: brd, zram */
#define DISK_IO_PAGES      320u /* BLK_DEF_MAX_SECTORS, 1,280 KiB */
/* between files, so that one can grow without running into the next */
#define DISK_GAP           GIB

void backing_init(struct backing *b, struct frames *frames, struct counters *counters)
{
    *b = (struct backing){.frames = frames, .counters = counters};
    bdi_init(b);
    u64map_init(&b->by_number);
    shadow_nodes_init(&b->shadow_nodes);
}

/* Forget the inode's memory. */
static void inode_destroy(struct inode *inode)
{
    u64 index, entry;

    xa_for_each (&inode->overlay, index, entry)
        free((void *)(uintptr_t)entry);
    xa_done(&inode->overlay);
    xa_done(&inode->pages);
    shared_policy_done(&inode->policy);
    free(inode->path);
    free(inode);
}

void backing_done(struct backing *b)
{
    for (u32 id = 1; id < b->nr_inodes; id++)
        if (b->inodes[id])
            inode_destroy(b->inodes[id]);
    for (u32 id = 1; id < b->nr_files; id++)
        free(b->files[id]);
    free(b->inodes);
    free(b->files);
    free(b->free_inode_ids);
    free(b->free_file_ids);
    for (struct shmem_mount *m = b->mounts, *next; m; m = next) {
        next = m->next;
        free(m);
    }
    file_uses_done(b);
    u64map_done(&b->by_number);
    shadow_nodes_done(&b->shadow_nodes);
    bdi_done(b);
    *b = (struct backing){0};
}

/* A free id of one of the tables, its slot zero. Table and free stack grow together. */
static u32 id_new(void ***table, u32 **free_ids, u32 *nr, u32 *cap, u32 *nr_free)
{
    if (*nr_free)
        return (*free_ids)[--*nr_free];
    if (*nr == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        *table = xrealloc_array(*table, *cap, sizeof(**table));
        *free_ids = xrealloc_array(*free_ids, *cap, sizeof(**free_ids));
    }
    if (*nr == 0)
        (*table)[(*nr)++] = NULL; /* id 0 is nobody */
    (*table)[*nr] = NULL;
    return (*nr)++;
}

static void chain_add(struct backing *b, struct inode *inode)
{
    u64 key = hash_u64_pair(inode->dev, inode->ino);
    u64 first = 0;

    u64map_get(&b->by_number, key, &first);
    inode->next_same_hash = (u32)first;
    u64map_put(&b->by_number, key, inode->id);
}

static void chain_del(struct backing *b, const struct inode *inode)
{
    u64 key = hash_u64_pair(inode->dev, inode->ino);
    u64 first = 0;

    u64map_get(&b->by_number, key, &first);
    if (first != inode->id) {
        struct inode *before = inode_get(b, (u32)first);

        while (before->next_same_hash != inode->id)
            before = inode_get(b, before->next_same_hash);
        before->next_same_hash = inode->next_same_hash;
    } else if (inode->next_same_hash) {
        u64map_put(&b->by_number, key, inode->next_same_hash);
    } else {
        u64map_del(&b->by_number, key, NULL);
    }
}

struct inode *inode_new(struct backing *b, enum inode_kind kind, u64 dev, u64 ino, const char *path,
                        u64 size, struct device *device)
{
    struct inode *inode = xcalloc(1, sizeof(*inode));

    inode->id = id_new((void ***)&b->inodes, &b->free_inode_ids, &b->nr_inodes, &b->cap_inodes,
                       &b->nr_free_inode_ids);
    inode->kind = kind;
    inode->dev = dev;
    inode->ino = ino;
    inode->path = path ? xstrdup(path) : NULL;
    inode->size = size;
    inode->nlink = 1;
    inode->device = device;
    inode->host_fd = -1;
    inode->origin_bytes = device ? size : 0;
    if (device) {
        inode->ra_pages = device->profile->readahead_kb / (PAGE_SIZE / 1024);
        inode->io_pages = device->profile->synchronous ? VM_READAHEAD_PAGES : DISK_IO_PAGES;
    }
    inode->disk_start = b->disk_next;
    b->disk_next += ROUND_UP(size, DISK_GAP) + DISK_GAP;
    xa_init(&inode->pages);
    xa_init(&inode->overlay);
    list_init(&inode->dirty_at);
    b->inodes[inode->id] = inode;
    chain_add(b, inode);
    return inode;
}

struct inode *inode_get(const struct backing *b, u32 id)
{
    return id < b->nr_inodes ? b->inodes[id] : NULL;
}

struct inode *inode_find(const struct backing *b, u64 dev, u64 ino)
{
    struct inode *nameless = NULL;
    u64 id = 0;

    u64map_get(&b->by_number, hash_u64_pair(dev, ino), &id);
    while (id) {
        struct inode *inode = inode_get(b, (u32)id);

        if (inode->dev == dev && inode->ino == ino) {
            if (inode->nlink)
                return inode;
            if (!nameless)
                nameless = inode;
        }
        id = inode->next_same_hash;
    }
    return nameless;
}

void inode_free(struct backing *b, struct inode *inode)
{
    assert(inode->nr_pages == 0 && inode->opens == 0 && !inode->on_dirty_list);
    if (inode->nr_shadows)
        pagecache_clear_shadows(b, inode, 0, XA_INDEX_MAX);
    file_uses_keep(b, inode);
    b->shmem_committed -= inode->committed;
    chain_del(b, inode);
    b->inodes[inode->id] = NULL;
    b->free_inode_ids[b->nr_free_inode_ids++] = inode->id;
    inode_destroy(inode);
}

void errseq_set(struct errseq *e, int error)
{
    assert(error < 0);
    if (!e->count || e->seen || e->error != error)
        e->count++;
    e->error = error;
    e->seen = false;
}

int errseq_check_and_advance(struct errseq *e, u32 *since)
{
    if (!e->count || *since == e->count)
        return 0;
    e->seen = true;
    *since = e->count;
    return e->error;
}

struct file *file_new(struct backing *b, struct inode *inode, u32 flags)
{
    struct file *f = xcalloc(1, sizeof(*f));

    f->id = id_new((void ***)&b->files, &b->free_file_ids, &b->nr_files, &b->cap_files,
                   &b->nr_free_file_ids);
    f->inode = inode->id;
    f->refs = 1;
    f->flags = flags;
    f->wb_err = errseq_sample(&inode->wb_err);
    f->ra.ra_pages = inode->ra_pages;
    f->ra.prev_pos = -1;
    inode->opens++;
    b->files[f->id] = f;
    return f;
}

struct file *file_get(const struct backing *b, u32 id)
{
    return id < b->nr_files ? b->files[id] : NULL;
}

void file_put(struct backing *b, struct file *f)
{
    assert(f->refs > 0);
    if (--f->refs)
        return;
    inode_get(b, f->inode)->opens--;
    b->files[f->id] = NULL;
    b->free_file_ids[b->nr_free_file_ids++] = f->id;
    free(f);
}

/* --- shmem ------------------------------------------------------------------------------------ */
struct shmem_mount *shmem_mount_new(struct backing *b, u64 max_blocks)
{
    struct shmem_mount *m = xcalloc(1, sizeof(*m));

    m->max_blocks = max_blocks;
    m->next = b->mounts;
    b->mounts = m;
    return m;
}

void shmem_commit_size(struct backing *b, struct inode *inode)
{
    assert(inode->kind == INODE_SHMEM && !inode->committed && !shmem_blocks(inode));
    inode->committed = inode_nr_pages(inode);
    b->shmem_committed += inode->committed;
}

void shmem_account(struct backing *b, struct inode *inode, s64 n)
{
    if (inode->kind != INODE_SHMEM)
        return;
    if (inode->mount)
        inode->mount->used_blocks += (u64)n;
    if (!inode->committed)
        b->shmem_committed += (u64)n;
}
