/* dump_json.h - metrics over the samples of a capture as JSON. */
#ifndef REPORT_DUMP_JSON_H
#define REPORT_DUMP_JSON_H

#include "export/dump.h"

/* The document of docs/schema/dump.schema.json, a series a line. */
void dump_render_json(const struct dump *d, struct strbuf *out);

#endif
