/* squeeze.h - how much memory does a service need that runs right now? A little is taken away, and
 * what comes back is counted.
 *
 * Principle: who reclaims B pages a second from a group finds its size settle where B pages a
 *            second come back: the size for a budget of B. A squeeze alone reads too high while it
 *            descends, and misses a cliff; so the size it settles at is then *held* by memory.high
 *            for some seconds, and so are its neighbours above and below, until one that keeps the
 *            budget and one that does not lie close together.
 * States:    watch -> squeeze -> (approach -> hold -> rest)* -> done. From any of them a stop leads
 *            to done, and memory.high is as it was before.
 * Harm:      what was reclaimed can come back at once, each page one time. So no more than budget x
 *            duration pages are ever reclaimed by the squeeze, and a hold ends as soon as twice the
 *            budget comes back. The other stops are in enum squeeze_stop.
 * Never:     sleeps, reads a clock, opens a file, knows a kernel: struct squeeze_host is its world.
 *            Allocates but for its points.
 * Use:       squeeze_begin(&s, &config, &host); do wait = squeeze_tick(&s, &health); while (wait);
 *            read s.result; squeeze_done(&s).
 */
#ifndef SQUEEZE_SQUEEZE_H
#define SQUEEZE_SQUEEZE_H

#include "base/vec.h"
#include "squeeze/sample.h"

#define SQUEEZE_SCHEMA_VERSION 1
#define SQUEEZE_WINDOW         8u
#define SQUEEZE_POINTS_MAX     2048u

struct squeeze_config {
    double budget;   /* pages/s that may come back */
    u64 floor_bytes; /* nothing below is tried */
    ns_t duration_ns, step_ns, hold_ns;
    double stall_max;         /* share of the time, 0 to 1, above that of the watch */
    double health_max;        /* times the number of --watch in the watch */
    u64 high_bytes;           /* memory.high as it was and will be again */
    const volatile int *stop; /* NULL: never set */
};

enum squeeze_state {
    SQUEEZE_WATCH,
    SQUEEZE_DESCEND,
    SQUEEZE_APPROACH, /* down to the next size to hold, no faster than the descent */
    SQUEEZE_HOLD,
    SQUEEZE_REST, /* what was taken away comes back */
    SQUEEZE_DONE
};

/* What --watch says of the service. */
struct squeeze_health {
    bool failed; /* its command exited non-zero, or did not end */
    bool has_number;
    double number; /* larger is worse */
    u64 count;     /* answers so far: a new one has another count */
};

/* Why it ended. */
enum squeeze_stop {
    SQUEEZE_COMPLETE,    /* the answer is as close as it gets */
    SQUEEZE_TIME,        /* duration_ns is over */
    SQUEEZE_OVER_BUDGET, /* more comes back than the budget before anything was taken */
    SQUEEZE_UNSTEADY,    /* what comes back does not calm down without us: the work changed */
    SQUEEZE_PRESSURE,
    SQUEEZE_EVENTS,  /* memory.events or memory.swap.events counted */
    SQUEEZE_HEALTH,  /* --watch */
    SQUEEZE_MANAGER, /* somebody else wrote memory.high */
    SQUEEZE_ASKED,   /* *stop */
    SQUEEZE_FAILED,  /* a file could not be read or written: the group is gone */
    SQUEEZE_ENDED,   /* its processes ended, or gave back what they had */
    NR_SQUEEZE_STOPS
};

/* One stretch of time: an interval of the descent, or a whole hold. */
struct squeeze_point {
    enum squeeze_state state; /* SQUEEZE_WATCH, SQUEEZE_DESCEND or SQUEEZE_HOLD */
    bool passed;              /* a hold: kept the budget to its end */
    u64 size_bytes;           /* mean; of a hold: memory.high */
    double seconds;
    double refault_anon, refault_file, swap_in, majflt; /* per second */
    double stall;                                       /* share of the time; NAN: not measured */
};

struct squeeze_result {
    enum squeeze_stop stop;
    char why[256]; /* of the stop, in words */
    bool found;    /* bytes is held within the budget, or (held false) settled there */
    bool held;
    u64 bytes;        /* smallest size within the budget */
    u64 fails_bytes;  /* largest size below it that exceeds the budget; 0: none was met */
    u64 before_bytes; /* at the end of the watch */
    u64 lowest_bytes; /* smallest size seen */
    u64 largest_bytes;
    u64 grown_bytes;         /* anonymous memory and swap, more than at the end of the watch */
    double before;           /* refaults/s in the watch */
    double settled_refaults; /* at the end of the descent */
    u64 settled_bytes;       /* 0: the descent did not settle */
    bool not_followed;       /* reclaim found nothing more */
    bool at_floor;
    ns_t seconds_ns; /* all of it */
    ns_t horizon_ns; /* since the first page was taken */
    u64 reclaimed;   /* pages, by the squeeze */
    u64 refaults;    /* pages that came back since, above the rate of the watch */
    u64 majflt;      /* of the same time, above that of the watch */
    u64 bound;       /* budget x time since the first page was taken */
    /* longest time from the breach of a budget in a hold to memory.high being back */
    ns_t release_ns;
    unsigned holds, releases;
    VEC(struct squeeze_point) points;
};

struct squeeze_interval {
    double seconds;
    double refaults, growth; /* pages; growth: memory that was new */
    u64 size_bytes;
};

struct squeeze {
    struct squeeze_config config;
    struct squeeze_host host;
    struct squeeze_result result;

    /* private */
    enum squeeze_state state;
    struct squeeze_sample first, before, last, hold_from,
        judge_from; /* before: the last of the watch */
    bool looked, high_set, judged, descended, pass_held;
    ns_t state_at;
    double boost;                   /* pages/s above the budget, while little comes back */
    double credit;                  /* pages that are due */
    double stall_rate, majflt_rate; /* of the watch */
    double health_base;
    u64 health_seen;
    unsigned health_nr, health_bad, stalled, unfollowed;
    struct squeeze_interval window[SQUEEZE_WINDOW]; /* newest first */
    unsigned window_nr;
    u64 target_bytes;           /* what is held, or next */
    u64 pass_bytes, fail_bytes; /* held; 0: none yet */
    double search_percent;
    u64 got; /* pages that the last reclaim took */
};

void squeeze_begin(struct squeeze *s, const struct squeeze_config *config,
                   const struct squeeze_host *host);
/* Look, decide, act. Returns the ns until it wants to be called again; 0: done, and memory.high is
 * back. */
ns_t squeeze_tick(struct squeeze *s, const struct squeeze_health *health);
/* What a hold writes is undone; for a caller that ends early. 0 or a negative errno. */
int squeeze_release(struct squeeze *s);
void squeeze_done(struct squeeze *s);

const char *squeeze_stop_name(enum squeeze_stop stop);
const char *squeeze_state_name(enum squeeze_state state);

#endif
