/* replay_fuzz.c - recordings of nonsense, replayed on a small machine.
 *
 * Each operation is one recording: a few processes and threads that map, touch, read, write, fork,
 * exec, wait and exit at random, mostly with arguments that make sense, now and then with arguments
 * that no kernel would have accepted. It must end, in bounded virtual time, without a broken
 * invariant; and decoded and streamed replays must agree. */
#include "base/test.h"

#include "base/prng.h"
#include "system/cgroup.h"
#include "trace/trace_writer.h"
#include "workload/place.h"
#include "workload/replay.h"

#include <signal.h>
#include <string.h>

#define PAGE(n)     ((u64)(n) << HWT_PAGE_SHIFT)
#define BASE        0x10000u /* pages */
#define SPAN        4096u
#define FILES       6u
#define STREAMS_MAX 8u
#define STEPS       1500u
#define VIRTUAL_MAX (60 * NS_PER_S)

struct writer {
    struct trace_writer *w;
    struct prng *p;
    bool hostile;
    struct {
        u32 id, pid, tid;
        bool over;
    } streams[STREAMS_MAX];
    u32 nr_streams, next_pid;
};

static u64 page_of(struct writer *x)
{
    return BASE + prng_below(x->p, SPAN);
}

static u64 some_len(struct writer *x)
{
    return prng_below(x->p, 4) ? 1 + prng_below(x->p, 64) : 1 + prng_below(x->p, 1024);
}

/* Arguments are spoilt here: no field of a hostile recording can be trusted. */
static void op(struct writer *x, u32 s, enum hwt_op opcode, const u64 *fields, unsigned nr)
{
    u64 copy[HWT_OP_FIELDS_MAX] = {0};

    memcpy(copy, fields, nr * sizeof(*copy));
    if (x->hostile && prng_below(x->p, 12) == 0 && opcode != HWT_OP_PROC_START && nr)
        copy[prng_below(x->p, nr)] = prng_next(x->p) >> prng_below(x->p, 64);
    trace_writer_op(x->w, s, opcode, prng_below(x->p, 20000), copy, "/fuzz");
}

#define OP(x, s, opcode, ...) \
    op(x, s, opcode, (u64[]){__VA_ARGS__}, (unsigned)(sizeof((u64[]){__VA_ARGS__}) / sizeof(u64)))

static void add_stream(struct writer *x, u32 pid, u32 tid, u32 ppid, int flags)
{
    u32 i = x->nr_streams++;

    x->streams[i].id = trace_writer_stream(x->w);
    x->streams[i].pid = pid;
    x->streams[i].tid = tid;
    if (flags < 0)
        OP(x, x->streams[i].id, HWT_OP_THREAD_START, pid, tid);
    else
        OP(x, x->streams[i].id, HWT_OP_PROC_START, pid, ppid, tid, (u64)flags);
}

static void end_process(struct writer *x, u32 pid)
{
    for (u32 i = 0; i < x->nr_streams; i++)
        if (x->streams[i].pid == pid)
            x->streams[i].over = true;
}

static void process_step(struct writer *x, u32 i)
{
    u32 s = x->streams[i].id, pid = x->streams[i].pid;
    bool room = x->nr_streams < STREAMS_MAX;

    switch (prng_below(x->p, 8)) {
    case 0:
    case 1:
        if (!room)
            return;
        OP(x, s, HWT_OP_FORK, ++x->next_pid, prng_below(x->p, 4) == 0);
        if (prng_below(x->p, 8))
            add_stream(x, x->next_pid, x->next_pid, pid, HWT_PROC_FORKED);
        break;
    case 2:
    case 3:
        if (room)
            add_stream(x, pid, ++x->next_pid, 0, -1);
        break;
    case 4:
        if (!room)
            return;
        trace_writer_op(x->w, s, HWT_OP_EXEC, 10, NULL, "image");
        end_process(x, pid);
        add_stream(x, pid, pid, 1, HWT_PROC_EXEC);
        break;
    case 5:
        OP(x, s, HWT_OP_EXIT, 0);
        x->streams[i].over = true;
        break;
    case 6:
        if (i == 0)
            return;
        OP(x, s, HWT_OP_EXIT_GROUP, 0);
        end_process(x, pid);
        break;
    default:
        OP(x, s, HWT_OP_WAIT, 1 + prng_below(x->p, 8), prng_below(x->p, 2000000),
           1 + prng_below(x->p, 5));
    }
}

