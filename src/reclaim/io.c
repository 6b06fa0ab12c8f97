/* io.c - requests in flight.
 *
 * A request covers consecutive pages of one file or one swap slot. Its completion is an event whose
 * argument is the request's number; the table maps each frame to that number, so that a waiter can
 * ask until when. Bytes move at submission: a page being read is locked until completion, and a
 * page being written was snapshot by the write. */
#include "reclaim/io.h"

#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "reclaim/page.h"
#include "reclaim/wbt.h"

enum io_kind { IO_READ_FILE, IO_WRITE_FILE, IO_READ_SWAP, IO_WRITE_SWAP };

struct io_request {
    enum io_kind kind;
    u32 inode, nr, next_free;
    u32 queue;     /* of a write */
    bool in_queue; /* counts there: the first page of a request for several slots */
    u64 index;
    pfn_t pfn; /* swap */
    ns_t done;
    bool failed;
};

#define PLUG_RUNS_MAX 32u  /* BLK_MAX_REQUEST_COUNT */
#define PLUG_RUN_MAX  32u  /* BLK_PLUG_FLUSH_SIZE, in pages */
#define REQUEST_MAX   320u /* BLK_DEF_MAX_SECTORS, in pages */

/* Writes of pages in flight on one device, which ends them in the order in which it got them. */
struct io_queue {
    const struct device *device;
    struct heap writes; /* times of completion */
    struct wbt wbt;
};

/* A page of swap held back until io_unplug(). */
struct io_plugged {
    u32 request;
    enum device_op op;
    struct device *device;
    u64 position;
};

struct io_table {
    struct io_request *req;
    u32 nr, cap, free; /* free: first of the list, 0 none (number 0 is not used) */
    struct u64map by_pfn;
    VEC(struct io_queue) queues;
    u32 plugs; /* nested */
    VEC(struct io_plugged) plugged;
    u32 nr_runs, last_run; /* of neighbours among them; pages of the last one */
    u32 blocked;           /* 1 + the queue where a write found no request; 0: none did */
};

void io_init(struct mem *mem)
{
    mem->io = xcalloc(1, sizeof(*mem->io));
    u64map_init(&mem->io->by_pfn);
}

/* The index of the device's queue. Machines have few devices. */
static u32 queue_of(struct io_table *t, const struct device *d)
{
    struct io_queue new = {.device = d};

    for (u32 i = 0; i < t->queues.count; i++)
        if (t->queues.items[i].device == d)
            return i;
    heap_init(&new.writes);
    wbt_init(&new.wbt, d->profile);
    vec_push(&t->queues, new);
    return (u32)t->queues.count - 1;
}

void io_done(struct mem *mem)
{
    u64map_done(&mem->io->by_pfn);
    vec_for_each (&mem->io->queues, q)
        heap_done(&q->writes);
    vec_done(&mem->io->queues);
    vec_done(&mem->io->plugged);
    free(mem->io->req);
    free(mem->io);
}

static u32 request_new(struct io_table *t, const struct io_request *r)
{
    u32 n = t->free;

    if (n) {
        t->free = t->req[n].next_free;
    } else {
        if (t->nr + 1 >= t->cap) {
            t->cap = t->cap ? t->cap * 2 : 64;
            t->req = xrealloc_array(t->req, t->cap, sizeof(*t->req));
        }
        n = ++t->nr;
    }
    t->req[n] = *r;
    return n;
}

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

static void read_done(struct mem *mem, pfn_t pfn, bool failed)
{
    struct frame *f = frame_of(mem, pfn);

    frame_clear(f, PG_LOCKED | PG_ERROR);
    frame_set(f, failed ? PG_ERROR : PG_UPTODATE);
}

/* A failed write: the page stays dirty for a swap page (it is the only copy); a file remembers the
 * error for fsync and drops it. */
