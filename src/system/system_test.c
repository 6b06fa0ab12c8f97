/* system_test.c - what one process sees of memory, counted as Linux counts it. */
#include <string.h>

#include "base/test.h"

#include "system/access.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/kobject.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define VPN (TEST_BASE >> PAGE_SHIFT)

struct fixture {
    struct system *s;
    struct group *g;
    struct task *t;
};

static void fixture_init(struct fixture *f, const char *swap_device, bool bytes)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 1;
    c.bytes = bytes;
    if (swap_device) {
        c.nr_swaps = 1;
        c.swaps[0] = (struct swap_spec){
            .name = "/dev/swap", .bytes = 64 * MIB, .priority = -1, .device = swap_device};
    }
    f->s = test_system_new(&c);
    f->g = system_group(f->s, "/app");
    f->t = system_task_new(f->s, f->g, 100, 1, "test");
}

static void fixture_done(struct fixture *f)
{
    system_check(f->s);
    test_system_free(f->s);
}

static void map(struct fixture *f, u64 pages, u32 prot, u32 flags, struct file *file)
{
    const struct mmap_args a = {.addr = TEST_BASE,
                                .len = pages * PAGE_SIZE,
                                .prot = prot,
                                .mflags = flags,
                                .file = file ? file->id : 0};

    assert_int_equal(test_run(f->s, f->t, system_mmap(f->s, f->t, &a)), STEP_DONE);
}

static enum step touch(struct fixture *f, struct task *t, u64 page, enum access_kind kind)
{
    return test_run(f->s, t, system_access(f->s, t, VPN + page, kind));
}

static u64 counter(const struct fixture *f, enum counter id)
{
    return (u64)f->s->counters.v[id];
}

TEST(first_touch_counts_one_minor_fault)
{
    struct fixture f;

    fixture_init(&f, NULL, false);
    map(&f, 4, 3, 0, NULL);
    touch(&f, f.t, 0, ACCESS_WRITE);
    assert_int_equal(f.t->minflt, 1);
    assert_int_equal(counter(&f, PGFAULT), 1);
    assert_int_equal(f.t->mm->rss_anon, 1);
    touch(&f, f.t, 0, ACCESS_WRITE);
    assert_int_equal(f.t->minflt, 1);
    fixture_done(&f);
}

TEST(a_read_before_the_first_write_makes_two_faults)
{
    struct fixture f;

    fixture_init(&f, NULL, false);
    map(&f, 4, 3, 0, NULL);
    touch(&f, f.t, 0, ACCESS_READ);
    assert_int_equal(f.t->mm->rss_anon, 0);
    touch(&f, f.t, 0, ACCESS_WRITE);
    assert_int_equal(f.t->minflt, 2);
    assert_int_equal(f.t->mm->rss_anon, 1);
    fixture_done(&f);
}

TEST(after_fork_the_first_writer_copies_and_the_second_reuses)
{
    struct fixture f;
    struct task *child;
    u64 word = 7, seen = 0;

    fixture_init(&f, NULL, true);
    map(&f, 4, 3, 0, NULL);
    test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE, &word, sizeof(word)));
    assert_int_equal(test_run(f.s, f.t, system_fork(f.s, f.t, 101, false, &child)), STEP_DONE);
    word = 8;
    test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE, &word, sizeof(word)));
    assert_int_equal(counter(&f, NR_ANON_PAGES), 2);
    assert_int_equal(counter(&f, PGREUSE), 0);
    test_run(f.s, child, system_load(f.s, child, TEST_BASE, &seen, sizeof(seen)));
    assert_int_equal(seen, 7);
    touch(&f, child, 0, ACCESS_WRITE);
    assert_int_equal(counter(&f, PGREUSE), 1);
    assert_int_equal(counter(&f, NR_ANON_PAGES), 2);
    fixture_done(&f);
}

