/* addrmap_test.c - ranges that replace, cut and join each other, beside a plain array. */
#include "base/test.h"

#include "base/prng.h"
#include "workload/addrmap.h"

#define PAGES 256u

struct plain {
    s64 moved[PAGES];
    bool mapped[PAGES];
};

static void compare(struct addrmap *m, const struct plain *p)
{
    addrmap_check(m);
    for (vpn_t vpn = 0; vpn < PAGES; vpn++) {
        const struct addr_range *r = addrmap_find_after(m, vpn);
        bool inside = r && r->start <= vpn;

        assert_int_equal(addrmap_moved(m, vpn), p->moved[vpn]);
        assert_int_equal(inside && r->mapped, p->mapped[vpn]);
    }
}

TEST(a_map_agrees_with_a_plain_array)
{
    struct plain p = {0};
    struct addrmap m;
    struct prng prng;

    addrmap_init(&m);
    prng_seed(&prng, 7);
    for (unsigned i = 0; i < 3000; i++) {
        vpn_t start = prng_below(&prng, PAGES), end = start + 1 + prng_below(&prng, PAGES - start);
        s64 moved = (s64)prng_below(&prng, 4) * 1000;
        bool map = prng_below(&prng, 3) != 0;

        if (map)
            addrmap_map(&m, start, end, moved);
        else
            addrmap_unmap(&m, start, end);
        for (vpn_t vpn = start; vpn < end; vpn++) {
            p.mapped[vpn] = map;
            if (map)
                p.moved[vpn] = moved;
        }
        compare(&m, &p);
    }
    addrmap_done(&m);
}

TEST(a_mapping_that_grows_stays_one_range)
{
    struct addrmap m, copy;

    addrmap_init(&m);
    addrmap_init(&copy);
    for (vpn_t at = 10; at < 100; at++)
        addrmap_map(&m, at, at + 1, 5);
    assert_int_equal(m.ranges.count, 1);
    addrmap_copy(&copy, &m);
    addrmap_unmap(&m, 20, 30);
    assert_int_equal(m.ranges.count, 3);
    assert_int_equal(addrmap_moved(&m, 25), 5); /* where it was */
    assert_int_equal(copy.ranges.count, 1);
    addrmap_done(&copy);
    addrmap_done(&m);
}

TEST_MAIN()
