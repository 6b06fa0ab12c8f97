/* kobject_test.c - kernel memory grows as walks, leaks, networks and drivers make it, shows where
 * it should, and goes. */
#include "base/test.h"

#include <string.h>

#include "system/cgroup.h"
#include "system/kobject.h"
#include "system/machine_testing.h"

static struct system *machine(struct system_config *c, u64 ram)
{
    system_config_init(c);
    c->thp = "never";
    c->ram_bytes = ram;
    c->nr_cpus = 1;
    c->tunables.dirty_writeback_centisecs = 0;
    return test_system_new(c);
}

static struct task *task_in(struct system *s, const char *path, u64 max_pages)
{
    struct group *g = system_group(s, path);

    if (max_pages)
        group_set_limit(g, LIMIT_MAX, max_pages);
    return system_task_new(s, g, 100, 1, "worker");
}

static u64 kib(const struct system *s, enum counter id)
{
    return (u64)s->counters.v[id] / 1024;
}

TEST(a_walk_fills_reclaimable_slab_and_buffers)
{
    struct system_config c;
    struct system *s = machine(&c, 256 * MIB);
    struct task *t = task_in(s, "/a", 0);

    assert_int_equal(test_run(s, t, system_walk_directory(s, t, 32000)), STEP_DONE);
    assert_true(slab_count(&s->slab, SLAB_DENTRY, t->group) >= 32000);
    assert_true(kib(s, NR_SLAB_RECLAIMABLE) > 32000 * (192 + 1192) / 1024);
    assert_true(s->counters.v[NR_FILE_PAGES] >= 32000 / 16);
    assert_true(group_counter(t->group, NR_SLAB_RECLAIMABLE) > 32000 * (200 + 1200));
    system_check(s);
    test_system_free(s);
}

TEST(walks_of_more_than_memory_are_shrunk)
{
    struct system_config c;
    struct system *s = machine(&c, 64 * MIB);
    struct task *t = task_in(s, "/a", 0);

    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(test_run(s, t, system_walk_directory(s, t, 1000)), STEP_DONE);
    assert_int_equal(s->oom_kills, 0);
    assert_true(s->counters.v[SLABS_SCANNED] > 0);
    assert_true(slab_count(&s->slab, SLAB_DENTRY, t->group) < 60000);
    system_check(s);
    test_system_free(s);
}

TEST(walks_stay_below_the_groups_limit)
{
    struct system_config c;
    struct system *s = machine(&c, 256 * MIB);
    struct task *t = task_in(s, "/a", 4096);

    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(test_run(s, t, system_walk_directory(s, t, 1000)), STEP_DONE);
        assert_true(t->group->memory.usage <= 4096 + 16);
    }
    assert_int_equal(t->group->counters.v[OOM_KILL], 0);
    assert_true(t->group->counters.v[MEMCG_MAX] > 0);
    system_check(s);
    test_system_free(s);
}

TEST(a_leak_ends_in_an_oom_kill_and_stays)
{
    struct system_config c;
    struct system *s = machine(&c, 64 * MIB);
    struct task *t = task_in(s, "/a", 0);
    enum step step = STEP_DONE;

    for (unsigned i = 0; i < 100 && step == STEP_DONE; i++)
        step = test_run(s, t, system_leak_objects(s, t, 4096, 512, false));
    assert_int_equal(step, STEP_DEAD);
    assert_int_equal(s->oom_kills, 1);
    assert_true(kib(s, NR_SLAB_UNRECLAIMABLE) > 20 * 1024);
    assert_int_equal(group_counter(s->groups.root, MEMCG_OOM), 0); /* the machine's, no limit's */
    assert_non_null(strstr(s->log.text, "Unreclaimable slab info:"));
    assert_non_null(strstr(s->log.text, "kmalloc-512 "));
    system_check(s);
    test_system_free(s);
}

TEST(a_groups_leak_meets_the_groups_limit)
{
    struct system_config c;
    struct system *s = machine(&c, 256 * MIB);
    struct task *t = task_in(s, "/a", 1024);
    enum step step = test_run(s, t, system_leak_objects(s, t, 100000, 192, true));

    assert_int_equal(step, STEP_DEAD);
    assert_int_equal(s->oom_kills, 1);
    assert_true(slab_count(&s->slab, SLAB_KMALLOC_CG_192, t->group) > 15000);
    system_check(s);
    test_system_free(s);
}

TEST(sockets_hold_memory_that_only_the_group_shows)
{
    struct system_config c;
    struct system *s = machine(&c, 256 * MIB);
    struct task *t = task_in(s, "/net", 0);
    u64 slab;

    assert_int_equal(test_run(s, t, system_open_sockets(s, t, 200, 64 * KIB)), STEP_DONE);
    assert_int_equal(group_counter(t->group, MEMCG_SOCK), 200 * 16);
    assert_int_equal(slab_count(&s->slab, SLAB_TCP, t->group), 200);
    slab = kib(s, NR_SLAB_UNRECLAIMABLE);
    assert_true(slab > 200 * 16 * (256 + 1024) / 1024);
    system_check(s);
    system_close_sockets(s, t, 50);
    assert_int_equal(group_counter(t->group, MEMCG_SOCK), 150 * 16);
    system_exit(s, t, 0, true);
    assert_int_equal(group_counter(s->groups.root, MEMCG_SOCK), 0);
    assert_int_equal(slab_count(&s->slab, SLAB_TCP, system_group(s, "/net")), 0);
    system_check(s);
    test_system_free(s);
}

TEST(a_driver_takes_pages_that_no_line_shows)
{
    struct system_config c;
    struct system *s = machine(&c, 128 * MIB);
    struct task *t = task_in(s, "/a", 0);
    u64 before = frames_count_free(&s->frames) + frames_count_pcp(&s->frames);

    assert_int_equal(test_run(s, t, system_pin_pages(s, t, 5000)), STEP_DONE);
    assert_int_equal(frames_count_free(&s->frames) + frames_count_pcp(&s->frames), before - 5000);
    assert_int_equal(s->counters.v[NR_SLAB_RECLAIMABLE] / PAGE_SIZE, 0);
    system_check(s);
    system_unpin_pages(s, UINT64_MAX);
    assert_int_equal(frames_count_free(&s->frames) + frames_count_pcp(&s->frames), before);
    system_check(s);
    test_system_free(s);
}

TEST_MAIN()
