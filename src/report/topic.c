/* topic.c - one list out of ten tables, and the words around a doc string. */
#include "report/topic.h"

#include "diagnose/needed.h"

#include "base/alloc.h"
#include "procfs/procfs_docs.h"
#include "report/text_wrap.h"
#include "slab/slab.h"
#include "stats/cgroup_events.h"
#include "stats/kernel.h"
#include "stats/tunables.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define FINDING_COLUMNS 96u

struct cost_doc {
    const char *key;
    u64 default_ns;
    const char *doc;
};

static const struct cost_doc costs[] = {
#define COST(name, default_ns, doc) {"cost." #name, default_ns, doc},
#include "machine/costs.def"
#undef COST
};

static const struct {
    const char *name, *where, *doc;
} terms[] = {
#define TERM(name, where, doc) {name, where, doc},
#include "report/terms.def"
#undef TERM
};

/* Others print it when they are built with what it counts. */
static bool is_printed(const struct kernel *k, enum counter id)
{
    return kernel_prints_vmstat(k, id) || kernel_prints_memory_stat(k, id);
}

static const char *counter_where(const struct kernel *k, enum counter id)
{
    const struct counter_info *info = &counter_info[id];

    if (cgroup_event_of(id) < NR_CGROUP_EVENTS)
        return cgroup_event_info[cgroup_event_of(id)].file;
    if (info->scopes == SCOPE_CGROUP)
        return is_printed(k, id) ? "memory.stat" : "memory.stat of kernels built with it";
    return is_printed(k, id) ? "/proc/vmstat" : "/proc/vmstat of kernels built with it";
}

static struct topic topic_of_counter(const struct kernel *k, enum counter id)
{
    const struct counter_info *info = &counter_info[id];

    return (struct topic){
        .kind = info->scopes == SCOPE_CGROUP ? TOPIC_MEMORY_STAT : TOPIC_COUNTER,
        .name = info->name,
        .doc = info->doc,
        .unit = counter_unit_name(info->shown),
        .where = counter_where(k, id),
        .is_event = info->kind == COUNTER_EVENT,
        .in_memory_stat = info->scopes != SCOPE_CGROUP && kernel_prints_memory_stat(k, id),
    };
}

static void add_memory_stat(struct topics *t)
{
    for (unsigned i = 0; i < t->kernel.nr_memory_stat; i++) {
        const struct memory_stat_line *line = t->kernel.memory_stat[i];
        bool event = counter_info[line->id].kind == COUNTER_EVENT;

        /* Without a doc of its own it is the counter, which is there already. */
        if (!*line->doc)
            continue;
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_MEMORY_STAT,
            .name = line->name,
            .doc = line->doc,
            .unit = event ? counter_unit_name(counter_info[line->id].shown) : "bytes",
            .where = "memory.stat",
            .is_event = event,
        };
    }
}

static void add_files(struct topics *t)
{
    for (unsigned i = 0; i < nr_meminfo_docs; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_MEMINFO,
            .name = meminfo_docs[i].name,
            .doc = meminfo_docs[i].doc,
            .unit = meminfo_docs[i].unit,
            .where = "/proc/meminfo",
        };
    for (unsigned i = 0; i < nr_cgroup_file_docs; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_CGROUP_FILE,
            .name = cgroup_file_docs[i].name,
            .doc = cgroup_file_docs[i].doc,
            .unit = "",
            .where = cgroup_file_docs[i].unit,
        };
}

static void add_slab_caches(struct topics *t)
{
    for (unsigned i = 0; i < NR_SLAB_CACHES; i++) {
        const struct slab_cache_info *info = &slab_cache_info[i];

        if (*info->doc)
            t->items[t->count++] = (struct topic){
                .kind = TOPIC_SLAB_CACHE,
                .name = info->name,
                .doc = info->doc,
                .unit = "",
                .where = "/proc/slabinfo",
                .object_bytes = info->object_size,
                .is_reclaimable = info->flags & SLAB_RECLAIM_ACCOUNT,
                .is_charged = info->flags & SLAB_ACCOUNT,
            };
    }
}

