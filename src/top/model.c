/* model.c - what the screens show. */
#include "top/model.h"

#include "diagnose/diagnose.h"

void model_init(struct model *m)
{
    *m = (struct model){.source = ""};
    rows_init(&m->rows);
}

void model_done(struct model *m)
{
    rows_done(&m->rows);
}

void model_forget(struct model *m)
{
    rows_forget(&m->rows);
    moments_clear(&m->moments);
    m->economy = (struct economy){0};
    m->now = NULL;
    m->diagnosis = NULL;
}

void model_update(struct model *m, const struct snapshot *before, const struct snapshot *now,
                  const struct diagnosis *diagnosis)
{
    struct moment moment;

    moment_compute(&moment, before, now);
    moments_add(&m->moments, &moment);
    rows_update(&m->rows, before, now);
    if (diagnosis)
        rows_take_needs(&m->rows, diagnosis);
    economy_compute(&m->economy, now);
    m->now = now;
    m->diagnosis = diagnosis;
}

u32 model_count_findings(const struct model *m)
{
    if (!m->diagnosis)
        return 0;
    return (u32)(m->diagnosis->findings.items.count + m->diagnosis->findings.gaps.count);
}
