/* figures.c - see figures.h.
 *
 * Whose reclaim is it? pgscan, refaults and the rest of /proc/vmstat count the machine's and every
 * cgroup's together. A group that met its memory.max or memory.high in the interval, or stands at
 * it, is reclaiming for itself: what it refaults is taken off the machine's account, so that one
 * container at its limit does not look like a machine out of memory. Only the topmost such group of
 * a branch counts, because memory.stat includes all below.
 */
#include "diagnose/figures.h"

#include "diagnose/locality.h"
#include "observe/pinned.h"

#include <stdio.h>
#include <string.h>

/* Over a shorter interval the kernel's average of 10 s is the steadier figure. */
#define INTERVAL_TRUSTED_S 10.0
/* avg60 has seen this much of the 10 s that avg10 is about: 1 - exp(-20/60) is about a third after
 * 20 s. */
#define AVG60_FACTOR       3.0
/* A group this close to its limit (1/32 of it: more than charge batches of all CPUs) is at it. */
#define AT_LIMIT_SHIFT     5

/* --- pressure --------------------------------------------------------------------------------- */

static double average(u64 hundredths)
{
    return known(hundredths) ? (double)hundredths / 100 : NAN;
}

/* At most 100 %; NAN stays NAN, which MIN() would turn into 100. */
static double capped(double percent)
{
    return percent > 100 ? 100 : percent;
}

static double share(const struct turn *t, const u64 totals[3])
{
    double us_per_s = turn_rate(t, totals);

    /* Totals are brought up to date in steps: a little over 100 % is that. */
    return capped(us_per_s / 1e4);
}

static double judged(double seconds, double of_interval, const struct psi_line *line)
{
    double avg10 = average(line->avg10), avg60 = average(line->avg60);

    if (seconds >= INTERVAL_TRUSTED_S)
        return of_interval;
    if (isnan(avg10) || isnan(avg60))
        return of_interval;
    return MIN(avg10, AVG60_FACTOR * avg60);
}

static void fill_pressure(struct pressure *p, const struct psi_view *view, const struct turn *t,
                          const u64 totals[2][3])
{
    double seconds = t ? turn_seconds(t) : NAN;

    p->some_share = t ? share(t, totals[0]) : NAN;
    p->full_share = t ? share(t, totals[1]) : NAN;
    p->some_avg10 = average(view->some.avg10);
    p->full_avg10 = average(view->full.avg10);
    p->some = judged(seconds, p->some_share, &view->some);
    p->full = judged(seconds, p->full_share, &view->full);
    p->of_io = false;
    p->wrong = PRESSURE_RIGHT;
    p->wrong_some = NAN;
}

/* --- pressure that cannot be ------------------------------------------------------------------ */

/* Percent of the time: nobody would look at less. */
#define PRESSURE_FELT 10.0
/* Averages of 10, 60 and 300 s this near each other are of one steady state. */
#define STEADY_NEAR   1.0

/* Did nothing happen in the interval that makes a task wait for memory? A task may also wait for a
 * device that does not answer. */
static bool nothing_stalls(const struct snapshot *s, const struct figures *f)
{
    static const enum counter moves[] = {
        PGSCAN_KSWAPD,
        PGSCAN_DIRECT,
        PGSTEAL_KSWAPD,
        PGSTEAL_DIRECT,
        WORKINGSET_REFAULT_FILE,
        WORKINGSET_REFAULT_ANON,
        PSWPIN,
        PSWPOUT,
        PGMAJFAULT,
        COMPACT_STALL,
        COMPACT_MIGRATE_SCANNED,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(moves); i++)
        if (f->rate[moves[i]] > 0)
            return false;
    for (u32 i = 0; i < s->cgroups.count; i++) {
        const struct group_figures *gf = &f->groups[i];

        if (gf->refaults > 0 || gf->reclaimed > 0 || gf->event_rate[EV_HIGH] > 0 ||
            gf->event_rate[EV_MAX] > 0)
            return false;
    }
    return f->scanned == 0 && f->allocstall == 0 && !(f->psi[PSI_IO].some_share > 0) &&
           !(f->psi[PSI_IO].some > 1) && s->parts[PART_CGROUPS].state != PART_CUT;
}

