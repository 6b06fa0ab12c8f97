/* control_value.c - what is written to a file, read as the kernel reads it there.
 *
 * Limits go through memparse(). A sysctl takes the first word, decimal, octal or hexadecimal, and
 * does not look at what follows a blank. Files of sysfs and of cgroups take one number and nothing
 * else: decimal where the kernel says base 10, else with 0x and 0, too. */
#include "system/control_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/masklist.h"
#include "base/units.h"
#include "system/system_int.h"

#define OOM_ADJ_MIN    (-17) /* of the file that came before oom_score_adj */
#define OOM_ADJ_MAX    15
#define POOL_PAGES_MAX (1u << 24)

/* Numbers beyond the last zone's do not count. */
int control_parse_ratios(const char *text, u64 ret[CONTROL_RATIOS_MAX])
{
    char copy[CONTROL_TEXT_MAX + 1], *rest = copy;
    int nr = 0;

    snprintf(copy, sizeof(copy), "%s", text);
    for (char *word; nr < CONTROL_RATIOS_MAX && (word = strsep(&rest, " \t"));) {
        if (!*word)
            continue;
        if (parse_kernel_sysctl(word, &ret[nr]) || ret[nr] > INT32_MAX)
            return -EINVAL;
        nr++;
    }
    return nr ? nr : -EINVAL;
}

static int parse_pages(struct control *c, struct err *e)
{
    u64 bytes;

    if (c->file->kind == VALUE_LIMIT && strcmp(c->text, "max") == 0) {
        c->number = PAGE_COUNTER_MAX;
        return 0;
    }
    if (parse_kernel_size(c->text, &bytes))
        return err_set(e, -EINVAL, "%s wants a size such as 200M%s, not '%s'", c->file->name,
                       c->file->kind == VALUE_LIMIT ? ", or max" : "", c->text);
    c->number = group_limit_pages(bytes);
    return 0;
}

/* "1G swappiness=60": words may come in any number, of swappiness= the last counts. */
static int parse_reclaim(struct control *c, struct err *e)
{
    char text[CONTROL_TEXT_MAX + 1], *rest = text, *word;
    u64 bytes, swappiness;

    snprintf(text, sizeof(text), "%s", c->text);
    if (!*text) {
        c->number = PAGE_COUNTER_MAX; /* write_reclaim() knows whether it is taken */
        return 0;
    }
    word = strsep(&rest, " ");
    if (parse_kernel_size(word, &bytes))
        return err_set(e, -EINVAL,
                       "memory.reclaim wants a size such as 200M, and may have swappiness=0 to 200 "
                       "after it; not '%s'",
                       c->text);
    c->number = group_limit_pages(bytes);
    while ((word = strsep(&rest, " "))) {
        if (!*word)
            continue;
        if (strncmp(word, "swappiness=", 11) != 0 || parse_kernel_u64(word + 11, 10, &swappiness) ||
            swappiness > 200)
            return err_set(e, -EINVAL,
                           "after its size memory.reclaim may have swappiness=0 to 200, not '%s'",
                           word);
        c->has_swappiness = true;
        c->swappiness = (u8)swappiness;
    }
    return 0;
}

/* A signed number of 32 bits, as kstrtoint() reads it: -EINVAL for what is none, -ERANGE for one
 * that does not fit. */
static int parse_int(const char *text, s64 *ret)
{
    bool minus = *text == '-';
    u64 n;
    int rc = parse_kernel_u64(text + minus, 0, &n);

    if (rc)
        return rc;
    if (n > (u64)INT32_MAX + minus)
        return -ERANGE;
    *ret = minus ? -(s64)n : (s64)n;
    return 0;
}

/* From `least` to `most`; what another number is told. */
static int parse_int_within(struct control *c, s64 least, s64 most, int outside)
{
    s64 n;
    int rc = parse_int(c->text, &n);

    if (rc == 0 && (n < least || n > most))
        rc = outside;
    if (rc == 0)
        c->number = (u64)(n - least);
    return rc;
}

static int parse_score_adj(struct control *c, struct err *e)
{
    int rc = parse_int_within(c, OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, -EINVAL);

    return rc ? err_set(e, rc, "oom_score_adj goes from -1000 to 1000, not '%s'", c->text) : 0;
}

/* The same in seventeenths: number becomes that of oom_score_adj. */
static int parse_oom_adj(struct control *c, struct err *e)
{
    int rc = parse_int_within(c, OOM_ADJ_MIN, OOM_ADJ_MAX, -EINVAL);
    s64 adj = (s64)c->number + OOM_ADJ_MIN;

    if (rc)
        return err_set(e, rc, "oom_adj goes from -17 to 15, not '%s'", c->text);
    adj = adj == OOM_ADJ_MAX ? OOM_SCORE_ADJ_MAX : adj * OOM_SCORE_ADJ_MAX / -OOM_ADJ_MIN;
    c->number = (u64)(adj - OOM_SCORE_ADJ_MIN);
    return 0;
}

/* "+memory -io": number has bits of what is turned on, and above them of what is turned off. The
 * last word on a controller counts. */
static int parse_controllers(struct control *c, struct err *e)
{
    char text[CONTROL_TEXT_MAX + 1], *rest = text;

    snprintf(text, sizeof(text), "%s", c->text);
    c->number = 0;
    for (char *word; (word = strsep(&rest, " "));) {
        bool known = !*word;

        for (unsigned i = 0; i < NR_CONTROLLERS && *word; i++) {
            u64 on = BIT(i), off = BIT(i + NR_CONTROLLERS);

            if (!strchr("+-", *word) || strcmp(word + 1, controller_name[i]) != 0)
                continue;
            known = true;
            c->number &= ~(on | off);
            c->number |= *word == '+' ? on : off;
        }
        if (!known)
            return err_set(e, -EINVAL,
                           "cgroup.subtree_control wants + or - and a controller, as in "
                           "'+memory +io'; not '%s'",
                           word);
    }
    return 0;
}

