/* rules_log_test.c - rules about what a log tells: bursts of kills, evictions, memory that could
 * not be added; and the balloon. */
#include "base/test.h"
#include "diagnose/rig_testing.h"

static struct log_event *add_event(struct rig *r, enum log_event_kind kind, u64 at_us)
{
    struct log_event e;

    log_event_init(&e, kind);
    e.at_us = at_us;
    e.stamp.wall_us = UNKNOWN;
    vec_push(&r->now.log, e);
    return &vec_last(&r->now.log);
}

static void add_kill(struct rig *r, u64 at_us, const char *comm, u32 pid, u64 anon)
{
    struct log_event *e = add_event(r, LOG_OOM_KILL, at_us);

    snprintf(e->comm, sizeof(e->comm), "%s", comm);
    e->pid = pid;
    e->anon_rss = anon;
    e->of_machine = true;
}

RIG_TEST(kills_a_moment_apart_are_one_burst_and_its_largest_is_named)
{
    const struct finding *f;

    add_kill(r, 900000000, "php-fpm", 7, 100 * MIB);
    add_kill(r, 901000000, "mysqld", 8, 900 * MIB);
    add_kill(r, 902500000, "php-fpm", 9, 110 * MIB);
    f = rig_find(r, RULE_HOST_OOM);
    assert_non_null(strstr(f->title, "killed 3 processes within 2.50 s, the largest of them mysqld "
                                     "(pid 8), which held 900.0 MiB"));
    /* One program, and a moment later another kill that is an event of its own. */
    snprintf(r->now.log.items[1].comm, COMM_BYTES, "php-fpm");
    r->now.log.items[2].at_us = 903500000;
    f = rig_find(r, RULE_HOST_OOM);
    assert_null(strstr(f->title, "3 processes"));
}

RIG_TEST(an_eviction_is_told_with_what_was_used_and_what_was_requested)
{
    struct log_event *e = add_event(r, LOG_KILLED_BY, 900000000);
    const struct finding *f;

    snprintf(e->killer, sizeof(e->killer), "kubelet");
    snprintf(e->comm, sizeof(e->comm), "reports");
    e->words = xstrdup("Container reports was using 3145728Ki, request is 512Mi, has larger "
                       "consumption of memory.");
    f = rig_find(r, RULE_DAEMON_KILL);
    assert_non_null(strstr(f->detail, "It used 3.0 GiB, 6 times its request of 512.0 MiB"));
    free(r->now.log.items[0].words);
    r->now.log.items[0].words = xstrdup("Container reports was using 3145728Ki, request is 0, has");
    f = rig_find(r, RULE_DAEMON_KILL);
    assert_non_null(strstr(f->detail, "had requested nothing"));
    free(r->now.log.items[0].words);
    r->now.log.items[0].words = xstrdup("Container reports was using 1Mi, request is 512Mi");
    f = rig_find(r, RULE_DAEMON_KILL);
    assert_non_null(strstr(f->detail, "others had taken the rest"));
}

RIG_TEST(memory_that_could_not_be_added_or_taken_is_a_finding)
{
    struct log_event *e = add_event(r, LOG_HOTPLUG_FAILED, 900000000);

    e->words = xstrdup("hv_balloon: hot_add memory failed error is -17");
    assert_int_equal(rig_severity(r, RULE_RESIZE_FAILED), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_RESIZE_FAILED)->detail, "error is -17"));
    r->now.log.items[0].kind = LOG_BALLOON_FAILED;
    assert_non_null(strstr(rig_find(r, RULE_RESIZE_FAILED)->title, "The balloon got no pages"));
    /* Of days ago it is history. */
    r->now.uptime_us = 900000000 + 86401 * (u64)1000000;
    assert_int_equal(rig_severity(r, RULE_RESIZE_FAILED), SEV_INFO);
}

RIG_TEST(a_balloon_is_what_was_inflated_and_not_deflated)
{
    assert_int_equal(rig_severity(r, RULE_BALLOON), -1);
    RIG_BOTH(r, vmstat[BALLOON_DEFLATE], 0);
    RIG_BOTH(r, vmstat[BALLOON_INFLATE], 16 * GIB / 20 / 4096 - 1);
    assert_int_equal(rig_severity(r, RULE_BALLOON), -1);
    RIG_BOTH(r, vmstat[BALLOON_INFLATE], 16 * GIB / 20 / 4096 + 1);
    assert_int_equal(rig_severity(r, RULE_BALLOON), SEV_INFO);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], GIB);
    assert_int_equal(rig_severity(r, RULE_BALLOON), SEV_WARNING);
    /* A kernel that prints it is believed. */
    RIG_BOTH(r, meminfo[MI_BALLOON], 0);
    assert_int_equal(rig_severity(r, RULE_BALLOON), -1);
}

TEST_MAIN()
