/* beat.c - wait, sample, wait. */
#include "cli/beat.h"

#include <signal.h>
#include <time.h>

static ns_t now_ns(void)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (ns_t)ts.tv_sec * NS_PER_S + (ns_t)ts.tv_nsec;
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigprocmask(SIG_BLOCK, set, NULL);
}

/* True when a signal asked to end. */
static bool wait_until(const sigset_t *signals, ns_t until)
{
    for (;;) {
        ns_t now = now_ns(), left = until > now ? until - now : 0;
        struct timespec ts = {.tv_sec = (time_t)(left / NS_PER_S),
                              .tv_nsec = (long)(left % NS_PER_S)};

        if (sigtimedwait(signals, NULL, &ts) > 0)
            return true;
        if (left == 0)
            return false;
    }
}

int beat_run(const struct beat *b, struct sampler *m, struct err *e)
{
    ns_t next = now_ns();
    sigset_t signals;

    block_signals(&signals);
    for (u64 n = 1;; n++) {
        int rc = sampler_next(m, e);

        if (rc == 0)
            rc = b->take(b->ctx, n, e);
        if (rc || n == b->count)
            return rc;
        next += b->delay * MAX((ns_t)1, (now_ns() - next + b->delay - 1) / b->delay);
        if (wait_until(&signals, next))
            return 0;
    }
}
