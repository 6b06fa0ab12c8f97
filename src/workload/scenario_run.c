/* scenario_run.c - the tasks of a scenario take turns on one scheduler.
 *
 * Tasks begin in order of their start times. Before each step of the scheduler its next moment is
 * compared with the next start and with the end, so that a machine on which everybody sleeps still
 * starts a task in time. When nothing can run any more, a recording that waits for what never came
 * is freed by force, as in a replay of its own. */
#include "workload/scenario_run.h"

#include "base/alloc.h"
#include "machine/clock.h"
#include "machine/device.h"
#include "system/cgroup.h"
#include "system/cpuset.h"
#include "workload/place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define FIRST_PID 1000u

/* --- the machine ------------------------------------------------------------------------------ */

/* The profiles of its own devices, for system_config. */
static const struct device_profile *own_profiles(struct scenario *sc)
{
    struct device_profile *profiles =
        arena_array(&sc->arena, struct device_profile, MAX(sc->devices.count, 1));

    for (size_t i = 0; i < sc->devices.count; i++) {
        const struct scenario_device *d = &sc->devices.items[i];
        struct device_profile *p = &profiles[i];

        *p = *device_profile_find(d->base);
        p->name = d->head.name;
        p->doc = "a [device] of the scenario";
        if (scenario_given(&d->head, KEY_DEVICE_read_latency))
            p->read_latency = d->read_latency;
        if (scenario_given(&d->head, KEY_DEVICE_write_latency))
            p->write_latency = d->write_latency;
        if (d->read_rate)
            p->read_bytes_per_s = d->read_rate;
        if (d->write_rate)
            p->write_bytes_per_s = d->write_rate;
        if (d->queue_depth)
            p->queue_depth = (u32)d->queue_depth;
    }
    return profiles;
}

/* The number of the device the file is on, which is made when no file named it before. */
static u64 file_device(struct system_config *c, const struct scenario_file *f)
{
    u64 dev = makedev(259, 1); /* of the machine's disk */

    if (!f->device.text || strcmp(f->device.text, c->disk) == 0)
        return dev;
    for (unsigned i = 0; i < c->nr_disks; i++)
        if (strcmp(f->device.text, c->disks[i].device) == 0)
            return c->disks[i].dev;
    assert(c->nr_disks < ARRAY_SIZE(c->disks));   /* scenario_check() counted them */
    dev = makedev(8, (c->nr_disks + 1) * 16 + 1); /* the first partition of another disk */
    c->disks[c->nr_disks++] = (struct disk_spec){.device = f->device.text, .dev = dev};
    return dev;
}

/* own: the [device], NULL for a shipped one. */
static void add_swap(struct system_config *c, const char *device, u64 bytes,
                     const struct scenario_device *own)
{
    c->swaps[c->nr_swaps++] = (struct swap_spec){
        .bytes = bytes,
        .priority = own ? (s32)own->priority : -1,
        .device = device,
        .compressor = own ? own->compressor : NULL,
        .ratio_percent = own ? (u32)own->ratio : 0,
        .mem_limit = own ? own->mem_limit : 0,
        .later = own && own->swapon,
    };
}

/* Does anything set a limit of huge pages? Then the controller is on. */
static bool limits_hugetlb(const struct scenario *sc)
{
    for (size_t i = 0; i < sc->cgroups.count; i++)
        if (scenario_given(&sc->cgroups.items[i].head, KEY_CGROUP_hugetlb_max) ||
            scenario_given(&sc->cgroups.items[i].head, KEY_CGROUP_hugetlb_rsvd_max))
            return true;
    for (size_t i = 0; i < sc->writes.count; i++)
        if (strstr(sc->writes.items[i].file, "/hugetlb."))
            return true;
    return false;
}

