/* cmd_sweep.c - highwater sweep PLAN.ini: recordings x machines x limits, cut anywhere. */
#include "cli/cli.h"
#include "cli/result_file.h"
#include "cli/signals.h"
#include "cli/sweep_local.h"
#include "cli/sweep_work.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_STORE = 1, OPT_ON, OPT_JOBS, OPT_WORK, OPT_SHARD, OPT_COLLECT };

#define STORE_DEFAULT "fleet.db"

static const struct cli_option options[] = {
    {OPT_STORE, "store", 0, "FILE", "the store that results go into (" STORE_DEFAULT ")"},
    {OPT_ON, "on", 0, "local", "where tasks are run: on this machine (local)"},
    {OPT_JOBS, "jobs", 'j', "N", "do N replays at once (as many as there are CPUs)"},
    {OPT_SHARD, "shard", 0, "I/N",
     "run part I of N (from 0) alone, into --work; 'auto/N': I is SLURM_ARRAY_TASK_ID or "
     "JOB_COMPLETION_INDEX"},
    {OPT_WORK, "work", 0, "DIR",
     "where parts leave their results until they are collected (STORE.work)"},
    {OPT_COLLECT, "collect", 0, NULL,
     "run nothing: collect what parts left in --work, and show all"},
};

static const struct cli_spec spec = {
    .verb = "sweep",
    .operands = "PLAN.ini",
    .summary =
        "Replays recordings on several machines under several limits, as tasks that may be "
        "interrupted, lost or repeated:\na rerun does what is missing, and the result is the "
        "same wherever they ran.",
    .takes = CLI_OUTPUT | CLI_PROGRESS | CLI_SHEET,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "A plan:\n"
        "  [sweep]\n"
        "  recordings = quiet.hwt busy-*.hwt     beside the plan\n"
        "  limits = 32M, 64M-256M/16M            sizes, or FROM-TO/STEP; besides none\n"
        "  usable-slowdown = 1.1                 also: max-slowdown, swap-max\n"
        "  [machine]                             as options of 'size'; of several values each is "
        "tried\n"
        "  swap = 0, 1G\n"
        "  vm.swappiness = 10, 60\n"
        "\n"
        "Exit code: 0 when all tasks are done, whatever they came to; 1 when some are missing.\n"
        "\n"
        "Examples:\n"
        "  highwater sweep plan.ini --store fleet.db\n"
        "  highwater sweep plan.ini --format csv -o sweep.csv\n"
        "  highwater sweep plan.ini --shard 3/8 --work /shared/work     one of 8 jobs of a "
        "cluster\n"
        "  highwater sweep plan.ini --collect --work /shared/work       then\n",
    .min_operands = 1,
    .max_operands = 1,
};

static void take_shard(struct cli *cli, struct sweep_request *req)
{
    const char *slash = strchr(cli->arg, '/'), *index;
    char first[32];
    struct err e = {0};

    snprintf(first, sizeof(first), "%.*s", slash ? (int)MIN(slash - cli->arg, 31) : 0, cli->arg);
    index = first;
    if (strcmp(first, "auto") == 0) {
        index = getenv("JOB_COMPLETION_INDEX");
        index = index ? index : getenv("SLURM_ARRAY_TASK_ID");
        if (!index) {
            cli_usage(cli,
                      "--shard auto: neither JOB_COMPLETION_INDEX nor SLURM_ARRAY_TASK_ID is set");
            return;
        }
    }
    req->is_shard = true;
    if (!slash || parse_u64(index, &req->shard, &e) || parse_u64(slash + 1, &req->shards, &e) ||
        req->shards < 1 || req->shards > SWEEP_SHARDS_MAX || req->shard >= req->shards)
        cli_usage(cli, "--shard: want I/N, I from 0 to N - 1 and N up to %u, not '%s'",
                  SWEEP_SHARDS_MAX, cli->arg);
}

static void parse_option(struct cli *cli, struct sweep_request *req, int id)
{
    switch (id) {
    case OPT_STORE:
        req->store = cli->arg;
        break;
    case OPT_ON:
        if (strcmp(cli->arg, "local") != 0)
            cli_usage(cli, "--on: want local, not '%s'; see --shard for machines of a cluster",
                      cli->arg);
        break;
    case OPT_JOBS:
        cli_parse_jobs(cli, &req->jobs);
        break;
    case OPT_WORK:
        req->work = cli->arg;
        break;
    case OPT_COLLECT:
        req->collect = true;
        break;
    case OPT_SHARD:
        take_shard(cli, req);
        break;
    }
}

