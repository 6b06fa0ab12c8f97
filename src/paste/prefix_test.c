/* prefix_test.c - what loggers put before a message is taken away, and its times are understood. */
#include "paste/prefix.h"

#include "base/test.h"

#define MESSAGE "Out of memory: Killed process 7 (a)"
#define WALL    1725343068000000ull /* 2024-09-03 05:57:48 UTC */

static struct prefix take(const char *line)
{
    struct prefix_log log = {.latest_year = 2024};
    struct prefix p;

    prefix_take(span_of(line, strlen(line)), &log, &p);
    return p;
}

TEST(a_prefix_of_any_logger_is_taken_away)
{
    static const struct {
        const char *prefix;
        u64 at_us, wall_us;
    } cases[] = {
        {"[17657.186235] ", 17657186235, UINT64_MAX},
        {"[Sep03 05:57] ", UINT64_MAX, WALL - 48000000},
        {"[17657.186235 <    0.000012>] ", 17657186235, UINT64_MAX},
        {"[17657.186235][ T1234] ", 17657186235, UINT64_MAX},
        {"kern  :err   : [17657.186235] ", 17657186235, UINT64_MAX},
        {"3,1234,17657186235,-;", 17657186235, UINT64_MAX},
        {"[Tue Sep  3 05:57:48 2024] ", UINT64_MAX, WALL},
        {"[mar. sept.  3 05:57:48 2024] ", UINT64_MAX, WALL},
        {"2024-09-03T05:57:48+00:00 host1 kernel: [17657.186235] ", 17657186235, WALL},
        {"2024-09-03T13:57:48,000000+08:00 ", UINT64_MAX, WALL},
        {"<30>1 2024-09-03T05:57:48Z host1 kernel - - - ", UINT64_MAX, WALL},
        {"Sep  3 05:57:48 host1 kernel: ", UINT64_MAX, WALL},
        {"9月 03 05:57:48 host1 kernel: ", UINT64_MAX, WALL},
        {"Tue 2024-09-03 05:57:48 UTC host1 kernel: ", UINT64_MAX, WALL},
        {"messages-20240908:Sep  3 05:57:48 host1 kernel: ", UINT64_MAX, WALL},
        {"412-Sep  3 05:57:48 host1 kernel: ", UINT64_MAX, WALL},
        {"1725343068.000000 host1 kernel: ", UINT64_MAX, WALL},
        {"2024-09-03T05:57:48Z stderr F [17657.186235] ", 17657186235, WALL},
        {"09-03 05:57:48.000     0     0 E [17657.186235] ", 17657186235, WALL},
        {"10.0.0.2: kern:     err: [2024-09-03T05:57:48Z]: ", UINT64_MAX, WALL},
        {"Tue Sep  3 05:57:48 2024 kern.err kernel: [17657.186235] ", 17657186235, WALL},
        {"I0903 05:57:48.000000       1 log_monitor.go:160] New status generated: ", UINT64_MAX,
         WALL},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        char line[256];
        struct prefix p;

        snprintf(line, sizeof(line), "%s%s", cases[i].prefix, MESSAGE);
        p = take(line);
        assert_true(p.is_log);
        if (!span_is(p.message, MESSAGE))
            fail_msg("of '%s' '%.*s' is left", line, (int)span_len(p.message), p.message.at);
        assert_true(p.at_us == cases[i].at_us);
        assert_true(p.wall_us == cases[i].wall_us);
    }
}

TEST(a_row_of_a_task_table_is_left_alone)
{
    struct prefix p = take("[  70675]     0 70675      243        1    28672        0  -998 pause");

    assert_false(p.is_log);
    p = take("[Thu May  9 14:52:38 2024] [  70675]     0 70675      243        1    28672");
    assert_true(p.is_log && span_begins(p.message, "[  70675]"));
}

TEST(dates_without_a_year_keep_the_log_in_order)
{
    static const char *const lines[] = {"Sep  7 14:18:32 h kernel: a",
                                        "Sep 23 02:21:30 h kernel: b",
                                        "Jan 29 01:35:37 h kernel: c"};
    struct prefix_log log = {.latest_year = 2023};
    u64 last = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        struct prefix p;

        prefix_take(span_of(lines[i], strlen(lines[i])), &log, &p);
        assert_true(p.year_guessed && p.wall_us > last);
        last = p.wall_us;
    }
}

TEST_MAIN()
