/* hugetlb_test.c - the pool of huge pages: what a write to nr_hugepages gets, what mappings are
 * promised, who goes without. */
#include <errno.h>
#include <string.h>

#include "balance/overcommit.h"
#include "base/test.h"
#include "hugetlb/reserve.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/control.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define HUGE HPAGE_PMD_SIZE

static struct system *machine(u64 ram, u64 pool, unsigned nodes)
{
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = ram;
    c.nr_nodes = nodes;
    c.nr_cpus = nodes;
    c.bytes = true;
    c.thp = "never";
    c.tunables.compaction_proactiveness = 0;
    c.tunables.nr_hugepages = pool;
    return test_system_new(&c);
}

static void put(struct system *s, const char *file, const char *value)
{
    struct control_state st = {0};
    struct control c;
    struct err e = {0};
    int rc;

    assert_int_equal(control_parse(file, value, &c, &e), 0);
    while ((rc = control_write(s, &c, &st)) == -EINPROGRESS)
        test_sleep(s, st.until);
    assert_int_equal(rc, 0);
    test_pass(s);
    system_check(s);
}

#define put_pool(s, value) put(s, "/proc/sys/vm/nr_hugepages", value)

/* --- the pool --------------------------------------------------------------------------------- */
TEST(a_pool_takes_memory_and_gives_it_back)
{
    struct system *s = machine(128 * MIB, 8, 1);
    u64 free_pages = frames_count_free(&s->frames);

    assert_int_equal(s->hugetlb.nr, 8);
    assert_int_equal(s->hugetlb.free, 8);
    assert_int_equal(s->tunables.nr_hugepages, 8);
    put_pool(s, "20");
    assert_int_equal(s->hugetlb.max, 20);
    assert_int_equal(s->counters.v[HTLB_BUDDY_ALLOC_SUCCESS], 20);
    frames_drain_pcp(&s->frames);
    assert_int_equal(frames_count_free(&s->frames), free_pages - 12 * HPAGE_PMD_NR);
    put_pool(s, "0");
    frames_drain_pcp(&s->frames);
    assert_int_equal(frames_count_free(&s->frames), free_pages + 8 * HPAGE_PMD_NR);
    assert_int_equal(s->mem.hugetlb_pages, 0);
    test_system_free(s);
}

TEST(the_boot_fills_the_pool_of_each_node_whole)
{
    struct system_config c;
    struct system *s;

    system_config_init(&c);
    c.ram_bytes = 64 * GIB;
    c.nr_nodes = 2;
    assert_int_equal(system_config_set(&c, "hugepages", "0:9000,1:13000", NULL), 0);
    s = test_system_new(&c);
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 0), 9000);
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 1), 13000);
    assert_int_equal(s->tunables.nr_hugepages, 22000);
    assert_int_equal(s->log.len, 0);
    test_system_free(s);
    /* More than a node has: the kernel's log says so. */
    assert_int_equal(system_config_set(&c, "hugepages", "1:20000", NULL), 0);
    s = test_system_new(&c);
    assert_in_range(s->hugetlb.nr, 15000, 16384);
    assert_non_null(strstr(s->log.text, "HugeTLB: allocating 20000 of page size 2.00 MiB failed "
                                        "node1.  Only allocated "));
    test_system_free(s);
    assert_int_equal(system_config_set(&c, "hugepages", "300", NULL), 0);
    s = test_system_new(&c);
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 0), 150);
    test_system_free(s);
}

TEST(a_write_stops_at_the_first_page_that_cannot_be_had)
{
    struct system *s = machine(128 * MIB, 0, 1);

    put_pool(s, "1000");
    assert_in_range(s->hugetlb.nr, 20, 60); /* of 64 that RAM has room for */
    assert_int_equal(s->hugetlb.max, s->hugetlb.nr);
    assert_int_equal(s->tunables.nr_hugepages, s->hugetlb.nr);
    assert_true(s->counters.v[HTLB_BUDDY_ALLOC_FAIL] == 1);
    test_system_free(s);
}

TEST(pages_come_from_the_nodes_by_turn)
{
    struct system *s = machine(256 * MIB, 3, 2);

    assert_int_equal(hugetlb_node_total(&s->hugetlb, 0), 2);
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 1), 1);
    put_pool(s, "4"); /* the turn goes on where it was */
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 1), 2);
    put(s, "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "5");
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 0), 2);
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 1), 5);
    assert_int_equal(s->hugetlb.max, 7);
    put(s, "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "1");
    assert_int_equal(hugetlb_node_total(&s->hugetlb, 1), 1);
    test_system_free(s);
}

