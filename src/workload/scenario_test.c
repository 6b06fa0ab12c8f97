/* scenario_test.c - scenario files: what is read, what is refused and how, and what tasks then
 * do. */
#include "workload/scenario_run.h"

#include "base/test.h"

#include <string.h>

static int read_text(struct scenario *sc, const char *text, struct err *e)
{
    return scenario_read_bytes(sc, "x.ini", text, strlen(text), e);
}

/* --- reading ---------------------------------------------------------------------------------- */

TEST(keys_are_read_with_their_units)
{
    struct scenario sc;
    struct err e = {0};
    int rc = read_text(&sc,
                       "# a comment\n"
                       "[machine]\n"
                       "ram = 1G ; another\n"
                       "  cpus=3\n"
                       "runtime = 2.5s\n"
                       "vm.swappiness = 10\n"
                       "cost.minor_fault = 700\n"
                       "disk = slow\n"
                       "[device slow]\n"
                       "profile = hdd\n"
                       "write_rate = 20M/s\n"
                       "[cgroup app/web]\n"
                       "memory.max = 96M\n"
                       "[file db]\n"
                       "size = 10M\n"
                       "[task web]\n"
                       "cgroup = app/web\n"
                       "memory = 64M\n"
                       "touch = hotspot:90:10\n"
                       "writes = 25%\n"
                       "rate = 100/s\n"
                       "burst = 2s/500ms\n"
                       "nice = -5\n",
                       &e);

    assert_int_equal(rc, 0);
    assert_int_equal(sc.machine.config.ram_bytes, GIB);
    assert_int_equal(sc.machine.config.nr_cpus, 3);
    assert_int_equal(sc.machine.runtime, 2500 * NS_PER_MS);
    assert_int_equal(sc.machine.config.tunables.swappiness, 10);
    assert_int_equal(sc.machine.config.cost.minor_fault, 700);
    assert_int_equal(sc.devices.items[0].write_rate, 20 * MIB);
    assert_int_equal(sc.cgroups.items[0].max, 96 * MIB);
    assert_true(sc.cgroups.items[0].high == SCENARIO_NO_LIMIT);
    assert_string_equal(sc.files.items[0].path, "/data/db");
    assert_int_equal(sc.tasks.items[0].touch.kind, PATTERN_HOTSPOT);
    assert_true(sc.tasks.items[0].writes == 0.25);
    assert_true(sc.tasks.items[0].rate == 100.0);
    assert_int_equal(sc.tasks.items[0].burst.off, 500 * NS_PER_MS);
    assert_int_equal(sc.tasks.items[0].nice, -5);
    scenario_done(&sc);
}

struct wrong {
    const char *text;
    unsigned line;
    const char *says;
};

static void expect_said(const struct wrong *wrong)
{
    struct scenario sc;
    struct err e = {0};

    assert_int_equal(read_text(&sc, wrong->text, &e), -EINVAL);
    if (!strstr(e.text, wrong->says) || e.line != wrong->line)
        fail_msg("%s: said, at line %u: %s", wrong->text, e.line, e.text);
    assert_string_equal(e.file, "x.ini");
    scenario_done(&sc);
}

