/* place_fuzz.c - recordings that make sense, replayed as they were recorded and as the kernel would
 * place them.
 *
 * Each operation is one recording, written by a recorder that gives the lowest hole to whatever may
 * lie anywhere: mappings are made, made over others, cut across several, moved, grown and touched,
 * by processes that fork. Both replays must do the same: no access goes to a place where nothing
 * is, and all faults, resident pages and mapped pages are alike. */
#include "base/test.h"

#include "base/prng.h"
#include "system/cgroup.h"
#include "trace/trace_writer.h"
#include "workload/place.h"
#include "workload/replay.h"

#include <signal.h>
#include <string.h>

#define PAGE(n)    ((u64)(n) << HWT_PAGE_SHIFT)
#define BASE       0x100000u /* pages: where the recorder puts what may lie anywhere */
#define SPAN       2048u
#define STEPS      400u
#define PROCESSES  3u
#define STACK_BASE 0x1000000u
#define HEAP_BASE  0x2000000u
#define RW         (ABI_PROT_READ | ABI_PROT_WRITE)

/* One process: which mapping each page of the span belongs to, 0 for none. */
struct shadow {
    u32 stream, pid;
    u32 id[SPAN];
    u64 heap;
    bool live;
};

struct writer {
    struct trace_writer *w;
    struct prng *p;
    struct shadow process[PROCESSES];
    u32 nr, next_id;
};

static void op(struct writer *x, struct shadow *s, enum hwt_op opcode, const u64 *fields)
{
    trace_writer_op_all(x->w, s->stream, opcode, 10, fields, "/fuzz");
}
#define OP(x, s, opcode, ...) op(x, s, opcode, (u64[HWT_OP_FIELDS_MAX]){__VA_ARGS__})

static void begin(struct writer *x, struct shadow *s, u32 ppid, u64 flags)
{
    s->stream = trace_writer_stream(x->w);
    s->pid = 100 + x->nr;
    s->live = true;
    OP(x, s, HWT_OP_PROC_START, s->pid, ppid, s->pid, flags);
}

static void fill(struct writer *x, struct shadow *s, u64 at, u64 nr)
{
    x->next_id++;
    for (u64 i = at; i < at + nr; i++)
        s->id[i] = x->next_id;
}

/* The lowest hole of nr pages; SPAN: none. */
static u64 hole(const struct shadow *s, u64 nr)
{
    u64 free = 0;

    for (u64 i = 0; i < SPAN; i++) {
        free = s->id[i] ? 0 : free + 1;
        if (free == nr)
            return i + 1 - nr;
    }
    return SPAN;
}

static u64 some_pages(struct writer *x)
{
    return prng_below(x->p, 6) ? 1 + prng_below(x->p, 30) : 1 + prng_below(x->p, 300);
}

static void map_anywhere(struct writer *x, struct shadow *s)
{
    u64 nr = some_pages(x), at = hole(s, nr);

    if (at == SPAN)
        return;
    OP(x, s, HWT_OP_MMAP, PAGE(BASE + at), PAGE(nr), RW, HWT_MAP_ANYWHERE, 0, 0);
    fill(x, s, at, nr);
}

static void map_fixed(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), nr = MIN(some_pages(x), SPAN - at);

    OP(x, s, HWT_OP_MMAP, PAGE(BASE + at), PAGE(nr), RW, 0, 0, 0);
    fill(x, s, at, nr);
}

static void unmap(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), nr = MIN(some_pages(x), SPAN - at);

    OP(x, s, HWT_OP_MUNMAP, PAGE(BASE + at), PAGE(nr));
    memset(&s->id[at], 0, nr * sizeof(s->id[0]));
}

static void advise(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), nr = MIN(some_pages(x), SPAN - at);

    OP(x, s, HWT_OP_MADVISE, PAGE(BASE + at), PAGE(nr), ABI_MADV_DONTNEED);
}

/* A whole mapping, or what is left of it in one piece, to another size: where it is when there is
 * room, else in the lowest hole. */
static void remap(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), end, nr = some_pages(x), to, was;

    if (!s->id[at])
        return;
    for (end = at; end < SPAN && s->id[end] == s->id[at]; end++)
        ;
    was = end - at;
    to = at;
    for (u64 i = end; i < at + nr; i++)
        if (i >= SPAN || s->id[i])
            to = hole(s, nr);
    if (to == SPAN)
        return;
    OP(x, s, HWT_OP_MREMAP, PAGE(BASE + at), PAGE(was), PAGE(BASE + to), PAGE(nr),
       to == at ? 0 : HWT_MREMAP_ANYWHERE);
    memset(&s->id[at], 0, was * sizeof(s->id[0]));
    fill(x, s, to, nr);
}

/* Stores alone: what a fork copies of pages that were only read hangs on the mappings beside
 * them. */
static void touch(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), nr = MIN(some_pages(x), SPAN - at);

    for (u64 i = at; i < at + nr; i++)
        if (s->id[i])
            trace_writer_access(x->w, s->stream, HWT_WRITE, BASE + i, 20);
    trace_writer_access(x->w, s->stream, HWT_WRITE, STACK_BASE - prng_below(x->p, 64), 5);
}

/* Device input into whatever is mapped there, across mappings. */
static void read_into(struct writer *x, struct shadow *s)
{
    u64 at = prng_below(x->p, SPAN), nr = 0;

    while (at + nr < SPAN && nr < 40 && s->id[at + nr])
        nr++;
    if (nr)
        OP(x, s, HWT_OP_READ, 1, 1, 0, PAGE(nr) - 100, PAGE(BASE + at) + 50);
}

