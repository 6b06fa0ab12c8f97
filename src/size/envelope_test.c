/* envelope_test.c - several recordings as one answer. */
#include "base/test.h"

#include "size/envelope.h"
#include "trace/trace_writer.h"

#include <string.h>

#define PAGE(n) ((u64)(n) << HWT_PAGE_SHIFT)

static struct size_result needs(u64 need, u64 max, u64 high)
{
    return (struct size_result){
        .usable = {.found = need != 0, .limit_bytes = need, .bare_bytes = need},
        .advice = {.found = need != 0, .max_bytes = max, .high_bytes = high, .has_high = high != 0},
    };
}

TEST(the_largest_need_decides_and_the_spread_is_told)
{
    const struct size_result results[] = {
        needs(20 * MIB, 22 * MIB, 20 * MIB),
        needs(50 * MIB, 55 * MIB, 52 * MIB),
        needs(30 * MIB, 33 * MIB, 30 * MIB),
    };
    struct size_envelope e;

    envelope_choose(results, 3, &e);
    assert_int_equal(e.outcome, ENVELOPE_FOUND);
    assert_int_equal(e.most, 1);
    assert_int_equal(e.least, 0);
    assert_int_equal(e.need_bytes, 50 * MIB);
    assert_int_equal(e.spread_bytes, 30 * MIB);
    assert_int_equal(e.max_bytes, 55 * MIB);
    assert_true(e.has_high);
    assert_int_equal(e.high_bytes, 52 * MIB);
}

TEST(memory_high_is_left_out_where_the_one_that_decides_tolerates_none)
{
    const struct size_result results[] = {
        needs(20 * MIB, 22 * MIB, 20 * MIB),
        needs(50 * MIB, 55 * MIB, 0),
    };
    struct size_envelope e;

    envelope_choose(results, 2, &e);
    assert_int_equal(e.max_bytes, 55 * MIB);
    assert_false(e.has_high);
}

TEST(one_recording_without_a_limit_leaves_all_without)
{
    const struct size_result results[] = {
        needs(20 * MIB, 22 * MIB, 20 * MIB),
        needs(0, 0, 0),
    };
    struct size_envelope e;

    envelope_choose(results, 2, &e);
    assert_int_equal(e.outcome, ENVELOPE_NO_NEED);
    assert_int_equal(e.culprit, 1);
}

TEST(a_limit_far_above_the_peak_that_alone_was_tried_is_no_need)
{
    const struct size_result results[] = {
        needs(400 * MIB, 9 * MIB, 8 * MIB), /* --limits 400M of what grows to 8 MiB */
        needs(30 * MIB, 33 * MIB, 30 * MIB),
    };
    struct size_envelope e;

    envelope_choose(results, 2, &e);
    assert_int_equal(e.most, 1);
    assert_int_equal(e.need_bytes, 30 * MIB);
    assert_int_equal(e.spread_bytes, 21 * MIB);
}

/* A process that writes `nr` anonymous pages over and over. */
static struct trace *make_trace(u64 nr, u8 **ret_bytes)
{
    struct trace_writer *w;
    struct trace *t;
    size_t count;
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "loop");
    trace_writer_op(w, s, HWT_OP_MMAP, 0, (u64[]){PAGE(1000), PAGE(nr), 3, 0, 0, 0}, NULL);
    for (unsigned round = 0; round < 8; round++)
        for (u64 i = 0; i < nr; i++)
            trace_writer_access(w, s, HWT_WRITE, 1000 + i, 20000);
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, NULL, ret_bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(*ret_bytes, count, "t", NULL, &t, NULL), 0);
    return t;
}

TEST(every_recording_is_swept_as_alone_and_runs_with_what_is_set)
{
    static const u64 pages[] = {512, 2048, 1024};
    struct size_result results[3] = {0}, alone;
    struct size_config configs[3] = {0};
    struct system_config machine;
    struct size_envelope e;
    struct trace *traces[3];
    unsigned failed;
    u8 *bytes[3];

    system_config_init(&machine);
    machine.thp = "never";
    machine.ram_bytes = GIB;
    machine.nr_cpus = 1;
    for (unsigned i = 0; i < 3; i++) {
        traces[i] = make_trace(pages[i], &bytes[i]);
        configs[i] = (struct size_config){
            .trace = traces[i],
            .machine = &machine,
            .jobs = 2,
            .own_grid = true,
            .max_slowdown = SIZE_MAX_SLOWDOWN,
            .usable_slowdown = SIZE_USABLE_SLOWDOWN,
        };
    }
    assert_int_equal(size_compare(configs, 3, results, &failed, NULL), 0);
    assert_int_equal(envelope_find(configs, results, 3, &e, NULL), 0);
    assert_int_equal(e.outcome, ENVELOPE_FOUND);
    assert_int_equal(e.most, 1);
    assert_int_equal(e.least, 0);
    assert_true(e.max_bytes >= e.need_bytes);
    assert_true(e.replays >= 2);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(e.verified[i].limit_bytes, e.max_bytes);
        assert_int_equal(e.verified[i].high_bytes, e.has_high ? e.high_bytes : UINT64_MAX);
        assert_true(e.verified[i].usable);
        assert_int_equal(size_run(&configs[i], &alone, NULL), 0);
        assert_int_equal(alone.replays, results[i].replays);
        assert_int_equal(alone.usable.limit_bytes, results[i].usable.limit_bytes);
        assert_int_equal(alone.advice.max_bytes, results[i].advice.max_bytes);
        size_result_done(&alone);
    }
    envelope_done(&e);
    for (unsigned i = 0; i < 3; i++) {
        size_result_done(&results[i]);
        trace_close(traces[i]);
        free(bytes[i]);
    }
}

TEST(a_limit_to_try_beside_the_search_has_its_row)
{
    struct system_config machine;
    struct size_result result;
    unsigned asked = 0;
    u8 *bytes;
    struct size_config config = {
        .trace = make_trace(1024, &bytes),
        .machine = &machine,
        .jobs = 1,
        .also_bytes = 3 * MIB + 4096,
        .max_slowdown = SIZE_MAX_SLOWDOWN,
        .usable_slowdown = SIZE_USABLE_SLOWDOWN,
    };

    system_config_init(&machine);
    machine.thp = "never";
    machine.ram_bytes = GIB;
    machine.nr_cpus = 1;
    assert_int_equal(size_run(&config, &result, NULL), 0);
    vec_for_each (&result.rows, row) {
        if (row->source != SIZE_ASKED)
            continue;
        asked++;
        assert_int_equal(row->limit_bytes, config.also_bytes);
        assert_false(row->survives);
    }
    assert_int_equal(asked, 1);
    assert_true(result.advice.found && result.usable.limit_bytes > config.also_bytes);
    size_result_done(&result);
    trace_close((struct trace *)config.trace);
    free(bytes);
}

TEST_MAIN()
