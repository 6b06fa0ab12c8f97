/* machine_testing.h - frames, counters and devices for the tests of this room. */
#ifndef BACKING_MACHINE_TESTING_H
#define BACKING_MACHINE_TESTING_H

#include "backing/inode.h"
#include "backing/swap.h"

struct machine {
    struct counters counters;
    struct frames frames;
    struct device disk, ram, hdd;
};

static const struct device_profile test_disk = {.name = "disk", .readahead_kb = 128};
static const struct device_profile test_ram = {
    .name = "ram", .readahead_kb = 128, .synchronous = true};
static const struct device_profile test_hdd = {
    .name = "hdd", .readahead_kb = 128, .rotational = true};

static inline void machine_init(struct machine *m, unsigned cpus)
{
    struct frames_config config = {.ram_bytes = 64 * MIB, .nr_cpus = cpus};
    int rc;

    *m = (struct machine){
        .disk = {.profile = &test_disk},
        .ram = {.profile = &test_ram},
        .hdd = {.profile = &test_hdd},
    };
    rc = frames_init(&m->frames, &config, &m->counters, NULL);
    assert(rc == 0);
}

static inline void machine_done(struct machine *m)
{
    frames_done(&m->frames);
}

static inline pfn_t machine_take(struct machine *m)
{
    return frames_try_alloc(&m->frames, nodes_near(0), 0, MT_MOVABLE,
                            ALLOC_WMARK_MIN | ALLOC_MOVABLE, 0);
}

#endif
