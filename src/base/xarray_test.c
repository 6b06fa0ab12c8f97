/* xarray_test.c - shapes, searches and marks of the tree; and random operations against a plain
 * array. */
#include "base/xarray.h"

#include "base/prng.h"
#include "base/test.h"

#include <string.h>

TEST(empty_array_has_no_node)
{
    struct xarray xa;
    u64 index = 0;

    xa_init(&xa);
    xa_check(&xa);
    assert_int_equal(xa_load(&xa, 0), 0);
    assert_int_equal(xa_load(&xa, UINT64_MAX), 0);
    assert_int_equal(xa_find(&xa, &index, XA_INDEX_MAX), 0);
    assert_int_equal(xa_erase(&xa, 7), 0);
    assert_int_equal(xa.nodes, 0);
    assert_int_equal(xa.count, 0);
    xa_done(&xa);
}

TEST(index_zero_alone_needs_no_node)
{
    struct xarray xa;

    xa_init(&xa);
    assert_int_equal(xa_store(&xa, 0, 42), 0);
    assert_int_equal(xa.nodes, 0);
    xa_set_mark(&xa, 0, XA_MARK_1);
    assert_int_equal(xa_store(&xa, 1, 43), 0);
    xa_check(&xa);
    assert_int_equal(xa.nodes, 1);
    assert_true(xa_get_mark(&xa, 0, XA_MARK_1));
    assert_int_equal(xa_erase(&xa, 1), 43);
    xa_check(&xa);
    assert_int_equal(xa.nodes, 0);
    assert_true(xa_get_mark(&xa, 0, XA_MARK_1));
    assert_int_equal(xa_load(&xa, 0), 42);
    xa_done(&xa);
}

TEST(nodes_are_those_the_kernel_would_have)
{
    /* What lib/xarray.c allocates for these sets of indexes, in this order. */
    static const struct {
        u64 indexes[4];
        unsigned count, nodes, height;
    } cases[] = {
        {{1}, 1, 1, 1},
        {{63}, 1, 1, 1},
        {{64}, 1, 2, 2},
        {{0, 64}, 2, 3, 2},
        {{4095}, 1, 2, 2},
        {{4096}, 1, 3, 3},
        {{0, 4096}, 2, 5, 3},
        {{0, 63, 64, 127}, 4, 3, 2},
        {{UINT64_MAX}, 1, 11, 11},
        {{UINT64_MAX, 0}, 2, 21, 11},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct xarray xa;

        xa_init(&xa);
        for (unsigned n = 0; n < cases[i].count; n++)
            xa_store(&xa, cases[i].indexes[n], 2);
        xa_check(&xa);
        assert_int_equal(xa.nodes, cases[i].nodes);
        assert_int_equal(xa.height, cases[i].height);
        for (unsigned n = 0; n < cases[i].count; n++)
            assert_int_equal(xa_erase(&xa, cases[i].indexes[n]), 2);
        xa_check(&xa);
        assert_int_equal(xa.nodes, 0);
        xa_done(&xa);
    }
}

TEST(dense_array_takes_less_than_nine_bytes_per_entry)
{
    struct xarray xa;
    u64 entries = 1 << 20;

    xa_init(&xa);
    for (u64 i = 0; i < entries; i++)
        xa_store(&xa, i, i + 1);
    xa_check(&xa);
    /* The host's malloc adds 16 bytes to a node at most. */
    assert_true(xa.nodes * (sizeof(struct xa_node) + 16) < 9 * entries);
    xa_done(&xa);
}

TEST(deep_tree_shrinks_when_the_far_entry_goes)
{
    struct xarray xa;

    xa_init(&xa);
    xa_store(&xa, 3, 8);
    xa_store(&xa, BIT_ULL(40), 10);
    assert_true(xa.height > 6);
    xa_erase(&xa, BIT_ULL(40));
    xa_check(&xa);
    assert_int_equal(xa.height, 1);
    assert_int_equal(xa.nodes, 1);
    assert_int_equal(xa_load(&xa, 3), 8);
    xa_done(&xa);
}

TEST(nodes_count_their_values)
{
    struct xarray xa;

    xa_init(&xa);
    xa_store(&xa, 64, 1);
    xa_store(&xa, 65, 3);
    assert_int_equal(xa.values, 2);
    assert_int_equal(xa.value_nodes, 1);
    assert_int_equal(xa_store(&xa, 65, 4), 3);
    assert_int_equal(xa.values, 1);
    assert_int_equal(xa.value_nodes, 0);
    xa_erase(&xa, 65);
    assert_int_equal(xa.value_nodes, 1);
    xa_check(&xa);
    xa_done(&xa);
}

