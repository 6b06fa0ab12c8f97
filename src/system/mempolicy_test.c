/* mempolicy_test.c - where pages go by the policies of tasks and mappings, and what is counted for
 * it. */
#include "system/mempolicy.h"

#include "base/test.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/cpuset.h"
#include "system/machine_testing.h"
#include "system/mmap.h"
#include "system/move.h"
#include "system/pin.h"

#include <string.h>

#define AT    0x10000000ull
#define PAGES 64u

static struct system *s;
static struct task *t;

static void start(unsigned nodes)
{
    struct system_config c;

    system_config_init(&c);
    c.nr_nodes = nodes;
    c.ram_bytes = nodes * 128 * MIB;
    c.nr_cpus = nodes;
    c.thp = "never";
    c.tunables.overcommit_memory = 1;
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
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

static void write_page(u64 page)
{
    assert_int_equal(test_run(s, t, system_access(s, t, (AT >> PAGE_SHIFT) + page, ACCESS_WRITE)),
                     STEP_DONE);
}

static int node_of(u64 page)
{
    return system_page_node(s, t, AT + page * PAGE_SIZE);
}

static struct mempolicy policy(const char *text)
{
    struct mempolicy p = {0};
    struct err e = {0};

    if (mempolicy_parse(text, &p, &e))
        fail_msg("%s", e.text);
    return p;
}

static s64 counted(unsigned nid, enum counter id)
{
    return node_counter(&s->frames, nid, id);
}

TEST(pages_are_local_by_default_and_go_where_a_task_prefers)
{
    start(3);
    map(PAGES);
    t->cpu = 1;
    write_page(0);
    assert_int_equal(node_of(0), 1);
    assert_int_equal(node_of(1), -ENOENT);
    assert_int_equal(system_set_mempolicy(s, t, policy("preferred:2")), STEP_DONE);
    write_page(1);
    assert_int_equal(node_of(1), 2);
    assert_int_equal(system_set_mempolicy(s, t, policy("local")), STEP_DONE);
    write_page(2);
    assert_int_equal(node_of(2), 1);
    stop();
}

TEST(interleaved_pages_go_by_their_index_in_any_order)
{
    s64 before;

    start(3);
    map(PAGES);
    assert_int_equal(system_set_mempolicy(s, t, policy("interleave:0,2")), STEP_DONE);
    before = s->counters.v[NUMA_INTERLEAVE];
    for (u64 page = PAGES; page-- > 0;)
        write_page(page);
    for (u64 page = 0; page < PAGES; page++)
        assert_int_equal(node_of(page), ((AT >> PAGE_SHIFT) + page) % 2 ? 2 : 0);
    /* and tables and the like by turn */
    assert_in_range(s->counters.v[NUMA_INTERLEAVE] - before, PAGES, PAGES + 8);
    stop();
}

TEST(a_mapping_has_a_policy_of_its_own_which_cuts_it)
{
    start(3);
    map(PAGES);
    assert_int_equal(t->mm->nr_vmas, 1);
    assert_int_equal(system_mbind(s, t, AT + 8 * PAGE_SIZE, 8 * PAGE_SIZE, policy("bind:1"), 0),
                     STEP_DONE);
    assert_int_equal(t->error, 0);
    assert_int_equal(t->mm->nr_vmas, 3);
    /* The same policy on both sides makes them one again, */
    assert_int_equal(system_mbind(s, t, AT, PAGES * PAGE_SIZE, policy("default"), 0), STEP_DONE);
    assert_int_equal(t->mm->nr_vmas, 1);
    assert_int_equal(system_mbind(s, t, AT + 8 * PAGE_SIZE, 8 * PAGE_SIZE, policy("bind:1"), 0),
                     STEP_DONE);
    assert_int_equal(system_set_mempolicy(s, t, policy("preferred:2")), STEP_DONE);
    for (u64 page = 0; page < 24; page++)
        write_page(page);
    assert_int_equal(node_of(7), 2);
    assert_int_equal(node_of(8), 1);
    assert_int_equal(node_of(15), 1);
    assert_int_equal(node_of(16), 2);
    assert_int_equal(system_get_mempolicy(s, t, AT + 8 * PAGE_SIZE).mode, MPOL_BIND);
    assert_int_equal(system_get_mempolicy(s, t, AT).mode, MPOL_PREFERRED);
    /* but not once they were touched apart: their anonymous memory cannot join. */
    assert_int_equal(system_mbind(s, t, AT, PAGES * PAGE_SIZE, policy("bind:1"), 0), STEP_DONE);
    assert_int_equal(t->mm->nr_vmas, 3);
    stop();
}

TEST(policies_over_absent_nodes_and_holes_are_refused)
{
    start(2);
    map(PAGES);
    assert_int_equal(system_set_mempolicy(s, t, policy("bind:2")), STEP_DONE);
    assert_int_equal(t->error, -EINVAL);
    assert_int_equal(system_mbind(s, t, AT, (PAGES + 1) * PAGE_SIZE, policy("bind:1"), 0),
                     STEP_DONE);
    assert_int_equal(t->error, -EFAULT);
    assert_int_equal(system_mbind(s, t, AT, (PAGES + 1) * PAGE_SIZE, policy("default"), 0),
                     STEP_DONE);
    assert_int_equal(t->error, 0);
    assert_int_equal(t->mempolicy.policy.mode, MPOL_DEFAULT);
    stop();
}

TEST(a_preferred_node_overflows_and_a_bound_one_kills)
{
    const u64 pages = 160 * MIB / PAGE_SIZE;
    u64 page = 0;
    enum step step;

    start(3);
    map(pages);
    assert_int_equal(system_set_mempolicy(s, t, policy("preferred:2")), STEP_DONE);
    for (; page < pages; page++)
        write_page(page);
    assert_true(counted(2, NUMA_FOREIGN) > 0);
    assert_int_equal(counted(2, NUMA_FOREIGN),
                     counted(0, NUMA_MISS) + counted(1, NUMA_MISS) + counted(2, NUMA_MISS));
    assert_int_equal(s->oom_kills, 0);
    stop();

    start(3);
    map(pages);
    assert_int_equal(system_set_mempolicy(s, t, policy("bind:2")), STEP_DONE);
    for (page = 0; page < pages; page++) {
        step = test_run(s, t, system_access(s, t, (AT >> PAGE_SHIFT) + page, ACCESS_WRITE));
        if (step != STEP_DONE)
            break;
    }
    assert_true(page < pages && page > 100 * MIB / PAGE_SIZE);
    assert_int_equal(s->oom_kills, 1);
    assert_int_equal(counted(2, NUMA_FOREIGN), 0);
    assert_non_null(strstr(s->log.text, "oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=2,"
                                        "cpuset=/,mems_allowed=0-2,global_oom"));
    assert_null(strstr(s->log.text, "\nNode 0"));
    stop();
}

TEST(huge_pages_stay_where_the_policy_of_the_mapping_says)
{
    const u64 huge = 512;
    struct system_config c;

    system_config_init(&c);
    c.nr_nodes = 3;
    c.ram_bytes = 3 * 512 * MIB;
    c.thp = "always";
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
    map(8 * huge);
    assert_int_equal(
        test_run(s, t, system_mbind(s, t, AT, 4 * huge * PAGE_SIZE, policy("bind:2"), 0)),
        STEP_DONE);
    assert_int_equal(test_run(s, t,
                              system_mbind(s, t, AT + 4 * huge * PAGE_SIZE, 4 * huge * PAGE_SIZE,
                                           policy("interleave:0-1"), 0)),
                     STEP_DONE);
    for (u64 i = 0; i < 8; i++)
        write_page(i * huge);
    assert_int_equal(s->counters.v[THP_FAULT_ALLOC], 8);
    for (u64 i = 0; i < 8; i++)
        assert_int_equal(
            frame_nid(&s->frames,
                      pte_ref_pfn(pagetable_lookup(t->mm, (AT >> PAGE_SHIFT) + i * huge),
                                  (AT >> PAGE_SHIFT) + i * huge)),
            i < 4 ? 2 : ((AT >> PAGE_SHIFT) / huge + i) % 2);
    stop();
}

TEST(a_task_bound_elsewhere_is_not_killed_for_a_full_node)
{
    struct task *large;

    start(2);
    large = t;
    map(100 * MIB / PAGE_SIZE);
    assert_int_equal(system_set_mempolicy(s, large, policy("bind:0")), STEP_DONE);
    for (u64 page = 0; page < 60 * MIB / PAGE_SIZE; page++)
        write_page(page);
    t = system_task_new(s, s->groups.root, 200, 1, "small");
    map(200 * MIB / PAGE_SIZE);
    assert_int_equal(system_set_mempolicy(s, t, policy("bind:1")), STEP_DONE);
    for (u64 page = 0;; page++)
        if (test_run(s, t, system_access(s, t, (AT >> PAGE_SHIFT) + page, ACCESS_WRITE)) !=
            STEP_DONE)
            break;
    assert_int_equal(t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(large->outcome, OUTCOME_NONE);
    stop();
}

TEST(children_inherit_and_lists_and_names_are_what_numactl_has)
{
    struct task *child = NULL;
    struct strbuf text;
    struct err e = {0};
    struct mempolicy p;

    start(2);
    map(PAGES);
    assert_int_equal(system_set_mempolicy(s, t, policy("interleave:all")), STEP_DONE);
    assert_int_equal(system_set_affinity(s, t, 2), 0);
    assert_int_equal(system_set_affinity(s, t, 0xf0), -EINVAL);
    assert_int_equal(system_fork(s, t, 101, false, &child), STEP_DONE);
    assert_int_equal(child->mempolicy.policy.nodes, 3);
    assert_int_equal(child->cpus_allowed, 2);
    assert_int_equal(child->cpu, 1);
    strbuf_init(&text);
    mempolicy_render(&child->mempolicy.policy, &text);
    assert_string_equal(text.text, "interleave:0-1");
    strbuf_done(&text);
    assert_int_equal(mempolicy_parse("bind", &p, &e), -EINVAL);
    assert_int_equal(mempolicy_parse("local:1", &p, &e), -EINVAL);
    assert_int_equal(mempolicy_parse("near:1", &p, &e), -EINVAL);
    stop();
}

TEST(what_is_preferred_on_many_nodes_overflows_to_the_nearest)
{
    const u64 pages = 200 * MIB / PAGE_SIZE;

    start(3);
    map(pages);
    assert_int_equal(system_mbind(s, t, AT, pages * PAGE_SIZE, policy("preferred-many:1"), 0),
                     STEP_DONE);
    for (u64 page = 0; page < pages; page++)
        write_page(page);
    assert_int_equal(node_of(0), 1);
    assert_int_equal(node_of(pages - 1), 0);
    assert_int_equal(counted(1, NUMA_FOREIGN) + counted(0, NUMA_MISS),
                     0); /* it is a hit of the CPU's node */
    stop();
}

TEST(a_home_node_comes_first_among_those_that_are_bound_to)
{
    start(3);
    map(PAGES);
    assert_int_equal(system_mbind(s, t, AT, 8 * PAGE_SIZE, policy("bind:all"), 0), STEP_DONE);
    assert_int_equal(system_set_home_node(s, t, AT, 4 * PAGE_SIZE, 2), STEP_DONE);
    assert_int_equal(t->error, 0);
    assert_int_equal(t->mm->nr_vmas, 3);
    write_page(0);
    write_page(4);
    assert_int_equal(node_of(0), 2);
    assert_int_equal(node_of(4), 0);
    assert_int_equal(system_set_home_node(s, t, AT, 4 * PAGE_SIZE, 3), STEP_DONE);
    assert_int_equal(t->error, -EINVAL);
    assert_int_equal(system_mbind(s, t, AT, 4 * PAGE_SIZE, policy("interleave:all"), 0), STEP_DONE);
    assert_int_equal(system_set_home_node(s, t, AT, 4 * PAGE_SIZE, 1), STEP_DONE);
    assert_int_equal(t->error, -EOPNOTSUPP);
    stop();
}

TEST(pages_move_to_the_nodes_that_are_asked_for)
{
    struct task *child = NULL;

    start(3);
    map(PAGES);
    for (u64 page = 0; page < 32; page++)
        write_page(page);
    assert_int_equal(system_move_pages(s, t, t, AT, 8 * PAGE_SIZE, 2, false), STEP_DONE);
    assert_int_equal(system_move_pages(s, t, t, AT, 8 * PAGE_SIZE, 5, false), STEP_DONE);
    assert_int_equal(t->error, -ENODEV);
    assert_int_equal(node_of(7), 2);
    assert_int_equal(node_of(8), 0);
    assert_int_equal(s->counters.v[PGMIGRATE_SUCCESS], 8);
    /* MPOL_MF_MOVE: to where the policy says, only what is not on its nodes */
    assert_int_equal(
        test_run(s, t,
                 system_mbind(s, t, AT, 16 * PAGE_SIZE, policy("bind:0-1"), ABI_MPOL_MF_MOVE)),
        STEP_DONE);
    assert_int_equal(node_of(7), 0);
    assert_int_equal(s->counters.v[PGMIGRATE_SUCCESS], 16);
    assert_int_equal(system_mbind(s, t, AT, 16 * PAGE_SIZE, policy("bind:1"), ABI_MPOL_MF_STRICT),
                     STEP_DONE);
    assert_int_equal(t->error, -EIO);
    assert_int_equal(system_get_mempolicy(s, t, AT).nodes, 3);
    /* 0 to 1 and 1 to 2: the second first, so that no page moves twice */
    assert_int_equal(system_move_pages(s, t, t, AT, 8 * PAGE_SIZE, 1, false), STEP_DONE);
    assert_int_equal(system_migrate_pages(s, t, t, 3, 6), STEP_DONE);
    assert_int_equal(node_of(0), 2);
    assert_int_equal(node_of(8), 1);
    assert_int_equal(node_of(31), 1);
    assert_int_equal(node_of(32), -ENOENT);
    /* From the node where the task runs to another, then back to where it runs; what is there
     * stays. */
    assert_int_equal(test_run(s, t,
                              system_mbind(s, t, AT + 16 * PAGE_SIZE, 8 * PAGE_SIZE,
                                           policy("local"), ABI_MPOL_MF_MOVE)),
                     STEP_DONE);
    assert_int_equal(node_of(16), 0);
    assert_int_equal(test_run(s, t,
                              system_mbind(s, t, AT + 16 * PAGE_SIZE, 8 * PAGE_SIZE,
                                           policy("bind:1"), ABI_MPOL_MF_MOVE)),
                     STEP_DONE);
    assert_int_equal(node_of(16), 1);
    for (unsigned time = 0; time < 2; time++) {
        assert_int_equal(test_run(s, t,
                                  system_mbind(s, t, AT + 24 * PAGE_SIZE, 8 * PAGE_SIZE,
                                               policy("local"), ABI_MPOL_MF_MOVE)),
                         STEP_DONE);
        assert_int_equal(node_of(24), 0);
        assert_int_equal(node_of(31), 0);
    }
    /* What a child shares stays, unless all is asked for. */
    assert_int_equal(system_fork(s, t, 101, false, &child), STEP_DONE);
    assert_int_equal(system_move_pages(s, t, t, AT, 8 * PAGE_SIZE, 0, false), STEP_DONE);
    assert_int_equal(node_of(0), 2);
    assert_int_equal(system_move_pages(s, t, t, AT, 8 * PAGE_SIZE, 0, true), STEP_DONE);
    assert_int_equal(node_of(0), 0);
    assert_int_equal(system_page_node(s, child, AT), 0);
    stop();
}

TEST(a_cpuset_holds_its_tasks_to_nodes_and_cpus_and_takes_their_pages_along)
{
    struct group *outer, *inner;

    start(3);
    outer = system_group(s, "/outer");
    inner = system_group(s, "/outer/inner");
    assert_int_equal(cpuset_set_mems(s, outer, 8), -EINVAL);
    assert_int_equal(cpuset_set_mems(s, outer, 6), 0);
    assert_int_equal(cpuset_set_cpus(s, outer, 2), 0);
    assert_int_equal(cpuset_mems_of(s, inner), 6);
    t = system_task_new(s, inner, 200, 1, "inner");
    map(PAGES);
    assert_int_equal(t->cpus_allowed, 2);
    assert_int_equal(system_set_affinity(s, t, 4), -EINVAL);
    assert_int_equal(system_set_mempolicy(s, t, policy("bind:0")), STEP_DONE);
    assert_int_equal(t->error, -EINVAL);
    for (u64 page = 0; page < 8; page++)
        write_page(page);
    assert_int_equal(node_of(0), 1); /* the nearest of those allowed */
    assert_int_equal(system_mbind(s, t, AT, 8 * PAGE_SIZE, policy("bind:1"), 0), STEP_DONE);
    assert_int_equal(cpuset_set_mems(s, inner, 1), 0); /* of which the parent has nothing */
    assert_int_equal(cpuset_mems_of(s, inner), 6);
    assert_int_equal(cpuset_set_mems(s, inner, 4), 0);
    assert_int_equal(cpuset_set_mems(s, inner, 0), -ENOSPC);
    assert_int_equal(node_of(0), 2);
    assert_int_equal(system_get_mempolicy(s, t, AT).nodes, 4);
    /* Out of the cpuset: everything is allowed again. */
    system_task_move(s, t, s->groups.root);
    assert_int_equal(t->cpus_allowed, 7);
    write_page(20);
    assert_int_equal(node_of(20), s->frames.cpu_nid[t->cpu]);
    stop();
}

TEST(preferred_nodes_stay_when_the_cpuset_changes)
{
    struct group *g;

    start(3);
    g = system_group(s, "/g");
    assert_int_equal(cpuset_set_mems(s, g, 3), 0);
    t = system_task_new(s, g, 200, 1, "many");
    map(PAGES);
    assert_int_equal(system_set_mempolicy(s, t, policy("preferred-many:0-1")), STEP_DONE);
    assert_int_equal(cpuset_set_mems(s, g, 6), 0);
    assert_int_equal(t->mempolicy.policy.nodes, 3);
    write_page(0);
    assert_int_equal(node_of(0), 1); /* what of them is allowed */
    assert_int_equal(system_set_mempolicy(s, t, policy("bind:1-2")), STEP_DONE);
    assert_int_equal(cpuset_set_mems(s, g, 3), 0);
    assert_int_equal(t->mempolicy.policy.nodes, 3);
    stop();
}

TEST(a_full_cpuset_kills_one_of_its_own_while_other_nodes_are_free)
{
    struct group *g;
    struct task *outside;

    start(2);
    outside = t;
    map(100 * MIB / PAGE_SIZE);
    t->cpu = 0;
    for (u64 page = 0; page < 80 * MIB / PAGE_SIZE; page++)
        write_page(page);
    g = system_group(s, "/small");
    cpuset_set_mems(s, g, 2);
    cpuset_set_mems(s, system_group(s, "/large"), 1);
    system_task_move(s, outside, system_group(s, "/large"));
    t = system_task_new(s, g, 200, 1, "small");
    map(200 * MIB / PAGE_SIZE);
    for (u64 page = 0;; page++)
        if (test_run(s, t, system_access(s, t, (AT >> PAGE_SHIFT) + page, ACCESS_WRITE)) !=
            STEP_DONE)
            break;
    assert_int_equal(t->outcome, OUTCOME_OOM_KILLED);
    assert_int_equal(outside->outcome, OUTCOME_NONE);
    assert_non_null(strstr(s->log.text, "oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),"
                                        "cpuset=small,mems_allowed=1,global_oom"));
    stop();
}

static int bind_moving(u64 page, u64 nr, const char *text, u32 flags)
{
    assert_int_equal(test_run(s, t,
                              system_mbind(s, t, AT + page * PAGE_SIZE, nr * PAGE_SIZE,
                                           policy(text), ABI_MPOL_MF_MOVE | flags)),
                     STEP_DONE);
    return t->error;
}

TEST(mbind_copies_in_place_what_has_no_nodes_and_counts_what_it_interleaves)
{
    const s64 *v;

    start(2);
    v = s->counters.v;
    map(PAGES);
    assert_int_equal(bind_moving(8, 8, "bind:1", 0), 0);
    for (u64 page = 0; page < 16; page++)
        write_page(page);
    assert_int_equal(bind_moving(0, 16, "local", 0), 0);
    assert_int_equal(node_of(15), 0);
    assert_int_equal(v[PGMIGRATE_SUCCESS], 16); /* those of the node, too */
    assert_int_equal(bind_moving(0, 16, "bind:0-1", 0), 0);
    assert_int_equal(v[PGMIGRATE_SUCCESS], 16);
    assert_int_equal(v[NUMA_INTERLEAVE], 0);
    assert_int_equal(bind_moving(0, 16, "interleave:1", 0), 0);
    assert_int_equal(node_of(0), 1);
    assert_int_equal(v[NUMA_INTERLEAVE], 16);
    stop();
}

TEST(mbind_tells_of_pages_that_could_not_move_only_when_it_is_strict)
{
    start(2);
    map(PAGES);
    for (u64 page = 0; page < 16; page++)
        write_page(page);
    assert_int_equal(test_run(s, t, system_pin(s, t, AT, 4 * PAGE_SIZE)), STEP_DONE);
    assert_int_equal(bind_moving(0, 16, "bind:1", 0), 0);
    assert_int_equal(node_of(3), 0);
    assert_int_equal(node_of(4), 1);
    assert_int_equal(bind_moving(0, 16, "preferred:1", ABI_MPOL_MF_STRICT), -EIO);
    assert_int_equal(system_get_mempolicy(s, t, AT).mode, MPOL_PREFERRED); /* it holds */
    assert_int_equal(bind_moving(4, 8, "bind:0", ABI_MPOL_MF_STRICT), 0);
    assert_int_equal(node_of(4), 0);
    assert_int_equal(bind_moving(0, 16, "default", ABI_MPOL_MF_STRICT), 0); /* it has no nodes */
    stop();
}

TEST(shared_memory_has_a_policy_that_all_who_map_it_follow)
{
    const struct mmap_args a = {.addr = AT,
                                .len = PAGES * PAGE_SIZE,
                                .prot = ABI_PROT_READ | ABI_PROT_WRITE,
                                .mflags = HWT_MAP_SHARED};
    struct task *parent, *child = NULL;
    int first;

    start(3);
    parent = t;
    assert_int_equal(test_run(s, t, system_mmap(s, t, &a)), STEP_DONE);
    assert_int_equal(system_fork(s, t, 101, false, &child), STEP_DONE);
    assert_int_equal(system_mbind(s, t, AT + 8 * PAGE_SIZE, 16 * PAGE_SIZE, policy("bind:1"), 0),
                     STEP_DONE);
    assert_int_equal(
        system_mbind(s, t, AT + 32 * PAGE_SIZE, 8 * PAGE_SIZE, policy("interleave:1-2"), 0),
        STEP_DONE);
    t = child;
    assert_int_equal(system_set_mempolicy(s, t, policy("preferred:2")), STEP_DONE);
    for (u64 page = 0; page < 40; page++)
        write_page(page);
    assert_int_equal(node_of(7), 2); /* the task's own */
    assert_int_equal(node_of(8), 1);
    assert_int_equal(node_of(23), 1);
    assert_int_equal(node_of(24), 2);
    first = node_of(32);
    for (u64 page = 33; page < 40; page++)
        assert_int_equal(node_of(page), page % 2 ? 3 - first : first);
    assert_int_equal(system_get_mempolicy(s, t, AT + 8 * PAGE_SIZE).nodes, 2);
    /* It stays when who set it unmaps it. */
    assert_int_equal(test_run(s, parent, system_munmap(s, parent, AT, a.len)), STEP_DONE);
    write_page(40);
    assert_int_equal(system_get_mempolicy(s, t, AT + 8 * PAGE_SIZE).nodes, 2);
    assert_int_equal(node_of(40), 2);
    stop();
}

TEST(a_cpuset_that_turns_the_near_node_away_counts_misses_once_its_own_is_short)
{
    struct system_config c;
    u64 page = 0;

    system_config_init(&c);
    c.nr_nodes = 2;
    c.ram_bytes = 2 * 128 * MIB;
    c.thp = "never";
    c.nr_swaps = 1;
    c.swaps[0] =
        (struct swap_spec){.name = "/dev/swap", .bytes = 64 * MIB, .priority = -1, .device = "ssd"};
    s = test_system_new(&c);
    cpuset_set_mems(s, system_group(s, "/far"), 2);
    t = system_task_new(s, system_group(s, "/far"), 200, 1, "far");
    t->cpu = 0;
    map(140 * MIB / PAGE_SIZE);
    for (; page < 60 * MIB / PAGE_SIZE; page++)
        write_page(page);
    assert_int_equal(s->counters.v[NUMA_MISS], 0);
    for (; page < 140 * MIB / PAGE_SIZE; page++)
        write_page(page);
    assert_true(counted(1, NUMA_MISS) > 0);
    assert_int_equal(counted(0, NUMA_FOREIGN), counted(1, NUMA_MISS));
    assert_int_equal(s->counters.v[NUMA_FOREIGN], s->counters.v[NUMA_MISS]);
    assert_int_equal(counted(1, NUMA_FOREIGN), 0);
    stop();
}

TEST(a_huge_page_is_had_far_away_where_the_fault_may_work_for_it)
{
    const u64 huge = 512, nr = 60;
    u64 far;

    for (unsigned advised = 0; advised < 2; advised++) {
        struct system_config c;

        system_config_init(&c);
        c.nr_nodes = 2;
        c.ram_bytes = 2 * 128 * MIB;
        c.thp = "always";
        s = test_system_new(&c);
        t = system_task_new(s, s->groups.root, 100, 1, "test");
        map(nr * huge);
        if (advised)
            assert_int_equal(
                test_run(s, t, system_madvise(s, t, AT, nr * huge * PAGE_SIZE, ABI_MADV_HUGEPAGE)),
                STEP_DONE);
        for (u64 i = 0; i < nr; i++)
            write_page(i * huge);
        far = 0;
        for (u64 i = 0; i < nr; i++) {
            struct pte_ref ref = pagetable_lookup(t->mm, (AT >> PAGE_SHIFT) + i * huge);

            far += ref.order && frame_nid(&s->frames, pte_pfn(*ref.slot)) == 1;
        }
        assert_int_equal(far > 0, advised);
        stop();
    }
}

TEST(tasks_of_a_node_without_memory_get_small_pages_of_the_nearest)
{
    struct system_config c;
    struct err e = {0};

    system_config_init(&c);
    assert_int_equal(system_config_set(&c, "node.0.ram", "256M", &e), 0);
    assert_int_equal(system_config_set(&c, "node.1.ram", "0", &e), 0);
    assert_int_equal(system_config_set(&c, "node.0.cpus", "0", &e), 0);
    assert_int_equal(system_config_set(&c, "node.1.cpus", "1", &e), 0);
    c.thp = "always";
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
    t->cpu = 1;
    map(2 * 512);
    write_page(0);
    assert_int_equal(node_of(0), 0);
    assert_int_equal(s->counters.v[THP_FAULT_FALLBACK], 1);
    /* Who may work for it looks further. */
    assert_int_equal(test_run(s, t, system_madvise(s, t, AT, 1024 * PAGE_SIZE, ABI_MADV_HUGEPAGE)),
                     STEP_DONE);
    write_page(512);
    assert_int_equal(s->counters.v[THP_FAULT_ALLOC], 1);
    stop();
}

/* A machine with huge pages, and a mapping of one whose small pages are on the nodes of these
 * policies in turn. */
static void start_small_pages(const char *even, const char *odd)
{
    struct system_config c;

    system_config_init(&c);
    c.nr_nodes = 3;
    c.nr_cpus = 3;
    c.ram_bytes = 3 * 512 * MIB;
    c.thp = "madvise";
    s = test_system_new(&c);
    t = system_task_new(s, s->groups.root, 100, 1, "test");
    t->cpu = 0;
    map(512);
    for (u64 page = 0; page < 512; page++) {
        assert_int_equal(system_set_mempolicy(s, t, policy(page % 2 ? odd : even)), STEP_DONE);
        write_page(page);
    }
    assert_int_equal(system_set_mempolicy(s, t, policy("default")), STEP_DONE);
}

static void collapse_it(void)
{
    test_run(s, t, system_madvise(s, t, AT, 512 * PAGE_SIZE, ABI_MADV_COLLAPSE));
}

/* As a 6.1 kernel does it (hpage_collapse_find_target_node). */
TEST(small_pages_are_collapsed_on_the_node_that_has_most_of_them)
{
    start_small_pages("bind:2", "bind:2");
    collapse_it();
    assert_int_equal(s->counters.v[NR_ANON_TRANSPARENT_HUGEPAGES], 512);
    assert_int_equal(node_of(0), 2);
    stop();
    start_small_pages("bind:1", "bind:2"); /* as many on two: the first, never a third */
    collapse_it();
    assert_int_equal(node_of(0), 1);
    stop();
    /* Where there is no block free small pages stay, whatever is free elsewhere. */
    start_small_pages("bind:2", "bind:2");
    while (frames_try_alloc(&s->frames, (struct alloc_nodes){4, 2}, 9, MT_UNMOVABLE,
                            ALLOC_WMARK_MIN, 0) != PFN_NONE)
        ;
    collapse_it();
    assert_int_equal(s->counters.v[NR_ANON_TRANSPARENT_HUGEPAGES], 0);
    assert_int_equal(node_of(0), 2);
    system_check(s);
    test_system_free(s);
}

TEST(far_pages_are_not_collapsed_where_nodes_are_reclaimed_first)
{
    for (u64 mode = 0; mode < 2; mode++) {
        start_small_pages("bind:0", "bind:2");
        s->frames.topology.distance[0][2] = s->frames.topology.distance[2][0] = 31;
        s->tunables.zone_reclaim_mode = mode;
        collapse_it();
        assert_int_equal(s->counters.v[NR_ANON_TRANSPARENT_HUGEPAGES], mode ? 0 : 512);
        stop();
    }
}

/* The local node alone is tried (__GFP_THISNODE), and the cpuset turns that away. */
TEST(a_cpuset_without_the_near_node_has_small_pages_unless_advised)
{
    for (unsigned advised = 0; advised < 2; advised++) {
        struct system_config c;

        system_config_init(&c);
        c.nr_nodes = c.nr_cpus = 2;
        c.ram_bytes = 2 * 512 * MIB;
        c.thp = "always";
        s = test_system_new(&c);
        cpuset_set_mems(s, system_group(s, "/far"), 1);
        t = system_task_new(s, system_group(s, "/far"), 100, 1, "test");
        t->cpu = 1;
        map(512);
        if (advised)
            assert_int_equal(test_run(s, t, system_madvise(s, t, AT, MIB * 2, ABI_MADV_HUGEPAGE)),
                             STEP_DONE);
        write_page(0);
        assert_int_equal(node_of(0), 0);
        assert_int_equal(s->counters.v[THP_FAULT_ALLOC], advised);
        assert_int_equal(s->counters.v[THP_FAULT_FALLBACK], !advised);
        stop();
    }
}

static u64 rebound(u64 mode, u64 flags, u64 nodes, u64 allowed, u64 then)
{
    struct mempolicy p = {.mode = (u16)mode, .flags = (u16)flags, .nodes = nodes};

    assert_int_equal(mempolicy_set(&p, allowed), 0);
    mempolicy_rebind(&p, then);
    return p.nodes;
}

/* As a 6.1 kernel does it (bitmap_remap, bitmap_onto, bitmap_fold). */
TEST(policies_follow_the_nodes_that_may_be_used)
{
    struct mempolicy p = {.mode = MPOL_BIND, .flags = ABI_MPOL_F_RELATIVE_NODES, .nodes = 0x9};

    assert_int_equal(mempolicy_set(&p, 0xc), 0); /* the first and, round and round, the second */
    assert_int_equal(p.nodes, 0xc);
    assert_int_equal(p.user, 0x9);
    assert_int_equal(rebound(MPOL_BIND, 0, 0x3, 0xf, 0xc), 0xc);
    assert_int_equal(rebound(MPOL_BIND, 0, 0x8, 0xf, 0x3), 0x2);
    assert_int_equal(rebound(MPOL_INTERLEAVE, ABI_MPOL_F_STATIC_NODES, 0x6, 0xf, 0x3), 0x2);
    assert_int_equal(rebound(MPOL_INTERLEAVE, ABI_MPOL_F_STATIC_NODES, 0x6, 0xf, 0x9), 0x9);
    assert_int_equal(rebound(MPOL_BIND, ABI_MPOL_F_RELATIVE_NODES, 0x2, 0x3, 0xc), 0x8);
    assert_int_equal(rebound(MPOL_PREFERRED, 0, 0x6, 0xf, 0x9), 0x2); /* stays */
    p = (struct mempolicy){.mode = MPOL_PREFERRED};
    assert_int_equal(mempolicy_set(&p, 3), 0);
    assert_int_equal(p.mode, MPOL_LOCAL);
    p = (struct mempolicy){.mode = MPOL_LOCAL, .nodes = 1};
    assert_int_equal(mempolicy_set(&p, 3), -EINVAL);
    p = (struct mempolicy){.mode = MPOL_INTERLEAVE, .nodes = 4};
    assert_int_equal(mempolicy_set(&p, 3), -EINVAL);
}

TEST_MAIN()
