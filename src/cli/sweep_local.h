/* sweep_local.h - tasks of a sweep run in this process, on several threads. */
#ifndef CLI_SWEEP_LOCAL_H
#define CLI_SWEEP_LOCAL_H

#include "cli/cli.h"
#include "fleet/sweep.h"

struct sweep_job {
    struct cli *cli;
    struct sweep *sweep;
    unsigned jobs;         /* threads */
    const unsigned *tasks; /* to be done, the smallest first */
    unsigned nr;
    /* Put away what was done since the last call, from the calling thread. */
    int (*flush)(void *ctx, const unsigned *tasks, unsigned nr, struct err *e);
    void *ctx;
};

/* The settings of the plan's machines become those of cli. */
void sweep_take_machines(struct cli *cli, const struct plan *p);

/* All of them; each recording is decoded once, and replayed once without a limit on each machine.
 * What was done when it is interrupted or fails is flushed. 0; -EINTR; or an errno, with *ret_said
 * when it was said already. */
int sweep_local(const struct sweep_job *job, bool *ret_said, struct err *e);

#endif
