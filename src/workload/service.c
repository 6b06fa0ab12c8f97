/* service.c - requests, by stream and by latency. */
#include "workload/service.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void service_init(struct service *s, u32 nr_streams, u32 nr_marks)
{
    *s = (struct service){.nr_streams = nr_streams, .nr_marks = nr_marks};
    s->streams = xcalloc(MAX(nr_streams, 1u), sizeof(*s->streams));
    s->marks = xcalloc(MAX(nr_marks, 1u), sizeof(*s->marks));
    service_begin(s);
}

void service_done(struct service *s)
{
    free(s->streams);
    free(s->marks);
    *s = (struct service){0};
}

void service_begin(struct service *s)
{
    for (u32 i = 0; i < s->nr_streams; i++)
        s->streams[i] = (struct service_stream){.first_ns = SERVICE_NEVER};
    for (u32 i = 0; i < s->nr_marks; i++)
        s->marks[i] = SERVICE_NEVER;
    memset(s->buckets, 0, sizeof(s->buckets));
}

/* The power of two below, and the two bits that follow its first. */
static unsigned bucket_of(ns_t ns)
{
    unsigned power = ns ? 63u - (unsigned)__builtin_clzll(ns) : 0;
    unsigned quarter = power >= 2 ? (unsigned)(ns >> (power - 2)) & 3u : 0;

    return power * 4 + quarter;
}

/* The largest latency of a bucket. */
static ns_t bucket_top(unsigned bucket)
{
    unsigned power = bucket / 4;
    u64 unit = power >= 2 ? (u64)1 << (power - 2) : 1;

    return ((u64)1 << power) + (bucket % 4 + 1) * unit - 1;
}

void service_wait(struct service *s, u32 stream, ns_t now, ns_t busy_ns)
{
    struct service_stream *st = &s->streams[stream];
    ns_t took = now - MIN(st->began_ns, now);

    if (!st->waited) {
        st->waited = true;
        st->first_ns = busy_ns;
    }
    if (!st->serving)
        return;
    st->serving = false;
    st->requests++;
    st->latency_ns += took;
    s->buckets[bucket_of(took)]++;
}

void service_wake(struct service *s, u32 stream, ns_t now)
{
    struct service_stream *st = &s->streams[stream];

    if (!st->waited || st->serving)
        return;
    st->serving = true;
    st->began_ns = now;
}

u64 service_requests(const struct service *s)
{
    u64 n = 0;

    for (u32 i = 0; i < s->nr_streams; i++)
        n += s->streams[i].requests;
    return n;
}

ns_t service_latency_ns(const struct service *s)
{
    ns_t ns = 0;

    for (u32 i = 0; i < s->nr_streams; i++)
        ns += s->streams[i].latency_ns;
    return ns;
}

ns_t service_percentile_ns(const struct service *s, unsigned permille)
{
    u64 all = service_requests(s), seen = 0;

    for (unsigned b = 0; b < SERVICE_BUCKETS && all; b++) {
        seen += s->buckets[b];
        if (seen * 1000 >= all * permille)
            return bucket_top(b);
    }
    return 0;
}