static void add_options(struct topics *t)
{
    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_OPTION,
            .name = machine_option_info[i].name,
            .doc = machine_option_info[i].doc,
            .unit = "",
            .where = "[machine], --compare and the command line",
            .option = (enum machine_option)i,
        };
}

/* The directory whose files the tunable is one of. */
static const char *place_of(const char *key)
{
    if (strncmp(key, "vm.", 3) == 0)
        return "/proc/sys/vm";
    if (strncmp(key, "transparent_hugepage/", 21) == 0 || strncmp(key, "lru_gen/", 8) == 0 ||
        strncmp(key, "numa/", 5) == 0)
        return "/sys/kernel/mm";
    return strncmp(key, "khugepaged/", 11) == 0 ? "/sys/kernel/mm/transparent_hugepage" : "--set";
}

static void add_settings(struct topics *t)
{
    for (unsigned i = 0; i < nr_tunables; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_TUNABLE,
            .name = tunable_info[i].key,
            .doc = tunable_info[i].doc,
            .unit = tunable_unit_name(tunable_info[i].unit),
            .where = place_of(tunable_info[i].key),
            .is_modelled = tunable_info[i].effect == TUNABLE_MODELLED,
            .tunable = &tunable_info[i],
            .default_value = tunable_info[i].default_value,
            .min = tunable_info[i].min,
            .max = tunable_info[i].max,
        };
    for (unsigned i = 0; i < ARRAY_SIZE(costs); i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_COST,
            .name = costs[i].key,
            .doc = costs[i].doc,
            .unit = "ns",
            .where = "--set",
            .is_modelled = true,
            .default_value = costs[i].default_ns,
            .max = UINT32_MAX,
        };
}

static void add_findings(struct topics *t)
{
    for (unsigned i = 0; i < NR_RULES; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_FINDING,
            .name = rule_info[i].name,
            .doc = rule_info[i].meaning,
            .unit = "",
            .where = "highwater diagnose",
        };
}

static void add_causes(struct topics *t)
{
    for (unsigned i = 0; i < NR_CAUSES; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_CAUSE,
            .name = cause_info[i].name,
            .doc = cause_info[i].advice.meaning,
            .unit = "",
            .where = "highwater diagnose",
            .cause = (enum oom_cause)i,
        };
}

static void add_kernels(struct topics *t)
{
    for (unsigned i = 0; i < nr_kernel_releases; i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_KERNEL,
            .name = kernel_releases[i]->name,
            .doc = kernel_releases[i]->doc,
            .unit = "",
            .where = "--kernel",
        };
}

static void add_terms(struct topics *t)
{
    for (unsigned i = 0; i < ARRAY_SIZE(terms); i++)
        t->items[t->count++] = (struct topic){
            .kind = TOPIC_TERM,
            .name = terms[i].name,
            .doc = terms[i].doc,
            .unit = "",
            .where = terms[i].where,
        };
}

static void add_figures(struct topics *t)
{
    t->items[t->count++] = (struct topic){
        .kind = TOPIC_FIGURE,
        .name = "needed",
        .doc = need_doc,
        .unit = "bytes",
        .where = "highwater diagnose",
    };
}

void topics_init(struct topics *t, const struct kernel_release *release)
{
    t->count = 0;
    kernel_resolve(release, ~0u, &t->kernel);
    t->items =
        xcalloc(NR_COUNTERS + t->kernel.nr_memory_stat + nr_meminfo_docs + nr_cgroup_file_docs +
                    NR_SLAB_CACHES + NR_MACHINE_OPTIONS + nr_tunables + ARRAY_SIZE(costs) +
                    NR_RULES + NR_CAUSES + nr_kernel_releases + 1 + ARRAY_SIZE(terms),
                sizeof(*t->items));
    for (unsigned i = 0; i < NR_COUNTERS; i++) {
        if (counter_info[i].scopes != SCOPE_CGROUP)
            t->items[t->count++] = topic_of_counter(&t->kernel, (enum counter)i);
    }
    for (unsigned i = 0; i < NR_COUNTERS; i++) {
        if (counter_info[i].scopes == SCOPE_CGROUP)
            t->items[t->count++] = topic_of_counter(&t->kernel, (enum counter)i);
    }
    add_memory_stat(t);
    add_files(t);
    add_slab_caches(t);
    add_options(t);
    add_settings(t);
    add_findings(t);
    add_causes(t);
    add_kernels(t);
    add_figures(t);
    add_terms(t);
}

