/* sweep_local.c - see sweep_local.h.
 *
 * One recording after the other: it is opened, its missing machines are replayed without a limit,
 * then all its missing limits, each a piece of work of its own. So a thread waits for others twice
 * in a recording and not at each machine, and nothing is replayed twice. Results go out twice a
 * second: to be killed costs half a second of work, and the tasks in work.
 */
#include "cli/sweep_local.h"

#include "base/alloc.h"
#include "cli/cli_int.h"
#include "cli/machine.h"
#include "cli/sizing.h"
#include "report/json_put.h"
#include "size/workers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FLUSH_NS (500 * NS_PER_MS)

void sweep_take_machines(struct cli *cli, const struct plan *p)
{
    struct strbuf one;

    strbuf_init(&one);
    vec_for_each (&p->machine, setting) {
        strbuf_reset(&one);
        strbuf_printf(&one, "%s=", setting->key);
        for (size_t i = 0; i < setting->values.count; i++)
            strbuf_printf(&one, "%s%s", i ? "," : "", setting->values.items[i]);
        if (setting->values.count > 1)
            cli_compare(cli, one.text);
        else
            cli_set(cli, one.text);
    }
    strbuf_done(&one);
    if (p->swap_max != STORE_NONE) {
        cli->machine.has_swap_max = true;
        cli->machine.swap_max = p->swap_max;
    }
}

struct run { /* the tasks of one recording */
    const struct sweep_job *job;
    const unsigned *tasks;
    unsigned nr;
    struct sizing sizing;
    struct size_config *configs; /* by variant */
    struct system_config *machines;
    struct size_result *bases;
    unsigned *variants; /* that have tasks */
    unsigned nr_variants;
    pthread_mutex_t lock; /* of what follows, and of the sweep */
    sweep_tasks ready;
    u64 flushed_ns;
    int error; /* of flushing */
    struct err *e;
};

static u64 now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

static void put_result(struct run *run, unsigned task, const struct size_row *row,
                       const char *outcome)
{
    struct sweep_result r = {
        .outcome = xstrdup(outcome),
        .peak_bytes = row->peak_bytes,
        .survives = row->survives,
        .usable = row->usable,
    };
    struct strbuf json;

    strbuf_init(&json);
    json_render(size_row_json(row), JSON_LINE, &json);
    r.row = strbuf_steal(&json);
    snprintf(r.slowdown, sizeof(r.slowdown), "%.4f", row->slowdown);
    pthread_mutex_lock(&run->lock);
    if (sweep_take(run->job->sweep, task, &r))
        vec_push(&run->ready, task);
    pthread_mutex_unlock(&run->lock);
}

static void flush(struct run *run)
{
    sweep_tasks tasks = {0};

    pthread_mutex_lock(&run->lock);
    vec_move(&tasks, &run->ready);
    pthread_mutex_unlock(&run->lock);
    if (tasks.count && !run->error)
        run->error = run->job->flush(run->job->ctx, tasks.items, (unsigned)tasks.count, run->e);
    vec_done(&tasks);
    run->flushed_ns = now_ns();
}

static void tick(void *ctx)
{
    struct run *run = ctx;
    unsigned done;

    pthread_mutex_lock(&run->lock);
    done = run->job->sweep->done;
    pthread_mutex_unlock(&run->lock);
    cli_progress(run->job->cli, "tasks", done, run->job->sweep->nr);
    if (now_ns() - run->flushed_ns >= FLUSH_NS)
        flush(run);
}

/* One machine without a limit. */
static int run_base(void *ctx, unsigned index, struct err *e)
{
    struct run *run = ctx;
    unsigned variant = run->variants[index];

    if (run->error)
        return run->error;
    return size_unlimited(&run->configs[variant], &run->bases[variant], e);
}

/* One task. Without a run to compare with nothing is judged: the limits of a machine that is too
 * small for the run without one. */
