/* metric.c - the table of metrics, and which things of a machine they are of.
 *
 * Rows of metrics.def become functions; rows of the kernel's counters share one function and say by
 * `param` which counter they are. Per scope a look has the indices of what is told, without those
 * whose labels would be another's: names are the machine's, and a hostile tree may have one twice
 * (also after base/utf8.h has cleaned them). */
#include "export/metric.h"

#include "base/arena.h"
#include "diagnose/accounting.h"
#include "diagnose/needed.h"
#include "stats/counters.h"
#include "stats/kernel.h"
#include "stats/names.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const metric_unit_names[NR_METRIC_UNITS] = {
    [METRIC_NONE] = "",       [METRIC_BYTES] = "bytes", [METRIC_SECONDS] = "seconds",
    [METRIC_PAGES] = "pages", [METRIC_RATIO] = "ratio",
};
const char *const metric_scope_names[NR_METRIC_SCOPES] = {
    [PER_MACHINE] = "machine", [PER_PART] = "file",   [PER_CGROUP] = "cgroup",
    [PER_NODE] = "node",       [PER_ZONE] = "zone",   [PER_DISK] = "device",
    [PER_SWAP] = "device",     [PER_ZRAM] = "device", [PER_FINDING] = "finding",
};
const char *const metric_scope_labels[NR_METRIC_SCOPES] = {
    [PER_MACHINE] = "",    [PER_PART] = "file",       [PER_CGROUP] = "cgroup",
    [PER_NODE] = "node",   [PER_ZONE] = "node, zone", [PER_DISK] = "device",
    [PER_SWAP] = "device", [PER_ZRAM] = "device",     [PER_FINDING] = "rule, scope, severity",
};

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_INFO] = "info"};

    return names[type];
}

/* --- values ----------------------------------------------------------------------------------- */

static double amount(u64 figure)
{
    return known(figure) ? (double)figure : NAN;
}

static double limit(u64 figure)
{
    return known(figure) && figure < NO_LIMIT ? (double)figure : NAN;
}

static u64 page_bytes(const struct snapshot *s)
{
    return s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;
}

