/* scenario_act_test.c - writes to files and removals of groups in the middle of a scenario. */
#include "workload/scenario_run.h"

#include "base/test.h"

#include <string.h>

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
    scenario_run(&w->run);
    system_check(&w->system);
}

static void world_done(struct world *w)
{
    scenario_run_done(&w->run);
    system_done(&w->system);
    scenario_done(&w->sc);
}

TEST(what_cannot_be_written_is_said_with_its_line)
{
    static const struct {
        const char *keys, *says;
    } wrong[] = {
        {"value = 1\n", "no file"},
        {"file = /proc/sys/vm/swappiness\n", "no value"},
        {"file = swappiness\nvalue = 1\n", "whole path"},
        {"file = /proc/sys/vm/swapiness\nvalue = 1\n", "did you mean 'vm.swappiness'"},
        {"file = /proc/sys/vm/swappiness\nvalue = 201\n", "from 0 to 200"},
        {"file = /proc/sys/vm/laptop_mode\nvalue = 1\n", "not modelled"},
        {"file = /sys/fs/cgroup/box/memory.maxx\nvalue = 1\n", "did you mean 'memory.max'"},
        {"file = /sys/fs/cgroup/bax/memory.max\nvalue = 1M\n", "did you mean 'box'"},
        {"file = /sys/fs/cgroup/memory.max\nvalue = 1M\n", "the root group has no memory.max"},
        {"file = /sys/fs/cgroup/box/memory.max\nvalue = lots\n", "or max, not 'lots'"},
        {"file = /sys/fs/cgroup/box/memory.reclaim\nvalue = max\n", "a size such as"},
        {"file = /sys/fs/cgroup/box/memory.oom.group\nvalue = 2\n", "0 or 1"},
        {"file = /sys/fs/cgroup/box/cgroup.procs\nvalue = nobody\n", "name of a [task]"},
        {"file = /proc/pressure/memory\nvalue = some 1\n", "some 150000 1000000"},
        {"file = /proc/pressure/memory\nvalue = some 2 1\n", "some 150000 1000000"},
        {"file = /proc/pressure/irq\nvalue = some 150000 1000000\n", "{memory,io,cpu}"},
        {"file = /proc/1000/oom_score_adj\nvalue = -1001\n", "-1000 to 1000"},
        {"file = /etc/passwd\nvalue = 1\n", "below /sys/fs/cgroup"},
        {"file = /proc/1000/oom_score_adj\nvalue = 5\nevery = 0\n", "every is from 1.00 ms"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct scenario sc;
        struct err e = {0};
        char text[512];

        snprintf(text, sizeof(text),
                 "[cgroup box]\n[task a]\nmemory = 1M\nstop = 10s\n[write w]\n%s", wrong[i].keys);
        assert_int_equal(scenario_read_bytes(&sc, "x.ini", text, strlen(text), &e), -EINVAL);
        if (!strstr(e.text, wrong[i].says) || e.line < 5)
            fail_msg("%s: said, at line %u: %s", wrong[i].keys, e.line, e.text);
        scenario_done(&sc);
    }
}

TEST(a_lowered_limit_reclaims_and_a_lower_one_kills)
{
    struct world w;
    const struct group *box;

    world_run(&w, "[machine]\nram=256M\nruntime=4s\nswap=64M\n[cgroup box]\nmemory.swap.max=16M\n"
                  "[task a]\ncgroup=box\nmemory=40M\ntouch=seq\nrate=10/s\n"
                  "[write one]\nat=1s\nfile=/sys/fs/cgroup/box/memory.max\nvalue=32M\n"
                  "[write two]\nat=3s\nfile=/sys/fs/cgroup/box/memory.max\nvalue=8M\n"
                  "[write low]\nat=2s\nfile=/sys/fs/cgroup/box/memory.low\nvalue=4M\n"
                  "[write never]\nat=5s\nfile=/sys/fs/cgroup/box/memory.max\nvalue=max\n");
    box = group_find(&w.system.groups, "/box");
    assert_int_equal(box->memory.max, 8 * MIB / PAGE_SIZE);
    assert_int_equal(box->memory.low, 4 * MIB / PAGE_SIZE);
    assert_true(w.system.counters.v[PSWPOUT] >= (s64)(8 * MIB / PAGE_SIZE));
    assert_int_equal(w.system.tasks[0]->outcome, OUTCOME_OOM_KILLED);
    assert_in_range(w.system.tasks[0]->end_ns, 3 * NS_PER_S, 3 * NS_PER_S + 100 * NS_PER_MS);
    assert_int_equal(w.run.acts[0].done, 1);
    assert_int_equal(w.run.acts[3].done, 0);
    world_done(&w);
}

TEST(tasks_move_and_their_old_group_is_removed)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nruntime=3s\n[cgroup a]\n[cgroup b]\n"
                  "[task web]\ncgroup=a\nworkers=3\nmemory=4M\ntouch=seq\nrate=10/s\n"
                  "[task late]\nstart=2s\nmemory=1M\ntouch=seq\nrate=1/s\n"
                  "[rmdir busy]\nat=500ms\ncgroup=a\n"
                  "[write move]\nat=1s\nfile=/sys/fs/cgroup/b/cgroup.procs\nvalue=web\n"
                  "[write early]\nat=1s\nfile=/sys/fs/cgroup/b/cgroup.procs\nvalue=late\n"
                  "[rmdir gone]\nat=2s\ncgroup=a\n"
                  "[write after]\nat=2500ms\nfile=/sys/fs/cgroup/a/memory.max\nvalue=1M\n");
    for (u32 i = 0; i < 4; i++)
        assert_string_equal(w.system.tasks[i]->group->name, "b");
    assert_string_equal(w.system.tasks[4]->group->name, "");
    assert_null(group_find(&w.system.groups, "/a"));
    assert_int_equal(w.run.acts[0].error, 0);       /* move */
    assert_int_equal(w.run.acts[1].error, -ESRCH);  /* it has not begun */
    assert_int_equal(w.run.acts[2].error, -ENOENT); /* the group is gone */
    assert_int_equal(w.run.acts[3].error, -EBUSY);
    assert_int_equal(w.run.acts[4].error, 0);
    world_done(&w);
}

