/* fragmentation_test.c - the indexes against figures worked out by hand. */
#include "base/test.h"
#include "frames/fragmentation.h"

/* A zone with so many free blocks of each order. */
static struct zone zone_with(u64 order_0, u64 order_3, u64 order_9)
{
    struct zone z = {.managed = 100000, .present = 100000};

    z.nr_free[0] = order_0;
    z.nr_free[3] = order_3;
    z.nr_free[9] = order_9;
    z.free_pages = order_0 + (order_3 << 3) + (order_9 << 9);
    for (unsigned o = 0; o < ORDER_MAX; o++)
        z.free_area[o][MT_MOVABLE].count = z.nr_free[o];
    return z;
}

TEST(an_index_says_memory_or_pieces)
{
    struct zone z = zone_with(100, 0, 0);

    /* 100 pages in 100 blocks, 16 wanted: 1000 - (1000 + 100000 / 16) / 100 */
    assert_int_equal(zone_fragmentation_index(&z, 4), 1000 - (1000 + 6250) / 100);
    /* An order that is there does not fail. */
    assert_int_equal(zone_fragmentation_index(&z, 0), -1000);
    z = zone_with(0, 2, 0); /* two large pieces, and not enough of them: memory is short */
    assert_int_equal(zone_fragmentation_index(&z, 9), 1000 - (1000 + 31) / 2);
    z = zone_with(0, 0, 0);
    assert_int_equal(zone_fragmentation_index(&z, 9), 0);
}

TEST(unusable_is_what_is_in_smaller_blocks)
{
    struct zone z = zone_with(100, 50, 1);

    assert_int_equal(zone_unusable_index(&z, 0), 0);
    assert_int_equal(zone_unusable_index(&z, 3), 100 * 1000 / 1012);
    assert_int_equal(zone_unusable_index(&z, 9), 500 * 1000 / 1012);
    assert_int_equal(zone_external_fragmentation(&z, 9), 49);
    z = zone_with(0, 0, 0);
    assert_int_equal(zone_unusable_index(&z, 5), 1000);
    assert_int_equal(zone_external_fragmentation(&z, 5), 0);
}

TEST(compaction_is_for_pieces_and_needs_room)
{
    struct zone z = zone_with(8000, 0, 0);

    z.watermark[WMARK_MIN] = 100;
    z.watermark[WMARK_LOW] = 200;
    z.watermark[WMARK_HIGH] = 300;
    assert_int_equal(compaction_suitable(&z, 9, 0, ZONE_NORMAL, 500), COMPACTION_CONTINUE);
    assert_int_equal(compaction_suitable(&z, 9, 0, ZONE_NORMAL, 999), COMPACTION_SKIPPED);
    assert_int_equal(compaction_suitable(&z, 3, 0, ZONE_NORMAL, 999), COMPACTION_CONTINUE);
    assert_int_equal(compaction_suitable(&z, COMPACT_ALL, 0, ZONE_NORMAL, 999),
                     COMPACTION_CONTINUE);
    z.free_pages = 200 + 1024; /* the low watermark and twice the block: one page too few */
    assert_int_equal(compaction_suitable(&z, 9, 0, ZONE_NORMAL, 500), COMPACTION_SKIPPED);
    assert_int_equal(compaction_suitable_with(&z, 9, 0, ZONE_NORMAL, 200 + 1025),
                     COMPACTION_CONTINUE);
    z = zone_with(8000, 0, 1);
    assert_int_equal(compaction_suitable(&z, 9, 0, ZONE_NORMAL, 500), COMPACTION_SUCCESS);
}

TEST_MAIN()