static void swap_round_trip(const char *device)
{
    struct fixture f;
    u64 seen;

    fixture_init(&f, device, true);
    group_set_limit(f.g, LIMIT_MAX, 256);
    map(&f, 512, 3, 0, NULL);
    for (u64 i = 0; i < 512; i++)
        test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE + i * PAGE_SIZE, &i, sizeof(i)));
    assert_true(f.g->memory.usage <= 256);
    assert_true(counter(&f, PSWPOUT) >= 256);
    for (u64 i = 0; i < 512; i++) {
        test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + i * PAGE_SIZE, &seen, sizeof(seen)));
        assert_int_equal(seen, i);
    }
    assert_true(f.t->majflt > 0);
    assert_int_equal(f.s->oom_kills, 0);
    fixture_done(&f);
}

TEST(what_was_swapped_out_comes_back)
{
    swap_round_trip("zram");
    swap_round_trip("nvme");
    swap_round_trip("hdd");
}

TEST(shared_memory_is_swapped_too)
{
    struct fixture f;
    u64 seen;

    fixture_init(&f, "ssd", true);
    group_set_limit(f.g, LIMIT_MAX, 256);
    map(&f, 512, 3, HWT_MAP_SHARED, NULL);
    for (u64 i = 0; i < 512; i++)
        test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE + i * PAGE_SIZE, &i, sizeof(i)));
    for (u64 i = 0; i < 512; i++) {
        test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + i * PAGE_SIZE, &seen, sizeof(seen)));
        assert_int_equal(seen, i);
    }
    assert_int_equal(f.s->oom_kills, 0);
    test_run(f.s, f.t, system_munmap(f.s, f.t, TEST_BASE, 512 * PAGE_SIZE));
    test_sleep(f.s, f.s->clock.now + NS_PER_S);
    assert_int_equal(counter(&f, NR_SHMEM), 0);
    /* all but those a CPU took ahead */
    assert_true(f.s->swap.total_pages - f.s->swap.free_pages < SWAP_BATCH);
    fixture_done(&f);
}

TEST(a_group_without_swap_is_killed_and_reported)
{
    struct fixture f;
    enum step step = STEP_DONE;
    u64 i;

    fixture_init(&f, NULL, false);
    group_set_limit(f.g, LIMIT_MAX, 256);
    map(&f, 512, 3, 0, NULL);
    for (i = 0; i < 512 && step == STEP_DONE; i++)
        step = touch(&f, f.t, i, ACCESS_WRITE);
    assert_int_equal(step, STEP_DEAD);
    assert_in_range(i, 220, 256); /* the rest is kernel memory and the stock */
    assert_int_equal(f.t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(f.t->exit_status, 9);
    assert_int_equal(group_counter(f.g, MEMCG_OOM_KILL), 1);
    assert_int_equal(counter(&f, OOM_KILL), 1);
    assert_non_null(strstr(f.s->log.text, "test invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL)"));
    assert_non_null(strstr(f.s->log.text, "memory: usage 1024kB, limit 1024kB, failcnt "));
    assert_non_null(strstr(f.s->log.text, "Memory cgroup stats for /app:"));
    assert_non_null(
        strstr(f.s->log.text, "oom_memcg=/app,task_memcg=/app,task=test,pid=100,uid=0"));
    assert_non_null(
        strstr(f.s->log.text, "Memory cgroup out of memory: Killed process 100 (test) "));
    fixture_done(&f);
}

TEST(the_largest_is_killed_unless_oom_score_adj_says_otherwise)
{
    struct fixture f;
    struct task *other;

    fixture_init(&f, NULL, false);
    map(&f, 512, 3, 0, NULL);
    for (u64 i = 0; i < 100; i++)
        touch(&f, f.t, i, ACCESS_WRITE);
    f.t->oom_score_adj = -1000;
    group_set_limit(f.g, LIMIT_MAX, f.g->memory.usage + 300);
    assert_int_equal(test_run(f.s, f.t, system_fork(f.s, f.t, 101, false, &other)), STEP_DONE);
    other->oom_score_adj = 0;
    for (u64 i = 0; i < 512 && !f.s->oom_kills; i++)
        assert_int_equal(touch(&f, f.t, i, ACCESS_WRITE), STEP_DONE);
    assert_int_equal(other->outcome, OUTCOME_OOM_KILLED);
    assert_true(f.t->state < TASK_ZOMBIE);
    fixture_done(&f);
}

TEST(a_group_nobody_in_may_be_killed_goes_over_its_limit)
{
    struct fixture f;

    fixture_init(&f, NULL, false);
    group_set_limit(f.g, LIMIT_MAX, 128);
    f.t->oom_score_adj = -1000;
    map(&f, 200, 3, 0, NULL);
    for (u64 i = 0; i < 200; i++)
        assert_int_equal(touch(&f, f.t, i, ACCESS_WRITE), STEP_DONE);
    assert_int_equal(f.s->oom_kills, 0);
    fixture_done(&f);
}

static struct file *open_file(struct fixture *f, u64 pages)
{
    struct inode *inode = system_inode(f->s, INODE_REGULAR, 1, 10, "/data", pages * PAGE_SIZE);

    return system_open(f->s, inode, 0);
}

TEST(sequential_reads_use_readahead)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 1024);
    for (u64 i = 0; i < 1024; i++)
        test_run(f.s, f.t, system_read(f.s, f.t, file, i * PAGE_SIZE, PAGE_SIZE, 0));
    assert_int_equal(counter(&f, NR_FILE_PAGES), 1024);
    assert_in_range(f.s->disk.stats.ios[DEVICE_READ], 1024 / 32, 1024 / 32 + 6);
    assert_int_equal(counter(&f, PGMAJFAULT), 0);
    fixture_done(&f);
}

