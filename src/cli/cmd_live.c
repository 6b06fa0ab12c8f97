/* cmd_live.c - highwater live CGROUP: size a service that runs, with no recording and no
 * restart. */
#include "cli/cli.h"
#include "cli/live_guard.h"
#include "cli/live_look.h"
#include "cli/live_place.h"
#include "cli/live_watch.h"
#include "cli/signals.h"
#include "cli/verbs.h"

#include "base/units.h"
#include "report/live_report.h"
#include "squeeze/squeeze.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BUDGET_DEFAULT   100.0
#define DURATION_DEFAULT (10 * 60 * NS_PER_S)
#define STEP_DEFAULT     NS_PER_S
#define HOLD_DEFAULT     (6 * NS_PER_S)
#define STALL_DEFAULT    5.0
#define WORSE_DEFAULT    1.5
#define PATIENCE_MS      5000u /* after a signal: to write memory.high back and print */

enum {
    OPT_BUDGET = 1,
    OPT_FLOOR,
    OPT_DURATION,
    OPT_STEP,
    OPT_HOLD,
    OPT_MAX_STALL,
    OPT_WATCH,
    OPT_WATCH_FACTOR,
    OPT_DRY_RUN,
    OPT_WATCH_ONLY,
    OPT_RESTORE,
    OPT_OVERRIDE,
    OPT_ROOT,
    OPT_STATE
};

static const struct cli_option options[] = {
    {OPT_BUDGET, "budget", 'b', "N/s",
     "pages a second that may come back, each a fault that waits (100/s)"},
    {OPT_FLOOR, "floor", 0, "SIZE", "try no size below this one"},
    {OPT_DURATION, "duration", 'd', "TIME", "take at most so long (10min; with --watch-only 1min)"},
    {OPT_STEP, "step", 0, "TIME", "look and take memory this often (1s)"},
    {OPT_HOLD, "hold", 0, "TIME", "hold each candidate for so long (6s)"},
    {OPT_MAX_STALL, "max-stall", 0, "PERCENT",
     "stop when it waits for memory for so much more of its time than before (5)"},
    {OPT_WATCH, "watch", 0, "CMD",
     "stop when this command of a shell fails, or when the number that it prints grows"},
    {OPT_WATCH_FACTOR, "watch-factor", 0, "X",
     "grows: is more than X times what it was before, twice in a row (1.5)"},
    {OPT_DRY_RUN, "dry-run", 'n', NULL,
     "write nothing; say what would be done and what it may cost"},
    {OPT_WATCH_ONLY, "watch-only", 0, NULL,
     "touch nothing; say what can be told from counters alone, of cgroup v1 too, or of a capture "
     "(--root FILE.hwc)"},
    {OPT_RESTORE, "restore", 0, NULL,
     "write memory.high back where nobody was left to do it: of CGROUP, or of all"},
    {OPT_OVERRIDE, "override-high", 0, NULL,
     "go on where somebody set memory.high, and write that back at the end"},
    {OPT_ROOT, "root", 0, "DIR",
     "the machine whose /proc and /sys are in DIR: one of ours, by 'highwater mount' (/)"},
    {OPT_STATE, "state", 0, "DIR", "folder for the note of what to restore (/run/highwater)"},
};

static const struct cli_spec spec = {
    .verb = "live",
    .operands = "CGROUP",
    .summary =
        "Sizes a service that runs, with no recording and no restart: takes a little memory away, "
        "slowly,\n"
        "counts what comes back, and says the smallest size within the budget, and which "
        "memory.max and\n"
        "memory.high to set. 'highwater size --live CGROUP' is the same.",
    .takes = CLI_OUTPUT | CLI_PICTURES | CLI_PROGRESS,
    .formats = DEPLOYMENT_FORMATS,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "CGROUP is a path below /sys/fs/cgroup, or a unit of systemd's (web.service). Needs cgroup "
        "v2, Linux 5.19 or\n"
        "later, and the right to write memory.reclaim and memory.high of the group: root, or its "
        "owner.\n"
        "\n"
        "Who takes N pages a second finds the size settle where N pages a second come back: the "
        "smallest size for a\n"
        "budget of N. It is then held there by memory.high for some seconds, and above and below, "
        "because a squeeze\n"
        "alone misses a cliff. What is used again only after the whole time is not seen, and "
        "counts as "
        "not needed.\n"
        "\n"
        "It stops, and memory.high is as it was, when twice the budget comes back in a hold, when "
        "the service waits\n"
        "for memory (--max-stall) or is unwell (--watch), when memory.events counts, when "
        "somebody else writes\n"
        "memory.high, and when this program is killed: a guardian process writes it back. Where "
        "that is killed as\n"
        "well, 'highwater live --restore' does it.\n"
        "Exit code: 0 when there is an answer; 1 when there is none, or it was refused.\n"
        "\n"
        "Examples:\n"
        "  highwater live web.service --dry-run\n"
        "  highwater live web.service --budget 50/s --duration 20min\n"
        "  highwater live web.service --watch 'curl -so/dev/null -w%{time_total} localhost/'\n"
        "  highwater live kubepods.slice/pod1 --budget 20/s --format kubernetes\n"
        "  highwater live web.service --watch-only --duration 1h\n"
        "  highwater live --restore\n",
    .min_operands = 0,
    .max_operands = 1,
};

