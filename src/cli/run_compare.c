/* run_compare.c - runs that differ in settings of the machine, side by side.
 *
 * Each run has a machine, a report and a thread; recordings are decoded once and shared. What a run
 * came to is taken while its machine is still there: a row of the table, or the document. json-c is
 * asked by one thread at a time. */
#include "cli/run_compare.h"

#include "base/alloc.h"
#include "cli/machine.h"
#include "report/comparison.h"
#include "report/json_put.h"
#include "report/runtimes_report.h"
#include "report/size_report.h"
#include "size/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct comparing {
    struct run *run; /* as the user gave it */
    int (*play_one)(struct run *run, struct err *e);
    unsigned nr;
    struct progress {
        u64 done, total;
    } * progress;
    struct run_row *rows;
    json_object **documents; /* NULL: text is wanted */
    pthread_mutex_t lock;    /* of json-c */
};

static int keep_result(struct run *run, struct err *e)
{
    struct comparing *c = run->ctx;

    (void)e;
    if (run->report.outcome == REPLAY_STOPPED)
        return CLI_FAILED;
    run_row_fill(&run->report, &c->rows[run->variant]);
    if (c->documents) {
        pthread_mutex_lock(&c->lock);
        c->documents[run->variant] = run_json(&run->report);
        pthread_mutex_unlock(&c->lock);
    }
    return CLI_OK;
}

static void note_progress(struct run *run, u64 done, u64 total)
{
    struct comparing *c = run->ctx;

    __atomic_store_n(&c->progress[run->variant].done, done, __ATOMIC_RELAXED);
    __atomic_store_n(&c->progress[run->variant].total, total, __ATOMIC_RELAXED);
}

/* Runs that have not begun are as long as the longest so far. */
static void show_progress(void *ctx)
{
    struct comparing *c = ctx;
    u64 done = 0, longest = 0;

    for (unsigned i = 0; i < c->nr; i++) {
        done += __atomic_load_n(&c->progress[i].done, __ATOMIC_RELAXED);
        longest = MAX(longest, __atomic_load_n(&c->progress[i].total, __ATOMIC_RELAXED));
    }
    cli_progress(&c->run->cli, "comparing", done, longest * c->nr);
}

static int play_variant(void *ctx, unsigned variant, struct err *e)
{
    struct comparing *c = ctx;
    struct run run = *c->run;
    int rc;

    if (run_stop)
        return -EINTR;
    run.variant = variant;
    run.show = keep_result;
    run.progress = note_progress;
    run.ctx = c;
    rc = c->play_one(&run, e);
    if (rc && rc != -EINTR) {
        const struct axes axes = cli_axes(&c->run->cli);

        comparison_blame(&axes, variant, e);
    }
    return rc == 0 && run.exit_code != CLI_OK ? -EINTR : rc;
}

static int show(struct comparing *c, const struct axes *axes)
{
    struct cli *cli = &c->run->cli;
    const struct comparison comparison = {.input = cli->operands[0], .axes = axes};
    struct strbuf text;
    int rc;

    if (c->documents)
        return cli_emit_document(cli, PAGE_OF_COMPARE, comparison.input,
                                 compare_json(&comparison, "run", c->documents));
    strbuf_init(&text);
    compare_runs_text(&comparison, c->rows, &text);
    if (c->run->trace) {
        size_remarks(c->run->trace, NULL, &c->rows->misfits, &text);
        runtimes_render(&c->run->runtimes, UINT64_MAX, &text);
    }
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

int run_compare(struct run *run, int (*play_one)(struct run *run, struct err *e))
{
    const struct axes axes = cli_axes(&run->cli);
    struct comparing c = {
        .run = run,
        .play_one = play_one,
        .nr = axes_count(&axes),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    const struct workers workers = {
        .jobs = cli_jobs(run->jobs),
        .nr = c.nr,
        .run = play_variant,
        .tick = show_progress,
        .ctx = &c,
    };
    struct err e = {0};
    int rc;

    c.rows = xcalloc(c.nr, sizeof(*c.rows));
    c.progress = xcalloc(c.nr, sizeof(*c.progress));
    if (cli_wants_document(&run->cli))
        c.documents = xcalloc(c.nr, sizeof(*c.documents));
    rc = workers_run(&workers, &e);
    if (rc == 0) {
        rc = show(&c, &axes);
    } else {
        rc = rc == -EINTR ? cli_fail(&run->cli, "interrupted") : cli_fail_for(&run->cli, rc, &e);
        for (unsigned i = 0; c.documents && i < c.nr; i++)
            json_drop(c.documents[i]);
    }
    free(c.documents);
    free(c.progress);
    free(c.rows);
    return rc;
}
