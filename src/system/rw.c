/* rw.c - read(2) and write(2) through the page cache.
 *
 *   read:   page of the file (readahead, wait) -> use-once rule -> user memory -> copy
 *   write:  user memory -> page of the file (read unless overwritten) -> copy, dirty, longer file
 *
 * task->progress = 2 * bytes done + 1 once the current page of the file was marked as used, so that
 * a wait in the middle neither copies nor marks twice. Finding the second of the two pages may make
 * the first one go, so bytes are taken from the first while it is there. When not all of the user's
 * pages stay (memory is that short), all is looked for again, and after some rounds time must pass
 * first. Mirrors filemap_read(), generic_perform_write() of mm/filemap.c, Linux 6.1. O_DIRECT:
 * direct.c. */
#include <string.h>

#include "balance/writeback.h"
#include "system/file.h"
#include "system/system_int.h"

#define ROUNDS_MAX     8u
#define SHORT_PAUSE_NS (100 * NS_PER_US)

struct transfer {
    struct system *s;
    struct task *t;
    struct file *f;
    struct inode *inode;
    u64 offset, len;
    vaddr_t addr; /* 0: no user memory */
    bool write;
    /* the piece at hand: within one page of the file */
    u64 pos, n;
    vaddr_t user;
    pfn_t pfn;
    u8 *bytes; /* PAGE_SIZE: of the piece, on their way */
};

static u64 bytes_done(const struct task *t)
{
    return t->progress / 2;
}

static void next_piece(struct transfer *x)
{
    u64 done = bytes_done(x->t);

    x->pos = x->offset + done;
    x->n = MIN(x->len - done, PAGE_SIZE - x->pos % PAGE_SIZE);
    x->user = x->addr ? x->addr + done : 0;
}

static enum step touch_user(struct transfer *x, bool *ret_bad)
{
    enum access_kind kind = x->write ? ACCESS_READ : ACCESS_WRITE;

    *ret_bad = false;
    if (!x->user)
        return STEP_DONE;
    for (vpn_t v = x->user >> PAGE_SHIFT; v <= (x->user + x->n - 1) >> PAGE_SHIFT; v++) {
        enum step step = user_access(x->s, x->t, v, kind, ret_bad);

        if (step != STEP_DONE || *ret_bad)
            return step;
    }
    return STEP_DONE;
}

/* Is every page of the piece still there? */
static bool user_present(const struct transfer *x)
{
    if (!x->user)
        return true;
    for (vpn_t v = x->user >> PAGE_SHIFT; v <= (x->user + x->n - 1) >> PAGE_SHIFT; v++) {
        const pte_t *slot = pagetable_lookup(x->t->mm, v).slot;

        if (!slot || !pte_present(*slot) || (!x->write && !(*slot & PTE_WRITE)))
            return false;
    }
    return true;
}

/* Between user memory, which is present, and x->bytes. */
static void copy_user(struct transfer *x)
{
    u64 done = 0;

    if (!x->s->frames.bytes || !x->user)
        return;
    while (done < x->n) {
        vaddr_t at = x->user + done;
        u64 n = MIN(x->n - done, PAGE_SIZE - at % PAGE_SIZE);
        u8 *user = user_bytes(x->s, x->t, at);

        if (!x->write)
            memcpy(user, x->bytes + done, n);
        else if (user)
            memcpy(x->bytes + done, user, n);
        else
            memset(x->bytes + done, 0, n); /* the zero page */
        done += n;
    }
}

static u8 *file_bytes(const struct transfer *x)
{
    return frames_bytes(&x->s->frames, x->pfn) + x->pos % PAGE_SIZE;
}

static enum access_result find_page(struct transfer *x)
{
    struct access_ctx *ac = task_access(x->s, x->t);
    u64 index = x->pos / PAGE_SIZE, end = x->offset + x->len;
    bool whole;

    if (!x->write) {
        u64 want = DIV_ROUND_UP(end, (u64)PAGE_SIZE) - index;

        return access_file_page(ac, x->f, index, (u32)MIN(want, (u64)UINT32_MAX), &x->pfn);
    }
    /* What lies behind the end of the file need not be read either. */
    whole = x->pos % PAGE_SIZE == 0 && (x->n == PAGE_SIZE || x->pos + x->n >= x->inode->size);
    return access_file_write_page(ac, x->f, index, whole, &x->pfn);
}

static void mark_used(struct transfer *x)
{
    struct file_ra *ra = &x->f->ra;

    if (x->t->progress % 2)
        return;
    x->t->progress++;
    if (ra->prev_pos <= 0 || (u64)(ra->prev_pos - 1) / PAGE_SIZE != x->pos / PAGE_SIZE) {
        lru_mark_accessed(&x->s->mem, x->pfn);
        page_use(&x->s->mem, x->pfn, 1);
    }
}

static void finish_read(struct transfer *x)
{
    copy_user(x);
    x->f->ra.prev_pos = (s64)(x->pos + x->n);
    mem_cost(&x->s->mem, x->s->cost.read_page);
}

static void finish_write(struct transfer *x)
{
    if (x->s->frames.bytes && x->user)
        memcpy(file_bytes(x), x->bytes, x->n);
    if (x->pos + x->n > x->inode->size)
        inode_set_size(x->inode, x->pos + x->n);
    if (page_mark_dirty(&x->s->mem, x->pfn) && x->inode->wb)
        dirtier_add(&x->s->mem, &x->t->dirtier, x->inode->wb->bdi);
    mem_cost(&x->s->mem, x->s->cost.write_page);
}