TEST(growing_compacts_what_lies_in_pieces)
{
    struct system *s = machine(128 * MIB, 0, 1);
    struct task *t = system_task_new(s, system_group(s, "/g"), 10, 1, "work");
    u64 pages = 80 * MIB / PAGE_SIZE;
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = pages * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < pages; i++)
        test_run(s, t, system_access(s, t, (TEST_BASE >> PAGE_SHIFT) + i, ACCESS_WRITE));
    for (u64 i = 1; i < pages; i += 2)
        test_run(s, t,
                 system_madvise(s, t, TEST_BASE + i * PAGE_SIZE, PAGE_SIZE, ABI_MADV_DONTNEED));
    put_pool(s, "12");
    assert_int_equal(s->hugetlb.nr, 12);
    assert_true(s->counters.v[PGMIGRATE_SUCCESS] > 500);
    test_system_free(s);
}

TEST(what_the_pool_has_cannot_be_promised)
{
    struct system *s = machine(128 * MIB, 0, 1);
    u64 limit = overcommit_limit(&s->mem);

    put_pool(s, "10");
    assert_int_equal(overcommit_limit(&s->mem), limit - 10 * HPAGE_PMD_NR / 2);
    test_system_free(s);
}

/* --- mappings --------------------------------------------------------------------------------- */
struct world {
    struct system *s;
    struct task *t;
};

static struct world world(u64 pool, u64 overcommit)
{
    struct world w = {.s = machine(256 * MIB, pool, 1)};

    w.s->tunables.nr_overcommit_hugepages = overcommit;
    w.t = system_task_new(w.s, system_group(w.s, "/g"), 10, 1, "work");
    return w;
}

static void world_end(struct world *w)
{
    struct system *s = w->s;

    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->state < TASK_ZOMBIE)
            system_exit(s, s->tasks[i], 0, true);
    inodes_reap(s);
    system_check(s);
    assert_int_equal(s->hugetlb.resv, 0);
    assert_int_equal(s->hugetlb.free, s->hugetlb.nr);
    assert_int_equal(s->hugetlb.surplus, 0);
    assert_int_equal(w->t->group->hugetlb[HUGETLB_IN_USE].usage, 0);
    assert_int_equal(w->t->group->hugetlb[HUGETLB_RSVD].usage, 0);
    assert_true(list_empty(&s->hugetlb.files));
    test_system_free(s);
}

/* Area 0, 1, ... of 64 MiB. */
static vaddr_t area(unsigned i)
{
    return TEST_BASE + i * 64 * MIB;
}

static int map(struct world *w, unsigned i, u64 pages, u32 flags)
{
    const struct mmap_args a = {.addr = area(i),
                                .len = pages * HUGE,
                                .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                                .mflags = HWT_MAP_HUGETLB | flags};

    test_run(w->s, w->t, system_mmap(w->s, w->t, &a));
    system_check(w->s);
    return w->t->error;
}

/* A word of page `page` of area i; false: SIGBUS, and the process is gone. */
static bool put_word(struct world *w, struct task *t, unsigned i, u64 page, u64 value)
{
    enum step step;

    do
        step = system_store(w->s, t, area(i) + page * HUGE + 40960 + 8, &value, sizeof(value));
    while (test_again(w->s, t, step));
    system_check(w->s);
    return step == STEP_DONE;
}

static u64 get_word(struct world *w, struct task *t, unsigned i, u64 page)
{
    u64 value = 0;
    enum step step;

    do
        step = system_load(w->s, t, area(i) + page * HUGE + 40960 + 8, &value, sizeof(value));
    while (test_again(w->s, t, step));
    return step == STEP_DONE ? value : UINT64_MAX;
}

static void write_all(struct world *w, struct task *t, unsigned i, u64 pages, u64 value)
{
    for (u64 p = 0; p < pages; p++)
        assert_true(put_word(w, t, i, p, value + p));
}

static struct task *fork_one(struct world *w, u32 pid)
{
    struct task *child = NULL;

    test_run(w->s, w->t, system_fork(w->s, w->t, pid, false, &child));
    system_check(w->s);
    assert_non_null(child);
    return child;
}

static void expect_pool(const struct world *w, u64 nr, u64 nr_free, u64 resv, u64 surplus)
{
    const struct hugetlb *h = &w->s->hugetlb;

    assert_int_equal(h->nr, nr);
    assert_int_equal(h->free, nr_free);
    assert_int_equal(h->resv, resv);
    assert_int_equal(h->surplus, surplus);
}

