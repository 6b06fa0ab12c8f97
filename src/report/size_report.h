/* size_report.h - what a sweep found, as a table for people and as JSON. */
#ifndef REPORT_SIZE_REPORT_H
#define REPORT_SIZE_REPORT_H

#include "base/strbuf.h"
#include "report/host.h"
#include "size/size.h"
#include "trace/runtimes.h"

#include <json-c/json.h>

struct size_report {
    const struct size_result *result;
    const struct size_config *config;
    const char *input;
    struct host_note host;
    const struct runtimes *runtimes; /* of the recording; NULL: none */
};

void size_render_text(const struct size_report *r, bool color, struct strbuf *out);

/* Of a run without a limit that is short of memory itself: what it was measured on, and what would
 * be right. Nothing of others. */
void size_render_base(const struct size_row *base, const char *who, struct strbuf *out);

/* What makes the recording less than whole, as notes below its table; nothing when it is complete.
 * misfits: of one replay. name: of the recording, where there are several; NULL: there is one. */
void size_remarks(const struct trace *t, const char *name, const struct replay_misfits *misfits,
                  struct strbuf *out);

/* The file to write memory.max to: that of the host's version of cgroups. */
const char *size_limit_file(const struct size_config *c);

/* One limit of that document. */
json_object *size_row_json(const struct size_row *row);

/* The document of docs/schema/size.schema.json. */
json_object *size_json(const struct size_report *r);

#endif
