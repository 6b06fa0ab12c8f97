/* replay_test.c - small recordings on a real machine: what they do, when, and in which order. */
#include "base/test.h"

#include "system/cgroup.h"
#include "system/mempolicy.h"
#include "trace/trace_writer.h"
#include "workload/place.h"
#include "workload/replay.h"
#include "workload/tally.h"

#include <string.h>

#define PAGE(n) ((u64)(n) << HWT_PAGE_SHIFT)
#define RW      (ABI_PROT_READ | ABI_PROT_WRITE)

/* 100 instructions take 40 ns. */
#define INSTRUCTIONS_PER_MS 2500000u

struct fixture {
    struct trace_writer *w;
    u8 *bytes;
    size_t count;
    struct trace *trace;
    struct system system;
    struct group *group;
    struct replay replay;
    unsigned cpus, nodes; /* nodes: 0 for one */
    u64 memory_max;
    ns_t max_ns;
    enum trace_mode mode;
    bool placed; /* mappings go where the machine puts them */
    struct trace_place from, to;
    const bool *only;
    struct tally before; /* what had been counted when `from` was reached */
};

static u32 process(struct fixture *x, u32 pid, u32 ppid, u32 flags)
{
    u32 s = trace_writer_stream(x->w);

    trace_writer_op(x->w, s, HWT_OP_PROC_START, 0, (u64[]){pid, ppid, pid, flags}, "test");
    return s;
}

static u32 begin(struct fixture *x)
{
    *x = (struct fixture){.cpus = 1};
    assert_int_equal(trace_writer_new(NULL, &x->w, NULL), 0);
    trace_writer_set_chunk_bytes(x->w, 4096);
    return process(x, 1, 0, 0);
}

static void op(struct fixture *x, u32 s, enum hwt_op opcode, const u64 *fields)
{
    trace_writer_op(x->w, s, opcode, 0, fields, "/f");
}

static void map(struct fixture *x, u32 s, u64 page, u64 nr, u64 fid)
{
    op(x, s, HWT_OP_MMAP, (u64[]){PAGE(page), PAGE(nr), RW, 0, fid, 0});
}

static void touch(struct fixture *x, u32 s, enum hwt_kind kind, u64 page, u64 nr, u64 icount)
{
    for (u64 i = 0; i < nr; i++)
        trace_writer_access(x->w, s, kind, page + i, icount);
}

static void leave(struct fixture *x, u32 s)
{
    op(x, s, HWT_OP_EXIT_GROUP, (u64[]){0});
}

static void begin_judging(void *ctx)
{
    struct fixture *x = ctx;

    tally_take(&x->before, &x->system);
}

static void prepare(struct fixture *x)
{
    struct trace_options o = {.mode = x->mode};
    struct system_config c;
    struct replay_config rc;
    struct err e = {0};

    if (x->w)
        assert_int_equal(trace_writer_finish(x->w, NULL, &x->bytes, &x->count, NULL), 0);
    x->w = NULL;
    assert_int_equal(trace_open_bytes(x->bytes, x->count, "t", &o, &x->trace, &e), 0);
    if (x->placed)
        assert_true(place_trace(x->trace, NULL));
    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = GIB;
    c.nr_cpus = x->cpus;
    c.nr_nodes = MAX(x->nodes, 1u);
    assert_int_equal(system_init(&x->system, &c, &e), 0);
    x->group = system_group(&x->system, "/app");
    if (x->memory_max)
        group_set_limit(x->group, LIMIT_MAX, x->memory_max / PAGE_SIZE);
    rc = (struct replay_config){
        .trace = x->trace,
        .system = &x->system,
        .group = x->group,
        .max_ns = x->max_ns,
        .only = x->only,
        .others = x->only ? system_group(&x->system, "/others") : NULL,
        .from = x->from,
        .to = x->to,
        .begin = begin_judging,
        .begin_ctx = x,
    };
    replay_init(&x->replay, &rc);
}

static enum replay_outcome run(struct fixture *x)
{
    enum replay_outcome outcome;

    prepare(x);
    outcome = replay_run(&x->replay);
    sched_check(&x->replay.sched);
    system_check(&x->system);
    return outcome;
}

static void stop(struct fixture *x)
{
    tally_done(&x->before);
    replay_done(&x->replay);
    system_done(&x->system);
    trace_close(x->trace);
}

static void end(struct fixture *x)
{
    stop(x);
    free(x->bytes);
}

