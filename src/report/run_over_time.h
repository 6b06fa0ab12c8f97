/* run_over_time.h - what a run's memory was used for, and what happened, over virtual time: the
 * over_time of docs/schema/run.schema.json.
 *
 * The machine calls at the exact virtual times (struct system, watch). Looking changes nothing.
 * Whoever watches already goes on, at its own times.
 */
#ifndef REPORT_RUN_OVER_TIME_H
#define REPORT_RUN_OVER_TIME_H

#include "group/group.h"
#include "report/over_time.h"
#include "system/system.h"

#define RUN_OVER_TIME_PRESSURES 5

struct run_over_time {
    struct system *system; /* NULL: not started */
    struct group *group;   /* of the report */
    struct over_time moments;
    VEC(struct run_over_time_group {
        u16 id;
        char *path;
    })
    groups;                                  /* shown beside it, as they were at the start */
    s64 stalled_us[RUN_OVER_TIME_PRESSURES]; /* so far */
    ns_t next;
    void (*also)(void *ctx); /* who watched before */
    void *also_ctx;
    ns_t also_at;
};

void run_over_time_start(struct run_over_time *o, struct system *system, struct group *group);
/* The last moment. */
void run_over_time_finish(struct run_over_time *o);
void run_over_time_done(struct run_over_time *o);

json_object *run_over_time_json(const struct run_over_time *o);

#endif
