/* config.c - options of a machine: their defaults, and their values from text. */
#include "system/config.h"

#include "backing/compress.h"
#include "base/masklist.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "frames/frames.h"
#include "machine/device.h"
#include "reclaim/mglru.h"
#include "stats/kernel.h"
#include "stats/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct machine_option_info machine_option_info[NR_MACHINE_OPTIONS] = {
#define MACHINE(field, name, kind, low, high, initial, default_text, replay_default, doc) \
    {name,                                                                                \
     MACHINE_##kind,                                                                      \
     offsetof(struct system_config, field),                                               \
     low,                                                                                 \
     high,                                                                                \
     default_text,                                                                        \
     replay_default,                                                                      \
     doc},
#include "system/machine.def"
#undef MACHINE
};

void system_config_init(struct system_config *c)
{
    *c = (struct system_config){
#define MACHINE(field, name, kind, low, high, initial, default_text, replay_default, doc) \
    .field = (initial),
#include "system/machine.def"
#undef MACHINE
        .numa_label = "numa",
        .cpunodebind_label = "cpunodebind",
    };
    tunables_init(&c->tunables);
    cost_model_init(&c->cost);
}

/* --- options that are another way to say a tunable -------------------------------------------- */

/* X(field of struct system_config, its initial value, field of struct tunables, its key) */
#define TWINS(X)                                                    \
    X(thp, NULL, thp_enabled, "transparent_hugepage/enabled")       \
    X(readahead_bytes, 0, read_ahead_kb, "queue.read_ahead_kb")     \
    X(zswap, false, zswap_enabled, "zswap.enabled")                 \
    X(zswap_compressor, NULL, zswap_compressor, "zswap.compressor") \
    X(lru, NULL, lru_gen_enabled, "lru_gen/enabled")

