/* topic_test.c - everything that is declared can be explained. */
#include "base/test.h"
#include "report/topic_list.h"
#include "stats/counters.h"
#include "stats/kernel.h"
#include "stats/tunables.h"

#include <string.h>

TEST(every_line_of_every_file_has_a_topic_with_a_sentence)
{
    const struct topic *found;
    struct topics t;

    topics_init(&t, kernel_default());
    for (unsigned i = 0; i < t.kernel.nr_vmstat; i++)
        assert_int_not_equal(topics_find(&t, counter_info[t.kernel.vmstat[i]].name, &found, 1), 0);
    for (unsigned i = 0; i < t.kernel.nr_memory_stat; i++)
        assert_int_not_equal(topics_find(&t, t.kernel.memory_stat[i]->name, &found, 1), 0);
    for (unsigned i = 0; i < nr_tunables; i++)
        assert_int_not_equal(topics_find(&t, tunable_info[i].key, &found, 1), 0);
    for (size_t i = 0; i < t.count; i++) {
        assert_non_null(t.items[i].doc);
        assert_true(strlen(t.items[i].doc) > 8);
    }
    topics_done(&t);
}

TEST(what_a_machine_renders_and_findings_tell_to_look_at_is_known)
{
    static const char *const names[] = {
        "buddyinfo",
        "pagetypeinfo",
        "extfrag_index",
        "unusable_index",
        "compact_memory",
        "compaction",
        "migration",
        "SIGBUS",
        "ZONE_MOVABLE",
        "page allocation failure",
        "page allocation failure: order:4",
        "THPeligible",
        "Private_Hugetlb",
        "Shared_Hugetlb",
        "HugetlbPages",
        "VmPin",
        "VmLck",
        "resv_hugepages",
        "free_hugepages",
        "boost",
        "GFP_ATOMIC",
        "GFP_KERNEL",
        "GFP_NOFS",
        "__GFP_NORETRY",
        "MADV_HUGEPAGE",
        "MAP_HUGETLB",
        "nr_overcommit_hugepages",
        "reserved_highatomic",
        "hugetlb.2MB.events",
        "khugepaged",
    };
    const struct topic *found[4];
    struct topics t;

    topics_init(&t, kernel_default());
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        assert_int_equal(topics_find(&t, names[i], found, 4), 1);
    /* Of both directories. */
    assert_int_equal(topics_find(&t, "defrag", found, 4), 2);
    topics_done(&t);
}

TEST(names_are_found_as_people_write_them)
{
    const struct topic *found[4];
    struct topics t;

    topics_init(&t, kernel_default());
    assert_int_equal(topics_find(&t, "swappiness", found, 4), 1);
    assert_string_equal(found[0]->name, "vm.swappiness");
    assert_int_equal(topics_find(&t, "VM/swappiness", found, 4), 1);
    assert_int_equal(topics_find(&t, "memfree:", found, 4), 1);
    assert_int_equal(topics_find(&t, "memory.events:max", found, 4), 1);
    assert_int_equal(topics_find(&t, "Slab", found, 4), 2);
    assert_int_equal(topics_find(&t, "Slab", found, 1), 1);
    assert_int_equal(topics_find(&t, "numa_balancing", found, 4), 1);
    assert_string_equal(found[0]->name, "kernel.numa_balancing");
    assert_int_equal(topics_find(&t, "N13", found, 4), 1);
    assert_int_equal(topics_find(&t, "N1=512", found, 4), 1);
    assert_int_equal(topics_find(&t, "node.12.ram", found, 4), 1);
    assert_int_equal(topics_find(&t, "node.x.ram", found, 4), 0);
    assert_int_equal(topics_find(&t, "bind:0", found, 4), 1);
    assert_int_equal(topics_find(&t, "prefer (many):0-1", found, 4), 1);
    assert_string_equal(found[0]->name, "prefer");
    assert_int_equal(topics_find(&t, "", found, 4), 0);
    assert_int_equal(topics_find(&t, ":", found, 4), 0);
    topics_done(&t);
}

TEST(no_name_is_listed_twice)
{
    struct strbuf names;
    struct topics t;

    topics_init(&t, kernel_default());
    strbuf_init(&names);
    topics_render_names(&t, &names);
    for (char *line = names.text, *end; (end = strchr(line, '\n')); line = end + 1) {
        char again[80];

        snprintf(again, sizeof(again), "\n%.*s\n", (int)(end - line), line);
        assert_null(strstr(end, again));
    }
    strbuf_done(&names);
    topics_done(&t);
}

TEST_MAIN()