void scenario_system_config(struct scenario *sc, struct system_config *ret)
{
    const struct scenario_machine *m = &sc->machine;

    *ret = m->config;
    ret->tunables.x_cgroup_hugetlb |= limits_hugetlb(sc);
    ret->profiles = own_profiles(sc);
    ret->nr_profiles = (unsigned)sc->devices.count;
    for (size_t i = 0; i < sc->files.count; i++)
        sc->files.items[i].dev = file_device(ret, &sc->files.items[i]);
    if (ret->swap_bytes) {
        const char *device = ret->swap_device ? ret->swap_device : ret->disk;

        add_swap(ret, device, ret->swap_bytes, scenario_find_device(sc, device));
    }
    for (size_t i = 0; i < sc->devices.count; i++) {
        const struct scenario_device *d = &sc->devices.items[i];

        if (d->swap)
            add_swap(ret, d->head.name, d->swap, d);
    }
}

/* --- groups and jobs -------------------------------------------------------------------------- */

static int make_groups(struct scenario_run *run, struct err *e)
{
    const struct scenario *sc = run->scenario;

    for (size_t i = 0; i < sc->cgroups.count; i++) {
        const struct scenario_cgroup *c = &sc->cgroups.items[i];
        struct group *g = system_group(run->config.system, c->head.name);

        if (!g)
            return err_at(e, -EINVAL, sc->path, c->head.line, 0, "no more cgroups can be made");
        group_set_limit(g, LIMIT_MAX, group_limit_pages(c->max));
        group_set_limit(g, LIMIT_HIGH, group_limit_pages(c->high));
        group_set_limit(g, LIMIT_MIN, group_limit_pages(c->min));
        group_set_limit(g, LIMIT_LOW, group_limit_pages(c->low));
        group_set_limit(g, LIMIT_SWAP_MAX, group_limit_pages(c->swap_max));
        group_set_limit(g, LIMIT_ZSWAP_MAX, group_limit_pages(c->zswap_max));
        group_set_limit(g, LIMIT_HUGETLB_MAX,
                        group_limit_hugetlb(group_limit_pages(c->hugetlb_max)));
        group_set_limit(g, LIMIT_HUGETLB_RSVD_MAX,
                        group_limit_hugetlb(group_limit_pages(c->hugetlb_rsvd_max)));
        g->oom_group = c->oom_group;
        if (c->cpus)
            cpuset_set_cpus(run->config.system, g, c->cpus);
        if (c->mems)
            cpuset_set_mems(run->config.system, g, c->mems);
    }
    return 0;
}

/* Relative to the scenario's folder. */
static int open_trace(const struct scenario *sc, const char *name, struct trace **ret,
                      struct err *e)
{
    const char *slash = strrchr(sc->path, '/');
    struct strbuf path;
    int rc;

    strbuf_init(&path);
    if (slash && name[0] != '/')
        strbuf_append_bytes(&path, sc->path, (size_t)(slash - sc->path) + 1);
    strbuf_append(&path, name);
    rc = trace_open(path.text, NULL, ret, e);
    if (rc == 0)
        place_trace(*ret, NULL);
    strbuf_done(&path);
    return rc;
}

int scenario_traces_open(const struct scenario *sc, struct scenario_traces *ret, struct err *e)
{
    *ret = (struct scenario_traces){.count = sc->tasks.count};
    ret->items = xcalloc(MAX(ret->count, (size_t)1), sizeof(*ret->items));
    for (size_t i = 0; i < ret->count; i++) {
        const char *name = sc->tasks.items[i].trace;
        int rc = name ? open_trace(sc, name, &ret->items[i], e) : 0;

        if (rc) {
            scenario_traces_close(ret);
            return rc;
        }
    }
    return 0;
}

void scenario_traces_close(struct scenario_traces *t)
{
    for (size_t i = 0; i < t->count; i++)
        trace_close(t->items[i]);
    free(t->items);
    *t = (struct scenario_traces){0};
}

