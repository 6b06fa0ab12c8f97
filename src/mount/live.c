/* live.c - the machine from tick to tick: how far it may go, and what a script wants at each. */
#include "mount/live.h"

#include "base/units.h"
#include "mount/live_int.h"
#include "mount/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAP \
    (4 * NS_PER_MS) /* between two advances when nobody asks, on the wall: as a timer of 250 Hz */
#define SAY_EVERY (60 * NS_PER_S)
#define NEARLY    0.97 /* of its speed */

struct live *live_of(struct view *v)
{
    return container_of(v, struct live, view);
}

void live_say(struct live *l, const char *line)
{
    if (l->view.say)
        l->view.say(l->view.say_ctx, line);
}

/* The path of a group for a name below the cgroup file system; NULL: it is elsewhere. */
const char *live_group_of_name(const char *name)
{
    size_t len = strlen(LIVE_CGROUP_DIR);

    return strncmp(name, LIVE_CGROUP_DIR "/", len + 1) == 0 ? name + len : NULL;
}

/* --- time ------------------------------------------------------------------------------------- */

static void say_refused(struct live *l, const struct live_line *line, int rc)
{
    char text[512];

    snprintf(text, sizeof(text), "the script's %s %.200s %.100s at %.3f s is refused: %s",
             line->what, line->name, line->text, (double)l->now / (double)NS_PER_S, strerror(-rc));
    live_say(l, text);
}

static void run_script(struct live *l)
{
    static const struct view_caller root = {.privileged = true};

    while (l->script_next < l->script.count && l->script.items[l->script_next].at <= l->now) {
        const struct live_line *line = &l->script.items[l->script_next++];
        int rc;

        if (strcmp(line->what, "mkdir") == 0)
            rc = live_make_dir(&l->view, line->name);
        else if (strcmp(line->what, "rmdir") == 0)
            rc = live_remove_dir(&l->view, line->name);
        else if (strcmp(line->what, "interrupt") == 0)
            rc = live_interrupt_noted(l, line);
        else if (strcmp(line->what, "read") == 0)
            rc = live_stats_noted(l, line->name);
        else
            rc = live_write_text(&l->view, line->name, line->text, &root, NULL);
        if (rc < 0 && rc != -EINPROGRESS)
            say_refused(l, line, rc);
    }
}

static void stop(struct live *l)
{
    char line[sizeof(struct err)];

    if (l->stopped)
        return;
    l->stopped = true;
    if (l->run->outcome == REPLAY_FAILED)
        err_text(&l->run->error, line, sizeof(line));
    else
        snprintf(line, sizeof(line),
                 "the machine stopped at %.3f s (panic): its files stay as they are",
                 (double)l->s->clock.now / (double)NS_PER_S);
    live_say(l, line);
    live_retry_pending(l);
}

static void tick(struct live *l)
{
    ns_t next = l->now + PACE_TICK;

    if (!scenario_advance(l->run, next)) {
        stop(l);
        return;
    }
    l->now = next;
    live_retry_pending(l);
    live_stats_tick(l);
    run_script(l);
}

/* It stands still at its runtime; who sets a speed then sees it go on. */
static void come_to_end(struct live *l)
{
    char line[160];

    snprintf(line, sizeof(line),
             "the scenario has come to its runtime (%.3f s) and is paused; a speed written "
             "to " LIVE_FOLDER "/speed lets it go on",
             (double)l->end / (double)NS_PER_S);
    l->end = NS_NEVER;
    l->ended = true;
    pace_pause(&l->pace);
    live_say(l, line);
}

static void say_slow(struct live *l, u64 wall)
{
    char line[160];

    if (l->said_slow && wall - l->said_slow < SAY_EVERY)
        return;
    if (l->pace.measured > l->pace.speed * NEARLY) /* it was held up for once */
        return;
    l->said_slow = MAX(wall, 1);
    if (l->pace.measured > 0)
        snprintf(line, sizeof(line), "the machine is slower than the clock: %.3gx of %.3gx",
                 l->pace.measured, l->pace.speed);
    else
        snprintf(line, sizeof(line),
                 "the machine is slower than the clock: it does not reach %.3gx", l->pace.speed);
    live_say(l, line);
}

