/* buddy_test.c - free blocks as drawings: one character a frame, '.' in use, a digit the first
 * frame of a free block of that order, '-' the rest of it. */
#include "base/test.h"

#include "frames/frames_int.h"

#include <string.h>

#define DRAWN 32u

static struct frames fr;
static struct counters counters;
static struct zone *zone;
static pfn_t base; /* first frame of an untouched block of order 10 */

static int machine_setup(void **state)
{
    struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = 1};
    struct err e;

    (void)state;
    counters = (struct counters){0};
    assert_int_equal(frames_init(&fr, &config, &counters, &e), 0);
    zone = &fr.zones[ZONE_DMA32];
    base = zone->untouched[0].start;
    return 0;
}

static int machine_teardown(void **state)
{
    (void)state;
    frame_check(&fr);
    buddy_check(&fr);
    frames_done(&fr);
    return 0;
}

static const char *draw(pfn_t start, unsigned n)
{
    static char text[64];
    unsigned at = 0;

    memset(text, '.', sizeof(text));
    while (at < n) {
        const struct frame *f = &fr.frame[start + at];
        unsigned length = frame_is_buddy(f) ? 1u << frame_order(f) : 1;

        if (frame_is_buddy(f)) {
            for (unsigned i = at; i < MIN(at + length, n); i++)
                text[i] = '-';
            text[at] = (char)('0' + frame_order(f));
        }
        at += length;
    }
    text[n] = 0;
    return text;
}

static pfn_t take(unsigned order, enum migratetype mt)
{
    pfn_t pfn = buddy_take(&fr, zone, order, mt, 0);

    if (pfn == PFN_NONE)
        return pfn;
    zone_account_free(&fr, zone, -((s64)1 << order));
    for (unsigned i = 0; i < 1u << order; i++)
        fr.frame[pfn + i].flags = ZONE_DMA32;
    return pfn;
}

static void give(pfn_t pfn, unsigned order)
{
    buddy_free_one(&fr, zone, pfn, order, frames_pageblock_mt(&fr, pfn));
}

/* Empty the lists below order 10, so that the next block is split from `base`. */
static void take_the_scraps(void)
{
    for (unsigned order = ORDER_MAX - 1; order-- > 0;) {
        while (zone->nr_free[order])
            take(order, MT_MOVABLE);
    }
}

TEST_WITH(buddy_split_keeps_the_lower_half, machine_setup, machine_teardown)
{
    take_the_scraps();
    assert_int_equal(take(0, MT_MOVABLE), base);
    assert_string_equal(draw(base, DRAWN), ".01-2---3-------4---------------");
    assert_int_equal(take(2, MT_MOVABLE), base + 4);
    assert_string_equal(draw(base, DRAWN), ".01-....3-------4---------------");
    assert_int_equal(take(2, MT_MOVABLE), base + 8);
    assert_string_equal(draw(base, DRAWN), ".01-........2---4---------------");
}

TEST_WITH(buddy_merge_restores_order_10, machine_setup, machine_teardown)
{
    u64 free_before, blocks;
    pfn_t a, b;

    take_the_scraps();
    free_before = zone->free_pages;
    blocks = zone->nr_free[10];
    a = take(0, MT_MOVABLE);
    b = take(3, MT_MOVABLE);
    assert_int_equal(zone->nr_free[10], blocks - 1);
    give(b, 3);
    assert_string_equal(draw(base, DRAWN), ".01-2---3-------4---------------");
    give(a, 0);
    assert_int_equal(zone->nr_free[10], blocks);
    assert_int_equal(zone->free_pages, free_before);
    assert_int_equal(frame_order(&fr.frame[base]), 10);
}

TEST_WITH(buddy_does_not_merge_blocks_that_are_not_buddies, machine_setup, machine_teardown)
{
    pfn_t p[4];

    take_the_scraps();
    for (unsigned i = 0; i < 4; i++)
        p[i] = take(0, MT_MOVABLE);
    give(p[1], 0);
    give(p[2], 0);
    assert_string_equal(draw(base, 8), ".00.2---");
    give(p[3], 0);
    assert_string_equal(draw(base, 8), ".01-2---");
}

/* A page whose buddy's parent is already free waits at the tail for the merge that will probably
 * come. */
TEST_WITH(buddy_likely_to_merge_goes_to_the_tail, machine_setup, machine_teardown)
{
    pfn_t p[16];

    take_the_scraps();
    for (unsigned i = 0; i < 16; i++)
        p[i] = take(0, MT_MOVABLE);
    give(p[8], 0);
    assert_string_equal(draw(base, 16), "........0.......");
    give(p[2], 0);
    give(p[3], 0);
    assert_string_equal(draw(base, 16), "..1-....0.......");
    give(p[1], 0); /* 0 is in use, but 2-3 is free */
    assert_string_equal(draw(base, 16), ".01-....0.......");
    assert_int_equal(zone->free_area[0][MT_MOVABLE].head, p[8]);
    assert_int_equal(zone->free_area[0][MT_MOVABLE].tail, p[1]);
    give(p[12], 0); /* nothing near it: to the head, first to be taken again */
    assert_int_equal(zone->free_area[0][MT_MOVABLE].head, p[12]);
}

