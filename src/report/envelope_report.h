/* envelope_report.h - several recordings of one service as one answer, for people and as JSON. */
#ifndef REPORT_ENVELOPE_REPORT_H
#define REPORT_ENVELOPE_REPORT_H

#include "base/strbuf.h"
#include "report/size_report.h"
#include "size/envelope.h"

#include <json-c/json.h>

/* A table of each recording's own need, which one decides, how much they differ, and what to
 * set. */
void envelope_text(const struct size_report *reports, unsigned nr,
                   const struct size_envelope *envelope, bool color, struct strbuf *out);

/* "envelope" of docs/schema/recordings.schema.json. */
json_object *envelope_json(const struct size_report *reports, unsigned nr,
                           const struct size_envelope *envelope);

/* Why there is no answer; or what it stands on. */
void envelope_reason(const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *out);

/* "3 recordings need from 20.0 MiB (quiet.hwt) to 54.5 MiB (busy.hwt): a spread of 34.5 MiB, 63 %
 * of the largest". */
void envelope_spread(const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *out);

#endif