static bool is_steady(const struct psi_line *line)
{
    double a = average(line->avg10), b = average(line->avg60), c = average(line->avg300);

    return a >= PRESSURE_FELT && fabs(a - b) <= STEADY_NEAR && fabs(a - c) <= STEADY_NEAR;
}

/* A total that stands still while the averages, of five minutes, say that it must move; or one that
 * moves while nothing stalls. */
static void judge_pressure(struct pressure *p, const struct psi_view *view)
{
    if (p->some_share == 0 && is_steady(&view->some))
        p->wrong = PRESSURE_STANDS;
    else if (p->some_share >= PRESSURE_FELT)
        p->wrong = PRESSURE_MOVES;
    else
        return;
    p->wrong_some = p->wrong == PRESSURE_STANDS ? p->some_avg10 : p->some_share;
    p->some = p->full = NAN;
}

/* pre: rates and pressure are figured out, pain is not */
static void judge_pressures(const struct snapshot *s, struct figures *f)
{
    if (!nothing_stalls(s, f))
        return;
    judge_pressure(&f->psi[PSI_MEM], &s->psi[PSI_MEM]);
    vec_for_each (&s->cgroups, g)
        judge_pressure(&f->groups[g - s->cgroups.items].psi[PSI_MEM], &g->psi[PSI_MEM]);
}

/* A task that waits for a page which was evicted before the kernel thought it in use waits, for
 * PSI, for I/O alone. The part of I/O pressure that such reads explain is memory's as well. */
static void fill_pain(struct pressure *pain, const struct pressure psi[NR_PSI_RESOURCES],
                      double share_percent)
{
    const struct pressure *io = &psi[PSI_IO];
    double part = isnan(share_percent) ? 0 : share_percent / 100;

    *pain = psi[PSI_MEM];
    /* Comparisons with NAN are false: what is not known changes nothing. */
    if (io->some * part > pain->some) {
        pain->some = io->some * part;
        pain->of_io = true;
    }
    if (io->full * part > pain->full)
        pain->full = io->full * part;
}

/* --- groups ----------------------------------------------------------------------------------- */

static u64 less(u64 a, u64 b)
{
    if (!known(a))
        return UNKNOWN;
    return a > figure_or(b, 0) ? a - figure_or(b, 0) : 0;
}

static void fill_group_limit(const struct snapshot *s, struct figures *f, u32 index)
{
    const struct cgroup_view *g = &s->cgroups.items[index];
    struct group_figures *gf = &f->groups[index];

    gf->limit = g->is_root && !known(g->max) ? NO_LIMIT : g->max;
    gf->limit_group = known(gf->limit) && gf->limit < NO_LIMIT ? index : GROUP_NONE;
    if (g->parent == GROUP_NONE)
        return;
    const struct group_figures *above = &f->groups[g->parent];

    /* NO_LIMIT is larger than any limit and UNKNOWN larger still: the smallest is what holds. */
    if (above->limit < gf->limit) {
        gf->limit = above->limit;
        gf->limit_group = above->limit_group;
    }
}

static void fill_group_rates(struct group_figures *gf, const struct group_history *h)
{
    for (unsigned i = 0; i < NR_GROUP_COUNTERS; i++)
        gf->rate[i] = h ? turn_rate(&h->stat_turn, h->counters[i]) : NAN;
    for (unsigned i = 0; i < NR_GROUP_EVENTS; i++) {
        gf->event_rate[i] = h ? turn_rate(&h->turn, h->events[i]) : NAN;
        gf->event_delta[i] = h ? turn_delta(&h->turn, h->events[i]) : UNKNOWN;
    }
    gf->refaults =
        sum_known(gf->rate[GC_WORKINGSET_REFAULT_FILE], gf->rate[GC_WORKINGSET_REFAULT_ANON]);
    gf->huge_refused = h ? turn_rate(&h->stat_turn, h->huge_refused) : NAN;
    gf->reclaimed = sum_known(gf->rate[GC_PGSTEAL_DIRECT], gf->rate[GC_PGSTEAL_KSWAPD]);
}

