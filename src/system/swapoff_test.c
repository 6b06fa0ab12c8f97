/* swapoff_test.c - an area is turned off and on while programs use what was in it. */
#include <errno.h>
#include <string.h>

#include "base/test.h"

#include "system/access.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/mmap.h"
#include "system/swap.h"

#define VPN   (TEST_BASE >> PAGE_SHIFT)
#define PAGES 512u

static struct system *s;
static struct group *g;
static struct task *app, *admin;

static void start(const char *first, const char *second)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.bytes = true;
    c.nr_swaps = second ? 2 : 1;
    c.swaps[0] = (struct swap_spec){
        .name = "/dev/first", .bytes = 32 * MIB, .priority = -1, .device = first};
    c.swaps[1] = (struct swap_spec){
        .name = "/dev/second", .bytes = 32 * MIB, .priority = -1, .device = second};
    s = test_system_new(&c);
    g = system_group(s, "/app");
    group_set_limit(g, LIMIT_MAX, 256);
    app = system_task_new(s, g, 100, 1, "app");
    admin = system_task_new(s, s->groups.root, 200, 1, "swapoff");
}

static void stop(void)
{
    system_check(s);
    test_system_free(s);
}

/* Write numbers into PAGES pages, of which half have to go to swap. */
static void fill(u32 flags)
{
    const struct mmap_args a = {
        .addr = TEST_BASE, .len = (u64)PAGES * PAGE_SIZE, .prot = 3, .mflags = flags};

    test_run(s, app, system_mmap(s, app, &a));
    for (u64 i = 0; i < PAGES; i++)
        test_run(s, app, system_store(s, app, TEST_BASE + i * PAGE_SIZE, &i, sizeof(i)));
    assert_true(s->swap.areas[0].used >= PAGES / 2 - SWAP_BATCH);
}

static void expect_numbers(void)
{
    u64 seen;

    for (u64 i = 0; i < PAGES; i++) {
        assert_int_equal(test_run(s, app, system_load(s, app, TEST_BASE + i * PAGE_SIZE, &seen, 8)),
                         STEP_DONE);
        assert_int_equal(seen, i);
    }
}

static int swapoff(const char *name)
{
    int error = 1;

    assert_int_equal(test_run(s, admin, system_swapoff(s, admin, name, &error)), STEP_DONE);
    return error;
}

static void everything_comes_back(const char *device, u32 flags)
{
    u64 faults;

    start(device, NULL);
    fill(flags);
    group_set_limit(g, LIMIT_MAX, PAGE_COUNTER_MAX);
    faults = (u64)s->counters.v[PGMAJFAULT];
    assert_int_equal(swapoff("/dev/first"), 0);
    assert_int_equal(s->counters.v[PGMAJFAULT], faults); /* nobody faulted */
    assert_int_equal(s->swap.total_pages, 0);
    assert_int_equal(s->swap.nr_swap_pages, 0);
    assert_int_equal(g->swap.usage, 0);
    assert_int_equal(app->mm->swapents, 0);
    assert_int_equal(s->counters.v[NR_SWAPCACHED], 0);
    expect_numbers();
    assert_int_equal(s->counters.v[PGMAJFAULT], faults);
    if (s->zrams[0])
        assert_int_equal(s->zrams[0]->pool.pages, 0);
    assert_int_equal(swapoff("/dev/first"), -EINVAL);
    stop();
}

TEST(what_is_in_swap_comes_back_to_memory)
{
    everything_comes_back("nvme", 0);
    everything_comes_back("hdd", 0);
    everything_comes_back("zram", 0);
    everything_comes_back("ssd", HWT_MAP_SHARED);
    everything_comes_back("zram", HWT_MAP_SHARED);
}

TEST(what_is_over_the_limit_goes_to_the_other_area)
{
    start("ssd", "nvme");
    fill(0);
    assert_int_equal(s->swap.areas[1].used, 0);
    assert_int_equal(s->swap.areas[0].priority, -2);
    assert_int_equal(s->swap.areas[1].priority, -3);
    assert_int_equal(swapoff("/dev/first"), 0);
    assert_false(s->swap.areas[0].in_use);
    assert_int_equal(s->swap.areas[1].priority, -2); /* the gap closes */
    assert_true(s->swap.areas[1].used > 0);
    assert_int_equal(s->oom_kills, 0);
    expect_numbers();
    assert_int_equal(system_swapon(s, 0), 0);
    assert_int_equal(system_swapon(s, 0), -EBUSY);
    assert_int_equal(s->swap.areas[0].priority, -3);
    assert_int_equal(swapoff("/dev/second"), 0);
    expect_numbers();
    stop();
}

