/* machine.c - set up a machine, replay, note the time and the counters from a given event on.
 *
 * The replay's watch function is called after each slice (3 ms of virtual time); the first one past
 * skip_events starts the clock, so a measured run begins between two slices and what is counted is
 * what ran.
 */
#include "machine.h"

#include "base/alloc.h"
#include "bench.h"
#include "system/cgroup.h"

struct watcher {
    struct timed_replay *t;
    struct replay replay;
    bool started;
    double began;
    struct replay_stats stats;
    u64 faults, major_faults, swapped_in, swapped_out;
};

static void note(struct watcher *w)
{
    const struct system *s = w->replay.config.system;

    w->stats = w->replay.stats;
    w->faults = (u64)s->counters.v[PGFAULT];
    w->major_faults = (u64)s->counters.v[PGMAJFAULT];
    w->swapped_in = (u64)s->counters.v[PSWPIN];
    w->swapped_out = (u64)s->counters.v[PSWPOUT];
}

static void watch(void *ctx)
{
    struct watcher *w = ctx;

    if (w->started || w->replay.stats.events < w->t->skip_events)
        return;
    w->started = true;
    note(w);
    w->began = bench_seconds();
}

static void timed_replay_config(const struct timed_replay *t, struct system_config *ret)
{
    system_config_init(ret);
    ret->thp = t->thp ? t->thp : "never";
    ret->ram_bytes = t->ram_bytes ? t->ram_bytes : MAX(16 * GIB, 2 * t->memory_max);
    ret->nr_cpus = MAX(t->nr_cpus, 1u);
    ret->nr_nodes = MAX(t->nr_nodes, 1u);
    if (!t->swap_bytes)
        return;
    ret->nr_swaps = 1;
    ret->swaps[0] = (struct swap_spec){
        .name = "/dev/ram0",
        .bytes = t->swap_bytes,
        .priority = -1,
        .device = t->swap_device ? t->swap_device : "ram",
    };
}

void timed_replay(struct timed_replay *t)
{
    struct system *s = xcalloc(1, sizeof(*s));
    struct watcher w = {.t = t};
    struct watcher before;
    struct replay_config config = {.trace = t->trace, .system = s, .watch = watch, .watch_ctx = &w};
    struct system_config machine;
    double whole = bench_seconds();
    struct err e = {0};

    timed_replay_config(t, &machine);
    if (system_init(s, &machine, &e))
        abort();
    config.group = system_group(s, "/app");
    if (t->memory_max)
        group_set_limit(config.group, LIMIT_MAX, t->memory_max / PAGE_SIZE);
    replay_init(&w.replay, &config);
    w.began = bench_seconds();
    watch(&w);
    t->outcome = replay_run(&w.replay);
    t->seconds = bench_seconds() - w.began;
    before = w;
    note(&w);
    t->events = w.stats.events - before.stats.events;
    t->hits = w.stats.hits - before.stats.hits;
    t->faults = w.faults - before.faults;
    t->major_faults = w.major_faults - before.major_faults;
    t->swapped_in = w.swapped_in - before.swapped_in;
    t->swapped_out = w.swapped_out - before.swapped_out;
    if (t->look)
        t->look(t->look_ctx, s);
    replay_done(&w.replay);
    system_done(s);
    free(s);
    t->whole_seconds = bench_seconds() - whole;
}

void timed_replay_best(struct timed_replay *t, unsigned n)
{
    struct timed_replay best = *t;

    for (unsigned i = 0; i < n; i++) {
        timed_replay(t);
        if (i == 0 || t->seconds < best.seconds)
            best = *t;
    }
    *t = best;
}
