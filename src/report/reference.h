/* reference.h - all that can be set, asked for or found, with its whole text: what the
 * documentation is made of.
 *
 * `highwater explain --all --format json` prints it and tools/gen_docs.py turns it into pages, so
 * that what the pages say is what the program has. */
#ifndef REPORT_REFERENCE_H
#define REPORT_REFERENCE_H

#include <json-c/json.h>

/* {"schema_version", "counters", "memory_stat", "meminfo", "cgroup_files", "tunables", "costs",
 * "findings", "machine_options", "scenario_keys"}: each an array of objects in the order of its
 * table. */
json_object *reference_json(void);

#endif
