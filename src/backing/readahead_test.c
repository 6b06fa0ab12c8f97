/* readahead_test.c - windows on access sequences, as drawings.
 *
 * A reader reads like filemap_read(): at each page it takes what is cached, or misses; it notices
 * marks on the way. What was read from disk is written down: "miss 0 [0,8)4" is a miss at page 0
 * that read pages 0 to 7 and put the mark on page 4; "mark 4 [8,24)8" a mark reached at page 4.
 * ra_pages is 32 (128 KiB) unless a test says otherwise.
 */
#include "base/test.h"

#include "backing/machine_testing.h"

#include <string.h>

static struct machine m;
static struct backing b;
static struct inode *inode;
static struct file *file;
static char history[4096];

static int setup(void **state)
{
    (void)state;
    machine_init(&m, 1);
    backing_init(&b, &m.frames, &m.counters);
    inode = inode_new(&b, INODE_REGULAR, 1, 2, "/data", 4096 * PAGE_SIZE, &m.disk);
    file = file_new(&b, inode, 0);
    history[0] = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pagecache_check(&b);
    backing_done(&b);
    machine_done(&m);
    return 0;
}

static void note(const char *why, u64 index, struct ra_plan p)
{
    size_t used = strlen(history);

    used += (size_t)snprintf(history + used, sizeof(history) - used, "%s%s %lu [%lu,%lu)",
                             used ? " " : "", why, (unsigned long)index, (unsigned long)p.start,
                             (unsigned long)(p.start + p.nr));
    if (p.async_size)
        snprintf(history + used, sizeof(history) - used, "%lu",
                 (unsigned long)(p.start + p.nr - p.async_size));
}

static void carry_out(struct ra_plan p)
{
    for (u64 i = p.start; i < p.start + p.nr; i++) {
        pfn_t pfn;

        if (pagecache_find(inode, i) != PFN_NONE)
            continue;
        pfn = machine_take(&m);
        pagecache_add(&b, inode, i, pfn);
        if (p.async_size && i == p.start + p.nr - p.async_size)
            frame_set(frames_get(&m.frames, pfn), PG_READAHEAD);
    }
}

static void cache(u64 from, u64 end)
{
    carry_out((struct ra_plan){.start = from, .nr = (u32)(end - from)});
}

/* read(2) of nr pages at index. */
static void read_pages(u64 index, u64 nr)
{
    for (u64 at = index; at < index + nr; at++) {
        u32 left = (u32)(index + nr - at);
        struct ra_plan p;

        if (pagecache_find(inode, at) == PFN_NONE) {
            p = readahead_sync(file, inode, at, left);
            note("miss", at, p);
            carry_out(p);
            cache(at, at + 1); /* the read itself, where readahead read nothing */
        } else if (readahead_take_mark(frames_get(&m.frames, pagecache_find(inode, at)))) {
            p = readahead_async(file, inode, at, left);
            note("mark", at, p);
            carry_out(p);
        }
        file->ra.prev_pos = (s64)((at + 1) * PAGE_SIZE);
    }
}

static void fault(u64 index, u32 vm_flags)
{
    pfn_t pfn = pagecache_find(inode, index);
    struct ra_plan p;

    if (pfn == PFN_NONE) {
        p = readahead_mmap_sync(file, inode, index, vm_flags, 0);
        note("miss", index, p);
    } else {
        p = readahead_mmap_async(file, inode, index, vm_flags,
                                 readahead_take_mark(frames_get(&m.frames, pfn)));
        if (p.nr)
            note("mark", index, p);
    }
    carry_out(p);
    cache(index, index + 1);
}

/* The figures in the comment above get_init_ra_size(). */
TEST_WITH(the_first_window_is_four_two_or_one_times_the_request, setup, teardown)
{
    assert_int_equal(readahead_init_size(1, 32), 4);
    assert_int_equal(readahead_init_size(2, 32), 4);
    assert_int_equal(readahead_init_size(3, 32), 8);
    assert_int_equal(readahead_init_size(4, 32), 8);
    assert_int_equal(readahead_init_size(8, 32), 16);
    assert_int_equal(readahead_init_size(9, 32), 32);
    assert_int_equal(readahead_init_size(16, 32), 32);
    assert_int_equal(readahead_init_size(64, 2048), 256);
    assert_int_equal(readahead_init_size(65, 2048), 256);
    assert_int_equal(readahead_init_size(512, 2048), 1024);
}

