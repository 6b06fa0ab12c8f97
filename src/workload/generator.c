/* generator.c - what a generated process does next.
 *
 * Each stream is a small machine of states that is asked for one batch at a time; a batch is one
 * request, one pause, or a piece of filling. It never looks ahead: what it does next depends on the
 * time at which the batch before was done. So a process that is slowed down by reclaim falls behind
 * its rate, as a real one does, and the time from asking to asking is the latency of the request.
 *
 *     START -> FILL -> FORK -> WATCH -> EXIT -> OVER      the parent of workers
 *     START -> FILL -> RUN -> HOLD -> EXIT -> OVER        a worker, or a process without workers
 */
#include "workload/generator.h"

#include "base/alloc.h"
#include "frames/frames.h"
#include "workload/replay_int.h"

#include <stdio.h>
#include <string.h>

/* Where things lie in the address space of a generated process. */
#define MEMORY_BASE 0x001000000000ull
#define LEAK_BASE   0x100000000000ull
#define MAP_BASE    0x200000000000ull
#define BUFFER_BASE 0x7e0000000000ull

#define FILL_PAGES        2048u /* of one batch */
#define FILL_INSTRUCTIONS 500u  /* for each page that is filled: to write 4 KiB */
#define GROW_PAGES        1024u /* at most in one request */
#define MAP_PIECE         (64 * MIB)
#define GROW_STEP         (16 * MIB)       /* mapped at a time */
#define NAP               (10 * NS_PER_MS) /* of one that has nothing to do but wait */
#define LATE_MAX          NS_PER_S         /* requests later than this are not made up for */
#define KERNEL_STEP       4096u            /* names or objects in one request */
#define NAPI_BUDGET       64u              /* packets that a driver takes in one go */
#define LEAK_OBJECT       256u
#define THE_FID           1u

enum stage { START, FILL, FORK, WATCH, RUN, HOLD, EXIT, OVER };

/* Memory that grows at a rate. */
struct growth {
    vaddr_t base;
    u64 pages;  /* written so far */
    u64 mapped; /* pages */
};

struct generator_stream {
    struct generator *g;
    u32 index;
    bool worker;
    enum stage stage;
    struct prng prng;
    struct pattern_state touch, map, read, write;
    u64 filled;
    struct growth memory, leak;
    ns_t began;         /* RUN */
    ns_t due;           /* of the next request, with a rate */
    ns_t request_began; /* 0: none under way */
    ns_t stalled;       /* for want of memory, when it began */
    ns_t phase_ends;
    bool paused; /* after the request that is done */
    u64 requests, writes, forked;
    u64 names, objects, packets; /* walked, leaked, received */
    /* the batch */
    VEC(u64) events;
    VEC(struct trace_op) ops;
    char strings[1 + TASK_COMM_LEN + 256];
};

