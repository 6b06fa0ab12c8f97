/* capture_time.c - which sample --at means. */
#include "observe/capture.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S   ((u64)1000000)
#define AT_FORMATS "want 2026-11-25 03:10:00, 03:10, +90s from the start or -5min from the end"

size_t capture_find(const struct capture *c, ns_t since_first)
{
    size_t low = 0, high = capture_count(c);

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (capture_sample(c, middle)->since_first <= since_first)
            low = middle;
        else
            high = middle;
    }
    return low;
}

u64 capture_steps_back(const struct capture *c)
{
    u64 steps = 0;

    for (size_t i = 1; i < capture_count(c); i++)
        steps += capture_sample(c, i)->wall_us < capture_sample(c, i - 1)->wall_us;
    return steps;
}

/* The first and the last time that the clock of the machine showed. */
static void find_bounds(const struct capture *c, u64 *ret_first_us, u64 *ret_last_us)
{
    *ret_first_us = UINT64_MAX;
    *ret_last_us = 0;
    for (size_t i = 0; i < capture_count(c); i++) {
        *ret_first_us = MIN(*ret_first_us, capture_sample(c, i)->wall_us);
        *ret_last_us = MAX(*ret_last_us, capture_sample(c, i)->wall_us);
    }
}

/* A sample stands for the time until the next one, and the last one before the clock went back for
 * a second. The last sample that stands for this time; where none does, the one whose time is
 * nearest before it. */
static size_t find_wall(const struct capture *c, u64 wall_us)
{
    size_t nearest = 0;

    for (size_t i = capture_count(c); i-- > 0;) {
        u64 from = capture_sample(c, i)->wall_us, to = from + US_PER_S;

        if (i + 1 < capture_count(c) && capture_sample(c, i + 1)->wall_us >= from)
            to = capture_sample(c, i + 1)->wall_us;
        if (from <= wall_us && wall_us < to)
            return i;
        if (from <= wall_us && (capture_sample(c, nearest)->wall_us > wall_us ||
                                from > capture_sample(c, nearest)->wall_us))
            nearest = i;
    }
    return nearest;
}

static bool parse_tm(const char *text, const char *format, struct tm *tm)
{
    const char *end = strptime(text, format, tm);

    return end && *end == '\0';
}

/* Local time as in the zone of whoever reads. */
static bool parse_date(const char *text, u64 *ret_us)
{
    static const char *const formats[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
                                          "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"};

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        struct tm tm = {.tm_isdst = -1};
        time_t at;

        if (!parse_tm(text, formats[i], &tm))
            continue;
        at = mktime(&tm);
        if (at < 0)
            return false;
        *ret_us = (u64)at * US_PER_S;
        return true;
    }
    return false;
}

/* The last such time of day before the end of the capture. */
static bool parse_time_of_day(const char *text, u64 end_us, u64 *ret_us)
{
    time_t end = (time_t)(end_us / US_PER_S), at;
    struct tm tm = {0}, day;

    if (!parse_tm(text, "%H:%M:%S", &tm) && !parse_tm(text, "%H:%M", &tm))
        return false;
    if (!localtime_r(&end, &day))
        return false;
    day.tm_hour = tm.tm_hour;
    day.tm_min = tm.tm_min;
    day.tm_sec = tm.tm_sec;
    day.tm_isdst = -1;
    at = mktime(&day);
    if (at > end) {
        day.tm_mday--;
        day.tm_isdst = -1;
        at = mktime(&day);
    }
    if (at < 0)
        return false;
    *ret_us = (u64)at * US_PER_S;
    return true;
}

static void format_time(char *buf, size_t size, u64 wall_us)
{
    time_t at = (time_t)(wall_us / US_PER_S);
    struct tm tm;

    if (!localtime_r(&at, &tm) || strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        snprintf(buf, size, "@%" PRIu64, wall_us / US_PER_S);
}

static int outside(const char *text, u64 first_us, u64 last_us, struct err *e)
{
    char from[32], to[32];

    format_time(from, sizeof(from), first_us);
    format_time(to, sizeof(to), last_us);
    return err_set(e, -ERANGE, "'%s' is outside of the capture, which is of %s to %s", text, from,
                   to);
}

int capture_parse_at(const struct capture *c, const char *text, size_t *ret, struct err *e)
{
    ns_t span, length = capture_sample(c, capture_count(c) - 1)->since_first;
    u64 first_us, last_us, at;

    find_bounds(c, &first_us, &last_us);
    if (text[0] == '+' || text[0] == '-') {
        if (parse_duration(text + 1, &span, e))
            return -EINVAL;
        if (text[0] == '+' ? span >= length + NS_PER_S : span > length)
            return outside(text, first_us, last_us, e);
        *ret = capture_find(c, text[0] == '+' ? span : length - span);
        return 0;
    }
    if (text[0] == '@') {
        if (parse_u64(text + 1, &at, e))
            return -EINVAL;
        if (at >= UINT64_MAX / US_PER_S - 1)
            return outside(text, first_us, last_us, e);
        at *= US_PER_S;
    } else if (!parse_date(text, &at) && !parse_time_of_day(text, last_us, &at)) {
        return err_set(e, -EINVAL, "'%s' is no time: " AT_FORMATS, text);
    }
    /* The second after the last sample belongs to it; and times are typed in whole seconds. */
    if (at + US_PER_S <= first_us || at >= last_us + US_PER_S)
        return outside(text, first_us, last_us, e);
    *ret = find_wall(c, at);
    return 0;
}