static ns_t virtual_ns(const struct fixture *x)
{
    return x->replay.stats.virtual_ns;
}

static const struct task *task(const struct fixture *x, u32 pid)
{
    for (u32 i = 0; i < x->system.nr_tasks; i++)
        if (x->system.tasks[i]->pid == pid)
            return x->system.tasks[i];
    fail();
    return NULL;
}

TEST(first_touches_fault_and_others_hit)
{
    struct fixture x;
    u32 s = begin(&x);

    map(&x, s, 1000, 100, 0);
    for (unsigned round = 0; round < 5; round++)
        touch(&x, s, HWT_WRITE, 1000, 100, 1000);
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(task(&x, 1)->minflt, 100);
    assert_int_equal(task(&x, 1)->majflt, 0);
    assert_int_equal(x.replay.stats.hits, 400);
    assert_int_equal(x.replay.stats.events, x.trace->nr_accesses + x.trace->nr_ops);
    assert_true(task(&x, 1)->cpu_user_ns >= 500 * 400);
    assert_int_equal(task(&x, 1)->outcome, OUTCOME_EXITED);
    end(&x);
}

TEST(accesses_that_nothing_maps_are_skipped)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(1000), PAGE(10), ABI_PROT_READ, 0, 0, 0});
    op(&x, s, HWT_OP_FILE, (u64[]){1, 1, 1, PAGE(2), HWT_FILE_REGULAR});
    map(&x, s, 2000, 10, 1);
    touch(&x, s, HWT_WRITE, 1000, 3, 10); /* read-only: the program caught the signal */
    touch(&x, s, HWT_READ, 1000, 3, 10);
    touch(&x, s, HWT_READ, 2000, 4, 10); /* two pages past the end of the file */
    touch(&x, s, HWT_READ, 5, 2, 10);
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.skipped, 3 + 2 + 2);
    assert_int_equal(task(&x, 1)->outcome, OUTCOME_EXITED);
    end(&x);
}

/* A stack that was moved far up from where it was mapped grows only as far as its pages have an
 * identity. */
TEST(a_stack_that_was_moved_grows_until_its_identity_ends)
{
    const u64 low = 40, high = 1ull << 30;
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(low), PAGE(8), RW, HWT_MAP_STACK, 0, 0});
    touch(&x, s, HWT_WRITE, low, 1, 10); /* from now on the pages keep the identity */
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(low), PAGE(8), PAGE(high), PAGE(8)});
    touch(&x, s, HWT_WRITE, high - low - 1, 1, 10);
    touch(&x, s, HWT_WRITE, high - low, 1, 10);
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.skipped, 1);
    assert_int_equal(task(&x, 1)->minflt, 2);
    end(&x);
}

TEST(a_file_is_read_once_and_found_again)
{
    struct fixture x;
    u32 s = begin(&x);

    map(&x, s, 1000, 8, 0);
    op(&x, s, HWT_OP_FILE, (u64[]){1, 1, 1, PAGE(64), HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_OPEN, (u64[]){7, 1, HWT_OPEN_READ});
    op(&x, s, HWT_OP_FADVISE, (u64[]){7, 1, 0, 0, 1});
    for (unsigned round = 0; round < 2; round++)
        for (u64 i = 0; i < 8; i++)
            op(&x, s, HWT_OP_READ, (u64[]){7, 1, PAGE(8 * i), PAGE(8), PAGE(1000)});
    op(&x, s, HWT_OP_CLOSE, (u64[]){7});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.system.counters.v[PGPGIN], 64 * 8); /* sectors */
    assert_true(task(&x, 1)->wait_ns[WAIT_READ] > 0);
    end(&x);
}

/* A file system gives the number of a removed file to the next one. The removal was not recorded
 * (another program did it), and a process of ours still has the file open for its mappings. */
