/* cgroup_events_test.c - every event of a cgroup is a counter of the same name, and in one of two
 * files. */
#include "base/test.h"
#include "stats/cgroup_events.h"

#include <string.h>

TEST(every_event_is_a_counter_called_file_and_key)
{
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        const struct cgroup_event_info *event = &cgroup_event_info[i];
        enum counter id = cgroup_event_counter(i);
        char name[64];

        snprintf(name, sizeof(name), "%s.%s", event->file, event->key);
        assert_string_equal(counter_info[id].name, name);
        assert_int_equal(counter_info[id].kind, COUNTER_EVENT);
        assert_int_equal(cgroup_event_of(id), i);
    }
    assert_int_equal(cgroup_event_of(PGFAULT), NR_CGROUP_EVENTS);
    assert_int_equal(cgroup_event_of(MEMCG_ZSWAPPED), NR_CGROUP_EVENTS);
}

TEST(every_counter_of_an_event_file_is_in_the_table)
{
    for (unsigned id = 0; id < NR_COUNTERS; id++)
        assert_int_equal(strstr(counter_info[id].name, ".events.") != NULL,
                         cgroup_event_of((enum counter)id) != NR_CGROUP_EVENTS);
}

TEST(every_event_is_in_one_file_and_those_of_memory_come_first)
{
    bool swap = false;

    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        assert_int_equal(cgroup_event_in(i, CGROUP_EVENTS_FILE) +
                             cgroup_event_in(i, CGROUP_SWAP_EVENTS_FILE),
                         1);
        assert_false(swap && cgroup_event_in(i, CGROUP_EVENTS_FILE));
        swap = cgroup_event_in(i, CGROUP_SWAP_EVENTS_FILE);
    }
    assert_true(swap);
}

TEST_MAIN()
