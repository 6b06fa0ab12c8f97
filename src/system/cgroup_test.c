/* cgroup_test.c - tasks that change groups, groups that end, limits that are lowered. */
#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/mmap.h"
#include "system/pressure.h"

#include <errno.h>

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.nr_swaps = 1;
    c.swaps[0] =
        (struct swap_spec){.name = "/dev/swap", .bytes = 32 * MIB, .priority = -1, .device = "ram"};
    return test_system_new(&c);
}

static void touch(struct system *s, struct task *t, u64 pages)
{
    for (u64 i = 0; i < pages; i++)
        test_run(s, t, system_access(s, t, BASE_VPN + i, ACCESS_WRITE));
}

static struct task *task_with(struct system *s, struct group *g, u32 pid, u64 pages)
{
    struct task *t = system_task_new(s, g, pid, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = 16 * MIB, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    touch(s, t, pages);
    return t;
}

TEST(a_moved_task_leaves_its_memory_behind)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/a"), *b = system_group(s, "/b");
    struct task *t = task_with(s, a, 10, 500), *thread = system_thread_new(s, t, 11);
    s64 had = a->counters.v[NR_ANON_PAGES];

    pressure_set(t, 1, PSI_TSK_RUNNING, 0);
    system_task_move(s, t, b);
    assert_ptr_equal(thread->group, b);
    assert_int_equal(a->nr_tasks, 0);
    assert_int_equal(b->nr_tasks, 2);
    assert_int_equal(b->psi.cpus[1].tasks[PSI_NR_RUNNING], 1);
    assert_int_equal(a->psi.cpus[1].tasks[PSI_NR_RUNNING], 0);
    touch(s, t, 700);
    assert_int_equal(a->counters.v[NR_ANON_PAGES], had);
    assert_int_equal(b->counters.v[NR_ANON_PAGES], 200);
    system_check(s);
    pressure_set(t, 1, 0, 5);
    system_exit(s, t, 0, true);
    system_check(s);
    test_system_free(s);
}

TEST(a_removed_group_is_a_zombie_while_it_holds_pages)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/p/a"), *b = system_group(s, "/p/b");
    struct task *t = task_with(s, a, 10, 300);

    assert_int_equal(system_group_remove(s, a), -EBUSY);
    assert_int_equal(system_group_remove(s, a->parent), -EBUSY);
    system_task_move(s, t, b);
    assert_int_equal(system_group_remove(s, a), 0);
    assert_null(group_find(&s->groups, "/p/a"));
    assert_false(a->released);
    assert_int_equal(a->kernel_pages, 0); /* kernel objects are the parent's now */
    assert_ptr_not_equal(system_group(s, "/p/a"), a);
    system_check(s);
    assert_true(system_group_reclaim(s, a, 100, -1, NULL) >=
                100); /* to swap, on the parent's account... */
    assert_true(a->parent->swap.usage >= 100 && a->swap.usage == 0);
    touch(s, t, 300); /* ... and back, to where the task is now */
    system_check(s);
    system_exit(s, t, 0, true);
    groups_reap(&s->groups);
    assert_true(a->released);
    assert_int_equal(group_counter(s->groups.root, NR_ANON_PAGES), 0);
    system_check(s);
    test_system_free(s);
}

/* The writer of a limit sleeps for as long as it has to. */
static void sleep_while(struct system *s, struct group *g, enum group_limit which, u64 pages)
{
    ns_t until;
    u64 ns;

    while ((until = system_group_set_limit(s, g, which, pages)) != 0)
        system_run_until(s, until, &ns);
}

TEST(a_lowered_limit_reclaims_then_kills)
{
    struct system *s = machine();
    struct group *g = system_group(s, "/g");
    struct task *t = task_with(s, g, 10, 2000);

    sleep_while(s, g, LIMIT_HIGH, 1500);
    assert_true(g->memory.usage <= 1500);
    sleep_while(s, g, LIMIT_MAX, 1000);
    assert_true(g->memory.usage <= 1000);
    assert_int_equal(t->state, TASK_RUNNING);
    group_set_limit(g, LIMIT_SWAP_MAX, g->swap.usage);
    sleep_while(s, g, LIMIT_MAX, 100);
    assert_int_equal(t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(g->counters.v[MEMCG_OOM_KILL], 1);
    assert_true(g->memory.usage <= 100);
    system_check(s);
    test_system_free(s);
}

TEST(nobody_at_minus_1000_is_killed_and_a_group_dies_whole)
{
    struct system *s = machine();
    struct group *top = system_group(s, "/t"), *g = system_group(s, "/t/g");
    struct task *small = task_with(s, g, 10, 50), *big = task_with(s, g, 11, 900);
    struct task *safe = task_with(s, g, 12, 1200), *other = task_with(s, top, 13, 60);

    safe->oom_score_adj = -1000;
    g->oom_group = true;
    group_set_limit(top, LIMIT_SWAP_MAX, top->swap.usage);
    sleep_while(s, top, LIMIT_MAX, 1900);
    assert_int_equal(big->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(small->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(safe->outcome, OUTCOME_NONE);
    assert_int_equal(other->outcome, OUTCOME_NONE);
    assert_int_equal(g->counters.v[MEMCG_OOM_KILL], 2);
    assert_int_equal(top->counters.v[MEMCG_OOM_KILL], 2);
    assert_int_equal(group_local_events(g, MEMCG_OOM_GROUP_KILL), 1);
    assert_int_equal(group_local_events(top, MEMCG_OOM), 1);
    assert_int_equal(group_local_events(top, MEMCG_OOM_KILL), 0);
    system_check(s);
    test_system_free(s);
}

TEST(low_protects_the_one_that_has_it)
{
    struct system *s = machine();
    struct group *top = system_group(s, "/t"), *a = system_group(s, "/t/a");
    struct group *b = system_group(s, "/t/b");
    u64 before;

    task_with(s, a, 10, 1000);
    task_with(s, b, 11, 1000);
    group_set_limit(a, LIMIT_LOW, PAGE_COUNTER_MAX);
    before = a->memory.usage;
    assert_true(system_group_reclaim(s, top, 600, -1, NULL) >= 600);
    assert_int_equal(a->memory.usage, before);
    assert_int_equal(a->counters.v[MEMCG_LOW], 0);
    system_group_reclaim(s, top, 1000, -1, NULL); /* best effort: when nothing else is left */
    assert_true(a->memory.usage < before);
    assert_true(a->counters.v[MEMCG_LOW] > 0);
    system_check(s);
    test_system_free(s);
}

/* What an access costs must not depend on how many groups there are: counted in what it walks, not
 * in time. */
TEST(a_thousand_groups_come_and_go)
{
    struct system *s = machine();
    struct task *t = task_with(s, system_group(s, "/app"), 10, 100);
    char path[32];

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "/pods/%u", i);
        system_task_move(s, t, system_group(s, path));
        touch(s, t, 101 + i);
    }
    assert_int_equal(group_find(&s->groups, "/pods/7")->counters.v[NR_ANON_PAGES], 1);
    assert_true(system_group_reclaim(s, group_find(&s->groups, "/pods"), 900, -1, NULL) > 0);
    for (unsigned i = 0; i < 999; i++) {
        snprintf(path, sizeof(path), "/pods/%u", i);
        assert_int_equal(system_group_remove(s, group_find(&s->groups, path)), 0);
    }
    system_exit(s, t, 0, true);
    groups_reap(&s->groups);
    assert_true(list_empty(&s->groups.dying));
    system_check(s);
    test_system_free(s);
}

TEST_MAIN()
