/* beat.h - samples on the beat: the loop of capture and diagnose over a machine that lives.
 *
 * (top answers keys between its samples and so waits in poll(), for a timer with the same beat.) */
#ifndef CLI_BEAT_H
#define CLI_BEAT_H

#include "base/types.h"
#include "observe/sampler.h"

struct beat {
    ns_t delay;
    u64 count; /* samples; 0: until a signal */
    /* After sample n (from 1) was taken. Not 0 ends the loop, which returns it. */
    int (*take)(void *ctx, u64 n, struct err *e);
    void *ctx;
};

/* Take samples every `delay`, on the beat of the start: beats that were missed are left out. From
 * the call on SIGINT, SIGTERM and SIGHUP are blocked, and one of them ends the wait for the next
 * sample, not the sample. 0 after the last sample or a signal; what take() returned; or the error
 * of sampler_next(). */
int beat_run(const struct beat *b, struct sampler *m, struct err *e);

#endif
