/* kobject.c - what other parts of a kernel do to memory: walks of directories, leaks, network
 * buffers, drivers.
 *
 *   walk a name looked up is a dentry and an inode that nobody uses afterwards: cache, until the
 *             shrinkers come. Inodes are 256 bytes in blocks of the disk, read through the disk's
 *             own page cache, which meminfo calls Buffers.
 *   leak      blocks that nobody frees any more: SUnreclaim grows and nothing helps.
 *   sockets   a connection is a socket, its inode, name and open file; what waits in its buffers is
 *             pages that are
 *             in no line of meminfo, but in the group's `sock`, each with a packet's head in two caches.
 *   pages taken by a driver: in no line of any file. The sum of meminfo falls short of MemTotal by
 *   as much.
 *
 * Each is a call that may wait for memory and goes on where it was (task->progress). */
#include "system/kobject.h"
#include "system/file.h"
#include "system/system_int.h"

#define INODES_PER_BLOCK 16u /* of 256 bytes, in 4 KiB */
#define DISK_BYTES       (1ull << 44)
#define DISK_DEV         UINT64_MAX /* the disk itself is a file of no other file system */
#define PAUSE_EACH       64u        /* objects, after which time passes */

/* True when what was tried is there or cannot be had; otherwise *ret_step says how the call goes on
 * (STEP_DONE: try again). */
static bool settled(struct system *s, struct task *t, enum balance_result r,
                    const struct wait *wait, enum step *ret_step)
{
    *ret_step = STEP_DONE;
    switch (r) {
    case BALANCE_OK:
    case BALANCE_FAIL:
        return true;
    case BALANCE_WAIT:
        *ret_step = call_wait(t, *wait);
        return false;
    case BALANCE_OOM:
        *ret_step = access_step(s, t, ACCESS_OOM);
        return false;
    }
    hw_unreachable();
}

/* nr times `one`, which returns false with *ret_step when the call must stop or try again. */
static enum step repeat(struct system *s, struct task *t, u64 nr,
                        bool (*one)(struct system *s, struct task *t, const void *how,
                                    enum step *ret_step),
                        const void *how)
{
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    while (t->progress < nr) {
        t->attempt.dying = t->killed || t->attempt.dying;
        if (one(s, t, how, &step)) {
            if (++t->progress % PAUSE_EACH == 0)
                io_let_time_pass(&s->mem);
        } else if (step != STEP_DONE) {
            return step;
        }
    }
    t->attempt.dying = false;
    return call_end(s, t);
}

static bool make_object(struct system *s, struct task *t, enum slab_id id, enum step *ret_step)
{
    struct wait wait = {0};
    struct effort_mark effort = effort_begin(s, t);
    enum balance_result r = slab_alloc_wait(&s->slab, &t->attempt, id, t->group, &wait);

    effort_end(s, t, &effort);
    return settled(s, t, r, &wait, ret_step) && r == BALANCE_OK;
}

/* --- walks ------------------------------------------------------------------------------------ */
static struct file *disk_itself(struct system *s)
{
    if (!s->disk_file)
        s->disk_file = system_open(
            s, system_inode(s, INODE_DEVICE, DISK_DEV, 1, s->disk.profile->name, DISK_BYTES), 0);
    return s->disk_file;
}

static bool read_inode_block(struct system *s, struct task *t, enum step *ret_step)
{
    struct file *disk = disk_itself(s);
    pfn_t pfn;

    for (;;) {
        enum access_result r =
            access_file_page(task_access(s, t), disk, s->names_walked / INODES_PER_BLOCK, 1, &pfn);

        *ret_step = STEP_DONE;
        if (r == ACCESS_OK) {
            lru_mark_accessed(&s->mem, pfn);
            page_use(&s->mem, pfn, 1);
        }
        if (r != ACCESS_WAIT && r != ACCESS_OOM)
            return true; /* an unreadable block costs as much */
        *ret_step = access_step(s, t, r);
        if (*ret_step != STEP_DONE)
            return false;
    }
}

static bool walk_one(struct system *s, struct task *t, const void *how HW_UNUSED,
                     enum step *ret_step)
{
    if (s->names_walked % INODES_PER_BLOCK == 0 && !read_inode_block(s, t, ret_step))
        return false;
    if (!make_object(s, t, SLAB_EXT4_INODE_CACHE, ret_step))
        return false;
    slab_alloc(&s->slab, SLAB_LSM_INODE_CACHE, t->group, 1);
    slab_alloc(&s->slab, SLAB_DENTRY, t->group, 1);
    slab_note_unused(&s->slab, t->group, 1);
    mem_cost(&s->mem, s->cost.syscall + s->cost.read_page);
    s->names_walked++;
    return true;
}

enum step system_walk_directory(struct system *s, struct task *t, u64 nr)
{
    return repeat(s, t, nr, walk_one, NULL);
}

/* --- leaks ------------------------------------------------------------------------------------ */
static bool leak_one(struct system *s, struct task *t, const void *how, enum step *ret_step)
{
    return make_object(s, t, *(const enum slab_id *)how, ret_step);
}

