/* workers_test.c - each index once, and the first error by index. */
#include "base/test.h"

#include "size/workers.h"

#define NR 100u

struct work {
    unsigned done[NR];
    unsigned fails_from; /* this index and all above it */
};

static int do_index(void *ctx, unsigned index, struct err *e)
{
    struct work *w = ctx;

    __atomic_add_fetch(&w->done[index], 1, __ATOMIC_RELAXED);
    return index >= w->fails_from ? err_set(e, -EINVAL, "index %u", index) : 0;
}

TEST(each_index_is_done_once)
{
    for (unsigned jobs = 1; jobs <= 300; jobs += 13) {
        struct work work = {.fails_from = NR};
        const struct workers w = {.jobs = jobs, .nr = NR, .run = do_index, .ctx = &work};

        assert_int_equal(workers_run(&w, NULL), 0);
        for (unsigned i = 0; i < NR; i++)
            assert_int_equal(work.done[i], 1);
    }
}

TEST(the_lowest_index_that_failed_is_told_and_no_new_one_begun)
{
    struct work work = {.fails_from = 20};
    struct workers w = {.jobs = 1, .nr = NR, .run = do_index, .ctx = &work};
    struct err e = {0};

    assert_int_equal(workers_run(&w, &e), -EINVAL);
    assert_string_equal(e.text, "index 20");
    assert_int_equal(work.done[20], 1);
    assert_int_equal(work.done[21], 0);
    w.jobs = 4;
    assert_int_equal(workers_run(&w, &e), -EINVAL);
    assert_string_equal(e.text, "index 20");
    w.nr = 0;
    assert_int_equal(workers_run(&w, &e), 0);
}

TEST_MAIN()
