/* run_scenario.c - highwater run FILE.ini: a scenario on the machine it describes.
 *
 * Options for the machine change what its [machine] says; limits belong to its cgroups, and there
 * is no run without a limit to compare with, so --memory-max, --memory-high and --max-slowdown are
 * refused, and so are --from and --to. */
#include "base/alloc.h"
#include "cli/machine.h"
#include "cli/profile.h"
#include "cli/run.h"
#include "workload/scenario_run.h"

#include <string.h>

static bool refused(struct run *run)
{
    const struct cli_machine *m = &run->cli.machine;

    if (m->has_memory_max || m->has_memory_high || m->has_swap_max)
        cli_usage(&run->cli, "a scenario has no cgroup for %s; give a [cgroup] of it memory.%s",
                  m->has_memory_max    ? "--memory-max"
                  : m->has_memory_high ? "--memory-high"
                                       : "--swap-max",
                  m->has_memory_max    ? "max"
                  : m->has_memory_high ? "high"
                                       : "swap.max");
    else if (run->max_slowdown > 0)
        cli_usage(&run->cli, "--max-slowdown is for recordings; a scenario ends at its runtime");
    else if (run->process)
        cli_usage(&run->cli, "--process is for recordings; a scenario puts its tasks into cgroups");
    else if (run->window.from || run->window.to)
        cli_usage(&run->cli, "%s is for recordings; a scenario says itself what happens when",
                  run->window.from ? "--from" : "--to");
    return run->cli.done;
}

struct watcher {
    struct run *run;
    ns_t runtime;
};

static void show_progress(void *ctx, ns_t now)
{
    struct watcher *w = ctx;

    w->run->progress(w->run, now, w->runtime);
}

static void watch(void *ctx)
{
    struct watcher *w = ctx;

    run_watch(&w->run->report);
}

/* The group the report is about: that of all tasks, or the root. */
static struct group *report_group(const struct scenario_run *sr)
{
    for (size_t i = 1; i < sr->nr_jobs; i++)
        if (sr->jobs[i].group != sr->jobs[0].group)
            return sr->config.system->groups.root;
    return sr->jobs[0].group;
}

static int play(struct run *run, const struct scenario *sc, struct err *e)
{
    struct watcher watcher = {.run = run, .runtime = sc->machine.runtime};
    const struct scenario_run_config config = {
        .system = run->system,
        .traces = &run->traces,
        .stop = &run_stop,
        .progress = show_progress,
        .watch = watch,
        .ctx = &watcher,
    };
    struct scenario_run sr;
    int rc = scenario_run_init(&sr, sc, &config, e);

    if (rc)
        goto out;
    run_report_init(&run->report, run->system, report_group(&sr));
    run->report.input = run->cli.operands[0];
    run->report.scenario = &sr;
    rc = run_open_capture(run, e);
    if (rc)
        goto out;
    run_start_samples(run, &sr);
    run->report.outcome = scenario_run(&sr);
    run->report.stats = sr.stats;
    if (run->report.outcome == REPLAY_FAILED) {
        *e = sr.error;
        rc = -EIO;
        goto out;
    }
    run_report_finish(&run->report);
    run->exit_code = run->show(run, e);
out:
    scenario_run_done(&sr);
    return rc;
}

/* Each run reads the text anew, since a scenario takes notes of the machine it is played on;
 * recordings are shared. */
int run_play_scenario(struct run *run, struct err *e)
{
    struct system_config config;
    struct scenario sc;
    int rc = scenario_read(&sc, run->cli.operands[0], e);

    if (rc == 0) {
        cli_apply_settings(&run->cli, run->variant, &sc.machine.config);
        system_config_settle_swap(&sc.machine.config, sc.machine.config.ram_bytes);
        scenario_system_config(&sc, &config);
        cli_profile_add_devices(&run->cli, &sc.arena, &config);
        run->doing = "running";
        rc = run_new_machine(run, &config, e);
    }
    if (rc == 0)
        rc = play(run, &sc, e);
    run_drop_machine(run);
    scenario_done(&sc);
    return rc;
}

int run_scenario_file(struct run *run)
{
    struct scenario sc;
    struct err e = {0};
    int rc;

    if (refused(run))
        return run->cli.exit_code;
    rc = scenario_read(&sc, run->cli.operands[0], &e);
    if (rc == 0 && scenario_traces_open(&sc, &run->traces, &e))
        rc = -EIO; /* a recording that is missing or damaged, not a wrong word */
    if (rc == 0)
        cli_note_kept(&run->cli, &sc.machine.config.tunables);
    scenario_done(&sc);
    if (rc)
        return cli_fail_for(&run->cli, rc, &e);
    rc = run_play(run, run_play_scenario);
    scenario_traces_close(&run->traces);
    return rc;
}
