/* working_set_report.h - how much memory a recording uses at a time, and how long pages rest: as
 * text, JSON and CSV. */
#ifndef REPORT_WORKING_SET_REPORT_H
#define REPORT_WORKING_SET_REPORT_H

#include "base/strbuf.h"
#include "trace/working_set.h"

#include <json-c/json.h>

#define WORKING_SET_WIDTH_MIN  60u
#define WORKING_SET_HEIGHT_MIN 24u

struct working_set_report {
    const char *input; /* the recording, as given */
    /* columns and lines of the terminal, of which one is left for the prompt */
    unsigned width, height;
    const struct working_set *set;
};

void working_set_text(const struct working_set_report *r, struct strbuf *out);
/* A line for each part of the run, below their names. */
void working_set_csv(const struct working_set *w, struct strbuf *out);
/* The working_set of docs/schema/run.schema.json. */
json_object *working_set_json(const struct working_set *w);

#endif