static double pages(const struct snapshot *s, u64 figure)
{
    return amount(figure) * (double)page_bytes(s);
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static bool is_read(const struct snapshot *s, enum part part)
{
    return s->parts[part].state == PART_OK || s->parts[part].state == PART_CUT;
}

static double readable(const struct snapshot *s, u32 part)
{
    return s->parts[part].state == PART_NOT_READ ? NAN : is_read(s, (enum part)part);
}

static double free_in_pools(const struct snapshot *s)
{
    u64 free;

    return known(snapshot_pools(s, &free)) ? amount(free) : NAN;
}

#define OF_MACHINE const struct need *n = l->need;
#define OF_PART    const struct need *n = NULL;
#define OF_CGROUP                                       \
    const struct cgroup_view *g = &s->cgroups.items[i]; \
    const struct group_figures *gf = &f->groups[i];     \
    const struct need *n = l->needs[i];                 \
    (void)g, (void)gf;
#define OF_NODE    OF_PART const struct node_view *node = &s->nodes.items[i];
#define OF_ZONE    OF_PART const struct zone_view *zone = &s->zones.items[i];
#define OF_DISK    OF_PART const struct disk_view *disk = &s->disks.items[i];
#define OF_SWAP    OF_PART const struct swap_view *swap = &s->swaps.items[i];
#define OF_ZRAM    OF_PART const struct zram_view *zram = &s->zrams.items[i];
#define OF_FINDING OF_PART

#define METRIC_AT(id, family, label, text, type, unit, scope, value, doc)        \
    static double value_##id(const struct metric_look *l, u32 i, unsigned param) \
    {                                                                            \
        const struct snapshot *s = l->s;                                         \
        const struct figures *f = l->f;                                          \
        OF_##scope(void) s, (void)f, (void)n, (void)i, (void)param;              \
        return value;                                                            \
    }
#define METRIC(id, type, unit, scope, value, doc) \
    METRIC_AT(id, id, NULL, NULL, type, unit, scope, value, doc)
#include "export/metrics.def"
#undef METRIC
#undef METRIC_AT

/* What the kernel prints in this unit, in the unit of the metric. */
static double in_base_unit(const struct snapshot *s, u64 figure, enum counter_unit unit)
{
    switch (unit) {
    case UNIT_PAGES:
        return pages(s, figure);
    case UNIT_KIB:
        return amount(figure) * 1024;
    case UNIT_SECTORS:
        return amount(figure) * 512;
    case UNIT_NS:
        return amount(figure) / 1e9;
    case UNIT_US:
        return amount(figure) / 1e6;
    case UNIT_COUNT:
    case UNIT_BYTES:
        return amount(figure);
    }
    hw_unreachable();
}

static double value_vmstat(const struct metric_look *l, u32 i, unsigned param)
{
    const struct counter_info *info = &counter_info[param];
    u64 figure = l->s->vmstat[param];

    (void)i;
    /* Pages that something happened to are told as such, as everybody knows them. */
    return info->kind == COUNTER_EVENT && info->shown == UNIT_PAGES
               ? amount(figure)
               : in_base_unit(l->s, figure, info->shown);
}

static double value_stat(const struct metric_look *l, u32 i, unsigned param)
{
    return amount(l->s->cgroups.items[i].stat[param]);
}

static double value_event(const struct metric_look *l, u32 i, unsigned param)
{
    return amount(l->s->cgroups.items[i].events[param]);
}

static double value_event_local(const struct metric_look *l, u32 i, unsigned param)
{
    return amount(l->s->cgroups.items[i].events_local[param]);
}

static double value_node(const struct metric_look *l, u32 i, unsigned param)
{
    const struct node_view *node = &l->s->nodes.items[i];

    switch ((enum counter)param) {
    case NUMA_HIT:
        return amount(node->numa_hit);
    case NUMA_MISS:
        return amount(node->numa_miss);
    case NUMA_FOREIGN:
        return amount(node->numa_foreign);
    case NUMA_INTERLEAVE:
        return amount(node->interleave_hit);
    case NUMA_LOCAL:
        return amount(node->local_node);
    case NUMA_OTHER:
        return amount(node->other_node);
    default:
        return NAN;
    }
}

#define PSI_PARAM(resource, full) ((unsigned)(resource)*2 + (full))

static double psi_seconds(const struct psi_view *psi, unsigned param)
{
    const struct psi_view *of = &psi[param / 2];

    return amount(param % 2 ? of->full.total_us : of->some.total_us) / 1e6;
}

static double value_pressure(const struct metric_look *l, u32 i, unsigned param)
{
    (void)i;
    return psi_seconds(l->s->psi, param);
}

static double value_group_pressure(const struct metric_look *l, u32 i, unsigned param)
{
    return psi_seconds(l->s->cgroups.items[i].psi, param);
}

/* --- the table -------------------------------------------------------------------------------- */

static struct {
    struct arena texts;
    VEC(struct metric) rows;
} table;

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), len = strlen(end);

    return n >= len && strcmp(text + n - len, end) == 0;
}

/* m->name is without prefix and unit so far. */
static void add(struct metric m)
{
    const char *unit = metric_unit_names[m.unit], *plain = m.name;
    bool has_unit = *unit && !ends_with(plain, unit);

    m.name = arena_printf(&table.texts, "highwater_%s%s%s", plain, has_unit ? "_" : "",
                          has_unit ? unit : "");
    m.sample = m.type == METRIC_GAUGE ? m.name
                                      : arena_printf(&table.texts, "%s%s", m.name,
                                                     m.type == METRIC_INFO ? "_info" : "_total");
    vec_push(&table.rows, m);
}

static enum metric_unit unit_of(const struct counter_info *info)
{
    if (info->kind == COUNTER_EVENT && info->shown == UNIT_PAGES)
        return METRIC_PAGES;
    if (info->shown == UNIT_NS || info->shown == UNIT_US)
        return METRIC_SECONDS;
    return info->shown == UNIT_COUNT ? METRIC_NONE : METRIC_BYTES;
}

static enum metric_type type_of(const struct counter_info *info)
{
    return info->kind == COUNTER_EVENT ? METRIC_COUNTER : METRIC_GAUGE;
}