const char *system_config_twin(const char *key)
{
    enum machine_option option = machine_option_find(key);
    const struct tunable_info *tunable = tunable_find(key);

#define X(field, initial, tunable_field, tunable_key)                           \
    if (option == MACHINE_OPTION_##field)                                       \
        return tunable_key;                                                     \
    if (tunable && tunable->offset == offsetof(struct tunables, tunable_field)) \
        return machine_option_info[MACHINE_OPTION_##field].name;
    TWINS(X)
#undef X
    return NULL;
}

enum lru_policy system_config_lru(const struct system_config *c)
{
    if (c->lru)
        return lru_policy_find(c->lru);
    if (c->given_as_tunable & BIT(MACHINE_OPTION_lru))
        return c->tunables.lru_gen_enabled & LRU_GEN_CORE ? LRU_POLICY_MGLRU : LRU_POLICY_CLASSIC;
    return kernel_find(c->kernel)->lru;
}

static void forget_tunable(struct system_config *c, enum machine_option option)
{
    struct tunables plain;

    tunables_init(&plain);
#define X(field, initial, tunable_field, tunable_key) \
    if (option == MACHINE_OPTION_##field)             \
        c->tunables.tunable_field = plain.tunable_field;
    TWINS(X)
#undef X
}

static void forget_option(struct system_config *c, const char *key)
{
    const struct tunable_info *tunable = tunable_find(key);

#define X(field, initial, tunable_field, tunable_key)                  \
    if (tunable->offset == offsetof(struct tunables, tunable_field)) { \
        c->field = (initial);                                          \
        c->given &= ~BIT(MACHINE_OPTION_##field);                      \
        c->given_as_tunable |= BIT(MACHINE_OPTION_##field);            \
    }
    TWINS(X)
#undef X
}

enum thp_enabled system_config_thp(const struct system_config *c)
{
    return c->thp ? thp_enabled_find(c->thp) : (enum thp_enabled)c->tunables.thp_enabled;
}

enum machine_option machine_option_find(const char *name)
{
    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        const char *a = name, *b = machine_option_info[i].name;

        while (*a && (*a == *b || (*a == '-' && *b == '_'))) {
            a++;
            b++;
        }
        if (*a == *b)
            return (enum machine_option)i;
    }
    return NR_MACHINE_OPTIONS;
}

/* --- names that a value may be ---------------------------------------------------------------- */

/* The i-th choice, NULL after the last one or for a kind that has none. */
static const char *choice(enum machine_kind kind, unsigned i)
{
    static const char *const yes_no[] = {"yes", "no"};

    switch (kind) {
    case MACHINE_BOOL:
        return i < ARRAY_SIZE(yes_no) ? yes_no[i] : NULL;
    case MACHINE_DISK:
        for (unsigned k = 0; k < nr_device_profiles; k++)
            if (!device_profiles[k].compressed && i-- == 0)
                return device_profiles[k].name;
        return NULL;
    case MACHINE_DEVICE:
        return i < nr_device_profiles ? device_profiles[i].name : NULL;
    case MACHINE_COMPRESSOR:
        return i < NR_COMPRESSORS ? compressor_info[i].name : NULL;
    case MACHINE_KERNEL:
        return i < nr_kernel_releases ? kernel_releases[i]->name : NULL;
    case MACHINE_LRU:
        return i < NR_LRU_POLICIES ? lru_policy_name[i] : NULL;
    case MACHINE_THP:
        return i < NR_THP_ENABLED ? thp_enabled_name[i] : NULL;
    case MACHINE_SIZE:
    case MACHINE_COUNT:
    case MACHINE_NUMBER:
    case MACHINE_POLICY:
    case MACHINE_NODES:
    case MACHINE_SWAP:
    case MACHINE_POOL:
        break;
    }
    return NULL;
}

char *machine_option_values(enum machine_option option, char *buf, size_t size)
{
    enum machine_kind kind = machine_option_info[option].kind;
    const char *name;
    size_t at = 0;

    if (kind == MACHINE_SIZE || kind == MACHINE_COUNT || kind == MACHINE_NUMBER) {
        snprintf(buf, size, "%s", kind == MACHINE_SIZE ? "SIZE" : "N");
        return buf;
    }
    if (kind == MACHINE_POLICY || kind == MACHINE_NODES) {
        snprintf(buf, size, "%s", kind == MACHINE_POLICY ? "POLICY" : "LIST");
        return buf;
    }
    if (kind == MACHINE_SWAP || kind == MACHINE_POOL) {
        snprintf(buf, size, "%s",
                 kind == MACHINE_POOL ? "N|NODE:N[,NODE:N...]" : "SIZE|none|KIND[:SIZE]");
        return buf;
    }
    *buf = '\0';
    for (unsigned i = 0; (name = choice(kind, i)) != NULL && at < size; i++)
        at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? "|" : "", name);
    return buf;
}

/* --- values ----------------------------------------------------------------------------------- */

static const char *kind_noun(enum machine_kind kind)
{
    switch (kind) {
    case MACHINE_DISK:
    case MACHINE_DEVICE:
        return "device";
    case MACHINE_COMPRESSOR:
        return "compressor";
    case MACHINE_KERNEL:
        return "kernel profile";
    case MACHINE_LRU:
        return "reclaim policy";
    case MACHINE_THP:
        return "mode of huge pages";
    case MACHINE_BOOL:
    case MACHINE_SIZE:
    case MACHINE_COUNT:
    case MACHINE_NUMBER:
    case MACHINE_POLICY:
    case MACHINE_NODES:
    case MACHINE_SWAP:
    case MACHINE_POOL:
        break;
    }
    return "value";
}

static int unknown_value(const struct machine_option_info *info, const char *label,
                         const char *value, struct err *e)
{
    struct strbuf known;
    const char *name;

    if (info->kind == MACHINE_DISK && device_profile_find(value))
        return err_set(e, -EINVAL, "%s: files cannot be on %s", label, value);
    strbuf_init(&known);
    for (unsigned i = 0; (name = choice(info->kind, i)) != NULL; i++)
        strbuf_printf(&known, "%s%s", i ? ", " : "", name);
    err_set(e, -EINVAL, "%s: unknown %s '%s'; known: %s", label, kind_noun(info->kind), value,
            known.text);
    strbuf_done(&known);
    return -EINVAL;
}

/* The name as the table has it, so that it lives for ever. */
static int set_choice(struct system_config *c, const struct machine_option_info *info,
                      const char *label, const char *value, struct err *e)
{
    const char *name;

    for (unsigned i = 0; (name = choice(info->kind, i)) != NULL; i++) {
        if (strcmp(name, value) == 0) {
            *(const char **)((char *)c + info->offset) = name;
            return 0;
        }
    }
    return unknown_value(info, label, value, e);
}

static int set_bool(struct system_config *c, const struct machine_option_info *info,
                    const char *label, const char *value, struct err *e)
{
    bool yes = !strcmp(value, "yes") || !strcmp(value, "1") || !strcmp(value, "true");

    if (!yes && strcmp(value, "no") && strcmp(value, "0") && strcmp(value, "false"))
        return err_set(e, -EINVAL, "%s is yes or no, not '%s'", label, value);
    *(bool *)((char *)c + info->offset) = yes;
    return 0;
}

static int set_amount(struct system_config *c, const struct machine_option_info *info,
                      const char *label, const char *value, struct err *e)
{
    char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];
    bool size = info->kind == MACHINE_SIZE || info->kind == MACHINE_SWAP;
    struct err why = {0};
    u64 number;
    int rc = size ? parse_size(value, &number, &why) : parse_u64(value, &number, &why);

    if (rc)
        return err_set(e, rc, "%s: %s", label, why.text);
    if (number < info->low || number > info->high) {
        if (size) {
            format_size(low, info->low);
            format_size(high, info->high);
        } else {
            snprintf(low, sizeof(low), "%" PRIu64, info->low);
            snprintf(high, sizeof(high), "%" PRIu64, info->high);
        }
        return err_set(e, -ERANGE, "%s goes from %s to %s, not %s", label, low, high, value);
    }
    if (info->kind == MACHINE_COUNT)
        *(u32 *)((char *)c + info->offset) = (u32)number;
    else
        *(u64 *)((char *)c + info->offset) = number;
    return 0;
}

static const char *const swap_choices[NR_SWAP_CHOICES] = {
    [SWAP_NONE] = "none",
    [SWAP_DISK] = "disk",
    [SWAP_ZRAM] = "zram",
    [SWAP_ZSWAP] = "zswap",
};

/* The choice that a value begins with; SWAP_SIZE_ALONE: none. *ret_rest: what stands behind its
 * name. */
static enum swap_choice swap_choice_of(const char *value, const char **ret_rest)
{
    for (unsigned i = SWAP_NONE; i < NR_SWAP_CHOICES; i++) {
        size_t len = strlen(swap_choices[i]);

        *ret_rest = value + len;
        if (strncmp(value, swap_choices[i], len) == 0 && (!**ret_rest || **ret_rest == ':'))
            return (enum swap_choice)i;
    }
    return SWAP_SIZE_ALONE;
}

/* "50%". 0 and *ret_percent; or -EINVAL. */
static int parse_percent(const char *text, u32 *ret_percent)
{
    char number[16];
    size_t len = strlen(text);
    u64 percent;

    if (len < 2 || len > sizeof(number) || text[len - 1] != '%')
        return -EINVAL;
    snprintf(number, sizeof(number), "%.*s", (int)(len - 1), text);
    if (parse_u64(number, &percent, NULL) || percent < 1 || percent > 1000)
        return -EINVAL;
    *ret_percent = (u32)percent;
    return 0;
}

static int set_swap(struct system_config *c, const struct machine_option_info *info,
                    const char *label, const char *value, struct err *e)
{
    const char *rest;
    enum swap_choice choice = swap_choice_of(value, &rest);
    struct system_config with = *c;
    u32 percent = 0;
    bool letters = (value[0] | 32) >= 'a' && (value[0] | 32) <= 'z';
    int rc;

    with.swap_bytes = 0;
    if (choice == SWAP_SIZE_ALONE && letters)
        return err_set(
            e, -EINVAL,
            "%s: unknown kind '%s'; want a size, none, disk, zram or zswap, or one of the "
            "last three with its size behind it (zram:4G, zram:50%%)",
            label, value);
    if (choice == SWAP_NONE && *rest)
        return err_set(e, -EINVAL, "%s: none has no size, but '%s' has", label, value);
    if (choice == SWAP_SIZE_ALONE)
        rc = set_amount(&with, info, label, value, e);
    else if (!*rest)
        rc = 0;
    else if (rest[strlen(rest) - 1] == '%')
        rc = parse_percent(rest + 1, &percent)
                 ? err_set(e, -ERANGE, "%s: a share of RAM goes from 1%% to 1000%%, not '%s'",
                           label, rest + 1)
                 : 0;
    else
        rc = set_amount(&with, info, label, rest + 1, e);
    if (rc)
        return rc;
    if (choice > SWAP_NONE && *rest && !percent && !with.swap_bytes)
        choice = SWAP_NONE;
    c->swap_bytes = with.swap_bytes;
    c->swap_choice = choice;
    c->swap_percent = percent;
    return 0;
}

void system_config_settle_swap(struct system_config *c, u64 ram_bytes)
{
    const struct device_profile *device =
        c->swap_device ? device_profile_find(c->swap_device) : NULL;
    enum swap_choice choice = c->swap_choice;

    c->swap_choice = SWAP_SIZE_ALONE;
    if (choice == SWAP_SIZE_ALONE)
        return;
    if (c->swap_percent)
        c->swap_bytes = (u64)((double)ram_bytes * c->swap_percent / 100);
    else if (!c->swap_bytes)
        c->swap_bytes = choice == SWAP_ZRAM ? ram_bytes / 2 : ram_bytes;
    if (choice == SWAP_NONE)
        c->swap_bytes = 0;
    c->swap_bytes = ROUND_DOWN(c->swap_bytes, (u64)PAGE_SIZE);
    c->swap_percent = 0;
    if (choice == SWAP_ZRAM)
        c->swap_device = "zram";
    else if (device && device->compressed)
        c->swap_device = NULL;
    c->zswap = choice == SWAP_ZSWAP;
    forget_tunable(c, MACHINE_OPTION_zswap);
}

int machine_option_set(struct system_config *c, enum machine_option option, const char *label,
                       const char *value, struct err *e)
{
    const struct machine_option_info *info = &machine_option_info[option];

    struct err why = {0};
    int rc = 0;

    switch (info->kind) {
    case MACHINE_SIZE:
    case MACHINE_COUNT:
    case MACHINE_NUMBER:
        rc = set_amount(c, info, label, value, e);
        break;
    case MACHINE_BOOL:
        rc = set_bool(c, info, label, value, e);
        break;
    case MACHINE_SWAP:
        rc = set_swap(c, info, label, value, e);
        break;
    case MACHINE_POLICY:
        rc = mempolicy_parse(value, (struct mempolicy *)(void *)((char *)c + info->offset), &why);
        break;
    case MACHINE_POOL:
        rc = pool_spec_parse(value, (struct pool_spec *)(void *)((char *)c + info->offset), &why);
        break;
    case MACHINE_NODES:
        /* No node is all of them: what no mask can say, for there are 64 at most. */
        if (strcmp(value, "all") == 0)
            *(u64 *)(void *)((char *)c + info->offset) = 0;
        else
            rc = *value ? parse_masklist(value, "node", (u64 *)(void *)((char *)c + info->offset),
                                         &why)
                        : err_set(&why, -EINVAL, "want nodes as in 0-3,8, not ''");
        break;
    case MACHINE_DISK:
    case MACHINE_DEVICE:
    case MACHINE_COMPRESSOR:
    case MACHINE_KERNEL:
    case MACHINE_LRU:
    case MACHINE_THP:
        rc = set_choice(c, info, label, value, e);
        break;
    }
    if (*why.text)
        return err_set(e, rc, "%s: %s", label, why.text);
    if (rc)
        return rc;
    c->given |= BIT(option);
    forget_tunable(c, option);
    return 0;
}

/* The smallest RAM that equal nodes would do with; 0: not 64 units more for each either. */
static u64 enough_ram(const struct system_config *c, struct topology_want want)
{
    u64 unit = (u64)NODE_RAM_UNIT * want.nr_nodes;
    struct topology t;
    struct ram_map map;
    unsigned nid;

    want.ram_bytes = ROUND_DOWN(want.ram_bytes, unit);
    for (unsigned i = 0; i < 64; i++) {
        want.ram_bytes += unit;
        if (topology_init(&t, &c->topology, &want, &nid, NULL) == 0 &&
            ram_map_init(&map, &t, kernel_find(c->kernel), 0, c->movable_bytes, NULL) == 0)
            return want.ram_bytes;
    }
    return 0;
}

/* Equal shares of RAM that are too small: how much there would have to be. */
static int blame_shares(const struct system_config *c, const struct topology_want *want, int rc,
                        struct err *e)
{
    char ram[UNITS_TEXT_MAX], enough[UNITS_TEXT_MAX];
    u64 bytes;

    for (unsigned nid = 0; nid < c->topology.nr; nid++)
        if (c->topology.node[nid].has_ram)
            return rc;
    bytes = want->nr_nodes > 1 && want->nr_nodes <= MAX_NUMNODES ? enough_ram(c, *want) : 0;
    if (!bytes)
        return rc;
    return err_set(
        e, rc, "%s of RAM is too small for the kernels of %u nodes: want %s or more (ram = %s)",
        format_size(ram, want->ram_bytes), want->nr_nodes, format_size(enough, bytes), enough);
}

/* Beside ZONE_MOVABLE: what a small machine boots in. */
#define KERNEL_ROOM (64 * MIB)

static int check_movable(const struct system_config *c, u64 ram_bytes, struct err *e)
{
    char most[UNITS_TEXT_MAX];

    if (!c->movable_bytes || c->movable_bytes + KERNEL_ROOM <= ram_bytes)
        return 0;
    if (ram_bytes <= KERNEL_ROOM)
        return err_set(e, -EINVAL, "movablecore: %s of RAM is the kernel's own",
                       format_size(most, ram_bytes));
    return err_set(e, -EINVAL,
                   "movablecore leaves the kernel too little, which needs memory that stays: want "
                   "%s at most",
                   format_size(most, ROUND_DOWN(ram_bytes - KERNEL_ROOM, MIB)));
}

int system_config_topology(const struct system_config *c, struct topology *ret, unsigned *ret_nid,
                           struct err *e)
{
    const struct topology_want want = {
        .nr_nodes = c->nr_nodes,
        .nr_cpus = c->nr_cpus,
        .ram_bytes = c->ram_bytes,
        .nodes_given = c->nr_nodes != 1 || c->given & BIT(MACHINE_OPTION_nr_nodes),
        .cpus_given = c->given & BIT(MACHINE_OPTION_nr_cpus),
        .ram_given = c->given & BIT(MACHINE_OPTION_ram_bytes),
    };

    struct mempolicy numa = c->numa;
    struct err why = {0};
    struct ram_map map;
    int rc = topology_init(ret, &c->topology, &want, ret_nid, e);

    if (rc)
        return want.nr_nodes && want.ram_bytes / want.nr_nodes < NODE_RAM_UNIT
                   ? blame_shares(c, &want, rc, e)
                   : rc;
    rc = ram_map_init(&map, ret, kernel_find(c->kernel), 0, c->movable_bytes, e);
    if (rc) {
        *ret_nid = map.short_nid;
        return blame_shares(c, &want, rc, e);
    }
    rc = check_movable(c, topology_ram_bytes(ret), e);
    if (rc)
        return rc;
    if (mempolicy_fit(&numa, ret, &why))
        return err_set(e, -EINVAL, "%s: %s", c->numa_label, why.text);
    if (c->cpunodebind & ~topology_all_nodes(ret))
        return err_set(e, -EINVAL, "%s: there is no node %u: the machine has %s%.0u",
                       c->cpunodebind_label,
                       (unsigned)__builtin_ctzll(c->cpunodebind & ~topology_all_nodes(ret)),
                       ret->nr_nodes > 1 ? "0-" : "node 0 alone", ret->nr_nodes - 1);
    if (c->cpunodebind && !system_config_cpus(c, ret))
        return err_set(e, -EINVAL, "%s: none of these nodes has CPUs; the machine has %u node%s",
                       c->cpunodebind_label, ret->nr_nodes, ret->nr_nodes == 1 ? "" : "s");
    return 0;
}

u64 system_config_cpus(const struct system_config *c, const struct topology *t)
{
    u64 cpus = 0;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        if (!c->cpunodebind || c->cpunodebind >> nid & 1)
            cpus |= t->cpus[nid];
    return cpus;
}

void machine_option_set_name(struct system_config *c, enum machine_option option, const char *name)
{
    const struct machine_option_info *info = &machine_option_info[option];

    assert(info->kind == MACHINE_DISK || info->kind == MACHINE_DEVICE);
    *(const char **)((char *)c + info->offset) = name;
}

/* --- any key ---------------------------------------------------------------------------------- */

#define COST_PREFIX "cost."
#define NODE_PREFIX "node."

/* node.N.KEY */
static int set_node(struct system_config *c, const char *key, const char *value, struct err *e)
{
    const char *at = key + strlen(NODE_PREFIX);
    unsigned nid = 0;

    for (; *at >= '0' && *at <= '9' && nid < MAX_NUMNODES; at++)
        nid = nid * 10 + (unsigned)(*at - '0');
    if (*at != '.' || at == key + strlen(NODE_PREFIX) || nid >= MAX_NUMNODES)
        return err_set(e, -ENOENT,
                       "unknown key '%s'; of a node there are node.N.ram, node.N.cpus "
                       "and node.N.distance, with N from 0 to %u",
                       key, MAX_NUMNODES - 1);
    return topology_spec_set(&c->topology, nid, at + 1, value, e);
}

static int set_cost(struct system_config *c, const char *key, const char *value, struct err *e)
{
    u64 ns = 0;
    int rc = parse_u64(value, &ns, e);

    if (rc)
        return rc;
    if (ns > UINT32_MAX)
        return err_set(e, -ERANGE, "%s is in ns and at most %u", key, UINT32_MAX);
    return cost_model_set(&c->cost, key + strlen(COST_PREFIX), (u32)ns);
}

const char *system_config_boot_hint(const char *key)
{
    static const struct {
        const char *word, *hint;
    } words[] = {
        {"kernelcore", "; give ZONE_MOVABLE its own size: movablecore is RAM less kernelcore"},
        {"hugepagesz", "; pools have pages of 2M alone: hugepages"},
        {"default_hugepagesz", "; pools have pages of 2M alone: hugepages"},
        {"hugetlb_cma", "; pools have pages of 2M alone, and there is no CMA"},
        {"transparent_hugepage", "; want thp: always, madvise or never"},
        {"mem", "; memory is ram"},
        {"maxcpus", "; processors are cpus"},
        {"nr_cpus", "; processors are cpus"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].word, key) == 0)
            return words[i].hint;
    return "";
}

static int unknown_key(const char *key, struct err *e)
{
    static const char *const costs[] = {
#define COST(name, default_ns, doc) COST_PREFIX #name,
#include "machine/costs.def"
#undef COST
    };
    bool cost = strncmp(key, COST_PREFIX, strlen(COST_PREFIX)) == 0;
    struct nearest near;
    char hint[256];

    nearest_init(&near, key);
    for (unsigned i = 0; !cost && i < NR_MACHINE_OPTIONS; i++)
        nearest_offer(&near, machine_option_info[i].name);
    for (unsigned i = 0; !cost && i < nr_tunables; i++)
        nearest_offer(&near, tunable_info[i].key);
    for (unsigned i = 0; i < ARRAY_SIZE(costs); i++)
        nearest_offer(&near, costs[i]);
    nearest_text(&near, hint, sizeof(hint));
    if (*system_config_boot_hint(key))
        snprintf(hint, sizeof(hint), "%s", system_config_boot_hint(key));
    return err_set(e, -ENOENT, "unknown %s '%s'%s", cost ? "cost" : "key", key,
                   *hint ? hint
                         : "; 'highwater explain' lists options of a machine, tunables and costs");
}

int system_config_set(struct system_config *c, const char *key, const char *value, struct err *e)
{
    enum machine_option option = machine_option_find(key);
    int rc;

    if (option < NR_MACHINE_OPTIONS)
        return machine_option_set(c, option, machine_option_info[option].name, value, e);
    if (strncmp(key, NODE_PREFIX, strlen(NODE_PREFIX)) == 0)
        return set_node(c, key, value, e);
    if (tunable_find(key) ||
        (strchr(key, '.') && strncmp(key, COST_PREFIX, strlen(COST_PREFIX)) != 0)) {
        rc = tunables_set(&c->tunables, key, value, e);
        if (rc == 0)
            forget_option(c, key);
        return rc;
    }
    if (!strchr(key, '.'))
        return unknown_key(key, e);
    rc = set_cost(c, key, value, e);
    return rc == -ENOENT ? unknown_key(key, e) : rc;
}
