/* rules_cgroup_test.c - rules about cgroups, kills and growth: when they speak, about which level,
 * and when they are silent. */
#include "base/test.h"
#include "diagnose/pain.h"
#include "diagnose/rig_testing.h"

static struct cgroup_view *now(struct rig *r, u32 group)
{
    return &r->now.cgroups.items[group];
}

static void group_pressure(struct rig *r, u32 group, double some, double full)
{
    now(r, group)->psi[PSI_MEM] = rig_psi(some, full);
}

RIG_TEST(a_group_full_of_idle_cache_is_good_news)
{
    u32 g = rig_group(r, "/etl", 60 * MIB, 40 * MIB, 100 * MIB);

    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX_CACHE), SEV_GOOD);
    assert_string_equal(rig_found(r, RULE_CGROUP_NEAR_MAX_CACHE)->scope, "/etl");
    now(r, g)->stat[WORKINGSET_REFAULT_FILE] = 10;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX_CACHE), -1);
    now(r, g)->stat[WORKINGSET_REFAULT_FILE] = 0;
    group_pressure(r, g, 1, 1);
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX_CACHE), -1);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
}

RIG_TEST(below_nine_tenths_of_its_limit_a_group_is_not_worth_a_word)
{
    rig_group(r, "/etl", 10 * MIB, 79 * MIB, 100 * MIB);
    rig_run(r);
    assert_int_equal(r->d.findings.items.count, 0);
}

RIG_TEST(a_group_of_anonymous_memory_at_its_limit_is_a_warning_when_it_meets_it_without_swap)
{
    u32 g = rig_group(r, "/java", 94 * MIB, 6 * MIB, 100 * MIB);

    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), SEV_INFO);
    now(r, g)->events[EV_MAX] = 5;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), SEV_INFO);
    now(r, g)->swap_max = 0;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), SEV_WARNING);
    now(r, g)->events[EV_MAX] = 0;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), SEV_INFO);
    now(r, g)->stat[NR_INACTIVE_FILE] = 5 * MIB;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), SEV_WARNING);
    now(r, g)->stat[NR_INACTIVE_FILE] = 11 * MIB;
    assert_int_equal(rig_severity(r, RULE_CGROUP_NEAR_MAX), -1);
}

RIG_TEST(a_group_thrashes_when_it_refaults_at_its_limit_and_waits)
{
    u32 g = rig_group(r, "/web", 90 * MIB, 10 * MIB, 100 * MIB);

    now(r, g)->stat[WORKINGSET_REFAULT_FILE] = 100;
    group_pressure(r, g, 12, 12);
    assert_int_equal(rig_severity(r, RULE_CGROUP_THRASH), SEV_WARNING);
    assert_ptr_equal(rig_found(r, RULE_CGROUP_THRASH), &r->d.findings.items.items[0]);
    group_pressure(r, g, 60, 50);
    assert_int_equal(rig_severity(r, RULE_CGROUP_THRASH), SEV_CRITICAL);
    group_pressure(r, g, 0.5, 0.5);
    assert_int_equal(rig_severity(r, RULE_CGROUP_THRASH), SEV_INFO);
    now(r, g)->stat[WORKINGSET_REFAULT_FILE] = 99;
    assert_int_equal(rig_severity(r, RULE_CGROUP_THRASH), -1);
}

RIG_TEST(the_level_whose_limit_is_met_is_named_and_not_its_children)
{
    u32 pod = rig_group(r, "/pod", 90 * MIB, 10 * MIB, 100 * MIB), child;
    struct snapshot *both[] = {&r->before, &r->now};

    for (unsigned i = 0; i < 2; i++) {
        rig_group_add(both[i], "/pod/app", pod, 95 * MIB, NO_LIMIT);
        child = (u32)both[i]->cgroups.count - 1;
        both[i]->cgroups.items[child].stat[WORKINGSET_REFAULT_ANON] = i * 500;
        both[i]->cgroups.items[pod].stat[WORKINGSET_REFAULT_ANON] = i * 500;
    }
    group_pressure(r, pod, 20, 20);
    group_pressure(r, child, 20, 20);
    rig_run(r);
    assert_string_equal(rig_found(r, RULE_CGROUP_THRASH)->scope, "/pod");
    vec_for_each (&r->d.findings.items, f)
        assert_true(f->rule != RULE_CGROUP_THRASH || strcmp(f->scope, "/pod") == 0);
    assert_int_equal(r->d.verdict, VERDICT_WARNING);
}