TEST_WITH(windows_grow_by_four_then_by_two_up_to_the_maximum, setup, teardown)
{
    assert_int_equal(readahead_next_size(1, 32), 4);
    assert_int_equal(readahead_next_size(2, 32), 4);
    assert_int_equal(readahead_next_size(16, 32), 32);
    assert_int_equal(readahead_next_size(17, 32), 32);
    assert_int_equal(readahead_next_size(32, 32), 32);
    assert_int_equal(readahead_next_size(127, 2048), 508);
}

TEST_WITH(sequential_reads_of_one_page_open_a_window_of_four, setup, teardown)
{
    for (u64 i = 0; i < 50; i++)
        read_pages(i, 1);
    assert_string_equal(history, "miss 0 [0,4)1 mark 1 [4,12)4 mark 4 [12,28)12 mark 12 [28,60)28 "
                                 "mark 28 [60,92)60");
}

TEST_WITH(sequential_reads_of_four_pages_open_a_window_of_eight, setup, teardown)
{
    for (u64 i = 0; i < 60; i += 4)
        read_pages(i, 4);
    assert_string_equal(history, "miss 0 [0,8)4 mark 4 [8,24)8 mark 8 [24,56)24 mark 24 [56,88)56 "
                                 "mark 56 [88,120)88");
}

TEST_WITH(a_request_of_the_whole_window_puts_the_mark_in_its_middle, setup, teardown)
{
    read_pages(0, 32);
    assert_string_equal(history, "miss 0 [0,32)16 mark 16 [32,64)32");
}

TEST_WITH(a_request_above_the_window_is_read_at_once_up_to_the_largest_io, setup, teardown)
{
    read_pages(0, 256);
    /* at the mark 128 pages are left of the request, and that is the maximum then */
    assert_string_equal(history, "miss 0 [0,256)128 mark 128 [256,384)256");
    history[0] = 0;
    read_pages(1000, 640); /* io_pages is 320 */
    assert_string_equal(history, "miss 1000 [1000,1320)1160 mark 1160 [1320,1640)1320 "
                                 "mark 1320 [1640,1960)1640");
}

TEST_WITH(a_device_without_a_queue_allows_no_larger_request, setup, teardown)
{
    struct inode *on_ram = inode_new(&b, INODE_REGULAR, 1, 3, NULL, MIB, &m.ram);
    struct file *f = file_new(&b, on_ram, 0);
    struct ra_plan p = readahead_sync(f, on_ram, 0, 256);

    assert_int_equal(p.nr, 32);
    assert_int_equal(p.async_size, 16);
    file_put(&b, f);
}

TEST_WITH(a_random_read_takes_only_what_was_asked_for, setup, teardown)
{
    read_pages(100, 2);
    read_pages(900, 1);
    read_pages(500, 3);
    assert_string_equal(history, "miss 100 [100,102) miss 900 [900,901) miss 500 [500,503)");
}

TEST_WITH(a_random_read_does_not_disturb_the_stream, setup, teardown)
{
    read_pages(0, 4);
    read_pages(2000, 1);
    read_pages(4, 4);
    assert_string_equal(history, "miss 0 [0,8)4 miss 2000 [2000,2001) mark 4 [8,24)8");
}

TEST_WITH(a_second_read_beside_the_first_starts_a_stream, setup, teardown)
{
    read_pages(100, 1);
    read_pages(101, 1);
    assert_string_equal(history, "miss 100 [100,101) miss 101 [101,105)102");
}

/* A seek back into a page that is no longer cached: same page as the last byte. */
TEST_WITH(a_read_of_the_same_page_again_counts_as_sequential, setup, teardown)
{
    file->ra.prev_pos = 100 * PAGE_SIZE + 17;
    read_pages(100, 1);
    assert_string_equal(history, "miss 100 [100,104)101");
}

