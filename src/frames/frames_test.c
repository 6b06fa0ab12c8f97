/* frames_test.c - zones, watermarks and per-CPU lists, through the public calls. */
#include "base/test.h"

#include "frames/frames.h"

static struct frames fr;
static struct counters counters;

static void machine(u64 ram_bytes, unsigned nr_cpus)
{
    struct frames_config config = {
        .ram_bytes = ram_bytes, .nr_cpus = nr_cpus, .kernel = kernel_default()};
    struct err e;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
}

static int machine_done(void **state)
{
    (void)state;
    frame_check(&fr);
    buddy_check(&fr);
    frames_done(&fr);
    return 0;
}

static pfn_t take(u32 flags)
{
    return frames_try_alloc(&fr, nodes_near(0), 0, MT_MOVABLE, flags | ALLOC_MOVABLE, 0);
}

TEST_WITH(zones_span_what_linux_gives_them, NULL, machine_done)
{
    machine(8 * GIB, 1);
    assert_int_equal(fr.zones[ZONE_DMA].start_pfn, 1);
    assert_int_equal(fr.zones[ZONE_DMA].spanned, 4095);
    assert_int_equal(fr.zones[ZONE_DMA].present, 3998);
    assert_int_equal(fr.zones[ZONE_DMA].managed, 3840);
    assert_int_equal(fr.zones[ZONE_DMA32].start_pfn, 4096);
    assert_int_equal(fr.zones[ZONE_DMA32].spanned, (1 << 20) - 4096);
    assert_true(fr.zones[ZONE_DMA32].present < 2 * GIB / PAGE_SIZE);
    assert_int_equal(fr.zones[ZONE_NORMAL].start_pfn, 1 << 20);
    assert_int_equal(fr.zones[ZONE_NORMAL].spanned, 6 * GIB / PAGE_SIZE);
    assert_int_equal(fr.zones[ZONE_NORMAL].present, 6 * GIB / PAGE_SIZE);
    assert_int_equal(fr.zones[ZONE_MOVABLE].present, 0);
}

TEST_WITH(a_small_machine_has_no_normal_zone, NULL, machine_done)
{
    machine(384 * MIB, 1);
    assert_int_equal(fr.zones[ZONE_NORMAL].present, 0);
    assert_ptr_equal(fr.nodes[0].zonelist[ZONE_MOVABLE][0], &fr.zones[ZONE_DMA32]);
    assert_ptr_equal(fr.nodes[0].zonelist[ZONE_MOVABLE][1], &fr.zones[ZONE_DMA]);
    assert_null(fr.nodes[0].zonelist[ZONE_MOVABLE][2]);
}

TEST_WITH(movable_zone_lies_at_the_top, NULL, machine_done)
{
    struct frames_config config = {.ram_bytes = 8 * GIB, .nr_cpus = 1, .movable_bytes = 2 * GIB};
    struct err e;
    pfn_t pfn;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    assert_int_equal(fr.zones[ZONE_MOVABLE].spanned, 2 * GIB / PAGE_SIZE);
    assert_int_equal(fr.zones[ZONE_MOVABLE].start_pfn + fr.zones[ZONE_MOVABLE].spanned, fr.end_pfn);
    pfn = take(ALLOC_WMARK_LOW);
    assert_ptr_equal(frames_zone(&fr, pfn), &fr.zones[ZONE_MOVABLE]);
    pfn = frames_try_alloc(&fr, nodes_near(0), 0, MT_UNMOVABLE, ALLOC_WMARK_LOW, 0);
    assert_ptr_equal(frames_zone(&fr, pfn), &fr.zones[ZONE_NORMAL]);
}

/* Where the image takes nearly all of ZONE_DMA32, watermarks go by what is left, and leave room
 * above them. */
TEST_WITH(the_smallest_machine_has_room_above_its_watermarks, NULL, machine_done)
{
    for (unsigned i = 0; i < nr_kernel_releases; i++) {
        struct frames_config config = {
            .ram_bytes = 64 * MIB, .nr_cpus = 2, .kernel = kernel_releases[i]};
        struct err e;
        u64 managed = 0;

        if (i)
            frames_done(&fr);
        assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
        assert_true(frames_count_above_high(&fr, ZONE_NORMAL) > fr.managed_pages * 9 / 10);
        for (unsigned z = 0; z < fr.nr_zones; z++)
            managed += fr.zones[z].managed;
        assert_int_equal(managed, fr.managed_pages);
    }
}

