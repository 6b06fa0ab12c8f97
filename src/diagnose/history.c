/* history.c - readings rotate through three slots; names find their history by hash.
 *
 *     sampled every 1 s:     base . now=mid            the next reading makes mid the base
 *     sampled every 0.4 s:   base . mid . now          now moves on; mid becomes base when now is an interval after it
 *
 * Groups and processes that are gone are dropped when they outnumber the living, so that a machine
 * that starts a thousand processes a minute costs no more than what it runs at once.
 */
#include "diagnose/history.h"

#include "diagnose/needed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A process gets a trend of its own from this size on: what is smaller is no leak that matters. */
#define TREND_ANON_MIN (8 * MIB)

#define STEADY_UNKNOWN                                                     \
    {                                                                      \
        .low_seen = UNKNOWN, .high_seen = UNKNOWN, .current_seen = UNKNOWN \
    }

int turn_take(struct turn *t, ns_t at)
{
    return turn_take_spaced(t, at, HISTORY_INTERVAL);
}

int turn_take_spaced(struct turn *t, ns_t at, ns_t interval)
{
    if (t->readings && at <= t->at[t->now])
        return -1;
    if (t->readings == 0) {
        t->readings = 1;
        t->base = t->mid = t->now = 0;
    } else {
        t->readings = 2;
        if (at - t->at[t->mid] >= interval) {
            t->base = t->mid;
            t->now = t->mid = (u8)((t->base + 1) % 3);
        } else if (t->now == t->base || t->now == t->mid) {
            for (t->now = 0; t->now == t->base || t->now == t->mid;)
                t->now++;
        }
    }
    t->at[t->now] = at;
    return t->now;
}

double turn_seconds(const struct turn *t)
{
    if (t->readings < 2 || t->at[t->now] < t->at[t->base] + HISTORY_INTERVAL)
        return NAN;
    return (double)(t->at[t->now] - t->at[t->base]) / 1e9;
}

u64 turn_delta(const struct turn *t, const u64 values[3])
{
    u64 now = values[t->now], base = values[t->base];

    if (isnan(turn_seconds(t)) || !known(now) || !known(base) || now < base)
        return UNKNOWN;
    return now - base;
}

double turn_rate(const struct turn *t, const u64 values[3])
{
    u64 delta = turn_delta(t, values);

    return known(delta) ? (double)delta / turn_seconds(t) : NAN;
}

void history_init(struct history *h)
{
    *h = (struct history){.first_oom_kill = UNKNOWN, .steady = STEADY_UNKNOWN};
    u64map_init(&h->group_index);
    u64map_init(&h->process_index);
}

void history_done(struct history *h)
{
    vec_for_each (&h->groups, g)
        free(g->path);
    vec_for_each (&h->processes, p)
        free(p->anon);
    vec_done(&h->groups);
    vec_done(&h->processes);
    vec_done(&h->disks);
    vec_done(&h->nodes);
    u64map_done(&h->group_index);
    u64map_done(&h->process_index);
}

/* --- finding ---------------------------------------------------------------------------------- */

static u64 process_key(u32 pid, u64 start_ticks)
{
    return hash_u64_pair(pid, start_ticks);
}

const struct group_history *history_group(const struct history *h, const char *path)
{
    u64 index;

    if (!u64map_get(&h->group_index, hash_bytes(path, strlen(path)), &index))
        return NULL;
    /* Two names of one hash: the second has no history, rather than that of the first. */
    return strcmp(h->groups.items[index].path, path) == 0 ? &h->groups.items[index] : NULL;
}

const struct process_history *history_process(const struct history *h, u32 pid, u64 start_ticks)
{
    const struct process_history *p;
    u64 index;

    if (!u64map_get(&h->process_index, process_key(pid, start_ticks), &index))
        return NULL;
    p = &h->processes.items[index];
    return p->pid == pid && p->start_ticks == start_ticks ? p : NULL;
}

const struct disk_history *history_disk(const struct history *h, const char *name)
{
    vec_for_each (&h->disks, d) {
        if (strcmp(d->name, name) == 0)
            return d;
    }
    return NULL;
}

