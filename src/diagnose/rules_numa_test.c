/* rules_numa_test.c - what the rules say of where programs run and where their memory lies. */
#include "base/test.h"
#include "diagnose/rig_testing.h"
#include "stats/tunables.h"

static void add_node(struct rig *r, u32 id, const char *cpus, u64 free_bytes)
{
    struct node_view n = {
        .id = id, .total = 8 * GIB, .free = free_bytes, .inactive_file = 0, .has_cpus = *cpus != 0};

    snprintf(n.cpulist, sizeof(n.cpulist), "%s", cpus);
    vec_push(&r->before.nodes, n);
    vec_push(&r->now.nodes, n);
}

/* Two nodes whose processors are threads of the same cores, as machines have them, and one of
 * memory alone. */
static void add_nodes(struct rig *r, u64 free_on_0, u64 free_on_1)
{
    add_node(r, 0, "0-3,8-11", free_on_0);
    add_node(r, 1, "4-7,12-15", free_on_1);
    add_node(r, 2, "", 8 * GIB);
}

static void add_program(struct rig *r, u32 pid, const char *cpus, double cpu_percent)
{
    struct process_view *p;

    rig_process(r, pid, "db", GIB, 0);
    p = &vec_last(&r->now.processes);
    snprintf(p->cpus_allowed, sizeof(p->cpus_allowed), "%s", cpus);
    snprintf(p->mems_allowed, sizeof(p->mems_allowed), "0-2");
    p->cpu_us = (u64)(cpu_percent * 10000);
}

static void add_memory(struct rig *r, u32 pid, u32 node, u64 bytes, u64 interleaved, u64 bound)
{
    vec_push(&r->now.process_nodes, ((struct process_node_view){.pid = pid,
                                                                .node = node,
                                                                .bytes = bytes,
                                                                .interleaved = interleaved,
                                                                .bound = bound,
                                                                .policies = true}));
}

static const char *detail(const struct rig *r, enum rule rule)
{
    const struct finding *f = rig_found(r, rule);

    return f && f->detail ? f->detail : "";
}

RIG_TEST(memory_away_from_the_processors_is_told_with_what_brings_it_back)
{
    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 0, 100 * MIB, 0, 0);
    add_memory(r, 7, 1, GIB, 0, GIB);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_NUMA_REMOTE)->title, "runs on node 0"));
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "policy puts it there"));
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "\"migratepages 7 1 0\""));
    /* Without room for the memory, the program goes. */
    r->now.nodes.items[0].free = 500 * MIB;
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "\"taskset -acp 4-7,12-15 7\""));
    snprintf(r->now.processes.items[0].mems_allowed, 32, "1");
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "cpuset.mems"));
    /* Nobody said so: with balancing, the kernel brings it. */
    snprintf(r->now.processes.items[0].mems_allowed, 32, "0-1");
    r->now.process_nodes.items[1].bound = 0;
    RIG_BOTH(r, sysctl[tunable_find("kernel.numa_balancing") - tunable_info], 1);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_INFO);
    RIG_BOTH(r, sysctl[tunable_find("kernel.numa_balancing") - tunable_info], 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "kernel.numa_balancing=1"));
    /* Who sleeps pays nothing. */
    r->now.processes.items[0].cpu_us = 0;
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_INFO);
}

RIG_TEST(huge_pages_of_a_pool_need_a_pool_where_the_program_runs)
{
    struct node_view *home;

    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 1, GIB, 0, 0);
    r->now.process_nodes.items[0].pool = GIB;
    home = &r->now.nodes.items[0];
    home->huge_bytes = home->huge_free_bytes = 0;
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    /* 4 GiB of small pages are free there, which do not count. */
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "too few free ones"));
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "/node0/hugepages/"));
    assert_null(strstr(detail(r, RULE_NUMA_REMOTE), "migratepages"));
    home->huge_bytes = home->huge_free_bytes = 2 * GIB;
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "--membind=0"));
    /* Of a small part of it nothing is to be said. */
    r->now.process_nodes.items[0].pool = 100 * MIB;
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "migratepages"));
}

RIG_TEST(memory_that_fits_on_no_node_is_not_gone_after)
{
    add_nodes(r, 100 * MIB, 4 * GIB);
    add_node(r, 3, "16-19", 4 * GIB);
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 0, 400 * MIB, 0, 0);
    add_memory(r, 7, 1, 450 * MIB, 0, 0);
    add_memory(r, 7, 3, 250 * MIB, 0, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    assert_null(strstr(detail(r, RULE_NUMA_REMOTE), "taskset"));
    assert_non_null(strstr(detail(r, RULE_NUMA_REMOTE), "no other node has most of it"));
}

RIG_TEST(who_may_run_where_its_memory_is_has_none_elsewhere)
{
    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-15", 50);
    add_memory(r, 7, 1, GIB, 0, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), -1);
    snprintf(r->now.processes.items[0].cpus_allowed, 64, "2-3,5");
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), -1);
    snprintf(r->now.processes.items[0].cpus_allowed, 64, "2-3");
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), SEV_WARNING);
    /* A list that nobody knows, memory that nobody misses. */
    r->now.processes.items[0].cpus_allowed[0] = '\0';
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), -1);
    snprintf(r->now.processes.items[0].cpus_allowed, 64, "2-3");
    r->now.process_nodes.items[0].bytes = 60 * MIB;
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), -1);
}