TEST(a_machine_too_small_is_refused_with_a_reason)
{
    struct frames_config config = {.ram_bytes = 32 * MIB, .nr_cpus = 1, .kernel = kernel_default()};
    struct err e = {0};

    assert_int_equal(frames_init(&fr, &config, &counters, &e), -EINVAL);
    assert_true(e.text[0]);
    config.ram_bytes = 1;
    assert_int_equal(frames_init(&fr, &config, &counters, &e), -EINVAL);
    config.ram_bytes = 64 * TIB;
    assert_int_equal(frames_init(&fr, &config, &counters, &e), -EINVAL);
    config.ram_bytes = GIB;
    config.nr_cpus = 0;
    assert_int_equal(frames_init(&fr, &config, &counters, &e), -EINVAL);
}

/* batch of zones of 1 GiB and more is 63; high is the low watermark shared by the CPUs. */
TEST_WITH(pcp_limits_follow_the_size_of_the_zone, NULL, machine_done)
{
    const struct zone *z;

    machine(64 * GIB, 4);
    z = &fr.zones[ZONE_NORMAL];
    assert_int_equal(z->pcp[3].batch, 63);
    assert_int_equal(z->pcp[3].high, z->watermark[WMARK_LOW] / 4);
    assert_int_equal(fr.zones[ZONE_DMA].pcp[0].batch, 1);
}

TEST_WITH(watermarks_follow_min_free_kbytes, NULL, machine_done)
{
    const struct zone *z;

    machine(64 * GIB, 4);
    z = &fr.zones[ZONE_NORMAL];
    assert_true(fr.min_free_kbytes > 30000 && fr.min_free_kbytes < 33000); /* sqrt(16 x 64 Mi) */
    assert_int_equal(z->watermark[WMARK_HIGH] - z->watermark[WMARK_LOW], z->managed / 1000);
    assert_int_equal(z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN], z->managed / 1000);

    fr.min_free_kbytes = 4 * MIB / KIB * 1024;
    fr.watermark_scale_factor = 100;
    frames_setup_watermarks(&fr);
    assert_int_equal(z->watermark[WMARK_LOW] - z->watermark[WMARK_MIN],
                     z->watermark[WMARK_MIN] / 4);
    assert_int_equal(fr.zones[ZONE_DMA32].lowmem_reserve[ZONE_NORMAL], z->managed / 256);
    assert_int_equal(fr.zones[ZONE_DMA32].lowmem_reserve[ZONE_MOVABLE], z->managed / 256);
}

/* tests/diff/fixtures-6.1/384M/proc/zoneinfo; `protection` as it was before somebody read
 * vm.lowmem_reserve_ratio. */
TEST_WITH(a_guest_of_384_mib_has_the_numbers_of_a_real_one, NULL, machine_done)
{
    struct zone *dma, *dma32;

    machine(384 * MIB, 1);
    dma = &fr.zones[ZONE_DMA];
    dma32 = &fr.zones[ZONE_DMA32];
    assert_int_equal(fr.managed_pages * 4, 352272);
    assert_int_equal(fr.min_free_kbytes, 2339);
    assert_int_equal(dma->managed, 3840);
    assert_int_equal(dma->watermark[WMARK_MIN], 26);
    assert_int_equal(dma->watermark[WMARK_LOW], 32);
    assert_int_equal(dma->watermark[WMARK_HIGH], 38);
    assert_int_equal(dma->pcp[0].high, 32);
    assert_int_equal(dma->pcp[0].batch, 1);
    assert_int_equal(zone_stat_threshold(dma, 1), 2);
    assert_int_equal(dma32->spanned, 94176);
    assert_int_equal(dma32->present, 94176);
    assert_int_equal(dma32->managed, 84228);
    assert_int_equal(dma32->watermark[WMARK_MIN], 557);
    assert_int_equal(dma32->watermark[WMARK_LOW], 696);
    assert_int_equal(dma32->watermark[WMARK_HIGH], 835);
    assert_int_equal(dma32->pcp[0].high, 696);
    assert_int_equal(dma32->pcp[0].batch, 15);
    assert_int_equal(zone_stat_threshold(dma32, 1), 6);
    frames_setup_lowmem_reserve(&fr);
    assert_int_equal(dma->lowmem_reserve[ZONE_DMA], 0);
    assert_int_equal(dma->lowmem_reserve[ZONE_DMA32], 329);
    assert_int_equal(dma->lowmem_reserve[ZONE_MOVABLE], 329);
    assert_int_equal(dma32->lowmem_reserve[ZONE_MOVABLE], 0);
}