static void memory_step(struct writer *x, u32 s)
{
    u64 page = page_of(x), len = some_len(x), prot = prng_below(x->p, 5) ? 3 : prng_below(x->p, 8);
    u64 file = prng_below(x->p, 3) ? 0 : 1 + prng_below(x->p, FILES);
    static const u64 advice[] = {0, 1, 2, 3, 4, 8, 9, 10, 11, 18, 20, 21, 22, 23, 25, 100};

    switch (prng_below(x->p, 12)) {
    case 0:
        OP(x, s, HWT_OP_MUNMAP, PAGE(page), PAGE(len));
        break;
    case 1:
        OP(x, s, HWT_OP_MPROTECT, PAGE(page), PAGE(len), prot);
        break;
    case 2:
        OP(x, s, HWT_OP_MREMAP, PAGE(page), PAGE(len),
           PAGE(prng_below(x->p, 2) ? page : page_of(x)), PAGE(some_len(x)));
        break;
    case 3:
    case 4:
        OP(x, s, HWT_OP_MADVISE, PAGE(page), PAGE(len),
           advice[prng_below(x->p, ARRAY_SIZE(advice))]);
        break;
    case 5:
        OP(x, s, HWT_OP_BRK, PAGE(BASE - 2000), PAGE(BASE - 2000 + prng_below(x->p, 1000)));
        break;
    case 6:
        OP(x, s, prng_below(x->p, 2) ? HWT_OP_MLOCK : HWT_OP_MUNLOCK, PAGE(page), PAGE(len % 32),
           prng_below(x->p, 2));
        break;
    case 7:
        if (prng_below(x->p, 10) == 0)
            OP(x, s, HWT_OP_MLOCKALL, prng_below(x->p, 8));
        break;
    default:
        OP(x, s, HWT_OP_MMAP, PAGE(page), PAGE(len), prot,
           prng_below(x->p, 3) ? 0 : prng_below(x->p, 512), file, PAGE(prng_below(x->p, 64)));
    }
}

static void file_step(struct writer *x, u32 s)
{
    u64 fid = 1 + prng_below(x->p, FILES), handle = prng_below(x->p, 12),
        offset = prng_below(x->p, PAGE(600));
    u64 addr = prng_below(x->p, 2) ? PAGE(page_of(x)) + prng_below(x->p, 4096) : 0,
        len = prng_below(x->p, PAGE(50));

    switch (prng_below(x->p, 14)) {
    case 0: {
        u64 file[] = {fid,
                      1,
                      1 + prng_below(x->p, FILES),
                      prng_below(x->p, PAGE(800)),
                      prng_below(x->p, 8) ? prng_below(x->p, 2) : 2,
                      prng_below(x->p, 3) ? 0 : prng_below(x->p, 4)};

        trace_writer_op_all(x->w, s, HWT_OP_FILE, 1, file, "/f");
        break;
    }
    case 1:
    case 2:
        OP(x, s, HWT_OP_OPEN, handle, fid, prng_below(x->p, 32));
        break;
    case 3:
        OP(x, s, HWT_OP_CLOSE, handle);
        break;
    case 4:
        OP(x, s, HWT_OP_FSYNC, fid, prng_below(x->p, 8));
        break;
    case 5:
        OP(x, s, HWT_OP_TRUNCATE, fid, prng_below(x->p, PAGE(800)));
        break;
    case 6:
        if (prng_below(x->p, 4) == 0)
            OP(x, s, HWT_OP_UNLINK, fid);
        break;
    case 7:
        OP(x, s, HWT_OP_PUNCH, fid, offset, len);
        break;
    case 8:
        OP(x, s, HWT_OP_FADVISE, handle, fid, offset, len, prng_below(x->p, 7));
        break;
    case 9:
    case 10:
        OP(x, s, HWT_OP_WRITE, handle, fid, offset, len, addr);
        break;
    default:
        OP(x, s, HWT_OP_READ, handle, fid, offset, len, addr);
    }
}

