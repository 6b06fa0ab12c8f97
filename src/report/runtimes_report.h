/* runtimes_report.h - programs of a recording that choose by themselves how much memory they take:
 * what to set beside a limit. */
#ifndef REPORT_RUNTIMES_REPORT_H
#define REPORT_RUNTIMES_REPORT_H

#include "base/strbuf.h"
#include "trace/runtimes.h"

#include <json-c/json.h>

/* A note for each below a table; nothing when there is none. limit_bytes: the limit that the answer
 * is about; UINT64_MAX: none. r may be NULL. */
void runtimes_render(const struct runtimes *r, u64 limit_bytes, struct strbuf *out);

/* "runtimes" of an object, when there are any. */
void runtimes_put_json(json_object *o, const struct runtimes *r, u64 limit_bytes);

/* "-Xmx64m", "GOGC=50 GOMEMLIMIT=64MiB": what the programs of a recording were told; "" when
 * nothing. */
void runtimes_settings(const struct runtimes *r, struct strbuf *out);

#endif
