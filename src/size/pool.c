/* pool.c - one limit, one machine, one replay; many of them at once.
 *
 * A machine is one thread's own and shares nothing but the trace, which is read-only. A row depends
 * on its limit alone, not on who ran it when.
 */
#include "size/pool.h"

#include "base/alloc.h"
#include "size/judge.h"
#include "size/workers.h"
#include "system/cgroup.h"
#include "system/cpuset.h"
#include "workload/tally.h"

#include <errno.h>
#include <string.h>

struct pool {
    const struct size_config *config;
    const struct size_row *base; /* the run without a limit; NULL: this is that */
    struct service *service;     /* of that run */
    struct size_row *rows;
    unsigned nr;
    u64 events_before; /* of earlier calls */
    u64 *events;       /* by row, so far */
};

struct job { /* one replay under way */
    struct pool *pool;
    unsigned index;
    struct size_row *row;
    struct group *group;
    struct system *system;
    struct tally before; /* the judged part */
};

/* Pages of huge ones that nobody used. */
static u64 untouched(const struct system *s)
{
    s64 huge = s->counters.v[NR_ANON_TRANSPARENT_HUGEPAGES];

    return (u64)MAX(huge - (s64)s->space.touched.pages, (s64)0);
}

/* The group at its fullest: at the end all has exited. */
static void watch(void *ctx)
{
    struct job *job = ctx;
    struct size_row *row = job->row;
    u64 usage = job->group->memory.usage * PAGE_SIZE;
    s64 file = group_counter(job->group, NR_FILE_PAGES),
        shmem = group_counter(job->group, NR_SHMEM);
    u64 cached = (u64)MAX(file - shmem, (s64)0) * PAGE_SIZE;

    row->held_bytes = MAX(row->held_bytes, usage - MIN(cached, usage));
    /* What a program gets at once it may use later. */
    if (row->untouched_bytes && usage >= row->file_bytes + row->anon_bytes)
        row->untouched_bytes = MIN(row->untouched_bytes, untouched(job->system) * PAGE_SIZE);
    if (usage <= row->file_bytes + row->anon_bytes)
        return;
    file_uses_mark(&job->system->backing);
    row->file_bytes = cached;
    row->anon_bytes = usage - MIN(row->file_bytes, usage);
    row->untouched_bytes = untouched(job->system) * PAGE_SIZE;
}

/* What is judged begins. */
static void begin(void *ctx)
{
    struct job *job = ctx;

    tally_take(&job->before, job->system);
    file_uses_begin(&job->system->backing);
    job->row->file_bytes = job->row->anon_bytes = 0;
    watch(job);
}

static void progress(void *ctx, u64 events)
{
    struct job *job = ctx;

    __atomic_store_n(&job->pool->events[job->index], events, __ATOMIC_RELAXED);
}

static void add_waits(struct size_row *row, const struct task *t, const struct tally_task *before)
{
    for (unsigned c = 0; c < NR_WAIT_CAUSES; c++)
        row->wait_ns[c] += t->wait_ns[c] - before->wait_ns[c];
    row->reclaim_ns += t->reclaim_ns - before->reclaim_ns;
}

static u64 group_count_of(const struct job *job, enum counter id)
{
    s64 before = tally_group(&job->before, job->group)->counters[id];

    return (u64)MAX(group_counter(job->group, id) - before, (s64)0);
}

static u64 machine_count_of(const struct job *job, enum counter id)
{
    return (u64)(job->system->counters.v[id] - job->before.counters[id]);
}

/* The nodes on which its tasks may have memory, and how much there is. */
static void fill_nodes(const struct job *job, struct size_row *row)
{
    const struct system *s = job->system;
    u64 all = topology_memory_nodes(&s->frames.topology), nodes = 0;

    for (u32 i = 0; i < s->nr_tasks; i++)
        if (!s->tasks[i]->kthread && s->tasks[i]->group == job->group)
            nodes |= cpuset_mems_bound(s, s->tasks[i]);
    if (!nodes || s->frames.nr_nodes < 2)
        nodes = all;
    row->nodes = nodes == all ? 0 : nodes;
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        for (unsigned type = 0; type < NR_ZONES; type++)
            if (nodes >> nid & 1)
                row->nodes_bytes += s->frames.nodes[nid].zones[type].managed * PAGE_SIZE;
}