struct request {
    struct squeeze_config config;
    double stall_percent;
    const char *root, *state_dir;
    bool dry_run, watch_only, restore, override_high, has_duration;
    struct live_watch watch;
};

static volatile int stop;

/* --- the command line --- */

static void parse_budget(struct cli *cli, double *ret)
{
    struct err e = {0};
    char *text = strdup(cli->arg);
    size_t len = text ? strlen(text) : 0;

    if (len > 2 && strcmp(text + len - 2, "/s") == 0)
        text[len - 2] = '\0';
    if (!text || parse_f64(text, ret, &e))
        cli_usage(cli, "--budget: want refaults a second, like 50/s, not '%s'", cli->arg);
    else if (*ret < 1 || *ret > 1e6)
        cli_usage(cli, "--budget is between 1/s and 1000000/s, not %s", cli->arg);
    free(text);
}

static void parse_time(struct cli *cli, const char *option, ns_t least, ns_t most, ns_t *ret)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];
    struct err e = {0};

    if (parse_duration(cli->arg, ret, &e))
        cli_usage(cli, "%s: %s", option, e.text);
    else if (*ret < least || *ret > most)
        cli_usage(cli, "%s is between %s and %s, not %s", option, format_ns(low, least),
                  format_ns(high, most), cli->arg);
}

static void parse_options(struct cli *cli, struct request *req)
{
    struct squeeze_config *c = &req->config;

    for (int id; (id = cli_next(cli)) > 0;) {
        switch (id) {
        case OPT_BUDGET:
            parse_budget(cli, &c->budget);
            break;
        case OPT_FLOOR:
            if (cli_parse_size(cli, "--floor", &c->floor_bytes) && c->floor_bytes == CLI_SIZE_MAX)
                cli_usage(cli, "--floor: want a size, like 200M");
            break;
        case OPT_DURATION:
            parse_time(cli, "--duration", 10 * NS_PER_S, 31 * 86400 * NS_PER_S, &c->duration_ns);
            req->has_duration = true;
            break;
        case OPT_STEP:
            parse_time(cli, "--step", NS_PER_S / 10, 60 * NS_PER_S, &c->step_ns);
            break;
        case OPT_HOLD:
            parse_time(cli, "--hold", 2 * NS_PER_S, 3600 * NS_PER_S, &c->hold_ns);
            break;
        case OPT_MAX_STALL:
            if (cli_parse_f64(cli, "--max-stall", &req->stall_percent) &&
                (req->stall_percent <= 0 || req->stall_percent > 100))
                cli_usage(cli, "--max-stall is a part of the time in percent, up to 100, not %s",
                          cli->arg);
            break;
        case OPT_WATCH:
            req->watch.command = cli->arg;
            break;
        case OPT_WATCH_FACTOR:
            if (cli_parse_f64(cli, "--watch-factor", &c->health_max) && c->health_max <= 1)
                cli_usage(cli, "--watch-factor is more than 1, not %s", cli->arg);
            break;
        case OPT_DRY_RUN:
            req->dry_run = true;
            break;
        case OPT_WATCH_ONLY:
            req->watch_only = true;
            break;
        case OPT_RESTORE:
            req->restore = true;
            break;
        case OPT_OVERRIDE:
            req->override_high = true;
            break;
        case OPT_ROOT:
            req->root = cli->arg;
            break;
        case OPT_STATE:
            req->state_dir = cli->arg;
            break;
        }
    }
    if (cli->done)
        return;
    if (!req->restore && cli->nr_operands == 0)
        cli_usage(cli, "want the CGROUP to size: a path below /sys/fs/cgroup, or web.service");
    else if (req->restore && (req->dry_run || req->watch_only))
        cli_usage(cli, "--restore does nothing else: leave out --dry-run and --watch-only");
    else if (req->dry_run && cli->format == CLI_OWN)
        cli_usage(cli, "--dry-run has no limit to print as %s", cli->format_name);
    else if (c->hold_ns * 3 > c->duration_ns && !req->watch_only)
        cli_usage(cli, "--duration is at least three times --hold");
    c->stall_max = req->stall_percent / 100;
}

