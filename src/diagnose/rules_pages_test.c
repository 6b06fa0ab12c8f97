/* rules_pages_test.c - rules about huge pages, contiguous blocks and nodes: when each speaks, how
 * loud, and when it is silent. */
#include "base/test.h"
#include "diagnose/rig_testing.h"

RIG_TEST(compaction_stalls_are_a_warning_when_they_cost_time)
{
    rig_rate(r, COMPACT_STALL, 9);
    rig_pressure(r, PSI_MEM, 12, 2);
    assert_int_equal(rig_severity(r, RULE_THP_COMPACTION), -1);
    rig_rate(r, COMPACT_STALL, 10);
    rig_rate(r, COMPACT_FAIL, 9);
    assert_int_equal(rig_severity(r, RULE_THP_COMPACTION), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_THP_COMPACTION)->detail, "in vain"));
    rig_pressure(r, PSI_MEM, 0, 0);
    assert_int_equal(rig_severity(r, RULE_THP_COMPACTION), SEV_INFO);
}

static void add_zone(struct snapshot *s, u64 small, u64 large)
{
    struct zone_view z;

    memset(&z, 0xff, sizeof(z)); /* UNKNOWN */
    snprintf(z.name, sizeof(z.name), "Normal");
    z.node = 0;
    z.nr_orders = 11;
    memset(z.blocks, 0, sizeof(z.blocks));
    z.blocks[0] = small;
    z.blocks[9] = large;
    vec_push(&s->zones, z);
}

RIG_TEST(fragmentation_needs_somebody_who_asks)
{
    add_zone(&r->before, 512 * 96, 5);
    add_zone(&r->now, 512 * 96, 5);
    rig_rate(r, THP_FAULT_FALLBACK, 1);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), SEV_INFO);
    rig_rate(r, THP_FAULT_FALLBACK, 0);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), -1);
    r->now.zones.items[0].blocks[9] = 6;
    rig_rate(r, THP_FAULT_FALLBACK, 1);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), -1);
}

RIG_TEST(compaction_in_vain_is_fragmentation_that_hurts)
{
    add_zone(&r->before, 512 * 96, 5);
    add_zone(&r->now, 512 * 96, 5);
    rig_rate(r, COMPACT_STALL, 50);
    rig_rate(r, COMPACT_FAIL, 40);
    rig_rate(r, COMPACT_SUCCESS, 10);
    rig_rate(r, THP_FAULT_FALLBACK, 35);
    rig_pressure(r, PSI_MEM, 12, 2);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), SEV_WARNING);
    /* A fault that compacts in vain and falls back is one request. */
    assert_non_null(strstr(rig_found(r, RULE_FRAGMENTATION)->detail, "40 requests"));
    rig_rate(r, COMPACT_SUCCESS, 50);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), SEV_INFO);
}

RIG_TEST(fragmentation_says_what_compaction_cannot_make_free)
{
    struct zone_view *z;

    add_zone(&r->before, 512 * 96, 0);
    add_zone(&r->now, 512 * 96, 0);
    rig_rate(r, THP_FAULT_FALLBACK, 1);
    /* Of single pages alone: 1,000 - (1000 + 96 * 1000) / 49152. */
    assert_int_equal(zone_extfrag(r->now.zones.items, 9), 999);
    assert_int_equal(rig_severity(r, RULE_FRAGMENTATION), SEV_INFO);
    assert_null(strstr(rig_find(r, RULE_FRAGMENTATION)->detail, "blocks"));
    z = r->now.zones.items;
    z->pageblocks[BLOCK_UNMOVABLE] = 150;
    z->pageblocks[BLOCK_RECLAIMABLE] = 50;
    z->pageblocks[BLOCK_MOVABLE] = 800;
    z->pageblocks[BLOCK_OTHER] = 0;
    assert_non_null(strstr(rig_find(r, RULE_FRAGMENTATION)->detail, "20 % of all blocks"));
    z->pageblocks[BLOCK_RECLAIMABLE] = 49;
    assert_null(strstr(rig_find(r, RULE_FRAGMENTATION)->detail, "blocks"));
    /* What debugfs says stands before what the free blocks do: nothing is free there. */
    z->extfrag[9] = 500;
    assert_non_null(strstr(rig_find(r, RULE_FRAGMENTATION)->detail, "too little memory is free"));
    z->extfrag[9] = 501;
    assert_null(strstr(rig_find(r, RULE_FRAGMENTATION)->detail, "too little"));
}

