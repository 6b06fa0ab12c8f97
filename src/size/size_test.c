/* size_test.c - sweeps over recordings whose needs are known. */
#include "base/test.h"

#include "base/units.h"
#include "size/size.h"
#include "trace/trace_writer.h"

#include <string.h>

#define PAGE(n) ((u64)(n) << HWT_PAGE_SHIFT)

/* A process that writes `nr` anonymous pages over and over, and before that reads a file of `file`
 * pages once. */
static u8 *make_trace(u64 nr, u64 file, unsigned rounds, size_t *ret_count)
{
    struct trace_writer *w;
    u8 *bytes;
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "loop");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(nr), 3, 0, 0, 0}, NULL);
    for (u64 i = 0; i < nr; i++)
        trace_writer_access(w, s, HWT_WRITE, 1000 + i, 100);
    if (file) {
        trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 1, 1, PAGE(file), 0}, "/f");
        trace_writer_op(w, s, HWT_OP_OPEN, 0, (u64[]){1, 1, 1}, NULL);
        for (u64 i = 0; i < file; i += 32)
            trace_writer_op(w, s, HWT_OP_READ, 0, (u64[]){1, 1, PAGE(i), PAGE(32), 0}, NULL);
    }
    for (unsigned round = 0; round < rounds; round++)
        for (u64 i = 0; i < nr; i++)
            trace_writer_access(w, s, HWT_WRITE, 1000 + i, 20000);
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, ret_count, NULL), 0);
    return bytes;
}

struct sweep {
    u8 *bytes;
    struct trace *trace;
    struct system_config machine;
    struct size_config config;
    struct size_result result;
};

static void open_sweep(struct sweep *s, u64 nr, u64 file)
{
    size_t count;

    *s = (struct sweep){0};
    s->bytes = make_trace(nr, file, 10, &count);
    assert_int_equal(trace_open_bytes(s->bytes, count, "t", NULL, &s->trace, NULL), 0);
    system_config_init(&s->machine);
    s->machine.thp = "never";
    s->machine.ram_bytes = GIB;
    s->machine.nr_cpus = 1;
    s->config = (struct size_config){
        .trace = s->trace,
        .machine = &s->machine,
        .jobs = 2,
        .max_slowdown = SIZE_MAX_SLOWDOWN,
        .usable_slowdown = SIZE_USABLE_SLOWDOWN,
    };
}

static void close_sweep(struct sweep *s)
{
    size_result_done(&s->result);
    trace_close(s->trace);
    free(s->bytes);
}

static const struct size_row *row(const struct sweep *s, u64 limit)
{
    for (size_t i = 0; i < s->result.rows.count; i++)
        if (s->result.rows.items[i].limit_bytes == limit)
            return &s->result.rows.items[i];
    fail();
    return NULL;
}

TEST(anonymous_memory_without_swap_is_needed_whole)
{
    struct sweep s;

    open_sweep(&s, 2048, 0); /* 8 MiB */
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_true(s.result.usable.found && s.result.survives.found);
    assert_in_range(s.result.usable.limit_bytes, 8 * MIB, 8 * MIB + 400 * KIB);
    assert_in_range(s.result.usable.fails_bytes, 8 * MIB - 256 * KIB, 8 * MIB + 400 * KIB);
    assert_int_equal(row(&s, s.result.usable.fails_bytes)->outcome, REPLAY_OOM);
    assert_true(s.result.usable.limit_bytes >= s.result.usable.fails_bytes * 100 / 98 ||
                s.result.usable.limit_bytes >= s.result.unlimited.peak_bytes);
    assert_true(row(&s, s.result.usable.bare_bytes)->survives);
    assert_int_equal(s.result.unlimited.disposable_bytes, 0);
    assert_true(s.result.advice.found);
    assert_true(s.result.advice.max_bytes >= s.result.usable.limit_bytes);
    assert_true(s.result.peak_plus_15 > s.result.unlimited.peak_bytes);
    close_sweep(&s);
}

