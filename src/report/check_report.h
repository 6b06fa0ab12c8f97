/* check_report.h - what a gate says: as text, as JSON, and as CI systems read it.
 *
 * A gate is a list of cases, one for each recording and one for the earlier result, each with an
 * outcome and a sentence. Every format prints that list.
 */
#ifndef REPORT_CHECK_REPORT_H
#define REPORT_CHECK_REPORT_H

#include "base/strbuf.h"
#include "report/size_report.h"
#include "size/check.h"

#include <json-c/json.h>

#define CHECK_SCHEMA_VERSION 1
#define CHECK_FORMATS        "junit|tap|github"

struct check_report {
    const struct size_report *reports; /* of the recordings */
    unsigned nr;
    const struct size_envelope *envelope;
    u64 max_bytes;             /* the budget; UINT64_MAX: none */
    bool trust_all;            /* --allow-incomplete */
    const char *earlier_input; /* --against; NULL: none */
    struct check_earlier earlier;
};

/* Of all cases: does not fit before cannot tell before fits. */
enum check_outcome check_report_outcome(const struct check_report *r);

/* color: green, red and yellow */
void check_render_text(const struct check_report *r, bool color, struct strbuf *out);
/* name: one of CHECK_FORMATS */
void check_render_format(const struct check_report *r, const char *name, struct strbuf *out);
/* The document of docs/schema/check.schema.json. */
json_object *check_json(const struct check_report *r);

/* The need that an earlier result tells, of check or of size. -EINVAL with the reason: it is none,
 * tells no need, or judged otherwise than by usable_slowdown. */
int check_earlier_parse(json_object *document, double usable_slowdown, struct check_earlier *ret,
                        struct err *e);

#endif
