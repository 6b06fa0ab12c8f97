/* feed.c - samples into the model.
 *
 * Of a capture, rates, sparklines and the verdict need what came before the instant that is shown.
 * So a jump starts HISTORY instants earlier and goes forward from there; a step forward goes on
 * from where it is.
 */
#include "top/feed.h"

#include "base/alloc.h"
#include "base/units.h"
#include "diagnose/diagnose.h"
#include "observe/sampler.h"

#include <string.h>

/* Instants before the one that is jumped to: enough to see what led to it, few enough not to feel
 * the wait. */
#define HISTORY 40

struct feed {
    struct sampler *sampler;
    struct diagnosis diagnosis;
    struct model *model;
};

/* Before a jump: the sampler is about to drop the snapshots that model and diagnosis point into. */
static void forget(struct feed *f)
{
    static const struct diagnose_options all = {0};

    model_forget(f->model);
    diagnosis_done(&f->diagnosis);
    diagnosis_init(&f->diagnosis, &all);
}

static u64 wall_us_of(const struct feed *f, u64 index)
{
    return capture_sample(sampler_capture(f->sampler), index)->wall_us;
}

int feed_open(const char *root, struct model *m, struct feed **ret, struct err *e)
{
    static const struct diagnose_options all = {0};
    struct feed *f = xcalloc(1, sizeof(*f));
    /* What costs a live machine as much as all the rest together stays out. */
    u64 dear = BIT_ULL(PART_SMAPS_ROLLUP) | (strcmp(root, "/") == 0 ? BIT_ULL(PART_NUMA_MAPS) : 0);
    int rc = sampler_open(root, SNAPSHOT_ALL & ~dear, &f->sampler, e);

    if (rc) {
        free(f);
        return rc;
    }
    f->model = m;
    m->is_live = sampler_source(f->sampler)->live;
    diagnosis_init(&f->diagnosis, &all);
    if (sampler_capture(f->sampler)) {
        m->nr_instants = sampler_count(f->sampler);
        m->first_wall_us = wall_us_of(f, 0);
        m->last_wall_us = wall_us_of(f, m->nr_instants - 1);
    }
    *ret = f;
    return 0;
}

void feed_close(struct feed *f)
{
    if (!f)
        return;
    diagnosis_done(&f->diagnosis);
    sampler_free(f->sampler);
    free(f);
}

void feed_hurry(struct feed *f, u64 parts)
{
    sampler_hurry(f->sampler, parts);
}

/* Take in the snapshot the sampler has got. */
static void take(struct feed *f, bool is_last)
{
    diagnosis_add(&f->diagnosis, sampler_snapshot(f->sampler));
    if (is_last)
        diagnosis_conclude(&f->diagnosis);
    if (sampler_capture(f->sampler))
        f->model->instant = sampler_index(f->sampler);
    model_update(f->model, sampler_previous(f->sampler), sampler_snapshot(f->sampler),
                 &f->diagnosis);
}

int feed_next(struct feed *f, struct err *e)
{
    int rc = sampler_next(f->sampler, e);

    if (rc == 0)
        take(f, true);
    return rc;
}

int feed_seek(struct feed *f, u64 index, struct err *e)
{
    u64 at = f->model->instant;
    bool goes_on = f->model->now && index >= at && index - at <= HISTORY;
    int rc = 0;

    assert(index < f->model->nr_instants);
    if (!goes_on) {
        at = index - MIN(index, HISTORY);
        forget(f);
        rc = sampler_seek(f->sampler, at, e);
        if (rc == 0)
            take(f, at == index);
    }
    while (rc == 0 && at < index) {
        rc = sampler_next(f->sampler, e);
        at++;
        if (rc == 0)
            take(f, at == index);
    }
    return rc;
}

int feed_step(struct feed *f, s64 by, struct err *e)
{
    u64 last = f->model->nr_instants - 1, at = f->model->instant;
    u64 to = by < 0 ? (by == INT64_MIN || (u64)-by > at ? 0 : at - (u64)-by)
                    : ((u64)by > last - at ? last : at + (u64)by);

    return to == at && f->model->now ? 0 : feed_seek(f, to, e);
}

/* Forward from `from`: the first instant with another verdict, or before `end` the last one. `end`
 * when there is none. */
static u64 search(struct feed *f, u64 from, u64 end, bool want_last, enum verdict now,
                  struct err *e)
{
    u64 found = end;

    for (u64 at = from; at < end; at++) {
        /* The first is a jump, with all its history; the others are steps. */
        if (feed_seek(f, at, e))
            return end;
        if (f->diagnosis.verdict == now)
            continue;
        found = at;
        if (!want_last)
            break;
    }
    return found;
}

int feed_find_change(struct feed *f, int direction, struct err *e)
{
    u64 start = f->model->instant, count = f->model->nr_instants, end, found;
    enum verdict now = f->diagnosis.verdict;
    int rc;

    if (!f->model->now)
        return err_set(e, -ENODATA, "There is no verdict to start from.");
    if (direction > 0) {
        end = MIN(count, start + 1 + FEED_SEARCH_MAX);
        found = search(f, start + 1, end, false, now, e);
    } else {
        end = start;
        found = search(f, start - MIN(start, FEED_SEARCH_MAX), end, true, now, e);
    }
    rc = feed_seek(f, found == end ? start : found, e);
    if (rc || found != end)
        return rc;
    return err_set(e, -ENODATA, "No instant %s has another verdict than %s.",
                   direction > 0 ? "after this" : "before this", verdict_name(now));
}

int feed_go_to(struct feed *f, const char *time, struct err *e)
{
    struct capture *capture = sampler_capture(f->sampler);
    size_t index = 0;
    ns_t by;
    int rc;

    if (time[0] == '+' || time[0] == '-') {
        ns_t at = capture_sample(capture, f->model->instant)->since_first;

        rc = parse_duration(time + 1, &by, e);
        if (rc)
            return rc;
        index = capture_find(capture,
                             time[0] == '+' ? at + MIN(by, UINT64_MAX - at) : at - MIN(by, at));
    } else {
        rc = capture_parse_at(capture, time, &index, e);
        if (rc)
            return rc;
    }
    return feed_seek(f, index, e);
}
