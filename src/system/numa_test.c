/* numa_test.c - NUMA balancing: which pages get hint entries, what a hint fault does, and where a
 * task belongs. */
#include "access/numa.h"
#include "base/test.h"
#include "system/access.h"
#include "system/machine_testing.h"
#include "system/mempolicy.h"
#include "system/mmap.h"

#define AT    0x10000000ull
#define PAGES 1024u

static struct system *s;
static struct task *t;

/* Two nodes with a CPU each, and `slow` nodes without. */
static void start(u64 mode, unsigned slow, const char *thp)
{
    struct system_config c;
    struct err e = {0};

    system_config_init(&c);
    c.nr_nodes = 2 + slow;
    c.ram_bytes = c.nr_nodes * 128 * MIB;
    c.nr_cpus = 2;
    c.thp = thp;
    c.tunables.numa_balancing = mode;
    c.tunables.overcommit_memory = 1;
    assert_int_equal(topology_spec_set(&c.topology, 0, "cpus", "0", &e), 0);
    assert_int_equal(topology_spec_set(&c.topology, 1, "cpus", "1", &e), 0);
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
    t->cpu = 0;
}

static void stop(void)
{
    system_check(s);
    test_system_free(s);
}

static void map(u64 pages)
{
    const struct mmap_args a = {
        .addr = AT, .len = pages * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    assert_int_equal(test_run(s, t, system_mmap(s, t, &a)), STEP_DONE);
}

static void touch(struct task *who, u64 first, u64 pages, enum access_kind kind)
{
    for (u64 page = first; page < first + pages; page++) {
        vpn_t vpn = (AT >> PAGE_SHIFT) + page;

        if (!tlb_hit(&s->space.tlbs[who->cpu], who->mm->id, vpn, kind == ACCESS_WRITE))
            assert_int_equal(test_run(s, who, system_access(s, who, vpn, kind)), STEP_DONE);
    }
}

static void use_policy(const char *text)
{
    struct mempolicy p = {0};
    struct err e = {0};

    assert_int_equal(mempolicy_parse(text, &p, &e), 0);
    assert_int_equal(system_set_mempolicy(s, t, p), STEP_DONE);
}

/* Memory on node 1, of a task that runs on node 0 and has no policy any more. */
static void place_far(u64 pages)
{
    map(pages);
    use_policy("bind:1");
    touch(t, 0, pages, ACCESS_WRITE);
    use_policy("default");
}

/* The task uses CPU time, and a scan comes. */
static void use_cpu(struct task *who, u64 ms)
{
    for (; ms; ms--) {
        u64 daemon_ns;

        system_run_until(s, s->clock.now + NS_PER_MS, &daemon_ns);
        system_count_user(s, who, NS_PER_MS);
        s->mem.cpu = who->cpu;
        system_balance_task(s, who, s->clock.now);
        test_pass(s);
    }
}

static u64 pages_on(unsigned nid, u64 pages)
{
    u64 n = 0;

    for (u64 page = 0; page < pages; page++)
        n += system_page_node(s, t, AT + page * PAGE_SIZE) == (int)nid;
    return n;
}

/* Of the pages on a node, those in pageblocks of memory that can move. */
static u64 movable_on(unsigned nid, u64 pages)
{
    u64 n = 0;

    for (u64 page = 0; page < pages; page++) {
        vpn_t vpn = (AT >> PAGE_SHIFT) + page;
        pfn_t pfn = pte_ref_pfn(pagetable_lookup(t->mm, vpn), vpn);

        n += pfn != PFN_NONE && frame_nid(&s->frames, pfn) == nid &&
             frames_pageblock_mt(&s->frames, pfn) == MT_MOVABLE;
    }
    return n;
}

static s64 counted(enum counter id)
{
    return s->counters.v[id];
}

TEST(far_memory_comes_with_one_fault_a_page_and_then_there_is_silence)
{
    start(NUMA_BALANCING_NORMAL, 0, "never");
    place_far(PAGES);
    use_cpu(t, 2100); /* a second until it is looked at, and a second from then on */
    /* All but the newest, which wait in the CPU's batch for their list. */
    assert_in_range(counted(NUMA_PTE_UPDATES), PAGES - 15, PAGES);
    touch(t, 0, PAGES, ACCESS_WRITE);
    assert_int_equal(counted(NUMA_HINT_FAULTS), counted(NUMA_PTE_UPDATES));
    assert_int_equal(counted(NUMA_HINT_FAULTS_LOCAL), 0);
    assert_int_equal(counted(NUMA_PAGES_MIGRATED), counted(NUMA_HINT_FAULTS));
    assert_int_equal(counted(PGMIGRATE_SUCCESS), counted(NUMA_PAGES_MIGRATED));
    assert_in_range(pages_on(0, PAGES), PAGES - 15, PAGES);
    assert_int_equal(t->numa.migrated, counted(NUMA_PAGES_MIGRATED));
    system_check(s);
    for (unsigned pass = 0; pass < 5; pass++) {
        use_cpu(t, 3000);
        touch(t, 0, PAGES, ACCESS_READ);
    }
    assert_in_range(counted(NUMA_HINT_FAULTS), PAGES - 15, PAGES);
    stop();
}

TEST(it_is_off_where_it_is_told_or_where_there_is_one_node)
{
    struct system_config c;

    start(0, 0, "never");
    place_far(PAGES);
    assert_false(numa_balancing_on(&s->mem));
    stop();

    system_config_init(&c);
    c.ram_bytes = 128 * MIB;
    s = test_system_new(&c);
    assert_false(numa_balancing_on(&s->mem));
    assert_null(s->mem.numa_last);
    test_system_free(s);
}

TEST(memory_with_a_policy_stays_and_is_not_looked_at)
{
    start(NUMA_BALANCING_NORMAL, 0, "never");
    place_far(PAGES);
    {
        struct mempolicy p = {.mode = MPOL_BIND, .nodes = 2};

        assert_int_equal(test_run(s, t, system_mbind(s, t, AT, PAGES / 2 * PAGE_SIZE, p, 0)),
                         STEP_DONE);
    }
    use_cpu(t, 2100);
    touch(t, 0, PAGES, ACCESS_WRITE);
    assert_in_range(counted(NUMA_HINT_FAULTS), PAGES / 2 - 15, PAGES / 2);
    assert_int_equal(pages_on(1, PAGES / 2), PAGES / 2);
    /* Nor is anything of a task with one. */
    use_policy("preferred:1");
    use_cpu(t, 10000);
    assert_in_range(counted(NUMA_PTE_UPDATES), PAGES / 2 - 15, PAGES / 2);
    stop();
}

TEST(a_page_of_two_threads_moves_when_the_same_node_comes_twice)
{
    struct task *other;
    s64 moved;

    start(NUMA_BALANCING_NORMAL, 0, "never");
    place_far(PAGES);
    other = system_thread_new(s, t, 101);
    other->cpu = 1;
    use_cpu(t, 2100);
    touch(other, 0, PAGES, ACCESS_WRITE); /* of its own node */
    assert_in_range(counted(NUMA_HINT_FAULTS_LOCAL), PAGES - 15, PAGES);
    assert_int_equal(counted(NUMA_PAGES_MIGRATED), 0);
    use_cpu(t, 3000);
    touch(t, 0, PAGES, ACCESS_WRITE); /* the last one came from the other node */
    assert_int_equal(counted(NUMA_PAGES_MIGRATED), 0);
    use_cpu(t, 6000);
    touch(t, 0, PAGES, ACCESS_WRITE); /* and now from here */
    moved = counted(NUMA_PAGES_MIGRATED);
    assert_in_range(moved, PAGES - 15, PAGES);
    stop();
}

TEST(a_full_node_keeps_out_what_it_has_no_room_for)
{
    struct task *filler;
    u64 page = 0;

    start(NUMA_BALANCING_NORMAL, 0, "never");
    place_far(PAGES);
    filler = t;
    t = system_task_new(s, s->groups.root, 200, 1, "filler");
    t->cpu = 0;
    map(200 * MIB / PAGE_SIZE);
    while (!node_counter(&s->frames, 0, NUMA_FOREIGN))
        touch(t, page++, 1, ACCESS_WRITE);
    t = filler;
    use_cpu(t, 2100);
    touch(t, 0, PAGES, ACCESS_WRITE);
    /* There is some in ZONE_DMA, which others leave alone. */
    assert_in_range(counted(NUMA_HINT_FAULTS), PAGES - 15, PAGES);
    assert_in_range(counted(NUMA_PAGES_MIGRATED), 1, PAGES / 2);
    stop();
}

TEST(a_task_belongs_where_most_of_its_memory_is)
{
    start(NUMA_BALANCING_NORMAL, 0, "never");
    place_far(PAGES);
    assert_int_equal(t->numa.preferred_nid, NUMA_NO_NODE);
    for (unsigned pass = 0; pass < 3; pass++) {
        use_cpu(t, 2100);
        touch(t, 0, PAGES, ACCESS_READ);
    }
    assert_int_equal(t->numa.preferred_nid, 0); /* it came */
    assert_false(t->numa.wants_move);
    stop();
}

TEST(huge_pages_move_whole)
{
    const u64 pages = 8 * 512;

    start(NUMA_BALANCING_NORMAL, 0, "always");
    place_far(pages);
    assert_int_equal(counted(THP_FAULT_ALLOC), 8);
    use_cpu(t, 2100);
    assert_in_range(counted(NUMA_HUGE_PTE_UPDATES), 7, 8);
    assert_int_equal(counted(NUMA_PTE_UPDATES), counted(NUMA_HUGE_PTE_UPDATES) * 512);
    touch(t, 0, pages, ACCESS_WRITE);
    assert_int_equal(counted(NUMA_HINT_FAULTS), counted(NUMA_HUGE_PTE_UPDATES));
    assert_true(counted(NUMA_PAGES_MIGRATED) >= 6 * 512);
    assert_int_equal(counted(NUMA_PAGES_MIGRATED) % 512, 0);
    assert_int_equal(counted(THP_SPLIT_PAGE), 0);
    system_check(s);
    /* Where they are is no reason to leave huge pages alone: they are looked at again and again. */
    use_cpu(t, 6000);
    touch(t, 0, pages, ACCESS_READ);
    assert_true(counted(NUMA_HINT_FAULTS_LOCAL) >= 6);
    stop();
}

TEST(hot_pages_of_slow_memory_move_up)
{
    start(NUMA_BALANCING_MEMORY_TIERING, 1, "never");
    map(PAGES);
    use_policy("bind:2");
    touch(t, 0, PAGES, ACCESS_WRITE);
    use_policy("default");
    use_cpu(t, 2100);
    touch(t, 0, PAGES / 2, ACCESS_READ);
    assert_in_range(counted(PGPROMOTE_SUCCESS), PAGES / 2 - 15, PAGES / 2);
    assert_int_equal(node_counter(&s->frames, 0, PGPROMOTE_SUCCESS), counted(PGPROMOTE_SUCCESS));
    assert_in_range(pages_on(0, PAGES / 2), PAGES / 2 - 15, PAGES / 2);
    /* The others are used too long after they were marked, and their place above is no longer free
     * in plenty. */
    use_cpu(t, 1500);
    touch(t, PAGES / 2, PAGES / 2, ACCESS_READ);
    assert_in_range(counted(PGPROMOTE_SUCCESS), PAGES / 2 - 15, PAGES / 2);
    assert_in_range(pages_on(2, PAGES), PAGES / 2, PAGES / 2 + 15);
    stop();
}

TEST(reclaim_of_a_fast_node_demotes_to_a_slow_one)
{
    u64 pages = 150 * MIB / PAGE_SIZE;

    start(0, 1, "never");
    s->tunables.demotion_enabled = 1;
    numa_mode_changed(s);
    map(pages);
    use_policy("bind:0");
    /* A task's reclaim allocates on its own nodes alone, and yet what it evicts goes to the slow
     * one. */
    touch(t, 0, pages, ACCESS_WRITE);
    assert_true(counted(PGDEMOTE_KSWAPD) + counted(PGDEMOTE_DIRECT) > (s64)(30 * MIB / PAGE_SIZE));
    assert_int_equal(counted(PGMIGRATE_SUCCESS),
                     counted(PGDEMOTE_KSWAPD) + counted(PGDEMOTE_DIRECT));
    assert_int_equal(pages_on(2, pages), counted(PGMIGRATE_SUCCESS));
    assert_int_equal(movable_on(2, pages), pages_on(2, pages)); /* GFP_HIGHUSER_MOVABLE */
    assert_int_equal(pages_on(1, pages), 0);
    assert_int_equal(s->oom_kills, 0);
    stop();
}

TEST_MAIN()