static void fill_row(const struct pool *p, struct job *job, const struct replay *r)
{
    const struct system *s = job->system;
    struct size_row *row = job->row;

    row->outcome = r->outcome;
    row->lead_ns = r->window.begun_ns - r->window.begun_idle_ns;
    row->virtual_ns = r->stats.virtual_ns;
    row->busy_ns = replay_busy_ns(&r->stats);
    row->requests = service_requests(&r->service);
    row->latency_ns = row->requests ? service_latency_ns(&r->service) / row->requests : 0;
    row->p99_ns = service_percentile_ns(&r->service, 990);
    row->events = r->stats.events;
    row->misfits = replay_misfits(&r->stats);
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (!s->tasks[i]->kthread && (!p->config->only || s->tasks[i]->group == job->group))
            add_waits(row, s->tasks[i], tally_task(&job->before, i));
    row->stall_ns = wait_memory_ns(row->wait_ns) + row->reclaim_ns;
    row->majflt = group_count_of(job, PGMAJFAULT);
    row->refault_file = group_count_of(job, WORKINGSET_REFAULT_FILE);
    row->refault_anon = group_count_of(job, WORKINGSET_REFAULT_ANON);
    row->pswpin = machine_count_of(job, PSWPIN);
    row->pswpout = machine_count_of(job, PSWPOUT);
    row->oom_kills = s->oom_kills - job->before.oom_kills;
    row->oom_nodes = s->oom_bound.nodes;
    row->remote_percent = numa_remote_percent(s);
    fill_nodes(job, row);
    if (row->source == SIZE_UNLIMITED || row->source == SIZE_VERIFY)
        row->files = file_uses_new(&s->backing);
    row->peak_bytes = job->group->memory.peak * PAGE_SIZE;
    row->swap_peak_bytes = job->group->swap.peak * PAGE_SIZE;
    judge_row(p->base ? p->service : NULL, &r->service, row);
    row->survives = row->outcome == REPLAY_COMPLETED && r->window.begun;
    row->usable = row->survives && row->slowdown <= p->config->usable_slowdown;
}

static int replay_one(void *ctx, unsigned index, struct err *e)
{
    struct pool *p = ctx;
    struct size_row *row = &p->rows[index];
    struct system *s = xcalloc(1, sizeof(*s));
    struct job job = {.pool = p, .index = index, .row = row, .system = s};
    double bound = p->config->max_slowdown;
    struct replay_config rc = {
        .trace = p->config->trace,
        .system = s,
        .from = p->config->from,
        .to = p->config->to,
        .only = p->config->only,
        .begin = begin,
        .begin_ctx = &job,
        .max_lead_ns = p->base ? (ns_t)((double)p->base->lead_ns * bound) : 0,
        .max_ns = p->base ? (ns_t)((double)p->base->busy_ns * bound) : 0,
        .stop = p->config->stop,
        .progress = progress,
        .progress_ctx = &job,
        .watch = watch,
        .watch_ctx = &job,
    };
    struct replay replay;
    int r = system_init(s, p->config->machine, e);

    if (r) {
        free(s);
        return r;
    }
    job.group = rc.group = system_group(s, SIZE_GROUP);
    if (rc.only)
        rc.others = system_group(s, SIZE_OTHERS);
    group_set_limit(job.group, LIMIT_MAX, group_limit_pages(row->limit_bytes));
    group_set_limit(job.group, LIMIT_HIGH, group_limit_pages(row->high_bytes));
    if (p->config->has_swap_max)
        group_set_limit(job.group, LIMIT_SWAP_MAX, group_limit_pages(p->config->swap_max_bytes));
    replay_init(&replay, &rc);
    replay_run(&replay);
    fill_row(p, &job, &replay);
    if (replay.outcome == REPLAY_STOPPED)
        r = -EINTR;
    else if (replay.outcome == REPLAY_FAILED)
        r = err_at(e, replay.error, p->config->trace->path, 0, 0, "cannot read it to its end: %s",
                   strerror(-replay.error));
    progress(&job, row->events);
    if (!p->base) {
        *p->service = replay.service;
        replay.service = (struct service){0};
    }
    tally_done(&job.before);
    replay_done(&replay);
    system_done(s);
    free(s);
    return r;
}

static void show(void *ctx)
{
    const struct pool *p = ctx;
    const struct size_config *c = p->config;
    u64 per_run = c->trace->nr_accesses + c->trace->nr_ops, done = p->events_before;

    for (unsigned i = 0; i < p->nr; i++)
        done += __atomic_load_n(&p->events[i], __ATOMIC_RELAXED);
    c->progress(c->progress_ctx, done, p->events_before + per_run * p->nr);
}

int pool_run(const struct size_config *config, const struct size_row *base, struct service *service,
             struct size_row *rows, unsigned nr, u64 *done_events, struct err *e)
{
    struct pool p = {
        .config = config,
        .base = base,
        .service = service,
        .rows = rows,
        .nr = nr,
        .events_before = *done_events,
    };
    const struct workers workers = {.jobs = config->jobs,
                                    .nr = nr,
                                    .run = replay_one,
                                    .tick = config->progress ? show : NULL,
                                    .ctx = &p};
    int r;

    if (nr == 0)
        return 0;
    p.events = xcalloc(nr, sizeof(*p.events));
    r = workers_run(&workers, e);
    for (unsigned i = 0; i < nr; i++)
        *done_events += p.events[i];
    free(p.events);
    return r;
}