RIG_TEST(a_node_without_processors_is_remote_to_nobody)
{
    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 2, GIB, 0, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_REMOTE), -1);
}

RIG_TEST(interleaving_is_for_who_runs_everywhere_or_has_no_room)
{
    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-3,8-11", 50);
    add_memory(r, 7, 0, GIB, GIB, 0);
    add_memory(r, 7, 1, GIB, GIB, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_INTERLEAVE), SEV_WARNING);
    assert_null(rig_found(r, RULE_NUMA_REMOTE));
    assert_non_null(strstr(detail(r, RULE_NUMA_INTERLEAVE), "\"migratepages 7 all 0\""));
    r->now.nodes.items[0].free = 500 * MIB;
    assert_int_equal(rig_severity(r, RULE_NUMA_INTERLEAVE), -1);
    r->now.nodes.items[0].free = 4 * GIB;
    snprintf(r->now.processes.items[0].cpus_allowed, 64, "0-15");
    assert_int_equal(rig_severity(r, RULE_NUMA_INTERLEAVE), -1);
}

RIG_TEST(an_exhausted_node_is_told_with_who_may_have_no_other)
{
    add_nodes(r, 100 * MIB, 4 * GIB);
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 0, 6 * GIB, 0, 6 * GIB);
    rig_rate(r, PGSTEAL_KSWAPD, 300);
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "db (pid 7) has 6.0 GiB there"));
    assert_non_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "--preferred=0"));
    r->now.process_nodes.items[0].bound = 0;
    rig_run(r);
    assert_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "pid 7"));
    snprintf(r->now.processes.items[0].mems_allowed, 32, "0");
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "db (pid 7) has 6.0 GiB there"));
    assert_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "--preferred"));
}

/* Node 0 is full of cache, node 1 is empty, and a disk reads what was there. */
static void reclaim_beside_free(struct rig *r, u64 mode)
{
    add_node(r, 0, "0-3,8-11", 60 * MIB);
    add_node(r, 1, "4-7,12-15", 7 * GIB);
    r->now.nodes.items[0].inactive_file = 7 * GIB;
    vec_reset(&r->now.zones);
    /* Of 15 MiB nobody but who asks for DMA may have any. */
    vec_push(
        &r->now.zones,
        ((struct zone_view){
            .name = "DMA", .free = 15 * 256, .min = 6, .low = 9, .high = 12, .managed = 15 * 256}));
    vec_push(&r->now.zones, ((struct zone_view){.name = "Normal",
                                                .free = 45 * 256,
                                                .min = 30 * 256,
                                                .low = 40 * 256,
                                                .high = 50 * 256,
                                                .managed = 8177 * 256}));
    for (size_t i = 0; i < 2; i++) {
        r->before.nodes.items[i].numa_hit = r->now.nodes.items[i].numa_hit = 1000000;
        r->before.nodes.items[i].numa_miss = r->now.nodes.items[i].numa_miss = 0;
        r->before.nodes.items[i].numa_foreign = r->now.nodes.items[i].numa_foreign = 0;
    }
    RIG_BOTH(r, sysctl[tunable_find("vm.zone_reclaim_mode") - tunable_info], mode);
    rig_rate(r, PGSTEAL_DIRECT, 20000);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 20000);
    rig_rate(r, PGPGIN, 80000);
    rig_pressure(r, PSI_IO, 90, 90);
    rig_pressure(r, PSI_MEM, 1.5, 1.5);
}

RIG_TEST(a_group_that_thrashes_in_a_cpuset_gets_what_its_nodes_have)
{
    u32 g = rig_group(r, "/web", 90 * MIB, 10 * MIB, 100 * MIB);

    add_nodes(r, 8 * MIB, 4 * GIB);
    r->now.nodes.items[0].inactive_file = 0;
    add_program(r, 7, "0-3", 50);
    r->now.processes.items[0].group = g;
    r->now.cgroups.items[g].stat[WORKINGSET_REFAULT_FILE] = 900;
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_CGROUP_THRASH), "the machine has"));
    snprintf(r->now.processes.items[0].mems_allowed, 32, "0");
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_CGROUP_THRASH), "node 0, with 8.0 MiB available"));
    assert_non_null(strstr(detail(r, RULE_CGROUP_THRASH), "cpuset.mems"));
    snprintf(r->now.processes.items[0].mems_allowed, 32, "1");
    rig_run(r);
    assert_non_null(strstr(detail(r, RULE_CGROUP_THRASH), "node 1, with 4.0 GiB available"));
    assert_null(strstr(detail(r, RULE_CGROUP_THRASH), "cpuset.mems"));
}

