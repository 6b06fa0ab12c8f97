/* rows.c - rows from two snapshots, matched by path, pid and name. */
#include "top/rows.h"

#include "base/hash.h"
#include "diagnose/diagnose.h"
#include "diagnose/needed.h"
#include "top/moment.h"

#include <math.h>
#include <string.h>

/* Rates that were known at the snapshot before, by key, and where the item stands in it. */
struct earlier {
    const struct snapshot *before;
    struct u64map index;
    bool has_rows; /* the rows of `before` are those that are about to be replaced */
};

/* The row that item `at` of the snapshot before had, or NULL. */
#define CARRIED(e, rows, at, k)                                                                 \
    ((e)->has_rows && (at) < (rows)->count && (rows)->items[at].key == (k) ? &(rows)->items[at] \
                                                                           : NULL)

static u64 hash_text(const char *text)
{
    return hash_bytes(text, strlen(text));
}

static double percent(u64 part, u64 whole)
{
    if (!known(part) || !known(whole) || whole == NO_LIMIT || whole == 0)
        return NAN;
    return 100.0 * (double)part / (double)whole;
}

void rows_init(struct rows *r)
{
    *r = (struct rows){0};
}

void rows_done(struct rows *r)
{
    vec_done(&r->groups);
    vec_done(&r->processes);
    vec_done(&r->slabs);
}

void rows_forget(struct rows *r)
{
    vec_reset(&r->groups);
    vec_reset(&r->processes);
    vec_reset(&r->slabs);
    r->taken_at = 0;
}

static double group_stat_rate(const struct cgroup_view *before, const struct cgroup_view *now,
                              enum counter counter)
{
    return moment_rate(before->stat[counter], now->stat[counter], before->stat_at, now->stat_at);
}

static void group_rates(struct group_row *row, const struct cgroup_view *before,
                        const struct group_row *carried)
{
    const struct cgroup_view *now = row->group;
    double file, anon;

    row->at_high =
        moment_rate(before->events[EV_HIGH], now->events[EV_HIGH], before->read_at, now->read_at);
    row->at_max = known(now->events[EV_MAX])
                      ? moment_rate(before->events[EV_MAX], now->events[EV_MAX], before->read_at,
                                    now->read_at)
                      : moment_rate(before->failcnt, now->failcnt, before->read_at, now->read_at);
    if (now->stat_at == before->stat_at && carried) {
        row->refaults = carried->refaults;
        row->majors = carried->majors;
        return;
    }
    file = group_stat_rate(before, now, WORKINGSET_REFAULT_FILE);
    anon = group_stat_rate(before, now, WORKINGSET_REFAULT_ANON);
    row->refaults = isnan(file) ? anon : isnan(anon) ? file : file + anon;
    row->majors = group_stat_rate(before, now, PGMAJFAULT);
}

static void update_groups(struct rows *r, struct earlier *e, const struct snapshot *now)
{
    VEC(struct group_row) rows = {0};
    u64 at;

    for (size_t i = 0; e->before && i < e->before->cgroups.count; i++)
        u64map_put(&e->index, hash_text(e->before->cgroups.items[i].path), i);
    vec_reserve(&rows, now->cgroups.count);
    vec_for_each (&now->cgroups, group) {
        const char *slash = strrchr(group->path, '/');
        struct group_row row = {
            .key = hash_text(group->path),
            .group = group,
            .name = slash && slash[1] ? slash + 1 : group->path,
            .use_percent = percent(group->current, group->max),
            .slab =
                figure_add(group->stat[NR_SLAB_RECLAIMABLE], group->stat[NR_SLAB_UNRECLAIMABLE]),
            .need_low = NAN,
            .need_high = NAN,
            .refaults = NAN,
            .majors = NAN,
            .at_high = NAN,
            .at_max = NAN,
        };

        if (u64map_get(&e->index, row.key, &at))
            group_rates(&row, &e->before->cgroups.items[at], CARRIED(e, &r->groups, at, row.key));
        vec_push(&rows, row);
    }
    vec_move(&r->groups, &rows);
}

static u64 process_rss(const struct process_view *p)
{
    if (known(p->rss))
        return p->rss;
    return figure_add(p->rss_anon, figure_add(p->rss_file, figure_or(p->rss_shmem, 0)));
}

