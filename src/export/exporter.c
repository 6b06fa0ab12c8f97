/* exporter.c - sample, conclude, render. */
#include "export/exporter.h"

#include <string.h>
#include <time.h>

static ns_t clock_ns(clockid_t clock)
{
    struct timespec ts = {0};

    clock_gettime(clock, &ts);
    return (ns_t)ts.tv_sec * NS_PER_S + (ns_t)ts.tv_nsec;
}

ns_t exporter_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int exporter_open(struct exporter *x, const char *root, ns_t delay, u32 groups_max, struct err *e)
{
    struct sampler *m;
    int rc = sampler_open_dir(root, SNAPSHOT_ALL, &m, e);

    if (rc)
        return rc;
    *x = (struct exporter){.sampler = m, .delay = delay};
    diagnosis_init(&x->diagnosis, NULL);
    metric_groups_init(&x->groups, groups_max);
    sampler_read_all(m, true);
    rc = exporter_take(x, 0, e);
    if (rc)
        exporter_close(x);
    return rc;
}

void exporter_close(struct exporter *x)
{
    diagnosis_done(&x->diagnosis);
    metric_groups_done(&x->groups);
    sampler_free(x->sampler);
}

ns_t exporter_due(const struct exporter *x)
{
    if (x->ended)
        return EXPORTER_NEVER;
    /* The second sample comes early: there are no rates before it. */
    return x->taken_at +
           (x->self.samples + x->self.failed == 1 ? MIN(x->delay, NS_PER_S) : x->delay);
}

int exporter_take(struct exporter *x, ns_t age, struct err *e)
{
    ns_t begin = exporter_now();
    int rc;

    if (x->ended || (x->taken && begin - x->taken_at < age))
        return 0;
    x->taken_at = begin;
    rc = sampler_next(x->sampler, e);
    if (rc == -ENODATA && x->taken) {
        x->ended = true;
        return 0;
    }
    if (rc) {
        x->self.failed++;
        return rc;
    }
    x->taken = true;
    x->self.samples++;
    diagnosis_add(&x->diagnosis, sampler_snapshot(x->sampler));
    diagnosis_conclude(&x->diagnosis);
    x->self.sampled_at_s = (double)clock_ns(CLOCK_REALTIME) / 1e9;
    x->self.sample_s = (double)(exporter_now() - begin) / 1e9;
    if (x->self.samples == 2)
        sampler_read_all(x->sampler, false);
    return 0;
}

void exporter_render(struct exporter *x, enum exposition form, struct strbuf *out)
{
    struct metric_look l;

    x->self.cpu_s = (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
    metric_look_init(&l, sampler_snapshot(x->sampler), &x->diagnosis, true, &x->groups);
    l.self = &x->self;
    openmetrics_render(&l, form, out);
    metric_look_done(&l);
}