/* --- the squeeze --- */

static ns_t clock_of(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (ns_t)t.tv_sec * NS_PER_S + (ns_t)t.tv_nsec;
}

static ns_t cpu_ns(void)
{
    return clock_of(CLOCK_PROCESS_CPUTIME_ID);
}

static void show_progress(struct cli *cli, const struct squeeze *s)
{
    char size[UNITS_TEXT_MAX], what[96];

    snprintf(what, sizeof(what), "%s at %s", squeeze_state_name(s->state),
             format_limit(size, s->last.size_bytes));
    cli_progress(cli, what, s->result.seconds_ns / NS_PER_MS, s->config.duration_ns / NS_PER_MS);
}

static void run(struct cli *cli, struct request *req, struct live_place *place,
                struct live_guard *guard, struct squeeze *s)
{
    ns_t wait;

    for (;;) {
        live_watch_poll(&req->watch, clock_of(CLOCK_MONOTONIC), *place->clock != '\0');
        if (!live_guard_lives(guard))
            stop = 1; /* nobody would give it back */
        live_guard_greet(guard);
        wait = squeeze_tick(s, &req->watch.health);
        if (!wait)
            break;
        show_progress(cli, s);
        live_place_wait(place, wait, &stop);
    }
    cli_progress_end(cli);
    live_watch_end(&req->watch);
}

static int emit(struct cli *cli, const struct live_report *r)
{
    struct deployment d;
    struct strbuf text;
    int rc;

    if (cli_wants_document(cli))
        return cli_emit_document(cli, PAGE_OF_LIVE, r->group, live_json(r));
    strbuf_init(&text);
    if (cli->format == CLI_OWN) {
        if (live_deployment(r, &d, &text)) {
            deployment_render(&d, deployment_format(cli->format_name), &text);
            deployment_done(&d);
            rc = cli_emit(cli, &text);
        } else {
            rc = cli_fail(cli, "nothing to paste: %s", text.text);
        }
    } else {
        live_render_text(r, cli->color, &text);
        rc = cli_emit(cli, &text);
    }
    strbuf_done(&text);
    return rc;
}

static bool is_restored(struct live_place *p, u64 high_bytes)
{
    const struct squeeze_host host = live_place_host(p);
    u64 now;
    int rc = squeeze_read_number(&host, "memory.high", &now);

    return rc == -ENODEV || rc == -ENOENT || (rc == 0 && now == high_bytes);
}

static int squeeze(struct cli *cli, struct request *req, struct live_place *place,
                   struct live_report *report)
{
    const struct squeeze_host host = live_place_host(place);
    ns_t cpu = cpu_ns(), wall = clock_of(CLOCK_MONOTONIC);
    struct live_guard guard;
    struct squeeze s;
    struct err e = {0};
    int rc;

    if (live_guard_start(&guard, place, req->config.high_bytes, req->state_dir, &e))
        return cli_fail_err(cli, &e);
    signals_stop_by(&stop);
    signals_wait(PATIENCE_MS);
    req->config.stop = &stop;
    place->guard = &guard;
    place->high_bytes = req->config.high_bytes;
    squeeze_begin(&s, &req->config, &host);
    run(cli, req, place, &guard, &s);
    report->result = &s.result;
    report->restored = is_restored(place, req->config.high_bytes);
    if (!live_guard_lives(&guard) && s.result.stop == SQUEEZE_ASKED)
        snprintf(s.result.why, sizeof(s.result.why),
                 "its guardian process was killed, so nobody would have given the memory back");
    if (s.result.stop == SQUEEZE_MANAGER && report->restored)
        snprintf(s.result.why, sizeof(s.result.why),
                 "memory.high was back already: the guardian writes it when this program stands "
                 "still (Ctrl-Z), or somebody else did");
    live_guard_end(&guard, report->restored || s.result.stop == SQUEEZE_MANAGER);
    place->guard = NULL;
    wall = clock_of(CLOCK_MONOTONIC) - wall;
    report->cpu_percent =
        *place->clock || wall < NS_PER_S ? NAN : 100.0 * (double)(cpu_ns() - cpu) / (double)wall;
    rc = emit(cli, report);
    if (rc == CLI_OK &&
        (!s.result.found || (!report->restored && s.result.stop != SQUEEZE_MANAGER)))
        rc = CLI_FAILED;
    squeeze_done(&s);
    return rc;
}

