/* scenario_value.c - the values of a scenario's keys, by kind. */
#include "workload/scenario_int.h"

#include "backing/compress.h"
#include "base/abi.h"
#include "base/masklist.h"
#include "machine/device.h"
#include "stats/names.h"

#include <stdio.h>
#include <string.h>

#define VALUE_LEN_MAX 160
#define LIST_LEN_MAX  1000 /* scenario.c has lines of 1023 */

static int out_of_range(const struct scenario_key *key, const char *value, struct err *e)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];

    switch (key->kind) {
    case SCENARIO_SIZE:
    case SCENARIO_LIMIT:
    case SCENARIO_RATE_BYTES:
        format_size(low, key->low);
        format_size(high, key->high);
        break;
    case SCENARIO_DURATION:
    case SCENARIO_DUTY:
        format_ns(low, key->low);
        format_ns(high, key->high);
        break;
    case SCENARIO_INT:
        snprintf(low, sizeof(low), "%lld", (long long)(s64)key->low);
        snprintf(high, sizeof(high), "%lld", (long long)(s64)key->high);
        break;
    default:
        snprintf(low, sizeof(low), "%llu", (unsigned long long)key->low);
        snprintf(high, sizeof(high), "%llu", (unsigned long long)key->high);
    }
    return err_set(e, -EINVAL, "%s is from %s to %s, not %s", key->name, low, high, value);
}

static int check_range(const struct scenario_key *key, const char *text, u64 value, u64 *ret,
                       struct err *e)
{
    if (value < key->low || value > key->high)
        return out_of_range(key, text, e);
    *ret = value;
    return 0;
}

static int parse_int(const struct scenario_key *key, const char *text, s64 *ret, struct err *e)
{
    bool minus = text[0] == '-';
    u64 n;
    s64 value;

    if (parse_u64(text + minus, &n, e))
        return -EINVAL;
    if (n > INT32_MAX)
        return out_of_range(key, text, e);
    value = minus ? -(s64)n : (s64)n;
    if (value < (s64)key->low || value > (s64)key->high)
        return out_of_range(key, text, e);
    *ret = value;
    return 0;
}

/* "10M/s" without its "/s". */
static int per_second(const struct scenario_key *key, const char *text, char *ret, struct err *e)
{
    size_t len = strlen(text);

    if (len < 3 || strcmp(text + len - 2, "/s") != 0)
        return err_set(e, -EINVAL, "%s is a rate: want '%s', not '%s'", key->name,
                       key->kind == SCENARIO_RATE ? "100/s" : "10M/s", text);
    memcpy(ret, text, len - 2);
    ret[len - 2] = '\0';
    return 0;
}

static int parse_fraction(const struct scenario_key *key, char *text, double *ret, struct err *e)
{
    size_t len = strlen(text);
    bool percent = len && text[len - 1] == '%';
    double value;

    if (percent)
        text[len - 1] = '\0';
    if (parse_f64(text, &value, e))
        return -EINVAL;
    if (percent)
        value /= 100;
    if (value < 0 || value > 1)
        return err_set(e, -EINVAL, "%s is from 0 to 1, or 0%% to 100%%, not %s", key->name, text);
    *ret = value;
    return 0;
}

static int parse_bool(const struct scenario_key *key, const char *text, bool *ret, struct err *e)
{
    bool yes = !strcmp(text, "yes") || !strcmp(text, "1") || !strcmp(text, "true");

    if (!yes && strcmp(text, "no") && strcmp(text, "0") && strcmp(text, "false"))
        return err_set(e, -EINVAL, "%s is yes or no, not '%s'", key->name, text);
    *ret = yes;
    return 0;
}

static int parse_duty(const struct scenario_key *key, char *text, struct scenario_duty *ret,
                      struct err *e)
{
    char *slash = strchr(text, '/');
    struct scenario_duty d;

