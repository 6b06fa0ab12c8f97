/* footprint_test.c - what small recordings touched, counted by hand. */
#include "base/test.h"

#include "trace/footprint.h"
#include "trace/trace_writer.h"

#include <string.h>

#define PAGE(n) ((u64)(n) << HWT_PAGE_SHIFT)

struct fixture {
    struct trace_writer *w;
    u8 *bytes;
    struct trace *t;
    struct footprint f;
};

static u32 begin(struct fixture *x)
{
    u32 s;

    assert_int_equal(trace_writer_new(NULL, &x->w, NULL), 0);
    s = trace_writer_stream(x->w);
    trace_writer_op(x->w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "a");
    return s;
}

static void compute(struct fixture *x)
{
    size_t count;

    assert_int_equal(trace_writer_finish(x->w, NULL, &x->bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(x->bytes, count, "t", NULL, &x->t, NULL), 0);
    assert_int_equal(footprint_compute(x->t, NULL, &x->f, NULL), 0);
}

static void end(struct fixture *x)
{
    footprint_done(&x->f);
    trace_close(x->t);
    free(x->bytes);
}

static void op(struct fixture *x, u32 s, enum hwt_op opcode, const u64 *fields)
{
    trace_writer_op(x->w, s, opcode, 1, fields, opcode == HWT_OP_FILE ? "/f" : NULL);
}

static void map_anon(struct fixture *x, u32 s, u64 page, u64 nr)
{
    op(x, s, HWT_OP_MMAP, (u64[]){PAGE(page), PAGE(nr), 3, 0, 0, 0});
}

static void touch(struct fixture *x, u32 s, enum hwt_kind kind, u64 page, u64 nr)
{
    for (u64 i = 0; i < nr; i++)
        trace_writer_access(x->w, s, kind, page + i, 1);
}

TEST(anonymous_pages_count_when_written)
{
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 50);
    touch(&x, s, HWT_READ, 100, 20); /* the zero page */
    touch(&x, s, HWT_WRITE, 110, 5);
    touch(&x, s, HWT_WRITE, 110, 5); /* once */
    compute(&x);
    assert_int_equal(x.f.anon_pages, 5);
    assert_int_equal(x.f.peak_pages, 5);
    assert_int_equal(x.f.reads, 20);
    assert_int_equal(x.f.writes, 10);
    assert_int_equal(x.f.unmapped, 0);
    end(&x);
}

TEST(files_that_nobody_named_are_counted)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, PAGE(100), HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_OPEN, (u64[]){1, 1, 1});
    op(&x, s, HWT_OP_READ, (u64[]){1, 9, 0, 100, 0}); /* the handle tells the file */
    op(&x, s, HWT_OP_READ, (u64[]){2, 1, 0, 100, 0}); /* the process has named it */
    op(&x, s, HWT_OP_READ, (u64[]){2, 0, 0, 100, 0}); /* no file */
    map_anon(&x, s, 100, 1);
    op(&x, s, HWT_OP_FSYNC, (u64[]){9, HWT_FSYNC_ALL});
    compute(&x);
    assert_int_equal(x.f.unexplained, 0);
    end(&x);

    s = begin(&x);
    op(&x, s, HWT_OP_READ, (u64[]){1, 9, 0, 100, 0});
    op(&x, s, HWT_OP_WRITE, (u64[]){1, 9, 0, 100, 0});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(500), PAGE(10), 3, 0, 9, 0});
    op(&x, s, HWT_OP_TRUNCATE, (u64[]){9, 0});
    op(&x, s, HWT_OP_PUNCH, (u64[]){9, 0, 1});
    op(&x, s, HWT_OP_FSYNC, (u64[]){9, 0});
    op(&x, s, HWT_OP_FADVISE, (u64[]){1, 9, 0, 0, 1});
    op(&x, s, HWT_OP_OPEN, (u64[]){2, 9, 1});
    op(&x, s, HWT_OP_UNLINK, (u64[]){9});
    compute(&x);
    assert_int_equal(x.f.unexplained, 9);
    end(&x);
}

