/* incidents.h - what a log tells, one incident for each time that memory ran out: a report, a
 * group's kill, kills of one moment.
 *
 * Order:   of the log. Events that two logs tell are one incident; a reaper's line belongs to its
 *          kill.
 * Lives:   as long as the snapshot whose log it was made from.
 */
#ifndef DIAGNOSE_INCIDENTS_H
#define DIAGNOSE_INCIDENTS_H

#include "diagnose/oom_cause.h"

struct incident {
    const struct log_event *e; /* the event that tells the most */
    const struct log_event *first,
        *until;   /* of a burst of kills, of which e is the largest; else e */
    bool mixed;   /* the burst took several programs */
    u64 kills;    /* processes that died; 0: none, or not told */
    u64 reports;  /* events in it */
    double age_s; /* seconds before the snapshot; NAN when that is not known */
    struct oom_facts facts;
    struct oom_ruling ruling;
};

struct incidents {
    VEC(struct incident) items;
};

/* Seconds from the first kill of a burst to its last; NAN when the lines have no time. */
double incident_lasted_s(const struct incident *i);

void incidents_take(struct incidents *in, const struct snapshot *s);
void incidents_done(struct incidents *in);

/* Machines whose logs tell of them; those without a name are one with any. */
unsigned incidents_hosts(const struct incidents *in);
/* Of the kernel's own kills: by a group's limit, or by the machine. */
bool incident_of_group(const struct incident *i);
bool incident_of_machine(const struct incident *i);
/* The kernel killed again, more than a day later. */
bool incident_is_history(const struct incidents *in, const struct incident *i);
/* Is it known when it was? */
bool incident_is_timed(const struct incident *i);
/* Which of two that tell as much stands for both: the later one where all are timed, else the one
 * with the larger victim. */
bool incident_comes_before(const struct incident *a, const struct incident *b, bool timed);

/* Do both say of the same group and program, as far as they say, that it was killed? */
bool incident_same_victim(const struct log_event *a, const struct log_event *b);
/* At no other time, as far as clocks can be trusted. */
bool incident_same_moment(const struct log_event *a, const struct log_event *b);
/* Was this kill by a daemon told before: asked for again, or seen by another command? A group that
 * has the same name may be killed twice. */
bool incident_is_repeated(const struct incidents *in, const struct incident *i);

/* "pod 1234", "container 0a1b2c3d4e5f", "web.service", "/a/b": a group as people call it. Returns
 * buf. */
char *group_label(char buf[96], const char *path);

/* "2024-05-09 14:52:38", "1,186 s after boot", "" when the line has no time. Returns buf. */
char *incident_when(char buf[48], const struct log_event *e);

#endif
