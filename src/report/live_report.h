/* live_report.h - what a squeeze of a live service found, as a table for people, as JSON, and as
 * what to paste.
 *
 * The document has the keys of size.schema.json where it says the same (limits, smallest_usable,
 * advice), so that both can stand in one table.
 */
#ifndef REPORT_LIVE_REPORT_H
#define REPORT_LIVE_REPORT_H

#include "report/deployment.h"
#include "squeeze/ground.h"
#include "squeeze/squeeze.h"

#include <json-c/json.h>

struct live_report {
    const struct squeeze_result *result;
    const struct squeeze_config *config;
    const struct ground *ground;
    const char *group;
    const char *kernel, *lru; /* "" when not known */
    bool restored;            /* memory.high is as it was */
    double cpu_percent;       /* of one CPU, that the controller took; NAN */
};

/* memory.high and memory.max to set. False: there is no answer. */
bool live_advice(const struct live_report *r, u64 *ret_high, u64 *ret_max);

void live_render_text(const struct live_report *r, bool color, struct strbuf *out);
/* The document of docs/schema/live.schema.json. */
json_object *live_json(const struct live_report *r);

/* False, with the reason in *why: there is no limit to paste. */
bool live_deployment(const struct live_report *r, struct deployment *ret, struct strbuf *why);

/* --dry-run: what would be done, and what it may cost. */
void live_render_plan(const struct live_report *r, struct strbuf *out);
json_object *live_plan_json(const struct live_report *r);

#endif
