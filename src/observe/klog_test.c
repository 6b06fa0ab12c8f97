/* klog_test.c - OOM reports of several kernels, in several wrappings, whole, cut and
 * interleaved. */
#include "base/test.h"

#include "observe/klog_line.h"
#include "observe/reading_int.h"

static struct snapshot parse(const char *text)
{
    struct snapshot s;

    snapshot_init(&s);
    parse_kernel_log(span_of(text, strlen(text)), &s);
    return s;
}

static struct snapshot parse_file(const char *path)
{
    struct source *src;
    struct strbuf text;
    struct snapshot s;
    struct err e = {0};

    strbuf_init(&text);
    assert_int_equal(source_dir_open(".", &src, &e), 0);
    assert_int_equal(source_read(src, path, 16u << 20, &text), 0);
    s = parse(text.text);
    strbuf_done(&text);
    source_free(src);
    return s;
}

TEST(kernel_6_1_group_kill_is_one_event_with_two_victims)
{
    struct snapshot s = parse_file("tests/diff/fixtures-6.1/384M/dmesg-oom-memcg-group.txt");
    const struct log_event *first = &s.log.items[0];

    assert_int_equal(s.log.count, 1);
    assert_int_equal(first->kind, LOG_OOM_KILL);
    assert_int_equal(first->pid, 715);
    assert_string_equal(first->comm, "pattern");
    assert_string_equal(first->invoker, "pattern");
    assert_string_equal(first->constraint, "CONSTRAINT_MEMCG");
    assert_string_equal(first->oom_memcg, "/parent");
    assert_string_equal(first->task_memcg, "/parent/child");
    assert_int_equal(first->at_us, 17320340);
    assert_int_equal(first->usage, 16384 * KIB);
    assert_int_equal(first->limit, 16384 * KIB);
    assert_int_equal(first->failcnt, 268);
    assert_int_equal(first->swap_limit, 0);
    assert_int_equal(first->anon_rss, 12852 * KIB);
    assert_int_equal(first->page_tables, 52 * KIB);
    assert_int_equal(first->report->tasks.count, 2);
    assert_true(first->group_kill);
    assert_int_equal(first->more.count, 1);
    assert_int_equal(first->more.items[0].pid, 714);
    snapshot_done(&s);
}

TEST(kernel_6_1_global_kill_has_no_group_and_the_task_table)
{
    struct snapshot s = parse_file("tests/diff/fixtures-6.1/384M/dmesg-oom-global-swap.txt");
    const struct log_event *event = &s.log.items[0];
    bool found = false;

    assert_int_equal(s.log.count, 1);
    assert_string_equal(event->constraint, "CONSTRAINT_NONE");
    assert_null(event->oom_memcg);
    assert_string_equal(event->task_memcg, "/");
    vec_for_each (&event->report->tasks, task) {
        if (task->pid != 857)
            continue;
        found = true;
        assert_string_equal(task->comm, "pattern");
        assert_int_equal(task->rss, 46869 * 4 * KIB);
    }
    assert_true(found);
    snapshot_done(&s);
}

/* Two kills of one group, and one of another kernel's words for the same. */
static const char rhel7[] =
    "[ 1201.100000] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
    "[ 1201.100010] java cpuset=docker-5b1.scope mems_allowed=0\n"
    "[ 1201.100020] CPU: 1 PID: 2345 Comm: java Not tainted 3.10.0-1160.el7.x86_64 #1\n"
    "[ 1201.100030] Call Trace:\n"
    "[ 1201.100040]  [<ffffffff81381e7c>] dump_stack+0x19/0x1b\n"
    "[ 1201.100050] Task in /system.slice/docker-5b1.scope killed as a result of limit of "
    "/system.slice\n"
    "[ 1201.100060] memory: usage 524288kB, limit 524288kB, failcnt 1234\n"
    "[ 1201.100070] memory+swap: usage 525312kB, limit 9007199254740988kB, failcnt 0\n"
    "[ 1201.100080] kmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n"
    "[ 1201.100090] Memory cgroup stats for /system.slice/docker-5b1.scope: cache:0KB "
    "rss:524288KB\n"
    "[ 1201.100100] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
    "[ 1201.100110] [ 2345]     0  2345   987654   131000     321       12             -5 java\n"
    "[ 1201.100115] eth0: link up\n"
    "[ 1201.100120] [ 2399]     0  2399     2915       99      11        0             0 a b) (c\n"
    "[ 1201.100130] Memory cgroup out of memory: Kill process 2345 (java) score 987 or sacrifice "
    "child\n"
    "[ 1201.100140] Killed process 2345 (java), UID 48, total-vm:3950616kB, anon-rss:524000kB, "
    "file-rss:12kB, shmem-rss:0kB\n";

