/* sizing.c - see sizing.h. */
#include "cli/sizing.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "cli/host_memory.h"
#include "cli/machine.h"
#include "cli/process.h"
#include "cli/profile.h"
#include "cli/signals.h"
#include "fleet/store.h"
#include "report/runtimes_report.h"
#include "workload/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SERVICE_MAX 200u

static volatile int stop;

/* A name that a table and a manifest can show. */
static void sizing_take_service(struct sizing_request *req, struct cli *cli)
{
    struct strbuf clean;

    req->service = cli->arg;
    strbuf_init(&clean);
    utf8_append_clean(&clean, cli->arg);
    if (!*cli->arg || clean.len > SERVICE_MAX || strcmp(clean.text, cli->arg) != 0)
        cli_usage(cli, "--service: want a name of 1 to %u characters that can be shown",
                  SERVICE_MAX);
    strbuf_done(&clean);
}

void sizing_take_option(struct sizing_request *req, struct cli *cli, int id)
{
    switch (id) {
    case SIZING_OPT_JOBS:
        cli_parse_jobs(cli, &req->jobs);
        break;
    case SIZING_OPT_FROM:
        req->window.from = cli->arg;
        break;
    case SIZING_OPT_TO:
        req->window.to = cli->arg;
        break;
    case SIZING_OPT_PROCESS:
        req->process = cli->arg;
        break;
    case SIZING_OPT_ALLOW_INCOMPLETE:
        req->allow_incomplete = true;
        break;
    case SIZING_OPT_STORE:
        req->store = cli->arg;
        break;
    case SIZING_OPT_SERVICE:
        sizing_take_service(req, cli);
        break;
    }
}

static void show_progress(void *ctx, u64 events, u64 planned)
{
    cli_progress(ctx, "replaying", events, planned);
}

/* Was the host's memory limited by cgroups of version 1, whose files have other names and no
 * memory.high? */
static bool recorded_in_v1(const struct cli *cli, const struct trace *t)
{
    char version[8];

    return !cli->machine.no_host && trace_text_value(t->host, "cgroup", version, sizeof(version)) &&
           strcmp(version, "1") == 0;
}

static bool open_recording(struct sizing *s, unsigned i, u64 budget_bytes)
{
    const struct trace_options how = {.budget_bytes = budget_bytes};
    const struct sizing_request *req = s->req;
    struct sizing_recording *r = &s->recordings[i];
    struct size_config *config = &s->configs[i];
    struct cli *cli = s->cli;
    struct err e = {0};

    if (trace_open(cli->operands[i], &how, &r->trace, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    cli_system_config(cli, r->trace, 0, &r->machine);
    host_taken_init(&r->host, cli, r->trace);
    cli_check_swap_max(cli, &r->machine);
    *config = (struct size_config){
        .trace = r->trace,
        .process = req->process,
        .from_name = req->window.from,
        .to_name = req->window.to,
        .machine = &r->machine,
        .limits = req->limits.items,
        .nr_limits = (unsigned)req->limits.count,
        .also_bytes = req->also_bytes,
        .grid = (unsigned)req->grid,
        .has_swap_max = cli->machine.has_swap_max && cli->machine.swap_max != CLI_SIZE_MAX,
        .swap_max_bytes = cli->machine.swap_max,
        .max_slowdown = req->max_slowdown,
        .usable_slowdown = req->usable_slowdown,
        .jobs = cli_jobs(req->jobs),
        .cgroup_v1 = recorded_in_v1(cli, r->trace),
        .stop = &stop,
        .progress = show_progress,
        .progress_ctx = cli,
    };
    if (!cli_process_find(cli, req->process, r->trace, &r->only) ||
        !cli_window_find(cli, &req->window, r->trace, &stop, &config->from, &config->to))
        return false;
    if (runtimes_find(r->trace, r->only, &r->runtimes, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    config->only = r->only;
    place_trace(r->trace, NULL);
    return true;
}

/* Names of one file, by whatever path. */
static bool is_given_twice(struct cli *cli)
{
    struct stat *files = xcalloc(cli->nr_operands, sizeof(*files));
    bool twice = false;

    for (unsigned i = 0; i < cli->nr_operands && !twice; i++) {
        if (stat(cli->operands[i], &files[i]) || !S_ISREG(files[i].st_mode))
            continue; /* opening it says what is wrong */
        for (unsigned k = 0; k < i && !twice; k++) {
            twice = files[k].st_ino == files[i].st_ino && files[k].st_dev == files[i].st_dev;
            if (twice)
                cli_usage(cli, "%s is given twice; record the program again for another run of it",
                          cli->operands[i]);
        }
    }
    free(files);
    return twice;
}

bool sizing_open(struct sizing *s, struct cli *cli, const struct sizing_request *req)
{
    u64 budget = cli->nr_operands > 1 ? host_memory_default() / cli->nr_operands : 0;
    bool opened = true;
    struct err e = {0};

    *s = (struct sizing){.cli = cli, .req = req, .nr = cli->nr_operands};
    s->recordings = xcalloc(s->nr, sizeof(*s->recordings));
    s->configs = xcalloc(s->nr, sizeof(*s->configs));
    if (is_given_twice(cli))
        return false;
    if (req->service && !req->store) {
        cli_usage(cli, "--service names a result in a store: say --store FILE as well");
        return false;
    }
    if (req->store && store_probe(req->store, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    signals_stop_by(&stop);
    for (unsigned i = 0; i < s->nr && opened; i++)
        opened = open_recording(s, i, budget);
    return opened;
}

void sizing_close(struct sizing *s)
{
    for (unsigned i = 0; i < s->nr; i++) {
        struct sizing_recording *r = &s->recordings[i];

        if (!r->trace)
            continue;
        runtimes_done(&r->runtimes);
        host_taken_done(&r->host);
        free(r->only);
        trace_close(r->trace);
    }
    free(s->recordings);
    free(s->configs);
}

struct size_report sizing_report(const struct sizing *s, unsigned i,
                                 const struct size_config *config, const struct size_result *result)
{
    const struct sizing_recording *r = &s->recordings[i];

    return (struct size_report){
        .result = result,
        .config = config,
        .input = s->cli->operands[i],
        .host = {r->host.settings.text, r->host.cautions.text, cli_profile_path(s->cli)},
        .runtimes = &r->runtimes,
    };
}

bool sizing_has_same_settings(const struct sizing *s)
{
    struct strbuf first, other;
    bool same = true;

    strbuf_init(&first);
    strbuf_init(&other);
    runtimes_settings(&s->recordings[0].runtimes, &first);
    for (unsigned i = 1; i < s->nr && same; i++) {
        strbuf_reset(&other);
        runtimes_settings(&s->recordings[i].runtimes, &other);
        same = strcmp(first.text, other.text) == 0;
    }
    strbuf_done(&first);
    strbuf_done(&other);
    return same;
}

int sizing_envelope(const struct sizing *s, struct size_result *results, struct size_envelope *ret,
                    struct err *e)
{
    unsigned failed = 0;
    int rc;

    for (unsigned i = 0; i < s->nr; i++)
        s->configs[i].own_grid = true;
    rc = size_compare(s->configs, s->nr, results, &failed, e);
    if (rc == 0)
        rc = envelope_find(s->configs, results, s->nr, ret, e);
    return rc;
}

int sizing_fail(const struct sizing *s, int rc, const struct err *e)
{
    if (rc != -EINTR)
        return cli_fail_for(s->cli, rc, e);
    rc = cli_fail(s->cli, "interrupted");
    signals_end();
    return rc;
}