static void add_vmstat(void)
{
    for (unsigned id = 0; id < NR_COUNTERS; id++) {
        const struct counter_info *info = &counter_info[id];
        enum metric_unit unit = unit_of(info);
        bool converted = unit == METRIC_BYTES || unit == METRIC_SECONDS;

        if (info->scopes == SCOPE_CGROUP || strncmp(info->name, "x_", 2) == 0)
            continue;
        add((struct metric){
            .name = arena_printf(&table.texts, "vmstat_%s", info->name),
            .doc = arena_printf(&table.texts, "%s (%s of /proc/vmstat%s%s)", info->doc, info->name,
                                converted ? ", here in " : "",
                                converted ? metric_unit_names[unit] : ""),
            .type = type_of(info),
            .unit = unit,
            .scope = PER_MACHINE,
            .value = value_vmstat,
            .param = id,
        });
    }
}

static void add_pressure(enum metric_scope scope, const char *prefix)
{
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++)
        for (unsigned full = 0; full < 2; full++) {
            const char *kind = full ? "full" : "some";

            add((struct metric){
                .name =
                    arena_printf(&table.texts, "%spressure_%s_%s", prefix, psi_res_name[r], kind),
                .doc = arena_printf(&table.texts,
                                    "Time in which %s waited for %s (%s of the file %s.pressure or "
                                    "/proc/pressure/%s): its rate is the share of time.",
                                    full ? "all tasks that were not idle" : "some task",
                                    strcmp(psi_res_name[r], "cpu") == 0  ? "a CPU"
                                    : strcmp(psi_res_name[r], "io") == 0 ? "I/O"
                                                                         : "memory",
                                    kind, psi_res_name[r], psi_res_name[r]),
                .type = METRIC_COUNTER,
                .unit = METRIC_SECONDS,
                .scope = scope,
                .value = scope == PER_CGROUP ? value_group_pressure : value_pressure,
                .param = PSI_PARAM(r, full),
            });
        }
}

/* Lines of memory.stat that are told of each group: what it holds, and what reclaim did to it. All
 * sixty would be most of what is exported. */
static const enum memory_stat told_stats[] = {
    STAT_ANON,
    STAT_FILE,
    STAT_KERNEL,
    STAT_PAGETABLES,
    STAT_SOCK,
    STAT_SHMEM,
    STAT_ZSWAP,
    STAT_ZSWAPPED,
    STAT_FILE_MAPPED,
    STAT_FILE_DIRTY,
    STAT_FILE_WRITEBACK,
    STAT_ANON_THP,
    STAT_INACTIVE_ANON,
    STAT_ACTIVE_ANON,
    STAT_INACTIVE_FILE,
    STAT_ACTIVE_FILE,
    STAT_UNEVICTABLE,
    STAT_SLAB_RECLAIMABLE,
    STAT_SLAB_UNRECLAIMABLE,
    STAT_WORKINGSET_REFAULT_ANON,
    STAT_WORKINGSET_REFAULT_FILE,
    STAT_WORKINGSET_ACTIVATE_ANON,
    STAT_WORKINGSET_ACTIVATE_FILE,
    STAT_PGFAULT,
    STAT_PGMAJFAULT,
};

static void add_memory_stat(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(told_stats); i++) {
        const struct memory_stat_line *line = &memory_stat_lines[told_stats[i]];
        const struct counter_info *info = &counter_info[line->id];
        enum metric_unit unit = info->kind == COUNTER_EVENT ? unit_of(info) : METRIC_BYTES;

        add((struct metric){
            .name = arena_printf(&table.texts, "cgroup_stat_%s", line->name),
            .doc = arena_printf(&table.texts, "%s (%s of memory.stat)",
                                *line->doc ? line->doc : info->doc, line->name),
            .type = type_of(info),
            .unit = unit,
            .scope = PER_CGROUP,
            .value = value_stat,
            .param = line->id,
        });
    }
}

static const enum counter event_counters[NR_CGROUP_EVENTS] = {
#define CGROUP_EVENT(id, file, key, doc) [EV_##id] = MEMCG_##id,
#include "stats/cgroup_events.def"
#undef CGROUP_EVENT
};