RIG_TEST(one_look_tells_compaction_since_boot)
{
    r->now.uptime_us = 100 * 1000 * 1000;
    r->single = true;
    r->now.vmstat[COMPACT_STALL] = 100;
    r->now.vmstat[COMPACT_FAIL] = 25;
    /* What it cost is told: that decides, as it does of two looks. */
    r->now.psi[PSI_MEM].some.total_us = r->now.psi[PSI_MEM].full.total_us = 100 * 1000;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_THP_COMPACTION)->severity, SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_THP_COMPACTION)->detail, "hardly any time"));
    r->now.psi[PSI_MEM].some.total_us = 11 * 1000 * 1000;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_THP_COMPACTION)->severity, SEV_WARNING);
    r->now.psi[PSI_MEM].some.total_us = r->now.psi[PSI_MEM].full.total_us = UNKNOWN;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_THP_COMPACTION)->severity, SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_THP_COMPACTION)->title, "since boot"));
    r->now.vmstat[COMPACT_FAIL] = 24;
    rig_run(r);
    assert_int_equal(rig_found(r, RULE_THP_COMPACTION)->severity, SEV_INFO);
    r->now.vmstat[COMPACT_STALL] = 99;
    rig_run(r);
    assert_null(rig_found(r, RULE_THP_COMPACTION));
    /* Faults that fell back at once waited for nothing. */
    add_zone(&r->now, 512 * 96, 0);
    r->now.vmstat[THP_FAULT_FALLBACK] = 100000;
    rig_run(r);
    assert_null(rig_found(r, RULE_FRAGMENTATION));
    r->now.vmstat[COMPACT_FAIL] = 100;
    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_FRAGMENTATION)->detail, "Since boot 100 requests"));
}

static void set_pool(struct rig *r, u64 total, u64 unused, u64 promised)
{
    r->now.meminfo[MI_HUGE_PAGES_TOTAL] = total;
    r->now.meminfo[MI_HUGE_PAGES_FREE] = unused;
    r->now.meminfo[MI_HUGE_PAGES_RSVD] = promised;
    r->now.meminfo[MI_HUGE_PAGE_SIZE] = 2 * MIB;
}

RIG_TEST(a_pool_that_did_not_get_its_pages_is_told)
{
    add_zone(&r->before, 512 * 96, 0);
    add_zone(&r->now, 512 * 96, 0);
    set_pool(r, 100, 10, 5);
    r->now.vmstat[HTLB_BUDDY_ALLOC_FAIL] = r->before.vmstat[HTLB_BUDDY_ALLOC_FAIL] = 0;
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), -1);
    r->now.vmstat[HTLB_BUDDY_ALLOC_FAIL] = r->before.vmstat[HTLB_BUDDY_ALLOC_FAIL] = 1;
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), SEV_INFO);
    assert_non_null(strstr(rig_find(r, RULE_HUGEPAGES_SHORT)->detail, "failed once"));
    assert_non_null(strstr(rig_find(r, RULE_HUGEPAGES_SHORT)->detail, "compact"));
    r->now.zones.items[0].blocks[9] = 7;
    assert_non_null(strstr(rig_find(r, RULE_HUGEPAGES_SHORT)->detail, "14.0 MiB"));
    /* The next mapping will be refused. */
    set_pool(r, 100, 5, 5);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), SEV_WARNING);
    set_pool(r, 100, 10, 5);
    rig_rate(r, HTLB_BUDDY_ALLOC_FAIL, 2);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), SEV_WARNING);
    assert_null(strstr(rig_found(r, RULE_HUGEPAGES_SHORT)->detail, "one look"));
    /* A single write that got too few is told as one look afterwards tells it. */
    r->now.vmstat[HTLB_BUDDY_ALLOC_FAIL] = r->before.vmstat[HTLB_BUDDY_ALLOC_FAIL] + 1;
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), SEV_INFO);
    /* One look has no rate, and says so. */
    r->single = true;
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_SHORT), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_HUGEPAGES_SHORT)->detail, "one look does not tell"));
}

static void set_huge(struct snapshot *s, u32 group, u64 current, u64 max, u64 refused)
{
    struct cgroup_view *g = &s->cgroups.items[group];

    g->nr_huge = 1;
    g->huge[0] = (struct group_huge_view){.page_bytes = 2 * MIB,
                                          .current = current,
                                          .rsvd_current = current,
                                          .max = max,
                                          .rsvd_max = NO_LIMIT,
                                          .refused = refused,
                                          .refused_local = refused};
}

