/* schedule.h - which parts of a snapshot are due: totals every time, what is dear to read less
 * often.
 *
 * The cost of a sample is nearly all the kernel's, in making the text: a process costs some 20 us,
 * a smaps_rollup walks page tables, slabinfo takes a lock in every cache. So at 1 s the dear parts
 * are read every 10 s, and what changes with hours every minute. A zeroed schedule has read
 * nothing: all is due.
 */
#ifndef OBSERVE_SCHEDULE_H
#define OBSERVE_SCHEDULE_H

#include "observe/snapshot.h"

struct schedule {
    bool all; /* every part, every time */
    bool has_read[NR_PARTS];
    bool spread[NR_PARTS]; /* read a second time, and so out of step with the others */
    ns_t read_at[NR_PARTS];
};

/* Parts that should be read now (bits 1 << PART_*). */
u64 schedule_due(const struct schedule *s, ns_t now);

/* These were. */
void schedule_read(struct schedule *s, ns_t now, u64 parts);

#endif
