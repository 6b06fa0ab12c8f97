/* oom_test.c - who is killed, what the log says, and when the machine stops instead. */
#include <regex.h>
#include <string.h>

#include "base/test.h"
#include "system/access.h"
#include "system/block.h"
#include "system/cgroup.h"
#include "system/kobject.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)

static struct system *machine(void)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.tunables.overcommit_memory = 1;
    return test_system_new(&c);
}

static struct task *task_with(struct system *s, struct group *g, u32 pid, u64 pages)
{
    struct task *t = system_task_new(s, g, pid, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = 48 * MIB, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < pages; i++)
        test_run(s, t, system_access(s, t, BASE_VPN + i, ACCESS_WRITE));
    return t;
}

/* Touch on until somebody dies, the machine stops or there is nothing more to touch. */
static void exhaust(struct system *s, struct task *t)
{
    u64 kills = s->oom_kills;

    for (u64 i = 0; i < 48 * MIB / PAGE_SIZE && !s->panicked && s->oom_kills == kills; i++)
        if (system_access(s, t, BASE_VPN + i, ACCESS_WRITE) == STEP_WAIT && !s->panicked)
            test_sleep(s, t->wait.until);
}

static bool log_has(const struct system *s, const char *pattern)
{
    regex_t re;
    bool found;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
    found = regexec(&re, s->log.text, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

TEST(the_largest_of_five_dies_and_later_ones_of_equals)
{
    struct system *s = machine();
    struct group *g = system_group(s, "/g");
    struct task *t[5];

    group_set_limit(g, LIMIT_MAX, 4000);
    for (u32 i = 0; i < 5; i++)
        t[i] = task_with(s, g, 10 + i, i == 1 || i == 3 ? 900 : 300 + i);
    t[0]->oom_score_adj = -1000;
    exhaust(s, t[0]);
    assert_int_equal(t[3]->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(t[1]->outcome, OUTCOME_NONE);
    exhaust(s, t[0]); /* it grows, and is not to be killed */
    assert_int_equal(t[1]->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(t[0]->outcome, OUTCOME_NONE);
    t[2]->oom_score_adj = 300; /* of 4,000 pages 300 thousandths: more than all others */
    exhaust(s, t[0]);
    assert_int_equal(t[2]->outcome, OUTCOME_OOM_KILLED);
    system_check(s);
    test_system_free(s);
}

TEST(whoever_shares_the_memory_dies_too_and_a_vfork_child_is_no_victim)
{
    struct system *s = machine();
    struct group *g = system_group(s, "/g");
    struct task *parent, *child, *thread;

    group_set_limit(g, LIMIT_MAX, 2000);
    parent = task_with(s, g, 10, 1500);
    thread = system_thread_new(s, parent, 11);
    test_run(s, parent, system_fork(s, parent, 12, true, &child)); /* CLONE_VM */
    exhaust(s, parent);
    assert_int_equal(parent->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(child->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(thread->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(s->oom_kills, 1); /* one victim, as Linux counts */
    assert_int_equal(s->counters.v[OOM_KILL], 1);
    assert_true(log_has(s, "task=work,pid=10,uid=0$"));
    assert_true(group_counter(g, NR_ANON_PAGES) == 0);
    system_check(s);
    test_system_free(s);
}

TEST(oom_score_adj_is_the_processs_and_of_who_shares_its_memory)
{
    struct system *s = machine();
    struct task *t = task_with(s, s->groups.root, 10, 10), *thread, *child, *grandchild;

    thread = system_thread_new(s, t, 11);
    test_run(s, t, system_fork(s, t, 12, true, &child));
    system_set_oom_score_adj(s, thread, 500, false);
    assert_int_equal(t->oom_score_adj, 500);
    assert_int_equal(thread->oom_score_adj, 500);
    assert_int_equal(child->oom_score_adj, 0); /* of vfork: it will exec */
    system_set_oom_score_adj(s, child, -17, false);
    assert_int_equal(t->oom_score_adj, 500);
    test_run(s, child, system_fork(s, child, 13, true, &grandchild));
    assert_int_equal(grandchild->oom_score_adj, -17);
    test_system_free(s);
}

/* try_charge_memcg(): one attempt, one with the stocks drained, sixteen retries; after the kill the
 * victim, which does not know yet, makes one and sixteen more. Of another victim's memory the next
 * attempt gets enough. */
TEST(whoever_dies_of_its_own_charge_tries_as_often_again)
{
    struct system *s = machine();
    struct group *own = system_group(s, "/own"), *other = system_group(s, "/other");
    struct task *t, *small;

    group_set_limit(own, LIMIT_MAX, 2000);
    t = task_with(s, own, 10, 1900);
    exhaust(s, t);
    assert_int_equal(t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(group_counter(own, MEMCG_MAX), 18 + 17);

    group_set_limit(other, LIMIT_MAX, 2000);
    t = task_with(s, other, 20, 1000);
    small = task_with(s, other, 21, 500);
    exhaust(s, small);
    assert_int_equal(t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(group_counter(other, MEMCG_MAX), 18);
    system_check(s);
    test_system_free(s);
}

TEST(kills_count_in_the_victims_group_and_above)
{
    struct system *s = machine();
    struct group *top = system_group(s, "/t"), *low = system_group(s, "/t/low");
    struct group *side = system_group(s, "/t/side");
    struct task *big, *small;

    group_set_limit(top, LIMIT_MAX, 2000);
    big = task_with(s, low, 10, 1200);
    small = task_with(s, side, 11, 100);
    exhaust(s, small);
    assert_int_equal(big->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(low->counters.v[MEMCG_OOM_KILL], 1);
    assert_int_equal(top->counters.v[MEMCG_OOM_KILL], 1);
    assert_int_equal(side->counters.v[MEMCG_OOM_KILL], 0);
    assert_int_equal(group_local_events(low, MEMCG_OOM_KILL), 1);
    assert_int_equal(group_local_events(top, MEMCG_OOM_KILL), 0);
    assert_int_equal(group_local_events(top, MEMCG_OOM), 1); /* its limit failed */
    assert_int_equal(group_local_events(low, MEMCG_OOM), 0);
    assert_true(log_has(s, "oom_memcg=/t,task_memcg=/t/low,task=work,pid=10,uid=0$"));
    test_system_free(s);
}

TEST(whoever_asks_dies_if_so_set)
{
    struct system *s = machine();
    struct task *big = task_with(s, s->groups.root, 10, 6000);
    struct task *small = task_with(s, s->groups.root, 11, 10);

    s->tunables.oom_kill_allocating_task = 1;
    exhaust(s, small);
    assert_int_equal(small->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(big->outcome, OUTCOME_NONE);
    assert_true(log_has(s, "Out of memory \\(oom_kill_allocating_task\\): Killed process 11 "));
    test_system_free(s);
}

TEST(a_machine_may_panic_instead)
{
    for (u64 mode = 1; mode <= 2; mode++) {
        struct system *s = machine();
        struct group *g = system_group(s, "/g");
        struct task *in_group, *t;

        s->tunables.panic_on_oom = mode;
        group_set_limit(g, LIMIT_MAX, 1000);
        in_group = task_with(s, g, 10, 900);
        exhaust(s, in_group); /* 1: a group's limit is no reason */
        assert_int_equal(s->panicked, mode == 2);
        assert_int_equal(in_group->outcome, mode == 2 ? OUTCOME_NONE : OUTCOME_OOM_KILLED);
        if (mode == 1) {
            t = task_with(s, s->groups.root, 11, 10);
            exhaust(s, t);
            assert_true(s->panicked);
            assert_int_equal(t->outcome, OUTCOME_NONE);
            assert_int_equal(system_access(s, t, BASE_VPN, ACCESS_READ), STEP_WAIT);
        }
        assert_true(log_has(s, mode == 2 ? "Kernel panic - not syncing: Out of memory: compulsory "
                                           "panic_on_oom is enabled$"
                                         : "Kernel panic - not syncing: Out of memory: system-wide "
                                           "panic_on_oom is enabled$"));
        system_check(s);
        test_system_free(s);
    }
}

TEST(nobody_to_kill_is_the_end)
{
    struct system *s = machine();
    struct task *t = task_with(s, s->groups.root, 10, 10);

    t->oom_score_adj = -1000;
    exhaust(s, t);
    assert_true(s->panicked);
    assert_true(log_has(s, "Out of memory and no killable processes\\.\\.\\.$"));
    assert_true(log_has(s, "Kernel panic - not syncing: System is deadlocked on memory$"));
    test_system_free(s);
}

/* out_of_memory() returns at once without __GFP_FS: the allocation is tried again until somebody
 * else had somebody killed. */
TEST(an_allocation_that_may_not_enter_a_file_system_kills_nobody)
{
    struct system *s = machine();
    struct task *victim = task_with(s, s->groups.root, 11, 500);
    struct task *t = task_with(s, s->groups.root, 10, 10);
    const u32 flags = ALLOC_WMARK_MIN | ALLOC_MOVABLE;
    pfn_t pfn;

    while ((pfn = frames_try_alloc(&s->frames, nodes_near(0), 0, MT_MOVABLE, flags, 0)) != PFN_NONE)
        frame_set_kind(frames_get(&s->frames, pfn), FRAME_KERNEL);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(system_make_array(s, t, 2 * PAGE_SIZE), STEP_WAIT);
        assert_int_equal(t->wait.cause, WAIT_RECLAIM);
        assert_true(t->wait.until > s->clock.now);
        test_sleep(s, t->wait.until);
    }
    assert_int_equal(s->oom_kills, 0);
    test_run(s, t, system_leak_objects(s, t, 1, 64, false)); /* GFP_KERNEL */
    assert_int_equal(s->oom_kills, 1);
    assert_int_equal(victim->outcome, OUTCOME_OOM_KILLED);
    assert_true(log_has(s, "work invoked oom-killer: gfp_mask=0xcc0\\(GFP_KERNEL\\), order=0, "));
    test_run(s, t, system_make_array(s, t, 2 * PAGE_SIZE));
    assert_int_equal(t->array.failed, 0);
    system_check(s);
    test_system_free(s);
}

/* What widely used readers of kernel logs look for, in POSIX form: container monitors want the
 * first, the constraint and the last line; node problem detectors the kill with its sizes. */
TEST(readers_of_kernel_logs_find_the_kill)
{
    static const char *const both[] = {
        "invoked oom-killer:",
        "invoked oom-killer: gfp_mask=[^ ]+, order=0, oom_score_adj=0$",
        "Killed process ([0-9]+) \\((.+)\\)",
        "Killed process [0-9]+ (.+) total-vm:[0-9]+kB, anon-rss:[0-9]+kB, file-rss:[0-9]+kB.*",
        "^\\[ *[0-9]+\\.[0-9]{6}\\] Tasks state \\(memory values in pages\\):$",
        "^\\[ *[0-9]+\\.[0-9]{6}\\] \\[ +10\\] +0 +10 +[0-9]+ +[0-9]+ +[0-9]+ +0 +0 work$",
    };
    static const char *const in_group =
        "oom-kill:constraint=(.*),nodemask=(.*),cpuset=(.*),mems_allowed=(.*),oom_memcg=(.*),"
        "task_memcg=(.*),task=(.*),pid=(.*),uid=(.*)";
    struct system *s;

    for (unsigned global = 0; global < 2; global++) {
        struct group *g;

        s = machine();
        g = system_group(s, "/g");
        if (!global)
            group_set_limit(g, LIMIT_MAX, 2000);
        exhaust(s, task_with(s, g, 10, 100));
        for (unsigned i = 0; i < ARRAY_SIZE(both); i++)
            if (!log_has(s, both[i]))
                fail_msg("no line like %s in:\n%s", both[i], s->log.text);
        assert_int_equal(log_has(s, in_group), !global);
        assert_int_equal(log_has(s, ",global_oom,task_memcg=/g,task=work,pid=10,uid=0$"), global);
        assert_int_equal(log_has(s, "Memory cgroup stats for /g:$"), !global);
        assert_int_equal(log_has(s, "Mem-Info:$"), global);
        test_system_free(s);
    }
}

/* --- beside reports of a real kernel ---------------------------------------------------------- */
/* What a log tells of the first allocation that failed: flags and order, and the certain frames of
 * the trace, without their times. */
static char *told_of_request(const char *text)
{
    struct strbuf out;

    strbuf_init(&out);
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        char copy[512];
        const char *told;

        snprintf(copy, sizeof(copy), "%.*s", (int)(end - line), line);
        told = strstr(copy, "gfp_mask=");
        if (!told && strstr(copy, "+0x") && !strstr(copy, "? "))
            told = strchr(copy, ']');
        if (told)
            strbuf_printf(&out, "%s\n", told);
        if (strstr(copy, "</TASK>"))
            break;
    }
    return strbuf_steal(&out);
}

static void assert_told_as_in(const struct system *s, const char *path)
{
    static char real[1 << 16];
    FILE *f = fopen(path, "r");
    char *ours, *theirs;

    assert_non_null(f);
    real[fread(real, 1, sizeof(real) - 1, f)] = '\0';
    fclose(f);
    ours = told_of_request(s->log.text);
    theirs = told_of_request(real);
    assert_non_null(strstr(theirs, "out_of_memory+"));
    assert_string_equal(ours, theirs);
    free(ours);
    free(theirs);
}

TEST(a_report_tells_of_the_allocation_as_the_kernel_does)
{
    struct system *s = machine();
    struct task *t, *child = NULL;
    struct group *g;

    exhaust(s, task_with(s, s->groups.root, 10, 100));
    assert_told_as_in(s, "tests/diff/fixtures-6.1/384M/dmesg-oom-global.txt");
    test_system_free(s);

    s = machine();
    g = system_group(s, "/g");
    group_set_limit(g, LIMIT_MAX, 2000);
    exhaust(s, task_with(s, g, 10, 100));
    assert_told_as_in(s, "tests/diff/fixtures-6.1/384M/dmesg-oom-memcg.txt");
    test_system_free(s);

    s = machine(); /* copies of a parent's pages */
    g = system_group(s, "/g");
    t = task_with(s, g, 10, 1500);
    group_set_limit(g, LIMIT_MAX, 2000);
    test_run(s, t, system_fork(s, t, 11, false, &child));
    exhaust(s, child);
    assert_told_as_in(s, "tests/diff/fixtures-6.1/384M/dmesg-oom-memcg-group.txt");
    test_system_free(s);
}

TEST(a_lowered_limit_asks_for_no_page)
{
    struct system *s = machine();
    struct group *g = system_group(s, "/g");

    task_with(s, g, 10, 3000);
    system_group_set_limit(s, g, LIMIT_MAX, 1000);
    assert_true(log_has(s, "gfp_mask=0xcc0\\(GFP_KERNEL\\), order=0"));
    assert_true(log_has(s, "mem_cgroup_out_of_memory\\+"));
    assert_false(log_has(s, "try_charge_memcg\\+"));
    test_system_free(s);
}

TEST_MAIN()
