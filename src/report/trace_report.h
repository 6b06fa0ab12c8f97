/* trace_report.h - what `highwater trace` prints about a recording. */
#ifndef REPORT_TRACE_REPORT_H
#define REPORT_TRACE_REPORT_H

#include "base/strbuf.h"
#include "trace/footprint.h"
#include "trace/trace.h"

#include <json-c/json.h>

struct trace_report {
    const struct trace *trace;
    const struct footprint *footprint; /* of the part between `from` and `to` */
    const char *from, *to;             /* as the user gave them; NULL: its begin, its end */
    const bool *streams;               /* whose processes are listed; NULL: all */
};

/* What was recorded, how much, and what it touched. */
void trace_report_info_text(const struct trace_report *r, struct strbuf *out);
json_object *trace_report_info_json(const struct trace_report *r);

/* Its processes (or r->streams, which have one root) as a tree, with what each touched and
 * computed. */
void trace_report_processes_text(const struct trace_report *r, struct strbuf *out);

/* Whole or not, and what is missing where. */
void trace_report_verify_text(const struct trace *t, struct strbuf *out);
json_object *trace_report_verify_json(const struct trace *t);

/* One event of the stream as a line. */
void trace_report_event(const struct trace_stream *s, const struct trace_cursor *c, u64 event,
                        struct strbuf *out);

#endif
