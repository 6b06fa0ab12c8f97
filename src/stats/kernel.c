/* kernel.c - a machine's kernel out of what its release declares.
 *
 * A release lists all lines that it can print. Which of them depend on a feature is known by their
 * counter, for every release: nothing counts what is not built.
 */
#include "stats/kernel_int.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lru_policy_text[NR_LRU_POLICIES] = {
    [LRU_POLICY_CLASSIC] = "classic",
    [LRU_POLICY_MGLRU] = "multi-generational",
};

const char *const lru_policy_name[NR_LRU_POLICIES] = {
    [LRU_POLICY_CLASSIC] = "classic",
    [LRU_POLICY_MGLRU] = "mglru",
};

const struct memory_stat_line memory_stat_lines[NR_MEMORY_STATS] = {
#define MEMORY_STAT(id, name, counter, plus, doc) [STAT_##id] = {name, counter, plus, doc},
#include "stats/memory_stat.def"
#undef MEMORY_STAT
};

const struct kernel_constant_info kernel_constant_info[] = {
#define KERNEL_CONSTANT(field, doc) {#field, offsetof(struct kernel_release, field), doc},
#include "stats/kernel_constants.def"
#undef KERNEL_CONSTANT
};
const unsigned nr_kernel_constants = ARRAY_SIZE(kernel_constant_info);

const char *const kernel_feature_doc[NR_KERNEL_FEATURES] = {
#define KERNEL_FEATURE(id, doc) [KERNEL_##id] = doc,
#include "stats/kernel_features.def"
#undef KERNEL_FEATURE
};

const struct kernel_release *const kernel_releases[] = {&kernel_6_1, &kernel_6_12};
const unsigned nr_kernel_releases = ARRAY_SIZE(kernel_releases);

static const struct {
    enum counter id;
    enum kernel_feature feature;
} counter_needs[] = {
    {ZSWPIN, KERNEL_ZSWAP},      {ZSWPOUT, KERNEL_ZSWAP},        {ZSWPWB, KERNEL_ZSWAP},
    {MEMCG_ZSWAP, KERNEL_ZSWAP}, {MEMCG_ZSWAPPED, KERNEL_ZSWAP},
};

const struct kernel_release *kernel_find(const char *name)
{
    for (unsigned i = 0; i < nr_kernel_releases; i++) {
        if (strcmp(kernel_releases[i]->name, name) == 0)
            return kernel_releases[i];
    }
    return NULL;
}

/* Linux goes from x.19 or x.20 to the next major number. */
static long place_in_time(unsigned major, unsigned minor)
{
    return (long)MIN(major, 1000u) * 20 + (long)MIN(minor, 1000u);
}

const struct kernel_release *kernel_nearest(unsigned major, unsigned minor)
{
    const struct kernel_release *nearest = NULL;
    long least = LONG_MAX;

    for (unsigned i = 0; i < nr_kernel_releases; i++) {
        unsigned its_major = 0, its_minor = 0;
        long away;

        sscanf(kernel_releases[i]->name, "%u.%u", &its_major, &its_minor);
        away = labs(place_in_time(major, minor) - place_in_time(its_major, its_minor));
        if (away <= least) {
            least = away;
            nearest = kernel_releases[i];
        }
    }
    return nearest;
}

const struct kernel_release *kernel_default(void)
{
    const struct kernel_release *release = kernel_find(KERNEL_DEFAULT);

    assert(release);
    return release;
}

enum lru_policy lru_policy_find(const char *name)
{
    for (unsigned i = 0; i < NR_LRU_POLICIES; i++) {
        if (strcmp(lru_policy_name[i], name) == 0)
            return (enum lru_policy)i;
    }
    return NR_LRU_POLICIES;
}

static bool is_counted(const struct kernel *k, enum counter id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(counter_needs); i++) {
        if (counter_needs[i].id == id && !kernel_has(k, counter_needs[i].feature))
            return false;
    }
    return true;
}

void kernel_resolve(const struct kernel_release *release, u32 wanted, struct kernel *ret)
{
    *ret = (struct kernel){.release = release,
                           .features = release->features | (release->optional & wanted),
                           .lru = release->lru};
    for (unsigned i = 0; i < release->nr_vmstat; i++) {
        if (is_counted(ret, release->vmstat[i]))
            ret->vmstat[ret->nr_vmstat++] = release->vmstat[i];
    }
    for (unsigned i = 0; i < release->nr_memory_stat; i++) {
        const struct memory_stat_line *line = &memory_stat_lines[release->memory_stat[i]];

        if (is_counted(ret, line->id))
            ret->memory_stat[ret->nr_memory_stat++] = line;
    }
}

bool kernel_prints_vmstat(const struct kernel *k, enum counter id)
{
    for (unsigned i = 0; i < k->nr_vmstat; i++) {
        if (k->vmstat[i] == id)
            return true;
    }
    return false;
}

bool kernel_prints_memory_stat(const struct kernel *k, enum counter id)
{
    for (unsigned i = 0; i < k->nr_memory_stat; i++) {
        const struct memory_stat_line *line = k->memory_stat[i];

        if (line->id == id && line->plus == NR_COUNTERS &&
            strcmp(line->name, counter_info[id].name) == 0)
            return true;
    }
    return false;
}