TEST(marks_survive_replacement_and_die_with_the_entry)
{
    struct xarray xa;
    u64 index = 0;

    xa_init(&xa);
    xa_set_mark(&xa, 100, XA_MARK_0); /* nothing there: nothing happens */
    assert_false(xa_get_mark(&xa, 100, XA_MARK_0));
    xa_store(&xa, 100, 2);
    xa_store(&xa, 5000, 2);
    xa_set_mark(&xa, 100, XA_MARK_0);
    xa_set_mark(&xa, 5000, XA_MARK_0);
    xa_store(&xa, 100, 4);
    assert_true(xa_get_mark(&xa, 100, XA_MARK_0));
    assert_false(xa_get_mark(&xa, 100, XA_MARK_1));
    assert_int_equal(xa_find_marked(&xa, &index, XA_INDEX_MAX, XA_MARK_0), 4);
    assert_int_equal(index, 100);
    xa_erase(&xa, 100);
    xa_store(&xa, 100, 6);
    xa_check(&xa);
    assert_false(xa_get_mark(&xa, 100, XA_MARK_0));
    index = 0;
    assert_int_equal(xa_find_marked(&xa, &index, 4999, XA_MARK_0), 0);
    assert_int_equal(index, 0);
    assert_int_equal(xa_find_marked(&xa, &index, 5000, XA_MARK_0), 2);
    assert_int_equal(index, 5000);
    xa_done(&xa);
}

TEST(both_ends_of_the_index_space_work)
{
    struct xarray xa;
    u64 index, entry, visits = 0;

    xa_init(&xa);
    xa_store(&xa, UINT64_MAX, 2);
    xa_store(&xa, 0, 4);
    xa_for_each (&xa, index, entry)
        visits++;
    assert_int_equal(visits, 2);
    assert_int_equal(index, UINT64_MAX);
    xa_check(&xa);
    xa_done(&xa);
}

TEST(body_of_for_each_may_erase)
{
    struct xarray xa;
    u64 index, entry, sum = 0;

    xa_init(&xa);
    for (u64 i = 0; i < 1000; i++)
        xa_store(&xa, i * 37, i + 1);
    xa_for_each_range (&xa, index, entry, 37, 37 * 998) {
        sum += entry;
        xa_erase(&xa, index);
    }
    assert_int_equal(sum, 999 * 1000 / 2 - 1);
    assert_int_equal(xa.count, 2);
    xa_check(&xa);
    xa_done(&xa);
}

/* ---- random operations against a plain array ---- */

#define PLAIN_SIZE 20000

struct plain {
    u64 entry[PLAIN_SIZE];
    bool marked[PLAIN_SIZE][XA_MARKS];
};

/* Index i of the plain array stands for a place that makes deep and shallow trees. */
static u64 spread(u64 i, unsigned shift)
{
    return i << shift;
}

static u64 plain_find(const struct plain *plain, u64 from, int mark)
{
    while (from < PLAIN_SIZE && (!plain->entry[from] || (mark >= 0 && !plain->marked[from][mark])))
        from++;
    return from;
}

static void compare_searches(const struct xarray *xa, const struct plain *plain, u64 i,
                             unsigned shift)
{
    for (int mark = -1; mark < XA_MARKS; mark++) {
        u64 want = plain_find(plain, i, mark);
        u64 index = spread(i, shift);
        u64 entry = mark < 0 ? xa_find(xa, &index, XA_INDEX_MAX)
                             : xa_find_marked(xa, &index, XA_INDEX_MAX, (enum xa_mark)mark);

        assert_int_equal(entry, want < PLAIN_SIZE ? plain->entry[want] : 0);
        if (entry)
            assert_int_equal(index, spread(want, shift));
    }
}

static void random_step(struct xarray *xa, struct plain *plain, struct prng *p, unsigned shift,
                        unsigned erase_percent)
{
    u64 i = prng_below(p, 8) ? prng_below(p, 300) : prng_below(p, PLAIN_SIZE);
    u64 index = spread(i, shift);
    enum xa_mark mark = prng_below(p, 2) ? XA_MARK_1 : XA_MARK_0;
    u64 dice = prng_below(p, 100);

    if (dice < 50) {
        u64 entry = prng_below(p, 100) < erase_percent ? 0 : prng_below(p, 1000) + 1;

        assert_int_equal(xa_store(xa, index, entry), plain->entry[i]);
        plain->entry[i] = entry;
        if (!entry)
            memset(plain->marked[i], 0, sizeof(plain->marked[i]));
    } else if (dice < 70) {
        xa_set_mark(xa, index, mark);
        plain->marked[i][mark] = plain->entry[i] != 0;
    } else if (dice < 80) {
        xa_clear_mark(xa, index, mark);
        plain->marked[i][mark] = false;
    } else {
        assert_int_equal(xa_load(xa, index), plain->entry[i]);
        assert_int_equal(xa_get_mark(xa, index, mark), plain->marked[i][mark]);
        compare_searches(xa, plain, i, shift);
    }
}

TEST(random_operations_agree_with_a_plain_array)
{
    static const unsigned shifts[] = {0, 1, 6, 17, 49};
    static struct plain plain;

    for (size_t s = 0; s < ARRAY_SIZE(shifts); s++) {
        struct xarray xa;
        struct prng p;

        prng_seed(&p, s);
        xa_init(&xa);
        memset(&plain, 0, sizeof(plain));
        for (unsigned step = 0; step < 60000; step++) {
            /* Grow for a while, then thin out. */
            random_step(&xa, &plain, &p, shifts[s], step / 10000 % 2 ? 80 : 20);
            if (step % 500 == 0)
                xa_check(&xa);
        }
        xa_check(&xa);
        xa_done(&xa);
        assert_int_equal(xa.nodes, 0);
    }
}

TEST_MAIN()
