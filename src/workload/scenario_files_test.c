/* scenario_files_test.c - files that are nowhere but in memory: who pays, how full they get, and
 * when they go. */
#include "workload/scenario_run.h"

#include "balance/overcommit.h"
#include "base/test.h"

#include <string.h>

struct world {
    struct scenario sc;
    struct system system;
    struct scenario_run run;
    enum replay_outcome outcome;
};

static int world_try(struct world *w, const char *text, struct err *e)
{
    struct system_config config;

    if (scenario_read_bytes(&w->sc, "x.ini", text, strlen(text), e))
        fail_msg("%u: %s", e->line, e->text);
    scenario_system_config(&w->sc, &config);
    assert_int_equal(system_init(&w->system, &config, e), 0);
    return scenario_run_init(&w->run, &w->sc, &(struct scenario_run_config){.system = &w->system},
                             e);
}

static void world_run(struct world *w, const char *text)
{
    struct err e = {0};

    assert_int_equal(world_try(w, text, &e), 0);
    w->outcome = scenario_run(&w->run);
    system_check(&w->system);
}

static void world_done(struct world *w)
{
    scenario_run_done(&w->run);
    system_done(&w->system);
    scenario_done(&w->sc);
}

static s64 counted(const struct world *w, enum counter id)
{
    return w->system.counters.v[id];
}

TEST(a_full_tmpfs_refuses_writes_and_kills_who_maps_it)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nruntime=2s\n"
                  "[file small]\nkind=tmpfs\nsize=16M\nlimit=4M\n"
                  "[file other]\nkind=tmpfs\nsize=16M\n"
                  "[task writer]\nfile=small\nwrite=seq\nblock=64K\nthink=1ms\n"
                  "[task mapper]\nstart=1s\nfile=small\nmap=seq\nwrites=1\nthink=1ms\n"
                  "[task free]\nfile=other\nwrite=seq\nblock=64K\nthink=1ms\n");
    assert_int_equal(w.outcome, REPLAY_REFUSED);
    assert_int_equal(w.system.tasks[0]->outcome, OUTCOME_REFUSED);
    assert_int_equal(w.system.tasks[0]->error, -ENOSPC);
    assert_int_equal(w.system.tasks[2]->outcome, OUTCOME_SIGBUS);
    assert_int_equal(w.system.tasks[1]->outcome, OUTCOME_NONE);
    assert_int_equal(counted(&w, NR_SHMEM), (4 + 16) * MIB / PAGE_SIZE);
    world_done(&w);
}

TEST(all_files_of_tmpfs_share_half_of_ram)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nruntime=2s\n"
                  "[file a]\nkind=tmpfs\nsize=100M\n[file b]\nkind=tmpfs\nsize=100M\n"
                  "[task a]\nfile=a\nwrite=seq\nblock=1M\nrequests=100\nhold=1h\n"
                  "[task b]\nfile=b\nwrite=seq\nblock=1M\nrequests=100\nhold=1h\n");
    assert_int_equal(w.outcome, REPLAY_REFUSED);
    assert_int_equal(counted(&w, NR_SHMEM), w.system.frames.managed_pages / 2);
    world_done(&w);
}

TEST(what_is_in_memory_stays_until_it_is_removed)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nruntime=4s\n[cgroup box]\n"
                  "[file tmp]\nkind=tmpfs\nsize=8M\n[file seg]\nkind=sysv\nsize=16M\n"
                  "[file mem]\nkind=memfd\nsize=32M\n"
                  "[task t]\ncgroup=box\nfile=tmp\nmap=seq\nwrites=1\ntouches=2048\nrequests=1\n"
                  "[task s]\ncgroup=box\nfile=seg\nmap=seq\nwrites=1\ntouches=4096\nrequests=1\n"
                  "[task m]\nfile=mem\nmap=seq\nwrites=1\ntouches=4096\nrequests=2\n"
                  "[rm tmp]\nat=3s\nfile=tmp\n[rm again]\nat=3500ms\nfile=tmp\n");
    for (u32 i = 0; i < w.system.nr_tasks; i++)
        assert_int_equal(w.system.tasks[i]->outcome, OUTCOME_EXITED);
    /* The memfd went with its task, the file was removed; the segment is nobody's, and its first
     * user's group pays. */
    assert_int_equal(counted(&w, NR_SHMEM), 16 * MIB / PAGE_SIZE);
    assert_int_equal(overcommit_committed(&w.system.mem), 16 * MIB / PAGE_SIZE);
    assert_int_equal(group_find(&w.system.groups, "/box")->counters.v[NR_SHMEM],
                     16 * MIB / PAGE_SIZE);
    assert_int_equal(w.run.acts[1].error, -ENOENT);
    assert_int_equal(scenario_file_remove(&w.run, 1), 0);
    assert_int_equal(scenario_file_remove(&w.run, 1), -ENOENT);
    world_done(&w);
}

TEST(ramfs_cannot_be_reclaimed)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nswap=256M\nruntime=3s\n"
                  "[file pinned]\nkind=ramfs\nsize=64M\n[file tmp]\nkind=tmpfs\nsize=64M\n"
                  "[task r]\nfile=pinned\nwrite=seq\nblock=1M\nrequests=64\n"
                  "[task t]\nfile=tmp\nwrite=seq\nblock=1M\nrequests=64\n"
                  "[task a]\nstart=1s\nmemory=180M\ntouch=random\nthink=1ms\n");
    assert_int_equal(counted(&w, NR_UNEVICTABLE), 64 * MIB / PAGE_SIZE);
    assert_int_equal(counted(&w, NR_MLOCK), 0);
    assert_true(counted(&w, NR_SHMEM) < (s64)(64 * MIB / PAGE_SIZE)); /* it went to swap */
    assert_int_equal(counted(&w, NR_DIRTY), 0);
    assert_true(counted(&w, UNEVICTABLE_PGS_CULLED) >= (s64)(64 * MIB / PAGE_SIZE));
    world_done(&w);
}

TEST(a_segment_that_cannot_be_promised_is_an_error)
{
    struct err e = {0};
    struct world w;

    assert_int_equal(world_try(&w,
                               "[machine]\nram=256M\nvm.overcommit_memory=2\n"
                               "[file seg]\nkind=sysv\nsize=200M\n"
                               "[task t]\nfile=seg\nmap=seq\nrequests=1\n",
                               &e),
                     -EINVAL);
    assert_int_equal(e.line, 4);
    assert_non_null(strstr(e.text, "cannot promise"));
    world_done(&w);
}

TEST_MAIN()