TEST(a_file_read_once_is_disposable)
{
    struct sweep s;

    open_sweep(&s, 1024, 4096); /* 4 MiB needed, 16 MiB of cache that nobody reads again */
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_true(s.result.unlimited.peak_bytes >= 20 * MIB);
    assert_in_range(s.result.usable.limit_bytes, 4 * MIB, 6 * MIB);
    assert_in_range(s.result.unlimited.disposable_bytes, 14 * MIB, 16 * MIB);
    assert_true(s.result.advice.max_bytes < 8 * MIB);
    assert_non_null(strstr(s.result.advice.reason, "page cache"));
    close_sweep(&s);
}

TEST(less_swap_than_needed_thrashes_or_dies_and_enough_survives)
{
    u64 limits[] = {4 * MIB, 16 * MIB};
    struct sweep s;

    open_sweep(&s, 2048, 0);
    s.machine.nr_swaps = 1;
    s.machine.swaps[0] =
        (struct swap_spec){.name = "/dev/ram0", .bytes = 64 * MIB, .priority = -1, .device = "hdd"};
    s.config.limits = limits;
    s.config.nr_limits = 2;
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_int_equal(s.result.rows.count, 2);
    assert_int_equal(row(&s, 4 * MIB)->outcome, REPLAY_THRASH);
    assert_true(row(&s, 4 * MIB)->pswpin > 0 && row(&s, 4 * MIB)->stall_ns > 0);
    assert_true(row(&s, 16 * MIB)->usable);
    assert_int_equal(s.result.usable.limit_bytes, 16 * MIB);
    /* Nothing smaller was tried, but more than the peak is never advised. */
    assert_true(s.result.advice.max_bytes < 12 * MIB);
    close_sweep(&s);
}

TEST(the_number_of_jobs_changes_nothing)
{
    struct sweep a, b;

    open_sweep(&a, 700, 1500);
    open_sweep(&b, 700, 1500);
    a.config.jobs = 1;
    b.config.jobs = 5;
    assert_int_equal(size_run(&a.config, &a.result, NULL), 0);
    assert_int_equal(size_run(&b.config, &b.result, NULL), 0);
    assert_int_equal(a.result.rows.count, b.result.rows.count);
    for (size_t i = 0; i < a.result.rows.count; i++) {
        const struct size_row *x = &a.result.rows.items[i], *y = &b.result.rows.items[i];

        assert_int_equal(x->limit_bytes, y->limit_bytes);
        assert_int_equal(x->source, y->source);
        assert_int_equal(x->virtual_ns, y->virtual_ns);
        assert_int_equal(x->refault_file, y->refault_file);
        assert_int_equal(x->peak_bytes, y->peak_bytes);
    }
    assert_string_equal(a.result.advice.reason, b.result.advice.reason);
    close_sweep(&a);
    close_sweep(&b);
}

TEST(a_machine_that_is_too_small_is_an_error_with_its_remedy)
{
    struct sweep s;
    struct err e = {0};

    open_sweep(&s, 20000, 0);
    s.machine.ram_bytes = 64 * MIB;
    assert_int_equal(size_run(&s.config, &s.result, &e), -ENODATA);
    assert_non_null(strstr(e.text, "--ram"));
    close_sweep(&s);
}

static bool same_rows(const struct size_result *a, const struct size_result *b)
{
    if (a->rows.count != b->rows.count || a->unlimited.virtual_ns != b->unlimited.virtual_ns)
        return false;
    for (size_t i = 0; i < a->rows.count; i++)
        if (a->rows.items[i].limit_bytes != b->rows.items[i].limit_bytes ||
            a->rows.items[i].virtual_ns != b->rows.items[i].virtual_ns)
            return false;
    return true;
}

static u64 smallest_tried(const struct size_result *r)
{
    return r->rows.items[0].limit_bytes;
}

/* All of it is needed, so that what lies far below the peak need not be tried: the answer is the
 * same. */
