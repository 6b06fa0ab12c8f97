/* shared_policy_test.c - policies of shared memory by page. */
#include "base/test.h"
#include "space/shared_policy.h"

#define PAGES 40u

static struct mempolicy bound(u64 nodes)
{
    return (struct mempolicy){.mode = nodes ? MPOL_BIND : MPOL_DEFAULT, .nodes = nodes};
}

TEST(the_last_policy_of_a_page_holds)
{
    static const struct {
        u64 from, to, nodes;
        size_t ranges; /* afterwards */
    } steps[] = {
        {10, 20, 1, 1}, {20, 30, 1, 1}, {5, 8, 2, 2},   {12, 14, 2, 4}, {14, 16, 2, 4},
        {7, 11, 4, 5},  {0, 40, 0, 0},  {3, 9, 1, 1},   {5, 7, 0, 2},   {5, 7, 1, 1},
        {0, 3, 2, 2},   {1, 39, 8, 2},  {39, 40, 8, 2}, {0, 1, 8, 1},
    };
    struct shared_policy s = {0};
    u64 plain[PAGES] = {0};

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        shared_policy_set(&s, steps[i].from, steps[i].to, bound(steps[i].nodes));
        shared_policy_check(&s);
        for (u64 page = steps[i].from; page < steps[i].to; page++)
            plain[page] = steps[i].nodes;
        for (u64 page = 0; page < PAGES; page++) {
            const struct mempolicy *p = shared_policy_at(&s, page);

            assert_int_equal(p ? p->nodes : 0, plain[page]);
        }
        assert_int_equal(s.ranges.count, steps[i].ranges);
    }
    shared_policy_done(&s);
}

TEST_MAIN()