static void write_done(struct mem *mem, pfn_t pfn, bool failed)
{
    struct frame *f = frame_of(mem, pfn);

    if (failed) {
        frame_set(f, PG_ERROR);
        if (frame_test(f, PG_PAGECACHE))
            errseq_set(&inode_get(mem->backing, f->mapping)->wb_err, -EIO);
        else
            frame_set(f, PG_DIRTY);
        frame_clear(f, PG_RECLAIM);
    }
    page_end_writeback(mem, pfn);
}

static void request_complete(struct mem *mem, const struct io_request *r)
{
    switch (r->kind) {
    case IO_READ_FILE:
    case IO_WRITE_FILE: {
        struct inode *inode = inode_get(mem->backing, r->inode);

        for (u64 i = r->index; i < r->index + r->nr; i++) {
            pfn_t pfn = pagecache_find(inode, i);

            assert(pfn != PFN_NONE);
            u64map_del(&mem->io->by_pfn, pfn, NULL);
            if (r->kind == IO_READ_FILE)
                read_done(mem, pfn, r->failed);
            else
                write_done(mem, pfn, r->failed);
        }
        break;
    }
    case IO_READ_SWAP:
        u64map_del(&mem->io->by_pfn, r->pfn, NULL);
        read_done(mem, r->pfn, r->failed);
        page_free_if_unused(mem, r->pfn);
        break;
    case IO_WRITE_SWAP:
        u64map_del(&mem->io->by_pfn, r->pfn, NULL);
        write_done(mem, r->pfn, r->failed);
        page_free_if_unused(mem, r->pfn);
        break;
    }
}

static void on_complete(void *owner, u64 arg)
{
    struct mem *mem = owner;
    struct io_table *t = mem->io;
    struct io_request r = t->req[arg];

    t->req[arg].next_free = t->free;
    t->free = (u32)arg;
    if (r.in_queue)
        heap_pop(&t->queues.items[r.queue].writes);
    request_complete(mem, &r);
}

ns_t io_device_time(const struct mem *mem)
{
    return MAX(mem->clock->now, mem->step_start + mem->cpu_ns);
}

/* Start requests n[0] .. n[nr - 1] as one of the device's. */
static void start_run(struct mem *mem, const struct io_plugged *run, u32 nr, u64 bytes)
{
    struct io_table *t = mem->io;
    bool failed = false;
    ns_t at = io_device_time(mem);
    ns_t done = device_submit(run->device, run->op, run->position, bytes, at, &failed);
    u32 queue = queue_of(t, run->device);
    struct io_queue *q = &t->queues.items[queue];

    for (u32 i = 0; i < nr; i++) {
        struct io_request *r = &t->req[run[i].request];

        r->done = done;
        r->failed = r->failed || failed;
        r->in_queue = run->op == DEVICE_WRITE && i == 0;
        clock_at(mem->clock, done, on_complete, mem, run[i].request);
    }
    if (run->op == DEVICE_WRITE) {
        heap_push(&q->writes, done, NULL, run->request);
        wbt_write(&q->wbt);
    } else {
        wbt_read(&q->wbt, at, done, q->writes.count);
    }
}

static bool is_next(const struct io_plugged *a, const struct io_plugged *b)
{
    return a->device == b->device && a->op == b->op && a->position + PAGE_SIZE == b->position;
}

static void flush_plug(struct mem *mem)
{
    struct io_table *t = mem->io;
    u32 nr;

    for (size_t i = 0; i < t->plugged.count; i += nr) {
        const struct io_plugged *p = &t->plugged.items[i];

        for (nr = 1; i + nr < t->plugged.count && nr < REQUEST_MAX && is_next(&p[nr - 1], &p[nr]);)
            nr++;
        start_run(mem, p, nr, (u64)nr * PAGE_SIZE);
    }
    t->plugged.count = 0;
    t->nr_runs = t->last_run = 0;
}

void io_plug(struct mem *mem)
{
    mem->io->plugs++;
}

void io_unplug(struct mem *mem)
{
    assert(mem->io->plugs);
    if (!--mem->io->plugs)
        flush_plug(mem);
}

