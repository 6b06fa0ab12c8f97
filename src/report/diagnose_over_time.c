/* diagnose_over_time.c - columns from /proc/meminfo, vmstat and pressure, or from a group's files;
 * spans of looks at which a finding held. */
#include "report/diagnose_over_time.h"

#include "base/alloc.h"
#include "report/json_put.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TRACKS_MAX 60u

enum column {
    AT_CURRENT,
    AT_SWAP,
    AT_MAX,
    AT_HIGH,
    AT_KERNEL,
    AT_ANON,
    AT_SHMEM,
    AT_ACTIVE_FILE,
    AT_INACTIVE_FILE,
    AT_FILE_DIRTY,
    AT_FILE_WRITEBACK,
    NR_LEVELS
};

static const char *const level_names[NR_LEVELS] = {
    "memory.current", "memory.swap.current",
    "memory.max",     "memory.high",
    "kernel",         "anon",
    "shmem",          "active_file",
    "inactive_file",  "file_dirty",
    "file_writeback",
};

static const enum counter counted[] = {
    PGFAULT,       PGMAJFAULT,    WORKINGSET_REFAULT_FILE, WORKINGSET_REFAULT_ANON,
    PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSTEAL_KSWAPD,          PGSTEAL_DIRECT,
    PSWPIN,        PSWPOUT,
};

static const struct {
    const char *name;
    enum psi_res res;
    bool full;
} pressures[] = {
    {"memory_some_us", PSI_MEM, false}, {"memory_full_us", PSI_MEM, true},
    {"io_some_us", PSI_IO, false},      {"io_full_us", PSI_IO, true},
    {"cpu_some_us", PSI_CPU, false},
};

#define NR_COLUMNS (NR_LEVELS + ARRAY_SIZE(counted) + ARRAY_SIZE(pressures))

static s64 value(u64 figure)
{
    return figure >= NO_LIMIT || figure > INT64_MAX ? OVER_TIME_UNKNOWN : (s64)figure;
}

void diagnose_over_time_init(struct diagnose_over_time *o, const char *group)
{
    *o = (struct diagnose_over_time){.group = group, .first_wall_us = UNKNOWN};
    over_time_init(&o->moments, NR_COLUMNS, 1);
}

void diagnose_over_time_done(struct diagnose_over_time *o)
{
    vec_for_each (&o->tracks, t) {
        free(t->title);
        vec_done(&t->from);
        vec_done(&t->to);
    }
    vec_done(&o->tracks);
    over_time_done(&o->moments);
}

static const struct cgroup_view *find_group(const struct snapshot *s, const char *path)
{
    vec_for_each (&s->cgroups, g)
        if (strcmp(g->path, path) == 0)
            return g;
    return NULL;
}

static void look_at_machine(const struct snapshot *s, u64 *levels)
{
    const u64 *m = s->meminfo;

    levels[AT_MAX] = m[MI_MEM_TOTAL];
    levels[AT_CURRENT] = known(m[MI_MEM_TOTAL]) && known(m[MI_MEM_FREE])
                             ? m[MI_MEM_TOTAL] - MIN(m[MI_MEM_FREE], m[MI_MEM_TOTAL])
                             : UNKNOWN;
    levels[AT_SWAP] = known(m[MI_SWAP_TOTAL]) && known(m[MI_SWAP_FREE])
                          ? m[MI_SWAP_TOTAL] - MIN(m[MI_SWAP_FREE], m[MI_SWAP_TOTAL])
                          : UNKNOWN;
    levels[AT_KERNEL] = figure_or(m[MI_SLAB], 0) + figure_or(m[MI_KERNEL_STACK], 0) +
                        figure_or(m[MI_PAGE_TABLES], 0) + figure_or(m[MI_SEC_PAGE_TABLES], 0) +
                        figure_or(m[MI_PERCPU], 0);
    levels[AT_ANON] = m[MI_ANON_PAGES];
    levels[AT_SHMEM] = m[MI_SHMEM];
    levels[AT_ACTIVE_FILE] = m[MI_ACTIVE_FILE];
    levels[AT_INACTIVE_FILE] = m[MI_INACTIVE_FILE];
    levels[AT_FILE_DIRTY] = m[MI_DIRTY];
    levels[AT_FILE_WRITEBACK] = m[MI_WRITEBACK];
}

static void look_at_group(const struct cgroup_view *g, u64 *levels)
{
    levels[AT_MAX] = g->max;
    levels[AT_HIGH] = g->high;
    levels[AT_CURRENT] = g->current;
    levels[AT_SWAP] = g->swap_current;
    levels[AT_KERNEL] = g->stat[MEMCG_KERNEL];
    levels[AT_ANON] = g->stat[NR_ANON_PAGES];
    levels[AT_SHMEM] = g->stat[NR_SHMEM];
    levels[AT_ACTIVE_FILE] = g->stat[NR_ACTIVE_FILE];
    levels[AT_INACTIVE_FILE] = g->stat[NR_INACTIVE_FILE];
    levels[AT_FILE_DIRTY] = g->stat[NR_DIRTY];
    levels[AT_FILE_WRITEBACK] = g->stat[NR_WRITEBACK];
}

/* Since the first look, by the clock where that is known: a capture may go on after the machine was
 * started anew. Clocks are set back, times here are not. */
