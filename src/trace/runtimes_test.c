/* runtimes_test.c - which programs of small recordings size themselves, and by what. */
#include "base/test.h"

#include "base/abi.h"
#include "trace/runtimes.h"
#include "trace/trace_writer.h"

#include <string.h>

struct fixture {
    struct trace_writer *w;
    u8 *bytes;
    struct trace *t;
    struct runtimes r;
};

static u32 begin(struct fixture *x, const char *comm)
{
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &x->w, NULL), 0);
    s = trace_writer_stream(x->w);
    trace_writer_op(x->w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, comm);
    return s;
}

/* `path` as text: what the dynamic linker does with a library. */
static void map_text(struct fixture *x, u32 s, u64 fid, const char *path)
{
    trace_writer_op(x->w, s, HWT_OP_FILE, 1, (u64[]){fid, 1, fid, 4096, 0}, path);
    trace_writer_op(x->w, s, HWT_OP_MMAP, 1, (u64[]){0x400000 + fid * 4096, 4096, 5, 0, fid, 0},
                    NULL);
}

static void setting(struct fixture *x, u32 s, const char *text)
{
    trace_writer_op(x->w, s, HWT_OP_SETTING, 1, (u64[]){0}, text);
}

static void find(struct fixture *x)
{
    size_t count;

    assert_int_equal(trace_writer_finish(x->w, NULL, &x->bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(x->bytes, count, "t", NULL, &x->t, NULL), 0);
    assert_int_equal(runtimes_find(x->t, NULL, &x->r, NULL), 0);
}

static void end(struct fixture *x)
{
    runtimes_done(&x->r);
    trace_close(x->t);
    free(x->bytes);
}

TEST(a_file_mapped_as_text_tells_the_runtime_and_an_open_one_does_not)
{
    struct fixture x;
    u32 s = begin(&x, "launcher");

    trace_writer_op(x.w, s, HWT_OP_FILE, 1, (u64[]){1, 1, 1, 4096, 0}, "/usr/bin/node");
    trace_writer_op(x.w, s, HWT_OP_MMAP, 1, (u64[]){0x100000, 4096, 1, 0, 1, 0}, NULL);
    map_text(&x, s, 2, "/usr/lib/jvm/lib/server/libjvm.so");
    find(&x);
    assert_int_equal(x.r.uses.count, 1);
    assert_int_equal(x.r.uses.items[0].runtime, RUNTIME_JVM);
    assert_string_equal(x.r.uses.items[0].comm, "launcher");
    assert_string_equal(x.r.uses.items[0].settings, "");
    assert_false(runtime_is_set(&x.r.uses.items[0]));
    end(&x);
}

TEST(settings_go_to_the_runtime_that_has_them)
{
    struct fixture x;
    u32 s = begin(&x, "java");

    setting(&x, s, "GOGC=50");
    setting(&x, s, "-Xms16m");
    setting(&x, s, "JAVA_TOOL_OPTIONS=-Xss1m -Xmx64m");
    map_text(&x, s, 1, "/lib/libjvm.so");
    find(&x);
    assert_string_equal(x.r.uses.items[0].settings, "-Xms16m\nJAVA_TOOL_OPTIONS=-Xss1m -Xmx64m");
    assert_true(runtime_is_set(&x.r.uses.items[0]));
    assert_int_equal(runtime_bound(&x.r.uses.items[0], GIB), 0);
    end(&x);
}

TEST(go_is_known_by_where_its_heap_lies)
{
    struct fixture x;
    u32 s = begin(&x, "server");

    setting(&x, s, "GOMEMLIMIT=64MiB");
    trace_writer_op(x.w, s, HWT_OP_MMAP, 1, (u64[]){0xc000000000, 64 * MIB, 0, 0, 0, 0}, NULL);
    find(&x);
    assert_int_equal(x.r.uses.count, 1);
    assert_int_equal(x.r.uses.items[0].runtime, RUNTIME_GO);
    assert_string_equal(x.r.uses.items[0].settings, "GOMEMLIMIT=64MiB");
    end(&x);
}

TEST(forked_children_are_of_their_parents_program)
{
    struct fixture x;
    u32 s = begin(&x, "postgres"), child;
    bool only[2] = {false, true};

    map_text(&x, s, 1, "/usr/lib/postgresql/15/bin/postgres");
    trace_writer_op(x.w, s, HWT_OP_MMAP, 1,
                    (u64[]){0x7f0000000000, 148 * MIB, 3, HWT_MAP_SHARED, 0, 0}, NULL);
    trace_writer_op(x.w, s, HWT_OP_FORK, 1, (u64[]){2, 0}, NULL);
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED},
                    "postgres");
    find(&x);
    assert_int_equal(x.r.uses.count, 1);
    assert_int_equal(x.r.uses.items[0].processes, 2);
    assert_int_equal(x.r.uses.items[0].shared_bytes, 148 * MIB);
    runtimes_done(&x.r);
    assert_int_equal(runtimes_find(x.t, only, &x.r, NULL), 0); /* --process of the child */
    assert_int_equal(x.r.uses.items[0].processes, 1);
    assert_int_equal(x.r.uses.items[0].pid, 2);
    end(&x);
}

TEST(defaults_follow_the_memory_that_is_seen)
{
    char none[] = "", percent[] = "-XX:MaxRAMPercentage=50";
    const struct runtime_use jvm = {.runtime = RUNTIME_JVM, .settings = none},
                             half = {.runtime = RUNTIME_JVM, .settings = percent},
                             node = {.runtime = RUNTIME_NODE, .settings = none};

    assert_int_equal(runtime_bound(&jvm, 64 * MIB), 32 * MIB); /* as Java 17 says of itself */
    assert_int_equal(runtime_bound(&jvm, 2 * GIB), 512 * MIB);
    assert_int_equal(runtime_bound(&jvm, 400 * MIB) / MIB, 124);
    assert_int_equal(runtime_bound(&half, 2 * GIB), GIB);
    assert_int_equal(runtime_bound(&node, 512 * MIB), 256 * MIB); /* as node 20 does */
    assert_int_equal(runtime_bound(&node, 3000 * MIB), 1500 * MIB);
    assert_int_equal(runtime_bound(&node, 8 * GIB), 2 * GIB);
    assert_int_equal(runtime_bound(&node, 16 * GIB), 4 * GIB);
    assert_int_equal(runtime_bound(&jvm, 0), 0); /* not known */
}

TEST(waits_for_a_cpu_count_from_a_second_and_a_fifth)
{
    assert_int_equal(starved_percent(0, 0), 0);
    assert_int_equal(starved_percent(NS_PER_S - 1, NS_PER_S), 0);
    assert_int_equal(starved_percent(NS_PER_S, 5 * NS_PER_S), 0);
    assert_int_equal(starved_percent(NS_PER_S, 3 * NS_PER_S), 25);
    assert_int_equal(starved_percent(9 * NS_PER_S, NS_PER_S), 90);
    assert_int_equal(starved_percent(NS_PER_S, 0), 100);
    assert_int_equal(starved_percent(UINT64_MAX, UINT64_MAX), 50);
}

TEST(a_setting_of_many_lines_is_none)
{
    struct fixture x;
    u32 s = begin(&x, "java");

    setting(&x, s, "-Xmx64m\n-Xmx1g");
    map_text(&x, s, 1, "/lib/libjvm.so");
    find(&x);
    assert_string_equal(x.r.uses.items[0].settings, "");
    end(&x);
}

TEST_MAIN()