static void grow_heap(struct writer *x, struct shadow *s)
{
    u64 before = s->heap;

    s->heap = prng_below(x->p, 200);
    OP(x, s, HWT_OP_BRK, PAGE(HEAP_BASE), PAGE(HEAP_BASE + s->heap));
    for (u64 i = before; i < s->heap; i++)
        trace_writer_access(x->w, s->stream, HWT_WRITE, HEAP_BASE + i, 5);
}

static void fork_off(struct writer *x, struct shadow *s)
{
    struct shadow *child = &x->process[x->nr];

    if (x->nr == PROCESSES)
        return;
    OP(x, s, HWT_OP_FORK, 100 + x->nr, 0);
    *child = *s;
    begin(x, child, s->pid, HWT_PROC_FORKED);
    x->nr++;
}

static void step(struct writer *x, struct shadow *s)
{
    static void (*const steps[])(struct writer *, struct shadow *) = {
        map_anywhere, map_anywhere, map_fixed, unmap,     advise,    remap,
        touch,        touch,        touch,     read_into, grow_heap, fork_off};

    steps[prng_below(x->p, ARRAY_SIZE(steps) - (prng_below(x->p, 8) != 0))](x, s);
}

static void write_recording(struct prng *p, u8 **ret_bytes, size_t *ret_count)
{
    struct writer x = {.p = p};

    if (trace_writer_new(NULL, &x.w, NULL))
        abort();
    begin(&x, &x.process[0], 0, 0);
    x.nr = 1;
    OP(&x, &x.process[0], HWT_OP_FILE, 1, 0, 0, 0, HWT_FILE_OTHER, 0);
    OP(&x, &x.process[0], HWT_OP_MMAP, PAGE(STACK_BASE), PAGE(4), RW,
       HWT_MAP_INITIAL | HWT_MAP_STACK | HWT_MAP_ANYWHERE, 0, 0);
    OP(&x, &x.process[0], HWT_OP_BRK, PAGE(HEAP_BASE), PAGE(HEAP_BASE));
    for (u32 i = 0; i < STEPS; i++)
        step(&x, &x.process[prng_below(p, x.nr)]);
    trace_writer_finish(x.w, NULL, ret_bytes, ret_count, NULL);
}

struct outcome {
    enum replay_outcome outcome;
    u64 skipped, faults;
    struct {
        u64 rss, total_vm, minflt;
    } task[PROCESSES];
};

static void play(const u8 *bytes, size_t count, bool placed, struct outcome *ret)
{
    struct system_config c;
    struct place_result result;
    struct replay_config rc;
    struct replay r;
    struct system s;
    struct trace *t;

    memset(ret, 0, sizeof(*ret));
    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = 256 * MIB;
    if (system_init(&s, &c, NULL) ||
        trace_open_bytes(bytes, count, "fuzz", &(struct trace_options){.mode = TRACE_DECODED}, &t,
                         NULL))
        abort();
    if (placed) {
        bool was_placed = place_trace(t, &result);

        assert(was_placed && t->layout == TRACE_LAYOUT_PLACED);
    }
    rc = (struct replay_config){.system = &s, .group = system_group(&s, "/app"), .trace = t};
    replay_init(&r, &rc);
    ret->outcome = replay_run(&r);
    system_check(&s);
    ret->skipped = r.stats.skipped;
    ret->faults = (u64)s.counters.v[PGFAULT];
    for (u32 i = 0; i < s.nr_tasks; i++) {
        ret->task[i].rss = mm_rss(s.tasks[i]->mm);
        ret->task[i].minflt = s.tasks[i]->minflt;
        ret->task[i].total_vm = s.tasks[i]->mm->total_vm;
    }
    replay_done(&r);
    system_done(&s);
    trace_close(t);
}

static u64 at_seed, at_recording;

static void say_where(int number)
{
    (void)number;
    fprintf(stderr, "place_fuzz: seed %llu, recording %llu\n", (unsigned long long)at_seed,
            (unsigned long long)at_recording);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 200);

    signal(SIGABRT, say_where);
    at_seed = args.seed;
    for (at_recording = 0; at_recording < args.operations; at_recording++) {
        struct outcome recorded, placed;
        struct prng p;
        size_t count;
        u8 *bytes;

        prng_seed(&p, args.seed * 1000003 + at_recording);
        write_recording(&p, &bytes, &count);
        play(bytes, count, false, &recorded);
        play(bytes, count, true, &placed);
        free(bytes);
        if (memcmp(&recorded, &placed, sizeof(placed)) == 0 && placed.skipped == 0)
            continue;
        fprintf(
            stderr,
            "place_fuzz: seed %llu, recording %llu: %llu accesses without a page as recorded, %llu "
            "placed; faults %llu, %llu; resident %llu, %llu; mapped %llu, %llu\n",
            (unsigned long long)args.seed, (unsigned long long)at_recording,
            (unsigned long long)recorded.skipped, (unsigned long long)placed.skipped,
            (unsigned long long)recorded.faults, (unsigned long long)placed.faults,
            (unsigned long long)recorded.task[0].rss, (unsigned long long)placed.task[0].rss,
            (unsigned long long)recorded.task[0].total_vm,
            (unsigned long long)placed.task[0].total_vm);
        return 1;
    }
    return 0;
}
