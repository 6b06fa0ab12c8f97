/* reference.c - every table of names as JSON, whole. */
#include "report/reference.h"

#include "diagnose/finding.h"
#include "diagnose/needed.h"
#include "export/metric.h"
#include "machine/cost.h"
#include "paste/paste.h"
#include "procfs/procfs_docs.h"
#include "report/json_put.h"
#include "stats/counters.h"
#include "stats/kernel.h"
#include "system/config.h"
#include "workload/scenario.h"

#include <string.h>

#define REFERENCE_SCHEMA_VERSION 1

static json_object *entry(const char *name, const char *doc)
{
    json_object *o = json_new_object();

    json_put_text(o, "name", name);
    json_put_text(o, "doc", doc);
    return o;
}

/* --- what a machine counts -------------------------------------------------------------------- */

/* Whom it is kept for beside the whole machine; "cgroup only" where the machine has no such
 * counter. */
static const char *also_per(u32 scopes)
{
    if (scopes == SCOPE_CGROUP)
        return "cgroup only";
    if (scopes & SCOPE_CGROUP)
        return "cgroup";
    return scopes & SCOPE_ZONE ? "zone" : "";
}

static const char *counter_type(const struct counter_info *info)
{
    return info->kind == COUNTER_EVENT ? "event" : "gauge";
}

static json_object *counters_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_COUNTERS; i++) {
        const struct counter_info *info = &counter_info[i];
        json_object *o = entry(info->name, info->doc);

        json_put_text(o, "unit", counter_unit_name(info->shown));
        json_put_text(o, "type", counter_type(info));
        json_put_text(o, "also_per", also_per(info->scopes));
        json_append(list, o);
    }
    return list;
}

static json_object *memory_stat_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_MEMORY_STATS; i++) {
        const struct memory_stat_line *line = &memory_stat_lines[i];
        const struct counter_info *info = &counter_info[line->id];
        json_object *o = entry(line->name, *line->doc ? line->doc : info->doc);

        json_put_text(o, "unit",
                      info->kind == COUNTER_EVENT ? counter_unit_name(info->shown) : "bytes");
        json_put_text(o, "type", counter_type(info));
        json_append(list, o);
    }
    return list;
}

static json_object *files_json(const struct procfs_doc *docs, unsigned nr, const char *unit_key)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < nr; i++) {
        json_object *o = entry(docs[i].name, docs[i].doc);

        json_put_text(o, unit_key, docs[i].unit);
        json_append(list, o);
    }
    return list;
}

/* --- what can be set -------------------------------------------------------------------------- */

static json_object *tunables_json(void)
{
    json_object *list = json_new_array();
    char values[128];

    for (unsigned i = 0; i < nr_tunables; i++) {
        const struct tunable_info *info = &tunable_info[i];
        json_object *o = entry(info->key, info->doc);

        json_put_text(o, "unit", tunable_unit_name(info->unit));
        if (tunable_names(info->unit)) {
            json_put_text(o, "default", tunable_names(info->unit)[info->default_value]);
            json_put_text(o, "values", tunable_choices(info, values, sizeof(values)));
        } else {
            json_put_u64(o, "default", info->default_value);
        }
        json_put_u64(o, "min", info->min);
        json_put_u64(o, "max", info->max);
        json_put(o, "modelled", json_new_bool(info->effect == TUNABLE_MODELLED));
        json_append(list, o);
    }
    return list;
}

static json_object *costs_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_COSTS; i++) {
        json_object *o = entry(cost_info[i].name, cost_info[i].doc);

        json_put_u64(o, "default_ns", cost_info[i].default_ns);
        json_append(list, o);
    }
    return list;
}

static const char *machine_kind_name(enum machine_kind kind)
{
    switch (kind) {
    case MACHINE_SIZE:
    case MACHINE_SWAP:
        return "size";
    case MACHINE_COUNT:
    case MACHINE_NUMBER:
        return "number";
    case MACHINE_DISK:
    case MACHINE_DEVICE:
        return "device";
    case MACHINE_POLICY:
        return "policy";
    case MACHINE_NODES:
    case MACHINE_POOL:
        return "list";
    case MACHINE_BOOL:
    case MACHINE_COMPRESSOR:
    case MACHINE_KERNEL:
    case MACHINE_LRU:
    case MACHINE_THP:
        break;
    }
    return "choice";
}

static json_object *machine_options_json(void)
{
    json_object *list = json_new_array();
    char values[256];

    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        const struct machine_option_info *info = &machine_option_info[i];
        json_object *o = entry(info->name, info->doc);

        json_put_text(o, "kind", machine_kind_name(info->kind));
        json_put_text(o, "values",
                      machine_option_values((enum machine_option)i, values, sizeof(values)));
        json_put_text(o, "default", info->default_text);
        json_put_text(o, "replay_default",
                      *info->replay_default ? info->replay_default : info->default_text);
        json_append(list, o);
    }
    return list;
}

