/* tunables.h - the settings of a machine, declared once in tunables.def.
 *
 * Mirrors:  kernel/sysctl.c (names, defaults, bounds of vm.*), Linux 6.1. Differs:
 *           lowmem_reserve_ratio is one key per zone; min_free_kbytes 0 stands for the formula.
 * Use:      struct tunables t; tunables_init(&t); rc = tunables_set(&t, "vm.swappiness", "10",
 *           &err);
 */
#ifndef STATS_TUNABLES_H
#define STATS_TUNABLES_H

#include "base/err.h"
#include "base/types.h"
#include "stats/thp.h"

struct tunables {
#define TUNABLE(field, key, default_value, min, max, unit, effect, doc) u64 field;
#include "stats/tunables.def"
#undef TUNABLE
};

enum tunable_unit {
    TUNABLE_COUNT,
    TUNABLE_PAGES,
    TUNABLE_BYTES,
    TUNABLE_KIB,
    TUNABLE_MIB, /* a plain number of them */
    TUNABLE_MIB_PER_S,
    TUNABLE_PERCENT,
    TUNABLE_PER_10000,
    TUNABLE_RATIO, /* 1/n */
    TUNABLE_LOG2,  /* 2^n pages */
    TUNABLE_SECONDS,
    TUNABLE_CENTISECONDS,
    TUNABLE_MILLISECONDS,
    TUNABLE_MICROSECONDS,
    TUNABLE_BOOL,
    TUNABLE_CHOICE,
    TUNABLE_BITS,
    /* choices by name (thp.h) */
    TUNABLE_THP_ENABLED,
    TUNABLE_THP_DEFRAG,
    TUNABLE_THP_SHMEM,
};

enum tunable_effect { TUNABLE_MODELLED, TUNABLE_KEPT };

struct tunable_info {
    const char *key;
    size_t offset; /* of the u64 in struct tunables */
    u64 default_value, min, max;
    enum tunable_unit unit;
    enum tunable_effect effect;
    const char *doc;
};

extern const struct tunable_info tunable_info[];
extern const unsigned nr_tunables;

/* All defaults. */
void tunables_init(struct tunables *t);

/* Set one by its key; "vm." may be left out. Sizes (BYTES, KIB) also take a unit, "64M". As in
 * Linux, dirty_bytes and dirty_ratio (and the background pair, and overcommit_kbytes and
 * overcommit_ratio) turn each other off. Returns 0; -ENOENT for an unknown key, with the nearest
 * ones in e; -EINVAL or -ERANGE for the value. */
int tunables_set(struct tunables *t, const char *key, const char *value, struct err *e);

u64 tunables_get(const struct tunables *t, const struct tunable_info *info);

/* The words that the values of such a unit go by, from 0 to info->max; NULL for numbers. */
const char *const *tunable_names(enum tunable_unit unit);

/* "always|madvise|never" of such a unit. Returns buf. */
char *tunable_choices(const struct tunable_info *info, char *buf, size_t size);

/* The tunable with this key ("vm." may be left out), or NULL. */
const struct tunable_info *tunable_find(const char *key);

/* The file that shows it as a number, without the first slash: "proc/sys/vm/swappiness". NULL:
 * there is none (it is a part of one, a word, or the model's own). Returns buf. */
char *tunable_file(const struct tunable_info *info, char *buf, size_t size);

/* "percent", "KiB", ... for people; "" for a plain number. */
const char *tunable_unit_name(enum tunable_unit unit);

#endif
