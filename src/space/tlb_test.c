/* tlb_test.c - what stays, what goes. */
#include "base/test.h"
#include "space/tlb.h"

/* Entries in use, without those of huge pages. */
static unsigned tlb_count(const struct tlb *t)
{
    unsigned count = 0;

    for (u64 i = 0; i < (t->sets_mask + 1) * TLB_SLOTS; i++)
        count += t->tags[i] != 0 && t->tags[i] != TLB_NO_WAY;
    return count;
}

TEST(loaded_translation_hits_for_its_address_space_only)
{
    struct tlb t;

    tlb_init(&t, TLB_ENTRIES_DEFAULT);
    assert_false(tlb_hit(&t, 1, 100, false));
    tlb_insert(&t, 1, 100, false);
    assert_true(tlb_hit(&t, 1, 100, false));
    assert_false(tlb_hit(&t, 2, 100, false));
    assert_false(tlb_hit(&t, 1, 101, false));
    tlb_done(&t);
}

TEST(write_misses_until_a_write_loaded_it)
{
    struct tlb t;

    tlb_init(&t, 64);
    tlb_insert(&t, 1, 7, false);
    assert_false(tlb_hit(&t, 1, 7, true));
    tlb_insert(&t, 1, 7, true);
    assert_true(tlb_hit(&t, 1, 7, true));
    assert_true(tlb_hit(&t, 1, 7, false));
    assert_int_equal(tlb_count(&t), 1);
    tlb_insert(&t, 1, 7, false); /* the entry was made read-only and loaded again */
    assert_false(tlb_hit(&t, 1, 7, true));
    tlb_done(&t);
}

TEST(a_huge_translation_covers_all_its_pages)
{
    struct tlb t;

    tlb_init_both(&t, 64);
    tlb_insert_huge(&t, 1, 512 + 7, false);
    assert_true(tlb_hit_huge(&t, 1, 512, false));
    assert_true(tlb_hit_huge(&t, 1, 1023, false));
    assert_false(tlb_hit_huge(&t, 1, 1024, false));
    assert_false(tlb_hit_huge(&t, 2, 512, false));
    assert_false(tlb_hit_huge(&t, 1, 512, true)); /* a store has to set the dirty bit */
    assert_false(tlb_hit(&t, 1, 512, false));     /* of its pages, those that were used */
    tlb_insert(&t, 1, 1000, false);
    tlb_insert(&t, 1, 2000, false);
    tlb_flush_huge(&t, 1, 600);
    assert_false(tlb_hit_huge(&t, 1, 512, false));
    assert_false(tlb_hit(&t, 1, 1000, false));
    assert_true(tlb_hit(&t, 1, 2000, false));
    tlb_done(&t);
}

TEST(every_flush_takes_huge_translations_along)
{
    struct tlb t;

    tlb_init_both(&t, 64);
    for (unsigned way = 0; way < 4; way++) {
        tlb_insert_huge(&t, 1, 512, true);
        switch (way) {
        case 0:
            tlb_flush_page(&t, 1, 700);
            break;
        case 1:
            tlb_flush_range(&t, 1, 1020, 1030);
            break;
        case 2:
            tlb_flush_mm(&t, 1);
            break;
        case 3:
            tlb_flush_all(&t);
            break;
        }
        assert_false(tlb_hit_huge(&t, 1, 512, false));
    }
    tlb_done(&t);
}

TEST(extreme_numbers_are_told_apart)
{
    const u32 ids[] = {1, 2, (1u << 28) - 2};
    const u64 vpns[] = {0, 1, 1ull << 34, (1ull << 35) - 1};
    struct tlb t;

    tlb_init(&t, 3);
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(vpns); j++) {
            assert_false(tlb_hit(&t, ids[i], vpns[j], false));
            tlb_insert(&t, ids[i], vpns[j], true);
            assert_true(tlb_hit(&t, ids[i], vpns[j], true));
        }
    }
    assert_int_equal(tlb_count(&t), 3);
    tlb_done(&t);
}

TEST(consecutive_pages_fill_it_and_the_oldest_goes_first)
{
    struct tlb t;
    unsigned kept = 0;

    tlb_init(&t, TLB_ENTRIES_DEFAULT);
    for (u64 vpn = 0; vpn < 1536; vpn++)
        tlb_insert(&t, 1, (1u << 20) + vpn, false);
    assert_int_equal(tlb_count(&t), 1536);
    for (u64 vpn = 1536; vpn < 1536 + 512; vpn++)
        tlb_insert(&t, 1, (1u << 20) + vpn, false);
    for (u64 vpn = 0; vpn < 512; vpn++)
        kept += tlb_hit(&t, 1, (1u << 20) + vpn, false);
    assert_int_equal(kept, 0);
    for (u64 vpn = 512; vpn < 2048; vpn++)
        assert_true(tlb_hit(&t, 1, (1u << 20) + vpn, false));
    tlb_done(&t);
}

TEST(every_geometry_holds_at_least_what_was_asked)
{
    for (unsigned entries = 1; entries < 3000; entries = entries * 5 / 4 + 1) {
        struct tlb t;

        tlb_init(&t, entries);
        for (u64 vpn = 0; vpn < 40000; vpn++)
            tlb_insert(&t, 1, vpn, vpn & 1);
        assert_in_range(tlb_count(&t), entries, entries * 3 / 2 + 2);
        tlb_done(&t);
    }
}

TEST(flushes_take_what_they_name)
{
    struct tlb t;

    tlb_init(&t, TLB_ENTRIES_DEFAULT);
    for (u64 vpn = 0; vpn < 100; vpn++) {
        tlb_insert(&t, 1, vpn, true);
        tlb_insert(&t, 2, vpn, true);
    }
    tlb_flush_page(&t, 1, 5);
    assert_false(tlb_hit(&t, 1, 5, false));
    assert_true(tlb_hit(&t, 2, 5, false));
    tlb_flush_range(&t, 1, 10, 10 + TLB_FLUSH_CEILING);
    assert_false(tlb_hit(&t, 1, 10, false));
    assert_true(tlb_hit(&t, 1, 60, false));
    tlb_flush_range(&t, 1, 10, 11 + TLB_FLUSH_CEILING);
    assert_false(tlb_hit(&t, 1, 60, false));
    assert_int_equal(tlb_count(&t), 100);
    tlb_flush_mm(&t, 2);
    assert_int_equal(tlb_count(&t), 0);
    tlb_insert(&t, 1, 1, true);
    tlb_flush_all(&t);
    assert_int_equal(tlb_count(&t), 0);
    tlb_done(&t);
}

TEST_MAIN()