TEST(what_a_call_populates_is_touched)
{
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 50); /* prot 3 */
    op(&x, s, HWT_OP_MLOCK, (u64[]){PAGE(110) + 5, PAGE(4), 0});
    touch(&x, s, HWT_WRITE, 112, 1);                          /* once */
    op(&x, s, HWT_OP_MLOCK, (u64[]){PAGE(130), PAGE(10), 1}); /* as they are used */
    compute(&x);
    assert_int_equal(x.f.anon_pages, 5);
    assert_int_equal(x.f.unmapped, 0);
    end(&x);

    s = begin(&x);
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(100), PAGE(10), 3, HWT_MAP_POPULATE, 0, 0});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(200), PAGE(20), 3, HWT_MAP_LOCKED, 0, 0});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(300), PAGE(40), 1, HWT_MAP_POPULATE, 0, 0}); /* zero page */
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(400), PAGE(80), 0, HWT_MAP_LOCKED, 0, 0});   /* no access */
    map_anon(&x, s, 500, 160);
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(500), PAGE(160), ABI_MADV_POPULATE_READ});
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(510), PAGE(5), ABI_MADV_POPULATE_WRITE});
    compute(&x);
    assert_int_equal(x.f.anon_pages_peak, 10 + 20 + 5);
    assert_int_equal(x.f.peak_pages, 10 + 20 + 5);
    end(&x);
}

TEST(locked_memory_grows_populated)
{
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 50);
    op(&x, s, HWT_OP_MPROTECT, (u64[]){PAGE(100), PAGE(20), 1});
    op(&x, s, HWT_OP_MLOCKALL, (u64[]){ABI_MCL_CURRENT | ABI_MCL_FUTURE}); /* 30 */
    map_anon(&x, s, 200, 7);
    op(&x, s, HWT_OP_BRK, (u64[]){PAGE(900), PAGE(905)});
    op(&x, s, HWT_OP_MUNLOCK, (u64[]){PAGE(130), PAGE(10)});
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(130), PAGE(10), PAGE(700), PAGE(20), 1}); /* unlocked */
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(200), PAGE(7), PAGE(200), PAGE(9), 0});
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(140), PAGE(10), PAGE(800), PAGE(13), 1});
    op(&x, s, HWT_OP_MLOCKALL, (u64[]){ABI_MCL_FUTURE | ABI_MCL_ONFAULT});
    map_anon(&x, s, 300, 7);
    op(&x, s, HWT_OP_MLOCKALL, (u64[]){0});
    map_anon(&x, s, 400, 7);
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(200), PAGE(9), PAGE(200), PAGE(12), 0});
    compute(&x);
    assert_int_equal(x.f.peak_pages, 30 + 7 + 5 + 2 + 3);
    end(&x);
}

TEST(files_are_populated_to_their_end)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, PAGE(10) - 7, HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(100), PAGE(50), 1, HWT_MAP_POPULATE, 1, PAGE(4)});
    compute(&x);
    assert_int_equal(x.f.file_pages, 6);
    assert_int_equal(x.f.peak_pages, 6);
    end(&x);

    s = begin(&x);
    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, 0, HWT_FILE_SHMEM});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(100), PAGE(50), 3, HWT_MAP_SHARED, 1, 0});
    op(&x, s, HWT_OP_TRUNCATE, (u64[]){1, PAGE(20)});
    op(&x, s, HWT_OP_MLOCK, (u64[]){PAGE(100), PAGE(15), 0});
    compute(&x);
    assert_int_equal(x.f.shmem_pages, 15);
    assert_int_equal(x.f.anon_pages, 0);
    end(&x);
}

