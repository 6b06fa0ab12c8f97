/* post_mortem_report.h - memory at the moment of a kill as a bar and a table, and the timeline of
 * all kills: text, Markdown, JSON. */
#ifndef REPORT_POST_MORTEM_REPORT_H
#define REPORT_POST_MORTEM_REPORT_H

#include "report/diagnose_report.h"

/* Nothing when nothing ran out. */
void post_mortem_render(const struct diagnose_report *r, struct strbuf *out);
void post_mortem_render_markdown(const struct diagnose_report *r, struct strbuf *out);
/* Null when nothing ran out. */
json_object *post_mortem_json(const struct diagnose_report *r);

#endif
