/* direct.c - read(2) and write(2) with O_DIRECT: between the device and user memory, past the page
 * cache.
 *
 *   write what is dirty in the range and wait --> requests of up to 1 MiB: all their user pages
 *                                                 there, cached pages of a write gone, submit -->
 *                                                 wait for the last to complete
 *
 * Nothing stays in the cache. A page that somebody maps is unmapped; the next access reads it
 * again. Bytes move when a request is submitted, as they do for pages of the cache (reclaim/io.c).
 * User pages are not pinned across waits: a request goes out when all of its pages are there at
 * once, and is made smaller when memory is too short for that; if even a page is too much, what is
 * left goes through the cache, as a write does in Linux whose pages of the cache cannot be had.
 *
 * task->progress: 0 and call_sync_range()'s values while the cache is written; then 1 + bytes
 * submitted; WAITING at the end. Mirrors iomap_dio_rw() of fs/iomap/direct-io.c,
 * kiocb_invalidate_pages() and invalidate_inode_pages2_range(), Linux 6.1. Differs: alignment is
 * not checked, since a recorded call that failed is not in the recording; what is no whole sector
 * costs one. */
#include <string.h>

#include "balance/writeback.h"
#include "system/system_int.h"

#define WAITING        BIT_ULL(62)
#define SYNC_PHASE     BIT_ULL(63) /* call_sync_range() */
#define REQUEST_BYTES  (256 * (u64)PAGE_SIZE)
#define SHORT_PAUSE_NS (100 * NS_PER_US)
#define TOUCH_ROUNDS   4u

struct direct {
    struct system *s;
    struct task *t;
    struct inode *inode;
    u64 offset, len;
    vaddr_t addr; /* 0: no user memory */
    bool write;
    u64 pos, n; /* the request at hand */
    vaddr_t user;
};

/* --- user memory ------------------------------------------------------------------------------ */
static enum step touch_user(struct direct *d, bool *ret_bad)
{
    enum access_kind kind = d->write ? ACCESS_READ : ACCESS_WRITE;

    *ret_bad = false;
    for (vpn_t v = d->user >> PAGE_SHIFT; d->user && v <= (d->user + d->n - 1) >> PAGE_SHIFT; v++) {
        enum step step = user_access(d->s, d->t, v, kind, ret_bad);

        if (step != STEP_DONE || *ret_bad)
            return step;
    }
    return STEP_DONE;
}

static bool user_present(const struct direct *d)
{
    for (vpn_t v = d->user >> PAGE_SHIFT; d->user && v <= (d->user + d->n - 1) >> PAGE_SHIFT; v++) {
        const pte_t *slot = pagetable_lookup(d->t->mm, v).slot;

        if (!slot || !pte_present(*slot) || (!d->write && !(*slot & PTE_WRITE)))
            return false;
    }
    return true;
}

/* Between `bytes` and the user's memory at done, which is present. */
static void copy_user(const struct direct *d, u64 done, u8 *bytes, u64 n)
{
    while (n) {
        vaddr_t at = d->user + done;
        u64 part = MIN(n, PAGE_SIZE - at % PAGE_SIZE);
        u8 *user = user_bytes(d->s, d->t, at);

        if (!d->write)
            memcpy(user, bytes, part);
        else if (user)
            memcpy(bytes, user, part);
        else
            memset(bytes, 0, part); /* the zero page */
        done += part;
        bytes += part;
        n -= part;
    }
}

/* The bytes of the request, page by page of the file. */
static void move_bytes(const struct direct *d)
{
    u8 page[PAGE_SIZE];

    for (u64 done = 0, n; done < d->n && d->user; done += n) {
        u64 index = (d->pos + done) / PAGE_SIZE, at = (d->pos + done) % PAGE_SIZE;

        n = MIN(d->n - done, PAGE_SIZE - at);
        if (inode_read_bytes(d->inode, index, page))
            continue;
        copy_user(d, done, page + at, n);
        if (d->write)
            inode_write_bytes(d->inode, index, page);
    }
}

/* --- the cache -------------------------------------------------------------------------------- */
static bool unmap_one(void *ctx, const struct rmap_walk *w)
{
    struct mem *mem = ctx;
    pfn_t pfn = pte_pfn(*w->slot);
    struct mm *mm = w->vma->mm;

    if (*w->slot & PTE_DIRTY)
        page_mark_dirty(mem, pfn);
    mmu_set_flush(mm, w->vpn, w->slot, 0);
    page_unmap(mem, mm, pfn);
    return true;
}

