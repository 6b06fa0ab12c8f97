/* pressure_test.c - which waits count as what, at every level. */
#include "base/test.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/pressure.h"

#define MS NS_PER_MS

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    return test_system_new(&c);
}

static u64 total_ms(const struct group *g, enum psi_res res, bool full, ns_t now)
{
    struct psi_figures f;

    psi_show(&g->psi, res, full, now, &f);
    return f.total_us / 1000;
}

TEST(only_pages_of_the_working_set_are_memory_stalls)
{
    static const struct {
        enum wait_cause cause;
        bool thrashing;
        u32 flags;
    } waits[] = {
        {WAIT_READ, false, PSI_TSK_IOWAIT},
        {WAIT_REFAULT, false, PSI_TSK_IOWAIT},
        {WAIT_REFAULT, true, PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL},
        {WAIT_SWAPIN, false, PSI_TSK_IOWAIT},
        {WAIT_SWAPIN, true, PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL},
        {WAIT_RECLAIM, false, PSI_TSK_MEMSTALL},
        {WAIT_REQUEST, false, PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL},
        {WAIT_HIGH, true, PSI_TSK_MEMSTALL},
        {WAIT_DIRTY, true, PSI_TSK_IOWAIT},
        {WAIT_WRITE, false, PSI_TSK_IOWAIT},
        {WAIT_OOM, true, 0},
        {WAIT_SLEEP, true, 0},
    };
    struct task t = {0};

    for (unsigned i = 0; i < ARRAY_SIZE(waits); i++) {
        t.wait.cause = waits[i].cause;
        t.access.thrashing = waits[i].thrashing;
        assert_int_equal(pressure_wait_flags(&t), waits[i].flags);
    }
}

TEST(a_stall_counts_in_the_group_and_above_but_not_beside)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/p/a"), *b = system_group(s, "/p/b");
    struct task *x = system_task_new(s, a, 10, 1, "x"), *y = system_task_new(s, b, 11, 1, "y");

    pressure_set(x, 0, PSI_TSK_RUNNING | PSI_TSK_ONCPU, 0);
    pressure_set(y, 0, PSI_TSK_RUNNING, 0);
    pressure_set(x, 0, PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL, 100 * MS);
    pressure_set(y, 0, PSI_TSK_RUNNING | PSI_TSK_ONCPU, 100 * MS);
    pressure_set(x, 0, 0, 300 * MS);
    assert_int_equal(total_ms(a, PSI_MEM, false, 400 * MS), 200);
    assert_int_equal(total_ms(a, PSI_MEM, true, 400 * MS), 200);
    assert_int_equal(total_ms(b, PSI_MEM, false, 400 * MS), 0);
    assert_int_equal(total_ms(b, PSI_CPU, true, 400 * MS), 100);
    assert_int_equal(total_ms(a->parent, PSI_MEM, false, 400 * MS), 200);
    assert_int_equal(total_ms(a->parent, PSI_MEM, true, 400 * MS), 0); /* y worked */
    assert_int_equal(total_ms(s->groups.root, PSI_IO, false, 400 * MS), 200);
    assert_int_equal(total_ms(s->groups.root, PSI_CPU, false, 400 * MS), 100);
    pressure_check(s);
    pressure_set(y, 0, 0, 400 * MS);
    test_system_free(s);
}

TEST(reclaim_on_the_cpu_is_a_full_stall)
{
    struct system *s = machine();
    struct group *a = system_group(s, "/a");
    struct task *x = system_task_new(s, a, 10, 1, "x"), *y = system_task_new(s, a, 11, 1, "y");

    pressure_set(x, 1, PSI_TSK_RUNNING | PSI_TSK_ONCPU, 0);
    pressure_set(y, 1, PSI_TSK_RUNNING, 0);
    pressure_reclaim(x, 60 * MS, 100 * MS);
    pressure_kswapd(s, 0, true, 0, 50 * MS);
    assert_int_equal(total_ms(a, PSI_MEM, false, 100 * MS), 40);
    assert_int_equal(total_ms(a, PSI_MEM, true, 100 * MS), 40);
    /* The machine: CPU 1 for 25 jiffies with 40 ms, CPU 0 for 12 jiffies with 50 ms of kswapd. */
    assert_int_equal(total_ms(s->groups.root, PSI_MEM, false, 100 * MS), (40 * 25 + 50 * 12) / 37);
    pressure_check(s);
    test_system_free(s);
}

TEST_MAIN()