static u64 pages_of(u64 bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* --- emitting --------------------------------------------------------------------------------- */

static struct trace_op *emit_op(struct generator_stream *gs, unsigned opcode, u32 icount)
{
    vec_push(&gs->events, event_make(gs->ops.count, icount, HWT_OP));
    vec_push(&gs->ops, ((struct trace_op){.opcode = (u8)opcode}));
    return &vec_last(&gs->ops);
}

#define EMIT(gs, opcode, icount, ...)                                      \
    memcpy(emit_op(gs, opcode, icount)->field, (const u64[]){__VA_ARGS__}, \
           sizeof((const u64[]){__VA_ARGS__}))

static void emit_access(struct generator_stream *gs, u64 page, bool write, u64 icount)
{
    vec_push(&gs->events, event_make(page, (u32)icount, write ? HWT_WRITE : HWT_READ));
}

#define EMIT_KERNEL(gs, what, ...)                                                     \
    memcpy(emit_op(gs, TRACE_OP_KERNEL, 100)->field, (const u64[]){what, __VA_ARGS__}, \
           sizeof((const u64[]){what, __VA_ARGS__}))

static void emit_wait(struct generator_stream *gs, ns_t ns)
{
    EMIT(gs, HWT_OP_WAIT, 0, HWT_WAIT_SLEEP, MAX(ns, 1), 0);
}

/* In pieces, as allocators ask for it: no single one is more than a small machine could promise.
 * Memory of the pool of huge pages is one mapping, for programs map all that they want of it at
 * once. */
static void emit_map(struct generator_stream *gs, vaddr_t addr, u64 pages, u64 flags)
{
    u64 piece = flags & HWT_MAP_HUGETLB ? MAX(pages, 1) : MAP_PIECE / PAGE_SIZE;

    for (u64 at = 0; at < pages; at += piece)
        EMIT(gs, HWT_OP_MMAP, 100, addr + at * PAGE_SIZE, MIN(piece, pages - at) * PAGE_SIZE,
             ABI_PROT_READ | ABI_PROT_WRITE, flags, 0, 0);
}

static void emit_anon(struct generator_stream *gs, vaddr_t addr, u64 pages)
{
    emit_map(gs, addr, pages, 0);
}

/* What the program calls its memory: with the advice that it gives. */
static void emit_memory(struct generator_stream *gs, vaddr_t addr, u64 pages, u64 flags)
{
    const struct scenario_task *t = gs->g->task;

    emit_map(gs, addr, pages, flags);
    if (t->madvise && pages)
        EMIT(gs, HWT_OP_MADVISE, 100, addr, pages * PAGE_SIZE, t->madvise);
}

/* Bytes after 0 of the batch's strings. */
static u32 keep_string(struct generator_stream *gs, u32 at, const char *text)
{
    snprintf(gs->strings + at, sizeof(gs->strings) - at, "%s", text);
    return at;
}

/* --- what it works on ------------------------------------------------------------------------- */

/* Of preload and memory: whole huge pages where they are such. */
static u64 memory_pages(const struct scenario_task *t, u64 bytes)
{
    return t->hugetlb ? ROUND_UP(pages_of(bytes), (u64)HPAGE_PMD_NR) : pages_of(bytes);
}

/* Every worker has the shared memory and its own; a parent of workers only the first. */
static u64 own_pages(const struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;

    return t->workers && !gs->worker ? 0 : memory_pages(t, t->memory);
}

static void emit_file(struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;
    const struct scenario_file *f = &gs->g->scenario->files.items[t->file_index];
    struct trace_op *op;

    op = emit_op(gs, HWT_OP_FILE, 0);
    op->field[0] = THE_FID;
    op->field[1] = f->dev;
    op->field[2] = SCENARIO_FIRST_INODE + (u64)t->file_index;
    op->field[3] = f->size;
    op->field[4] = f->kind ? HWT_FILE_SHMEM : HWT_FILE_REGULAR;
    op->string = keep_string(gs, 1 + TASK_COMM_LEN, f->path);
    EMIT(gs, HWT_OP_OPEN, 200, 1 + gs->index, THE_FID,
         HWT_OPEN_READ | HWT_OPEN_WRITE | (t->direct ? HWT_OPEN_DIRECT : 0u));
    if (f->kind == SCENARIO_MEMFD) /* it never had a name */
        EMIT(gs, HWT_OP_UNLINK, 0, THE_FID);
    if (t->map.kind)
        EMIT(gs, HWT_OP_MMAP, 200, MAP_BASE, pages_of(f->size) * PAGE_SIZE,
             ABI_PROT_READ | ABI_PROT_WRITE, HWT_MAP_SHARED, THE_FID, 0);
    if (t->read.kind || t->write.kind)
        emit_anon(gs, BUFFER_BASE, pages_of(t->block));
}

static void start(struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;
    u64 preload = memory_pages(t, t->preload), own = own_pages(gs);
    u64 flags = t->hugetlb ? HWT_MAP_HUGETLB : 0;
    vaddr_t own_base = MEMORY_BASE + preload * PAGE_SIZE;

    emit_op(gs, HWT_OP_COMM, 0)->string = keep_string(gs, 1, t->comm);
    if (!gs->worker)
        emit_memory(gs, MEMORY_BASE, preload, flags);
    emit_memory(gs, own_base, own, flags);
    if (t->lock && own)
        EMIT(gs, HWT_OP_MLOCK, 100, own_base, own * PAGE_SIZE, 0);
    if (t->file_index >= 0 && (gs->worker || !t->workers))
        emit_file(gs);
    if (t->sockets && (gs->worker || !t->workers))
        EMIT_KERNEL(gs, TRACE_KERNEL_SOCKETS, t->sockets, t->socket_data);
    if (t->pin_user && own)
        EMIT_KERNEL(gs, TRACE_KERNEL_PIN_USER, own_base, pages_of(t->pin_user) * PAGE_SIZE);
    if (t->pin && !gs->worker)
        EMIT_KERNEL(gs, TRACE_KERNEL_PIN, pages_of(t->pin));
    gs->memory =
        (struct growth){.base = MEMORY_BASE, .pages = preload + own, .mapped = preload + own};
    gs->leak.base = LEAK_BASE;
    gs->filled = gs->worker ? preload : 0;
    gs->stage = FILL;
}

/* What is there to be shared with workers is filled in any case. */
static void fill(struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;
    u64 all = t->fill ? gs->memory.pages : pages_of(t->preload);
    u64 to = MIN(all, gs->filled + FILL_PAGES);

    for (; gs->filled < to; gs->filled++)
        emit_access(gs, (MEMORY_BASE >> PAGE_SHIFT) + gs->filled, true, FILL_INSTRUCTIONS);
    if (gs->filled == all)
        gs->stage = gs->g->task->workers && !gs->worker ? FORK : RUN;
}

/* --- parents of workers ----------------------------------------------------------------------- */

static void fork_workers(struct generator_stream *gs)
{
    for (unsigned i = 0; i < 16 && gs->forked < gs->g->task->workers; i++) {
        gs->forked++;
        EMIT(gs, HWT_OP_FORK, 20000, gs->g->trace.streams[gs->forked].pid, 0);
    }
    if (gs->forked == gs->g->task->workers)
        gs->stage = WATCH;
}

static void watch(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;
    bool live = false;

    for (u32 i = 1; i < gs->g->trace.nr_streams; i++)
        live |= gs->g->replay->streams[i].state == STREAM_LIVE;
    if (!live || (t->stop && now >= t->stop))
        gs->stage = EXIT;
    else
        emit_wait(gs, t->stop ? MIN(10 * NAP, t->stop - now) : 10 * NAP);
}

/* --- requests --------------------------------------------------------------------------------- */

/* Write what a rate has made due since RUN began, at most GROW_PAGES. */
static void grow(struct generator_stream *gs, struct growth *area, u64 first_pages, u64 rate,
                 u64 max_pages, ns_t now)
{
    double bytes = (double)rate * (double)(now - gs->began) / 1e9;
    u64 want = first_pages + (u64)(bytes / (double)PAGE_SIZE);

    want = MIN(MIN(want, MAX(max_pages, first_pages)), area->pages + GROW_PAGES);
    if (want > area->mapped) {
        u64 step = pages_of(GROW_STEP);

        emit_memory(gs, area->base + area->mapped * PAGE_SIZE, step, 0);
        area->mapped += step;
    }
    for (; area->pages < want; area->pages++)
        emit_access(gs, (area->base >> PAGE_SHIFT) + area->pages, true, FILL_INSTRUCTIONS);
}

static void use_memory(struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;

    for (u64 i = 0; t->touch.kind && gs->memory.pages && i < t->touches; i++) {
        u64 page = pattern_next(&t->touch, &gs->touch, gs->memory.pages, &gs->prng);

        emit_access(gs, (MEMORY_BASE >> PAGE_SHIFT) + page, prng_f64(&gs->prng) < t->writes,
                    t->instructions);
    }
}

static void use_file(struct generator_stream *gs)
{
    const struct scenario_task *t = gs->g->task;
    const struct scenario_file *f;
    u64 blocks;

    if (t->file_index < 0)
        return;
    f = &gs->g->scenario->files.items[t->file_index];
    blocks = MAX(f->size / t->block, 1);
    for (u64 i = 0; t->map.kind && i < t->touches; i++) {
        u64 page = pattern_next(&t->map, &gs->map, pages_of(f->size), &gs->prng);

        emit_access(gs, (MAP_BASE >> PAGE_SHIFT) + page, prng_f64(&gs->prng) < t->writes,
                    t->instructions);
    }
    if (t->read.kind)
        EMIT(gs, HWT_OP_READ, (u32)t->instructions, 1 + gs->index, THE_FID,
             pattern_next(&t->read, &gs->read, blocks, &gs->prng) * t->block,
             MIN(t->block, f->size), BUFFER_BASE);
    if (t->write.kind) {
        EMIT(gs, HWT_OP_WRITE, (u32)t->instructions, 1 + gs->index, THE_FID,
             pattern_next(&t->write, &gs->write, blocks, &gs->prng) * t->block, t->block,
             BUFFER_BASE);
        if (t->fsync && ++gs->writes % t->fsync == 0)
            EMIT(gs, HWT_OP_FSYNC, 100, THE_FID, 0);
    }
}

/* What is due of a rate since RUN began, in steps of at most KERNEL_STEP. */
static u64 due_of(const struct generator_stream *gs, double rate, u64 done, ns_t now)
{
    u64 want = (u64)(rate * (double)(now - gs->began) / 1e9);

    return want > done ? MIN(want - done, KERNEL_STEP) : 0;
}

static void use_kernel(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;
    u64 names = due_of(gs, t->walk, gs->names, now);
    u64 packets = MIN(due_of(gs, t->receive, gs->packets, now), NAPI_BUDGET);
    u64 objects = due_of(gs, (double)t->kernel_leak / LEAK_OBJECT, gs->objects, now);

    if (names)
        EMIT_KERNEL(gs, TRACE_KERNEL_WALK, names);
    if (objects)
        EMIT_KERNEL(gs, TRACE_KERNEL_LEAK, objects, LEAK_OBJECT);
    if (packets)
        EMIT_KERNEL(gs, TRACE_KERNEL_RECEIVE, packets, t->packet, t->ring);
    if (t->array)
        EMIT_KERNEL(gs, TRACE_KERNEL_ARRAY, t->array);
    gs->packets += packets;
    gs->names += names;
    gs->objects += objects;
}

/* By its task so far, for want of memory. */
static ns_t stalled(const struct generator_stream *gs)
{
    const struct task *t = gs->g->replay->streams[gs->index].st.task;

    return t->reclaim_ns + wait_memory_ns(t->wait_ns);
}

static void account(struct generator_stream *gs, ns_t now)
{
    struct generator_stats *st = &gs->g->stats;

    if (!gs->request_began)
        return;
    gs->requests++;
    st->requests++;
    st->latency_sum += now - (gs->request_began - 1);
    st->latency_max = MAX(st->latency_max, now - (gs->request_began - 1));
    st->memory_ns += stalled(gs) - gs->stalled;
    gs->request_began = 0;
    gs->paused = false;
}

/* Time until the next request may begin; 0: now. */
static ns_t pause(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;
    ns_t ns = 0, cycle = t->burst.on + t->burst.off;

    if (t->think && !gs->paused && gs->requests) {
        gs->paused = true;
        return t->think;
    }
    if (t->rate > 0) {
        gs->due = MAX(gs->due, now > LATE_MAX ? now - LATE_MAX : 0);
        if (gs->due > now)
            ns = gs->due - now;
    }
    if (cycle && (now + ns - gs->began) % cycle >= t->burst.on)
        ns += cycle - (now + ns - gs->began) % cycle;
    return ns;
}

static void change_phase(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;

    if (!t->phase || now < gs->phase_ends)
        return;
    gs->phase_ends += (now - gs->phase_ends) / t->phase * t->phase + t->phase;
    pattern_change_phase(&gs->touch, &gs->prng);
    pattern_change_phase(&gs->map, &gs->prng);
    pattern_change_phase(&gs->read, &gs->prng);
    pattern_change_phase(&gs->write, &gs->prng);
}

/* Will no request of the task ever do anything? */
static bool asks_nothing(const struct scenario_task *t)
{
    return !t->touch.kind && !t->map.kind && !t->read.kind && !t->write.kind && !t->grow &&
           !t->leak && !t->kernel_leak && !t->array && t->walk <= 0 && t->receive <= 0;
}

static void request(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;

    change_phase(gs, now);
    if (t->rate > 0)
        gs->due += (ns_t)(1e9 / t->rate);
    if (t->grow)
        grow(gs, &gs->memory, memory_pages(t, t->preload) + memory_pages(t, t->memory), t->grow,
             pages_of(t->grow_max), now);
    if (t->leak)
        grow(gs, &gs->leak, 0, t->leak, pages_of(4 * TIB), now);
    use_memory(gs);
    use_file(gs);
    use_kernel(gs, now);
    if (gs->events.count) {
        gs->request_began = now + 1;
        gs->stalled = stalled(gs);
        return;
    }
    emit_wait(gs, NAP);
    if (t->requests && asks_nothing(t)) { /* done, with nothing to time */
        gs->requests++;
        gs->g->stats.requests++;
    }
}

static void run(struct generator_stream *gs, ns_t now)
{
    const struct scenario_task *t = gs->g->task;
    ns_t ns;

    if (!gs->began) {
        gs->began = gs->due = MAX(now, 1);
        gs->phase_ends = now + t->phase;
    }
    account(gs, now);
    if (t->stop && now >= t->stop) {
        gs->stage = EXIT;
        return;
    }
    if (t->requests && gs->requests >= t->requests) {
        gs->stage = HOLD;
        return;
    }
    ns = pause(gs, now);
    if (t->stop)
        ns = MIN(ns, t->stop - now);
    if (ns)
        emit_wait(gs, ns);
    else
        request(gs, now);
}

/* --- the stream ------------------------------------------------------------------------------- */

static void step(struct generator_stream *gs, ns_t now)
{
    ns_t hold = gs->g->task->hold, stop = gs->g->task->stop;

    switch (gs->stage) {
    case START:
        start(gs);
        return;
    case FILL:
        fill(gs);
        return;
    case FORK:
        fork_workers(gs);
        return;
    case WATCH:
        watch(gs, now);
        return;
    case RUN:
        run(gs, now);
        return;
    case HOLD:
        if (hold)
            emit_wait(gs, stop > now ? MIN(hold, stop - now) : hold);
        gs->stage = EXIT;
        return;
    case EXIT:
        EMIT(gs, HWT_OP_EXIT_GROUP, 100, 0);
        gs->stage = OVER;
        return;
    case OVER:
        return;
    }
    hw_unreachable();
}

bool generator_fill(void *ctx, u32 stream, ns_t now, struct trace_cursor *cursor)
{
    struct generator *g = ctx;
    struct generator_stream *gs = &g->streams[stream];

    gs->events.count = gs->ops.count = 0;
    while (gs->events.count == 0 && gs->stage != OVER)
        step(gs, now);
    cursor->events = gs->events.items;
    cursor->nr_events = gs->events.count;
    cursor->ops = gs->ops.items;
    cursor->nr_ops = gs->ops.count;
    cursor->strings = gs->strings;
    return gs->events.count > 0;
}

/* --- all streams of a task -------------------------------------------------------------------- */

void generator_init(struct generator *g, const struct scenario *sc, const struct scenario_task *t,
                    u64 seed)
{
    u32 n = 1 + (u32)t->workers;

    *g = (struct generator){.scenario = sc, .task = t};
    g->trace.nr_streams = g->trace.cap_streams = n;
    g->trace.streams = xcalloc(n, sizeof(*g->trace.streams));
    g->streams = xcalloc(n, sizeof(*g->streams));
    for (u32 i = 0; i < n; i++) {
        g->trace.streams[i] = (struct trace_stream){
            .id = i + 1,
            .pid = i + 1,
            .tid = i + 1,
            .ppid = i ? 1 : 0,
            .start = HWT_OP_PROC_START,
            .start_flags = i ? HWT_PROC_FORKED : 0,
            .start_stamp = i ? 1 : 0,
        };
        g->streams[i] = (struct generator_stream){.g = g, .index = i, .worker = i > 0};
        prng_seed(
            &g->streams[i].prng,
            hash_u64_pair(seed, hash_u64_pair(hash_bytes(t->head.name, strlen(t->head.name)), i)));
    }
}

void generator_done(struct generator *g)
{
    for (u32 i = 0; i < g->trace.nr_streams; i++) {
        vec_done(&g->streams[i].events);
        vec_done(&g->streams[i].ops);
    }
    free(g->streams);
    free(g->trace.streams);
}
