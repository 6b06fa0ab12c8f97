/* service.h - requests and parts of a replay: what a program that waits most of the time is judged
 * by.
 *
 * Words:   a request begins when a thread comes back from waiting for the world (poll, select,
 *          epoll, a socket) and ends when it waits for it again: the loop of a server shows them.
 *          Its latency is the virtual time between the two, with all the waiting for memory, I/O,
 *          locks and the CPU in it. busy time is virtual time in which not every task sleeps
 *          (sched_idle_ns).
 * Owns:    what was counted. It changes nothing of the replay.
 * Window:  service_begin() forgets what came before the judged part.
 */
#ifndef WORKLOAD_SERVICE_H
#define WORKLOAD_SERVICE_H

#include "machine/clock.h"

/* Latencies by size: buckets of a quarter of a power of two, so a percentile is off by a fifth at
 * most. */
#define SERVICE_BUCKETS (64u * 4u)

struct service_stream {
    u64 requests;
    ns_t latency_ns;      /* of all of them */
    ns_t first_ns;        /* busy time when it waited for one for the first time; SERVICE_NEVER */
    ns_t began_ns;        /* of the one under way */
    bool serving, waited; /* one is under way; it has waited for one */
};

struct service {
    struct service_stream *streams; /* as the trace's */
    u32 nr_streams;
    ns_t *marks; /* as the trace's: busy time when the replay came to it; SERVICE_NEVER */
    u32 nr_marks;
    ns_t busy_ns; /* of the whole judged part, once it is over */
    u64 buckets[SERVICE_BUCKETS];
};

#define SERVICE_NEVER NS_NEVER

void service_init(struct service *s, u32 nr_streams, u32 nr_marks);
void service_done(struct service *s);
void service_begin(struct service *s);

/* The thread of a stream begins or ends to wait for the world at `now`, when the judged part was
 * busy for busy_ns. */
void service_wait(struct service *s, u32 stream, ns_t now, ns_t busy_ns);
void service_wake(struct service *s, u32 stream, ns_t now);

/* All streams together. */
u64 service_requests(const struct service *s);
ns_t service_latency_ns(const struct service *s);

/* So many of a thousand requests took no longer; 0 when there was none. */
ns_t service_percentile_ns(const struct service *s, unsigned permille);

#endif