static int parse_trigger(struct control *c, struct err *e)
{
    if (!psi_trigger_valid(c->text))
        return err_set(e, -EINVAL,
                       "a trigger is 'some' or 'full', microseconds of stall and of window (500000 "
                       "to 10000000), as in 'some 150000 1000000'; not '%s'",
                       c->text);
    return 0;
}

/* y, n or bits; of those that mean nothing, none is kept. */
static int parse_lru_gen(struct control *c, struct err *e)
{
    if (strchr("yYnN", *c->text) && *c->text) {
        c->number = strchr("yY", *c->text) ? LRU_GEN_CAPS : 0;
        return 0;
    }
    if (parse_kernel_u64(c->text, 0, &c->number) || c->number > UINT32_MAX)
        return err_set(e, -EINVAL, "lru_gen/enabled wants y, n or bits such as 0x0007, not '%s'",
                       c->text);
    c->number &= LRU_GEN_CAPS;
    return 0;
}

static int parse_word(const char *text, u64 *ret)
{
    bool on;

    if (parse_kernel_bool(text, &on))
        return -EINVAL;
    *ret = on;
    return 0;
}

/* A number as the file at this path takes it. */
static int parse_number(const char *path, const char *text, u64 *ret)
{
    if (strncmp(path, "/proc/sys/", 10) == 0)
        return parse_kernel_sysctl(text, ret);
    if (strcmp(path, "/" CONTROL_DEMOTION_FILE) == 0)
        return parse_word(text, ret);
    if (strncmp(path, "/sys/kernel/mm/lru_gen/", 23) == 0 ||
        strncmp(path, "/sys/kernel/debug/", 18) == 0)
        return parse_kernel_u64(text, 0, ret);
    return parse_kernel_u64(text, 10, ret);
}

/* Where the kernel has choices by name, there is no number. */
static int parse_tunable(struct control *c, const char *path, struct err *e)
{
    struct tunables scratch;
    u64 number;

    if (!tunable_names(c->tunable->unit)) {
        if (parse_number(path, c->text, &number))
            return err_set(e, -EINVAL, "%s wants a whole number and no unit, not '%s'",
                           c->tunable->key, c->text);
        snprintf(c->text, sizeof(c->text), "%" PRIu64, number);
    }
    tunables_init(&scratch);
    return tunables_set(&scratch, c->tunable->key, c->text, e) ? -EINVAL : 0;
}

int control_parse_value(struct control *c, const char *path, struct err *e)
{
    int rc;

    if (c->tunable)
        return parse_tunable(c, path, e);
    switch (c->file->kind) {
    case VALUE_LIMIT:
    case VALUE_SIZE:
        return parse_pages(c, e);
    case VALUE_RECLAIM:
        return parse_reclaim(c, e);
    case VALUE_BOOL:
    case VALUE_SWITCH:
        rc = parse_int_within(c, 0, 1, c->file->kind == VALUE_BOOL ? -EINVAL : -ERANGE);
        return rc ? err_set(e, rc, "%s is 0 or 1, not '%s'", c->file->name, c->text) : 0;
    case VALUE_WORD:
        return parse_word(c->text, &c->number)
                   ? err_set(e, -EINVAL, "%s is y or n, not '%s'", c->file->name, c->text)
                   : 0;
    case VALUE_PID:
        if (parse_int_within(c, 0, INT32_MAX, -EINVAL))
            return err_set(e, -EINVAL, "cgroup.procs wants a pid, not '%s'", c->text);
        return 0;
    case VALUE_CONTROLLERS:
        return parse_controllers(c, e);
    case VALUE_TRIGGER:
        return parse_trigger(c, e);
    case VALUE_SCORE_ADJ:
        return parse_score_adj(c, e);
    case VALUE_OOM_ADJ:
        return parse_oom_adj(c, e);
    case VALUE_RATIOS:
        return control_parse_ratios(c->text, (u64[CONTROL_RATIOS_MAX]){0}) > 0
                   ? 0
                   : err_set(e, -EINVAL,
                             "%s wants a number for each zone, as in '256 256 32'; "
                             "not '%s'",
                             c->file->name, c->text);
    case VALUE_CPUS:
        return parse_masklist(c->text, "CPU", &c->number, e);
    case VALUE_NODES:
        return parse_masklist(c->text, "node", &c->number, e);
    case VALUE_ANY:
        return 0;
    case VALUE_KILL:
        rc = parse_int_within(c, 1, 1, -ERANGE);
        return rc ? err_set(e, rc, "%s wants a 1, not '%s'", c->file->name, c->text) : 0;
    case VALUE_HUGE_PAGES:
        rc = parse_number(path, c->text, &c->number);
        if (rc || c->number > POOL_PAGES_MAX)
            return err_set(e, rc ? rc : -EINVAL, "%s wants a number of huge pages, not '%s'",
                           c->file->name, c->text);
        return 0;
    case VALUE_LRU_GEN:
        return parse_lru_gen(c, e);
    case VALUE_DROP:
        if (parse_number(path, c->text, &c->number) || c->number < 1 || c->number > 4)
            return err_set(e, -EINVAL,
                           "drop_caches is 1 for page cache, 2 for slab, 3 for both or 4 for no "
                           "line in the log, not '%s'",
                           c->text);
        return 0;
    }
    hw_unreachable();
}