/* Read around a fault in the middle of 8 MiB, under a limit of 1 MiB: what is read makes room for
 * the next, all but a few pages are read. */
TEST(readahead_goes_on_where_the_limit_refused_a_page)
{
    struct system_config c;
    struct fixture f;
    struct inode *inode;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 1;
    c.disk = "ram";
    c.readahead_bytes = 8 * MIB;
    f.s = test_system_new(&c);
    f.g = system_group(f.s, "/app");
    f.t = system_task_new(f.s, f.g, 100, 1, "test");
    group_set_limit(f.g, LIMIT_MAX, 256);
    inode = system_inode(f.s, INODE_REGULAR, 1, 10, "/data", 2048 * PAGE_SIZE);
    map(&f, 2048, 1, 0, system_open(f.s, inode, 0));
    assert_int_equal(touch(&f, f.t, 1024, ACCESS_READ), STEP_DONE);
    assert_true(pte_present(*pagetable_find(f.t->mm, VPN + 1024)));
    assert_in_range(counter(&f, PGSTEAL_FILE), 2048 - 256 - 32, 2048);
    fixture_done(&f);
}

TEST(reads_and_writes_move_bytes)
{
    struct fixture f;
    struct file *file;
    u64 word = 0x1122334455667788, seen = 0;
    int error = -1;

    fixture_init(&f, NULL, true);
    map(&f, 4, 3, 0, NULL);
    file = open_file(&f, 8);
    test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE + 4092 - 8, &word, sizeof(word)));
    test_run(f.s, f.t, system_write(f.s, f.t, file, 8 * PAGE_SIZE + 100, 8, TEST_BASE + 4092 - 8));
    assert_int_equal(inode_get(&f.s->backing, file->inode)->size, 8 * PAGE_SIZE + 108);
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode_get(&f.s->backing, file->inode), file, &error));
    assert_int_equal(error, 0);
    assert_int_equal(counter(&f, NR_DIRTY) + counter(&f, NR_WRITEBACK), 0);
    test_run(f.s, f.t, system_fadvise(f.s, f.t, file, 0, 0, ABI_FADV_DONTNEED));
    test_run(f.s, f.t,
             system_read(f.s, f.t, file, 8 * PAGE_SIZE + 100, 8, TEST_BASE + 2 * PAGE_SIZE - 4));
    test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + 2 * PAGE_SIZE - 4, &seen, 4));
    test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + 2 * PAGE_SIZE, (u8 *)&seen + 4, 4));
    assert_int_equal(seen, word);
    fixture_done(&f);
}

