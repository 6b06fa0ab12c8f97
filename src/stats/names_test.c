/* names_test.c - mistyped names find the right one. */
#include "base/test.h"
#include "stats/counters.h"
#include "stats/names.h"
#include "stats/tunables.h"

#include <string.h>

TEST(distance_counts_edits_and_swapped_neighbours)
{
    assert_int_equal(name_distance("", ""), 0);
    assert_int_equal(name_distance("swap", ""), 4);
    assert_int_equal(name_distance("pgmajfault", "pgmajfualt"), 1);
    assert_int_equal(name_distance("pgmajfault", "pgmjfault"), 1);
    assert_int_equal(name_distance("kitten", "sitting"), 3);
    assert_int_equal(name_distance("vm.page-cluster", "VM/page_cluster"), 0);
}

TEST(every_counter_is_found_by_its_name_and_no_name_is_used_twice)
{
    for (unsigned i = 0; i < NR_COUNTERS; i++) {
        assert_int_equal(counter_find(counter_info[i].name), i);
        assert_true(strlen(counter_info[i].doc) > 10);
        assert_int_equal(counter_info[i].doc[strlen(counter_info[i].doc) - 1], '.');
    }
    assert_int_equal(counter_find("no_such_counter"), NR_COUNTERS);
    assert_int_equal(counter_find(""), NR_COUNTERS);
}

TEST(a_mistyped_counter_is_suggested_first)
{
    struct nearest n;
    char text[256];

    nearest_init(&n, "pgmajfualt");
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        nearest_offer(&n, counter_info[i].name);
    assert_true(n.count >= 1);
    assert_string_equal(n.name[0], "pgmajfault");
    assert_memory_equal(nearest_text(&n, text, sizeof(text)), "; did you mean 'pgmajfault'", 27);
}

TEST(nonsense_is_near_nothing)
{
    struct nearest n;
    char text[64];

    nearest_init(&n, "qqqqqqqqqqqqq");
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        nearest_offer(&n, counter_info[i].name);
    assert_int_equal(n.count, 0);
    assert_string_equal(nearest_text(&n, text, sizeof(text)), "");
}

TEST(the_three_nearest_are_kept_in_order)
{
    struct nearest n;

    nearest_init(&n, "abcdef");
    nearest_offer(&n, "abcdxy");
    nearest_offer(&n, "abcdex");
    nearest_offer(&n, "abcdyx");
    nearest_offer(&n, "abcdef");
    nearest_offer(&n, "abcdef");
    assert_int_equal(n.count, 3);
    assert_string_equal(n.name[0], "abcdef");
    assert_string_equal(n.name[1], "abcdex");
    assert_string_equal(n.name[2], "abcdxy");
}

TEST(defaults_lie_within_their_bounds)
{
    struct tunables t;

    tunables_init(&t);
    for (unsigned i = 0; i < nr_tunables; i++) {
        assert_true(tunables_get(&t, &tunable_info[i]) >= tunable_info[i].min);
        assert_true(tunables_get(&t, &tunable_info[i]) <= tunable_info[i].max);
    }
    assert_int_equal(t.swappiness, 60);
}

TEST(a_tunable_takes_numbers_sizes_and_a_name_without_vm)
{
    struct tunables t;

    tunables_init(&t);
    assert_int_equal(tunables_set(&t, "swappiness", "10", NULL), 0);
    assert_int_equal(t.swappiness, 10);
    assert_int_equal(tunables_set(&t, "vm.min_free_kbytes", "64M", NULL), 0);
    assert_int_equal(t.min_free_kbytes, 65536);
    assert_int_equal(tunables_set(&t, "vm.min_free_kbytes", "4096", NULL), 0);
    assert_int_equal(t.min_free_kbytes, 4096);
    assert_int_equal(tunables_set(&t, "vm.dirty_bytes", "16M", NULL), 0);
    assert_int_equal(t.dirty_bytes, 16 * MIB);
    assert_int_equal(t.dirty_ratio, 0);
    assert_int_equal(tunables_set(&t, "vm.dirty_ratio", "30", NULL), 0);
    assert_int_equal(t.dirty_bytes, 0);
}

TEST(a_wrong_tunable_is_refused_with_what_would_be_right)
{
    struct tunables t;
    struct err e = {0};

    tunables_init(&t);
    assert_int_equal(tunables_set(&t, "vm.swapiness", "10", &e), -ENOENT);
    assert_string_equal(e.text, "unknown tunable 'vm.swapiness'; did you mean 'vm.swappiness'?");
    assert_int_equal(tunables_set(&t, "vm.swappiness", "201", &e), -ERANGE);
    assert_string_equal(e.text, "vm.swappiness goes from 0 to 200, not 201");
    assert_int_equal(tunables_set(&t, "vm.swappiness", "ten", &e), -EINVAL);
    assert_string_equal(e.text, "vm.swappiness wants a number from 0 to 200, not 'ten'");
    assert_int_equal(tunables_set(&t, "vm.swappiness", "", &e), -EINVAL);
    assert_int_equal(t.swappiness, 60);
}

TEST_MAIN()
