/* series.c - samples of all counters, and their two forms.
 *
 * What there is to sample is walked in one place, each_column(), by whoever needs it: to count
 * columns, to name them, to take a sample, to print one. The machine calls take_sample() at the
 * exact virtual time (struct system, watch). */
#include "report/series.h"
#include "report/json_put.h"

#include "procfs/procfs.h"
#include "stats/memory_stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum column_kind {
    COLUMN_VMSTAT,
    COLUMN_CURRENT,
    COLUMN_SWAP,
    COLUMN_PRESSURE,
    COLUMN_STAT,
    COLUMN_REQUESTS
};

struct column {
    size_t index;
    enum column_kind kind;
    const char *scope; /* of a group its path, of a task its name, else "" */
    const char *name;
    bool event;
    s64 value; /* now */
};

typedef void (*column_fn)(void *ctx, const struct column *c);

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path), n = strlen(end);

    return len > n && strcmp(path + len - n, end) == 0;
}

bool series_is_csv(const char *path)
{
    return ends_with(path, ".csv");
}

bool series_is_json(const char *path)
{
    return ends_with(path, ".json");
}

/* --- the columns ------------------------------------------------------------------------------ */

static void each_vmstat(const struct series *s, struct column *c, column_fn fn, void *ctx)
{
    const struct kernel *kernel = &s->system->kernel;
    struct counters now;

    procfs_counters(s->system, &now);
    c->kind = COLUMN_VMSTAT;
    c->scope = "";
    for (unsigned i = 0; i < kernel->nr_vmstat; i++, c->index++) {
        enum counter id = kernel->vmstat[i];

        c->name = counter_info[id].name;
        c->event = counter_info[id].kind == COUNTER_EVENT;
        c->value = counter_shown(id, now.v[id]);
        fn(ctx, c);
    }
}

/* The totals of the pressure files, in us; the root's are /proc/pressure. */
static void each_pressure(const struct series *s, const struct group *g, struct column *c,
                          column_fn fn, void *ctx)
{
    static const struct {
        const char *name;
        enum psi_res res;
        bool full;
    } lines[] = {
        {"cpu.pressure some", PSI_CPU, false},   {"io.pressure some", PSI_IO, false},
        {"io.pressure full", PSI_IO, true},      {"memory.pressure some", PSI_MEM, false},
        {"memory.pressure full", PSI_MEM, true},
    };

    c->kind = COLUMN_PRESSURE;
    c->event = true;
    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++, c->index++) {
        struct psi_figures f = {0};

        if (g)
            psi_show(&g->psi, lines[i].res, lines[i].full, s->system->clock.now, &f);
        c->name = lines[i].name;
        c->value = (s64)f.total_us;
        fn(ctx, c);
    }
}

static void each_of_group(const struct series *s, const struct series_group *sg, struct column *c,
                          column_fn fn, void *ctx)
{
    const struct kernel *kernel = &s->system->kernel;
    struct group *g = group_get(&s->system->groups, sg->id);

    c->scope = sg->path;
    c->event = false;
    if (sg->id != GROUP_ROOT) {
        c->kind = COLUMN_CURRENT;
        c->name = "memory.current";
        c->value = g ? (s64)(g->memory.usage * PAGE_SIZE) : 0;
        fn(ctx, c);
        c->index++;
        c->kind = COLUMN_SWAP;
        c->name = "memory.swap.current";
        c->value = g ? (s64)(g->swap.usage * PAGE_SIZE) : 0;
        fn(ctx, c);
        c->index++;
    }
    each_pressure(s, g, c, fn, ctx);
    c->kind = COLUMN_STAT;
    for (unsigned i = 0; i < kernel->nr_memory_stat; i++, c->index++) {
        const struct memory_stat_line *line = kernel->memory_stat[i];

        c->name = line->name;
        c->event = counter_info[line->id].kind == COUNTER_EVENT;
        c->value = g ? memory_stat_value(line, procfs_group_counter, g) : 0;
        fn(ctx, c);
    }
}

static void each_column(const struct series *s, column_fn fn, void *ctx)
{
    struct column c = {0};

    each_vmstat(s, &c, fn, ctx);
    for (size_t i = 0; i < s->groups.count; i++)
        each_of_group(s, &s->groups.items[i], &c, fn, ctx);
    c.kind = COLUMN_REQUESTS;
    c.name = "requests";
    c.event = true;
    for (size_t i = 0; s->scenario && i < s->scenario->nr_jobs; i++) {
        const struct scenario_job *job = &s->scenario->jobs[i];

        if (job->trace)
            continue;
        c.scope = job->task->head.name;
        c.value = (s64)job->generator.stats.requests;
        fn(ctx, &c);
        c.index++;
    }
}

/* --- taking samples --------------------------------------------------------------------------- */

static void keep_value(void *ctx, const struct column *c)
{
    struct series *s = ctx;
    s64 *total = &s->totals.items[c->index], now = c->value;

    /* What is counted does not fall. A look in the middle of a period of PSI weighs its CPUs before
     * the period is over, and the next look may correct it downwards; the correction is left to the
     * time after. The counters of a removed group are its parent's once its last page is gone. */
    if (c->event)
        now = MAX(now, *total);
    vec_push(&s->values, c->event ? now - *total : now);
    *total = now;
}