static int run_task(void *ctx, unsigned index, struct err *e)
{
    struct run *run = ctx;
    unsigned task = run->tasks[index];
    const struct plan_task t = plan_task(run->job->sweep->plan, task);
    struct size_result *base = &run->bases[t.variant];
    struct size_row row = base->unlimited;
    int rc = 0;

    if (run->error)
        return run->error;
    row.files = NULL;
    if (t.limit_bytes == STORE_NONE) {
        put_result(run, task, &row, replay_outcome_name(row.outcome));
    } else if (base->unlimited.outcome != REPLAY_COMPLETED) {
        row = (struct size_row){.limit_bytes = t.limit_bytes,
                                .high_bytes = UINT64_MAX,
                                .source = SIZE_ASKED,
                                .outcome = base->unlimited.outcome};
        put_result(run, task, &row, "not run");
    } else {
        rc = size_try(&run->configs[t.variant], base, t.limit_bytes, UINT64_MAX, &row, e);
        row.source = SIZE_ASKED;
        if (rc == 0)
            put_result(run, task, &row, replay_outcome_name(row.outcome));
    }
    return rc;
}

/* Which machines have tasks here, and their configurations. */
static void set_up(struct run *run)
{
    const struct plan *plan = run->job->sweep->plan;
    unsigned nr = plan_variants(plan);

    run->configs = xcalloc(nr, sizeof(*run->configs));
    run->machines = xcalloc(nr, sizeof(*run->machines));
    run->bases = xcalloc(nr, sizeof(*run->bases));
    run->variants = xcalloc(nr, sizeof(*run->variants));
    for (unsigned i = 0; i < run->nr; i++) {
        unsigned v = plan_task(plan, run->tasks[i]).variant;

        if (run->nr_variants && run->variants[run->nr_variants - 1] == v)
            continue;
        run->variants[run->nr_variants++] = v;
        cli_system_config(run->job->cli, run->sizing.recordings->trace, v, &run->machines[v]);
        run->configs[v] = *run->sizing.configs;
        run->configs[v].machine = &run->machines[v];
        run->configs[v].keep_oom = true;
        run->configs[v].jobs = 1;
        run->configs[v].progress = NULL;
    }
}

static int run_opened(struct run *run, struct err *e)
{
    struct workers w = {.jobs = run->job->jobs, .run = run_base, .tick = tick, .ctx = run};
    int rc;

    set_up(run);
    w.nr = run->nr_variants;
    rc = workers_run(&w, e);
    if (rc == 0) {
        w.run = run_task;
        w.nr = run->nr;
        rc = workers_run(&w, e);
    }
    flush(run);
    for (unsigned i = 0; i < run->nr_variants; i++)
        size_result_done(&run->bases[run->variants[i]]);
    vec_done(&run->ready);
    free(run->variants);
    free(run->bases);
    free(run->machines);
    free(run->configs);
    return run->error ? run->error : rc;
}

static int run_recording(const struct sweep_job *job, unsigned recording, const unsigned *tasks,
                         unsigned nr, bool *ret_said, struct err *e)
{
    const struct plan *plan = job->sweep->plan;
    char *path = plan->recordings.items[recording];
    const struct sizing_request req = {
        .max_slowdown = plan->max_slowdown, .usable_slowdown = plan->usable_slowdown, .jobs = 1};
    struct cli one = *job->cli;
    struct err flush_error = {0};
    struct run run = {.job = job,
                      .tasks = tasks,
                      .nr = nr,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .flushed_ns = now_ns(),
                      .e = &flush_error};
    int rc = -EINVAL;

    one.operands = &path;
    one.nr_operands = 1;
    if (sizing_open(&run.sizing, &one, &req))
        rc = run_opened(&run, e);
    else
        *ret_said = true;
    if (run.error)
        *e = flush_error;
    sizing_close(&run.sizing);
    return rc;
}

int sweep_local(const struct sweep_job *job, bool *ret_said, struct err *e)
{
    int rc = 0;

    for (unsigned i = 0, next; i < job->nr && rc == 0; i = next) {
        unsigned recording = plan_task(job->sweep->plan, job->tasks[i]).recording;

        for (next = i; next < job->nr &&
                       plan_task(job->sweep->plan, job->tasks[next]).recording == recording;)
            next++;
        rc = run_recording(job, recording, job->tasks + i, next - i, ret_said, e);
    }
    return rc;
}
