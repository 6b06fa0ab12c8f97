/* exporter.h - a machine that is sampled for others: the sampler, what diagnosis knows of it, and
 * the last look as text.
 *
 * When:  a scrape wants what is true now, so it takes a sample, unless one was taken within
 *        EXPORTER_FRESH; without scrapes one is taken every `delay`, so that rates and slopes go
 *        on. However often others ask, a sample is taken once in EXPORTER_FRESH at most.
 * Owns:  sampler, history, texts. A source that stands still is looked at once.
 * Never: waits.
 */
#ifndef EXPORT_EXPORTER_H
#define EXPORT_EXPORTER_H

#include "export/openmetrics.h"
#include "observe/sampler.h"

#define EXPORTER_FRESH (1 * NS_PER_S)
#define EXPORTER_NEVER UINT64_MAX

struct exporter {
    struct sampler *sampler;
    struct diagnosis diagnosis;
    struct metric_groups groups;
    struct metric_self self;
    ns_t delay;
    ns_t taken_at; /* by the clock that exporter_now() reads; of the last try */
    bool taken, ended;
};

ns_t exporter_now(void);

/* Takes the first sample, since a source that has none is an error of the user's. Without rates
 * everything is read twice. */
int exporter_open(struct exporter *x, const char *root, ns_t delay, u32 groups_max, struct err *e);
void exporter_close(struct exporter *x);

/* When the next sample is due by itself; EXPORTER_NEVER. */
ns_t exporter_due(const struct exporter *x);

/* Take a sample, unless the last try is younger than `age`. On failure the last look stays, and is
 * counted as such. */
int exporter_take(struct exporter *x, ns_t age, struct err *e);

void exporter_render(struct exporter *x, enum exposition form, struct strbuf *out);

#endif
