/* heap_test.c - smallest first, equals in the order they came, whatever was removed between. */
#include "base/heap.h"

#include "base/prng.h"
#include "base/test.h"

TEST(equal_keys_come_out_in_the_order_they_went_in)
{
    struct heap h;

    heap_init(&h);
    assert_null(heap_peek(&h));
    for (u64 i = 0; i < 100; i++)
        heap_push(&h, i % 3, NULL, i);
    assert_int_equal(heap_peek(&h)->num, 0);
    for (u64 key = 0; key < 3; key++)
        for (u64 i = key; i < 100; i += 3)
            assert_int_equal(heap_pop(&h).num, i);
    assert_true(heap_empty(&h));
    heap_done(&h);
}

TEST(random_pushes_and_pops_come_out_sorted)
{
    struct heap h;
    struct prng p;

    heap_init(&h);
    prng_seed(&p, 3);
    for (unsigned round = 0; round < 200; round++) {
        u64 floor = 0;

        for (u64 n = prng_below(&p, 200); n > 0; n--)
            heap_push(&h, prng_below(&p, 1000), NULL, 0);
        heap_check(&h);
        for (u64 n = prng_below(&p, h.count + 1); n > 0; n--) {
            struct heap_item item = heap_pop(&h);

            assert_true(item.key >= floor);
            floor = item.key;
        }
        heap_check(&h);
    }
    heap_done(&h);
}

TEST_MAIN()