static void init_job(struct scenario_run *run, struct scenario_job *job, u32 *pid_base)
{
    const struct scenario_task *t = job->task;
    struct system *s = run->config.system;
    struct replay_config config = {
        .system = s,
        .sched = &run->sched,
        .oom_score_adj = (s16)t->oom_score_adj,
        .numa = scenario_given(&t->head, KEY_TASK_policy) ? &t->policy : NULL,
        .cpus = t->cpus,
        .uid = (u32)t->uid,
        .nice = (s8)t->nice,
        .weight = sched_weight((int)t->nice),
        .pid_base = *pid_base,
        .watch = run->config.watch,
        .watch_ctx = run->config.ctx,
    };

    job->group = system_group(s, t->cgroup.text ? t->cgroup.text : "/");
    config.group = job->group;
    if (job->trace) {
        config.trace = job->trace;
    } else {
        generator_init(&job->generator, run->scenario, t, s->config.seed);
        job->generator.replay = &job->replay;
        config.trace = &job->generator.trace;
        config.fill = generator_fill;
        config.fill_ctx = &job->generator;
    }
    for (u32 i = 0; i < config.trace->nr_streams; i++)
        job->nr_pids =
            MAX(job->nr_pids, MAX(config.trace->streams[i].pid, config.trace->streams[i].tid));
    job->pid_base = *pid_base;
    *pid_base += job->nr_pids;
    replay_init(&job->replay, &config);
}

int scenario_run_init(struct scenario_run *run, const struct scenario *sc,
                      const struct scenario_run_config *config, struct err *e)
{
    u32 pid_base = FIRST_PID - 1;
    int rc;

    *run = (struct scenario_run){.scenario = sc, .config = *config};
    sched_init(&run->sched, config->system);
    rc = make_groups(run, e);
    if (rc)
        return rc;
    rc = scenario_files_init(run, e);
    if (rc)
        return rc;
    scenario_acts_init(run);
    if (!config->traces) {
        rc = scenario_traces_open(sc, &run->own_traces, e);
        if (rc)
            return rc;
        run->config.traces = &run->own_traces;
    }
    run->jobs = xcalloc(MAX(sc->tasks.count, 1), sizeof(*run->jobs));
    for (size_t i = 0; i < sc->tasks.count; i++) {
        run->jobs[i].task = &sc->tasks.items[i];
        run->jobs[i].trace = run->config.traces->items[i];
        init_job(run, &run->jobs[i], &pid_base);
        run->nr_jobs++;
    }
    return 0;
}

void scenario_run_done(struct scenario_run *run)
{
    for (size_t i = 0; i < run->nr_jobs; i++) {
        struct scenario_job *job = &run->jobs[i];

        replay_done(&job->replay);
        if (!job->trace)
            generator_done(&job->generator);
    }
    free(run->jobs);
    scenario_traces_close(&run->own_traces);
    scenario_acts_done(run);
    scenario_files_done(run);
    sched_done(&run->sched);
}

const struct scenario_job *scenario_job_of(const struct scenario_run *run, u32 tgid)
{
    for (size_t i = 0; i < run->nr_jobs; i++)
        if (tgid > run->jobs[i].pid_base && tgid <= run->jobs[i].pid_base + run->jobs[i].nr_pids)
            return &run->jobs[i];
    return NULL;
}

/* --- running ---------------------------------------------------------------------------------- */

/* The job that begins next; NULL when all have. */
static struct scenario_job *next_job(struct scenario_run *run)
{
    struct scenario_job *next = NULL;

    for (size_t i = 0; i < run->nr_jobs; i++)
        if (!run->jobs[i].begun && (!next || run->jobs[i].task->start < next->task->start))
            next = &run->jobs[i];
    return next;
}

static bool force(struct scenario_run *run)
{
    for (size_t i = 0; i < run->nr_jobs; i++)
        if (run->jobs[i].begun && replay_force(&run->jobs[i].replay, sched_now(&run->sched)))
            return true;
    return false;
}

static bool failed(struct scenario_run *run)
{
    for (size_t i = 0; i < run->nr_jobs; i++) {
        const struct scenario_job *job = &run->jobs[i];

        if (!job->replay.error)
            continue;
        err_at(&run->error, job->replay.error, job->trace ? job->trace->path : NULL, 0, 0,
               "cannot read it to its end: %s", strerror(-job->replay.error));
        run->outcome = REPLAY_FAILED;
        return true;
    }
    return false;
}

static void pass_time(struct scenario_run *run, ns_t until)
{
    u64 daemon_ns;

    system_run_until(run->config.system, MAX(until, run->config.system->clock.now), &daemon_ns);
}

/* One step of what happens before `end`. False: there is nothing left, and the machine's time has
 * come to `end`, if that is a time. */