TEST(nodes_that_make_no_sense_are_refused)
{
    static const struct wrong wrong[] = {
        {"[node x]\n", 1, "a node has a number from 0 to 63"},
        {"[node 64]\n", 1, "a node has a number from 0 to 63"},
        {"[node 00]\n", 1, "a node has a number from 0 to 63"},
        {"[node 0]\nram = 100M\n", 2, "the memory of a node is a multiple of 32M, not 100M"},
        {"[node 0]\ncpus = 0-\n", 2, "want CPUs from 0 to 63"},
        {"[node 0]\ndistance = 10 5\n", 2, "a distance is a number from 10"},
        {"[node 0]\ndistance = 10 255\n", 2, "a distance is a number from 10"},
        {"[node 0]\nmemory = 1G\n", 2, "unknown key 'memory' in [node]"},
        {"[node 1]\nram = 1G\n", 1, "node 0 is missing"},
        {"[machine]\nnodes = 2\n[node 2]\ncpus = 1\n", 3, "there is no node 2"},
        {"[node 0]\nram = 1G\ncpus = 0-1\n[node 1]\nram = 1G\ncpus = 1\n", 4,
         "node 1: CPU 1 is part of another node already"},
        {"[node 0]\nram = 1G\ncpus = 0-1\n[node 1]\nram = 0\n", 4,
         "node 1 has neither memory nor CPUs"},
        {"[node 0]\nram = 1G\n[node 1]\n", 3, "node 1: no ram"},
        {"[node 0]\ncpus = 0,2\n", 1, "CPU 1 is part of no node"},
        {"[machine]\ncpus = 2\n[node 0]\ncpus = 0-2\n", 3, "there is no CPU 2"},
        {"[node 0]\ndistance = 10 20\n[node 1]\ndistance = 20 11\n", 3,
         "node 1: the distance to itself is 11"},
        {"[node 0]\ndistance = 10 10\n[node 1]\n", 1, "node 0: the distance to another node is 10"},
        {"[node 0]\ndistance = 10 20 20\n[node 1]\n", 1,
         "3 distances, and the machine has 2 nodes"},
        {"[machine]\nram = 4G\n[node 0]\nram = 1G\n[node 1]\nram = 1G\n", 2,
         "the nodes have 2G of RAM together, and the machine 4G"},
        {"[machine]\nnode.0.rum = 1G\n", 2, "unknown key 'rum' of a node"},
        {"[machine]\nnode.99.ram = 1G\n", 2, "of a node there are node.N.ram"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        expect_said(&wrong[i]);
}

TEST(what_is_wrong_is_said_with_its_line)
{
    static const struct wrong wrong[] = {
        {"", 0, "nothing to run"},
        {"ram = 1G\n", 1, "before the first section"},
        {"[machin]\n", 1, "did you mean 'machine'"},
        {"[machine]\nmemery = 1\n", 2, "unknown key 'memery' in [machine]"},
        {"[machine]\nram = 12 parsecs\n", 2, "parsecs"},
        {"[machine]\nram = 1K\n", 2, "ram goes from 64M to 15T, not 1K"},
        {"[machine]\nram = 1G\nseed = 1\nram = 1G\n", 4, "ram is given twice in [machine]"},
        {"[machine]\nkernel = 2.4\n", 2, "kernel: unknown kernel profile '2.4'; known: 6.1"},
        {"[machine]\nseeed = 1\n", 2, "did you mean 'seed'?"},
        {"[task a]\nram = 1G\n", 2, "'ram' belongs in [machine]"},
        {"[machine]\ncpus = 65\n", 2, "cpus goes from 1 to 64"},
        {"[machine]\ntouch = seq\n", 2, "'touch' belongs in [task]"},
        {"[machine]\nvm.swapiness = 1\n", 2, "vm.swappiness"},
        {"[machine]\ncost.minor_falt = 1\n", 2, "minor_fault"},
        {"[machine]\nram = 1G\nram = 1G\n", 3, "given twice"},
        {"[machine]\n[machine]\n", 2, "there already, at line 1"},
        {"[machine x]\n", 1, "no name"},
        {"[task]\n", 1, "a name is"},
        {"[task a b]\n", 1, "a name is"},
        {"[cgroup ../x]\n", 1, "a name is"},
        {"[task x\n", 1, "']'"},
        {"[machine]\nnonsense\n", 2, "KEY = VALUE"},
        {"[machine]\ndisk = hddd\n", 2, "did you mean 'hdd'"},
        {"[task a]\nmemory = 1M\n", 1, "never ends"},
        {"[task a]\nrequests = 1\n", 1, "does nothing"},
        {"[task a]\nrequests = 1\nread = seq\n", 3, "need file"},
        {"[task a]\nrequests = 1\nread = seq\nfile = db\n", 4, "no section for file 'db'"},
        {"[task a]\nrequests = 1\nmemory = 1M\ncgroup = x\n", 4, "no section for cgroup 'x'"},
        {"[task a]\ntouch = zipf\n", 2, "touch"},
        {"[task a]\nrate = 100\n", 2, "100/s"},
        {"[task a]\nburst = 1s\n", 2, "2s/8s"},
        {"[task a]\nfill = maybe\n", 2, "yes or no"},
        {"[task a]\nwrites = 2\n", 2, "from 0 to 1"},
        {"[task a]\nnice = 20\n", 2, "from -20 to 19"},
        {"[task a]\ntrace = a.hwt\nmemory = 1M\n", 3, "no meaning beside trace"},
        {"[task a]\nmemory = 1M\nnuma = bind:3\nrequests = 1\n", 3, "no node 3"},
        {"[task a]\nmemory = 1M\nrequests = 1\ncpus = 63\n", 4, "no CPU 63"},
        {"[cgroup g]\nmemory.max = 1M\ncpuset.mems = 2\n[task a]\nmemory = 1M\n", 3, "no node 2"},
        {"[file f]\n[task a]\ntrace = a.hwt\n", 1, "no size"},
        {"[file f]\nsize = 1M\nkind = fifo\n", 3, "regular, tmpfs"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        expect_said(&wrong[i]);
}

TEST(long_lines_are_refused_and_long_comments_are_not)
{
    char text[2000];
    struct scenario sc;
    struct err e = {0};

    memset(text, 'x', sizeof(text));
    memcpy(text, "#", 1);
    memcpy(text + 1500, "\n[task a]\nmemory = 1M\nstop = 1000s\n", 36);
    assert_int_equal(scenario_read_bytes(&sc, "x.ini", text, 1535, &e), 0);
    scenario_done(&sc);
    memcpy(text, "a", 1);
    assert_int_equal(scenario_read_bytes(&sc, "x.ini", text, 1535, &e), -EINVAL);
    assert_non_null(strstr(e.text, "a line of 1500 bytes; want at most 1023"));
    scenario_done(&sc);
}

TEST(a_node_has_distances_to_63_others)
{
    struct strbuf text;
    struct scenario sc;
    struct err e = {0};

    strbuf_init(&text);
    for (unsigned node = 0; node < 64; node++) {
        strbuf_printf(&text, "[node %u]\nram = 96M\n  distance = ", node);
        for (unsigned to = 0; to < 64; to++)
            strbuf_printf(&text, " %u", to == node ? 10 : 100 + (node + to) % 100);
        strbuf_append(&text, " ; to all\r\n");
    }
    strbuf_append(&text, "[task a]\nmemory = 1M\nstop = 1s\n");
    assert_int_equal(scenario_read_bytes(&sc, "x.ini", text.text, text.len, &e), 0);
    assert_int_equal(sc.machine.config.topology.node[3].nr_distances, 64);
    assert_int_equal(sc.machine.config.topology.node[3].distance[63], 166);
    scenario_done(&sc);
    /* What is no list has no use for so many bytes. */
    strbuf_append(&text, "profile = ");
    for (unsigned i = 0; i < 300; i++)
        strbuf_append(&text, "x");
    assert_int_equal(scenario_read_bytes(&sc, "x.ini", text.text, text.len, &e), -EINVAL);
    scenario_done(&sc);
    strbuf_done(&text);
}

/* --- running ---------------------------------------------------------------------------------- */

struct world {
    struct scenario sc;
    struct system system;
    struct scenario_run run;
    enum replay_outcome outcome;
};

static void world_run(struct world *w, const char *text)
{
    struct system_config config;
    struct err e = {0};

    if (read_text(&w->sc, text, &e))
        fail_msg("%u: %s", e.line, e.text);
    scenario_system_config(&w->sc, &config);
    assert_int_equal(system_init(&w->system, &config, &e), 0);
    assert_int_equal(
        scenario_run_init(&w->run, &w->sc, &(struct scenario_run_config){.system = &w->system}, &e),
        0);
    w->outcome = scenario_run(&w->run);
    sched_check(&w->run.sched);
    system_check(&w->system);
    assert_int_equal(w->run.stats.skipped + w->run.stats.bad_ops, 0);
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

static const struct generator_stats *stats(const struct world *w, size_t job)
{
    return &w->run.jobs[job].generator.stats;
}

TEST(a_process_fills_its_memory_and_ends)
{
    struct world w;

    world_run(&w, "[machine]\nram=128M\n[task a]\nmemory=8M\ntouch=seq\nrequests=10\n");
    assert_int_equal(w.outcome, REPLAY_COMPLETED);
    assert_int_equal(w.system.nr_tasks, 1);
    assert_int_equal(w.system.tasks[0]->outcome, OUTCOME_EXITED);
    assert_string_equal(w.system.tasks[0]->comm, "a");
    assert_int_equal(w.system.tasks[0]->maxrss_pages, 8 * MIB / PAGE_SIZE);
    assert_int_equal(stats(&w, 0)->requests, 10);
    assert_int_equal(counted(&w, NR_ANON_PAGES), 0);
    world_done(&w);
}

TEST(tasks_run_and_have_memory_where_the_scenario_says)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\nnodes=2\ncpus=4\nruntime=1s\nthp=never\n"
                  "[task a]\nmemory=8M\ntouch=seq\ncpus=1\nnuma=bind:1\nworkers=3\n"
                  "[task b]\nmemory=8M\ntouch=seq\ncpus=3\n");
    assert_int_equal(w.system.cpu_times[0].user_ns, 0);
    assert_true(w.system.cpu_times[1].user_ns > NS_PER_S / 2);
    assert_int_equal(w.system.cpu_times[2].user_ns, 0);
    for (u32 i = 0; i < w.system.nr_tasks; i++)
        assert_true(w.system.tasks[i]->cpu == (strcmp(w.system.tasks[i]->comm, "a") ? 3 : 1));
    /* Three workers with 8 MiB of node 1, and one that runs there. */
    assert_true(node_counter(&w.system.frames, 1, NUMA_HIT) >= (s64)(32 * MIB / PAGE_SIZE));
    assert_true(node_counter(&w.system.frames, 0, NUMA_HIT) < (s64)(2 * MIB / PAGE_SIZE));
    world_done(&w);
}

TEST(start_stop_rate_and_think_follow_the_clock)
{
    struct world w;

    world_run(&w, "[machine]\nram=128M\n"
                  "[task a]\nmemory=1M\ntouch=seq\nrate=100/s\nstart=1s\nstop=3s\n"
                  "[task b]\nmemory=1M\ntouch=seq\nthink=10ms\nstop=2s\n"
                  "[task c]\nmemory=1M\ntouch=seq\nrate=100/s\nburst=200ms/800ms\nstop=3s\n");
    assert_int_equal(w.system.tasks[2]->start_ns, NS_PER_S);
    assert_in_range(w.system.tasks[2]->end_ns, 3 * NS_PER_S, 3 * NS_PER_S + 10 * NS_PER_MS);
    assert_in_range(stats(&w, 0)->requests, 198, 201);
    assert_in_range(stats(&w, 1)->requests, 190, 201);
    /* It makes up for one second at most: no more than in all the time. */
    assert_in_range(stats(&w, 2)->requests, 60, 300);
    world_done(&w);
}

TEST(memory_that_leaks_runs_out)
{
    struct world w;

    world_run(&w, "[machine]\nram=1G\nruntime=10s\n"
                  "[cgroup box]\nmemory.max=32M\n"
                  "[task ok]\nmemory=16M\ntouch=seq\nrate=10/s\n"
                  "[task leak]\ncgroup=box\nmemory=1M\ntouch=seq\nleak=16M/s\nthink=1ms\n");
    assert_int_equal(w.outcome, REPLAY_OOM);
    assert_int_equal(w.system.tasks[1]->outcome, OUTCOME_OOM_KILLED);
    assert_in_range(w.system.tasks[1]->end_ns, NS_PER_S, 3 * NS_PER_S);
    assert_int_equal(w.system.tasks[0]->outcome, OUTCOME_NONE);
    assert_in_range(w.system.clock.now, 10 * NS_PER_S, 10 * NS_PER_S + 10 * NS_PER_MS);
    world_done(&w);
}

TEST(workers_share_what_was_loaded_before_the_fork)
{
    struct world w;
    u64 pages = 0;

    world_run(&w,
              "[machine]\nram=256M\nruntime=1s\n"
              "[task web]\nworkers=4\npreload=32M\nmemory=4M\ntouch=random\nwrites=0\nrate=50/s\n");
    assert_int_equal(w.system.nr_tasks, 5);
    for (u32 i = 0; i < 5; i++)
        assert_int_equal(w.system.tasks[i]->outcome, OUTCOME_NONE);
    pages = (u64)counted(&w, NR_ANON_PAGES);
    assert_int_equal(pages, (32 + 4 * 4) * MIB / PAGE_SIZE);
    assert_int_equal(scenario_job_of(&w.run, w.system.tasks[4]->tgid) - w.run.jobs, 0);
    world_done(&w);
}

TEST(a_parent_ends_after_its_workers)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\n[task web]\nworkers=3\npreload=1M\nmemory=1M\ntouch=seq\n"
                  "requests=5\nhold=1s\n");
    assert_int_equal(w.outcome, REPLAY_COMPLETED);
    for (u32 i = 0; i < 4; i++)
        assert_int_equal(w.system.tasks[i]->outcome, OUTCOME_EXITED);
    assert_int_equal(stats(&w, 0)->requests, 15);
    assert_true(w.system.tasks[0]->end_ns >= NS_PER_S);
    world_done(&w);
}

TEST(files_are_read_written_mapped_and_synced)
{
    struct world w;

    world_run(&w, "[machine]\nram=256M\n"
                  "[file db]\nsize=8M\n[file shm]\nsize=4M\nkind=tmpfs\n"
                  "[task r]\nfile=db\nread=seq\nblock=64K\nrequests=128\n"
                  "[task w]\nfile=db\nwrite=append\nfsync=4\nblock=16K\nrequests=16\n"
                  "[task m]\nfile=shm\nmap=seq\nwrites=1\ntouches=1024\nrequests=1\nhold=1s\n");
    assert_int_equal(w.outcome, REPLAY_COMPLETED);
    assert_int_equal(counted(&w, NR_SHMEM), 1024);
    assert_true(counted(&w, NR_FILE_PAGES) >= 2048 + 1024);
    assert_true(counted(&w, NR_DIRTIED) >= 64);
    assert_true(counted(&w, NR_WRITTEN) >= 64);
    world_done(&w);
}

TEST(kernel_memory_grows_at_its_rate)
{
    struct world w;

    world_run(&w,
              "[machine]\nram=256M\nruntime=2s\n[task find]\nwalk=10000/s\n"
              "[task leak]\nkernel_leak=8M/s\n[task net]\nsockets=100\nsocket_data=64K\npin=4M\n");
    /* A dentry and an inode are about 1.3 KiB. */
    assert_in_range(counted(&w, NR_SLAB_RECLAIMABLE), 18 * MIB, 36 * MIB);
    assert_in_range(counted(&w, NR_SLAB_UNRECLAIMABLE), 15 * MIB, 30 * MIB);
    world_done(&w);
}

TEST(a_nicer_task_gets_less_of_the_cpu)
{
    struct world w;

    world_run(&w, "[machine]\nram=128M\ncpus=1\nruntime=2s\n"
                  "[task a]\nmemory=1M\ntouch=seq\n[task b]\nmemory=1M\ntouch=seq\nnice=5\n");
    /* 1024 to 335. */
    assert_in_range(stats(&w, 0)->requests * 100 / stats(&w, 1)->requests, 280, 330);
    world_done(&w);
}

TEST(the_same_scenario_comes_to_the_same)
{
    const char *text =
        "[machine]\nram=64M\nswap=64M\nruntime=500ms\n[file f]\nsize=64M\n"
        "[task a]\nmemory=40M\ntouch=zipf:0.8\nworkers=2\nphase=100ms\n"
        "[task b]\nfile=f\nread=random\nthink=1ms\n[task c]\nmemory=1M\ngrow=20M/s\ntouch=seq\n";
    struct world w[2];

    for (int i = 0; i < 2; i++)
        world_run(&w[i], text);
    assert_memory_equal(&w[0].system.counters, &w[1].system.counters, sizeof(struct counters));
    assert_int_equal(w[0].system.clock.now, w[1].system.clock.now);
    for (int i = 0; i < 2; i++)
        world_done(&w[i]);
}

TEST_MAIN()
