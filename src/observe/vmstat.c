/* vmstat.c - /proc/vmstat of any kernel, under the names of counters.def.
 *
 * Kernels print nearly the order of counters.def, so the id after the last one is tried first; a
 * miss costs a binary search. Names of other kernels than 6.1 are brought to its names:
 *
 *   until 4.7   pgscan_kswapd_ZONE, pgscan_direct_ZONE, pgsteal_*_ZONE, pgrefill_ZONE   the sum
 *               over zones
 *               allocstall
 *               snapshot.allocstall
 *   4.8 on      allocstall_ZONE                                                         their sum,
 *               too
 *   until 5.8   workingset_refault, _activate, _restore: of files alone
 *               workingset_*_file
 *   until 4.5   thp_split
 *               thp_split_page
 *   6.2 on      what came later
 *               vmstat_later.def
 *
 * pgscan_direct_throttle is no zone's. nr_indirectly_reclaimable (4.17 to 4.19) is in bytes where
 * later kernels count pages, and is left out.
 */
#include "observe/reading_int.h"

const char *const vmstat_later_names[NR_VMSTAT_LATER] = {
#define VMSTAT_LATER(id, name) [VL_##id] = name,
#include "observe/vmstat_later.def"
#undef VMSTAT_LATER
};

static const struct {
    const char *name;
    enum counter id;
} renamed[] = {
    {"workingset_refault", WORKINGSET_REFAULT_FILE},
    {"workingset_activate", WORKINGSET_ACTIVATE_FILE},
    {"workingset_restore", WORKINGSET_RESTORE_FILE},
    {"thp_split", THP_SPLIT_PAGE},
};

/* Longest prefixes first: "pgscan_direct_" is one of "pgscan_direct_throttle". */
static const struct {
    const char *prefix;
    enum counter id;
} by_zone[] = {
    {"pgscan_kswapd_", PGSCAN_KSWAPD},
    {"pgscan_direct_", PGSCAN_DIRECT},
    {"pgsteal_kswapd_", PGSTEAL_KSWAPD},
    {"pgsteal_direct_", PGSTEAL_DIRECT},
    {"pgrefill_", PGREFILL},
};

static void add(u64 *sum, u64 value)
{
    *sum = known(*sum) ? *sum + value : value;
}

static bool parse_by_zone(struct snapshot *s, struct span name, u64 value)
{
    for (unsigned i = 0; i < ARRAY_SIZE(by_zone); i++) {
        if (span_begins(name, by_zone[i].prefix)) {
            add(&s->vmstat[by_zone[i].id], value);
            return true;
        }
    }
    return false;
}

enum counter counter_renamed(struct span name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(renamed); i++)
        if (span_is(name, renamed[i].name))
            return renamed[i].id;
    return NR_COUNTERS;
}

static bool parse_other(struct snapshot *s, struct span name, u64 value)
{
    enum counter id = counter_renamed(name);

    if (id < NR_COUNTERS) {
        s->vmstat[id] = value;
        return true;
    }
    for (unsigned i = 0; i < NR_VMSTAT_LATER; i++) {
        if (span_is(name, vmstat_later_names[i])) {
            s->vmstat_later[i] = value;
            return true;
        }
    }
    return parse_by_zone(s, name, value);
}

enum counter counter_of_span(struct span name, enum counter guess)
{
    char text[64];

    if (guess < NR_COUNTERS && span_is(name, counter_info[guess].name))
        return guess;
    if (span_len(name) >= sizeof(text))
        return NR_COUNTERS;
    memcpy(text, name.at, span_len(name));
    text[span_len(name)] = '\0';
    return counter_find(text);
}

/* A file has each counter once: more are what a text has of two moments. */
static void keep_first(struct snapshot *s, enum counter id)
{
    u64 *first = id == NUMA_HIT       ? &s->numa_hit_before
                 : id == NUMA_FOREIGN ? &s->numa_foreign_before
                                      : NULL;

    if (first && !known(*first))
        *first = s->vmstat[id];
}

unsigned parse_vmstat(struct span text, struct snapshot *s)
{
    enum counter next = 0;
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (!span_take_word(&line, &name) || !span_take_u64(&line, &value))
            continue;
        if (span_begins(name, "allocstall"))
            add(&s->allocstall, value);

        enum counter id = counter_of_span(name, next);

        if (id < NR_COUNTERS && (counter_info[id].scopes & SCOPE_GLOBAL)) {
            keep_first(s, id);
            s->vmstat[id] = value;
            next = id + 1;
            found++;
        } else {
            found += parse_other(s, name, value);
        }
    }
    return found;
}
