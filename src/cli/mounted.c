/* mounted.c - a recording is played as a scenario of one task, in group /app. */
#include "cli/mounted.h"

#include "base/alloc.h"
#include "base/units.h"
#include "cli/machine.h"
#include "cli/pasted.h"
#include "workload/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SCRIPT_MAX (16u << 20)

u64 mounted_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
}

static void take_option(struct mounted *m, int id)
{
    struct cli *cli = m->cli;
    struct err e = {0};

    switch (id) {
    case MOUNTED_OPT_SPEED:
        if (pace_parse_speed(cli->arg, &m->speed, &e))
            cli_usage(cli, "--speed: %s", e.text);
        break;
    case MOUNTED_OPT_PAUSE:
        m->paused = true;
        break;
    case MOUNTED_OPT_SKIP:
        if (parse_duration(cli->arg, &m->skip, &e))
            cli_usage(cli, "--skip: %s", e.text);
        break;
    case MOUNTED_OPT_SCRIPT:
        m->script = cli->arg;
        break;
    }
}

bool mounted_begin(struct mounted *m, struct cli *cli, const struct cli_spec *spec, int argc,
                   char **argv, const char *done)
{
    cli_init(cli, spec, argc, argv);
    *m = (struct mounted){.cli = cli, .speed = 1};
    for (int id; (id = cli_next(cli)) > 0;)
        take_option(m, id);
    if (!cli->done && cli->machine.compared.count)
        cli_usage(cli, "--compare makes several machines: one is %s", done);
    return !cli->done;
}

static void say(void *ctx, const char *line)
{
    cli_note(ctx, "%s", line);
}

static int open_scenario(struct mounted *m, const char *path, struct system_config *config,
                         struct err *e)
{
    const struct cli_machine *machine = &m->cli->machine;
    int rc;

    if (machine->has_memory_max || machine->has_memory_high)
        return err_set(e, -EINVAL,
                       "a scenario has no cgroup for --memory-%s; give a [cgroup] of it "
                       "memory.%s",
                       machine->has_memory_max ? "max" : "high",
                       machine->has_memory_max ? "max" : "high");
    rc = scenario_read_open(&m->sc, path, e);
    if (rc == 0) {
        cli_note_kept(m->cli, &m->sc.machine.config.tunables);
        cli_apply_settings(m->cli, 0, &m->sc.machine.config);
        scenario_system_config(&m->sc, config);
        rc = scenario_traces_open(&m->sc, &m->traces, e) ? -EIO : 0;
    }
    return rc;
}

static int open_recording(struct mounted *m, const char *path, struct system_config *config,
                          struct err *e)
{
    static const char text[] = "[machine]\n[task app]\ntrace = recording.hwt\ncgroup = app\n"
                               "[cgroup app]\n";
    struct trace *trace;
    int rc = trace_open(path, NULL, &trace, e);

    if (rc)
        return rc;
    place_trace(trace, NULL);
    m->traces = (struct scenario_traces){.items = xcalloc(1, sizeof(struct trace *)), .count = 1};
    m->traces.items[0] = trace;
    rc = scenario_read_bytes(&m->sc, path, text, sizeof(text) - 1, e);
    if (rc == 0)
        cli_system_config(m->cli, trace, 0, config);
    return rc;
}

/* "" when there is none. On failure nothing is left to free. */
static int read_script(const char *path, struct strbuf *out, struct err *e)
{
    FILE *f = fopen(path, "re");
    char buf[8192];
    size_t n;
    int rc;

    if (!f)
        return err_at(e, -errno, path, 0, 0, "%s", strerror(errno));
    while (out->len <= SCRIPT_MAX && (n = fread(buf, 1, sizeof(buf), f)) > 0)
        strbuf_append_bytes(out, buf, n);
    rc = ferror(f) ? err_at(e, -EIO, path, 0, 0, "cannot be read")
         : out->len > SCRIPT_MAX
             ? err_at(e, -EFBIG, path, 0, 0, "longer than %u MiB", SCRIPT_MAX >> 20)
         : strlen(out->text) < out->len ? err_at(e, -EINVAL, path, 0, 0, "is no text")
                                        : 0;
    fclose(f);
    return rc;
}

static int take_script(struct mounted *m, struct err *e)
{
    struct strbuf text;
    int rc;

    if (!m->script)
        return 0;
    strbuf_init(&text);
    rc = read_script(m->script, &text, e);
    if (rc == 0)
        rc = live_read_script(&m->live, m->script, text.text, e);
    strbuf_done(&text);
    return rc;
}

static int open_machine(struct mounted *m, const char *path, struct err *e)
{
    struct system_config config;
    struct scenario_run_config run_config = {.system = &m->system, .traces = &m->traces};
    bool scenario = cli_is_scenario(path);
    int rc;

    m->has_scenario = true;
    rc = scenario ? open_scenario(m, path, &config, e) : open_recording(m, path, &config, e);
    if (rc == 0)
        rc = system_init(&m->system, &config, e);
    if (rc)
        return rc;
    m->has_system = true;
    m->has_run = true;
    rc = scenario_run_init(&m->run, &m->sc, &run_config, e);
    if (rc)
        return rc;
    if (!scenario)
        cli_work_group(m->cli, &m->system);
    live_init(&m->live, &(struct live_config){.run = &m->run,
                                              .speed = m->speed,
                                              .paused = m->paused,
                                              .wall_ns = mounted_clock,
                                              .say = say,
                                              .say_ctx = m->cli});
    m->has_live = true;
    m->view = &m->live.view;
    return take_script(m, e);
}

static int open_capture(struct mounted *m, const char *path)
{
    const struct cli_machine *machine = &m->cli->machine;
    struct err e = {0};

    if (machine->has_memory_max || machine->has_memory_high || machine->settings.count || m->script)
        return cli_usage(m->cli, "%s is a capture: it is played as it is, without %s", path,
                         m->script ? "--script" : "options of a machine");
    if (played_open(&m->played, path, m->speed, m->paused, m->skip, mounted_clock, &e))
        return cli_fail_err(m->cli, &e);
    m->has_played = true;
    m->view = &m->played.view;
    return CLI_OK;
}

int mounted_open(struct mounted *m, const char *path)
{
    struct err e = {0};
    int rc;

    if (pasted_is_capture(path))
        return open_capture(m, path);
    rc = open_machine(m, path, &e);
    if (rc)
        return cli_fail_for(m->cli, rc, &e);
    live_skip(&m->live, m->skip);
    return CLI_OK;
}

void mounted_close(struct mounted *m)
{
    if (m->has_played)
        played_close(&m->played);
    if (m->has_live)
        live_done(&m->live);
    if (m->has_run)
        scenario_run_done(&m->run);
    if (m->has_system)
        system_done(&m->system);
    scenario_traces_close(&m->traces);
    if (m->has_scenario)
        scenario_done(&m->sc);
}

u32 mounted_last_pid(const struct mounted *m)
{
    u32 last = 0;

    for (size_t i = 0; m->has_played && i < m->played.files.count; i++) {
        unsigned pid;

        if (sscanf(m->played.files.items[i].name, "proc/%9u/", &pid) == 1)
            last = MAX(last, pid);
    }
    for (size_t i = 0; i < m->run.nr_jobs; i++)
        last = MAX(last, m->run.jobs[i].pid_base + m->run.jobs[i].nr_pids);
    return last;
}