static ns_t time_of(struct diagnose_over_time *o, const struct snapshot *s)
{
    bool by_clock = known(o->first_wall_us) && known(s->wall_us);
    ns_t first = by_clock ? o->first_wall_us * NS_PER_US : o->first_at;
    ns_t now = by_clock ? s->wall_us * NS_PER_US : s->taken_at;

    if (o->moments.times.count == 0) {
        o->first_at = s->taken_at;
        o->first_wall_us = s->wall_us;
        return 0;
    }
    return MAX(now - MIN(first, now), vec_last(&o->moments.times) + 1);
}

void diagnose_over_time_add(struct diagnose_over_time *o, const struct snapshot *s)
{
    const struct cgroup_view *g = o->group ? find_group(s, o->group) : NULL;
    u64 levels[NR_LEVELS];
    s64 values[NR_COLUMNS];
    s64 *v = values;

    for (unsigned i = 0; i < NR_LEVELS; i++)
        levels[i] = UNKNOWN;
    if (g)
        look_at_group(g, levels);
    else if (!o->group)
        look_at_machine(s, levels);
    for (unsigned i = 0; i < NR_LEVELS; i++)
        *v++ = value(levels[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(counted); i++)
        *v++ = value(g ? g->stat[counted[i]] : o->group ? UNKNOWN : s->vmstat[counted[i]]);
    for (unsigned i = 0; i < ARRAY_SIZE(pressures); i++) {
        const struct psi_view *psi = g ? &g->psi[pressures[i].res] : &s->psi[pressures[i].res];
        u64 total = pressures[i].full ? psi->full.total_us : psi->some.total_us;

        *v++ = value(o->group && !g ? UNKNOWN : total);
    }
    over_time_add(&o->moments, time_of(o, s),
                  figure_or(levels[AT_CURRENT], 0) + figure_or(levels[AT_SWAP], 0), values);
}

static struct finding_track *track_of(struct diagnose_over_time *o, const struct finding *f)
{
    vec_for_each (&o->tracks, t)
        if (t->rule == f->rule && strcmp(t->scope, f->scope) == 0)
            return t;
    if (o->tracks.count == TRACKS_MAX)
        return NULL;
    vec_push(&o->tracks, ((struct finding_track){.rule = f->rule, .severity = f->severity}));
    struct finding_track *t = &vec_last(&o->tracks);

    memcpy(t->scope, f->scope, sizeof(t->scope));
    t->title = xstrdup(f->title);
    t->weight = f->weight;
    return t;
}

static void see(struct diagnose_over_time *o, const struct finding *f, ns_t before, ns_t at)
{
    struct finding_track *t = track_of(o, f);

    if (!t)
        return;
    if (f->severity > t->severity || (f->severity == t->severity && f->weight > t->weight)) {
        free(t->title);
        t->title = xstrdup(f->title);
        t->severity = f->severity;
        t->weight = f->weight;
    }
    /* What is found speaks of the time since the look before. */
    if (t->to.count && (vec_last(&t->to) >= before || t->to.count == OVER_TIME_MAX)) {
        vec_last(&t->to) = at;
        return;
    }
    vec_push(&t->from, before);
    vec_push(&t->to, at);
}

void diagnose_over_time_find(struct diagnose_over_time *o, const struct diagnosis *d)
{
    size_t count = o->moments.times.count;
    ns_t at = vec_last(&o->moments.times),
         before = count > 1 ? o->moments.times.items[count - 2] : at;

    vec_for_each (&d->findings.items, f)
        if (f->severity >= SEV_WARNING)
            see(o, f, before, at);
}

static const char *column_name(unsigned column)
{
    if (column < NR_LEVELS)
        return level_names[column];
    column -= NR_LEVELS;
    if (column < ARRAY_SIZE(counted))
        return counter_info[counted[column]].name;
    return pressures[column - ARRAY_SIZE(counted)].name;
}

unsigned diagnose_over_time_column(const char *name)
{
    unsigned column = 0;

    while (column < NR_COLUMNS && strcmp(column_name(column), name) != 0)
        column++;
    assert(column < NR_COLUMNS);
    return column;
}

json_object *diagnose_over_time_json(const struct diagnose_over_time *o)
{
    json_object *doc;

    if (o->moments.times.count < DIAGNOSE_OVER_TIME_MIN)
        return NULL;
    doc = json_new_object();
    json_put_text(doc, "cgroup", o->group ? o->group : "/");
    json_put(doc, "begin_us", known(o->first_wall_us) ? json_new_u64(o->first_wall_us) : NULL);
    json_put(doc, "at_ns", over_time_times(&o->moments));
    for (unsigned i = 0; i < NR_COLUMNS; i++)
        json_put(doc, column_name(i), over_time_column(&o->moments, i));
    return doc;
}

static json_object *times_json(const ns_t *times, size_t count)
{
    json_object *row = json_new_row();

    for (size_t i = 0; i < count; i++)
        json_append(row, json_new_u64(times[i]));
    return row;
}

json_object *diagnose_tracks_json(const struct diagnose_over_time *o)
{
    json_object *list = json_new_array();

    vec_for_each (&o->tracks, t) {
        json_object *one = json_new_object();

        json_put_text(one, "rule", rule_info[t->rule].name);
        json_put_text(one, "scope", t->scope);
        json_put_text(one, "severity", severity_name(t->severity));
        json_put_text(one, "title", t->title);
        json_put(one, "from_ns", times_json(t->from.items, t->from.count));
        json_put(one, "to_ns", times_json(t->to.items, t->to.count));
        json_append(list, one);
    }
    return list;
}