TEST(a_fault_on_a_cold_file_is_major_and_maps_around_it_when_warm)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 64);
    map(&f, 64, 1, HWT_MAP_SHARED, file);
    touch(&f, f.t, 0, ACCESS_READ);
    assert_int_equal(f.t->majflt, 1);
    assert_int_equal(counter(&f, PGMAJFAULT), 1);
    test_run(f.s, f.t, system_munmap(f.s, f.t, TEST_BASE, 64 * PAGE_SIZE));
    map(&f, 64, 1, HWT_MAP_SHARED, file);
    touch(&f, f.t, 3, ACCESS_READ);
    assert_int_equal(f.t->majflt, 1);
    assert_true(f.t->mm->rss_file > 8); /* x.fault_around_bytes is 16 pages */
    fixture_done(&f);
}

TEST(an_unlinked_file_goes_with_its_last_mapping)
{
    struct fixture f;
    struct file *file;
    u32 id;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 16);
    id = file->inode;
    map(&f, 16, 1, 0, file);
    touch(&f, f.t, 0, ACCESS_READ);
    system_close(f.s, file);
    system_unlink(f.s, inode_get(&f.s->backing, id));
    assert_non_null(inode_get(&f.s->backing, id));
    test_run(f.s, f.t, system_munmap(f.s, f.t, TEST_BASE, 8 * PAGE_SIZE));
    assert_non_null(inode_get(&f.s->backing, id));
    test_run(f.s, f.t, system_munmap(f.s, f.t, TEST_BASE + 8 * PAGE_SIZE, 8 * PAGE_SIZE));
    test_run(f.s, f.t, system_access(f.s, f.t, 1, ACCESS_READ)); /* any call: SIGSEGV */
    assert_null(inode_get(&f.s->backing, id));
    assert_int_equal(counter(&f, NR_FILE_PAGES), 0);
    fixture_done(&f);
}

TEST(a_bad_access_is_fatal)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 2);
    map(&f, 4, 1, 0, file);
    assert_int_equal(touch(&f, f.t, 3, ACCESS_READ), STEP_DEAD);
    assert_int_equal(f.t->outcome, OUTCOME_SIGBUS);
    assert_int_equal(f.t->exit_status, 7);
    fixture_done(&f);
    fixture_init(&f, NULL, false);
    map(&f, 4, 1, 0, NULL);
    assert_int_equal(touch(&f, f.t, 0, ACCESS_WRITE), STEP_DEAD);
    assert_int_equal(f.t->outcome, OUTCOME_SIGSEGV);
    fixture_done(&f);
}

TEST(locked_memory_stays)
{
    struct fixture f;

    fixture_init(&f, "zram", false);
    group_set_limit(f.g, LIMIT_MAX, 200);
    map(&f, 400, 3, 0, NULL);
    assert_int_equal(test_run(f.s, f.t, system_mlock(f.s, f.t, TEST_BASE, 50 * PAGE_SIZE, false)),
                     STEP_DONE);
    assert_int_equal(counter(&f, NR_MLOCK), 50);
    for (u64 i = 50; i < 400; i++)
        touch(&f, f.t, i, ACCESS_WRITE);
    for (u64 i = 0; i < 50; i++)
        assert_true(pte_present(*pagetable_find(f.t->mm, VPN + i)));
    test_run(f.s, f.t, system_munlock(f.s, f.t, TEST_BASE, 50 * PAGE_SIZE));
    assert_int_equal(counter(&f, NR_MLOCK), 0);
    assert_int_equal(counter(&f, NR_UNEVICTABLE), 0);
    fixture_done(&f);
}

