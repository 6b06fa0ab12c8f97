/* host.c - what of a recording's host goes into the machine, setting by setting. */
#include "cli/host.h"
#include "cli/profile.h"

#include "base/units.h"
#include "base/utf8.h"
#include "reclaim/mglru.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 128u

struct taking {
    const struct cli *cli;
    const struct trace *trace;
    struct system_config *config;
    struct system_config plain; /* the default machine: what equals it need not be said */
    struct host_taken *taken;   /* may be NULL */
};

static void caution(struct taking *t, const char *fmt, ...) HW_PRINTF(2, 3);

static void caution(struct taking *t, const char *fmt, ...)
{
    char text[512];
    va_list args;

    if (!t->taken)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (t->taken->cautions.len)
        strbuf_appendc(&t->taken->cautions, ' ');
    utf8_append_clean(&t->taken->cautions, text);
}

/* Keys may be written with '-' for '_', and tunables without their "vm.". */
static bool same_key(const char *a, const char *b)
{
    if (strncmp(a, "vm.", 3) == 0)
        a += 3;
    if (strncmp(b, "vm.", 3) == 0)
        b += 3;
    for (; *a && *b; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return false;
    return *a == *b;
}

/* Does the user or the profile say what it is, by either of its names? */
static bool said(const struct cli *cli, const char *key)
{
    const char *twin = system_config_twin(key);

    if (cli_profile_says(cli, key) || (twin && cli_profile_says(cli, twin)))
        return true;
    for (size_t i = 0; i < cli->machine.settings.count; i++)
        if (same_key(cli->machine.settings.items[i].key, key) ||
            (twin && same_key(cli->machine.settings.items[i].key, twin)))
            return true;
    for (size_t i = 0; i < cli->machine.compared.count; i++)
        if (same_key(cli->machine.compared.items[i].key, key) ||
            (twin && same_key(cli->machine.compared.items[i].key, twin)))
            return true;
    return false;
}

/* The value of a key of the host; NULL when it is not known. */
static const char *host_value(const struct taking *t, const char *key, char buf[VALUE_MAX])
{
    return trace_text_value(t->trace->host, key, buf, VALUE_MAX);
}

/* False: not known, or no number ("max"). */
static bool host_number(const struct taking *t, const char *key, u64 *ret)
{
    char buf[VALUE_MAX];
    const char *value = host_value(t, key, buf);

    return value && parse_u64(value, ret, NULL) == 0;
}

static void take(struct taking *t, const char *key, const char *value)
{
    struct system_config with = t->plain;
    struct err e = {0};

    if (said(t->cli, key))
        return;
    if (system_config_set(t->config, key, value, &e)) {
        caution(t, "The host's %s of %s cannot be had here and was not taken: %s.", key, value,
                e.text);
        return;
    }
    system_config_set(&with, key, value, NULL);
    with.given = t->plain.given; /* that a default was named makes no other machine */
    with.given_as_tunable = t->plain.given_as_tunable;
    if (t->taken && memcmp(&with, &t->plain, sizeof(with)) != 0)
        strbuf_printf(&t->taken->settings, "%s=%s\n", key, value);
}

static void take_number(struct taking *t, const char *key, u64 value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    take(t, key, text);
}

static void take_tunables(struct taking *t)
{
    static const char *const keys[] = {"vm.swappiness", "vm.overcommit_memory",
                                       "vm.overcommit_ratio"};
    u64 value;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (host_number(t, keys[i], &value))
            take_number(t, keys[i], value);
    if (host_number(t, "vm.overcommit_memory", &value) && value == 2 &&
        !said(t->cli, "vm.overcommit_memory") && !said(t->cli, "ram"))
        caution(t, "The recording's host promised no more memory than it had (vm.overcommit_memory "
                   "2): what may be promised "
                   "goes by RAM, so give --ram.");
}

/* All devices that hold files, when they agree; else false, with *ret_differ. */
static bool all_devices(const struct taking *t, const char *prefix, u64 *ret, bool *ret_differ)
{
    const char *line = t->trace->host;
    struct strbuf value;
    char key[64];
    bool found = false;

    *ret_differ = false;
    strbuf_init(&value);
    while (trace_text_next(&line, key, sizeof(key), &value)) {
        u64 number;

        if (strncmp(key, prefix, strlen(prefix)) != 0 || parse_u64(value.text, &number, NULL))
            continue;
        *ret_differ |= found && number != *ret;
        *ret = number;
        found = true;
    }
    strbuf_done(&value);
    return found && !*ret_differ;
}

/* The window of files as it is without a word about it. */
static u64 device_readahead(const struct system_config *config)
{
    return (u64)device_profile_find(config->disk)->readahead_kb * KIB;
}

static void take_devices(struct taking *t)
{
    bool differ;
    u64 value;

    /* A virtual disk says that it turns, whatever it lies on: that is no ground for a machine forty
     * times slower. */
    if (!said(t->cli, "disk") &&
        (all_devices(t, "rotational.", &value, &differ) ? value == 1 : differ))
        caution(t, "A device of the recording's host says that it turns, as virtual disks do too: "
                   "--disk hdd if it is one.");
    if (all_devices(t, "readahead.", &value, &differ) && value != device_readahead(t->config))
        take_number(t, "readahead", value);
    else if (differ && !said(t->cli, "readahead"))
        caution(t, "The devices of the recording's host read ahead differently (trace info): "
                   "--readahead sets one window "
                   "for all.");
}

/* Of one who says how much swap there is: any? */
static bool wants_swap(const struct cli *cli)
{
    for (size_t i = 0; i < cli->machine.compared.count; i++)
        if (same_key(cli->machine.compared.items[i].key, "swap"))
            return true;
    if (cli_profile_says(cli, "swap"))
        return true; /* and its size decides */
    return cli->machine.config.swap_bytes != 0 || cli->machine.config.swap_choice > SWAP_NONE;
}

static void take_thp(struct taking *t)
{
    char buf[VALUE_MAX];
    const char *mode = host_value(t, "thp", buf);

    if (mode)
        take(t, "thp", mode);
}

/* What Linux changed after the kernel that is modelled, where the model knows it. A distribution
 * may have it earlier. */
static void take_changes(struct taking *t, unsigned major, unsigned minor)
{
    static const struct {
        const char *key;
        enum kernel_feature feature;
        unsigned major, minor;
    } since[] = {{"x.readahead_refaults", KERNEL_READAHEAD_REFAULTS, 6, 10},
                 {"x.readahead_text", KERNEL_READAHEAD_TEXT, 6, 17}};
    u32 has = kernel_find(t->config->kernel)->features;

    for (size_t i = 0; i < ARRAY_SIZE(since); i++)
        if ((major > since[i].major || (major == since[i].major && minor >= since[i].minor)) &&
            !(has & BIT(since[i].feature)))
            take_number(t, since[i].key, 1);
}

/* The reclaim policy, by bits as lru_gen/enabled shows them. */
static void take_policy(struct taking *t, const char *bits)
{
    char *end;
    unsigned long caps = strtoul(bits, &end, 16);

    if (end == bits || *end || caps > LRU_GEN_CAPS)
        caution(t,
                "What the recording says of lru_gen, %s, is no value of it: want 0x0000 to 0x0007.",
                bits);
    else if (!(caps & LRU_GEN_CORE) || caps == LRU_GEN_CAPS)
        take(t, "lru", lru_policy_name[caps ? LRU_POLICY_MGLRU : LRU_POLICY_CLASSIC]);
    else
        take_number(t, "lru_gen/enabled", caps);
}

/* A recording that says which policy reclaimed is of a kernel nearest to one of ours: that one,
 * with that policy. */
static void take_kernel(struct taking *t)
{
    char buf[VALUE_MAX], bits[VALUE_MAX];
    const char *release = host_value(t, "kernel", buf), *policy = host_value(t, "lru_gen", bits);
    unsigned major, minor;

    if (!release || sscanf(release, "%u.%u", &major, &minor) != 2)
        return;
    if (policy) {
        take(t, "kernel", kernel_nearest(major, minor)->name);
        take_policy(t, policy);
    }
    take_changes(t, major, minor);
}

static void take_swap(struct taking *t)
{
    char buf[VALUE_MAX];
    const char *kind;
    u64 bytes, most;

    if (host_number(t, "swap", &bytes)) {
        if (host_number(t, "memory.swap.max", &most))
            bytes = MIN(bytes, most);
        take_number(t, "swap", ROUND_DOWN(bytes, (u64)PAGE_SIZE));
    }
    kind = host_value(t, "swap_kind", buf);
    if (said(t->cli, "swap") ? wants_swap(t->cli) : t->config->swap_bytes != 0) {
        if (kind && strcmp(kind, "zram") == 0)
            take(t, "swap_device", "zram");
        if (host_value(t, "zswap", buf) && strcmp(buf, "yes") == 0)
            take(t, "zswap", "yes");
    }
}

/* What the machine does not have. */
static void caution_rest(struct taking *t)
{
    const unsigned nodes = t->cli->machine.config.nr_nodes;
    char buf[VALUE_MAX], size[UNITS_TEXT_MAX];
    u64 number;

    if (host_number(t, "nodes", &number) && number > 1 && number != nodes)
        caution(t, "The recording's host had %" PRIu64 " NUMA nodes; the machine has %u (--nodes).",
                number, nodes);
    if (!host_number(t, "memory.max", &number))
        return;
    if (host_value(t, "cgroup", buf) && strcmp(buf, "1") == 0)
        caution(t, "The program's memory was limited by cgroup version 1; limits here are those of "
                   "version 2.");
    caution(t,
            "The program ran under a memory.max of %s: one that sizes itself by its limit did so "
            "by that.",
            format_bytes(size, number));
}

void cli_take_host(const struct cli *cli, const struct trace *trace, struct system_config *config,
                   struct host_taken *taken)
{
    struct taking t = {.cli = cli, .trace = trace, .config = config, .taken = taken};

    if (!trace || !*trace->host || cli->machine.no_host)
        return;
    memset(&t.plain, 0, sizeof(t.plain));
    system_config_init(&t.plain);
    take_tunables(&t);
    take_devices(&t);
    take_swap(&t);
    take_thp(&t);
    take_kernel(&t);
    caution_rest(&t);
}

void host_taken_init(struct host_taken *t, const struct cli *cli, const struct trace *trace)
{
    struct system_config config;

    strbuf_init(&t->settings);
    strbuf_init(&t->cautions);
    system_config_init(&config);
    cli_take_host(cli, trace, &config, t);
}

void host_taken_done(struct host_taken *t)
{
    strbuf_done(&t->settings);
    strbuf_done(&t->cautions);
}
