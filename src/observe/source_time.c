/* source_time.c - what time it is where a source's files come from. */
#include "observe/source.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FILE_MAX 4096u

static ns_t clock_ns(clockid_t id)
{
    struct timespec ts = {0};

    clock_gettime(id, &ts);
    return (ns_t)ts.tv_sec * NS_PER_S + (ns_t)ts.tv_nsec;
}

/* "NAME SECONDS.MS", a line of highwater/time. */
static bool find_time(const char *text, const char *name, ns_t *ret)
{
    size_t len = strlen(name);
    unsigned long seconds;
    unsigned ms;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ' ' &&
            sscanf(line + len + 1, "%10lu.%3u", &seconds, &ms) == 2) {
            *ret = seconds * NS_PER_S + ms * NS_PER_MS;
            return true;
        }
    }
    return false;
}

/* False: it has no time of its own, or does not say it. */
static bool machine_time(struct source *src, ns_t *ret, ns_t *ret_date)
{
    struct strbuf text;
    bool known;

    strbuf_init(&text);
    known = source_read(src, "proc/highwater/time", FILE_MAX, &text) == 0 &&
            (find_time(text.text, "shown", ret) || find_time(text.text, "time", ret)) &&
            find_time(text.text, "date", ret_date);
    strbuf_done(&text);
    return known;
}

ns_t source_time(struct source *src, u64 *ret_wall_us)
{
    ns_t now, date;

    if ((src->kind != SOURCE_SIMULATED && src->kind != SOURCE_CAPTURE) ||
        !machine_time(src, &now, &date)) {
        now = clock_ns(CLOCK_MONOTONIC);
        date = clock_ns(CLOCK_REALTIME);
    }
    if (ret_wall_us)
        *ret_wall_us = date / NS_PER_US;
    return now;
}
