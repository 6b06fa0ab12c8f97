/* series.h - all counters of a machine over virtual time.
 *
 * A sample is taken at every multiple of the interval, and one at the end. Counters of events are
 * what happened since the sample before, so that they add up to the run; levels are as they were at
 * that moment. Taking samples changes nothing. Columns: /proc/vmstat; of every cgroup
 * memory.current and memory.swap.current (not of the root), the totals of its pressure files in us,
 * and memory.stat; of every [task] of a scenario the requests it did.
 */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "system/system.h"
#include "workload/scenario_run.h"

#define SERIES_SCHEMA_VERSION 1
#define SERIES_EVERY_MIN      NS_PER_MS

struct series_group {
    u16 id;
    char *path;
};

struct series {
    struct system *system;               /* NULL: not started */
    const struct scenario_run *scenario; /* NULL: a recording */
    ns_t every;
    VEC(struct series_group) groups; /* as they were at the start */
    size_t nr_columns;
    VEC(s64) totals; /* by column, as counted so far */
    VEC(ns_t) times; /* by sample */
    VEC(s64) values; /* by sample and column */
};

bool series_is_csv(const char *path);
bool series_is_json(const char *path);

/* Watch the machine from now on. Its groups exist already.   pre: every >= SERIES_EVERY_MIN */
void series_start(struct series *s, struct system *system, const struct scenario_run *scenario,
                  ns_t every);

/* The last sample, if time has passed since the one before. */
void series_finish(struct series *s);
void series_done(struct series *s);

/* One row per sample; columns are called "pgfault", "/app memory.current", "/app memory.stat anon",
 * "[web] requests". */
void series_render_csv(const struct series *s, struct strbuf *out);

/* The document of docs/schema/series.schema.json. */
void series_render_json(const struct series *s, struct strbuf *out);

#endif
