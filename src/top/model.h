/* model.h - everything the screens show, made from the last two snapshots and the verdict on them.
 *
 * Owns:  rows, rates, their history. Snapshots and diagnosis stay the caller's and live until the
 *        next update.
 * Never: reads a file, a clock or a key; draws.
 */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include "top/economy.h"
#include "top/moment.h"
#include "top/rows.h"

struct diagnosis;

struct model {
    const struct snapshot *now;        /* NULL before the first update */
    const struct diagnosis *diagnosis; /* of now; may be NULL */
    struct economy economy;
    struct moments moments; /* the newest is of now; empty before the first update */
    struct rows rows;

    /* Where the snapshot comes from; set by the caller. */
    const char *source;       /* root or capture, as the user named it; "" for this machine */
    bool is_live;             /* reading again gives other figures */
    ns_t delay;               /* between samples */
    u64 instant, nr_instants; /* of a capture: instant < nr_instants; 0 of 0 elsewhere */
    u64 first_wall_us, last_wall_us;
};

void model_init(struct model *m);
void model_done(struct model *m);

/* Nothing is shown any more: what the model pointed into may go. */
void model_forget(struct model *m);

/* `before` may be NULL: a first snapshot, or one after a jump. */
void model_update(struct model *m, const struct snapshot *before, const struct snapshot *now,
                  const struct diagnosis *diagnosis);

static inline bool model_is_capture(const struct model *m)
{
    return m->nr_instants > 0;
}

/* Findings and gaps as one list: findings first. */
u32 model_count_findings(const struct model *m);

#endif