static void sample(struct series *s, ns_t at)
{
    vec_push(&s->times, at);
    each_column(s, keep_value, s);
}

static void take_sample(void *series)
{
    struct series *s = series;

    sample(s, s->system->watch_at);
    s->system->watch_at += s->every;
}

static void count_column(void *ctx, const struct column *c)
{
    struct series *s = ctx;

    vec_push(&s->totals, c->value);
}

void series_start(struct series *s, struct system *system, const struct scenario_run *scenario,
                  ns_t every)
{
    struct group *root = system->groups.root;

    assert(every >= SERIES_EVERY_MIN);
    *s = (struct series){.system = system, .scenario = scenario, .every = every};
    for (struct group *g = root; g; g = group_next(root, g)) {
        char path[4096];

        group_path(g, path, sizeof(path));
        vec_push(&s->groups, ((struct series_group){.id = g->id, .path = xstrdup(path)}));
    }
    each_column(s, count_column, s);
    s->nr_columns = s->totals.count;
    system->watch = take_sample;
    system->watch_ctx = s;
    system->watch_at = system->clock.now + every;
}

void series_finish(struct series *s)
{
    ns_t now = s->system->clock.now;

    s->system->watch = NULL;
    if (s->times.count == 0 || vec_last(&s->times) < now)
        sample(s, now);
}

void series_done(struct series *s)
{
    if (!s->system)
        return;
    s->system->watch = NULL;
    vec_for_each (&s->groups, g)
        free(g->path);
    vec_done(&s->groups);
    vec_done(&s->totals);
    vec_done(&s->times);
    vec_done(&s->values);
    *s = (struct series){0};
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void csv_name(void *ctx, const struct column *c)
{
    struct strbuf *out = ctx;

    switch (c->kind) {
    case COLUMN_VMSTAT:
        strbuf_printf(out, ",%s", c->name);
        return;
    case COLUMN_CURRENT:
    case COLUMN_SWAP:
    case COLUMN_PRESSURE:
        strbuf_printf(out, ",%s %s", c->scope, c->name);
        return;
    case COLUMN_STAT:
        strbuf_printf(out, ",%s memory.stat %s", c->scope, c->name);
        return;
    case COLUMN_REQUESTS:
        strbuf_printf(out, ",[%s] %s", c->scope, c->name);
        return;
    }
    hw_unreachable();
}

void series_render_csv(const struct series *s, struct strbuf *out)
{
    strbuf_append(out, "time_s");
    each_column(s, csv_name, out);
    strbuf_appendc(out, '\n');
    for (size_t i = 0; i < s->times.count; i++) {
        ns_t at = s->times.items[i];

        strbuf_printf(out, "%" PRIu64 ".%09" PRIu64, at / NS_PER_S, at % NS_PER_S);
        for (size_t c = 0; c < s->nr_columns; c++)
            strbuf_printf(out, ",%" PRId64, s->values.items[i * s->nr_columns + c]);
        strbuf_appendc(out, '\n');
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

struct json_sample {
    const s64 *values;
    json_object *vmstat, *groups, *tasks;
    json_object *group, *stat; /* the last one begun */
    const char *scope;
};

static void json_value(void *ctx, const struct column *c)
{
    struct json_sample *js = ctx;
    json_object *value = json_new_s64(js->values[c->index]), *task;

    switch (c->kind) {
    case COLUMN_VMSTAT:
        json_put(js->vmstat, c->name, value);
        return;
    case COLUMN_CURRENT:
    case COLUMN_SWAP:
    case COLUMN_PRESSURE:
    case COLUMN_STAT:
        if (js->scope != c->scope) {
            js->scope = c->scope;
            js->group = json_new_object();
            js->stat = json_new_object();
            json_put(js->group, "path", json_new_text(c->scope));
            json_put(js->group, "memory.stat", js->stat);
            json_append(js->groups, js->group);
        }
        json_put(c->kind == COLUMN_STAT ? js->stat : js->group, c->name, value);
        return;
    case COLUMN_REQUESTS:
        task = json_new_object();
        json_put(task, "name", json_new_text(c->scope));
        json_put(task, c->name, value);
        json_append(js->tasks, task);
        return;
    }
    hw_unreachable();
}

static json_object *sample_json(const struct series *s, size_t at)
{
    json_object *o = json_new_object();
    struct json_sample js = {
        .values = &s->values.items[at * s->nr_columns],
        .vmstat = json_new_object(),
        .groups = json_new_array(),
        .tasks = json_new_array(),
    };

    json_put(o, "at_ns", json_new_u64(s->times.items[at]));
    json_put(o, "vmstat", js.vmstat);
    json_put(o, "cgroups", js.groups);
    json_put(o, "tasks", js.tasks);
    each_column(s, json_value, &js);
    return o;
}

void series_render_json(const struct series *s, struct strbuf *out)
{
    /* Sample by sample, so that a long series is not in memory twice. */
    strbuf_printf(out, "{\n\"schema_version\": %d,\n\"every_ns\": %" PRIu64 ",\n\"samples\": [",
                  SERIES_SCHEMA_VERSION, s->every);
    for (size_t i = 0; i < s->times.count; i++) {
        json_object *o = sample_json(s, i);

        strbuf_append(out, i ? ",\n" : "\n");
        json_render(o, JSON_LINE, out);
    }
    strbuf_append(out, "\n]\n}\n");
}
