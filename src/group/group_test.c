/* group_test.c - the tree, charges and their stocks, protection with the examples of the kernel's
 * document on cgroup v2. */
#include "base/test.h"
#include "group/group.h"

static struct groups gs;
static struct counters counters;
static struct frames frames;

#define NO_LIMIT PAGE_COUNTER_MAX

static void start(void)
{
    const struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = 2};
    struct err e;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&frames, &config, &counters, &e), 0);
    groups_init(&gs, &frames, &counters, 2);
}

static void stop(void)
{
    groups_done(&gs);
    frames_done(&frames);
}

TEST(paths_lead_to_groups_and_back)
{
    struct group *a, *b;
    char path[64];

    start();
    a = group_new(&gs, gs.root, "app");
    b = group_new(&gs, a, "worker");
    assert_ptr_equal(group_find(&gs, "/app/worker"), b);
    assert_ptr_equal(group_find(&gs, "/"), gs.root);
    assert_null(group_find(&gs, "/app/work"));
    group_path(b, path, sizeof(path));
    assert_string_equal(path, "/app/worker");
    assert_true(group_is_below(b, a) && group_is_below(b, b) && !group_is_below(a, b));
    stop();
}

TEST(a_charge_takes_a_batch_and_leaves_the_rest_in_the_stock)
{
    struct group *a, *b;

    start();
    a = group_new(&gs, gs.root, "a");
    b = group_new(&gs, a, "b");
    assert_null(group_try_charge(&gs, b, 1, 0));
    assert_int_equal(b->memory.usage, 64);
    assert_int_equal(a->memory.usage, 64);
    for (unsigned i = 0; i < 63; i++) {
        assert_null(group_try_charge(&gs, b, 1, 0));
    }
    assert_int_equal(a->memory.usage, 64);
    group_uncharge(&gs, b, 64);
    assert_int_equal(a->memory.usage, 0);
    assert_int_equal(a->memory.peak, 64);
    stop();
}

TEST(the_lowest_limit_in_the_way_is_named)
{
    struct group *a, *b;

    start();
    a = group_new(&gs, gs.root, "a");
    b = group_new(&gs, a, "b");
    group_set_limit(a, LIMIT_MAX, 70);
    group_set_limit(b, LIMIT_MAX, 100);
    assert_null(group_try_charge(&gs, b, 64, 0));
    assert_null(group_try_charge(&gs, b, 6, 0)); /* no room for a batch: just these */
    assert_ptr_equal(group_try_charge(&gs, b, 1, 0), a);
    assert_int_equal(b->memory.usage, 70);
    group_set_limit(b, LIMIT_MAX, 70);
    assert_ptr_equal(group_try_charge(&gs, b, 1, 0), b);
    group_uncharge(&gs, b, 70);
    stop();
}

static void effective(u64 usage, u64 parent_usage, u64 setting, u64 parent, u64 siblings,
                      bool recursive, u64 want)
{
    assert_int_equal(
        group_effective_protection(usage, parent_usage, setting, parent, siblings, recursive),
        want);
}

TEST(protection_follows_the_kernels_rule)
{
    effective(100, 500, 60, 300, 200, false, 60);
    effective(40, 500, 60, 300, 200, false, 40);  /* what is not used protects nothing */
    effective(100, 500, 60, 100, 200, false, 30); /* overcommitted: in proportion */
    effective(100, 500, 0, 300, 200, false, 0);   /* claims nothing */
    effective(100, 500, 0, 300, 200, true, 33);   /* gets of the rest: 100 * 100 / 300 */
    effective(100, 500, 60, 300, 200, true, 60 + 100 * 40 / 300);
    effective(100, 150, 0, NO_LIMIT, 0, true, 100); /* "max" above protects all below */
    effective(100, 500, NO_LIMIT, 300, 400, true, 75);
}

/* The example of Documentation/admin-guide/cgroup-v2 as the kernel's selftest
 * (test_memcg_protection) has it: A 50M, B below A: children C 75M, D 25M, E 0, F 500M claims all
 * with 50M, 50M, 0, 0 used. Figures in pages of one MiB each. */
TEST(protection_is_shared_among_children_as_the_selftest_expects)
{
    const u64 low[] = {75, 25, 0, 500}, use[] = {50, 50, 50, 0};
    struct group *a, *b, *c[4];

    start();
    gs.recursive_protection = false;
    a = group_new(&gs, gs.root, "a");
    b = group_new(&gs, a, "b");
    group_set_limit(a, LIMIT_LOW, 50);
    group_set_limit(b, LIMIT_LOW, 50);
    for (unsigned i = 0; i < 4; i++) {
        c[i] = group_new(&gs, b, (const char *[]){"c", "d", "e", "f"}[i]);
        group_set_limit(c[i], LIMIT_LOW, low[i]);
        group_force_charge(&gs, c[i], (u32)use[i]);
    }
    for (struct group *g = gs.root; g; g = group_next(gs.root, g))
        group_calculate_protection(&gs, gs.root, g);
    assert_int_equal(b->memory.children_low, 75);
    assert_int_equal(a->memory.elow, 50);
    assert_int_equal(b->memory.elow, 50);
    assert_int_equal(c[0]->memory.elow, 33); /* of 50: 50 parts in 75 */
    assert_int_equal(c[1]->memory.elow, 16); /* 25 in 75 */
    assert_int_equal(c[2]->memory.elow, 0);
    for (unsigned i = 0; i < 4; i++)
        group_uncharge(&gs, c[i], (u32)use[i]);
    assert_int_equal(b->memory.children_low, 0);
    stop();
}

TEST(reclaim_knows_what_was_flushed_where_statistics_are_late)
{
    struct group *a;
    struct lruvec *lv;

    start();
    a = group_new(&gs, gs.root, "a");
    lv = group_lruvec(a, 0);
    a->lru_nodes |= 1;
    lv->size[LRU_ACTIVE_ANON] = 7;
    lv->classic.activates[1] = 3;
    assert_int_equal(lruvec_known_size(&gs, lv, LRU_ACTIVE_ANON), 7);
    gs.stats_late = true;
    assert_int_equal(lruvec_known_size(&gs, lv, LRU_ACTIVE_ANON), 0);
    assert_int_equal(lruvec_known_activates(&gs, lv, 1), 0);
    groups_flush_stats(&gs);
    lv->size[LRU_ACTIVE_ANON] = 9;
    assert_int_equal(lruvec_known_size(&gs, lv, LRU_ACTIVE_ANON), 7);
    assert_int_equal(lruvec_known_activates(&gs, lv, 1), 3);
    lv->size[LRU_ACTIVE_ANON] = 0;
    stop();
}

TEST_MAIN()
