/* overcommit_test.c - what is promised, and what is refused. */
#include <errno.h>

#include "balance/overcommit.h"
#include "base/test.h"
#include "system/access.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define RW        (ABI_PROT_READ | ABI_PROT_WRITE)
#define MiB_PAGES (MIB / PAGE_SIZE)

static struct system *machine(u64 mode, u64 swap)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.tunables.overcommit_memory = mode;
    if (swap) {
        c.nr_swaps = 1;
        c.swaps[0] =
            (struct swap_spec){.name = "/dev/swap", .bytes = swap, .priority = -1, .device = "ram"};
    }
    return test_system_new(&c);
}

static struct task *process(struct system *s)
{
    return system_task_new(s, s->groups.root, 10, 1, "app");
}

static int map_at(struct system *s, struct task *t, vaddr_t addr, u64 len, u32 prot, u32 mflags)
{
    const struct mmap_args a = {.addr = addr, .len = len, .prot = prot, .mflags = mflags};

    assert_int_equal(test_run(s, t, system_mmap(s, t, &a)), STEP_DONE);
    return t->error;
}

static u64 committed(const struct system *s)
{
    return overcommit_committed(&s->mem);
}

TEST(promised_is_what_may_be_written_and_shared_memory)
{
    struct system *s = machine(0, 0);
    struct task *t = process(s), *child;

    map_at(s, t, TEST_BASE, MIB, RW, 0);
    map_at(s, t, TEST_BASE + MIB, MIB, ABI_PROT_READ, 0);
    map_at(s, t, TEST_BASE + 2 * MIB, MIB, RW, HWT_MAP_NORESERVE);
    assert_int_equal(committed(s), MiB_PAGES);
    map_at(s, t, TEST_BASE + 3 * MIB, MIB, ABI_PROT_READ, HWT_MAP_SHARED); /* as a whole, once */
    assert_int_equal(committed(s), 2 * MiB_PAGES);
    /* Once promised, it stays so without the right to write. */
    test_run(s, t, system_mprotect(s, t, TEST_BASE, MIB, ABI_PROT_READ));
    assert_int_equal(committed(s), 2 * MiB_PAGES);
    test_run(s, t, system_mprotect(s, t, TEST_BASE + MIB, MIB, RW));
    assert_int_equal(committed(s), 3 * MiB_PAGES);
    test_run(s, t, system_mprotect(s, t, TEST_BASE + 2 * MIB, MIB, RW)); /* NORESERVE */
    assert_int_equal(committed(s), 3 * MiB_PAGES);
    test_run(s, t, system_brk(s, t, TEST_BASE + 8 * MIB, TEST_BASE + 9 * MIB));
    assert_int_equal(committed(s), 4 * MiB_PAGES);
    test_run(s, t, system_fork(s, t, 11, false, &child));
    assert_int_equal(committed(s), 7 * MiB_PAGES); /* the segment is shared */
    test_run(s, t, system_munmap(s, t, TEST_BASE + 3 * MIB, MIB));
    assert_int_equal(committed(s), 7 * MiB_PAGES);
    system_exit(s, child, 0, true);
    assert_int_equal(committed(s), 3 * MiB_PAGES);
    system_check(s);
    system_exit(s, t, 0, true);
    assert_int_equal(committed(s), 0);
    test_system_free(s);
}

TEST(guessing_refuses_only_what_could_never_be_kept)
{
    struct system *s = machine(0, 16 * MIB);
    struct task *t = process(s);
    u64 all = s->frames.managed_pages * PAGE_SIZE + 16 * MIB;

    assert_int_equal(map_at(s, t, TEST_BASE, all + MIB, RW, 0), -ENOMEM);
    assert_int_equal(t->mm->nr_vmas, 0);
    assert_int_equal(map_at(s, t, TEST_BASE, all + MIB, RW, HWT_MAP_NORESERVE), 0);
    assert_int_equal(map_at(s, t, TEST_BASE, all + MIB, ABI_PROT_READ, 0), 0);
    for (u64 i = 0; i < 10; i++) /* one by one it may be ten times as much */
        assert_int_equal(map_at(s, t, TEST_BASE + i * all, all - MIB, RW, 0), 0);
    assert_true(committed(s) > 9 * (all - MIB) / PAGE_SIZE);
    s->tunables.overcommit_memory = 1;
    assert_int_equal(map_at(s, t, TEST_BASE, 40 * all, RW, 0), 0);
    system_check(s);
    test_system_free(s);
}