TEST(a_number_that_comes_again_names_another_file)
{
    for (u64 second = 5; second <= 6; second++) {
        struct fixture x;
        u32 s = begin(&x);

        (void)state;
        map(&x, s, 1000, 8, 0);
        for (u64 instance = 5; instance <= second; instance++) {
            trace_writer_op_all(x.w, s, HWT_OP_FILE, 0,
                                (u64[]){instance, 1, 1, PAGE(8), HWT_FILE_REGULAR, instance}, "/f");
            map(&x, s, 2000, 4, instance);
            op(&x, s, HWT_OP_OPEN, (u64[]){instance, instance, HWT_OPEN_READ});
            op(&x, s, HWT_OP_READ, (u64[]){instance, instance, 0, PAGE(8), PAGE(1000)});
            op(&x, s, HWT_OP_CLOSE, (u64[]){instance});
            op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(2000), PAGE(4)});
        }
        leave(&x, s);
        assert_int_equal(run(&x), REPLAY_COMPLETED);
        assert_int_equal(x.replay.stats.bad_ops, 0);
        assert_int_equal(x.system.counters.v[PGPGIN], (second - 4) * 8 * 8); /* sectors */
        end(&x);
    }
}

/* --- who starts when -------------------------------------------------------------------------- */

TEST(children_images_and_threads_start_in_their_places)
{
    struct fixture x;
    u32 s = begin(&x), child, image, thread;

    map(&x, s, 1000, 50, 0);
    touch(&x, s, HWT_WRITE, 1000, 50, 10);
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = process(&x, 2, 1, HWT_PROC_FORKED);
    touch(&x, child, HWT_WRITE, 1000, 5, 10);
    trace_writer_op(x.w, child, HWT_OP_EXEC, 0, NULL, "image");
    image = process(&x, 2, 1, HWT_PROC_EXEC);
    map(&x, image, 3000, 20, 0);
    touch(&x, image, HWT_WRITE, 3000, 10, 10);
    thread = trace_writer_stream(x.w);
    op(&x, thread, HWT_OP_THREAD_START, (u64[]){2, 3});
    touch(&x, thread, HWT_WRITE, 3010, 10, 10);
    op(&x, thread, HWT_OP_EXIT, (u64[]){0});
    leave(&x, image);
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_CHILD, 1, 3});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.skipped, 0);
    assert_int_equal(x.replay.stats.dropped_streams, 0);
    assert_int_equal(x.replay.stats.forced, 0);
    assert_int_equal(x.replay.stats.unfinished_streams, 0);
    assert_int_equal(x.system.nr_tasks, 3);
    assert_int_equal(task(&x, 2)->minflt, 5 + 10); /* copies of the parent's pages, then its own */
    assert_int_equal(task(&x, 3)->minflt, 10);
    assert_string_equal(task(&x, 2)->comm, "test");
    assert_true(task(&x, 1)->end_ns >= task(&x, 2)->end_ns);
    end(&x);
}

TEST(a_stream_nobody_starts_is_dropped_not_waited_for)
{
    struct fixture x;
    u32 s = begin(&x), orphan;

    orphan = process(&x, 9, 8, HWT_PROC_FORKED);
    leave(&x, orphan);
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_LOCK, 1, 1});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.dropped_streams, 1);
    end(&x);
}

TEST(a_recording_without_its_end_is_played_to_where_it_goes)
{
    struct fixture x;
    u32 s = begin(&x);

    map(&x, s, 1000, 10, 0);
    touch(&x, s, HWT_WRITE, 1000, 10, 10);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.unfinished_streams, 1);
    assert_int_equal(task(&x, 1)->minflt, 10);
    end(&x);
}

TEST(a_child_closes_its_own_handles_only)
{
    struct fixture x;
    u32 s = begin(&x), child;

    op(&x, s, HWT_OP_FILE, (u64[]){1, 1, 1, PAGE(64), HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_OPEN, (u64[]){7, 1, HWT_OPEN_READ});
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = process(&x, 2, 1, HWT_PROC_FORKED);
    op(&x, child, HWT_OP_UNLINK, (u64[]){1});
    op(&x, child, HWT_OP_CLOSE, (u64[]){7});
    leave(&x, child);
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_CHILD, 1, 4});
    op(&x, s, HWT_OP_READ, (u64[]){7, 1, 0, PAGE(64), 0}); /* removed, but still open here */
    op(&x, s, HWT_OP_CLOSE, (u64[]){7});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.system.counters.v[PGPGIN], 64 * 8);
    assert_int_equal(x.system.counters.v[NR_FILE_PAGES],
                     0); /* with the last handle went the file */
    end(&x);
}

/* --- waiting ---------------------------------------------------------------------------------- */

TEST(a_sleep_takes_its_time_and_a_poll_that_nobody_disturbs_too)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_SLEEP, 5 * NS_PER_MS, 1});
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_POLL, 7 * NS_PER_MS, 1});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_in_range(virtual_ns(&x), 12 * NS_PER_MS, 12 * NS_PER_MS + 100 * NS_PER_US);
    assert_int_equal(task(&x, 1)->wait_ns[WAIT_SLEEP], 12 * NS_PER_MS);
    end(&x);
}