static ns_t round_up_tick(ns_t at)
{
    return (at + PACE_TICK - 1) / PACE_TICK * PACE_TICK;
}

/* Who waits for a step that has ended, or that somebody broke off. */
static void finish_steps(struct live *l)
{
    for (size_t i = 0; i < l->pending.count;) {
        struct live_write w = l->pending.items[i];

        if (!w.stepping || (l->pace.step_until > l->now && w.at > l->now)) {
            i++;
            continue;
        }
        live_drop_pending(l, i);
        if (w.cookie)
            l->view.written(w.cookie, 0);
        live_free_write(&w);
    }
}

static void attend(void *ctx)
{
    struct live *l = ctx;

    l->wanted |= l->view.attend(l->view.attend_ctx);
}

static u64 advance(struct view *v, u64 wall, u64 budget)
{
    struct live *l = live_of(v);
    ns_t target = pace_target(&l->pace, wall, l->now);
    u64 until = wall + budget;

    if (l->stopped)
        return NS_PER_S;
    l->wanted = false;
    l->run->sched.attend = v->attend ? attend : NULL;
    l->run->sched.attend_ctx = l;
    target = MIN(target, l->end == NS_NEVER ? NS_NEVER : round_up_tick(l->end));
    while (l->now < target && !l->stopped) {
        tick(l);
        wall = v->wall_ns();
        if (wall >= until || l->wanted)
            break;
    }
    if (l->now >= l->end)
        come_to_end(l);
    else if (pace_reached(&l->pace, wall, l->now))
        say_slow(l, wall);
    finish_steps(l);
    if (l->now < target && !l->stopped)
        return 0;
    return l->pace.paused ? NS_PER_S : NEAP;
}

void live_skip(struct live *l, ns_t until)
{
    bool paused = l->pace.paused;

    l->pace.paused = false; /* nobody waits for anybody yet */
    run_script(l);
    while (l->now < until && !l->stopped)
        tick(l);
    pace_start(&l->pace, l->pace.speed, l->view.wall_ns(), l->now);
    if (paused)
        pace_pause(&l->pace);
}

void live_init(struct live *l, const struct live_config *config)
{
    static const struct view_ops ops = {
        .look_up = live_look_up,
        .list = live_list,
        .read = live_read_text,
        .write = live_write_text,
        .may_open = live_may_open,
        .also_written = live_also_written,
        .cancel = live_cancel,
        .make_dir = live_make_dir,
        .remove_dir = live_remove_dir,
        .read_link = live_read_link,
        .trigger_events = live_trigger_events,
        .trigger_close = live_trigger_close,
        .advance = advance,
    };
    ns_t runtime = config->run->scenario->machine.runtime;

    *l = (struct live){
        .view = {.ops = &ops,
                 .wall_ns = config->wall_ns,
                 .boot_time = config->run->config.system->boot_time,
                 .say = config->say,
                 .say_ctx = config->say_ctx},
        .run = config->run,
        .s = config->run->config.system,
        .end = runtime ? runtime : NS_NEVER,
    };
    procfs_registry_init(&l->registry, l->s);
    strbuf_init(&l->log);
    pace_start(&l->pace, config->speed, config->wall_ns(), 0);
    if (config->paused)
        pace_pause(&l->pace);
    scenario_begin(l->run);
}

void live_done(struct live *l)
{
    vec_for_each (&l->pending, w)
        live_free_write(w);
    vec_for_each (&l->script, line)
        free(line->memory);
    vec_done(&l->pending);
    vec_done(&l->script);
    vec_done(&l->triggers);
    live_stats_done(l);
    strbuf_done(&l->log);
    procfs_registry_done(&l->registry);
}
