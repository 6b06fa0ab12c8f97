/* topic.h - everything `highwater explain` can explain, gathered from the tables that declare it.
 *
 * Use:  struct topics t; topics_init(&t, kernel_default()); n = topics_find(&t, "Dirty", found, 4);
 *       topic_render(found[0], &text); topics_done(&t);
 */
#ifndef REPORT_TOPIC_H
#define REPORT_TOPIC_H

#include "base/strbuf.h"
#include "base/types.h"
#include "diagnose/finding.h"
#include "stats/kernel.h"
#include "system/config.h"

enum topic_kind {
    TOPIC_COUNTER,
    TOPIC_MEMORY_STAT,
    TOPIC_MEMINFO,
    TOPIC_CGROUP_FILE,
    TOPIC_SLAB_CACHE,
    TOPIC_OPTION,
    TOPIC_TUNABLE,
    TOPIC_COST,
    TOPIC_FINDING,
    TOPIC_CAUSE,
    TOPIC_KERNEL,
    TOPIC_FIGURE,
    TOPIC_TERM, /* a file, a field, a word of a message, a flag (terms.def) */
    NR_TOPIC_KINDS
};

struct topic {
    enum topic_kind kind;
    const char *name;
    const char *doc;
    const char *unit;           /* "pages", "bytes", ""; of the file it is shown in */
    const char *where;          /* "/proc/vmstat", ... */
    enum machine_option option; /* of a TOPIC_OPTION */
    enum oom_cause cause;       /* of a TOPIC_CAUSE */
    bool is_event;              /* counters: only grows */
    bool is_modelled;           /* tunables */
    bool in_memory_stat;
    u64 default_value, min, max; /* tunables and costs */
    const struct tunable_info *tunable;
    u64 object_bytes; /* object caches */
    bool is_reclaimable, is_charged;
};

struct topics {
    struct topic *items;
    size_t count;
    struct kernel kernel; /* the one whose files they tell about, built with all it can be */
};

void topics_init(struct topics *t, const struct kernel_release *release);
void topics_done(struct topics *t);

/* Those with this name, whatever their kind; upper and lower case are the same. A tunable also
 * without "vm.", a memory.events key as "memory.events:max" or "memory.events.max". Returns how
 * many, at most max. */
size_t topics_find(const struct topics *t, const char *name, const struct topic *ret[], size_t max);

/* "counter", "tunable", ... and the heading of its list. */
const char *topic_kind_name(enum topic_kind kind);
const char *topic_kind_title(enum topic_kind kind);

/* A few lines for a person. */
void topic_render(const struct topic *topic, struct strbuf *out);

#endif