enum progress { PIECE_DONE, PIECE_AGAIN, PIECE_FAILED, PIECE_LEAVE };

/* The page of the file. PIECE_LEAVE: *ret_step is the result of the call. */
static enum progress file_part(struct transfer *x, enum step *ret_step)
{
    enum access_result r;

    x->t->access.error = 0;
    r = find_page(x);

    *ret_step = access_step(x->s, x->t, r);
    if (*ret_step != STEP_DONE)
        return PIECE_LEAVE;
    if (r == ACCESS_OOM) /* somebody was killed */
        return PIECE_AGAIN;
    if (r == ACCESS_OK)
        return PIECE_DONE;
    x->t->error = x->t->access.error; /* ENOSPC */
    return PIECE_FAILED;
}

static enum progress user_part(struct transfer *x, enum step *ret_step)
{
    bool bad;

    *ret_step = touch_user(x, &bad);
    if (*ret_step != STEP_DONE)
        return PIECE_LEAVE;
    if (bad)
        return PIECE_FAILED; /* EFAULT */
    return !x->s->frames.bytes || user_present(x) ? PIECE_DONE : PIECE_AGAIN;
}

static enum progress read_piece(struct transfer *x, enum step *ret_step)
{
    enum progress p = file_part(x, ret_step);

    if (p != PIECE_DONE)
        return p;
    mark_used(x);
    if (x->s->frames.bytes)
        memcpy(x->bytes, file_bytes(x), x->n);
    p = user_part(x, ret_step);
    if (p == PIECE_DONE)
        finish_read(x);
    return p;
}

static enum progress write_piece(struct transfer *x, enum step *ret_step)
{
    enum progress p = user_part(x, ret_step);

    if (p != PIECE_DONE)
        return p;
    copy_user(x);
    p = file_part(x, ret_step);
    if (p == PIECE_DONE)
        finish_write(x);
    return p;
}

/* One page of the file. *ret_end: the call ends here (an error). */
static enum step transfer_piece(struct transfer *x, bool *ret_end)
{
    *ret_end = false;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        enum step step;

        switch (x->write ? write_piece(x, &step) : read_piece(x, &step)) {
        case PIECE_DONE:
            x->t->progress = (bytes_done(x->t) + x->n) * 2;
            return STEP_DONE;
        case PIECE_FAILED:
            *ret_end = true;
            return STEP_DONE;
        case PIECE_LEAVE:
            return step;
        case PIECE_AGAIN:
            break;
        }
    }
    return call_wait(x->t, (struct wait){WAIT_RECLAIM, x->s->clock.now + SHORT_PAUSE_NS});
}

static enum step transfer_all(struct transfer *x)
{
    while (bytes_done(x->t) < x->len) {
        struct wait wait;
        enum step step;
        bool end;

        if (x->write && call_dirty_pause(x->s, x->t, &wait))
            return call_wait(x->t, wait);
        next_piece(x);
        step = transfer_piece(x, &end);
        if (step != STEP_DONE)
            return step;
        if (end)
            break;
    }
    return STEP_DONE;
}

static bool is_direct(const struct transfer *x)
{
    return (x->f->flags & FILE_DIRECT) && x->inode->kind == INODE_REGULAR && !x->t->direct_buffered;
}

enum step system_read(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                      vaddr_t addr)
{
    u8 bytes[PAGE_SIZE];
    struct transfer x = {
        .s = s, .t = t, .f = f, .offset = offset, .len = len, .addr = addr, .bytes = bytes};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    x.inode = inode_get(&s->backing, f->inode);
    if (!t->progress)
        mem_cost(&s->mem, s->cost.syscall);
    if (offset >= x.inode->size)
        return call_end(s, t);
    x.len = MIN(len, x.inode->size - offset);
    step = is_direct(&x) ? call_direct(s, t, x.inode, offset, x.len, addr, false) : STEP_DONE;
    if (step == STEP_DONE && !is_direct(&x))
        step = transfer_all(&x);
    return step == STEP_DONE ? call_end(s, t) : step;
}

enum step system_write(struct system *s, struct task *t, struct file *f, u64 offset, u64 len,
                       vaddr_t addr)
{
    u8 bytes[PAGE_SIZE];
    struct transfer x = {.s = s,
                         .t = t,
                         .f = f,
                         .offset = offset,
                         .len = len,
                         .addr = addr,
                         .write = true,
                         .bytes = bytes};
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    x.inode = inode_get(&s->backing, f->inode);
    if (!t->progress)
        mem_cost(&s->mem, s->cost.syscall);
    if (is_direct(&x)) {
        step = call_direct(s, t, x.inode, offset, len, addr, true);
        if (step != STEP_DONE || is_direct(&x))
            return step == STEP_DONE ? call_end(s, t) : step;
    }
    if (!(t->progress & BIT_ULL(63))) { /* else it only waits for its O_SYNC */
        step = transfer_all(&x);
        if (step != STEP_DONE)
            return step;
    }
    if ((f->flags & FILE_SYNC) && len &&
        !call_sync_range(s, t, x.inode, offset / PAGE_SIZE, (offset + len - 1) / PAGE_SIZE))
        return STEP_WAIT;
    return call_end(s, t);
}