    if (!slash)
        return err_set(e, -EINVAL, "%s wants two times, at work and asleep: '2s/8s', not '%s'",
                       key->name, text);
    *slash = '\0';
    if (parse_duration(text, &d.on, e) || parse_duration(slash + 1, &d.off, e) ||
        check_range(key, text, d.on, &d.on, e) || check_range(key, slash + 1, d.off, &d.off, e))
        return -EINVAL;
    *ret = d;
    return 0;
}

static int parse_profile(const struct scenario_key *key, const char *text, struct err *e)
{
    struct nearest near;
    char hint[128], names[80];

    if (device_profile_find(text))
        return 0;
    nearest_init(&near, text);
    for (unsigned i = 0; i < nr_device_profiles; i++)
        nearest_offer(&near, device_profiles[i].name);
    if (!*nearest_text(&near, hint, sizeof(hint)))
        snprintf(hint, sizeof(hint), ": want one of %s",
                 device_profile_names(names, sizeof(names), true));
    return err_set(e, -EINVAL, "no such %s '%s'%s", key->name, text, hint);
}

static int parse_compressor(const struct scenario_key *key, const char *text, struct err *e)
{
    struct nearest near;
    char hint[128];

    if (compressor_find(text) != NR_COMPRESSORS)
        return 0;
    nearest_init(&near, text);
    for (unsigned i = 0; i < NR_COMPRESSORS; i++)
        nearest_offer(&near, compressor_info[i].name);
    nearest_text(&near, hint, sizeof(hint));
    return err_set(e, -EINVAL, "no such %s '%s'%s", key->name, text,
                   *hint ? hint : ": want lzo-rle, lzo, lz4 or zstd");
}

/* "2.5": in percent. */
static int parse_ratio(const struct scenario_key *key, const char *text, u64 *ret, struct err *e)
{
    double value;

    if (parse_f64(text, &value, e))
        return -EINVAL;
    if (value < (double)key->low || value > (double)key->high)
        return err_set(e, -EINVAL, "%s is from %llu to %llu, not %s", key->name,
                       (unsigned long long)key->low, (unsigned long long)key->high, text);
    *ret = (u64)(value * 100 + 0.5);
    return 0;
}

static int parse_file_kind(const struct scenario_key *key, const char *text, u64 *ret,
                           struct err *e)
{
    static const char *const names[NR_SCENARIO_FILE_KINDS] = {
        [SCENARIO_REGULAR] = "regular", [SCENARIO_TMPFS] = "tmpfs", [SCENARIO_MEMFD] = "memfd",
        [SCENARIO_SYSV] = "sysv",       [SCENARIO_RAMFS] = "ramfs",
    };

