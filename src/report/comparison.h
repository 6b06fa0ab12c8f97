/* comparison.h - one table of what the same work came to under different settings (--compare):
 * settings x limits for a sweep, settings for single runs. */
#ifndef REPORT_COMPARISON_H
#define REPORT_COMPARISON_H

#include "base/strbuf.h"
#include "report/axes.h"
#include "report/run_huge.h"
#include "report/run_report.h"
#include "report/size_report.h"
#include "size/size.h"

#include <json-c/json.h>

#define COMPARE_SCHEMA_VERSION 1

struct comparison {
    const char *input; /* name of the file, as the user gave it */
    const struct axes *axes;
    const struct system_config *machine; /* of the first setting; NULL: nothing is said of it */
};

/* What one run came to, as a row of the table. */
struct run_row {
    enum replay_outcome outcome;
    ns_t busy_ns;  /* virtual time in which not every task slept */
    ns_t stall_ns; /* for memory, all tasks */
    u64 majflt;    /* these of the report's group */
    u64 refault_file, refault_anon;
    u64 pswpin, pswpout; /* pages */
    u64 peak_bytes;      /* run_peak_pages() */
    ns_t latency_ns;     /* mean, of all requests of a scenario */
    u64 packets_dropped, arrays_failed;
    u64 remote_percent; /* of accesses: to other nodes */
    struct run_huge huge;
    struct replay_misfits misfits;
};
void run_row_fill(const struct run_report *r, struct run_row *ret);

void compare_runs_text(const struct comparison *c, const struct run_row *rows, struct strbuf *out);

/* Rows are the settings, columns the limits that all of them were tried under. */
void compare_sizes_text(const struct comparison *c, const struct size_result *results,
                        struct strbuf *out);

/* Say in e which of the settings it is about: "with disk=hdd: ...". */
void comparison_blame(const struct axes *axes, unsigned combination, struct err *e);

/* The document of docs/schema/compare.schema.json. `results` are as many documents as there are
 * combinations, of run_json() or size_json(): they belong to it from now on. */
json_object *compare_json(const struct comparison *c, const char *verb,
                          json_object *const *results);

#endif