/* Each of many waits for all that were before it: the last one's wait ends when the others have
 * ended, one after the other. */
TEST(many_wait_in_a_row)
{
    enum { KIDS = 500 };
    struct fixture x;
    u32 s = begin(&x), kids[KIDS];

    map(&x, s, 1000, 1, 0);
    for (u32 i = 0; i < KIDS; i++) {
        op(&x, s, HWT_OP_FORK, (u64[]){2 + i, 0});
        kids[i] = process(&x, 2 + i, 1, HWT_PROC_FORKED);
    }
    for (u32 i = 0; i < KIDS; i++) {
        op(&x, kids[i], HWT_OP_WAIT, (u64[]){HWT_WAIT_PIPE, 1, 1});
        touch(&x, kids[i], HWT_READ, 1000, 1, 1000000);
        leave(&x, kids[i]);
    }
    leave(&x, s);
    x.cpus = 4;
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.forced, 0);
    assert_true(virtual_ns(&x) >= KIDS * 1000000ull * x.system.cost.instruction_x100 / 100);
    end(&x);
}

TEST(recorded_time_has_an_end)
{
    struct fixture x;
    u32 s = begin(&x);

    map(&x, s, 1000, 1, 0);
    for (unsigned i = 0; i < 8;
         i++) { /* would overflow a clock of 64 bits, and take an age of timers */
        op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_SLEEP, UINT64_MAX >> 1, 1});
        trace_writer_access(x.w, s, HWT_WRITE, 1000, UINT64_MAX >> 4);
    }
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_in_range(virtual_ns(&x), 100 * 24 * 3600 * NS_PER_S, 101 * 24 * 3600 * NS_PER_S);
    end(&x);
}

/* A thread waits for a lock that another holds while it works: the wait ends when the work is done,
 * however long that was natively. */
TEST(a_lock_is_had_when_the_others_have_passed)
{
    for (unsigned cpus = 1; cpus <= 2; cpus++) {
        struct fixture x;
        u32 s = begin(&x), thread;

        (void)state;
        x.cpus = cpus;
        map(&x, s, 1000, 10, 0);
        thread = trace_writer_stream(x.w);
        op(&x, thread, HWT_OP_THREAD_START, (u64[]){1, 2});
        touch(&x, thread, HWT_WRITE, 1000, 4, 5 * INSTRUCTIONS_PER_MS); /* 20 ms of work */
        op(&x, thread, HWT_OP_MADVISE, (u64[]){PAGE(1000), PAGE(1), 0});
        op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_LOCK, 1, 2});
        touch(&x, s, HWT_WRITE, 1005, 1, 5 * INSTRUCTIONS_PER_MS);
        op(&x, thread, HWT_OP_EXIT, (u64[]){0});
        leave(&x, s);
        assert_int_equal(run(&x), REPLAY_COMPLETED);
        assert_in_range(virtual_ns(&x), 25 * NS_PER_MS, 26 * NS_PER_MS);
        assert_in_range(task(&x, 1)->wait_ns[WAIT_SLEEP], 19 * NS_PER_MS, 21 * NS_PER_MS);
        assert_int_equal(x.replay.stats.forced, 0);
        end(&x);
    }
}

TEST(two_processes_share_one_cpu_and_not_two)
{
    for (unsigned cpus = 1; cpus <= 2; cpus++) {
        struct fixture x;
        u32 s = begin(&x), other;

        x.cpus = cpus;
        op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
        other = process(&x, 2, 1, HWT_PROC_FORKED);
        map(&x, s, 1000, 10, 0);
        map(&x, other, 1000, 10, 0);
        for (unsigned i = 0; i < 100; i++) { /* 30 ms each */
            touch(&x, s, HWT_WRITE, 1000, 1, INSTRUCTIONS_PER_MS * 3 / 10);
            touch(&x, other, HWT_WRITE, 1000, 1, INSTRUCTIONS_PER_MS * 3 / 10);
        }
        leave(&x, other);
        leave(&x, s);
        assert_int_equal(run(&x), REPLAY_COMPLETED);
        if (cpus == 1) {
            assert_in_range(virtual_ns(&x), 60 * NS_PER_MS, 61 * NS_PER_MS);
            /* Neither had to wait for the other's end. */
            assert_true(task(&x, 1)->end_ns - task(&x, 2)->end_ns < 4 * NS_PER_MS ||
                        task(&x, 2)->end_ns - task(&x, 1)->end_ns < 4 * NS_PER_MS);
        } else {
            assert_in_range(virtual_ns(&x), 30 * NS_PER_MS, 31 * NS_PER_MS);
        }
        end(&x);
    }
}