static const char *scenario_kind_name(enum scenario_kind kind)
{
    switch (kind) {
    case SCENARIO_TEXT:
        return "text";
    case SCENARIO_NAME:
    case SCENARIO_PROFILE:
    case SCENARIO_COMPRESSOR:
        return "name";
    case SCENARIO_FILE_KIND:
    case SCENARIO_MADVISE:
        return "word";
    case SCENARIO_POLICY:
        return "policy";
    case SCENARIO_CPUS:
    case SCENARIO_NODES:
    case SCENARIO_NODE_CPUS:
        return "list";
    case SCENARIO_DISTANCES:
        return "numbers";
    case SCENARIO_NODE_RAM:
    case SCENARIO_SIZE:
        return "size";
    case SCENARIO_LIMIT:
        return "size or `max`";
    case SCENARIO_RATE_BYTES:
        return "size/s";
    case SCENARIO_RATE:
        return "number/s";
    case SCENARIO_DURATION:
        return "time";
    case SCENARIO_DUTY:
        return "time/time";
    case SCENARIO_COUNT:
    case SCENARIO_INT:
    case SCENARIO_RATIO:
        return "number";
    case SCENARIO_BOOL:
        return "`yes` or `no`";
    case SCENARIO_FRACTION:
        return "part";
    case SCENARIO_PATTERN:
        return "pattern";
    }
    hw_unreachable();
}

static json_object *scenario_keys_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_SCENARIO_KEYS; i++) {
        const struct scenario_key *key = &scenario_keys[i];
        json_object *o = entry(key->name, key->doc);

        json_put_text(o, "section", scenario_section_name(key->section));
        json_put_text(o, "kind", scenario_kind_name(key->kind));
        json_put_text(o, "default", key->default_text);
        json_append(list, o);
    }
    return list;
}

/* --- what can be found ------------------------------------------------------------------------ */

static json_object *findings_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_RULES; i++) {
        const struct rule_info *info = &rule_info[i];
        json_object *o = entry(info->name, info->meaning);

        json_put_text(o, "family", info->family);
        json_put_text(o, "title", info->title);
        json_put_text(o, "look_next", info->look_next);
        json_put_text(o, "change", info->change);
        json_put_text(o, "disproof", info->disproof);
        json_put_text(o, "teach", info->teach);
        json_append(list, o);
    }
    return list;
}

/* Why memory ran out: what a finding about a kill or a failed allocation calls its cause. */
static json_object *causes_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_CAUSES; i++) {
        const struct advice *advice = &cause_info[i].advice;
        json_object *o = entry(cause_info[i].name, advice->meaning);

        json_put_text(o, "look_next", advice->look_next);
        json_put_text(o, "change", advice->change);
        json_put_text(o, "disproof", advice->disproof);
        json_append(list, o);
    }
    return list;
}

/* Forms of text that diagnose reads. */
static json_object *pastes_json(void)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_FORMATS; i++) {
        json_object *o = entry(paste_format_names[i], paste_format_tells[i]);

        json_put(o, "behind_a_logger", json_new_bool(paste_format_logged((enum paste_format)i)));
        json_append(list, o);
    }
    return list;
}

/* Figures of highwater's own, with the terms of their formulas. */
static json_object *figures_json(void)
{
    json_object *list = json_new_array(), *needed = entry("needed", need_doc);
    json_object *terms = json_new_array();

    for (unsigned i = 0; i < nr_need_terms; i++)
        json_append(terms, entry(need_terms[i].name, need_terms[i].doc));
    json_put_text(needed, "unit", "bytes");
    json_put_text(needed, "formula", need_formula);
    json_put(needed, "terms", terms);
    json_append(list, needed);
    return list;
}

/* What is exported; a family of several rows has its text in the first. */
static json_object *metrics_json(void)
{
    json_object *list = json_new_array();
    size_t count;
    const struct metric *rows = metrics(&count);

    for (size_t i = 0; i < count; i++) {
        json_object *o;

        if (i > 0 && strcmp(rows[i].name, rows[i - 1].name) == 0)
            continue;
        o = entry(rows[i].sample, rows[i].doc);
        json_put_text(o, "type", metric_type_name(rows[i].type));
        json_put_text(o, "unit", metric_unit_names[rows[i].unit]);
        json_put_text(o, "scope", metric_scope_names[rows[i].scope]);
        json_put_text(o, "labels", metric_scope_labels[rows[i].scope]);
        json_put_text(o, "label", rows[i].label ? rows[i].label : "");
        json_append(list, o);
    }
    return list;
}

json_object *reference_json(void)
{
    json_object *o = json_new_object();

    json_put(o, "schema_version", json_new_s64(REFERENCE_SCHEMA_VERSION));
    json_put(o, "counters", counters_json());
    json_put(o, "memory_stat", memory_stat_json());
    json_put(o, "meminfo", files_json(meminfo_docs, nr_meminfo_docs, "unit"));
    json_put(o, "cgroup_files", files_json(cgroup_file_docs, nr_cgroup_file_docs, "where"));
    json_put(o, "tunables", tunables_json());
    json_put(o, "costs", costs_json());
    json_put(o, "findings", findings_json());
    json_put(o, "causes", causes_json());
    json_put(o, "pastes", pastes_json());
    json_put(o, "figures", figures_json());
    json_put(o, "metrics", metrics_json());
    json_put(o, "machine_options", machine_options_json());
    json_put(o, "scenario_keys", scenario_keys_json());
    return o;
}