static bool step(struct scenario_run *run, ns_t end)
{
    ns_t at = sched_next(&run->sched), act = scenario_acts_next(run);
    ns_t start = run->next ? run->next->task->start : NS_NEVER;

    if (act <= MIN(at, MIN(start, end)) && MIN(at, MIN(start, end)) != NS_NEVER) {
        pass_time(run, act);
        scenario_acts_do(run);
        return true;
    }
    if (run->next && start <= MIN(at, end)) {
        pass_time(run, start);
        run->next->begun = true;
        replay_begin(&run->next->replay, start);
        run->next = next_job(run);
        return true;
    }
    if (at >= end) {
        if (end != NS_NEVER)
            pass_time(run, end);
        if (end != NS_NEVER || !force(run))
            return false;
        return true;
    }
    sched_step(&run->sched);
    return true;
}

/* Nobody waits for a time, and nothing is still to begin. */
static bool is_stuck(struct scenario_run *run)
{
    return !run->scenario->machine.runtime && sched_next(&run->sched) == NS_NEVER && !run->next;
}

void scenario_begin(struct scenario_run *run)
{
    run->outcome = REPLAY_COMPLETED;
    run->next = next_job(run);
}

bool scenario_advance(struct scenario_run *run, ns_t until)
{
    struct system *s = run->config.system;
    u64 daemon_ns = 0;

    while (!failed(run) && !s->panicked) {
        if (is_stuck(run) && force(run))
            continue;
        if (MIN(sched_next(&run->sched), scenario_acts_next(run)) >= until &&
            (!run->next || run->next->task->start >= until)) {
            system_run_until(s, MAX(until, s->clock.now), &daemon_ns);
            s->daemon_ns += daemon_ns; /* the next task to run gives its CPU to them */
            return true;
        }
        step(run, until);
    }
    return false;
}

static void add_up(struct scenario_run *run)
{
    struct replay_stats *sum = &run->stats;

    for (size_t i = 0; i < run->nr_jobs; i++) {
        const struct replay_stats *st = &run->jobs[i].replay.stats;

        sum->events += st->events;
        sum->hits += st->hits;
        sum->skipped += st->skipped;
        sum->bad_ops += st->bad_ops;
        sum->nodes_cut += st->nodes_cut;
        sum->nodes_absent += st->nodes_absent;
        sum->policies_refused += st->policies_refused;
        sum->refused += st->refused;
        sum->starved += st->starved;
        sum->dropped_streams += st->dropped_streams;
        sum->forced += st->forced;
        sum->virtual_ns = MAX(sum->virtual_ns, st->virtual_ns);
    }
    sum->virtual_ns = MAX(sum->virtual_ns, run->config.system->clock.now);
    sum->idle_ns = sched_idle_ns(&run->sched, sum->virtual_ns);
}

static bool any_oom_killed(const struct system *s)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->outcome == OUTCOME_OOM_KILLED)
            return true;
    return false;
}

enum replay_outcome scenario_run(struct scenario_run *run)
{
    const struct scenario_run_config *c = &run->config;
    ns_t end = run->scenario->machine.runtime ? run->scenario->machine.runtime : NS_NEVER;
    u64 steps = 0;

    scenario_begin(run);
    c->system->leaving = c->watch;
    c->system->leaving_ctx = c->ctx;
    while (!failed(run) && !c->system->panicked && step(run, end)) {
        if (c->stop && *c->stop) {
            run->outcome = REPLAY_STOPPED;
            break;
        }
        if (c->watch)
            c->watch(c->ctx);
        if (c->progress && ++steps % 1024 == 0)
            c->progress(c->ctx, c->system->clock.now);
    }
    c->system->leaving = NULL;
    add_up(run);
    if (c->system->panicked)
        run->outcome = REPLAY_PANIC;
    if (run->outcome == REPLAY_COMPLETED && any_oom_killed(c->system))
        run->outcome = REPLAY_OOM;
    if (run->outcome == REPLAY_COMPLETED && (run->stats.refused || run->stats.starved))
        run->outcome = REPLAY_REFUSED;
    return run->outcome;
}
