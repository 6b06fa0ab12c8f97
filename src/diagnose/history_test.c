/* history_test.c - readings at any pace give rates over at least a second; what fell or is new
 * gives none. */
#include "base/test.h"
#include "diagnose/rig_testing.h"

static const ns_t MS = NS_PER_MS;

TEST(rates_need_two_readings_a_second_apart)
{
    struct turn t = {0};
    u64 v[3];

    v[turn_take(&t, 5000 * MS)] = 100;
    assert_true(isnan(turn_rate(&t, v)));
    v[turn_take(&t, 5400 * MS)] = 200;
    assert_true(isnan(turn_rate(&t, v)));
    v[turn_take(&t, 6000 * MS)] = 300;
    assert_true(turn_rate(&t, v) == 200);
}

TEST(every_reading_of_a_steady_second_is_the_next_base)
{
    struct turn t = {0};
    u64 v[3];

    for (u64 i = 0; i < 50; i++) {
        /* A timer that is a little early now and then. */
        v[turn_take(&t, (i * 1000 - (i % 3)) * MS + 10 * NS_PER_S)] = i * i;
        if (i)
            assert_true(turn_delta(&t, v) == i * i - (i - 1) * (i - 1));
    }
}

TEST(fast_readings_give_rates_over_one_to_two_seconds)
{
    struct turn t = {0};
    u64 v[3];

    for (u64 i = 0; i < 200; i++) {
        v[turn_take(&t, i * 170 * MS + NS_PER_S)] = i * 17;
        if (i * 170 < 1000)
            continue;
        assert_true(turn_seconds(&t) >= 0.9 && turn_seconds(&t) < 2.2);
        assert_true(turn_rate(&t, v) > 99.9 && turn_rate(&t, v) < 100.1);
    }
}

TEST(a_carried_reading_is_not_taken_twice)
{
    struct turn t = {0};

    assert_true(turn_take(&t, 5) >= 0);
    assert_int_equal(turn_take(&t, 5), -1);
    assert_int_equal(turn_take(&t, 4), -1);
}

TEST(what_fell_or_is_unknown_has_no_rate)
{
    struct turn t = {0};
    u64 v[3], w[3];
    int slot;

    slot = turn_take(&t, NS_PER_S);
    v[slot] = 100;
    w[slot] = UNKNOWN;
    slot = turn_take(&t, 2 * NS_PER_S);
    v[slot] = 99;
    w[slot] = 5;
    assert_int_equal(turn_delta(&t, v), UNKNOWN);
    assert_int_equal(turn_delta(&t, w), UNKNOWN);
}

TEST(the_dead_are_forgotten)
{
    struct history h;

    history_init(&h);
    for (u32 i = 1; i <= 200; i++) {
        struct snapshot s;

        rig_snapshot_init(&s, i * NS_PER_S);
        for (u32 n = 0; n < 10; n++) {
            struct process_view p = {.pid = i * 10 + n, .start_ticks = i, .rss_anon = 9 * MIB};
            char path[32];

            vec_push(&s.processes, p);
            snprintf(path, sizeof(path), "/job%u", i * 10 + n);
            rig_group_add(&s, path, GROUP_NONE, MIB, NO_LIMIT);
        }
        history_add(&h, &s);
        history_check(&h);
        snapshot_done(&s);
    }
    assert_true(h.groups.count <= 2 * 10 + 64 + 10);
    assert_true(h.processes.count <= 2 * 10 + 64 + 10);
    assert_null(history_group(&h, "/job10"));
    assert_non_null(history_group(&h, "/job2009"));
    assert_non_null(history_process(&h, 2009, 200));
    assert_null(history_process(&h, 2009, 199));
    history_done(&h);
}

TEST_MAIN()
