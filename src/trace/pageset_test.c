/* pageset_test.c - a set of pages against a plain array. */
#include "base/test.h"

#include "base/prng.h"
#include "trace/pageset.h"

#include <string.h>

#define SPACE (5u * PAGESET_CHUNK_PAGES)

TEST(it_agrees_with_a_plain_array)
{
    static bool plain[SPACE];
    struct pageset s;
    struct prng p;
    u64 count = 0;

    prng_seed(&p, 1);
    pageset_init(&s);
    for (unsigned op = 0; op < 20000; op++) {
        u64 first = prng_below(&p, SPACE), nr = 1 + prng_below(&p, 20), changed = 0;
        unsigned what = (unsigned)prng_below(&p, 8);

        if (what == 0)
            nr = prng_below(&p, SPACE - first) + 1;
        nr = MIN(nr, SPACE - first);
        if (what < 4) {
            for (u64 i = first; i < first + nr; i++) {
                changed += plain[i];
                plain[i] = false;
            }
            count -= changed;
            assert_int_equal(pageset_clear_range(&s, first, nr), changed);
        } else if (what < 6) {
            for (u64 i = first; i < first + nr; i++) {
                changed += !plain[i];
                plain[i] = true;
            }
            count += changed;
            assert_int_equal(pageset_set_range(&s, first, nr), changed);
        } else {
            assert_int_equal(pageset_test(&s, first), plain[first]);
            assert_int_equal(pageset_test_and_set(&s, first), plain[first]);
            count += !plain[first];
            plain[first] = true;
        }
        assert_int_equal(s.count, count);
    }
    pageset_done(&s);
}

TEST(clearing_everything_costs_only_what_is_there)
{
    struct pageset s;

    pageset_init(&s);
    pageset_test_and_set(&s, 7);
    pageset_test_and_set(&s, (u64)1 << 34);
    assert_int_equal(pageset_clear_range(&s, 8, (u64)1 << 35), 1);
    assert_true(pageset_test(&s, 7));
    assert_false(pageset_test(&s, (u64)1 << 34));
    pageset_done(&s);
}

TEST_MAIN()