TEST_WITH(a_stream_without_state_is_known_by_its_cached_history, setup, teardown)
{
    cache(90, 100);
    read_pages(100, 2);
    assert_string_equal(history, "miss 100 [100,112)111");
}

TEST_WITH(a_history_from_the_start_of_the_file_counts_twice, setup, teardown)
{
    cache(0, 10);
    read_pages(10, 1);
    assert_string_equal(history, "miss 10 [10,31)30");
}

/* 6.1 takes the last page of history it looks at for a gap, so it sees at most max - 1. */
TEST_WITH(a_long_history_makes_a_full_window, setup, teardown)
{
    cache(200, 300);
    read_pages(300, 1);
    assert_string_equal(history, "miss 300 [300,332)331");
}

TEST_WITH(two_interleaved_streams_find_each_other_by_their_marks, setup, teardown)
{
    struct file *other = file_new(&b, inode, 0);

    read_pages(0, 4); /* [0,8) mark 4 */
    read_pages(1000, 1);
    read_pages(1001, 1); /* the stream's state is now that of 1001 */
    history[0] = 0;
    read_pages(4, 4);
    /* cached from 5 on: 5, 6, 7, so start 8, size next(4 + 4) */
    assert_string_equal(history, "mark 4 [8,24)8");
    file_put(&b, other);
}

/* page_cache_next_miss() of 6.1 calls the last page it looks at a miss. */
TEST_WITH(a_mark_before_a_long_cached_stretch_reads_on_after_one_window, setup, teardown)
{
    cache(500, 600);
    frame_set(frames_get(&m.frames, pagecache_find(inode, 510)), PG_READAHEAD);
    read_pages(510, 1);
    assert_string_equal(history, "mark 510 [542,574)542");
}

TEST_WITH(the_window_ends_with_the_file, setup, teardown)
{
    inode_set_size(inode, 10 * PAGE_SIZE + 1);
    for (u64 i = 0; i < 11; i++)
        read_pages(i, 1);
    /* 28 .. is past the end; async_size 8 of [4,12) clipped to [4,11) puts no mark: 8 > 7 */
    assert_string_equal(history, "miss 0 [0,4)1 mark 1 [4,11)");
}

TEST_WITH(a_clipped_window_moves_its_mark_with_the_end, setup, teardown)
{
    inode_set_size(inode, 6 * PAGE_SIZE);
    read_pages(0, 4);
    assert_string_equal(history, "miss 0 [0,6)2 mark 2 [6,6)");
}

TEST_WITH(nothing_is_read_past_the_end_or_of_an_empty_file, setup, teardown)
{
    inode_set_size(inode, 0);
    assert_int_equal(readahead_sync(file, inode, 0, 4).nr, 0);
    inode_set_size(inode, PAGE_SIZE);
    assert_int_equal(readahead_sync(file, inode, 1, 4).nr, 0);
    assert_int_equal(readahead_force(file, inode, 7, 4).nr, 0);
}

TEST_WITH(advice_random_reads_just_the_request, setup, teardown)
{
    readahead_advise(file, inode, FILE_ADVICE_RANDOM);
    read_pages(0, 4);
    read_pages(4, 1);
    read_pages(5, 1);
    assert_string_equal(history, "miss 0 [0,4) miss 4 [4,5) miss 5 [5,6)");
    readahead_advise(file, inode, FILE_ADVICE_NORMAL);
    read_pages(6, 1);
    assert_string_equal(history, "miss 0 [0,4) miss 4 [4,5) miss 5 [5,6) miss 6 [6,10)7");
}

TEST_WITH(advice_sequential_doubles_the_window, setup, teardown)
{
    readahead_advise(file, inode, FILE_ADVICE_SEQUENTIAL);
    assert_int_equal(file->ra.ra_pages, 64);
    read_pages(0, 64);
    assert_string_equal(history, "miss 0 [0,64)32 mark 32 [64,128)64");
    readahead_advise(file, inode, FILE_ADVICE_NORMAL);
    assert_int_equal(file->ra.ra_pages, 32);
}

/* The mark was lost with its page; the miss is at the end of the window, where the next one
 * would have its mark. */