/* --- memory runs out -------------------------------------------------------------------------- */

TEST(a_killed_process_takes_what_it_would_have_started_with_it)
{
    struct fixture x;
    u32 s = begin(&x), child, grandchild;

    x.memory_max = 8 * MIB;
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = process(&x, 2, 1, HWT_PROC_FORKED);
    map(&x, child, 10000, 4096, 0);
    touch(&x, child, HWT_WRITE, 10000, 4096, 10); /* 16 MiB, no swap */
    op(&x, child, HWT_OP_FORK, (u64[]){3, 0});
    grandchild = process(&x, 3, 2, HWT_PROC_FORKED);
    leave(&x, grandchild);
    leave(&x, child);
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_CHILD, 1, 5});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_OOM);
    assert_int_equal(task(&x, 2)->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(task(&x, 1)->outcome, OUTCOME_EXITED);
    assert_int_equal(x.replay.stats.dropped_streams, 1);
    assert_int_equal(x.replay.stats.forced, 0);
    end(&x);
}

TEST(time_has_a_bound_when_one_is_set)
{
    struct fixture x;
    u32 s = begin(&x);

    x.max_ns = 10 * NS_PER_MS;
    map(&x, s, 1000, 10, 0);
    for (unsigned i = 0; i < 100; i++)
        touch(&x, s, HWT_WRITE, 1000, 10, INSTRUCTIONS_PER_MS / 10);
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_THRASH);
    assert_in_range(virtual_ns(&x), 10 * NS_PER_MS, 14 * NS_PER_MS);
    end(&x);
}

/* --- the same again --------------------------------------------------------------------------- */

TEST(streamed_and_decoded_replays_are_the_same)
{
    struct fixture x;
    struct counters first;
    ns_t first_ns;
    u32 s = begin(&x), thread;

    x.memory_max = 4 * MIB;
    x.cpus = 2;
    op(&x, s, HWT_OP_FILE, (u64[]){1, 1, 1, 16 * MIB, HWT_FILE_REGULAR});
    map(&x, s, 10000, 4096, 1);
    map(&x, s, 50000, 256, 0);
    thread = trace_writer_stream(x.w);
    op(&x, thread, HWT_OP_THREAD_START, (u64[]){1, 2});
    for (u64 i = 0; i < 20000; i++) {
        touch(&x, s, HWT_READ, 10000 + i * 7919 % 4096, 1, 500);
        touch(&x, thread, HWT_WRITE, 50000 + i * 31 % 256, 1, 900);
    }
    op(&x, thread, HWT_OP_EXIT, (u64[]){0});
    leave(&x, s);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_true(x.system.counters.v[WORKINGSET_REFAULT_FILE] > 1000);
    first = x.system.counters;
    first_ns = virtual_ns(&x);
    stop(&x);
    x.mode = TRACE_STREAMED;
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_false(x.trace->decoded);
    assert_int_equal(virtual_ns(&x), first_ns);
    assert_memory_equal(&x.system.counters, &first, sizeof(first));
    end(&x);
}

/* A program that warms up with 200 pages, sets a mark, and goes on with 10 of them. */
static void warm_up(struct fixture *x)
{
    u32 s = begin(x);

    map(x, s, 1000, 200, 0);
    touch(x, s, HWT_WRITE, 1000, 200, 1000);
    op(x, s, HWT_OP_MUNMAP, (u64[]){PAGE(1000), PAGE(190)});
    trace_writer_mark(x->w, "warm", 1);
    map(x, s, 2000, 10, 0);
    touch(x, s, HWT_WRITE, 2000, 10, 1000);
    trace_writer_mark(x->w, "done", 2);
    map(x, s, 3000, 50, 0);
    touch(x, s, HWT_WRITE, 3000, 50, 1000);
    leave(x, s);
}

/* Two threads on two CPUs. The first computes for 10 ms before it unmaps what the second then maps,
 * at the same address. */
