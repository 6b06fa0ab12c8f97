/* over_time.h - figures over time, at most so many moments of them, for JSON documents and the
 * pictures that are made of these.
 *
 * Method:  moments come in at an interval that the owner keeps to (over_time_every()). When there
 *          are as many as there may be, of each two neighbours the one stays at which more memory
 *          was held, so that no peak is lost, and the interval is twice as long from then on. So
 *          each moment that is left is one that was, and all its figures are of it.
 * Columns: levels as they are, counts of events since the start (what happened in between is a
 *          difference).
 */
#ifndef REPORT_OVER_TIME_H
#define REPORT_OVER_TIME_H

#include "base/types.h"
#include "base/vec.h"

#include <json-c/json.h>

#define OVER_TIME_MAX     600u
#define OVER_TIME_UNKNOWN INT64_MIN /* null in the document */

struct over_time {
    unsigned nr_columns;
    ns_t every;
    VEC(ns_t) times;
    VEC(u64) weights; /* by moment: what decides which of two stays */
    VEC(s64) values;  /* by moment and column */
};

/* every: the interval to begin with. */
void over_time_init(struct over_time *o, unsigned nr_columns, ns_t every);
void over_time_done(struct over_time *o);

/* values: of all columns.   pre: at is not before the last one */
void over_time_add(struct over_time *o, ns_t at, u64 weight, const s64 *values);

/* The values of one column, and the times, as arrays that are printed in one line each. */
json_object *over_time_column(const struct over_time *o, unsigned column);
json_object *over_time_times(const struct over_time *o);

#endif
