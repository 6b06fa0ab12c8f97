/* tunables.c - the table made from tunables.def; setting by key with errors that help. */
#include "stats/tunables.h"

#include "base/units.h"
#include "stats/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct tunable_info tunable_info[] = {
#define TUNABLE(field, key, default_value, min, max, unit, effect, doc) \
    {key,                                                               \
     offsetof(struct tunables, field),                                  \
     default_value,                                                     \
     min,                                                               \
     max,                                                               \
     TUNABLE_##unit,                                                    \
     TUNABLE_##effect,                                                  \
     doc},
#include "stats/tunables.def"
#undef TUNABLE
};
const unsigned nr_tunables = ARRAY_SIZE(tunable_info);

static u64 *value_of(struct tunables *t, const struct tunable_info *info)
{
    return (u64 *)(void *)((char *)t + info->offset);
}

void tunables_init(struct tunables *t)
{
    for (unsigned i = 0; i < nr_tunables; i++)
        *value_of(t, &tunable_info[i]) = tunable_info[i].default_value;
}

u64 tunables_get(const struct tunables *t, const struct tunable_info *info)
{
    return *(const u64 *)(const void *)((const char *)t + info->offset);
}

const struct tunable_info *tunable_find(const char *key)
{
    for (unsigned i = 0; i < nr_tunables; i++) {
        const char *known = tunable_info[i].key;

        if (strcmp(known, key) == 0 ||
            (strncmp(known, "vm.", 3) == 0 && strcmp(known + 3, key) == 0))
            return &tunable_info[i];
    }
    return NULL;
}

char *tunable_file(const struct tunable_info *info, char *buf, size_t size)
{
    static const struct {
        const char *prefix, *folder;
    } of[] = {
        {"vm.", "proc/sys/vm"},
        {"kernel.", "proc/sys/kernel"},
        {"numa_balancing/", "sys/kernel/debug/sched/numa_balancing"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(of); i++) {
        size_t len = strlen(of[i].prefix);

        if (strncmp(info->key, of[i].prefix, len) != 0 || strchr(info->key + len, '.'))
            continue;
        snprintf(buf, size, "%s/%s", of[i].folder, info->key + len);
        return buf;
    }
    return NULL;
}

const char *tunable_unit_name(enum tunable_unit unit)
{
    switch (unit) {
    case TUNABLE_PAGES:
        return "pages";
    case TUNABLE_BYTES:
        return "bytes";
    case TUNABLE_KIB:
        return "KiB";
    case TUNABLE_MIB:
        return "MiB";
    case TUNABLE_MIB_PER_S:
        return "MiB/s";
    case TUNABLE_PERCENT:
        return "percent";
    case TUNABLE_PER_10000:
        return "1/10,000";
    case TUNABLE_RATIO:
        return "1/n";
    case TUNABLE_LOG2:
        return "2^n pages";
    case TUNABLE_SECONDS:
        return "seconds";
    case TUNABLE_CENTISECONDS:
        return "centiseconds";
    case TUNABLE_MILLISECONDS:
        return "milliseconds";
    case TUNABLE_MICROSECONDS:
        return "microseconds";
    case TUNABLE_BOOL:
        return "0 or 1";
    case TUNABLE_BITS:
        return "bits";
    case TUNABLE_COUNT:
    case TUNABLE_CHOICE:
    case TUNABLE_THP_ENABLED:
    case TUNABLE_THP_DEFRAG:
    case TUNABLE_THP_SHMEM:
        return "";
    }
    hw_unreachable();
}

const char *const *tunable_names(enum tunable_unit unit)
{
    return unit == TUNABLE_THP_ENABLED  ? thp_enabled_name
           : unit == TUNABLE_THP_DEFRAG ? thp_defrag_name
           : unit == TUNABLE_THP_SHMEM  ? thp_shmem_name
                                        : NULL;
}

char *tunable_choices(const struct tunable_info *info, char *buf, size_t size)
{
    const char *const *names = tunable_names(info->unit);
    size_t at = 0;

    *buf = '\0';
    for (u64 i = 0; names && i <= info->max && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? "|" : "", names[i]);
    return buf;
}

static int parse_choice(const struct tunable_info *info, const char *const *names, const char *text,
                        u64 *ret, struct err *e)
{
    char choices[128];

    for (u64 i = 0; i <= info->max; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    return err_set(e, -EINVAL, "%s is one of %s, not '%s'", info->key,
                   tunable_choices(info, choices, sizeof(choices)), text);
}

#define DIRTY_BYTES_MIN (8 * KIB) /* two pages; 0 is the default, which the ratio stands for */

/* A plain number is in the tunable's own unit; a number with a unit is a size. */
static int parse_value(const struct tunable_info *info, const char *text, u64 *ret, struct err *e)
{
    const char *const *names = tunable_names(info->unit);
    bool plain = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
    u64 value;
    int rc;

    if (names)
        return parse_choice(info, names, text, ret, e);
    if (info->unit == TUNABLE_BOOL && (!strcmp(text, "true") || !strcmp(text, "false"))) {
        *ret = text[0] == 't';
        return 0;
    }
    if (plain || (info->unit != TUNABLE_BYTES && info->unit != TUNABLE_KIB))
        rc = parse_u64(text, &value, NULL);
    else
        rc = parse_size(text, &value, NULL);
    if (rc)
        return err_set(e, rc, "%s wants a number from %" PRIu64 " to %" PRIu64 "%s%s, not '%s'",
                       info->key, info->min, info->max,
                       *tunable_unit_name(info->unit) ? ", in " : "", tunable_unit_name(info->unit),
                       text);
    if (!plain && info->unit == TUNABLE_KIB)
        value /= KIB;
    if (info->offset == offsetof(struct tunables, dirty_bytes) && value && value < DIRTY_BYTES_MIN)
        return err_set(e, -ERANGE, "%s is two pages (%" PRIu64 ") or more, not %s", info->key,
                       (u64)DIRTY_BYTES_MIN, text);
    if (value < info->min || value > info->max)
        return err_set(e, -ERANGE, "%s goes from %" PRIu64 " to %" PRIu64 ", not %s", info->key,
                       info->min, info->max, text);
    *ret = value;
    return 0;
}

/* Pairs of which one is in force: setting one clears the other. */
static void clear_rival(struct tunables *t, const struct tunable_info *set)
{
    const size_t pairs[][2] = {
        {offsetof(struct tunables, dirty_bytes), offsetof(struct tunables, dirty_ratio)},
        {offsetof(struct tunables, dirty_background_bytes),
         offsetof(struct tunables, dirty_background_ratio)},
        {offsetof(struct tunables, overcommit_kbytes), offsetof(struct tunables, overcommit_ratio)},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
        for (unsigned side = 0; side < 2; side++) {
            if (set->offset == pairs[i][side])
                *(u64 *)(void *)((char *)t + pairs[i][!side]) = 0;
        }
    }
}

int tunables_set(struct tunables *t, const char *key, const char *value, struct err *e)
{
    const struct tunable_info *info = tunable_find(key);
    u64 number = 0;

    if (!info) {
        struct nearest near;
        char hint[256];

        nearest_init(&near, key);
        for (unsigned i = 0; i < nr_tunables; i++)
            nearest_offer(&near, tunable_info[i].key);
        return err_set(e, -ENOENT, "unknown tunable '%s'%s", key,
                       nearest_text(&near, hint, sizeof(hint)));
    }
    int rc = parse_value(info, value, &number, e);
    if (rc)
        return rc;
    *value_of(t, info) = number;
    clear_rival(t, info);
    return 0;
}