static void add_events(bool local)
{
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        const char *file = cgroup_event_info[i].file, *key = cgroup_event_info[i].key;
        bool swap = strcmp(file, "memory.events") != 0;

        if (local && swap)
            continue;
        add((struct metric){
            .name = arena_printf(&table.texts, "cgroup_%s_%s",
                                 swap    ? "swap_events"
                                 : local ? "memory_events_local"
                                         : "memory_events",
                                 key),
            .doc = arena_printf(
                &table.texts, "%s %s (%s of %s%s)", counter_info[event_counters[i]].doc,
                local ? "Of the group itself alone." : "Groups below it are counted as well.", key,
                file, local ? ".local" : ""),
            .type = METRIC_COUNTER,
            .scope = PER_CGROUP,
            .value = local ? value_event_local : value_event,
            .param = i,
        });
    }
}

static void add_node_counters(void)
{
    for (unsigned id = NUMA_HIT; id <= NUMA_OTHER; id++)
        add((struct metric){
            .name = arena_printf(&table.texts, "node_%s", counter_info[id].name),
            .doc = counter_info[id].doc,
            .type = METRIC_COUNTER,
            .unit = METRIC_PAGES,
            .scope = PER_NODE,
            .value = value_node,
            .param = id,
        });
}

static void make_table(void)
{
    static const struct metric own[] = {
#define METRIC_AT(id, family, label_, text_, type_, unit_, scope_, expr, doc_) \
    {.name = #family,                                                          \
     .doc = doc_,                                                              \
     .type = METRIC_##type_,                                                   \
     .unit = METRIC_##unit_,                                                   \
     .scope = PER_##scope_,                                                    \
     .label = label_,                                                          \
     .label_value = text_,                                                     \
     .value = value_##id},
#define METRIC(id, type, unit, scope, value, doc) \
    METRIC_AT(id, id, NULL, NULL, type, unit, scope, value, doc)
#include "export/metrics.def"
#undef METRIC
#undef METRIC_AT
    };

    arena_init(&table.texts);
    for (unsigned i = 0; i < ARRAY_SIZE(own); i++) {
        add(own[i]);
        if (i + 1 < ARRAY_SIZE(own) && own[i + 1].scope == own[i].scope)
            continue;
        /* What the kernel counts follows the other figures of the scope. */
        if (own[i].scope == PER_MACHINE) {
            add_pressure(PER_MACHINE, "");
            add_vmstat();
        } else if (own[i].scope == PER_CGROUP) {
            add_pressure(PER_CGROUP, "cgroup_");
            add_events(false);
            add_events(true);
            add_memory_stat();
        } else if (own[i].scope == PER_NODE) {
            add_node_counters();
        }
    }
}

const struct metric *metrics(size_t *ret_count)
{
    if (table.rows.count == 0)
        make_table();
    *ret_count = table.rows.count;
    return table.rows.items;
}

static bool is_called(const struct metric *m, const char *name)
{
    size_t prefix = strlen("highwater_");

    return strcmp(m->name, name) == 0 || strcmp(m->sample, name) == 0 ||
           strcmp(m->name + prefix, name) == 0 || strcmp(m->sample + prefix, name) == 0;
}

const struct metric *metric_find(const char *name)
{
    size_t count;
    const struct metric *rows = metrics(&count);

    for (size_t i = 0; i < count; i++)
        if (is_called(&rows[i], name))
            return &rows[i];
    return NULL;
}

static bool matches(const struct metric *m, const char *pattern)
{
    size_t prefix = strlen("highwater_");

    return is_called(m, pattern) || fnmatch(pattern, m->sample, 0) == 0 ||
           fnmatch(pattern, m->sample + prefix, 0) == 0;
}

int metrics_choose(const char *list, bool **ret_wanted, struct err *e)
{
    size_t count;
    const struct metric *rows = metrics(&count);
    bool *wanted = xcalloc(count, sizeof(*wanted));
    char word[128];

    while (*list) {
        size_t len = strcspn(list, ","), found = 0;

        snprintf(word, sizeof(word), "%.*s", (int)MIN(len, sizeof(word) - 1), list);
        for (size_t i = 0; i < count; i++)
            if (matches(&rows[i], word)) {
                wanted[i] = true;
                found++;
            }
        if (found == 0) {
            struct nearest near;
            char hint[256];

            nearest_init(&near, word);
            for (size_t i = 0; i < count; i++)
                nearest_offer(&near, rows[i].sample + (strncmp(word, "highwater_", 10) ? 10 : 0));
            free(wanted);
            return err_set(e, -EINVAL, "unknown field '%s'%s", word,
                           nearest_text(&near, hint, sizeof(hint)));
        }
        list += len + (list[len] == ',');
    }
    *ret_wanted = wanted;
    return 0;
}

/* --- one moment ------------------------------------------------------------------------------- */

/* The thing's labels beside those that the metric has itself. */
static void labels_of(const struct metric_look *l, enum metric_scope scope, u32 i,
                      struct metric_labels *ret)
{
    const struct snapshot *s = l->s;
    const struct finding *f;

    ret->count = 0;
#define LABEL(name, value)                           \
    ret->items[ret->count++] = (struct metric_label) \
    {                                                \
        name, value                                  \
    }
    switch (scope) {
    case PER_MACHINE:
    case NR_METRIC_SCOPES:
        return;
    case PER_PART:
        LABEL("file", part_names[i]);
        return;
    case PER_CGROUP:
        LABEL("cgroup", s->cgroups.items[i].path);
        return;
    case PER_NODE:
        snprintf(ret->text, sizeof(ret->text), "%u", s->nodes.items[i].id);
        LABEL("node", ret->text);
        return;
    case PER_ZONE:
        snprintf(ret->text, sizeof(ret->text), "%u", s->zones.items[i].node);
        LABEL("node", ret->text);
        LABEL("zone", s->zones.items[i].name);
        return;
    case PER_DISK:
        LABEL("device", s->disks.items[i].name);
        return;
    case PER_SWAP:
        LABEL("device", s->swaps.items[i].name);
        return;
    case PER_ZRAM:
        LABEL("device", s->zrams.items[i].name);
        return;
    case PER_FINDING:
        f = &l->d->findings.items.items[i];
        LABEL("rule", rule_info[f->rule].name);
        LABEL("scope", f->scope);
        LABEL("severity", severity_name(f->severity));
        return;
    }
#undef LABEL
}

static u64 hash_of_labels(const struct metric_labels *labels)
{
    u64 hash = 0;

    for (unsigned i = 0; i < labels->count; i++)
        hash =
            hash_u64_pair(hash, hash_bytes(labels->items[i].value, strlen(labels->items[i].value)));
    return hash;
}

static size_t things(const struct metric_look *l, enum metric_scope scope)
{
    const struct snapshot *s = l->s;

    switch (scope) {
    case PER_MACHINE:
        return 1;
    case PER_PART:
        return NR_PARTS;
    case PER_CGROUP:
        return s->cgroups.count;
    case PER_NODE:
        return s->nodes.count;
    case PER_ZONE:
        return s->zones.count;
    case PER_DISK:
        return s->disks.count;
    case PER_SWAP:
        return s->swaps.count;
    case PER_ZRAM:
        return s->zrams.count;
    case PER_FINDING:
        return l->concluded ? l->d->findings.items.count : 0;
    case NR_METRIC_SCOPES:
        break;
    }
    hw_unreachable();
}

static void take_instances(struct metric_look *l, enum metric_scope scope)
{
    struct metric_labels labels;
    struct u64map seen;

    u64map_init(&seen);
    for (u32 i = 0; i < things(l, scope); i++) {
        if (scope == PER_DISK && !l->s->disks.items[i].whole)
            continue;
        labels_of(l, scope, i, &labels);
        if (u64map_put(&seen, hash_of_labels(&labels), 1))
            vec_push(&l->instances[scope], i);
    }
    u64map_done(&seen);
}

struct candidate {
    u32 index;
    bool kept;
    u64 current, hash;
};

/* Those that had metrics before, then the largest; never by chance. */
static int by_worth(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->kept != y->kept)
        return x->kept ? -1 : 1;
    if (x->current != y->current)
        return x->current > y->current ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return x->index < y->index ? -1 : x->index > y->index;
}

