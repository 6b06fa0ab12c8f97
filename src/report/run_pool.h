/* run_pool.h - what the pool of huge pages (hugetlb) gave to a run, and whom it refused and why. */
#ifndef REPORT_RUN_POOL_H
#define REPORT_RUN_POOL_H

#include "report/run_report.h"

/* Mappings that it refused, touches that it refused. */
u64 run_pool_refused_mappings(const struct run_report *r);
u64 run_pool_refused_touches(const struct run_report *r);
/* Pages that the last write to nr_hugepages, or the boot, asked for and did not get. */
u64 run_pool_missing(const struct run_report *r);

/* Notes: what the pool got of what was asked for, who used it, who went without, why and what mends
 * it. */
void run_pool_text(const struct run_report *r, struct strbuf *out);

/* Of a write to the pool's size: what it asked for and got. */
void run_pool_write(const struct scenario_act *a, struct strbuf *out);

/* NULL: nobody had or wanted a page of it. */
json_object *run_pool_json(const struct run_report *r);

#endif