RIG_TEST(thrash_inside_a_limit_is_not_the_machines)
{
    u32 g = rig_group(r, "/web", 90 * MIB, 10 * MIB, 100 * MIB);

    rig_pressure(r, PSI_MEM, 60, 50);
    group_pressure(r, g, 60, 50);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 1000);
    now(r, g)->stat[WORKINGSET_REFAULT_FILE] = 900;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_FILE_THRASH)->severity, SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_FILE_THRASH)->detail, "inside cgroups"));
    assert_int_equal(r->d.findings.items.items[0].rule, RULE_CGROUP_THRASH);
    /* The same without a limit is the machine's. */
    now(r, g)->max = r->before.cgroups.items[g].max = NO_LIMIT;
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_CRITICAL);
}

RIG_TEST(memory_high_throttles_when_it_is_met_and_costs_time)
{
    u32 g = rig_group(r, "/batch", 90 * MIB, 10 * MIB, NO_LIMIT);

    now(r, g)->high = r->before.cgroups.items[g].high = 80 * MIB;
    assert_int_equal(rig_severity(r, RULE_MEMORY_HIGH_THROTTLING), -1);
    now(r, g)->events[EV_HIGH] = 50;
    assert_int_equal(rig_severity(r, RULE_MEMORY_HIGH_THROTTLING), SEV_INFO);
    group_pressure(r, g, 30, 30);
    assert_int_equal(rig_severity(r, RULE_MEMORY_HIGH_THROTTLING), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_MEMORY_HIGH_THROTTLING)->detail, "swap has 4.0 GiB"));
    /* 10 MiB over memory.high would have to go somewhere. */
    now(r, g)->swap_max = 10 * MIB;
    now(r, g)->swap_current = 1;
    assert_int_equal(rig_severity(r, RULE_MEMORY_HIGH_THROTTLING), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_MEMORY_HIGH_THROTTLING)->detail, "it will stay slow"));
}

RIG_TEST(what_swap_has_room_for_is_not_called_without_swap)
{
    u32 g = rig_group(r, "/java", 94 * MIB, 6 * MIB, 100 * MIB);

    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_CGROUP_NEAR_MAX)->title, "swap has 4.0 GiB free"));
    now(r, g)->swap_max = now(r, g)->swap_current = 20 * MIB;
    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_CGROUP_NEAR_MAX)->title, "its swap is full"));
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], UNKNOWN);
    now(r, g)->swap_max = UNKNOWN;
    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_CGROUP_NEAR_MAX)->title, "without swap"));
}

RIG_TEST(a_group_that_waits_without_a_named_cause_is_a_warning_at_its_own_level)
{
    u32 g = rig_group(r, "/a", MIB, MIB, NO_LIMIT), child;
    struct snapshot *both[] = {&r->before, &r->now};

    for (unsigned i = 0; i < 2; i++)
        rig_group_add(both[i], "/a/b", g, MIB, NO_LIMIT);
    child = (u32)r->now.cgroups.count - 1;
    group_pressure(r, g, 15, 15);
    group_pressure(r, child, 15, 15);
    rig_rate(r, PGSCAN_DIRECT, 1);
    rig_run(r);
    assert_string_equal(rig_found(r, RULE_PRESSURE)->scope, "/a/b");
    for (size_t i = 0; i < r->d.findings.items.count; i++)
        assert_string_not_equal(r->d.findings.items.items[i].scope, "/a");
    r->options.cgroup = "/a/c";
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
    r->options.cgroup = "/a/b";
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_WARNING);
    assert_string_equal(r->d.accounting.scope, "/a/b");
}

static void add_candidate(struct log_event *e, u32 pid, const char *comm, u64 rss, s64 adj)
{
    struct oom_candidate c = {
        .pid = pid, .rss = rss, .rss_anon = UNKNOWN, .swap = 0, .oom_score_adj = adj};

    snprintf(c.comm, sizeof(c.comm), "%s", comm);
    if (!e->report)
        e->report = oom_report_new();
    e->report->parts = 1ull << OOM_PART_TASKS | 1ull << OOM_PART_KILL;
    vec_push(&e->report->tasks, c);
}

static struct log_event *add_kill(struct rig *r, const char *memcg, const char *task_memcg,
                                  u64 age_s)
{
    struct log_event e;

    log_event_init(&e, LOG_OOM_KILL);
    e.at_us = r->now.uptime_us - age_s * 1000000;
    e.oom_memcg = memcg ? xstrdup(memcg) : NULL;
    e.task_memcg = task_memcg ? xstrdup(task_memcg) : NULL;
    e.pid = 7;
    e.anon_rss = 40 * MIB;
    e.usage = 48 * MIB;
    e.limit = memcg ? 48 * MIB : UNKNOWN;
    snprintf(e.constraint, sizeof(e.constraint), "%s",
             memcg ? "CONSTRAINT_MEMCG" : "CONSTRAINT_NONE");
    snprintf(e.comm, sizeof(e.comm), "mysqld");
    snprintf(e.invoker, sizeof(e.invoker), "cron");
    vec_push(&r->now.log, e);
    return &vec_last(&r->now.log);
}