    for (unsigned i = 0; i < NR_SCENARIO_FILE_KINDS; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    return err_set(e, -EINVAL, "%s is regular, tmpfs, memfd, sysv or ramfs, not '%s'", key->name,
                   text);
}

static int parse_madvise(const struct scenario_key *key, const char *text, u64 *ret, struct err *e)
{
    if (strcmp(text, "hugepage") != 0 && strcmp(text, "nohugepage") != 0)
        return err_set(e, -EINVAL, "%s is hugepage or nohugepage, not '%s'", key->name, text);
    *ret = *text == 'h' ? ABI_MADV_HUGEPAGE : ABI_MADV_NOHUGEPAGE;
    return 0;
}

static int parse_sizes(const struct scenario_key *key, char *text, u64 *ret, struct err *e)
{
    char number[VALUE_LEN_MAX + 1];
    u64 value;

    if (key->kind == SCENARIO_LIMIT && strcmp(text, "max") == 0) {
        *ret = SCENARIO_NO_LIMIT;
        return 0;
    }
    if (key->kind == SCENARIO_RATE_BYTES) {
        if (per_second(key, text, number, e))
            return -EINVAL;
    } else {
        memcpy(number, text, strlen(text) + 1);
    }
    if (parse_size(number, &value, e))
        return -EINVAL;
    return check_range(key, text, value, ret, e);
}

static int parse_rate(const struct scenario_key *key, const char *text, double *ret, struct err *e)
{
    char number[VALUE_LEN_MAX + 1];
    double value;

    if (per_second(key, text, number, e) || parse_f64(number, &value, e))
        return -EINVAL;
    if (value < 1e-6 || value > (double)key->high)
        return err_set(e, -EINVAL, "%s is above 0 and at most %llu/s, not %s", key->name,
                       (unsigned long long)key->high, text);
    *ret = value;
    return 0;
}

unsigned scenario_nid(const struct scenario_head *head)
{
    u64 nid = 0;

    parse_u64(head->name, &nid, NULL); /* a number: open_section() looked */
    return (unsigned)nid;
}

/* 64 distances, or as many runs of processors, are long; names and numbers are not. */
static size_t longest(enum scenario_kind kind)
{
    return kind == SCENARIO_DISTANCES || kind == SCENARIO_CPUS || kind == SCENARIO_NODES ||
                   kind == SCENARIO_NODE_CPUS
               ? LIST_LEN_MAX
               : VALUE_LEN_MAX;
}

int scenario_value(struct scenario *sc, const struct scenario_key *key, struct scenario_head *head,
                   unsigned line, const char *value, struct err *e)
{
    void *field = (char *)head + key->offset;
    char text[LIST_LEN_MAX + 1];
    u64 number;

    if (strlen(value) > longest(key->kind))
        return err_set(e, -EINVAL, "the value of %s is longer than %zu bytes", key->name,
                       longest(key->kind));
    memcpy(text, value, strlen(value) + 1);
    if (!*text && key->kind != SCENARIO_NODE_CPUS) /* a node without processors */
        return err_set(e, -EINVAL, "%s has no value", key->name);
    switch (key->kind) {
    case SCENARIO_PROFILE:
    case SCENARIO_COMPRESSOR:
        if (key->kind == SCENARIO_PROFILE ? parse_profile(key, text, e)
                                          : parse_compressor(key, text, e))
            return -EINVAL;
        *(const char **)field = arena_strdup(&sc->arena, text);
        return 0;
    case SCENARIO_RATIO:
        return parse_ratio(key, text, field, e);
    case SCENARIO_TEXT:
        *(const char **)field = arena_strdup(&sc->arena, text);
        return 0;
    case SCENARIO_NAME:
        *(struct scenario_name *)field =
            (struct scenario_name){.text = arena_strdup(&sc->arena, text), .line = line};
        return 0;
    case SCENARIO_FILE_KIND:
        return parse_file_kind(key, text, field, e);
    case SCENARIO_MADVISE:
        return parse_madvise(key, text, field, e);
    case SCENARIO_SIZE:
    case SCENARIO_LIMIT:
    case SCENARIO_RATE_BYTES:
        return parse_sizes(key, text, field, e);
    case SCENARIO_RATE:
        return parse_rate(key, text, field, e);
    case SCENARIO_DURATION:
        if (parse_duration(text, &number, e))
            return -EINVAL;
        return check_range(key, text, number, field, e);
    case SCENARIO_COUNT:
        if (parse_u64(text, &number, e))
            return -EINVAL;
        return check_range(key, text, number, field, e);
    case SCENARIO_DUTY:
        return parse_duty(key, text, field, e);
    case SCENARIO_INT:
        return parse_int(key, text, field, e);
    case SCENARIO_BOOL:
        return parse_bool(key, text, field, e);
    case SCENARIO_FRACTION:
        return parse_fraction(key, text, field, e);
    case SCENARIO_POLICY:
        return mempolicy_parse(text, field, e);
    case SCENARIO_CPUS:
        return parse_masklist(text, "CPU", field, e);
    case SCENARIO_NODES:
        return parse_masklist(text, "node", field, e);
    case SCENARIO_NODE_RAM:
    case SCENARIO_NODE_CPUS:
    case SCENARIO_DISTANCES:
        return topology_spec_set(&sc->machine.config.topology, scenario_nid(head), key->name, text,
                                 e);
    case SCENARIO_PATTERN:
        return pattern_parse(text, field, e);
    }
    hw_unreachable();
}