RIG_TEST(a_limit_of_huge_pages_names_whose_it_is)
{
    u32 child;

    child = rig_group(r, "/db", GIB, 0, 2 * GIB);
    set_huge(&r->before, child, 10 * MIB, 12 * MIB, 0);
    set_huge(&r->now, child, 10 * MIB, 12 * MIB, 0);
    assert_int_equal(rig_severity(r, RULE_HUGETLB_LIMIT), -1);
    set_huge(&r->now, child, 12 * MIB, 12 * MIB, 3);
    set_huge(&r->before, child, 12 * MIB, 12 * MIB, 3);
    assert_int_equal(rig_severity(r, RULE_HUGETLB_LIMIT), SEV_INFO);
    assert_non_null(strstr(rig_find(r, RULE_HUGETLB_LIMIT)->detail, "12.0 MiB"));
    assert_non_null(strstr(rig_find(r, RULE_HUGETLB_LIMIT)->detail, "SIGBUS"));
    set_huge(&r->before, child, 12 * MIB, 12 * MIB, 1);
    assert_int_equal(rig_severity(r, RULE_HUGETLB_LIMIT), SEV_WARNING);
    r->now.cgroups.items[child].huge[0].rsvd_max = 12 * MIB;
    assert_non_null(strstr(rig_find(r, RULE_HUGETLB_LIMIT)->detail, "ENOMEM"));
}

static void add_node(struct rig *r, u32 id, u64 free_bytes, u64 foreign)
{
    struct node_view n = {.id = id, .total = 8 * GIB, .free = free_bytes, .inactive_file = 0};

    vec_push(&r->before.nodes, n);
    n.numa_foreign = foreign;
    vec_push(&r->now.nodes, n);
}

RIG_TEST(an_exhausted_node_matters_when_somebody_wants_it)
{
    add_node(r, 0, 100 * MIB, 256);
    add_node(r, 1, 4 * GIB, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_INFO);
    r->now.nodes.items[0].numa_foreign = 255;
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
    rig_pressure(r, PSI_MEM, 15, 3);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_WARNING);
    r->now.nodes.items[1].free = GIB;
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
}

/* A node of 8 GiB that kswapd keeps 60 to 75 MiB of free. */
static void add_watermarks(struct rig *r, u32 node)
{
    struct zone_view z = {
        .node = node, .name = "Normal", .min = 45 * 256, .low = 60 * 256, .high = 75 * 256};

    vec_push(&r->now.zones, z);
}

RIG_TEST(a_node_at_its_watermarks_is_exhausted_when_it_is_reclaimed_beside_a_free_one)
{
    add_node(r, 0, 85 * MIB, 0);
    add_node(r, 1, 4 * GIB, 0);
    /* A third of it is cache that could go. */
    r->now.nodes.items[0].inactive_file = 3 * GIB;
    rig_rate(r, PGSTEAL_KSWAPD, 300);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
    add_watermarks(r, 0);
    add_watermarks(r, 1);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_NUMA_IMBALANCE)->detail, "bound to node 0"));
    r->now.nodes.items[0].free = 95 * MIB;
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
    r->now.nodes.items[0].free = 85 * MIB;
    rig_rate(r, PGSTEAL_KSWAPD, 0);
    assert_int_equal(rig_severity(r, RULE_NUMA_IMBALANCE), -1);
}

RIG_TEST(an_exhausted_node_comes_before_the_thrash_that_it_makes)
{
    add_node(r, 0, 85 * MIB, 0);
    add_node(r, 1, 4 * GIB, 0);
    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    rig_rate(r, PGSTEAL_DIRECT, 5000);
    rig_pressure(r, PSI_MEM, 60, 30);
    rig_run(r);
    assert_int_equal(r->d.findings.items.items[0].rule, RULE_NUMA_IMBALANCE);
    assert_int_equal(r->d.findings.items.items[0].severity, SEV_CRITICAL);
    assert_int_equal(r->d.findings.items.items[1].rule, RULE_SWAP_THRASH);
}

RIG_TEST(huge_pages_unused_or_in_use)
{
    RIG_BOTH(r, meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_TOTAL], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_FREE], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 0);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), SEV_INFO);
    assert_null(rig_found(r, RULE_HUGEPAGES_IN_USE));
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 1000);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), -1);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_IN_USE), SEV_GOOD);
    assert_non_null(strstr(rig_found(r, RULE_HUGEPAGES_IN_USE)->title, "promised"));
    assert_null(strstr(rig_found(r, RULE_HUGEPAGES_IN_USE)->title, "they are used"));
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_FREE], 100);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 100);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_IN_USE), SEV_GOOD);
    assert_non_null(strstr(rig_found(r, RULE_HUGEPAGES_IN_USE)->title, "they are used"));
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_FREE], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 1000);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], GIB);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), SEV_WARNING);
    assert_null(rig_found(r, RULE_HUGEPAGES_IN_USE)); /* one of the two speaks of them */
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 0);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), SEV_WARNING);
}