TEST(direct_transfers_pass_the_cache)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, PAGE(100), HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_OPEN, (u64[]){1, 1, HWT_OPEN_READ | HWT_OPEN_WRITE | HWT_OPEN_DIRECT});
    op(&x, s, HWT_OP_OPEN, (u64[]){2, 1, HWT_OPEN_READ | HWT_OPEN_WRITE});
    map_anon(&x, s, 100, 50);
    op(&x, s, HWT_OP_READ, (u64[]){1, 1, 0, PAGE(40), PAGE(100)});
    op(&x, s, HWT_OP_READ, (u64[]){2, 1, 0, PAGE(8), 0});
    op(&x, s, HWT_OP_WRITE, (u64[]){1, 1, PAGE(2), PAGE(4), PAGE(100)}); /* 4 of the 8 are gone */
    op(&x, s, HWT_OP_READ, (u64[]){2, 1, PAGE(20), PAGE(3), 0});
    compute(&x);
    assert_int_equal(x.f.direct_bytes, PAGE(44));
    assert_int_equal(x.f.file_pages, 8 + 3);
    assert_int_equal(x.f.anon_pages, 40); /* the buffer */
    assert_int_equal(x.f.peak_pages, 40 + 8);
    assert_int_equal(x.f.files[0].read_bytes, PAGE(51));
    end(&x);
}

TEST(pages_that_are_punched_out_leave_the_cache)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, PAGE(100), HWT_FILE_SHMEM});
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(100), PAGE(50), 3, HWT_MAP_SHARED, 1, PAGE(10)});
    touch(&x, s, HWT_WRITE, 100, 20); /* 10 to 30 of the file */
    op(&x, s, HWT_OP_PUNCH, (u64[]){1, PAGE(15) - 1, PAGE(10)});
    touch(&x, s, HWT_WRITE, 100, 20); /* 9 of them anew */
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(110), PAGE(20), ABI_MADV_REMOVE});
    map_anon(&x, s, 200, 50);
    touch(&x, s, HWT_WRITE, 200, 15); /* 10 + 15 */
    op(&x, s, HWT_OP_TRUNCATE, (u64[]){1, 0});
    touch(&x, s, HWT_WRITE, 200, 20);
    compute(&x);
    assert_int_equal(x.f.shmem_pages, 20 + 9);
    assert_int_equal(x.f.anon_pages, 20);
    assert_int_equal(x.f.peak_pages, 10 + 15);
    end(&x);
}

TEST(what_came_before_a_wait_was_there_while_it_lasted)
{
    struct fixture x;
    u32 s = begin(&x), child;

    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "b");
    map_anon(&x, child, 100, 50);
    map_anon(&x, s, 100, 50);
    touch(&x, child, HWT_WRITE, 100, 20);
    touch(&x, s, HWT_WRITE, 100, 20);
    op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(100), PAGE(50)});
    op(&x, child, HWT_OP_WAIT, (u64[]){HWT_WAIT_SLEEP, 1000, 2}); /* it began before the munmap */
    compute(&x);
    assert_int_equal(x.f.peak_pages, 40);
    end(&x);
}

/* As above, of a trace that is read chunk by chunk, where the wait begins a chunk. */
TEST(a_wait_that_begins_a_chunk_has_its_place)
{
    const struct trace_options options = {.mode = TRACE_STREAMED};
    struct fixture x;
    u32 s = begin(&x), child;
    size_t count;

    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "b");
    map_anon(&x, child, 100, 50);
    map_anon(&x, s, 100, 50);
    touch(&x, child, HWT_WRITE, 100, 20);
    trace_writer_flush(x.w, child);
    touch(&x, s, HWT_WRITE, 100, 20);
    op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(100), PAGE(50)});
    op(&x, child, HWT_OP_WAIT, (u64[]){HWT_WAIT_SLEEP, 1000, 2});
    assert_int_equal(trace_writer_finish(x.w, NULL, &x.bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(x.bytes, count, "t", &options, &x.t, NULL), 0);
    assert_int_equal(footprint_compute(x.t, NULL, &x.f, NULL), 0);
    assert_int_equal(x.f.peak_pages, 40);
    end(&x);
}

TEST(what_was_unmapped_does_not_add_to_the_peak)
{
    struct fixture x;
    u32 s = begin(&x);

    for (unsigned round = 0; round < 3; round++) {
        map_anon(&x, s, 100, 50);
        touch(&x, s, HWT_WRITE, 100, 50);
        op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(100), PAGE(50)});
    }
    map_anon(&x, s, 300, 10);
    touch(&x, s, HWT_WRITE, 300, 10);
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(300), PAGE(5), 4});
    touch(&x, s, HWT_WRITE, 305, 5);
    compute(&x);
    assert_int_equal(x.f.anon_pages_peak, 50);
    assert_int_equal(x.f.anon_pages, 60);
    end(&x);
}