TEST(a_mapping_reserves_and_takes_what_it_reserved)
{
    struct world w = world(10, 0);
    u64 charged = w.t->group->memory.usage;

    assert_int_equal(map(&w, 0, 8, 0), 0);
    expect_pool(&w, 10, 10, 8, 0);
    assert_int_equal(map(&w, 1, 3, 0), -ENOMEM);
    write_all(&w, w.t, 0, 3, 7);
    expect_pool(&w, 10, 7, 5, 0);
    assert_int_equal(get_word(&w, w.t, 0, 2), 9);
    assert_int_equal(w.t->mm->hugetlb_pages, 3 * HPAGE_PMD_NR);
    assert_int_equal(mm_rss(w.t->mm), 0);
    assert_true(w.t->group->memory.usage - charged < 100); /* page tables, not huge pages */
    assert_int_equal(w.t->group->hugetlb[HUGETLB_RSVD].usage, 8 * HPAGE_PMD_NR);
    test_run(w.s, w.t, system_munmap(w.s, w.t, area(0), 4 * HUGE));
    expect_pool(&w, 10, 10, 4, 0);
    world_end(&w);
}

TEST(what_is_dropped_comes_back_only_from_what_is_free)
{
    struct world w = world(4, 0);

    assert_int_equal(map(&w, 0, 4, 0), 0);
    write_all(&w, w.t, 0, 4, 1);
    test_run(w.s, w.t, system_madvise(w.s, w.t, area(0), 4 * HUGE, ABI_MADV_DONTNEED));
    expect_pool(&w, 4, 4, 0, 0);
    assert_int_equal(map(&w, 1, 3, HWT_MAP_NORESERVE), 0);
    write_all(&w, w.t, 1, 3, 5);
    assert_int_equal(get_word(&w, w.t, 0, 0), 0);
    assert_false(put_word(&w, w.t, 0, 1, 1));
    assert_int_equal(w.t->outcome, OUTCOME_SIGBUS);
    world_end(&w);
}

TEST(a_refused_touch_tells_how_much_of_its_mapping_is_missing)
{
    struct world w = world(4, 0);

    assert_int_equal(map(&w, 0, 9, HWT_MAP_NORESERVE), 0);
    write_all(&w, w.t, 0, 4, 1);
    assert_false(put_word(&w, w.t, 0, 6, 1));
    assert_int_equal(w.t->outcome, OUTCOME_SIGBUS);
    assert_int_equal(w.s->hugetlb.refused[HUGETLB_PAGE].pool, 4);
    assert_int_equal(w.s->hugetlb.refused[HUGETLB_PAGE].rest, 5);
    world_end(&w);
}

TEST(surplus_pages_last_as_long_as_they_are_needed)
{
    struct world w = world(4, 4);

    assert_int_equal(map(&w, 0, 9, 0), -ENOMEM);
    expect_pool(&w, 4, 4, 0, 0);
    assert_int_equal(map(&w, 0, 6, 0), 0);
    expect_pool(&w, 6, 6, 6, 2);
    write_all(&w, w.t, 0, 6, 1);
    test_run(w.s, w.t, system_munmap(w.s, w.t, area(0), 4 * HUGE));
    expect_pool(&w, 4, 2, 0, 0);
    world_end(&w);
}

TEST(a_pool_that_shrinks_keeps_what_is_used_or_promised)
{
    struct world w = world(12, 0);

    assert_int_equal(map(&w, 0, 8, 0), 0);
    write_all(&w, w.t, 0, 2, 1);
    put_pool(w.s, "2");
    expect_pool(&w, 8, 6, 6, 6);
    assert_int_equal(w.s->hugetlb.max, 2);
    write_all(&w, w.t, 0, 8, 1);
    expect_pool(&w, 8, 0, 0, 6);
    put_pool(w.s, "9");
    expect_pool(&w, 9, 1, 0, 0);
    put_pool(w.s, "0");
    test_run(w.s, w.t, system_munmap(w.s, w.t, area(0), 8 * HUGE));
    expect_pool(&w, 0, 0, 0, 0);
    world_end(&w);
}

TEST(a_child_that_writes_gets_a_copy)
{
    struct world w = world(8, 0);
    struct task *child;

    assert_int_equal(map(&w, 0, 4, 0), 0);
    write_all(&w, w.t, 0, 4, 10);
    child = fork_one(&w, 11);
    write_all(&w, child, 0, 3, 20);
    assert_int_equal(get_word(&w, w.t, 0, 1), 11);
    assert_int_equal(get_word(&w, child, 0, 1), 21);
    expect_pool(&w, 8, 1, 0, 0);
    assert_true(put_word(&w, w.t, 0, 0, 30)); /* its own by now */
    expect_pool(&w, 8, 1, 0, 0);
    world_end(&w);
}