TEST(the_grid_is_left_where_no_boundary_can_be)
{
    struct size_result whole, chosen;
    struct sweep s;

    open_sweep(&s, 20000, 0);
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    s.config.whole_grid = true;
    assert_int_equal(size_run(&s.config, &whole, NULL), 0);
    s.config.whole_grid = false;
    s.config.grid = 8; /* as many as by default */
    assert_int_equal(size_run(&s.config, &chosen, NULL), 0);
    assert_true(s.result.replays < whole.replays);
    assert_true(smallest_tried(&s.result) > smallest_tried(&whole));
    assert_true(smallest_tried(&s.result) * 4 < s.result.unlimited.peak_bytes * 3);
    assert_int_equal(chosen.replays, whole.replays); /* whoever says how many gets as many */
    assert_int_equal(s.result.survives.limit_bytes, whole.survives.limit_bytes);
    assert_int_equal(s.result.usable.limit_bytes, whole.usable.limit_bytes);
    assert_int_equal(s.result.advice.max_bytes, whole.advice.max_bytes);
    size_result_done(&whole);
    size_result_done(&chosen);
    close_sweep(&s);
}

/* Machines that differ only in speed have one peak, and so each is swept as it is alone. */
TEST(machines_that_are_compared_are_swept_as_alone)
{
    struct system_config machines[3];
    struct size_config configs[3];
    struct size_result results[3];
    unsigned failed = 99;
    struct sweep s;
    struct err e = {0};

    open_sweep(&s, 700, 1500);
    for (unsigned i = 0; i < 3; i++) {
        machines[i] = s.machine;
        machines[i].cost.zero_page += i * 1000;
        configs[i] = s.config;
        configs[i].machine = &machines[i];
        configs[i].whole_grid = true; /* as machines that are compared have it */
    }
    for (unsigned jobs = 1; jobs <= 8; jobs += 7) {
        configs[0].jobs = jobs;
        assert_int_equal(size_compare(configs, 3, results, &failed, &e), 0);
        for (unsigned i = 0; i < 3; i++) {
            struct size_result alone;

            assert_int_equal(size_run(&configs[i], &alone, &e), 0);
            assert_true(same_rows(&alone, &results[i]));
            size_result_done(&alone);
            size_result_done(&results[i]);
        }
        assert_true(results[0].unlimited.virtual_ns < results[2].unlimited.virtual_ns);
    }
    machines[1].ram_bytes = 1; /* no machine at all */
    assert_true(size_compare(configs, 3, results, &failed, &e) < 0);
    assert_int_equal(failed, 1);
    assert_int_equal(results[0].rows.count, 0);
    close_sweep(&s);
}

TEST(a_sweep_can_be_stopped)
{
    volatile int stop = 1;
    struct sweep s;

    open_sweep(&s, 100, 0);
    s.config.stop = &stop;
    assert_int_equal(size_run(&s.config, &s.result, NULL), -EINTR);
    close_sweep(&s);
}

/* A start that takes 3,000 pages and gives them back, a mark, and then 400 pages over and over. */
TEST(what_comes_before_the_judged_part_sizes_nothing)
{
    static const u64 limits[] = {4 * MIB};
    struct trace_writer *w;
    struct sweep s = {0};
    size_t count;
    u32 stream;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    stream = trace_writer_stream(w);
    trace_writer_op(w, stream, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "two phases");
    trace_writer_op(w, stream, HWT_OP_MMAP, 0, (u64[]){PAGE(9000), PAGE(3000), 3, 0, 0, 0}, NULL);
    for (u64 i = 0; i < 3000; i++)
        trace_writer_access(w, stream, HWT_WRITE, 9000 + i, 100);
    trace_writer_op(w, stream, HWT_OP_MUNMAP, 0, (u64[]){PAGE(9000), PAGE(3000)}, NULL);
    trace_writer_op(w, stream, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(400), 3, 0, 0, 0}, NULL);
    for (u64 i = 0; i < 4000; i++)
        trace_writer_access(w, stream, HWT_WRITE, 1000 + i % 400, 100);
    trace_writer_op(w, stream, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &s.bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(s.bytes, count, "t", NULL, &s.trace, NULL), 0);
    system_config_init(&s.machine);
    s.machine.thp = "never";
    s.machine.ram_bytes = GIB;
    s.config = (struct size_config){
        .trace = s.trace,
        .machine = &s.machine,
        .limits = limits,
        .nr_limits = 1,
        .jobs = 1,
        .max_slowdown = SIZE_MAX_SLOWDOWN,
        .usable_slowdown = SIZE_USABLE_SLOWDOWN,
    };
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_true(s.result.unlimited.peak_bytes >= 3000 * PAGE_SIZE);
    assert_int_equal(row(&s, 4 * MIB)->outcome, REPLAY_OOM);
    size_result_done(&s.result);
    s.config.from = (struct trace_place){TRACE_PLACE_STAMP, 3};
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_in_range(s.result.unlimited.peak_bytes, 400 * PAGE_SIZE, 600 * PAGE_SIZE);
    assert_true(s.result.unlimited.lead_ns > 0);
    /* Too little for the start: the judged part never comes. */
    assert_false(row(&s, 4 * MIB)->survives);
    close_sweep(&s);
}