static void advise(struct fixture *f, u64 page, u64 pages, u32 advice)
{
    assert_int_equal(test_run(f->s, f->t,
                              system_madvise(f->s, f->t, TEST_BASE + page * PAGE_SIZE,
                                             pages * PAGE_SIZE, advice)),
                     STEP_DONE);
}

TEST(memory_is_populated_for_reading_or_writing)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    map(&f, 40, 3, 0, NULL);
    advise(&f, 0, 30, ABI_MADV_POPULATE_READ); /* the zero page, and no memory */
    assert_int_equal(f.t->mm->rss_anon, 0);
    assert_true(pte_is_zero_page(*pagetable_find(f.t->mm, VPN + 29)));
    advise(&f, 10, 30, ABI_MADV_POPULATE_WRITE);
    assert_int_equal(f.t->mm->rss_anon, 30);
    assert_true(pte_is_zero_page(*pagetable_find(f.t->mm, VPN + 9)));
    fixture_done(&f);
    fixture_init(&f, NULL, false);
    file = open_file(&f, 40);
    map(&f, 40, 3, 0, file);
    advise(&f, 0, 20, ABI_MADV_POPULATE_READ); /* the file's pages */
    assert_int_equal(f.t->mm->rss_anon, 0);
    assert_true(f.t->mm->rss_file >= 20);
    advise(&f, 0, 20, ABI_MADV_POPULATE_WRITE); /* copies of them */
    assert_int_equal(f.t->mm->rss_anon, 20);
    fixture_done(&f);
    fixture_init(&f, NULL, false);
    file = open_file(&f, 40);
    map(&f, 40, 3, HWT_MAP_SHARED, file);
    advise(&f, 0, 20, ABI_MADV_POPULATE_READ);
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    advise(&f, 0, 20, ABI_MADV_POPULATE_WRITE);
    assert_int_equal(counter(&f, NR_DIRTY), 20);
    fixture_done(&f);
}

TEST(brk_grows_and_shrinks_the_heap)
{
    struct fixture f;

    fixture_init(&f, NULL, false);
    test_run(f.s, f.t, system_brk(f.s, f.t, TEST_BASE + 100, TEST_BASE + 100));
    assert_int_equal(f.t->mm->total_vm, 0);
    test_run(f.s, f.t, system_brk(f.s, f.t, TEST_BASE + 100, TEST_BASE + 5 * PAGE_SIZE));
    assert_int_equal(f.t->mm->total_vm, 4); /* the page of the start belongs to the program */
    touch(&f, f.t, 4, ACCESS_WRITE);
    test_run(f.s, f.t, system_brk(f.s, f.t, TEST_BASE + 100, TEST_BASE + 2 * PAGE_SIZE));
    assert_int_equal(f.t->mm->total_vm, 1);
    assert_int_equal(f.t->mm->rss_anon, 0);
    fixture_done(&f);
}

TEST(mremap_takes_the_pages_along)
{
    struct fixture f;
    u64 word = 5, seen = 0;

    fixture_init(&f, NULL, true);
    map(&f, 4, 3, 0, NULL);
    test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE, &word, sizeof(word)));
    test_run(f.s, f.t,
             system_mremap(f.s, f.t, TEST_BASE, 4 * PAGE_SIZE, TEST_BASE + GIB, 8 * PAGE_SIZE));
    assert_null(vma_find(f.t->mm, VPN));
    test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + GIB, &seen, sizeof(seen)));
    assert_int_equal(seen, 5);
    assert_int_equal(f.t->mm->total_vm, 8);
    fixture_done(&f);
}

