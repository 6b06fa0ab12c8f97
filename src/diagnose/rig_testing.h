/* rig_testing.h - two snapshots made by hand, a second apart, and what the rules say of them: for
 * the tests of this room.
 *
 * The machine has 16 GiB, half of it available, 4 GiB of swap, no pressure and counters that stand
 * still. A test changes what it is about. Never: included by anything but *_test.c.
 */
#ifndef DIAGNOSE_RIG_TESTING_H
#define DIAGNOSE_RIG_TESTING_H

#include "diagnose/diagnose.h"
#include "diagnose/rule.h"

#include <stdio.h>
#include <string.h>

/* Run a test body with a fresh rig. */
#define RIG_TEST(name)                      \
    static void name##_body(struct rig *r); \
    TEST(name)                              \
    {                                       \
        struct rig r;                       \
                                            \
        rig_init(&r);                       \
        name##_body(&r);                    \
        rig_done(&r);                       \
    }                                       \
    static void name##_body(struct rig *r)

struct rig {
    struct snapshot before, now;
    bool single; /* only `now` is given to the diagnosis */
    struct diagnose_options options;
    struct diagnosis d;
};

/* A figure that is the same in both. */
#define RIG_BOTH(r, field, value) ((r)->before.field = (r)->now.field = (value))

static inline void rig_snapshot_init(struct snapshot *s, ns_t at)
{
    snapshot_init(s);
    for (unsigned i = 0; i < NR_PARTS; i++)
        s->parts[i] = (struct part_status){.state = PART_OK, .read_at = at};
    s->taken_at = at;
    s->uptime_us = at / NS_PER_US;
    s->meminfo[MI_MEM_TOTAL] = 16 * GIB;
    s->meminfo[MI_MEM_FREE] = 4 * GIB;
    s->meminfo[MI_MEM_AVAILABLE] = 8 * GIB;
    s->meminfo[MI_CACHED] = 4 * GIB;
    s->meminfo[MI_BUFFERS] = 0;
    s->meminfo[MI_SHMEM] = 0;
    s->meminfo[MI_ANON_PAGES] = 8 * GIB;
    s->meminfo[MI_SWAP_TOTAL] = 4 * GIB;
    s->meminfo[MI_SWAP_FREE] = 4 * GIB;
    s->meminfo[MI_PERCPU] = 0;
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        s->vmstat[i] = 1000000;
    s->vmstat[OOM_KILL] = 0;
    s->vmstat[HTLB_BUDDY_ALLOC_FAIL] = 0;
    s->vmstat[THP_DEFERRED_SPLIT_PAGE] = 0;
    s->vmstat[NR_ZSPAGES] = 0;
    s->vmstat[COMPACT_STALL] = s->vmstat[COMPACT_FAIL] = 0;
    s->vmstat[NR_DIRTY] = s->vmstat[NR_WRITEBACK] = 0;
    s->allocstall = 1000;
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++)
        s->psi[r] = (struct psi_view){{0, 0, 0, 1000}, {0, 0, 0, 1000}};
}

static inline void rig_init(struct rig *r)
{
    memset(r, 0, sizeof(*r));
    rig_snapshot_init(&r->before, 1000 * NS_PER_S);
    rig_snapshot_init(&r->now, 1001 * NS_PER_S);
}

static inline void rig_done(struct rig *r)
{
    if (r->d.history)
        diagnosis_done(&r->d);
    snapshot_done(&r->before);
    snapshot_done(&r->now);
}

/* So many a second. */
static inline void rig_rate(struct rig *r, enum counter id, u64 per_s)
{
    r->now.vmstat[id] = r->before.vmstat[id] + per_s;
}

static inline struct psi_view rig_psi(double some, double full)
{
    u64 s = (u64)(some * 100), f = (u64)(full * 100);

    return (struct psi_view){{s, s, s, 1000 + (u64)(some * 10000)},
                             {f, f, f, 1000 + (u64)(full * 10000)}};
}