static void process_rates(struct process_row *row, const struct earlier *e,
                          const struct snapshot *now, u64 at, const struct process_row *carried)
{
    const struct process_view *p = row->process, *before = &e->before->processes.items[at];
    ns_t before_at = e->before->parts[PART_PROCESSES].read_at,
         now_at = now->parts[PART_PROCESSES].read_at;

    if (before->start_ticks != p->start_ticks)
        return; /* another process has got the number */
    if (before_at == now_at && carried) {
        row->minors = carried->minors;
        row->majors = carried->majors;
        row->cpu_percent = carried->cpu_percent;
        return;
    }
    row->minors = moment_rate(before->minor_faults, p->minor_faults, before_at, now_at);
    row->majors = moment_rate(before->major_faults, p->major_faults, before_at, now_at);
    row->cpu_percent = moment_rate(before->cpu_us, p->cpu_us, before_at, now_at) / 1e4;
}

/* numa_maps of the largest processes is read, where one may: without rows of it nothing is
 * known. */
static void process_node(struct process_row *row, const struct snapshot *now)
{
    u64 total = 0, most = 0;

    vec_for_each (&now->process_nodes, on) {
        if (on->pid != row->process->pid)
            continue;
        total += on->bytes;
        if (on->bytes > most) {
            most = on->bytes;
            row->node = on->node;
        }
    }
    row->node_percent = percent(most, total);
}

static void update_processes(struct rows *r, struct earlier *e, const struct snapshot *now)
{
    VEC(struct process_row) rows = {0};
    u64 at;

    for (size_t i = 0; e->before && i < e->before->processes.count; i++)
        u64map_put(&e->index, e->before->processes.items[i].pid, i);
    vec_reserve(&rows, now->processes.count);
    vec_for_each (&now->processes, process) {
        struct process_row row = {
            .key = process->pid,
            .process = process,
            .group = process->group != GROUP_NONE ? now->cgroups.items[process->group].path : "",
            .rss = process_rss(process),
            .minors = NAN,
            .majors = NAN,
            .cpu_percent = NAN,
            .node = NAN,
            .node_percent = NAN,
        };

        process_node(&row, now);

        if (u64map_get(&e->index, row.key, &at))
            process_rates(&row, e, now, at, CARRIED(e, &r->processes, at, row.key));
        vec_push(&rows, row);
    }
    vec_move(&r->processes, &rows);
}

static void slab_rates(struct slab_row *row, const struct earlier *e, const struct snapshot *now,
                       u64 at, const struct slab_row *carried)
{
    const struct slab_view *before = &e->before->slabs.items[at];
    ns_t before_at = e->before->parts[PART_SLABINFO].read_at,
         now_at = now->parts[PART_SLABINFO].read_at;

    if (before_at == now_at && carried)
        row->growth = carried->growth;
    else if (row->slab->bytes >= before->bytes)
        row->growth = moment_rate(before->bytes, row->slab->bytes, before_at, now_at);
    else
        row->growth = -moment_rate(row->slab->bytes, before->bytes, before_at, now_at);
}

static void update_slabs(struct rows *r, struct earlier *e, const struct snapshot *now)
{
    VEC(struct slab_row) rows = {0};
    u64 at;

    for (size_t i = 0; e->before && i < e->before->slabs.count; i++)
        u64map_put(&e->index, hash_text(e->before->slabs.items[i].name), i);
    vec_reserve(&rows, now->slabs.count);
    vec_for_each (&now->slabs, slab) {
        struct slab_row row = {
            .key = hash_text(slab->name),
            .slab = slab,
            .use_percent = percent(slab->active_objects, slab->objects),
            .growth = NAN,
        };

        if (u64map_get(&e->index, row.key, &at))
            slab_rates(&row, e, now, at, CARRIED(e, &r->slabs, at, row.key));
        vec_push(&rows, row);
    }
    vec_move(&r->slabs, &rows);
}

void rows_update(struct rows *r, const struct snapshot *before, const struct snapshot *now)
{
    static void (*const updates[])(struct rows *, struct earlier *, const struct snapshot *) = {
        update_groups,
        update_processes,
        update_slabs,
    };

    for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
        struct earlier e = {.before = before,
                            .has_rows = before && before->taken_at == r->taken_at};

        u64map_init(&e.index);
        updates[i](r, &e, now);
        u64map_done(&e.index);
    }
    r->taken_at = now->taken_at;
}

void rows_take_needs(struct rows *r, const struct diagnosis *d)
{
    vec_for_each (&d->needs, n) {
        if (n->group >= r->groups.count)
            continue;
        r->groups.items[n->group].need_low = (double)n->low;
        r->groups.items[n->group].need_high = known(n->high) ? (double)n->high : NAN;
    }
}
