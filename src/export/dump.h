/* dump.h - metrics over the samples of a capture, as a table for other programs.
 *
 * A series is a metric with its labels. Its values are those of the samples in which something told
 * it; where nothing did there is none. Time is in seconds since 1970.
 * Bounds: DUMP_VALUES_MAX values in all, which are kept in memory.
 * Use:    dump_init(&d, wanted); for each sample: dump_add(&d, &look, time_s, e); dump_sort(&d);
 *         dump_render_csv(&d, out); dump_done(&d);
 */
#ifndef EXPORT_DUMP_H
#define EXPORT_DUMP_H

#include "base/arena.h"
#include "export/metric.h"

#define DUMP_VALUES_MAX     (8u << 20)
#define DUMP_SCHEMA_VERSION 1

struct dump_value {
    u32 sample; /* index into times */
    double value;
};

struct dump_series {
    const struct metric *metric;
    const char *text; /* labels as OpenMetrics has them, without braces; "" */
    struct metric_label labels[METRIC_LABELS_MAX];
    unsigned nr_labels;
    size_t order; /* of its first value */
    VEC(struct dump_value) values;
};

struct dump {
    const bool *wanted; /* by row of the table; NULL: all */
    VEC(double) times;
    VEC(struct dump_series) series;
    struct u64map index; /* metric and labels: place in series + 1 */
    struct arena texts;
    u64 values;
    bool full;
};

void dump_init(struct dump *d, const bool *wanted);
void dump_done(struct dump *d);

/* Another sample, no earlier than those before. -E2BIG when there is no room for it. */
int dump_add(struct dump *d, const struct metric_look *l, double time_s, struct err *e);

/* Series in the order of the table, then of their first value. Nothing may be added afterwards. */
void dump_sort(struct dump *d);

/* One row per sample, a column for each series:
 * highwater_cgroup_memory_current_bytes{cgroup="/web"}. */
void dump_render_csv(const struct dump *d, struct strbuf *out);
/* Values with their times, series by series. */
void dump_render_openmetrics(const struct dump *d, struct strbuf *out);

#endif