/* Leave the groups that are to have metrics. */
static void choose_groups(struct metric_look *l, struct metric_groups *groups)
{
    size_t count = l->instances[PER_CGROUP].count;
    struct candidate *c;

    if (groups->max == 0)
        return;
    c = xcalloc(MAX(count, (size_t)1), sizeof(*c));
    for (size_t i = 0; i < count; i++) {
        u32 index = l->instances[PER_CGROUP].items[i];
        const struct cgroup_view *g = &l->s->cgroups.items[index];

        c[i].index = index;
        c[i].current = figure_or(g->current, 0);
        c[i].hash = hash_bytes(g->path, strlen(g->path));
        c[i].kept = u64map_get(&groups->kept, c[i].hash, NULL);
    }
    if (count > groups->max) {
        qsort(c, count, sizeof(*c), by_worth);
        count = groups->max;
        qsort(c, count, sizeof(*c), by_index);
    }
    u64map_done(&groups->kept);
    u64map_init(&groups->kept);
    vec_reset(&l->instances[PER_CGROUP]);
    for (size_t i = 0; i < count; i++) {
        u64map_put(&groups->kept, c[i].hash, 1);
        vec_push(&l->instances[PER_CGROUP], c[i].index);
    }
    free(c);
}

void metric_groups_init(struct metric_groups *groups, u32 max)
{
    groups->max = max;
    u64map_init(&groups->kept);
}