RIG_TEST(huge_pages_nobody_uses_come_before_the_thrash_that_they_make)
{
    struct huge_view gigantic = {.page_bytes = GIB, .total = 6, .free = 6};

    vec_push(&r->now.huge, gigantic);
    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    rig_pressure(r, PSI_MEM, 60, 30);
    rig_run(r);
    assert_int_equal(r->d.findings.items.items[0].rule, RULE_HUGEPAGES_UNUSED);
    assert_int_equal(r->d.findings.items.items[0].severity, SEV_CRITICAL);
    assert_non_null(strstr(r->d.headline, "6.0 GiB of huge pages"));
    /* Promised: somebody may touch them; as long as nobody does they are lost all the same. */
    r->now.huge.items[0].reserved = 6;
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), SEV_CRITICAL);
    assert_non_null(strstr(r->d.headline, "have not touched them"));
    rig_pressure(r, PSI_MEM, 0, 0);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), -1);
}

RIG_TEST(huge_pages_are_no_cause_of_what_a_group_does_at_its_own_limit)
{
    u32 web = rig_group(r, "/web", 64 * MIB, 0, 64 * MIB);

    RIG_BOTH(r, meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_TOTAL], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_FREE], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 0);
    rig_rate(r, WORKINGSET_REFAULT_ANON, 5000);
    r->now.cgroups.items[web].stat[WORKINGSET_REFAULT_ANON] = 5000;
    rig_pressure(r, PSI_MEM, 60, 30);
    assert_int_equal(rig_severity(r, RULE_HUGEPAGES_UNUSED), SEV_INFO);
}

RIG_TEST(transparent_huge_pages_are_a_finding_while_memory_is_short)
{
    struct zram_view zram = {.name = "zram0", .original = 400 * 4096, .same_pages = 39};

    RIG_BOTH(r, meminfo[MI_ANON_HUGE_PAGES], 5 * GIB);
    RIG_BOTH(r, vmstat[THP_UNDERUSED_SPLIT_PAGE], UNKNOWN);
    RIG_BOTH(r, vmstat[SWPOUT_ZERO], UNKNOWN);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), -1);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], GIB);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_INFO);
    assert_int_equal(rig_found(r, RULE_THP_BLOAT)->confidence, CONF_LOW);
    /* Zeroes in swap are what was never touched. */
    vec_push(&r->now.zrams, zram);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_INFO);
    r->now.zrams.items[0].same_pages = 40;
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_WARNING);
    assert_non_null(strstr(rig_found(r, RULE_THP_BLOAT)->detail, "10 % of what was swapped out"));
    RIG_BOTH(r, meminfo[MI_ANON_HUGE_PAGES], 3 * GIB);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), -1);
}

RIG_TEST(huge_pages_given_back_in_part_are_a_sign_of_bloat)
{
    RIG_BOTH(r, meminfo[MI_ANON_HUGE_PAGES], 5 * GIB);
    RIG_BOTH(r, vmstat[THP_UNDERUSED_SPLIT_PAGE], UNKNOWN);
    RIG_BOTH(r, vmstat[SWPOUT_ZERO], UNKNOWN);
    rig_pressure(r, PSI_MEM, 12, 2);
    RIG_BOTH(r, vmstat[THP_FAULT_ALLOC], 3000);
    RIG_BOTH(r, vmstat[THP_COLLAPSE_ALLOC], 1000);
    RIG_BOTH(r, vmstat[THP_DEFERRED_SPLIT_PAGE], 999);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_INFO);
    RIG_BOTH(r, vmstat[THP_DEFERRED_SPLIT_PAGE], 1000);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_WARNING);
    RIG_BOTH(r, vmstat[THP_DEFERRED_SPLIT_PAGE], 0);
    RIG_BOTH(r, vmstat[THP_UNDERUSED_SPLIT_PAGE], 1);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_WARNING);
}

RIG_TEST(huge_pages_of_a_group_that_swaps_count_against_what_it_has_in_swap)
{
    u32 g = rig_group(r, "/app", 298 * MIB, 0, 300 * MIB);
    struct cgroup_view *app = &r->now.cgroups.items[g];

    app->stat[NR_ANON_TRANSPARENT_HUGEPAGES] = 140 * MIB;
    app->swap_current = 200 * MIB;
    app->psi[PSI_MEM] = rig_psi(12, 12);
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), -1);
    app->swap_current = 140 * MIB;
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_INFO);
    assert_string_equal(rig_found(r, RULE_THP_BLOAT)->scope, "/app");
    /* At its limit and calm, the same once something gave way. */
    app->psi[PSI_MEM] = rig_psi(0, 0);
    app->stat[NR_ANON_TRANSPARENT_HUGEPAGES] = 290 * MIB;
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_THP_BLOAT)->title, "limit that it has met"));
    app->swap_current = 0;
    assert_int_equal(rig_severity(r, RULE_THP_BLOAT), -1);
}

TEST_MAIN()