TEST(kernel_3_10_names_the_limit_in_words)
{
    struct snapshot s = parse(rhel7);
    const struct log_event *event = &s.log.items[0];

    assert_int_equal(s.log.count, 1);
    assert_string_equal(event->constraint, "CONSTRAINT_MEMCG");
    assert_string_equal(event->oom_memcg, "/system.slice");
    assert_string_equal(event->task_memcg, "/system.slice/docker-5b1.scope");
    assert_int_equal(event->limit, 512 * MIB);
    assert_int_equal(event->swap_usage, MIB);
    assert_true(event->swap_limit == NO_LIMIT);
    assert_int_equal(event->report->tasks.count, 2);
    assert_int_equal(event->report->tasks.items[0].rss, 131000 * 4096);
    assert_int_equal(event->report->tasks.items[0].swap, 12 * 4096);
    assert_int_equal(event->report->tasks.items[0].oom_score_adj, -5);
    assert_string_equal(event->report->tasks.items[1].comm, "a b) (c");
    assert_string_equal(event->comm, "java");
    assert_int_equal(event->total_vm, 3950616 * KIB);
    snapshot_done(&s);
}

TEST(wrappings_do_not_matter)
{
    static const char *const kills[] = {
        "Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB, file-rss:0kB\n",
        "[   12.500000] Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB\n",
        "[   12.500000] [   T34] Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB\n",
        "[   12.500000][    C1] Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB\n",
        "[Tue Nov 25 03:10:00 2025] Out of memory: Killed process 7 (db) total-vm:8kB, "
        "anon-rss:4kB\n",
        "<3>[   12.500000] Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB\n",
        "3,900,12500000,-;Out of memory: Killed process 7 (db) total-vm:8kB, anon-rss:4kB\n",
        "Nov 25 03:10:00 web1 kernel: Out of memory: Killed process 7 (db) total-vm:8kB, "
        "anon-rss:4kB\n",
        "Nov  5 03:10:00 web1 kernel: [   12.500000] Out of memory: Killed process 7 (db) "
        "total-vm:8kB, anon-rss:4kB\r\n",
        "2025-11-25T03:10:00+0000 web1 kernel: Out of memory: Killed process 7 (db) total-vm:8kB, "
        "anon-rss:4kB\n",
        "[   12.500000] web1 kernel: Out of memory: Killed process 7 (db) total-vm:8kB, "
        "anon-rss:4kB",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(kills); i++) {
        struct snapshot s = parse(kills[i]);

        if (s.log.count != 1)
            fail_msg("not seen: %s", kills[i]);
        assert_int_equal(s.log.items[0].pid, 7);
        assert_string_equal(s.log.items[0].comm, "db");
        assert_int_equal(s.log.items[0].anon_rss, 4 * KIB);
        assert_string_equal(s.log.items[0].constraint, "");
        if (strstr(kills[i], "12.5") || strstr(kills[i], "12500000"))
            assert_int_equal(s.log.items[0].at_us, 12500000);
        else
            assert_false(known(s.log.items[0].at_us));
        snapshot_done(&s);
    }
}