enum pause { NO_PAUSE, PAUSE_BEFORE, PAUSE_BETWEEN, PAUSE_BEHIND };

/* 6 MiB of memory used over and over with a file of 4 MiB, in two halves. */
static u8 *make_halves(enum pause pause, size_t *ret_count)
{
    struct trace_writer *w;
    u8 *bytes;
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "halves");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(1536), 3, 0, 0, 0}, NULL);
    trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 1, 1, PAGE(1024), 0}, "/f");
    trace_writer_op(w, s, HWT_OP_OPEN, 0, (u64[]){1, 1, 1}, NULL);
    for (unsigned half = 0; half < 3; half++) {
        if (pause == PAUSE_BEFORE + half)
            trace_writer_op(w, s, HWT_OP_WAIT, 0, (u64[]){HWT_WAIT_SLEEP, 30 * NS_PER_S, 1}, NULL);
        for (unsigned round = 0; round < 5 && half < 2; round++) {
            for (u64 i = 0; i < 1536; i++)
                trace_writer_access(w, s, HWT_WRITE, 1000 + i, 20000);
            for (u64 i = 0; i < 1024; i += 32)
                trace_writer_op(w, s, HWT_OP_READ, 0, (u64[]){1, 1, PAGE(i), PAGE(32), 0}, NULL);
        }
    }
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, ret_count, NULL), 0);
    return bytes;
}

static void size_bytes_on(struct sweep *s, u8 *bytes, size_t count, const char *disk)
{
    *s = (struct sweep){.bytes = bytes};
    assert_int_equal(trace_open_bytes(bytes, count, "t", NULL, &s->trace, NULL), 0);
    system_config_init(&s->machine);
    s->machine.thp = "never";
    s->machine.ram_bytes = GIB;
    s->machine.nr_cpus = 1;
    s->config = (struct size_config){
        .trace = s->trace,
        .machine = &s->machine,
        .jobs = 2,
        .max_slowdown = SIZE_MAX_SLOWDOWN,
        .usable_slowdown = SIZE_USABLE_SLOWDOWN,
    };
    s->machine.disk = disk;
    assert_int_equal(size_run(&s->config, &s->result, NULL), 0);
}

static void size_bytes(struct sweep *s, u8 *bytes, size_t count)
{
    size_bytes_on(s, bytes, count, "nvme");
}

TEST(sleep_before_between_and_behind_the_work_changes_no_answer)
{
    struct sweep awake, asleep;
    size_t count;
    u8 *bytes = make_halves(NO_PAUSE, &count);

    size_bytes(&awake, bytes, count);
    assert_true(awake.result.usable.found && awake.result.usable.fails_bytes);
    assert_true(awake.result.survives.limit_bytes < awake.result.usable.limit_bytes);
    for (enum pause pause = PAUSE_BEFORE; pause <= PAUSE_BEHIND; pause++) {
        bytes = make_halves(pause, &count);
        size_bytes(&asleep, bytes, count);
        assert_in_range(asleep.result.unlimited.virtual_ns - asleep.result.unlimited.busy_ns,
                        30 * NS_PER_S - NS_PER_MS, 30 * NS_PER_S + NS_PER_MS);
        assert_int_equal(asleep.result.usable.limit_bytes, awake.result.usable.limit_bytes);
        assert_int_equal(asleep.result.usable.fails_bytes, awake.result.usable.fails_bytes);
        assert_int_equal(asleep.result.survives.limit_bytes, awake.result.survives.limit_bytes);
        assert_int_equal(asleep.result.advice.max_bytes, awake.result.advice.max_bytes);
        close_sweep(&asleep);
    }
    close_sweep(&awake);
}