enum step system_leak_objects(struct system *s, struct task *t, u64 nr, u32 bytes, bool account)
{
    enum slab_id id = slab_kmalloc(bytes, account);

    return repeat(s, t, nr, leak_one, &id);
}

/* --- pages ------------------------------------------------------------------------------------ */
/* A kernel page on the list; paid for by g unless that is NULL. */
static bool take_page(struct system *s, struct task *t, struct group *g, struct pfn_list *list,
                      enum step *ret_step)
{
    struct effort_mark effort = effort_begin(s, t);
    struct wait wait = {0};
    enum balance_result r;
    struct frame *f;
    pfn_t pfn;

    t->attempt.purpose = PURPOSE_KERNEL_PAGE;
    r = balance_alloc(&s->mem, &t->attempt, 0, 0, &pfn, &wait);
    if (r == BALANCE_OK && g) {
        r = balance_charge(&s->mem, &t->attempt, g, 1, &wait);
        if (r != BALANCE_OK)
            frames_free(&s->frames, pfn, 0, s->mem.cpu);
    }
    effort_end(s, t, &effort);
    if (!settled(s, t, r, &wait, ret_step))
        return false;
    f = frames_get(&s->frames, pfn);
    frame_set_kind(f, FRAME_KERNEL);
    f->memcg = g ? g->id : 0;
    if (g)
        count(&g->counters, MEMCG_SOCK, 1);
    pfn_list_add(&s->frames, list, pfn);
    return true;
}

static void give_page(struct system *s, struct pfn_list *list)
{
    pfn_t pfn = list->head;
    struct frame *f = frames_get(&s->frames, pfn);
    struct group *g = group_get(&s->groups, f->memcg);

    pfn_list_del(&s->frames, list, pfn);
    frame_set_kind(f, FRAME_PAGE);
    f->memcg = 0;
    frames_free(&s->frames, pfn, 0, s->mem.cpu);
    if (!g)
        return;
    count(&g->counters, MEMCG_SOCK, -1);
    group_uncharge(&s->groups, g, 1);
}

static bool pin_one(struct system *s, struct task *t, const void *how HW_UNUSED,
                    enum step *ret_step)
{
    return take_page(s, t, NULL, &s->driver_pages, ret_step);
}

enum step system_pin_pages(struct system *s, struct task *t, u64 nr)
{
    return repeat(s, t, nr, pin_one, NULL);
}

/* lint: no recording has a driver that gives pages back; property programs do */
void system_unpin_pages(struct system *s, u64 nr)
{
    for (nr = MIN(nr, s->driver_pages.count); nr; nr--)
        give_page(s, &s->driver_pages);
}

/* --- sockets ---------------------------------------------------------------------------------- */
static const enum slab_id socket_objects[] = {SLAB_SOCK_INODE_CACHE, SLAB_DENTRY, SLAB_FILP,
                                              SLAB_LSM_INODE_CACHE, SLAB_LSM_FILE_CACHE};

/* Half a socket with some of its pages is filled up when the call goes on. */
static bool open_one(struct system *s, struct task *t, const void *how, enum step *ret_step)
{
    u64 pages = *(const u64 *)how;
    struct group *g = group_get(&s->groups, t->objects_memcg);

    while (t->socket_fill < pages) {
        if (!take_page(s, t, t->group, &t->socket_pages, ret_step))
            return false;
        slab_alloc(&s->slab, SLAB_SKBUFF_HEAD_CACHE, g, 1);
        slab_alloc(&s->slab, SLAB_KMALLOC_1K, g, 1);
        t->socket_fill++;
    }
    slab_alloc(&s->slab, SLAB_TCP, g, 1);
    for (unsigned i = 0; i < ARRAY_SIZE(socket_objects); i++)
        slab_alloc(&s->slab, socket_objects[i], g, 1);
    mem_cost(&s->mem, s->cost.syscall * 3); /* socket, connect, write */
    t->socket_fill = 0;
    t->nr_sockets++;
    return true;
}

enum step system_open_sockets(struct system *s, struct task *t, u64 nr, u64 bytes)
{
    u64 pages = DIV_ROUND_UP(bytes, (u64)PAGE_SIZE);

    return repeat(s, t, nr, open_one, &pages);
}

void system_close_sockets(struct system *s, struct task *t, u64 nr)
{
    struct group *g = group_get(&s->groups, t->objects_memcg);
    u64 pages;

    nr = MIN(nr, t->nr_sockets);
    /* An even share of what is buffered; with the last one, all of it. */
    pages = nr < t->nr_sockets ? t->socket_pages.count * nr / t->nr_sockets : t->socket_pages.count;
    slab_free(&s->slab, SLAB_SKBUFF_HEAD_CACHE, g, pages);
    slab_free(&s->slab, SLAB_KMALLOC_1K, g, pages);
    while (pages--)
        give_page(s, &t->socket_pages);
    slab_free(&s->slab, SLAB_TCP, g, nr);
    for (unsigned i = 0; i < ARRAY_SIZE(socket_objects); i++)
        slab_free(&s->slab, socket_objects[i], g, nr);
    t->nr_sockets -= nr;
    if (!t->nr_sockets)
        t->socket_fill = 0;
}
