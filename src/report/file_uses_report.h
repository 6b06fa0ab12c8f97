/* file_uses_report.h - which files held the page cache, as JSON and in words. */
#ifndef REPORT_FILE_USES_REPORT_H
#define REPORT_FILE_USES_REPORT_H

#include "backing/file_use.h"
#include "base/strbuf.h"

#include <json-c/json.h>

/* A file in the words of a report: its path, or what it is known by. Clean text. */
void file_uses_name(const struct file_use_row *row, struct strbuf *out);

/* The member page_cache of docs/schema/run.schema.json and size.schema.json, in bytes. */
json_object *file_uses_json(const struct file_uses *u);

/* Lines for the files that lost most of `lost` pages, under a line that tells these: three at most,
 * none with less than a tenth. */
void file_uses_render_lost(const struct file_uses *u, u64 lost, struct strbuf *out);

#endif