/* A long start, and a server that then answers 200 requests from 6 MiB and a file of 4, whose waits
 * last 1 s each. */
static u8 *make_server(size_t *ret_count)
{
    struct trace_writer *w;
    u8 *bytes;
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "server");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(1536), 3, 0, 0, 0}, NULL);
    trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 1, 1, PAGE(1024), 0}, "/f");
    trace_writer_op(w, s, HWT_OP_OPEN, 0, (u64[]){1, 1, 1}, NULL);
    for (unsigned round = 0; round < 50; round++)
        for (u64 i = 0; i < 1536; i++)
            trace_writer_access(w, s, HWT_WRITE, 1000 + i, 1000000);
    for (unsigned request = 0; request < 200; request++) {
        trace_writer_op(w, s, HWT_OP_WAIT, 0, (u64[]){HWT_WAIT_POLL, NS_PER_S, 1}, NULL);
        for (u64 i = 0; i < 1024; i += 32)
            trace_writer_op(w, s, HWT_OP_READ, 0, (u64[]){1, 1, PAGE(i), PAGE(32), 0}, NULL);
        trace_writer_access(w, s, HWT_WRITE, 1000 + request, 500000);
    }
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, ret_count, NULL), 0);
    return bytes;
}

TEST(requests_are_judged_though_they_take_little_of_the_time)
{
    const struct size_row *slow;
    struct sweep s;
    size_t count;
    u8 *bytes = make_server(&count);

    size_bytes(&s, bytes, count);
    assert_int_equal(s.result.unlimited.requests, 199); /* what follows the last one is none */
    assert_true(s.result.unlimited.latency_ns < NS_PER_MS);
    assert_true(s.result.unlimited.p99_ns >= s.result.unlimited.latency_ns / 2);
    /* Of its memory and its file a little less than all: the whole takes hardly longer, the
     * requests do. */
    assert_true(s.result.usable.limit_bytes >= 9 * MIB);
    slow = row(&s, s.result.usable.fails_bytes);
    assert_true(slow->survives);
    assert_true(slow->slowdown_by == SIZE_BY_REQUESTS || slow->slowdown_by == SIZE_BY_LOAD);
    assert_true(slow->busy_ns * 100 < s.result.unlimited.busy_ns * 110);
    assert_non_null(strstr(s.result.advice.reason, "times as long"));
    close_sweep(&s);
}

/* A program that rewrites a file of 24 MiB through a shared mapping for much longer than the disk
 * takes to write it. */
static u8 *make_writer(size_t *ret_count)
{
    struct trace_writer *w;
    u8 *bytes;
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "writer");
    trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 1, 1, PAGE(6144), 0}, "/f");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(6144), 3, HWT_MAP_SHARED, 1, 0},
                    NULL);
    for (unsigned round = 0; round < 10; round++)
        for (u64 i = 0; i < 6144; i++)
            trace_writer_access(w, s, HWT_WRITE, 1000 + i, 10000);
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, ret_count, NULL), 0);
    return bytes;
}

TEST(a_writer_that_needs_more_than_its_peak_gets_it)
{
    const struct size_result *r;
    struct sweep s;
    size_t count;
    u8 *bytes = make_writer(&count);

    size_bytes_on(&s, bytes, count, "hdd");
    r = &s.result;
    assert_true(r->usable.found);
    assert_true(r->usable.fails_bytes > r->unlimited.peak_bytes);
    assert_true(row(&s, r->usable.limit_bytes)->usable);
    assert_false(row(&s, r->usable.fails_bytes)->usable);
    /* What is said together is true together. */
    assert_true(r->advice.found && r->verified.usable);
    assert_true(r->advice.max_bytes >= r->usable.limit_bytes);
    assert_true(r->usable.low_bytes < r->usable.limit_bytes);
    assert_true(r->usable.high_bytes > r->usable.limit_bytes);
    close_sweep(&s);
}