TEST(pages_of_files_count_once_whoever_touches_them)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, PAGE(100), HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_OPEN, (u64[]){1, 1, 1});
    op(&x, s, HWT_OP_READ, (u64[]){1, 1, 100, PAGE(4), 0}); /* pages 0 to 4 */
    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(500), PAGE(10), 3, 0, 1, PAGE(2)});
    touch(&x, s, HWT_READ, 500, 5);  /* pages 2 to 6 */
    touch(&x, s, HWT_WRITE, 504, 2); /* pages 6 and 7, and two private copies */
    compute(&x);
    assert_int_equal(x.f.file_pages, 8);
    assert_int_equal(x.f.anon_pages, 2);
    assert_int_equal(x.f.nr_files, 1);
    assert_int_equal(x.f.files[0].mapped_pages, 6);
    assert_int_equal(x.f.files[0].read_bytes, PAGE(4));
    assert_string_equal(x.f.files[0].path, "/f");
    end(&x);
}

TEST(a_removed_file_leaves_the_cache)
{
    struct fixture x;
    u32 s = begin(&x);

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, 0, HWT_FILE_REGULAR});
    op(&x, s, HWT_OP_FILE, (u64[]){2, 5, 7, 0, HWT_FILE_SHMEM});
    op(&x, s, HWT_OP_WRITE, (u64[]){1, 1, 0, PAGE(30), 0});
    op(&x, s, HWT_OP_UNLINK, (u64[]){1});
    op(&x, s, HWT_OP_WRITE, (u64[]){2, 2, 0, PAGE(10), 0});
    compute(&x);
    assert_int_equal(x.f.file_pages, 30);
    assert_int_equal(x.f.shmem_pages, 10);
    assert_int_equal(x.f.peak_pages, 30);
    end(&x);
}

TEST(a_removed_file_stays_while_it_is_open_or_mapped)
{
    struct fixture x;
    u32 s = begin(&x), child;

    op(&x, s, HWT_OP_FILE, (u64[]){1, 5, 6, 0, HWT_FILE_SHMEM});
    op(&x, s, HWT_OP_OPEN, (u64[]){7, 1, 3});
    op(&x, s, HWT_OP_WRITE, (u64[]){7, 1, 0, PAGE(30), 0});
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "b");
    op(&x, s, HWT_OP_UNLINK, (u64[]){1});
    op(&x, s, HWT_OP_CLOSE, (u64[]){7});
    map_anon(&x, s, 100, 50);
    touch(&x, s, HWT_WRITE, 100, 10); /* the child has it open: 40 */
    op(&x, s, HWT_OP_MPROTECT, (u64[]){PAGE(100), PAGE(50), 3});
    op(&x, child, HWT_OP_MMAP, (u64[]){PAGE(200), PAGE(30), 3, HWT_MAP_SHARED, 1, 0});
    op(&x, child, HWT_OP_CLOSE, (u64[]){7});
    touch(&x, s, HWT_WRITE, 110, 10); /* it has it mapped: 50 */
    op(&x, s, HWT_OP_MPROTECT, (u64[]){PAGE(100), PAGE(50), 3});
    op(&x, child, HWT_OP_MUNMAP, (u64[]){PAGE(200), PAGE(30)});
    touch(&x, s, HWT_WRITE, 120, 20); /* gone: 40 */
    compute(&x);
    assert_int_equal(x.f.peak_pages, 50);
    end(&x);
}

TEST(lazily_freed_memory_stays_without_pressure)
{
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 50);
    touch(&x, s, HWT_WRITE, 100, 50);
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(100), PAGE(50), ABI_MADV_FREE});
    map_anon(&x, s, 200, 50);
    touch(&x, s, HWT_WRITE, 200, 50);
    op(&x, s, HWT_OP_MADVISE, (u64[]){PAGE(200), PAGE(50), ABI_MADV_DONTNEED});
    touch(&x, s, HWT_WRITE, 100, 50);
    compute(&x);
    assert_int_equal(x.f.peak_pages, 100);
    end(&x);
}

