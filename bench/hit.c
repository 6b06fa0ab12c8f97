/* hit.c - accesses that find their page in memory, replayed from a decoded trace.
 *
 * hit_per_s What a recording consists of once its pages are there: zipf 0.9 over 64 MiB, ten times
 *                 the reach of the TLB, with what the recorder's filter of recent pages lets pass
 *                 (so the hottest accesses are gone already), one in four a write. Part of them
 *                 hits in the TLB, the others walk the page table and set the accessed bit. All are
 *                 translated; none faults.
 * tlb_hit_per_s   The same without the filter over half of the TLB's reach: nearly every access
 *                 hits in the TLB.
 * walk_per_s      Uniform over 1 M pages (4 GiB): nearly every access misses the TLB and waits for
 *                 the host's memory.
 * replay_per_s    The events of a recording of python3 (examples/), from the first to the last,
 *                 faults and system calls
 *                 included, on a machine with enough memory.
 */
#include "bench.h"
#include "machine.h"
#include "pattern.h"

#include "base/alloc.h"

#define RUNS 5

static const struct pattern mix = {
    .shape = PATTERN_ZIPF,
    .pages = (u32)(64 * MIB / PAGE_SIZE),
    .accesses = 8000000,
    .icount = 4,
    .write_percent = 25,
    .filtered = true,
    .populated = true,
};
static const struct pattern small = {
    .shape = PATTERN_ZIPF,
    .pages = 768,
    .accesses = 16000000,
    .icount = 20,
    .write_percent = 25,
    .populated = true,
};
static const struct pattern large = {
    .shape = PATTERN_UNIFORM,
    .pages = 1u << 20,
    .accesses = 4000000,
    .icount = 20,
    .populated = true,
};

static double measure(const struct pattern *pattern, double *ret_tlb_share)
{
    struct pattern_trace made;
    struct timed_replay run = {0};

    pattern_make(pattern, &made);
    run.trace = made.trace;
    run.skip_events = made.populate_events;
    timed_replay_best(&run, RUNS);
    assert(run.outcome == REPLAY_COMPLETED && run.faults == 0);
    pattern_free(&made);
    *ret_tlb_share = (double)run.hits / (double)run.events;
    return (double)run.events / run.seconds;
}

static void bench_recording(struct bench *b)
{
    struct trace *trace = bench_recording_open("examples/python.hwt");
    struct timed_replay run = {.trace = trace};

    if (!trace)
        return;
    timed_replay_best(&run, RUNS);
    bench_figure(b, "replay_per_s", (double)run.events / run.seconds, "1/s",
                 "events of a recorded python3, nothing short");
    bench_figure(b, "replay_tlb_share", (double)run.hits / (double)run.events, "",
                 "of which the TLB answers");
    trace_close(trace);
}

void bench_hit(struct bench *b)
{
    double share;

    bench_figure(b, "hit_per_s", measure(&mix, &share), "1/s",
                 "accesses to resident pages, zipf over 64 MiB, filtered as a recording is");
    bench_figure(b, "hit_tlb_share", share, "", "of which the TLB answers");
    bench_figure(b, "tlb_hit_per_s", measure(&small, &share), "1/s",
                 "accesses that the TLB answers");
    bench_figure(b, "walk_per_s", measure(&large, &share), "1/s",
                 "accesses that walk the page table, uniform over 4 GiB");
    bench_recording(b);
}