void topics_done(struct topics *t)
{
    free(t->items);
    *t = (struct topics){0};
}

/* "defrag" is transparent_hugepage/defrag and khugepaged/defrag, "swappiness" is vm.swappiness. */
static bool is_last_part(const char *name, const char *wanted)
{
    const char *slash = strrchr(name, '/');

    return slash && strcasecmp(slash + 1, wanted) == 0;
}

/* Is it the name with a node's number in its place: "node.2.ram" for node.N.ram, "N1" for N0? */
static bool is_numbered(const char *name, const char *wanted, size_t len)
{
    const char *end = wanted + len;

    if (strcasecmp(name, "N0") == 0)
        return len > 1 && strncasecmp(wanted, "N", 1) == 0 &&
               strspn(wanted + 1, "0123456789") == len - 1;
    if (!strstr(name, ".N."))
        return false;
    while (*name && wanted < end) {
        if (*name == 'N' && isdigit((unsigned char)*wanted)) {
            wanted += strspn(wanted, "0123456789");
            name++;
        } else if (tolower((unsigned char)*name++) != tolower((unsigned char)*wanted++)) {
            return false;
        }
    }
    return !*name && wanted == end;
}

/* A word as files print it with what it stands for there: "bind:0", "prefer (many):0-1",
 * "N0=512". */
static size_t word_length(const char *wanted)
{
    size_t len = strcspn(wanted, " =:");

    return len && wanted[len] && (wanted[len] != ':' || isdigit((unsigned char)wanted[len + 1]))
               ? len
               : strlen(wanted);
}

/* The beginning of a message of several words, as the kernel goes on after it: "page allocation
 * failure: order:4". */
static bool is_message(const char *name, const char *wanted)
{
    size_t len = strlen(name);

    return strchr(name, ' ') && strncasecmp(name, wanted, len) == 0 &&
           (!wanted[len] || wanted[len] == ':');
}

/* The name without "vm." or "kernel.", which people leave out. */
static const char *short_name(const char *name, const char *wanted)
{
    static const char *const prefixes[] = {"vm", "kernel"};

    for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        if (strncmp(name, prefixes[i], len) == 0 && name[len] == '.' &&
            strncasecmp(wanted, prefixes[i], len) != 0)
            return name + len + 1;
    }
    return name;
}

/* As people write it: "Dirty:", "vm/swappiness", "memory.events:max" and "swappiness" are all
 * right. */
static bool name_matches(const struct topic *topic, const char *wanted)
{
    const char *name = topic->name;
    size_t len = strlen(wanted);

    if (topic->kind == TOPIC_OPTION) /* as the command line or a scenario spells it */
        return machine_option_find(wanted) == topic->option;
    if (topic->kind == TOPIC_TUNABLE && is_last_part(name, wanted))
        return true;
    if (topic->kind == TOPIC_TUNABLE)
        name = short_name(name, wanted);
    if (topic->kind == TOPIC_TERM && is_message(name, wanted))
        return true;
    if (topic->kind == TOPIC_TERM)
        len = word_length(wanted);
    if (topic->kind == TOPIC_TERM && is_numbered(name, wanted, len))
        return true;
    if (len > 1 && wanted[len - 1] == ':')
        len--;
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = wanted[i] == ':' || wanted[i] == '/' ? '.' : wanted[i];
        char own = name[i] == '/' ? '.' : name[i];

        if (strncasecmp(&c, &own, 1) != 0)
            return false;
    }
    return true;
}

size_t topics_find(const struct topics *t, const char *name, const struct topic *ret[], size_t max)
{
    size_t found = 0;

    for (size_t i = 0; i < t->count && found < max; i++) {
        if (name_matches(&t->items[i], name))
            ret[found++] = &t->items[i];
    }
    return found;
}

