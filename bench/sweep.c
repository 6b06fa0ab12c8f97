/* sweep.c - sixteen limits of one recording against sixteen single replays.
 *
 * A single replay is what `highwater run` does: open and decode the file, make a machine, replay under the middle limit. The
 * sweep decodes once and replays under 16 limits, from 45 to 120 % of the recording's own peak, each on a machine of its own, with swap.
 */
#include "bench.h"
#include "machine.h"

#define RUNS   3
#define LIMITS 16u
#define SINGLE 7u /* the middle one */

static void look_at_peak(void *ctx, const struct system *s)
{
    const struct group *g = group_find(&s->groups, "/app");

    *(u64 *)ctx = g->memory.peak * PAGE_SIZE;
}

static u64 peak_bytes(const struct trace *trace)
{
    u64 peak = 0;
    struct timed_replay run = {.trace = trace, .look = look_at_peak, .look_ctx = &peak};

    timed_replay(&run);
    return peak;
}

static u64 limit(u64 peak, unsigned i)
{
    return peak * (45 + 5 * i) / 100 / PAGE_SIZE * PAGE_SIZE;
}

static void replay_limit(const struct trace *trace, u64 memory_max)
{
    struct timed_replay run = {
        .trace = trace, .memory_max = memory_max, .swap_bytes = GIB, .swap_device = "nvme"};

    timed_replay(&run);
    assert(run.outcome == REPLAY_COMPLETED);
}

static double sweep_seconds(const char *path, u64 peak, unsigned from, unsigned to)
{
    double began = bench_seconds();
    struct trace *trace = bench_recording_open(path);

    for (unsigned i = from; i < to; i++)
        replay_limit(trace, limit(peak, i));
    trace_close(trace);
    return bench_seconds() - began;
}

static bool sweep(const char *path, double *ret_single, double *ret_all)
{
    struct trace *trace = bench_recording_open(path);
    u64 peak;

    if (!trace)
        return false;
    peak = peak_bytes(trace);
    trace_close(trace);
    *ret_single = *ret_all = 1e9;
    for (unsigned i = 0; i < RUNS; i++) {
        double single = sweep_seconds(path, peak, SINGLE, SINGLE + 1);
        double all = sweep_seconds(path, peak, 0, LIMITS);

        *ret_single = MIN(*ret_single, single);
        *ret_all = MIN(*ret_all, all);
    }
    return true;
}

void bench_sweep(struct bench *b)
{
    double python, sqlite, all;

    if (sweep("examples/python.hwt", &python, &all)) {
        bench_figure(b, "sweep16_ratio", all / python, "x",
                     "16 limits of a recorded python3 against one replay of it");
        bench_figure(b, "single_run_s", python, "s", "that one replay, with opening the file");
    }
    if (sweep("examples/demo.hwt", &sqlite, &all))
        bench_figure(b, "sweep16_sqlite3_ratio", all / sqlite, "x",
                     "the same of a recorded sqlite3");
}