static void parse_options(struct cli *cli, struct sweep_request *req)
{
    for (int id; (id = cli_next(cli)) > 0;)
        parse_option(cli, req, id);
    if (cli->done)
        return;
    if (req->is_shard && req->collect)
        cli_usage(cli, "--shard runs a part and --collect runs nothing; want one of them");
    else if (req->is_shard && !req->work)
        cli_usage(cli, "--shard wants --work DIR, where its results go");
}

static int emit(struct cli *cli, const struct sweep *s)
{
    struct strbuf text;
    struct err e = {0};
    json_object *o;
    int rc;

    if (cli->format == CLI_JSON)
        return sweep_json(s, &o, &e) ? cli_fail_err(cli, &e)
                                     : cli_emit_document(cli, PAGE_OF_SIZE, s->plan->path, o);
    strbuf_init(&text);
    if (cli->format == CLI_CSV)
        sweep_csv(s, &text);
    else
        sweep_text(s, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

static int save(void *ctx, const unsigned *tasks, unsigned nr, struct err *e)
{
    const struct sweep_context *c = ctx;

    return sweep_save(c->sweep, c->store, tasks, nr, e);
}

static int run_local(struct sweep_context *c)
{
    sweep_tasks missing = {0};
    struct sweep_job job = {
        .cli = c->cli, .sweep = c->sweep, .jobs = cli_jobs(c->req->jobs), .flush = save, .ctx = c};
    struct err e = {0};
    bool said = false;
    int rc;

    sweep_missing(c->sweep, &missing);
    job.tasks = missing.items;
    job.nr = (unsigned)missing.count;
    rc = sweep_local(&job, &said, &e);
    cli_progress_end(c->cli);
    vec_done(&missing);
    if (rc == -EINTR) {
        cli_fail(c->cli, "interrupted; %u of %u tasks are done, the same command does the rest",
                 c->sweep->done, c->sweep->nr);
        signals_end();
        return CLI_FAILED;
    }
    if (rc && !said)
        cli_fail_err(c->cli, &e);
    return rc ? CLI_FAILED : CLI_OK;
}

/* With the store open: take what is known, collect what came, run what is missing, show all. */
static int sweep_stored(struct sweep_context *c)
{
    struct err e = {0};
    int rc = CLI_OK;

    if (sweep_load(c->sweep, c->store, &e))
        return cli_fail_err(c->cli, &e);
    if (sweep_collect(c, &e))
        return cli_fail_err(c->cli, &e);
    if (!c->req->collect && c->sweep->done < c->sweep->nr)
        rc = run_local(c);
    if (rc == CLI_OK)
        rc = emit(c->cli, c->sweep);
    if (rc == CLI_OK && c->sweep->done < c->sweep->nr)
        rc = cli_fail(c->cli, "%u of %u tasks are missing", c->sweep->nr - c->sweep->done,
                      c->sweep->nr);
    return rc;
}

static int sweep_planned(struct cli *cli, const struct sweep_request *req, struct plan *plan)
{
    struct sweep s;
    struct sweep_context c = {.cli = cli, .req = req, .sweep = &s};
    struct err e = {0};
    int rc;

    sweep_take_machines(cli, plan);
    if (cli->done) {
        rc = cli->exit_code;
        return rc;
    }
    if (sweep_init(&s, plan, &e)) {
        rc = cli_fail_err(cli, &e);
    } else if (req->is_shard) {
        rc = sweep_shard(&c);
    } else if (store_open(req->store, STORE_WRITE, &c.store, &e)) {
        rc = cli_fail_err(cli, &e);
    } else {
        rc = sweep_stored(&c);
        store_close(c.store);
    }
    sweep_done(&s);
    return rc;
}

static int sweep(struct cli *cli, const struct sweep_request *req)
{
    struct plan plan;
    struct err e = {0};
    int rc = plan_read(cli->operands[0], &plan, &e);

    if (rc)
        return cli_fail_for(cli, rc, &e);
    rc = sweep_planned(cli, req, &plan);
    plan_done(&plan);
    return rc;
}

int cmd_sweep(int argc, char **argv)
{
    struct sweep_request req = {.store = STORE_DEFAULT};
    struct strbuf work;
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    strbuf_init(&work);
    strbuf_printf(&work, "%s.work", req.store);
    if (!req.work)
        req.work = work.text;
    rc = cli.done ? cli.exit_code : sweep(&cli, &req);
    strbuf_done(&work);
    return cli_done(&cli, rc);
}
