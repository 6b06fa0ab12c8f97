/* vec_test.c - pushes, pops and iteration of the typed array. */
#include "base/vec.h"

#include "base/test.h"

struct pair {
    u64 a, b;
};

TEST(pushed_elements_keep_their_order)
{
    VEC(struct pair) pairs = {0};
    u64 want = 0;

    for (u64 i = 0; i < 1000; i++)
        vec_push(&pairs, ((struct pair){i, i * i}));
    assert_int_equal(pairs.count, 1000);
    vec_for_each (&pairs, at) {
        assert_int_equal(at->a, want);
        assert_int_equal(at->b, want * want);
        want++;
    }
    assert_int_equal(want, 1000);
    assert_int_equal(vec_pop(&pairs).a, 999);
    assert_int_equal(vec_last(&pairs).a, 998);
    vec_reset(&pairs);
    assert_int_equal(pairs.count, 0);
    vec_done(&pairs);
    assert_null(pairs.items);
}

TEST(empty_vector_iterates_over_nothing)
{
    VEC(int) none = {0};

    vec_for_each (&none, at)
        fail_msg("visited %d", *at);
    vec_reserve(&none, 3);
    assert_true(none.capacity >= 3);
    vec_done(&none);
}

TEST(a_moved_vector_leaves_nothing_behind)
{
    VEC(int) to = {0};
    VEC(int) from = {0};

    vec_push(&to, 1);
    vec_push(&from, 2);
    vec_push(&from, 3);
    vec_move(&to, &from);
    assert_int_equal(to.count, 2);
    assert_int_equal(to.items[1], 3);
    assert_null(from.items);
    assert_int_equal(from.count + from.capacity, 0);
    vec_done(&to);
}

TEST_MAIN()