TEST(threads_that_use_an_address_in_turn_do_so_in_a_replay)
{
    const u64 anywhere = HWT_MAP_ANYWHERE;
    struct fixture x;
    u32 first = begin(&x), second;

    x.cpus = 2;
    x.placed = true;
    op(&x, first, HWT_OP_MMAP, (u64[]){PAGE(1000), PAGE(10), RW, anywhere, 0, 0});
    op(&x, first, HWT_OP_MMAP, (u64[]){PAGE(3000), PAGE(10), RW, anywhere, 0, 0});
    second = trace_writer_stream(x.w);
    op(&x, second, HWT_OP_THREAD_START, (u64[]){1, 2, 0});
    touch(&x, first, HWT_WRITE, 1000, 10, INSTRUCTIONS_PER_MS);
    op(&x, first, HWT_OP_MUNMAP, (u64[]){PAGE(1000), PAGE(10)});
    op(&x, second, HWT_OP_MMAP, (u64[]){PAGE(1000), PAGE(10), RW, anywhere, 0, 0});
    touch(&x, second, HWT_WRITE, 1000, 10, 100);
    op(&x, second, HWT_OP_EXIT, (u64[]){0});
    leave(&x, first);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.skipped, 0);
    assert_int_equal(x.replay.stats.forced, 0);
    assert_int_equal(x.system.counters.v[PGFAULT], 20);
    assert_true(virtual_ns(&x) >= 10 * NS_PER_MS);
    end(&x);
}

static struct trace_place at_stamp(u64 stamp)
{
    return (struct trace_place){TRACE_PLACE_STAMP, stamp};
}

TEST(what_comes_before_a_mark_is_not_judged)
{
    struct fixture x;

    warm_up(&x);
    x.from = at_stamp(3); /* start, map, unmap */
    x.to = at_stamp(4);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_true(x.replay.window.begun && x.replay.window.ended);
    assert_int_equal(x.before.counters[PGFAULT], 200);
    assert_int_equal(x.system.counters.v[PGFAULT] - x.before.counters[PGFAULT], 10);
    assert_int_equal(task(&x, 1)->minflt - tally_task(&x.before, 0)->minflt, 10);
    assert_int_equal(x.replay.stats.events, 11); /* the map and its accesses */
    assert_true(virtual_ns(&x) >= 10 * 400 && virtual_ns(&x) < 10 * 2000);
    assert_true(x.replay.window.begun_ns >= 200 * 400);
    /* The peak of the warm-up is not that of the window. */
    assert_in_range(x.group->memory.peak, 20, 150);
    assert_int_equal(task(&x, 1)->outcome, OUTCOME_NONE);
    end(&x);
}

TEST(what_follows_a_wait_that_a_mark_falls_into_is_judged)
{
    static const enum hwt_wait_kind kinds[] = {HWT_WAIT_SLEEP, HWT_WAIT_LOCK};

    for (unsigned i = 0; i < 2; i++) {
        struct fixture x;
        u32 s = begin(&x);

        map(&x, s, 1000, 200, 0);
        touch(&x, s, HWT_WRITE, 1000, 150, 1000);
        trace_writer_mark(x.w, "warm", 1);
        op(&x, s, HWT_OP_WAIT, (u64[]){kinds[i], NS_PER_MS, 1});
        touch(&x, s, HWT_WRITE, 1150, 50, 1000);
        leave(&x, s);
        x.from = at_stamp(2);
        assert_int_equal(run(&x), REPLAY_COMPLETED);
        assert_true(x.replay.window.begun);
        assert_int_equal(x.before.counters[PGFAULT], 150);
        assert_int_equal(x.system.counters.v[PGFAULT], 200);
        assert_int_equal(x.replay.stats.forced, 0);
        end(&x);
    }
}

TEST(a_time_that_a_sleep_goes_over_comes_before_what_follows_it)
{
    struct fixture x;
    u32 s = begin(&x);

    map(&x, s, 1000, 200, 0);
    touch(&x, s, HWT_WRITE, 1000, 150, 1000);
    op(&x, s, HWT_OP_WAIT, (u64[]){HWT_WAIT_SLEEP, NS_PER_S, 1});
    touch(&x, s, HWT_WRITE, 1150, 50, 1000);
    leave(&x, s);
    x.to = (struct trace_place){TRACE_PLACE_NS, NS_PER_S / 2};
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_true(x.replay.window.ended);
    assert_int_equal(x.system.counters.v[PGFAULT], 150);
    end(&x);
}