/* The two lists are the file pages that reclaim may take: shmem and locked pages are on others. Of
 * statistics that were cut the rest still gives bounds: anonymous and shared memory cannot be
 * dropped, and what is on one list, or in files and not shared, can. */
static void fill_group_firm(const struct cgroup_view *g, struct group_figures *gf)
{
    const u64 *stat = g->stat;
    u64 anon = stat[NR_ANON_PAGES], shmem = stat[NR_SHMEM], slab = stat[NR_SLAB_RECLAIMABLE];

    gf->cache = figure_add(stat[NR_INACTIVE_FILE], stat[NR_ACTIVE_FILE]);
    if (known(gf->cache)) {
        gf->firm = gf->firm_most = less(g->current, gf->cache + figure_or(slab, 0));
        return;
    }
    gf->firm = known(anon) || known(shmem) ? figure_or(anon, 0) + figure_or(shmem, 0) : UNKNOWN;
    if (known(gf->firm) && gf->firm > figure_or(g->current, 0))
        gf->firm = UNKNOWN;
    gf->cache = known(stat[NR_INACTIVE_FILE]) ? stat[NR_INACTIVE_FILE]
                : known(stat[NR_ACTIVE_FILE]) ? stat[NR_ACTIVE_FILE]
                : known(shmem)                ? less(stat[NR_FILE_PAGES], shmem)
                                              : UNKNOWN;
    gf->firm_most = known(gf->cache) ? less(g->current, gf->cache + figure_or(slab, 0)) : UNKNOWN;
}

static void fill_group(const struct snapshot *s, struct figures *f, const struct history *history,
                       u32 index)
{
    const struct cgroup_view *g = &s->cgroups.items[index];
    const struct group_history *h = history_group(history, g->path);
    struct group_figures *gf = &f->groups[index];

    fill_group_rates(gf, h);
    fill_group_limit(s, f, index);
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++)
        fill_pressure(&gf->psi[r], &g->psi[r], h ? &h->turn : NULL, h ? h->psi[r] : NULL);
    gf->oom_kills_seen = h && known(h->first_oom_kill) && known(g->events[EV_OOM_KILL]) &&
                                 g->events[EV_OOM_KILL] >= h->first_oom_kill
                             ? g->events[EV_OOM_KILL] - h->first_oom_kill
                             : UNKNOWN;
    gf->working_set =
        known(g->stat[NR_INACTIVE_FILE]) ? less(g->current, g->stat[NR_INACTIVE_FILE]) : UNKNOWN;
    fill_group_firm(g, gf);
}

u64 swap_room_of(const struct snapshot *s, const struct cgroup_view *g)
{
    u64 left = s->meminfo[MI_SWAP_FREE];

    for (; g; g = g->parent < s->cgroups.count ? &s->cgroups.items[g->parent] : NULL)
        if (known(g->swap_max) && g->swap_max < NO_LIMIT)
            left = MIN(left, less(g->swap_max, figure_or(g->swap_current, 0)));
        else if (known(g->memsw_max) && g->memsw_max < NO_LIMIT) /* v1 limits the sum */
            left = MIN(left, less(g->memsw_max, g->max));
    return left;
}

static bool is_near(u64 current, u64 limit)
{
    return known(limit) && limit < NO_LIMIT && known(current) &&
           current >= limit - (limit >> AT_LIMIT_SHIFT);
}

bool group_at_own_limit(const struct cgroup_view *g, const struct group_figures *gf)
{
    bool near = is_near(g->current, g->max) || is_near(g->current, g->high);
    bool limited = (known(g->max) && g->max < NO_LIMIT) || (known(g->high) && g->high < NO_LIMIT);

    /* memory.events counts those below too, so that a group needs a limit of its own to have met
     * it. */
    return near ||
           (limited && (gf->event_rate[EV_LOCAL(EV_MAX)] > 0 ||
                        (isnan(gf->event_rate[EV_LOCAL(EV_MAX)]) && gf->event_rate[EV_MAX] > 0)));
}