const struct node_history *history_node(const struct history *h, u32 id)
{
    vec_for_each (&h->nodes, n) {
        if (n->id == id)
            return n;
    }
    return NULL;
}

/* --- adding ----------------------------------------------------------------------------------- */

static bool is_readable(const struct snapshot *s, enum part part)
{
    return s->parts[part].state == PART_OK || s->parts[part].state == PART_CUT;
}

/* a + b where a kernel may lack one; UNKNOWN when both are. */
static u64 either(u64 a, u64 b)
{
    return known(a) || known(b) ? figure_or(a, 0) + figure_or(b, 0) : UNKNOWN;
}

static void steady_take(struct steady *t, ns_t at, const u64 counts[NR_COUNTERS], u64 evicted,
                        const struct psi_view psi[NR_PSI_RESOURCES], const struct snapshot *s)
{
    int slot = turn_take_spaced(&t->turn, at, HISTORY_STEADY);

    if (slot < 0)
        return;
    const u64 now[NR_STEADY] = {
        [STEADY_REFAULTS] =
            either(counts[WORKINGSET_REFAULT_ANON], counts[WORKINGSET_REFAULT_FILE]),
        [STEADY_ANON_REFAULTS] = counts[WORKINGSET_REFAULT_ANON],
        [STEADY_ACTIVATED] =
            either(counts[WORKINGSET_ACTIVATE_ANON], counts[WORKINGSET_ACTIVATE_FILE]),
        [STEADY_EVICTED] = evicted,
        [STEADY_MEMORY_SOME] = psi[PSI_MEM].some.total_us,
        [STEADY_MEMORY_FULL] = psi[PSI_MEM].full.total_us,
        [STEADY_IO_SOME] = psi[PSI_IO].some.total_us,
        [STEADY_IO_FULL] = psi[PSI_IO].full.total_us,
        [STEADY_READ] = s->vmstat[PGPGIN],
        [STEADY_WRITTEN] = s->vmstat[PGPGOUT],
        [STEADY_USED_AGAIN] = counts[PGACTIVATE],
    };

    for (unsigned i = 0; i < NR_STEADY; i++)
        t->counts[i][slot] = now[i];
}

/* The largest that was seen. */
static void see(u64 *seen, u64 figure)
{
    if (known(figure) && (!known(*seen) || figure > *seen))
        *seen = figure;
}

static void add_totals(struct history *h, const struct snapshot *s)
{
    int slot;

    if (is_readable(s, PART_VMSTAT) &&
        (slot = turn_take(&h->vmstat, s->parts[PART_VMSTAT].read_at)) >= 0) {
        for (unsigned i = 0; i < NR_COUNTERS; i++)
            h->counters[i][slot] = s->vmstat[i];
        h->allocstall[slot] = s->allocstall;
        if (!known(h->first_oom_kill))
            h->first_oom_kill = s->vmstat[OOM_KILL];
        steady_take(&h->steady, s->parts[PART_VMSTAT].read_at, s->vmstat,
                    either(s->vmstat[PGSTEAL_KSWAPD], s->vmstat[PGSTEAL_DIRECT]), s->psi, s);
    }
    if (is_readable(s, PART_STAT) && (slot = turn_take(&h->cpu, s->parts[PART_STAT].read_at)) >= 0)
        h->cpu_readings[slot] = s->cpu;
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++) {
        if (is_readable(s, psi_parts[r]) &&
            (slot = turn_take(&h->psi_turn[r], s->parts[psi_parts[r]].read_at)) >= 0) {
            h->psi[r][0][slot] = s->psi[r].some.total_us;
            h->psi[r][1][slot] = s->psi[r].full.total_us;
        }
    }
    if (is_readable(s, PART_MEMINFO)) {
        ns_t at = s->parts[PART_MEMINFO].read_at;

        trend_add(&h->anon, at, s->meminfo[MI_ANON_PAGES]);
        trend_add(&h->sunreclaim, at, s->meminfo[MI_SUNRECLAIM]);
        trend_add(&h->shmem, at, s->meminfo[MI_SHMEM]);
    }
}