bool io_swap_blocked(struct mem *mem, bool kswapd, ns_t *ret_until)
{
    struct io_queue *q;

    if (!mem->io->blocked)
        return false;
    flush_plug(mem); /* who sleeps does that */
    q = &mem->io->queues.items[mem->io->blocked - 1];
    if (q->writes.count < wbt_limit(&q->wbt, kswapd ? WBT_KSWAPD : WBT_RECLAIM, io_device_time(mem),
                                    q->writes.count)) {
        mem->io->blocked = 0;
        return false;
    }
    *ret_until = heap_peek(&q->writes)->key;
    return true;
}

static void plug_add(struct mem *mem, struct io_plugged p)
{
    struct io_table *t = mem->io;
    struct io_plugged *last = t->plugged.count ? &t->plugged.items[t->plugged.count - 1] : NULL;
    struct io_queue *q;
    u64 in_flight;
    u32 queue;

    if (last && t->last_run < REQUEST_MAX && is_next(last, &p)) {
        t->last_run++;
    } else {
        if (t->nr_runs >= PLUG_RUNS_MAX || t->last_run >= PLUG_RUN_MAX)
            flush_plug(mem);
        queue = queue_of(t, p.device);
        q = &t->queues.items[queue];
        in_flight = q->writes.count + t->nr_runs;
        if (p.op == DEVICE_WRITE &&
            in_flight >= wbt_limit(&q->wbt, WBT_RECLAIM, io_device_time(mem), in_flight))
            t->blocked = queue + 1;
        t->nr_runs++;
        t->last_run = 1;
    }
    vec_push(&t->plugged, p);
}

/* Who asked for it, as far as the pages tell: who is charged for what is read and swapped, and on
 * whose behalf an inode is written back. */
static void count_for_group(struct mem *mem, const struct device *d, enum device_op op, u64 bytes,
                            const struct io_request *r)
{
    const struct inode *inode = NULL;
    struct group *g;
    pfn_t pfn = r->pfn;

    if (r->kind == IO_READ_FILE || r->kind == IO_WRITE_FILE) {
        inode = inode_get(mem->backing, r->inode);
        pfn = pagecache_find(inode, r->index);
    }
    g = r->kind == IO_WRITE_FILE ? group_get(mem->groups, inode->memcg)
                                 : frame_group(mem->groups, frame_of(mem, pfn));
    group_count_io(g ? g : mem->groups->root, device_number(d), op == DEVICE_WRITE, bytes);
}

/* work_ns: what the driver of a synchronous device computes. */
static ns_t submit(struct mem *mem, struct device *d, enum device_op op, u64 position, u64 bytes,
                   struct io_request *r)
{
    bool swap = r->kind == IO_READ_SWAP || r->kind == IO_WRITE_SWAP, failed = false;
    struct io_plugged one;
    u32 n;

    count_for_group(mem, d, op, bytes, r);
    if (d->profile->synchronous) { /* costs CPU time, completes here */
        assert(!swap);
        r->done = device_submit(d, op, position, bytes, mem->clock->now, &failed);
        r->failed = r->failed || failed;
        mem_cost(mem, (u32)(r->done - mem->clock->now));
        return mem->clock->now;
    }
    mem_cost(mem, mem->cost->io_submit);
    if (op == DEVICE_WRITE)
        r->queue = queue_of(mem->io, d);
    n = request_new(mem->io, r);
    if (swap)
        u64map_put(&mem->io->by_pfn, r->pfn, n);
    for (u64 i = r->index; !swap && i < r->index + r->nr; i++)
        u64map_put(&mem->io->by_pfn, pagecache_find(inode_get(mem->backing, r->inode), i), n);
    one = (struct io_plugged){.request = n, .op = op, .device = d, .position = position};
    if (mem->io->plugs && swap)
        plug_add(mem, one);
    else
        start_run(mem, &one, 1, bytes);
    return mem->io->req[n].done;
}

