/* capture_time.c - which sample --at means. */
#include "observe/capture.h"

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S   ((u64)1000000)
#define AT_FORMATS "want 2026-11-25 03:10:00, 03:10, +90s from the start or -5min from the end"

size_t capture_find(const struct capture *c, u64 wall_us)
{
    size_t best = 0;

    /* Not a binary search: the clock of the machine may have been set back. */
    for (size_t i = 0; i < capture_count(c); i++)
        if (capture_sample(c, i)->wall_us <= wall_us)
            best = i;
    return best;
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

int capture_parse_at(const struct capture *c, const char *text, size_t *ret, struct err *e)
{
    u64 start = capture_sample(c, 0)->wall_us;
    u64 end = capture_sample(c, capture_count(c) - 1)->wall_us;
    char from[32], to[32];
    u64 at = 0;
    ns_t span;
    bool good;

    if (text[0] == '+' || text[0] == '-') {
        if (parse_duration(text + 1, &span, e))
            return -EINVAL;
        at = span / NS_PER_US;
        good = text[0] == '+' ? at <= UINT64_MAX - start : at <= end;
        at = !good ? 0 : text[0] == '+' ? start + at : end - at;
    } else if (text[0] == '@') {
        if (parse_u64(text + 1, &at, e))
            return -EINVAL;
        good = at < UINT64_MAX / US_PER_S - 1;
        at *= US_PER_S;
    } else if (!parse_date(text, &at) && !parse_time_of_day(text, end, &at)) {
        return err_set(e, -EINVAL, "'%s' is no time: " AT_FORMATS, text);
    } else {
        good = true;
    }
    /* A sample stands for what follows it, so the second after the last one belongs to it; and times are typed in whole seconds. */
    if (!good || at + US_PER_S <= start || at >= end + US_PER_S) {
        format_time(from, sizeof(from), start);
        format_time(to, sizeof(to), end);
        return err_set(e, -ERANGE, "'%s' is outside of the capture, which is of %s to %s", text,
                       from, to);
    }
    *ret = capture_find(c, at);
    return 0;
}