/* The boot constants of each other release come from such guests as well
 * (tests/diff/fixtures-6.12). */
TEST_WITH(guests_of_6_12_have_the_memory_of_real_ones, NULL, machine_done)
{
    static const struct {
        u64 ram, managed_dma32, managed;
    } guest[] = {{384 * MIB, 82913, 3840 + 82913}, {6 * GIB, 494362, 3840 + 494362 + 1020612}};

    for (unsigned i = 0; i < ARRAY_SIZE(guest); i++) {
        struct frames_config config = {
            .ram_bytes = guest[i].ram, .nr_cpus = 1, .kernel = kernel_find("6.12")};

        assert_int_equal(frames_init(&fr, &config, &counters, NULL), 0);
        assert_int_equal(fr.zones[ZONE_DMA].managed, 3840);
        assert_in_range(fr.zones[ZONE_DMA32].managed, guest[i].managed_dma32 - 1,
                        guest[i].managed_dma32 + 1);
        assert_in_range(fr.managed_pages, guest[i].managed - 1, guest[i].managed + 1);
        if (i + 1 < ARRAY_SIZE(guest))
            frames_done(&fr);
    }
}

/* tests/diff/fixtures-6.1/6G/proc/zoneinfo */
TEST_WITH(a_guest_of_6_gib_has_the_numbers_of_a_real_one, NULL, machine_done)
{
    struct zone *dma, *dma32;
    struct zone *normal;

    machine(6 * GIB, 1);
    dma = &fr.zones[ZONE_DMA];
    dma32 = &fr.zones[ZONE_DMA32];
    normal = &fr.zones[ZONE_NORMAL];
    assert_int_equal(fr.managed_pages * 4, 6080516);
    assert_int_equal(fr.min_free_kbytes, 9837);
    assert_int_equal(dma->watermark[WMARK_MIN], 6);
    assert_int_equal(dma->watermark[WMARK_LOW], 9);
    assert_int_equal(dma->watermark[WMARK_HIGH], 12);
    assert_int_equal(dma->lowmem_reserve[ZONE_DMA32], 1926);
    assert_int_equal(dma->lowmem_reserve[ZONE_NORMAL], 5912);
    assert_int_equal(dma32->present, 520160);
    assert_int_equal(dma32->managed, 495673);
    assert_int_equal(dma32->watermark[WMARK_MIN], 799);
    assert_int_equal(dma32->watermark[WMARK_LOW], 1292);
    assert_int_equal(dma32->watermark[WMARK_HIGH], 1785);
    assert_int_equal(dma32->lowmem_reserve[ZONE_NORMAL], 3986);
    assert_int_equal(dma32->pcp[0].high, 1292);
    assert_int_equal(dma32->pcp[0].batch, 63);
    assert_int_equal(zone_stat_threshold(dma32, 1), 10);
    assert_int_equal(normal->spanned, 1048576);
    assert_int_equal(normal->managed, 1020616);
    assert_int_equal(normal->watermark[WMARK_MIN], 1653);
    assert_int_equal(normal->watermark[WMARK_LOW], 2673);
    assert_int_equal(normal->watermark[WMARK_HIGH], 3693);
    assert_int_equal(normal->pcp[0].high, 2673);
    assert_int_equal(zone_stat_threshold(normal, 1), 12);
}

TEST_WITH(khugepaged_raises_min_free_kbytes, NULL, machine_done)
{
    struct frames_config config = {
        .ram_bytes = 16 * GIB, .nr_cpus = 2, .khugepaged = true, .kernel = kernel_default()};
    struct err e;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    assert_int_equal(fr.min_free_kbytes, 67584); /* what a 16 GiB desktop shows */
}