static struct group_history *group_of(struct history *h, const char *path)
{
    u64 key = hash_bytes(path, strlen(path)), index;

    if (u64map_get(&h->group_index, key, &index))
        return strcmp(h->groups.items[index].path, path) == 0 ? &h->groups.items[index] : NULL;
    u64map_put(&h->group_index, key, h->groups.count);
    vec_push(&h->groups,
             ((struct group_history){
                 .path = xstrdup(path), .first_oom_kill = UNKNOWN, .steady = STEADY_UNKNOWN}));
    return &vec_last(&h->groups);
}

static void add_group_reading(struct group_history *g, const struct cgroup_view *view)
{
    int slot = turn_take(&g->turn, view->read_at);

    if (slot < 0)
        return;
    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        g->events[i][slot] = view->events[i];
        g->events[EV_LOCAL(i)][slot] = view->events_local[i];
    }
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++) {
        g->psi[r][0][slot] = view->psi[r].some.total_us;
        g->psi[r][1][slot] = view->psi[r].full.total_us;
    }
    if (!known(g->first_oom_kill))
        g->first_oom_kill = view->events[EV_OOM_KILL];
}

static void add_group_stat(struct group_history *g, const struct snapshot *s,
                           const struct cgroup_view *view)
{
    static const enum counter ids[NR_GROUP_COUNTERS] = {
#define X(id) [GC_##id] = id,
        GROUP_COUNTERS(X)
#undef X
    };
    int slot = turn_take(&g->stat_turn, view->stat_at);
    u64 low, high, evicted = either(view->stat[PGSTEAL_KSWAPD], view->stat[PGSTEAL_DIRECT]);

    if (slot < 0)
        return;
    steady_take(&g->steady, view->stat_at, view->stat, known(evicted) ? evicted : view->pgsteal,
                view->psi, s);
    if (need_at_a_look(s, view, &low, &high)) {
        see(&g->steady.low_seen, low);
        see(&g->steady.high_seen, high);
        see(&g->steady.current_seen, view->current);
    }
    for (unsigned i = 0; i < NR_GROUP_COUNTERS; i++)
        g->counters[i][slot] = view->stat[ids[i]];
    g->huge_refused[slot] = view->nr_huge > 0 ? 0 : UNKNOWN;
    for (u32 i = 0; i < view->nr_huge; i++)
        g->huge_refused[slot] = figure_add(g->huge_refused[slot], view->huge[i].refused_local);
    trend_add(&g->anon, view->stat_at, view->stat[NR_ANON_PAGES]);
    trend_add(&g->shmem, view->stat_at, view->stat[NR_SHMEM]);
    trend_add(&g->kernel, view->stat_at, view->stat[MEMCG_KERNEL]);
}

static void add_groups(struct history *h, const struct snapshot *s)
{
    if (!is_readable(s, PART_CGROUPS))
        return;
    vec_for_each (&s->cgroups, view) {
        struct group_history *g = group_of(h, view->path);

        if (!g)
            continue;
        g->seen = h->snapshots;
        add_group_reading(g, view);
        add_group_stat(g, s, view);
    }
}

static void add_processes(struct history *h, const struct snapshot *s)
{
    if (!is_readable(s, PART_PROCESSES))
        return;
    vec_for_each (&s->processes, view) {
        u64 key = process_key(view->pid, view->start_ticks), index;
        struct process_history *p;
        int slot;

        if (!u64map_get(&h->process_index, key, &index)) {
            index = h->processes.count;
            u64map_put(&h->process_index, key, index);
            vec_push(&h->processes, ((struct process_history){.pid = view->pid,
                                                              .start_ticks = view->start_ticks}));
        }
        p = &h->processes.items[index];
        p->seen = h->snapshots;
        slot = turn_take(&p->turn, s->parts[PART_PROCESSES].read_at);
        if (slot < 0)
            continue;
        p->major[slot] = view->major_faults;
        p->minor[slot] = view->minor_faults;
        p->cpu_us[slot] = view->cpu_us;
        if (!p->anon && known(view->rss_anon) && view->rss_anon >= TREND_ANON_MIN)
            p->anon = xcalloc(1, sizeof(*p->anon));
        if (p->anon)
            trend_add(p->anon, p->turn.at[slot], view->rss_anon);
    }
}