TEST_WITH(a_miss_right_after_the_window_merges_the_next_two, setup, teardown)
{
    read_pages(0, 1); /* [0,4) mark 1 */
    frame_clear(frames_get(&m.frames, pagecache_find(inode, 1)), PG_READAHEAD);
    for (u64 i = 1; i < 5; i++)
        read_pages(i, 1);
    assert_string_equal(history, "miss 0 [0,4)1 miss 4 [4,28)12");
}

TEST_WITH(without_readahead_one_page_is_read_at_a_time, setup, teardown)
{
    file->ra.ra_pages = 0;
    read_pages(0, 3);
    assert_string_equal(history, "miss 0 [0,1) miss 1 [1,2) miss 2 [2,3)");
    assert_int_equal(readahead_async(file, inode, 4, 4).nr, 0);
    assert_int_equal(readahead_mmap_sync(file, inode, 4, 0, 0).nr, 0);
    assert_int_equal(readahead_mmap_async(file, inode, 4, 0, true).nr, 0);
}

TEST_WITH(willneed_is_cut_to_one_request, setup, teardown)
{
    assert_int_equal(readahead_force(file, inode, 0, 4096).nr, 320);
    file->ra.ra_pages = 2048;
    assert_int_equal(readahead_force(file, inode, 0, UINT64_MAX).nr, 2048);
    assert_int_equal(readahead_force(file, inode, 4090, 4096).nr, 6);
    assert_int_equal(readahead_force(file, inode, 0, 4096).async_size, 0);
}

TEST_WITH(a_fault_reads_around_itself, setup, teardown)
{
    fault(100, 0);
    assert_string_equal(history, "miss 100 [84,116)108");
    fault(108, 0);
    /* the mark is where the window said: the next window follows it, as large as the maximum */
    assert_string_equal(history, "miss 100 [84,116)108 mark 108 [116,148)116");
}

TEST_WITH(a_fault_near_the_start_reads_from_page_0, setup, teardown)
{
    fault(3, 0);
    assert_string_equal(history, "miss 3 [0,32)24");
}

TEST_WITH(a_hundred_misses_more_than_hits_stop_reading_around, setup, teardown)
{
    for (u64 i = 1; i <= MMAP_LOTSAMISS; i++) {
        fault(i * 32, 0);
        assert_int_equal(file->ra.mmap_miss, i);
    }
    history[0] = 0;
    fault(3600, 0);
    assert_string_equal(history, "miss 3600 [3600,3600)");
    for (unsigned i = 0; i < 2000; i++)
        readahead_mmap_sync(file, inode, 3900, 0, 0);
    assert_int_equal(file->ra.mmap_miss, 1000);
    readahead_mmap_mapped(file, 16);
    assert_int_equal(file->ra.mmap_miss, 984);
    readahead_mmap_mapped(file, 2000);
    assert_int_equal(file->ra.mmap_miss, 0);
    readahead_mmap_async(file, inode, 3600, 0, false);
    assert_int_equal(file->ra.mmap_miss, 0);
}

TEST_WITH(vm_rand_read_reads_nothing_and_counts_nothing, setup, teardown)
{
    fault(100, VM_RAND_READ);
    assert_string_equal(history, "miss 100 [100,100)");
    assert_int_equal(file->ra.mmap_miss, 0);
}

TEST_WITH(vm_seq_read_reads_as_read_would, setup, teardown)
{
    for (u64 i = 0; i < 40; i++)
        fault(i, VM_SEQ_READ);
    assert_string_equal(history, "miss 0 [0,32)16 mark 16 [32,64)32 mark 32 [64,96)64");
}

TEST_WITH(a_page_under_writeback_keeps_its_mark, setup, teardown)
{
    struct frame f = {.flags = PG_READAHEAD | PG_WRITEBACK};

    assert_false(readahead_take_mark(&f));
    assert_true(frame_test(&f, PG_READAHEAD));
    frame_clear(&f, PG_WRITEBACK);
    assert_true(readahead_take_mark(&f));
    assert_false(readahead_take_mark(&f));
}

TEST_MAIN()