TEST(other_programs_lines_are_passed_over)
{
    struct snapshot s = parse("Nov 25 03:10:00 web1 app[7]: Out of memory: Killed process 7 (db) "
                              "total-vm:8kB, anon-rss:4kB\n"
                              "Nov 25 03:10:01 web1 systemd[1]: web.service: A process of this "
                              "unit has been killed by the OOM killer.\n");

    assert_int_equal(s.log.count, 0);
    snapshot_done(&s);
}

TEST(cut_report_lends_nothing_to_the_next)
{
    struct snapshot s =
        parse("[   10.000000] one invoked oom-killer: gfp_mask=0xcc0, order=3, oom_score_adj=0\n"
              "[   10.000001] memory: usage 100kB, limit 100kB, failcnt 5\n"
              "[   90.000000] two invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=0\n"
              "[   90.000001] Out of memory: Killed process 9 (two) total-vm:8kB, anon-rss:4kB\n"
              "[  300.000000] Memory cgroup out of memory: Killed process 11 (three) "
              "total-vm:8kB, anon-rss:4kB\n"
              "[  400.000000] four invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=0\n");

    assert_int_equal(s.log.count, 4);
    assert_string_equal(s.log.items[0].invoker, "one");
    assert_string_equal(s.log.items[0].constraint, "CONSTRAINT_MEMCG");
    assert_int_equal(s.log.items[0].limit, 100 * KIB);
    assert_int_equal(s.log.items[0].pid, 0);
    assert_string_equal(s.log.items[1].invoker, "two");
    assert_false(known(s.log.items[1].limit));
    assert_string_equal(s.log.items[1].constraint, "");
    assert_int_equal(s.log.items[2].pid, 11);
    assert_string_equal(s.log.items[2].invoker, "");
    assert_string_equal(s.log.items[2].constraint, "CONSTRAINT_MEMCG");
    assert_null(s.log.items[2].oom_memcg);
    assert_string_equal(s.log.items[3].invoker, "four");
    snapshot_done(&s);
}

TEST(names_may_hold_brackets_and_commas)
{
    struct snapshot s = parse(
        "[1.0] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/a,b,task_memcg=/a,b/c,task=x) (y,pid=5,uid=0\n"
        "[1.1] Memory cgroup out of memory: Killed process 5 (x) total-vm:1kB (y) total-vm:20kB, "
        "anon-rss:8kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:81920kB oom_score_adj:-7\n");
    const struct log_event *event = &s.log.items[0];

    assert_int_equal(s.log.count, 1);
    assert_string_equal(event->oom_memcg, "/a,b");
    assert_string_equal(event->task_memcg, "/a,b/c");
    assert_string_equal(event->comm, "x) total-vm:1kB");
    assert_int_equal(event->total_vm, 20 * KIB);
    assert_int_equal(event->oom_score_adj, -7);
    /* 5.4 printed bytes of page tables as kB. */
    assert_int_equal(event->page_tables, 81920);
    snapshot_done(&s);
}

TEST(other_events_are_told)
{
    struct snapshot s =
        parse("[1.0] kworker/0:1: page allocation failure: order:5, mode:0x40dc0(GFP_KERNEL)\n"
              "[1.1] swapper/0: page allocation failure. order:4, mode:0x20\n"
              "[1.2] INFO: task jbd2/sda1-8:234 blocked for more than 120 seconds.\n"
              "[1.3] oom_reaper: reaped process 857 (pat), now anon-rss:0kB, file-rss:0kB\n"
              "[1.4] Out of memory and no killable processes...\n");

    assert_int_equal(s.log.count, 5);
    assert_int_equal(s.log.items[0].kind, LOG_ALLOC_FAILURE);
    assert_string_equal(s.log.items[0].comm, "kworker/0:1");
    assert_int_equal(s.log.items[0].order, 5);
    assert_int_equal(s.log.items[1].order, 4);
    assert_int_equal(s.log.items[2].kind, LOG_HUNG_TASK);
    assert_string_equal(s.log.items[2].comm, "jbd2/sda1-8");
    assert_int_equal(s.log.items[2].pid, 234);
    assert_int_equal(s.log.items[3].kind, LOG_OOM_REAPED);
    assert_int_equal(s.log.items[3].pid, 857);
    assert_int_equal(s.log.items[4].kind, LOG_OOM_NO_VICTIM);
    snapshot_done(&s);
}