/* What a 6.1 guest of 320 MiB showed once `enabled` had been written. */
TEST_WITH(small_machines_raise_min_free_kbytes_for_who_asks, NULL, machine_done)
{
    struct frames_config config = {.ram_bytes = 320 * MIB,
                                   .nr_cpus = 1,
                                   .khugepaged = true,
                                   .khugepaged_by_default = true,
                                   .kernel = kernel_default()};
    struct err e;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    assert_true(fr.small);
    assert_in_range(fr.min_free_kbytes, 2000,
                    2200); /* the formula, while the kernel's init code is there */
    frames_set_khugepaged(&fr, true, 0);
    assert_in_range(fr.zones[ZONE_DMA].watermark[WMARK_MIN], 188, 190);
    assert_in_range(fr.zones[ZONE_DMA32].watermark[WMARK_MIN], 3320, 3390);
    frames_set_khugepaged(&fr, false, 1 << 20); /* KiB that the administrator asked for */
    assert_in_range(fr.zones[ZONE_DMA32].watermark[WMARK_MIN], 3320, 3390);
    frames_set_khugepaged(&fr, false, 0);
    assert_in_range(fr.min_free_kbytes, 2000, 2200);
    frames_done(&fr);
    config.khugepaged_by_default = false;
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    assert_in_range(fr.zones[ZONE_DMA32].watermark[WMARK_MIN], 3320, 3390);
}

TEST_WITH(pcp_hands_out_what_was_freed_last, NULL, machine_done)
{
    pfn_t a, b;

    machine(GIB, 1);
    for (unsigned i = 0; i < 4096; i++) /* past the odd ends */
        take(ALLOC_WMARK_LOW);
    counters = (struct counters){0};
    counters.v[NR_FREE_PAGES] = (s64)frames_count_free(&fr);
    a = take(ALLOC_WMARK_LOW);
    b = take(ALLOC_WMARK_LOW);
    assert_int_equal(b, a + 1); /* refilled in the order of the buddy lists */
    frames_free(&fr, a, 0, 0);
    frames_free(&fr, b, 0, 0);
    assert_int_equal(take(ALLOC_WMARK_LOW), b);
    assert_int_equal(take(ALLOC_WMARK_LOW), a);
    assert_int_equal(counters.v[PGALLOC_DMA32], 4);
    assert_int_equal(counters.v[PGFREE], 2);
    frames_free(&fr, a, 0, 0);
    frames_free(&fr, b, 0, 0);
}

TEST_WITH(pcp_gives_back_the_coldest_in_growing_batches, NULL, machine_done)
{
    struct per_cpu_pages *pcp;
    pfn_t pages[4096];
    unsigned n = 0;
    u64 free_pages;

    machine(GIB, 1);
    pcp = &fr.zones[ZONE_DMA32].pcp[0];
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
        pages[i] = take(ALLOC_WMARK_LOW);
    frames_drain_pcp(&fr);
    free_pages = frames_count_free(&fr);
    while (pcp->count < pcp->high - 1)
        frames_free(&fr, pages[n++], 0, 0);
    assert_int_equal(frames_count_free(&fr), free_pages);
    frames_free(&fr, pages[n++], 0, 0);
    assert_int_equal(frames_count_free(&fr), free_pages + pcp->batch);
    assert_true(frame_is(&fr.frame[pages[n - 1]], FRAME_PCP));
    assert_false(frame_is(&fr.frame[pages[0]], FRAME_PCP));
    while (pcp->count < pcp->high - 1)
        frames_free(&fr, pages[n++], 0, 0);
    free_pages = frames_count_free(&fr);
    frames_free(&fr, pages[n++], 0, 0);
    assert_int_equal(frames_count_free(&fr), free_pages + 2 * pcp->batch);
    while (n < ARRAY_SIZE(pages))
        frames_free(&fr, pages[n++], 0, 0);
}

TEST_WITH(pcp_is_kept_short_while_kswapd_works, NULL, machine_done)
{
    struct zone *z;
    pfn_t pages[1024];

    machine(GIB, 1);
    z = &fr.zones[ZONE_DMA32];
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
        pages[i] = take(ALLOC_WMARK_LOW);
    z->reclaim_active = true;
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
        frames_free(&fr, pages[i], 0, 0);
        assert_true(z->pcp[0].count < 4 * z->pcp[0].batch);
    }
    z->reclaim_active = false;
}

