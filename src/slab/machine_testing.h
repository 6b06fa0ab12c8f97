/* machine_testing.h - a machine of frames and groups with object caches, and nothing above; for the
 * tests of this room.
 *
 * Never: included by anything but *_test.c and *_fuzz.c. */
#ifndef SLAB_MACHINE_TESTING_H
#define SLAB_MACHINE_TESTING_H

#include "base/test.h"
#include "slab/slab_int.h"

struct slab_machine {
    struct clock clock;
    struct counters counters;
    struct cost_model cost;
    struct tunables tunables;
    struct frames frames;
    struct backing backing;
    struct groups groups;
    struct mem mem;
    struct slab slab;
};

static inline void slab_machine_init(struct slab_machine *m, u64 ram_bytes, unsigned nr_cpus)
{
    struct frames_config config = {
        .ram_bytes = ram_bytes, .nr_cpus = nr_cpus, .kernel = kernel_default()};
    struct err e;

    *m = (struct slab_machine){0};
    tunables_init(&m->tunables);
    cost_model_init(&m->cost);
    clock_init(&m->clock);
    if (frames_init(&m->frames, &config, &m->counters, &e)) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    backing_init(&m->backing, &m->frames, &m->counters);
    groups_init(&m->groups, &m->frames, &m->counters, nr_cpus);
    m->mem = (struct mem){
        .clock = &m->clock,
        .counters = &m->counters,
        .cost = &m->cost,
        .tunables = &m->tunables,
        .frames = &m->frames,
        .backing = &m->backing,
        .groups = &m->groups,
        .nr_cpus = nr_cpus,
    };
    slab_init(&m->slab, &m->mem);
}

static inline void slab_machine_check(struct slab_machine *m)
{
    frame_check(&m->frames);
    buddy_check(&m->frames);
    group_check(&m->groups);
    slab_check(&m->slab);
}

static inline void slab_machine_done(struct slab_machine *m)
{
    slab_done(&m->slab);
    groups_done(&m->groups);
    backing_done(&m->backing);
    frames_done(&m->frames);
    clock_done(&m->clock);
}

#endif