TEST(a_place_may_be_a_number_of_events)
{
    struct fixture x;

    warm_up(&x);
    x.from = (struct trace_place){TRACE_PLACE_EVENTS, 203};
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_true(x.replay.window.begun);
    assert_true(x.replay.window.begun_events >= 203);
    assert_int_equal(x.replay.stats.events + x.replay.window.begun_events,
                     x.trace->nr_accesses + x.trace->nr_ops);
    end(&x);
}

TEST(a_mark_that_nobody_comes_to_begins_nothing)
{
    struct fixture x;

    warm_up(&x);
    x.from = at_stamp(3);
    x.memory_max = PAGE(100);
    assert_int_equal(run(&x), REPLAY_OOM);
    assert_false(x.replay.window.begun);
    stop(&x);
    x.replay = (struct replay){0};
    x.memory_max = 0;
    x.from = at_stamp(1000000); /* beyond the end */
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_false(x.replay.window.begun);
    end(&x);
}

/* A parent that computes for 10 ms before its mark, and a child that has nothing to wait for. */
TEST(nobody_passes_a_mark_before_all_have_come_to_it)
{
    struct fixture x;
    u32 parent = begin(&x), child;

    x.cpus = 2;
    op(&x, parent, HWT_OP_FORK, (u64[]){2, 0});
    child = process(&x, 2, 1, HWT_PROC_FORKED);
    map(&x, parent, 1000, 10, 0);
    touch(&x, parent, HWT_WRITE, 1000, 10, INSTRUCTIONS_PER_MS);
    map(&x, parent, 2000, 10, 0);
    trace_writer_mark(x.w, "warm", 1);
    map(&x, child, 2000, 10, 0);
    touch(&x, child, HWT_WRITE, 2000, 10, 100);
    leave(&x, child);
    leave(&x, parent);
    x.from = at_stamp(5);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.forced, 0);
    assert_true(x.replay.window.begun_ns >= 10 * NS_PER_MS);
    assert_true(task(&x, 2)->end_ns >= 10 * NS_PER_MS);
    assert_true(virtual_ns(&x) < NS_PER_MS);
    end(&x);
}

/* The child's first operation has a lower stamp than the fork that makes it. */
TEST(a_fork_is_not_held_up_by_a_mark_behind_its_child)
{
    struct fixture x;
    u32 parent = begin(&x), child;

    child = process(&x, 2, 1, HWT_PROC_FORKED);
    trace_writer_mark(x.w, "warm", 1);
    op(&x, parent, HWT_OP_FORK, (u64[]){2, 0});
    leave(&x, child);
    leave(&x, parent);
    x.from = at_stamp(2);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_int_equal(x.replay.stats.dropped_streams, 0);
    assert_int_equal(task(&x, 2)->outcome, OUTCOME_EXITED);
    end(&x);
}

/* A parent that needs 500 pages and reads a file, and a child that reads the same file and needs
 * 10. */
TEST(one_process_is_judged_and_the_others_run_beside_it)
{
    static const bool only[] = {false, true};
    struct fixture x;
    u32 parent = begin(&x), child;

    map(&x, parent, 1000, 500, 0);
    touch(&x, parent, HWT_WRITE, 1000, 500, 1000);
    op(&x, parent, HWT_OP_FILE, (u64[]){1, 8, 77, PAGE(64), HWT_FILE_REGULAR});
    op(&x, parent, HWT_OP_OPEN, (u64[]){1, 1, 1});
    op(&x, parent, HWT_OP_READ, (u64[]){1, 1, 0, PAGE(64), 0});
    op(&x, parent, HWT_OP_FORK, (u64[]){2, 0});
    child = process(&x, 2, 1, HWT_PROC_FORKED);
    op(&x, child, HWT_OP_READ, (u64[]){1, 1, 0, PAGE(64), 0});
    map(&x, child, 5000, 10, 0);
    touch(&x, child, HWT_WRITE, 5000, 10, 1000);
    leave(&x, child);
    touch(&x, parent, HWT_READ, 1000, 100, INSTRUCTIONS_PER_MS);
    leave(&x, parent);
    x.only = only;
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    assert_true(x.replay.window.begun);
    assert_ptr_equal(task(&x, 2)->group, x.group);
    assert_ptr_not_equal(task(&x, 1)->group, x.group);
    assert_int_equal(group_counter(x.group, NR_FILE_PAGES),
                     0); /* what the parent read is its own */
    assert_true(group_counter(x.group, PGFAULT) <= 20);
    assert_true(x.group->memory.peak < 200);
    /* It is over with the child: the parent's 100 ms do not matter. */
    assert_true(virtual_ns(&x) < 10 * NS_PER_MS);
    assert_int_equal(task(&x, 1)->outcome, OUTCOME_NONE);
    end(&x);
}