static void add_disks(struct history *h, const struct snapshot *s)
{
    if (!is_readable(s, PART_DISKSTATS))
        return;
    vec_for_each (&s->disks, view) {
        struct disk_history *d = (struct disk_history *)history_disk(h, view->name);
        int slot;

        if (!d) {
            vec_push(&h->disks, ((struct disk_history){0}));
            d = &vec_last(&h->disks);
            snprintf(d->name, sizeof(d->name), "%s", view->name);
        }
        slot = turn_take(&d->turn, s->parts[PART_DISKSTATS].read_at);
        if (slot < 0)
            continue;
        d->reads[slot] = view->reads;
        d->read_bytes[slot] = view->read_bytes;
        d->read_ms[slot] = view->read_ms;
        d->writes[slot] = view->writes;
        d->write_bytes[slot] = view->write_bytes;
        d->write_ms[slot] = view->write_ms;
        d->busy_ms[slot] = view->busy_ms;
        d->weighted_ms[slot] = view->weighted_ms;
    }
}

static void add_nodes(struct history *h, const struct snapshot *s)
{
    if (!is_readable(s, PART_NODES))
        return;
    vec_for_each (&s->nodes, view) {
        struct node_history *n = (struct node_history *)history_node(h, view->id);
        int slot;

        if (!n) {
            vec_push(&h->nodes, ((struct node_history){.id = view->id}));
            n = &vec_last(&h->nodes);
        }
        slot = turn_take(&n->turn, s->parts[PART_NODES].read_at);
        if (slot < 0)
            continue;
        n->hit[slot] = view->numa_hit;
        n->miss[slot] = view->numa_miss;
        n->foreign[slot] = view->numa_foreign;
        n->local[slot] = view->local_node;
        n->other[slot] = view->other_node;
    }
}

/* --- forgetting ------------------------------------------------------------------------------- */

static void forget_groups(struct history *h)
{
    size_t kept = 0;

    u64map_done(&h->group_index);
    u64map_init(&h->group_index);
    vec_for_each (&h->groups, g) {
        if (g->seen != h->snapshots) {
            free(g->path);
            continue;
        }
        u64map_put(&h->group_index, hash_bytes(g->path, strlen(g->path)), kept);
        h->groups.items[kept++] = *g;
    }
    h->groups.count = kept;
}

static void forget_processes(struct history *h)
{
    size_t kept = 0;

    u64map_done(&h->process_index);
    u64map_init(&h->process_index);
    vec_for_each (&h->processes, p) {
        if (p->seen != h->snapshots) {
            free(p->anon);
            continue;
        }
        u64map_put(&h->process_index, process_key(p->pid, p->start_ticks), kept);
        h->processes.items[kept++] = *p;
    }
    h->processes.count = kept;
}

void history_add(struct history *h, const struct snapshot *s)
{
    h->snapshots++;
    if (h->snapshots == 1)
        h->first_at = s->taken_at;
    h->last_at = s->taken_at;
    add_totals(h, s);
    add_groups(h, s);
    add_processes(h, s);
    add_disks(h, s);
    add_nodes(h, s);
    if (is_readable(s, PART_CGROUPS) && h->groups.count > 2 * s->cgroups.count + 64)
        forget_groups(h);
    if (is_readable(s, PART_PROCESSES) && h->processes.count > 2 * s->processes.count + 64)
        forget_processes(h);
}

void history_check(const struct history *h)
{
    assert(h->group_index.count == h->groups.count);
    assert(h->process_index.count == h->processes.count);
    vec_for_each (&h->groups, g)
        assert(history_group(h, g->path) == g);
    vec_for_each (&h->processes, p)
        assert(history_process(h, p->pid, p->start_ticks) == p);
}