RIG_TEST(a_kill_names_the_level_the_victim_and_why)
{
    struct log_event *e = add_kill(r, "/pod", "/pod/db", 5);
    const struct finding *f;

    add_candidate(e, 7, "mysqld", 40 * MIB, 0);
    add_candidate(e, 8, "sidecar", 5 * MIB, 0);
    add_candidate(e, 9, "agent", 60 * MIB, -998);
    f = rig_find(r, RULE_CGROUP_OOM);
    assert_int_equal(f->severity, SEV_CRITICAL);
    assert_string_equal(f->scope, "/pod");
    assert_non_null(strstr(f->title, "limit of /pod (48.0 MiB)"));
    assert_non_null(strstr(f->detail, "killed mysqld (pid 7)"));
    assert_non_null(strstr(f->detail, "in /pod/db"));
    assert_non_null(strstr(f->detail, "held the most of 3 processes"));
    assert_non_null(strstr(f->detail, "next was sidecar"));
    assert_non_null(strstr(f->detail, "agent (pid 9) held more"));
    assert_null(rig_found(r, RULE_HOST_OOM));
}

RIG_TEST(kills_grow_old)
{
    add_kill(r, "/pod", NULL, 600);
    assert_int_equal(rig_severity(r, RULE_CGROUP_OOM), SEV_CRITICAL);
    r->now.log.items[0].at_us -= 1000000;
    assert_int_equal(rig_severity(r, RULE_CGROUP_OOM), SEV_WARNING);
    r->now.uptime_us = 200000 * (u64)1000000;
    r->now.log.items[0].at_us = r->now.uptime_us - 3601 * (u64)1000000;
    assert_int_equal(rig_severity(r, RULE_CGROUP_OOM), SEV_INFO);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    add_kill(r, NULL, NULL, 3601);
    assert_int_equal(rig_severity(r, RULE_HOST_OOM), SEV_WARNING);
    r->now.log.items[1].at_us = r->now.uptime_us - 86401 * (u64)1000000;
    assert_int_equal(rig_severity(r, RULE_HOST_OOM), SEV_INFO);
}

RIG_TEST(counters_tell_a_kill_that_no_log_does)
{
    u32 g = rig_group(r, "/app", 40 * MIB, 0, 48 * MIB);

    now(r, g)->events[EV_OOM_KILL] = now(r, g)->events_local[EV_OOM] =
        now(r, g)->events_local[EV_OOM_KILL] = 1;
    r->now.vmstat[OOM_KILL] = 1;
    assert_int_equal(rig_severity(r, RULE_CGROUP_OOM), SEV_CRITICAL);
    assert_null(rig_found(r, RULE_HOST_OOM));
    r->now.vmstat[OOM_KILL] = 2;
    /* Which limit: the counter of the machine cannot say. */
    assert_int_equal(rig_severity(r, RULE_HOST_OOM), SEV_WARNING);
    assert_int_equal(rig_found(r, RULE_HOST_OOM)->confidence, CONF_LOW);
    /* One sample without a log cannot say when. */
    r->single = true;
    r->now.parts[PART_KERNEL_LOG].state = PART_DENIED;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_CGROUP_OOM)->severity, SEV_INFO);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
}

RIG_TEST(many_allocation_failures_are_a_warning)
{
    struct log_event e;

    log_event_init(&e, LOG_ALLOC_FAILURE);
    r->now.uptime_us += 3600ull * 1000 * 1000;
    e.at_us = r->now.uptime_us;
    e.order = 4;
    for (unsigned i = 0; i < 9; i++)
        vec_push(&r->now.log, e);
    assert_int_equal(rig_severity(r, RULE_ALLOCATION_FAILURE), SEV_INFO);
    vec_push(&r->now.log, e);
    assert_int_equal(rig_severity(r, RULE_ALLOCATION_FAILURE), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_ALLOCATION_FAILURE)->title, "64.0 KiB (order 4"));
    /* One in the first minutes is as many an hour. */
    r->now.log.count = 1;
    r->now.log.items[0].at_us = r->now.uptime_us = 60 * 1000 * 1000;
    assert_int_equal(rig_severity(r, RULE_ALLOCATION_FAILURE), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_ALLOCATION_FAILURE)->detail, "since boot"));
    r->now.log.items[0].at_us = r->now.uptime_us = 361 * 1000 * 1000;
    assert_int_equal(rig_severity(r, RULE_ALLOCATION_FAILURE), SEV_INFO);
}

RIG_TEST(zombies_from_a_thousand)
{
    rig_group(r, "/x", MIB, MIB, NO_LIMIT);
    r->now.cgroups.items[0].nr_dying = 999;
    now(r, 1)->nr_dying = 0;
    assert_int_equal(rig_severity(r, RULE_ZOMBIE_CGROUPS), -1);
    r->now.cgroups.items[0].nr_dying = 1000;
    assert_int_equal(rig_severity(r, RULE_ZOMBIE_CGROUPS), SEV_INFO);
}

