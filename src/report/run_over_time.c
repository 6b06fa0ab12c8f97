/* run_over_time.c - the columns of a run over time: levels and counts of the report's group,
 * pressure, and what the groups beside it hold. */
#include "report/run_over_time.h"

#include "base/alloc.h"
#include "procfs/procfs.h"
#include "report/json_put.h"

#include <stdlib.h>
#include <string.h>

#define EVERY_MIN  NS_PER_MS /* at first: short runs have as many moments as long ones */
#define BESIDE_MAX 24u

enum column { AT_CURRENT, AT_SWAP, AT_MAX, AT_HIGH, AT_KERNEL, NR_OWN };

static const char *const own_names[NR_OWN] = {"memory.current", "memory.swap.current", "memory.max",
                                              "memory.high", "kernel"};

/* Of the group, or at the root of the machine; bytes or counts. */
static const struct counted {
    enum counter id;
    const char *name; /* NULL: the counter's own */
    bool pages;       /* shown in bytes */
    bool machine;     /* of the machine alone */
} counted[] = {
    {NR_ANON_PAGES, "anon", true, false},
    {NR_SHMEM, "shmem", true, false},
    {NR_ACTIVE_FILE, "active_file", true, false},
    {NR_INACTIVE_FILE, "inactive_file", true, false},
    {NR_DIRTY, "file_dirty", true, false},
    {NR_WRITEBACK, "file_writeback", true, false},
    {PGFAULT, NULL, false, false},
    {PGMAJFAULT, NULL, false, false},
    {WORKINGSET_REFAULT_FILE, NULL, false, false},
    {WORKINGSET_REFAULT_ANON, NULL, false, false},
    {PGSCAN_KSWAPD, NULL, false, false},
    {PGSCAN_DIRECT, NULL, false, false},
    {PGSTEAL_KSWAPD, NULL, false, false},
    {PGSTEAL_DIRECT, NULL, false, false},
    {PSWPIN, NULL, false, true},
    {PSWPOUT, NULL, false, true},
};

static const struct {
    const char *name;
    enum psi_res res;
    bool full;
} pressures[RUN_OVER_TIME_PRESSURES] = {
    {"memory_some_us", PSI_MEM, false}, {"memory_full_us", PSI_MEM, true},
    {"io_some_us", PSI_IO, false},      {"io_full_us", PSI_IO, true},
    {"cpu_some_us", PSI_CPU, false},
};

#define NR_FIXED (NR_OWN + ARRAY_SIZE(counted) + ARRAY_SIZE(pressures))

static s64 limit(u64 pages)
{
    return pages >= PAGE_COUNTER_MAX ? OVER_TIME_UNKNOWN : (s64)(pages * PAGE_SIZE);
}

static s64 pages_of(const struct run_over_time *o, enum counter id)
{
    return o->group->parent ? group_counter(o->group, id) : o->system->counters.v[id];
}

/* The root is not charged for what it holds: it has what is not free, and all of the kernel's. */
static void look_at_own(const struct run_over_time *o, s64 *values)
{
    const struct group *g = o->group;
    const struct system *s = o->system;

    values[AT_MAX] = limit(g->memory.max);
    values[AT_HIGH] = limit(g->memory.high);
    if (g->parent) {
        values[AT_CURRENT] = (s64)(g->memory.usage * PAGE_SIZE);
        values[AT_SWAP] = (s64)(g->swap.usage * PAGE_SIZE);
        values[AT_KERNEL] = procfs_group_counter(o->group, MEMCG_KERNEL);
        return;
    }
    values[AT_MAX] = (s64)(s->frames.managed_pages * PAGE_SIZE);
    values[AT_CURRENT] =
        (s64)((s->frames.managed_pages - frames_count_free(&s->frames)) * PAGE_SIZE);
    values[AT_SWAP] = (s64)((s->swap.total_pages - s->swap.free_pages) * PAGE_SIZE);
    values[AT_KERNEL] =
        s->counters.v[NR_KERNEL_STACK] * (s64)KIB + s->counters.v[NR_SLAB_RECLAIMABLE] +
        s->counters.v[NR_SLAB_UNRECLAIMABLE] +
        (s->counters.v[NR_PAGE_TABLE_PAGES] + s->counters.v[NR_SEC_PAGE_TABLE_PAGES] +
         s->counters.v[NR_KERNEL_MISC_RECLAIMABLE] + s->counters.v[NR_ZSPAGES]) *
            (s64)PAGE_SIZE;
}

