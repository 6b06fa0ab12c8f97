/* recordings.h - several recordings of one program as a table, and as the document of
 * docs/schema/recordings.schema.json. */
#ifndef REPORT_RECORDINGS_H
#define REPORT_RECORDINGS_H

#include "base/strbuf.h"
#include "report/size_report.h"
#include "size/envelope.h"

#include <json-c/json.h>

/* Several recordings of one program with different settings of its own: rows are the recordings,
 * columns the limits, and which pair is the smallest. results: theirs, in one array. */
void compare_recordings_text(const struct size_report *reports, const struct size_result *results,
                             unsigned nr, struct strbuf *out);

/* envelope: of recordings with the same settings; NULL: they have different ones. */
json_object *recordings_json(const struct size_report *reports, unsigned nr,
                             const struct size_envelope *envelope);

#endif