/* The trace of a hung task is its own, and the report after it another. */
TEST(hung_task_has_its_trace_and_no_figures_of_others)
{
    struct snapshot s = parse("[100.0] INFO: task crond:611 blocked for more than 120 seconds.\n"
                              "[100.0] Call Trace:\n"
                              "[100.0]  schedule+0x5a/0xd0\n"
                              "[100.0]  do_swap_page+0x5c1/0x9a0\n"
                              "[100.1] Mem-Info:\n"
                              "[100.1] active_anon:10 inactive_anon:20 isolated_anon:0\n");

    assert_int_equal(s.log.count, 2);
    assert_int_equal(s.log.items[0].kind, LOG_HUNG_TASK);
    assert_int_equal(s.log.items[0].pid, 611);
    assert_int_equal(s.log.items[0].report->frames.count, 2);
    assert_false(s.log.items[0].report->parts >> OOM_PART_MEM_INFO & 1);
    assert_int_equal(s.log.items[1].kind, LOG_MEM_INFO);
    snapshot_done(&s);
}

/* Who ran out is told by the words of the kill or by figures that only the machine has; a line
 * alone tells neither. */
TEST(scope_of_a_kill_is_told_or_not)
{
    static const char kill[] = "Killed process 7 (a) total-vm:9kB, anon-rss:8kB, file-rss:0kB\n";
    static const struct {
        const char *before;
        bool machine, group;
    } cases[] = {
        {"", false, false},
        {"Out of memory: Kill process 7 (a) score 9 or sacrifice child\n", true, false},
        {"Memory cgroup out of memory: Kill process 7 (a)\n", false, true},
        {"a invoked oom-killer: gfp_mask=0xd0, order=0\n", false, false},
        {"a invoked oom-killer: gfp_mask=0xd0, order=0\nMem-Info:\nactive_anon:1 inactive_anon:2\n",
         true, false},
        {"memory: usage 8kB, limit 8kB, failcnt 3\nMemory cgroup stats for /x: cache:0KB rss:8KB\n",
         false, true},
        {"a invoked oom-killer: gfp_mask=0xd0\nCall Trace:\n __alloc_pages+0x1/0x2\n", true, false},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[512];
        struct snapshot s;

        snprintf(text, sizeof(text), "%s%s", cases[i].before, kill);
        s = parse(text);
        assert_int_equal(s.log.count, 1);
        assert_int_equal(s.log.items[0].kind, LOG_OOM_KILL);
        assert_int_equal(s.log.items[0].of_machine, cases[i].machine);
        assert_int_equal(strcmp(s.log.items[0].constraint, "CONSTRAINT_MEMCG") == 0,
                         cases[i].group);
        snapshot_done(&s);
    }
}

TEST(memory_is_bounded_whatever_the_log_holds)
{
    struct strbuf text;
    struct snapshot s;
    size_t tasks = 0;

    strbuf_init(&text);
    for (unsigned n = 0; n < 3000; n++) {
        strbuf_printf(&text, "[%u.0] p invoked oom-killer: order=0\n", n * 20);
        strbuf_printf(&text, "[%u.0] [ pid ] uid tgid total_vm rss swapents name\n", n * 20);
        for (unsigned i = 0; i < 50; i++)
            strbuf_printf(&text, "[%u.0] [%u] 0 1 2 3 4 x\n", n * 20, i);
        strbuf_printf(&text, "[%u.0] Killed process %u (x) total-vm:1kB\n", n * 20, n);
    }
    s = parse(text.text);
    assert_true(s.log.count <= 1024);
    assert_int_equal(vec_last(&s.log).pid, 2999);
    vec_for_each (&s.log, event)
        tasks += event->report ? event->report->tasks.count : 0;
    assert_true(tasks > 0 && tasks <= 65536);
    snapshot_done(&s);
    strbuf_done(&text);
}

TEST_MAIN()
