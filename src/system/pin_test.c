/* pin_test.c - pinned memory stays where it is: under pressure, in compaction, after fork and
 * without any mapping. */
#include <errno.h>

#include "base/test.h"
#include "compact/migrate.h"
#include "reclaim/lru.h"
#include "reclaim/pin.h"
#include "reclaim/thp.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/compact.h"
#include "system/machine_testing.h"
#include "system/mmap.h"
#include "system/pin.h"

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)
#define PAGES    4096u
#define PINNED   600u

static struct system *machine(const char *thp, u64 movable)
{
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = 2 * TEST_RAM;
    c.movable_bytes = movable;
    c.bytes = true;
    c.thp = thp;
    c.nr_swaps = 1;
    c.swaps[0] = (struct swap_spec){.name = "/dev/swap0",
                                    .bytes = 256 * MIB,
                                    .priority = -1,
                                    .compressor = "lzo-rle",
                                    .device = "nvme"};
    return test_system_new(&c);
}

static void store(struct system *s, struct task *t, u64 page, u64 value)
{
    test_run(s, t, system_store(s, t, TEST_BASE + page * PAGE_SIZE + 8 * (page % 500), &value, 8));
}

static u64 load(struct system *s, struct task *t, u64 page)
{
    u64 value = 0;

    test_run(s, t, system_load(s, t, TEST_BASE + page * PAGE_SIZE + 8 * (page % 500), &value, 8));
    return value;
}

static struct task *process(struct system *s, u32 pid, u64 pages)
{
    struct task *t = system_task_new(s, system_group(s, "/g"), pid, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = pages * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < pages; i++)
        store(s, t, i, i * 7 + 1);
    return t;
}

static pfn_t frame_behind(const struct task *t, u64 page)
{
    return pte_ref_pfn(pagetable_lookup(t->mm, BASE_VPN + page), BASE_VPN + page);
}

static void pin(struct system *s, struct task *t, u64 page, u64 nr)
{
    assert_int_equal(test_run(s, t, system_pin(s, t, TEST_BASE + page * PAGE_SIZE, nr * PAGE_SIZE)),
                     STEP_DONE);
    assert_int_equal(t->error, 0);
}

static s64 counter(const struct system *s, enum counter id)
{
    return s->counters.v[id];
}

static pfn_t where[PAGES];

static void note_frames(const struct task *t, u64 nr)
{
    for (u64 i = 0; i < nr; i++)
        where[i] = frame_behind(t, i);
}

static u64 count_moved(const struct task *t, u64 nr)
{
    u64 moved = 0;

    for (u64 i = 0; i < nr; i++)
        moved += frame_behind(t, i) != where[i];
    return moved;
}

TEST(pinned_pages_are_neither_reclaimed_nor_moved)
{
    struct system *s = machine("never", 0);
    struct task *t = process(s, 10, PAGES), *other;
    s64 anon;

    for (u64 i = 1; i < PAGES; i += 2)
        test_run(s, t,
                 system_madvise(s, t, TEST_BASE + i * PAGE_SIZE, PAGE_SIZE, ABI_MADV_DONTNEED));
    anon = t->group->counters.v[NR_ANON_PAGES];
    pin(s, t, 0, PINNED); /* what is not there is faulted in, and charged */
    assert_int_equal(t->group->counters.v[NR_ANON_PAGES], anon + PINNED / 2);
    assert_int_equal(counter(s, NR_FOLL_PIN_ACQUIRED), PINNED);
    assert_int_equal(t->mm->pinned_vm, PINNED);
    note_frames(t, PINNED);
    system_compact(s, MAX_NUMNODES);
    assert_true(counter(s, PGMIGRATE_SUCCESS) > 0);
    assert_int_equal(count_moved(t, PINNED), 0);
    lru_add_drain_all(&s->mem);
    assert_int_equal(migrate_folio_to(&s->mem, where[0], 0, MR_SYSCALL), 0); /* it is there */

    other = process(s, 20, 30000);
    assert_true(counter(s, PSWPOUT) > 1000);
    assert_int_equal(count_moved(t, PINNED), 0);
    for (u64 i = 0; i < PINNED; i += 2)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
    system_exit(s, other, 0, true);
    system_exit(s, t, 0, true);
    assert_int_equal(counter(s, NR_FOLL_PIN_RELEASED), PINNED);
    assert_int_equal(s->mem.pins.count, 0);
    system_check(s);
    test_system_free(s);
}

TEST(a_pinned_huge_page_is_not_split)
{
    struct system *s = machine("always", 0);
    struct task *t = process(s, 10, 2 * HPAGE_PMD_NR);

    pin(s, t, 10, 20);
    assert_int_equal(counter(s, NR_FOLL_PIN_ACQUIRED), 20);
    note_frames(t, HPAGE_PMD_NR);
    /* A part of it goes: it waits to be split, in vain. */
    test_run(s, t, system_munmap(s, t, TEST_BASE + 300 * PAGE_SIZE, 100 * PAGE_SIZE));
    assert_int_equal(deferred_split_scan(&s->mem, t->group, 8), 0);
    assert_int_equal(counter(s, THP_SPLIT_PAGE_FAILED), 1);
    process(s, 20, 30000);
    assert_int_equal(count_moved(t, 300), 0);
    assert_int_equal(migrate_check_movable(&s->mem, where[0]), -EBUSY);
    for (u64 i = 0; i < 300; i++)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
    system_exit(s, t, 0, true);
    system_check(s);
    test_system_free(s);
}