TEST(a_short_pool_takes_pages_from_the_child)
{
    struct world w = world(4, 0);
    struct task *child;

    assert_int_equal(map(&w, 0, 4, 0), 0);
    write_all(&w, w.t, 0, 4, 10);
    child = fork_one(&w, 11);
    assert_true(put_word(&w, w.t, 0, 2, 99));
    assert_int_equal(get_word(&w, w.t, 0, 2), 99);
    assert_int_equal(get_word(&w, child, 0, 1), 11); /* what it still has */
    assert_int_equal(get_word(&w, child, 0, 2), UINT64_MAX);
    assert_int_equal(child->outcome, OUTCOME_SIGBUS);
    assert_non_null(strstr(w.s->log.text, "killed due to inadequate hugepage pool"));
    expect_pool(&w, 4, 0, 0, 0);
    world_end(&w);
}

TEST(shared_pages_are_the_same_for_parent_and_child)
{
    struct world w = world(4, 0);
    struct task *child;

    assert_int_equal(map(&w, 0, 4, HWT_MAP_SHARED), 0);
    write_all(&w, w.t, 0, 2, 10);
    child = fork_one(&w, 11);
    write_all(&w, child, 0, 4, 20);
    assert_int_equal(get_word(&w, w.t, 0, 3), 23);
    test_run(w.s, w.t, system_munmap(w.s, w.t, area(0), 4 * HUGE));
    expect_pool(&w, 4, 0, 0, 0);
    assert_int_equal(get_word(&w, child, 0, 0), 20);
    world_end(&w);
}

TEST(limits_of_a_group_refuse_pages_and_promises)
{
    struct world w = world(8, 0);

    group_set_limit(w.t->group, LIMIT_HUGETLB_RSVD_MAX, 4 * HPAGE_PMD_NR);
    assert_int_equal(map(&w, 0, 6, 0), -ENOMEM);
    assert_int_equal(w.t->group->hugetlb_events, 1);
    group_set_limit(w.t->group, LIMIT_HUGETLB_RSVD_MAX, PAGE_COUNTER_MAX);
    group_set_limit(w.t->group, LIMIT_HUGETLB_MAX, 3 * HPAGE_PMD_NR);
    assert_int_equal(map(&w, 0, 6, 0), 0);
    write_all(&w, w.t, 0, 3, 1);
    expect_pool(&w, 8, 5, 3, 0);
    assert_false(put_word(&w, w.t, 0, 3, 1));
    assert_int_equal(w.t->group->hugetlb_events_local, 2);
    world_end(&w);
}

TEST(huge_pages_move_protect_and_lock_whole)
{
    struct world w = world(8, 0);

    assert_int_equal(map(&w, 0, 4, 0), 0);
    write_all(&w, w.t, 0, 2, 50);
    test_run(w.s, w.t, system_munmap(w.s, w.t, area(0), HUGE / 2)); /* EINVAL */
    assert_int_equal(get_word(&w, w.t, 0, 0), 50);
    test_run(w.s, w.t, system_mlock(w.s, w.t, area(0), 3 * HUGE, false));
    expect_pool(&w, 8, 5, 1, 0);
    assert_int_equal(w.t->mm->locked_vm, 0);
    test_run(w.s, w.t, system_mremap(w.s, w.t, area(0), 4 * HUGE, area(2), 4 * HUGE));
    system_check(w.s);
    assert_int_equal(get_word(&w, w.t, 2, 1), 51);
    expect_pool(&w, 8, 5, 1, 0);
    test_run(w.s, w.t, system_mprotect(w.s, w.t, area(2), 4 * HUGE, ABI_PROT_READ));
    assert_int_equal(get_word(&w, w.t, 2, 1), 51);
    test_run(w.s, w.t,
             system_mprotect(w.s, w.t, area(2), 4 * HUGE, ABI_PROT_READ | ABI_PROT_WRITE));
    write_all(&w, w.t, 2, 4, 60);
    expect_pool(&w, 8, 4, 0, 0);
    test_run(w.s, w.t, system_mremap(w.s, w.t, area(2), 4 * HUGE, area(2), 2 * HUGE));
    expect_pool(&w, 8, 6, 0, 0);
    world_end(&w);
}

TEST_MAIN()