bool group_is_limited(const struct snapshot *s, const struct figures *f, u32 group)
{
    for (u32 i = group; i != GROUP_NONE; i = s->cgroups.items[i].parent) {
        if (group_at_own_limit(&s->cgroups.items[i], &f->groups[i]))
            return true;
    }
    return false;
}

/* --- the machine ------------------------------------------------------------------------------ */

static void fill_limited(const struct snapshot *s, struct figures *f)
{
    double refaults = 0, reclaimed = 0;

    vec_for_each (&s->cgroups, g) {
        u32 index = (u32)(g - s->cgroups.items);

        if (!group_is_limited(s, f, index) ||
            (g->parent != GROUP_NONE && group_is_limited(s, f, g->parent)))
            continue;
        refaults = sum_known(refaults, f->groups[index].refaults);
        reclaimed = sum_known(reclaimed, f->groups[index].reclaimed);
    }
    f->limited_reclaim = reclaimed;
    f->refaults_machine = MAX(sum_known(f->refaults_file, f->refaults_anon) - refaults, 0.0);
    if (isnan(sum_known(f->refaults_file, f->refaults_anon)))
        f->refaults_machine = NAN;
}

static double percent(u64 part, u64 whole)
{
    return known(part) && known(whole) && whole ? 100.0 * (double)part / (double)whole : NAN;
}

static void fill_meminfo(struct figures *f, const struct snapshot *s)
{
    const u64 *m = s->meminfo;
    u64 cached = figure_add(m[MI_CACHED], m[MI_BUFFERS]);

    f->total = m[MI_MEM_TOTAL];
    f->pinned = snapshot_pinned(s);
    f->available = m[MI_MEM_AVAILABLE];
    f->available_estimated = s->available_estimated;
    f->available_below = s->available_below && f->available == s->available_below;
    f->available_share = percent(f->available, f->total);
    f->cache = less(cached, m[MI_SHMEM]);
    f->swap_total = m[MI_SWAP_TOTAL];
    f->swap_used = known(m[MI_SWAP_FREE]) ? less(f->swap_total, m[MI_SWAP_FREE]) : UNKNOWN;
    f->swap_used_share = percent(f->swap_used, f->swap_total);
}

static void fill_rates(struct figures *f, const struct history *h)
{
    double kswapd, direct;

    f->interval_s = turn_seconds(&h->vmstat);
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        f->rate[i] = turn_rate(&h->vmstat, h->counters[i]);
    f->allocstall = turn_rate(&h->vmstat, h->allocstall);
    f->scanned = sum_known(f->rate[PGSCAN_KSWAPD], f->rate[PGSCAN_DIRECT]);
    kswapd = f->rate[PGSTEAL_KSWAPD];
    direct = f->rate[PGSTEAL_DIRECT];
    f->reclaimed = sum_known(kswapd, direct);
    f->direct_share = f->reclaimed > 0 ? 100 * direct / f->reclaimed : NAN;
    f->efficiency = f->scanned > 0 ? capped(100 * f->reclaimed / f->scanned) : NAN;
    f->refaults_file = f->rate[WORKINGSET_REFAULT_FILE];
    f->refaults_anon = f->rate[WORKINGSET_REFAULT_ANON];
}

static void fill_cpu(struct figures *f, const struct history *h)
{
    const struct cpu_view *now = &h->cpu_readings[h->cpu.now],
                          *base = &h->cpu_readings[h->cpu.base];
    double all;

    f->iowait = f->idle = f->steal = NAN;
    if (isnan(turn_seconds(&h->cpu)))
        return;
#define DELTA(field) (now->field >= base->field ? (double)(now->field - base->field) : 0.0)
    all = DELTA(user) + DELTA(nice) + DELTA(system) + DELTA(idle) + DELTA(iowait) + DELTA(irq) +
          DELTA(softirq) + DELTA(steal);
    if (all > 0) {
        f->iowait = 100 * DELTA(iowait) / all;
        f->idle = 100 * DELTA(idle) / all;
        f->steal = 100 * DELTA(steal) / all;
    }
#undef DELTA
}