static int plan(struct cli *cli, const struct live_report *report)
{
    struct strbuf text;
    int rc;

    if (cli_wants_document(cli))
        return cli_emit_document(cli, PAGE_OF_LIVE, report->group, live_plan_json(report));
    strbuf_init(&text);
    live_render_plan(report, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

/* memory.high would throttle us as well, so that we could not let go. */
static bool is_inside(const struct live_place *p)
{
    char line[PATH_MAX + 64];
    const char *own;
    size_t len = strlen(p->group);

    if (*p->root || *p->clock)
        return false;
    live_place_text(p, "/proc/self/cgroup", line, sizeof(line));
    own = strncmp(line, "0::", 3) == 0 ? line + 3 : "";
    return strncmp(own, p->group, len) == 0 && (own[len] == '/' || !own[len]);
}

static int size_live(struct cli *cli, struct request *req, struct live_place *place)
{
    const struct squeeze_host host = live_place_host(place);
    const struct ground_config ground_config = {.group = place->group,
                                                .depth = place->depth,
                                                .floor_bytes = req->config.floor_bytes,
                                                .override_high = req->override_high};
    char kernel[128], lru[32];
    struct ground ground;
    struct err e = {0};
    int rc = ground_look(&host, &ground_config, &ground, &e);

    if (rc == -EPERM)
        return cli_fail(cli, "%s is refused: %s", place->group, e.text);
    if (rc)
        return cli_fail(cli, "%s: %s", place->group, e.text);
    if (is_inside(place)) {
        ground_done(&ground);
        return cli_fail(cli,
                        "%s is refused: this program runs in it, and memory.high would hold it "
                        "up, too; start it from another group (systemd-run --scope)",
                        place->group);
    }
    live_place_text(place, "/proc/sys/kernel/osrelease", kernel, sizeof(kernel));
    live_place_text(place, "/sys/kernel/mm/lru_gen/enabled", lru, sizeof(lru));
    req->config.floor_bytes = ground.floor_bytes;
    req->config.high_bytes = ground.now.high_bytes;
    struct live_report report = {.config = &req->config,
                                 .ground = &ground,
                                 .group = place->group,
                                 .kernel = kernel,
                                 .lru = strtoull(lru, NULL, 0) & 1 ? "mglru" : "classic",
                                 .cpu_percent = NAN};
    rc = req->dry_run ? plan(cli, &report) : squeeze(cli, req, place, &report);
    ground_done(&ground);
    return rc;
}

static int restore(struct cli *cli, const struct request *req)
{
    struct strbuf text;
    struct err e = {0};
    int rc;

    strbuf_init(&text);
    rc = live_guard_restore(req->state_dir, req->root, cli->nr_operands ? cli->operands[0] : NULL,
                            &text, &e);
    if (rc < 0)
        rc = cli_fail_err(cli, &e);
    else
        rc = cli_emit(cli, &text) == CLI_OK && rc == 0 ? CLI_OK : CLI_FAILED;
    strbuf_done(&text);
    return rc;
}

static int live(struct cli *cli, struct request *req)
{
    struct live_place place;
    struct err e = {0};
    int rc;

    if (req->restore)
        return restore(cli, req);
    if (req->watch_only)
        return live_look(cli, req->root, cli->operands[0],
                         req->has_duration ? req->config.duration_ns : 0, req->config.step_ns);
    if (live_place_open(&place, req->root, cli->operands[0], &e))
        return cli_fail_err(cli, &e);
    if (live_guard_claim(&place, req->state_dir, &e))
        rc = cli_fail_err(cli, &e);
    else
        rc = size_live(cli, req, &place);
    live_place_close(&place);
    return rc;
}

int cmd_live(int argc, char **argv)
{
    struct request req = {
        .config = {.budget = BUDGET_DEFAULT,
                   .duration_ns = DURATION_DEFAULT,
                   .step_ns = STEP_DEFAULT,
                   .hold_ns = HOLD_DEFAULT,
                   .health_max = WORSE_DEFAULT},
        .stall_percent = STALL_DEFAULT,
        .root = "",
    };
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    return cli_done(&cli, cli.done ? cli.exit_code : live(&cli, &req));
}
