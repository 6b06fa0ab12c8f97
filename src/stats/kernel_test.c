/* kernel_test.c - every declared release is whole, and a machine's kernel has what it is built
 * with. */
#include "base/test.h"
#include "stats/kernel.h"

#include <string.h>

TEST(every_release_is_found_by_its_name_and_gives_each_constant)
{
    for (unsigned i = 0; i < nr_kernel_releases; i++) {
        const struct kernel_release *k = kernel_releases[i];

        assert_ptr_equal(kernel_find(k->name), k);
        assert_int_equal(strncmp(k->uname, k->name, strlen(k->name)), 0);
        assert_true(strlen(k->doc) > 10);
        assert_int_equal(k->features & k->optional, 0);
        assert_true(k->lru < NR_LRU_POLICIES);
        for (unsigned c = 0; c < nr_kernel_constants; c++)
            assert_int_not_equal(
                *(const u32 *)(const void *)((const char *)k + kernel_constant_info[c].offset), 0);
    }
    assert_null(kernel_find("2.4"));
    assert_null(kernel_find(""));
    assert_string_equal(kernel_default()->name, KERNEL_DEFAULT);
}

TEST(no_file_has_a_line_twice)
{
    for (unsigned i = 0; i < nr_kernel_releases; i++) {
        const struct kernel_release *k = kernel_releases[i];
        bool counted[NR_COUNTERS] = {0}, shown[NR_MEMORY_STATS] = {0};

        for (unsigned at = 0; at < k->nr_vmstat; at++) {
            assert_false(counted[k->vmstat[at]]);
            assert_true(counter_info[k->vmstat[at]].scopes & SCOPE_GLOBAL);
            counted[k->vmstat[at]] = true;
        }
        for (unsigned at = 0; at < k->nr_memory_stat; at++) {
            assert_false(shown[k->memory_stat[at]]);
            assert_true(counter_info[memory_stat_lines[k->memory_stat[at]].id].scopes &
                        SCOPE_CGROUP);
            shown[k->memory_stat[at]] = true;
        }
    }
}

TEST(every_line_of_memory_stat_is_printed_by_some_release)
{
    for (unsigned line = 0; line < NR_MEMORY_STATS; line++) {
        bool printed = false;

        for (unsigned i = 0; i < nr_kernel_releases; i++)
            for (unsigned at = 0; at < kernel_releases[i]->nr_memory_stat; at++)
                printed |= kernel_releases[i]->memory_stat[at] == line;
        assert_true(printed);
    }
}

TEST(zswap_lines_are_there_when_it_is_built)
{
    struct kernel without, with;

    kernel_resolve(kernel_default(), 0, &without);
    kernel_resolve(kernel_default(), BIT(KERNEL_ZSWAP), &with);
    assert_false(kernel_has(&without, KERNEL_ZSWAP));
    assert_true(kernel_has(&with, KERNEL_ZSWAP));
    assert_false(kernel_prints_vmstat(&without, ZSWPIN));
    assert_true(kernel_prints_vmstat(&with, ZSWPIN));
    assert_int_equal(with.nr_vmstat, without.nr_vmstat + 2);
    assert_int_equal(with.nr_memory_stat, without.nr_memory_stat + 4);
    assert_false(kernel_prints_memory_stat(&without, MEMCG_ZSWAP));
    assert_true(kernel_prints_memory_stat(&with, MEMCG_ZSWAP));
}

TEST(the_nearest_release_is_counted_over_major_numbers)
{
    static const struct {
        unsigned major, minor;
        const char *nearest;
    } cases[] = {{3, 10, "6.1"},  {5, 15, "6.1"},
                 {6, 1, "6.1"},   {6, 6, "6.1"},
                 {6, 7, "6.12"},  {6, 8, "6.12"},
                 {6, 12, "6.12"}, {6, 18, "6.12"},
                 {7, 0, "6.12"},  {4000000000u, 4000000000u, "6.12"}};

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(kernel_nearest(cases[i].major, cases[i].minor)->name, cases[i].nearest);
}

TEST(what_a_release_cannot_have_is_left_out)
{
    const struct kernel_release bare = {.name = "0", .features = BIT(KERNEL_ZSWAP)};
    struct kernel k;

    kernel_resolve(&bare, ~0u, &k);
    assert_int_equal(k.features, BIT(KERNEL_ZSWAP));
}

TEST_MAIN()