TEST(sysctls_change_the_machine_from_then_on)
{
    struct world w;
    u64 before;

    world_run(&w, "[machine]\nram=256M\nruntime=2s\n[task a]\nmemory=1M\ntouch=seq\nrate=1/s\n");
    before = w.system.frames.zones[ZONE_DMA32].watermark[WMARK_LOW];
    world_done(&w);
    world_run(&w, "[machine]\nram=256M\nruntime=2s\n[task a]\nmemory=1M\ntouch=seq\nrate=1/s\n"
                  "[write s]\nat=1s\nfile=/proc/sys/vm/swappiness\nvalue=3\n"
                  "[write f]\nat=1s\nfile=/proc/sys/vm/min_free_kbytes\nvalue=32768\n"
                  "[write p]\nat=1s\nfile=/proc/sys/vm/page-cluster\nvalue=0\n"
                  "[write j]\nat=1s\nfile=/proc/1000/oom_score_adj\nvalue=-500\n");
    assert_int_equal(w.system.tunables.swappiness, 3);
    assert_true(w.system.frames.zones[ZONE_DMA32].watermark[WMARK_LOW] > 2 * before);
    assert_int_equal(w.system.swap.page_cluster, 0);
    assert_int_equal(w.system.tasks[0]->oom_score_adj, -500);
    world_done(&w);
}

TEST(a_reclaim_every_second_keeps_a_group_small)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nruntime=4500ms\n[cgroup box]\n[file f]\nsize=64M\n"
                  "[task a]\ncgroup=box\nfile=f\nread=seq\nblock=64K\nrequests=1000\nhold=1h\n"
                  "[write r]\nat=1s\nevery=1s\nfile=/sys/fs/cgroup/box/memory.reclaim\nvalue=10M\n"
                  "[write all]\nat=4s\nfile=/sys/fs/cgroup/box/memory.reclaim\nvalue=100M\n");
    assert_int_equal(w.run.acts[0].done, 4);
    assert_int_equal(w.run.acts[0].refused, 0);
    assert_int_equal(w.run.acts[1].error, -EAGAIN); /* there was not so much */
    assert_int_equal(w.system.counters.v[NR_FILE_PAGES], 0);
    world_done(&w);
}

TEST(a_trigger_fires_when_memory_is_short)
{
    struct world w;

    world_run(&w,
              "[machine]\nram=256M\nruntime=6s\n[cgroup box]\nmemory.high=16M\n"
              "[task a]\ncgroup=box\nstart=2s\nmemory=32M\ntouch=random\n"
              "[write some]\nfile=/proc/pressure/memory\nvalue=some 150000 1000000\n"
              "[write box]\nfile=/sys/fs/cgroup/box/memory.pressure\nvalue=full 150000 1000000\n"
              "[write cpu]\nfile=/proc/pressure/cpu\nvalue=some 900000 1000000\n");
    assert_in_range(w.run.acts[0].trigger->nr_events, 2, 4); /* one a second at most */
    assert_in_range(w.run.acts[1].trigger->nr_events, 2, 4);
    assert_true(w.run.acts[0].trigger->first_event > 2 * NS_PER_S);
    assert_int_equal(w.run.acts[2].trigger->nr_events, 0);
    world_done(&w);
}

TEST_MAIN()