static void write_recording(struct prng *p, u8 **ret_bytes, size_t *ret_count)
{
    struct writer x = {.p = p, .hostile = prng_below(p, 3) == 0, .next_pid = 10};
    unsigned steps = 1 + (unsigned)prng_below(p, STEPS);

    trace_writer_new(NULL, &x.w, NULL);
    trace_writer_set_chunk_bytes(x.w, 512);
    trace_writer_set_level(x.w, 0);
    add_stream(&x, 1, 1, 0, 0);
    for (u64 fid = 1; fid <= FILES; fid++)
        OP(&x, x.streams[0].id, HWT_OP_FILE, fid, 1, fid, PAGE(prng_below(p, 800)), fid == FILES);
    for (unsigned step = 0; step < steps; step++) {
        u32 i = (u32)prng_below(p, x.nr_streams), s = x.streams[i].id;
        u64 what = prng_below(p, 100);

        if (x.streams[i].over)
            continue;
        if (what < 4) {
            process_step(&x, i);
        } else if (what < 20) {
            memory_step(&x, s);
        } else if (what < 40) {
            file_step(&x, s);
        } else {
            u64 page = page_of(&x), nr = prng_below(p, 40);
            enum hwt_kind kind = (enum hwt_kind)prng_below(p, 3);

            for (u64 k = 0; k < nr; k++)
                trace_writer_access(x.w, s, kind, page + k, prng_below(p, 1000));
        }
    }
    trace_writer_finish(x.w, NULL, ret_bytes, ret_count, NULL);
}

struct outcome {
    enum replay_outcome outcome;
    struct replay_stats stats;
    struct counters counters;
};

static void play(const u8 *bytes, size_t count, enum trace_mode mode, bool place, u64 seed,
                 struct outcome *ret)
{
    struct trace_options o = {.mode = mode};
    struct system s;
    struct system_config c;
    struct replay_config rc;
    struct replay r;
    struct prng p;
    int opened;

    prng_seed(&p, seed);
    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = 64 * MIB;
    c.nr_cpus = 1 + (unsigned)prng_below(&p, 3);
    if (prng_below(&p, 3)) {
        static const char *const devices[] = {"zram", "nvme", "hdd", "ram"};

        c.nr_swaps = 1;
        c.swaps[0] = (struct swap_spec){.name = "/dev/swap",
                                        .bytes = (1 + prng_below(&p, 16)) * MIB,
                                        .priority = -1,
                                        .device = devices[prng_below(&p, ARRAY_SIZE(devices))]};
    }
    memset(&s, 0, sizeof(s));
    opened = system_init(&s, &c, NULL);
    assert(opened == 0);
    rc = (struct replay_config){
        .system = &s, .group = system_group(&s, "/app"), .max_ns = VIRTUAL_MAX};
    if (prng_below(&p, 4))
        group_set_limit(rc.group, LIMIT_MAX, (1 + prng_below(&p, 12)) * MIB / PAGE_SIZE);
    if (prng_below(&p, 4) == 0)
        group_set_limit(rc.group, LIMIT_HIGH, (1 + prng_below(&p, 12)) * MIB / PAGE_SIZE);
    struct trace *t;

    opened = trace_open_bytes(bytes, count, "fuzz", &o, &t, NULL);
    assert(opened == 0);
    if (place)
        place_trace(t, NULL);
    rc.trace = t;
    replay_init(&r, &rc);
    ret->outcome = replay_run(&r);
    sched_check(&r.sched);
    system_check(&s);
    ret->stats = r.stats;
    ret->counters = s.counters;
    replay_done(&r);
    system_done(&s);
    trace_close(t);
}

static u64 at_seed, at_recording;

/* A broken invariant is an assert: say where it was. */
static void say_where(int number)
{
    (void)number;
    fprintf(stderr, "replay_fuzz: seed %llu, recording %llu\n", (unsigned long long)at_seed,
            (unsigned long long)at_recording);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 200);

    signal(SIGABRT, say_where);
    at_seed = args.seed;
    for (u64 n = 0; n < args.operations; n++) {
        u64 seed = args.seed * 1000003 + n;
        static struct outcome a, b;
        struct prng p;
        u8 *bytes;
        size_t count;

        at_recording = n;
        prng_seed(&p, seed);
        write_recording(&p, &bytes, &count);
        memset(&a, 0, sizeof(a));
        memset(&b, 0, sizeof(b));
        play(bytes, count, TRACE_DECODED, true, seed, &a); /* anywhere: it must only end */
        memset(&a, 0, sizeof(a));
        play(bytes, count, TRACE_DECODED, false, seed, &a);
        play(bytes, count, TRACE_STREAMED, false, seed, &b);
        if (memcmp(&a, &b, sizeof(a)) != 0) {
            fprintf(stderr,
                    "replay_fuzz: decoded and streamed replays differ: seed %llu, recording %llu\n",
                    (unsigned long long)args.seed, (unsigned long long)n);
            return 1;
        }
        free(bytes);
    }
    return 0;
}