static void fill_disks(struct figures *f, const struct snapshot *s, const struct history *h)
{
    f->busiest_disk = UINT32_MAX;
    f->device_read_bytes = f->device_write_bytes = NAN;
    vec_for_each (&s->disks, view) {
        const struct disk_history *dh = history_disk(h, view->name);
        u32 index = (u32)(view - s->disks.items);
        struct disk_figures *d = &f->disks[index];

        if (!dh)
            continue;
        d->reads = turn_rate(&dh->turn, dh->reads);
        d->writes = turn_rate(&dh->turn, dh->writes);
        d->read_bytes = turn_rate(&dh->turn, dh->read_bytes);
        d->write_bytes = turn_rate(&dh->turn, dh->write_bytes);
        d->read_ms = d->reads > 0 ? turn_rate(&dh->turn, dh->read_ms) / d->reads : NAN;
        d->write_ms = d->writes > 0 ? turn_rate(&dh->turn, dh->write_ms) / d->writes : NAN;
        d->busy = capped(turn_rate(&dh->turn, dh->busy_ms) / 10);
        d->queue = turn_rate(&dh->turn, dh->weighted_ms) / 1000;
        if (!view->whole || view->stacked)
            continue;
        f->device_read_bytes = sum_known(f->device_read_bytes, d->read_bytes);
        f->device_write_bytes = sum_known(f->device_write_bytes, d->write_bytes);
        if (f->busiest_disk == UINT32_MAX || d->busy > f->disks[f->busiest_disk].busy)
            f->busiest_disk = index;
    }
    /* Without diskstats: pgpgin counts KiB read from all block devices. */
    if (isnan(f->device_read_bytes))
        f->device_read_bytes = 1024 * f->rate[PGPGIN];
    if (isnan(f->device_write_bytes))
        f->device_write_bytes = 1024 * f->rate[PGPGOUT];
}

/* Refaults of file pages that memory is to blame for. The kernel activates a page that comes back
 * when it would have stayed with the memory that the working set has already, and counts one as
 * restored that had been in use; of a file larger than memory that is read from end to end none is,
 * and what it costs is plain reading. At less than one in twenty it is that, unless pressure says
 * that pages in use come back (activations come in bursts) and nothing else explains the
 * pressure. */
#define WANTED_SHARE 0.05
#define WANTED_SOME  5.0

static double wanted_refaults(double refaults, double activated, double restored,
                              const struct pressure *memory, bool explained)
{
    bool pressed = !(memory->some < WANTED_SOME) && !explained; /* or it is not known */

    return sum_known(activated, restored) < WANTED_SHARE * refaults && !pressed ? 0 : refaults;
}

/* 1 MiB/s: less is kswapd of a node that somebody asked for a block. */
#define RECLAIMED_BESIDE 256.0

/* Is memory evicted for which there is room on another node? What groups reclaim at their own
 * limits is theirs. */
static bool reclaims_beside_free(const struct snapshot *s, const struct figures *f)
{
    struct spare spare = spare_find(s);

    return spare.full && spare.free &&
           f->reclaimed - (isnan(f->limited_reclaim) ? 0 : f->limited_reclaim) >= RECLAIMED_BESIDE;
}

/* So many pages a second, of all bytes read from devices, in percent. */
static double read_share(const struct figures *f, const struct snapshot *s, double pages)
{
    double page_bytes = s->page_bytes && known(s->page_bytes) ? (double)s->page_bytes : 4096;

    return f->device_read_bytes > 0 ? capped(100 * pages * page_bytes / f->device_read_bytes) : NAN;
}

static void fill_nodes(struct figures *f, const struct snapshot *s, const struct history *h)
{
    vec_for_each (&s->nodes, view) {
        const struct node_history *nh = history_node(h, view->id);
        struct node_figures *n = &f->nodes[view - s->nodes.items];

        if (!nh)
            continue;
        n->hit = turn_rate(&nh->turn, nh->hit);
        n->miss = turn_rate(&nh->turn, nh->miss);
        n->foreign = turn_rate(&nh->turn, nh->foreign);
        n->local = turn_rate(&nh->turn, nh->local);
        n->other = turn_rate(&nh->turn, nh->other);
        n->miss_share = n->hit + n->miss > 0 ? 100 * n->miss / (n->hit + n->miss) : NAN;
    }
}

