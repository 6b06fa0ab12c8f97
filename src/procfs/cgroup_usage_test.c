/* cgroup_usage_test.c - CPU time and requests stay where they were used, and sums over a tree go on
 * when a group goes. */
#include "procfs/registry.h"

#include "base/test.h"

#include "reclaim/io.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"

#include <string.h>

#define DISK 7u

static u64 figure(const struct system *s, struct group *g, const char *key)
{
    struct strbuf text;
    const char *at;
    unsigned long long value = 0;

    strbuf_init(&text);
    render_group_cpu_stat(s, g, &text);
    at = strstr(text.text, key);
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(key), " %llu", &value), 1);
    strbuf_done(&text);
    return value;
}

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 2;
    return test_system_new(&c);
}

TEST(cpu_time_stays_with_the_group_in_which_it_was_used)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/up/a"), *b = system_group(s, "/up/b");
    struct task *t = system_task_new(s, a, 1000, 1, "worker");

    system_count_user(s, t, 3 * NS_PER_MS);
    t->cpu_sys_ns += NS_PER_MS;
    assert_int_equal(figure(s, a, "usage_usec"), 4000);
    system_task_move(s, t, b);
    system_count_user(s, t, 5 * NS_PER_MS);
    assert_int_equal(figure(s, a, "user_usec"), 3000);
    assert_int_equal(figure(s, a, "system_usec"), 1000);
    assert_int_equal(figure(s, b, "usage_usec"), 5000);
    assert_int_equal(figure(s, a->parent, "usage_usec"), 9000);
    assert_int_equal(figure(s, s->groups.root, "user_usec"), 8000); /* as /proc/stat */
    system_exit(s, t, 0, true);
    assert_int_equal(figure(s, b, "usage_usec"), 5000);
    assert_int_equal(system_group_remove(s, a), 0);
    assert_int_equal(system_group_remove(s, b), 0);
    assert_int_equal(figure(s, system_group(s, "/up"), "user_usec"), 8000);
    assert_int_equal(figure(s, system_group(s, "/up"), "system_usec"), 1000);
    test_system_free(s);
}

TEST(requests_are_counted_by_device_and_handed_to_the_parent)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/up/a"), *up = a->parent;
    struct group_io io;

    group_count_io(a, DISK, false, 8192);
    group_count_io(a, DISK, true, 4096);
    group_count_io(a, DISK + 1, true, 512);
    group_count_io(up, DISK, false, 100);
    io = group_io(up, DISK);
    assert_int_equal(io.bytes[0], 8292);
    assert_int_equal(io.ios[0], 2);
    assert_int_equal(system_group_remove(s, a), 0);
    group_count_io(a, DISK, true, 1); /* a write in flight when it went */
    io = group_io(up, DISK);
    assert_int_equal(io.bytes[0], 8292);
    assert_int_equal(io.bytes[1], 4097);
    assert_int_equal(io.ios[1], 2);
    assert_int_equal(group_io(up, DISK + 1).bytes[1], 512);
    test_system_free(s);
}

TEST_MAIN()