TEST(a_forked_child_pays_for_what_it_writes)
{
    struct fixture x;
    u32 s = begin(&x), c;

    map_anon(&x, s, 100, 40);
    touch(&x, s, HWT_WRITE, 100, 40);
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    c = trace_writer_stream(x.w);
    trace_writer_op(x.w, c, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "b");
    touch(&x, c, HWT_READ, 100, 40);
    touch(&x, c, HWT_WRITE, 100, 3);
    op(&x, c, HWT_OP_EXIT_GROUP, (u64[]){0});
    map_anon(&x, s, 900, 2);
    touch(&x, s, HWT_WRITE, 900, 2);
    op(&x, s, HWT_OP_EXIT_GROUP, (u64[]){0});
    compute(&x);
    assert_int_equal(x.f.processes, 2);
    assert_int_equal(x.f.anon_pages, 45);
    assert_int_equal(x.f.anon_pages_peak, 43); /* the child was gone before the last two */
    assert_int_equal(x.f.unmapped, 0);
    end(&x);
}

TEST(a_moved_mapping_keeps_its_pages)
{
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 10);
    touch(&x, s, HWT_WRITE, 100, 10);
    op(&x, s, HWT_OP_MREMAP, (u64[]){PAGE(100), PAGE(10), PAGE(500), PAGE(20)});
    touch(&x, s, HWT_WRITE, 500, 12);
    op(&x, s, HWT_OP_BRK, (u64[]){PAGE(1000), PAGE(1004)});
    touch(&x, s, HWT_WRITE, 1000, 4);
    compute(&x);
    assert_int_equal(x.f.anon_pages_peak, 16);
    assert_int_equal(x.f.unmapped, 0);
    end(&x);
}

TEST(a_heap_keeps_its_pages_while_it_grows_and_gives_back_what_it_shrinks_by)
{
    struct fixture x;
    u32 s = begin(&x);

    for (u64 n = 0; n <= 40; n += 4) {
        op(&x, s, HWT_OP_BRK, (u64[]){PAGE(1000), PAGE(1000 + n)});
        if (n)
            touch(&x, s, HWT_WRITE, 1000 + n - 4, 4);
    }
    op(&x, s, HWT_OP_BRK, (u64[]){PAGE(1000), PAGE(1010)});
    map_anon(&x, s, 2000, 35); /* at most 10 and 35 */
    touch(&x, s, HWT_WRITE, 2000, 35);
    compute(&x);
    assert_int_equal(x.f.anon_pages_peak, 45);
    assert_int_equal(x.f.anon_pages, 75);
    assert_int_equal(x.f.unmapped, 0);
    end(&x);
}

TEST(shared_anonymous_memory_is_no_anonymous_memory)
{
    struct fixture x;
    u32 s = begin(&x), child;

    op(&x, s, HWT_OP_MMAP, (u64[]){PAGE(100), PAGE(20), 3, HWT_MAP_SHARED, 0, 0});
    touch(&x, s, HWT_WRITE, 100, 8);
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "b");
    touch(&x, child, HWT_READ, 104, 8); /* four that the parent wrote, four of its own */
    op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(100), PAGE(20)});
    map_anon(&x, s, 500, 6);
    touch(&x, s, HWT_WRITE, 500, 6);
    map_anon(&x, s, 700, 1);
    op(&x, child, HWT_OP_EXIT_GROUP, (u64[]){0});
    map_anon(&x, s, 600, 10);
    touch(&x, s, HWT_WRITE, 600, 10);
    compute(&x);
    assert_int_equal(x.f.shmem_pages, 12);
    assert_int_equal(x.f.anon_pages, 16);
    assert_int_equal(x.f.file_pages, 0);
    /* The child's mapping keeps it until the child ends. */
    assert_int_equal(x.f.peak_pages, 18);
    assert_int_equal(x.f.nr_files, 1);
    assert_string_equal(x.f.files[0].path, "/dev/zero (deleted)");
    end(&x);
}

