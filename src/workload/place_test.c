/* place_test.c - where mappings of a recording go. Addresses are those that a 6.1 kernel without
 * randomisation gave. */
#include "base/test.h"

#include "trace/trace_writer.h"
#include "workload/place.h"

#define PAGE(n) ((u64)(n) << HWT_PAGE_SHIFT)
#define RW      (ABI_PROT_READ | ABI_PROT_WRITE)
#define TOP     0x7ffff7fff000ull /* mmap_base */
#define BELOW   (TOP - PAGE(6))   /* below the vdso of a program without an interpreter */
#define INITIAL (HWT_MAP_INITIAL | HWT_MAP_ANYWHERE)
#define LOW     0x100000ull /* pages: where this recorder maps */

struct fixture {
    struct trace_writer *w;
    struct trace *trace;
    struct place_result result;
    u8 *bytes;
    u32 s;
    bool placed;
};

static void op(struct fixture *x, enum hwt_op opcode, const u64 *fields)
{
    trace_writer_op_all(x->w, x->s, opcode, 0, fields, "/f");
}
#define OP(x, opcode, ...) op(x, opcode, (u64[HWT_OP_FIELDS_MAX]){__VA_ARGS__})

static void begin(struct fixture *x)
{
    *x = (struct fixture){0};
    assert_int_equal(trace_writer_new(NULL, &x->w, NULL), 0);
    x->s = trace_writer_stream(x->w);
    OP(x, HWT_OP_PROC_START, 1, 0, 1, 0);
}

static void map(struct fixture *x, u64 page, u64 nr, u64 flags, u64 fid)
{
    OP(x, HWT_OP_MMAP, PAGE(page), PAGE(nr), RW, flags, fid, 0);
}