/* Percent of the time, for as long as the averages go back. */
static inline void rig_pressure(struct rig *r, enum psi_res resource, double some, double full)
{
    r->now.psi[resource] = rig_psi(some, full);
    /* Something must have stalled, or the kernel's figure is wrong (rule_pressure_wrong.c). */
    if (resource == PSI_MEM)
        rig_rate(r, COMPACT_MIGRATE_SCANNED, 1);
}

static inline void rig_group_add(struct snapshot *s, const char *path, u32 parent, u64 current,
                                 u64 max)
{
    struct cgroup_view g;

    memset(&g, 0xff, sizeof(g));
    g.path = xstrdup(path);
    g.parent = parent;
    g.depth = parent == GROUP_NONE ? 0 : s->cgroups.items[parent].depth + 1;
    g.version = 2;
    g.is_root = parent == GROUP_NONE;
    g.current = g.is_root ? UNKNOWN : current;
    g.max = max;
    g.high = NO_LIMIT;
    g.nr_procs = 1;
    g.oom_group = false;
    g.nr_huge = 0;
    g.read_at = g.stat_at = s->taken_at;
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++)
        g.events[i] = g.events_local[i] = 0;
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        g.stat[i] = 0;
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        g.psi[i] = rig_psi(0, 0);
    vec_push(&s->cgroups, g);
}

/* The root and one group below it, of anonymous memory and inactive cache. Returns its index. */
static inline u32 rig_group(struct rig *r, const char *path, u64 anon, u64 cache, u64 max)
{
    struct snapshot *both[] = {&r->before, &r->now};
    u32 index = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        struct snapshot *s = both[i];

        if (s->cgroups.count == 0)
            rig_group_add(s, "/", GROUP_NONE, 0, UNKNOWN);
        index = (u32)s->cgroups.count;
        rig_group_add(s, path, 0, anon + cache, max);
        s->cgroups.items[index].stat[NR_ANON_PAGES] = anon;
        s->cgroups.items[index].stat[NR_FILE_PAGES] = cache;
        s->cgroups.items[index].stat[NR_INACTIVE_FILE] = cache;
    }
    return index;
}

static inline void rig_process(struct rig *r, u32 pid, const char *comm, u64 anon, u64 swap)
{
    struct snapshot *both[] = {&r->before, &r->now};

    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        struct process_view p;

        memset(&p, 0xff, sizeof(p));
        p.pid = pid;
        p.start_ticks = 1;
        p.rss_anon = p.rss = anon;
        p.swap = swap;
        p.major_faults = p.minor_faults = p.cpu_us = 0;
        p.state = 'S';
        p.oom_score_adj = 0;
        snprintf(p.comm, sizeof(p.comm), "%s", comm);
        p.cpus_allowed[0] = p.mems_allowed[0] = '\0';
        vec_push(&both[i]->processes, p);
    }
}

static inline void rig_run(struct rig *r)
{
    if (r->d.history)
        diagnosis_done(&r->d);
    diagnosis_init(&r->d, &r->options);
    if (!r->single)
        diagnosis_add(&r->d, &r->before);
    diagnosis_add(&r->d, &r->now);
    diagnosis_conclude(&r->d);
    history_check(r->d.history);
}

/* The first finding of this rule, or NULL. */
static inline const struct finding *rig_found(const struct rig *r, enum rule rule)
{
    vec_for_each (&r->d.findings.items, f) {
        if (f->rule == rule)
            return f;
    }
    return NULL;
}

static inline const struct finding *rig_find(struct rig *r, enum rule rule)
{
    rig_run(r);
    return rig_found(r, rule);
}

/* Its severity, or -1 when there is none. */
static inline int rig_severity(struct rig *r, enum rule rule)
{
    const struct finding *f = rig_find(r, rule);

    return f ? (int)f->severity : -1;
}

static inline bool rig_has_gap(const struct rig *r, enum rule rule)
{
    vec_for_each (&r->d.findings.gaps, g) {
        if (g->rule == rule)
            return true;
    }
    return false;
}

#endif
