/* nodes_test.c - several nodes: their zones and watermarks, the order in which allocations fall
 * back, and what is counted. */
#include "frames/frames.h"

#include "base/test.h"

#include <string.h>

static struct frames fr;
static struct counters counters;
static struct topology t;

static void node(unsigned nid, u64 ram_bytes, u64 cpus)
{
    t.nr_nodes = MAX(t.nr_nodes, nid + 1);
    t.ram_bytes[nid] = ram_bytes;
    t.cpus[nid] = cpus;
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (!(cpus >> cpu & 1))
            continue;
        t.cpu_nid[cpu] = (u8)nid;
        t.nr_cpus = MAX(t.nr_cpus, cpu + 1);
    }
    for (unsigned other = 0; other < MAX_NUMNODES; other++)
        t.distance[nid][other] = nid == other ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

static void start(bool kernel)
{
    struct frames_config config = {.topology = &t, .kernel = kernel ? kernel_default() : NULL};
    struct err e = {0};

    counters = (struct counters){0};
    if (frames_init(&fr, &config, &counters, &e))
        fail_msg("%s", e.text);
}

static pfn_t take(struct alloc_nodes nodes, unsigned cpu)
{
    return frames_try_alloc(&fr, nodes, 0, MT_MOVABLE, ALLOC_WMARK_LOW | ALLOC_MOVABLE, cpu);
}

static s64 of_node(unsigned nid, enum counter id)
{
    return node_counter(&fr, nid, id);
}

TEST(zones_lie_where_the_memory_map_puts_them)
{
    t = (struct topology){0};
    node(0, 1 * GIB, 1);
    node(1, 3 * GIB, 2);
    node(2, 4 * GIB, 4);
    start(true);
    assert_int_equal(fr.nodes[0].zones[ZONE_DMA].start_pfn, 1);
    assert_int_equal(zone_end_pfn(&fr.nodes[0].zones[ZONE_DMA32]), 1 * GIB / PAGE_SIZE);
    assert_int_equal(fr.nodes[0].zones[ZONE_NORMAL].present, 0);
    /* 2 GiB lie below 4 GiB; node 1 has its second half of them and goes on above. */
    assert_int_equal(fr.nodes[1].zones[ZONE_DMA].present, 0);
    assert_int_equal(fr.nodes[1].zones[ZONE_DMA32].start_pfn, 1 * GIB / PAGE_SIZE);
    assert_int_equal(zone_end_pfn(&fr.nodes[1].zones[ZONE_DMA32]), 4 * GIB / PAGE_SIZE);
    assert_int_equal(fr.nodes[1].zones[ZONE_NORMAL].start_pfn, 4 * GIB / PAGE_SIZE);
    assert_int_equal(fr.nodes[1].zones[ZONE_NORMAL].present, 2 * GIB / PAGE_SIZE);
    assert_int_equal(fr.nodes[2].zones[ZONE_DMA32].present, 0);
    assert_int_equal(fr.nodes[2].zones[ZONE_NORMAL].start_pfn, 6 * GIB / PAGE_SIZE);
    assert_int_equal(fr.nodes[2].zones[ZONE_NORMAL].present, 4 * GIB / PAGE_SIZE);
    assert_int_equal(frame_nid(&fr, 6 * GIB / PAGE_SIZE), 2);
    assert_int_equal(frame_nid(&fr, 6 * GIB / PAGE_SIZE - 1), 1);
    frame_check(&fr);
    buddy_check(&fr);
    frames_done(&fr);
}

TEST(watermarks_and_reserves_are_each_nodes_own)
{
    u64 reserve = 0;

    t = (struct topology){0};
    node(0, 4 * GIB, 1);
    node(1, 4 * GIB, 2);
    start(true);
    for (unsigned nid = 0; nid < 2; nid++)
        reserve += fr.nodes[nid].totalreserve_pages;
    assert_int_equal(reserve, fr.totalreserve_pages);
    /* Node 0 keeps low memory back for what it has above it, node 1 has nothing below. */
    assert_int_equal(fr.nodes[0].zones[ZONE_DMA32].lowmem_reserve[ZONE_NORMAL],
                     fr.nodes[0].zones[ZONE_NORMAL].managed / 256);
    assert_int_equal(fr.nodes[1].zones[ZONE_DMA32].lowmem_reserve[ZONE_NORMAL], 0);
    /* The zone's list is shared by the CPUs of its node. */
    assert_int_equal(fr.nodes[1].zones[ZONE_NORMAL].pcp[0].high,
                     fr.nodes[1].zones[ZONE_NORMAL].watermark[WMARK_LOW]);
    frames_done(&fr);
}

