/* kernel.h - the kernel model: what a Linux of one release, built in one way, is and prints.
 *
 * A release is declared once, in kernel_<release>.c: its constants, what it has and may be built
 * with, its reclaim policy, and the lines of its files in their order. A machine makes its kernel
 * of it when it is created (kernel_resolve) and asks that from then on. No other room knows a
 * version.
 *
 * Mirrors: mm/vmstat.c (vmstat_text), mm/memcontrol.c (memory_stats, memcg_vm_event_stat), Kconfig.
 * Use:     kernel_resolve(kernel_find("6.1"), BIT(KERNEL_ZSWAP), &k); if (kernel_has(&k,
 *          KERNEL_ZSWAP)) ...
 */
#ifndef STATS_KERNEL_H
#define STATS_KERNEL_H

#include "stats/counters.h"

/* The release that everything is when nobody says which. */
#define KERNEL_DEFAULT "6.1"

enum kernel_feature {
#define KERNEL_FEATURE(id, doc) KERNEL_##id,
#include "stats/kernel_features.def"
#undef KERNEL_FEATURE
    NR_KERNEL_FEATURES
};

/* What decides which pages go (reclaim/). */
enum lru_policy { LRU_POLICY_CLASSIC, LRU_POLICY_MGLRU, NR_LRU_POLICIES };
extern const char *const lru_policy_name[NR_LRU_POLICIES];
/* As an adjective before "LRU". */
extern const char *const lru_policy_text[NR_LRU_POLICIES];
/* The policy of this name, or NR_LRU_POLICIES. */
enum lru_policy lru_policy_find(const char *name);

enum memory_stat {
#define MEMORY_STAT(id, name, counter, plus, doc) STAT_##id,
#include "stats/memory_stat.def"
#undef MEMORY_STAT
    NR_MEMORY_STATS
};

struct memory_stat_line {
    const char *name;
    enum counter id, plus; /* plus: NR_COUNTERS when one counter is all */
    const char *doc;       /* "": that of the counter */
};
extern const struct memory_stat_line memory_stat_lines[NR_MEMORY_STATS];

struct kernel_release {
    const char *name;  /* "6.1", as --kernel and scenarios say */
    const char *uname; /* as uname -r would print it */
    const char *doc;   /* whose build */
    u32 features,
        optional;        /* bits of enum kernel_feature: always there; there if the machine wants */
    enum lru_policy lru; /* unless the machine wants another */
#define KERNEL_CONSTANT(field, doc) u32 field;
#include "stats/kernel_constants.def"
#undef KERNEL_CONSTANT
    /* The lines of its files when it is built with all options. */
    const enum counter *vmstat;
    unsigned nr_vmstat;
    const enum memory_stat *memory_stat;
    unsigned nr_memory_stat;
};

extern const struct kernel_release *const kernel_releases[];
extern const unsigned nr_kernel_releases;

struct kernel_constant_info {
    const char *name;
    size_t offset; /* of the u32 in struct kernel_release */
    const char *doc;
};
extern const struct kernel_constant_info kernel_constant_info[];
extern const unsigned nr_kernel_constants;
extern const char *const kernel_feature_doc[NR_KERNEL_FEATURES];

/* The release of this name, or NULL. */
const struct kernel_release *kernel_find(const char *name);
/* The release that is fewest releases away from this one, the later of two: 6.18 is nearest to
 * 6.12. */
const struct kernel_release *kernel_nearest(unsigned major, unsigned minor);
/* The release called KERNEL_DEFAULT. */
const struct kernel_release *kernel_default(void);

/* The kernel of one machine. */
struct kernel {
    const struct kernel_release *release;
    u32 features;
    enum lru_policy lru; /* the release's, unless whoever made it chose another */
    /* The lines that it prints. */
    enum counter vmstat[NR_COUNTERS];
    unsigned nr_vmstat;
    const struct memory_stat_line *memory_stat[NR_MEMORY_STATS];
    unsigned nr_memory_stat;
};

/* `wanted`: bits of enum kernel_feature. What the release cannot be built with is left out. */
void kernel_resolve(const struct kernel_release *release, u32 wanted, struct kernel *ret);

static inline bool kernel_has(const struct kernel *k, enum kernel_feature feature)
{
    return k->features & BIT(feature);
}

/* Does this kernel print the counter, in /proc/vmstat, or under its own name in memory.stat? */
bool kernel_prints_vmstat(const struct kernel *k, enum counter id);
bool kernel_prints_memory_stat(const struct kernel *k, enum counter id);

#endif