TEST(pinned_pages_leave_the_movable_zone_first)
{
    struct system *s = machine("never", 48 * MIB);
    struct task *t = process(s, 10, 200);

    assert_int_equal(frame_zone(frames_get(&s->frames, frame_behind(t, 0))), ZONE_MOVABLE);
    pin(s, t, 0, 100);
    for (u64 i = 0; i < 200; i++) {
        assert_int_equal(load(s, t, i), i * 7 + 1);
        assert_int_equal(frame_zone(frames_get(&s->frames, frame_behind(t, i))) == ZONE_MOVABLE,
                         i >= 100);
    }
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), 100);
    system_check(s);
    test_system_free(s);
}

/* Their new pages come from the other zones alone, for GFP_USER: when these are full of what is
 * pinned, somebody is killed, and no call is refused, while ZONE_MOVABLE is free. */
TEST(a_pin_that_does_not_fit_below_the_movable_zone_kills)
{
    struct system *s = machine("never", 60 * MIB);
    struct task *t = process(s, 10, 20000);

    assert_int_equal(test_run(s, t, system_pin(s, t, TEST_BASE, 20000 * PAGE_SIZE)), STEP_DEAD);
    assert_int_equal(counter(s, OOM_KILL), 1);
    system_check(s);
    test_system_free(s);
}

/* The device goes on with the parent's pages: the child has copies from the start, of those of a
 * huge page too. */
TEST(fork_copies_what_is_pinned)
{
    static const char *const modes[] = {"never", "always"};

    for (unsigned m = 0; m < 2; m++) {
        struct system *s = machine(modes[m], 0);
        struct task *t = process(s, 10, HPAGE_PMD_NR), *child = NULL;

        pin(s, t, 0, 50);
        note_frames(t, HPAGE_PMD_NR);
        test_run(s, t, system_fork(s, t, 11, false, &child));
        assert_int_equal(count_moved(t, 50), 0);
        for (u64 i = 0; i < 50; i++)
            assert_int_not_equal(frame_behind(child, i), where[i]);
        if (m == 0)
            assert_int_equal(frame_behind(child, 60), where[60]);
        store(s, t, 3, 99);
        store(s, child, 4, 98);
        assert_int_equal(frame_behind(t, 3), where[3]); /* no copy now */
        assert_int_equal(load(s, child, 3), 3 * 7 + 1);
        assert_int_equal(load(s, t, 4), 4 * 7 + 1);
        assert_int_equal(child->mm->pinned_vm, 0);
        system_check(s);
        test_system_free(s);
    }
}

TEST(an_unmapped_page_stays_until_it_is_let_go)
{
    struct system *s = machine("never", 0);
    struct task *t = process(s, 10, 100);
    s64 anon = counter(s, NR_ANON_PAGES);
    u64 usage = t->group->memory.usage;

    pin(s, t, 0, 100);
    test_run(s, t, system_madvise(s, t, TEST_BASE, 100 * PAGE_SIZE, ABI_MADV_DONTNEED));
    assert_int_equal(counter(s, NR_ANON_PAGES), anon - 100);
    assert_int_equal(t->group->memory.usage, usage);
    assert_int_equal(load(s, t, 5), 0);
    system_check(s);
    system_exit(s, t, 0, true);
    system_check(s);
    test_system_free(s);
}

TEST(what_cannot_be_pinned_is_refused)
{
    struct system *s = machine("never", 0);
    struct task *t = process(s, 10, PAGES);
    struct mmap_args shared = {.addr = TEST_BASE + 2 * PAGES * PAGE_SIZE,
                               .len = PAGE_SIZE,
                               .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                               .mflags = HWT_MAP_SHARED};

    test_run(s, t, system_mmap(s, t, &shared));
    test_run(s, t, system_pin(s, t, shared.addr, PAGE_SIZE));
    assert_int_equal(t->error, -EOPNOTSUPP);
    test_run(s, t, system_pin(s, t, TEST_BASE + (PAGES - 1) * PAGE_SIZE, 2 * PAGE_SIZE));
    assert_int_equal(t->error, -EFAULT);
    t->uid = 1000; /* 8 MiB */
    test_run(s, t, system_pin(s, t, TEST_BASE, 2049 * PAGE_SIZE));
    assert_int_equal(t->error, -ENOMEM);
    pin(s, t, 0, 2048);
    test_run(s, t, system_pin(s, t, TEST_BASE, PAGE_SIZE));
    assert_int_equal(t->error, -ENOMEM);
    assert_int_equal(t->mm->pinned_vm, 2048);
    system_check(s);
    test_system_free(s);
}

TEST_MAIN()