void metric_groups_done(struct metric_groups *groups)
{
    u64map_done(&groups->kept);
}

static void take_needs(struct metric_look *l)
{
    l->needs = xcalloc(MAX(l->s->cgroups.count, (size_t)1), sizeof(*l->needs));
    if (!l->concluded)
        return;
    vec_for_each (&l->d->needs, n) {
        if (n->group == GROUP_NONE)
            l->need = n;
        else if (n->group < l->s->cgroups.count)
            l->needs[n->group] = n;
    }
}

void metric_look_init(struct metric_look *l, const struct snapshot *s, const struct diagnosis *d,
                      bool concluded, struct metric_groups *groups)
{
    *l = (struct metric_look){.s = s, .d = d, .concluded = concluded, .f = &l->figures};
    figures_init(&l->figures, s, d->history);
    l->figures.unaccounted = concluded ? accounting_host_unaccounted(&d->accounting, s) : UNKNOWN;
    take_needs(l);
    for (unsigned scope = 0; scope < NR_METRIC_SCOPES; scope++)
        take_instances(l, (enum metric_scope)scope);
    choose_groups(l, groups);
    l->left_out = s->cgroups.count - l->instances[PER_CGROUP].count;
}

void metric_look_done(struct metric_look *l)
{
    for (unsigned scope = 0; scope < NR_METRIC_SCOPES; scope++)
        vec_done(&l->instances[scope]);
    free(l->needs);
    figures_done(&l->figures);
    *l = (struct metric_look){0};
}

void metrics_each(const struct metric_look *l, const bool *wanted, metric_fn *fn, void *ctx)
{
    size_t count, next;
    const struct metric *rows = metrics(&count);
    struct metric_labels labels;

    /* Rows of one family that differ in a label take turns, thing by thing, as OpenMetrics has it:
     * a family is told in one piece. */
    for (size_t first = 0; first < count; first = next) {
        for (next = first + 1; next < count && strcmp(rows[next].name, rows[first].name) == 0;)
            next++;
        vec_for_each (&l->instances[rows[first].scope], i) {
            for (size_t row = first; row < next; row++) {
                const struct metric *m = &rows[row];
                double value = wanted && !wanted[row] ? NAN : m->value(l, *i, m->param);

                if (isnan(value))
                    continue;
                labels_of(l, m->scope, *i, &labels);
                if (m->label)
                    labels.items[labels.count++] = (struct metric_label){m->label, m->label_value};
                fn(ctx, m, &labels, value);
            }
        }
    }
}

/* --- text ------------------------------------------------------------------------------------- */

void metric_labels_render(const struct metric_labels *labels, struct strbuf *out)
{
    for (unsigned i = 0; i < labels->count; i++) {
        strbuf_printf(out, "%s%s=\"", i ? "," : "", labels->items[i].name);
        for (const char *c = labels->items[i].value; *c;) {
            size_t plain = strcspn(c, "\\\"\n");

            strbuf_append_bytes(out, c, plain);
            c += plain;
            if (!*c)
                break;
            strbuf_append(out, *c == '\n' ? "\\n" : *c == '"' ? "\\\"" : "\\\\");
            c++;
        }
        strbuf_appendc(out, '"');
    }
}

char *metric_number(char buf[32], double value)
{
    if (fabs(value) < 9e15 && value == (double)(s64)value) {
        snprintf(buf, 32, "%" PRId64, (s64)value);
        return buf;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(buf, 32, "%.*g", digits, value);
        if (strtod(buf, NULL) == value)
            break;
    }
    return buf;
}