const char *topic_kind_name(enum topic_kind kind)
{
    static const char *const names[NR_TOPIC_KINDS] = {
        [TOPIC_COUNTER] = "counter",         [TOPIC_MEMORY_STAT] = "cgroup counter",
        [TOPIC_MEMINFO] = "meminfo field",   [TOPIC_CGROUP_FILE] = "cgroup file",
        [TOPIC_SLAB_CACHE] = "object cache", [TOPIC_OPTION] = "option of a machine",
        [TOPIC_TUNABLE] = "tunable",         [TOPIC_COST] = "cost",
        [TOPIC_FINDING] = "finding",         [TOPIC_CAUSE] = "cause of a kill",
        [TOPIC_KERNEL] = "kernel profile",   [TOPIC_FIGURE] = "figure",
        [TOPIC_TERM] = "file or word",
    };

    return names[kind];
}

const char *topic_kind_title(enum topic_kind kind)
{
    static const char *const titles[NR_TOPIC_KINDS] = {
        [TOPIC_COUNTER] = "Counters of the machine (/proc/vmstat)",
        [TOPIC_MEMORY_STAT] =
            "Counters of a cgroup (memory.stat, memory.events, memory.swap.events)",
        [TOPIC_MEMINFO] = "Fields of /proc/meminfo",
        [TOPIC_CGROUP_FILE] = "Files of a cgroup",
        [TOPIC_SLAB_CACHE] = "Object caches of the kernel (/proc/slabinfo)",
        [TOPIC_OPTION] = "Options of a machine (--NAME VALUE, [machine], --compare NAME=V1,V2)",
        [TOPIC_TUNABLE] = "Tunables (--set KEY=VALUE)",
        [TOPIC_COST] = "Costs of operations in ns (--set KEY=VALUE)",
        [TOPIC_FINDING] = "Findings (highwater diagnose)",
        [TOPIC_CAUSE] = "Causes of a kill (highwater diagnose)",
        [TOPIC_KERNEL] = "Kernel profiles (--kernel PROFILE)",
        [TOPIC_FIGURE] = "Figures of highwater's own (highwater diagnose, top)",
        [TOPIC_TERM] = "Other files and their fields, words of kernel messages, flags",
    };

    return titles[kind];
}

/* Paragraphs, wrapped. `teach` may be NULL. */
static void render_advice(const char *teach, const char *look_next, const char *change,
                          const char *disproof, struct strbuf *out)
{
    const struct {
        const char *label, *text;
    } parts[] = {
        {"", teach},
        {"Look at: ", look_next},
        {"Change: ", change},
        {"Wrong if: ", disproof},
    };

    for (unsigned i = teach ? 0 : 1; i < ARRAY_SIZE(parts); i++) {
        strbuf_printf(out, "  %s", parts[i].label);
        text_wrap(out, parts[i].text, i ? 4 : 2, FINDING_COLUMNS);
        strbuf_appendc(out, '\n');
    }
}

static void render_finding(const struct rule_info *rule, struct strbuf *out)
{
    render_advice(rule->teach, rule->look_next, rule->change, rule->disproof, out);
}

static void render_cause(const struct advice *advice, struct strbuf *out)
{
    render_advice(NULL, advice->look_next, advice->change, advice->disproof, out);
}

static void render_need(struct strbuf *out)
{
    strbuf_append(out, "  ");
    text_wrap(out, need_formula, 2, FINDING_COLUMNS);
    strbuf_appendc(out, '\n');
    for (unsigned i = 0; i < nr_need_terms; i++) {
        strbuf_printf(out, "  %-14s ", need_terms[i].name);
        text_wrap(out, need_terms[i].doc, 17, FINDING_COLUMNS);
        strbuf_appendc(out, '\n');
    }
}

