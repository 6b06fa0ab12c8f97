/* import_test.c - lackey text and oracleGeneral records, and what becomes of bad input. */
#include "base/test.h"

#include "base/outfile.h"
#include "trace/footprint.h"
#include "trace/import.h"
#include "trace/trace.h"
#include "trace/trace_chunk.h"

#include <string.h>
#include <unistd.h>
#include <zstd.h>

/* Names with the process id, so that tests may run side by side. */
static char in_path[64], out_path[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(in_path, sizeof(in_path), "import_test.%d.in", (int)getpid());
    snprintf(out_path, sizeof(out_path), "import_test.%d.hwt", (int)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(in_path);
    unlink(out_path);
    return 0;
}

static void write_input(const void *bytes, size_t count)
{
    assert_int_equal(outfile_write(in_path, bytes, count, NULL), 0);
}

static struct trace *open_output(void)
{
    struct trace *t;

    assert_int_equal(trace_open(out_path, NULL, &t, NULL), 0);
    assert_true(t->closed && t->nr_damage == 0);
    return t;
}

TEST(lackey_lines_become_filtered_accesses)
{
    static const char text[] = "==12== Lackey, an example Valgrind tool\n"
                               "I  00401000,3\n"
                               " L 1ffeffe7e0,8\n"
                               "I  00401003,4\n"
                               " S 1ffeffeffc,8\n" /* across two pages */
                               "hello from the program\n"
                               " M 00601010,4\n"
                               "I  00401007,5\n"
                               " L 00601018,4"; /* no newline at the end */
    struct import_stats stats;
    struct footprint f;
    struct trace *t;

    write_input(text, sizeof(text) - 1);
    assert_int_equal(import_lackey(in_path, out_path, 0600, NULL, NULL, &stats, NULL), 0);
    assert_int_equal(stats.records, 7);
    assert_int_equal(stats.skipped, 2);
    assert_int_equal(stats.events, 5); /* 401 x, 1ffeffe r, then w, 1ffefff w, 601 w */
    assert_int_equal(stats.pages, 4);
    t = open_output();
    assert_int_equal(t->streams[0].nr_instructions, 3);
    assert_int_equal(footprint_compute(t, NULL, &f, NULL), 0);
    assert_int_equal(f.unmapped, 0);
    assert_int_equal(f.anon_pages, 3);
    /* The text, and two pages of the stack: its first touch was a load, so it counts as an
     * image. */
    assert_int_equal(f.file_pages, 3);
    footprint_done(&f);
    trace_close(t);
}

TEST(text_that_is_no_lackey_output_is_refused)
{
    struct import_stats stats;
    struct err e = {0};

    write_input("just\nsome lines\n", 16);
    unlink(out_path);
    assert_int_equal(import_lackey(in_path, out_path, 0600, NULL, NULL, &stats, &e), -EINVAL);
    assert_non_null(strstr(e.text, "trace-mem"));
    assert_int_equal(access(out_path, F_OK), -1);
}

TEST(a_line_without_end_is_skipped_in_bounded_memory)
{
    size_t count = 1u << 20;
    char *bytes = malloc(count);
    struct import_stats stats;

    memset(bytes, 'x', count);
    memcpy(bytes, "I  00401000,3\n", 14);
    write_input(bytes, count);
    assert_int_equal(import_lackey(in_path, out_path, 0600, NULL, NULL, &stats, NULL), 0);
    assert_int_equal(stats.records, 1);
    free(bytes);
}

#define RECORD 24u

static void put_record(u8 *at, u32 time, u64 id, u32 size)
{
    wire_put_u32(at, time);
    wire_put_u64(at + 4, id);
    wire_put_u32(at + 12, size);
    wire_put_u64(at + 16, (u64)-1);
}

static size_t three_objects(u8 *at)
{
    put_record(at, 0, 77, 4096);
    put_record(at + RECORD, 1, UINT64_MAX, 10000); /* three pages */
    put_record(at + 2 * RECORD, 1, 77, 4096);
    put_record(at + 3 * RECORD, 2, 0, 0); /* at least one page */
    return 4 * RECORD;
}

TEST(objects_become_pages_of_a_file)
{
    u8 bytes[4 * RECORD];
    struct import_stats stats;
    struct trace *t;
    const struct trace_op *op;

    write_input(bytes, three_objects(bytes));
    assert_int_equal(
        import_oracle(in_path, out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, NULL), 0);
    assert_int_equal(stats.records, 4);
    assert_int_equal(stats.pages, 5);
    t = open_output();
    assert_int_equal(t->nr_accesses, 0);
    op = &t->streams[0].ops[5]; /* proc_start, file, open, fadvise, read, read */
    assert_int_equal(op->opcode, HWT_OP_READ);
    assert_int_equal(op->field[2], 4096);
    assert_int_equal(op->field[3], 3 * 4096);
    assert_int_equal(t->streams[0].ops[6].field[2], 0);
    trace_close(t);
}

TEST(objects_become_anonymous_memory)
{
    u8 bytes[4 * RECORD];
    struct import_stats stats;
    struct footprint f;
    struct trace *t;

    write_input(bytes, three_objects(bytes));
    assert_int_equal(
        import_oracle(in_path, out_path, 0600, IMPORT_AS_ANON, NULL, NULL, &stats, NULL), 0);
    t = open_output();
    assert_int_equal(footprint_compute(t, NULL, &f, NULL), 0);
    assert_int_equal(f.writes, 5);
    assert_int_equal(f.reads, 1);
    assert_int_equal(f.anon_pages, 5);
    assert_int_equal(f.unmapped, 0);
    footprint_done(&f);
    trace_close(t);
}

TEST(compressed_input_is_the_same)
{
    u8 bytes[4 * RECORD], packed[512];
    struct import_stats stats;
    size_t n;
    struct err e = {0};

    n = ZSTD_compress(packed, sizeof(packed), bytes, three_objects(bytes), 3);
    write_input(packed, n);
    assert_int_equal(
        import_oracle(in_path, out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, NULL), 0);
    assert_int_equal(stats.pages, 5);
    unlink(out_path);
    write_input(packed, n - 5);
    assert_int_equal(import_oracle(in_path, out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "cut"));
    assert_int_equal(access(out_path, F_OK), -1);
}

TEST(a_cut_record_is_refused_and_leaves_no_file)
{
    u8 bytes[4 * RECORD];
    struct import_stats stats;
    struct err e = {0};

    write_input(bytes, three_objects(bytes) - 1);
    assert_int_equal(import_oracle(in_path, out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "record 4"));
    assert_int_equal(access(out_path, F_OK), -1);
    write_input("", 0);
    assert_int_equal(import_oracle(in_path, out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, &e),
                     -EINVAL);
    assert_int_equal(
        import_oracle("/nonexistent", out_path, 0600, IMPORT_AS_FILE, NULL, NULL, &stats, &e),
        -ENOENT);
}

int main(void)
{
    return tests_run(set_up, tear_down);
}