TEST(strict_accounting_keeps_promises_within_the_limit)
{
    struct system *s = machine(2, 16 * MIB);
    struct task *t = process(s), *child;
    u64 limit = overcommit_limit(&s->mem);

    assert_int_equal(limit, s->frames.managed_pages / 2 + s->swap.total_pages);
    assert_int_equal(map_at(s, t, TEST_BASE, 24 * MIB, RW, HWT_MAP_NORESERVE), 0); /* no effect */
    assert_int_equal(committed(s), 24 * MiB_PAGES);
    test_run(s, t, system_fork(s, t, 11, false, &child)); /* as much again is too much */
    assert_int_equal(t->error, -ENOMEM);
    assert_null(child);
    assert_int_equal(map_at(s, t, TEST_BASE + 64 * MIB, 24 * MIB, RW, 0), -ENOMEM);
    assert_int_equal(map_at(s, t, TEST_BASE + 64 * MIB, 24 * MIB, RW, HWT_MAP_SHARED), -ENOMEM);
    assert_int_equal(map_at(s, t, TEST_BASE + 64 * MIB, 24 * MIB, ABI_PROT_READ, 0), 0);
    test_run(s, t, system_mprotect(s, t, TEST_BASE + 64 * MIB, 24 * MIB, RW));
    assert_int_equal(t->error, -ENOMEM);
    test_run(s, t, system_mremap(s, t, TEST_BASE, 24 * MIB, TEST_BASE + 128 * MIB, 48 * MIB));
    assert_int_equal(t->error, -ENOMEM);
    test_run(s, t, system_brk(s, t, TEST_BASE + 256 * MIB, TEST_BASE + 290 * MIB));
    assert_int_equal(t->error, -ENOMEM);
    test_run(s, t, system_access(s, t, TEST_BASE >> PAGE_SHIFT, ACCESS_WRITE)); /* it lives */
    assert_int_equal(t->error, 0);
    assert_int_equal(committed(s), 24 * MiB_PAGES);
    system_check(s);
    test_system_free(s);
}

TEST(reserves_are_kept_from_those_without_rights)
{
    struct system *s = machine(2, 0);
    struct task *t = process(s);
    u64 limit = overcommit_limit(&s->mem), admin = s->tunables.admin_reserve_kbytes / 4;

    /* By default at most 1/32 of what is free at boot. */
    assert_in_range(s->tunables.user_reserve_kbytes, 512, 64 * 1024 / 32);
    assert_int_equal(map_at(s, t, TEST_BASE, (limit - 1) * PAGE_SIZE, RW, 0), 0);
    test_run(s, t, system_munmap(s, t, TEST_BASE, limit * PAGE_SIZE));
    t->uid = 1000;
    assert_int_equal(map_at(s, t, TEST_BASE, (limit - admin) * PAGE_SIZE, RW, 0), -ENOMEM);
    assert_int_equal(map_at(s, t, TEST_BASE, (limit - admin - 1) * PAGE_SIZE, RW, 0), 0);
    /* And of a large process's own share, 1/32 of it. */
    assert_int_equal(map_at(s, t, TEST_BASE + 64 * MIB, PAGE_SIZE, RW, 0), -ENOMEM);
    test_system_free(s);
}

