/* fault.c - faults with reclaim and swap: memory of which half fits.
 *
 * One process in a cgroup with memory.max, swap on a device of class `ram`, so that nobody waits
 * and all that is measured is work: fault, allocate, charge, reclaim with reverse map and swap
 * slots, shadows, counters of group and machine. A quarter of the accesses writes. Faults are the
 * kernel's count of them (pgfault); the accesses in between that hit are paid for as well.
 *
 * fault_zipf_per_s  zipf 0.9 over 256 MiB with 128 MiB: one access in six faults, two to three
 *                   pages are looked at for each that goes
 * fault_loop_per_s  the same memory in a loop: every access faults, swaps one page in and one out
 * fault_per_s       both, as many faults of each
 * fault_new_per_s   first touches of memory that stays, no reclaim
 * lru_ratio         accesses per second against a plain LRU cache of the same size over the same
 *                   trace (lru.c), which keeps a
 *                   hash table and a list and nothing else
 */
#include "bench.h"
#include "lru.h"
#include "machine.h"
#include "pattern.h"

#include "base/alloc.h"

#define RUNS      5
#define PAGES     ((u32)(256 * MIB / PAGE_SIZE))
#define MAX_BYTES (128 * MIB)

static const struct pattern zipf = {
    .shape = PATTERN_ZIPF,
    .pages = PAGES,
    .accesses = 3000000,
    .icount = 20,
    .write_percent = 25,
    .populated = true,
};
static const struct pattern loop = {
    .shape = PATTERN_SEQUENTIAL,
    .pages = PAGES,
    .accesses = 1000000,
    .icount = 20,
    .write_percent = 25,
    .populated = true,
};
static const struct pattern touch = {
    .shape = PATTERN_SEQUENTIAL,
    .pages = 1u << 20,
    .accesses = 1u << 20,
    .icount = 20,
    .write_percent = 100,
};

static void measure(const struct pattern *pattern, u64 memory_max, struct timed_replay *ret,
                    double *ret_lru_per_s)
{
    struct pattern_trace made;

    pattern_make(pattern, &made);
    *ret = (struct timed_replay){
        .trace = made.trace,
        .skip_events = pattern->populated ? made.populate_events : 0,
        .memory_max = memory_max,
        .swap_bytes = memory_max ? (u64)pattern->pages * PAGE_SIZE : 0,
    };
    timed_replay_best(ret, RUNS);
    assert(ret->outcome == REPLAY_COMPLETED);
    if (ret_lru_per_s)
        *ret_lru_per_s = lru_accesses_per_s(made.trace, made.populate_events,
                                            (u32)(memory_max / PAGE_SIZE), RUNS);
    pattern_free(&made);
}

void bench_fault(struct bench *b)
{
    struct timed_replay run;
    double lru, zipf_ns, loop_ns;

    measure(&loop, MAX_BYTES, &run, NULL);
    loop_ns = run.seconds * 1e9 / (double)run.faults;
    measure(&zipf, MAX_BYTES, &run, &lru);
    zipf_ns = run.seconds * 1e9 / (double)run.faults;
    bench_figure(b, "fault_per_s", 2e9 / (zipf_ns + loop_ns), "1/s",
                 "faults with reclaim and swap, half of 256 MiB fits: the next two together");
    bench_figure(b, "fault_zipf_per_s", 1e9 / zipf_ns, "1/s",
                 "zipf, with the accesses in between that hit");
    bench_figure(b, "fault_loop_per_s", 1e9 / loop_ns, "1/s",
                 "a loop: each access swaps in and out");
    bench_figure(b, "fault_share", (double)run.faults / (double)run.events, "",
                 "of the zipf accesses fault");
    bench_figure(b, "lru_per_s", lru, "1/s", "accesses of a plain LRU (hash and list), same trace");
    bench_figure(b, "lru_ratio", (double)run.events / run.seconds / lru, "x",
                 "accesses per second against the plain LRU");
    measure(&touch, 0, &run, NULL);
    bench_figure(b, "fault_new_per_s", (double)run.faults / run.seconds, "1/s",
                 "first touches of 4 GiB, nothing reclaimed");
}
