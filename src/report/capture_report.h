/* capture_report.h - what `highwater capture info` and `list` print about a capture. */
#ifndef REPORT_CAPTURE_REPORT_H
#define REPORT_CAPTURE_REPORT_H

#include "base/strbuf.h"
#include "observe/capture.h"

#include <json-c/json.h>

/* When it was made, how many samples it has, and what of it is lost. */
void capture_report_info_text(const struct capture *c, const char *path, struct strbuf *out);
json_object *capture_report_info_json(const struct capture *c, const char *path);

/* One file of a sample as a line: bytes, or the error it could not be read with, and its path. */
void capture_report_file(const char *path, bool read_now, int result, size_t len,
                         struct strbuf *out);

#endif