static void place(struct fixture *x)
{
    const struct trace_options o = {.mode = TRACE_DECODED};
    size_t count;

    assert_int_equal(trace_writer_finish(x->w, NULL, &x->bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(x->bytes, count, "t", &o, &x->trace, NULL), 0);
    x->placed = place_trace(x->trace, &x->result);
}

/* The nth operation of this kind. */
static const struct trace_op *nth(const struct fixture *x, enum hwt_op opcode, unsigned n)
{
    const struct trace_stream *s = &x->trace->streams[0];

    for (size_t i = 0; i < s->nr_decoded_ops; i++)
        if (s->ops[i].opcode == opcode && n-- == 0)
            return &s->ops[i];
    fail();
    return NULL;
}

static u64 mapped(const struct fixture *x, unsigned n)
{
    return nth(x, HWT_OP_MMAP, n)->field[0];
}

static void end(struct fixture *x)
{
    trace_close(x->trace);
    free(x->bytes);
}

TEST(a_program_and_its_interpreter_lie_where_the_kernel_puts_them)
{
    struct fixture x;

    begin(&x);
    OP(&x, HWT_OP_FILE, 1, 8, 1, PAGE(5), HWT_FILE_REGULAR);
    map(&x, 0x108, 4, INITIAL, 1);
    map(&x, 0x10c, 1, INITIAL, 0); /* bss */
    OP(&x, HWT_OP_FILE, 2, 8, 2, PAGE(53), HWT_FILE_REGULAR);
    map(&x, LOW, 53, INITIAL, 2);
    map(&x, 0x1ffefff, 2, INITIAL | HWT_MAP_STACK, 0);
    OP(&x, HWT_OP_BRK, PAGE(0x550000000), PAGE(0x550000000));
    OP(&x, HWT_OP_BRK, PAGE(0x550000000), PAGE(0x550000021));
    map(&x, LOW + 53, 2, HWT_MAP_ANYWHERE, 0);
    trace_writer_access(x.w, x.s, HWT_WRITE, 0x1ffeffe, 0); /* the stack grows */
    trace_writer_access(x.w, x.s, HWT_WRITE, 0x550000020, 0);
    place(&x);
    assert_true(x.placed);
    assert_int_equal(mapped(&x, 0), 0x555555554000);
    assert_int_equal(mapped(&x, 1), 0x555555558000);
    assert_int_equal(mapped(&x, 2), TOP - PAGE(53));
    assert_int_equal(mapped(&x, 3), 0x7ffffffff000 - PAGE(2));
    assert_int_equal(nth(&x, HWT_OP_BRK, 0)->field[0], 0x555555559000);
    assert_int_equal(nth(&x, HWT_OP_BRK, 1)->field[1], 0x55555557a000);
    assert_int_equal(mapped(&x, 4), TOP - PAGE(53 + 6 + 2)); /* below the vdso */
    for (size_t i = 0, n = 0; i < x.trace->streams[0].nr_events; i++) {
        u64 event = x.trace->streams[0].events[i];

        if (event_kind(event) != HWT_OP)
            assert_int_equal(event_page(event), n++ ? 0x555555579 : 0x7fffffffc);
    }
    end(&x);
}

TEST(a_program_linked_for_an_address_stays_there)
{
    struct fixture x;

    begin(&x);
    map(&x, 0x400, 5, HWT_MAP_INITIAL, 1);
    map(&x, LOW, 53, INITIAL, 2);
    OP(&x, HWT_OP_BRK, PAGE(0x405), PAGE(0x426));
    place(&x);
    assert_int_equal(mapped(&x, 0), 0x400000);
    assert_int_equal(mapped(&x, 1), TOP - PAGE(53));
    assert_int_equal(nth(&x, HWT_OP_BRK, 0)->field[0], 0x405000);
    end(&x);
}

TEST(mappings_go_from_the_top_down_and_large_files_to_huge_pages)
{
    struct fixture x;

    begin(&x);
    OP(&x, HWT_OP_FILE, 1, 8, 1, PAGE(5000), HWT_FILE_REGULAR);
    map(&x, LOW, 1000, HWT_MAP_ANYWHERE, 0);
    map(&x, LOW + 1000, 1000, HWT_MAP_ANYWHERE, 0);
    map(&x, LOW + 2000, 1000, HWT_MAP_ANYWHERE, 1);
    map(&x, LOW + 3000, 50, HWT_MAP_ANYWHERE, 1);
    place(&x);
    assert_int_equal(mapped(&x, 0), BELOW - PAGE(1000));
    assert_int_equal(mapped(&x, 1), BELOW - PAGE(2000)); /* 6.1 does not align it */
    assert_int_equal(mapped(&x, 2) % (2 * MIB), 0);
    assert_in_range(mapped(&x, 2), BELOW - PAGE(3512), BELOW - PAGE(3000));
    assert_int_equal(mapped(&x, 3), BELOW - PAGE(2050)); /* in the gap above the file */
    assert_int_equal(x.result.mappings, 4);
    end(&x);
}

TEST(a_mapping_in_which_huge_pages_are_looked_for_keeps_their_bounds)
{
    const u64 start = LOW + 512 * 8 + 7, bound = LOW + 512 * 9;
    struct fixture x;

    begin(&x);
    map(&x, LOW, 3, HWT_MAP_ANYWHERE, 0);
    map(&x, start, 1024, HWT_MAP_ANYWHERE, 0); /* trimmed to one */
    OP(&x, HWT_OP_MUNMAP, PAGE(start), PAGE(bound - start));
    OP(&x, HWT_OP_MUNMAP, PAGE(bound + 512), PAGE(start + 1024 - (bound + 512)));
    map(&x, LOW + 512 * 20 + 9, 1024, HWT_MAP_ANYWHERE, 0); /* advised in the middle */
    OP(&x, HWT_OP_MADVISE, PAGE(LOW + 512 * 21), PAGE(512), ABI_MADV_HUGEPAGE);
    map(&x, LOW + 512 * 30 + 9, 1024, HWT_MAP_ANYWHERE, 0); /* advised as a whole */
    OP(&x, HWT_OP_MADVISE, PAGE(LOW + 512 * 30 + 9), PAGE(1024), ABI_MADV_HUGEPAGE);
    place(&x);
    assert_int_equal(mapped(&x, 1) % (2 * MIB), PAGE(7));
    assert_int_equal(nth(&x, HWT_OP_MUNMAP, 1)->field[0] % (2 * MIB), 0);
    assert_int_equal(mapped(&x, 2) % (2 * MIB), PAGE(9));
    assert_int_equal(nth(&x, HWT_OP_MADVISE, 0)->field[0] % (2 * MIB), 0);
    assert_int_equal(mapped(&x, 3), mapped(&x, 2) - PAGE(1024));
    end(&x);
}

TEST(a_range_over_several_mappings_becomes_parts)
{
    struct fixture x;
    const struct trace_part *part;

    begin(&x);
    map(&x, LOW, 10, HWT_MAP_ANYWHERE, 0);
    map(&x, LOW + 10, 10, HWT_MAP_ANYWHERE, 0);
    OP(&x, HWT_OP_MADVISE, PAGE(LOW + 5), PAGE(10), ABI_MADV_DONTNEED);
    OP(&x, HWT_OP_READ, 1, 1, 0, 3 * PAGE(1), PAGE(LOW + 9) + 100);
    OP(&x, HWT_OP_MUNMAP, PAGE(LOW + 5), PAGE(10));
    OP(&x, HWT_OP_MUNMAP, PAGE(LOW + 5), PAGE(10)); /* nothing is left of it */
    map(&x, LOW + 5, 3, 0, 0);                      /* the program chose it */
    place(&x);
    part = &x.trace->parts[nth(&x, HWT_OP_MADVISE, 0)->parts];
    assert_int_equal(part[0].addr, BELOW - PAGE(5));
    assert_int_equal(part[0].len, PAGE(5));
    assert_int_equal(part[1].addr, BELOW - PAGE(20));
    assert_true(!part[0].last && part[1].last);
    part = &x.trace->parts[nth(&x, HWT_OP_READ, 0)->parts];
    assert_int_equal(part[0].addr, BELOW - PAGE(1) + 100);
    assert_int_equal(part[0].len + part[1].len, 3 * PAGE(1));
    assert_int_equal(part[1].addr, BELOW - PAGE(20));
    assert_true(nth(&x, HWT_OP_MUNMAP, 0)->parts);
    assert_int_equal(nth(&x, HWT_OP_MUNMAP, 1)->field[1], 0);
    assert_int_equal(mapped(&x, 2), BELOW - PAGE(5)); /* where it was */
    end(&x);
}

TEST(what_grows_is_moved_only_if_it_must_be)
{
    struct fixture x;

    begin(&x);
    map(&x, LOW, 10, HWT_MAP_ANYWHERE, 0);
    map(&x, LOW + 10, 10, HWT_MAP_ANYWHERE, 0);
    /* Here there is room behind the second, there not behind the first; on the machine it is the
     * other way round. */
    OP(&x, HWT_OP_MREMAP, PAGE(LOW + 10), PAGE(10), PAGE(LOW + 10), PAGE(20), 0);
    OP(&x, HWT_OP_MUNMAP, PAGE(LOW), PAGE(10));
    OP(&x, HWT_OP_MREMAP, PAGE(LOW + 10), PAGE(20), PAGE(LOW + 50), PAGE(30), HWT_MREMAP_ANYWHERE);
    place(&x);
    assert_int_equal(nth(&x, HWT_OP_MREMAP, 0)->field[0], BELOW - PAGE(20));
    assert_int_equal(nth(&x, HWT_OP_MREMAP, 0)->field[2], BELOW - PAGE(40));
    assert_int_equal(nth(&x, HWT_OP_MREMAP, 1)->field[0], BELOW - PAGE(40));
    assert_int_equal(nth(&x, HWT_OP_MREMAP, 1)->field[2], BELOW - PAGE(40)); /* there is room now */
    end(&x);
}

/* The page of a stream's only access. */
static u64 touched(const struct fixture *x, u32 stream)
{
    const struct trace_stream *s = &x->trace->streams[stream - 1];

    for (size_t i = 0; i < s->nr_events; i++)
        if (event_kind(s->events[i]) != HWT_OP)
            return event_page(s->events[i]);
    fail();
    return 0;
}

TEST(a_child_that_is_ahead_of_its_fork_has_the_memory_of_its_parent)
{
    struct fixture x;
    u32 parent, ahead, orphan;

    begin(&x);
    map(&x, LOW, 10, HWT_MAP_ANYWHERE, 0);
    parent = x.s;
    ahead = x.s = trace_writer_stream(x.w);
    OP(&x, HWT_OP_PROC_START, 2, 1, 2, HWT_PROC_FORKED);
    trace_writer_access(x.w, ahead, HWT_WRITE, LOW + 3, 5);
    OP(&x, HWT_OP_EXIT_GROUP, 0);
    orphan = x.s = trace_writer_stream(x.w);
    OP(&x, HWT_OP_PROC_START, 3, 1, 3, HWT_PROC_FORKED); /* its fork is not there */
    trace_writer_access(x.w, orphan, HWT_WRITE, LOW + 3, 5);
    x.s = parent;
    OP(&x, HWT_OP_FORK, 2, 0);
    map(&x, LOW + 20, 10, HWT_MAP_ANYWHERE, 0);
    place(&x);
    assert_int_equal(touched(&x, ahead), BELOW / PAGE(1) - 10 + 3);
    assert_int_equal(touched(&x, orphan), LOW + 3);
    end(&x);
}

/* What the stamp of stream's nth operation of this kind has to wait for; 0: nothing. */
static u64 turn(const struct fixture *x, u32 stream, enum hwt_op opcode, unsigned n)
{
    const struct trace_stream *s = &x->trace->streams[stream - 1];
    u64 found = 0;

    for (size_t i = 0; i < s->nr_decoded_ops; i++)
        if (s->ops[i].opcode == opcode && n-- == 0)
            u64map_get(&x->trace->turns, s->ops[i].stamp, &found);
    return found;
}

TEST(threads_wait_for_each_other_where_they_use_the_same_addresses)
{
    struct fixture x;
    u32 first, second;
    u64 unmapped;

    begin(&x);
    first = x.s;
    map(&x, LOW, 10, HWT_MAP_ANYWHERE, 0);
    map(&x, LOW + 30, 10, HWT_MAP_ANYWHERE, 0);
    second = x.s = trace_writer_stream(x.w);
    OP(&x, HWT_OP_THREAD_START, 1, 2, 0);
    map(&x, LOW + 50, 10, HWT_MAP_ANYWHERE, 0); /* nobody was there */
    x.s = first;
    OP(&x, HWT_OP_MUNMAP, PAGE(LOW + 30), PAGE(10)); /* its own */
    unmapped = trace_writer_stamp(x.w);
    x.s = second;
    map(&x, LOW + 30, 10, HWT_MAP_ANYWHERE, 0);                     /* where the other was */
    OP(&x, HWT_OP_MUNMAP, PAGE(LOW + 30), PAGE(10));                /* its own by now */
    OP(&x, HWT_OP_MADVISE, PAGE(LOW), PAGE(10), ABI_MADV_DONTNEED); /* the other's */
    place(&x);
    assert_int_equal(turn(&x, first, HWT_OP_MUNMAP, 0), 0);
    assert_int_equal(turn(&x, second, HWT_OP_MMAP, 0), 0);
    assert_int_equal(turn(&x, second, HWT_OP_MMAP, 1), unmapped + 1);
    assert_int_equal(turn(&x, second, HWT_OP_MUNMAP, 0), 0);
    assert_int_equal(turn(&x, second, HWT_OP_MADVISE, 0), unmapped + 3);
    end(&x);
}

TEST(a_recording_of_before_keeps_its_addresses)
{
    struct fixture x;

    begin(&x);
    map(&x, LOW, 10, 0, 0);
    place(&x);
    assert_false(x.placed);
    assert_int_equal(mapped(&x, 0), PAGE(LOW));
    assert_int_equal(x.trace->layout, TRACE_LAYOUT_RECORDED);
    end(&x);
}

TEST_MAIN()