TEST(exec_and_exit_leave_nothing_behind)
{
    struct fixture f;
    struct task *thread, *child;
    u64 free_pages, now;

    fixture_init(&f, NULL, false);
    system_exit(f.s, f.t, 0, true);
    free_pages = frames_count_free(&f.s->frames) + frames_count_pcp(&f.s->frames);
    f.t = system_task_new(f.s, f.g, 200, 1, "again");
    map(&f, 64, 3, 0, NULL);
    for (u64 i = 0; i < 64; i++)
        touch(&f, f.t, i, ACCESS_WRITE);
    thread = system_thread_new(f.s, f.t, 201);
    test_run(f.s, f.t, system_fork(f.s, f.t, 300, true, &child));
    assert_ptr_equal(child->mm, f.t->mm);
    test_run(f.s, f.t, system_exec(f.s, f.t, "other"));
    assert_int_equal(thread->state, TASK_ZOMBIE);
    assert_int_equal(child->mm->rss_anon, 64);
    assert_int_equal(f.t->mm->rss_anon, 0);
    assert_int_equal(f.t->maxrss_pages, 64);
    system_exit(f.s, child, 0, true);
    system_exit(f.s, f.t, 3, true);
    assert_int_equal(f.t->exit_status, 3);
    assert_int_equal(counter(&f, NR_PAGE_TABLE_PAGES), 0);
    assert_int_equal(counter(&f, NR_KERNEL_STACK), 0);
    group_drain_stock(&f.s->groups, f.g);
    now = frames_count_free(&f.s->frames) + frames_count_pcp(&f.s->frames);
    assert_in_range(now, free_pages - 8, free_pages); /* slabs with room are kept */
    fixture_done(&f);
}

TEST(memory_high_slows_down_and_holds)
{
    struct fixture f;

    fixture_init(&f, "ssd", false);
    group_set_limit(f.g, LIMIT_HIGH, 256);
    map(&f, 1024, 3, 0, NULL);
    for (u64 i = 0; i < 1024; i++)
        touch(&f, f.t, i, ACCESS_WRITE);
    assert_true(f.g->memory.usage < 256 + 2 * f.s->groups.charge_batch);
    assert_true(group_counter(f.g, MEMCG_HIGH) > 0);
    assert_int_equal(f.s->oom_kills, 0);
    fixture_done(&f);
}

TEST(kswapd_works_before_anybody_has_to)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 16384);
    for (u64 i = 0; i < 16384; i += 8)
        test_run(f.s, f.t, system_read(f.s, f.t, file, i * PAGE_SIZE, 8 * PAGE_SIZE, 0));
    assert_true(counter(&f, PGSTEAL_KSWAPD) > 0);
    assert_true(f.s->kswapds[0]->cpu_sys_ns > 0);
    assert_int_equal(f.s->oom_kills, 0);
    fixture_done(&f);
}

TEST(dirty_pages_are_written_when_they_are_old)
{
    struct fixture f;
    struct file *file;
    int error;
    ns_t start;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 8192);
    test_run(f.s, f.t, system_write(f.s, f.t, file, 0, 1500 * PAGE_SIZE, 0));
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode_get(&f.s->backing, file->inode), file, &error));
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    start = f.s->clock.now;
    test_run(f.s, f.t, system_write(f.s, f.t, file, 0, 64 * PAGE_SIZE, 0));
    assert_int_equal(counter(&f, NR_DIRTY), 64);
    test_sleep(f.s, start + 29 * NS_PER_S);
    assert_int_equal(counter(&f, NR_DIRTY), 64);
    test_sleep(
        f.s,
        start +
            36 * NS_PER_S); /* dirty_expire_centisecs, and up to dirty_writeback_centisecs more */
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    fixture_done(&f);
}

TEST(an_idle_device_writes_at_the_first_tick_of_the_flusher)
{
    struct fixture f;
    struct file *file;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 64);
    test_run(f.s, f.t, system_write(f.s, f.t, file, 0, 64 * PAGE_SIZE, 0));
    test_sleep(f.s, 4900 * NS_PER_MS);
    assert_int_equal(counter(&f, NR_DIRTY), 64);
    test_sleep(f.s, 5200 * NS_PER_MS);
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    fixture_done(&f);
}