static void render_kernel(const struct kernel_release *k, struct strbuf *out)
{
    strbuf_printf(out, "  uname -r says %s; reclaims by %s lists.\n", k->uname,
                  lru_policy_name[k->lru]);
    for (unsigned i = 0; i < nr_kernel_constants; i++)
        strbuf_printf(
            out, "  %-20s %5u  %s\n", kernel_constant_info[i].name,
            *(const u32 *)(const void *)((const char *)k + kernel_constant_info[i].offset),
            kernel_constant_info[i].doc);
    for (unsigned i = 0; i < NR_KERNEL_FEATURES; i++)
        strbuf_printf(out, "  %-26s  %s\n",
                      k->features & BIT(i)   ? "has"
                      : k->optional & BIT(i) ? "can have"
                                             : "has not",
                      kernel_feature_doc[i]);
}

static void render_machine_option(enum machine_option option, struct strbuf *out)
{
    const struct machine_option_info *info = &machine_option_info[option];
    char values[256];

    strbuf_append(out, "  Set with --");
    for (const char *c = info->name; *c; c++)
        strbuf_appendc(out, *c == '_' ? '-' : *c);
    strbuf_printf(out, " %s, or as %s = %s in [machine] of a scenario; default %s",
                  machine_option_values(option, values, sizeof(values)), info->name, values,
                  info->default_text);
    if (*info->replay_default)
        strbuf_printf(out, ", for a recording %s", info->replay_default);
    strbuf_append(out, ".\n");
}

void topic_render(const struct topic *topic, struct strbuf *out)
{
    strbuf_printf(out, "%s: %s\n  %s\n", topic->name, topic_kind_name(topic->kind), topic->doc);
    switch (topic->kind) {
    case TOPIC_COUNTER:
    case TOPIC_MEMORY_STAT:
        strbuf_printf(out, "  In %s%s, %s%s%s.\n", topic->where,
                      topic->in_memory_stat ? " and, per cgroup, memory.stat" : "",
                      topic->is_event ? "counted since boot" : "the amount now",
                      *topic->unit ? ", in " : "", topic->unit);
        break;
    case TOPIC_MEMINFO:
        strbuf_printf(out, "  In %s%s%s.\n", topic->where, *topic->unit ? ", in " : "",
                      topic->unit);
        break;
    case TOPIC_CGROUP_FILE:
        strbuf_printf(out, "  In %s.\n", topic->where);
        break;
    case TOPIC_SLAB_CACHE:
        strbuf_printf(
            out, "  In %s, %" PRIu64 " bytes each, %s, %s.\n", topic->where, topic->object_bytes,
            topic->is_reclaimable ? "counted as reclaimable" : "not reclaimable",
            topic->is_charged ? "charged to the cgroup that makes them" : "charged to nobody");
        break;
    case TOPIC_OPTION:
        render_machine_option(topic->option, out);
        break;
    case TOPIC_TUNABLE:
    case TOPIC_COST:
        if (topic->tunable && tunable_names(topic->tunable->unit)) {
            char choices[128];

            strbuf_printf(out, "  Default %s, of %s; set with --set %s=VALUE.\n",
                          tunable_names(topic->tunable->unit)[topic->default_value],
                          tunable_choices(topic->tunable, choices, sizeof(choices)), topic->name);
        } else {
            strbuf_printf(out,
                          "  Default %" PRIu64 ", from %" PRIu64 " to %" PRIu64
                          "%s%s; set with --set %s=VALUE.\n",
                          topic->default_value, topic->min, topic->max, *topic->unit ? ", in " : "",
                          topic->unit, topic->name);
        }
        if (!topic->is_modelled)
            strbuf_append(out, "  Kept and shown; it changes nothing in this version.\n");
        break;
    case TOPIC_FINDING:
        render_finding(&rule_info[rule_find(topic->name)], out);
        break;
    case TOPIC_CAUSE:
        render_cause(&cause_info[topic->cause].advice, out);
        break;
    case TOPIC_KERNEL:
        render_kernel(kernel_find(topic->name), out);
        break;
    case TOPIC_FIGURE:
        render_need(out);
        break;
    case TOPIC_TERM:
        strbuf_printf(out, "  In %s.\n", topic->where);
        break;
    case NR_TOPIC_KINDS:
        hw_unreachable();
    }
}