TEST_WITH(allocation_stops_at_the_watermark_asked_for, NULL, machine_done)
{
    const struct zone *z;
    u64 lowest;

    machine(256 * MIB, 1);
    z = &fr.zones[ZONE_DMA32];
    while (take(ALLOC_WMARK_LOW) != PFN_NONE)
        ;
    /* DMA serves down to its mark, too, but keeps its reserve */
    assert_true(z->free_pages <= z->watermark[WMARK_LOW]);
    assert_true(z->free_pages + z->pcp[0].batch > z->watermark[WMARK_LOW]);
    assert_true(fr.zones[ZONE_DMA].free_pages >= fr.zones[ZONE_DMA].lowmem_reserve[ZONE_MOVABLE]);
    assert_false(pgdat_balanced(&fr.nodes[0], 0, ZONE_MOVABLE));
    while (take(ALLOC_WMARK_MIN) != PFN_NONE)
        ;
    assert_true(z->free_pages <= z->watermark[WMARK_MIN]);
    lowest = z->free_pages;
    assert_int_not_equal(take(ALLOC_WMARK_MIN | ALLOC_HIGH), PFN_NONE);
    while (take(ALLOC_WMARK_MIN | ALLOC_HIGH | ALLOC_HARDER) != PFN_NONE)
        ;
    assert_true(z->free_pages < lowest);
    assert_int_not_equal(take(ALLOC_NO_WATERMARKS), PFN_NONE);
    while (take(ALLOC_NO_WATERMARKS) != PFN_NONE)
        ;
    assert_int_equal(frames_count_free(&fr), 0);
    assert_int_equal(frames_count_pcp(&fr), 0);
}

TEST_WITH(a_full_normal_zone_overflows_into_dma32, NULL, machine_done)
{
    pfn_t pfn;

    machine(4 * GIB, 1);
    do
        pfn = take(ALLOC_WMARK_LOW);
    while (frames_zone(&fr, pfn) == &fr.zones[ZONE_NORMAL]);
    assert_ptr_equal(frames_zone(&fr, pfn), &fr.zones[ZONE_DMA32]);
    assert_true(fr.zones[ZONE_NORMAL].free_pages <= fr.zones[ZONE_NORMAL].watermark[WMARK_LOW]);
    assert_int_equal(counters.v[PGALLOC_DMA32], 1);
}

TEST_WITH(high_order_blocks_are_aligned_and_clean, NULL, machine_done)
{
    machine(256 * MIB, 1);
    for (unsigned order = 0; order < ORDER_MAX; order++) {
        pfn_t pfn = frames_try_alloc(&fr, nodes_near(0), order, MT_UNMOVABLE, ALLOC_WMARK_LOW, 0);

        assert_int_not_equal(pfn, PFN_NONE);
        assert_int_equal(pfn % (1u << order), 0);
        for (unsigned i = 0; i < 1u << order; i++) {
            assert_int_equal(fr.frame[pfn + i].flags, ZONE_DMA32);
            assert_int_equal(fr.frame[pfn + i].mapcount, 0);
            assert_int_equal(fr.frame[pfn + i].memcg, 0);
        }
        frames_free(&fr, pfn, order, 0);
    }
}

TEST_WITH(an_idle_machine_of_1_tib_touches_nothing, NULL, machine_done)
{
    machine(TIB, 64);
    assert_int_equal(fr.zones[ZONE_NORMAL].nr_untouched, 1);
    assert_int_equal(fr.zones[ZONE_NORMAL].free_area[10][MT_MOVABLE].head, PFN_NONE);
    assert_int_equal(fr.zones[ZONE_NORMAL].free_pages, fr.zones[ZONE_NORMAL].managed);
    frames_done(&fr);
    machine(128 * MIB, 1);
}

TEST_WITH(frames_hold_bytes_when_asked, NULL, machine_done)
{
    struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = 1, .bytes = true};
    struct err e;
    pfn_t pfn;

    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    pfn = take(ALLOC_WMARK_LOW);
    frames_bytes(&fr, pfn)[PAGE_SIZE - 1] = 0x5a;
    assert_int_equal(frames_bytes(&fr, pfn + 1)[0], 0);
    frames_free(&fr, pfn, 0, 0);
}

TEST_MAIN()
