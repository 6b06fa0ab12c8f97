/* scenario_act.h - what is done to a scenario's machine at given times: writes to its files, groups
 * removed, swap on and off.
 *
 * Each act is an operator's command; it takes no time of a task's, but what it does (reclaim, a
 * kill) has its effects at once. What the machine refuses is the act's result, not a failure of the
 * run.
 */
#ifndef WORKLOAD_SCENARIO_ACT_H
#define WORKLOAD_SCENARIO_ACT_H

#include "workload/scenario.h"

struct scenario_run;

struct scenario_act {
    const struct scenario_write *write; /* one of the four */
    const struct scenario_rm *rm;
    const struct scenario_rmdir *rmdir;
    const struct scenario_device *device; /* turned on or off for swap */
    bool swapon;
    struct task *task; /* that runs swapoff */
    ns_t due;          /* when it is to be done next; NS_NEVER: no more */
    ns_t next;         /* and later when it is under way and its writer sleeps */
    u64 done, refused;
    int error; /* the last refusal, -Exxx; 0: none */
    struct control_state state;
    u64 pool;         /* huge pages that the pool had after the last write to nr_hugepages */
    u64 pool_surplus; /* and those that it had beyond them */
    struct psi_trigger *trigger; /* of the write to a pressure file; the machine's */
};

void scenario_acts_init(struct scenario_run *run);
void scenario_acts_done(struct scenario_run *run);
/* The time of the next one; NS_NEVER when there is none. */
/* Its name, its time and its line in the file. */
const struct scenario_head *scenario_act_head(const struct scenario_act *a);
ns_t scenario_act_at(const struct scenario_act *a);
ns_t scenario_acts_next(const struct scenario_run *run);
/* Do those that are due now. */
void scenario_acts_do(struct scenario_run *run);

/* What somebody does to the machine who is no part of the scenario, between two calls of
 * scenario_advance(). What `operation` returns. */
typedef int scenario_operation_fn(struct scenario_run *run, void *ctx);
int scenario_operate(struct scenario_run *run, scenario_operation_fn *operation, void *ctx);

/* The swapoff command, for config.swaps[area]; *task is its process, NULL at first. -EINPROGRESS:
 * again at *ret_until. For operations. */
int scenario_swapoff(struct scenario_run *run, unsigned area, struct task **task, ns_t *ret_until);

#endif
