/* metric.h - the figures that leave highwater for other programs: one table, and its values at one
 * moment.
 *
 * Names:      of Prometheus: highwater_, what it is, its unit (bytes, seconds, pages, ratio), of a
 *             counter _total. They come from metrics.def and, for what the kernel counts, from the
 *             tables that declare it (counters.def, memory_stat.def, cgroup_events.def), which have
 *             the texts as well.
 * Scopes:     whose figure it is; all but MACHINE bring labels. Rows of one family follow each
 *             other.
 * Unknown:    a figure that nothing tells has no value at all, and never 0.
 * Bounds:     control groups by `groups_max`, findings by FINDINGS_PER_RULE; the others are as many
 *             as the machine has.
 * Invariants: no two values have one name and the same labels, whatever names of groups and devices
 *             say: who comes second is left out.
 * Use:        metric_look_init(&l, snapshot, diagnosis, &keep); metrics_each(&l, NULL, print, ctx);
 *             metric_look_done(&l);
 */
#ifndef EXPORT_METRIC_H
#define EXPORT_METRIC_H

#include "base/hash.h"
#include "diagnose/diagnose.h"
#include "diagnose/figures.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO };
enum metric_unit {
    METRIC_NONE,
    METRIC_BYTES,
    METRIC_SECONDS,
    METRIC_PAGES,
    METRIC_RATIO,
    NR_METRIC_UNITS
};

enum metric_scope {
    PER_MACHINE,
    PER_PART,
    PER_CGROUP,
    PER_NODE,
    PER_ZONE,
    PER_DISK,
    PER_SWAP,
    PER_ZRAM,
    PER_FINDING,
    NR_METRIC_SCOPES
};

/* What the exporter tells of itself. */
struct metric_self {
    u64 samples, failed;
    double sampled_at_s, sample_s, cpu_s;
};

struct need;

/* One moment. */
struct metric_look {
    const struct snapshot *s;
    const struct diagnosis *d;
    const struct metric_self *self; /* NULL: no exporter */
    bool concluded;                 /* findings and needs are there */
    struct figures figures, *f;
    const struct need **needs;            /* by group, NULL where there is none */
    const struct need *need;              /* of the machine; NULL */
    VEC(u32) instances[NR_METRIC_SCOPES]; /* indices into what the scope is of */
    u64 left_out;                         /* groups */
};

/* Which groups have metrics, from one look to the next: a group that has them keeps them while it
 * exists. */
struct metric_groups {
    u32 max; /* 0: all */
    struct u64map kept;
};

struct metric {
    /* "highwater_cgroup_memory_current_bytes": of the family, without _total and _info */
    const char *name;
    const char *sample; /* the same with it */
    const char *doc;
    enum metric_type type;
    enum metric_unit unit;
    enum metric_scope scope;
    const char *label, *label_value; /* of its own, beside those of the scope; NULL */
    double (*value)(const struct metric_look *l, u32 i, unsigned param);
    unsigned param;
};

/* The table; made at the first call and kept. */
const struct metric *metrics(size_t *ret_count);
/* The first row of this name: the family's or the sample's, with or without "highwater_"; NULL. */
const struct metric *metric_find(const char *name);
/* What `wanted` is told of metrics_each(): one flag a row, for all rows of the families in `list`:
 * names with commas between them, * and ? match. -EINVAL names the first that matches nothing. */
int metrics_choose(const char *list, bool **ret_wanted, struct err *e);

extern const char *const metric_unit_names[NR_METRIC_UNITS];    /* "bytes"; "" */
extern const char *const metric_scope_names[NR_METRIC_SCOPES];  /* "cgroup" */
extern const char *const metric_scope_labels[NR_METRIC_SCOPES]; /* "node, zone" */
const char *metric_type_name(enum metric_type type);            /* "gauge" */

/* `d` has had the snapshot added last; concluded: and diagnosis_conclude() since. All must outlive
 * l. */
void metric_look_init(struct metric_look *l, const struct snapshot *s, const struct diagnosis *d,
                      bool concluded, struct metric_groups *groups);
void metric_look_done(struct metric_look *l);

void metric_groups_init(struct metric_groups *groups, u32 max);
void metric_groups_done(struct metric_groups *groups);

#define METRIC_LABELS_MAX 4
struct metric_label {
    const char *name, *value;
};
struct metric_labels {
    struct metric_label items[METRIC_LABELS_MAX];
    unsigned count;
    char text[24]; /* of a number */
};

/* Each value there is, row by row of the table, in the order of the snapshot. Labels are valid only
 * meanwhile. */
typedef void metric_fn(void *ctx, const struct metric *m, const struct metric_labels *labels,
                       double value);
void metrics_each(const struct metric_look *l, const bool *wanted, metric_fn *fn, void *ctx);

/* `cgroup="/web",bound="low"`, as OpenMetrics escapes it; nothing without labels. */
void metric_labels_render(const struct metric_labels *labels, struct strbuf *out);
/* The shortest text that is this number again. Returns buf. */
char *metric_number(char buf[32], double value);

#endif