/* No page of what will be written stays in the cache. 0, or when I/O on one of them ends. */
static ns_t clear_cache(struct direct *d)
{
    struct mem *mem = &d->s->mem;
    u64 first = d->pos / PAGE_SIZE, last = (d->pos + d->n - 1) / PAGE_SIZE;
    pfn_t pfn;

    for (u64 i = first; i <= last && (pfn = pagecache_next(d->inode, i, last)) != PFN_NONE; i++) {
        struct frame *f = frames_get(&d->s->frames, pfn);
        ns_t until;

        i = frame_index(f);
        if (f->mapcount)
            rmap_for_each(mem->space, pfn, unmap_one, mem);
        if (frame_test(f, PG_DIRTY)) {
            u64 from = i;

            if (!writeback_range(mem, d->inode, &from, i, true, &until))
                return until;
        }
        if (frame_test(f, PG_LOCKED | PG_WRITEBACK))
            return MAX(io_done_at(mem, pfn), d->s->clock.now + 1);
        page_cache_del(mem, pfn, 0);
        page_free(mem, pfn);
    }
    page_cache_clear_shadows(mem, d->inode, first, last);
    return 0;
}

/* --- requests --------------------------------------------------------------------------------- */
/* True when it failed. */
static bool submit(struct direct *d)
{
    struct mem *mem = &d->s->mem;
    struct device *dev = d->inode->device;
    u64 start = ROUND_DOWN(d->pos, (u64)SECTOR_SIZE);
    u64 bytes = ROUND_UP(d->pos + d->n, (u64)SECTOR_SIZE) - start;
    bool failed = false;
    ns_t done = device_submit(
        dev, d->write ? DEVICE_WRITE : DEVICE_READ, d->inode->disk_start + start, bytes,
        dev->profile->synchronous ? d->s->clock.now : io_device_time(mem), &failed);

    group_count_io(d->t->group, device_number(dev), d->write, bytes);
    if (dev->profile->synchronous) {
        mem_cost(mem, (u32)(done - d->s->clock.now));
        done = d->s->clock.now;
    } else {
        mem_cost(mem, mem->cost->io_submit);
    }
    d->t->direct_until = MAX(d->t->direct_until, done);
    if (!failed && d->write && d->pos + d->n > d->inode->size)
        inode_set_size(d->inode, d->pos + d->n);
    if (!failed && d->s->frames.bytes)
        move_bytes(d);
    return failed;
}

enum request_result { REQUEST_SENT, REQUEST_FAILED, REQUEST_LEAVE, REQUEST_CANNOT };

/* One request from pos on, of n bytes at most. REQUEST_LEAVE: *ret_step is the result of the call.
 * REQUEST_CANNOT: its user pages are not there together with what it needs else: memory is too
 * short, or they are pages of the cache that it replaces. */
static enum request_result request(struct direct *d, enum step *ret_step)
{
    bool bad;

    for (unsigned round = 0; round < TOUCH_ROUNDS; round++) {
        ns_t until;

        *ret_step = touch_user(d, &bad);
        if (*ret_step != STEP_DONE)
            return REQUEST_LEAVE;
        if (bad)
            return REQUEST_FAILED; /* EFAULT */
        if (!user_present(d)) {
            d->n = MIN(d->n, PAGE_SIZE - d->pos % PAGE_SIZE);
            continue;
        }
        until = d->write ? clear_cache(d) : 0;
        if (until) {
            *ret_step = call_wait(d->t, (struct wait){WAIT_WRITE, until});
            return REQUEST_LEAVE;
        }
        if (!user_present(d))
            break;
        return submit(d) ? REQUEST_FAILED : REQUEST_SENT; /* EIO */
    }
    return REQUEST_CANNOT;
}

/* STEP_DONE when there is no more to send. */
static enum step send_all(struct direct *d)
{
    struct task *t = d->t;

    while (t->progress - 1 < d->len) {
        u64 done = t->progress - 1;
        enum step step;

        d->pos = d->offset + done;
        d->n = MIN(d->len - done, REQUEST_BYTES - d->pos % PAGE_SIZE);
        d->user = d->addr ? d->addr + done : 0;
        switch (request(d, &step)) {
        case REQUEST_SENT:
            t->progress += d->n;
            break;
        case REQUEST_FAILED:
            return STEP_DONE;
        case REQUEST_LEAVE:
            return step;
        case REQUEST_CANNOT:
            t->direct_buffered = true;
            t->progress = 2 * done; /* as rw.c counts */
            return STEP_DONE;
        }
    }
    return STEP_DONE;
}

enum step call_direct(struct system *s, struct task *t, struct inode *inode, u64 offset, u64 len,
                      vaddr_t addr, bool write)
{
    struct direct d = {
        .s = s, .t = t, .inode = inode, .offset = offset, .len = len, .addr = addr, .write = write};
    enum step step;

    if (!len || t->progress == WAITING)
        return STEP_DONE;
    if (!t->progress || (t->progress & SYNC_PHASE)) {
        if (!call_sync_range(s, t, inode, offset / PAGE_SIZE, (offset + len - 1) / PAGE_SIZE))
            return STEP_WAIT;
        t->progress = 1;
        t->direct_until = 0;
    }
    step = send_all(&d);
    if (step != STEP_DONE || t->direct_buffered)
        return step;
    t->progress = WAITING;
    t->access.thrashing = false;
    if (t->direct_until > s->clock.now)
        return call_wait(t, (struct wait){WAIT_WRITE, t->direct_until});
    return STEP_DONE;
}