TEST(a_process_may_have_so_many_mappings)
{
    struct system *s = machine(0, 0);
    struct task *t = process(s);
    u32 n = 0;

    s->tunables.max_map_count = 100;
    for (; n < 200; n++) /* every other page: they do not merge */
        if (map_at(s, t, TEST_BASE + 2 * n * PAGE_SIZE, PAGE_SIZE, RW, 0))
            break;
    assert_int_equal(t->error, -ENOMEM);
    assert_int_equal(t->mm->nr_vmas, 101);
    test_run(s, t, system_munmap(s, t, TEST_BASE, PAGE_SIZE));
    test_run(s, t, system_munmap(s, t, TEST_BASE + 2 * PAGE_SIZE, PAGE_SIZE));
    assert_int_equal(map_at(s, t, TEST_BASE + 2 * 300 * PAGE_SIZE, 3 * PAGE_SIZE, RW, 0), 0);
    test_run(s, t, system_munmap(s, t, TEST_BASE + 601 * PAGE_SIZE, PAGE_SIZE)); /* a hole */
    assert_int_equal(t->error, -ENOMEM);
    test_run(s, t, system_mprotect(s, t, TEST_BASE + 601 * PAGE_SIZE, PAGE_SIZE, ABI_PROT_READ));
    assert_int_equal(t->error, -ENOMEM);
    test_run(s, t, system_munmap(s, t, TEST_BASE + 600 * PAGE_SIZE, 3 * PAGE_SIZE)); /* all */
    assert_int_equal(t->error, 0);
    test_system_free(s);
}

TEST(shared_memory_counts_by_segment_or_by_page)
{
    struct system *s = machine(2, 0);
    struct task *t = process(s);
    struct inode *file = system_inode(s, INODE_SHMEM, 1, 1, "/dev/shm/x", 8 * MIB);
    struct file *f = system_open(s, file, 0);
    struct mmap_args a = {
        .addr = TEST_BASE, .len = 8 * MIB, .prot = RW, .mflags = HWT_MAP_SHARED, .file = f->id};

    s->tunables.user_reserve_kbytes = 0;
    test_run(s, t, system_mmap(s, t, &a));
    assert_int_equal(committed(s), 0);
    for (u64 i = 0; i < 10; i++)
        test_run(s, t, system_access(s, t, (TEST_BASE >> PAGE_SHIFT) + i, ACCESS_WRITE));
    assert_int_equal(committed(s), 10);
    test_run(s, t, system_truncate(s, t, file, 4 * PAGE_SIZE));
    assert_int_equal(committed(s), 4);
    test_run(s, t, system_truncate(s, t, file, 8 * MIB));
    /* Strictly accounted, a page that may not be promised is a bus error. */
    map_at(s, t, TEST_BASE + 64 * MIB, (overcommit_limit(&s->mem) - 6) * PAGE_SIZE, RW, 0);
    assert_int_equal(t->error, 0);
    assert_int_equal(test_run(s, t, system_write(s, t, f, 6 * PAGE_SIZE, 2 * PAGE_SIZE, 0)),
                     STEP_DONE);
    assert_int_equal(t->error, -ENOSPC);
    assert_int_equal(
        test_run(s, t, system_access(s, t, (TEST_BASE >> PAGE_SHIFT) + 9, ACCESS_WRITE)),
        STEP_DEAD);
    assert_int_equal(t->outcome, OUTCOME_SIGBUS);
    system_close(s, f);
    system_unlink(s, file);
    assert_int_equal(committed(s), 0);
    system_check(s);
    test_system_free(s);
}

TEST(what_mprotect_did_before_it_was_refused_stays)
{
    struct system *s = machine(2, 0);
    struct task *t = process(s);

    map_at(s, t, TEST_BASE, 2 * PAGE_SIZE, RW, 0);
    map_at(s, t, TEST_BASE + 2 * PAGE_SIZE, 60 * MIB, ABI_PROT_READ, 0);
    test_run(s, t, system_access(s, t, TEST_BASE >> PAGE_SHIFT, ACCESS_WRITE));
    test_run(s, t, system_mprotect(s, t, TEST_BASE, PAGE_SIZE, 0));
    test_run(s, t, system_mprotect(s, t, TEST_BASE, 60 * MIB, RW));
    assert_int_equal(t->error, -ENOMEM);
    assert_int_equal(test_run(s, t, system_access(s, t, TEST_BASE >> PAGE_SHIFT, ACCESS_WRITE)),
                     STEP_DONE);
    assert_int_equal(committed(s), 2);
    system_check(s);
    /* A mapping that is refused has made room for itself. */
    assert_int_equal(map_at(s, t, TEST_BASE, 60 * MIB, RW, 0), -ENOMEM);
    assert_null(vma_find(t->mm, TEST_BASE >> PAGE_SHIFT));
    assert_int_equal(committed(s), 0);
    system_check(s);
    test_system_free(s);
}

TEST_MAIN()
