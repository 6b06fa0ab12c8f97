/* ground.h - may this group be squeezed, how far down, and what will not be seen? Asked before
 * anything is written.
 *
 * Refused:  where another manager set memory.high, where the kernel lacks memory.reclaim (before
 *           5.19), where there is no cgroup v2.
 * Floor:    the largest of what the user wants, of the group's own memory.min and memory.low, of
 *           those of the groups below it together, and, where nothing can be swapped, of what
 *           reclaim cannot take.
 * Never:    writes.
 */
#ifndef SQUEEZE_GROUND_H
#define SQUEEZE_GROUND_H

#include "squeeze/sample.h"

#define GROUND_DEPTH_MAX 64u

struct ground {
    struct squeeze_sample now;
    u64 floor_bytes;
    u64 held_bytes; /* what reclaim cannot take */
    /* the smallest memory.max and memory.high of it and of the groups above; SQUEEZE_NONE */
    u64 max_bytes;
    u64 protected_bytes; /* memory.min and memory.low: its own, or of the groups below together */
    u64 swap_left_bytes; /* what could be swapped out yet */
    bool can_swap;
    struct strbuf notes; /* sentences, a line each: what will not be seen, or is to be known */
};

struct ground_config {
    const char *group;  /* its path below the root of cgroups, "/web.service" */
    unsigned depth;     /* groups between it and the root: 0 for "/web.service" */
    u64 floor_bytes;    /* the user's; 0: none */
    bool override_high; /* memory.high is set by somebody, and may be changed */
};

/* 0; -EPERM: it is refused, with the reason in *e; or another negative errno. On failure *ret is
 * empty. */
int ground_look(const struct squeeze_host *host, const struct ground_config *config,
                struct ground *ret, struct err *e);
void ground_done(struct ground *g);

/* Who probably sets memory.high of this group, with how to change it there. */
const char *ground_manager(const char *group);

#endif