TEST(fallback_goes_by_distance_then_to_the_next_by_number)
{
    static const u8 want[4][4] = {{0, 1, 2, 3}, {1, 2, 3, 0}, {2, 3, 0, 1}, {3, 0, 1, 2}};

    t = (struct topology){0};
    for (unsigned nid = 0; nid < 4; nid++)
        node(nid, 256 * MIB, BIT(nid));
    start(true);
    for (unsigned nid = 0; nid < 4; nid++)
        assert_memory_equal(fr.nodes[nid].fallback, want[nid], 4);
    frames_done(&fr);

    /* 0 and 1 are neighbours, and so are 2 and 3. */
    t.distance[0][1] = t.distance[1][0] = t.distance[2][3] = t.distance[3][2] = 12;
    start(true);
    assert_memory_equal(fr.nodes[0].fallback, ((const u8[]){0, 1, 2, 3}), 4);
    assert_memory_equal(fr.nodes[2].fallback, ((const u8[]){2, 3, 0, 1}), 4);
    frames_done(&fr);
}

TEST(nodes_without_cpus_are_preferred_and_those_without_memory_are_last)
{
    s64 hits, others;

    t = (struct topology){0};
    node(0, 256 * MIB, 1);
    node(1, 256 * MIB, 2);
    node(2, 256 * MIB, 0);
    node(3, 0, 4);
    start(true);
    assert_memory_equal(fr.nodes[0].fallback, ((const u8[]){0, 2, 1, 3}), 4);
    hits = of_node(2, NUMA_HIT);
    others = of_node(2, NUMA_OTHER);
    /* A CPU of the node without memory finds it near by, and not on its own node. */
    assert_int_equal(frame_nid(&fr, take(nodes_near(3), 2)), 2);
    assert_int_equal(of_node(2, NUMA_HIT) - hits, 1);
    assert_int_equal(of_node(2, NUMA_OTHER) - others, 1);
    frames_done(&fr);
}

TEST(a_full_node_overflows_and_both_sides_count_it)
{
    u64 low;
    s64 hits;

    t = (struct topology){0};
    node(0, 128 * MIB, 1);
    node(1, 128 * MIB, 2);
    start(false);
    low = fr.nodes[0].zones[ZONE_DMA32].watermark[WMARK_LOW];
    while (frame_nid(&fr, take(nodes_near(0), 0)) == 0)
        ;
    hits = of_node(0, NUMA_HIT);
    assert_true(fr.nodes[0].zones[ZONE_DMA32].free_pages <= low + 64);
    assert_int_equal(of_node(0, NUMA_LOCAL), hits);
    assert_int_equal(of_node(0, NUMA_FOREIGN), 1);
    assert_int_equal(of_node(1, NUMA_MISS), 1);
    assert_int_equal(of_node(1, NUMA_OTHER), 1);
    assert_int_equal(of_node(1, NUMA_HIT), 0);
    assert_int_equal(counters.v[NUMA_MISS], 1);
    assert_int_equal(counters.v[NUMA_HIT], hits);
    buddy_check(&fr);
    frames_done(&fr);
}

TEST(a_mask_is_not_left_however_full_its_nodes_are)
{
    pfn_t pfn;
    u64 n = 0;

    t = (struct topology){0};
    for (unsigned nid = 0; nid < 3; nid++)
        node(nid, 64 * MIB, BIT(nid));
    start(false);
    while ((pfn = take((struct alloc_nodes){.mask = BIT(1), .nid = 0}, 0)) != PFN_NONE) {
        assert_int_equal(frame_nid(&fr, pfn), 1);
        n++;
    }
    assert_true(n > 64 * MIB / PAGE_SIZE / 2);
    assert_int_equal(of_node(1, NUMA_HIT), n); /* it got what it asked for */
    assert_int_equal(of_node(1, NUMA_OTHER), n);
    assert_int_equal(of_node(0, NUMA_FOREIGN), 0);
    frames_done(&fr);
}

TEST(descriptors_and_lists_of_a_large_machine_are_bounded)
{
    t = (struct topology){0};
    for (unsigned nid = 0; nid < 8; nid++)
        node(nid, 128 * GIB, (u64)0xff << (nid * 8));
    start(true);
    assert_int_equal(fr.nr_zones, 8 * NR_ZONES);
    /* 1 TiB in 12 GiB: descriptors take 8 of them, and what is kept per zone and CPU hardly
     * anything. */
    assert_int_equal(fr.end_pfn * sizeof(struct frame) / GIB, 8);
    assert_true(fr.nr_zones * (sizeof(struct zone) + fr.nr_cpus * sizeof(struct per_cpu_pages)) <
                4 * MIB);
    assert_int_equal(frame_nid(&fr, fr.end_pfn - 1), 7);
    frames_done(&fr);
}

TEST_MAIN()
