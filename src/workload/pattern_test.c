/* pattern_test.c - patterns use what they say they use. */
#include "workload/pattern.h"

#include "base/test.h"

#include <math.h>

static void count_uses(const char *text, u64 n, u64 draws, u32 *uses)
{
    struct pattern_state st = {0};
    struct pattern p;
    struct prng prng;

    assert_int_equal(pattern_parse(text, &p, NULL), 0);
    prng_seed(&prng, 7);
    for (u64 i = 0; i < draws; i++) {
        u64 at = pattern_next(&p, &st, n, &prng);

        assert_true(at < n);
        uses[at]++;
    }
}

TEST(seq_visits_all_in_order)
{
    struct pattern p = {.kind = PATTERN_SEQ};
    struct pattern_state st = {0};
    struct prng prng;

    prng_seed(&prng, 1);
    for (u64 i = 0; i < 30; i++)
        assert_int_equal(pattern_next(&p, &st, 10, &prng), i % 10);
}

static int descending(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;

    return (x < y) - (x > y);
}

TEST(zipf_uses_rank_k_as_often_as_k_to_minus_theta)
{
    static const double thetas[] = {0.6, 0.9, 1.0, 1.4};

    for (unsigned i = 0; i < ARRAY_SIZE(thetas); i++) {
        u32 uses[1000] = {0};
        double sum = 0;
        char text[32];

        snprintf(text, sizeof(text), "zipf:%g", thetas[i]);
        count_uses(text, 1000, 1000000, uses);
        qsort(uses, 1000, sizeof(*uses), descending);
        for (int k = 1; k <= 1000; k++)
            sum += pow(k, -thetas[i]);
        for (int k = 1; k <= 64; k *= 4) {
            double want = 1e6 * pow(k, -thetas[i]) / sum;

            /* Five standard deviations, and a little for the order of neighbours. */
            assert_true(fabs(uses[k - 1] - want) < 5 * sqrt(want) + 0.01 * want);
        }
    }
}

TEST(zipf_reaches_everything_and_scatters_what_is_hot)
{
    u32 uses[64] = {0};
    unsigned hot_together = 0;

    count_uses("zipf:0.5", 64, 100000, uses);
    for (unsigned i = 0; i < 64; i++) {
        assert_true(uses[i] > 0);
        hot_together += i > 0 && uses[i] > 2000 && uses[i - 1] > 2000;
    }
    assert_true(hot_together < 8);
}

TEST(growth_leaves_the_hot_ones_hot)
{
    struct pattern_state st = {0};
    struct pattern p;
    struct prng prng;
    u32 before[200] = {0}, after[200] = {0};
    unsigned hottest = 0, still = 0;

    assert_int_equal(pattern_parse("zipf:1.1", &p, NULL), 0);
    prng_seed(&prng, 3);
    for (int i = 0; i < 100000; i++)
        before[pattern_next(&p, &st, 100, &prng)]++;
    for (int i = 0; i < 100000; i++)
        after[pattern_next(&p, &st, 200, &prng)]++;
    for (unsigned i = 0; i < 200; i++) {
        hottest = before[i] > before[hottest] ? i : hottest;
        still = after[i] > after[still] ? i : still;
    }
    assert_int_equal(hottest, still);
}

TEST(hotspot_sends_its_share_to_the_hot_part)
{
    u32 uses[1000] = {0};
    u64 hot = 0;

    count_uses("hotspot:90:10", 1000, 100000, uses);
    for (unsigned i = 0; i < 100; i++)
        hot += uses[i];
    assert_in_range(hot, 90500, 91500); /* 90 % and a tenth of the rest */
}

TEST(sparse_uses_every_nth_and_no_other)
{
    u32 uses[1000] = {0};

    count_uses("sparse:3", 1000, 100000, uses);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(i % 3 ? uses[i] == 0 : uses[i] > 200);
}

TEST(a_wrong_pattern_is_refused_with_what_would_be_right)
{
    static const char *const wrong[] = {
        "",        "sequential", "zipf",      "zipf:",      "zipf:0",      "zipf:nan",
        "zipf:-1", "zipf:11",    "hotspot:5", "hotspot::",  "hotspot:0:5", "hotspot:101:5",
        "sparse:", "sparse:0",   "sparse:x",  "sparse:1000"};

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct pattern p = {.kind = PATTERN_SEQ};
        struct err e = {0};

        assert_int_not_equal(pattern_parse(wrong[i], &p, &e), 0);
        assert_int_equal(p.kind, PATTERN_SEQ);
        assert_true(e.text[0] != '\0');
    }
}

TEST_MAIN()