/* The limits that a user asks for, of which only one above the peak is usable. */
TEST(what_was_asked_for_and_fails_is_not_advised)
{
    u64 limits[] = {26 * MIB, 28 * MIB, 512 * MIB};
    struct sweep s;
    size_t count;
    u8 *bytes = make_writer(&count);

    size_bytes_on(&s, bytes, count, "hdd");
    size_result_done(&s.result);
    s.config.limits = limits;
    s.config.nr_limits = ARRAY_SIZE(limits);
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_int_equal(s.result.usable.limit_bytes, 512 * MIB);
    assert_true(s.result.advice.max_bytes >= 512 * MIB || s.result.verified.usable);
    assert_true(s.result.advice.max_bytes > 28 * MIB);
    close_sweep(&s);
}

/* A program with 8 MiB of its own that asks for pages of a file of 2 MiB, of some more often than
 * of others. */
static u8 *make_slope(size_t *ret_count)
{
    struct trace_writer *w;
    u32 s, at = 1;
    u8 *bytes;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "slope");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(2048), 3, 0, 0, 0}, NULL);
    for (u64 i = 0; i < 2048; i++)
        trace_writer_access(w, s, HWT_WRITE, 1000 + i, 100);
    trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 1, 1, PAGE(512), 0}, "/f");
    trace_writer_op(w, s, HWT_OP_OPEN, 0, (u64[]){1, 1, 1}, NULL);
    for (u64 i = 0; i < 8000; i++) {
        at = at * 1103515245u + 12345u;
        trace_writer_op(w, s, HWT_OP_READ, 0, (u64[]){1, 1, PAGE((at >> 16) % 512), PAGE(1), 0},
                        NULL);
        trace_writer_access(w, s, HWT_WRITE, 1000 + i % 2048, 50000);
    }
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, ret_count, NULL), 0);
    return bytes;
}

/* Between a limit that fails and the smallest usable one lie limits that are slow, and ones that
 * are too near to what fails. */
TEST(a_limit_is_said_to_be_clear_of_the_one_that_fails)
{
    char fails[UNITS_TEXT_MAX], both[UNITS_TEXT_MAX];
    const struct size_result *r;
    u64 limits[8];
    struct sweep s;
    size_t count;
    u8 *bytes = make_slope(&count);

    size_bytes(&s, bytes, count);
    size_result_done(&s.result);
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        limits[i] = 8 * MIB + 768 * KIB + i * 64 * KIB;
    s.config.limits = limits;
    s.config.nr_limits = ARRAY_SIZE(limits);
    s.config.usable_slowdown = 2.9;
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    r = &s.result;
    assert_true(r->survives.fails_bytes < r->usable.fails_bytes);
    assert_true(r->usable.fails_bytes < r->usable.bare_bytes);
    assert_true(row(&s, r->usable.bare_bytes)->near_edge);
    assert_true(r->usable.bare_bytes < r->usable.limit_bytes);
    assert_int_equal(r->usable.clear_of_bytes, r->survives.fails_bytes);
    format_two_bytes(both, r->usable.limit_bytes, fails, r->survives.fails_bytes);
    assert_non_null(strstr(r->advice.reason, fails));
    close_sweep(&s);
}

TEST(a_limit_above_the_peak_that_alone_was_tried_is_no_headroom)
{
    u64 limits[] = {40 * MIB};
    struct sweep s;

    open_sweep(&s, 2048, 0);
    s.config.limits = limits;
    s.config.nr_limits = 1;
    assert_int_equal(size_run(&s.config, &s.result, NULL), 0);
    assert_true(s.result.advice.found && s.result.advice.max_bytes < 10 * MIB);
    assert_non_null(strstr(s.result.advice.reason, "was tried"));
    assert_non_null(strstr(s.result.advice.reason, "above that, for runs"));
    assert_null(strstr(s.result.advice.reason, "is usable"));
    assert_int_equal(s.result.usable.low_bytes, 0);
    close_sweep(&s);
}

TEST_MAIN()