RIG_TEST(zone_reclaim_mode_is_the_cause_of_reclaim_beside_free_memory)
{
    reclaim_beside_free(r, 1);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_CRITICAL);
    assert_non_null(strstr(r->d.headline, "Node 0"));
    assert_non_null(strstr(r->d.headline, "vm.zone_reclaim_mode"));
    assert_int_equal(rig_found(r, RULE_NUMA_IMBALANCE)->cause, CAUSE_ZONE_RECLAIM);
    assert_non_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "vm.zone_reclaim_mode=0"));
    /* Neither alarms beside it, nor the contrary. */
    assert_int_equal(rig_found(r, RULE_FILE_THRASH)->severity, SEV_INFO);
    assert_null(strstr(detail(r, RULE_FILE_THRASH), "swap"));
    assert_null(strstr(detail(r, RULE_FILE_THRASH), "would have stayed"));
    assert_null(rig_found(r, RULE_IO_BOTTLENECK));
    /* A program that may have no other node is the cause, whatever the mode. */
    add_program(r, 7, "0-3", 50);
    add_memory(r, 7, 0, 6 * GIB, 0, 6 * GIB);
    rig_run(r);
    assert_null(strstr(r->d.headline, "vm.zone_reclaim_mode"));
    assert_non_null(strstr(detail(r, RULE_NUMA_IMBALANCE), "db (pid 7)"));
}

RIG_TEST(a_full_node_of_cache_is_well_where_nothing_is_reclaimed)
{
    reclaim_beside_free(r, 1);
    r->now.vmstat[PGSTEAL_DIRECT] = r->before.vmstat[PGSTEAL_DIRECT];
    r->now.vmstat[WORKINGSET_REFAULT_FILE] = r->before.vmstat[WORKINGSET_REFAULT_FILE];
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
    /* With the mode off, something else has the node reclaimed. */
    reclaim_beside_free(r, 0);
    r->before.nodes.count = r->now.nodes.count = 2;
    rig_run(r);
    assert_non_null(rig_found(r, RULE_NUMA_IMBALANCE));
    assert_null(strstr(r->d.headline, "vm.zone_reclaim_mode"));
}

RIG_TEST(one_look_tells_a_node_that_is_reclaimed_by_its_mode)
{
    reclaim_beside_free(r, 1);
    r->single = true;
    r->now.vmstat[WORKINGSET_REFAULT_FILE] = 2600000;
    r->now.vmstat[PGPGIN] = 11000000;
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_WARNING);
    assert_non_null(strstr(r->d.headline, "vm.zone_reclaim_mode"));
    /* Hardly anything that was read had been there. */
    r->now.vmstat[PGPGIN] = 110000000;
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_INFO);
    RIG_BOTH(r, sysctl[tunable_find("vm.zone_reclaim_mode") - tunable_info], 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
}

RIG_TEST(slow_memory_matters_where_a_busy_program_has_most_of_its_own)
{
    const size_t mode = (size_t)(tunable_find("kernel.numa_balancing") - tunable_info);
    const size_t demotion = (size_t)(tunable_find("numa/demotion_enabled") - tunable_info);

    add_nodes(r, 4 * GIB, 4 * GIB);
    r->now.nodes.items[2].free = 5 * GIB;
    RIG_BOTH(r, sysctl[mode], 1);
    RIG_BOTH(r, sysctl[demotion], 0);
    assert_int_equal(rig_severity(r, RULE_MEMORY_TIER), SEV_INFO);
    add_program(r, 7, "0-15", 50);
    add_memory(r, 7, 0, GIB, 0, 0);
    add_memory(r, 7, 2, 2 * GIB, 0, 0);
    assert_int_equal(rig_severity(r, RULE_MEMORY_TIER), SEV_WARNING);
    assert_non_null(strstr(detail(r, RULE_MEMORY_TIER), "db (pid 7) has 2.0 GiB of its 3.0 GiB"));
    assert_non_null(strstr(detail(r, RULE_MEMORY_TIER), "kernel.numa_balancing=2"));
    RIG_BOTH(r, sysctl[mode], 2);
    assert_non_null(rig_find(r, RULE_MEMORY_TIER));
    assert_null(strstr(detail(r, RULE_MEMORY_TIER), "numa_balancing=2"));
    RIG_BOTH(r, sysctl[demotion], 1);
    assert_int_equal(rig_severity(r, RULE_MEMORY_TIER), -1);
    /* Demotion moves pages there: that nothing moves would be wrong. */
    RIG_BOTH(r, sysctl[mode], 0);
    assert_non_null(strstr(rig_find(r, RULE_MEMORY_TIER)->title, "reclaim moves cold pages there"));
    assert_null(strstr(rig_find(r, RULE_MEMORY_TIER)->title, "nothing moves"));
    RIG_BOTH(r, sysctl[mode], 2);
    RIG_BOTH(r, sysctl[demotion], 0);
    r->now.nodes.items[2].free = 7 * GIB;
    assert_int_equal(rig_severity(r, RULE_MEMORY_TIER), -1);
}

RIG_TEST(without_numa_maps_the_report_says_that_it_cannot_tell)
{
    add_nodes(r, 4 * GIB, 4 * GIB);
    add_program(r, 7, "0-3", 50);
    rig_run(r);
    assert_true(rig_has_gap(r, RULE_NUMA_REMOTE));
}

TEST_MAIN()
