/* envelope.c - the largest need wins, and every recording is run with the limits that come of it.
 *
 * A larger limit than a recording needs by itself is not always usable for it: running out is not
 * monotonic, and memory.high of one recording may lie where another one is slow. So the pair is run
 * for each recording. When memory.high spoils one, all are run without it; when memory.max alone
 * spoils one, there is no answer.
 *
 * Rejected: the mean or a percentile of the needs. A limit kills on the busiest day, not on the
 * average one.
 */
#include "size/envelope.h"

#include "base/alloc.h"
#include "size/workers.h"

#include <assert.h>
#include <stdlib.h>

/* A recording that memory.high would slow has none; what it tolerates is its memory.max. */
static u64 tolerated_high(const struct size_advice *a)
{
    return a->has_high ? a->high_bytes : a->max_bytes;
}

void envelope_choose(const struct size_result *results, unsigned nr, struct size_envelope *ret)
{
    assert(nr > 0);
    *ret = (struct size_envelope){0};
    for (unsigned i = 0; i < nr; i++) {
        const struct size_result *r = &results[i];

        if (!r->advice.found || !r->usable.found) {
            *ret = (struct size_envelope){.outcome = ENVELOPE_NO_NEED, .culprit = i};
            return;
        }
        if (envelope_need(r) > envelope_need(&results[ret->most]))
            ret->most = i;
        if (envelope_need(r) < envelope_need(&results[ret->least]))
            ret->least = i;
        ret->max_bytes = MAX(ret->max_bytes, r->advice.max_bytes);
        ret->high_bytes = MAX(ret->high_bytes, tolerated_high(&r->advice));
    }
    ret->need_bytes = envelope_need(&results[ret->most]);
    ret->spread_bytes = ret->need_bytes - envelope_need(&results[ret->least]);
    ret->has_high = ret->high_bytes < ret->max_bytes;
}

struct verifying {
    const struct size_config *configs;
    struct size_result *results;
    struct size_envelope *envelope;
};

static u64 high_of(const struct size_envelope *envelope)
{
    return envelope->has_high ? envelope->high_bytes : UINT64_MAX;
}

static int verify_one(void *ctx, unsigned index, struct err *e)
{
    const struct verifying *v = ctx;
    struct size_row *row = &v->envelope->verified[index];
    const struct size_row *own = &v->results[index].verified;
    struct size_config config = v->configs[index];

    if (own->source == SIZE_VERIFY && own->limit_bytes == v->envelope->max_bytes &&
        own->high_bytes == high_of(v->envelope)) {
        *row = *own;
        row->files = NULL; /* they stay the other row's */
        return 0;
    }
    config.jobs = 1;
    config.stop = v->configs->stop;
    config.progress = NULL;
    __atomic_fetch_add(&v->envelope->replays, 1, __ATOMIC_RELAXED);
    return size_try(&config, &v->results[index], v->envelope->max_bytes, high_of(v->envelope), row,
                    e);
}

/* True, and which: a recording is not usable with the limits. */
static bool find_culprit(const struct size_envelope *envelope, unsigned nr, unsigned *ret)
{
    for (unsigned i = 0; i < nr; i++) {
        if (envelope->verified[i].usable)
            continue;
        *ret = i;
        return true;
    }
    return false;
}

int envelope_find(const struct size_config *configs, struct size_result *results, unsigned nr,
                  struct size_envelope *ret, struct err *e)
{
    struct verifying v = {.configs = configs, .results = results, .envelope = ret};
    const struct workers workers = {.jobs = configs->jobs, .nr = nr, .run = verify_one, .ctx = &v};
    unsigned culprit;
    int r;

    envelope_choose(results, nr, ret);
    for (unsigned i = 0; i < nr; i++)
        ret->has_high = ret->has_high && !configs[i].cgroup_v1;
    if (ret->outcome != ENVELOPE_FOUND)
        return 0;
    ret->verified = xcalloc(nr, sizeof(*ret->verified));
    r = workers_run(&workers, e);
    if (r == 0 && ret->has_high && find_culprit(ret, nr, &culprit)) {
        ret->has_high = false;
        r = workers_run(&workers, e);
    }
    if (r) {
        envelope_done(ret);
        return r;
    }
    if (find_culprit(ret, nr, &culprit)) {
        ret->outcome = ENVELOPE_FAILS;
        ret->culprit = culprit;
    }
    return 0;
}

void envelope_done(struct size_envelope *envelope)
{
    free(envelope->verified);
    *envelope = (struct size_envelope){0};
}
