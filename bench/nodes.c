/* nodes.c - the faults of fault.c on a machine of 8 nodes, beside one of one node with as many
 * CPUs.
 *
 * nodes_zipf_ratio   faults per second, with reclaim and swap, against those of one node
 * nodes_loop_ratio   the same of a loop
 * nodes_new_ratio    first touches; they go on to the next node when one is full
 * nodes_fault_ratio  the least of the three
 *
 * NUMA balancing is on, as on any machine of several nodes. Runs of both machines take turns, and
 * the best of each counts.
 */
#include "bench.h"
#include "machine.h"
#include "pattern.h"

#define RUNS  5
#define NODES 8
#define PAGES ((u32)(256 * MIB / PAGE_SIZE))

static double fault_ns(const struct timed_replay *t)
{
    return t->seconds * 1e9 / (double)t->faults;
}

/* Faults per second of 8 nodes by those of one. */
static double ratio_of(const struct pattern *pattern, u64 memory_max)
{
    struct pattern_trace made;
    double best[2] = {0};

    pattern_make(pattern, &made);
    for (unsigned i = 0; i < 2 * RUNS; i++) {
        struct timed_replay run = {
            .trace = made.trace,
            .nr_nodes = i % 2 ? NODES : 1,
            .nr_cpus = NODES,
            .skip_events = pattern->populated ? made.populate_events : 0,
            .memory_max = memory_max,
            .swap_bytes = memory_max ? (u64)pattern->pages * PAGE_SIZE : 0,
        };

        timed_replay(&run);
        assert(run.outcome == REPLAY_COMPLETED);
        if (i < 2 || fault_ns(&run) < best[i % 2])
            best[i % 2] = fault_ns(&run);
    }
    pattern_free(&made);
    return best[0] / best[1];
}

void bench_nodes(struct bench *b)
{
    static const struct {
        const char *key, *doc;
        struct pattern pattern;
        u64 memory_max;
    } cases[] = {
        {"nodes_zipf_ratio",
         "faults per second of 8 nodes by those of one: zipf, half of 256 MiB fits",
         {.shape = PATTERN_ZIPF,
          .pages = PAGES,
          .accesses = 3000000,
          .icount = 20,
          .write_percent = 25,
          .populated = true},
         128 * MIB},
        {"nodes_loop_ratio",
         "a loop over the same",
         {.shape = PATTERN_SEQUENTIAL,
          .pages = PAGES,
          .accesses = 1000000,
          .icount = 20,
          .write_percent = 25,
          .populated = true},
         128 * MIB},
        {"nodes_new_ratio",
         "first touches of 4 GiB, of which a node has 2",
         {.shape = PATTERN_SEQUENTIAL,
          .pages = 1u << 20,
          .accesses = 1u << 20,
          .icount = 20,
          .write_percent = 100},
         0},
    };
    double least = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        double ratio = ratio_of(&cases[i].pattern, cases[i].memory_max);

        bench_figure(b, cases[i].key, ratio, "x", cases[i].doc);
        least = i == 0 ? ratio : MIN(least, ratio);
    }
    bench_figure(b, "nodes_fault_ratio", least, "x", "the least of these");
}