static unsigned node_of(const struct fixture *x, u64 page)
{
    for (u32 i = 0; i < x->system.nr_tasks; i++)
        if (x->system.tasks[i]->pid == 1)
            return (unsigned)system_page_node(&x->system, x->system.tasks[i], PAGE(page));
    fail();
    return 0;
}

TEST(policies_and_affinities_are_those_of_the_machine_that_plays_them)
{
    struct fixture x;
    u32 a;

    a = begin(&x);
    x.cpus = x.nodes = 2;
    map(&x, a, 0x1000, 50, 0);
    op(&x, a, HWT_OP_SET_MEMPOLICY, (u64[]){MPOL_BIND, 6}); /* of nodes 1 and 2 there is 1 */
    touch(&x, a, HWT_WRITE, 0x1000, 10, 1000);
    op(&x, a, HWT_OP_SET_MEMPOLICY, (u64[]){MPOL_BIND, 4}); /* nothing is left of it */
    touch(&x, a, HWT_WRITE, 0x100a, 10, 1000);
    op(&x, a, HWT_OP_MBIND, (u64[]){PAGE(0x1014), PAGE(10), MPOL_BIND, 1, 0});
    touch(&x, a, HWT_WRITE, 0x1014, 10, 1000);
    op(&x, a, HWT_OP_SET_MEMPOLICY, (u64[]){MPOL_DEFAULT, 0});
    op(&x, a, HWT_OP_AFFINITY, (u64[]){1, 2});
    touch(&x, a, HWT_WRITE, 0x101e, 10, 1000);
    op(&x, a, HWT_OP_AFFINITY, (u64[]){1, 0x10});
    op(&x, a, HWT_OP_AFFINITY, (u64[]){77, 1}); /* nobody */
    op(&x, a, HWT_OP_AFFINITY, (u64[]){1, 5});
    touch(&x, a, HWT_WRITE, 0x1028, 10, 1000);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    for (u64 page = 0x1000; page < 0x1032; page++)
        assert_int_equal(node_of(&x, page), page < 0x1014 ? 1 : page < 0x101e ? 0 : page < 0x1028);
    assert_int_equal(x.replay.stats.nodes_cut, 2);
    assert_int_equal(x.replay.stats.nodes_absent, 2);
    assert_int_equal(x.replay.stats.bad_ops, 1);
    end(&x);
}

/* Whom another thread binds elsewhere leaves its CPU at once, running or waiting for its turn. */
TEST(a_thread_that_is_bound_to_another_cpu_goes_there)
{
    struct fixture x;
    u32 a, b;

    a = begin(&x);
    x.cpus = 2;
    map(&x, a, 0x1000, 1000, 0);
    op(&x, a, HWT_OP_AFFINITY, (u64[]){1, 1});
    b = trace_writer_stream(x.w);
    op(&x, b, HWT_OP_THREAD_START, (u64[]){1, 2});
    op(&x, b, HWT_OP_AFFINITY, (u64[]){2, 1});
    touch(&x, b, HWT_WRITE, 0x1000, 20, INSTRUCTIONS_PER_MS);
    touch(&x, a, HWT_WRITE, 0x1100, 5, INSTRUCTIONS_PER_MS);
    op(&x, a, HWT_OP_AFFINITY, (u64[]){2, 2});
    touch(&x, a, HWT_WRITE, 0x1200, 15, INSTRUCTIONS_PER_MS);
    assert_int_equal(run(&x), REPLAY_COMPLETED);
    /* They share CPU 0 for 8 to 14 ms, by who is in the middle of a slice; then each has its own.
     * One CPU would take 40 ms, two 20. */
    assert_in_range(virtual_ns(&x), 22 * NS_PER_MS, 30 * NS_PER_MS);
    assert_in_range(x.system.cpu_times[1].user_ns, 9 * NS_PER_MS, 19 * NS_PER_MS);
    end(&x);
}

TEST_MAIN()