TEST(an_area_without_seeks_brings_readahead_by_address_back)
{
    start("hdd", "nvme");
    assert_false(swap_use_vma_readahead(&s->swap));
    assert_int_equal(swapoff("/dev/first"), 0);
    assert_true(swap_use_vma_readahead(&s->swap));
    stop();
}

TEST(strict_overcommit_refuses_what_it_could_not_keep)
{
    start("ssd", NULL);
    fill(0);
    s->tunables.overcommit_memory = 2;
    s->tunables.overcommit_kbytes = 1024;
    assert_int_equal(swapoff("/dev/first"), -ENOMEM);
    assert_int_equal(s->swap.total_pages, 32 * MIB / PAGE_SIZE - 1);
    expect_numbers();
    stop();
}

/* The group may not grow and there is no other swap: it runs out of memory, and is killed by its
 * own limit. */
TEST(a_group_at_its_limit_is_killed)
{
    start("ssd", NULL);
    fill(0);
    assert_int_equal(swapoff("/dev/first"), 0);
    assert_int_equal(s->oom_kills, 1);
    assert_int_equal(app->outcome, OUTCOME_OOM_KILLED);
    stop();
}

TEST(when_the_machine_runs_out_swapoff_dies_first)
{
    const struct mmap_args a = {.addr = TEST_BASE, .len = 48 * MIB, .prot = 3};
    int error;

    start("ssd", NULL);
    group_set_limit(g, LIMIT_MAX, PAGE_COUNTER_MAX);
    test_run(s, app, system_mmap(s, app, &a));
    for (u64 i = 0; i < s->frames.managed_pages + 1000; i++)
        assert_int_equal(test_run(s, app, system_access(s, app, VPN + i, ACCESS_WRITE)), STEP_DONE);
    assert_int_equal(s->oom_kills, 0);
    assert_int_equal(test_run(s, admin, system_swapoff(s, admin, "/dev/first", &error)), STEP_DEAD);
    assert_int_equal(admin->outcome, OUTCOME_OOM_KILLED);
    assert_true(app->state < TASK_ZOMBIE);
    assert_true(s->swap.areas[0].enabled); /* and the area stays */
    assert_int_equal(s->swap.total_pages, 32 * MIB / PAGE_SIZE - 1);
    stop();
}

TEST(a_page_that_cannot_be_read_is_lost_with_a_signal)
{
    u64 lost = 0;

    start("ssd", NULL);
    fill(0);
    group_set_limit(g, LIMIT_MAX, PAGE_COUNTER_MAX);
    s->swap_devices[0].fail_every[DEVICE_READ] = 50;
    assert_int_equal(swapoff("/dev/first"), 0);
    for (u64 i = 0; i < PAGES; i++)
        lost += pte_is_swap(*pagetable_find(app->mm, VPN + i));
    assert_true(lost >= 2);
    for (u64 i = 0; i < PAGES; i++) {
        enum step step = test_run(s, app, system_access(s, app, VPN + i, ACCESS_READ));

        if (step == STEP_DONE)
            continue;
        assert_int_equal(app->outcome, OUTCOME_SIGBUS);
        stop();
        return;
    }
    fail_msg("nobody noticed");
}

TEST(a_program_goes_on_meanwhile)
{
    int error = 1;
    u64 seen, round = 0;

    start("hdd", "ssd");
    fill(0);
    for (;;) { /* the two take turns */
        enum step step;
        u64 i = round++ * 37 % PAGES;

        if (admin->state != TASK_WAITING || admin->wait.until <= s->clock.now) {
            step = system_swapoff(s, admin, "/dev/first", &error);
            test_pass(s);
            if (step == STEP_DONE)
                break;
        }
        if (app->state == TASK_WAITING && app->wait.until > s->clock.now)
            test_sleep(s, MIN(app->wait.until, s->clock.now + NS_PER_MS));
        step = system_load(s, app, TEST_BASE + i * PAGE_SIZE, &seen, 8);
        test_pass(s);
        if (step == STEP_DONE)
            assert_int_equal(seen, i);
        else
            round--;
    }
    assert_int_equal(error, 0);
    assert_true(round > 100);
    expect_numbers();
    stop();
}

TEST_MAIN()
