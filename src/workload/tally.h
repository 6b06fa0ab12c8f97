/* tally.h - what a machine had counted when the judged part of a replay began.
 *
 * The machine's own counters go on, as Linux's do; a report tells the difference. Only the peaks
 * are set back to the usage at that moment, because a peak cannot be subtracted: Linux 6.12 does
 * the same at a write to memory.peak, and at one of 5 to clear_refs.
 *
 * Use:  struct tally t = {0};   // nothing before: every difference is the count itself
 *       tally_take(&t, &system); ... now - tally_machine(&t, PGMAJFAULT) ...; tally_done(&t);
 */
#ifndef WORKLOAD_TALLY_H
#define WORKLOAD_TALLY_H

#include "system/system.h"

struct tally_group {
    const struct group *group;
    s64 counters[NR_COUNTERS];            /* events, with all below it; gauges are 0 */
    s64 own[NR_COUNTERS];                 /* events of the group alone */
    u64 pressure_us[NR_PSI_RESOURCES][2]; /* some, full */
};

struct tally_task {
    u64 minflt, majflt;
    u64 wait_ns[NR_WAIT_CAUSES];
    u64 reclaim_ns;
};

struct tally {
    ns_t at_ns;
    u64 oom_kills;
    s64 counters[NR_COUNTERS]; /* of the machine: events; gauges are 0 */
    u64 walks[NR_WALKS];       /* of its TLBs */
    struct tally_group *groups;
    u32 nr_groups;
    struct tally_task *tasks; /* as system->tasks; later ones had counted nothing */
    u32 nr_tasks;
};

void tally_take(struct tally *t, struct system *s);
void tally_done(struct tally *t);

/* Never NULL: all zeros for a group or task that is younger. */
const struct tally_group *tally_group(const struct tally *t, const struct group *g);
const struct tally_task *tally_task(const struct tally *t, u32 index);

/* Did the task end before? */
bool tally_is_past(const struct tally *t, const struct task *task);

#endif
