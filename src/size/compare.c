/* compare.c - the same sweep on several machines.
 *
 * Two rounds: every machine's run without a limit, then every machine's limits. The grid of the
 * second round hangs on the largest peak of the first, so that each machine is tried under the same
 * limits. Machines are spread over the threads; what threads are left over help inside the sweeps.
 */
#include "size/size.h"

#include "base/alloc.h"
#include "size/workers.h"

#include <stdlib.h>

/* How far one sweep is. */
struct sweep_state {
    u64 done, planned;
    bool failed;
};

struct comparing {
    struct size_config *configs; /* ours: with jobs and progress of their own */
    struct size_result *rets;
    struct sweep_state *states;
    unsigned nr;
    const struct size_config *first;
    u64 grid_peak; /* 0: the first round */
};

/* In the thread of one sweep. */
static void note_progress(void *ctx, u64 events, u64 planned)
{
    struct sweep_state *state = ctx;

    __atomic_store_n(&state->done, events, __ATOMIC_RELAXED);
    __atomic_store_n(&state->planned, planned, __ATOMIC_RELAXED);
}

static void show_progress(void *ctx)
{
    const struct comparing *c = ctx;
    u64 done = 0, planned = 0;

    if (!c->first->progress)
        return;
    for (unsigned i = 0; i < c->nr; i++) {
        done += __atomic_load_n(&c->states[i].done, __ATOMIC_RELAXED);
        planned += __atomic_load_n(&c->states[i].planned, __ATOMIC_RELAXED);
    }
    c->first->progress(c->first->progress_ctx, done, MAX(planned, done));
}

static int sweep_one(void *ctx, unsigned index, struct err *e)
{
    struct comparing *c = ctx;
    const struct size_config *config = &c->configs[index];
    struct size_result *ret = &c->rets[index];
    u64 peak = config->own_grid ? ret->unlimited.peak_bytes : c->grid_peak;
    int r = 0;

    if (!c->grid_peak || ret->unlimited.outcome == REPLAY_COMPLETED)
        r = c->grid_peak ? size_limits(config, peak, ret, e) : size_unlimited(config, ret, e);

    c->states[index].failed = r != 0;
    return r;
}

static void largest_peak(struct comparing *c)
{
    for (unsigned i = 0; i < c->nr; i++)
        c->grid_peak = MAX(c->grid_peak, c->rets[i].unlimited.peak_bytes);
}

static bool none_completed(const struct comparing *c)
{
    for (unsigned i = 0; i < c->nr; i++)
        if (c->rets[i].unlimited.outcome == REPLAY_COMPLETED)
            return false;
    return true;
}

int size_compare(const struct size_config *configs, unsigned nr, struct size_result *rets,
                 unsigned *ret_failed, struct err *e)
{
    struct comparing c = {.rets = rets, .nr = nr, .first = configs};
    const struct workers workers = {
        .jobs = configs->jobs, .nr = nr, .run = sweep_one, .tick = show_progress, .ctx = &c};
    int r;

    c.configs = xcalloc(nr, sizeof(*c.configs));
    c.states = xcalloc(nr, sizeof(*c.states));
    for (unsigned i = 0; i < nr; i++) {
        rets[i] = (struct size_result){0};
        c.configs[i] = configs[i];
        c.configs[i].jobs = MAX(configs->jobs / nr, 1u);
        c.configs[i].whole_grid =
            !configs[i].own_grid; /* a limit is a column: all have it or none */
        c.configs[i].stop = configs->stop;
        c.configs[i].progress = note_progress;
        c.configs[i].progress_ctx = &c.states[i];
    }
    r = workers_run(&workers, e);
    if (r == 0 && none_completed(&c)) {
        c.states[0].failed = true;
        r = size_blame_unlimited(configs, &rets->unlimited, e);
    }
    if (r == 0) {
        largest_peak(&c);
        r = workers_run(&workers, e);
    }
    for (unsigned i = nr; r && i-- > 0;) {
        if (c.states[i].failed)
            *ret_failed = i;
        size_result_done(&rets[i]);
    }
    free(c.states);
    free(c.configs);
    return r;
}