void io_read_file(struct mem *mem, struct inode *inode, u64 index, u32 nr)
{
    struct io_request r = {.kind = IO_READ_FILE, .inode = inode->id, .index = index, .nr = nr};

    for (u64 i = index; mem->frames->bytes && i < index + nr; i++) {
        pfn_t pfn = pagecache_find(inode, i);

        inode_read_bytes(inode, i, frames_bytes(mem->frames, pfn));
    }
    submit(mem, inode->device, DEVICE_READ, inode->disk_start + index * PAGE_SIZE,
           (u64)nr * PAGE_SIZE, &r);
    if (inode->device->profile->synchronous)
        request_complete(mem, &r);
}

ns_t io_write_file(struct mem *mem, struct inode *inode, u64 index, u32 nr)
{
    struct io_request r = {.kind = IO_WRITE_FILE, .inode = inode->id, .index = index, .nr = nr};
    ns_t done;

    for (u64 i = index; i < index + nr; i++) {
        pfn_t pfn = pagecache_find(inode, i);

        page_clear_dirty_for_io(mem, pfn);
        page_start_writeback(mem, pfn);
    }
    done = submit(mem, inode->device, DEVICE_WRITE, inode->disk_start + index * PAGE_SIZE,
                  (u64)nr * PAGE_SIZE, &r);
    for (u64 i = index; mem->frames->bytes && !r.failed && i < index + nr; i++)
        inode_write_bytes(inode, i, frames_bytes(mem->frames, pagecache_find(inode, i)));
    if (inode->device->profile->synchronous)
        request_complete(mem, &r);
    return done;
}

/* --- swap ------------------------------------------------------------------------------------- */
/* Which page it is, whatever slot it gets: equally compressible each time. */
static u64 page_name(const struct mem *mem, pfn_t pfn, swp_t e)
{
    const struct frame *f = frame_of(mem, pfn);

    return frame_test(f, PG_ANON) ? hash_u64_pair(f->mapping, frame_index(f)) : e;
}

static u8 *page_bytes(const struct mem *mem, pfn_t pfn)
{
    return mem->frames->bytes ? frames_bytes(mem->frames, pfn) : NULL;
}

/* One page of a swap area. True: the device is synchronous, and it is done. */
static bool rw_slot(struct mem *mem, struct swap_area *a, enum io_kind kind, pfn_t pfn, swp_t e,
                    u32 work_ns, bool *failed)
{
    enum device_op op = kind == IO_READ_SWAP ? DEVICE_READ : DEVICE_WRITE;
    u64 position = (u64)swp_slot(e) * PAGE_SIZE;

    if (a->device->profile->synchronous) {
        bool refused;
        ns_t done = device_rw_page(a->device, op, position, work_ns, &refused);

        *failed = *failed || refused;
        mem_cost(mem, (u32)(done - mem->clock->now));
        return true;
    }

    struct io_request r = {.kind = kind, .pfn = pfn, .failed = *failed};

    submit(mem, a->device, op, position, PAGE_SIZE, &r);
    return false;
}

static void read_slot(struct mem *mem, pfn_t pfn, swp_t e)
{
    struct swap_area *a = swap_area_of(mem->swap, e);
    u8 *bytes = page_bytes(mem, pfn);
    bool failed = false;
    u32 work_ns = 0;

    count(mem->counters, PSWPIN, 1);
    if (a->zram)
        zram_read(a->zram, swp_slot(e), bytes, &work_ns);
    else if (bytes && swap_read_bytes(mem->swap, e, bytes) < 0)
        failed = true;
    if (a->device->profile->read_bytes_per_s) /* a speed was asked for, it is in the transfer */
        work_ns = 0;
    if (rw_slot(mem, a, IO_READ_SWAP, pfn, e, work_ns, &failed))
        read_done(mem, pfn, failed);
}

static bool load_from_zswap(struct mem *mem, pfn_t pfn, swp_t e)
{
    u32 ns;
    u16 memcg;

    if (!zswap_load(mem->swap->zswap, e, page_bytes(mem, pfn), &memcg, &ns))
        return false;
    mem_cost(mem, ns);
    group_count(mem->groups, group_get(mem->groups, memcg), ZSWPIN, 1);
    read_done(mem, pfn, false);
    return true;
}

