/* post_mortem.h - what is shown of kills beside the findings: memory at that moment, and all kills
 * of the log in order.
 *
 * Lives: as long as the snapshot that was diagnosed last.
 */
#ifndef DIAGNOSE_POST_MORTEM_H
#define DIAGNOSE_POST_MORTEM_H

#include "diagnose/incidents.h"

/* Rows of a timeline: more are put together by program and group. */
#define TIMELINE_ROWS 12

struct timeline_row {
    const struct incident *first, *last;
    u64 incidents, kills;
    char who[48];        /* who died, or asked */
    char by[COMM_BYTES]; /* who killed or tells of it, where that is not the kernel */
    u32 pid;             /* of the first; 0 where there are several, or it is not told */
    char group[96];      /* pod, container, unit or group as people call it; "" */
    bool mixed;          /* who is the largest of several programs that died in one burst */
    u64 bytes;           /* that the victim of the first held; UNKNOWN */
};

struct post_mortem {
    const struct incident *main;  /* of the finding that leads; NULL: nothing ran out */
    struct accounting accounting; /* of that moment; no lines when it is not told */
    VEC(struct timeline_row) timeline;
    u64 left_out; /* rows beyond TIMELINE_ROWS */
};

/* pre: the findings are sorted, the incidents taken */
void post_mortem_take(struct post_mortem *p, const struct diagnosis *d);
void post_mortem_done(struct post_mortem *p);

/* "killed", "could not kill", "could not allocate": what happened. */
const char *incident_what(const struct log_event *e);

#endif