static void look(struct run_over_time *o, ns_t at)
{
    s64 values[NR_FIXED + BESIDE_MAX];
    s64 *v = values + NR_OWN;

    look_at_own(o, values);
    for (unsigned i = 0; i < ARRAY_SIZE(counted); i++) {
        const struct counted *c = &counted[i];
        s64 n = c->machine ? o->system->counters.v[c->id] : pages_of(o, c->id);

        *v++ = MAX(n, (s64)0) * (c->pages ? (s64)PAGE_SIZE : 1);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(pressures); i++) {
        struct psi_figures f = {0};

        psi_show(&o->group->psi, pressures[i].res, pressures[i].full, o->system->clock.now, &f);
        /* A look in the middle of a period may be corrected downwards by the next one. */
        o->stalled_us[i] = MAX(o->stalled_us[i], (s64)f.total_us);
        *v++ = o->stalled_us[i];
    }
    vec_for_each (&o->groups, beside) {
        const struct group *g = group_get(&o->system->groups, beside->id);

        *v++ = g ? (s64)(g->memory.usage * PAGE_SIZE) : 0;
    }
    over_time_add(&o->moments, at, (u64)(values[AT_CURRENT] + values[AT_SWAP]), values);
}

static void watch(void *ctx)
{
    struct run_over_time *o = ctx;
    ns_t at = o->system->watch_at;

    if (at >= o->next) {
        look(o, at);
        o->next = at + o->moments.every;
    }
    if (o->also && at >= o->also_at) {
        o->also(o->also_ctx);
        o->also_at = o->system->watch_at;
    }
    o->system->watch_at = o->also ? MIN(o->next, o->also_at) : o->next;
}

void run_over_time_start(struct run_over_time *o, struct system *system, struct group *group)
{
    struct group *root = system->groups.root;

    *o = (struct run_over_time){
        .system = system,
        .group = group,
        .also = system->watch,
        .also_ctx = system->watch_ctx,
        .also_at = system->watch_at,
    };
    for (struct group *g = root; g && o->groups.count < BESIDE_MAX; g = group_next(root, g)) {
        char path[4096];

        if (!g->parent || !g->online || g == group)
            continue;
        group_path(g, path, sizeof(path));
        vec_push(&o->groups, ((struct run_over_time_group){.id = g->id, .path = xstrdup(path)}));
    }
    over_time_init(&o->moments, (unsigned)(NR_FIXED + o->groups.count), EVERY_MIN);
    look(o, system->clock.now);
    o->next = system->clock.now + o->moments.every;
    system->watch = watch;
    system->watch_ctx = o;
    system->watch_at = o->also ? MIN(o->next, o->also_at) : o->next;
}

void run_over_time_finish(struct run_over_time *o)
{
    if (!o->system)
        return;
    if (vec_last(&o->moments.times) < o->system->clock.now)
        look(o, o->system->clock.now);
    o->system->watch = NULL;
}

void run_over_time_done(struct run_over_time *o)
{
    vec_for_each (&o->groups, g)
        free(g->path);
    vec_done(&o->groups);
    over_time_done(&o->moments);
    *o = (struct run_over_time){0};
}

json_object *run_over_time_json(const struct run_over_time *o)
{
    json_object *doc = json_new_object(), *list = json_new_array();
    unsigned column = 0;
    char path[4096];

    group_path(o->group, path, sizeof(path));
    json_put_text(doc, "cgroup", path);
    json_put_u64(doc, "every_ns", o->moments.every);
    json_put(doc, "at_ns", over_time_times(&o->moments));
    for (unsigned i = 0; i < NR_OWN; i++)
        json_put(doc, own_names[i], over_time_column(&o->moments, column++));
    for (unsigned i = 0; i < ARRAY_SIZE(counted); i++)
        json_put(doc, counted[i].name ? counted[i].name : counter_info[counted[i].id].name,
                 over_time_column(&o->moments, column++));
    for (unsigned i = 0; i < ARRAY_SIZE(pressures); i++)
        json_put(doc, pressures[i].name, over_time_column(&o->moments, column++));
    vec_for_each (&o->groups, g) {
        json_object *one = json_new_object();

        json_put_text(one, "path", g->path);
        json_put(one, "memory.current", over_time_column(&o->moments, column++));
        json_append(list, one);
    }
    json_put(doc, "cgroups", list);
    return doc;
}
