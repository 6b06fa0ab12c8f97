/* diagnose_over_time.h - a machine over the looks of a diagnosis: its memory, what happened, and
 * which findings held when; the over_time and findings_over_time of
 * docs/schema/diagnose.schema.json. With --cgroup it is that group's memory. */
#ifndef REPORT_DIAGNOSE_OVER_TIME_H
#define REPORT_DIAGNOSE_OVER_TIME_H

#include "diagnose/diagnose.h"
#include "report/over_time.h"

/* A finding of one scope: the times between which it held. */
struct finding_track {
    enum rule rule;
    enum severity severity; /* the worst */
    char scope[280];
    char *title; /* as it was when it was worst */
    double weight;
    VEC(ns_t) from, to;
};

/* Fewer looks are one difference, which the findings have. */
#define DIAGNOSE_OVER_TIME_MIN 3u

struct diagnose_over_time {
    struct over_time moments;
    const char *group; /* path; NULL: the machine */
    ns_t first_at;     /* monotonic */
    u64 first_wall_us; /* UNKNOWN */
    VEC(struct finding_track) tracks;
};

void diagnose_over_time_init(struct diagnose_over_time *o, const char *group);
void diagnose_over_time_done(struct diagnose_over_time *o);

/* One more look: the snapshot that was added last.   pre: looks come in order of time */
void diagnose_over_time_add(struct diagnose_over_time *o, const struct snapshot *s);
/* The same, of a diagnosis that was concluded: with what was found. */
void diagnose_over_time_find(struct diagnose_over_time *o, const struct diagnosis *d);

/* Where in a moment's values the figure stands that the document calls `name`, such as
 * "memory.current" or "pswpin".   pre: there is one */
unsigned diagnose_over_time_column(const char *name);

/* NULL where there are fewer than DIAGNOSE_OVER_TIME_MIN looks. */
json_object *diagnose_over_time_json(const struct diagnose_over_time *o);
json_object *diagnose_tracks_json(const struct diagnose_over_time *o);

#endif