TEST(a_window_counts_what_was_touched_in_it)
{
    struct footprint_window w = {.from = {TRACE_PLACE_STAMP, 2}, .to = {TRACE_PLACE_STAMP, 4}};
    struct footprint f;
    struct fixture x;
    u32 s = begin(&x);

    map_anon(&x, s, 100, 50); /* 2 */
    touch(&x, s, HWT_WRITE, 100, 50);
    op(&x, s, HWT_OP_MUNMAP, (u64[]){PAGE(120), PAGE(30)}); /* 3 */
    touch(&x, s, HWT_WRITE, 100, 5);
    map_anon(&x, s, 200, 8); /* 4 */
    touch(&x, s, HWT_WRITE, 200, 8);
    map_anon(&x, s, 300, 60);
    touch(&x, s, HWT_WRITE, 300, 60);
    compute(&x);
    assert_int_equal(x.f.writes, 123);
    assert_int_equal(footprint_compute(x.t, &w, &f, NULL), 0);
    assert_true(f.begun && f.ended);
    assert_int_equal(f.writes, 13); /* the first 50 come before the next operation */
    assert_int_equal(f.anon_pages, 13);
    assert_int_equal(f.anon_pages_peak, 50); /* when it began */
    assert_int_equal(f.ops[HWT_OP_MMAP], 1);
    assert_int_equal(f.instructions,
                     13 + 2); /* of its accesses, its map, and the operation that ends it */
    assert_int_equal(f.processes, 1);
    footprint_done(&f);
    w = (struct footprint_window){.from = {TRACE_PLACE_EVENTS, 2 + 50}};
    assert_int_equal(footprint_compute(x.t, &w, &f, NULL), 0);
    assert_int_equal(f.writes, 73);
    footprint_done(&f);
    w.from.at = 100000;
    assert_int_equal(footprint_compute(x.t, &w, &f, NULL), 0);
    assert_false(f.begun);
    footprint_done(&f);
    end(&x);
}

TEST(processes_are_a_tree_with_what_each_touched)
{
    struct fixture x;
    u32 s = begin(&x), child, image;

    map_anon(&x, s, 100, 50);
    touch(&x, s, HWT_WRITE, 100, 50);
    op(&x, s, HWT_OP_FORK, (u64[]){2, 0});
    child = trace_writer_stream(x.w);
    trace_writer_op(x.w, child, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_FORKED}, "a");
    touch(&x, child, HWT_WRITE, 100, 5);
    trace_writer_op(x.w, child, HWT_OP_EXEC, 1, (u64[]){0}, "b");
    image = trace_writer_stream(x.w);
    trace_writer_op(x.w, image, HWT_OP_PROC_START, 0, (u64[]){2, 1, 2, HWT_PROC_EXEC}, "b");
    op(&x, image, HWT_OP_FILE, (u64[]){1, 8, 77, PAGE(64), 0});
    op(&x, image, HWT_OP_READ, (u64[]){0, 1, 0, PAGE(7), 0});
    op(&x, image, HWT_OP_EXIT_GROUP, (u64[]){0});
    op(&x, s, HWT_OP_EXIT_GROUP, (u64[]){0});
    compute(&x);
    assert_int_equal(x.f.nr_process, 2);
    assert_int_equal(x.f.process[0].pid, 1);
    assert_int_equal(x.f.process[0].parent, 0);
    assert_int_equal(x.f.process[0].anon_pages_peak, 50);
    assert_int_equal(x.f.process[0].file_pages, 0);
    assert_int_equal(x.f.process[1].pid, 2);
    assert_int_equal(x.f.process[1].parent, 1);
    assert_string_equal(x.f.process[1].comm, "b");
    assert_int_equal(x.f.process[1].threads, 1);
    assert_int_equal(x.f.process[1].anon_pages_peak, 5);
    assert_int_equal(x.f.process[1].file_pages, 7);
    assert_int_equal(x.f.process[0].instructions + x.f.process[1].instructions, x.f.instructions);
    assert_int_equal(x.f.stream_process[2], 2);
    end(&x);
}

TEST_MAIN()