/* Is the group, and are all above, below memory.zswap.max? */
static bool may_zswap(struct group *g)
{
    for (; g && g->parent; g = g->parent)
        if (g->zswap_max < PAGE_COUNTER_MAX &&
            (u64)group_counter(g, MEMCG_ZSWAP) / PAGE_SIZE >= g->zswap_max)
            return false;
    return true;
}

static bool store_in_zswap(struct mem *mem, pfn_t pfn, swp_t e)
{
    struct group *g = frame_group(mem->groups, frame_of(mem, pfn));
    u16 memcg = g->parent ? g->id : 0; /* nobody pays for the root's */
    u32 ns;
    bool stored = zswap_store(mem->swap->zswap, e, memcg, may_zswap(g), page_bytes(mem, pfn),
                              page_name(mem, pfn, e), &ns);

    mem_cost(mem, ns);
    if (!stored)
        return false;
    group_count(mem->groups, memcg ? g : NULL, ZSWPOUT, 1);
    page_start_writeback(mem, pfn);
    write_done(mem, pfn, false);
    return true;
}

void io_read_swap(struct mem *mem, pfn_t pfn, swp_t e)
{
    u64 before = mem->cpu_ns;

    if (!mem->swap->zswap || !load_from_zswap(mem, pfn, e))
        read_slot(mem, pfn, e);
    /* Submitting is part of the stall; of a page that is read on the CPU it is all of it. */
    if (frame_test(frame_of(mem, pfn), PG_WORKINGSET))
        mem->memstall_ns += mem->cpu_ns - before;
}

void io_write_slot(struct mem *mem, pfn_t pfn, swp_t e)
{
    struct swap_area *a = swap_area_of(mem->swap, e);
    u8 *bytes = page_bytes(mem, pfn);
    bool failed = false;
    u32 work_ns = 0;

    count(mem->counters, PSWPOUT, 1);
    page_start_writeback(mem, pfn);
    if (a->zram)
        failed = zram_write(a->zram, swp_slot(e), bytes, page_name(mem, pfn, e), &work_ns) < 0;
    else if (bytes && swap_write_bytes(mem->swap, e, bytes) < 0)
        failed = true;
    if (a->device->profile->write_bytes_per_s)
        work_ns = 0;
    if (rw_slot(mem, a, IO_WRITE_SWAP, pfn, e, work_ns, &failed))
        write_done(mem, pfn, failed);
}

void io_write_swap(struct mem *mem, pfn_t pfn, swp_t e)
{
    if (!mem->swap->zswap || !store_in_zswap(mem, pfn, e))
        io_write_slot(mem, pfn, e);
}

ns_t io_done_at(const struct mem *mem, pfn_t pfn)
{
    u64 n;

    return u64map_get(&mem->io->by_pfn, pfn, &n) ? mem->io->req[n].done : mem->clock->now;
}

ns_t io_next_write(const struct mem *mem)
{
    ns_t next = NS_NEVER;

    vec_for_each (&mem->io->queues, q) {
        const struct heap_item *first = heap_peek(&q->writes);

        next = first ? MIN(next, first->key) : next;
    }
    return next;
}

bool io_write_queue_full(const struct mem *mem)
{
    vec_for_each (&mem->io->queues, q)
        if (q->writes.count >= IO_WRITES_MAX)
            return true;
    return false;
}

u64 io_count_writes(const struct mem *mem, const struct device *d, ns_t *ret_next)
{
    u32 queue = queue_of(mem->io, d);
    const struct heap *h = &mem->io->queues.items[queue].writes;

    *ret_next = h->count ? heap_peek(h)->key : NS_NEVER;
    return h->count;
}

void io_let_time_pass(struct mem *mem)
{
    if (clock_next(mem->clock) <= mem->step_start + mem->cpu_ns)
        clock_run_until(mem->clock, MAX(mem->clock->now, mem->step_start + mem->cpu_ns));
}