TEST(drop_caches_takes_what_is_clean_and_nobody_uses)
{
    struct fixture f;
    struct file *file;
    vaddr_t map = TEST_BASE;
    u64 nodes;

    fixture_init(&f, NULL, false);
    file = open_file(&f, 100);
    test_run(f.s, f.t, system_read(f.s, f.t, file, 0, 90 * PAGE_SIZE, 0));
    test_run(f.s, f.t, system_write(f.s, f.t, file, 0, 10 * PAGE_SIZE, 0));
    test_run(f.s, f.t,
             system_mmap(f.s, f.t,
                         &(struct mmap_args){.addr = map,
                                             .len = PAGE_SIZE,
                                             .prot = ABI_PROT_READ,
                                             .mflags = HWT_MAP_SHARED,
                                             .file = file->id,
                                             .offset = 50 * PAGE_SIZE}));
    test_run(f.s, f.t, system_access(f.s, f.t, map >> PAGE_SHIFT, ACCESS_READ));
    assert_true(counter(&f, NR_FILE_PAGES) >= 90);
    system_drop_caches(f.s, 2);
    assert_true(counter(&f, NR_FILE_PAGES) >= 90);
    assert_int_equal(counter(&f, DROP_SLAB), 1);
    test_run(f.s, f.t, system_walk_directory(f.s, f.t, 1000));
    nodes = slab_count(&f.s->slab, SLAB_DENTRY, f.t->group);
    system_drop_caches(f.s, 2);
    assert_true(slab_count(&f.s->slab, SLAB_DENTRY, f.t->group) + 1000 <= nodes);
    clock_run_until(&f.s->clock, f.s->clock.now + NS_PER_MS); /* what is read ahead arrives */
    system_drop_caches(f.s, 1);
    /* What is dirty stays, and what is mapped. */
    assert_int_equal(counter(&f, NR_FILE_PAGES), 11);
    assert_int_equal(counter(&f, NR_DIRTY), 10);
    assert_int_equal(counter(&f, DROP_PAGECACHE), 1);
    assert_non_null(strstr(f.s->log.text, "drop_caches: 1"));
    fixture_done(&f);
}

TEST(direct_io_passes_the_cache)
{
    struct fixture f;
    struct file *file, *direct;
    struct inode *inode;
    u8 byte = 7, got = 0;
    s64 in, out;

    fixture_init(&f, NULL, true);
    file = open_file(&f, 64);
    inode = inode_get(&f.s->backing, file->inode);
    direct = system_open(f.s, inode, FILE_DIRECT);
    map(&f, 16, ABI_PROT_READ | ABI_PROT_WRITE, 0, NULL);
    test_run(f.s, f.t, system_store(f.s, f.t, TEST_BASE, &byte, 1));
    /* What is dirty is written first, and what was cached is gone. */
    test_run(f.s, f.t, system_write(f.s, f.t, file, 0, 4 * PAGE_SIZE, 0));
    assert_int_equal(counter(&f, NR_FILE_PAGES), 4);
    out = counter(&f, PGPGOUT);
    test_run(f.s, f.t, system_write(f.s, f.t, direct, PAGE_SIZE, 2 * PAGE_SIZE, TEST_BASE));
    assert_int_equal(counter(&f, NR_FILE_PAGES), 2);
    assert_int_equal(counter(&f, NR_DIRTY), 2);
    assert_int_equal(counter(&f, PGPGOUT) - out, 2 * 2 * PAGE_SIZE / 512);
    /* A read leaves nothing behind, and sees what was written. */
    in = counter(&f, PGPGIN);
    test_run(f.s, f.t,
             system_read(f.s, f.t, direct, PAGE_SIZE, PAGE_SIZE, TEST_BASE + 8 * PAGE_SIZE));
    assert_int_equal(counter(&f, NR_FILE_PAGES), 2);
    assert_int_equal(counter(&f, PGPGIN) - in, PAGE_SIZE / 512);
    test_run(f.s, f.t, system_load(f.s, f.t, TEST_BASE + 8 * PAGE_SIZE, &got, 1));
    assert_int_equal(got, 7);
    /* A mapping of the file is taken away and comes back with the new bytes. */
    test_run(f.s, f.t,
             system_mmap(f.s, f.t,
                         &(struct mmap_args){.addr = 2 * TEST_BASE,
                                             .len = PAGE_SIZE,
                                             .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                                             .mflags = HWT_MAP_SHARED,
                                             .file = file->id,
                                             .offset = PAGE_SIZE}));
    byte = 9;
    test_run(f.s, f.t, system_store(f.s, f.t, 2 * TEST_BASE, &byte, 1));
    test_run(f.s, f.t, system_write(f.s, f.t, direct, PAGE_SIZE, PAGE_SIZE, TEST_BASE));
    test_run(f.s, f.t, system_load(f.s, f.t, 2 * TEST_BASE, &got, 1));
    assert_int_equal(got, 7);
    /* From the file to itself: through the cache, as the page cannot be both. */
    test_run(f.s, f.t, system_write(f.s, f.t, direct, PAGE_SIZE, PAGE_SIZE, 2 * TEST_BASE));
    test_run(f.s, f.t, system_load(f.s, f.t, 2 * TEST_BASE, &got, 1));
    assert_int_equal(got, 7);
    /* Beyond the end the file grows. */
    test_run(f.s, f.t, system_write(f.s, f.t, direct, 64 * PAGE_SIZE, 3 * MIB, 0));
    assert_int_equal(inode->size, 64 * PAGE_SIZE + 3 * MIB);
    system_close(f.s, direct);
    fixture_done(&f);
}