static void add(u64 *sum, u64 figure)
{
    if (known(figure))
        *sum = figure_or(*sum, 0) + figure;
}

static void fill_processes(struct figures *f, const struct snapshot *s, const struct history *h)
{
    f->rss_sum = f->pss_sum = f->uss_sum = f->process_swap_sum = UNKNOWN;
    vec_for_each (&s->processes, view) {
        const struct process_history *ph = history_process(h, view->pid, view->start_ticks);
        struct process_figures *p = &f->processes[view - s->processes.items];

        p->major_rate = ph ? turn_rate(&ph->turn, ph->major) : NAN;
        p->minor_rate = ph ? turn_rate(&ph->turn, ph->minor) : NAN;
        p->cpu_percent = ph ? turn_rate(&ph->turn, ph->cpu_us) / 1e4 : NAN;
        add(&f->rss_sum, view->rss);
        add(&f->pss_sum, view->pss);
        add(&f->uss_sum, view->uss);
        add(&f->process_swap_sum, view->swap);
    }
}

/* An array of structs of doubles, all unknown. */
static void *new_unknown(size_t count, size_t bytes_each)
{
    size_t numbers = (count + 1) * bytes_each / sizeof(double);
    double *array = xcalloc(numbers, sizeof(double));

    for (size_t i = 0; i < numbers; i++)
        array[i] = NAN;
    return array;
}

void figures_init(struct figures *f, const struct snapshot *s, const struct history *h)
{
    *f = (struct figures){.unaccounted = UNKNOWN};
    f->groups = xcalloc(s->cgroups.count + 1, sizeof(*f->groups));
    f->processes = new_unknown(s->processes.count, sizeof(*f->processes));
    f->disks = new_unknown(s->disks.count, sizeof(*f->disks));
    f->nodes = new_unknown(s->nodes.count, sizeof(*f->nodes));
    fill_meminfo(f, s);
    fill_rates(f, h);
    fill_cpu(f, h);
    for (unsigned r = 0; r < NR_PSI_RESOURCES; r++)
        fill_pressure(&f->psi[r], &s->psi[r], &h->psi_turn[r], h->psi[r]);
    for (u32 i = 0; i < s->cgroups.count; i++)
        fill_group(s, f, h, i);
    fill_limited(s, f);
    judge_pressures(s, f);
    fill_disks(f, s, h);
    f->refaults_wanted = wanted_refaults(f->refaults_file, f->rate[WORKINGSET_ACTIVATE_FILE],
                                         f->rate[WORKINGSET_RESTORE_FILE], &f->psi[PSI_MEM],
                                         f->allocstall >= ALLOCSTALLS_MANY);
    f->beside_free = reclaims_beside_free(s, f);
    if (f->beside_free)
        f->refaults_wanted = f->refaults_file;
    f->memory_read_share = read_share(f, s, sum_known(f->refaults_wanted, f->rate[PSWPIN]));
    fill_pain(&f->pain, f->psi, f->memory_read_share);
    for (u32 i = 0; i < s->cgroups.count; i++) {
        struct group_figures *gf = &f->groups[i];
        double wanted = sum_known(wanted_refaults(gf->rate[GC_WORKINGSET_REFAULT_FILE],
                                                  gf->rate[GC_WORKINGSET_ACTIVATE_FILE], NAN,
                                                  &gf->psi[PSI_MEM], false),
                                  gf->rate[GC_WORKINGSET_REFAULT_ANON]);

        fill_pain(&gf->pain, gf->psi, read_share(f, s, wanted));
    }
    fill_nodes(f, s, h);
    fill_processes(f, s, h);
    f->oom_kills_seen = known(h->first_oom_kill) && known(s->vmstat[OOM_KILL]) &&
                                s->vmstat[OOM_KILL] >= h->first_oom_kill
                            ? s->vmstat[OOM_KILL] - h->first_oom_kill
                            : UNKNOWN;
}

void figures_done(struct figures *f)
{
    free(f->groups);
    free(f->processes);
    free(f->disks);
    free(f->nodes);
    *f = (struct figures){0};
}