TEST_WITH(buddy_takes_blocks_from_low_to_high_on_a_fresh_machine, machine_setup, machine_teardown)
{
    pfn_t before;

    take_the_scraps();
    before = take(10, MT_MOVABLE);
    assert_int_equal(before, base);
    while (zone->nr_free[10]) {
        pfn_t pfn = take(10, MT_MOVABLE);

        assert_true(pfn > before);
        before = pfn;
    }
    assert_int_equal(zone->free_pages, 0);
    assert_int_equal(zone->nr_untouched, 0);
    assert_int_equal(take(0, MT_MOVABLE), PFN_NONE);
}

TEST_WITH(pageblock_unmovable_page_claims_a_whole_block, machine_setup, machine_teardown)
{
    pfn_t pfn;

    take_the_scraps();
    pfn = take(0, MT_UNMOVABLE);
    assert_int_equal(pfn, base);
    assert_int_equal(frames_pageblock_mt(&fr, base), MT_UNMOVABLE);
    assert_int_equal(frames_pageblock_mt(&fr, base + PAGEBLOCK_PAGES), MT_UNMOVABLE);
    assert_int_equal(zone->free_area[9][MT_UNMOVABLE].count, 1);
    /* and movable pages stay out of it */
    assert_true(take(0, MT_MOVABLE) >= base + MAX_ORDER_PAGES);
}

/* Fill the zone with movable pages; then free `n` from `base` on. */
static void fill_and_free(unsigned n)
{
    while (take(0, MT_MOVABLE) != PFN_NONE)
        ;
    for (unsigned i = 0; i < n; i++)
        give(base + i, 0);
}

TEST_WITH(pageblock_less_than_half_free_keeps_its_type, machine_setup, machine_teardown)
{
    fill_and_free(16);
    for (unsigned i = 16; i < PAGEBLOCK_PAGES; i++)
        frame_set(&fr.frame[base + i], PG_LRU); /* the rest could move: not alike */
    assert_string_equal(draw(base, 20), "4---------------....");
    assert_int_equal(take(1, MT_UNMOVABLE), base);
    assert_int_equal(frames_pageblock_mt(&fr, base), MT_MOVABLE);
    /* all of its free pages went to the taker */
    assert_int_equal(zone->free_area[3][MT_UNMOVABLE].count, 1);
    assert_int_equal(zone->free_area[1][MT_UNMOVABLE].count, 1);
    assert_int_equal(zone->free_area[3][MT_MOVABLE].count, 0);
    for (unsigned i = 16; i < PAGEBLOCK_PAGES; i++)
        frame_clear(&fr.frame[base + i], PG_LRU);
}

TEST_WITH(pageblock_of_pages_that_cannot_move_changes_type, machine_setup, machine_teardown)
{
    fill_and_free(16);
    assert_int_equal(take(1, MT_UNMOVABLE), base);
    assert_int_equal(frames_pageblock_mt(&fr, base), MT_UNMOVABLE);
}

TEST_WITH(pageblock_movable_page_takes_the_smallest_block_of_another_type, machine_setup,
          machine_teardown)
{
    fill_and_free(0);
    for (unsigned i = 0; i < 2; i++)
        fr.pageblock_mt[(base >> PAGEBLOCK_ORDER) + i] = MT_UNMOVABLE;
    for (unsigned i = 0; i < 8; i++)
        give(base + i, 0);
    give(base + 10, 0);
    assert_string_equal(draw(base, 16), "3-------..0.....");
    assert_int_equal(take(0, MT_MOVABLE), base + 10);
    assert_string_equal(draw(base, 16), "3-------........");
    assert_int_equal(frames_pageblock_mt(&fr, base), MT_UNMOVABLE);
}

TEST_WITH(pageblock_theft_boosts_the_watermarks_up_to_a_limit, machine_setup, machine_teardown)
{
    u64 high = zone->watermark[WMARK_HIGH];

    fill_and_free(16);
    assert_int_equal(zone->watermark_boost, 0);
    fr.boosted = 0;
    assert_int_not_equal(buddy_take(&fr, zone, 0, MT_UNMOVABLE, ALLOC_KSWAPD), PFN_NONE);
    zone_account_free(&fr, zone, -1);
    assert_int_equal(zone->watermark_boost, MAX(MIN(512, high * 3 / 2), 512));
    assert_int_equal(fr.boosted, 1); /* of node 0 */
    assert_int_equal(zone_wmark_pages(zone, WMARK_HIGH), high + zone->watermark_boost);
}

TEST_WITH(highatomic_block_is_reserved_and_given_back, machine_setup, machine_teardown)
{
    u32 flags = ALLOC_WMARK_MIN | ALLOC_HARDER | ALLOC_HIGH;
    pfn_t pfn;

    pfn = frames_try_alloc(&fr, nodes_near(0), 2, MT_UNMOVABLE, flags, 0);
    assert_int_not_equal(pfn, PFN_NONE);
    assert_int_equal(frames_pageblock_mt(&fr, pfn), MT_HIGHATOMIC);
    assert_int_equal(zone->nr_reserved_highatomic, PAGEBLOCK_PAGES);
    assert_false(frames_unreserve_highatomic(&fr, nodes_near(0), MT_MOVABLE,
                                             false)); /* the last one stays */
    assert_true(frames_unreserve_highatomic(&fr, nodes_near(0), MT_MOVABLE, true));
    assert_int_equal(frames_pageblock_mt(&fr, pfn), MT_MOVABLE);
    assert_int_equal(zone->nr_reserved_highatomic, 0);
    frames_free(&fr, pfn, 2, 0);
}

TEST_MAIN()