TEST(every_open_file_reports_an_error_of_writeback_once)
{
    struct fixture f;
    struct file *a, *b, *late;
    struct inode *inode;
    int error = 0;

    fixture_init(&f, NULL, false);
    a = open_file(&f, 64);
    inode = inode_get(&f.s->backing, a->inode);
    b = system_open(f.s, inode, 0);
    f.s->disk.fail_every[DEVICE_WRITE] = 1;
    test_run(f.s, f.t, system_write(f.s, f.t, a, 0, 8 * PAGE_SIZE, 0));
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, a, &error));
    assert_int_equal(error, -EIO);
    /* The pages are clean: Linux does not try again. */
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    f.s->disk.fail_every[DEVICE_WRITE] = 0;
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, a, &error));
    assert_int_equal(error, 0);
    late = system_open(f.s, inode, 0); /* after somebody saw it */
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, late, &error));
    assert_int_equal(error, 0);
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, b, &error));
    assert_int_equal(error, -EIO);
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, b, &error));
    assert_int_equal(error, 0);
    /* The flusher's failure, which nobody has seen, is told to who opens the file afterwards. */
    f.s->disk.fail_every[DEVICE_WRITE] = 1;
    test_run(f.s, f.t, system_write(f.s, f.t, a, 0, PAGE_SIZE, 0));
    test_sleep(f.s, f.s->clock.now + 60 * NS_PER_S);
    assert_int_equal(counter(&f, NR_DIRTY), 0);
    system_close(f.s, late);
    late = system_open(f.s, inode, 0);
    test_run(f.s, f.t, system_fsync(f.s, f.t, inode, late, &error));
    assert_int_equal(error, -EIO);
    system_close(f.s, late);
    system_close(f.s, b);
    fixture_done(&f);
}

/* Each major fault of a file is made twice; one that only begins to read ahead is major for the
 * process alone. */
TEST(a_fault_that_starts_readahead_is_made_again)
{
    struct fixture f;

    fixture_init(&f, NULL, false);
    map(&f, 512, ABI_PROT_READ, HWT_MAP_SHARED, open_file(&f, 512));
    for (u64 page = 0; page < 512; page++)
        touch(&f, f.t, page, ACCESS_READ);
    assert_int_equal(counter(&f, PGMAJFAULT), 1); /* the rest was read ahead */
    assert_true(f.t->majflt >= 512 / 32 - 1);
    assert_int_equal(counter(&f, PGFAULT), f.t->minflt + 2 * f.t->majflt);
    fixture_done(&f);
}

TEST_MAIN()
