/* writeback_test.c - writers, flushers and devices together: who gets how much, and where dirty
 * pages settle. */
#include "balance/writeback.h"
#include "base/test.h"
#include "workload/scenario_run.h"

#include <stdio.h>
#include <string.h>

#define SECONDS 60

struct world {
    struct scenario sc;
    struct system system;
    struct scenario_run run;
};

static void world_run(struct world *w, const char *text)
{
    struct system_config config;
    struct err e = {0};

    if (scenario_read_bytes(&w->sc, "x.ini", text, strlen(text), &e))
        fail_msg("%u: %s", e.line, e.text);
    scenario_system_config(&w->sc, &config);
    assert_int_equal(system_init(&w->system, &config, &e), 0);
    assert_int_equal(
        scenario_run_init(&w->run, &w->sc, &(struct scenario_run_config){.system = &w->system}, &e),
        0);
    assert_int_equal(scenario_run(&w->run), REPLAY_COMPLETED);
    system_check(&w->system);
}

static void world_done(struct world *w)
{
    scenario_run_done(&w->run);
    system_done(&w->system);
    scenario_done(&w->sc);
}

/* What the job's writes came to, in bytes. */
static u64 written_by(const struct world *w, size_t job, u64 block)
{
    return w->run.jobs[job].generator.stats.requests * block;
}

static u64 counted(const struct world *w, enum counter id)
{
    return (u64)w->system.counters.v[id];
}

#define MACHINE                                                              \
    "[machine]\nram=1G\ncpus=2\ndisk=slow\nruntime=60s\nvm.dirty_ratio=10\n" \
    "vm.dirty_background_ratio=5\n[device slow]\nprofile=network\nwrite_rate=20M/s\n"

TEST(two_writers_share_the_device_and_dirty_pages_settle_at_the_setpoint)
{
    struct world w;
    u64 a, b, background, dirty, limit, setpoint, pages;

    world_run(&w, MACHINE "[file a]\nsize=4G\n[file b]\nsize=4G\n"
                          "[task a]\nfile=a\nwrite=append\nblock=128K\n"
                          "[task b]\nfile=b\nwrite=append\nblock=32K\n");
    a = written_by(&w, 0, 128 * KIB);
    b = written_by(&w, 1, 32 * KIB);
    /* They dirty at the same rate, each in steps of its own. */
    assert_in_range(a * 100 / b, 95, 105);
    /* The device was never idle but for the first moments. */
    assert_in_range(counted(&w, NR_WRITTEN) * PAGE_SIZE, 20 * MIB * (SECONDS - 1),
                    20 * MIB * SECONDS);
    /* Between freerun and the limit, at most a quarter of that distance from the setpoint. */
    dirty_limits(&w.system.mem, &background, &dirty);
    limit = MAX(dirty, w.system.backing.domain.dirty_limit);
    setpoint = ((background + dirty) / 2 + limit) / 2;
    pages = counted(&w, NR_DIRTY) + counted(&w, NR_WRITEBACK);
    assert_in_range(pages, setpoint - (limit - setpoint) / 2, setpoint + (limit - setpoint) / 2);
    world_done(&w);
}

TEST(a_group_is_held_to_its_own_share_of_dirty_memory)
{
    struct world w;
    struct group *g;
    u64 file, dirty;

    world_run(&w, MACHINE "[cgroup box]\nmemory.max=64M\n[file a]\nsize=4G\n[file b]\nsize=4G\n"
                          "[task a]\ncgroup=box\nfile=a\nwrite=append\nblock=64K\n"
                          "[task b]\nfile=b\nwrite=append\nblock=64K\nstop=1s\n");
    g = group_find(&w.system.groups, "/box");
    dirty = (u64)(group_counter(g, NR_DIRTY) + group_counter(g, NR_WRITEBACK));
    file = group_lru_size(&w.system.groups, g, LRU_INACTIVE_FILE) +
           group_lru_size(&w.system.groups, g, LRU_ACTIVE_FILE);
    /* A tenth of its file pages and of the room it has left, where the whole machine has room for
     * 100 MiB. */
    assert_in_range(dirty, file / 20, file / 10 + 64);
    assert_in_range(written_by(&w, 0, 64 * KIB), 20 * MIB * (SECONDS - 10), 20 * MIB * SECONDS);
    assert_int_equal(g->counters.v[MEMCG_OOM], 0);
    world_done(&w);
}

TEST(a_slow_device_does_not_hold_up_writers_of_a_fast_one)
{
    static const char fast_only[] =
        "[machine]\nram=1G\nruntime=60s\n[device usb]\nprofile=ssd\nwrite_rate=4M/s\n"
        "[file log]\nsize=64G\n[task log]\nfile=log\nwrite=append\nblock=64K\nrate=1500/s\n"
        "[file film]\nsize=64G\ndevice=usb\n"
        "[task film]\nfile=film\nwrite=append\nblock=64K\nrequests=1\n";
    static const char both[] =
        "[machine]\nram=1G\nruntime=60s\n[device usb]\nprofile=ssd\nwrite_rate=4M/s\n"
        "[file log]\nsize=64G\n[task log]\nfile=log\nwrite=append\nblock=64K\nrate=1500/s\n"
        "[file film]\nsize=64G\ndevice=usb\n[task film]\nfile=film\nwrite=append\nblock=64K\n";
    struct world alone, w;
    u64 log, usb;

    world_run(&alone, fast_only);
    world_run(&w, both);
    log = written_by(&w, 0, 64 * KIB);
    /* Not all: until it is known what the two can do, the film gets most of what may be dirty. */
    assert_in_range(log * 100 / written_by(&alone, 0, 64 * KIB), 90, 100);
    usb = w.system.disks[0].stats.sectors[DEVICE_WRITE] * SECTOR_SIZE;
    assert_in_range(usb, 4 * MIB * (SECONDS - 2),
                    4 * MIB * (SECONDS + 5)); /* with what is in flight */
    assert_true(log > 20 * usb);
    world_done(&w);
    world_done(&alone);
}

/* sysctl -w vm.dirty_ratio in the middle of a run. */
TEST(writers_follow_a_changed_threshold)
{
    struct world w;
    u64 background, dirty, pages;

    world_run(&w, MACHINE "[file a]\nsize=4G\n[task a]\nfile=a\nwrite=append\nblock=64K\n"
                          "[write less]\nat=20s\nfile=/proc/sys/vm/dirty_bytes\nvalue=16777216\n");
    dirty_limits(&w.system.mem, &background, &dirty);
    assert_int_equal(dirty, 16 * MIB / PAGE_SIZE);
    pages = counted(&w, NR_DIRTY) + counted(&w, NR_WRITEBACK);
    assert_in_range(pages, dirty / 2, dirty);
    world_done(&w);
}

TEST_MAIN()