/* Sample a group of anonymous memory every second; `anon` says how much at second i. */
static const struct finding *grow(struct diagnosis *d, u64 seconds, u64 limit, u64 (*anon)(u64 i),
                                  struct snapshot *last)
{
    static const struct diagnose_options all = {0};

    diagnosis_init(d, &all);
    for (u64 i = 0; i <= seconds; i++) {
        struct snapshot s;

        rig_snapshot_init(&s, (1000 + i) * NS_PER_S);
        rig_group_add(&s, "/", GROUP_NONE, 0, UNKNOWN);
        rig_group_add(&s, "/app", 0, anon(i), limit);
        s.cgroups.items[1].stat[NR_ANON_PAGES] = anon(i);
        diagnosis_add(d, &s);
        if (i < seconds)
            snapshot_done(&s);
        else
            *last = s;
    }
    d->last = last;
    diagnosis_conclude(d);
    vec_for_each (&d->findings.items, f) {
        if (f->rule == RULE_LEAK_SUSPICION)
            return f;
    }
    return NULL;
}

static u64 steady_leak(u64 i)
{
    return 50 * MIB + i * MIB;
}

static u64 warm_up(u64 i)
{
    return 50 * MIB + MIN(i, (u64)20) * 10 * MIB;
}

static u64 sawtooth(u64 i)
{
    return 50 * MIB + i % 10 * 20 * MIB;
}

static u64 late_burst(u64 i)
{
    return 50 * MIB + (i > 50 ? (i - 50) * 20 * MIB : 0);
}

static int leak_severity(u64 seconds, u64 limit, u64 (*anon)(u64 i))
{
    struct diagnosis d;
    struct snapshot last;
    const struct finding *f = grow(&d, seconds, limit, anon, &last);
    int severity = f ? (int)f->severity : -1;

    assert_true(!f || strcmp(f->scope, "/app") == 0);
    diagnosis_done(&d);
    snapshot_done(&last);
    return severity;
}

TEST(steady_growth_is_a_leak_and_other_growth_is_not)
{
    /* 110 MiB after a minute, 1 MiB/s: 600 s, ten times as long, are the furthest that counts. */
    assert_int_equal(leak_severity(60, 710 * MIB, steady_leak), SEV_WARNING);
    assert_int_equal(leak_severity(60, 711 * MIB, steady_leak), SEV_INFO);
    assert_int_equal(leak_severity(400, 4 * GIB, steady_leak), SEV_INFO);
    assert_int_equal(leak_severity(400, 3 * GIB, steady_leak), SEV_WARNING);
    assert_int_equal(leak_severity(29, GIB, steady_leak), -1);
    assert_int_equal(leak_severity(60, GIB, warm_up), -1);
    assert_int_equal(leak_severity(60, GIB, sawtooth), -1);
    assert_int_equal(leak_severity(60, GIB, late_burst), -1);
}

RIG_TEST(groups_and_host_are_reconciled_with_other_tools)
{
    u32 g = rig_group(r, "/web", 60 * MIB, 40 * MIB, NO_LIMIT);
    const struct reconciliation *of_group;

    rig_process(r, 5, "nginx", 60 * MIB, 0);
    r->now.processes.items[0].group = g;
    r->now.processes.items[0].rss = 90 * MIB;
    r->now.processes.items[0].pss = 70 * MIB;
    rig_run(r);
    assert_int_equal(r->d.reconciliations.count, 2);
    assert_string_equal(r->d.reconciliations.items[0].scope, "host");
    assert_int_equal(r->d.reconciliations.items[0].figures.items[0].bytes, 8 * GIB);
    of_group = &r->d.reconciliations.items[1];
    assert_string_equal(of_group->scope, "/web");
    assert_int_equal(of_group->figures.items[0].bytes, 100 * MIB);
    assert_int_equal(of_group->figures.items[1].bytes, 60 * MIB);
    assert_non_null(strstr(of_group->text, "docker stats and kubectl top show 60.0 MiB"));
    assert_non_null(
        strstr(of_group->text, "About 10.0 MiB of what they map is charged to other groups"));
}

RIG_TEST(a_pss_of_some_processes_is_not_told_as_the_sum_of_all)
{
    const struct reconciliation *host;

    rig_process(r, 5, "ours", 60 * MIB, 0);
    rig_process(r, 6, "another's", 90 * MIB, 0);
    r->now.processes.items[0].pss = 40 * MIB;
    rig_run(r);
    host = &r->d.reconciliations.items[0];
    assert_non_null(strstr(host->text, "known of processes with 60.0 MiB of that"));
    vec_for_each (&host->figures, at)
        assert_string_not_equal(at->tool, "sum of PSS");
}

TEST_MAIN()
